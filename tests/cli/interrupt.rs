//! Ctrl-C and the request to terminate: their exit codes, a summary, and nothing
//! half-made is left.

#![cfg(unix)]

use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
};

use stridekern::Depth;

use crate::{Room, names_in, picture, under_construction, wait_until};

/// Sends a signal and gives the exit code.
fn interrupt(child: &mut Child, signal: &str) -> Option<i32> {
    let pid = child.id().to_string();
    let kill = Command::new("kill").args([signal, &pid]).status().unwrap();
    assert!(kill.success());
    let mut status = None;
    wait_until("the program goes on", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    status.unwrap().code()
}

#[test]
fn waiting_for_input_can_be_interrupted() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let room = Room::new();
        let mut child = (room.command())
            .args("a.png /dev/stdin -k sobel -f png -o out/ -j 2".split(' '))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The first result is there; the second input never ends.
        let first = room.path("out/a.sobel.png");
        wait_until("no first result", || first.exists());
        assert_eq!(interrupt(&mut child, signal), Some(code));
        let mut said = String::new();
        child.stderr.unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(
            crate::without_figures(&said),
            "stridekern: 1 done, 0 skipped, 0 failed, 1 not made\n"
        );
        assert_eq!(names_in(&room.path("out")), ["a.sobel.png"]);
    }
}

/// However it ends: inputs that take too long, beside a photograph that is replaced, a second
/// signal at once, and one that cannot be caught.
#[test]
fn no_end_leaves_a_temporary_file() {
    let endless = |room: &Room, line: &str| {
        let mut child = (room.command())
            .args(line.split(' '))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Half of the picture, and then nothing.
        let bytes = room.bytes("tall.pgm");
        let stdin = child.stdin.as_mut().unwrap();
        stdin.write_all(&bytes[..bytes.len() / 2]).unwrap();
        child
    };
    let room = || {
        let room = Room::new();
        room.write("tall.pgm", &picture(400, 300, 1, Depth::U8));
        std::fs::create_dir(room.path("out")).unwrap();
        room
    };
    for line in [
        "- -k sobel -o out/x.png --timeout 0.3",
        "/dev/stdin a.png -k sobel -f png -o out/ --timeout 0.3",
        "/dev/stdin -k sobel -k emboss -f png -o out/ --timeout 0.3 -j 2",
    ] {
        let room = room();
        let mut child = endless(&room, line);
        let mut status = None;
        wait_until("the program goes on", || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        assert_eq!(status.unwrap().code(), Some(1), "{line}");
        let names = names_in(&room.path("out"));
        assert!(names.iter().all(|name| name == "a.sobel.png"), "{names:?}");
        assert_eq!(room.names(), ["a.png", "out", "tall.pgm"]);
    }
    for signals in [&["-INT", "-INT"][..], &["-TERM", "-INT"], &["-KILL"]] {
        let room = room();
        let mut child = endless(&room, "- -k sobel -o out/x.png");
        wait_until("no temporary file", || {
            under_construction(&child, &room.path("out")) == 1
        });
        let pid = child.id().to_string();
        for signal in signals {
            let kill = Command::new("kill").args([signal, &*pid]).status().unwrap();
            // It may have ended already.
            assert!(kill.success() || signals.len() > 1);
        }
        child.wait().unwrap();
        // Without files that have no name, the next run sweeps.
        if cfg!(target_os = "linux") {
            assert_eq!(names_in(&room.path("out")), [""; 0], "{signals:?}");
        }
    }
}

#[test]
fn an_interrupted_write_leaves_nothing() {
    let room = Room::new();
    room.write("big.ppm", &picture(700, 700, 3, Depth::U8));
    // More results than it can make before the signal comes.
    let constants: Vec<_> = (0..=255).map(|v| format!("constant:{v}")).collect();
    let pad = constants.join(",");
    let mut child = (room.command())
        .args("big.ppm -k gaussian5 --channel each -f png --compression best -o out/".split(' '))
        .args(["--pad", &pad])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = room.path("out");
    wait_until("no temporary file", || under_construction(&child, &out) > 0);
    assert_eq!(interrupt(&mut child, "-INT"), Some(130));
    assert!(names_in(&out).iter().all(|name| name.ends_with(".png")));
    // What is there is whole.
    for name in names_in(&out) {
        assert_eq!(room.read(out.join(name)).shape(), [700, 700, 3]);
    }
}
