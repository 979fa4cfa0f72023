//! Sliding windows and blocks: views with axes for the positions of a window, by strides
//! alone.

use super::{AddAxes, Layout, LayoutError, layout_ops::check_len};

/// The step and the dilation of windows, for every axis that they slide over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spacing<const K: usize = 2> {
    /// From one window to the next; 1 visits every position.
    pub step: [usize; K],
    /// From one tap of a window to the next; 1 is a dense window.
    pub dilation: [usize; K],
}

impl<const K: usize> Default for Spacing<K> {
    fn default() -> Self {
        Self {
            step: [1; K],
            dilation: [1; K],
        }
    }
}

/// The samples that a window of `taps` taps spans at this `dilation` (the effective kernel
/// size), or `None` if that overflows or a number is zero. For example, 3 taps at a
/// dilation of 2 span 5 samples.
pub const fn dilated_len(taps: usize, dilation: usize) -> Option<usize> {
    if taps == 0 || dilation == 0 {
        return None;
    }
    match (taps - 1).checked_mul(dilation) {
        Some(distance) => distance.checked_add(1),
        None => None,
    }
}

impl<const N: usize> Layout<N> {
    /// The windows of `window` taps over `axes`: the axes come first, each with
    /// one index per position, then `K` more, one for each side of the window.
    ///
    /// Over an axis of length `n` and stride `s`, a window of `k` taps that are
    /// `d` apart, moved by `t`, has `(n - (k - 1) d - 1) / t + 1` positions; the
    /// strides are `t s` for the positions and `d s` for the taps.
    ///
    /// # Errors
    ///
    /// If the window is larger than an axis or has no taps; if a step or
    /// dilation is zero; if an axis is missing or named twice; or if the number
    /// of indices overflows.
    pub fn windows_over<const K: usize>(
        &self,
        axes: [usize; K],
        window: [usize; K],
        spacing: Spacing<K>,
    ) -> Result<<Self as AddAxes<K>>::Larger, LayoutError>
    where
        Self: AddAxes<K>,
    {
        self.add_windows(axes, window, spacing)
    }

    /// As [`windows_over`](Self::windows_over), for [`AddAxes`], which pairs `M` with `N`
    /// and `K`.
    pub(super) fn with_windows<const K: usize, const M: usize>(
        &self,
        axes: [usize; K],
        window: [usize; K],
        spacing: Spacing<K>,
    ) -> Result<Layout<M>, LayoutError> {
        const { assert!(M == N + K, "a window adds an axis for each of its sides") };
        self.check_axes(&axes)?;
        let mut shape = [0; M];
        let mut strides = [0; M];
        shape[..N].copy_from_slice(&self.shape());
        strides[..N].copy_from_slice(&self.strides());
        for (k, &axis) in axes.iter().enumerate() {
            let (length, stride) = (self.shape()[axis], self.strides()[axis]);
            let (step, dilation) = (spacing.step[k], spacing.dilation[k]);
            if step == 0 || dilation == 0 {
                return Err(LayoutError::ZeroStep { axis });
            }
            let fits = dilated_len(window[k], dilation).filter(|&len| len <= length);
            let Some(len) = fits else {
                let covered =
                    |k: usize| (window[k].saturating_sub(1)).saturating_mul(spacing.dilation[k]);
                return Err(LayoutError::Window {
                    shape: axes.map(|axis| self.shape()[axis]).to_vec(),
                    window: std::array::from_fn::<_, K, _>(|k| {
                        covered(k).saturating_add(window[k].min(1))
                    })
                    .to_vec(),
                });
            };
            // The stride of an axis of one index is never used, so it may stay as it is if
            // the product overflows.
            let scaled = |by: usize| {
                let by = isize::try_from(by).ok();
                by.and_then(|by| stride.checked_mul(by)).unwrap_or(stride)
            };
            shape[axis] = (length - len) / step + 1;
            strides[axis] = scaled(step);
            shape[N + k] = window[k];
            strides[N + k] = scaled(dilation);
        }
        check_len(&shape, &strides)?;
        // Window i at tap j shows index i * step + j * dilation, which is at
        // most (length - len) + (len - 1): an index of this layout.
        Ok(self.derive(shape, strides, self.offset()))
    }

    /// The tiles of `block` elements over `axes`, without gaps or overlap: the windows of
    /// [`windows_over`](Self::windows_over) with steps of the block's size. An axis of
    /// length zero has no tiles.
    ///
    /// # Errors
    ///
    /// If an axis is not a multiple of the block's side, that is zero, or an
    /// axis is missing or named twice.
    pub fn blocks<const K: usize>(
        &self,
        axes: [usize; K],
        block: [usize; K],
    ) -> Result<<Self as AddAxes<K>>::Larger, LayoutError>
    where
        Self: AddAxes<K>,
    {
        self.add_blocks(axes, block)
    }

    /// As [`blocks`](Self::blocks), for [`AddAxes`].
    pub(super) fn with_blocks<const K: usize, const M: usize>(
        &self,
        axes: [usize; K],
        block: [usize; K],
    ) -> Result<Layout<M>, LayoutError> {
        const { assert!(M == N + K, "a block adds an axis for each of its sides") };
        self.check_axes(&axes)?;
        let mut shape = [1; M];
        let mut strides = [0; M];
        shape[..N].copy_from_slice(&self.shape());
        strides[..N].copy_from_slice(&self.strides());
        for (k, (&axis, &block)) in axes.iter().zip(&block).enumerate() {
            let (length, stride) = (self.shape()[axis], self.strides()[axis]);
            if block == 0 || !length.is_multiple_of(block) {
                return Err(LayoutError::Block {
                    axis,
                    length,
                    block,
                });
            }
            shape[axis] = length / block;
            // Overflows only if the stride of a single block is never used.
            strides[axis] = stride.saturating_mul(isize::try_from(block).unwrap_or(isize::MAX));
            shape[N + k] = block;
            strides[N + k] = stride;
        }
        check_len(&shape, &strides)?;
        // Block i at tap j shows index i * block + j of this layout.
        Ok(self.derive(shape, strides, self.offset()))
    }
}

impl Layout<2> {
    /// The windows of `[kh, kw]` elements over an `(H, W)` layout: shape
    /// `(H - kh + 1, W - kw + 1, kh, kw)`, strides `(row, column, row, column)`.
    ///
    /// # Errors
    ///
    /// As [`windows_over`](Layout::windows_over).
    pub fn windows(&self, window: [usize; 2]) -> Result<Layout<4>, LayoutError> {
        self.windows_over([0, 1], window, Spacing::default())
    }
}
