//! Kernels in files of other programs: shown as TOML, run, and refused with a place.

use std::fs;

use crate::Room;

const YAML: &str = "%YAML:1.0\n---\nk: !!opencv-matrix\n   rows: 1\n   cols: 3\n   dt: f\n   data: [ 1., 2., -1. ]\n";

/// An array of `<i2` of this shape.
fn npy(shape: &str, data: &[u8]) -> Vec<u8> {
    npy_of("<i2", shape, data)
}

fn npy_of(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), data].concat()
}

/// What is shown of each is a kernel file that gives the same pixels.
#[test]
fn kernels_of_every_format_are_shown_as_toml() {
    let room = Room::new();
    let mut acf = vec![0; 54];
    (acf[25], acf[27], acf[51]) = (2, 1, 3);
    let rows = "[[1, 2, -1]]\n";
    let two = "combine = \"max\"\n\n[[kernels]]\nweights = [[1, 2, -1]]\n\n[[kernels]]\nweights = [[3, 0, -3]]\n";
    let files: [(&str, Vec<u8>, String); 11] = [
        ("k.mat", b"3 1 2 -1\n1 2 -1\n".to_vec(), format!("weights = {rows}divisor = 2\noffset = -1\n")),
        ("k.tsv", b"1\t2\t-1\n".to_vec(), format!("weights = {rows}")),
        ("k.txt", b"1 2 -1\n".to_vec(), format!("weights = {rows}")),
        ("k.acf", acf, "divisor = 3\n".to_owned()),
        ("k.yml", YAML.into(), format!("weights = {rows}")),
        (
            "k.json",
            br#"{"k": {"type_id": "opencv-matrix", "rows": 1, "cols": 3, "dt": "i", "data": [1, 2, -1]}}"#.to_vec(),
            format!("weights = {rows}"),
        ),
        (
            "k.xml",
            b"<?xml version=\"1.0\"?>\n<opencv_storage><k type_id=\"opencv-matrix\"><rows>1</rows><cols>3</cols>\
              <dt>s</dt><data>1 2 -1</data></k></opencv_storage>\n".to_vec(),
            format!("weights = {rows}"),
        ),
        ("k.npy", npy("(1, 3)", &[1, 0, 2, 0, 255, 255]), format!("weights = {rows}")),
        ("bank.npy", npy("(2, 1, 3)", &[1, 0, 2, 0, 255, 255, 3, 0, 0, 0, 253, 255]), two.to_owned()),
        ("k.im", b"3x1+0+0: 1 2 -1".to_vec(), format!("weights = {rows}anchor = [0, 0]\nflip = true\n")),
        ("two.im", b"3x1: 1 2 -1; 1x2: 1 1".to_vec(), "weights = [[1, 2, -1], [1, 2, -1]]\nanchor = [0, 1]\nflip = true\n".to_owned()),
    ];
    for (name, bytes, toml) in files {
        fs::write(room.path(name), bytes).unwrap();
        let shown = room.run(&format!("--show-kernel {name}")).text();
        match name {
            "k.acf" => assert!(shown.ends_with(&toml), "{shown}"),
            _ => assert_eq!(shown, toml, "{name}"),
        }
        room.text("again.toml", &shown);
        room.run(&format!("a.png -k {name} -o one.png --overwrite"));
        room.run("a.png -k again.toml -o two.png --overwrite");
        assert_eq!(room.bytes("one.png"), room.bytes("two.png"), "{name}");
    }
    // ImageMagick's file by its prefix, whatever its name is.
    let shown = room.run("--show-kernel im:@two.im").text();
    assert_eq!(shown, room.run("--show-kernel two.im").text());
}

#[test]
fn what_is_no_kernel_is_refused_with_its_place() {
    let room = Room::new();
    let nan = [1.0_f64, f64::NAN].map(f64::to_le_bytes).concat();
    let files: Vec<(&str, Vec<u8>, &str)> = vec![
        (
            "text.csv",
            b"a,b\n1,2\n".to_vec(),
            "text.csv:1:1: not a number: `a`; ",
        ),
        (
            "late.csv",
            b"1,2\n3,four\n".to_vec(),
            "late.csv:2:3: not a number: `four`; ",
        ),
        (
            "other.yml",
            b"name: value\n".to_vec(),
            "other.yml:1:1: this is no FileStorage of OpenCV: ",
        ),
        (
            "none.yml",
            b"%YAML:1.0\n---\na: 1\n".to_vec(),
            "none.yml:1:1: there is no opencv-matrix in it; ",
        ),
        (
            "text.yml",
            YAML.replace("2.", "two").into(),
            "text.yml:7:16: not a number: `two`; ",
        ),
        (
            "short.acf",
            vec![1; 40],
            "short.acf:1:1: an .acf file has 54 bytes, this one has 40; ",
        ),
        (
            "long.im",
            format!("3x3: {}", "1 ".repeat(5 << 20)).into(),
            "long.im:1:2097158: the kernel has more than 1048576 weights: ",
        ),
        (
            "name.im",
            b"Disk:2;\n Edges:3".to_vec(),
            "name.im:2:2: this kernel of ImageMagick is made for shapes, ",
        ),
        (
            "complex.npy",
            npy_of("<c8", "(1, 1)", &[0; 8]),
            "complex.npy:1:1: an array of `<c8` is no kernel; ",
        ),
        (
            "object.npy",
            npy_of("|O", "(1, 1)", &[0; 8]),
            "object.npy:1:1: an array of `|O` is no kernel; ",
        ),
        (
            "line.npy",
            npy("(2,)", &[0; 4]),
            "line.npy:1:1: a kernel has two axes and a bank three, this array has 1; ",
        ),
        (
            "four.npy",
            npy("(1, 1, 1, 2)", &[0; 4]),
            "four.npy:1:1: a kernel has two axes and a bank three, this array has 4; ",
        ),
        (
            "zero.npy",
            npy("(0, 2)", &[]),
            "zero.npy:1:1: the array has no weights; ",
        ),
        (
            "nan.npy",
            npy_of("<f8", "(2, 1)", &nan),
            "nan.npy:1:1: the weight at [1, 0] is not a finite number; ",
        ),
        (
            "cut.npy",
            npy("(2, 2)", &[0; 7]),
            "cut.npy:1:1: its array needs 8 bytes, there are 7; ",
        ),
    ];
    for (name, bytes, _) in &files {
        fs::write(room.path(name), bytes).unwrap();
    }
    let before = room.names();
    for (name, _, start) in &files {
        for line in [format!("a.png -k {name}"), format!("--show-kernel {name}")] {
            let ran = room.run(&line);
            assert_eq!((ran.code, &*ran.out), (Some(2), &b""[..]), "{line}");
            assert!(
                ran.err.starts_with(&format!("stridekern: {start}")),
                "{}",
                ran.err
            );
            assert_eq!(ran.err.matches('\n').count(), 1, "{}", ran.err);
            assert!(ran.err.len() < 250, "{}", ran.err);
        }
    }
    let ran = room.run_words(["a.png", "-k", &format!("im:3x3: {}", "1,".repeat(60_000))]);
    assert_eq!(
        (ran.code, ran.err.matches('\n').count()),
        (Some(2), 1),
        "{}",
        ran.err
    );
    assert_eq!(room.names(), before);
}
