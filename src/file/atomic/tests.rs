use std::fs::read_dir;

use super::{
    super::output::Output,
    temporary::{Kind, live},
    *,
};

const EXISTS: &str = "the output exists already";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A folder in which files under construction have names, and one as the system has it: on
/// Linux, without names.
fn folders() -> [tempfile::TempDir; 2] {
    let named = folder();
    live().folders.insert(named.path().to_owned(), Kind::Named);
    [named, folder()]
}

/// The files under construction that can be seen in a folder.
fn visible(folder: &Path) -> usize {
    let live = live();
    let paths = live.paths.iter();
    paths.filter(|path| path.starts_with(folder)).count()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn write_all(path: &Path, overwrite: Overwrite, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path, overwrite)?;
    file.write_all(bytes).map_err(writing)?;
    file.commit().map(drop)
}

#[cfg(target_os = "linux")]
#[test]
fn files_under_construction_have_no_name_where_there_are_such() {
    let folder = folder();
    let path = folder.path().join("a.png");
    let mut file = AtomicFile::create(&path, Overwrite::Refuse).unwrap();
    let kind = live().folders[folder.path()];
    // By a command of its own: whether this file system has them.
    let flags = rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::WRONLY;
    let has = rustix::fs::open(folder.path(), flags, rustix::fs::Mode::RUSR).is_ok();
    assert_eq!(kind == Kind::Unnamed, has);
    file.write_all(b"12345").unwrap();
    assert_eq!(names(folder.path()).len(), usize::from(!has));
}

#[test]
fn the_file_appears_whole_at_the_commit() {
    for folder in folders() {
        let path = folder.path().join("a.png");
        let mut file = AtomicFile::create(&path, Overwrite::Refuse).unwrap();
        file.write_all(b"12345").unwrap();
        file.seek(SeekFrom::Start(1)).unwrap();
        file.write_all(b"x").unwrap();
        file.flush().unwrap();
        assert!(!path.exists());
        assert_eq!(names(folder.path()).len(), visible(folder.path()));
        file.finish().unwrap();
        assert!(!path.exists());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"1x345");
        assert_eq!(names(folder.path()), ["a.png"]);
    }
}

#[test]
fn a_file_dropped_leaves_nothing_behind() {
    for (folder, has_name) in std::iter::zip(folders(), [true, false]) {
        let path = folder.path().join("a.png");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path, Overwrite::Replace).unwrap();
        file.write_all(b"new").unwrap();
        assert!(visible(folder.path()) == 1 || !has_name);
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["a.png"]);
        assert_eq!(visible(folder.path()), 0);
    }
}

#[test]
fn an_old_file_is_kept_or_replaced_as_told() {
    for folder in folders() {
        let path = folder.path().join("a.png");
        fs::write(&path, "old").unwrap();
        let refused = write_all(&path, Overwrite::Refuse, b"new").unwrap_err();
        assert_eq!(refused.to_string(), EXISTS);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write_all(&path, Overwrite::Replace, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.png"]);
    }
}

#[test]
fn a_file_that_came_meanwhile_is_kept() {
    for folder in folders() {
        let path = folder.path().join("a.png");
        let mut file = AtomicFile::create(&path, Overwrite::Refuse).unwrap();
        file.write_all(b"late").unwrap();
        fs::write(&path, "first").unwrap();
        assert_eq!(file.commit().unwrap_err().to_string(), EXISTS);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names(folder.path()), ["a.png"]);
    }
}

#[test]
fn of_many_writers_one_wins() {
    for (folder, overwrite) in folders().into_iter().flat_map(|folder| {
        let folder = std::sync::Arc::new(folder);
        [Overwrite::Refuse, Overwrite::Replace].map(|overwrite| (folder.clone(), overwrite))
    }) {
        let path = folder.path().join(format!("{overwrite:?}.png"));
        let wins: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8_u8)
                .map(|i| {
                    let path = &path;
                    scope.spawn(move || write_all(path, overwrite, &[i; 1000]))
                })
                .collect();
            let results = writers.into_iter().map(|writer| writer.join().unwrap());
            results.filter(Result::is_ok).count()
        });
        let all = overwrite == Overwrite::Replace;
        assert_eq!(wins, if all { 8 } else { 1 });
        let bytes = fs::read(&path).unwrap();
        assert_eq!(bytes, [bytes[0]; 1000]);
        assert!(
            names(folder.path())
                .iter()
                .all(|name| name.ends_with(".png"))
        );
    }
}

#[test]
fn places_that_cannot_be_written_to() {
    let folder = folder();
    let error = AtomicFile::create(folder.path(), Overwrite::Replace).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the output is a folder: name a file in it"
    );
    let missing = folder.path().join("no/such/a.png");
    let error = AtomicFile::create(&missing, Overwrite::Refuse).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("cannot create the output: "), "{text}");
    assert!(
        text.ends_with("; create the folder first, or choose another place for the output"),
        "{text}"
    );
    assert!(
        !text.contains("no/such") && !text.contains(".stridekern"),
        "{text}"
    );
    let path = folder.path().join("a.png");
    fs::write(&path, "old").unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert_eq!(
        write_all(&path, Overwrite::Replace, b"new")
            .unwrap_err()
            .to_string(),
        "the output exists already and is write-protected: change its permissions, or choose another place for the output"
    );
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["a.png"]);
}

#[cfg(unix)]
mod unix {
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn permissions_are_those_of_any_new_file_or_of_the_old_one() {
        for folder in folders() {
            let plain = folder.path().join("plain");
            fs::write(&plain, "").unwrap();
            let path = folder.path().join("a.png");
            write_all(&path, Overwrite::Refuse, b"1").unwrap();
            assert_eq!(mode(&path), mode(&plain));
            fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
            write_all(&path, Overwrite::Replace, b"2").unwrap();
            assert_eq!(mode(&path), 0o640);
        }
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = folder();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        write_all(&link, Overwrite::Replace, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        // One to nowhere is in the way all the same.
        fs::remove_file(&file).unwrap();
        let refused = write_all(&link, Overwrite::Refuse, b"new").unwrap_err();
        assert_eq!(refused.to_string(), EXISTS);
        let refused = write_all(&link, Overwrite::Replace, b"new").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the output is a symbolic link that leads to no file: remove it, or choose another place for the output"
        );
        assert_eq!(fs::read_link(&link).unwrap(), file);
        assert_eq!(names(folder.path()), ["link"]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn devices_are_written_to_and_stay_devices() {
        use std::os::unix::fs::FileTypeExt;
        let write = |path: &str, bytes: &[u8]| {
            let mut out = Output::create(Path::new(path), Overwrite::Refuse)?;
            out.write_all(bytes).map_err(writing)?;
            let written = out.finish()?;
            out.commit().map(|_| written)
        };
        assert_eq!(write("/dev/null", b"gone").unwrap(), 4);
        let error = write("/dev/full", b"too much").unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot write the output: No space left on device (os error 28); free some space, or choose another place for the output"
        );
        for device in ["/dev/null", "/dev/full"] {
            let refused = AtomicFile::create(Path::new(device), Overwrite::Replace).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "it is a device, which cannot be replaced"
            );
            assert!(fs::metadata(device).unwrap().file_type().is_char_device());
        }
    }
}

/// Names as `make` gives them; the checksums were computed by another program.
const OURS: [&str; 3] = [
    ".stridekern-0123456789abcdef-2e373913e5ad677d.tmp",
    ".stridekern-0000000000000000-c291d5fb48650465.tmp",
    ".stridekern-fedcba9876543210-d6e7df32e89769a9.tmp",
];

#[test]
fn what_a_killed_process_left_is_removed() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    for name in OURS {
        fs::write(path(name), "half").unwrap();
    }
    // That of a process that lives.
    let held = File::open(path(OURS[1])).unwrap();
    held.lock().unwrap();
    write_all(&path("a"), Overwrite::Refuse, b"1").unwrap();
    assert_eq!(names(folder.path()), [OURS[1], "a"]);
}

#[test]
fn files_of_others_are_kept() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let id = "0123456789abcdef";
    let ours = OURS[0];
    let mut near = vec![
        ".stridekern-backup.tmp".to_owned(),
        ".stridekern-.tmp".to_owned(),
        ".stridekern-é123456789abcdef.tmp".to_owned(),
        format!(".stridekern-{id}.tmp"),
        format!(".stridekern-{id}-.tmp"),
        format!(".stridekern-{}", &ours[OURS[0].len() - 20..]),
        ours.to_uppercase(),
        ours.replace(id, &id.to_uppercase()),
        ours.replace("2e373913e5ad677d", "2E373913E5AD677D"),
        // The checksum of an ID of another form proves nothing.
        ".stridekern-a-af63dc4c8601ec8c.tmp".to_owned(),
        format!("{ours}.bak"),
        format!("{ours}~"),
        format!("x{ours}"),
        ours[1..].to_owned(),
        ours.replace(".tmp", ""),
        ours.replace(".tmp", "-2.tmp"),
        ours.replace(".tmp", ".tmp.tmp"),
        ours.replace("stridekern", "stridekern2"),
    ];
    // Any one digit changed, in the ID or in the checksum.
    for (at, digit) in ours.char_indices().skip(12).take(33) {
        let other = if digit == '0' { "1" } else { "0" };
        near.push(format!("{}{other}{}", &ours[..at], &ours[at + 1..]));
    }
    near.sort();
    near.dedup();
    for name in &near {
        fs::write(path(name), "kept").unwrap();
    }
    // What is no regular file is not one of ours, whatever its name.
    fs::create_dir(path(OURS[1])).unwrap();
    let mut kept = near;
    kept.push(OURS[1].to_owned());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", path(OURS[2])).unwrap();
        kept.push(OURS[2].to_owned());
    }
    write_all(&path("a"), Overwrite::Refuse, b"1").unwrap();
    kept.push("a".to_owned());
    kept.sort();
    assert_eq!(names(folder.path()), kept);
}
