//! `--like`: in the way of another program.

use serde_json::json;
use stridekern::{Depth, Image, Samples};

use crate::{Room, gray, picture};

fn samples(room: &Room, name: &str) -> Vec<u8> {
    match room.read(name).into_samples() {
        Samples::U8(samples) => samples.to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn results_are_those_of_the_program() {
    let room = Room::new();
    room.write("a.png", &gray(3, 3, vec![200; 9]));
    room.text("ones.toml", "weights = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]");
    let wrapped =
        "warning: 100 % of the samples wrapped around, since their responses are beyond 0..255";
    room.run("a.png -k ones.toml --like scipy -o scipy.png")
        .says(0, &[&format!("scipy.png: {wrapped}")]);
    assert_eq!(samples(&room, "scipy.png"), [8; 9]);
    for (program, expected) in [
        ("opencv", [255; 9]),
        ("vips", [255; 9]),
        ("imagemagick", [255; 9]),
        ("pillow", [200, 200, 200, 200, 255, 200, 200, 200, 200]),
    ] {
        let line = format!("a.png -k ones.toml --like {program} -o {program}.png");
        room.run(&line).unclipped();
        assert_eq!(
            samples(&room, &format!("{program}.png")),
            expected,
            "{program}"
        );
    }
    // Colours stay, and so does the size.
    room.write("rgb.png", &picture(5, 6, 3, Depth::U8));
    room.run("rgb.png -k identity --like opencv -o same.png")
        .silent();
    assert_eq!(room.read("same.png"), room.read("rgb.png"));
}

#[test]
fn a_result_says_that_it_is_another_programs_way() {
    let room = Room::new();
    room.write("a.png", &picture(9, 9, 1, Depth::U8));
    let explained = |line: &str| {
        let text = room.run(&format!("{line} --explain")).silent().text();
        let lines = text.lines().filter(|line| line.starts_with("like "));
        lines.collect::<String>()
    };
    assert_eq!(
        explained("a.png -k box3 --like scipy"),
        "like      as SciPy does, truncated toward zero, wrapped around beyond the type: scipy.ndimage.correlate, the kernel laid as written; where its sums decide how a sample is rounded, it is summed in its order"
    );
    assert_eq!(
        explained("a.png -k sharpen --like pillow"),
        "like      as Pillow does, rounded to the nearest integer, ties up, the frame left as it is: PIL.ImageFilter.Kernel, the kernel laid its last row on top; its sums are exact"
    );
    assert_eq!(explained("a.png -k box3"), "");
    let objects = room
        .run("a.png -k box3 --like scipy --explain --json")
        .json();
    assert_eq!(
        objects[0]["like"],
        json!({ "program": "scipy", "rounding": "toward-zero", "overflow": "wrap", "frame": false })
    );
    let objects = room
        .run("a.png -k box3 --like pillow -o p.png --json")
        .json();
    assert_eq!(objects[0]["like"], "pillow");
    let ran = room.run("a.png -k box3 --like scipy -o s.png -v");
    assert!(
        ran.err
            .contains(", as SciPy does, truncated toward zero, wrapped around beyond the type;"),
        "{}",
        ran.err
    );
}

#[test]
fn options_beside_it_win_or_are_refused() {
    let room = Room::new();
    room.write("a.png", &picture(9, 9, 3, Depth::U8));
    room.run("a.png -k box3 --like scipy --pad wrap -o wrap.png")
        .silent();
    room.run("a.png -k box3 --like scipy -o own.png").silent();
    assert_ne!(room.read("wrap.png"), room.read("own.png"));
    room.run("a.png -k box3 --like pillow --pad valid -o valid.png")
        .silent();
    assert_eq!(room.read("valid.png").shape(), [7, 7, 3]);
    room.run("a.png -k box3 --like opencv --channel green -o green.png")
        .silent();
    assert_eq!(room.read("green.png").shape(), [9, 9, 1]);
    for (options, line) in [
        (
            "--like pillow --pad edge",
            "--like pillow leaves the pixels at the edges as they are; drop --pad, or leave them out with --pad valid",
        ),
        (
            "--like imagemagick --flip",
            "--like imagemagick turns kernels as --flip does; drop --flip",
        ),
        (
            "--like scipy --map abs",
            "SciPy maps responses in no other way than to clamp them; do without, or drop --like",
        ),
        (
            "--like vips --ignore 7",
            "libvips leaves out no samples as missing; do without, or drop --like",
        ),
        (
            "--like gimp",
            "unknown program `gimp`: choose scipy, opencv, vips, imagemagick, pillow",
        ),
    ] {
        room.run(&format!("a.png -k box3 {options} -o o.png"))
            .says(2, &[line]);
    }
    let line = "SciPy filters by one kernel, and has no rule that combines several; do without, or drop --like";
    room.run("a.png -k sobel --like scipy -o o.png")
        .says(2, &[line]);
    let photo = room.run("a.png -k box3 --like scipy --photo -o o.png");
    assert_eq!(photo.code, Some(2), "{}", photo.err);
    assert!(!room.path("o.png").exists());
    // What depends on the image.
    room.write(
        "f.tif",
        &Image::new(3, 3, 1, Samples::F32(vec![0.5; 9].into())).unwrap(),
    );
    room.run("f.tif -k box3 --like pillow -o f2.tif").says(
        1,
        &["f.tif: Pillow does not filter 32-bit float samples; do without, or drop --like"],
    );
}
