//! Where EXIF data, and parts that few formats have, go in a file.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Density, DensityUnit, Fate, Fitted, Metadata, Part, PartFate, PartKind,
    exif_block::{ExifBlock, Value, is_movable, is_opaque},
    exif_of, no_place, part_fate, photoshop,
    tag::{
        DESCRIPTION, MAKER_NOTE, MAKER_NOTE_WHY, MAX_GPS_CODE, Role, Tag, exif_role, kinds, role,
        tag_name,
    },
};
use crate::{codec::Format, image::ImageSpec, warning::Warning};

/// The most bytes of EXIF data in a JPEG: a segment holds 65533, 6 of them a name.
const MAX_JPEG_EXIF: usize = 65_527;

impl Metadata {
    /// EXIF data, and the orientation, which some formats have a place of their own for. Returns
    /// what becomes of tags that EXIF data have a place for.
    pub(super) fn fit_exif(&self, format: Format, spec: ImageSpec, fitted: &mut Fitted) -> Fate {
        let orientation = self.orientation.or_else(|| self.exif_orientation());
        let turned = orientation.filter(|orientation| *orientation != 1);
        let block = self.exif.as_deref().and_then(ExifBlock::of);
        let maker_note = block.as_ref().and_then(|block| block.maker_note());
        let maker_note = maker_note.map(|note| (note.data.len(), is_movable(&note.data)));
        let mut others = Vec::new();
        let fate = match format {
            Format::Png | Format::Jpeg | Format::Webp => {
                self.fit_block(format, spec, turned, fitted)
            }
            Format::Tiff => {
                fitted.metadata.orientation = orientation;
                match block {
                    Some(block) => fit_directories(block, spec, fitted, &mut others),
                    None => Fate::Lost("they are damaged".to_owned()),
                }
            }
            _ => {
                if turned.is_some() {
                    let line = format!(
                        "{format} holds no orientation: viewers will show the picture turned"
                    );
                    fitted.warnings.push(Warning::orientation(line));
                }
                no_place(format)
            }
        };
        if let Some(exif) = &self.exif {
            fitted.add(PartKind::Exif, "EXIF data", exif.len(), fate.clone());
        }
        if let Some((bytes, is_movable)) = maker_note {
            let note = match &fate {
                _ if format == Format::Tiff && !is_movable => Fate::Lost(MAKER_NOTE_WHY.to_owned()),
                Fate::Changed(_) => Fate::Kept,
                _ => fate.clone(),
            };
            fitted.add(PartKind::Exif, "maker note", bytes, note);
        }
        fitted.fates.append(&mut others);
        fate
    }

    /// EXIF data as a block, with the tags that have no other place.
    fn fit_block(
        &self,
        format: Format,
        spec: ImageSpec,
        turned: Option<u16>,
        fitted: &mut Fitted,
    ) -> Fate {
        let tags = self.parts.iter().filter_map(|part| match part {
            Part::Tag(tag) if tag.is_in_exif() && tag.in_format(format).is_none() => Some(tag),
            _ => None,
        });
        let tags = Vec::from_iter(tags);
        let mut is_resized = false;
        let exif = match &self.exif {
            // Its offsets stay valid.
            Some(exif) if tags.is_empty() && self.orientation.is_none() => Some(exif.clone()),
            exif => {
                let mut block = match exif.as_deref().map(ExifBlock::of) {
                    Some(Some(block)) => block,
                    Some(None) => {
                        fitted.metadata.exif = turned.map(exif_of);
                        return Fate::Lost("they are damaged".to_owned());
                    }
                    None => ExifBlock::default(),
                };
                for tag in tags {
                    block.add(tag.code, tag.kind, &tag.data);
                }
                if let Some(turned) = turned {
                    block.set_orientation(turned);
                }
                is_resized = block.set_size([spec.rows, spec.columns]);
                (!block.is_empty()).then(|| block.to_bytes())
            }
        };
        if format == Format::Jpeg && exif.as_ref().is_some_and(|exif| exif.len() > MAX_JPEG_EXIF) {
            fitted.metadata.exif = turned.map(exif_of);
            return Fate::Lost(format!("jpeg holds {MAX_JPEG_EXIF} bytes"));
        }
        fitted.metadata.exif = exif;
        match is_resized {
            true => Fate::Changed("size".to_owned()),
            false => Fate::Kept,
        }
    }

    /// Parts that few formats have; `in_exif` is what becomes of those that go into EXIF data.
    pub(super) fn fit_parts(
        &self,
        format: Format,
        spec: ImageSpec,
        in_exif: &Fate,
        fitted: &mut Fitted,
    ) {
        let mut places = Places::new(format, &self.parts, &fitted.metadata.parts);
        for part in &self.parts {
            let stored = part.in_format(format).with_channels(spec.channels);
            let mut fate = match part {
                Part::Tag(tag) if is_in_block(tag, &stored, format) => match in_exif {
                    Fate::Changed(_) => Fate::Kept,
                    fate => fate.clone(),
                },
                _ => part_fate(&stored, format, spec),
            };
            if let (Part::Tag(tag), Fate::Kept) = (part, &fate)
                && let Some(changed) = tag.changed
            {
                fate = Fate::Changed(changed.to_owned());
            }
            if matches!(fate, Fate::Kept | Fate::Changed(_)) {
                match places.take(part, &stored) {
                    Place::Free => fitted.metadata.parts.push(stored),
                    Place::Same => {}
                    Place::Other(what) => fate = Fate::Lost(what),
                }
            }
            fitted.fates.push(PartFate::of(part, fate));
        }
    }
}

/// Whether a tag, which is `stored` so, goes into EXIF data.
fn is_in_block(tag: &Tag, stored: &Part, format: Format) -> bool {
    let has_block = matches!(format, Format::Png | Format::Jpeg | Format::Webp);
    has_block && tag.is_in_exif() && matches!(stored, Part::Tag(_))
}

/// EXIF data as tags and directories of a TIFF file. What is left out of them is noted in
/// `others`.
fn fit_directories(
    block: ExifBlock,
    spec: ImageSpec,
    fitted: &mut Fitted,
    others: &mut Vec<PartFate>,
) -> Fate {
    let mut changed = Vec::new();
    if block.has_thumbnail {
        changed.push("thumbnail dropped");
    }
    let was_big_endian = block.big_endian;
    let mut block = block.in_order(false);
    if block.set_size([spec.rows, spec.columns]) {
        changed.push("size");
    }
    let mut lose = |name: String, bytes: usize, why: &str| {
        let fate = Fate::Lost(why.to_owned());
        others.push(PartFate::new(PartKind::Exif, name, bytes, fate));
    };
    block.exif.retain(|value| {
        let why = match (value.code, exif_role(value.code)) {
            (MAKER_NOTE, _) => return is_movable(&value.data),
            (_, Role::Storage) => return false,
            (_, Role::Unknown(_, why)) => why,
            _ if value.kind == kinds::DIRECTORY => "it refers to data that are not read",
            (code, _) if was_big_endian && is_opaque(code) => "it is in the byte order of its file",
            _ => return true,
        };
        lose(tag_name(value.code), value.data.len(), why);
        false
    });
    let mut keep_known = |code: u16, bytes: usize, is_known: bool| {
        if !is_known {
            lose(tag_name(code), bytes, "its meaning is unknown");
        }
        is_known
    };
    // Of GPS data the specification has fewer.
    (block.gps).retain(|tag| keep_known(tag.code, tag.data.len(), tag.code <= MAX_GPS_CODE));
    block.interoperability.retain(|tag| {
        // The index, its version, and the size.
        let is_known = matches!(tag.code, 1 | 2 | 0x1001 | 0x1002);
        keep_known(tag.code, tag.data.len(), is_known)
    });
    if fitted.metadata.density.is_none() {
        fitted.metadata.density = density(&block.picture);
    }
    for value in std::mem::take(&mut block.picture) {
        let tag = Tag::new(value.code, value.kind, value.data);
        let fate = match role(tag.code) {
            Role::Storage => continue,
            Role::Description | Role::Samples => tag.fate(spec),
            Role::Outdated(..) => continue,
            Role::Place => Fate::Lost("it is not known to be true of the result".to_owned()),
            Role::Unknown(_, why) => Fate::Lost(why.to_owned()),
        };
        match fate {
            Fate::Kept => fitted.metadata.parts.push(Part::Tag(tag)),
            fate => {
                let (name, bytes) = (tag.to_string(), tag.data.len());
                others.push(PartFate::new(PartKind::Exif, name, bytes, fate));
            }
        }
    }
    if !block.is_empty() {
        fitted.metadata.exif = Some(block.to_bytes());
    }
    match changed.is_empty() {
        true => Fate::Kept,
        false => Fate::Changed(changed.join(", ")),
    }
}

/// The pixel density among little-endian values.
fn density(values: &[Value]) -> Option<Density> {
    let find = |code, kind| {
        let found = values.iter().find(|value| value.code == code)?;
        (found.kind == kind).then_some(&found.data[..])
    };
    let pixels = |code| match find(code, kinds::RATIONAL)?.as_chunks::<4>().0 {
        [n, d] => Some([*n, *d].map(u32::from_le_bytes)),
        _ => None,
    };
    let unit = match find(0x128, kinds::SHORT) {
        None | Some([2, 0]) => DensityUnit::Inch,
        Some([3, 0]) => DensityUnit::Centimetre,
        _ => return None,
    };
    Density::new([pixels(0x11a)?, pixels(0x11b)?], unit)
}

/// Places in a file that hold one part each.
struct Places<'a> {
    format: Format,
    /// The values of tags.
    tags: BTreeMap<u16, Arc<[u8]>>,
    /// The description that is not a comment.
    description: Option<Arc<[u8]>>,
    /// The IPTC data among Photoshop's resources.
    iptc: Option<&'a [u8]>,
    /// The comment of a TGA, which has one.
    comment: Option<Arc<[u8]>>,
}

/// Whether a place is free.
enum Place {
    Free,
    /// It holds the same.
    Same,
    /// It holds something else: what.
    Other(String),
}

impl<'a> Places<'a> {
    /// Of a file that holds `taken`, and will be given `parts`.
    fn new(format: Format, parts: &'a [Part], taken: &[Part]) -> Self {
        let tags = taken.iter().filter_map(|part| match part {
            Part::Tag(tag) => Some((tag.code, tag.data.clone())),
            _ => None,
        });
        let tags = BTreeMap::from_iter(tags);
        let proper = parts.iter().filter(|part| !part.is_comment());
        let description = proper
            .clone()
            .find_map(|part| match part.in_format(format) {
                Part::Tag(tag) if tag.code == DESCRIPTION => Some(tag.data),
                _ => None,
            });
        let resources = parts.iter().find_map(|part| match part {
            Part::Photoshop(resources) => Some(resources),
            _ => None,
        });
        Self {
            format,
            description: tags.get(&DESCRIPTION).cloned().or(description),
            tags,
            iptc: resources.and_then(|resources| photoshop::iptc(resources)),
            comment: None,
        }
    }

    /// Takes the place of a part, which is `stored` so.
    fn take(&mut self, part: &Part, stored: &Part) -> Place {
        let compare = |is_same: bool, what: String| match is_same {
            true => Place::Same,
            false => Place::Other(what),
        };
        match (part, stored, self.format) {
            (Part::Iptc(data), _, Format::Jpeg) => match self.iptc {
                Some(iptc) => compare(
                    // Padded to whole numbers.
                    data.starts_with(iptc) && data[iptc.len()..].iter().all(|byte| *byte == 0),
                    "Photoshop's data hold others".to_owned(),
                ),
                None => Place::Free,
            },
            (_, Part::Tag(tag), Format::Tiff) => {
                let reserved = self.description.as_ref().filter(|_| part.is_comment());
                match self.tags.get(&tag.code).or(reserved) {
                    Some(data) => compare(*data == tag.data, format!("{tag} has another value")),
                    None => {
                        self.tags.insert(tag.code, tag.data.clone());
                        Place::Free
                    }
                }
            }
            (_, Part::Tag(tag), Format::Tga) => match self.tags.get(&tag.code) {
                Some(data) => compare(*data == tag.data, format!("{tag} has another value")),
                None => {
                    self.tags.insert(tag.code, tag.data.clone());
                    Place::Free
                }
            },
            (_, Part::Comment(text), Format::Tga) => match &self.comment {
                Some(other) => compare(other == text, "there is another comment".to_owned()),
                None => {
                    self.comment = Some(text.clone());
                    Place::Free
                }
            },
            // In EXIF data.
            (Part::Tag(_), Part::Tag(_), _) => Place::Same,
            _ => Place::Free,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Depth;

    const SPEC: ImageSpec = ImageSpec::new([300, 400, 3], Depth::U8);

    fn value(code: u16, kind: u16, data: &[u8]) -> Value {
        let data = data.to_vec();
        Value { code, kind, data }
    }

    /// EXIF data as a camera writes them, with this maker note.
    fn block(big_endian: bool, maker_note: &[u8]) -> ExifBlock {
        let block = ExifBlock {
            big_endian: false,
            picture: vec![
                value(0x10f, kinds::ASCII, b"maker\0"),
                value(0x11a, kinds::RATIONAL, &[72, 0, 0, 0, 1, 0, 0, 0]),
                value(0x11b, kinds::RATIONAL, &[144, 0, 0, 0, 2, 0, 0, 0]),
                value(0x13b, kinds::ASCII, b"artist\0"),
                value(0xfde8, kinds::UNDEFINED, b"private"),
            ],
            exif: vec![
                value(0x8828, kinds::UNDEFINED, b"opto-electric"),
                value(MAKER_NOTE, kinds::UNDEFINED, maker_note),
                value(0xa002, kinds::SHORT, &[9, 0]),
            ],
            ..ExifBlock::default()
        };
        block.in_order(big_endian)
    }

    fn of_parts(exif: Option<&ExifBlock>, parts: &[Part]) -> Metadata {
        Metadata {
            exif: exif.map(ExifBlock::to_bytes),
            parts: parts.to_vec(),
            ..Metadata::default()
        }
    }

    fn text(code: u16, text: &str) -> Part {
        Part::Tag(Tag::new(
            code,
            kinds::ASCII,
            format!("{text}\0").into_bytes(),
        ))
    }

    fn fates(fitted: &Fitted) -> Vec<String> {
        let fates = fitted.fates.iter();
        fates
            .map(|part| format!("{}: {:?}", part.name, part.fate))
            .collect()
    }

    #[test]
    fn exif_data_become_tags_and_directories_of_a_tiff() {
        let lost = |why: &str| format!("{:?}", Fate::Lost(why.to_owned()));
        let unmoved = lost(MAKER_NOTE_WHY);
        let private = format!("tag 65000: {}", lost("its meaning is unknown"));
        for (big_endian, note, note_fate) in [
            (false, &b"Canon's"[..], &unmoved[..]),
            (true, b"Canon's", &unmoved),
            (false, b"Nikon\0\x02\x10", "Kept"),
            (true, b"Apple iOS\0\0\x01MM", "Kept"),
        ] {
            let given = of_parts(Some(&block(big_endian, note)), &[]);
            let fitted = given.fitted_to(Format::Tiff, SPEC);
            let mut expected = vec![
                "EXIF data: Changed(\"size\")".to_owned(),
                format!("maker note: {note_fate}"),
            ];
            if big_endian {
                let why = lost("it is in the byte order of its file");
                expected.push(format!("tag 34856: {why}"));
            }
            expected.push(private.clone());
            assert_eq!(fates(&fitted), expected);
            let stored = ExifBlock::of(fitted.metadata.exif.as_deref().unwrap()).unwrap();
            assert!(stored.picture.is_empty() && !stored.big_endian);
            let kept = stored.maker_note().map(|value| &value.data[..]);
            assert_eq!(kept, (note_fate == "Kept").then_some(note));
            assert_eq!(stored.exif.last().unwrap().data, [144, 1, 0, 0]);
            assert_eq!(
                fitted.metadata.parts,
                [text(0x10f, "maker"), text(0x13b, "artist")]
            );
            let density = Density::new([[72, 1], [144, 2]], DensityUnit::Inch);
            assert_eq!(fitted.metadata.density, density);
        }
    }

    #[test]
    fn tags_become_exif_data_where_there_are_some_or_none() {
        let parts = [
            text(0x10f, "maker"),
            text(0x13b, "artist"),
            text(285, "page"),
        ];
        for format in [Format::Png, Format::Jpeg, Format::Webp] {
            for exif in [None, Some(block(true, b"note"))] {
                let mut given = of_parts(exif.as_ref(), &parts);
                given.orientation = Some(6);
                let fitted = given.fitted_to(format, SPEC);
                let stored = ExifBlock::of(fitted.metadata.exif.as_deref().unwrap()).unwrap();
                let stored = stored.in_order(false);
                let find = |code| {
                    let mut values = stored.picture.iter();
                    Some(values.find(|value| value.code == code)?.data.clone())
                };
                assert_eq!(find(0x112), Some(vec![6, 0]), "{format}");
                assert_eq!(find(0x10f), Some(b"maker\0".to_vec()), "{format}");
                // PNG has texts.
                let is_chunk = format == Format::Png && exif.is_none();
                assert_eq!(find(0x13b).is_none(), is_chunk, "{format}");
                let chunks: &[_] = match format {
                    Format::Png => &[Part::Chunk {
                        name: *b"tEXt",
                        data: (*b"Author\0artist").into(),
                    }],
                    _ => &[],
                };
                assert_eq!(fitted.metadata.parts, chunks);
                let lost = format!("tag PageName: Lost(\"no place in {format}\")");
                assert_eq!(fates(&fitted).last(), Some(&lost));
            }
        }
        // What is too large is lost with all that would be in it.
        let mut given = of_parts(None, &[text(0x10f, &"m".repeat(65_500))]);
        given.orientation = Some(6);
        let fitted = given.fitted_to(Format::Jpeg, SPEC);
        assert_eq!(
            fates(&fitted),
            ["tag 271: Lost(\"jpeg holds 65527 bytes\")".replace("tag 271", "tag Make")]
        );
        assert_eq!(fitted.metadata.exif, Some(exif_of(6)));
    }

    #[test]
    fn a_place_holds_one_part_and_what_finds_it_taken_is_told_of() {
        let comment = |text: &str| Part::Comment(text.as_bytes().into());
        let chunk = |text: &str| Part::Chunk {
            name: *b"tEXt",
            data: text.as_bytes().into(),
        };
        let iptc = |text: &str| Part::Iptc(text.as_bytes().into());
        let photoshop = |text: &str| Part::Photoshop(photoshop::of_iptc(text.as_bytes()));
        let taken = |name: &str| format!("Lost(\"{name} has another value\")");
        let (artist, description) = (&taken("tag Artist")[..], &taken("tag ImageDescription")[..]);
        let camera = block(false, b"note");
        let other_iptc = "Lost(\"Photoshop's data hold others\")";
        for (format, exif, parts, expected) in [
            (
                Format::Tiff,
                None,
                [comment("a"), comment("a")],
                ["Kept", "Kept"],
            ),
            (
                Format::Tiff,
                None,
                [comment("a"), comment("b")],
                ["Kept", description],
            ),
            (
                Format::Tiff,
                None,
                [comment("a"), text(270, "b")],
                [description, "Kept"],
            ),
            (
                Format::Tiff,
                None,
                [chunk("Comment\0a"), chunk("Description\0b")],
                [description, "Kept"],
            ),
            (
                Format::Tiff,
                None,
                [chunk("Author\0a"), chunk("Artist\0a")],
                ["Kept", "Kept"],
            ),
            (
                Format::Tiff,
                None,
                [chunk("Author\0a"), chunk("Artist\0b")],
                ["Kept", artist],
            ),
            (
                Format::Tiff,
                Some(&camera),
                [chunk("Author\0artist"), chunk("Artist\0b")],
                ["Kept", artist],
            ),
            (
                Format::Tiff,
                None,
                [iptc("a"), photoshop("b")],
                ["Kept", "Kept"],
            ),
            (
                Format::Jpeg,
                None,
                [iptc("a"), photoshop("a")],
                ["Kept", "Kept"],
            ),
            (
                Format::Jpeg,
                None,
                [iptc("a\0\0\0"), photoshop("a")],
                ["Kept", "Kept"],
            ),
            (
                Format::Jpeg,
                None,
                [iptc("a"), photoshop("b")],
                [other_iptc, "Kept"],
            ),
            (
                Format::Jpeg,
                None,
                [iptc("a"), comment("b")],
                ["Kept", "Kept"],
            ),
        ] {
            let fitted = of_parts(exif, &parts).fitted_to(format, SPEC);
            let found = fitted.fates.iter().rev().take(2).rev();
            let found = Vec::from_iter(found.map(|part| format!("{:?}", part.fate)));
            assert_eq!(found, expected, "{parts:?}");
            let kept = &fitted.metadata.parts;
            for (at, part) in kept.iter().enumerate() {
                let is_second = |other: &Part| match (part, other) {
                    (Part::Tag(one), Part::Tag(other)) => one.code == other.code,
                    _ => part == other,
                };
                assert!(!kept[..at].iter().any(is_second), "{kept:?}");
            }
        }
    }

    #[test]
    fn what_is_about_samples_is_kept_while_they_are_of_that_kind() {
        let shorts = |code, count: usize| Tag::new(code, kinds::SHORT, vec![1; 2 * count]);
        let rationals = |white: u32| {
            let pair = [[0, 1], [white, 1]].as_flattened().repeat(3);
            let data: Vec<u8> = pair.iter().flat_map(|n| n.to_le_bytes()).collect();
            Tag::new(532, kinds::RATIONAL, data)
        };
        for (tag, channels, depth, is_kept) in [
            (shorts(301, 256), 1, Depth::U8, true),
            (shorts(301, 256), 3, Depth::U8, true),
            (shorts(301, 768), 3, Depth::U8, true),
            (shorts(301, 768), 1, Depth::U8, false),
            (shorts(301, 256), 1, Depth::U16, false),
            (shorts(301, 65536), 1, Depth::U16, true),
            (shorts(301, 256), 1, Depth::F32, false),
            (shorts(291, 256), 2, Depth::U8, true),
            (shorts(291, 256), 3, Depth::U8, false),
            (rationals(255), 3, Depth::U8, true),
            (rationals(255), 1, Depth::U8, false),
            (rationals(255), 3, Depth::U16, false),
            (rationals(65535), 3, Depth::U16, true),
            (rationals(255), 3, Depth::F32, false),
            (Tag::new(318, kinds::RATIONAL, [1; 16]), 1, Depth::F32, true),
            (Tag::new(319, kinds::RATIONAL, [1; 48]), 4, Depth::F32, true),
            (
                Tag::new(319, kinds::RATIONAL, [1; 48]),
                1,
                Depth::F32,
                false,
            ),
        ] {
            let fate = tag.fate(ImageSpec::new([1, 1, channels], depth));
            assert_eq!(fate == Fate::Kept, is_kept, "{tag}, {channels}, {depth}");
            let dropped = of_parts(None, &[Part::Tag(tag), text(270, "a")]).without_descriptions();
            assert_eq!(dropped.parts.len(), 1);
        }
    }
}
