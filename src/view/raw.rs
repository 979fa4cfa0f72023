//! Views of foreign memory, given as a pointer, a shape and strides.
//!
//! This is the only unsafe code of views. A view holds a slice, and a slice covers all
//! memory between its ends, gaps included. So the caller must guarantee all of it, not
//! only the elements. No safe function can guarantee it for a view of another crate,
//! because the gaps of that view may be lent for writing elsewhere, as `ndarray`'s
//! `multi_slice_mut` does.

#![allow(
    unsafe_code,
    reason = "a slice is made of a pointer that the caller vouches for"
)]

use std::slice;

use super::{CastFault, LayoutError, StridedView, StridedViewMut};

/// The number of elements from the lowest of a view to that at index zero, and the number
/// from the lowest to the highest; `None` if the view is empty.
///
/// # Errors
///
/// [`LayoutError::Overflow`] if that, in elements or in bytes, does not fit
/// `isize` or would pass an end of the address space;
/// [`LayoutError::Cast`] if the address is null or not aligned.
fn before_and_span<T, const N: usize>(
    first: *const T,
    shape: [usize; N],
    strides: [isize; N],
) -> Result<Option<(usize, usize)>, LayoutError> {
    let fault = CastFault::Alignment;
    if first.is_null() || !first.is_aligned() {
        return Err(LayoutError::Cast { fault });
    }
    if shape.contains(&0) {
        return Ok(None);
    }
    let bounds = || {
        let (mut before, mut behind) = (0_usize, 0_usize);
        for (&n, &stride) in shape.iter().zip(&strides) {
            let distance = (n - 1).checked_mul(stride.unsigned_abs())?;
            let side = if stride < 0 { &mut before } else { &mut behind };
            *side = side.checked_add(distance)?;
        }
        let span = before.checked_add(behind)?.checked_add(1)?;
        let bytes = |elements: usize| elements.checked_mul(size_of::<T>());
        isize::try_from(bytes(span)?).ok()?;
        let start = first.addr().checked_sub(bytes(before)?)?;
        start.checked_add(bytes(span)?)?;
        Some((before, span))
    };
    let overflow = || LayoutError::Overflow {
        shape: shape.to_vec(),
        strides: strides.to_vec(),
    };
    bounds().map(Some).ok_or_else(overflow)
}

impl<'a, T, const N: usize> StridedView<'a, T, N> {
    /// A view of foreign memory: `first` is the element at index zero, the
    /// strides count elements.
    ///
    /// # Errors
    ///
    /// [`LayoutError::Overflow`] if the elements cannot be addressed,
    /// [`LayoutError::Cast`] if `first` is null or not aligned for `T`.
    ///
    /// # Safety
    ///
    /// From the lowest element of the view to the highest, **gaps included**, the memory
    /// must, for the whole of `'a`:
    ///
    /// - lie in one allocation, all of which may be accessed through `first`;
    /// - hold values of `T`;
    /// - not be written to, through any pointer or reference.
    pub unsafe fn from_raw_parts(
        first: *const T,
        shape: [usize; N],
        strides: [isize; N],
    ) -> Result<Self, LayoutError> {
        let Some((before, span)) = before_and_span(first, shape, strides)? else {
            return Self::new(&[], shape, strides, 0);
        };
        // SAFETY: the lowest element is `before` elements before `first`. The caller
        // guarantees that it lies in the allocation of `first`; `before_and_span` checked
        // that the distance fits `isize` bytes.
        let lowest = unsafe { first.sub(before) };
        // SAFETY: `first` is aligned and not null, so `lowest` is too. The caller guarantees
        // that `span` elements from there lie in one allocation, hold values and are not
        // written to during `'a`; `before_and_span` checked that they are at most
        // `isize::MAX` bytes.
        let buffer = unsafe { slice::from_raw_parts(lowest, span) };
        Self::new(buffer, shape, strides, before)
    }
}

impl<'a, T, const N: usize> StridedViewMut<'a, T, N> {
    /// A mutable view of foreign memory: `first` is the element at index
    /// zero, the strides count elements.
    ///
    /// # Errors
    ///
    /// As [`StridedView::from_raw_parts`], and [`LayoutError::Overlap`] if two
    /// indices address the same element.
    ///
    /// # Safety
    ///
    /// From the lowest element of the view to the highest, **gaps included**, the memory
    /// must, for the whole of `'a`:
    ///
    /// - lie in one allocation, all of which may be accessed through `first`;
    /// - hold values of `T`;
    /// - not be read or written to through any other pointer or reference.
    pub unsafe fn from_raw_parts(
        first: *mut T,
        shape: [usize; N],
        strides: [isize; N],
    ) -> Result<Self, LayoutError> {
        let Some((before, span)) = before_and_span(first, shape, strides)? else {
            return Self::new(&mut [], shape, strides, 0);
        };
        // SAFETY: as for reading.
        let lowest = unsafe { first.sub(before) };
        // SAFETY: as for reading; the caller guarantees that these elements are not read or
        // written otherwise during `'a`.
        let buffer = unsafe { slice::from_raw_parts_mut(lowest, span) };
        Self::new(buffer, shape, strides, before)
    }
}
