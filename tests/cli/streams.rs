//! Images that are larger than what is in memory at a time: pipes, disks that
//! fill up, readers that go away, headers that lie.

use std::{
    fs,
    io::{Read, Write},
    process::{Command, Stdio},
};

use stridekern::Depth;

use crate::{Ran, Room, filter, gray, picture};

/// A room with a picture of several blocks.
fn room() -> Room {
    let room = Room::new();
    room.write("big.png", &picture(1700, 1500, 1, Depth::U8));
    room
}

#[test]
fn large_images_go_through_pipes() {
    let room = room();
    let wanted = filter("emboss").apply(&room.read("big.png")).unwrap();
    let input = room.bytes("big.png");
    for threads in ["1", "4"] {
        for format in ["png", "tif", "pgm", "npy"] {
            let line = format!("- -k emboss -o - -f {format} -j {threads}");
            let piped = room.run_with(&line, &input).silent().out;
            fs::write(room.path("out"), &piped).unwrap();
            assert_eq!(room.read("out"), wanted, "{line}");
            room.run(&format!(
                "big.png -k emboss -o file.{format} -j {threads} --overwrite"
            ))
            .silent();
            assert_eq!(room.bytes(format!("file.{format}")), piped, "{line}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_closes_is_a_failure() {
    let room = room();
    let before = room.names();
    for threads in ["1", "4"] {
        let mut child = (room.command())
            .args("big.png -k emboss -o - -f pgm -j".split(' '))
            .arg(threads)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut start = [0; 1000];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut start).unwrap();
        assert_eq!(&start[..2], b"P5");
        drop(out);
        Ran::new(child.wait_with_output().unwrap()).says(
            1,
            &["-: cannot write to standard output: Broken pipe (os error 32)"],
        );
        assert_eq!(room.names(), before);
    }
}

/// The program under a limit of the shell's.
#[cfg(target_os = "linux")]
pub(super) fn limited(room: &Room, limit: &str, line: &str) -> Ran {
    let script = format!("{limit}; exec \"$0\" {line}");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script, env!("CARGO_BIN_EXE_stridekern")])
        .current_dir(room.path(""))
        .stdin(Stdio::null());
    Ran::new(command.output().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_grow_is_removed() {
    let room = room();
    room.text("big.emboss.pgm", "old");
    let before = room.names();
    for threads in ["1", "4"] {
        let line = format!("big.png -k emboss -f pgm --overwrite -j {threads}");
        // Files of 1 MiB or 2, by the shell's idea of a block.
        limited(&room, "trap '' XFSZ; ulimit -f 2048", &line).says(
            1,
            &["big.emboss.pgm: cannot write the output: File too large (os error 27); raise the limit of file sizes (ulimit -f), or choose another place for the output"],
        );
        assert_eq!(room.bytes("big.emboss.pgm"), b"old");
        assert_eq!(room.names(), before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_stops_the_others_not() {
    let room = room();
    room.run("big.png -k emboss -o /dev/full -f pgm")
        .says(1, &["/dev/full: cannot write the output: No space left on device (os error 28); free some space, or choose another place for the output"]);
}

#[test]
fn a_picture_that_is_cut_leaves_the_old_result() {
    let room = room();
    let bytes = room.bytes("big.png");
    fs::write(room.path("big.png"), &bytes[..bytes.len() * 3 / 4]).unwrap();
    room.text("big.emboss.png", "old");
    let before = room.names();
    for threads in ["1", "4"] {
        room.run(&format!(
            "big.png -k emboss -k sobel --overwrite -j {threads}"
        ))
        .says(
            1,
            &[
                "big.png: the png file ends before its picture does: get a complete copy of it",
                "0 done, 0 skipped, 2 failed",
                "failed: big.png",
            ],
        );
        assert_eq!(room.bytes("big.emboss.png"), b"old");
        assert_eq!(room.names(), before);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn headers_that_claim_too_much_take_no_memory() {
    let room = Room::new();
    for (name, header) in [
        ("tall.pgm", "P5 10 200000000 255\n"),
        ("large.pgm", "P5 40000 40000 65535\n"),
    ] {
        fs::write(room.path(name), [header.as_bytes(), &[7; 5000]].concat()).unwrap();
        // 600 MB of addresses, where the headers claim 2 and 3 GB.
        let line = format!("{name} -k sobel -o out.png -j 1");
        limited(&room, "ulimit -v 600000", &line).says(
            1,
            &[&format!(
                "{name}: the pgm file ends before its picture does: get a complete copy of it"
            )],
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_picture_larger_than_memory_is_filtered() {
    let room = Room::new();
    let header = "P5 25000 20000 255\n";
    let file = fs::File::create(room.path("large.pgm")).unwrap();
    // Its samples are a hole in the file: zeros.
    file.set_len(header.len() as u64 + 500_000_000).unwrap();
    (&file).write_all(header.as_bytes()).unwrap();
    let line = "large.pgm -k sobel -k bevel --pad reflect --step 50 -f png -o out/";
    for threads in [1, 2] {
        let line = format!("{line} -j {threads} --overwrite");
        limited(&room, "ulimit -v 400000", &line).silent();
        let flat = |sample| gray(400, 500, vec![sample; 200_000]);
        assert_eq!(room.read("out/large.sobel.reflect.png"), flat(0));
        assert_eq!(room.read("out/large.bevel.reflect.png"), flat(128));
    }
    limited(
        &room,
        "ulimit -v 400000",
        "large.pgm -k sobel --pad wrap -j 1",
    )
    .says(
        1,
        &["large.pgm: no memory for 500000000 samples of 1 bytes: use a smaller image or a machine with more memory"],
    );
}

#[test]
fn an_image_that_does_not_fit_into_memory_is_refused_with_the_figure() {
    let room = Room::new();
    room.write("b.jpg", &picture(900, 1200, 3, Depth::U8));
    let run = room.run("b.jpg -k sobel --memory-limit 5MiB");
    let text = run.err;
    assert_eq!(run.code, Some(1));
    assert!(
        text.starts_with("stridekern: b.jpg: this takes ")
            && text.contains(" MiB of memory, more than the limit of 5: raise --memory-limit, or convert it to what is read and written by rows: plain png or tiff, pgm, ppm or npy\n"),
        "{text}"
    );
    assert_eq!(room.names(), ["a.png", "b.jpg"]);
    // No other format would help what is read and written by rows.
    room.write("c.npy", &picture(900, 1200, 1, Depth::U16));
    room.write("d.pgm", &picture(900, 1200, 1, Depth::U16));
    for (line, name) in [
        ("c.npy -k box3 -f png", "c.npy"),
        ("d.pgm -k box3 --pad wrap", "d.pgm"),
        ("d.pgm -k box3 --map stretch -f png", "d.pgm"),
    ] {
        for how in ["", "--dry-run"] {
            let text = room.run(&format!("{line} --memory-limit 1MiB {how}")).err;
            assert!(
                text.starts_with(&format!("stridekern: {name}: this takes "))
                    && text.ends_with(": raise --memory-limit, or cut the picture into parts\n"),
                "{line}: {text}"
            );
        }
    }
}
