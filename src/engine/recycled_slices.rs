//! Reuse of the allocation of a vector of slices.

/// `slices` emptied, for slices of another lifetime or type in the same allocation.
pub(crate) fn recycled<'b, S, T>(mut slices: Vec<&[S]>) -> Vec<&'b [T]> {
    slices.clear();
    // Collecting into elements of the same layout keeps the allocation.
    (slices.into_iter())
        .map(|_| unreachable!("the vector is empty"))
        .collect()
}
