//! Attributes of OpenEXR files, and what TGA files say of their pictures.

use std::{fs, io::Cursor};

use exr::meta::{MetaData, attribute::AttributeValue};
use stridekern::codec::{
    self, Decoded, Density, DensityUnit, EncodeOptions, Fate, Format, Limits, Metadata,
    MetadataPolicy, Part,
};

use crate::common::Random;

fn carried(name: &str) -> Vec<u8> {
    fs::read(format!("testdata/carried/{name}")).unwrap()
}

/// The file made of what was read.
fn written(read: &Decoded) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let options = EncodeOptions::default();
    codec::encode(
        &read.image,
        Format::Exr,
        &read.metadata,
        &options,
        &mut file,
    )
    .unwrap();
    file.into_inner()
}

fn attributes(metadata: &Metadata) -> Vec<(String, Vec<u8>, Vec<u8>)> {
    let parts = metadata.parts.iter();
    let mut found = Vec::from_iter(parts.filter_map(|part| match part {
        Part::Attribute(found) => {
            let name = String::from_utf8(found.name.to_vec()).unwrap();
            Some((name, found.kind.to_vec(), found.data.to_vec()))
        }
        _ => None,
    }));
    found.sort();
    found
}

#[test]
fn attributes_are_written_as_they_were() {
    let read = codec::read_bytes(&carried("full.exr"), None, &Limits::default()).unwrap();
    let found = attributes(&read.metadata);
    assert_eq!(found.len(), 16, "{found:?}");
    let file = written(&read);
    let again = codec::read_bytes(&file, None, &Limits::default()).unwrap();
    assert_eq!(attributes(&again.metadata), found);
    assert_eq!(again.image, read.image);
    // The same bytes every time.
    assert!((0..9).all(|_| written(&read) == file));
    // By the crate itself, where they belong.
    let meta = MetaData::read_from_buffered(&*file, true).unwrap();
    let header = &meta.headers[0];
    let own = &header.own_attributes;
    assert_eq!(own.owner, Some("needle-exrowner".into()));
    assert_eq!(own.screen_window_width, 1.5);
    assert_eq!(own.aperture, Some(2.8));
    assert_eq!(own.preview, None);
    assert_eq!(own.multi_view_names, None);
    let shared = &header.shared_attributes;
    assert_eq!(shared.pixel_aspect, 2.0);
    assert_eq!(shared.time_code.map(|code| code.seconds), Some(3));
    assert_eq!(
        shared.chromaticities.map(|found| found.red.x()),
        Some(0.708)
    );
    let custom = own.other.iter().find(|(name, _)| **name == *"own");
    let AttributeValue::Custom { kind, bytes } = custom.unwrap().1 else {
        panic!("{custom:?}");
    };
    assert_eq!(
        (kind.to_string(), &bytes[..]),
        ("ownType".to_owned(), &b"needle-exrown"[..])
    );
}

/// An attribute in place of the type of the file's own.
fn with_attribute(name: &str, kind: &str, value: &[u8]) -> Vec<u8> {
    let file = carried("full.exr");
    let start = file.windows(4).position(|part| part == b"own\0").unwrap();
    let mut changed = file[..start].to_vec();
    // Names may be long.
    changed[5] |= 4;
    for text in [name, kind] {
        changed.extend(text.bytes().chain([0]));
    }
    changed.extend((value.len() as u32).to_le_bytes());
    changed.extend(value);
    let rest = &file[start + 4 + 8 + 4 + 13..];
    let moved = changed.len() as i64 - (file.len() - rest.len()) as i64;
    // The end of the header is followed by the places of the lines.
    let table = rest.len() - 12 * (8 + 200);
    changed.extend(&rest[..table]);
    for place in rest[table..table + 12 * 8].as_chunks::<8>().0 {
        changed.extend((i64::from_le_bytes(*place) + moved).to_le_bytes());
    }
    changed.extend(&rest[table + 12 * 8..]);
    changed
}

#[test]
fn attributes_that_cannot_be_written_are_lost() {
    for (name, kind, value, why) in [
        (
            "expTime",
            "string",
            &b"text"[..],
            Some("it is of another type than its name stands for"),
        ),
        ("expTime", "float", &[0, 0, 128, 63], None),
        ("plain", "string", b"", None),
        ("texts", "stringvector", b"", Some("it is damaged")),
        (
            "a name that is longer than thirty-one bytes",
            "string",
            b"text",
            None,
        ),
        ("flags", "some type of its own", &[1, 2, 3], None),
        (
            "film",
            "keycode",
            &[7; 28],
            Some("it would not be written as it is"),
        ),
        ("a", "box2f", &[0; 16], None),
        ("a", "box2i", &[0; 16], None),
        ("a", "chromaticities", &[0; 32], None),
        ("a", "double", &[1; 8], None),
        ("a", "int", &[1; 4], None),
        ("a", "m33f", &[1; 36], None),
        ("a", "m44f", &[1; 64], None),
        ("a", "rational", &[1; 8], None),
        ("a", "timecode", &[0; 8], None),
        ("a", "v2f", &[1; 8], None),
        ("a", "v2i", &[1; 8], None),
        ("a", "v3f", &[1; 12], None),
        ("a", "v3i", &[1; 12], None),
        ("a", "v3d", &[1; 24], None),
        ("a", "m44d", &[1; 128], None),
        ("a", "stringvector", b"\x02\0\0\0ab", None),
    ] {
        let file = with_attribute(name, kind, value);
        let read = codec::read_bytes(&file, None, &Limits::default());
        let read = read.unwrap_or_else(|error| panic!("{name} {kind}: {error}"));
        let fates = read
            .metadata
            .fates(MetadataPolicy::Keep, Format::Exr, read.image.spec());
        let named = format!("attribute {}", name.get(..40).unwrap_or(name));
        let found = fates.iter().find(|fate| fate.name == named).unwrap();
        let wanted = why.map_or(Fate::Kept, |why| Fate::Lost(why.to_owned()));
        assert_eq!(found.fate, wanted, "{name} {kind}");
        let again = codec::read_bytes(&written(&read), None, &Limits::default()).unwrap();
        assert_eq!(
            attributes(&again.metadata),
            attributes(&read.metadata),
            "{name} {kind}"
        );
    }
}

#[test]
fn hostile_headers_are_refused_or_kept_true() {
    let file = carried("full.exr");
    let mut random = Random(41);
    let mut read_ones = 0;
    for _ in 0..600 {
        let mut changed = file.clone();
        for _ in 0..1 + random.below(3) {
            let at = 8 + random.below(1100) as usize;
            changed[at] = random.below(256) as u8;
        }
        let Ok(read) = codec::read_bytes(&changed, None, &Limits::default()) else {
            continue;
        };
        if read.image.channels() < 3 {
            continue;
        }
        read_ones += 1;
        let again = codec::read_bytes(&written(&read), None, &Limits::default()).unwrap();
        let found = |decoded: &Decoded| {
            let parts = decoded.metadata.parts.iter();
            let mut names = Vec::from_iter(parts.filter_map(|part| match part {
                Part::Attribute(found) => Some((found.name.clone(), found.data.clone())),
                _ => None,
            }));
            names.sort();
            names
        };
        assert_eq!(found(&again), found(&read));
    }
    assert!(read_ones > 100, "{read_ones}");
}

#[test]
fn tga_files_tell_of_their_pictures() {
    let file = carried("full.tga");
    let (hint, limits) = (Some(Format::Tga), Limits::default());
    let reader = codec::rows_of_bytes(&file, hint, &limits).unwrap();
    let header = reader.header();
    assert_eq!(header.ignored, []);
    assert_eq!(header.warnings, [""; 0]);
    let metadata = &header.metadata;
    let names = Vec::from_iter(metadata.parts.iter().map(ToString::to_string));
    assert_eq!(
        names,
        [
            "tag DocumentName",
            "tag Artist",
            "comment",
            "tag DateTime",
            "job name and time",
            "tag Software",
            "key colour",
            "gamma",
            "developer area"
        ]
    );
    // Pixels twice as wide as high.
    assert_eq!(
        metadata.density,
        Density::new([[1, 1], [2, 1]], DensityUnit::None)
    );
    let text = |at: usize| match &metadata.parts[at] {
        Part::Tag(tag) => String::from_utf8(tag.data.to_vec()).unwrap(),
        Part::Comment(text) => String::from_utf8(text.to_vec()).unwrap(),
        part => panic!("{part}"),
    };
    assert_eq!(text(2), "needle-tgacomment\ntwo");
    assert_eq!(text(3), "2026:01:02 03:04:05\0");
    assert_eq!(text(5), "needle-tgasoftware 1.23b\0");
    // Whatever the places in it.
    let mut random = Random(43);
    for _ in 0..2000 {
        let mut changed = file.clone();
        for _ in 0..1 + random.below(4) {
            let at = match random.below(2) {
                0 => random.below(40) as usize,
                _ => file.len() - 1 - random.below(560) as usize,
            };
            changed[at] = random.below(256) as u8;
        }
        if let Ok(reader) = codec::rows_of_bytes(&changed, hint, &limits) {
            let _ = reader.finish();
        }
    }
}
