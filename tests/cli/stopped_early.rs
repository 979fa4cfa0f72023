//! Signals that come while inputs are still looked for: the run ends in order, as it does
//! later.

#![cfg(target_os = "linux")]

use std::{
    fs::File,
    io::Write,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    PATIENCE, Ran, Room, names_in,
    reports::{SCHEMA, conforms},
    signals::{send, signals},
};

const STOPPED: &str = "stopped before anything was begun: nothing was written";

/// Names of pictures that are not there: more than a pipe and a reader's buffer hold.
const MANY: usize = 20_000;

fn names() -> String {
    (0..MANY).map(|at| format!("pictures/{at}.png\n")).collect()
}

/// Starts the program with pipes for its streams. The shell executes `before` first.
fn start(room: &Room, before: &str, line: &str) -> Child {
    Command::new("/bin/sh")
        .args(["-c", &format!("{before} exec \"$@\"")])
        .args(["sh", env!("CARGO_BIN_EXE_stridekern")])
        .args(line.split_whitespace())
        .current_dir(room.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What came of the program, which must not wait for the end of its input.
fn output(mut child: Child) -> Output {
    let stdin = child.stdin.take();
    let (start, pid) = (Instant::now(), child.id().to_string());
    let waiting = std::thread::spawn(|| child.wait_with_output());
    while !waiting.is_finished() {
        if start.elapsed() > PATIENCE {
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
            panic!("the program goes on");
        }
        sleep(Duration::from_millis(1));
    }
    drop(stdin);
    waiting.join().unwrap().unwrap()
}

/// What planning waits for, without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Names on standard input.
    List,
    /// A pipe that is the list, to which nobody writes.
    Pipe,
    /// A pipe that is the kernel.
    Kernel,
}

/// A run that is waiting so, and the other end of the pipe.
fn waiting(room: &Room, before: &str, wait: Wait, flags: &str) -> (Child, Option<File>) {
    let line = match wait {
        Wait::List => "--files-from - -k sobel",
        Wait::Pipe => "--files-from pipe -k sobel",
        Wait::Kernel => "a.png -k pipe",
    };
    if wait != Wait::List {
        let made = Command::new("mkfifo").arg(room.path("pipe")).status();
        assert!(made.unwrap().success());
    }
    let mut child = start(room, before, &format!("{line} {flags}"));
    if wait == Wait::List {
        let stdin = child.stdin.as_mut().unwrap();
        // Most of it was read when this returns.
        stdin.write_all(names().as_bytes()).unwrap();
        return (child, None);
    }
    // Returns when the program has opened it.
    let pipe = File::options().write(true).open(room.path("pipe"));
    (child, Some(pipe.unwrap()))
}

#[test]
fn each_ends_the_search_in_order() {
    for (signal, number) in signals() {
        for (wait, flags) in [
            (Wait::List, "-o out/"),
            (Wait::List, "-o out/ --json"),
            (Wait::List, "--in-place --photo"),
            (Wait::List, "-o out/ -q"),
            (Wait::Pipe, "-o out/ --json"),
            (Wait::Kernel, "-o out/ --json"),
        ] {
            let room = Room::new();
            let (child, pipe) = waiting(&room, "", wait, flags);
            send(&child, signal);
            let ran = Ran::new(output(child));
            assert_eq!(ran.text(), "", "{signal} {wait:?} {flags}");
            let told = [STOPPED];
            let told = if flags.ends_with("-q") {
                &[][..]
            } else {
                &told
            };
            ran.says(128 + number, told);
            assert!(!room.path("out").exists());
            drop(pipe);
        }
    }
}

#[test]
fn a_second_one_ends_the_search_at_once() {
    for (second, number) in [("INT", 2), ("TERM", 15)] {
        let first = if second == "INT" { "TERM" } else { "INT" };
        // On a busy machine the second may come when the first was answered.
        let ended_at_once = (0..20).any(|_| {
            let room = Room::new();
            let (child, _) = waiting(&room, "", Wait::List, "-o out/");
            let pid = child.id();
            let kills = format!("kill -s {first} {pid}; sleep 0.05; kill -s {second} {pid}");
            let sent = Command::new("/bin/sh").args(["-c", &kills]).output();
            let ran = Ran::new(output(child));
            // No line: there was no time for it.
            sent.unwrap().status.success() && ran.err.is_empty() && ran.code == Some(128 + number)
        });
        assert!(ended_at_once, "{first}, {second}");
    }
}

#[test]
fn what_was_ignored_stays_ignored_in_the_search() {
    for (signal, _) in signals() {
        let room = Room::new();
        let before = format!("trap '' {signal};");
        let mut child = start(&room, &before, "--files-from - -k sobel -o out/");
        let mut stdin = child.stdin.take().unwrap();
        let blank = "\n".repeat(1 << 17);
        // As above.
        stdin.write_all(blank.as_bytes()).unwrap();
        send(&child, signal);
        stdin.write_all(b"a.png\n").unwrap();
        drop(stdin);
        Ran::new(output(child)).silent();
        assert_eq!(names_in(&room.path("out")), ["a.sobel.png"], "{signal}");
    }
}

/// They write no file, so nothing is lost by the default, which also ends a loop of the shell.
#[test]
fn runs_that_write_nothing_end_at_once() {
    for (signal, number) in signals() {
        for flags in ["--dry-run", "--dry-run --json", "--explain", "--bench"] {
            let room = Room::new();
            let (child, _) = waiting(&room, "ulimit -c 0;", Wait::List, flags);
            send(&child, signal);
            let output = output(child);
            assert_eq!(output.status.signal(), Some(number), "{signal} {flags}");
            assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()));
        }
    }
}

/// Whenever it comes, nothing or everything is told: each result in one object and one count.
#[test]
fn the_moment_does_not_matter() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut known = 0;
    for wait in (0..12).map(|step| Duration::from_millis(step * step)) {
        let room = Room::new();
        let mut child = start(&room, "", "--files-from - -k sobel -o out/ --json");
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(names().as_bytes()).unwrap();
        drop(stdin);
        sleep(wait);
        // Where it is not too late: what it tells is more than the pipes hold.
        send(&child, "TERM");
        let ran = Ran::new(output(child));
        assert_eq!(ran.code, Some(143), "{wait:?}: {}", ran.err);
        let objects = ran.json();
        if objects.is_empty() {
            ran.says(143, &[STOPPED]);
            assert!(!room.path("out").exists());
            continue;
        }
        known += 1;
        assert_eq!(objects.len(), MANY, "{wait:?}");
        let count = |status: &str| {
            let all = objects.iter();
            all.filter(|object| object["status"] == status).count()
        };
        let (failed, left) = (count("failed"), count("not_made"));
        assert_eq!(failed + left, MANY, "{wait:?}");
        for (at, object) in objects.iter().enumerate() {
            assert_eq!(object["input"], format!("pictures/{at}.png"), "{wait:?}");
        }
        conforms(&objects[MANY - 1], &schema).unwrap();
        let not_made = if left > 0 {
            format!(", {left} not made")
        } else {
            String::new()
        };
        let summary = format!("stridekern: 0 done, 0 skipped, {failed} failed{not_made}\n");
        assert!(ran.err.contains(&summary), "{wait:?}: {summary}");
    }
    assert!(known > 0, "none came after the inputs were known");
}
