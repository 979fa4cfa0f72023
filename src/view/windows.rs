//! Sliding windows: a view that shows every position of a window, by strides alone.

use super::layout::{Layout, LayoutError};

/// `[rows, columns]` between one window and the next, and between the taps of
/// one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spacing {
    /// The window's stride; `[1, 1]` visits every position.
    pub step: [usize; 2],
    /// The distance between taps; `[1, 1]` is a dense window.
    pub dilation: [usize; 2],
}

impl Default for Spacing {
    fn default() -> Self {
        Self {
            step: [1, 1],
            dilation: [1, 1],
        }
    }
}

/// How many samples a window of `taps` taps covers at this `dilation`, or
/// `None` if that overflows or a number is zero.
pub const fn reach(taps: usize, dilation: usize) -> Option<usize> {
    if taps == 0 || dilation == 0 {
        return None;
    }
    match (taps - 1).checked_mul(dilation) {
        Some(reach) => reach.checked_add(1),
        None => None,
    }
}

impl Layout<2> {
    /// The windows of `[kh, kw]` taps over an `(H, W)` layout: shape
    /// `(H - kh + 1, W - kw + 1, kh, kw)`, strides `(row, column, row, column)`.
    ///
    /// With a step `s` and dilation `d` the shape is
    /// `((H - (kh - 1) d - 1) / s + 1, .., kh, kw)` and the strides are
    /// `(s row, s column, d row, d column)`.
    ///
    /// # Errors
    ///
    /// If the window is larger than the layout, or a size, step or dilation is zero.
    pub fn windows(&self, window: [usize; 2], spacing: Spacing) -> Result<Layout<4>, LayoutError> {
        let (shape, strides) = (self.shape(), self.strides());
        let mut out_shape = [0, 0, window[0], window[1]];
        let mut out_strides = [0; 4];
        for axis in 0..2 {
            let fits = reach(window[axis], spacing.dilation[axis])
                .filter(|&reach| reach <= shape[axis] && spacing.step[axis] > 0);
            let Some(reach) = fits else {
                return Err(LayoutError::Window {
                    shape,
                    window: [0, 1].map(|a| {
                        window[a]
                            .saturating_sub(1)
                            .saturating_mul(spacing.dilation[a])
                            + 1
                    }),
                });
            };
            out_shape[axis] = (shape[axis] - reach) / spacing.step[axis] + 1;
            // A stride along an axis of one index is never taken; leaving it
            // alone there keeps the products inside the buffer's range.
            let scaled = |n: usize, by: usize| {
                if n > 1 {
                    strides[axis] * by as isize
                } else {
                    strides[axis]
                }
            };
            out_strides[axis] = scaled(out_shape[axis], spacing.step[axis]);
            out_strides[axis + 2] = scaled(window[axis], spacing.dilation[axis]);
        }
        // Window i at tap j shows sample i * step + j * dilation, which is at
        // most (shape - reach) + (reach - 1): an index of this layout.
        Ok(self.derive(out_shape, out_strides))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_by_strides_alone() {
        let image = Layout::c_order([400, 400], 160_000).unwrap();
        let windows = image.windows([3, 3], Spacing::default()).unwrap();
        assert_eq!(windows.shape(), [398, 398, 3, 3]);
        assert_eq!(windows.strides(), [400, 1, 400, 1]);
        assert_eq!(windows.len(), 398 * 398 * 9);
        assert_eq!(windows.span(), 160_000);
    }

    #[test]
    fn interleaved_channels_are_a_column_stride() {
        let image = Layout::c_order([4, 5, 3], 60).unwrap();
        let green = image.index_last(1).unwrap();
        let windows = green.windows([2, 2], Spacing::default()).unwrap();
        assert_eq!(windows.shape(), [3, 4, 2, 2]);
        assert_eq!(windows.strides(), [15, 3, 15, 3]);
        assert_eq!(windows.offset(), 1);
    }

    #[test]
    fn a_window_too_large_says_both_sizes() {
        let image = Layout::c_order([4, 5], 20).unwrap();
        let dilated = Spacing {
            dilation: [2, 1],
            ..Spacing::default()
        };
        let error = image.windows([3, 3], dilated).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a window of 5 rows x 3 columns does not fit 4 rows x 5 columns"
        );
    }
}
