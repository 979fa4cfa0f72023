//! `--in-place` replaces a file by no less than it held, unless that was asked
//! for: every kind of loss, in every format that has it.

use std::{fs, io::Cursor};

use stridekern::{
    Depth, Image,
    codec::{EncodeOptions, Format, Metadata, encode},
};

use crate::{Room, names_in, picture};

/// What a file of this format is that was written here.
fn encoded(image: &Image, format: Format) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    encode(image, format, &metadata, &options, &mut file).unwrap();
    file.into_inner()
}

fn gif(frames: usize, transparent: Option<u8>) -> Vec<u8> {
    let palette = [0, 0, 0, 200, 30, 10, 20, 90, 250, 255, 255, 255];
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, 9, 8, &palette).unwrap();
    for frame in 0..frames {
        let indices: Vec<u8> = (0..72).map(|at| ((at + frame) % 4) as u8).collect();
        let mut frame = gif::Frame::from_indexed_pixels(9, 8, indices, None);
        frame.transparent = transparent;
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    file
}

/// A PNG of so many pictures, the first of which may be a stand-in for the
/// animation.
fn apng(pictures: u32, stand_in: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 9, 8);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let frames = pictures - u32::from(stand_in);
    encoder.set_animated(frames, 0).unwrap();
    encoder.set_sep_def_img(stand_in).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for picture in 0..pictures {
        let samples: Vec<u8> = (0..72).map(|at| (at * 3 + picture * 7) as u8).collect();
        writer.write_image_data(&samples).unwrap();
    }
    writer.finish().unwrap();
    file
}

/// The same, where a wrong checksum has decoders pass over the chunk that tells of an
/// animation.
fn without_animation(mut file: Vec<u8>) -> Vec<u8> {
    let at = file.windows(4).position(|part| part == b"acTL").unwrap();
    file[at + 12] ^= 1;
    file
}

/// An animation of so many frames, each the same lossless picture.
fn webp(frames: usize) -> Vec<u8> {
    let still = encoded(&picture(8, 10, 3, Depth::U8), Format::Webp);
    let chunk = |name: &[u8], data: &[u8]| {
        let size = (data.len() as u32).to_le_bytes();
        let padding = vec![0; data.len() % 2];
        [name, &size, data, &padding].concat()
    };
    let [wide, high] = [[9, 0, 0], [7, 0, 0]];
    let frame = [&[0; 6][..], &wide, &high, &[100, 0, 0, 0], &still[12..]].concat();
    let mut chunks = chunk(b"VP8X", &[&[2, 0, 0, 0][..], &wide, &high].concat());
    chunks.extend(chunk(b"ANIM", &[0; 6]));
    for _ in 0..frames {
        chunks.extend(chunk(b"ANMF", &frame));
    }
    let size = (4 + chunks.len() as u32).to_le_bytes();
    [&b"RIFF"[..], &size, b"WEBP", &chunks].concat()
}

/// Pages, those of `kinds` with a `NewSubfileType`; the first with `SubIFDs` of these types.
fn tiff(kinds: &[Option<u32>], below: &[u32], big: bool) -> Vec<u8> {
    use tiff::{
        encoder::{TiffEncoder, TiffKind, colortype::Gray8},
        tags::Tag,
    };
    fn write<K: TiffKind>(
        mut encoder: TiffEncoder<&mut Cursor<Vec<u8>>, K>,
        kinds: &[Option<u32>],
        below: &[u32],
    ) {
        let mut offsets = Vec::new();
        for kind in below {
            let mut directory = encoder.extra_directory().unwrap();
            directory.write_tag(Tag::NewSubfileType, *kind).unwrap();
            let place = directory.finish_with_offsets().unwrap();
            offsets.push(place.pointer.0 as u32);
        }
        for (page, kind) in kinds.iter().enumerate() {
            let mut image = encoder.new_image::<Gray8>(9, 8).unwrap();
            if let Some(kind) = kind {
                let tag = Tag::NewSubfileType;
                image.encoder().write_tag(tag, *kind).unwrap();
            }
            if page == 0 && !offsets.is_empty() {
                image
                    .encoder()
                    .write_tag(Tag::SubIfd, &offsets[..])
                    .unwrap();
            }
            let samples: Vec<u8> = (0..72).map(|at| (at * 3 + page) as u8).collect();
            image.write_data(&samples).unwrap();
        }
    }
    let mut file = Cursor::new(Vec::new());
    match big {
        false => write(TiffEncoder::new(&mut file).unwrap(), kinds, below),
        true => write(TiffEncoder::new_big(&mut file).unwrap(), kinds, below),
    }
    file.into_inner()
}

/// Layers with these channels each.
fn exr(layers: usize, channels: &[&str]) -> Vec<u8> {
    use exr::prelude::*;
    let layer = |number: usize| {
        let channels = channels.iter().map(|name| {
            let samples = (0..72).map(|at| at as f32 / 72.0).collect();
            AnyChannel::new(*name, FlatSamples::F32(samples))
        });
        let name = format!("layer{number}");
        Layer::new(
            (9, 8),
            LayerAttributes::named(name.as_str()),
            Encoding::UNCOMPRESSED,
            AnyChannels::sort(channels.collect()),
        )
    };
    let attributes = ImageAttributes::new(IntegerBounds::from_dimensions((9, 8)));
    let layers: Layers<_> = (0..layers).map(layer).collect();
    let mut file = Cursor::new(Vec::new());
    let image = Image::from_layers(attributes, layers);
    image.write().to_buffered(&mut file).unwrap();
    file.into_inner()
}

/// An array of 64-bit floats.
fn doubles() -> Vec<u8> {
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (8, 9), }";
    let header = format!("{header:<117}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend((0..72).flat_map(|at| (f64::from(at) / 3.0).to_le_bytes()));
    file
}

/// A bitmap with 10 bits for each of red, green and blue.
fn ten_bits() -> Vec<u8> {
    let mut head = [108_u32, 9, 8, 0x0020_0001, 3]
        .map(u32::to_le_bytes)
        .concat();
    head.resize(40, 0);
    head.extend(
        [0x3ff0_0000_u32, 0xf_fc00, 0x3ff]
            .map(u32::to_le_bytes)
            .as_flattened(),
    );
    head.resize(108, 0);
    let mut file = b"BM".to_vec();
    file.extend(
        [14 + 108 + 288, 0, 14 + 108]
            .map(u32::to_le_bytes)
            .as_flattened(),
    );
    file.extend(head);
    file.extend((0..72).flat_map(|at: u32| (at * 0x0050_1403).to_le_bytes()));
    file
}

/// An EXR file whose samples are integers.
fn integers() -> Vec<u8> {
    use exr::prelude::*;
    let samples = || FlatSamples::U32((0..72).collect());
    let channels = ["B", "G", "R"].map(|name| AnyChannel::new(name, samples()));
    let image = Image::from_channels((9, 8), AnyChannels::sort(channels.into_iter().collect()));
    let mut file = Cursor::new(Vec::new());
    image.write().to_buffered(&mut file).unwrap();
    file.into_inner()
}

fn testdata(name: &str) -> Vec<u8> {
    fs::read(format!(
        "{}/testdata/odd/{name}",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap()
}

fn followed(mut file: Vec<u8>, by: &[u8]) -> Vec<u8> {
    file.extend(by);
    file
}

const REPLACED: &str = "";

const COLOURS: &str = "its colours (--channel each keeps them, --channel luma allows it)";
const SIZE: &str = "2 rows and 2 columns (--pad edge keeps the size, --pad valid allows it)";

#[test]
fn nothing_is_lost_that_was_not_given_up() {
    let jpeg = || encoded(&picture(8, 9, 3, Depth::U8), Format::Jpeg);
    let ppm = || encoded(&picture(8, 9, 3, Depth::U8), Format::Ppm);
    let png = |channels, depth| encoded(&picture(8, 9, channels, depth), Format::Png);
    let held = |what: &str| format!("it holds {what}: name an output with --output");
    let one_of = |what: &str| held(&format!("{what}, of which the result would have one"));
    let none_of = |what: &str| held(&format!("{what}, which the result would not have"));
    let lost = |what: &str| format!("the result would lose {what}");
    let text = |text: &str| text.to_owned();
    let photo = "--photo";
    let page = || None;
    let float = "identity --photo --map float";
    let table: Vec<(&str, Vec<u8>, &str, String)> = vec![
        // Pictures beyond the first, which no flag allows to be lost.
        ("a.gif", gif(1, None), photo, text(REPLACED)),
        ("a.gif", gif(3, None), photo, text(REPLACED)),
        (
            "a.gif",
            gif(3, None),
            "--channel luma --pad valid --depth 8",
            text(REPLACED),
        ),
        (
            "a.gif",
            gif(2, None),
            "",
            lost(&format!("{COLOURS} and {SIZE}")),
        ),
        (
            "a.gif",
            followed(gif(1, None), b"film"),
            photo,
            none_of("4 bytes of further data after its picture"),
        ),
        (
            "a.gif",
            followed(gif(1, None), b"\0\0"),
            photo,
            text(REPLACED),
        ),
        ("a.png", apng(1, false), photo, text(REPLACED)),
        ("a.png", apng(2, false), photo, text(REPLACED)),
        ("a.png", apng(5, false), photo, text(REPLACED)),
        (
            "a.png",
            apng(2, true),
            photo,
            none_of("a picture for viewers without animation"),
        ),
        (
            "a.png",
            followed(png(1, Depth::U8), b"x"),
            photo,
            none_of("1 byte of further data after its picture"),
        ),
        (
            "a.png",
            followed(png(1, Depth::U8), b"\n\0\0"),
            photo,
            text(REPLACED),
        ),
        ("a.webp", webp(1), photo, text(REPLACED)),
        (
            "a.webp",
            followed(encoded(&picture(8, 9, 3, Depth::U8), Format::Webp), b"more"),
            photo,
            none_of("4 bytes of further data after its picture"),
        ),
        ("a.tif", tiff(&[page()], &[], false), photo, text(REPLACED)),
        (
            "a.tif",
            tiff(&[page(), page()], &[], false),
            photo,
            text(REPLACED),
        ),
        (
            "a.tif",
            tiff(&[page(), page(), page()], &[], true),
            photo,
            text(REPLACED),
        ),
        (
            "a.tif",
            tiff(&[page(), Some(4)], &[], false),
            photo,
            none_of("1 transparency mask"),
        ),
        (
            "a.tif",
            tiff(&[page(), Some(2), Some(4), Some(1)], &[], true),
            photo,
            none_of("1 transparency mask"),
        ),
        (
            "a.tif",
            tiff(&[page()], &[0, 0, 1], false),
            photo,
            none_of("2 pictures that belong to its first"),
        ),
        // Smaller copies follow from the picture; the data behind them do not.
        (
            "a.tif",
            tiff(&[page(), Some(1), Some(1)], &[1], false),
            photo,
            text(REPLACED),
        ),
        (
            "a.tif",
            followed(tiff(&[page(), Some(1)], &[], true), b"more"),
            photo,
            none_of("4 bytes of further data after its picture"),
        ),
        (
            "a.tif",
            testdata("picture_in_subifd.tif"),
            photo,
            text(REPLACED),
        ),
        ("a.tif", testdata("gray12.tif"), photo, text(REPLACED)),
        ("a.tif", testdata("palette8.tif"), photo, text(REPLACED)),
        (
            "a.tif",
            testdata("cmyk.tif"),
            photo,
            held("CMYK colours, which are read as RGB"),
        ),
        (
            "a.tif",
            testdata("white_is_zero_int16.tif"),
            photo,
            none_of("signed 16-bit samples of which zero is white"),
        ),
        ("a.exr", testdata("luminance.exr"), photo, text(REPLACED)),
        ("a.exr", testdata("normals.exr"), photo, text(REPLACED)),
        ("a.jpg", testdata("no_end.jpg"), photo, text(REPLACED)),
        ("a.exr", exr(1, &["R", "G", "B"]), photo, text(REPLACED)),
        ("a.exr", exr(3, &["R", "G", "B"]), photo, one_of("3 parts")),
        (
            "a.exr",
            exr(1, &["R", "G", "B", "Z"]),
            photo,
            held("4 channels, of which 3 are read"),
        ),
        (
            "a.exr",
            exr(1, &["R", "G", "B", "Z"]),
            "--pad edge",
            text(&format!(
                "it holds 4 channels, of which 3 are read: name an output with --output; the result would also lose {COLOURS}"
            )),
        ),
        ("a.ppm", ppm(), photo, text(REPLACED)),
        (
            "a.ppm",
            [ppm(), ppm()].concat(),
            photo,
            none_of("further pictures behind its first"),
        ),
        ("a.ppm", followed(ppm(), b"\n"), photo, text(REPLACED)),
        (
            "a.ppm",
            followed(ppm(), b"tail"),
            photo,
            none_of("4 bytes of further data after its picture"),
        ),
        (
            "a.pnm",
            [encoded(&picture(8, 9, 1, Depth::U16), Format::Pgm), ppm()].concat(),
            photo,
            none_of("further pictures behind its first"),
        ),
        ("a.jpg", jpeg(), photo, text(REPLACED)),
        (
            "a.jpg",
            [jpeg(), jpeg()].concat(),
            photo,
            none_of("further pictures behind its first"),
        ),
        (
            "a.jpg",
            [jpeg(), vec![0; 9], jpeg()].concat(),
            photo,
            none_of("further pictures behind its first"),
        ),
        (
            "a.jpg",
            followed(jpeg(), b"\0\0\0\x18ftypmp42"),
            photo,
            none_of("a video of 12 bytes behind its picture"),
        ),
        ("a.jpg", followed(jpeg(), &[0; 40]), photo, text(REPLACED)),
        // Channels.
        ("a.png", png(3, Depth::U8), "--pad edge", lost(COLOURS)),
        (
            "a.png",
            png(2, Depth::U8),
            "--pad edge --alpha copy",
            text(REPLACED),
        ),
        (
            "a.png",
            png(2, Depth::U8),
            "--pad edge --alpha drop",
            text(REPLACED),
        ),
        (
            "a.png",
            png(4, Depth::U16),
            "--pad edge --alpha copy",
            lost(COLOURS),
        ),
        (
            "a.png",
            png(4, Depth::U16),
            "--pad edge --alpha drop",
            lost(COLOURS),
        ),
        (
            "a.png",
            png(4, Depth::U16),
            "--alpha copy",
            lost(&format!("{COLOURS} and {SIZE}")),
        ),
        (
            "a.png",
            png(4, Depth::U16),
            "--channel luma --pad edge --alpha copy",
            text(REPLACED),
        ),
        (
            "a.png",
            png(4, Depth::U8),
            "--channel alpha --pad edge",
            text(REPLACED),
        ),
        (
            "a.png",
            png(4, Depth::U8),
            "--channel each --pad edge --alpha copy",
            text(REPLACED),
        ),
        (
            "a.gif",
            gif(1, Some(2)),
            "--pad edge --alpha copy",
            lost(COLOURS),
        ),
        ("a.gif", gif(1, Some(2)), photo, text(REPLACED)),
        ("a.png", testdata("palette.png"), "--photo", text(REPLACED)),
        (
            "a.jpg",
            testdata("cmyk.jpg"),
            "--pad edge",
            text(&format!(
                "it holds CMYK colours, which are read as RGB: name an output with --output; the result would also lose {COLOURS}"
            )),
        ),
        (
            "a.jpg",
            testdata("cmyk.jpg"),
            photo,
            held("CMYK colours, which are read as RGB"),
        ),
        // Size.
        ("a.png", png(1, Depth::U8), "", lost(SIZE)),
        ("a.png", png(1, Depth::U8), "-k sobel_x", lost(SIZE)),
        ("a.png", png(3, Depth::U8), "--channel each", lost(SIZE)),
        ("a.png", png(1, Depth::U8), "--pad valid", text(REPLACED)),
        ("a.png", png(1, Depth::U8), "--pad edge", text(REPLACED)),
        (
            "a.png",
            png(3, Depth::U8),
            "--photo --step 2",
            text(REPLACED),
        ),
        ("a.png", png(1, Depth::U8), "--step 2", text(REPLACED)),
        (
            "a.png",
            png(3, Depth::U8),
            "--photo --pad valid",
            text(REPLACED),
        ),
        // Depth.
        (
            "a.png",
            png(1, Depth::U16),
            "--pad edge --depth 8",
            text(REPLACED),
        ),
        (
            "a.png",
            png(1, Depth::U8),
            "--pad edge --depth 16",
            text(REPLACED),
        ),
        ("a.tif", tiff(&[page()], &[], false), float, text(REPLACED)),
        ("a.npy", doubles(), "--pad edge", text(REPLACED)),
        (
            "a.npy",
            doubles(),
            "--pad edge --depth same",
            text(REPLACED),
        ),
        ("a.npy", doubles(), "--pad edge --depth f32", text(REPLACED)),
        ("a.npy", doubles(), "--pad edge --depth i16", text(REPLACED)),
        (
            "a.bmp",
            ten_bits(),
            photo,
            lost("its 10-bit samples (they are read as 8-bit samples; --depth 8 allows it)"),
        ),
        ("a.bmp", ten_bits(), "--photo --depth 8", text(REPLACED)),
        (
            "a.exr",
            integers(),
            photo,
            lost("its 32-bit integers (they are read as 32-bit floats; --depth f32 allows it)"),
        ),
        ("a.exr", integers(), "--photo --depth f32", text(REPLACED)),
    ];
    for (name, bytes, flags, reason) in table {
        let flags = flags.trim_start_matches("identity ");
        let kernel = if flags.contains("-k") { "" } else { "-k box3" };
        let line = format!("{name} {kernel} {flags} --in-place");
        let room = Room::new();
        fs::write(room.path(name), &bytes).unwrap();
        let before = room.names();
        let told = format!("{name}: not replaced: {reason}");
        if reason == REPLACED {
            let run = room.run(&line);
            assert_eq!(run.code, Some(0), "{line}: {}", run.err);
            assert_eq!(room.names(), before, "{line}");
            assert_ne!(room.bytes(name), bytes, "{line}");
            room.read(name);
            continue;
        }
        refused(&room, name, &line, &told);
        // Beside it, a result is made, and what was not read is told of.
        let run = room.run(&format!("{name} {kernel} {flags} -o out/"));
        assert_eq!(run.code, Some(0), "{line}: {}", run.err);
        let unread = ["it holds", "not read", "read as"];
        let warns = unread.iter().any(|text| reason.contains(text));
        let mut told = run.err.lines();
        let of_samples = [" of the samples were clipped ", " holds 256 colours"];
        let told = told.any(|told| !of_samples.iter().any(|text| told.contains(text)));
        assert_eq!(told, warns, "{line}: {}", run.err);
        assert_eq!(names_in(&room.path("out")).len(), 1);
    }
}

/// Checks that the command is refused with the line `told`, however it is given,
/// and that the file stays as it is.
fn refused(room: &Room, name: &str, line: &str, told: &str) {
    let (before, bytes) = (room.names(), room.bytes(name));
    room.run(&format!("{line} -q")).says(1, &[told]);
    room.run(line).says(1, &[told]);
    room.run(&format!("{line} -q --dry-run")).says(1, &[told]);
    let objects = room.run(&format!("{line} --json")).json();
    assert_eq!(objects[0]["status"], "failed", "{line}");
    assert_eq!(objects[0]["error"], told[name.len() + 2..], "{line}");
    assert_eq!(room.names(), before, "{line}");
    assert_eq!(room.bytes(name), bytes, "{line}");
}

/// Every format with what may follow its picture.
#[test]
fn nothing_behind_a_picture_is_lost() {
    let mut files: Vec<(Format, &str, Vec<u8>)> = Vec::new();
    for format in Format::ALL {
        let shapes = [1, 3].map(|channels| [Depth::U8, Depth::F32].map(|depth| (channels, depth)));
        let mut shapes = shapes.into_iter().flatten();
        let extension = format.name();
        if let Some((channels, depth)) = shapes.find(|(n, depth)| format.can_hold(*depth, *n)) {
            let bytes = encoded(&picture(8, 9, channels, depth), format);
            files.push((format, extension, bytes));
        }
    }
    files.push((Format::Pgm, "pgm", b"P2 3 2 9 1 2 3 4 5 6\n".to_vec()));
    files.push((Format::Ppm, "ppm", b"P3 1 2 9 1 2 3 4 5 6\n".to_vec()));
    files.push((Format::Bmp, "bmp", testdata("palette.bmp")));
    files.push((Format::Tga, "tga", testdata("rle.tga")));
    files.push((Format::Png, "png", testdata("gray16_interlaced.png")));
    files.push((Format::Jpeg, "jpg", testdata("progressive.jpg")));
    files.push((Format::Tiff, "tif", testdata("rgb8_lzw.tif")));
    files.push((Format::Tiff, "tif", testdata("gray8_tiled.tif")));
    let held = |what: &str| {
        format!(
            "not replaced: it holds {what}, which the result would not have: name an output with --output"
        )
    };
    let archive = [&b"PK\x03\x04"[..], &[0; 5000]].concat();
    for (format, extension, bytes) in files {
        let name = format!("{format}.{extension}");
        let line = format!("{name} -k box3 --photo --in-place");
        for (by, told) in [
            (bytes.as_slice(), held("further pictures behind its first")),
            (
                &archive,
                held("5004 bytes of further data after its picture"),
            ),
            (b"\0\n\0", String::new()),
        ] {
            let told = match format {
                Format::Npy => {
                    let count = by.len();
                    format!(
                        "the npy file is damaged ({count} bytes follow its array, which has 72): get a good copy of it"
                    )
                }
                Format::Tga if by == bytes => {
                    let count = by.len();
                    held(&format!("{count} bytes of further data after its picture"))
                }
                _ => told,
            };
            let room = Room::new();
            let file = followed(bytes.clone(), by);
            fs::write(room.path(&name), &file).unwrap();
            if told.is_empty() {
                let run = room.run(&line);
                assert_eq!(run.code, Some(0), "{line}: {}", run.err);
                assert_ne!(room.bytes(&name), file, "{line}");
            } else {
                refused(&room, &name, &line, &format!("{name}: {told}"));
            }
        }
    }
}

#[test]
fn frames_that_no_decoder_is_told_of_are_kept() {
    for (pictures, stand_in) in [(5, false), (3, true)] {
        let room = Room::new();
        fs::write(
            room.path("a.png"),
            without_animation(apng(pictures, stand_in)),
        )
        .unwrap();
        let told = format!(
            "a.png: not replaced: it holds {pictures} frames, of which the result would have one: name an output with --output"
        );
        refused(&room, "a.png", "a.png -k box3 --photo --in-place", &told);
    }
}

#[test]
fn a_channel_axis_is_kept() {
    let room = Room::new();
    let array = |shape: &str, samples: &[u8]| {
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}");
        let header = format!("{header:<117}\n");
        let length = (header.len() as u16).to_le_bytes();
        [
            b"\x93NUMPY\x01\x00",
            &length[..],
            header.as_bytes(),
            samples,
        ]
        .concat()
    };
    for shape in ["8, 9", "8, 9, 1", "2, 12, 3"] {
        let samples: Vec<u8> = (0..72).collect();
        for (flags, output) in [("--in-place", "a.npy"), ("-o b.npy --overwrite", "b.npy")] {
            fs::write(room.path("a.npy"), array(shape, &samples)).unwrap();
            room.run(&format!("a.npy -k identity --photo {flags} -q"))
                .silent();
            assert_eq!(room.bytes(output), array(shape, &samples), "{shape}");
        }
    }
}

#[test]
fn the_others_are_done_where_one_would_lose_something() {
    let room = Room::new();
    fs::write(room.path("b.gif"), followed(gif(3, None), b"film")).unwrap();
    let bytes = room.bytes("b.gif");
    let wanted = "b.gif: not replaced: it holds 4 bytes of further data after its picture, which the result would not have: name an output with --output";
    let old = room.bytes("a.png");
    room.run("a.png b.gif -k box3 --pad edge --channel each --in-place -q")
        .says(1, &[wanted]);
    assert_ne!(room.bytes("a.png"), old);
    assert_eq!(room.bytes("b.gif"), bytes);
}

#[test]
fn photo_sets_defaults_and_flags_that_are_given_count() {
    let room = Room::new();
    room.write("rgba.png", &picture(9, 8, 4, Depth::U8));
    for (flags, same) in [
        ("--photo", "--channel each --pad edge --alpha weight"),
        (
            "--photo --pad wrap",
            "--channel each --pad wrap --alpha weight",
        ),
        ("--photo --pad valid", "--channel each --alpha weight"),
        ("--photo --channel luma", "--pad edge --alpha weight"),
        (
            "--photo --alpha copy",
            "--channel each --pad edge --alpha copy",
        ),
        (
            "--alpha drop --photo",
            "--channel each --pad edge --alpha drop",
        ),
        ("--channel red --photo --pad valid", "--channel red"),
        (
            "--photo --photo --step 2",
            "--channel each --pad edge --alpha weight --step 2",
        ),
    ] {
        for (flags, output) in [(flags, "short.png"), (same, "long.png")] {
            let line = format!("rgba.png -k sharpen {flags} -o {output} --overwrite -q");
            room.run(&line).silent();
        }
        assert_eq!(room.read("short.png"), room.read("long.png"), "{flags}");
    }
}
