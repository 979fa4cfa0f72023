//! In place, backups of other runs and programs are no inputs.

use std::fs;

use crate::{Room, names_in};

fn room(names: &[&str]) -> Room {
    let room = Room::new();
    fs::create_dir(room.path("in")).unwrap();
    for name in names {
        fs::copy(room.path("a.png"), room.path(format!("in/{name}"))).unwrap();
    }
    room
}

#[test]
fn a_run_with_another_suffix_leaves_those_of_the_first() {
    for (first, second) in [
        (".bak", ".orig"),
        (".orig.png", ".bak.png"),
        ("_old.png", "~.png"),
    ] {
        let room = room(&["a.png", "b.png"]);
        let original = room.bytes("a.png");
        let line = "-k box3 --photo --in-place";
        room.run(&format!("in -r {line} --backup {first}")).silent();
        let once = room.bytes("in/a.png");
        // By a walk, and by names.
        let inputs = format!("in/a.png in/b.png in/a.png{first} in/b.png{first}");
        room.run(&format!("{inputs} {line} --backup {second}"))
            .says(0, &["passed over: 2 backups; -v names them"]);
        let told = match first {
            ".bak" => "passed over: 2 bak, 2 orig; -v names them",
            _ => "passed over: 4 backups; -v names them",
        };
        room.run(&format!("in -r {line} --dry-run"))
            .says(0, &[told]);
        assert_eq!(names_in(&room.path("in")).len(), 6, "{first}");
        for name in ["a", "b"] {
            assert_eq!(room.bytes(format!("in/{name}.png{first}")), original);
            assert_eq!(room.bytes(format!("in/{name}.png{second}")), once);
        }
        let plain = room.run(&format!("{inputs} {line}"));
        plain.says(0, &["passed over: 2 backups; -v names them"]);
        assert_eq!(room.bytes(format!("in/a.png{first}")), original);
        let verbose = room.run(&format!("{inputs} {line} -v --dry-run")).err;
        let named = format!("in/a.png{first}: passed over, it is the backup of in/a.png\n");
        assert!(verbose.contains(&named), "{verbose}");
        // Named without its original, or with results elsewhere, it is a picture.
        room.run(&format!("in/a.png{first} -k box3 -o out.png"))
            .silent();
        room.run(&format!("in/a.png{first} {line}")).silent();
    }
}

#[test]
fn names_that_may_be_backups_are_told_of() {
    let room = room(&["a.png", "a.png.v1", "a.png.v2.png"]);
    let line = "-k box3 --photo --in-place";
    room.run(&format!("in/a.png in/a.png.v1 {line}")).says(
        0,
        &["in/a.png.v1: it is named as in/a.png and more, and is filtered as well; leave it out if it is a backup"],
    );
    room.run(&format!("in/a.png in/a.png.v1 in/a.png.v2.png {line}")).says(
        0,
        &["2 inputs are named as others and more, in/a.png.v1 as in/a.png, and are filtered as well; leave them out if they are backups"],
    );
    // Nothing is replaced elsewhere.
    room.run("in/a.png in/a.png.v1 -k box3 --photo -f png -o out/")
        .silent();
}
