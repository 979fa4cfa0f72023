//! Reinterpretation of elements as another plain type.

use std::cmp::Ordering;

use bytemuck::{AnyBitPattern, NoUninit};

use super::{CastFault, LayoutError, StridedView};

impl<'a, T: NoUninit, const N: usize> StridedView<'a, T, N> {
    /// The bytes reinterpreted as another plain type: NumPy's `view(dtype)`.
    ///
    /// Types of one size keep the shape. A smaller type makes the last axis
    /// longer, a larger one makes it shorter; for either the last axis must be
    /// contiguous.
    ///
    /// # Errors
    ///
    /// [`LayoutError::Cast`] if the last axis is not contiguous or not a
    /// multiple of the larger type, a stride or the offset is not, or the
    /// buffer is not aligned for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::view::StridedView;
    ///
    /// let words = [0x0201_u16.to_le(), 0x0403_u16.to_le()];
    /// let bytes = StridedView::of(&words).cast::<u8>()?;
    /// assert_eq!(bytes.to_vec(), [1, 2, 3, 4]);
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn cast<U: AnyBitPattern>(&self) -> Result<StridedView<'a, U, N>, LayoutError> {
        let (from, to) = (size_of::<T>(), size_of::<U>());
        if from == 0 || to == 0 {
            return Err(refused(CastFault::NoSize));
        }
        match from.cmp(&to) {
            Ordering::Equal => self.cast_same(),
            Ordering::Greater => self.cast_smaller(from / to, from % to == 0),
            Ordering::Less => self.cast_larger(to / from, to % from == 0),
        }
    }

    fn cast_same<U: AnyBitPattern>(&self) -> Result<StridedView<'a, U, N>, LayoutError> {
        StridedView::new(
            plain(self.buffer())?,
            self.shape(),
            self.strides(),
            self.offset(),
        )
    }

    fn cast_smaller<U: AnyBitPattern>(
        &self,
        ratio: usize,
        whole: bool,
    ) -> Result<StridedView<'a, U, N>, LayoutError> {
        self.check_last_axis(whole)?;
        let (mut shape, mut strides) = (self.shape(), self.strides());
        for stride in strides.iter_mut().take(N - 1) {
            *stride = stride.saturating_mul(ratio as isize);
        }
        shape[N - 1] = shape[N - 1].saturating_mul(ratio);
        strides[N - 1] = 1;
        StridedView::new(plain(self.buffer())?, shape, strides, self.offset() * ratio)
    }

    fn cast_larger<U: AnyBitPattern>(
        &self,
        ratio: usize,
        whole: bool,
    ) -> Result<StridedView<'a, U, N>, LayoutError> {
        self.check_last_axis(whole)?;
        let (mut shape, mut strides) = (self.shape(), self.strides());
        let outer = (0..N - 1).all(|axis| shape[axis] <= 1 || strides[axis] % ratio as isize == 0);
        if !shape[N - 1].is_multiple_of(ratio) || !outer {
            return Err(refused(CastFault::Multiple));
        }
        for stride in strides.iter_mut().take(N - 1) {
            *stride /= ratio as isize;
        }
        shape[N - 1] /= ratio;
        strides[N - 1] = 1;
        // The distance of all elements from the first is a multiple of the larger type;
        // elements before and after belong to no element of the larger type.
        let lead = self.offset() % ratio;
        let buffer = self.buffer().get(lead..).unwrap_or_default();
        let buffer = &buffer[..buffer.len() - buffer.len() % ratio];
        StridedView::new(plain(buffer)?, shape, strides, self.offset() / ratio)
    }

    fn check_last_axis(&self, whole: bool) -> Result<(), LayoutError> {
        if !whole {
            return Err(refused(CastFault::Sizes));
        }
        let contiguous = N > 0 && (self.shape()[N - 1] <= 1 || self.strides()[N - 1] == 1);
        match contiguous {
            true => Ok(()),
            false => Err(refused(CastFault::LastAxis)),
        }
    }
}

fn plain<T: NoUninit, U: AnyBitPattern>(buffer: &[T]) -> Result<&[U], LayoutError> {
    bytemuck::try_cast_slice(buffer).map_err(|_| refused(CastFault::Alignment))
}

const fn refused(fault: CastFault) -> LayoutError {
    LayoutError::Cast { fault }
}
