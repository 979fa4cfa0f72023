//! Memory that cannot be had fails the file that needs it, and no other.

#![cfg(target_os = "linux")]

use std::fs;

use super::{Room, common::names_in, streams::limited};
use stridekern::{Image, Samples, codec};

fn gray(rows: usize, columns: usize) -> Image {
    let samples = (0..rows * columns).map(|at| (at % 251) as u8).collect();
    Image::new(rows, columns, 1, Samples::U8(samples)).unwrap()
}

/// Windows as tall as fifty thousand rows: a band of them takes hundreds of
/// MiB where the picture is wide, and little where it has one column.
#[test]
fn a_band_that_does_not_fit_fails_its_file_alone() {
    let room = Room::new();
    room.write("wide.pgm", &gray(20, 5000));
    room.write("wide.png", &gray(21, 5000));
    room.write("thin.pgm", &gray(20, 1));
    let all = [
        ("box3", "auto", "26000,1"),
        ("sobel", "auto", "26000,1"),
        ("laplacian4", "direct", "26000,1"),
        ("sobel", "naive", "26000,1"),
    ];
    for (kernel, engine, dilation) in all {
        for threads in [1, 2] {
            for map in ["clamp", "stretch"] {
                let line = format!(
                    "wide.pgm wide.png thin.pgm -k {kernel} --engine {engine} --dilate {dilation} --pad edge --map {map} -j {threads} -o out/ --overwrite -q"
                );
                // Address space for the program, not for a band; one arena, since those of
                // threads reserve some, each as it comes.
                let run = limited(&room, "export MALLOC_ARENA_MAX=1; ulimit -v 160000", &line);
                assert_eq!(run.code, Some(1), "{line}: {}", run.err);
                let lines: Vec<&str> = run.err.lines().collect();
                assert_eq!(lines.len(), 2, "{line}: {}", run.err);
                for (line, name) in lines.iter().zip(["wide.pgm", "wide.png"]) {
                    let start = format!("stridekern: {name}: no memory for ");
                    let end = ": use a smaller image or a machine with more memory";
                    assert!(line.starts_with(&start) && line.ends_with(end), "{line}");
                }
                let made = room.path("out");
                assert_eq!(names_in(&made).len(), 1, "{line}");
                fs::remove_dir_all(made).unwrap();
            }
        }
    }
}

/// The most anonymous memory, in KiB, that a run was seen to hold.
fn seen_memory(room: &Room, line: &str) -> usize {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stridekern"));
    command.current_dir(room.path("")).args(line.split(' '));
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let held = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let held = held.and_then(|held| held.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(held.unwrap_or(0));
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{line}");
            return most;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// What the system's allocator keeps of one page while the next is made is counted as well.
#[test]
fn pages_take_what_was_estimated_of_the_system() {
    let room = Room::new();
    let noise =
        |(page, at): (usize, usize)| ((at * (2 * page + 7919) * (at / 1999 + 1)) >> 7) as u8;
    let (rows, columns) = (1300, 1400);
    let pages = [1, 2, 3].map(|page| {
        let samples = (0..rows * columns * 3).map(|at| noise((page, at)));
        Image::new(rows, columns, 3, Samples::U8(samples.collect())).unwrap()
    });
    let mut file = fs::File::create(room.path("a.tif")).unwrap();
    let metadata = codec::Metadata::default();
    let mut writer = codec::create_animation(
        pages[0].spec(),
        codec::Format::Tiff,
        &metadata,
        &codec::EncodeOptions::default(),
        pages.len() as u64,
        codec::Output::seekable(&mut file),
    )
    .unwrap();
    for (number, page) in pages.iter().enumerate() {
        if number > 0 {
            writer.next_page(&metadata, page.spec(), &metadata).unwrap();
        }
        writer.write(page.samples()).unwrap();
    }
    writer.finish(&metadata).unwrap();
    drop(file);
    room.run("a.tif -k box3 --photo -o a.gif -q");
    for line in [
        "a.tif -k box9 --photo --map stretch -f gif",
        "a.tif -k box9 --photo --map clamp -f gif",
        "a.gif -k box9 --photo --map stretch -f tif",
        "a.gif -k box9 --photo --map stretch -f png",
    ] {
        let explained = room.run(&format!("{line} --explain -j 2"));
        let explained = String::from_utf8(explained.out).unwrap();
        let number = (explained.lines())
            .find_map(|line| line.strip_prefix("memory    about ")?.split(' ').next())
            .unwrap();
        let estimate: usize = number.parse().unwrap();
        let held = seen_memory(&room, &format!("{line} -j 2 -o out/ -q --overwrite"));
        // The stacks of threads, and what a program holds anyway.
        let beside = 6;
        assert!(
            held / 1024 <= estimate + beside,
            "{line}: {estimate} MiB estimated, {held} KiB held"
        );
    }
}
