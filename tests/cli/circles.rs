//! Directories of a TIFF that lead back to one before.

use std::fs;

use serde_json::json;

use crate::Room;

/// A stack of five pages whose last directory is followed by the one of this number.
fn circle(back_to: usize) -> Vec<u8> {
    let mut file = fs::read("testdata/pages/stack.tif").unwrap();
    assert!(file.starts_with(b"II*\0"));
    let u32_at = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let mut places = vec![u32_at(4)];
    let mut links = Vec::new();
    loop {
        let at = *places.last().unwrap() as usize;
        let entries = usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
        links.push(at + 2 + 12 * entries);
        match u32_at(*links.last().unwrap()) {
            0 => break,
            next => places.push(next),
        }
    }
    assert_eq!(links.len(), 5);
    file[links[4]..links[4] + 4].copy_from_slice(&places[back_to].to_le_bytes());
    file
}

#[test]
fn a_circle_is_told_of_and_ends() {
    let room = Room::new();
    let text = "the tiff file is damaged: its directories lead back to one before, so reading stopped after page 5";
    fs::copy("testdata/pages/stack.tif", room.path("sound.tif")).unwrap();
    let line = "-k box3 --photo --overwrite";
    room.run(&format!("sound.tif {line} -o sound.out.tif"));
    for back_to in [0, 2, 4] {
        fs::write(room.path("a.tif"), circle(back_to)).unwrap();
        for flags in ["", "--dry-run"] {
            let ran = room.run(&format!("a.tif {line} -o out.tif --json {flags}"));
            assert_eq!(ran.code, Some(0), "{}", ran.err);
            assert!(
                ran.err.contains(&format!("a.tif: warning: {text}\n")),
                "{}",
                ran.err
            );
            let object = &ran.json()[0];
            assert_eq!(object["pages"], 5);
            let told = object["warnings"].as_array().unwrap();
            assert!(
                told.contains(&json!({ "kind": "other", "text": text })),
                "{object}"
            );
        }
        assert!(
            room.bytes("out.tif") == room.bytes("sound.out.tif"),
            "{back_to}"
        );
        // Of one page as well.
        let ran = room.run(&format!("a.tif {line} --pages 2 -o one.png"));
        assert!(ran.err.contains(text), "{}", ran.err);
        let before = room.bytes("a.tif");
        room.run("a.tif -k box3 --photo --in-place").says(
            1,
            &["a.tif: not replaced: it holds directories that lead back to one before, which the result would not have: name an output with --output"],
        );
        assert!(room.bytes("a.tif") == before);
    }
}
