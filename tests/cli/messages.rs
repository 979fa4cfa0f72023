//! What the program says when it refuses: one line that names what is wrong and
//! what to do.

use std::fs;

use stridekern::Depth;

use crate::{Room, gray, picture};

const NOT_TOML: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/broken/not_toml.toml");

/// Runs every line; each must fail with this code and message and write nothing.
#[track_caller]
fn refused(room: &Room, code: i32, cases: &[(&str, &str)]) {
    let before = room.names();
    for (line, message) in cases {
        let ran = room.run(line).says(code, &[message]);
        assert!(ran.out.is_empty(), "{line}");
        assert_eq!(room.names(), before, "{line}");
    }
}

#[test]
fn usage_errors() {
    let room = Room::new();
    refused(
        &room,
        2,
        &[
            (
                "",
                "the following required arguments were not provided: --kernel <FILE|NAME>, <INPUT>...; see stridekern --help",
            ),
            (
                "a.png",
                "the following required arguments were not provided: --kernel <FILE|NAME>; see stridekern --help",
            ),
            (
                "-k sobel",
                "the following required arguments were not provided: <INPUT>...; see stridekern --help",
            ),
            (
                "a.png -k sobel --nonsense",
                "unexpected argument '--nonsense' found; see stridekern --help",
            ),
            (
                "a.png -k sobel --overwrit",
                "unexpected argument '--overwrit' found; a similar argument exists: '--overwrite'; see stridekern --help",
            ),
            (
                "a.png -k sobel --overwrite --skip-existing",
                "the argument '--overwrite' cannot be used with '--skip-existing'; see stridekern --help",
            ),
            (
                "a.png -k sobel -q -v",
                "the argument '--quiet' cannot be used with '--verbose'; see stridekern --help",
            ),
            (
                "a.png -k sobel --explain --bench",
                "the argument '--explain' cannot be used with '--bench'; see stridekern --help",
            ),
            (
                "a.png -k sobel --quality 0",
                "invalid value '0' for '--quality <1-100>': 0 is not from 1 to 100; see stridekern --help",
            ),
            (
                "a.png -k sobel --quality 101",
                "invalid value '101' for '--quality <1-100>': 101 is not from 1 to 100; see stridekern --help",
            ),
            (
                "a.png -k sobel --quality high",
                "invalid value 'high' for '--quality <1-100>': not a whole number; see stridekern --help",
            ),
            (
                "a.png -k sobel --memory-limit lots",
                "invalid value 'lots' for '--memory-limit <SIZE>': give a size such as 512M or 4GiB; see stridekern --help",
            ),
            (
                "a.png -k sobel --pixel-limit 0",
                "invalid value '0' for '--pixel-limit <N>': give a number of pixels such as 4000000000 or 4G; see stridekern --help",
            ),
            (
                "a.png -k sobel --memory-limit 512",
                "--memory-limit 512 is less than a MiB; give a size such as 512M or 4GiB",
            ),
            (
                "a.png -k sobel --depth 12",
                "invalid value '12' for '--depth <DEPTH>'; choose same, 8, 16, f32; see stridekern --help",
            ),
            (
                "a.png -k sobel --engine quick",
                "invalid value 'quick' for '--engine <METHOD>'; choose auto, naive, direct, separable, fft; see stridekern --help",
            ),
            (
                "a.png -k sobel --bench --bench-runs 0",
                "invalid value '0' for '--bench-runs <N>': 0 is not from 1 to 10000; see stridekern --help",
            ),
            (
                "a.png -k sobel -j 40000",
                "invalid value '40000' for '--threads <N>': 40000 is not from 0 to 1024; see stridekern --help",
            ),
            (
                "a.png -k sobel --step 0",
                "`0` is no --step: give one whole number from 1, or two as ROWS,COLUMNS",
            ),
            (
                "a.png -k sobel --dilate 1,2,3",
                "`1,2,3` is no --dilate: give one whole number from 1, or two as ROWS,COLUMNS",
            ),
            (
                "a.png -k sobel --pad moon",
                "unknown border `moon`: choose valid, constant[:VALUE], edge, reflect, symmetric, wrap or all",
            ),
            (
                "a.png -k sobel --pad mirror",
                "`mirror` means `reflect` (dcb|abcd|cba) in SciPy and `symmetric` (cba|abcd|dcb) in libvips and ImageMagick; name one of those two",
            ),
            (
                "a.png -k sobel --pad constant:white",
                "`constant:white`: `white` is no number that a sample can be; write for instance constant:128",
            ),
            (
                "a.png -k sobel --map strech",
                "unknown map `strech`; choose clamp, abs, offset, stretch, symmetric, float",
            ),
            (
                "a.png -k sobel --channel pink",
                "unknown channel `pink`: choose luma, each, red, green, blue or alpha",
            ),
            (
                "a.png -k sobel --format heic",
                "unknown format `heic`: choose png, jpeg, tiff, webp, bmp, pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy",
            ),
            (
                "a.png -k sobel --format pbm",
                "a.sobel.pbm: pbm holds 1 bit per sample and is only read; choose pgm",
            ),
            (
                "a.png -k sobel -o x.pbm",
                "x.pbm: pbm holds 1 bit per sample and is only read; choose pgm",
            ),
            (
                "a.png -k sobel --map float",
                "a.sobel.png: png holds no 32-bit floats, which --map float gives; use --format with one of tiff, exr, hdr, npy, or another map",
            ),
            (
                "a.png -k sobel --map float --depth 8 -f npy",
                "--map float gives 32-bit floats; use another --map, or drop --depth",
            ),
            (
                "a.png -k sobel --depth f32",
                "a.sobel.png: png holds no 32-bit float samples; choose tiff, exr, hdr or npy, or --depth 8 or 16",
            ),
            (
                "--show-kernel nothing",
                "there is no built-in kernel `nothing`; --list-kernels shows all",
            ),
            (
                "--completions word",
                "invalid value 'word' for '--completions <SHELL>'; choose bash, elvish, fish, powershell, zsh; see stridekern --help",
            ),
        ],
    );
}

#[test]
fn a_flag_may_be_repeated_and_a_value_may_not() {
    let room = Room::new();
    let run = room.run("a.png -k sobel -vv --verbose --overwrite --overwrite");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.err.starts_with("stridekern: a.sobel.png: 18 x 11, "));
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    room.run("a.png -k sobel -qq --skip-existing -q --skip-existing --json --json")
        .silent();
    // What it contradicts, it still contradicts.
    for (line, message) in [
        (
            "a.png -k sobel -v -q -v",
            "the argument '--quiet' cannot be used with '--verbose'; see stridekern --help",
        ),
        (
            "a.png -k sobel --skip-existing --overwrite --overwrite",
            "the argument '--skip-existing' cannot be used with '--overwrite'; see stridekern --help",
        ),
        (
            "a.png -k sobel -o x.png -o y.png",
            "the argument '--output <PATH>' cannot be used multiple times; see stridekern --help",
        ),
        (
            "a.png -k sobel -j 1 -j 2",
            "the argument '--threads <N>' cannot be used multiple times; see stridekern --help",
        ),
    ] {
        room.run(line).says(2, &[message]);
    }
    assert_eq!(room.names(), ["a.png", "a.sobel.png"]);
}

#[test]
fn outputs_that_cannot_be() {
    let room = Room::new();
    refused(
        &room,
        2,
        &[
            (
                "a.png -k sobel -o x.png -f jpg",
                "x.png: the name says png, --format says jpeg; make them agree",
            ),
            (
                "a.png -k sobel -k emboss -o x.png",
                "x.png: one file cannot hold several results; name a folder with --output",
            ),
            (
                "a.png -k sobel --pad all -o a.png",
                "a.png: one file cannot hold several results; name a folder with --output",
            ),
            (
                "a.png -k sobel -k emboss -o -",
                "--output names one file for 2 results; name a folder (with a / at its end)",
            ),
            (
                "a.png -k sobel -o noname",
                "noname: the name does not tell the format; add --format, an extension, or a / at its end if it is a folder",
            ),
            (
                "- - -k sobel",
                "standard input was named twice; it can be read once",
            ),
            (
                "- -k sobel",
                "standard input has no name to make an output's of; give --output FILE, or --output - for standard output",
            ),
            (
                "- -k sobel -o out/",
                "standard input has no name to make an output's of; give --output FILE, or --output - for standard output",
            ),
            (
                "a.png -k sobel -o - --json",
                "--json and --output - both want standard output; write the image to a file",
            ),
            (
                "a.png -k sobel -o a.png/",
                "a.png/: a file is in the way of this folder; choose another --output",
            ),
            (
                "a.png -k sobel -o a.png/b/",
                "a.png/b/: a file is in the way of this folder; choose another --output",
            ),
            (
                "a.png -k sobel -o a.png/x.png",
                "a.png/x.png: a file is in the way of its folder; choose another --output",
            ),
            (
                "a.png -k sobel -o none/x.png",
                "none/x.png: there is no folder none; create it first",
            ),
        ],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let room = Room::new();
    refused(
        &room,
        1,
        &[(
            "a.png -k sobel -o /dev/full",
            "/dev/full: cannot write the output: No space left on device (os error 28); free some space, or choose another place for the output",
        )],
    );
    room.run("a.png -k sobel -o /dev/null").silent();
}

#[test]
fn formats_that_cannot_hold_the_result() {
    let room = Room::new();
    room.write("deep.png", &picture(9, 9, 3, Depth::U16));
    room.write("clear.png", &picture(9, 9, 4, Depth::U8));
    refused(
        &room,
        1,
        &[
            (
                "deep.png -k sobel -f jpg",
                "deep.sobel.jpg: jpeg holds no 16-bit samples; choose png, tiff, pgm, ppm, pnm, pam or npy, or --depth 8",
            ),
            (
                "clear.png -k sobel --channel each -f jpg",
                "clear.sobel.jpg: jpeg holds no alpha; choose png, tiff, webp, bmp, pam, qoi, tga, gif or npy",
            ),
            (
                "clear.png -k sobel --channel each -o x.ppm",
                "x.ppm: ppm holds no alpha; choose png, tiff, webp, bmp, pam, qoi, tga, gif or npy",
            ),
        ],
    );
    // What the messages advise works.
    room.run("deep.png -k sobel -f jpg --depth 8").silent();
    room.run("clear.png -k sobel -f jpg").silent();
}

#[test]
fn inputs_that_cannot_be() {
    let room = Room::new();
    fs::create_dir(room.path("folder")).unwrap();
    room.text("empty.png", "");
    room.text("text.png", "hello");
    room.text("page.png", "<!DOCTYPE html><p>404");
    room.write("tiny.png", &gray(2, 2, vec![1, 2, 3, 4]));
    refused(
        &room,
        1,
        &[
            (
                "missing.png -k sobel",
                "missing.png: there is no such file; check its name",
            ),
            (
                "a.png/x.png -k sobel",
                "a.png/x.png: there is no such file, a part of its path is no folder; check its name",
            ),
            (
                "folder -k sobel",
                "folder: it is a folder: add -r, or name the images in it, for instance FOLDER/*.png",
            ),
            (
                "empty.png -k sobel",
                "empty.png: the file is empty: get a good copy of it",
            ),
            (
                "text.png -k sobel",
                "text.png: it is no picture that can be read, it looks like text: supported are png, jpeg, tiff, webp, bmp, pbm, pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy",
            ),
            (
                "page.png -k sobel",
                "page.png: it is no picture that can be read, it looks like a web page: supported are png, jpeg, tiff, webp, bmp, pbm, pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy",
            ),
            (
                "tiny.png -k sobel",
                "tiny.png: the kernel's window of 3 rows x 3 columns is larger than the image of 2 x 2; choose a border (--pad edge, reflect, ...) or a smaller kernel",
            ),
            (
                "a.png -k sobel --dilate 7",
                "a.png: the kernel's window of 15 rows x 15 columns is larger than the image of 13 x 20; choose a border (--pad edge, reflect, ...) or a smaller kernel",
            ),
            (
                "a.png -k sobel --channel red",
                "a.png: an image of 1 channel has no red channel; use --channel luma or each",
            ),
            (
                "a.png -k sobel --pad constant:300",
                "a.png: constant:300 is no 8-bit sample; use a whole number from 0 to 255",
            ),
        ],
    );
    // What the message advises works.
    room.run("tiny.png -k sobel --pad reflect").silent();
}

#[test]
fn kernels_that_cannot_be() {
    let room = Room::new();
    fs::create_dir(room.path("folder")).unwrap();
    fs::copy(NOT_TOML, room.path("not_toml.toml")).unwrap();
    for (name, text) in [
        ("key.toml", "wieghts = [[1]]"),
        ("ragged.toml", "weights = [[1, 2], [3]]"),
        ("empty.toml", "weights = []"),
        ("nan.toml", "weights = [[nan]]"),
        ("inf.toml", "weights = [[1, inf]]"),
        ("zero.toml", "weights = [[1]]\ndivisor = 0"),
        ("anchor.toml", "weights = [[1]]\nanchor = [0, 1]"),
        ("map.toml", "weights = [[1]]\nmap = \"abss\""),
        ("mine.toml", "weights = [[1]]"),
        ("float.toml", "weights = [[1]]\nmap = \"float\""),
    ] {
        room.text(name, text);
    }
    refused(
        &room,
        2,
        &[
            (
                "a.png -k nothing.toml",
                "there is no kernel file `nothing.toml` and no built-in kernel of that name; --list-kernels shows all",
            ),
            (
                "a.png -k sobl",
                "there is no kernel file `sobl` and no built-in kernel of that name; did you mean `sobel`? --list-kernels shows all",
            ),
            (
                "a.png -k mine",
                "there is no kernel file `mine` and no built-in kernel of that name; did you mean `mine.toml`? --list-kernels shows all",
            ),
            (
                "a.png -k none/sobel.toml",
                "there is no kernel file `none/sobel.toml` and no built-in kernel of that name; did you mean `sobel`? --list-kernels shows all",
            ),
            (
                "a.png -k folder",
                "folder: this is a directory, not a kernel file; name a file in it",
            ),
            (
                "a.png -k a.png",
                "a.png:1:1: not UTF-8 text at byte 0: `\\x89\\x50\\x4e\\x47`; a kernel file is TOML, saved as UTF-8",
            ),
            (
                "a.png -k not_toml.toml",
                "not_toml.toml:2:1: not TOML: missing comma between array elements, expected `,`: `this is not TOML`; --show-kernel sobel prints a file to start from",
            ),
            (
                "a.png -k key.toml",
                "key.toml:1:1: unknown key: `wieghts`; did you mean `weights`?",
            ),
            (
                "a.png -k ragged.toml",
                "ragged.toml:1:20: row 2 has 1 weight, the row above has 2: `[3]`; give every row as many; 0 where there is none",
            ),
            (
                "a.png -k empty.toml",
                "empty.toml:1:11: the kernel has no weights: `[]`; give at least one row with one number",
            ),
            (
                "a.png -k nan.toml",
                "nan.toml:1:13: a weight is not a finite number: `nan`; give a number below 1.8e308",
            ),
            (
                "a.png -k inf.toml",
                "inf.toml:1:16: a weight is not a finite number: `inf`; give a number below 1.8e308",
            ),
            (
                "a.png -k zero.toml",
                "zero.toml:2:11: divisor 0 must be a finite number other than zero: `0`",
            ),
            (
                "a.png -k anchor.toml",
                "anchor.toml:2:10: anchor [0, 1] lies outside the 1x1 kernel: `[0, 1]`; rows and columns count from 0",
            ),
            (
                "a.png -k map.toml",
                "map.toml:2:7: unknown map: `\"abss\"`; choose clamp, abs, offset, stretch, symmetric, float",
            ),
            (
                "a.png -k float.toml --depth 8",
                "the kernel's map float gives 32-bit floats; use another --map, or drop --depth",
            ),
            (
                "a.png -k float.toml",
                "a.float.png: png holds no 32-bit floats, which --map float gives; use --format with one of tiff, exr, hdr, npy, or another map",
            ),
        ],
    );
}
