//! Files are safe: from other runs at the same time, from inputs that change
//! meanwhile, in places that are full of surprises. What is there is whole, what
//! was there is not lost, and nothing is left behind.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Child, Stdio},
};

use serde_json::Value;
use stridekern::{Depth, Image};

use crate::{Ran, Room, filter, names_in, picture, under_construction, wait_until};

const EXISTS: &str =
    "the output exists already; use --overwrite to replace it or --skip-existing to keep it";

fn start(room: &Room, line: &str) -> Child {
    (room.command().args(line.split_whitespace()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A run that has read the beginning of a picture from standard input, and
/// waits for the rest.
struct Halfway {
    child: Child,
    rest: Vec<u8>,
}

impl Halfway {
    /// Until it has a file under construction in `folder`.
    fn new(room: &Room, line: &str, input: &[u8], folder: &Path) -> Self {
        let mut child = start(room, line);
        let (begin, rest) = input.split_at(input.len() / 2);
        child.stdin.as_mut().unwrap().write_all(begin).unwrap();
        wait_until("no file under construction", || {
            under_construction(&child, folder) == 1
        });
        Self {
            child,
            rest: rest.to_owned(),
        }
    }

    fn finish(mut self) -> Ran {
        let mut stdin = self.child.stdin.take().unwrap();
        stdin.write_all(&self.rest).unwrap();
        drop(stdin);
        Ran::new(self.child.wait_with_output().unwrap())
    }
}

/// A picture of several kilobytes, as a file that is read by rows.
fn tall(room: &Room, name: &str, rows: usize) -> (Vec<u8>, Image) {
    room.write(name, &picture(rows, 90, 1, Depth::U8));
    let wanted = filter("sobel").apply(&room.read(name)).unwrap();
    (room.bytes(name), wanted)
}

#[test]
fn two_runs_on_one_folder_make_every_file_once() {
    let room = Room::new();
    for at in 0..24 {
        room.write(
            &format!("in/{at:02}.pgm"),
            &picture(60 + at, 90, 1, Depth::U8),
        );
    }
    let line = "in -r -k sobel -k emboss -f png --json -j 2";
    room.run(&format!("{line} -o alone")).silent();
    let names = names_in(&room.path("alone"));
    assert_eq!(names.len(), 48);
    for (flag, second) in [
        ("--skip-existing", "skipped"),
        ("--overwrite", "done"),
        ("", "failed"),
    ] {
        let line = format!("{line} {flag} -o together");
        let runs = [start(&room, &line), start(&room, &line)];
        let runs = runs.map(|child| Ran::new(child.wait_with_output().unwrap()));
        assert_eq!(names_in(&room.path("together")), names);
        for name in &names {
            let path = format!("together/{name}");
            let wanted = room.bytes(format!("alone/{name}"));
            assert!(room.bytes(&path) == wanted, "{path}");
            // Who came first made it.
            let became = |run: &Ran| {
                let lines = run.json();
                let line = lines.iter().find(|line| line["output"] == path.as_str());
                line.unwrap()["status"].as_str().unwrap().to_owned()
            };
            let mut both = [became(&runs[0]), became(&runs[1])];
            both.sort();
            assert_eq!(both, ["done", second], "{path} {flag}");
        }
        for run in runs {
            let lines = run.json();
            let failed = |line: &&Value| line["status"] == "failed";
            let failed = lines.iter().filter(failed).count();
            assert_eq!(run.code, Some(i32::from(failed > 0)));
            let told = run.err.lines().filter(|line| line.ends_with(EXISTS));
            assert_eq!(told.count(), failed, "{}", run.err);
        }
        fs::remove_dir_all(room.path("together")).unwrap();
    }
}

#[test]
fn an_output_that_another_program_makes_meanwhile_is_kept() {
    let room = Room::new();
    let (input, wanted) = tall(&room, "tall.pgm", 80);
    let halfway = |flag: &str| {
        let line = format!("- -k sobel -o out.png {flag}");
        let run = Halfway::new(&room, &line, &input, &room.path(""));
        room.text("out.png", "another's");
        run.finish()
    };
    let before = room.names();
    for (flag, code, said) in [
        ("--skip-existing", 0, ""),
        (
            "--skip-existing -v",
            0,
            "stridekern: out.png: exists, skipped\n",
        ),
        ("", 1, &format!("stridekern: out.png: {EXISTS}\n")),
    ] {
        let run = halfway(flag).unskipped();
        assert_eq!((run.code, run.err.as_str()), (Some(code), said), "{flag}");
        assert_eq!(room.bytes("out.png"), b"another's");
        assert_eq!(room.new_names(&before), ["out.png"]);
        fs::remove_file(room.path("out.png")).unwrap();
    }
    let json = halfway("--skip-existing --json").unskipped();
    let json = json.silent().json();
    assert_eq!(json[0]["status"], "skipped");
    fs::remove_file(room.path("out.png")).unwrap();
    halfway("--overwrite").silent();
    assert_eq!(room.read("out.png"), wanted);
    assert_eq!(room.new_names(&before), ["out.png"]);
}

#[test]
fn runs_leave_the_files_of_others_alone() {
    let room = Room::new();
    let (first_input, first) = tall(&room, "first.pgm", 80);
    let (second_input, second) = tall(&room, "second.pgm", 95);
    let folder = room.path("out");
    fs::create_dir(&folder).unwrap();
    let halfway = |line: &str, input: &[u8]| Halfway::new(&room, line, input, &folder);
    for (flag, last) in [("--overwrite", &second), ("--skip-existing", &first)] {
        let line = format!("- -k sobel -o out/x.png {flag}");
        let one = halfway(&line, &first_input);
        let other = halfway(&line, &second_input);
        // A third one comes and goes.
        let third = room.run(&format!("a.png -k sobel -o out {flag}"));
        third.unskipped().silent();
        for run in [&one, &other] {
            assert_eq!(under_construction(&run.child, &folder), 1);
        }
        one.finish().unskipped().silent();
        assert_eq!(room.read("out/x.png"), first);
        other.finish().unskipped().silent();
        assert_eq!(room.read("out/x.png"), *last);
        assert_eq!(names_in(&folder), ["a.sobel.png", "x.png"]);
        fs::remove_file(room.path("out/x.png")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn inputs_that_change_before_their_turn_are_read_as_they_are_then() {
    let room = Room::new();
    let (input, wanted) = tall(&room, "tall.pgm", 80);
    for name in ["gone", "other", "cut", "text", "same"] {
        fs::copy(room.path("a.png"), room.path(format!("{name}.png"))).unwrap();
    }
    fs::create_dir(room.path("out")).unwrap();
    room.text("out/cut.sobel.png", "old");
    // One thread: the others wait for the first one.
    let run = Halfway::new(
        &room,
        "/dev/stdin gone.png other.png cut.png text.png same.png -k sobel -f png -o out -j 1 --overwrite",
        &input,
        &room.path("out"),
    );
    fs::remove_file(room.path("gone.png")).unwrap();
    room.write("new.png", &picture(31, 7, 1, Depth::U8));
    let other = filter("sobel").apply(&room.read("new.png")).unwrap();
    fs::rename(room.path("new.png"), room.path("other.png")).unwrap();
    let whole = room.bytes("a.png");
    fs::write(room.path("cut.png"), &whole[..whole.len() / 2]).unwrap();
    room.text("text.png", "hello");
    run.finish().says(
        1,
        &[
            "gone.png: there is no such file; check its name",
            "cut.png: the png file ends before its picture does: get a complete copy of it",
            "text.png: it is no picture that can be read, it looks like text: supported are png, jpeg, tiff, webp, bmp, pbm, pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy",
            "3 done, 0 skipped, 3 failed",
            "failed: gone.png",
            "failed: cut.png",
            "failed: text.png",
        ],
    );
    assert_eq!(
        names_in(&room.path("out")),
        [
            "cut.sobel.png",
            "other.sobel.png",
            "same.sobel.png",
            "stdin.sobel.png"
        ]
    );
    assert_eq!(room.read("out/stdin.sobel.png"), wanted);
    assert_eq!(room.read("out/other.sobel.png"), other);
    assert_eq!(
        room.read("out/same.sobel.png"),
        filter("sobel").apply(&room.read("a.png")).unwrap()
    );
    assert_eq!(room.bytes("out/cut.sobel.png"), b"old");
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_too_long_fail_alone_and_before_any_work() {
    const TOO_LONG: &str = "cannot create the output: File name too long (os error 36); give the input a shorter name, or choose another place for the output";
    let room = Room::new();
    // Its own name fits into 255 bytes, that of its result does not.
    let stem = "n".repeat(247);
    // Not read: it is no picture.
    room.text(&format!("{stem}.png"), "no picture");
    let before = room.names();
    for flag in ["", "--skip-existing", "--overwrite"] {
        room.run(&format!("{stem}.png a.png -k sobel {flag}")).says(
            1,
            &[
                &format!("{stem}.sobel.png: {TOO_LONG}"),
                "1 done, 0 skipped, 1 failed",
                &format!("failed: {stem}.png"),
            ],
        );
        assert_eq!(room.new_names(&before), ["a.sobel.png"]);
        fs::remove_file(room.path("a.sobel.png")).unwrap();
    }
    room.write("b.png", &picture(9, 9, 1, Depth::U8));
    fs::copy(room.path("b.png"), room.path(format!("{stem}.png"))).unwrap();
    room.run(&format!("{stem}.png -k sobel --dry-run"))
        .says(1, &[&format!("{stem}.sobel.png: {TOO_LONG}")]);
    // What the message advises works.
    room.run(&format!("{stem}.png -k sobel -o short.png"))
        .silent();
    room.run(&format!("a.png -k sobel -o {stem}nnnn.png"))
        .silent();
    room.run(&format!("a.png -k sobel -o {stem}nnnnn.png"))
        .says(1, &[&format!("{stem}nnnnn.png: {TOO_LONG}")]);

    // A path of 4093 bytes; 4095 is the longest.
    let mut folder = room.path("");
    while folder.as_os_str().len() < 3840 {
        folder.push("d".repeat(200));
    }
    folder.push("d".repeat(4093 - folder.as_os_str().len() - 2 - "a.png".len()));
    fs::create_dir_all(&folder).unwrap();
    let deep = folder.join("a.png");
    assert_eq!(deep.as_os_str().len(), 4093);
    fs::copy(room.path("a.png"), &deep).unwrap();
    let shown = deep.with_extension("").display().to_string();
    room.run(&format!("{shown}.png a.png -k sobel")).says(
        1,
        &[
            &format!("{shown}.sobel.png: {TOO_LONG}"),
            "1 done, 0 skipped, 1 failed",
            &format!("failed: {shown}.png"),
        ],
    );
    assert_eq!(names_in(&folder), ["a.png"]);
    room.run(&format!("{shown}bcd.png -k sobel -o x.png")).says(
        1,
        &[&format!("{shown}bcd.png: its path is longer than the system allows; check it, or name it from a folder nearer to it")],
    );
}

/// A folder on another device than the room, if this machine has one.
#[cfg(target_os = "linux")]
fn elsewhere(room: &Room) -> Option<tempfile::TempDir> {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir_in("/dev/shm").ok()?;
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    (device(folder.path()) != device(&room.path(""))).then_some(folder)
}

#[cfg(target_os = "linux")]
#[test]
fn outputs_may_be_on_another_file_system() {
    let room = Room::new();
    let Some(folder) = elsewhere(&room) else {
        eprintln!("skipped: /dev/shm is no other file system than that for temporary files");
        return;
    };
    let wanted = filter("sobel").apply(&room.read("a.png")).unwrap();
    let shown = folder.path().display().to_string();
    let output = folder.path().join("a.sobel.png");
    for flag in ["", "--overwrite", "--skip-existing"] {
        room.run(&format!("a.png -k sobel -o {shown} {flag}"))
            .unskipped()
            .silent();
        assert_eq!(room.read(&output), wanted);
        assert_eq!(names_in(folder.path()), ["a.sobel.png"]);
    }
    // From here to there, behind a link: that stays.
    fs::write(&output, "old").unwrap();
    let link = room.path("link.png");
    std::os::unix::fs::symlink(&output, &link).unwrap();
    room.run("a.png -k sobel -o link.png --overwrite").silent();
    assert_eq!(fs::read_link(&link).unwrap(), output);
    assert_eq!(room.read(&output), wanted);
    // From there to here.
    fs::copy(room.path("a.png"), folder.path().join("b.png")).unwrap();
    room.run(&format!("{shown}/b.png -k sobel -o . --preserve"))
        .silent();
    assert_eq!(room.read("b.sobel.png"), wanted);
    // In place, there.
    room.run(&format!("{shown}/b.png -k sobel --pad valid --in-place"))
        .silent();
    assert_eq!(room.read(folder.path().join("b.png")), wanted);
    assert_eq!(names_in(folder.path()), ["a.sobel.png", "b.png"]);
    assert_eq!(room.names(), ["a.png", "b.sobel.png", "link.png"]);
}

#[cfg(target_os = "linux")]
#[test]
fn folders_without_permission_say_what_to_do() {
    const ADVICE: &str = "change the permissions, or choose another place for the output";
    // Nobody makes files in these, not even the superuser.
    if !Path::new("/proc/self").exists() || !Path::new("/sys/kernel").exists() {
        eprintln!("skipped: /proc or /sys is not mounted");
        return;
    }
    // Systems have different words for it.
    let refusal = |path| {
        let error = fs::File::create_new(path).unwrap_err();
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                "the system makes no files in this folder: choose another place for the output"
                    .to_owned()
            }
            _ => format!("cannot create the output: {error}; {ADVICE}"),
        }
    };
    let room = Room::new();
    room.write("in/b/c.png", &picture(9, 8, 1, Depth::U8));
    fs::copy(room.path("a.png"), room.path("in/a.png")).unwrap();
    for path in ["/proc/x.png", "/sys/x.png"] {
        room.run(&format!("a.png -k sobel -o {path}"))
            .says(1, &[&format!("{path}: {}", refusal(path))]);
    }
    let folder = fs::create_dir("/sys/x").unwrap_err();
    room.run("in -r -k sobel -o /sys").says(
        1,
        &[
            &format!("/sys/a.sobel.png: {}", refusal("/sys/x.png")),
            &format!(
                "/sys/b/c.sobel.png: cannot make the folder of the output: {folder}; {ADVICE}"
            ),
            "0 done, 0 skipped, 2 failed",
            "failed: in/a.png",
            "failed: in/b/c.png",
        ],
    );
    room.run("in -r -k sobel -o /sys/x/").says(
        2,
        &[&format!(
            "/sys/x/: cannot make the output folder: {folder}; choose another --output"
        )],
    );
    assert_eq!(room.names(), ["a.png", "in"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_write_protected_stays_as_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    let folder = room.path("in");
    fs::create_dir(&folder).unwrap();
    fs::copy(room.path("a.png"), folder.join("a.png")).unwrap();
    let before = room.bytes("in/a.png");
    let allow = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    if fs::File::create(folder.join("probe")).is_ok() {
        eprintln!("skipped: permissions do not bind the superuser");
        return;
    }
    for (line, path) in [
        ("in/a.png -k sobel", "in/a.sobel.png"),
        ("in/a.png -k sobel --pad valid --in-place", "in/a.png"),
    ] {
        room.run(line).says(
            1,
            &[&format!("{path}: cannot create the output: Permission denied (os error 13); change the permissions, or choose another place for the output")],
        );
    }
    assert_eq!(room.bytes("in/a.png"), before);
    assert_eq!(names_in(&folder), ["a.png"]);
    // What the message advises works.
    room.run("in/a.png -k sobel -o .").silent();
    allow(0o755);
    room.run("in/a.png -k sobel").silent();
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_is_not_replaced() {
    use std::os::unix::fs::symlink;
    const NOWHERE: &str = "the output is a symbolic link that leads to no file: remove it, or choose another place for the output";
    let room = Room::new();
    for (link, target) in [
        ("dangling.png", "nowhere.png"),
        ("away.png", "unmounted/x.png"),
        ("circle.png", "circle.png"),
    ] {
        symlink(target, room.path(link)).unwrap();
        let before = room.names();
        let line = format!("a.png -k sobel -o {link}");
        room.run(&line).says(1, &[&format!("{link}: {EXISTS}")]);
        let ran = room.run(&format!("{line} --skip-existing"));
        ran.unskipped().silent();
        let refused = [format!("{link}: {NOWHERE}")];
        let refused = refused.each_ref().map(String::as_str);
        room.run(&format!("{line} --overwrite")).says(1, &refused);
        room.run(&format!("{line} --overwrite --dry-run"))
            .says(1, &refused);
        assert_eq!(fs::read_link(room.path(link)).unwrap(), Path::new(target));
        assert_eq!(room.names(), before);
        // What the message advises works.
        fs::remove_file(room.path(link)).unwrap();
        room.run(&format!("{line} --overwrite")).silent();
    }
    // An input that is such a link is an input that is not there.
    symlink("nowhere.png", room.path("input.png")).unwrap();
    room.run("input.png -k sobel --in-place")
        .says(1, &["input.png: there is no such file; check its name"]);
}

#[cfg(target_os = "linux")]
#[test]
fn closed_streams_do_no_harm() {
    let room = Room::new();
    room.run("a.png -k sobel -o wanted.png").silent();
    let wanted = room.bytes("wanted.png");
    // Files that were opened in the place of a closed stream would get its text.
    for closed in [">&-", "2>&-", "<&- >&- 2>&-"] {
        let told = closed.contains(" >&-") || closed.starts_with(">&-");
        for (line, writes, code) in [
            ("a.png -k sobel -o out.png -v", false, 0),
            ("a.png missing.png -k sobel -o out/ -v", false, 1),
            ("a.png -k sobel -o json.png --json -v", true, 0),
            ("a.png missing.png -k sobel -o json/ --json", true, 1),
            ("--list-kernels", true, 0),
            ("--help", true, 0),
            ("a.png -k sobel -o -", true, 0),
        ] {
            let lost = writes && told;
            let run = shell(&room, &format!("{line} {closed}"));
            assert_eq!(
                run.code,
                Some(if lost { 1 } else { code }),
                "{line} {closed}"
            );
        }
        assert_eq!(room.bytes("out.png"), wanted);
        assert_eq!(room.bytes("out/a.sobel.png"), wanted);
        assert_eq!(names_in(&room.path("out")), ["a.sobel.png"]);
        if told {
            assert_eq!(room.names(), ["a.png", "out", "out.png", "wanted.png"]);
        } else {
            assert_eq!(room.bytes("json.png"), wanted);
            assert_eq!(room.bytes("json/a.sobel.png"), wanted);
            fs::remove_file(room.path("json.png")).unwrap();
            fs::remove_dir_all(room.path("json")).unwrap();
        }
        fs::remove_file(room.path("out.png")).unwrap();
        fs::remove_dir_all(room.path("out")).unwrap();
        assert_eq!(room.names(), ["a.png", "wanted.png"]);
    }
    shell(&room, "- -k sobel -o out.png <&-")
        .says(1, &["-: the file is empty: get a good copy of it"]);
}

/// The program as a shell runs it, redirections and all.
#[cfg(target_os = "linux")]
pub(super) fn shell(room: &Room, line: &str) -> Ran {
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", &format!("\"$0\" {line}")])
        .arg(env!("CARGO_BIN_EXE_stridekern"))
        .current_dir(room.path(""))
        .stdin(Stdio::null());
    Ran::new(shell.output().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_a_failure() {
    const FULL: &str = "cannot write to standard output: No space left on device (os error 28)";
    const ADVICE: &str = "free some space, or choose another place for the output";
    let room = Room::new();
    for format in ["png", "tif", "pgm", "bmp"] {
        shell(
            &room,
            &format!("a.png -k sobel -o - -f {format} > /dev/full"),
        )
        .says(1, &[&format!("-: {FULL}; {ADVICE}")]);
    }
    for line in [
        "a.png -k sobel --dry-run",
        "--help",
        "--version",
        "--list-kernels",
    ] {
        shell(&room, &format!("{line} > /dev/full")).says(1, &[FULL]);
    }
    assert_eq!(room.names(), ["a.png"]);
    // What cannot be told is done all the same.
    shell(&room, "a.png -k sobel --json > /dev/full").says(1, &[FULL]);
    assert_eq!(room.names(), ["a.png", "a.sobel.png"]);
}

#[cfg(unix)]
#[test]
fn a_reader_of_json_that_goes_away_loses_no_file() {
    const LOST: &str = "cannot write to standard output: Broken pipe (os error 32)";
    let room = Room::new();
    // Enough to fail over, if the first lost line ended the run.
    let line = "a.png -k sobel -k emboss -k identity --json";
    let made = ["a.emboss.png", "a.identity.png", "a.png", "a.sobel.png"];
    for flag in ["--overwrite", "--dry-run", "--skip-existing"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = room.command();
        command.args(line.split(' ')).arg(flag).stdout(writer);
        let run = Ran::new(command.output().unwrap());
        if flag == "--dry-run" {
            // They exist.
            assert_eq!(run.code, Some(1));
        } else {
            // But nobody knows what became of it.
            run.unskipped().says(1, &[LOST]);
        }
        assert_eq!(room.names(), made);
    }
    for name in made {
        assert_eq!(room.read(name).depth(), Depth::U8);
    }
}
