//! What is to be written to standard output is written, or the run fails and says so.

#![cfg(target_os = "linux")]

use std::fs;

use crate::{Room, safety::shell};

/// Everything that writes to standard output.
const LINES: [&str; 18] = [
    "a.png -k sobel -o -",
    "a.png -k sobel -o - -f npy -q",
    "- -k sobel -o - < a.png",
    "a.png -k sobel -o /dev/stdout -f png",
    "a.png -k sobel -o /dev/fd/1 -f pgm",
    "a.png -k sobel -o made.png --json",
    "a.png -k sobel -k emboss -o made/ --json",
    "a.png -k sobel --pad edge --in-place --json",
    "a.png -k sobel --pad edge --in-place --backup .orig --json -q",
    "a.png -k sobel --dry-run",
    "a.png -k sobel --explain",
    "a.png -k sobel --bench --bench-runs 1",
    "--list-kernels",
    "--show-kernel sobel",
    "--show-kernel sobel --plot -",
    "--completions bash",
    "--man",
    "--help",
];

#[test]
fn nothing_is_done_whose_output_would_be_lost() {
    const LOST: &str = "cannot write to standard output: it is not open for writing; redirect it to a file, or to /dev/null";
    let room = Room::new();
    let before = room.bytes("a.png");
    room.text("text", "kept");
    // Closed, and open for reading.
    for lost in [">&-", "1< text", "1< /dev/null"] {
        for line in LINES {
            let run = shell(&room, &format!("{line} {lost}"));
            assert_eq!(run.err, format!("stridekern: {LOST}\n"), "{line} {lost}");
            assert_eq!(run.code, Some(1), "{line} {lost}");
            assert_eq!(room.names(), ["a.png", "text"], "{line} {lost}");
            assert_eq!(room.bytes("text"), b"kept", "{line} {lost}");
            assert_eq!(room.bytes("a.png"), before, "{line} {lost}");
        }
        // An error of usage comes before, and what needs no such output goes on.
        shell(&room, &format!("a.png -k nothing -o - {lost}"))
            .says(2, &["there is no kernel file `nothing` and no built-in kernel of that name; --list-kernels shows all"]);
        shell(&room, &format!("a.png -k sobel -o made.png {lost}")).silent();
        fs::remove_file(room.path("made.png")).unwrap();
    }
}

#[test]
fn what_is_thrown_away_on_purpose_is_no_failure() {
    // As shells open it, and as Python's `subprocess.DEVNULL` does.
    for null in ["> /dev/null", "1<> /dev/null"] {
        for line in LINES {
            let room = Room::new();
            let run = shell(&room, &format!("{line} {null}"));
            assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{line} {null}");
        }
    }
}

#[test]
fn lost_messages_change_no_exit_code() {
    let room = Room::new();
    for (line, code) in [
        ("a.png -k sobel -o made.png", 0),
        ("a.png missing.png -k sobel -o made/", 1),
        ("a.png -k nothing", 2),
        ("a.png -k sobel --json >&-", 1),
        ("- -k sobel -o empty.png <&-", 1),
        ("--files-from - -k sobel <&-", 2),
        ("a.png -k sobel -f png -o /dev/stderr", 1),
        ("a.png -k sobel -f png -o /dev/fd/2", 1),
    ] {
        let run = shell(&room, &format!("{line} 2>&-"));
        assert_eq!((run.code, run.err.as_str()), (Some(code), ""), "{line}");
    }
    assert_eq!(room.names(), ["a.png", "made", "made.png"]);
    assert_eq!(room.bytes("made/a.sobel.png"), room.bytes("made.png"));
}

#[test]
fn a_result_whose_line_nobody_reads_is_told_of() {
    let room = Room::new();
    let lost = "stridekern: cannot write to standard output: Broken pipe (os error 32)\n";
    let closed = |line: &str| {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = (room.command().args(line.split(' ')).stdout(writer)).output();
        let output = output.unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert_eq!(
        closed("a.png -k sobel --json -o made.png"),
        (Some(1), lost.to_owned())
    );
    assert!(room.path("made.png").exists());
    // Nothing was done whose line could be missed.
    for line in [
        "--list-kernels",
        "a.png -k sobel --explain",
        "a.png -k sobel --dry-run -o b.png",
    ] {
        assert_eq!(closed(line), (Some(0), String::new()), "{line}");
    }
}
