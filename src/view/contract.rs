//! The contraction of windows with a kernel: weights times elements, summed.

use std::ops::{Add, Mul};

use super::{LayoutError, StridedView};

impl<T, const N: usize> StridedView<'_, T, N> {
    /// Contracts the last two axes of a window view `(.., kh, kw)` with a
    /// kernel `(kh, kw)`: NumPy's `einsum("ijkl,kl->ij", windows, kernel)`.
    /// Returns one sum per window in row-major order; the sum of an empty window is the
    /// default, zero.
    ///
    /// This is the plain definition, one window after the other. A
    /// [`Filter`](crate::Filter) computes the same much faster.
    ///
    /// # Errors
    ///
    /// [`LayoutError::Broadcast`] if the shapes of kernel and windows differ.
    ///
    /// # Examples
    ///
    /// The same three times: by this method, by loops, and by NumPy's broadcasting:
    ///
    /// ```
    /// use stridekern::view::StridedView;
    ///
    /// let buffer: Vec<i32> = (0..12).collect();
    /// let weights = [1, 0, 0, 1];
    /// let view = StridedView::from_slice(&buffer, [4, 3])?;
    /// let kernel = StridedView::from_slice(&weights, [2, 2])?;
    /// let windows = view.windows([2, 2])?;
    ///
    /// let contracted = windows.contract(&kernel)?;
    /// assert_eq!(contracted, [4, 6, 10, 12, 16, 18]);
    ///
    /// let mut looped = Vec::new();
    /// for i in 0..3 {
    ///     for j in 0..2 {
    ///         let mut sum = 0;
    ///         for k in 0..2 {
    ///             for l in 0..2 {
    ///                 sum += windows[[i, j, k, l]] * kernel[[k, l]];
    ///             }
    ///         }
    ///         looped.push(sum);
    ///     }
    /// }
    /// assert_eq!(looped, contracted);
    ///
    /// let everywhere = kernel.broadcast_to(windows.shape())?;
    /// let products: Vec<i32> = windows.iter().zip(&everywhere).map(|(w, k)| w * k).collect();
    /// let summed: Vec<i32> = products.chunks(4).map(|window| window.iter().sum()).collect();
    /// assert_eq!(summed, contracted);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn contract(&self, kernel: &StridedView<'_, T, 2>) -> Result<Vec<T>, LayoutError>
    where
        T: Copy + Default + Add<Output = T> + Mul<Output = T>,
    {
        const { assert!(N >= 2, "a window view ends in the two axes of the window") };
        let shape = self.shape();
        if shape[N - 2..] != kernel.shape() {
            return Err(LayoutError::Broadcast {
                from: kernel.shape().to_vec(),
                to: shape.to_vec(),
            });
        }
        // One index per window: the axes of the window have length 1.
        let starts = self.layout().derive(
            std::array::from_fn(|axis| if axis < N - 2 { shape[axis] } else { 1 }),
            self.strides(),
            self.offset(),
        );
        let [.., down, right] = *self.strides().as_slice() else {
            return Ok(Vec::new());
        };
        if kernel.is_empty() {
            return Ok(vec![T::default(); starts.len()]);
        }
        let sum = |start| {
            let window = self.with(self.layout().derive(kernel.shape(), [down, right], start));
            (window.iter().zip(kernel.iter())).fold(T::default(), |sum, (&sample, &weight)| {
                sum + sample * weight
            })
        };
        Ok(starts.positions().map(sum).collect())
    }
}
