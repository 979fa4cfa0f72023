//! `--json` says what the file of a result holds.

use serde_json::json;
use stridekern::{Channel, Depth};

use crate::{Room, picture};

#[test]
fn channels_are_those_of_the_file() {
    let room = Room::new();
    for channels in 1..=4 {
        room.write(
            &format!("in{channels}.png"),
            &picture(9, 12, channels, Depth::U8),
        );
    }
    let mut differing = Vec::new();
    for format in [
        "png", "jpg", "tif", "webp", "bmp", "pgm", "ppm", "pnm", "pam", "qoi", "tga", "exr", "hdr",
        "npy",
    ] {
        for channels in 1..=4 {
            let floats = if matches!(format, "exr" | "hdr") {
                "--depth f32"
            } else {
                ""
            };
            let line = format!(
                "in{channels}.png -k gaussian3 --channel each --alpha copy {floats} -o out.{format} --overwrite"
            );
            let line = match channels {
                2 | 4 => line,
                _ => line.replace("--alpha copy ", ""),
            };
            let ran = room.run(&format!("{line} --json --stats"));
            if ran.code != Some(0) {
                assert!(ran.err.contains("holds no"), "{line}: {}", ran.err);
                continue;
            }
            let object = &ran.json()[0];
            let in_file = room.read(format!("out.{format}")).channels();
            assert_eq!(object["channels"], json!(in_file), "{line}");
            let computed = object.get("computed_channels");
            let wanted = (in_file != channels).then(|| json!(channels));
            assert_eq!(computed, wanted.as_ref(), "{line}");
            assert_eq!(
                object["statistics"].as_array().unwrap().len(),
                channels,
                "{line}"
            );
            let dry = room.run(&format!("{line} --json --dry-run"));
            let dry = &dry.json()[0];
            for key in ["channels", "computed_channels"] {
                assert_eq!(dry.get(key), object.get(key), "{line}");
            }
            let text = room.run(&format!("{line} --dry-run")).text();
            assert!(text.contains(&format!(", {in_file} x ")), "{text}");
            if in_file != channels {
                differing.push(format!("{format} {channels}"));
            }
        }
    }
    assert_eq!(
        differing,
        [
            "webp 1", "webp 2", "bmp 2", "ppm 1", "qoi 1", "qoi 2", "tga 2", "hdr 1"
        ]
    );
    // The default makes gray of colours.
    assert_eq!(Channel::default(), Channel::Luma);
    let object = room
        .run("in3.png -k gaussian3 -o out.webp --overwrite --json")
        .json()
        .remove(0);
    assert_eq!(
        (&object["channels"], &object["computed_channels"]),
        (&json!(3), &json!(1))
    );
}
