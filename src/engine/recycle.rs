//! Vectors of slices whose memory is kept from call to call.

/// An empty vector in the memory of `slices`, for slices of another lifetime.
pub(crate) fn recycled<'b, T>(mut slices: Vec<&[T]>) -> Vec<&'b [T]> {
    slices.clear();
    // Collecting into elements of the same layout keeps the allocation.
    (slices.into_iter())
        .map(|_| unreachable!("it is empty"))
        .collect()
}
