//! Where the pixels of a part lie on what it shows.

use ::exr::meta::{attribute::IntegerBounds, header::Header};

use crate::{codec::IgnoredContent, warning::Warning};

/// The window of the pixels that are stored (data window), and that of the picture (display window).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Windows {
    /// The first column and the one after the last, then the same of the rows.
    stored: [[i64; 2]; 2],
    shown: [[i64; 2]; 2],
}

impl Windows {
    pub(super) fn of(header: &Header) -> Self {
        let stored = IntegerBounds {
            position: header.own_attributes.layer_position,
            size: header.layer_size,
        };
        let ranges = |window: IntegerBounds| {
            let IntegerBounds { position, size } = window;
            [(position.x(), size.x()), (position.y(), size.y())]
                .map(|(start, size)| [i64::from(start), i64::from(start) + size as i64])
        };
        Self {
            stored: ranges(stored),
            shown: ranges(header.shared_attributes.display_window),
        }
    }

    /// Whether pixels are cropped, since they are stored and not shown.
    fn crops(&self) -> bool {
        let axes = self.stored.iter().zip(&self.shown);
        let mut is_outside =
            axes.map(|(stored, shown)| stored[0] < shown[0] || stored[1] > shown[1]);
        is_outside.any(|is_outside| is_outside)
    }

    /// Whether pixels are filled, since they are shown and not stored.
    fn fills(&self) -> bool {
        let axes = self.stored.iter().zip(&self.shown);
        let mut is_inside =
            axes.map(|(stored, shown)| stored[0] > shown[0] || stored[1] < shown[1]);
        is_inside.any(|is_inside| is_inside)
    }

    /// What a result, whose windows are both of its size, cannot hold.
    pub(super) fn ignored(&self) -> Option<IgnoredContent> {
        let is_at_origin = self.shown.map(|[start, _]| start) == [0, 0];
        match self.crops() {
            true => Some(IgnoredContent::Overscan),
            false if self.fills() || !is_at_origin => Some(IgnoredContent::DataWindow),
            false => None,
        }
    }

    /// What was done to read the picture that is shown.
    pub(super) fn warning(&self) -> Option<Warning> {
        self.ignored()?;
        let size = |window: [[i64; 2]; 2]| {
            let [columns, rows] = window.map(|[start, end]| end - start);
            format!("{columns} x {rows}")
        };
        let at = |window: [[i64; 2]; 2]| format!("{}, {}", window[0][0], window[1][0]);
        let (stored, shown) = (self.stored, self.shown);
        let windows = format!(
            "the exr file stores {} pixels at {} and shows {} at {}",
            size(stored),
            at(stored),
            size(shown),
            at(shown)
        );
        let done = match (self.crops(), self.fills()) {
            (true, true) => {
                "pixels outside of that were cropped, those that are missing filled with 0"
            }
            (true, false) => "pixels outside of that were cropped",
            (false, true) => "those that are missing were filled with 0",
            (false, false) => "the place is left out",
        };
        Some(format!("{windows}: {done}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cropped_and_filled_is_told() {
        for (stored, shown, wanted) in [
            ([[0, 7], [0, 5]], [[0, 7], [0, 5]], None),
            (
                [[3, 10], [3, 8]],
                [[3, 10], [3, 8]],
                Some("stores 7 x 5 pixels at 3, 3 and shows 7 x 5 at 3, 3: the place is left out"),
            ),
            (
                [[2, 5], [1, 4]],
                [[0, 7], [0, 5]],
                Some(
                    "stores 3 x 3 pixels at 2, 1 and shows 7 x 5 at 0, 0: those that are missing were filled with 0",
                ),
            ),
            (
                [[-2, 9], [0, 5]],
                [[0, 7], [0, 5]],
                Some(
                    "stores 11 x 5 pixels at -2, 0 and shows 7 x 5 at 0, 0: pixels outside of that were cropped",
                ),
            ),
            (
                [[2, 9], [0, 5]],
                [[0, 7], [0, 5]],
                Some(
                    "stores 7 x 5 pixels at 2, 0 and shows 7 x 5 at 0, 0: pixels outside of that were cropped, those that are missing filled with 0",
                ),
            ),
            (
                [[20, 22], [0, 5]],
                [[0, 7], [0, 5]],
                Some(
                    "stores 2 x 5 pixels at 20, 0 and shows 7 x 5 at 0, 0: pixels outside of that were cropped, those that are missing filled with 0",
                ),
            ),
        ] {
            let windows = Windows { stored, shown };
            let told = windows.warning();
            let told = told
                .as_deref()
                .map(|text| text.strip_prefix("the exr file ").unwrap());
            assert_eq!(told, wanted);
        }
    }
}
