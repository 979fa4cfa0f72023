//! Ctrl-C and the request to terminate: their exit codes, a summary, and nothing
//! half-made is left.

#![cfg(unix)]

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use stridekern::Depth;

use crate::{Room, names_in, picture, wait_until};

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
        let start = Instant::now();
        assert_eq!(interrupt(&mut child, signal), Some(code));
        assert!(start.elapsed() < Duration::from_secs(5));
        let mut said = String::new();
        child.stderr.unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(
            crate::without_figures(&said),
            "stridekern: 1 done, 0 skipped, 0 failed, 1 not made\n"
        );
        assert_eq!(names_in(&room.path("out")), ["a.sobel.png"]);
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
    let temporary = |name: &String| name.starts_with(".stridekern-");
    wait_until("no temporary file", || {
        out.exists() && names_in(&out).iter().any(temporary)
    });
    assert_eq!(interrupt(&mut child, "-INT"), Some(130));
    assert!(!names_in(&out).iter().any(temporary));
    // What is there is whole.
    for name in names_in(&out) {
        assert_eq!(room.read(out.join(name)).shape(), [700, 700, 3]);
    }
}
