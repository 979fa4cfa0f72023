//! Folders that cannot be looked into: each is one failed input, in a line, an object and the
//! counts, however it was met.

#![cfg(target_os = "linux")]

use std::{
    ffi::OsStr,
    fs::{self, Permissions},
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
    },
    process::Command,
};

use serde_json::Value;

use crate::{
    Ran, Room, names_in,
    reports::{SCHEMA, conforms},
};

const DENIED: &str =
    "cannot look into the folder: Permission denied (os error 13); change its permissions";
const LOOP: &str = "cannot look into the folder: Too many levels of symbolic links (os error 40)";

/// Pictures `in/a.png` and `in/b.png`, and what cannot be looked into: `in/shut`, `in/shut2`
/// and one of a name that is not UTF-8 by their permissions, `in/names` whose names can be
/// listed and not used, `round`, a link to itself.
fn room() -> Room {
    let room = Room::new();
    let odd = OsStr::from_bytes(b"odd\xff");
    for folder in ["shut", "shut2", "names/sub"]
        .map(OsStr::new)
        .iter()
        .chain([&odd])
    {
        fs::create_dir_all(room.path("in").join(folder)).unwrap();
        fs::copy(
            room.path("a.png"),
            room.path("in").join(folder).join("c.png"),
        )
        .unwrap();
    }
    for name in ["in/a.png", "in/b.png"] {
        fs::copy(room.path("a.png"), room.path(name)).unwrap();
    }
    symlink("round", room.path("round")).unwrap();
    for (folder, mode) in [("shut", 0), ("shut2", 0), ("names", 0o600)] {
        permit(&room, OsStr::new(folder), mode);
    }
    permit(&room, odd, 0);
    room
}

fn permit(room: &Room, folder: &OsStr, mode: u32) {
    fs::set_permissions(room.path("in").join(folder), Permissions::from_mode(mode)).unwrap();
}

/// Runs the program with permissions that hold: the superuser keeps its name, and gives its
/// rights away.
fn run(room: &Room, line: &str) -> Ran {
    let mut command = match fs::read_dir(room.path("in/shut")).is_ok() {
        true => {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set=-all", env!("CARGO_BIN_EXE_stridekern")]);
            command
        }
        false => Command::new(env!("CARGO_BIN_EXE_stridekern")),
    };
    command.args(line.split(' ')).current_dir(room.path(""));
    Ran::new(command.output().unwrap())
}

/// The counts of the summary: done, skipped, failed, not made.
fn counts(summary: &str) -> [usize; 4] {
    let count = |what: &str| {
        let part = summary.split(", ").find_map(|part| part.strip_suffix(what));
        part.map_or(0, |number| number.parse().unwrap())
    };
    [" done", " skipped", " failed", " not made"].map(count)
}

#[test]
fn each_is_one_failed_input_however_it_was_met() {
    let shut = ("in/shut", DENIED);
    let [shut2, odd, round] = [
        ("in/shut2", DENIED),
        ("in/odd\u{fffd}", DENIED),
        ("round", LOOP),
    ];
    // In `names`, what cannot be looked into is the folder where a name is to be a folder, and
    // the picture where it is one.
    let names = ("in/names", DENIED);
    let sub = ("in/names/sub", DENIED);
    let every = &[names, odd, shut, shut2][..];
    for (inputs, results, folders) in [
        // By a pattern, alone and beside others, in a component and behind one.
        ("in/shut/*.png", 0, &[shut][..]),
        ("in/shut/c.p?g", 0, &[shut]),
        ("round/*.png", 0, &[round]),
        ("round/x/*.png", 0, &[round]),
        ("in/*/c.png", 0, every),
        ("in/*/*/c.png", 0, every),
        ("in/shut*/*.png", 0, &[shut, shut2]),
        ("in/**/*.png", 2, &[sub, odd, shut, shut2]),
        ("in/*.png in/shut/*.png", 2, &[shut]),
        ("in/shut/*.png in/a.png", 1, &[shut]),
        // Several times.
        ("in/shut/*.png in/shut/*.jpg ./in/shut/*", 0, &[shut]),
        ("in/shut/*.png in/shut -r", 0, &[shut]),
        ("in/a.png in/shut*/*.png in/*2/*.png", 1, &[shut, shut2]),
        // In a tree, and as its root.
        ("in/shut -r", 0, &[shut]),
        ("in -r", 2, &[sub, odd, shut, shut2]),
        ("in/shut in/a.png -r", 1, &[shut]),
        ("in/shut in/shut2 -r", 0, &[shut, shut2]),
        ("in/shut in/shut -r", 0, &[shut]),
    ] {
        let folders: Vec<_> = folders
            .iter()
            .map(|(path, why)| (path.to_owned(), why.to_owned()))
            .collect();
        check(inputs, results, folders);
    }
}

fn check(inputs: &str, results: usize, folders: Vec<(&str, &str)>) {
    let room = room();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for flags in [
        "-o out/",
        "-o out/ -v",
        "-o out/ --dry-run",
        "--in-place --photo",
    ] {
        let line = format!("{inputs} -k sobel --json {flags}");
        let run = run(&room, &line);
        assert_eq!(run.code, Some(1), "{line}: {}", run.err);
        // One line each, and no other error.
        let mut errors: Vec<_> = (run.err.lines())
            .filter_map(|line| line.strip_prefix("stridekern: ")?.split_once(": "))
            .filter(|(place, _)| *place != "failed" && !place.starts_with("out/"))
            .collect();
        errors.sort_unstable();
        assert_eq!(errors, folders, "{line}");
        // One object each.
        let objects = run.json();
        for object in &objects {
            conforms(object, &schema).unwrap();
        }
        let status = |object: &Value| object["status"].as_str().unwrap().to_owned();
        let (failed, made): (Vec<_>, Vec<_>) = objects
            .into_iter()
            .partition(|object| status(object) == "failed");
        let mut told: Vec<_> = (failed.iter())
            .map(|object| {
                let text = |key: &str| object[key].as_str().unwrap();
                if text("input").contains('\u{fffd}') {
                    assert_eq!(text("input_bytes"), "in/odd%FF");
                }
                (text("input"), text("error"))
            })
            .collect();
        told.sort_unstable();
        assert_eq!(told, folders, "{line}");
        assert_eq!(made.len(), results, "{line}");
        // Counted once; a single input has no summary.
        let summary = run.err.lines().find(|line| line.contains(" skipped, "));
        let summed = !flags.contains("--dry-run") && results + folders.len() > 1;
        assert_eq!(summary.is_some(), summed, "{line}: {}", run.err);
        if let Some(summary) = summary {
            let summary = summary.strip_prefix("stridekern: ").unwrap();
            let counts = counts(summary);
            assert_eq!(counts, [results, 0, folders.len(), 0], "{line}: {summary}");
            let names: Vec<_> = run
                .err
                .lines()
                .filter_map(|line| line.strip_prefix("stridekern: failed: "))
                .collect();
            assert_eq!(names.len(), folders.len(), "{line}");
        }
        fs::remove_dir_all(room.path("out")).unwrap_or_default();
    }
}

/// Where only such folders were named, where results would go is of no interest.
#[test]
fn no_output_is_asked_for_where_there_is_nothing_to_filter() {
    let room = room();
    for output in ["x.png", "new", "new/", "none/x.png", "-"] {
        for inputs in ["in/shut -r", "in/shut/*.png", "round/*.png"] {
            let why = if inputs.starts_with('r') {
                LOOP
            } else {
                DENIED
            };
            let place = if inputs.starts_with('r') {
                "round"
            } else {
                "in/shut"
            };
            run(&room, &format!("{inputs} -k sobel -k emboss -o {output}"))
                .says(1, &[&format!("{place}: {why}")]);
        }
    }
    run(&room, "in/shut -r -k sobel -o - --json").says(
        2,
        &["--json and --output - both want standard output; write the image to a file"],
    );
    assert_eq!(room.names(), ["a.png", "in", "round"]);
}

/// The others are not begun after such a failure, and counted all the same.
#[test]
fn fail_fast_ends_with_the_first() {
    let room = room();
    let run = run(
        &room,
        "in/shut/*.png in/a.png in/b.png -k sobel -o out/ --fail-fast --json",
    );
    let status: Vec<_> = (run.json().iter())
        .map(|object| object["status"].clone())
        .collect();
    assert_eq!(status, ["failed", "not_made", "not_made"]);
    run.says(
        1,
        &[
            &format!("in/shut: {DENIED}"),
            "0 done, 0 skipped, 1 failed, 2 not made",
            "failed: in/shut",
        ],
    );
    assert_eq!(names_in(&room.path("out")), [""; 0]);
}

/// A folder that was named as an image fails as one, and not again as a folder.
#[test]
fn what_is_named_as_an_image_is_not_told_twice() {
    let room = room();
    for (named, pattern, why) in [
        (
            "in/shut",
            "in/shut/*.png",
            "the system does not let it be read; change its permissions",
        ),
        (
            "./in/shut",
            "in/sh*t/*.png",
            "the system does not let it be read; change its permissions",
        ),
        (
            "round",
            "./round/*",
            "cannot open the file: Too many levels of symbolic links (os error 40)",
        ),
    ] {
        let run = run(
            &room,
            &format!("{named} {pattern} -k sobel --json -f png -o out/"),
        );
        let objects = run.json();
        assert_eq!(objects.len(), 1);
        assert_eq!(
            (&objects[0]["input"], &objects[0]["error"]),
            (&named.into(), &why.into())
        );
        run.says(1, &[&format!("{named}: {why}")]);
    }
}
