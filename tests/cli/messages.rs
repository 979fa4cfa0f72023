//! What the program says when it refuses: one line that names what is wrong and
//! what to do.

use std::fs;

use insta::assert_snapshot;
use stridekern::Depth;

use crate::{Room, gray, picture};

const NOT_TOML: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/broken/not_toml.toml");

/// Runs every line; each must fail with this code and one line, and write nothing. Gives the
/// lines and what was said.
#[track_caller]
fn refused(room: &Room, code: i32, lines: &[&str]) -> String {
    let before = room.names();
    let mut transcript = String::new();
    for line in lines {
        let ran = room.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.err);
        assert!(ran.out.is_empty(), "{line}");
        assert!(ran.err.starts_with("stridekern: "), "{line}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{line}: {}", ran.err);
        assert_eq!(room.names(), before, "{line}");
        transcript += &ran.shown(line);
    }
    transcript
}

#[test]
fn usage_errors() {
    let room = Room::new();
    let said = refused(
        &room,
        2,
        &[
            "",
            "a.png",
            "-k sobel",
            "a.png -k sobel --nonsense",
            "a.png -k sobel --overwrit",
            "a.png -k sobel --overwrite --skip-existing",
            "a.png -k sobel -q -v",
            "a.png -k sobel --in-place -o x.png",
            "a.png -k sobel --backup .orig",
            "a.png -k sobel --in-place --backup=",
            "a.png -k sobel --in-place --backup /x",
            "a.png -k sobel --explain --bench",
            "a.png -k sobel --quality 0",
            "a.png -k sobel --quality 101",
            "a.png -k sobel --quality high",
            "a.png -k sobel --memory-limit lots",
            "a.png -k sobel --pixel-limit 0",
            "a.png -k sobel --memory-limit 512",
            "a.png -k sobel --depth 12",
            "a.png -k sobel --engine quick",
            "a.png -k sobel --bench --bench-runs 0",
            "a.png -k sobel -j 40000",
            "a.png -k sobel --step 0",
            "a.png -k sobel --dilate 1,2,3",
            "a.png -k sobel --pad moon",
            "a.png -k sobel --pad mirror",
            "a.png -k sobel --pad constant:white",
            "a.png -k box3 --normalize --divisor 2",
            "a.png -k sobel --normalize",
            "a.png -k box3 --divisor 0",
            "a.png -k box3 --divisor nan",
            "a.png -k box3 --divisor 1/16",
            "a.png -k box3 --bias inf",
            "a.png -k box3 --bias half",
            "a.png -k box3 --anchor 1",
            "a.png -k box3 --anchor -1,0",
            "a.png -k box3 --anchor 3,0",
            "a.png -k no_such --divisor 0",
            "--show-kernel sobel --normalize",
            "--show-kernel sobel --anchor 0;0",
            "a.png -k sobel --map strech",
            "a.png -k sobel --channel pink",
            "a.png -k sobel --format heic",
            "a.png -k sobel --format pbm",
            "a.png -k sobel -o x.pbm",
            "a.png -k sobel --map float",
            "a.png -k sobel --map float --depth 8 -f npy",
            "a.png -k sobel --depth f32",
            "--show-kernel nothing",
            "--completions word",
        ],
    );
    assert_snapshot!(said);
}

#[test]
fn a_flag_may_be_repeated_and_a_value_may_not() {
    let room = Room::new();
    let run = room.run("a.png -k sobel -vv --verbose --overwrite --overwrite");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.err
            .starts_with("stridekern: a.sobel.png: 18 x 11 gray 8-bit, ")
    );
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    room.run("a.png -k sobel -qq --skip-existing -q --skip-existing --json --json")
        .silent();
    // What it contradicts, it still contradicts.
    let said = refused(
        &room,
        2,
        &[
            "a.png -k sobel -v -q -v",
            "a.png -k sobel --skip-existing --overwrite --overwrite",
            "a.png -k sobel -o x.png -o y.png",
            "a.png -k sobel -j 1 -j 2",
        ],
    );
    assert_snapshot!(said);
    assert_eq!(room.names(), ["a.png", "a.sobel.png"]);
}

#[test]
fn outputs_that_cannot_be() {
    let room = Room::new();
    let said = refused(
        &room,
        2,
        &[
            "a.png -k sobel -o x.png -f jpg",
            "a.png -k sobel -k emboss -o x.png",
            "a.png -k sobel --pad all -o a.png",
            "a.png -k sobel -k emboss -o -",
            "a.png -k sobel -o noname",
            "- - -k sobel",
            "- -k sobel",
            "- -k sobel -o out/",
            "a.png -k sobel -o - --json",
            "a.png -k sobel -o a.png/",
            "a.png -k sobel -o a.png/b/",
            "a.png -k sobel -o a.png/x.png",
            "a.png -k sobel -o none/x.png",
        ],
    );
    assert_snapshot!(said);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let room = Room::new();
    let said = refused(&room, 1, &["a.png -k sobel -o /dev/full"]);
    assert_snapshot!(said);
    room.run("a.png -k sobel -o /dev/null").silent();
}

#[test]
fn formats_that_cannot_hold_the_result() {
    let room = Room::new();
    room.write("deep.png", &picture(9, 9, 3, Depth::U16));
    room.write("clear.png", &picture(9, 9, 4, Depth::U8));
    let said = refused(
        &room,
        1,
        &[
            "deep.png -k sobel -f jpg",
            "clear.png -k sobel --channel each -f jpg",
            "clear.png -k sobel --channel each -o x.ppm",
        ],
    );
    assert_snapshot!(said);
    // What the messages advise works.
    room.run("deep.png -k sobel -f jpg --depth 8").silent();
    room.run("clear.png -k sobel -f jpg").says(
        0,
        &["clear.sobel.jpg: warning: jpeg holds no alpha: alpha was dropped; --alpha drop says that this is meant"],
    );
}

#[test]
fn inputs_that_cannot_be() {
    let room = Room::new();
    fs::create_dir(room.path("folder")).unwrap();
    room.text("empty.png", "");
    room.text("text.png", "hello");
    room.text("page.png", "<!DOCTYPE html><p>404");
    room.write("tiny.png", &gray(2, 2, vec![1, 2, 3, 4]));
    let said = refused(
        &room,
        1,
        &[
            "missing.png -k sobel",
            "a.png/x.png -k sobel",
            "folder -k sobel",
            "empty.png -k sobel",
            "text.png -k sobel",
            "page.png -k sobel",
            "tiny.png -k sobel",
            "a.png -k sobel --dilate 7",
            "a.png -k sobel --channel red",
            "a.png -k sobel --pad constant:300",
        ],
    );
    assert_snapshot!(said);
    // What the message advises works.
    room.run("tiny.png -k sobel --pad reflect").silent();
}

#[test]
fn kernels_that_cannot_be() {
    let room = Room::new();
    fs::create_dir(room.path("folder")).unwrap();
    fs::copy(NOT_TOML, room.path("not_toml.toml")).unwrap();
    for (name, text) in [
        ("key.toml", "wieghts = [[1]]"),
        ("ragged.toml", "weights = [[1, 2], [3]]"),
        ("empty.toml", "weights = []"),
        ("nan.toml", "weights = [[nan]]"),
        ("inf.toml", "weights = [[1, inf]]"),
        ("zero.toml", "weights = [[1]]\ndivisor = 0"),
        ("anchor.toml", "weights = [[1]]\nanchor = [0, 1]"),
        ("map.toml", "weights = [[1]]\nmap = \"abss\""),
        ("mine.toml", "weights = [[1]]"),
        ("float.toml", "weights = [[1]]\nmap = \"float\""),
    ] {
        room.text(name, text);
    }
    let said = refused(
        &room,
        2,
        &[
            "a.png -k nothing.toml",
            "a.png -k sobl",
            "a.png -k mine",
            "a.png -k none/sobel.toml",
            "a.png -k folder",
            "a.png -k a.png",
            "a.png -k not_toml.toml",
            "a.png -k key.toml",
            "a.png -k ragged.toml",
            "a.png -k empty.toml",
            "a.png -k nan.toml",
            "a.png -k inf.toml",
            "a.png -k zero.toml",
            "a.png -k anchor.toml",
            "a.png -k map.toml",
            "a.png -k float.toml --depth 8",
            "a.png -k float.toml",
        ],
    );
    assert_snapshot!(said);
}
