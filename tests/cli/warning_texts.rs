//! A warning says the same in `--json` and on standard error.

use std::{collections::BTreeSet, fs, io::Cursor};

use flate2::Crc;
use serde_json::Value;
use stridekern::{
    Depth, Image, Samples,
    codec::{self, EncodeOptions, Format, Metadata},
};

use crate::{Room, codings::LOSSY, gray, npy, picture};

/// A PNG with another chunk behind its header.
fn with_chunk(png: &[u8], name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(data);
    let (start, rest) = png.split_at(8 + 25);
    let length = (data.len() as u32).to_be_bytes();
    [start, &length, name, data, &crc.sum().to_be_bytes(), rest].concat()
}

fn file(image: &Image, format: Format, metadata: &Metadata) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    codec::encode(
        image,
        format,
        metadata,
        &EncodeOptions::default(),
        &mut file,
    )
    .unwrap();
    file.into_inner()
}

/// A gray picture of these floats.
fn floats(samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|n| n.to_le_bytes()).collect();
    npy("<f4", &format!("(1, {})", samples.len()), &data)
}

/// A picture of transparent and opaque pixels.
fn transparent() -> Image {
    let samples = (0..9 * 8)
        .flat_map(|at: u8| [at, 90, 200 - at, if at.is_multiple_of(3) { 0 } else { 255 }]);
    Image::new(8, 9, 4, Samples::U8(samples.collect())).unwrap()
}

#[test]
fn every_kind_says_the_same_in_both() {
    let room = Room::new();
    let put = |name: &str, bytes: &[u8]| fs::write(room.path(name), bytes).unwrap();
    let noise = picture(8, 9, 3, Depth::U8);
    let plain = Metadata::default();
    for name in [
        "odd/progressive.jpg",
        "odd/palette8.tif",
        "odd/gray12.tif",
        "odd/gray8_white_is_zero.tif",
        "odd/rgb_half.exr",
        "odd/layers.exr",
        "odd/cmyk.tif",
        "carried/full.png",
    ] {
        let (_, last) = name.split_once('/').unwrap();
        put(last, &fs::read(format!("testdata/{name}")).unwrap());
    }
    put("lossy.webp", LOSSY);
    let profile = b"ICC\0\0no profile";
    put(
        "profile.png",
        &with_chunk(&room.bytes("a.png"), b"iCCP", profile),
    );
    put(
        "ramp.png",
        &file(
            &gray(1, 20, (0..20).map(|at| at * 12).collect()),
            Format::Png,
            &plain,
        ),
    );
    put("small.npy", &floats(&[0.0, 0.2, 0.4, 0.1]));
    put("nan.npy", &floats(&[0.0, f32::NAN, 0.4, 0.1]));
    put(
        "huge.npy",
        &npy(
            "<f8",
            "(1, 2)",
            &[1e300_f64, 1.0].map(f64::to_le_bytes).concat(),
        ),
    );
    put("planes.npy", &npy("|u1", "(5, 4, 3)", &[9; 60]));
    put("clear.png", &file(&transparent(), Format::Png, &plain));
    let no_data = Metadata {
        no_data: Some("7".to_owned()),
        ..Metadata::default()
    };
    put("nodata.tif", &file(&noise, Format::Tiff, &no_data));
    let turned = Metadata {
        orientation: Some(6),
        ..Metadata::default()
    };
    put("turned.tif", &file(&noise, Format::Tiff, &turned));
    let xmp = format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' dc:source='{}'/></rdf:RDF></x:xmpmeta>",
        "x".repeat(65_000)
    );
    let described = Metadata {
        xmp: Some(xmp.into_bytes()),
        ..Metadata::default()
    };
    put("xmp.png", &file(&noise, Format::Png, &described));
    room.text("four.toml", "weights = [[4]]");
    room.text("ones.toml", "weights = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]");
    let mut told = BTreeSet::new();
    for (kind, line) in [
        ("profile", "profile.png -k box3 -o o.png "),
        ("clipped", "ramp.png -k four.toml -o o.png"),
        (
            "levelled",
            "small.npy -k identity --pad edge --depth u32 -o o.tif",
        ),
        ("wrapped", "a.png -k ones.toml --like scipy -o o.png"),
        (
            "not_a_number",
            "nan.npy -k identity --pad edge --depth 8 -o o.png",
        ),
        (
            "infinite",
            "huge.npy -k identity --pad edge --depth f32 -o o.tif",
        ),
        (
            "missing",
            "nan.npy -k identity --pad edge --ignore nan -o o.npy",
        ),
        ("axes", "planes.npy -k box3 -o o.npy"),
        ("no_data", "nodata.tif -k box3 -o o.tif"),
        ("metadata", "full.png -k box3 --photo -o o.bmp"),
        ("alpha", "clear.png -k box3 -o o.jpg"),
        (
            "transparent",
            "clear.png -k gaussian3 --channel each -o o.png",
        ),
        (
            "hidden",
            "clear.png -k gaussian3 --channel each --alpha drop -o o.png",
        ),
        (
            "orientation",
            "turned.tif -k box3 --orientation stored -o o.bmp",
        ),
        ("channels", "layers.exr -k box3 --channel each -o o.exr"),
        ("record", "xmp.png -k box3 --photo --record -o o.jpg"),
        ("progressive", "progressive.jpg -k box3 --photo -o o.jpg"),
        ("lossless", "lossy.webp -k box3 --photo -o o.webp"),
        ("scaled", "gray12.tif -k box3 --photo -o o.tif"),
        (
            "inverted",
            "gray8_white_is_zero.tif -k box3 --photo -o o.tif",
        ),
        ("palette", "palette8.tif -k box3 --photo -o o.tif"),
        ("half_floats", "rgb_half.exr -k box3 --photo -o o.exr"),
        (
            "rounded_weights",
            "a.png -k gaussian:sigma=2 --like vips -o o.png",
        ),
        (
            "unused_option",
            "a.png -k box3 --photo --quality 40 -o o.png",
        ),
        ("other", "cmyk.tif -k box3 --photo -o o.tif"),
    ] {
        let ran = room.run(&format!("{line} --overwrite --json"));
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
        let object = ran.json().remove(0);
        let [input, output] = ["input", "output"].map(|key| object[key].as_str().unwrap());
        let warnings = object["warnings"].as_array().unwrap();
        let kinds = warnings
            .iter()
            .map(|warning| warning["kind"].as_str().unwrap().to_owned());
        let kinds = Vec::from_iter(kinds);
        assert!(
            kinds.iter().any(|found| found == kind),
            "{line}: {kinds:?} {}",
            ran.err
        );
        let mut lines = Vec::from_iter(ran.err.lines());
        for warning in warnings {
            let text = warning["text"].as_str().unwrap();
            let is_it = |line: &&str| {
                [input, output]
                    .iter()
                    .any(|name| *line == format!("stridekern: {name}: warning: {text}"))
            };
            let found = lines.iter().position(is_it);
            let found = found.unwrap_or_else(|| panic!("{line}: {text}: {}", ran.err));
            lines.remove(found);
        }
        // And nothing else is said.
        assert_eq!(lines, [""; 0], "{line}");
        told.insert(kind.to_owned());
    }
    let schema: Value =
        serde_json::from_str(include_str!("../../src/cli/result.schema.json")).unwrap();
    let known = &schema["properties"]["warnings"]["items"]["properties"]["kind"]["enum"];
    let known = known
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind.as_str().unwrap().to_owned());
    assert_eq!(told, known.collect());
}
