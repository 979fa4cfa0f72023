//! Reuse of the allocation of a vector of slices.

/// `slices` emptied, for slices of another lifetime in the same allocation.
pub(crate) fn recycled<'b, T>(mut slices: Vec<&[T]>) -> Vec<&'b [T]> {
    slices.clear();
    // Collecting into elements of the same layout keeps the allocation.
    (slices.into_iter())
        .map(|_| unreachable!("the vector is empty"))
        .collect()
}
