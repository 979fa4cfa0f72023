//! The windows along one axis of an image.

use std::ops::Range;

use crate::border::Border;

/// Where windows lie along the rows or the columns of an image.
///
/// The padded image has [`pad_before`](Self::pad_before) elements in front of the image; a
/// window covers [`window`](Self::window) elements of it, dilation included. For an image of 6, a
/// window of 3 whose anchor is 1, and a border, the window of output 0 lies on -1, 0 and 1
/// of the image, which are 0, 1 and 2 of the padded one.
///
/// Of an axis that is reversed when the picture is seen, the windows of a step are counted from
/// its end, so that the first one may lie further inside: for an image of 6, a window of 3
/// without a border and a step of 2, windows lie on 5, 4, 3 and 3, 2, 1, and the padded
/// image begins with element 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    /// Elements of the image.
    pub(crate) image: usize,
    /// Elements of the result.
    pub(crate) output: usize,
    /// Elements of padding in front of the image, as the first of the pair in NumPy's
    /// `pad_width`; less than 0 if no window begins with the first elements of the image.
    pub(crate) pad_before: isize,
    /// Elements of the window, dilation included.
    pub(crate) window: usize,
    /// The anchor: the element of the window that lies on the output pixel.
    pub(crate) anchor: usize,
    /// The step from one window to the next.
    pub(crate) step: usize,
    /// The distance from one tap to the next.
    pub(crate) dilation: usize,
    /// The border, or `None` for a valid convolution.
    pub(crate) border: Option<Border>,
}

impl Axis {
    /// The same windows inside the padded image.
    pub(crate) fn of_padded(&self) -> Self {
        Self {
            image: self.padded_len(self.output),
            pad_before: 0,
            border: None,
            ..*self
        }
    }

    /// The windows from the first to the last of `outputs` elements of the result, counted
    /// at a step of 1. For example, 3 outputs at a step of 2 span 5 windows. `outputs` is
    /// limited to the result: a block of four rows of a result of one row is one row.
    pub(crate) fn positions(&self, outputs: usize) -> usize {
        (outputs.clamp(1, self.output) - 1) * self.step + 1
    }

    /// The number of padded elements that `outputs` consecutive windows cover.
    pub(crate) fn padded_len(&self, outputs: usize) -> usize {
        self.positions(outputs) + self.window - 1
    }

    /// The padded elements that the windows of `output` cover.
    pub(crate) fn padded(&self, output: &Range<usize>) -> Range<usize> {
        let first = output.start * self.step;
        first..first + self.padded_len(output.len())
    }

    /// The part of a range of padded elements that lies in the image.
    pub(crate) fn inside(&self, padded: &Range<usize>) -> Range<usize> {
        // Lengths are far below the range of isize.
        let [first, end] = [self.pad_before, self.pad_before + self.image as isize];
        let image = first.max(0) as usize..end.max(0) as usize;
        let start = padded.start.max(image.start).min(padded.end);
        start..padded.end.min(image.end).max(start)
    }

    /// The image's element that a padded one repeats, or `None` for the border's constant.
    pub(crate) fn source(&self, padded: usize) -> Option<usize> {
        match self.border {
            None => Some(self.index_inside(padded)),
            Some(border) => border.source(padded as isize - self.pad_before, self.image),
        }
    }

    /// The image's element that a padded one is, which lies [inside](Self::inside) the image.
    pub(crate) const fn index_inside(&self, padded: usize) -> usize {
        (padded as isize - self.pad_before) as usize
    }

    /// The image's element that padded element 0 is, or 0 if that lies in front of the image.
    pub(crate) const fn first_inside(&self) -> usize {
        match self.pad_before {
            ..0 => self.pad_before.unsigned_abs(),
            0.. => 0,
        }
    }

    /// What stands where [`source`](Self::source) is `None`.
    pub(crate) const fn constant(&self) -> f64 {
        match self.border {
            Some(Border::Constant(value)) => value,
            _ => 0.0,
        }
    }

    /// The image's elements from the first to the last that the windows of `output` cover,
    /// including those that the border repeats.
    pub(crate) fn source_range(&self, output: &Range<usize>) -> Range<usize> {
        let padded = self.padded(output);
        let inside = self.inside(&padded);
        // Every border has a period of at most twice the image's length.
        let period = 2 * self.image;
        let front = (padded.start..inside.start).take(period);
        let back = (inside.end..padded.end).take(period);
        let ends = [inside.start, inside.end.saturating_sub(1)];
        let ends = ends.into_iter().filter(|_| !inside.is_empty());
        let sources = (front.chain(ends).chain(back)).filter_map(|padded| self.source(padded));
        let (first, end) = sources.fold((usize::MAX, 0), |(first, end), at| {
            (first.min(at), end.max(at + 1))
        });
        first.min(end)..end
    }

    /// The image's element that the anchor of an output's window lies on.
    pub(crate) fn anchor_source(&self, output: usize) -> usize {
        self.index_inside(output * self.step + self.anchor)
    }
}
