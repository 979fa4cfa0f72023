//! Layouts and views described in words.

use std::fmt;

use super::{Layout, StridedView};

impl<const N: usize> Layout<N> {
    /// A view through this layout described in words, one fact per line, for elements of
    /// `size` bytes in a buffer of `parent` bytes; see
    /// [`StridedView::layout_report`].
    pub fn report(&self, size: usize, parent: usize) -> String {
        let contiguous = match (self.is_c_contiguous(), self.is_f_contiguous()) {
            (true, true) => "in C and Fortran order",
            (true, false) => "in C order",
            (false, true) => "in Fortran order",
            (false, false) => "no",
        };
        let overlapping = if self.overlaps() {
            "yes: read only"
        } else {
            "no"
        };
        let bytes = |elements: usize| elements.saturating_mul(size);
        let byte_strides = self.strides().map(|s| s.saturating_mul(size as isize));
        [
            format!("shape        {}", tuple(self.shape())),
            format!(
                "strides      {} elements, {} bytes",
                tuple(self.strides()),
                tuple(byte_strides)
            ),
            format!("offset       {}", self.offset()),
            format!(
                "elements     {} of {size} byte{}",
                self.len(),
                if size == 1 { "" } else { "s" }
            ),
            format!("bytes seen   {}", bytes(self.len())),
            format!(
                "bytes owned  {parent} by the buffer, {} from the first seen to the last",
                bytes(self.span())
            ),
            format!("contiguous   {contiguous}"),
            format!("overlapping  {overlapping}"),
        ]
        .join("\n")
    }
}

impl<T, const N: usize> StridedView<'_, T, N> {
    /// The view described in words, one fact per line: shape, strides, and the bytes that
    /// it shows and that it keeps alive.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::view::StridedView;
    ///
    /// let image = vec![0_u8; 160_000];
    /// let windows = StridedView::from_slice(&image, [400, 400])?.windows([3, 3])?;
    /// assert_eq!(
    ///     windows.layout_report(),
    ///     "shape        (398, 398, 3, 3)\n\
    ///      strides      (400, 1, 400, 1) elements, (400, 1, 400, 1) bytes\n\
    ///      offset       0\n\
    ///      elements     1425636 of 1 byte\n\
    ///      bytes seen   1425636\n\
    ///      bytes owned  160000 by the buffer, 160000 from the first seen to the last\n\
    ///      contiguous   no\n\
    ///      overlapping  yes: read only"
    /// );
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn layout_report(&self) -> String {
        self.layout().report(size_of::<T>(), self.parent_bytes())
    }
}

/// Numbers as a Python tuple.
pub(super) fn tuple<T: fmt::Display, const N: usize>(numbers: [T; N]) -> String {
    let comma = if N == 1 { "," } else { "" };
    format!("({}{comma})", numbers.map(|n| n.to_string()).join(", "))
}
