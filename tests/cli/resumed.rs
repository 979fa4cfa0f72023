//! A batch in place that was interrupted goes on where it stopped, by its backups.

use std::{fs, path::Path};

use crate::Room;

const NAMES: [&str; 3] = ["a.png", "b.png", "c.png"];
const LINE: &str = "a.png b.png c.png -k box3 --photo --in-place --backup .orig";

/// Three pictures, the first two of which were filtered.
fn interrupted() -> Room {
    let room = Room::new();
    for name in &NAMES[1..] {
        fs::copy(room.path("a.png"), room.path(name)).unwrap();
    }
    room.run("a.png b.png -k box3 --photo --in-place --backup .orig")
        .silent();
    room
}

fn bytes(room: &Room) -> Vec<Vec<u8>> {
    NAMES.iter().map(|name| room.bytes(name)).collect()
}

#[test]
fn what_has_its_backup_is_skipped() {
    let room = interrupted();
    let [filtered, _, original] = bytes(&room).try_into().unwrap();
    assert_ne!(filtered, original);
    let plan = room
        .run(&format!("{LINE} --skip-existing --dry-run"))
        .silent()
        .text();
    let plan: Vec<_> = plan.lines().collect();
    assert_eq!(plan[0], "a.png -> a.png: has its backup, skipped");
    assert_eq!(plan[1], "b.png -> b.png: has its backup, skipped");
    assert!(plan[2].ends_with(", replaces"), "{}", plan[2]);
    let done = room
        .run(&format!("{LINE} --skip-existing --json"))
        .silent()
        .json();
    let status = done.iter().map(|object| object["status"].as_str().unwrap());
    assert_eq!(Vec::from_iter(status), ["skipped", "skipped", "done"]);
    for _ in 0..2 {
        assert_eq!(bytes(&room), vec![filtered.clone(); 3]);
        for name in NAMES {
            assert_eq!(room.bytes(format!("{name}.orig")), original);
        }
        room.run(&format!("{LINE} --skip-existing -v")).says(
            0,
            &[
                "a.png: has its backup, skipped",
                "b.png: has its backup, skipped",
                "c.png: has its backup, skipped",
                "0 done, 3 skipped, 0 failed",
            ],
        );
        room.run(&format!(
            ". -r {} --skip-existing",
            LINE.split_once("c.png ").unwrap().1
        ))
        .says(0, &["passed over: 3 backups; -v names them"]);
    }
    // Without the flag it stays an error, and without backups nothing tells what was done.
    let refused = room.run(LINE);
    assert_eq!(refused.code, Some(1));
    assert_eq!(
        refused.err.matches("exists already").count(),
        3,
        "{}",
        refused.err
    );
    room.run("a.png -k box3 --photo --in-place --skip-existing").says(
        2,
        &["--in-place with --skip-existing goes by the backups of what was filtered before; add --backup, or drop --skip-existing"],
    );
    assert_eq!(room.run("a.png -k box3 --backup .orig").code, Some(2));
    assert_eq!(bytes(&room), vec![filtered; 3]);
}

/// A run that was killed between keeping an input and replacing it has filtered nothing,
/// whether the backup is a further name or, where the system has none, a copy.
#[test]
fn what_its_backup_holds_still_was_not_filtered() {
    fn link(file: &Path, backup: &Path) {
        fs::hard_link(file, backup).unwrap();
    }
    fn copy(file: &Path, backup: &Path) {
        fs::copy(file, backup).unwrap();
    }
    for (flags, keep, is_link) in [
        ("", link as fn(&Path, &Path), true),
        ("", copy, false),
        ("--skip-existing", link, true),
        ("--skip-existing", copy, false),
    ] {
        let room = interrupted();
        let [filtered, _, original] = bytes(&room).try_into().unwrap();
        keep(&room.path("c.png"), &room.path("c.png.orig"));
        let line = LINE.strip_prefix("a.png b.png ").unwrap();
        let run = room.run(&format!("{line} {flags} -q"));
        // Of a name of the file that is left behind, also where only errors are asked for.
        let links =
            "stridekern: c.png: warning: it has 2 names (hard links): only this one was replaced\n";
        let told = if is_link { links } else { "" };
        assert_eq!((run.code, run.err.as_str()), (Some(0), told), "{flags}");
        assert_eq!(bytes(&room), vec![filtered; 3]);
        assert_eq!(room.bytes("c.png.orig"), original);
    }
    // Of the same length, but another.
    let room = interrupted();
    let mut other = room.bytes("c.png");
    *other.last_mut().unwrap() ^= 1;
    fs::write(room.path("c.png.orig"), &other).unwrap();
    let run = room.run("c.png -k box3 --photo --in-place --backup .orig");
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("exists already"), "{}", run.err);
    assert_eq!(room.bytes("c.png.orig"), other);
}

#[test]
fn what_is_no_backup_is_not_taken_for_one() {
    let room = Room::new();
    let old = room.bytes("a.png");
    let backup = room.path("a.png.orig");
    let line = "a.png -k box3 --photo --in-place --backup .orig";
    let told = "a.png: the place of its backup a.png.orig is taken by what is no backup: move a.png.orig away, or choose another --backup";
    let check = || {
        for flags in ["", "--skip-existing", "--skip-existing --dry-run"] {
            room.run(&format!("{line} -q {flags}")).says(1, &[told]);
            assert_eq!(room.bytes("a.png"), old);
        }
    };
    fs::write(&backup, "").unwrap();
    check();
    fs::remove_file(&backup).unwrap();
    fs::create_dir(&backup).unwrap();
    check();
    #[cfg(unix)]
    {
        fs::remove_dir(&backup).unwrap();
        std::os::unix::fs::symlink("nowhere", &backup).unwrap();
        check();
    }
}

/// Originals are named where a shell expands `*`, and stay what they are.
#[test]
fn backups_that_are_named_are_no_inputs() {
    for suffix in [".orig", "_orig.png", ".png"] {
        let room = Room::new();
        fs::copy(room.path("a.png"), room.path("b.png")).unwrap();
        let original = room.bytes("a.png");
        let flags = format!("-k box3 --photo --in-place --backup {suffix}");
        room.run(&format!("a.png b.png {flags}")).silent();
        let backups = ["a.png", "b.png"].map(|name| format!("{name}{suffix}"));
        let state = || {
            let names = room.names().into_iter();
            Vec::from_iter(names.map(|name| (room.bytes(&name), name)))
        };
        let before = state();
        let all = room.names().join(" ");
        let counted = "passed over: 2 backups; -v names them";
        for inputs in [&all, "*", "-r ."] {
            let line = format!("{inputs} {flags}");
            room.run(&format!("{line} --skip-existing"))
                .says(0, &[counted]);
            let again = room.run(&line);
            assert_eq!(again.code, Some(1), "{line}");
            assert!(again.err.contains(counted), "{}", again.err);
            assert_eq!(again.err.matches("exists already").count(), 2);
            let objects = room
                .run(&format!("{line} --skip-existing --json -q"))
                .json();
            let passed = objects.iter().filter(|o| o["status"] == "passed_over");
            let passed = Vec::from_iter(passed.map(|object| object["reason"].to_string()));
            assert_eq!(passed.len(), 2, "{line}");
            assert!(passed[0].ends_with("a.png\""), "{line}: {passed:?}");
            assert!(state() == before, "{line}");
        }
        let [a, b] = &backups;
        room.run(&format!("a.png {a} {flags} --skip-existing"))
            .says(
                0,
                &[&format!("{a}: passed over, it is the backup of a.png")],
            );
        let advice = format!("name a.png, or move {a} back over it to filter the original again");
        let told = |others| {
            format!(
                "{a}: it is the backup of a.png by --backup{others}, and no result may replace it: {advice}"
            )
        };
        room.run(&format!("{a} {flags}")).says(2, &[&told("")]);
        room.run(&format!("{a} {b} {flags} --skip-existing"))
            .says(2, &[&told(", and so is 1 other")]);
        assert!(state() == before, "{suffix}");
        // By another name, too.
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(a, room.path("link.png")).unwrap();
            assert_eq!(room.run(&format!("link.png {flags}")).code, Some(2));
            assert_eq!(room.bytes(a), original);
        }
        // Without its file it is a file like others.
        fs::remove_file(room.path("b.png")).unwrap();
        room.run(&format!("{b} {flags}")).silent();
        assert_eq!(room.bytes(format!("{b}{suffix}")), original);
    }
}
