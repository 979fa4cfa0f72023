//! Pictures whose files name an orientation: filters act on them as they are seen, and results
//! are seen so too.

use std::{fs, io::Cursor};

use serde_json::{Value, json};
use stridekern::{
    Border, Channel, Depth, Extent, Filter, Image, ImageView, Mask, Missing, Orientation, Samples,
    codec::{self, Decoded, EncodeOptions, Format, Limits, Metadata},
};

use crate::{Ran, Room, filter, gray, picture};

/// The formats that name an orientation, and whether viewers heed it.
const NAMING: [(Format, bool); 4] = [
    (Format::Jpeg, true),
    (Format::Tiff, true),
    (Format::Webp, true),
    (Format::Png, false),
];

/// Writes a picture whose file names this orientation, and gives it as it is read.
fn write(room: &Room, name: &str, image: &Image, orientation: u16) -> Image {
    let format = Format::from_path(name.as_ref()).unwrap();
    let metadata = Metadata {
        orientation: Some(orientation),
        ..Metadata::default()
    };
    let mut file = Cursor::new(Vec::new());
    let options = EncodeOptions::default();
    codec::encode(image, format, &metadata, &options, &mut file).unwrap();
    fs::write(room.path(name), file.into_inner()).unwrap();
    let read = decoded(room, name);
    assert_eq!(named(&read), orientation, "{name}");
    read.image
}

fn decoded(room: &Room, name: &str) -> Decoded {
    codec::read(&room.path(name), &Limits::default()).unwrap()
}

/// The orientation that a file names, 1 if it names none.
fn named(decoded: &Decoded) -> u16 {
    decoded.metadata.named_orientation().exif()
}

/// The picture as viewers show it.
fn seen(decoded: &Decoded) -> Vec<f64> {
    let orientation = match decoded.format.is_shown_turned() {
        true => decoded.metadata.named_orientation(),
        false => Orientation::Normal,
    };
    let view = ImageView::from(&decoded.image).turned(orientation);
    // Formats without gray repeat it.
    let view = match view.shape()[2] {
        3 => view.plane(0).unwrap(),
        _ => view,
    };
    view.numbers().collect()
}

/// Smooth, so that JPEG changes little, and with no symmetry.
fn smooth(rows: usize, columns: usize) -> Image {
    let at = |i: usize| {
        let (y, x) = ((i / columns) as f64, (i % columns) as f64);
        (128.0 + 60.0 * (y / 5.0).sin() + 50.0 * (x / 7.0 + y / 9.0).cos()) as u8
    };
    gray(rows, columns, (0..rows * columns).map(at).collect())
}

/// What each of the options stands for.
fn filters() -> [(&'static str, Filter); 3] {
    let sobel = filter("sobel_x");
    let border = Border::Constant(9.0);
    [
        ("", sobel.clone()),
        (
            "--pad y=constant:9,x=edge --step 2,3",
            (sobel.clone().with_extent([border, Border::Edge])).with_step([2, 3]),
        ),
        (
            "--pad reflect --dilate 1,2 --step 3,1 --map offset",
            (sobel.with_extent(Border::Reflect).with_dilation([1, 2]))
                .with_step([3, 1])
                .with_map(stridekern::Map::Offset),
        ),
    ]
}

/// Every input format, orientation and output format, the filters by turns.
#[test]
fn results_are_those_of_the_picture_as_it_is_seen() {
    let room = Room::new();
    let outputs: Vec<Format> = (Format::ALL.into_iter())
        .filter(|format| format.can_hold(Depth::U8, 1))
        .collect();
    let (filters, mut count) = (filters(), 0);
    for (from, heeded) in NAMING {
        for number in 1..=8 {
            let name = format!("{from}{number}.{}", from.extension());
            let stored = write(&room, &name, &smooth(31, 44), number);
            let shown = match heeded {
                true => Orientation::from_exif(number).unwrap(),
                false => Orientation::Normal,
            };
            let view = ImageView::from(&stored).turned(shown);
            for (at, &to) in outputs.iter().enumerate() {
                let (options, filter) = &filters[(usize::from(number) + at) % 3];
                let wanted = filter.apply(view).unwrap();
                let output = format!("o.{}", to.extension());
                let line = format!("{name} -k sobel_x {options} -o {output} --overwrite --json");
                let ran = room.run(&line);
                let told: Vec<_> = ran.err.lines().collect();
                assert!(
                    told.iter().all(|line| {
                        line.contains("metadata left out: EXIF data (")
                            || line.contains(" of the samples were clipped ")
                    }),
                    "{line}: {told:?}"
                );
                let read = decoded(&room, &output);
                let [rows, columns, _] = read.image.shape();
                // The layout of the input, where viewers turn it as that of the input.
                let (layout, names) = match (heeded, to.is_shown_turned()) {
                    (true, true) => (shown.inverse(), number),
                    (false, false) if from == to => (Orientation::Normal, number),
                    _ => (Orientation::Normal, 1),
                };
                assert_eq!(named(&read), names, "{line}");
                let [wanted_rows, wanted_columns, _] =
                    ImageView::from(&wanted).turned(layout).shape();
                assert_eq!([rows, columns], [wanted_rows, wanted_columns], "{line}");
                let (made, exact) = (seen(&read), seen_samples(&wanted));
                let apart = made.iter().zip(&exact).map(|(a, b)| (a - b).abs());
                match to {
                    Format::Jpeg => {
                        let mean = apart.sum::<f64>() / exact.len() as f64;
                        assert!(mean < 3.0, "{line}: {mean}");
                    }
                    _ => assert!(made == exact, "{line}"),
                }
                let object = ran.json().remove(0);
                assert_eq!(object["width"], json!(columns), "{line}");
                assert_eq!(object["height"], json!(rows), "{line}");
                let (turned, by) = match (shown, to.is_shown_turned()) {
                    (Orientation::Normal, _) => (Value::Null, Value::Null),
                    (_, true) => (json!("kernel"), json!(number)),
                    (_, false) => (json!("pixels"), json!(number)),
                };
                assert_eq!((&object["turned"], &object["orientation"]), (&turned, &by));
                count += 1;
            }
        }
    }
    assert!(count > 400, "{count}");
}

fn seen_samples(image: &Image) -> Vec<f64> {
    ImageView::from(image).numbers().collect()
}

/// Images of several chunks, in colour: streamed where rows stay rows, else whole.
#[test]
fn streamed_and_whole_results_are_the_same() {
    let room = Room::new();
    let image = picture(1201, 1300, 3, Depth::U8);
    for number in [2, 3, 6] {
        let stored = write(&room, "a.tif", &image, number);
        let orientation = Orientation::from_exif(number).unwrap();
        let filter = filter("emboss")
            .with_extent(Extent::Same(Border::Reflect))
            .with_step([2, 3])
            .with_channel(Channel::Each);
        let seen = ImageView::from(&stored).turned(orientation);
        let wanted = filter.apply(seen).unwrap();
        for (output, flow) in [
            ("o.tif", "streamed"),
            ("o.png", if number == 2 { "streamed" } else { "whole" }),
        ] {
            let format = &output[2..];
            let line =
                format!("a.tif -k emboss --channel each --pad reflect --step 2,3 -f {format}");
            let explained = room
                .run(&format!("{line} --explain --json"))
                .unclipped()
                .silent()
                .json();
            assert_eq!(explained[0]["pipeline"]["flow"], json!(flow), "{line}");
            room.run(&format!("{line} -o {output} --overwrite"))
                .unclipped()
                .silent();
            let read = decoded(&room, output);
            let turn = if format == "tif" {
                orientation
            } else {
                Orientation::Normal
            };
            let made = ImageView::from(&read.image).turned(turn);
            assert_eq!(made.shape(), wanted.shape());
            assert!(
                made.numbers().eq(ImageView::from(&wanted).numbers()),
                "{line}"
            );
        }
    }
}

/// Little-endian EXIF data with a make, an orientation and a resolution.
fn exif(orientation: u16) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0Abc\0".to_vec();
    exif.extend(b"\x12\x01\x03\0\x01\0\0\0");
    exif.extend(orientation.to_le_bytes());
    exif.extend([0; 6]);
    exif
}

#[test]
fn in_place_the_layout_and_what_the_file_names_stay() {
    let room = Room::new();
    for (format, heeded) in NAMING {
        for number in [1, 3, 6] {
            let name = format!("a.{}", format.extension());
            let metadata = Metadata {
                exif: (format != Format::Tiff).then(|| exif(number)),
                orientation: (format == Format::Tiff).then_some(number),
                ..Metadata::default()
            };
            let mut file = Cursor::new(Vec::new());
            let options = EncodeOptions::default();
            codec::encode(&smooth(17, 26), format, &metadata, &options, &mut file).unwrap();
            fs::write(room.path(&name), file.into_inner()).unwrap();
            let before = decoded(&room, &name);
            room.run(&format!(
                "{name} -k sobel_x --map offset --pad edge --channel each --in-place"
            ))
            .unclipped()
            .silent();
            let after = decoded(&room, &name);
            assert_eq!(after.image.shape()[..2], [17, 26]);
            assert_eq!(after.metadata.exif, before.metadata.exif, "{name}");
            assert_eq!(named(&after), number);
            let shown = match heeded {
                true => Orientation::from_exif(number).unwrap(),
                false => Orientation::Normal,
            };
            let view = ImageView::from(&before.image).turned(shown);
            let wanted = filter("sobel_x")
                .with_map(stridekern::Map::Offset)
                .with_extent(Border::Edge)
                .apply(view)
                .unwrap();
            if format != Format::Jpeg {
                assert!(seen(&after) == seen_samples(&wanted), "{name} {number}");
            }
        }
    }
}

#[test]
fn stored_goes_by_the_pixels_as_they_are_stored() {
    let room = Room::new();
    let stored = write(&room, "a.tif", &smooth(20, 31), 6);
    let wanted = filter("sobel_x").with_map(stridekern::Map::Offset);
    let wanted = wanted.apply(&stored).unwrap();
    let vain = "viewers ignore the orientation of png files, 6 (rotated by 90 degrees): they will show the picture turned; --orientation seen turns the pixels";
    let none = "bmp holds no orientation: viewers will show the picture turned; --orientation seen turns the pixels";
    for (output, names, warning) in [
        ("o.tif", 6, None),
        ("o.webp", 6, None),
        ("o.png", 6, Some(vain)),
        ("o.bmp", 1, Some(none)),
    ] {
        let line = format!("a.tif -k sobel_x --map offset --orientation stored -o {output} --json");
        let ran = room.run(&line);
        let told = warning.map(|text| format!("{output}: warning: {text}"));
        let object = ran.json().remove(0);
        assert!(object.get("turned").is_none(), "{object}");
        let warnings = object["warnings"].as_array().unwrap().iter();
        let warnings = warnings.filter(|told| told["kind"] != "clipped");
        let warned = warning.map(|text| json!({ "kind": "orientation", "text": text }));
        assert_eq!(Vec::from_iter(warnings), Vec::from_iter(&warned));
        ran.unclipped().says(0, &Vec::from_iter(told.as_deref()));
        let read = decoded(&room, output);
        assert_eq!(named(&read), names);
        let made = Decoded {
            format: Format::Bmp,
            ..read
        };
        assert!(seen(&made) == seen_samples(&wanted), "{output}");
    }
}

/// A PNG file's orientation is as ignored as by viewers: it turns nothing, and no other file
/// may name it, whose viewers would turn the pixels.
#[test]
fn the_orientation_of_a_png_turns_nothing() {
    let room = Room::new();
    let stored = write(&room, "a.png", &smooth(20, 31), 6);
    let wanted = filter("sobel_x").apply(&stored).unwrap();
    for options in ["", "--orientation stored", "--orientation seen"] {
        for (output, names) in [("o.png", 6), ("o.tif", 1), ("o.webp", 1), ("o.pgm", 1)] {
            let line = format!("a.png -k sobel_x {options} -o {output} --overwrite -q");
            room.run(&line).unclipped().silent();
            let read = decoded(&room, output);
            assert_eq!(named(&read), names, "{line}");
            assert!(seen(&read) == seen_samples(&wanted), "{line}");
        }
    }
    let explained = room
        .run("a.png -k sobel_x --explain --json")
        .unclipped()
        .silent()
        .json();
    assert!(explained[0].get("orientation").is_none());
}

#[test]
fn explain_says_what_is_turned() {
    let room = Room::new();
    write(&room, "a.tif", &smooth(20, 31), 6);
    let explain = |line: &str| -> (Vec<String>, Value) {
        let text = room
            .run(&format!("a.tif {line} --explain"))
            .unclipped()
            .silent()
            .text();
        let lines = text.lines().filter(|line| line.starts_with("orientation"));
        let lines = lines.map(str::to_owned).collect();
        let objects = room
            .run(&format!("a.tif {line} --explain --json"))
            .unclipped()
            .silent()
            .json();
        (lines, objects[0]["orientation"].clone())
    };
    for (line, text, turned) in [
        (
            "-k sobel_x",
            "the kernel is turned; the pixels and the orientation stay as they are stored",
            "kernel",
        ),
        (
            "-k box3",
            "the kernel is turned, which changes nothing of it",
            "kernel",
        ),
        (
            "-k box3 -f png",
            "the pixels are turned, since viewers of png files do not turn them",
            "pixels",
        ),
    ] {
        let wanted = format!("orientation 6 (rotated by 90 degrees): {text}");
        let json = json!({ "orientation": 6, "turned": turned });
        assert_eq!(explain(line), (vec![wanted], json), "{line}");
    }
    let wanted =
        "orientation 6 (rotated by 90 degrees), but the pixels are filtered as they are stored";
    let json = json!({ "orientation": 6, "turned": "nothing" });
    assert_eq!(
        explain("-k sobel_x --orientation stored"),
        (vec![wanted.to_owned()], json)
    );
    let whole = room
        .run("a.tif -k sobel_x -f png --explain")
        .unclipped()
        .silent()
        .text();
    let reason = "whole image in memory (1 MiB): the pixels are turned, by orientation 6 (rotated by 90 degrees)";
    assert!(whole.contains(reason), "{whole}");
}

/// Its rows are those of the file, whatever is turned.
#[test]
fn a_mask_lies_on_the_pixels_as_they_are_stored() {
    let room = Room::new();
    let stored = write(&room, "a.tif", &smooth(20, 31), 6);
    let marks = (0..20 * 31)
        .map(|at| u8::from(at % 31 < 4 && at / 31 > 8))
        .collect();
    let marks = gray(20, 31, marks);
    room.write("m.png", &marks);
    let orientation = Orientation::Rotate90;
    let turned = |image: &Image| {
        let view = ImageView::from(image).turned(orientation);
        let samples: Vec<u8> = view.numbers().map(|n| n as u8).collect();
        let [rows, columns, _] = view.shape();
        Image::new(rows, columns, 1, Samples::U8(samples.into())).unwrap()
    };
    let mask = Mask::new(&turned(&marks)).unwrap();
    let wanted = filter("sobel_x")
        .ignoring(Missing::mask(mask))
        .apply(&turned(&stored))
        .unwrap();
    // As large as the picture is seen.
    room.write("seen.png", &turned(&marks));
    for output in ["o.tif", "o.png"] {
        let ran: Ran = room.run(&format!("a.tif -k sobel_x --mask m.png -o {output} -q"));
        ran.unclipped().silent();
        assert!(
            seen(&decoded(&room, output)) == seen_samples(&wanted),
            "{output}"
        );
        let line = format!("a.tif -k sobel_x --mask seen.png -o {output} --overwrite");
        let refused = "a.tif: the mask has 20 x 31 pixels of 1 channel, the image 31 x 20 of 1; use a mask of the size of the image, with 1 channel or as many";
        room.run(&line).unclipped().says(1, &[refused]);
    }
}
