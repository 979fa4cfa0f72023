//! Insertion of an axis: which type a layout or view has with one axis more.

use super::{Layout, LayoutError, StridedView, StridedViewMut};

/// A layout or view of up to seven axes, to which one can be added: the type of the result
/// follows from the type of the view.
///
/// ```
/// use stridekern::view::StridedView;
///
/// let row = StridedView::from_slice(&[1, 2, 3], [3])?;
/// let column = row.insert_axis(1)?; // a StridedView<'_, i32, 2>
/// assert_eq!(column.shape(), [3, 1]);
/// assert_eq!(row.repeated(0, 2)?.to_vec(), [1, 2, 3, 1, 2, 3]);
/// # Ok::<(), stridekern::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot have one axis more",
    note = "layouts and views of up to seven axes can"
)]
pub trait InsertAxis: Sized {
    /// The type with one axis more.
    type Larger;

    /// Inserts an axis of length `times` and stride zero before `axis`.
    ///
    /// # Errors
    ///
    /// If `axis` is above the number of axes, the number of indices overflows, or a mutable
    /// view would have several indices of one element.
    fn insert_repeated(self, axis: usize, times: usize) -> Result<Self::Larger, LayoutError>;
}

macro_rules! insert_axis {
    ($($from:literal $to:literal),*) => {
        $(
            impl InsertAxis for Layout<$from> {
                type Larger = Layout<$to>;

                fn insert_repeated(self, axis: usize, times: usize) -> Result<Layout<$to>, LayoutError> {
                    self.with_axis(axis, times)
                }
            }

            impl<'a, T> InsertAxis for StridedView<'a, T, $from> {
                type Larger = StridedView<'a, T, $to>;

                fn insert_repeated(self, axis: usize, times: usize) -> Result<Self::Larger, LayoutError> {
                    Ok(self.with(self.layout().with_axis(axis, times)?))
                }
            }

            impl<'a, T> InsertAxis for StridedViewMut<'a, T, $from> {
                type Larger = StridedViewMut<'a, T, $to>;

                fn insert_repeated(self, axis: usize, times: usize) -> Result<Self::Larger, LayoutError> {
                    let layout = self.layout().with_axis::<$to>(axis, times)?;
                    // An axis of one index adds no index.
                    if times > 1 {
                        layout.check_disjoint()?;
                    }
                    Ok(self.into_layout(layout))
                }
            }
        )*
    };
}
insert_axis!(0 1, 1 2, 2 3, 3 4, 4 5, 5 6, 6 7, 7 8);
