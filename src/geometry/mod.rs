//! The geometry of windows: their size and number, and the rows and columns of the image
//! that they cover.

mod axis;
mod padded_rows;
mod tiling;

pub(crate) use axis::Axis;
pub(crate) use padded_rows::{
    can_read_in_place, columns_inside, holds_block, padded_columns, padded_row_bytes, window_row,
};
pub(crate) use tiling::{TILE_SAMPLES, band_rows, check_size, tile_width};

use crate::{
    border::Border,
    error::{RequestError, Result},
    kernel::Kernel,
    orientation::Orientation,
    view,
};

/// The positions of the windows of a bank over an image.
///
/// Kernels of several sizes or anchors share one window that contains them all. For
/// example, a 3x3 and a 5x5 kernel with centred anchors share a 5x5 window, and their
/// [`origins`](Self::origins) in it are `[1, 1]` and `[0, 0]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Geometry {
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
    /// First row and column of every kernel in the window.
    pub(crate) origins: Vec<[usize; 2]>,
    /// The axis whose constant fills corners between two constants: that of columns, unless
    /// they are exchanged with rows.
    pub(crate) corner_axis: usize,
}

impl Geometry {
    /// `step` and `dilation` are not zero; `orientation` is how the image is turned to be seen.
    pub(crate) fn new(
        kernels: &[Kernel],
        borders: Option<[Border; 2]>,
        [step, dilation]: [[usize; 2]; 2],
        image: [usize; 2],
        orientation: Orientation,
    ) -> Result<Self> {
        // Any step of at least the image's size has only the first window.
        let step = [0, 1].map(|axis| step[axis].min(image[axis]));
        let (mut before, mut after) = ([0; 2], [0; 2]);
        for kernel in kernels {
            let size = [kernel.rows(), kernel.columns()];
            for axis in 0..2 {
                let dilated_len = view::dilated_len(size[axis], dilation[axis])
                    .filter(|&len| len <= isize::MAX as usize / 8)
                    .ok_or(RequestError::Dilation {
                        dilation: dilation[axis],
                    })?;
                let before_anchor = kernel.anchor()[axis] * dilation[axis];
                before[axis] = before[axis].max(before_anchor);
                after[axis] = after[axis].max(dilated_len - 1 - before_anchor);
            }
        }
        let window = [0, 1].map(|axis| before[axis] + after[axis] + 1);
        if borders.is_none() && (window[0] > image[0] || window[1] > image[1]) {
            return Err(RequestError::Window { window, image }.into());
        }
        let origins = kernels
            .iter()
            .map(|k| [0, 1].map(|axis| before[axis] - k.anchor()[axis] * dilation[axis]))
            .collect();
        let reversed = orientation.stored_flips();
        let [rows, columns] = [0, 1].map(|axis| {
            let (positions, pad_before) = match borders {
                Some(_) => (image[axis], before[axis]),
                None => (image[axis] - window[axis] + 1, 0),
            };
            let output = positions.div_ceil(step[axis]);
            // Windows that are counted from the end leave the rest of the step in front.
            let skipped = match reversed[axis] {
                true => (positions - 1) % step[axis],
                false => 0,
            };
            Axis {
                image: image[axis],
                output,
                pad_before: pad_before as isize - skipped as isize,
                window: window[axis],
                anchor: before[axis],
                step: step[axis],
                dilation: dilation[axis],
                border: borders.map(|borders| borders[axis]),
            }
        });
        Ok(Self {
            rows,
            columns,
            origins,
            corner_axis: usize::from(!orientation.transposes()),
        })
    }

    /// Whether all windows are inside the image, so that there is no border.
    pub(crate) const fn is_valid(&self) -> bool {
        self.rows.border.is_none()
    }

    /// Rows and columns of the result.
    pub(crate) const fn output(&self) -> [usize; 2] {
        [self.rows.output, self.columns.output]
    }

    /// Rows and columns of the window.
    pub(crate) const fn window(&self) -> [usize; 2] {
        [self.rows.window, self.columns.window]
    }

    /// The anchor: row and column of the window that lie on the output pixel.
    pub(crate) const fn anchor(&self) -> [usize; 2] {
        [self.rows.anchor, self.columns.anchor]
    }

    /// The step in rows and columns from one window to the next.
    pub(crate) const fn step(&self) -> [usize; 2] {
        [self.rows.step, self.columns.step]
    }

    /// The distance in rows and columns from one tap to the next.
    pub(crate) const fn dilation(&self) -> [usize; 2] {
        [self.rows.dilation, self.columns.dilation]
    }
}
