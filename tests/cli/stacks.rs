//! `--axes`: arrays of several planes, through the program.

use std::fs;

use serde_json::{Value, json};

use crate::{
    Room,
    reports::{SCHEMA, conforms},
};

/// An array of bytes in C order.
fn npy(shape: &str, data: &[u8]) -> Vec<u8> {
    crate::npy("|u1", shape, data)
}

/// The shape and the bytes of an array.
fn read(file: &[u8]) -> (String, Vec<u8>) {
    let header = std::str::from_utf8(&file[10..128]).unwrap();
    let shape = header.split('(').nth(1).unwrap().split(')').next().unwrap();
    (format!("({shape})"), file[128..].to_vec())
}

/// A room with `a.npy` of this shape, of bytes that count up.
fn room(shape: &str) -> Room {
    let room = Room::new();
    let lengths = shape.trim_matches(['(', ')']).split(',');
    let count = lengths.filter_map(|len| len.trim().parse::<usize>().ok());
    let data: Vec<u8> = (0..count.product()).map(|at| at as u8).collect();
    fs::write(room.path("a.npy"), npy(shape, &data)).unwrap();
    fs::write(
        room.path("right.toml"),
        "weights = [[0, 1]]\nanchor = [0, 0]",
    )
    .unwrap();
    room
}

#[test]
fn a_stack_keeps_its_axes() {
    let room = room("(2, 2, 3)");
    room.run("a.npy -k right.toml --axes TYX -o b.npy").silent();
    let wanted = ("(2, 2, 2)".to_owned(), vec![1, 2, 4, 5, 7, 8, 10, 11]);
    assert_eq!(read(&room.bytes("b.npy")), wanted);
    // In lower case, from a pipe, to a pipe.
    let run = room.run_with("- -k right.toml --axes tyx -o -", &room.bytes("a.npy"));
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(run.out, room.bytes("b.npy"));
    // The columns are the rows of the array.
    room.run("a.npy -k right.toml --axes TXY -o c.npy").silent();
    let wanted = ("(2, 1, 3)".to_owned(), vec![3, 4, 5, 9, 10, 11]);
    assert_eq!(read(&room.bytes("c.npy")), wanted);
}

/// Each line names the file, the shape, and the axes that it may have.
#[test]
fn a_shape_that_does_not_tell_is_an_error() {
    for (shape, message) in [
        (
            "(5, 64, 80)",
            "an array of shape (5, 64, 80) may be 5 planes of 64 x 80 (--axes TYX) or 80 channels (--axes YXC): say which",
        ),
        (
            "(2, 3, 4, 5)",
            "an array of shape (2, 3, 4, 5) may be 6 planes of 4 x 5 (--axes TZYX) or 2 planes of 3 x 4 with 5 channels (--axes TYXC): say which",
        ),
        (
            "(2, 4, 5, 3)",
            "an array of shape (2, 4, 5, 3) may be 2 planes of 4 x 5 with 3 channels (--axes TYXC) or 8 planes of 5 x 3 (--axes TZYX): say which",
        ),
        (
            "(80,)",
            "the array has 1 axis, and a picture has two or more: save a.reshape(rows, columns)",
        ),
    ] {
        let room = room(shape);
        let line = format!("a.npy: {message}");
        for flags in [
            "",
            " --dry-run",
            " --explain",
            " --bench",
            " --in-place --pad edge",
        ] {
            let output = if flags.contains("place") {
                ""
            } else {
                " -o b.npy"
            };
            let run = room.run(&format!("a.npy -k box3{output}{flags}"));
            run.says(1, &[&line]);
        }
        assert!(!room.path("b.npy").exists());
        let run = room.run("a.npy -k box3 --json");
        assert_eq!(run.json()[0]["error"], message);
    }
    let room = room("(5, 64, 80)");
    room.run("a.npy -k box3 --axes YX").says(
        1,
        &["a.npy: an array of shape (5, 64, 80) has 3 axes, and YX are 2: give a letter for each"],
    );
    room.run("a.npy -k box3 --axes TY").says(
        2,
        &["the axes `TY` have no X, which are columns; write for instance TYX or YXC"],
    );
}

#[test]
fn colours_are_read_with_a_note() {
    let room = room("(6, 7, 3)");
    let note = "an array of shape (6, 7, 3) was read as 6 x 7 pixels of 3 channels (YXC); --axes names others";
    let line = format!("a.npy: warning: {note}");
    room.run("a.npy -k box3 -o b.npy").says(0, &[&line]);
    for flags in ["", "--dry-run"] {
        let run = room.run(&format!(
            "a.npy -k box3 -o b.npy --overwrite --json {flags}"
        ));
        assert_eq!(
            run.json()[0]["warnings"],
            json!([{ "kind": "axes", "text": note }])
        );
    }
    assert_eq!(read(&room.bytes("b.npy")).0, "(4, 5)");
    room.run("a.npy -k box3 -o c.npy --axes YXC").silent();
    assert_eq!(room.bytes("c.npy"), room.bytes("b.npy"));
    // With its channels elsewhere it is another picture.
    room.run("a.npy -k box3 -o c.npy --axes TYX --overwrite")
        .silent();
    assert_eq!(read(&room.bytes("c.npy")).0, "(6, 5, 1)");
}

#[test]
fn reports_tell_of_planes() {
    let room = room("(5, 16, 20)");
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for flags in ["", "--dry-run"] {
        let run = room.run(&format!(
            "a.npy -k box3 --axes TYX -o b.npy --overwrite --json {flags}"
        ));
        let object = &run.json()[0];
        conforms(object, &schema).unwrap();
        assert_eq!(object["array_shape"], json!([5, 14, 18]));
        let size = (&object["height"], &object["width"], &object["channels"]);
        assert_eq!(size, (&json!(14), &json!(18), &json!(1)));
    }
    let run = room
        .run("a.npy -k box3 --axes TYX -o c.npy --dry-run")
        .silent();
    let text = run.text();
    let shown = "a.npy -> c.npy: kernel box3, built in, valid, 18 x 14, 1 x 8-bit, array (5, 14, 18), npy, ";
    assert!(text.starts_with(shown), "{text}");
    let run = room.run("a.npy -k box3 --axes TXY --pad edge -o c.npy -v");
    let shown = "stridekern: c.npy: 16 x 20 array (5, 16, 20), gray 8-bit";
    assert!(run.err.starts_with(shown), "{}", run.err);

    let run = room.run("a.npy -k box3 --axes TYX --explain").silent();
    let line =
        "axes      TYX of shape (5, 16, 20): 5 planes, each filtered by itself by this plan\n";
    assert!(run.text().contains(line), "{}", run.text());
    let run = room
        .run("a.npy -k box3 --axes TXY --explain --json")
        .silent();
    let axes = json!({ "axes": "TXY", "shape": [5, 16, 20], "planes": 5, "transposed": true });
    assert_eq!(run.json()[0]["axes"], axes);
    let run = room
        .run("a.npy -k box3 --axes TYX --bench --bench-runs 1")
        .silent();
    let first = run.text().lines().next().unwrap().to_owned();
    assert!(first.ends_with("; the first of 5 planes"), "{first}");
}

/// A stack replaces itself only by one that has all of it.
#[test]
fn stacks_in_place() {
    let room = room("(4, 6, 7)");
    let before = room.bytes("a.npy");
    room.run("a.npy -k box3 --axes TYX --in-place").says(
        1,
        &["a.npy: not replaced: the result would lose 2 rows and 2 columns (--pad edge keeps the size, --pad valid allows it)"],
    );
    let run = room.run("a.npy -k box3 --axes CYX --in-place --pad edge");
    assert_eq!(run.code, Some(1));
    assert!(run.err.starts_with("stridekern: a.npy: not replaced: "));
    assert!(run.err.contains("--channel each keeps them"), "{}", run.err);
    assert_eq!(room.bytes("a.npy"), before);
    room.run("a.npy -k box3 --axes CYX --channel each --in-place --pad edge --backup .orig")
        .silent();
    assert_eq!(room.bytes("a.npy.orig"), before);
    let after = read(&room.bytes("a.npy"));
    assert_eq!(after.0, "(4, 6, 7)");
    // The last of four channels is alpha.
    assert_eq!(after.1[3 * 42..], read(&before).1[3 * 42..]);
    assert_ne!(after.1[..3 * 42], read(&before).1[..3 * 42]);
}

/// Other formats take one plane; pictures have axes of their own.
#[test]
fn other_formats() {
    let room = room("(5, 16, 20)");
    for name in ["b.png", "b.tif", "b.bmp"] {
        let run = room.run(&format!("a.npy -k box3 --axes TYX -o {name}"));
        let (_, format) = name.split_once('.').unwrap();
        let format = format.replace("tif", "tiff");
        let line = format!(
            "{name}: a {format} file is written with one plane, the result has 5; choose npy, with --format npy"
        );
        run.says(1, &[&line]);
        assert!(!room.path(name).exists());
    }
    room.run("a.png -k box3 --axes TYX -o b.png").says(
        0,
        &["a.png: warning: the axes TYX are for arrays, this is png: they have no effect"],
    );
}

/// A tree of arrays, several results of each.
#[test]
fn batches_of_stacks() {
    let room = room("(5, 16, 20)");
    fs::create_dir_all(room.path("in/deep")).unwrap();
    fs::copy(room.path("a.npy"), room.path("in/a.npy")).unwrap();
    fs::copy(room.path("a.npy"), room.path("in/deep/b.npy")).unwrap();
    let flat = npy("(16, 20)", &[7; 320]);
    fs::write(room.path("in/flat.npy"), flat).unwrap();
    let run = room.run(
        "in -r -k box3 -k gaussian5 --pad valid,edge --axes TYX -o out --verify --no-progress",
    );
    assert_eq!(run.code, Some(1));
    let line = "in/flat.npy: an array of shape (16, 20) has 2 axes, and TYX are 3: give a letter for each\n";
    assert!(run.err.contains(line), "{}", run.err);
    for folder in ["out", "out/deep"] {
        let name = if folder == "out" { "a" } else { "b" };
        for (result, shape) in [
            ("box3", "(5, 14, 18)"),
            ("box3.edge", "(5, 16, 20)"),
            ("gaussian5", "(5, 12, 16)"),
            ("gaussian5.edge", "(5, 16, 20)"),
        ] {
            let path = format!("{folder}/{name}.{result}.npy");
            assert_eq!(read(&room.bytes(&path)).0, shape, "{path}");
        }
    }
}
