//! Where a kernel comes from is told: a built-in one stands in for a file that is not there.

use serde_json::{Value, json};

use crate::Room;

#[test]
fn weights_may_stand_in_line() {
    let room = Room::new();
    room.text(
        "sharp.toml",
        "weights = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]",
    );
    room.text("sharp.csv", "0,-1,0\n-1,5,-1\n0,-1,0\n");
    room.text("half.mat", "3 1 2 128\n-1 4 -1\n");
    let sharp = "[[0,-1,0],[-1,5,-1],[0,-1,0]]";
    let rows = "0,-1,0;-1,5,-1;0,-1,0";
    let line = format!("a.png -k {sharp} --json");
    let objects = room.run(&line).json();
    assert_eq!(objects[0]["kernel_source"], json!("in_line"));
    room.run("a.png -k sharp.toml");
    assert_eq!(room.bytes("a.kernel3x3.png"), room.bytes("a.sharp.png"));
    // The names of two of one size are the same.
    let ran = room.run(&format!("a.png -k {sharp} -k {rows} --overwrite"));
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    let ran = room.run("a.png -k 1,2;3,four");
    assert_eq!(
        (ran.code, &*ran.err),
        (
            Some(2),
            "stridekern: in-line kernel:1:7: not a number: `four`; weights are numbers such as \
             -1 or 0.25\n"
        )
    );
    let toml = "weights = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]\n";
    for kernel in [sharp, rows, "sharp.csv", "sharp.toml"] {
        let shown = room.run(&format!("--show-kernel {kernel}")).text();
        assert_eq!(shown, toml, "{kernel}");
    }
    let shown = room.run("--show-kernel half.mat").text();
    assert_eq!(
        shown,
        "weights = [[-1, 4, -1]]\ndivisor = 2\noffset = 128\n"
    );
}

#[test]
fn every_object_names_the_source() {
    let room = Room::new();
    room.text("sobel.toml", "weights = [[2]]\ndivisor = 2");
    for (kernel, source, file) in [
        ("sharpen.toml", "built_in", Value::Null),
        ("sharpen", "built_in", Value::Null),
        ("sobel", "built_in", Value::Null),
        ("sobel.toml", "file", json!("sobel.toml")),
        ("./sobel.toml", "file", json!("./sobel.toml")),
    ] {
        let line = format!("a.png -k {kernel} --json --overwrite");
        for (flags, at) in [
            ("", None),
            ("--dry-run", None),
            ("--explain", Some("kernel")),
        ] {
            let object = &room.run(&format!("{line} {flags}")).json()[0];
            let object = at.map_or(object, |at| &object[at]);
            let told = (&object["kernel_source"], &object["kernel_file"]);
            assert_eq!(told, (&json!(source), &file), "{kernel} {flags}");
        }
    }
    let explained = room.run("a.png -k sobel.toml --explain").text();
    let line = "kernel    sobel, from ./sobel.toml: 1 kernel of 1 x 1\n";
    assert!(explained.contains(line), "{explained}");
    for (kernel, told) in [
        ("sobel.toml", "kernel sobel, from ./sobel.toml, "),
        ("sharpen", "kernel sharpen, built in, "),
    ] {
        for flags in ["--dry-run", "--bench --bench-runs 1"] {
            let text = room
                .run(&format!("a.png -k {kernel} --overwrite {flags}"))
                .text();
            let first = text.lines().next().unwrap();
            assert!(first.contains(told), "{first}");
        }
    }
    // A path with a folder in it means that file.
    for kernel in ["./sharpen.toml", "k/sharpen.toml", "./sharpen"] {
        let ran = room.run(&format!("a.png -k {kernel}"));
        assert_eq!(ran.code, Some(2), "{kernel}");
        assert!(ran.err.contains("there is no kernel file"), "{}", ran.err);
    }
}
