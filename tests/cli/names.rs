//! Names that shells and terminals stumble over.

// Other systems refuse some of these names themselves.
#![cfg(target_os = "linux")]

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};

use crate::{Room, filter};

#[test]
fn any_name_works() {
    let room = Room::new();
    let wanted = filter("sobel").apply(&room.read("a.png")).unwrap();
    for stem in [
        &b"with space"[..],
        b"new\nline",
        b"\xff\xfe",
        b"--dashes",
        "dots.and.\u{fc}ml\u{e4}ute".as_bytes(),
        b"\x1b[31mred",
        b"*",
    ] {
        let name = |end: &[u8]| OsStr::from_bytes(&[stem, end].concat()).to_owned();
        let (input, output) = (name(b".png"), name(b".sobel.png"));
        fs::copy(room.path("a.png"), room.path(&input)).unwrap();
        let words = [
            OsStr::new("-k"),
            OsStr::new("sobel"),
            OsStr::new("--"),
            &input,
        ];
        room.run_words(words).silent();
        assert_eq!(room.read(&output), wanted);
    }
    assert_eq!(room.names().len(), 1 + 2 * 7);
}

#[test]
fn a_kernel_file_may_have_any_name() {
    let room = Room::new();
    let kernel = OsStr::from_bytes(b"my k\xffrnel.toml");
    fs::write(room.path(kernel), "weights = [[1, 2]]\ndivisor = 3").unwrap();
    let words = ["a.png", "-o", "out.png", "-k"].map(OsStr::new);
    room.run_words(words.into_iter().chain([kernel])).silent();
    assert_eq!(room.read("out.png").shape(), [13, 19, 1]);
}

#[test]
fn a_name_cannot_forge_a_message() {
    let room = Room::new();
    room.run_words(["no\nstridekern: such\x1b[2J", "-k", "sobel"])
        .says(
            1,
            &["no\\nstridekern: such\\u{1b}[2J: there is no such file; check its name"],
        );
}

#[test]
fn a_name_cannot_break_an_explanation() {
    let room = Room::new();
    fs::copy(room.path("a.png"), room.path("new\nline.png")).unwrap();
    for flag in ["--explain", "--bench"] {
        let text = room
            .run_words(["new\nline.png", "-k", "sobel", flag])
            .silent()
            .text();
        assert!(
            text.lines()
                .next()
                .unwrap()
                .contains("new\\nline.png: 20 x 13")
        );
    }
}
