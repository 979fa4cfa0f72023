//! Pipes, sockets and devices: never waited for where nothing is to be read, never replaced,
//! and read like any file where they are named.

#![cfg(target_os = "linux")]

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::{fs::symlink, net::UnixListener},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    PATIENCE, Ran, Room,
    reports::{SCHEMA, conforms},
};

/// What is no regular file, and the words for it.
const KINDS: [(&str, &str); 4] = [
    ("d/device.png", "a device"),
    ("d/link.png", "a named pipe (FIFO)"),
    ("d/pipe.png", "a named pipe (FIFO)"),
    ("d/socket.png", "a socket"),
];

/// A room with one of every kind in `d`, beside the picture `d/a.png`.
fn room() -> (Room, UnixListener) {
    let room = Room::new();
    std::fs::create_dir(room.path("d")).unwrap();
    std::fs::copy(room.path("a.png"), room.path("d/a.png")).unwrap();
    make_pipe(&room, "d/pipe.png");
    symlink("pipe.png", room.path("d/link.png")).unwrap();
    symlink("/dev/null", room.path("d/device.png")).unwrap();
    let socket = UnixListener::bind(room.path("d/socket.png")).unwrap();
    (room, socket)
}

fn make_pipe(room: &Room, name: &str) {
    let made = Command::new("mkfifo").arg(room.path(name)).status();
    assert!(made.unwrap().success());
}

/// A pipe that holds `bytes`: open on both sides, so that nobody waits for the other one.
fn filled(room: &Room, name: &str, bytes: &[u8]) -> File {
    let path = room.path(name);
    let mut pipe = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    pipe.write_all(bytes).unwrap();
    pipe
}

/// Runs the words of `line`, and fails where that waits for ever.
fn run(room: &Room, line: &str) -> Ran {
    let mut child = (room.command().args(line.split_whitespace()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{line} waits for ever");
        }
        sleep(Duration::from_millis(5));
    }
    Ran::new(child.wait_with_output().unwrap())
}

#[test]
fn what_is_no_file_is_not_replaced_nor_opened() {
    let (room, _socket) = room();
    let picture = room.bytes("a.png");
    let mut pipe = filled(&room, "d/pipe.png", &picture);
    for (name, kind) in KINDS {
        let why = format!("it is {kind}, which cannot be replaced: name an output with --output");
        for flags in [
            "",
            "--dry-run",
            "--backup .orig",
            "--json",
            "--dry-run --json",
            "--verify --preserve -q",
        ] {
            let line = format!("{name} -k box3 --photo --in-place {flags}");
            let run = run(&room, &line).says(1, &[&format!("{name}: {why}")]);
            let told: Vec<_> = run.json();
            if flags.contains("--json") {
                assert_eq!(
                    (&told[0]["status"], &told[0]["error"]),
                    (&"failed".into(), &why.clone().into())
                );
            }
            assert_eq!(told.len(), usize::from(flags.contains("--json")), "{line}");
        }
    }
    // Nothing was taken from the pipe.
    let mut left = vec![0; picture.len()];
    pipe.read_exact(&mut left).unwrap();
    assert_eq!(left, picture);
    // The others are done.
    run(&room, "d/pipe.png d/a.png -k box3 --photo --in-place").says(
        1,
        &[
            "d/pipe.png: it is a named pipe (FIFO), which cannot be replaced: name an output with --output",
            "1 done, 0 skipped, 1 failed",
            "failed: d/pipe.png",
        ],
    );
    assert_ne!(room.bytes("d/a.png"), picture);
    assert_eq!(crate::names_in(&room.path("d")).len(), 1 + KINDS.len());
}

#[test]
fn what_is_found_and_is_no_file_is_skipped_and_told() {
    let (room, _socket) = room();
    let told =
        KINDS.map(|(name, kind)| format!("{name}: it is {kind}: skipped; to read it, name it"));
    let told = told.each_ref().map(String::as_str);
    for found in [
        "d/*.png",
        "d/* --pad edge",
        "**/d/[adlps]*.png --shard 1/1",
        "d -r",
        "d -r --ext png",
    ] {
        for flags in [
            "-o .out/ --overwrite",
            "-o .out/ --overwrite --dry-run",
            "--in-place --photo",
        ] {
            let line = format!("{found} -k box3 {flags}");
            let run = run(&room, &line).says(0, &told);
            if flags.contains("--dry-run") {
                assert_eq!(run.text().lines().count(), 1, "{line}");
            }
        }
        run(&room, &format!("{found} -k box3 -q -o .out/ --overwrite")).silent();
    }
    // A link that leads nowhere is a picture that is not there, however it was found.
    let room = Room::new();
    symlink("nowhere.png", room.path("gone.png")).unwrap();
    for found in ["*.png", ". -r"] {
        let gone = if found == "*.png" {
            "gone.png"
        } else {
            "./gone.png"
        };
        run(&room, &format!("{found} -k box3 -o .out/ --overwrite")).says(
            1,
            &[
                &format!("{gone}: there is no such file; check its name"),
                "1 done, 0 skipped, 1 failed",
                &format!("failed: {gone}"),
            ],
        );
    }
}

#[test]
fn a_preview_does_not_read_what_is_gone_then() {
    let (room, _socket) = room();
    let picture = room.bytes("a.png");
    let mut pipe = filled(&room, "d/pipe.png", &picture);
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for (name, kind) in KINDS {
        let line = format!("{name} a.png -k box3 -f png -o out/ --dry-run");
        let text = run(&room, &line).silent().text();
        let stem = name
            .strip_prefix("d/")
            .unwrap()
            .strip_suffix(".png")
            .unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[0],
            format!(
                "{name} -> out/{stem}.box3.png: it is {kind}, of which only reading tells more: left to the run"
            )
        );
        assert!(
            lines[1].starts_with("a.png -> out/a.box3.png: kernel box3, built in, "),
            "{text}"
        );
        let told = run(&room, &format!("{line} --json")).silent().json();
        let status = told.iter().map(|object| object["status"].as_str().unwrap());
        assert_eq!(Vec::from_iter(status), ["unknown", "planned"]);
        for object in told {
            conforms(&object, &schema).unwrap();
        }
    }
    let mut left = vec![0; picture.len()];
    pipe.read_exact(&mut left).unwrap();
    assert_eq!(left, picture);
    assert_eq!(room.names(), ["a.png", "d"]);
}

#[test]
fn pipes_that_are_named_are_read() {
    let (room, _socket) = room();
    room.run("a.png -k box3 -o wanted.png").silent();
    let wanted = room.bytes("wanted.png");
    let picture = room.bytes("a.png");
    for name in ["d/pipe.png", "d/link.png"] {
        let (path, picture) = (room.path(name), picture.clone());
        let writer = std::thread::spawn(move || std::fs::write(path, picture).unwrap());
        run(&room, &format!("{name} -k box3 -o out.png --overwrite")).silent();
        writer.join().unwrap();
        assert_eq!(room.bytes("out.png"), wanted);
    }
    for line in [
        "<(cat a.png) -k box3 -o out.png --overwrite",
        "/dev/stdin -k box3 -o out.png --overwrite < a.png",
        "/dev/stdin -k box3 -o out.png --overwrite < <(cat a.png)",
        "a.png -k <(\"$0\" --show-kernel box3) -o out.png --overwrite",
    ] {
        room.text("out.png", "");
        let mut bash = Command::new("bash");
        bash.args(["-c", &format!("\"$0\" {line}")])
            .arg(env!("CARGO_BIN_EXE_stridekern"))
            .current_dir(room.path(""));
        Ran::new(bash.output().unwrap()).silent();
        assert_eq!(room.bytes("out.png"), wanted, "{line}");
    }
}
