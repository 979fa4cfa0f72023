//! Many inputs: trees, lists, patterns and shares; what is told beforehand; and
//! files that are replaced.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, SystemTime},
};

use serde_json::json;
use stridekern::Depth;

use crate::{Room, names_in, picture};

/// Every file below, by its path from the room.
fn tree(room: &Room, folder: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for name in names_in(&room.path(&folder)) {
            let path = format!("{folder}/{name}");
            match room.path(&path).is_dir() {
                true => folders.push(path),
                false => paths.push(path),
            }
        }
    }
    paths.sort();
    paths
}

/// A tree of pictures with other things in it.
fn planted() -> Room {
    let room = Room::new();
    let small = picture(9, 8, 1, Depth::U8);
    for name in [
        "in/a.png",
        "in/b/a.PNG",
        "in/b/c/d.tif",
        "in/.e/f.png",
        "in/.g.png",
    ] {
        room.write("x.png", &small);
        room.write("x.tif", &small);
        let path = room.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let extension = if name.ends_with("tif") { "tif" } else { "png" };
        fs::copy(room.path(format!("x.{extension}")), path).unwrap();
    }
    fs::copy(room.path("x.png"), room.path("in/bare")).unwrap();
    room.text("in/notes", "no picture");
    room.text("in/notes.txt", "no picture");
    room
}

#[test]
fn a_tree_is_mirrored() {
    let room = planted();
    let passed = "passed over: 1 without extension, 1 txt; -v names them";
    room.run("in -k identity -r -o out").says(0, &[passed]);
    let made = [
        "out/a.identity.png",
        "out/b/a.identity.PNG",
        "out/b/c/d.identity.tif",
        "out/bare.identity.png",
    ];
    assert_eq!(tree(&room, "out"), made);
    assert_eq!(room.read("out/b/c/d.identity.tif").shape(), [7, 6, 1]);
    // With a hidden folder, a hidden file, one kind only.
    let hidden = room.run("in -k identity -r --hidden -o all");
    assert_eq!(hidden.code, Some(0), "{}", hidden.err);
    assert_eq!(tree(&room, "all").len(), 6);
    room.run("in -k identity -r --ext tif,jpg -o tifs").silent();
    assert_eq!(tree(&room, "tifs"), ["tifs/b/c/d.identity.tif"]);
    // Something that only looks like a picture is named.
    room.text("in/b/wrong.png", "no picture");
    let run = room.run("in -k identity -r -o again");
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("\nstridekern: in/b/wrong.png: "),
        "{}",
        run.err
    );
    assert!(
        run.err.ends_with(
            "\nstridekern: 4 done, 0 skipped, 1 failed\nstridekern: failed: in/b/wrong.png\n"
        ),
        "{}",
        run.err
    );
    assert_eq!(tree(&room, "again").len(), 4);
    room.run("out in/b -k sobel -r --ext gif").says(
        2,
        &["out: there is no image in this folder; name another one, or choose files with --ext"],
    );
}

#[test]
fn results_are_no_inputs() {
    let room = planted();
    // Beside their inputs, and in a folder among the inputs.
    for _ in 0..2 {
        assert_eq!(room.run("in -k identity -r --overwrite").code, Some(0));
        assert_eq!(
            tree(&room, "in")
                .iter()
                .filter(|path| path.contains("identity"))
                .count(),
            4
        );
    }
    let room = planted();
    fs::create_dir(room.path("in/out")).unwrap();
    for _ in 0..2 {
        let ran = room.run("in -k identity -r -o in/out --overwrite");
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert_eq!(tree(&room, "in/out").len(), 4);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn folders_that_cannot_be_seen_do_not_stop_the_others() {
    use std::os::unix::fs::symlink;
    let room = planted();
    symlink("..", room.path("in/b/up")).unwrap();
    symlink("b/c", room.path("in/z")).unwrap();
    assert_eq!(room.run("in -k identity -r -o out").code, Some(0));
    assert_eq!(tree(&room, "out").len(), 4);
    // Round and round, but for each folder once on every way to it.
    let ran = room.run("in -k identity -r --follow -o followed");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let followed = tree(&room, "followed");
    assert_eq!(followed.len(), 5);
    assert_eq!(followed[4], "followed/z/d.identity.tif");

    // Too deep for the name of any file: even the superuser cannot look there.
    let name = "n".repeat(250);
    let deep = [name.as_str(); 14].join("/");
    for root in ["in", "more"] {
        fs::create_dir_all(room.path(root).join(&deep)).unwrap();
    }
    fs::rename(room.path("more"), room.path("in").join(&deep).join("more")).unwrap();
    let run = room.run("in -k identity -r -o deep");
    let rest = run.err.strip_prefix("stridekern: ").unwrap();
    let (lost, rest) = rest.split_once(": ").unwrap();
    assert!(lost.starts_with(&format!("in/{name}/{name}/")), "{lost}");
    assert_eq!(
        rest,
        format!(
            "cannot look into the folder: File name too long (os error 36)\nstridekern: passed over: 1 without extension, 1 txt; -v names them\nstridekern: 4 done, 0 skipped, 1 failed\nstridekern: failed: {lost}\n"
        )
    );
    assert_eq!(run.code, Some(1));
    assert_eq!(tree(&room, "deep").len(), 4);
    let run = room.run("in -k identity -r --dry-run");
    assert_eq!((run.code, run.text().lines().count()), (Some(1), 4));
    let run = room.run("in -k identity -r -o fast --fail-fast");
    assert!(
        run.err
            .contains("stridekern: 0 done, 0 skipped, 1 failed, 4 not made\n"),
        "{}",
        run.err
    );
}

#[test]
fn inputs_come_from_lists_and_patterns() {
    let room = planted();
    room.text("list", "in/a.png\n\nin/b/c/d.tif\n");
    room.run("--files-from list -k identity -o out").silent();
    assert_eq!(
        names_in(&room.path("out")),
        ["a.identity.png", "d.identity.tif"]
    );
    room.run_with(
        "--files-from - --null -k identity -o nulls",
        b"in/a.png\0in/b/c/d.tif\0",
    )
    .silent();
    assert_eq!(
        names_in(&room.path("nulls")),
        ["a.identity.png", "d.identity.tif"]
    );
    // No shell is between these tests and the program.
    room.run("in/*.png in/b/?.PNG -k identity -f pgm -o globs/")
        .says(2, &["globs/a.identity.pgm: two results would have this path, of in/a.png and of in/b/a.PNG; give them different names or folders"]);
    room.run("in/*.png -k identity -o globs/").silent();
    assert_eq!(names_in(&room.path("globs")), ["a.identity.png"]);
    room.run("nothing*.png -k identity")
        .says(1, &["nothing*.png: there is no such file; check its name"]);
    room.text("empty", "\n");
    room.run("--files-from empty -k identity")
        .says(2, &["empty: there is no name in this list"]);
    room.run("--files-from missing -k identity").says(
        2,
        &["missing: cannot read the list: No such file or directory (os error 2)"],
    );
    room.run("- --files-from - -k identity -o x.png")
        .says(2, &["standard input was named twice; it can be read once"]);
}

#[cfg(unix)]
#[test]
fn names_may_be_of_any_bytes() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let room = Room::new();
    let name = OsStr::from_bytes(b"new\nline \xff.png");
    fs::rename(room.path("a.png"), room.path(name)).unwrap();
    let mut list = name.as_bytes().to_vec();
    list.push(0);
    room.run_with("--files-from - --null -k identity -o out/", &list)
        .silent();
    let made = room
        .path("out")
        .join(OsStr::from_bytes(b"new\nline \xff.identity.png"));
    assert!(made.exists());
    room.run_with("--files-from - --null -k identity -o out/", &list)
        .says(1, &["out/new\\nline \u{fffd}.identity.png: the output exists already; use --overwrite to replace it or --skip-existing to keep it"]);
}

#[test]
fn shares_are_every_input_once() {
    let room = Room::new();
    let small = picture(3, 3, 1, Depth::U8);
    for at in 0..30 {
        room.write(&format!("in/{at}.pgm"), &small);
    }
    let mut all = BTreeSet::new();
    for share in ["1/3", "2/3", "3/3"] {
        let run = room.run(&format!(
            "in -r -k identity -o out --dry-run --shard {share}"
        ));
        let lines = run.silent().text();
        assert!(lines.lines().count() > 3, "{lines}");
        all.extend(lines.lines().map(str::to_owned));
        assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len());
    }
    assert_eq!(all.len(), 30);
    for share in ["0/3", "4/3", "1", "1/0", "a/b"] {
        room.run(&format!("in -r -k identity --shard {share}"))
            .says(
                2,
                &[&format!(
                    "`{share}` is no --shard: give I/N with I from 1 to N, such as 2/8"
                )],
            );
    }
}

#[test]
fn a_dry_run_tells_and_touches_nothing() {
    let room = Room::new();
    room.text("wrong.png", "no picture");
    let before = room.names();
    let run =
        room.run("a.png wrong.png -k identity -k emboss --pad valid,edge -o out --dry-run -f tif");
    let text = run.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    let plan = "a.png -> out/a.emboss.tif: kernel emboss, built in, valid, 18 x 11, 1 x 8-bit, tiff, direct in i16, ";
    assert!(lines[2].starts_with(plan), "{}", lines[2]);
    assert!(
        lines[3].starts_with(
            "a.png -> out/a.emboss.edge.tif: kernel emboss, built in, edge, 20 x 13, "
        )
    );
    assert_eq!(run.code, Some(1));
    assert_eq!(run.err.lines().count(), 4, "{}", run.err);
    assert_eq!(room.names(), before);
    // What exists.
    room.run("a.png -k identity").silent();
    room.run("a.png -k identity --dry-run").says(1, &["a.identity.png: the output exists already; use --overwrite to replace it or --skip-existing to keep it"]);
    let text = room
        .run("a.png -k identity --dry-run --skip-existing")
        .silent()
        .text();
    assert_eq!(text, "a.png -> a.identity.png: exists, skipped\n");
    let text = room
        .run("a.png -k identity --dry-run --overwrite")
        .silent()
        .text();
    assert!(text.ends_with(", replaces\n"), "{text}");
    let objects = room.run("a.png -k emboss --dry-run --json").silent().json();
    assert_eq!(objects[0]["status"], "planned");
    assert_eq!(objects[0]["output"], "a.emboss.png");
    assert_eq!(
        (&objects[0]["width"], &objects[0]["height"]),
        (&json!(18), &json!(11))
    );
}

#[test]
fn a_file_is_replaced_by_its_result_when_that_is_whole() {
    let room = Room::new();
    let before = room.read("a.png");
    room.run("a.png -k emboss --pad valid --in-place").silent();
    assert_eq!(room.read("a.png").shape(), [11, 18, 1]);
    assert_eq!(room.names(), ["a.png"]);
    assert_ne!(room.read("a.png"), before);
    // Nothing is lost where it fails.
    room.text("cut.png", "");
    let bytes = room.bytes("a.png");
    fs::write(room.path("cut.png"), &bytes[..bytes.len() / 2]).unwrap();
    let run = room.run("cut.png a.png -k identity --in-place");
    assert_eq!(run.code, Some(1));
    assert_eq!(room.bytes("cut.png"), bytes[..bytes.len() / 2]);
    for (arguments, message) in [
        (
            "a.png -k sobel -k emboss --in-place",
            "--in-place has room for one result, not for 2; use one kernel and one border",
        ),
        (
            "a.png ./a.png -k sobel --in-place",
            "./a.png: this input is named twice, also as a.png; name it once",
        ),
    ] {
        room.run(arguments).says(2, &[message]);
    }
}

#[cfg(unix)]
#[test]
fn time_and_permissions_are_preserved() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = fs::File::options()
        .write(true)
        .open(room.path("a.png"))
        .unwrap();
    file.set_modified(time).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o640))
        .unwrap();
    room.run("a.png -k sobel --preserve").silent();
    let known = fs::metadata(room.path("a.sobel.png")).unwrap();
    assert_eq!(known.modified().unwrap(), time);
    assert_eq!(known.permissions().mode() & 0o777, 0o640);
    room.run("a.png -k sobel --pad edge").silent();
    let known = fs::metadata(room.path("a.sobel.edge.png")).unwrap();
    assert!(known.modified().unwrap() > time);
}
