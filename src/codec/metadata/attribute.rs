//! Attributes of OpenEXR files: what each is about.

use std::{fmt, sync::Arc};

use super::{Omission, Part, ResultGrid};

/// An attribute of an OpenEXR header. Its bytes are shared, not copied, when it is cloned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name: `owner`.
    pub name: Arc<[u8]>,
    /// The name of its type: `string`.
    pub kind: Arc<[u8]>,
    /// Its value, as stored.
    pub data: Arc<[u8]>,
    /// What was changed, if the result's value is not the input's.
    pub(super) changed: Option<&'static str>,
}

impl Attribute {
    pub(in crate::codec) fn new(name: &[u8], kind: &[u8], data: &[u8]) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            data: data.into(),
            changed: None,
        }
    }

    /// Whether it says how samples are to be understood.
    pub(super) fn is_of_samples(&self) -> bool {
        matches!(
            &*self.name,
            b"chromaticities"
                | b"whiteLuminance"
                | b"adoptedNeutral"
                | b"renderingTransform"
                | b"lookModTransform"
                | b"pixelAspectRatio"
                | b"xDensity"
        )
    }

    /// As it is true of a result that lies so on its input.
    pub(super) fn revised_for(&self, grid: &ResultGrid) -> Part {
        let lost = |why| Part::Other {
            name: self.to_string(),
            bytes: self.data.len(),
            why: Omission::Unknown(why),
        };
        let scaled = |factor: f32, what| match <[u8; 4]>::try_from(&*self.data) {
            Ok(bytes) => {
                let value = f32::from_le_bytes(bytes) * factor;
                Part::Attribute(Self {
                    data: value.to_le_bytes().into(),
                    changed: Some(what),
                    ..self.clone()
                })
            }
            Err(_) => lost("it is no number"),
        };
        let [rows, columns] = grid.step.map(|step| step as f32);
        let covers = |before: usize, after: usize, step: usize| before.div_ceil(step) == after;
        let is_whole = covers(grid.before.rows, grid.after.rows, grid.step[0])
            && covers(grid.before.columns, grid.after.columns, grid.step[1]);
        match &*self.name {
            b"pixelAspectRatio" if rows != columns => scaled(columns / rows, "times the steps"),
            b"xDensity" if columns != 1.0 => scaled(1.0 / columns, "divided by the step"),
            // Of the camera's projection.
            b"screenWindowCenter"
            | b"screenWindowWidth"
            | b"worldToNDC"
            | b"envmap"
            | b"fieldOfViewHorizontal"
            | b"fieldOfViewVertical"
                if !is_whole =>
            {
                lost("it is about the whole picture")
            }
            _ if !(is_whole && grid.step == [1, 1]) && self.kind.starts_with(b"box2") => {
                lost("it may be a part of the whole picture")
            }
            _ => Part::Attribute(self.clone()),
        }
    }

    /// What was changed of it.
    pub(super) const fn changed(&self) -> Option<&'static str> {
        self.changed
    }
}

/// Its name in messages: `attribute owner`.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.get(..40).unwrap_or(&self.name);
        write!(f, "attribute {}", name.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        image::{Depth, ImageSpec},
        orientation::Orientation,
    };

    #[test]
    fn attributes_follow_their_pixels() {
        let grid = |before: [usize; 2], after: [usize; 2], step: [usize; 2]| ResultGrid {
            before: ImageSpec::new([before[0], before[1], 3], Depth::F32),
            after: ImageSpec::new([after[0], after[1], 3], Depth::F32),
            origin: [0, 0],
            step,
            turn: Orientation::Normal,
            pages: 1,
        };
        let same = grid([9, 12], [9, 12], [1, 1]);
        let crop = grid([9, 12], [7, 10], [1, 1]);
        let steps = grid([9, 12], [3, 6], [3, 2]);
        let number = |name: &str, value: f32| {
            Attribute::new(name.as_bytes(), b"float", &value.to_le_bytes())
        };
        let of = |attribute: &Attribute, grid: &ResultGrid| match attribute.revised_for(grid) {
            Part::Attribute(revised) => {
                let bytes = <[u8; 4]>::try_from(&*revised.data);
                bytes
                    .map(f32::from_le_bytes)
                    .map_err(|_| revised.to_string())
            }
            part => Err(part.to_string()),
        };
        for (name, value, wanted) in [
            (
                "pixelAspectRatio",
                2.0,
                [Ok(2.0), Ok(2.0), Ok(2.0 * (2.0 / 3.0))],
            ),
            ("xDensity", 72.0, [Ok(72.0), Ok(72.0), Ok(36.0)]),
            (
                "screenWindowWidth",
                2.0,
                [
                    Ok(2.0),
                    Err("attribute screenWindowWidth".to_owned()),
                    Ok(2.0),
                ],
            ),
            ("expTime", 0.5, [Ok(0.5), Ok(0.5), Ok(0.5)]),
        ] {
            let found = [&same, &crop, &steps].map(|grid| of(&number(name, value), grid));
            assert_eq!(found, wanted, "{name}");
        }
        let part = Attribute::new(b"crop", b"box2i", &[0; 16]);
        for (grid, is_kept) in [(&same, true), (&crop, false), (&steps, false)] {
            let kept = matches!(part.revised_for(grid), Part::Attribute(_));
            assert_eq!(kept, is_kept);
        }
    }
}
