//! Layers and channels of OpenEXR files are chosen by name.

use std::io::Cursor;

use exr::prelude::*;
use serde_json::json;

use crate::Room;

const SIDES: [usize; 2] = [6, 5];

/// The sample of a channel, which differs from those of all others.
fn sample(seed: usize, at: usize) -> f32 {
    (seed * 100 + at) as f32 / 1024.0
}

/// A file of parts with these names and channels.
fn file(parts: &[(&str, &[&str])]) -> Vec<u8> {
    let [columns, rows] = SIDES;
    let mut seed = 0;
    let mut layers = Layers::new();
    for (name, channels) in parts {
        let channels = channels.iter().map(|channel| {
            seed += 1;
            let samples = (0..rows * columns).map(|at| sample(seed, at)).collect();
            AnyChannel::new(*channel, FlatSamples::F32(samples))
        });
        layers.push(Layer::new(
            (columns, rows),
            LayerAttributes::named(*name),
            Encoding::UNCOMPRESSED,
            AnyChannels::sort(channels.collect()),
        ));
    }
    let attributes = ImageAttributes::new(IntegerBounds::from_dimensions((columns, rows)));
    let mut file = Cursor::new(Vec::new());
    let image = Image::from_layers(attributes, layers);
    image.write().to_buffered(&mut file).unwrap();
    file.into_inner()
}

/// Its channels are numbered from 1, in this order.
const CHANNELS: [&str; 9] = ["A", "B", "G", "N.X", "N.Y", "N.Z", "R", "Z", "matte.sky"];

const DEPTHS: (&str, &[&str]) = ("depths", &["Z", "far.Z", "m.a", "m.b", "m.c", "m.d", "m.e"]);

fn room() -> Room {
    let room = Room::new();
    std::fs::write(room.path("one.exr"), file(&[("", &CHANNELS)])).unwrap();
    let parts = [("beauty", &["B", "G", "R"][..]), DEPTHS];
    std::fs::write(room.path("two.exr"), file(&parts)).unwrap();
    std::fs::write(room.path("bare.exr"), file(&[DEPTHS])).unwrap();
    room
}

#[test]
fn the_channels_that_are_named_are_read() {
    let room = room();
    for (input, layer, seeds) in [
        ("one.exr", "Z", &[8][..]),
        ("one.exr", "N", &[4, 5, 6]),
        ("one.exr", "N.Y", &[5]),
        ("one.exr", "N.Z,N.X", &[6, 4]),
        ("one.exr", "R,G,B", &[7, 3, 2]),
        ("one.exr", "matte", &[9]),
        // The colours of a part, a channel of it, a layer of it.
        ("two.exr", "beauty", &[3, 2, 1]),
        ("two.exr", "depths.Z", &[4]),
        ("two.exr", "depths.far", &[5]),
        ("two.exr", "far", &[5]),
        ("two.exr", "m.a,m.c", &[6, 8]),
        ("bare.exr", "Z", &[1]),
    ] {
        let line =
            format!("{input} -k identity --pad edge --channel each --layer {layer} -o out.npy");
        let ran = room.run(&format!("{line} --overwrite"));
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
        let image = room.read("out.npy");
        assert_eq!(image.shape(), [SIDES[1], SIDES[0], seeds.len()], "{line}");
        let wanted = (0..SIDES[0] * SIDES[1])
            .flat_map(|at| seeds.iter().map(move |seed| f64::from(sample(*seed, at))));
        let found = Vec::from_iter(stridekern::ImageView::from(&image).numbers());
        assert_eq!(found, Vec::from_iter(wanted), "{line}");
    }
}

#[test]
fn what_is_left_out_is_told_and_kept_in_its_place() {
    let room = room();
    let more = "one.exr: warning: the exr file has more channels, which were not read: ";
    let advice = "; --layer chooses others";
    let line = "one.exr -k identity --pad edge --channel each --overwrite";
    let plain = format!("{more}N.X, N.Y, N.Z, Z, matte.sky{advice}");
    let normals = format!("{more}A, B, G, R, Z, matte.sky{advice}");
    room.run(&format!("{line} --alpha copy -o o.npy"))
        .says(0, &[&plain]);
    for flags in ["", "--dry-run"] {
        room.run(&format!("{line} --layer N -o o.npy {flags}"))
            .says(0, &[&normals]);
    }
    let objects = room
        .run(&format!("{line} --layer N -o o.npy --json"))
        .json();
    let text = normals.strip_prefix("one.exr: warning: ").unwrap();
    assert_eq!(
        objects[0]["warnings"],
        json!([{ "kind": "channels", "text": text }])
    );
    let before = room.bytes("one.exr");
    room.run(&format!("{line} --layer N --in-place")).says(
        1,
        &["one.exr: not replaced: it holds 9 channels, of which 3 are read: name an output with --output"],
    );
    assert!(room.bytes("one.exr") == before);
}

#[test]
fn names_that_are_not_there_are_refused_with_those_that_are() {
    let room = room();
    let all = "A, B, G, N.X, N.Y, N.Z, R, Z, matte.sky";
    let two = "beauty.B, beauty.G, beauty.R, depths.Z, depths.far.Z, depths.m.a, depths.m.b, \
               depths.m.c, depths.m.d, depths.m.e";
    for (input, layer, problem) in [
        (
            "one.exr",
            "diffuse",
            format!("is no layer or channel of the exr file, which has {all}"),
        ),
        (
            "one.exr",
            "r",
            format!("is no layer or channel of the exr file, which has {all}"),
        ),
        (
            "one.exr",
            "R,g",
            format!("names `g`, which is no channel of the exr file: it has {all}"),
        ),
        (
            "one.exr",
            "R,",
            format!("names ``, which is no channel of the exr file: it has {all}"),
        ),
        ("one.exr", "Z,Z", "names a channel twice".to_owned()),
        (
            "one.exr",
            "R,G,B,A,Z",
            "names 5 channels, and up to 4 are read".to_owned(),
        ),
        (
            "two.exr",
            "foo",
            format!("is no layer or channel of the exr file, which has {two}"),
        ),
        (
            "two.exr",
            "R,far.Z",
            "names channels of several parts, which are several pictures".to_owned(),
        ),
        (
            "two.exr",
            "m",
            "has 5 channels (m.a, m.b, m.c, m.d, m.e), and up to 4 are read: name those".to_owned(),
        ),
    ] {
        let line = format!("{input} -k identity --layer {layer} -o out.npy");
        let said = format!("{input}: the layer `{layer}` {problem}");
        room.run(&line).says(1, &[&said]);
    }
    room.run("bare.exr -k identity -o out.npy").says(
        1,
        &["bare.exr: a picture without colours in 7 channels (Z, far.Z, m.a, m.b, m.c, m.d, m.e): \
           name up to four of them with --layer, such as --layer Z"],
    );
    // Of other formats there are none.
    room.run("a.png -k identity --layer Z -o out.png").says(
        0,
        &["a.png: warning: the layer Z is for exr files, this is png: it has no effect"],
    );
}
