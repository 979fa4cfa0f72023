//! Removal of an axis: which type a layout or view has with one axis less.

use super::{Layout, LayoutError, StridedView, StridedViewMut, split::Split};

/// A layout or view of one to eight axes, of which one can be removed, as `ndarray`'s
/// `RemoveAxis`: the type of the result follows from the type of the view.
///
/// ```
/// use stridekern::view::StridedView;
///
/// let image = StridedView::from_slice(&[1, 2, 3, 4, 5, 6], [1, 3, 2])?;
/// let plane = image.index_axis(2, 1)?; // a StridedView<'_, i32, 2>
/// assert_eq!((plane.shape(), plane.to_vec()), ([1, 3], vec![2, 4, 6]));
/// # Ok::<(), stridekern::Error>(())
/// ```
///
/// A view without axes has none to remove, which the compiler says:
///
/// ```compile_fail
/// use stridekern::view::StridedView;
///
/// let single = StridedView::from_slice(&[1], []).unwrap();
/// single.index_axis(0, 0);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no axis that can be removed",
    note = "layouts and views of one to eight axes have"
)]
pub trait RemoveAxis: Split {
    /// The type with one axis less.
    type Smaller;

    /// Fixes `axis` at `index` and removes it.
    ///
    /// # Errors
    ///
    /// If there is no such axis or index.
    fn remove_axis(self, axis: usize, index: usize) -> Result<Self::Smaller, LayoutError>;

    /// The diagonal of the plane of `axes` as one axis; see
    /// [`Layout::diagonal`].
    ///
    /// # Errors
    ///
    /// As there.
    fn merge_axes(self, axes: [usize; 2], offset: isize) -> Result<Self::Smaller, LayoutError>;
}

macro_rules! remove_axis {
    ($($from:literal $to:literal),*) => {
        $(
            impl RemoveAxis for Layout<$from> {
                type Smaller = Layout<$to>;

                #[inline(always)]
                fn remove_axis(self, axis: usize, index: usize) -> Result<Layout<$to>, LayoutError> {
                    self.without_axis(axis, index)
                }

                fn merge_axes(self, axes: [usize; 2], offset: isize) -> Result<Layout<$to>, LayoutError> {
                    self.on_diagonal(axes, offset)
                }
            }

            impl<'a, T> RemoveAxis for StridedView<'a, T, $from> {
                type Smaller = StridedView<'a, T, $to>;

                #[inline(always)]
                fn remove_axis(self, axis: usize, index: usize) -> Result<Self::Smaller, LayoutError> {
                    Ok(self.with(self.layout().without_axis(axis, index)?))
                }

                fn merge_axes(self, axes: [usize; 2], offset: isize) -> Result<Self::Smaller, LayoutError> {
                    Ok(self.with(self.layout().on_diagonal(axes, offset)?))
                }
            }

            impl<'a, T> RemoveAxis for StridedViewMut<'a, T, $from> {
                type Smaller = StridedViewMut<'a, T, $to>;

                #[inline(always)]
                fn remove_axis(self, axis: usize, index: usize) -> Result<Self::Smaller, LayoutError> {
                    let layout = self.layout().without_axis(axis, index)?;
                    Ok(self.into_layout(layout))
                }

                fn merge_axes(self, axes: [usize; 2], offset: isize) -> Result<Self::Smaller, LayoutError> {
                    let layout = self.layout().on_diagonal(axes, offset)?;
                    Ok(self.into_layout(layout))
                }
            }
        )*
    };
}
remove_axis!(1 0, 2 1, 3 2, 4 3, 5 4, 6 5, 7 6, 8 7);
