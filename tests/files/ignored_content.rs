//! What a file holds that is not read is known for every format: what follows its
//! picture, and samples of more than are read.

use std::{fs, io::Cursor, path::Path};

use stridekern::{
    Depth, Error,
    codec::{self, EncodeOptions, Format, IgnoredContent, Limits, Metadata},
};

use crate::common;

/// A ZIP archive, as far as its first bytes tell.
fn archive() -> Vec<u8> {
    [&b"PK\x03\x04"[..], &[0; 5000]].concat()
}

/// What is not read of the file, by its header.
fn ignored(bytes: &[u8], format: Format) -> Result<Vec<IgnoredContent>, Error> {
    let reader = codec::rows_of_bytes(bytes, Some(format), &Limits::default())?;
    Ok(reader.header().ignored.clone())
}

/// Checks that whatever follows the file is found, and nothing else.
fn check(name: &str, bytes: &[u8], format: Format) {
    let before = ignored(bytes, format).unwrap();
    let is_behind = |part: &IgnoredContent| {
        matches!(
            part,
            IgnoredContent::TrailingData(_) | IgnoredContent::Pictures
        )
    };
    assert!(!before.iter().any(is_behind), "{name}: {before:?}");
    let followed = |by: &[u8]| ignored(&[bytes, by].concat(), format);
    if format == Format::Npy {
        // An array ends with its file.
        for by in [&archive()[..], &[0; 9], bytes] {
            let error = followed(by).unwrap_err().to_string();
            let wanted = format!("{} bytes follow its array", by.len());
            assert!(error.contains(&wanted), "{name}: {error}");
        }
        return;
    }
    let with = |part: IgnoredContent| {
        let mut all = before.clone();
        all.push(part);
        all.sort_by_key(|part| format!("{part:?}"));
        all
    };
    let mut before_sorted = before.clone();
    before_sorted.sort_by_key(|part| format!("{part:?}"));
    let sorted = |by: &[u8]| {
        let mut all = followed(by).unwrap();
        all.sort_by_key(|part| format!("{part:?}"));
        all
    };
    // Other pictures tell enough of a TIFF.
    let is_other = |part: &IgnoredContent| {
        use IgnoredContent::{Layers, Masks, Pages, RelatedImages};
        matches!(part, Pages(_) | RelatedImages(_) | Masks(_) | Layers(_))
    };
    let is_told = format == Format::Tiff && before.iter().any(is_other);
    let warnings = |bytes: &[u8]| {
        let decoded = codec::read_bytes(bytes, Some(format), &Limits::default());
        decoded.unwrap().warnings
    };
    for blank in [&[0; 9][..], b"\n", b"\xff\xff \0"] {
        assert_eq!(sorted(blank), before_sorted, "{name}");
        assert_eq!(
            warnings(&[bytes, blank].concat()),
            warnings(bytes),
            "{name}"
        );
    }
    for (by, part) in [
        (archive(), IgnoredContent::TrailingData(5004)),
        (b"x".to_vec(), IgnoredContent::TrailingData(1)),
        (b"\0\0x".to_vec(), IgnoredContent::TrailingData(3)),
        (b"\0\n\x89PNG\r\n\x1a\n".to_vec(), IgnoredContent::Pictures),
    ] {
        let wanted = if is_told {
            before_sorted.clone()
        } else {
            with(part)
        };
        assert_eq!(sorted(&by), wanted, "{name}");
    }
    // Another of its kind. A quick look at a PNG that ends as one does is not
    // enough: the rest is told after the last row.
    let another = match format {
        Format::Png => None,
        Format::Tga => Some(IgnoredContent::TrailingData(bytes.len() as u64)),
        _ => Some(IgnoredContent::Pictures),
    };
    match another {
        Some(_) if is_told => {}
        Some(part) => assert_eq!(sorted(bytes), with(part), "{name}"),
        None => {
            let limits = Limits::default();
            let decoded = codec::read_bytes(&[bytes, bytes].concat(), None, &limits).unwrap();
            let told = "the png file has several pictures: only the first was read";
            assert!(
                decoded.warnings.iter().any(|warning| warning == told),
                "{name}"
            );
        }
    }
}

#[test]
fn what_follows_pictures_from_other_programs_is_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut count = 0;
    for part in ["odd", "photos"] {
        for name in common::names_in(&folder.join(part)) {
            let path = folder.join(part).join(&name);
            let Some(format) = Format::from_path(&path) else {
                continue;
            };
            // Without the mark of its end, nothing is behind the picture.
            if name.starts_with("no_end") {
                continue;
            }
            let bytes = fs::read(&path).unwrap();
            check(
                &name,
                &bytes,
                Format::from_content(&bytes).unwrap_or(format),
            );
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

#[test]
fn what_follows_pictures_of_every_size_and_kind_is_found() {
    let mut random = common::Random(5);
    for format in Format::ALL {
        for [rows, columns] in [[1, 1], [1, 9], [9, 1], [7, 130], [70, 300], [129, 65]] {
            for channels in 1..=4 {
                for depth in [Depth::U8, Depth::U16, Depth::F32] {
                    if !format.can_hold(depth, channels) {
                        continue;
                    }
                    let image = common::random_image(&mut random, [rows, columns, channels], depth);
                    let mut file = Cursor::new(Vec::new());
                    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
                    codec::encode(&image, format, &metadata, &options, &mut file).unwrap();
                    let name = format!("{format} of {rows} x {columns} x {channels}, {depth}");
                    check(&name, file.get_ref(), format);
                }
            }
        }
    }
}

/// Decodes it, too: these are sound files.
fn checked(name: &str, bytes: &[u8], format: Format) -> Vec<IgnoredContent> {
    let decoded = codec::read_bytes(bytes, Some(format), &Limits::default());
    assert!(decoded.is_ok(), "{name}: {decoded:?}");
    check(name, bytes, format);
    ignored(bytes, format).unwrap()
}

/// A bitmap with a header of 40, 56, 108 or 124 bytes that ends with zeros behind
/// its masks.
fn bmp(
    header: usize,
    [rows, columns]: [i32; 2],
    [bits, compression]: [u32; 2],
    masks: &[u32],
    palette: &[u8],
    pixels: &[u8],
) -> Vec<u8> {
    let mut head = (header as u32).to_le_bytes().to_vec();
    head.extend([columns.to_le_bytes(), rows.to_le_bytes()].as_flattened());
    head.extend([1, 0, bits as u8, 0]);
    head.extend(compression.to_le_bytes());
    head.resize(40, 0);
    head.extend(masks.iter().flat_map(|mask| mask.to_le_bytes()));
    head.resize(head.len().max(header), 0);
    head.extend(palette);
    let start = 14 + head.len();
    let mut file = b"BM".to_vec();
    file.extend(((start + pixels.len()) as u32).to_le_bytes());
    file.extend([0; 4]);
    file.extend((start as u32).to_le_bytes());
    [file, head, pixels.to_vec()].concat()
}

#[test]
fn bitmaps_of_runs_end_where_their_codes_do() {
    let palette: Vec<u8> = (0..=255_u8)
        .flat_map(|value| [value, value / 2, 9, 0])
        .collect();
    // Runs, a list of an odd number, an end of a row, a step to the next row but
    // one, the end.
    let eight = [
        &[3, 7, 0, 3, 1, 2, 3, 0, 0, 0][..],
        &[2, 9, 0, 2, 1, 2, 4, 8, 0, 1],
    ];
    let file = bmp(40, [4, 7], [8, 1], &[], &palette, &eight.concat());
    assert_eq!(checked("runs of 8 bits", &file, Format::Bmp), []);
    let four = [
        &[3, 0x71, 0, 3, 0x12, 0x30, 0, 0][..],
        &[0, 5, 0x12, 0x34, 0x50, 0, 0, 0, 7, 0x99, 0, 0],
    ];
    // Rows end, the picture does not.
    let file = bmp(40, [3, 7], [4, 2], &[], &palette[..64], &four.concat());
    assert_eq!(checked("runs of 4 bits", &file, Format::Bmp), []);
    let closed = [&file[..], &[0, 1]].concat();
    assert_eq!(
        checked("runs of 4 bits and an end", &closed, Format::Bmp),
        []
    );
}

#[test]
fn bits_of_bitmaps_that_are_not_read_are_known() {
    let wide = |pixel: fn(u32) -> u32| -> Vec<u8> {
        (0..35).flat_map(|at| pixel(at).to_le_bytes()).collect()
    };
    let short = |pixel: fn(u16) -> u16| -> Vec<u8> {
        let row = |row: u16| (0..6).flat_map(move |at| pixel(row * 5 + at).to_le_bytes());
        (0..7).flat_map(row).collect()
    };
    let ten = [0x3ff0_0000, 0xf_fc00, 0x3ff, 0];
    let with_alpha = [0xff_0000, 0xff00, 0xff, 0xff00_0000];
    let fives = [0x7c00, 0x3e0, 0x1f];
    let channels = IgnoredContent::Channels { stored: 4, read: 3 };
    let check = |name: &str, header: usize, kind: [u32; 2], masks: &[u32], pixels: Vec<u8>| {
        let file = bmp(header, [7, 5], kind, masks, &[], &pixels);
        checked(name, &file, Format::Bmp)
    };
    let pixels = wide(|at| at.wrapping_mul(0x0320_1005) & 0x3fff_ffff);
    for header in [108, 124] {
        let found = check("ten bits", header, [32, 3], &ten, pixels.clone());
        assert_eq!(found, [IgnoredContent::Bits(10)]);
    }
    let alpha = wide(|at| at << 24 | at);
    for (name, header, compression, masks, pixels, wanted) in [
        (
            "alpha that is read",
            56,
            3,
            &with_alpha[..],
            alpha.clone(),
            &[][..],
        ),
        ("alpha without a name", 40, 0, &[], alpha, &[channels]),
        ("nothing beside colours", 40, 0, &[], wide(|at| at), &[]),
        (
            "opaque throughout",
            40,
            0,
            &[],
            wide(|at| 0xff00_0000 | at),
            &[],
        ),
    ] {
        assert_eq!(
            check(name, header, [32, compression], masks, pixels),
            wanted,
            "{name}"
        );
    }
    for (name, compression, masks, pixels, wanted) in [
        (
            "a bit of alpha",
            0,
            &[][..],
            short(|at| at << 15 | at),
            &[channels][..],
        ),
        ("masks of five bits", 3, &fives, short(|at| at), &[]),
        (
            "six bits of green",
            3,
            &[0xf800, 0x7e0, 0x1f],
            short(|at| at * 7),
            &[],
        ),
    ] {
        assert_eq!(
            check(name, 40, [16, compression], masks, pixels),
            wanted,
            "{name}"
        );
    }
}

#[test]
fn hdr_pictures_end_where_their_runs_do() {
    let header = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\nEXPOSURE=1\n\n-Y 2 +X 300\n";
    // Two pixels, the second 256 + 2 times more, 40 pixels; runs by component.
    let old = [
        &[9, 8, 7, 128, 3, 4, 5, 129, 1, 1, 1, 2, 1, 1, 1, 1][..],
        &[5, 6, 7, 128].repeat(40),
    ];
    let plane = [&[128 + 127, 3][..], &[100], &[4; 100], &[128 + 73, 1]].concat();
    let new = [&[2, 2, 1, 44][..], &plane.repeat(4)].concat();
    let file = [&header[..], &old.concat(), &new].concat();
    assert_eq!(checked("two ways of runs", &file, Format::Hdr), []);
    // Before 1991, and by programs that compress nothing.
    let flat = [&header[..], &[9, 8, 7, 128].repeat(600)].concat();
    assert_eq!(checked("no runs", &flat, Format::Hdr), []);
}

/// An uncompressed or run-length encoded TGA of 5 x 4 pixels, without a footer.
fn tga(kind: u8, bits: u8, descriptor: u8, pixels: &[u8]) -> Vec<u8> {
    let head = [
        3, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 4, 0, bits, descriptor,
    ];
    [&head[..], b"top", pixels].concat()
}

/// What version 2 has behind the pixels: an area with these three places, and a
/// footer.
fn tga_closed(
    mut file: Vec<u8>,
    areas: &[u8],
    [colors, stamp, lines]: [u32; 3],
    developer: u32,
) -> Vec<u8> {
    file.extend(areas);
    let extension = file.len() as u32;
    let mut area = 495_u16.to_le_bytes().to_vec();
    area.extend(b"An author");
    area.resize(482, b' ');
    area.extend([colors, stamp, lines].map(u32::to_le_bytes).as_flattened());
    area.push(3);
    file.extend(area);
    file.extend([extension.to_le_bytes(), developer.to_le_bytes()].as_flattened());
    file.extend(b"TRUEVISION-XFILE.\0");
    file
}

#[test]
fn tga_has_more_than_pixels() {
    let pixels: Vec<u8> = (0..60).collect();
    let flat = tga(2, 24, 0x20, &pixels);
    assert_eq!(checked("flat", &flat, Format::Tga), []);
    // A run over the end of a row, a list to the end.
    let runs = [&[0x80 + 6, 1, 2, 3, 12][..], &pixels[..39]].concat();
    assert_eq!(checked("runs", &tga(10, 24, 0, &runs), Format::Tga), []);
    let bit = tga(2, 16, 1, &pixels[..40]);
    let channels = IgnoredContent::Channels { stored: 4, read: 3 };
    assert_eq!(checked("a bit of alpha", &bit, Format::Tga), [channels]);
    assert_eq!(
        checked(
            "no bit of alpha",
            &tga(2, 16, 0, &pixels[..40]),
            Format::Tga
        ),
        []
    );
    let end = flat.len() as u32;
    let closed = tga_closed(flat.clone(), &[], [0; 3], 0);
    assert_eq!(checked("version 2", &closed, Format::Tga), []);
    // The places of rows.
    let closed = tga_closed(flat.clone(), &[7; 16], [0, 0, end], 0);
    assert_eq!(checked("places of rows", &closed, Format::Tga), []);
    let stamp = [&[2, 1][..], &[9; 6]].concat();
    let closed = tga_closed(flat.clone(), &stamp, [0, end, 0], 0);
    assert_eq!(
        checked("a stamp", &closed, Format::Tga),
        [IgnoredContent::ReducedImages(None)]
    );
    let closed = tga_closed(flat, b"a program's own", [0; 3], end);
    assert_eq!(
        ignored(&closed, Format::Tga).unwrap(),
        [IgnoredContent::TrailingData(15)]
    );
}

#[test]
fn exr_has_windows_kinds_of_samples_and_blocks() {
    use exr::prelude::*;
    fn file(
        kind: fn(usize) -> FlatSamples,
        encoding: Encoding,
        [start, display]: [[i32; 2]; 2],
        shown: [usize; 2],
    ) -> Vec<u8> {
        let list = ["B", "G", "R"].map(|name| AnyChannel::new(name, kind(70 * 40)));
        let mut layer = LayerAttributes::named("layer");
        layer.layer_position = Vec2(start[0], start[1]);
        let window = IntegerBounds::new(Vec2(display[0], display[1]), Vec2(shown[0], shown[1]));
        let channels = AnyChannels::sort(list.into_iter().collect());
        let layer = Layer::new((70, 40), layer, encoding, channels);
        let image = Image::new(ImageAttributes::new(window), layer);
        let mut file = Cursor::new(Vec::new());
        image.write().to_buffered(&mut file).unwrap();
        file.into_inner()
    }
    let floats = |len| FlatSamples::F32((0..len).map(|at| at as f32 / 9.0).collect());
    let halves = |len| FlatSamples::F16((0..len).map(|at| f16::from_f32(at as f32)).collect());
    let integers = |len| FlatSamples::U32((0..len as u32).map(|at| 1 << 24 | at).collect());
    let encodings = [
        Encoding::UNCOMPRESSED,
        Encoding::FAST_LOSSLESS,
        Encoding::SMALL_LOSSLESS,
        Encoding::SMALL_FAST_LOSSLESS,
    ];
    let whole = [[0, 0]; 2];
    for (index, encoding) in encodings.into_iter().enumerate() {
        let name = format!("encoding {index}");
        let made = file(floats, encoding, whole, [70, 40]);
        assert_eq!(checked(&name, &made, Format::Exr), [], "{name}");
    }
    let encoding = Encoding::FAST_LOSSLESS;
    let made = file(halves, encoding, whole, [70, 40]);
    assert_eq!(checked("halves", &made, Format::Exr), []);
    let made = file(integers, encoding, whole, [70, 40]);
    assert_eq!(
        checked("integers", &made, Format::Exr),
        [IgnoredContent::Integers]
    );
    let warnings = codec::read_bytes(&made, None, &Limits::default())
        .unwrap()
        .warnings;
    assert_eq!(
        warnings,
        ["the exr file holds 32-bit integers: they were read as 32-bit floats"]
    );
    for (windows, shown, wanted) in [
        ([[5, 5], [5, 5]], [70, 40], IgnoredContent::DataWindow),
        ([[5, 6], [0, 0]], [110, 110], IgnoredContent::DataWindow),
        ([[0, 0], [0, 0]], [71, 40], IgnoredContent::DataWindow),
        ([[-1, 0], [0, 0]], [70, 40], IgnoredContent::Overscan),
        ([[0, 0], [0, 0]], [69, 40], IgnoredContent::Overscan),
    ] {
        let made = file(floats, encoding, windows, shown);
        let name = format!("{windows:?} {shown:?}");
        assert_eq!(checked(&name, &made, Format::Exr), [wanted], "{name}");
    }
}

#[test]
fn exr_channels_that_are_no_colours_are_told_of() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/odd");
    let rest = IgnoredContent::Channels { stored: 4, read: 3 };
    for (file, channels, told, warning) in [
        ("luminance.exr", 1, &[][..], None),
        ("luminance_half_alpha.exr", 2, &[], None),
        (
            "depth.exr",
            1,
            &[],
            Some("the exr file has no colours: its channel Z was read as gray"),
        ),
        (
            "motion.exr",
            2,
            &[],
            Some(
                "the exr file has no colours: its channels forward.u, forward.v were read in this order",
            ),
        ),
        (
            "normals.exr",
            3,
            &[],
            Some("the exr file has no colours: its channels N.X, N.Y, N.Z were read in this order"),
        ),
        (
            "layers.exr",
            3,
            &[rest],
            Some(
                "the exr file has its colours in layers: the channels albedo.R, albedo.G, albedo.B were read",
            ),
        ),
    ] {
        let bytes = fs::read(folder.join(file)).unwrap();
        let reader = codec::rows_of_bytes(&bytes, None, &Limits::default()).unwrap();
        let header = reader.header();
        assert_eq!(header.spec.channels, channels, "{file}");
        assert_eq!(header.ignored, told, "{file}");
        let first = header.warnings.first().map(|warning| &**warning);
        assert_eq!(first, warning, "{file}");
    }
}

#[test]
fn what_follows_a_jpeg_is_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/odd");
    let plain = fs::read(folder.join("subsampled.jpg")).unwrap();
    let gray = fs::read(folder.join("gray.jpg")).unwrap();
    let with = |code: u8, content: &[u8], file: &[u8]| {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&file[..2], &[0xff, code], &length, content, &file[2..]].concat()
    };
    let ultra = b"http://ns.adobe.com/xap/1.0/\0<x Item:Semantic='GainMap'/>";
    let apple = b"http://ns.adobe.com/xap/1.0/\0<x HDRGainMap:V='1' xmlns='hdrgainmap'/>";
    let iso = b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0";
    let index = b"MPF\0MM\0*";
    for (file, found, text) in [
        (
            [with(0xe1, ultra, &plain), gray.clone()].concat(),
            IgnoredContent::GainMap,
            "a gain map behind its picture",
        ),
        (
            [plain.clone(), with(0xe1, apple, &gray)].concat(),
            IgnoredContent::GainMap,
            "a gain map behind its picture",
        ),
        (
            [with(0xe2, iso, &plain), gray.clone()].concat(),
            IgnoredContent::GainMap,
            "a gain map behind its picture",
        ),
        (
            [with(0xe2, index, &plain), gray.clone()].concat(),
            IgnoredContent::Pictures,
            "further pictures behind its first",
        ),
        (
            [&plain[..], b"\0\0\0\x18ftypmp42", &[7; 500]].concat(),
            IgnoredContent::Video(512),
            "a video of 512 bytes behind its picture",
        ),
        (
            with(0xe1, ultra, &[&plain[..], b"tail"].concat()),
            IgnoredContent::TrailingData(4),
            "4 bytes of further data after its picture",
        ),
    ] {
        let all = ignored(&file, Format::Jpeg).unwrap();
        assert_eq!(
            (all.as_slice(), found.to_string().as_str()),
            (&[found][..], text)
        );
        let warnings = codec::read_bytes(&file, None, &Limits::default())
            .unwrap()
            .warnings;
        assert_eq!(warnings.len(), 1, "{text}");
    }
}

#[test]
fn what_directories_hold_beside_the_picture_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/odd");
    for (file, told) in [
        (
            "picture_in_subifd.tif",
            IgnoredContent::ReducedImages(Some(1)),
        ),
        ("overviews.tif", IgnoredContent::ReducedImages(Some(2))),
        ("pyramid.ome.tif", IgnoredContent::ReducedImages(Some(1))),
        ("mask.tif", IgnoredContent::Masks(1)),
        ("cmyk.tif", IgnoredContent::Cmyk),
        (
            "white_is_zero_int16.tif",
            IgnoredContent::WhiteIsZero(Depth::I16),
        ),
        (
            "white_is_zero_float32.tif",
            IgnoredContent::WhiteIsZero(Depth::F32),
        ),
        (
            "rgb_and_band.tif",
            IgnoredContent::Channels { stored: 4, read: 3 },
        ),
    ] {
        let bytes = fs::read(folder.join(file)).unwrap();
        assert_eq!(ignored(&bytes, Format::Tiff).unwrap(), [told], "{file}");
    }
}

/// A TIFF of one 8-bit picture of 7 x 5 with further entries, whose values, behind
/// all else, are bytes or a directory: tag, type, count, content.
fn tiff(further: &[(u16, u16, u32, Vec<u8>)], behind: &[u8]) -> Vec<u8> {
    let samples: Vec<u8> = (0..35).collect();
    let mut entries: Vec<(u16, u16, u32, u32)> = [
        (256, 7),
        (257, 5),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 5),
        (279, 35),
    ]
    .map(|(tag, value)| (tag, 4, 1, value))
    .to_vec();
    let mut at = 8 + 36 + 2 + 12 * (entries.len() + further.len()) as u32 + 4;
    let mut contents = Vec::new();
    for (tag, kind, count, content) in further {
        entries.push((*tag, *kind, *count, at));
        at += content.len() as u32;
        contents.extend(content);
    }
    entries.sort_unstable();
    let mut file = [&b"II*\0\x2c\0\0\0"[..], &samples, &[0]].concat();
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend([tag.to_le_bytes(), kind.to_le_bytes()].as_flattened());
        file.extend([count.to_le_bytes(), value.to_le_bytes()].as_flattened());
    }
    file.extend([0; 4]);
    [file, contents, behind.to_vec()].concat()
}

#[test]
fn tiff_ends_with_the_last_of_what_its_directories_tell_of() {
    assert_eq!(checked("plain", &tiff(&[], &[]), Format::Tiff), []);
    let text = |text: &[u8]| (270, 2, text.len() as u32, text.to_vec());
    let made = tiff(&[text(b"a description of it\0")], &[]);
    assert_eq!(checked("a description", &made, Format::Tiff), []);
    // A directory of EXIF data with a text of its own; it is in its place.
    let place = (tiff(&[], &[]).len() + 12) as u32;
    let exif = [
        &[1, 0, 0x86, 0x92, 2, 0, 6, 0, 0, 0][..],
        &(place + 18).to_le_bytes(),
        &[0; 4],
        b"words\0",
    ];
    let made = tiff(&[(34665, 4, 1, exif.concat())], &[]);
    assert_eq!(checked("EXIF data", &made, Format::Tiff), []);
    let stack = |planes: &str| {
        let text = format!("ImageJ=1.54f\nimages={planes}\nslices={planes}\n\0");
        tiff(&[(270, 2, text.len() as u32, text.into_bytes())], &[7; 70])
    };
    assert_eq!(
        checked("a stack", &stack("3"), Format::Tiff),
        [IgnoredContent::Pages(3)]
    );
    for planes in ["1", "none", ""] {
        assert_eq!(
            ignored(&stack(planes), Format::Tiff).unwrap(),
            [IgnoredContent::TrailingData(70)]
        );
    }
}

#[test]
fn netpbm_in_digits_ends_with_its_last_sample() {
    for (name, bytes, format) in [
        ("bits", &b"P1\n3 2\n101 0\n10\n"[..], Format::Pbm),
        (
            "bits and a comment",
            b"P1 #x\n3 2 1 0 1 0 1 0 ",
            Format::Pbm,
        ),
        ("gray", b"P2\n3 2 255\n1 20 3\n4\t55 6\n", Format::Pgm),
        ("colour", b"P3 1 2 9 1 2 3 4 5 6\n", Format::Ppm),
        ("wide", b"P2 2 1 65535 65535 1\n", Format::Pgm),
    ] {
        assert_eq!(checked(name, bytes, format), [], "{name}");
        // The last sample is the last byte.
        assert_eq!(
            ignored(bytes.trim_ascii_end(), format).unwrap(),
            [],
            "{name}"
        );
    }
}

#[test]
fn what_no_directory_of_a_tiff_tells_of_is_found() {
    let long = |tag: u16, value: u32| (tag, 4, 1, value.to_le_bytes().to_vec());
    // The values of these are in the entries, which `tiff` takes for places.
    let with = |tag: u16, value: u32| {
        let mut file = tiff(&[long(tag, value)], &[]);
        let entry = (tag.to_le_bytes().into_iter())
            .chain([4, 0, 1, 0, 0, 0])
            .collect::<Vec<_>>();
        let at = file.windows(8).position(|part| part == entry).unwrap() + 8;
        file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        file.truncate(file.len() - 4);
        file
    };
    for (file, what) in [
        (
            with(266, 2),
            "the order of bits from the lowest (FillOrder 2)",
        ),
        (with(32997, 16), "a volume of 16 planes"),
    ] {
        let error = ignored(&file, Format::Tiff).unwrap_err().to_string();
        let wanted = format!(
            "{what} is not supported in a tiff file: convert it with another program first"
        );
        assert_eq!(error, wanted);
    }
    for file in [with(266, 1), with(32997, 1)] {
        assert_eq!(ignored(&file, Format::Tiff).unwrap(), []);
    }
    // The place of the next directory is behind the file.
    let mut file = tiff(&[], &[]);
    let next = file.len() - 4;
    file[next..].copy_from_slice(&1_000_000_000_u32.to_le_bytes());
    assert_eq!(
        ignored(&file, Format::Tiff).unwrap(),
        [IgnoredContent::TruncatedDirectory]
    );
    // So is the text of the first.
    let whole = tiff(&[(270, 2, 400, vec![b'x'; 400])], &[]);
    assert_eq!(ignored(&whole, Format::Tiff).unwrap(), []);
    assert_eq!(
        ignored(&whole[..whole.len() - 300], Format::Tiff).unwrap(),
        [IgnoredContent::TruncatedDirectory]
    );
    // What is left of a directory is no picture, what is as large as one may be.
    let hole = |bytes: &[u8]| {
        let text = [b"an old directory of ours".repeat(20), bytes.to_vec()].concat();
        let mut file = tiff(
            &[
                (65000, 1, text.len() as u32, text),
                (270, 2, 8, b"a text.\0".to_vec()),
            ],
            &[],
        );
        let entry = [&65000_u16.to_le_bytes()[..], &[1, 0]].concat();
        let at = file.windows(4).position(|part| part == entry).unwrap();
        // Nothing tells of it any more: the entry has a byte.
        file[at + 4..at + 12].copy_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
        file
    };
    assert_eq!(ignored(&hole(&[]), Format::Tiff).unwrap(), []);
    assert_eq!(
        ignored(&hole(&[7; 1500]), Format::Tiff).unwrap(),
        [IgnoredContent::DataBetween(1980)]
    );
    // A strip that is three times as long as its rows.
    let mut file = tiff(&[], &[]);
    let entry = [&279_u16.to_le_bytes()[..], &[4, 0, 1, 0, 0, 0]].concat();
    let at = file.windows(8).position(|part| part == entry).unwrap() + 8;
    file[at] = 105;
    assert_eq!(
        ignored(&file, Format::Tiff).unwrap(),
        [IgnoredContent::DataBetween(70)]
    );
}

#[test]
fn pixels_beyond_the_screen_of_a_gif_are_known() {
    let made = |screen: u16, [top, left]: [u16; 2]| {
        let mut file = Vec::new();
        let mut encoder = gif::Encoder::new(&mut file, screen, 8, &[0, 0, 0, 255, 9, 9]).unwrap();
        let mut frame = gif::Frame::from_indexed_pixels(9, 8, vec![1; 72], None);
        (frame.top, frame.left) = (top, left);
        encoder.write_frame(&frame).unwrap();
        drop(encoder);
        file
    };
    assert_eq!(checked("whole", &made(9, [0, 0]), Format::Gif), []);
    for file in [made(8, [0, 0]), made(9, [1, 0]), made(9, [0, 1])] {
        assert_eq!(
            checked("cut", &file, Format::Gif),
            [IgnoredContent::Overscan]
        );
    }
}

#[test]
fn a_jpeg_may_end_twice() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/odd");
    let mut file = fs::read(folder.join("gray.jpg")).unwrap();
    file.extend([0xff, 0xd9]);
    assert_eq!(checked("twice", &file, Format::Jpeg), []);
}

#[test]
fn a_webp_with_a_chunk_beyond_its_end_is_damaged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/odd");
    let mut file = fs::read(folder.join("rgb.webp")).unwrap();
    assert!(ignored(&file, Format::Webp).is_ok());
    // The length of its last chunk.
    let length = u32::from_le_bytes(*file[16..].first_chunk().unwrap());
    file[16..20].copy_from_slice(&(length + 2).to_le_bytes());
    let error = ignored(&file, Format::Webp).unwrap_err().to_string();
    assert!(error.contains("a chunk is longer than the file"), "{error}");
}

#[test]
fn bytes_before_the_pixels_of_a_bitmap_are_found() {
    let file = |gap: &[u8]| {
        let pixels: Vec<u8> = (0..7 * 16).collect();
        let mut file = bmp(40, [7, 5], [24, 0], &[], gap, &pixels);
        let start = (14 + 40 + gap.len()) as u32;
        file[10..14].copy_from_slice(&start.to_le_bytes());
        file
    };
    assert_eq!(checked("no gap", &file(&[]), Format::Bmp), []);
    assert_eq!(checked("zeros", &file(&[0; 20]), Format::Bmp), []);
    assert_eq!(
        ignored(&file(b"words between"), Format::Bmp).unwrap(),
        [IgnoredContent::TrailingData(13)]
    );
}

#[test]
fn webp_chunks_that_are_not_read_are_known() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/odd");
    let file = fs::read(folder.join("rgb.webp")).unwrap();
    let with = |name: &[u8; 4], data: &[u8]| {
        let mut made = file.clone();
        made.extend(name);
        made.extend((data.len() as u32).to_le_bytes());
        made.extend(data);
        made.resize(made.len().next_multiple_of(2), 0);
        let size = (made.len() - 8) as u32;
        made[4..8].copy_from_slice(&size.to_le_bytes());
        ignored(&made, Format::Webp).unwrap()
    };
    let picture = &file[20..];
    let name = file[12..].first_chunk().unwrap();
    for (name, data, wanted) in [
        (name, picture, &[IgnoredContent::Pictures][..]),
        (b"ANMF", &[0; 16], &[IgnoredContent::Pictures]),
        (b"FRGM", b"a part", &[IgnoredContent::DataBetween(6)]),
        (b"abcd", b"words", &[IgnoredContent::DataBetween(5)]),
        (b"abcd", &[0; 5], &[]),
        (b"EXIF", b"II*", &[]),
        (b"XMP ", b"<x/>", &[]),
    ] {
        assert_eq!(with(name, data), wanted, "{name:?}");
    }
}
