//! Where the pixels of a result lie on its input.

use crate::{image::ImageSpec, orientation::Orientation};

/// Where the pixels of a result lie on its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ResultGrid {
    /// The input, turned, and the result.
    pub(crate) before: ImageSpec,
    pub(crate) after: ImageSpec,
    /// The row and the column of the input at the first pixel of the result.
    pub(crate) origin: [usize; 2],
    /// Rows and columns of the input from one pixel of the result to the next.
    pub(crate) step: [usize; 2],
    /// How the pixels of the input were turned first.
    pub(crate) turn: Orientation,
    /// The pages of the result.
    pub(crate) pages: u64,
}

impl ResultGrid {
    /// Whether each pixel of the result lies on that of the input.
    pub(super) fn is_same(&self) -> bool {
        self.origin == [0, 0] && self.step == [1, 1] && self.turn == Orientation::Normal
    }

    /// Whether a place in the input is another in the result, in pixels or as a share of the sides.
    pub(crate) fn is_moved(&self) -> bool {
        let [before, after] = [self.before, self.after].map(|spec| [spec.rows, spec.columns]);
        before != after || !self.is_same()
    }

    /// Whether the sides of a pixel are others.
    pub(crate) fn is_rescaled(&self) -> bool {
        self.step != [1, 1] || self.turn.transposes()
    }

    /// The offset and the factor that give a coordinate of the input from one of the result, for
    /// columns and rows. Pixels are areas, from one whole number to the next, or points at
    /// whole numbers.
    pub(super) fn coordinates(&self, are_areas: bool) -> [(f64, f64); 2] {
        [1, 0].map(|axis| {
            let (origin, step) = (self.origin[axis] as f64, self.step[axis] as f64);
            let half = if are_areas { 0.5 } else { 0.0 };
            // A centre at i + half is that of pixel i in both.
            (origin + half - half * step, step)
        })
    }

    /// Why a chunk of a PNG file is not true of the result, if it is not.
    pub(super) fn why_lost(&self, chunk: &[u8; 4]) -> Option<&'static str> {
        match chunk {
            b"oFFs" if !self.is_same() => Some("it is the place of the whole picture on a page"),
            b"sCAL" if self.is_rescaled() => Some("it is the size of other pixels"),
            b"sTER" if self.is_moved() => Some("it is about the whole picture"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        codec::metadata::{Density, DensityUnit, Metadata, Omission, Part},
        image::Depth,
    };

    const SPEC: ImageSpec = ImageSpec::new([8, 8, 3], Depth::U8);

    const SAME: ResultGrid = ResultGrid {
        before: SPEC,
        after: SPEC,
        origin: [0, 0],
        step: [1, 1],
        turn: Orientation::Normal,
        pages: 1,
    };

    /// Without a row at the end, without one at the beginning, every second row, turned.
    fn others() -> [ResultGrid; 5] {
        let [mut short, mut later, mut thin] = [SAME; 3];
        short.after.rows = 7;
        later.after.rows = 7;
        later.origin = [1, 0];
        thin.after.rows = 4;
        thin.step = [2, 1];
        let [half, quarter] = [3, 6].map(|turn| ResultGrid {
            turn: Orientation::from_exif(turn).unwrap(),
            ..SAME
        });
        [short, later, thin, half, quarter]
    }

    #[test]
    fn chunks_stay_where_they_are_true() {
        for (name, lost) in [
            (b"oFFs", [false, true, true, true, true]),
            (b"sCAL", [false, false, true, false, true]),
            (b"sTER", [true; 5]),
            (b"tEXt", [false; 5]),
        ] {
            let part = Part::Chunk {
                name: *name,
                data: b"data"[..].into(),
            };
            let metadata = Metadata {
                parts: vec![part],
                ..Metadata::default()
            };
            assert_eq!(metadata.revised_for(&SAME), metadata);
            let found = others().map(|grid| match &metadata.revised_for(&grid).parts[..] {
                [Part::Other { why, .. }] => matches!(why, Omission::Unknown(_)),
                parts => parts != metadata.parts,
            });
            assert_eq!(found, lost, "{}", name.escape_ascii());
        }
        assert!(!SAME.is_moved() && others().iter().all(ResultGrid::is_moved));
    }

    #[test]
    fn a_quarter_turn_exchanges_the_densities() {
        let of = |density| Metadata {
            density: Density::new(density, DensityUnit::Inch),
            ..Metadata::default()
        };
        let found = others().map(|grid| of([[300, 1], [72, 1]]).revised_for(&grid).density);
        let wanted = [
            [[300, 1], [72, 1]],
            [[300, 1], [72, 1]],
            [[300, 1], [36, 1]],
            [[300, 1], [72, 1]],
            [[72, 1], [300, 1]],
        ];
        assert_eq!(found, wanted.map(|density| of(density).density));
    }
}
