//! `Debug` of views: elements as NumPy prints them.

use std::fmt::{self, Write};

use super::{StridedView, report::tuple};

/// Arrays with more elements are shown with only the first and last of every axis.
const MAX_ELEMENTS: usize = 1000;
/// The number of elements shown at each end.
const EDGE: usize = 3;
/// The maximum length of a line.
const LINE: usize = 75;
const PREFIX: &str = "array(";

/// As NumPy prints an array, without its type: rows in brackets, lines of at most 75
/// characters, large arrays elided, the shape named if the brackets do not show it.
impl<T: fmt::Debug, const N: usize> fmt::Debug for StridedView<'_, T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let elide = self.len() > MAX_ELEMENTS;
        let mut out = String::from(PREFIX);
        if self.is_empty() {
            out.push_str("[]");
        } else {
            // Elements of one width, so that columns align.
            let width = self.widest(0, &mut [0; N], elide);
            self.print(0, &mut [0; N], elide, width, &mut out)?;
        }
        if elide || (self.is_empty() && self.shape().as_slice() != [0]) {
            let shape = format!("shape={})", tuple(self.shape()));
            let last = out.len() - out.rfind('\n').map_or(0, |at| at + 1);
            // One column each for the comma and the space.
            if last + 2 + shape.len() > LINE {
                write!(out, ",\n{:1$}{shape}", "", PREFIX.len())?;
            } else {
                write!(out, ", {shape}")?;
            }
        } else {
            out.push(')');
        }
        f.write_str(&out)
    }
}

/// The indices of an axis that are shown, with `None` for those left out.
fn shown(length: usize, elide: bool) -> impl Iterator<Item = Option<usize>> {
    let cut = elide && length > 2 * EDGE;
    let (head, tail) = if cut {
        (EDGE, length - EDGE)
    } else {
        (length, length)
    };
    (0..head)
        .map(Some)
        .chain(cut.then_some(None))
        .chain((tail..length).map(Some))
}

impl<T: fmt::Debug, const N: usize> StridedView<'_, T, N> {
    /// The width of the widest element that is shown.
    fn widest(&self, axis: usize, index: &mut [usize; N], elide: bool) -> usize {
        if axis == N {
            return format!("{:?}", self[*index]).chars().count();
        }
        let mut widest = 0;
        for i in shown(self.shape()[axis], elide).flatten() {
            index[axis] = i;
            widest = widest.max(self.widest(axis + 1, index, elide));
        }
        widest
    }

    /// The elements from `axis` on, with brackets around every axis: between
    /// elements a comma, between rows a line, between planes a blank one.
    fn print(
        &self,
        axis: usize,
        index: &mut [usize; N],
        elide: bool,
        width: usize,
        out: &mut String,
    ) -> fmt::Result {
        if axis == N {
            return write!(out, "{:>width$}", format!("{:?}", self[*index]));
        }
        // Lines of this axis are indented by the open brackets, and must have room for the
        // closing ones, a comma and a parenthesis.
        let indent = PREFIX.len() + axis + 1;
        let end = (LINE - 2).saturating_sub(axis);
        let inner = N - 1 - axis;
        let mut column = indent;
        out.push('[');
        for (place, i) in shown(self.shape()[axis], elide).enumerate() {
            let word = if i.is_some() { width } else { "...".len() };
            if place > 0 && (inner > 0 || column + 2 + word > end) {
                write!(out, ",{}{:indent$}", "\n".repeat(inner.max(1)), "")?;
                column = indent;
            } else if place > 0 {
                out.push_str(", ");
                column += 2;
            }
            column += word;
            match i {
                None => out.push_str("..."),
                Some(i) => {
                    index[axis] = i;
                    self.print(axis + 1, index, elide, width, out)?;
                }
            }
        }
        out.push(']');
        Ok(())
    }
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
            "array([   0,    1,    2, ...,  998,  999, 1000], shape=(1001,))"
        );
    }
}
