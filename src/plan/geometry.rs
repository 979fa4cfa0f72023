//! Where windows lie: pads, output size, and which source rows a band needs.

use std::ops::Range;

use crate::{
    border::Border,
    error::{RequestError, Result},
    filter::Extent,
    kernel::Kernel,
    view,
};

/// The positions of the windows of a bank over an image.
///
/// The padded image has [`before`](Self::before) rows and columns in front of
/// the image; a window of the bank covers [`window`](Self::window) rows and
/// columns of it, dilation included. Kernels of several sizes or anchors share
/// one window and stand in it at their [`origins`](Self::origins).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Geometry {
    /// Rows and columns of the image.
    pub(crate) image: [usize; 2],
    /// Rows and columns of the result.
    pub(crate) output: [usize; 2],
    /// Rows above and columns left of the image that windows see.
    pub(crate) before: [usize; 2],
    /// Rows and columns of the window.
    pub(crate) window: [usize; 2],
    /// Row and column of the window that lies on the output pixel.
    pub(crate) anchor: [usize; 2],
    /// First row and column of every kernel in the window.
    pub(crate) origins: Vec<[usize; 2]>,
    pub(crate) step: [usize; 2],
    pub(crate) dilation: [usize; 2],
    /// The border, or `None` where no window leaves the image.
    pub(crate) border: Option<Border>,
}

impl Geometry {
    /// `step` and `dilation` are not zero.
    pub(crate) fn new(
        kernels: &[Kernel],
        extent: Extent,
        step: [usize; 2],
        dilation: [usize; 2],
        image: [usize; 2],
    ) -> Result<Self> {
        // A step beyond the image leaves the first window alone, however far it is.
        let step = [0, 1].map(|axis| step[axis].min(image[axis]));
        let (mut before, mut after) = ([0; 2], [0; 2]);
        for kernel in kernels {
            let size = [kernel.rows(), kernel.columns()];
            for axis in 0..2 {
                let reach = view::reach(size[axis], dilation[axis])
                    .filter(|&reach| reach <= isize::MAX as usize / 8)
                    .ok_or(RequestError::Dilation {
                        dilation: dilation[axis],
                    })?;
                let ahead = kernel.anchor()[axis] * dilation[axis];
                before[axis] = before[axis].max(ahead);
                after[axis] = after[axis].max(reach - 1 - ahead);
            }
        }
        let window = [0, 1].map(|axis| before[axis] + after[axis] + 1);
        let origins = kernels
            .iter()
            .map(|k| [0, 1].map(|axis| before[axis] - k.anchor()[axis] * dilation[axis]))
            .collect();
        let anchor = before;
        let border = match extent {
            Extent::Valid => None,
            Extent::Same(border) => Some(border),
        };
        let output = match border {
            Some(_) => [0, 1].map(|axis| image[axis].div_ceil(step[axis])),
            None if window[0] > image[0] || window[1] > image[1] => {
                return Err(RequestError::Window { window, image }.into());
            }
            None => [0, 1].map(|axis| (image[axis] - window[axis]) / step[axis] + 1),
        };
        Ok(Self {
            image,
            output,
            before: if border.is_some() { before } else { [0, 0] },
            window,
            anchor,
            origins,
            step,
            dilation,
            border,
        })
    }

    /// How many windows `outputs` rows or columns of the result stand for,
    /// before the step is taken. The result has no more of them than it has: a
    /// block of four rows of a result of one row is one row.
    pub(crate) fn positions(&self, axis: usize, outputs: usize) -> usize {
        (outputs.clamp(1, self.output[axis]) - 1) * self.step[axis] + 1
    }

    /// Rows or columns of the padded image that so many of the result see.
    pub(crate) fn padded_len(&self, axis: usize, outputs: usize) -> usize {
        self.positions(axis, outputs) + self.window[axis] - 1
    }

    /// The rows or columns of the padded image that these of the result see.
    pub(crate) fn padded(&self, axis: usize, output: &Range<usize>) -> Range<usize> {
        let first = output.start * self.step[axis];
        first..first + self.padded_len(axis, output.len())
    }

    /// Those of the padded rows or columns that are the image's own.
    pub(crate) fn inside(&self, axis: usize, padded: &Range<usize>) -> Range<usize> {
        let image = self.before[axis]..self.before[axis] + self.image[axis];
        let start = padded.start.max(image.start).min(padded.end);
        start..padded.end.min(image.end).max(start)
    }

    /// The image's row or column that stands at a padded one, or `None` where
    /// the border's constant does.
    pub(crate) fn source(&self, axis: usize, padded: usize) -> Option<usize> {
        match self.border {
            None => Some(padded),
            Some(border) => border.source(
                padded as isize - self.before[axis] as isize,
                self.image[axis],
            ),
        }
    }

    /// The image's rows from the first to the last that these of the result
    /// see, those that the border takes from it included.
    pub(crate) fn source_rows(&self, output: &Range<usize>) -> Range<usize> {
        let padded = self.padded(0, output);
        let inside = self.inside(0, &padded);
        // Within twice the image's rows every border has repeated itself.
        let period = 2 * self.image[0];
        let above = (padded.start..inside.start).take(period);
        let below = (inside.end..padded.end).take(period);
        let ends = [inside.start, inside.end.saturating_sub(1)];
        let ends = ends.into_iter().filter(|_| !inside.is_empty());
        let rows = above.chain(ends).chain(below);
        let rows = rows.filter_map(|padded| self.source(0, padded));
        let (first, end) = rows.fold((usize::MAX, 0), |(first, end), row| {
            (first.min(row), end.max(row + 1))
        });
        first.min(end)..end
    }

    /// The image's row or column under an output one.
    pub(crate) fn under(&self, axis: usize, output: usize) -> usize {
        output * self.step[axis] + self.anchor[axis] - self.before[axis]
    }
}
