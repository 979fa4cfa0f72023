//! An option of an encoder that a result has no use for is told of.

use std::fs;

use serde_json::json;
use stridekern::{Depth, codec::Format};

use crate::{Room, picture};

/// Each option, and the formats that it has an effect on.
const OPTIONS: [(&str, &[Format]); 5] = [
    ("--quality 40", &[Format::Jpeg]),
    ("--sampling 4:2:0", &[Format::Jpeg]),
    ("--progressive", &[Format::Jpeg]),
    ("--compression best", &[Format::Png, Format::Tiff]),
    (
        "--record",
        &[
            Format::Png,
            Format::Jpeg,
            Format::Tiff,
            Format::Webp,
            Format::Pgm,
            Format::Ppm,
            Format::Pnm,
            Format::Pam,
            Format::Hdr,
            Format::Gif,
        ],
    ),
];

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        names => names.concat(),
    }
}

#[test]
fn options_without_an_effect_are_told_in_every_format() {
    let room = Room::new();
    let mut told = 0;
    for format in Format::ALL {
        let depth = match [Depth::U8, Depth::F32].map(|depth| format.can_hold(depth, 1)) {
            [true, _] => "",
            [_, true] => "--depth f32",
            // Only read.
            _ => continue,
        };
        let plain = format!(
            "a.png -k box3 -o out.{0} -f {0} {depth}",
            format.extension()
        );
        room.run(&format!("{plain} --overwrite")).silent();
        for (option, formats) in OPTIONS {
            let line = format!("{plain} {option} --overwrite");
            if formats.contains(&format) {
                room.run(&line).silent();
                continue;
            }
            let option = option.split(' ').next().unwrap();
            let names: Vec<_> = formats.iter().map(|format| format.name()).collect();
            let warning = format!(
                "{option} has no effect on {format}, only on {}",
                listed(&names)
            );
            let said = format!("out.{}: warning: {warning}", format.extension());
            for flags in ["", "--dry-run"] {
                room.run(&format!("{line} {flags}")).says(0, &[&said]);
                let objects = room.run(&format!("{line} --json {flags}")).json();
                let told = json!([{ "kind": "unused_option", "text": warning }]);
                assert_eq!(objects[0]["warnings"], told, "{line} {flags}");
                room.run(&format!("{line} -q {flags}")).silent();
            }
            told += 1;
        }
    }
    assert!(told > 15, "{told}");
}

#[test]
fn of_a_batch_each_format_is_told_of_once() {
    let room = Room::new();
    for name in ["b.png", "c.jpg", "d.bmp", "e.bmp"] {
        room.write(name, &picture(9, 8, 1, Depth::U8));
    }
    // What it is counts, not its name.
    fs::copy(room.path("a.png"), room.path("f")).unwrap();
    let line = "a.png b.png c.jpg d.bmp e.bmp f -k box3 --photo --in-place --quality 40 --compression fast -j 1";
    for flags in ["--dry-run", ""] {
        room.run(&format!("{line} {flags}")).says(
            0,
            &[
                "a.png: warning: --quality has no effect on png, only on jpeg",
                "c.jpg: warning: --compression has no effect on jpeg, only on png and tiff",
                "d.bmp: warning: --quality has no effect on bmp, only on jpeg",
                "d.bmp: warning: --compression has no effect on bmp, only on png and tiff",
            ],
        );
        let objects = room.run(&format!("{line} --json {flags}")).json();
        let count = |object: &serde_json::Value| object["warnings"].as_array().unwrap().len();
        assert_eq!(
            Vec::from_iter(objects.iter().map(count)),
            [1, 1, 1, 2, 2, 1]
        );
    }
}
