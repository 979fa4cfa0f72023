//! `--plot`: kernels as pictures.

use std::{env, fs, path::Path};

use roxmltree::Document;
use stridekern::Depth;

use crate::Room;

/// The texts of an SVG file, which must be well-formed.
fn texts(svg: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(svg).unwrap();
    let document = Document::parse(text).unwrap();
    let nodes = document.descendants();
    let texts = nodes.filter(|node| node.has_tag_name("text"));
    texts
        .map(|node| node.text().unwrap_or("").to_owned())
        .collect()
}

/// Width and height.
fn size(svg: &[u8]) -> [usize; 2] {
    let text = std::str::from_utf8(svg).unwrap();
    let document = Document::parse(text).unwrap();
    let side = |name| {
        document
            .root_element()
            .attribute(name)
            .unwrap()
            .parse()
            .unwrap()
    };
    [side("width"), side("height")]
}

/// The pictures of the README: each a command and its file. `STRIDEKERN_UPDATE_DOCS=1` draws them
/// anew.
#[test]
fn the_pictures_of_the_readme_are_what_the_program_draws() {
    let room = Room::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/readme");
    let readme = include_str!("../../README.md");
    for (kernel, name) in [
        ("sobel_x", "kernel.sobel_x.svg"),
        ("gaussian:sigma=1.5", "kernel.gaussian-sigma1.5.svg"),
    ] {
        let line = format!("--show-kernel {kernel} --plot {name}");
        let drawn = room.run(&line).silent();
        assert_eq!(drawn.text(), "");
        let path = folder.join(name);
        if env::var_os("STRIDEKERN_UPDATE_DOCS").is_some() {
            fs::write(&path, room.bytes(name)).unwrap();
        }
        let kept = fs::read(&path).unwrap_or_default();
        assert!(
            kept == room.bytes(name),
            "{name} is out of date: run this test with STRIDEKERN_UPDATE_DOCS=1"
        );
        assert!(
            readme.contains(&format!("(testdata/readme/{name})")),
            "{name}"
        );
        assert!(kept.len() < 40_000, "{name}: {}", kept.len());
    }
}

#[test]
fn what_is_known_of_a_kernel_is_written_on_it() {
    let room = Room::new();
    room.run("--show-kernel sobel_x --plot k.svg").silent();
    let svg = room.bytes("k.svg");
    let texts = texts(&svg);
    for text in [
        "sobel_x",
        "3 x 3",
        "sum 0, absolute sum 8, divisor 1: gain 0",
        "symmetric top-bottom, antisymmetric left-right; rank 1 of 3: column [1 2 1] times row [-1 0 1]",
        "largest gain 8 at x 0.25, y 0",
        "8-bit, 0 to 255",
        "-1020 to 1020",
        "i16",
        "-2",
        "cycles per pixel",
    ] {
        assert!(texts.iter().any(|t| t == text), "{text}: {texts:#?}");
    }
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.contains("@media (prefers-color-scheme:dark)"));
    // A ninth is a fraction, and a file is drawn like any other kernel.
    room.text(
        "mean.csv",
        &"0.1111111111111111,0.1111111111111111\n".repeat(2),
    );
    room.run("--show-kernel mean.csv --plot mean.svg").silent();
    let texts = self::texts(&room.bytes("mean.svg"));
    assert_eq!(texts.iter().filter(|text| *text == "1/9").count(), 4);
}

#[test]
fn each_kernel_of_a_bank_is_drawn() {
    let room = Room::new();
    room.run("--show-kernel sobel --plot k.svg").silent();
    let texts = texts(&room.bytes("k.svg"));
    for text in [
        "2 kernels of 3 x 3, combined by magnitude",
        "Kernel 1: x",
        "Kernel 2: y",
    ] {
        assert!(texts.iter().any(|t| t == text), "{text}: {texts:#?}");
    }
    let kernels = "[[kernels]]\nweights = [[1, 2]]\n".repeat(25);
    room.text("many.toml", &format!("combine = \"max\"\n{kernels}"));
    let note = "many.svg: the first 24 of 25 kernels are drawn";
    room.run("--show-kernel many.toml --plot many.svg")
        .says(0, &[note]);
    room.run("--show-kernel many.toml --plot q.svg -q").silent();
    let texts = self::texts(&room.bytes("many.svg"));
    assert!(texts.iter().any(|text| text == "Kernel 24"));
    assert!(!texts.iter().any(|text| text == "Kernel 25"));
    assert!(
        texts
            .iter()
            .any(|text| text.ends_with("; the first 24 are drawn"))
    );
    room.run("--show-kernel many.toml --plot many.png -q")
        .silent();
    let [width, height] = size(&room.bytes("many.svg"));
    let shape = room.read("many.png").shape();
    assert!(
        shape == [height, width, 3] || shape == [2 * height, 2 * width, 3],
        "{shape:?}"
    );
}

#[test]
fn all_kernels_are_on_a_sheet() {
    let room = Room::new();
    room.run("--list-kernels --plot all.svg").silent();
    let texts = texts(&room.bytes("all.svg"));
    for builtin in stridekern::KernelBank::builtins() {
        assert!(
            texts.iter().any(|text| text == builtin.name()),
            "{}",
            builtin.name()
        );
    }
}

#[test]
fn png_files_have_two_pixels_for_each_unit() {
    let room = Room::new();
    room.run("--show-kernel sobel_x --plot k.svg").silent();
    room.run("--show-kernel sobel_x --plot k.PNG -v")
        .says(0, &["k.PNG: drawn"]);
    let image = room.read("k.PNG");
    let [width, height] = size(&room.bytes("k.svg"));
    assert_eq!(image.shape(), [2 * height, 2 * width, 3]);
    assert_eq!(image.depth(), Depth::U8);
    let samples: Vec<f64> = stridekern::ImageView::from(&image).numbers().collect();
    let pixel = |x: usize, y: usize| &samples[(y * 2 * width + x) * 3..][..3];
    assert_eq!(pixel(0, 0), [255.0; 3]);
    // The corners of the weights -1 and 1 are blue and orange.
    let place = texts_at(&room.bytes("k.svg"), "Weights");
    let [left, top] = [place[0] + 6, place[1] + 16];
    let [blue, orange] = [
        pixel(2 * left, 2 * top),
        pixel(2 * (left + 3 * 60), 2 * top),
    ];
    assert!(blue[2] > blue[0] + 60.0, "{blue:?}");
    assert!(orange[0] > orange[2] + 60.0, "{orange:?}");
    let letters = samples
        .chunks(3)
        .filter(|pixel| pixel.iter().all(|&sample| sample < 60.0));
    assert!(letters.count() > 2000);
}

/// Where this text is in an SVG file.
fn texts_at(svg: &[u8], wanted: &str) -> [usize; 2] {
    let document = Document::parse(std::str::from_utf8(svg).unwrap()).unwrap();
    let mut nodes = document.descendants();
    let node = nodes.find(|node| node.has_tag_name("text") && node.text() == Some(wanted));
    let node = node.unwrap();
    ["x", "y"].map(|name| node.attribute(name).unwrap().parse::<f64>().unwrap() as usize)
}

#[test]
fn files_are_kept_and_replaced_by_the_rules_of_outputs() {
    let room = Room::new();
    let line = "--show-kernel sobel --plot k.svg";
    room.text("k.svg", "kept");
    let refused = room.run(line);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.err.starts_with("stridekern: k.svg: "),
        "{}",
        refused.err
    );
    assert!(
        refused.err.contains("; use --overwrite to replace it"),
        "{}",
        refused.err
    );
    room.run(&format!("{line} --skip-existing"))
        .says(0, &["k.svg: it exists: kept"]);
    assert_eq!(room.bytes("k.svg"), b"kept");
    room.run(&format!("{line} --overwrite")).silent();
    assert!(room.bytes("k.svg").starts_with(b"<svg "));
    let missing = room.run("--show-kernel sobel --plot no/k.svg");
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.err.starts_with("stridekern: no/k.svg: "),
        "{}",
        missing.err
    );
    fs::create_dir(room.path("folder.svg")).unwrap();
    let folder = room.run("--show-kernel sobel --plot folder.svg --overwrite");
    assert_eq!(folder.code, Some(1), "{}", folder.err);
    assert!(!folder.err.contains("--output"), "{}", folder.err);
    assert_eq!(room.names(), ["a.png", "folder.svg", "k.svg"]);
    let shown = room.run("--show-kernel sobel --plot -").silent();
    assert_eq!(shown.out, room.bytes("k.svg"));
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let room = Room::new();
    let extension =
        "--plot draws .svg and .png files; name one of these, or - for SVG on standard output";
    for name in ["k.pdf", "k", "svg", ".svg"] {
        room.run(&format!("--show-kernel sobel --plot {name}"))
            .says(2, &[&format!("{name}: {extension}")]);
    }
    room.run("--show-kernel nothing --plot k.svg").says(
        2,
        &["there is no built-in kernel `nothing`; --list-kernels shows all"],
    );
    for (line, part) in [
        ("a.png -k sobel --plot k.svg", "cannot be used with"),
        (
            "--show-kernel sobel --plot k.svg --dry-run",
            "cannot be used with",
        ),
        ("--list-kernels --plot k.svg --json", "cannot be used with"),
        (
            "--show-kernel sobel --plot k.svg -o x.svg",
            "cannot be used with",
        ),
        (
            "--files-from - -k sobel --plot k.svg",
            "cannot be used with",
        ),
        ("--plot k.svg", "required arguments were not provided"),
    ] {
        let ran = room.run(line);
        assert_eq!(ran.code, Some(2), "{line}");
        assert!(ran.err.contains(part), "{line}: {}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{line}: {}", ran.err);
    }
    assert_eq!(room.names(), ["a.png"]);
}

/// Kernels of a name full of markup, of one weight, of none but zeros, at the ends of floats, long
/// and large ones.
#[test]
fn odd_kernels_are_drawn() {
    let room = Room::new();
    room.text(
        "<b>&'\".toml",
        "description = \"<i>\\\"&amp;\"\nweights = [[1]]\n",
    );
    room.text("ends.csv", "1.7e308,1.7e308,5e-324\n-1.7e308,1e-300,0\n");
    let long = Vec::from_iter((0..1500).map(|at| (at % 7).to_string())).join(",");
    room.text("long.csv", &long);
    for kernel in [
        "<b>&'\".toml",
        "[[0,0],[0,0]]",
        "[[5]]",
        "ends.csv",
        "long.csv",
        "disk:radius=500",
        "gaussian:sigma=100",
        "box:size=999",
    ] {
        for name in ["k.svg", "k.png"] {
            let words = ["--show-kernel", kernel, "--plot", name, "--overwrite"];
            let ran = room.run_words(words).silent();
            assert_eq!(ran.text(), "", "{kernel}");
        }
        let svg = room.bytes("k.svg");
        assert!(svg.len() < 150_000, "{kernel}: {}", svg.len());
        let texts = texts(&svg);
        assert!(
            texts.iter().all(|text| !text.contains("NaN")),
            "{kernel}: {texts:?}"
        );
        let [width, height] = size(&svg);
        assert_eq!(
            room.read("k.png").shape(),
            [2 * height, 2 * width, 3],
            "{kernel}"
        );
    }
    let words = ["--show-kernel", "<b>&'\".toml", "--plot", "m.svg"];
    room.run_words(words).silent();
    let texts = texts(&room.bytes("m.svg"));
    assert!(texts.iter().any(|text| text == "<b>&'\""), "{texts:?}");
    assert!(texts.iter().any(|text| text == "<i>\"&amp;"), "{texts:?}");
}
