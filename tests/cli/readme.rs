//! Every command of the README, as written.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output},
};

use stridekern::{
    Filter, Image, KernelBank,
    codec::{self, Limits},
};

const README: &str = include_str!("../../README.md");

/// The lines of the blocks marked `sh`.
fn commands() -> Vec<&'static str> {
    let blocks = README.split("```sh\n").skip(1);
    blocks
        .flat_map(|block| block.split("```").next().unwrap().lines())
        .collect()
}

/// Runs a line in `folder`, with the program in the path and a `cargo run`
/// that runs it.
fn run(line: &str, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_stridekern"));
    let path = env::var_os("PATH").unwrap();
    let paths = env::split_paths(&path).map(|p| p.to_path_buf());
    let path = env::join_paths(
        [program.parent().unwrap().to_owned()]
            .into_iter()
            .chain(paths),
    )
    .unwrap();
    let line = line.replace("cargo run --release --", "stridekern");
    Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap()
}

fn read(path: &Path) -> Image {
    codec::read(path, &Limits::default()).unwrap().image
}

/// An array of 3 frames of 9 rows and 8 columns.
fn film() -> Vec<u8> {
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 9, 8), }";
    let header = format!("{header:<117}\n");
    let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    file.extend(header.as_bytes());
    file.extend(0..216_u8);
    file
}

/// What was printed on standard error but for clipped samples.
fn told(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines = stderr.split_inclusive('\n');
    lines
        .filter(|line| !line.contains(" of the samples were clipped to "))
        .collect()
}

/// A folder with what the README's commands name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let at = |name: &str| folder.path().join(name);
    symlink(&testdata, at("testdata")).unwrap();
    fs::copy(testdata.join("photos/china.jpg"), at("photo.jpg")).unwrap();
    fs::copy(testdata.join("photos/coins.png"), at("scan.png")).unwrap();
    fs::copy(testdata.join("golden/crops/gray16.npy"), at("array.npy")).unwrap();
    fs::write(at("film.npy"), film()).unwrap();
    fs::create_dir_all(at("photos/trip")).unwrap();
    fs::copy(at("photo.jpg"), at("photos/trip/market.jpg")).unwrap();
    fs::create_dir(at("pictures")).unwrap();
    for name in ["chelsea.png", "coins.png"] {
        fs::copy(
            testdata.join("photos").join(name),
            at("pictures").join(name),
        )
        .unwrap();
    }
    folder
}

#[test]
fn every_command_works_as_written() {
    let folder = folder();
    let mut ran = 0;
    for line in commands().into_iter().filter(|line| *line != "cargo test") {
        let output = run(line, folder.path());
        let stderr = told(&output);
        assert!(output.status.success(), "{line}: {stderr}");
        assert_eq!(stderr, "", "{line}");
        ran += 1;
    }
    assert_eq!(ran, 28);
    let shape = |name: &str| read(&folder.path().join(name)).shape();
    let [rows, columns, _] = shape("photo.jpg");
    assert_eq!(shape("edges.png"), [398, 598, 1]);
    assert_eq!(shape("photo.sobel.jpg"), [rows - 2, columns - 2, 1]);
    assert_eq!(shape("sharp.jpg"), [rows, columns, 3]);
    assert_eq!(shape("half.jpg"), [rows.div_ceil(2), columns / 2, 3]);
    assert_eq!(
        shape("blurred/chelsea.gaussian5.reflect.png"),
        [300, 451, 3]
    );
    assert_eq!(
        shape("sharp/trip/market.sharpen.edge.jpg"),
        [rows, columns, 3]
    );
    assert_eq!(shape("pictures/chelsea.png"), [300, 451, 3]);
    assert_eq!(shape("pictures/chelsea.png.orig"), [300, 451, 3]);
    assert_eq!(shape("outlines/coins.outline.png"), [301, 382, 1]);
    assert_eq!(shape("scan.sobel_x.reflect.npy"), [303, 384, 1]);
    assert_eq!(shape("scan.sobel_direction.png"), [301, 382, 1]);
    assert_eq!(shape("relief2.png"), [301, 382, 1]);
    for border in ["", ".constant", ".edge", ".reflect", ".symmetric", ".wrap"] {
        assert!(
            folder
                .path()
                .join(format!("scan.sobel{border}.png"))
                .is_file(),
            "{border}"
        );
    }
}

#[test]
fn every_example_of_the_help_works_and_keeps_what_it_promises() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let odd = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/odd");
    fs::create_dir_all(at("photos/trip")).unwrap();
    for (from, to) in [
        ("subsampled.jpg", "photo.jpg"),
        ("rgba.png", "one.png"),
        ("rgb16.png", "in.png"),
        ("rgb16.tif", "scan.tif"),
        ("rgba.png", "photos/trip/day.png"),
    ] {
        fs::copy(odd.join(from), at(to)).unwrap();
    }
    fs::write(at("my.toml"), "weights = [[1, 2, 1]]").unwrap();
    let help = run("stridekern --help", folder.path());
    let help = String::from_utf8(help.stdout).unwrap();
    let examples = help.split("Examples:\n").nth(1).unwrap();
    let examples = examples.split("\n\n").next().unwrap().lines();
    let mut ran = 0;
    for line in examples.filter(|line| !line.starts_with("      ")) {
        let output = run(line, folder.path());
        let stderr = told(&output);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{line}");
        ran += 1;
    }
    assert_eq!(ran, 10);
    let original = fs::read(odd.join("subsampled.jpg")).unwrap();
    assert_eq!(fs::read(at("photo.jpg.orig")).unwrap(), original);
    assert_ne!(fs::read(at("photo.jpg")).unwrap(), original);
    assert_eq!(
        read(&at("photo.jpg")).shape(),
        read(&at("photo.jpg.orig")).shape()
    );
    // Colours, alpha and size are those of the picture.
    for (name, result) in [
        ("photo.jpg", "sharp.jpg"),
        ("one.png", "out/one.gaussian5.edge.png"),
        ("in.png", "out/in.gaussian5.edge.png"),
        ("photos/trip/day.png", "sharp/trip/day.sharpen.edge.png"),
    ] {
        assert_eq!(read(&at(result)).shape(), read(&at(name)).shape(), "{name}");
    }
}

#[test]
fn the_first_command_writes_the_edges_of_the_photograph() {
    let folder = folder();
    let first = commands()
        .into_iter()
        .find(|line| line.starts_with("cargo run"))
        .unwrap();
    assert!(run(first, folder.path()).status.success());
    let photograph = read(&folder.path().join("testdata/photos/coffee.png"));
    let sobel = Filter::new(KernelBank::resolve("sobel").unwrap());
    assert_eq!(
        read(&folder.path().join("edges.png")),
        sobel.apply(&photograph).unwrap()
    );
}

#[test]
fn the_pictures_are_what_the_program_makes() {
    let pictures = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/readme");
    let cat = read(&pictures.join("../photos/chelsea.png"));
    for kernel in ["sobel", "emboss", "disk3"] {
        let filter = Filter::new(KernelBank::resolve(kernel).unwrap())
            .with_extent(stridekern::Border::Edge)
            .with_step([2, 2]);
        let picture = read(&pictures.join(format!("chelsea.{kernel}.edge.png")));
        assert_eq!(picture, filter.apply(&cat).unwrap(), "{kernel}");
    }
}

#[test]
fn the_kernel_files_parse_and_their_number_is_right() {
    let blocks = README.split("```toml\n").skip(1);
    let files: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert_eq!(files.len(), 4);
    for file in files {
        KernelBank::parse("readme", "README.md", file).unwrap();
    }
    let number = KernelBank::builtins().len();
    assert!(
        README.contains(&format!("{number} kernels are built in")),
        "{number}"
    );
}
