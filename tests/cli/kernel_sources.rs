//! Where a kernel comes from is told: a built-in one stands in for a file that is not there.

use serde_json::{Value, json};

use crate::Room;

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
