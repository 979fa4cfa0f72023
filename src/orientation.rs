//! The orientation of a picture: how its stored rows and columns are turned to be seen.

use std::fmt;

use crate::view::{Layout, LayoutError};

/// How the stored pixels of a picture are turned to be seen, as EXIF and TIFF number it.
///
/// The picture drawn here is seen as the first one, an F; the others show how it is stored.
///
/// ```text
/// 1       2       3       4       5       6       7       8
/// ###     ###       #     #       ####    #          #    ####
/// #         #      ##     ##      # #     # #      # #     # #
/// ##       ##       #     #       #       ####    ####       #
/// #         #     ###     ###
/// ```
///
/// # Examples
///
/// ```
/// use stridekern::{Image, ImageView, Orientation, Samples};
///
/// // A phone held upright: its sensor's rows are the columns of the picture.
/// let stored = Image::new(2, 3, 1, Samples::U8(vec![1, 2, 3, 4, 5, 6].into()))?;
/// let orientation = Orientation::from_exif(6).unwrap();
/// assert_eq!(orientation, Orientation::Rotate90);
/// let seen = ImageView::from(&stored).turned(orientation);
/// assert_eq!(seen.shape(), [3, 2, 1]);
/// assert_eq!(seen.view::<u8>().unwrap().to_vec(), [4, 1, 5, 2, 6, 3]);
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Orientation {
    /// 1: as it is stored.
    #[default]
    Normal = 1,
    /// 2: mirrored from left to right.
    FlipHorizontal = 2,
    /// 3: rotated by 180 degrees.
    Rotate180 = 3,
    /// 4: mirrored from top to bottom.
    FlipVertical = 4,
    /// 5: rows become columns.
    Transpose = 5,
    /// 6: rotated by 90 degrees clockwise.
    Rotate90 = 6,
    /// 7: rows become columns, and both are reversed.
    Transverse = 7,
    /// 8: rotated by 270 degrees clockwise.
    Rotate270 = 8,
}

impl Orientation {
    /// Every orientation, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Normal,
        Self::FlipHorizontal,
        Self::Rotate180,
        Self::FlipVertical,
        Self::Transpose,
        Self::Rotate90,
        Self::Transverse,
        Self::Rotate270,
    ];

    /// The orientation of this number in EXIF and TIFF, 1 to 8.
    pub fn from_exif(number: u16) -> Option<Self> {
        (Self::ALL.into_iter()).find(|orientation| orientation.exif() == number)
    }

    /// Its number in EXIF and TIFF.
    pub const fn exif(self) -> u16 {
        self as u16
    }

    /// Whether rows become columns.
    pub const fn transposes(self) -> bool {
        matches!(
            self,
            Self::Transpose | Self::Rotate90 | Self::Transverse | Self::Rotate270
        )
    }

    /// Whether rows and columns are reversed, after they are exchanged if they
    /// [are](Self::transposes).
    pub const fn flips(self) -> [bool; 2] {
        match self {
            Self::Normal | Self::Transpose => [false, false],
            Self::FlipHorizontal | Self::Rotate90 => [false, true],
            Self::FlipVertical | Self::Rotate270 => [true, false],
            Self::Rotate180 | Self::Transverse => [true, true],
        }
    }

    /// Whether the stored rows and columns are reversed, before they are exchanged if they are.
    pub(crate) const fn stored_flips(self) -> [bool; 2] {
        self.of_axes(self.flips())
    }

    /// What rows and columns have, for what they become or were: exchanged if they are.
    pub(crate) const fn of_axes<T: Copy>(self, [rows, columns]: [T; 2]) -> [T; 2] {
        match self.transposes() {
            true => [columns, rows],
            false => [rows, columns],
        }
    }

    /// What turns the picture as it is seen to the stored one.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self::of(self.transposes(), self.stored_flips())
    }

    /// This one, then `next`.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let [rows, columns] = next.of_axes(self.flips());
        let [flips_rows, flips_columns] = next.flips();
        Self::of(
            self.transposes() != next.transposes(),
            [rows != flips_rows, columns != flips_columns],
        )
    }

    fn of(transposes: bool, flips: [bool; 2]) -> Self {
        let is_it = |it: &Self| (it.transposes(), it.flips()) == (transposes, flips);
        let found = Self::ALL.into_iter().find(is_it);
        found.expect("there is one for every exchange and reversal")
    }

    /// A layout whose first two axes are rows and columns, turned: a view of the same elements.
    pub(crate) fn turned<const N: usize>(
        self,
        layout: &Layout<N>,
    ) -> Result<Layout<N>, LayoutError> {
        let mut order = std::array::from_fn(|axis| axis);
        order[..2].copy_from_slice(&self.of_axes([0, 1]));
        let [flips_rows, flips_columns] = self.flips();
        let mut turned = layout.permute(order)?;
        if flips_rows {
            turned = turned.flip(0)?;
        }
        if flips_columns {
            turned = turned.flip(1)?;
        }
        Ok(turned)
    }
}

/// `6 (rotated by 90 degrees)`.
impl fmt::Display for Orientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Normal => "as stored",
            Self::FlipHorizontal => "mirrored from left to right",
            Self::Rotate180 => "rotated by 180 degrees",
            Self::FlipVertical => "mirrored from top to bottom",
            Self::Transpose => "transposed",
            Self::Rotate90 => "rotated by 90 degrees",
            Self::Transverse => "transposed and rotated by 180 degrees",
            Self::Rotate270 => "rotated by 270 degrees",
        };
        write!(f, "{} ({what})", self.exif())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::StridedView;

    /// 3 rows of 4, all different.
    const STORED: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

    fn turned(samples: &[u8], shape: [usize; 2], by: Orientation) -> ([usize; 2], Vec<u8>) {
        let layout = Layout::c_order(shape, samples.len()).unwrap();
        let turned = by.turned(&layout).unwrap();
        let (shape, strides, offset) = (turned.shape(), turned.strides(), turned.offset());
        let view = StridedView::new(samples, shape, strides, offset).unwrap();
        (shape, view.to_vec())
    }

    /// As the EXIF specification has it: which side of the picture the 0th row and the 0th
    /// column are.
    #[test]
    fn the_first_row_and_column_are_seen_where_exif_says() {
        let corner = |samples: &[u8], [rows, columns]: [usize; 2], [row, column]: [usize; 2]| {
            samples[row * (rows - 1) * columns + column * (columns - 1)]
        };
        // The sides on which the first stored row and column are seen: 0 is top, 1 right,
        // 2 bottom, 3 left.
        let sides = [
            [0, 3],
            [0, 1],
            [2, 1],
            [2, 3],
            [3, 0],
            [1, 0],
            [1, 2],
            [3, 2],
        ];
        let ends = [
            [[0, 0], [0, 1]],
            [[0, 1], [1, 1]],
            [[1, 0], [1, 1]],
            [[0, 0], [1, 0]],
        ];
        for (orientation, [row, column]) in Orientation::ALL.into_iter().zip(sides) {
            let (shape, seen) = turned(&STORED, [3, 4], orientation);
            let side = |side: usize| ends[side].map(|end| corner(&seen, shape, end));
            let (mut first_row, mut first_column) = (side(row), side(column));
            first_row.sort_unstable();
            first_column.sort_unstable();
            assert_eq!((first_row, first_column), ([0, 3], [0, 8]), "{orientation}");
        }
    }

    #[test]
    fn they_are_a_group() {
        for first in Orientation::ALL {
            assert_eq!(Orientation::from_exif(first.exif()), Some(first));
            assert_eq!(first.then(first.inverse()), Orientation::Normal);
            assert_eq!(first.inverse().then(first), Orientation::Normal);
            for next in Orientation::ALL {
                let (shape, once) = turned(&STORED, [3, 4], first);
                let twice = turned(&once, shape, next);
                assert_eq!(twice, turned(&STORED, [3, 4], first.then(next)));
            }
        }
        assert_eq!(Orientation::from_exif(0), None);
        assert_eq!(Orientation::from_exif(9), None);
    }
}
