//! Every signal that asks for the end: its exit code, a summary, nothing half-made.
//! One that was ignored when the program began is ignored, as nohup asks.

#![cfg(unix)]

use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
};

use stridekern::{Depth, Image};

use crate::{Room, filter, names_in, picture, wait_until, without_figures};

/// Names for `kill`, and their numbers on Linux and macOS.
pub(super) fn signals() -> Vec<(&'static str, i32)> {
    let (usr1, usr2) = if cfg!(target_os = "linux") {
        (10, 12)
    } else {
        (30, 31)
    };
    vec![
        ("HUP", 1),
        ("INT", 2),
        ("ALRM", 14),
        ("TERM", 15),
        ("XCPU", 24),
        ("USR1", usr1),
        ("USR2", usr2),
    ]
}

/// Has the programs that are started take signals that this process was told to ignore, as a
/// script's background is: what a process catches is at its default in those that it starts.
#[cfg(target_os = "linux")]
pub(super) fn heed_ignored_signals() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
        for (_, number) in signals() {
            if ignored >> (number - 1) & 1 == 1 {
                signal_hook::flag::register(number, std::sync::Arc::default()).unwrap();
            }
        }
    });
}

pub(super) fn send(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    let kill = Command::new("kill").args(["-s", signal, &pid]).status();
    assert!(kill.unwrap().success());
}

fn ended(child: &mut Child) -> Option<i32> {
    let mut status = None;
    wait_until("the program goes on", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap().code()
}

fn said(child: Child) -> String {
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    without_figures(&said)
}

/// A run that has made one result, and read half of the picture that comes by
/// its standard input. The shell executes `before` first.
fn halfway(room: &Room, before: &str, rest: &mut Vec<u8>, wanted: &mut Option<Image>) -> Child {
    room.write("tall.pgm", &picture(4000, 300, 1, Depth::U8));
    *wanted = Some(filter("sobel").apply(&room.read("tall.pgm")).unwrap());
    let bytes = room.bytes("tall.pgm");
    let (begin, end) = bytes.split_at(bytes.len() / 2);
    *rest = end.to_owned();
    let script = format!("{before} exec \"$@\"");
    let mut child = Command::new("/bin/sh")
        .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_stridekern")])
        .args("a.png /dev/stdin -k sobel -f pgm -o out/ -j 2".split(' '))
        .current_dir(room.path(""))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // More than a pipe holds, so that it was read when this returns.
    child.stdin.as_mut().unwrap().write_all(begin).unwrap();
    let first = room.path("out/a.sobel.pgm");
    wait_until("no first result", || first.exists());
    child
}

#[test]
fn each_ends_the_run_in_order() {
    for (signal, number) in signals() {
        let room = Room::new();
        let mut child = halfway(&room, "", &mut Vec::new(), &mut None);
        // Its input never ends.
        send(&child, signal);
        assert_eq!(ended(&mut child), Some(128 + number), "{signal}");
        assert_eq!(
            said(child),
            "stridekern: 1 done, 0 skipped, 0 failed, 1 not made\n"
        );
        assert_eq!(names_in(&room.path("out")), ["a.sobel.pgm"], "{signal}");
    }
}

#[test]
fn a_terminal_that_closes_sends_several() {
    // All but those of which a second one means at once.
    for (signal, number) in signals() {
        if ["INT", "TERM"].contains(&signal) {
            continue;
        }
        let room = Room::new();
        let mut child = halfway(&room, "", &mut Vec::new(), &mut None);
        let pid = child.id().to_string();
        // As close together as can be.
        let kills =
            format!("kill -s {signal} {pid}; kill -s {signal} {pid}; kill -s {signal} {pid}");
        Command::new("/bin/sh")
            .args(["-c", &kills])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(ended(&mut child), Some(128 + number), "{signal}");
        assert_eq!(
            said(child),
            "stridekern: 1 done, 0 skipped, 0 failed, 1 not made\n"
        );
        assert_eq!(names_in(&room.path("out")), ["a.sobel.pgm"], "{signal}");
    }
}

#[test]
fn what_was_ignored_stays_ignored() {
    for (signal, _) in signals() {
        let room = Room::new();
        let (mut rest, mut wanted) = (Vec::new(), None);
        let before = format!("trap '' {signal};");
        let mut child = halfway(&room, &before, &mut rest, &mut wanted);
        send(&child, signal);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&rest).unwrap();
        drop(stdin);
        assert_eq!(ended(&mut child), Some(0), "{signal}");
        assert_eq!(said(child), "");
        assert_eq!(
            names_in(&room.path("out")),
            ["a.sobel.pgm", "stdin.sobel.pgm"]
        );
        assert_eq!(Some(room.read("out/stdin.sobel.pgm")), wanted);
    }
}

#[test]
fn a_limit_of_file_sizes_fails_the_files_beyond_it() {
    let room = Room::new();
    room.write("big.pgm", &picture(700, 700, 1, Depth::U8));
    let run = Command::new("/bin/sh")
        .args([
            "-c",
            "ulimit -f 64; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_stridekern"),
        ])
        .args("big.pgm a.png -k sobel -o out/ -j 1".split(' '))
        .current_dir(room.path(""))
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1));
    let said = without_figures(&String::from_utf8(run.stderr).unwrap());
    let (first, others) = said.split_once('\n').unwrap();
    assert!(
        first.starts_with("stridekern: out/big.sobel.pgm: cannot write the output: "),
        "{first}"
    );
    assert!(
        first.ends_with(
            "; raise the limit of file sizes (ulimit -f), or choose another place for the output"
        ),
        "{first}"
    );
    assert_eq!(
        others,
        "stridekern: 1 done, 0 skipped, 1 failed\nstridekern: failed: big.pgm\n"
    );
    assert_eq!(names_in(&room.path("out")), ["a.sobel.png"]);
}
