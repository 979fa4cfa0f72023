//! What a file that is replaced keeps beside its content: its owner, its
//! permissions, its names, and on request itself.

use std::{fs, path::Path};

use stridekern::{Depth, codec::Format};

use crate::{Ran, Room, filter, names_in, picture};

const BLUR: &str = "-k box3 --photo --in-place";

#[test]
fn a_backup_is_the_input_as_it_was() {
    let room = Room::new();
    let old = room.bytes("a.png");
    let wanted = filter("box3")
        .with_extent(stridekern::Border::Edge)
        .apply(&room.read("a.png"))
        .unwrap();
    // What is checked before any work has no backup either.
    room.run(&format!("a.png {BLUR} --backup .orig --dry-run"));
    assert_eq!(room.names(), ["a.png"]);
    room.run(&format!("a.png {BLUR} --backup .orig")).silent();
    assert_eq!(room.names(), ["a.png", "a.png.orig"]);
    assert_eq!(room.bytes("a.png.orig"), old);
    assert_eq!(room.read("a.png"), wanted);
    // It is never replaced, nor is then its input.
    let new = room.bytes("a.png");
    let exists = "a.png: its backup a.png.orig exists already, so it may have been filtered before: move a.png.orig back over it to filter the original again, or choose another --backup to filter it as it is";
    for flag in ["", "-q", "--dry-run -q"] {
        room.run(&format!("a.png {BLUR} --backup .orig {flag}"))
            .says(1, &[exists]);
    }
    assert_eq!(room.bytes("a.png.orig"), old);
    assert_eq!(room.bytes("a.png"), new);
    room.run(&format!("a.png {BLUR} --backup ~")).silent();
    assert_eq!(room.bytes("a.png~"), new);
    assert_eq!(room.names(), ["a.png", "a.png.orig", "a.png~"]);
    // One that is refused leaves none.
    room.write("rgb.png", &picture(9, 9, 3, Depth::U8));
    let before = room.names();
    let run = room.run("rgb.png -k box3 --in-place --backup .orig");
    assert_eq!(run.code, Some(1));
    assert_eq!(room.names(), before);
    for flags in [
        "--backup .orig",
        "--in-place --backup=",
        "--in-place --backup /x",
    ] {
        let run = room.run(&format!("a.png -k box3 {flags}"));
        assert_eq!(run.code, Some(2), "{flags}: {}", run.err);
        assert_eq!(room.names(), before);
    }
}

#[test]
fn backups_are_no_inputs() {
    for suffix in [".orig", ".png", "_", "~"] {
        let room = Room::new();
        for name in ["in/a.png", "in/below/b.png"] {
            room.write(name, &picture(9, 8, 3, Depth::U8));
        }
        // Without an extension, content tells what it is.
        fs::copy(room.path("in/a.png"), room.path("in/plain")).unwrap();
        let old = room.bytes("in/a.png");
        let line = format!("in -r {BLUR} --backup {suffix}");
        room.run(&line).silent();
        let names: Vec<_> = ["a.png", "plain"]
            .into_iter()
            .flat_map(|name| [name.to_owned(), format!("{name}{suffix}")])
            .chain(["below".to_owned()])
            .collect();
        let sorted = || {
            let mut names = names.clone();
            names.sort();
            names
        };
        assert_eq!(names_in(&room.path("in")), sorted(), "{suffix}");
        assert_eq!(room.bytes(format!("in/a.png{suffix}")), old);
        // Again: the three inputs have backups, and these are no inputs.
        let run = room.run(&line);
        assert_eq!(run.code, Some(1), "{suffix}");
        let refused = run
            .err
            .lines()
            .filter(|line| line.contains("exists already"));
        assert_eq!(refused.count(), 3, "{suffix}: {}", run.err);
        assert_eq!(names_in(&room.path("in")), sorted(), "{suffix}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_with_several_names_is_replaced_once_for_each() {
    use std::os::unix::fs::symlink;
    let room = Room::new();
    room.write("in/m.png", &picture(9, 8, 3, Depth::U8));
    symlink("m.png", room.path("in/a-link.png")).unwrap();
    symlink("in", room.path("folder")).unwrap();
    let old = room.bytes("in/m.png");
    let wanted = filter("box3")
        .with_channel("each".parse().unwrap())
        .with_extent(stridekern::Border::Edge)
        .apply(&room.read("in/m.png"))
        .unwrap();
    // Named both: the user is asked which was meant.
    room.run(&format!("in/m.png in/a-link.png {BLUR}")).says(
        2,
        &["in/a-link.png: this input is named twice, also as in/m.png; name it once"],
    );
    assert_eq!(room.bytes("in/m.png"), old);
    // Found: done once.
    for (line, said) in [
        (
            "in -r",
            "in/a-link.png: it is the same file as in/m.png, which is replaced once",
        ),
        (
            "in/m.png in -r",
            "2 inputs are the same files as others, which are replaced once; -v names them",
        ),
        ("in/a-link.png in -r -q", ""),
        (
            "in folder/ -r",
            "3 inputs are the same files as others, which are replaced once; -v names them",
        ),
    ] {
        fs::write(room.path("in/m.png"), &old).unwrap();
        let run = room.run(&format!("{line} {BLUR}"));
        let lines: Vec<_> = said.lines().collect();
        run.says(0, &lines);
        assert_eq!(room.read("in/m.png"), wanted, "{line}");
        assert!(
            fs::symlink_metadata(room.path("in/a-link.png"))
                .unwrap()
                .is_symlink()
        );
    }
    // By hard links, what others call it stays as it was.
    fs::write(room.path("in/m.png"), &old).unwrap();
    fs::hard_link(room.path("in/m.png"), room.path("other.png")).unwrap();
    room.run(&format!("in/m.png {BLUR} --backup .orig")).says(
        0,
        &["in/m.png: warning: it has 2 names (hard links): only this one was replaced"],
    );
    assert_eq!(room.read("in/m.png"), wanted);
    assert_eq!(room.bytes("other.png"), old);
    assert_eq!(room.bytes("in/m.png.orig"), old);
}

#[cfg(unix)]
mod owners {
    use std::os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    };

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn is_superuser(room: &Room) -> bool {
        chown(room.path("a.png"), Some(1), Some(1)).is_ok()
            && chown(room.path("a.png"), Some(0), Some(0)).is_ok()
    }

    #[test]
    fn permissions_pass_on_to_the_result() {
        let room = Room::new();
        room.write("old.png", &picture(5, 5, 1, Depth::U8));
        for bits in [0o600, 0o640, 0o664, 0o755, 0o4755, 0o2755] {
            for line in [
                "a.png -k box3 --pad edge --in-place",
                "a.png -k box3 -o old.png --overwrite",
                "a.png -k box3 -o old.png --overwrite --preserve",
            ] {
                // Of two files, only that which it takes after has these.
                let (like, other) = match line.contains("--in-place") || line.contains("--preserve")
                {
                    true => ("a.png", "old.png"),
                    false => ("old.png", "a.png"),
                };
                set_mode(&room.path(other), 0o644);
                set_mode(&room.path(like), bits);
                room.run(line).silent();
                let made = if line.contains("old.png") {
                    "old.png"
                } else {
                    "a.png"
                };
                assert_eq!(mode(&room.path(made)), bits, "{line}");
            }
        }
    }

    #[test]
    fn the_superuser_keeps_the_owner_and_others_lose_the_rights_with_it() {
        let room = Room::new();
        if !is_superuser(&room) {
            eprintln!("skipped: only the superuser gives files away");
            return;
        }
        let path = room.path("a.png");
        let owner = |name: &str| {
            let file = fs::metadata(room.path(name)).unwrap();
            [file.uid(), file.gid()]
        };
        let give = |name: &str, ids: [u32; 2], bits| {
            chown(room.path(name), Some(ids[0]), Some(ids[1])).unwrap();
            set_mode(&room.path(name), bits);
        };
        for bits in [0o640, 0o4755, 0o2755, 0o6755] {
            for line in [
                "a.png -k box3 --pad edge --in-place",
                "a.png -k box3 -o a.png.new --preserve -f png --overwrite",
            ] {
                give("a.png", [1234, 2345], bits);
                room.run(line).silent();
                let made = if line.contains("new") {
                    "a.png.new"
                } else {
                    "a.png"
                };
                assert_eq!(owner(made), [1234, 2345], "{line}");
                assert_eq!(mode(&room.path(made)), bits, "{line}");
            }
        }
        // An output that is replaced stays its owner's too.
        room.write("old.png", &picture(5, 5, 1, Depth::U8));
        give("old.png", [1234, 2345], 0o4750);
        room.run("a.png -k box3 -o old.png --overwrite").silent();
        assert_eq!(owner("old.png"), [1234, 2345]);
        assert_eq!(mode(&room.path("old.png")), 0o4750);

        // Somebody else, in a folder where all may write, and who may run the
        // program.
        let program = room.path("program");
        fs::copy(env!("CARGO_BIN_EXE_stridekern"), &program).unwrap();
        set_mode(&program, 0o755);
        set_mode(&room.path(""), 0o777);
        let run_as = |ids: [u32; 2], line: &str| {
            let mut command = std::process::Command::new(&program);
            command.current_dir(room.path("")).uid(ids[0]).gid(ids[1]);
            command.args(line.split_whitespace());
            // A child that another test has just forked may hold the copy open for writing.
            loop {
                match command.output() {
                    Err(e) if e.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                        std::thread::yield_now();
                    }
                    output => break Ran::new(output.unwrap()),
                }
            }
        };
        let line = "a.png -k box3 --pad edge --in-place";
        for (theirs, bits, kept, lost) in [
            ([0, 0], 0o646, 0o646, "its owner and its group"),
            (
                [0, 0],
                0o4757,
                0o757,
                "its owner and its group and its set-ID and sticky bits",
            ),
            (
                [0, 999],
                0o6777,
                0o777,
                "its owner and its set-ID and sticky bits",
            ),
            (
                [999, 0],
                0o2757,
                0o757,
                "its group and its set-ID and sticky bits",
            ),
        ] {
            give("a.png", theirs, bits);
            let said = format!(
                "a.png: warning: the system did not let it keep {lost}: it belongs to user 999 and group 999 now"
            );
            run_as([999, 999], line).says(0, &[&said]);
            assert_eq!(owner("a.png"), [999, 999]);
            assert_eq!(mode(&path), kept);
        }
        // What they may not write is protected, though the folder would let it be replaced; so is
        // what nobody may write, even from the superuser.
        let refused = "the output exists already and is write-protected: change its permissions, or \
                       choose another place for the output";
        room.write("theirs.png", &picture(5, 5, 1, Depth::U8));
        let before = fs::read(&path).unwrap();
        for (ids, owner_ids, bits) in [
            ([999, 999], [0, 0], 0o644),
            ([999, 999], [0, 0], 0o600),
            ([999, 999], [0, 999], 0o444),
            ([999, 999], [999, 999], 0o555),
            ([0, 0], [0, 0], 0o444),
        ] {
            for (line, name) in [
                (line, "a.png"),
                ("theirs.png -k box3 -o a.png --overwrite", "a.png"),
                ("a.png -k box3 --pad edge --in-place --dry-run", "a.png"),
            ] {
                give("a.png", owner_ids, bits);
                let ran = run_as(ids, line);
                if bits == 0o600 && line.starts_with(name) {
                    // It cannot be read either.
                    assert_eq!(ran.code, Some(1), "{line}: {}", ran.err);
                } else {
                    let said = format!("stridekern: {name}: {refused}\n");
                    assert_eq!((ran.code, &ran.err), (Some(1), &said), "{line} {bits:o}");
                }
                assert_eq!(fs::read(&path).unwrap(), before, "{line} {bits:o}");
                assert_eq!(mode(&path), bits);
            }
        }
        // What is theirs stays as it is.
        give("a.png", [999, 999], 0o4755);
        run_as([999, 999], line).silent();
        assert_eq!(mode(&path), 0o4755);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn extended_attributes_and_access_lists_are_kept() {
        const ACCESS: &str = "system.posix_acl_access";
        let room = Room::new();
        let get = |name: &str, attribute| xattr::get(room.path(name), attribute).unwrap();
        if xattr::set(room.path("a.png"), "user.note", b"mine").is_err() {
            eprintln!("skipped: no extended attributes in the folder for temporary files");
            return;
        }
        // Read and write for the owner, read for user 1234, the group and the mask.
        let mut access = 2_u32.to_le_bytes().to_vec();
        for (tag, rights, id) in [
            (1_u16, 6_u16, u32::MAX),
            (2, 4, 1234),
            (4, 4, u32::MAX),
            (0x10, 4, u32::MAX),
            (0x20, 0, u32::MAX),
        ] {
            access.extend([tag.to_le_bytes(), rights.to_le_bytes()].concat());
            access.extend(id.to_le_bytes());
        }
        let lists = xattr::set(room.path("a.png"), ACCESS, &access).is_ok();
        for (line, made) in [
            (
                "a.png -k box3 --pad edge --in-place --backup .orig",
                "a.png",
            ),
            ("a.png -k box3 -o b.png --preserve", "b.png"),
        ] {
            room.run(line).silent();
            assert_eq!(get(made, "user.note").as_deref(), Some(&b"mine"[..]));
            if lists {
                assert_eq!(get(made, ACCESS), Some(access.clone()), "{made}");
                assert_eq!(mode(&room.path(made)), 0o640);
            }
        }
        assert_eq!(
            get("a.png.orig", "user.note").as_deref(),
            Some(&b"mine"[..])
        );
        // Of an output that is replaced, who may read it; not what is said of
        // its content.
        room.run("a.png -k emboss -o b.png --overwrite").silent();
        assert_eq!(get("b.png", "user.note"), None);
        if lists {
            assert_eq!(get("b.png", ACCESS), Some(access));
        }
    }
}

/// The names of formats that are written, with what they hold of these.
fn writable() -> impl Iterator<Item = (Format, Depth, usize)> {
    let depths = [Depth::U8, Depth::U16, Depth::F32];
    Format::ALL.into_iter().flat_map(move |format| {
        depths.into_iter().flat_map(move |depth| {
            let channels = (1..=5).filter(move |channels| format.can_hold(depth, *channels));
            channels.map(move |channels| (format, depth, channels))
        })
    })
}

#[test]
fn every_format_that_is_written_is_verified() {
    let room = Room::new();
    let mut count = 0;
    for (format, depth, channels) in writable() {
        let name = format!("x.{}", format.extension());
        room.write(&name, &picture(12, 11, channels, depth));
        // As many colours as a GIF holds, each opaque or not at all.
        let kernel = if format == Format::Gif {
            "identity"
        } else {
            "box3"
        };
        // More than four channels might be planes of a stack.
        let axes = if channels > 4 { "--axes YXC" } else { "" };
        let run = room.run(&format!(
            "{name} -k {kernel} --photo --in-place --verify {axes}"
        ));
        assert_eq!(
            run.code,
            Some(0),
            "{format} {depth} {channels}: {}",
            run.err
        );
        assert!(!run.err.contains("verified"), "{}", run.err);
        let run = room.run(&format!(
            "{name} -k {kernel} --photo -o out.{} --verify --overwrite {axes}",
            format.extension()
        ));
        assert_eq!(
            run.code,
            Some(0),
            "{format} {depth} {channels}: {}",
            run.err
        );
        count += 1;
        fs::remove_file(room.path(&name)).unwrap();
    }
    assert!(count > 40, "{count}");
    room.run("a.png -k box3 -o - --verify").says(
        2,
        &["--verify reads files back, which standard output is not; write the image to a file"],
    );
    #[cfg(target_os = "linux")]
    room.run("a.png -k box3 -o /dev/null -f png --verify").says(
        0,
        &["/dev/null: warning: it is no file that could be read back: it was not verified"],
    );
}
