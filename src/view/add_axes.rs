//! Windows and blocks: which type a layout or view has with an axis more for each axis
//! that they slide over.

use super::{Layout, LayoutError, Spacing, StridedView, StridedViewMut};

/// A layout or view of up to eight axes, over `K` of which windows slide or blocks are
/// laid. The result has `K` axes more: its type follows from the type of the view and the
/// number of axes.
///
/// ```
/// use stridekern::view::{Spacing, StridedView};
///
/// let buffer = [0, 1, 2, 3, 4, 5];
/// let view = StridedView::from_slice(&buffer, [2, 3])?;
/// let windows = view.windows_over([1], [2], Spacing::default())?; // three axes
/// assert_eq!(windows.shape(), [2, 2, 2]);
/// let blocks = view.blocks([0, 1], [2, 1])?; // four axes
/// assert_eq!(blocks.shape(), [1, 3, 2, 1]);
/// # Ok::<(), stridekern::Error>(())
/// ```
///
/// Windows over more axes than there are do not compile:
///
/// ```compile_fail
/// use stridekern::view::StridedView;
///
/// let view = StridedView::from_slice(&[1, 2], [2]).unwrap();
/// view.blocks([0, 1], [1, 1]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no windows or blocks over {K} axes",
    note = "layouts and views of one to eight axes have, over one to all of them"
)]
pub trait AddAxes<const K: usize>: Sized {
    /// The type with `K` axes more.
    type Larger;

    /// The windows over `axes`; see [`Layout::windows_over`].
    ///
    /// # Errors
    ///
    /// As there, and if windows of a mutable view overlap.
    fn add_windows(
        self,
        axes: [usize; K],
        window: [usize; K],
        spacing: Spacing<K>,
    ) -> Result<Self::Larger, LayoutError>;

    /// The blocks over `axes`; see [`Layout::blocks`].
    ///
    /// # Errors
    ///
    /// As there.
    fn add_blocks(self, axes: [usize; K], block: [usize; K]) -> Result<Self::Larger, LayoutError>;
}

macro_rules! add_axes {
    ($($n:literal: $($k:literal $m:literal),*;)*) => {
        $($(
            impl AddAxes<$k> for Layout<$n> {
                type Larger = Layout<$m>;

                fn add_windows(
                    self,
                    axes: [usize; $k],
                    window: [usize; $k],
                    spacing: Spacing<$k>,
                ) -> Result<Self::Larger, LayoutError> {
                    self.with_windows(axes, window, spacing)
                }

                fn add_blocks(self, axes: [usize; $k], block: [usize; $k]) -> Result<Self::Larger, LayoutError> {
                    self.with_blocks(axes, block)
                }
            }

            impl<'a, T> AddAxes<$k> for StridedView<'a, T, $n> {
                type Larger = StridedView<'a, T, $m>;

                fn add_windows(
                    self,
                    axes: [usize; $k],
                    window: [usize; $k],
                    spacing: Spacing<$k>,
                ) -> Result<Self::Larger, LayoutError> {
                    Ok(self.with(self.layout().with_windows(axes, window, spacing)?))
                }

                fn add_blocks(self, axes: [usize; $k], block: [usize; $k]) -> Result<Self::Larger, LayoutError> {
                    Ok(self.with(self.layout().with_blocks(axes, block)?))
                }
            }

            impl<'a, T> AddAxes<$k> for StridedViewMut<'a, T, $n> {
                type Larger = StridedViewMut<'a, T, $m>;

                fn add_windows(
                    self,
                    axes: [usize; $k],
                    window: [usize; $k],
                    spacing: Spacing<$k>,
                ) -> Result<Self::Larger, LayoutError> {
                    let layout = self.layout().with_windows::<$k, $m>(axes, window, spacing)?;
                    layout.check_disjoint()?;
                    Ok(self.into_layout(layout))
                }

                // Blocks do not overlap.
                fn add_blocks(self, axes: [usize; $k], block: [usize; $k]) -> Result<Self::Larger, LayoutError> {
                    let layout = self.layout().with_blocks(axes, block)?;
                    Ok(self.into_layout(layout))
                }
            }
        )*)*
    };
}
add_axes! {
    1: 1 2;
    2: 1 3, 2 4;
    3: 1 4, 2 5, 3 6;
    4: 1 5, 2 6, 3 7, 4 8;
    5: 1 6, 2 7, 3 8, 4 9, 5 10;
    6: 1 7, 2 8, 3 9, 4 10, 5 11, 6 12;
    7: 1 8, 2 9, 3 10, 4 11, 5 12, 6 13, 7 14;
    8: 1 9, 2 10, 3 11, 4 12, 5 13, 6 14, 7 15, 8 16;
}
