//! What is told on a terminal: a line a result, or a summary.

#![cfg(target_os = "linux")]

use std::process::Command;

use stridekern::Depth;

use crate::{Room, gray, picture, without_figures};

/// Runs the program on a terminal of this many columns; returns what it shows there. Progress bars
/// come after a while only.
fn shown(room: &Room, line: &str, columns: u32) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_stridekern");
    // Of util-linux: it gives the command a terminal of its own.
    let command = format!("stty cols {columns}; {program} {line}");
    let output = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(room.path(""))
        .env_remove("STRIDEKERN_SIMD")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap().replace('\r', "");
    (output.status.code(), without_figures(&text))
}

#[test]
fn every_result_has_a_line() {
    let room = Room::new();
    room.write("c.png", &picture(60, 80, 3, Depth::U8));
    room.write("d.png", &picture(60, 80, 4, Depth::U16));
    room.write("r.png", &gray(1, 20, (0..20).map(|at| at * 10).collect()));
    room.text("mine.toml", "weights = [[1, 1, 1], [1, 1, 1]]\ndivisor = 5");
    std::fs::create_dir(room.path("k")).unwrap();
    room.text("k/box3.toml", "weights = [[3]]\ndivisor = 3");
    for (line, told) in [
        (
            "c.png -k gaussian5",
            "c.gaussian5.png: 76 x 56 gray 8-bit, 4 smaller each way (--photo keeps the size \
             and the colours); kernel gaussian5, built in",
        ),
        (
            "d.png -k box3.toml --pad edge --alpha copy",
            "d.box3.edge.png: 80 x 60 gray and alpha 16-bit (--channel each keeps the colours); \
             kernel box3, built in",
        ),
        (
            "d.png -k mine.toml --channel each --alpha copy -o o.png",
            "o.png: 78 x 59 RGBA 16-bit, 2 fewer columns and 1 fewer rows (--pad edge keeps the \
             size); kernel mine, from ./mine.toml",
        ),
        (
            "a.png -k k/box3.toml",
            "a.box3.png: 20 x 13 gray 8-bit; kernel box3, from k/box3.toml",
        ),
        (
            "c.png -k box3 --photo --step 2 -o s.png",
            "s.png: 40 x 30 RGB 8-bit; kernel box3, built in",
        ),
        // Chosen, so that no option is named.
        (
            "c.png -k box5 --pad valid --channel luma -o v.png",
            "v.png: 76 x 56 gray 8-bit, 4 smaller each way; kernel box5, built in",
        ),
    ] {
        let lines = format!("stridekern: {told}\n");
        assert_eq!(shown(&room, line, 200), (Some(0), lines), "{line}");
        // Not on a terminal, and not where it is not wanted.
        room.run(&format!("{line} --overwrite")).silent();
        let quiet = shown(&room, &format!("{line} --overwrite -q"), 200);
        assert_eq!(quiet, (Some(0), String::new()), "{line}");
        let verbose = room.run(&format!("{line} --overwrite -v"));
        let start = format!("stridekern: {told}; ");
        assert!(verbose.err.starts_with(&start), "{}", verbose.err);
        assert!(verbose.err.ends_with(" ms\n"), "{}", verbose.err);
    }
    std::fs::copy("testdata/carried/full.gif", room.path("full.gif")).unwrap();
    let (_, text) = shown(&room, "full.gif -k box3 --photo -f bmp -o o.bmp", 200);
    let last = text.lines().last().unwrap();
    assert!(
        last.ends_with(" 8-bit, without comment; kernel box3, built in"),
        "{text}"
    );
    let (_, text) = shown(&room, "r.png -k sobel_x --pad constant:99", 200);
    assert_eq!(
        text,
        "stridekern: r.sobel_x.constant.png: 20 x 1 gray 8-bit, 10 % clipped; kernel sobel_x, \
         built in\n"
    );
    let (_, text) = shown(&room, "a.png -k k/box3.toml --skip-existing", 200);
    assert_eq!(
        text,
        "stridekern: a.box3.png: exists, skipped\n\
         stridekern: 0 done, 1 skipped uncompared, 0 failed\n"
    );
}

#[test]
fn more_than_ten_have_a_summary() {
    let room = Room::new();
    for number in 0..11 {
        room.write(&format!("{number}.png"), &picture(9, 9, 1, Depth::U8));
    }
    let names = (0..11).map(|number| format!("{number}.png "));
    let names = names.collect::<String>();
    let (code, text) = shown(&room, &format!("{names} -k identity"), 80);
    let summary = "stridekern: 11 done, 0 skipped, 0 failed\n\
                   stridekern: 11 results are smaller by the reach of the kernel: --pad edge keeps \
                   the size\n";
    assert_eq!((code, text.as_str()), (Some(0), summary));
    let names = names.strip_prefix("0.png").unwrap();
    let (_, text) = shown(&room, &format!("{names} -k identity --overwrite"), 80);
    assert_eq!(text.lines().count(), 10, "{text}");
}

/// Many results have no line each that would say it.
#[test]
fn what_many_lost_is_in_the_summary() {
    let room = Room::new();
    for number in 0..11 {
        let channels = if number < 4 { 3 } else { 1 };
        room.write(
            &format!("{number}.png"),
            &picture(9, 9, channels, Depth::U8),
        );
    }
    let names = (0..11).map(|number| format!("{number}.png "));
    let names = names.collect::<String>();
    for (flags, told) in [
        (
            "",
            "4 results of coloured pictures became gray, 11 are smaller by the reach of the kernel: \
             --photo keeps both",
        ),
        (
            "--channel each",
            "11 results are smaller by the reach of the kernel: --pad edge keeps the size",
        ),
        (
            "--pad edge",
            "4 results of coloured pictures became gray: --channel each keeps the colours",
        ),
        ("--photo", ""),
        ("--channel luma --pad valid", ""),
        ("-q", ""),
    ] {
        let line = format!("{names} -k box3 --overwrite {flags}");
        let (code, text) = shown(&room, &line, 80);
        let lines = text.lines().filter(|line| !line.contains(" done, "));
        let wanted = Vec::from_iter((!told.is_empty()).then(|| format!("stridekern: {told}")));
        assert_eq!(
            (code, Vec::from_iter(lines)),
            (Some(0), Vec::from_iter(wanted.iter().map(String::as_str)))
        );
        // A script asked for what it gets, and has it in --json.
        room.run(&line).silent();
    }
}

#[test]
fn an_image_is_not_printed() {
    let room = Room::new();
    let said = "stridekern: the image would go to the terminal; redirect it, as in \
                `--output - > out.png`, or name a file\n";
    for output in ["-", "/dev/stdout"] {
        let line = format!("a.png -k box3 -f png -o {output}");
        assert_eq!(shown(&room, &line, 80), (Some(2), said.to_owned()));
        room.run(&line).silent();
    }
    let line = "a.png -k box3 -o - > out.png";
    let (code, text) = shown(&room, line, 80);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(room.read("out.png").shape(), [11, 18, 1]);
}
