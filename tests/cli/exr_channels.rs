//! Channels of OpenEXR files that are no colours, parts and windows: kept as what they are, or told of.

use std::{fs, io::Cursor};

use exr::prelude::*;
use serde_json::json;
use stridekern::codec::{self, Limits};

use crate::Room;

const SIDES: [usize; 2] = [6, 5];

/// A file of one part with these channels, of which each sample is a number of its own.
fn file(names: &[&str], windows: [IntegerBounds; 2]) -> Vec<u8> {
    let [stored, shown] = windows;
    let (columns, rows) = (stored.size.x(), stored.size.y());
    let channels = names.iter().enumerate().map(|(at, name)| {
        let samples = (0..rows * columns).map(|pixel| (at * 100 + pixel) as f32 / 512.0);
        AnyChannel::new(*name, FlatSamples::F32(samples.collect()))
    });
    let layer = Layer::new(
        (columns, rows),
        LayerAttributes {
            layer_position: stored.position,
            ..LayerAttributes::default()
        },
        Encoding::UNCOMPRESSED,
        AnyChannels::sort(channels.collect()),
    );
    let image = Image::from_layers(ImageAttributes::new(shown), vec![layer]);
    let mut file = Cursor::new(Vec::new());
    image.write().to_buffered(&mut file).unwrap();
    file.into_inner()
}

fn whole() -> [IntegerBounds; 2] {
    [IntegerBounds::from_dimensions((SIDES[0], SIDES[1])); 2]
}

/// The names of the channels in a file.
fn names_in(room: &Room, file: &str) -> Vec<String> {
    let meta = MetaData::read_from_file(room.path(file), false).unwrap();
    let list = meta.headers[0].channels.list.iter();
    list.map(|channel| channel.name.to_string()).collect()
}

/// The short numbers of a tag in a little-endian TIFF.
fn shorts(file: &[u8], tag: u16) -> Vec<u16> {
    let u16_at = |at: usize| u16::from_le_bytes([file[at], file[at + 1]]);
    let u32_at = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let directory = u32_at(4);
    let entries = (0..usize::from(u16_at(directory))).map(|entry| directory + 2 + 12 * entry);
    let Some(entry) = entries.into_iter().find(|entry| u16_at(*entry) == tag) else {
        return Vec::new();
    };
    let count = u32_at(entry + 4);
    let start = if count > 2 {
        u32_at(entry + 8)
    } else {
        entry + 8
    };
    (0..count).map(|at| u16_at(start + 2 * at)).collect()
}

const EXTRA: u16 = 338;
const PHOTOMETRIC: u16 = 262;

#[test]
fn only_a_is_alpha() {
    let room = Room::new();
    // The channels, what they are called, and the PhotometricInterpretation and ExtraSamples of a TIFF.
    for (names, text, photometric, extra) in [
        (
            &["forward.u", "forward.v"][..],
            Some("names of the channels forward.u forward.v"),
            1,
            &[0][..],
        ),
        (
            &["W", "X", "Y", "Z"],
            Some("names of the channels W X Y Z"),
            1,
            &[0, 0, 0],
        ),
        (
            &["N.X", "N.Y", "N.Z"],
            Some("names of the channels N.X N.Y N.Z"),
            1,
            &[0, 0],
        ),
        (&["depth.Z"], Some("name of the channel depth.Z"), 1, &[]),
        (&["AR", "R"], Some("names of the channels AR R"), 1, &[0]),
        (&["A"], Some("name of the channel A"), 1, &[]),
        (&["Y"], None, 1, &[]),
        (&["A", "Y"], None, 1, &[1]),
        (&["B", "G", "R"], None, 2, &[]),
        (&["A", "B", "G", "R"], None, 2, &[1]),
        (
            &["d.A", "d.B", "d.G", "d.R"],
            Some("names of the channels d.R d.G d.B d.A"),
            2,
            &[1],
        ),
    ] {
        fs::write(room.path("in.exr"), file(names, whole())).unwrap();
        let line = "in.exr -k gaussian3 --pad edge --channel each --overwrite --verify";
        let ran = room.run(&format!("{line} -o out.exr --json"));
        assert_eq!(ran.code, Some(0), "{names:?}: {}", ran.err);
        assert_eq!(names_in(&room, "out.exr"), names, "{}", ran.err);
        let made = &ran.json()[0];
        assert_eq!(made["channels"], json!(names.len()));
        let parts = text.map(|text| {
            let bytes = names.iter().map(|name| name.len()).sum::<usize>();
            json!([{ "part": "channel_names", "name": text, "bytes": bytes, "fate": "kept" }])
        });
        assert_eq!(made.get("metadata"), parts.as_ref(), "{names:?}");
        // Every channel is filtered by itself.
        let [before, after] = ["in.exr", "out.exr"].map(|name| room.read(name));
        assert_eq!(before.shape(), after.shape());
        let says_alpha = names.iter().any(|name| matches!(*name, "A" | "d.A")) && names.len() > 1;
        if !says_alpha {
            let wanted = crate::filter("gaussian3")
                .with_extent(stridekern::Border::Edge)
                .with_channel(stridekern::Channel::Each)
                .with_alpha(stridekern::Alpha::Filter);
            assert_eq!(after, wanted.apply(&before).unwrap(), "{names:?}");
        }
        // In place nothing is lost.
        fs::write(room.path("same.exr"), room.bytes("in.exr")).unwrap();
        room.run("same.exr -k gaussian3 --pad edge --channel each --in-place");
        assert_eq!(names_in(&room, "same.exr"), names);
        assert_eq!(room.read("same.exr"), room.read("out.exr"));

        let ran = room.run(&format!("{line} -o out.tif"));
        assert_eq!(ran.code, Some(0), "{names:?}: {}", ran.err);
        let tiff = room.bytes("out.tif");
        assert_eq!(shorts(&tiff, PHOTOMETRIC), [photometric], "{names:?}");
        assert_eq!(shorts(&tiff, EXTRA), extra, "{names:?}");
        assert_eq!(room.read("out.tif"), after, "{names:?}");
        let told = text.map(|text| {
            format!("stridekern: out.tif: warning: metadata left out: {text} (no place in tiff)\n")
        });
        match told {
            Some(told) => assert!(ran.err.contains(&told), "{}", ran.err),
            None => assert!(!ran.err.contains("left out"), "{}", ran.err),
        }
        // Of two or four channels, picture formats take the last for alpha.
        let ran = room.run(&format!("{line} --depth 8 -o out.png"));
        let is_refused = matches!(names.len(), 2 | 4) && !extra.contains(&1);
        let refusal = format!(
            "out.png: png takes the last of {} channels for alpha, and none of these is; choose tiff, exr or npy, or --alpha copy, which says that the last is alpha\n",
            names.len()
        );
        assert_eq!(ran.err.ends_with(&refusal), is_refused, "{}", ran.err);
        assert_eq!(ran.code, Some(i32::from(is_refused)), "{}", ran.err);
        let dry = room.run(&format!("{line} --depth 8 -o out.png --dry-run"));
        assert_eq!(dry.code, ran.code, "{}", dry.err);
    }
}

#[test]
fn luma_and_single_channels_are_named_after_their_layer() {
    let room = Room::new();
    let layer = ["d.A", "d.B", "d.G", "d.R"];
    for (names, flags, wanted) in [
        (&layer[..], "--channel luma", &["d.A", "d.Y"][..]),
        (&layer, "--channel luma --alpha drop", &["d.Y"]),
        (&layer, "--channel green", &["d.G"]),
        (
            &layer,
            "--channel each --alpha drop",
            &["d.B", "d.G", "d.R"],
        ),
        (&["A", "B", "G", "R"], "--channel luma", &["A", "Y"]),
        (&["A", "B", "G", "R"], "--channel luma --alpha drop", &["Y"]),
        (&["u", "v", "w"], "--channel each --layer w,u", &["u", "w"]),
        (&["u", "v", "w"], "--channel each --layer v", &["v"]),
    ] {
        fs::write(room.path("in.exr"), file(names, whole())).unwrap();
        let line = format!("in.exr -k identity --pad edge {flags} -o out.exr --overwrite --verify");
        let ran = room.run(&line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
        assert_eq!(names_in(&room, "out.exr"), wanted, "{line}");
    }
    // The samples of each stay with its name.
    fs::write(room.path("in.exr"), file(&["u", "v", "w"], whole())).unwrap();
    room.run("in.exr -k identity --pad edge --channel each --layer w,u -o out.exr --overwrite");
    for name in ["u", "w"] {
        let [before, after] = ["in.exr", "out.exr"].map(|file| {
            let reader = codec::open_layer(&room.path(file), name, &Limits::default()).unwrap();
            let mut samples = vec![0_f32; 30];
            let mut reader = reader;
            assert_eq!(reader.read(&mut samples[..]).unwrap(), SIDES[1]);
            samples
        });
        assert_eq!(before, after, "{name}");
    }
}

/// Bands of a TIFF that says what they are not.
#[test]
fn bands_of_a_tiff_stay_bands() {
    let room = Room::new();
    for (names, extra) in [
        (&["u", "v"][..], &[0][..]),
        (&["a", "b", "c"], &[0, 0]),
        (&["a", "b", "c", "d"], &[0; 3]),
    ] {
        fs::write(room.path("in.exr"), file(names, whole())).unwrap();
        room.run("in.exr -k identity --pad edge --channel each -o in.tif --overwrite");
        let line = "in.tif -k gaussian3 --pad edge --channel each --overwrite --verify";
        room.run(&format!("{line} -o out.tif")).silent();
        let tiff = room.bytes("out.tif");
        assert_eq!(
            (shorts(&tiff, PHOTOMETRIC), shorts(&tiff, EXTRA)),
            (vec![1], extra.to_vec())
        );
        // OpenEXR has no channels without a name.
        room.run(&format!("{line} -o out.exr")).silent();
        let wanted = Vec::from_iter((1..=names.len()).map(|at| format!("band{at}")));
        assert_eq!(names_in(&room, "out.exr"), wanted);
        assert_eq!(room.read("out.exr"), room.read("out.tif"));
        // The program says the same of a channel of its own.
        let ran = room.run(&format!("{line} --depth 8 -o out.webp"));
        assert_eq!(
            ran.err.contains("webp takes the last of"),
            names.len() != 3,
            "{}",
            ran.err
        );
    }
}

#[test]
fn alpha_that_nobody_named_is_told_of() {
    let room = Room::new();
    room.write("a.npy", &crate::picture(8, 9, 4, stridekern::Depth::U8));
    let note = "a.npy: warning: an array of shape (8, 9, 4) was read as 8 x 9 pixels of 4 channels (YXC); --axes names others";
    let told = |format: &str| {
        format!(
            "out.{format}: warning: the last of 4 channels is alpha in a {format} file, and was filtered like the others; --axes names others"
        )
    };
    let line = "a.npy -k gaussian3 --channel each --overwrite";
    for format in ["png", "tiff", "webp"] {
        room.run(&format!("{line} -o out.{format}"))
            .says(0, &[note, &told(format)]);
        room.run(&format!("{line} -o out.{format} --alpha filter"))
            .says(0, &[note]);
    }
    room.run(&format!("{line} -o out.npy")).says(0, &[note]);
}

#[test]
fn parts_are_named_and_never_lost_in_place() {
    let room = Room::new();
    let part = |name: &str, channels: &[&str]| {
        let channels = channels.iter().map(|channel| {
            AnyChannel::new(*channel, FlatSamples::F32(vec![0.5; SIDES[0] * SIDES[1]]))
        });
        Layer::new(
            (SIDES[0], SIDES[1]),
            LayerAttributes::named(name),
            Encoding::UNCOMPRESSED,
            AnyChannels::sort(channels.collect()),
        )
    };
    let layers = [
        part("depth", &["Z"]),
        part("beauty", &["B", "G", "R"]),
        part("normals", &["N.X", "N.Y", "N.Z"]),
    ];
    let image = Image::from_layers(ImageAttributes::new(whole()[0]), layers.to_vec());
    image.write().to_file(room.path("parts.exr")).unwrap();
    let text = "the exr file has 3 parts: part 2 (beauty) was read, left out: 1 (depth), 3 (normals); --layer chooses others";
    let line = "parts.exr -k gaussian3 --photo";
    for flags in ["", "--dry-run"] {
        let ran = room.run(&format!("{line} -o out.exr --overwrite {flags}"));
        ran.says(0, &[&format!("parts.exr: warning: {text}")]);
    }
    let objects = room
        .run(&format!("{line} -o out.exr --overwrite --json"))
        .json();
    assert_eq!(
        objects[0]["warnings"],
        json!([{ "kind": "channels", "text": text }])
    );
    let text = text
        .replace("part 2 (beauty)", "part 1 (depth)")
        .replace("1 (depth), 3", "2 (beauty), 3");
    room.run("parts.exr -k gaussian3 --pad edge --layer depth.Z -o out.exr --overwrite")
        .says(0, &[&format!("parts.exr: warning: {text}")]);
    let before = room.bytes("parts.exr");
    room.run(&format!("{line} --in-place")).says(
        1,
        &["parts.exr: not replaced: it holds 3 parts, of which the result would have one: name an output with --output"],
    );
    assert_eq!(room.bytes("parts.exr"), before);
}

#[test]
fn what_a_window_fills_and_crops_is_told() {
    let room = Room::new();
    let bounds = |x, y, columns: usize, rows: usize| IntegerBounds::new((x, y), (columns, rows));
    let rgb = &["B", "G", "R"];
    for (stored, shown, told, held) in [
        (
            bounds(2, 1, 3, 3),
            bounds(0, 0, 6, 5),
            "stores 3 x 3 pixels at 2, 1 and shows 6 x 5 at 0, 0: those that are missing were filled with 0",
            "a data window other than its display window",
        ),
        (
            bounds(-1, 0, 8, 5),
            bounds(0, 0, 6, 5),
            "stores 8 x 5 pixels at -1, 0 and shows 6 x 5 at 0, 0: pixels outside of that were cropped",
            "pixels outside of its display window",
        ),
        (
            bounds(3, 3, 6, 5),
            bounds(3, 3, 6, 5),
            "stores 6 x 5 pixels at 3, 3 and shows 6 x 5 at 3, 3: the place is left out",
            "a data window other than its display window",
        ),
    ] {
        fs::write(room.path("in.exr"), file(rgb, [stored, shown])).unwrap();
        let told = format!("in.exr: warning: the exr file {told}");
        for output in ["out.exr", "out.tif"] {
            room.run(&format!(
                "in.exr -k identity --photo -o {output} --overwrite"
            ))
            .says(0, &[&told]);
        }
        assert_eq!(room.read("out.exr").shape(), [5, 6, 3]);
        room.run("in.exr -k identity --photo --in-place").says(
            1,
            &[&format!("in.exr: not replaced: it holds {held}, which the result would not have: name an output with --output")],
        );
    }
    // What is filled is 0, and what is stored keeps its place.
    fs::write(
        room.path("in.exr"),
        file(rgb, [bounds(2, 1, 3, 3), bounds(0, 0, 6, 5)]),
    )
    .unwrap();
    room.run("in.exr -k identity --photo -o out.exr --overwrite");
    let numbers = Vec::from_iter(stridekern::ImageView::from(&room.read("out.exr")).numbers());
    for (at, pixel) in numbers.chunks(3).enumerate() {
        let [row, column] = [at / 6, at % 6];
        let stored = (1..4).contains(&row) && (2..5).contains(&column);
        let place = || ((row - 1) * 3 + column - 2) as f64;
        // Blue is the first of the channels in the file.
        let wanted = if stored {
            [2.0, 1.0, 0.0].map(|at| (at * 100.0 + place()) / 512.0)
        } else {
            [0.0; 3]
        };
        assert_eq!(pixel, wanted, "{row} {column}");
    }
}
