//! Views in words: elements as NumPy prints them, and what a layout is.

use std::fmt::{self, Write};

use super::StridedView;

/// Arrays with more elements are shown by the first and last of every axis.
const MOST_ELEMENTS: usize = 1000;
/// How many of each end.
const EDGE: usize = 3;

/// As NumPy prints an array: rows in brackets, elided when large.
impl<T: fmt::Debug, const N: usize> fmt::Debug for StridedView<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elide = self.len() > MOST_ELEMENTS;
        // Elements of one width, so that columns align.
        let mut width = 0;
        let mut text = String::new();
        self.shown(
            0,
            &mut [0; N],
            elide,
            &mut |index| {
                text.clear();
                write!(text, "{:?}", self[index])?;
                width = width.max(text.chars().count());
                Ok(())
            },
            &mut |_| Ok(()),
        )?;
        f.write_str("array(")?;
        let mut out = String::new();
        let place = std::cell::RefCell::new(&mut out);
        self.shown(
            0,
            &mut [0; N],
            elide,
            &mut |index| {
                let text = format!("{:?}", self[index]);
                write!(place.borrow_mut(), "{text:>width$}")
            },
            &mut |text| place.borrow_mut().write_str(text),
        )?;
        f.write_str(&out)?;
        f.write_str(")")
    }
}

impl<T, const N: usize> StridedView<'_, T, N> {
    /// Walks the elements that are shown, and the punctuation around them.
    fn shown(
        &self,
        axis: usize,
        index: &mut [usize; N],
        elide: bool,
        element: &mut dyn FnMut([usize; N]) -> fmt::Result,
        punctuation: &mut dyn FnMut(&str) -> fmt::Result,
    ) -> fmt::Result {
        if axis == N {
            return element(*index);
        }
        punctuation("[")?;
        let length = self.shape()[axis];
        let mut i = 0;
        while i < length {
            if i > 0 {
                punctuation(&self.separator(axis))?;
            }
            if elide && i == EDGE && length > 2 * EDGE {
                punctuation("...")?;
                i = length - EDGE;
                continue;
            }
            index[axis] = i;
            self.shown(axis + 1, index, elide, element, punctuation)?;
            i += 1;
        }
        punctuation("]")
    }

    /// Between elements a comma, between rows a line, between planes a blank one.
    fn separator(&self, axis: usize) -> String {
        let inner = N - 1 - axis;
        match inner {
            0 => ", ".to_owned(),
            _ => format!(
                ",{}{}",
                "\n".repeat(inner),
                " ".repeat("array(".len() + axis + 1)
            ),
        }
    }

    /// What the view is, one fact a line: shape, strides, what it shows and
    /// what it keeps alive.
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
    ///      bytes        160000 from the first to the last, 160000 in the buffer\n\
    ///      contiguous   no\n\
    ///      overlapping  yes: read only"
    /// );
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    pub fn layout_report(&self) -> String {
        let size = size_of::<T>();
        let contiguous = match (
            self.layout().is_c_contiguous(),
            self.layout().is_f_contiguous(),
        ) {
            (true, true) => "in C and Fortran order",
            (true, false) => "in C order",
            (false, true) => "in Fortran order",
            (false, false) => "no",
        };
        let overlapping = if self.layout().overlaps() {
            "yes: read only"
        } else {
            "no"
        };
        [
            format!("shape        {}", tuple(self.shape())),
            format!(
                "strides      {} elements, {} bytes",
                tuple(self.strides()),
                tuple(self.byte_strides())
            ),
            format!("offset       {}", self.offset()),
            format!(
                "elements     {} of {size} byte{}",
                self.len(),
                if size == 1 { "" } else { "s" }
            ),
            format!("bytes seen   {}", self.nbytes()),
            format!(
                "bytes        {} from the first to the last, {} in the buffer",
                self.span_bytes(),
                self.parent_bytes()
            ),
            format!("contiguous   {contiguous}"),
            format!("overlapping  {overlapping}"),
        ]
        .join("\n")
    }
}

/// As Python writes a tuple.
fn tuple<T: fmt::Display, const N: usize>(numbers: [T; N]) -> String {
    let comma = if N == 1 { "," } else { "" };
    format!("({}{comma})", numbers.map(|n| n.to_string()).join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_look_as_in_numpy() {
        let buffer: Vec<i32> = (-2..22).collect();
        let show = |view: &dyn fmt::Debug| format!("{view:?}");
        assert_eq!(show(&StridedView::of(&buffer[..3])), "array([-2, -1,  0])");
        assert_eq!(
            show(&StridedView::from_slice(&buffer, [2, 3]).unwrap()),
            "array([[-2, -1,  0],\n       [ 1,  2,  3]])"
        );
        assert_eq!(
            show(&StridedView::from_slice(&buffer[2..], [2, 1, 2]).unwrap()),
            "array([[[0, 1]],\n\n       [[2, 3]]])"
        );
        assert_eq!(
            show(&StridedView::from_slice(&buffer, [0]).unwrap()),
            "array([])"
        );
        assert_eq!(
            show(&StridedView::from_slice(&buffer, []).unwrap()),
            "array(-2)"
        );
        let large: Vec<usize> = (0..1001).collect();
        assert_eq!(
            show(&StridedView::of(&large)),
            "array([   0,    1,    2, ...,  998,  999, 1000])"
        );
    }
}
