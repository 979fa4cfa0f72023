//! What files carry beside their samples: told, listed, and never lost in place.

use std::{fs, io::Cursor};

use serde_json::json;
use stridekern::{
    Depth,
    codec::{self, EncodeOptions, Format, Metadata},
};

use crate::{Room, picture};

/// The file of testdata/carried as `name` in the room, and its bytes.
fn carried(room: &Room, name: &str) -> Vec<u8> {
    let bytes = fs::read(format!("testdata/carried/{name}")).unwrap();
    fs::write(room.path(name), &bytes).unwrap();
    bytes
}

const LOST: &str = "chunk zTXt (Raw profile type iptc) (in a form that cannot be kept true); \
                    chunk unSA (it is unknown, and not marked safe to copy)";

#[test]
fn one_line_names_what_is_left_out() {
    let room = Room::new();
    carried(&room, "full.png");
    let line = "full.png -k box3 --photo -o out.png --overwrite";
    room.run(line).says(
        0,
        &[&format!("out.png: warning: metadata left out: {LOST}")],
    );
    room.run(&format!("{line} --metadata drop")).silent();
}

#[test]
fn an_input_that_would_lose_metadata_stays() {
    let room = Room::new();
    let bytes = carried(&room, "full.png");
    let line = "full.png -k box3 --photo --in-place";
    let says = "full.png: not replaced: the result would lose metadata: \
                chunk zTXt (Raw profile type iptc) and chunk unSA (--metadata drop allows it)";
    for quiet in ["", " -q"] {
        room.run(&format!("{line}{quiet}")).says(1, &[says]);
        assert_eq!(fs::read(room.path("full.png")).unwrap(), bytes);
    }
    room.run(&format!("{line} --metadata drop")).silent();
    let replaced = fs::read(room.path("full.png")).unwrap();
    assert!(!replaced.windows(7).any(|part| part == b"needle-"));
}

#[test]
fn every_part_is_listed() {
    let room = Room::new();
    carried(&room, "full.gif");
    carried(&room, "full.bmp");
    let line = "full.gif -k box3 --photo -f qoi -o out.qoi --overwrite";
    let part = json!([{
        "part": "comment", "name": "comment", "bytes": 14, "fate": "lost", "note": "no place in qoi",
    }]);
    for how in ["--dry-run", "--explain", ""] {
        let objects = room.run(&format!("{line} --json {how}")).json();
        assert_eq!(objects[0]["metadata"], part, "{how}");
    }
    let text = "comment, 14 bytes: lost (no place in qoi)";
    for how in ["--dry-run", "--explain"] {
        let output = room.run(&format!("{line} {how}")).text();
        assert!(output.contains(text), "{how}: {output}");
    }
    let objects = room
        .run("full.bmp -k box3 --photo --metadata drop --json")
        .json();
    assert_eq!(
        objects[0]["metadata"],
        json!([{ "part": "density", "name": "pixel density", "fate": "kept" }])
    );
}

/// Data that cannot be read may be false of the result; a profile without a tone curve that gray
/// could have is for colours only.
#[test]
fn what_cannot_be_made_true_is_told_of() {
    let room = Room::new();
    let mut icc = vec![0; 200];
    icc[16..20].copy_from_slice(b"RGB ");
    let lost = "they cannot be read, so may be false";
    let blocks = [
        (
            Metadata {
                xmp: Some(b"<broken".to_vec()),
                ..Metadata::default()
            },
            "xmp",
            "XMP data",
            lost,
        ),
        (
            Metadata {
                exif: Some(b"no TIFF header".to_vec()),
                ..Metadata::default()
            },
            "exif",
            "EXIF data",
            lost,
        ),
        (
            Metadata {
                icc: Some(icc),
                ..Metadata::default()
            },
            "icc",
            "ICC profile",
            "it is for RGB, the result is gray",
        ),
    ];
    for (metadata, part, name, why) in blocks {
        let mut file = Cursor::new(Vec::new());
        let (image, options) = (picture(13, 20, 3, Depth::U8), EncodeOptions::default());
        codec::encode(&image, Format::Png, &metadata, &options, &mut file).unwrap();
        fs::write(room.path("c.png"), file.into_inner()).unwrap();
        let line = "c.png -k box3 --pad edge -o out.png --overwrite";
        let text = format!("metadata left out: {name} ({why})");
        room.run(line)
            .says(0, &[&format!("out.png: warning: {text}")]);
        let object = room.run(&format!("{line} --json")).json().remove(0);
        assert_eq!(
            object["warnings"],
            json!([{ "kind": "metadata", "text": text }])
        );
        let fate = &object["metadata"][0];
        assert_eq!(
            (&fate["part"], &fate["fate"], &fate["note"]),
            (&json!(part), &json!("lost"), &json!(why))
        );
        let before = room.bytes("c.png");
        room.run("c.png -k box3 --pad edge --channel luma --in-place")
            .says(
                1,
                &[&format!(
                    "c.png: not replaced: the result would lose metadata: {name} (--metadata drop allows it)"
                )],
            );
        assert_eq!(room.bytes("c.png"), before);
    }
}

#[test]
fn what_tga_and_exr_files_carry_is_not_lost_in_their_place() {
    let room = Room::new();
    for name in ["full.tga", "full.exr"] {
        carried(&room, name);
    }
    let before = room.bytes("full.tga");
    let line = "full.tga -k box3 --photo --in-place";
    let ran = room.run(line);
    assert_eq!(ran.code, Some(1));
    let lost = ["developer area"];
    for told in ["not replaced: the result would lose metadata: "]
        .iter()
        .chain(&lost)
    {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    assert!(
        ran.err.ends_with(" (--metadata drop allows it)\n"),
        "{}",
        ran.err
    );
    assert!(room.bytes("full.tga") == before);
    // Attributes have their place.
    room.run("full.exr -k box3 --photo --in-place").silent();
    let objects = room
        .run("full.exr -k box3 --photo -o again.exr --json")
        .json();
    let parts = objects[0]["metadata"].as_array().unwrap();
    assert_eq!(parts.len(), 16);
    for part in parts {
        assert_eq!(
            (&part["part"], &part["fate"]),
            (&"attribute".into(), &"kept".into()),
            "{part}"
        );
    }
    let explained = room
        .run("full.exr -k box3 --step 2,1 --photo -o s.exr --explain")
        .text();
    for told in [
        "attribute pixelAspectRatio, 4 bytes: changed (times the steps)",
        "attribute region, 16 bytes: lost (it may be a part of the whole picture)",
        "attribute owner, 15 bytes: kept",
    ] {
        assert!(explained.contains(told), "{told}: {explained}");
    }
}
