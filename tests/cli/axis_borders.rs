//! A border for each axis: how it is written, what it is called, and what is read for it.

use serde_json::json;
use stridekern::{Border, Depth, Extent};

use crate::{Room, filter, picture};

/// Every pair through the program, by rows where the rows do not wrap, is what the library makes
/// of the whole image.
#[test]
fn every_pair_gives_what_the_library_gives() {
    let borders = [
        Border::Constant(0.0),
        Border::Edge,
        Border::Reflect,
        Border::Symmetric,
        Border::Wrap,
    ];
    let room = Room::new();
    // More than two chunks of rows.
    let image = picture(1500, 1600, 1, Depth::U8);
    room.write("a.pgm", &image);
    for rows in borders {
        let pairs = borders.map(|columns| [rows, columns]);
        let modes = pairs.map(|[rows, columns]| format!("y={rows},x={columns}"));
        let line = format!("a.pgm -k gaussian7 --overwrite --pad {}", modes.join(","));
        let flow = match rows {
            Border::Wrap => "whole",
            _ => "streamed",
        };
        let explained = room.run(&format!("{line} --explain --json")).json();
        let flows: Vec<_> = explained.iter().map(|e| &e["pipeline"]["flow"]).collect();
        assert_eq!(flows, [flow; 5], "{rows}");
        room.run(&line).silent();
        for [rows, columns] in pairs {
            let name = match rows == columns {
                true => rows.name().to_owned(),
                false => format!("y-{}_x-{}", rows.name(), columns.name()),
            };
            let wanted = filter("gaussian7").with_extent([rows, columns]);
            let made = room.read(format!("a.gaussian7.{name}.pgm"));
            assert!(made == wanted.apply(&image).unwrap(), "{name}");
        }
    }
}

#[test]
fn commas_part_modes_and_join_the_two_of_one() {
    let room = Room::new();
    for (pad, borders) in [
        ("--pad y=reflect,x=wrap", vec!["y=reflect,x=wrap"]),
        ("--pad x=wrap,y=reflect", vec!["y=reflect,x=wrap"]),
        ("--pad y=edge,x=edge", vec!["edge"]),
        (
            "--pad zero,y=tile,x=zero",
            vec!["constant:0", "y=wrap,x=constant:0"],
        ),
        (
            "--pad reflect --pad y=edge,x=wrap",
            vec!["reflect", "y=edge,x=wrap"],
        ),
        (
            "--pad y=edge,x=wrap,x=edge,y=wrap,valid,y=edge,x=wrap",
            vec!["y=edge,x=wrap", "y=wrap,x=edge", "valid"],
        ),
        (
            "--pad y=constant:7,x=constant:-0,edge",
            vec!["y=constant:7,x=constant:0", "edge"],
        ),
    ] {
        let planned = room.run(&format!("a.png -k box3 {pad} --dry-run --json"));
        let planned = planned.json();
        let planned: Vec<_> = planned.iter().map(|object| &object["border"]).collect();
        assert_eq!(planned, borders, "{pad}");
        // What is reported is what may be given.
        for border in borders {
            let extent: Extent = border.parse().unwrap();
            assert_eq!(extent.to_string(), border);
        }
    }
}

#[test]
fn names_tell_pairs_apart() {
    let room = Room::new();
    let before = room.names();
    room.run(
        "a.png -k box3 --pad y=constant:7,x=edge,y=edge,x=constant:7,y=constant:7,x=constant:8",
    )
    .silent();
    let line = "a.png -k emboss --pad y=constant:7,x=edge,y=constant:0,x=edge,constant:1";
    assert_eq!(room.run(line).code, Some(0));
    assert_eq!(
        room.new_names(&before),
        [
            "a.box3.y-constant_x-constant.png",
            "a.box3.y-constant_x-edge.png",
            "a.box3.y-edge_x-constant.png",
            "a.emboss.constant.png",
            "a.emboss.y-constant-0_x-edge.png",
            "a.emboss.y-constant-7_x-edge.png",
        ]
    );
    let wanted = filter("emboss").with_extent([Border::Constant(7.0), Border::Edge]);
    let image = room.read("a.png");
    assert_eq!(
        room.read("a.emboss.y-constant-7_x-edge.png"),
        wanted.apply(&image).unwrap()
    );
}

#[test]
fn explain_says_what_lies_on_which_side() {
    let room = Room::new();
    let line = "a.png -k box3 --pad y=constant:7,x=wrap --explain";
    let text = room.run(line).text();
    let extent = text.lines().find(|line| line.starts_with("extent"));
    assert_eq!(
        extent,
        Some(
            "extent    same: constant:7 above and below, wrap left and right, so the result keeps the size"
        )
    );
    let object = room.run(&format!("{line} --json")).json().remove(0);
    assert_eq!(object["extent"], json!("y=constant:7,x=wrap"));
}

#[test]
fn half_a_pair_and_what_is_no_border_are_refused() {
    let room = Room::new();
    let before = room.names();
    let example = "write for instance y=reflect,x=wrap";
    for (pad, problem) in [
        ("y=edge", "`y=edge` does not say what lies outside along x"),
        (
            "edge,x=edge,wrap",
            "`x=edge` does not say what lies outside along y",
        ),
        ("y=edge,y=wrap", "`y=edge,y=wrap` names one axis twice"),
        (
            "y=edge,z=wrap",
            "`y=edge,z=wrap` is no border for each axis, y and x",
        ),
        (
            "y=valid,x=edge",
            "`y=valid,x=edge` needs one border for each axis",
        ),
        (
            "x=all,y=edge",
            "`x=all,y=edge` needs one border for each axis",
        ),
    ] {
        room.run(&format!("a.png -k box3 --pad {pad}"))
            .says(2, &[&format!("{problem}; {example}")]);
    }
    room.run("a.png -k box3 --pad y=edge,x=constant:256").says(
        1,
        &["a.png: constant:256 is no 8-bit sample; use a whole number from 0 to 255"],
    );
    assert_eq!(room.names(), before);
}
