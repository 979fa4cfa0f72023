//! Files that -r finds and that are no inputs are told of.

use std::fs;

use serde_json::Value;

use crate::{
    Room,
    reports::{SCHEMA, conforms},
};

/// A folder `in` with one picture and others that are not read.
fn room() -> Room {
    let room = Room::new();
    fs::create_dir_all(room.path("in/deep")).unwrap();
    fs::copy(room.path("a.png"), room.path("in/a.png")).unwrap();
    for name in [
        "in/1.heic",
        "in/2.HEIC",
        "in/deep/3.heic",
        "in/x.CR2",
        "in/x.avif",
        "in/deep/x.mpo",
        "in/plain",
        "in/.hidden.heic",
    ] {
        room.text(name, "");
    }
    room
}

#[test]
fn they_are_counted_by_kind() {
    let room = room();
    let counts = "passed over: 3 heic, 1 without extension, 1 avif, 1 cr2, 1 mpo; -v names them";
    for flags in ["-o out/", "-o out/ --overwrite"] {
        let line = format!("in -r -k identity {flags}");
        room.run(&line).says(0, &[counts]);
        room.run(&format!("{line} --overwrite -q")).silent();
    }
    assert_eq!(crate::names_in(&room.path("out")), ["a.identity.png"]);
    let verbose = room.run("in -r -k identity -o out/ --overwrite -v").err;
    let lines = Vec::from_iter(verbose.lines());
    assert_eq!(lines.len(), 8, "{verbose}");
    assert_eq!(
        lines[..2],
        [
            "stridekern: in/1.heic: passed over, heic is no format that is read",
            "stridekern: in/2.HEIC: passed over, heic is no format that is read"
        ]
    );
    let plain = "stridekern: in/plain: passed over, its content is in no format that is read";
    assert!(lines.contains(&plain), "{verbose}");
    // Left out by intention.
    room.run("in -r --ext png -k identity -o out/ --overwrite")
        .silent();
}

#[test]
fn json_has_an_object_for_each() {
    let room = room();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for flags in ["", "--dry-run"] {
        let ran = room.run(&format!(
            "in -r -k identity -o out/ --json -q --overwrite {flags}"
        ));
        let objects = ran.json();
        objects
            .iter()
            .for_each(|object| conforms(object, &schema).unwrap());
        let passed = objects.iter().filter(|o| o["status"] == "passed_over");
        let names = Vec::from_iter(passed.map(|object| object["input"].as_str().unwrap()));
        let wanted = [
            "in/1.heic",
            "in/2.HEIC",
            "in/deep/3.heic",
            "in/deep/x.mpo",
            "in/plain",
            "in/x.CR2",
            "in/x.avif",
        ];
        assert_eq!(names, wanted);
        assert_eq!(objects.len(), names.len() + 1);
    }
}

#[test]
fn earlier_results_are_counted() {
    let room = Room::new();
    fs::create_dir(room.path("in")).unwrap();
    fs::copy(room.path("a.png"), room.path("in/a.png")).unwrap();
    room.run("in -r -k identity").silent();
    room.run("in -r -k identity --overwrite")
        .says(0, &["passed over: 1 earlier result; -v names them"]);
    room.run("in -r -k identity --skip-existing").says(
        0,
        &[
            "passed over: 1 earlier result; -v names them",
            "0 done, 1 skipped uncompared, 0 failed",
        ],
    );
}

/// Whatever kernel, border, format and place this run has.
#[test]
fn results_of_other_kernels_and_places_are_no_inputs() {
    let room = Room::new();
    fs::create_dir_all(room.path("in/deep")).unwrap();
    for name in ["in/a.png", "in/deep/b.png", "in/deep/c.mine.png"] {
        fs::copy(room.path("a.png"), room.path(name)).unwrap();
    }
    room.text("other.toml", "weights = [[1]]");
    room.run("in -r -k gaussian3 --photo").silent();
    let counted = "passed over: 3 earlier results; -v names them";
    room.run("in -r -k box3 --pad y=edge,x=constant:7 -f tif")
        .says(0, &[counted]);
    let counted = "passed over: 6 earlier results; -v names them";
    for (line, made) in [
        ("-k gaussian3 --photo -o out/", "out/a.gaussian3.edge.png"),
        ("-k other.toml -f npy", "in/a.other.npy"),
    ] {
        room.run(&format!("in -r {line}")).says(0, &[counted]);
        assert!(room.path(made).is_file());
        for name in crate::names_in(&room.path("in")) {
            assert!(name.matches('.').count() < 4, "{name}");
        }
        fs::remove_file(room.path(made)).unwrap();
    }
    // Of the other two inputs.
    let counted = "passed over: 8 earlier results; -v names them";
    let old = room.bytes("in/deep/b.gaussian3.edge.png");
    room.run("in -r -k other.toml --in-place")
        .says(0, &[counted]);
    assert_eq!(room.bytes("in/deep/b.gaussian3.edge.png"), old);
    let verbose = room.run("in -r -k other.toml --in-place -v").err;
    let named = "in/a.gaussian3.edge.png: passed over, it is the result of an earlier run";
    assert!(verbose.contains(named), "{verbose}");
    // A kernel of this run only, and files that are named.
    room.text("mine.toml", "weights = [[1]]");
    fs::copy(room.path("a.png"), room.path("in/deep/c.png")).unwrap();
    let lines = room.run("in -r -k mine.toml --dry-run").text();
    assert!(!lines.contains("c.mine.png -> "), "{lines}");
    room.run("in/a.gaussian3.edge.png -k box3 -o o.png")
        .silent();
}
