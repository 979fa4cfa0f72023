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
    room.write("rgb.png", &picture(5, 6, 3, Depth::U8));
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
    for (options, line) in [
        (
            "box3 --like vips --anchor 0,0",
            "libvips has the anchor of a kernel at its center",
        ),
        ("box3 --like opencv --step 2", "OpenCV has no steps"),
        (
            "box3 --like opencv --dilate 2",
            "OpenCV does not dilate kernels",
        ),
        (
            "box3 --like opencv --pad wrap",
            "OpenCV has no border `wrap` for filters",
        ),
        (
            "1,2,1 --like pillow",
            "Pillow has kernels of 3 x 3 and 5 x 5 only",
        ),
        (
            "box3 --like scipy --bias 0.5",
            "SciPy has neither bias nor offset",
        ),
        (
            "im:FreiChen:10 --like imagemagick",
            "ImageMagick rounds and clips between kernels that it applies one after the other",
        ),
        (
            "im:1x3:1,nan,1 --like imagemagick",
            "ImageMagick loses the weights beyond a hole in a kernel of one column",
        ),
    ] {
        // Once, however many pictures there are.
        let said = format!("{line}; do without, or drop --like");
        room.run(&format!("a.png rgb.png -k {options} -o o/"))
            .says(2, &[&said]);
        assert!(!room.path("o").exists());
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

/// The origin of a string, and any anchor that is given, is where it says; ImageMagick's own is
/// (n - 1) / 2 only where none is.
#[test]
fn an_anchor_that_is_given_stays() {
    let room = Room::new();
    room.write("a.png", &gray(1, 4, vec![10, 20, 40, 80]));
    room.text("plain.toml", "weights = [[0, 1]]");
    room.text("named.toml", "weights = [[0, 1]]\nanchor = [0, 1]");
    let filtered = |kernel: &str| {
        let line = format!("a.png -k {kernel} --like imagemagick -o o.png --overwrite");
        room.run(&line).silent();
        samples(&room, "o.png")
    };
    // By `convert a.png -morphology Convolve:1 STRING o.png`.
    assert_eq!(filtered("im:2x1:0,1"), [10, 10, 20, 40]);
    assert_eq!(filtered("im:2x1+1+0:0,1"), [10, 20, 40, 80]);
    assert_eq!(filtered("plain.toml"), [10, 10, 20, 40]);
    assert_eq!(filtered("named.toml"), [10, 20, 40, 80]);
    assert_eq!(filtered("plain.toml --anchor 0,1"), [10, 20, 40, 80]);
    assert_eq!(filtered("plain.toml --anchor 0,0"), [10, 10, 20, 40]);
    // It is told to whoever reads the kernel as TOML.
    let toml = room.run("--show-kernel im:2x1+1+0:0,1").silent().text();
    assert!(toml.contains("anchor = [0, 1]"), "{toml}");
}

#[test]
fn what_rounding_makes_of_weights_and_offsets_is_told() {
    let room = Room::new();
    room.write("a.png", &picture(9, 9, 1, Depth::U8));
    let after =
        "; --divisor with larger weights, or --map float, as without --precision integer there";
    room.run("a.png -k gaussian:sigma=1 --like vips -o o.png")
        .says(
            0,
            &[&format!(
                "o.png: warning: libvips rounds the weights to integers: 81 of 81 became 0, and flat \
                 areas are multiplied by 0, not by 1{after}"
            )],
        );
    let objects = room
        .run("a.png -k 0.4,0.6 --like vips -o v.png --json")
        .json();
    assert_eq!(objects[0]["warnings"][0]["kind"], "rounded_weights");
    // Whole weights stay, and so do floats.
    room.run("a.png -k box3 --like vips -o b.png").silent();
    room.run("a.png -k gaussian:sigma=1 --like vips --map float -o f.tif")
        .silent();
    room.text("half.toml", "weights = [[1, 1]]\ndivisor = 2\noffset = 0.5");
    for (program, name) in [("opencv", "OpenCV"), ("imagemagick", "ImageMagick")] {
        let line = format!(
            "a.png: {name} adds 0.5 to 8-bit samples, of which whole ones are added here; give a whole offset; do without, or drop --like"
        );
        room.run(&format!("a.png -k half.toml --like {program} -o h.png"))
            .says(1, &[&line]);
    }
}

/// The frame of Pillow's results is no border.
#[test]
fn results_with_a_frame_are_named_so() {
    let room = Room::new();
    room.write("a.png", &picture(9, 9, 1, Depth::U8));
    room.run("a.png -k box3 --like pillow").silent();
    assert!(room.path("a.box3.frame.png").exists(), "{:?}", room.names());
    room.run("a.png -k box3 --like pillow --pad valid").silent();
    assert!(room.path("a.box3.png").exists());
    // Another run does not take them for pictures, nor those of specs and of weights in line.
    room.run("a.png -k gaussian:sigma=0.5 -k 1,2,1 -k im:Disk:1 --pad edge -q")
        .silent();
    let before = room.names().len();
    room.run("-r . -k identity --pad edge -o out/ -q").silent();
    let names = room.names().len() - before;
    assert_eq!(names, 1, "{:?}", room.names());
    assert_eq!(
        std::fs::read_dir(room.path("out")).unwrap().count(),
        1,
        "one picture is no result"
    );
}
