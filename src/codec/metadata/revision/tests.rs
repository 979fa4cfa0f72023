//! The blocks of testdata, which were written by hand in Python, checked by another reader of EXIF.

use ::exif::{Exif, In, Reader, Tag};

use super::*;

const RESULT: ImageSpec = ImageSpec::new([300, 400, 1], Depth::U8);

macro_rules! block {
    ($name:literal) => {
        include_bytes!(concat!("../../../../testdata/blocks/", $name))
    };
}

/// The block as it is true of the result, in which nothing is left to change.
fn after(kind: &str, block: &[u8]) -> (Vec<u8>, Vec<&'static str>) {
    let revise = |block: &[u8]| revised_metadata(kind, block, &RESULT, Some(1));
    let (bytes, what) = revise(block).unwrap();
    assert_eq!(revise(&bytes), Some((bytes.clone(), Vec::new())));
    assert!(has(block, b"OLD FACE") && !has(&bytes, b"OLD FACE"));
    (bytes, what)
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The pieces of text with KEPT in front.
fn kept(bytes: &[u8]) -> Vec<&[u8]> {
    let starts = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"KEPT "));
    let is_text = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b' ';
    starts
        .map(|start| {
            let len = bytes[start..]
                .iter()
                .take_while(|byte| is_text(byte))
                .count();
            &bytes[start..start + len]
        })
        .collect()
}

fn read(bytes: &[u8]) -> Exif {
    Reader::new().read_raw(bytes.to_vec()).unwrap()
}

#[test]
fn exif_of_a_camera() {
    for block in [&block!("camera_le.exif")[..], block!("camera_be.exif")] {
        let (bytes, what) = after("exif", block);
        let wanted = [
            "thumbnail dropped",
            "orientation",
            "samples",
            "size",
            "preview dropped",
        ];
        assert_eq!(what, wanted);
        let (before, after) = (read(block), read(&bytes));
        assert!(
            before
                .get_field(Tag::JPEGInterchangeFormat, In::THUMBNAIL)
                .is_some()
        );
        assert!(after.fields().all(|field| field.ifd_num == In::PRIMARY));
        let number = |tag| {
            after
                .get_field(tag, In::PRIMARY)
                .and_then(|f| f.value.get_uint(0))
        };
        assert_eq!(number(Tag::Orientation), Some(1));
        assert_eq!(number(Tag::PixelXDimension), Some(400));
        assert_eq!(number(Tag::PixelYDimension), Some(300));
        // All others are as they were.
        let is_changed = |tag| {
            let numbers = [0x1001, 0x1002, 0x112, 0x213, 0x9101, 0x927c, 0xa002, 0xa003];
            numbers.contains(&Tag::number(tag))
        };
        let same = |exif: &Exif| -> Vec<String> {
            let fields = exif
                .fields()
                .filter(|f| f.ifd_num == In::PRIMARY && !is_changed(f.tag));
            fields
                .map(|field| format!("{} {:?}", field.tag, field.value))
                .collect()
        };
        assert_eq!(same(&before), same(&after));
        assert_eq!(same(&after).len(), 19);
        assert_eq!(kept(&bytes), kept(block));
        assert_eq!(kept(&bytes).len(), 6);
        // At the same places, so that a maker note's offsets are valid.
        let place = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).position(|w| w == text);
        for text in kept(block) {
            assert_eq!(place(&bytes, text), place(block, text));
        }
        let note = |exif: &Exif| match &exif.get_field(Tag::MakerNote, In::PRIMARY).unwrap().value {
            ::exif::Value::Undefined(note, offset) => (note.clone(), *offset),
            other => panic!("{other:?}"),
        };
        let ((note, place), (blank, blank_place)) = (note(&before), note(&after));
        assert_eq!((note.len(), place), (blank.len(), blank_place));
        let differ: Vec<_> = (0..note.len())
            .filter(|at| note[*at] != blank[*at])
            .collect();
        let preview = 16 + 64..note.len() - b"KEPT after the preview".len();
        assert!(differ.iter().all(|at| preview.contains(at)) && differ.len() > 100);
    }
}

#[test]
fn exif_out_of_a_tiff_file() {
    for block in [&block!("scan_le.exif")[..], block!("scan_be.exif")] {
        let (bytes, what) = after("exif", block);
        assert_eq!(
            what,
            [
                "preview dropped",
                "storage dropped",
                "size",
                "samples",
                "XMP inside EXIF dropped",
                "Photoshop resources inside EXIF dropped",
            ]
        );
        let exif = read(&bytes);
        let numbers: Vec<_> = exif.fields().map(|field| field.tag.number()).collect();
        assert_eq!(numbers, [0x100, 0x101, 0x102, 0x106, 0x10e, 0x115, 0x131]);
        let values = exif.fields().map(|field| field.value.get_uint(0));
        let values: Vec<_> = values.flatten().collect();
        assert_eq!(values, [400, 300, 8, 1, 1]);
    }
}

#[test]
fn xmp_of_a_photograph_and_of_a_telephone() {
    let block = block!("photo.xmp");
    let (bytes, what) = after("xmp", block);
    let words = [
        "orientation",
        "size",
        "colour mode",
        "name of the ICC profile dropped",
        "samples",
        "thumbnail dropped",
    ];
    assert_eq!(what, words);
    assert_eq!(kept(&bytes), kept(block));
    let mut wanted = str::from_utf8(block).unwrap().to_owned();
    for (from, to) in [
        ("tiff:Orientation=\"6\"", "tiff:Orientation=\"1\""),
        ("tiff:ImageWidth='4000'", "tiff:ImageWidth='400'"),
        (
            "\n   exif:PixelXDimension=\"4000\"",
            "\n   exif:PixelXDimension=\"400\"",
        ),
        ("photoshop:ColorMode=\"3\"", "photoshop:ColorMode=\"1\""),
        ("\n   photoshop:ICCProfile=\"sRGB IEC61966-2.1\"", ""),
        ("<tiff:ImageLength>3000<", "<tiff:ImageLength>300<"),
        ("<exif:PixelYDimension>3000<", "<exif:PixelYDimension>300<"),
    ] {
        assert_eq!(wanted.matches(from).count(), 1, "{from}");
        wanted = wanted.replace(from, to);
    }
    for element in ["tiff:BitsPerSample", "xmp:Thumbnails"] {
        let [start, end] =
            [format!("<{element}>"), format!("</{element}>")].map(|tag| wanted.find(&tag).unwrap());
        wanted.replace_range(start..end + element.len() + 3, "");
    }
    assert_eq!(String::from_utf8(bytes).unwrap(), wanted);

    let (bytes, what) = after("xmp", block!("telephone.xmp"));
    let words = [
        "extended XMP dropped",
        "gain map dropped",
        "motion photo dropped",
        "depth map dropped",
        "original picture dropped",
        "panorama dropped",
        "list of further pictures dropped",
    ];
    assert_eq!(what, words);
    let text = String::from_utf8(bytes).unwrap();
    let tags: Vec<_> = text
        .split('<')
        .filter(|tag| tag.starts_with("rdf:Description"))
        .collect();
    let [tag] = tags[..] else { panic!("{text}") };
    assert!(tag.ends_with("container/item/\"\n    xmlns:GPano=\"http://ns.google.com/photos/1.0/panorama/\"\n   GCamera:BurstID=\"KEPT burst\">\n   \n  "), "{tag}");
}

#[test]
fn photoshop_resources() {
    let block = block!("layers.8bim");
    let (bytes, what) = after("photoshop", block);
    for word in [
        "names of alpha channels dropped",
        "IPTC preview dropped",
        "thumbnail dropped",
        "ICC profile in Photoshop resources dropped",
        "slices dropped",
        "size",
        "orientation",
        "IPTC digest dropped",
    ] {
        assert!(what.contains(&word), "{word}");
    }
    let mut texts = kept(block);
    texts.retain(|text| *text != b"KEPT colours" && *text != b"KEPT copyright");
    let mut found = kept(&bytes);
    found.retain(|text| *text != b"KEPT copyright");
    assert_eq!(found, texts);
    let iptc = photoshop::iptc(&bytes).unwrap();
    assert!(iptc.ends_with(b"KEPT caption"));
}

#[test]
fn a_gray_profile_of_version_2() {
    let (gray, _) = revised_metadata("icc", block!("rgb.icc"), &RESULT, None).unwrap();
    let profile = moxcms::ColorProfile::new_from_slice(&gray).unwrap();
    assert_eq!(profile.color_space, moxcms::DataColorSpace::Gray);
    assert!(matches!(profile.gray_trc, Some(moxcms::ToneReprCurve::Lut(curve)) if curve == [563]));
    assert!(has(&gray, b"Gray with the tone curve of KEPT colours\0"));
    assert!(has(&gray, b"text\0\0\0\0KEPT copyright\0"));
}
