//! What a TGA says of its picture is written where there is something to write, and read again.

use std::{fs, io::Cursor};

use stridekern::{
    Image, Samples,
    codec::{
        self, Decoded, Density, DensityUnit, EncodeOptions, Fate, Format, Limits, Metadata,
        MetadataPolicy, Part,
    },
};

fn read(file: &[u8]) -> Decoded {
    codec::read_bytes(file, Some(Format::Tga), &Limits::default()).unwrap()
}

fn written(image: &Image, metadata: &Metadata) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let options = EncodeOptions::default();
    codec::encode(image, Format::Tga, metadata, &options, &mut file).unwrap();
    file.into_inner()
}

/// The names of parts, and what becomes of them in a TGA.
fn fates(metadata: &Metadata, image: &Image) -> Vec<(String, Fate)> {
    let fates = metadata.fates(MetadataPolicy::Keep, Format::Tga, image.spec());
    fates
        .into_iter()
        .map(|part| (part.name, part.fate))
        .collect()
}

#[test]
fn areas_are_written_as_they_were() {
    let file = fs::read("testdata/carried/full.tga").unwrap();
    let first = read(&file);
    let made = written(&first.image, &first.metadata);
    let again = read(&made);
    assert_eq!(again.image, first.image);
    assert_eq!(again.metadata.density, first.metadata.density);
    let parts = first.metadata.parts.iter();
    let wanted = parts.filter(|part| part.to_string() != "developer area");
    assert_eq!(again.metadata.parts, Vec::from_iter(wanted.cloned()));
    for (name, fate) in fates(&first.metadata, &first.image) {
        let wanted = match &*name {
            "developer area" => Fate::Lost("its meaning is unknown".to_owned()),
            _ => Fate::Kept,
        };
        assert_eq!(fate, wanted, "{name}");
    }
    // No claims of what is not there: a table of colours, a thumbnail, lines, a developer area.
    let area = made.len() - 26 - 495;
    assert_eq!(made[area..area + 2], 495_u16.to_le_bytes());
    assert_eq!(made[area + 482..area + 494], [0; 12]);
    let footer = &made[made.len() - 26..];
    assert_eq!(footer[..4], (area as u32).to_le_bytes());
    assert_eq!(footer[4..8], [0; 4]);
    assert_eq!(&footer[8..], b"TRUEVISION-XFILE.\0");
    // The size, the identification and the pixels, as the header has them.
    let channels = first.image.channels();
    let pixels = first.image.rows() * first.image.columns() * channels;
    assert_eq!(area, 18 + usize::from(made[0]) + pixels);
    assert_eq!(made[area + 494], if channels == 4 { 3 } else { 0 });
    let reader = codec::rows_of_bytes(&made, Some(Format::Tga), &Limits::default()).unwrap();
    assert_eq!(reader.header().ignored, []);
}

#[test]
fn without_anything_to_say_there_is_no_area() {
    let image = Image::new(2, 3, 1, Samples::U8((0..6).collect())).unwrap();
    let made = written(&image, &Metadata::default());
    assert_eq!(made.len(), 18 + 6);
    assert_eq!(made[0], 0);
    let rgba = Image::new(1, 2, 4, Samples::U8((0..8).collect())).unwrap();
    let metadata = Metadata {
        parts: vec![Part::Comment((*b"see").into())],
        ..Metadata::default()
    };
    let made = written(&rgba, &metadata);
    assert_eq!(made.len(), 18 + 8 + 495 + 26);
    // Its alpha is one.
    assert_eq!(made[18 + 8 + 494], 3);
    assert_eq!(read(&made).image, rgba);
}

/// A TIFF with these texts in tags.
fn tagged(tags: &[(u16, &str)]) -> Decoded {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    let mut entries = vec![
        (256, 3, 1, 1),
        (257, 3, 1, 1),
        (258, 3, 1, 8),
        (259, 3, 1, 1),
    ];
    entries.extend([
        (262, 3, 1, 1),
        (277, 3, 1, 1),
        (278, 3, 1, 1),
        (279, 3, 1, 1),
    ]);
    let count = entries.len() + 1 + tags.len();
    let mut data = vec![7, 0];
    let start = 8 + 2 + 12 * count as u32 + 4;
    entries.push((273, 3, 1, start));
    for (code, text) in tags {
        let text = [text.as_bytes(), b"\0"].concat();
        let value = match text.len() {
            ..=4 => {
                let mut bytes = [0; 4];
                bytes[..text.len()].copy_from_slice(&text);
                u32::from_le_bytes(bytes)
            }
            _ => {
                let at = start + data.len() as u32;
                data.extend(&text);
                data.resize(data.len().next_multiple_of(2), 0);
                at
            }
        };
        entries.push((*code, 2, text.len() as u32, value));
    }
    entries.sort_unstable();
    file.extend((count as u16).to_le_bytes());
    for (code, kind, count, value) in entries {
        file.extend(code.to_le_bytes());
        file.extend(u16::to_le_bytes(kind));
        file.extend(u32::to_le_bytes(count));
        file.extend(u32::to_le_bytes(value));
    }
    file.extend([0; 4]);
    file.extend(data);
    codec::read_bytes(&file, None, &Limits::default()).unwrap()
}

#[test]
fn texts_of_others_go_where_they_fit() {
    let long = "x".repeat(41);
    let longer = "x".repeat(256);
    for (code, text, fits) in [
        (269, "a title", true),
        (269, &longer[..255], true),
        (269, &longer, false),
        (269, "padded ", false),
        (305, "paint", true),
        (305, "paint 1.23b", true),
        (305, "paint 1.23", true),
        (305, "paint 0.05", true),
        (305, "paint 12.3", true),
        (305, "paint 01.20", true),
        (305, "paint 700.00", true),
        (305, "two words 655.35z", true),
        (305, &long, false),
        (306, "2026:11:27 03:04:05", true),
        (306, "2026-11-27 03:04:05", false),
        (306, "2026:11:27", false),
        (306, "0000:00:00 00:00:00", false),
        (315, "an author", true),
        (315, &long[..40], true),
        (315, &long, false),
    ] {
        let tiff = tagged(&[(code, text)]);
        let parts = tiff.metadata.parts.clone();
        assert_eq!(parts.len(), 1, "{code} {text}");
        let wanted = match fits {
            true => Fate::Kept,
            false => Fate::Lost("it does not fit tga".to_owned()),
        };
        let found = fates(&tiff.metadata, &tiff.image);
        assert_eq!(found[0].1, wanted, "{code} {text}");
        let again = read(&written(&tiff.image, &tiff.metadata)).metadata.parts;
        assert_eq!(again, if fits { parts } else { vec![] }, "{code} {text}");
    }
    // What it has no field for.
    let tiff = tagged(&[(270, "a description"), (33432, "a copyright")]);
    let found = fates(&tiff.metadata, &tiff.image);
    let found = Vec::from_iter(found.into_iter().map(|(_, fate)| fate));
    assert_eq!(
        found,
        [Fate::Kept, Fate::Lost("no place in tga".to_owned())]
    );
    let again = read(&written(&tiff.image, &tiff.metadata)).metadata.parts;
    assert_eq!(again, [Part::Comment((*b"a description").into())]);
}

#[test]
fn a_comment_has_four_lines_of_eighty_letters() {
    let image = Image::new(1, 1, 1, Samples::U8(vec![1].into())).unwrap();
    let line = "y".repeat(80);
    let four = [&*line; 4].join("\n");
    let one_more = format!("{four}\nz");
    for (text, fits) in [
        ("one", true),
        (&*four, true),
        (&one_more, false),
        ("a\n\nb", false),
        (&format!("{line}y"), false),
        ("", false),
    ] {
        let comment = Part::Comment(text.as_bytes().into());
        let metadata = Metadata {
            parts: vec![comment.clone()],
            ..Metadata::default()
        };
        let again = read(&written(&image, &metadata)).metadata.parts;
        assert_eq!(again, if fits { vec![comment] } else { vec![] }, "{text}");
        assert_eq!(fates(&metadata, &image)[0].1 == Fate::Kept, fits, "{text}");
    }
    // There is room for one.
    let parts = ["a", "b", "a"].map(|text| Part::Comment(text.as_bytes().into()));
    let metadata = Metadata {
        parts: parts.to_vec(),
        ..Metadata::default()
    };
    let found = fates(&metadata, &image).into_iter().map(|(_, fate)| fate);
    let lost = Fate::Lost("there is another comment".to_owned());
    assert_eq!(Vec::from_iter(found), [Fate::Kept, lost, Fate::Kept]);
    assert_eq!(read(&written(&image, &metadata)).metadata.parts, parts[..1]);
}

#[test]
fn the_shape_of_pixels_is_kept() {
    let image = Image::new(1, 1, 1, Samples::U8(vec![1].into())).unwrap();
    for (pixels, unit, fits) in [
        ([[1, 1], [2, 1]], DensityUnit::None, true),
        ([[10, 1], [11, 1]], DensityUnit::None, true),
        ([[72, 1], [72, 1]], DensityUnit::Inch, false),
    ] {
        let metadata = Metadata {
            density: Density::new(pixels, unit),
            ..Metadata::default()
        };
        assert!(metadata.density.is_some());
        let again = read(&written(&image, &metadata)).metadata.density;
        assert_eq!(again, metadata.density.filter(|_| fits), "{pixels:?}");
    }
}
