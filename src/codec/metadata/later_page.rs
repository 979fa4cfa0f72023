//! What frames after the first carry.

use super::{Fate, Fitted, Metadata, PartFate, PartKind};
use crate::codec::Format;

impl Metadata {
    /// Corrects what becomes of the parts of a page after that of `first` in a result of several:
    /// a PNG holds parts once, for all of its frames, and only how long each is shown for each.
    pub(crate) fn fit_later_page<'a>(
        &self,
        first: &Self,
        format: Format,
        fates: impl IntoIterator<Item = &'a mut PartFate>,
    ) {
        if format != Format::Png {
            return;
        }
        for part in fates {
            let is_kept = matches!(part.fate, Fate::Kept | Fate::Changed(_));
            if is_kept && !self.shares(first, part) {
                part.fate = Fate::Lost("png holds that of the first frame only".to_owned());
            }
        }
    }

    /// Whether the first page has the same part, or a frame has a place for it.
    fn shares(&self, first: &Self, part: &PartFate) -> bool {
        match part.kind {
            PartKind::Icc => self.icc == first.icc,
            PartKind::Exif => self.exif == first.exif,
            PartKind::Xmp => self.xmp == first.xmp,
            PartKind::Density => self.density == first.density,
            PartKind::Delay
            | PartKind::Loops
            | PartKind::Record
            | PartKind::NoData
            | PartKind::ChannelNames
            | PartKind::Premultiplied => true,
            _ => {
                let parts = self.parts.iter();
                let mut named = parts.filter(|known| known.to_string() == part.name);
                named.all(|known| first.parts.contains(known))
            }
        }
    }
}

impl Fitted {
    /// The same of `metadata` of a page after that of `first`.
    #[must_use]
    pub(in crate::codec) fn of_later_page(
        mut self,
        metadata: &Metadata,
        first: &Metadata,
        format: Format,
    ) -> Self {
        metadata.fit_later_page(first, format, &mut self.fates);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Density, DensityUnit, Part};

    #[test]
    fn frames_of_a_png_share_the_parts_of_the_first() {
        let comment = |text: &str| Part::Comment(text.as_bytes().into());
        let density = |pixels| Density::new([[pixels, 1]; 2], DensityUnit::Inch);
        let first = Metadata {
            icc: Some(vec![1]),
            density: density(72),
            parts: vec![comment("a")],
            ..Metadata::default()
        };
        let kept = |metadata: &Metadata, format| {
            let kinds = [
                PartKind::Icc,
                PartKind::Density,
                PartKind::Comment,
                PartKind::Delay,
            ];
            let mut fates = kinds.map(|kind| {
                let name = if kind == PartKind::Comment {
                    "comment"
                } else {
                    "any"
                };
                PartFate::new(kind, name, 0, Fate::Kept)
            });
            metadata.fit_later_page(&first, format, &mut fates);
            fates.map(|part| part.fate == Fate::Kept)
        };
        assert_eq!(kept(&first, Format::Png), [true; 4]);
        let other = Metadata {
            icc: None,
            density: density(300),
            parts: vec![comment("a"), comment("b")],
            ..first.clone()
        };
        assert_eq!(kept(&other, Format::Png), [false, false, false, true]);
        for format in [Format::Gif, Format::Tiff] {
            assert_eq!(kept(&other, format), [true; 4]);
        }
    }
}
