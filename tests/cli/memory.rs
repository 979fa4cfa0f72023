//! Memory that cannot be had fails the file that needs it, and no other.

#![cfg(target_os = "linux")]

use std::fs;

use super::{Room, common::names_in, streams::limited};
use stridekern::{Image, Samples};

fn gray(rows: usize, columns: usize) -> Image {
    let samples = (0..rows * columns).map(|at| (at % 251) as u8).collect();
    Image::new(rows, columns, 1, Samples::U8(samples)).unwrap()
}

/// Windows as tall as forty thousand rows: a band of them takes hundreds of
/// MiB where the picture is wide, and little where it has one column.
#[test]
fn a_band_that_does_not_fit_fails_its_file_alone() {
    let room = Room::new();
    room.write("wide.pgm", &gray(20, 5000));
    room.write("wide.png", &gray(21, 5000));
    room.write("thin.pgm", &gray(20, 1));
    let all = [
        ("box3", "auto", "20000,1"),
        ("sobel", "auto", "20000,1"),
        ("laplacian4", "direct", "20000,1"),
        ("gaussian3", "separable", "20000,1"),
        ("sobel", "naive", "20000,1"),
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
