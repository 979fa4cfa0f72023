//! What files carry beside their samples: told, listed, and never lost in place.

use std::fs;

use serde_json::json;

use crate::Room;

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
