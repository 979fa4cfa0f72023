//! Every broken file: refused by the program, on one line, with nothing written.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

const TESTDATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");

fn expected(kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(Path::new(TESTDATA).join("broken/expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let files = expected["files"].as_array().unwrap();
    assert_eq!(expected["count"], files.len());
    let of_kind = files.iter().filter(|file| file["kind"] == kind);
    of_kind.cloned().collect()
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stridekern"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The one line on standard error of a run that wrote nothing.
fn refusal(output: &Output, code: i32, name: &str) -> String {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{name}: {stderr}");
    assert!(output.stdout.is_empty(), "{name}");
    assert_eq!(stderr.lines().count(), 1, "{name}: {stderr}");
    assert!(stderr.ends_with('\n'), "{name}: {stderr}");
    assert!(!stderr.contains("panicked"), "{name}: {stderr}");
    stderr.trim_end().to_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn broken_images_are_refused_and_nothing_is_written() {
    const SUPPORTED: &str =
        "png, jpeg, tiff, webp, bmp, pbm, pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy";
    let cut = |format: &str| {
        format!("the {format} file ends before its picture does: get a complete copy of it")
    };
    let bomb = "the header claims 100000 x 100000 = 10000000000 pixels, more than the limit of 2147483648: raise --pixel-limit if you trust the file, or cut the picture into parts";
    let exact = [
        ("empty.png", "the file is empty: get a good copy of it".to_owned()),
        (
            "text.png",
            format!(
                "it is no picture that can be read, it looks like text: supported are {SUPPORTED}"
            ),
        ),
        (
            "crc.png",
            "the png file is damaged (the checksum of its IDAT chunk is wrong): get a good copy of it"
                .to_owned(),
        ),
        (
            "palette4.png",
            "the png file is damaged (its palette ends within a colour): get a good copy of it"
                .to_owned(),
        ),
        (
            "depth3.png",
            "the png file is damaged (Invalid bit depth 3): get a good copy of it".to_owned(),
        ),
        (
            "zero.png",
            "the picture is empty: 0 columns x 0 rows x 3 channels; there is nothing to filter"
                .to_owned(),
        ),
        (
            "zero_rows.npy",
            "the picture is empty: 5 columns x 0 rows x 1 channels; there is nothing to filter"
                .to_owned(),
        ),
        (
            "garbage.npy",
            format!(
                "the name says npy, the content is no npy, nor anything else that can be read: supported are {SUPPORTED}"
            ),
        ),
        (
            "complex.npy",
            "arrays of `<c16` are not supported: integers, booleans and floats of up to 64 bits are; save np.abs(a), a.real or a.imag"
                .to_owned(),
        ),
        ("bomb.png", bomb.to_owned()),
        ("bomb.pgm", bomb.to_owned()),
        ("signature.png", cut("png")),
        ("truncated.png", cut("png")),
        ("no_iend.png", cut("png")),
        ("truncated.jpg", cut("jpeg")),
        ("truncated.tif", cut("tiff")),
        ("truncated.webp", cut("webp")),
        ("truncated.bmp", cut("bmp")),
        ("truncated.pgm", cut("pgm")),
        ("truncated.qoi", cut("qoi")),
        ("truncated.gif", cut("gif")),
        ("truncated.exr", cut("exr")),
        ("short.npy", cut("npy")),
    ];
    let images = expected("image");
    assert_eq!(images.len(), 33);
    for (name, _) in &exact {
        assert!(images.iter().any(|i| i["file"] == *name), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for image in images {
        let name = image["file"].as_str().unwrap();
        fs::copy(
            Path::new(TESTDATA).join("broken").join(name),
            folder.join(name),
        )
        .unwrap();
        let wanted = exact.iter().find(|(file, _)| *file == name);
        for arguments in [
            &[name, "-k", "sobel"][..],
            &[name, "-k", "sobel", "--pad", "edge", "-o", "out/"],
        ] {
            let stderr = refusal(&run(folder, arguments), 1, name);
            let message = stderr.strip_prefix(&format!("stridekern: {name}: "));
            let message = message.unwrap_or_else(|| panic!("{stderr}"));
            assert!(
                message.chars().next().unwrap().is_lowercase(),
                "{name}: {message}"
            );
            if let Some((_, wanted)) = wanted {
                assert_eq!(message, wanted, "{name}");
            }
        }
        assert_eq!(names(&folder.join("out")), [""; 0]);
        fs::remove_dir(folder.join("out")).unwrap();
        assert_eq!(names(folder), [name]);
        fs::remove_file(folder.join(name)).unwrap();
    }
}

#[test]
fn broken_kernels_are_refused_with_their_line() {
    let exact = [
        (
            "not_toml.toml",
            "2:1: not TOML: missing comma between array elements, expected `,`: `this is not TOML`; --show-kernel sobel prints a file to start from",
        ),
        (
            "unknown_key.toml",
            "2:1: unknown key: `divisior`; did you mean `divisor`?",
        ),
        (
            "unknown_key_inside.toml",
            "3:1: unknown key: `gain`; the keys here are name, weights, column, row, generate, normalize, divisor, bias, offset, anchor, flip",
        ),
        (
            "ragged.toml",
            "3:3: row 2 has 2 weights, the row above has 3: `[4, 5]`; give every row as many; 0 where there is none",
        ),
        (
            "empty_weights.toml",
            "1:11: the kernel has no weights: `[]`; give at least one row with one number",
        ),
        (
            "empty_rows.toml",
            "1:11: the kernel has no weights: `[[], []]`; give at least one row with one number",
        ),
        (
            "nan.toml",
            "3:7: a weight is not a finite number: `nan`; give a number below 1.8e308",
        ),
        (
            "inf.toml",
            "1:27: a weight is not a finite number: `-inf`; give a number below 1.8e308",
        ),
        (
            "zero_divisor.toml",
            "2:11: divisor 0 must be a finite number other than zero: `0`",
        ),
        (
            "anchor_outside.toml",
            "2:10: anchor [1, 2] lies outside the 2x2 kernel: `[1, 2]`; rows and columns count from 0",
        ),
        (
            "anchor_negative.toml",
            "2:10: the anchor lies outside the 2x2 kernel: `[-1, 0]`; give [row, column], counted from 0",
        ),
        (
            "unknown_map.toml",
            "2:7: unknown map: `\"strech\"`; choose clamp, abs, offset, stretch, symmetric, float",
        ),
        (
            "empty.toml",
            "1:1: the file is empty; give a kernel: weights = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]",
        ),
        (
            "not_utf8.toml",
            "1:16: not UTF-8 text at byte 15: `\\xff\\xfe\\x22\\x0a`; a kernel file is TOML, saved as UTF-8",
        ),
    ];
    let kernels = expected("kernel");
    assert_eq!(kernels.len(), 30);
    for (name, _) in &exact {
        assert!(kernels.iter().any(|k| k["file"] == *name), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let photograph = folder.join("coins.png");
    fs::copy(Path::new(TESTDATA).join("photos/coins.png"), &photograph).unwrap();
    let before = fs::read(&photograph).unwrap();
    for kernel in kernels {
        let name = kernel["file"].as_str().unwrap();
        fs::copy(
            Path::new(TESTDATA).join("broken").join(name),
            folder.join(name),
        )
        .unwrap();
        // A good kernel beside the broken one is not run either.
        let arguments = ["coins.png", "-k", "sobel", "-k", name, "-o", "out/"];
        let stderr = refusal(&run(folder, &arguments), 2, name);
        let place = stderr.strip_prefix(&format!("stridekern: {name}:"));
        let place = place.unwrap_or_else(|| panic!("{stderr}"));
        if let Some(line) = kernel["line"].as_u64() {
            assert!(place.starts_with(&format!("{line}:")), "{stderr}");
        }
        if let Some((_, wanted)) = exact.iter().find(|(file, _)| *file == name) {
            assert_eq!(place, *wanted, "{name}");
        }
        fs::remove_file(folder.join(name)).unwrap();
        assert_eq!(names(folder), ["coins.png"]);
    }
    assert_eq!(fs::read(&photograph).unwrap(), before);
}
