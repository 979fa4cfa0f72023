//! Every format: round trips, refusals, files that are cut short or lie.

use std::io::Cursor;

use stridekern::{
    Error, Warning,
    codec::{
        self, Compression, Decoded, Density, DensityUnit, EncodeOptions, Format, JpegQuality,
        Limits, Metadata,
    },
    image::{Depth, Image, Samples},
};

use crate::common::png_chunk;

const DEPTHS: [Depth; 3] = [Depth::U8, Depth::U16, Depth::F32];

/// Noise that is the same in every run; no two rows or columns are alike.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

fn image(rows: usize, columns: usize, channels: usize, depth: Depth) -> Image {
    let mut noise = noise((rows * 1000 + columns * 10 + channels) as u64);
    let len = rows * columns * channels;
    let samples = match depth {
        Depth::U8 => Samples::U8((0..len).map(|_| noise() as u8).collect()),
        Depth::U16 => Samples::U16((0..len).map(|_| noise() as u16).collect()),
        // Negative, large and tiny ones among them.
        Depth::F32 => Samples::F32((0..len).map(|_| (noise() as i32 as f32) / 3.0e7).collect()),
        _ => panic!("the tests know no other"),
    };
    Image::new(rows, columns, channels, samples).unwrap()
}

fn encoded_with(
    image: &Image,
    format: Format,
    metadata: &Metadata,
    options: &EncodeOptions,
) -> (Vec<u8>, Vec<Warning>) {
    let mut file = Cursor::new(Vec::new());
    let warnings = codec::encode(image, format, metadata, options, &mut file).unwrap();
    (file.into_inner(), warnings)
}

fn encoded(image: &Image, format: Format) -> (Vec<u8>, Vec<Warning>) {
    encoded_with(
        image,
        format,
        &Metadata::default(),
        &EncodeOptions::default(),
    )
}

fn decoded(bytes: &[u8], hint: Option<Format>) -> Decoded {
    codec::read_bytes(bytes, hint, &Limits::default()).unwrap()
}

fn refusal(bytes: &[u8], hint: Option<Format>) -> String {
    match codec::read_bytes(bytes, hint, &Limits::default()) {
        Ok(decoded) => panic!(
            "{} bytes were read as {:?} {:?}",
            bytes.len(),
            decoded.format,
            decoded.image.shape()
        ),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n'), "{text}");
            text
        }
    }
}

/// What is read back where the format has no gray of its own.
fn widened(image: &Image, format: Format) -> Image {
    let widens = matches!(
        (format, image.channels()),
        (Format::Webp | Format::Qoi | Format::Ppm | Format::Hdr, 1)
            | (Format::Webp | Format::Qoi | Format::Bmp | Format::Tga, 2)
    );
    if !widens {
        return image.clone();
    }
    fn wide<T: Copy>(samples: &[T], channels: usize) -> Vec<T> {
        let gray_first = |pixel: &[T]| [&[pixel[0], pixel[0]], pixel].concat();
        samples.chunks(channels).flat_map(gray_first).collect()
    }
    let [rows, columns, channels] = image.shape();
    let samples = match image.samples() {
        Samples::U8(s) => Samples::U8(wide(s, channels).into()),
        Samples::U16(s) => Samples::U16(wide(s, channels).into()),
        Samples::F32(s) => Samples::F32(wide(s, channels).into()),
        _ => panic!("the tests know no other"),
    };
    Image::new(rows, columns, channels + 2, samples).unwrap()
}

/// Formats that give back every sample, colours in a GIF aside.
fn is_exact(format: Format, channels: usize) -> bool {
    !matches!(format, Format::Jpeg | Format::Hdr) && (format != Format::Gif || channels == 1)
}

#[test]
fn every_format_gives_back_what_it_holds() {
    let mut checked = 0;
    for format in Format::ALL {
        for depth in DEPTHS {
            for channels in 1..=6 {
                for (rows, columns) in [(1, 1), (1, 9), (13, 1), (7, 12), (40, 33)] {
                    if !format.can_hold(depth, channels) || !is_exact(format, channels) {
                        continue;
                    }
                    let what = format!("{format} {depth} {rows} x {columns} x {channels}");
                    let image = image(rows, columns, channels, depth);
                    let (bytes, warnings) = encoded(&image, format);
                    assert_eq!(warnings, [""; 0], "{what}");
                    let hint = (format == Format::Tga).then_some(format);
                    let back = decoded(&bytes, hint);
                    // More channels than colours may be planes of a stack.
                    let told = usize::from(format == Format::Npy && channels > 4);
                    assert_eq!(back.warnings.len(), told, "{what}");
                    assert_eq!(back.image, widened(&image, format), "{what}");
                    let kin = match (format, channels) {
                        (Format::Pnm, 1) => Format::Pgm,
                        (Format::Pnm, _) => Format::Ppm,
                        _ => format,
                    };
                    assert_eq!(back.format, kin, "{what}");
                    checked += 1;
                }
            }
        }
    }
    // png 8, tiff and npy 18 each, webp, bmp, qoi, tga and exr 4 each, pgm 2, ppm and pnm 4
    // each, pam 8, gif 1: 83 kinds in 5 sizes.
    assert_eq!(checked, 83 * 5);
}

#[test]
fn compression_changes_no_sample() {
    for format in [Format::Png, Format::Tiff] {
        let image = image(50, 41, 3, Depth::U16);
        for compression in [Compression::Fast, Compression::Balanced, Compression::Best] {
            let options = EncodeOptions {
                compression,
                ..EncodeOptions::default()
            };
            let (bytes, _) = encoded_with(&image, format, &Metadata::default(), &options);
            assert_eq!(
                decoded(&bytes, None).image,
                image,
                "{format} {compression:?}"
            );
        }
    }
}

/// A slope: JPEG and palettes do well by it, and noise not.
fn slope(channels: usize) -> Image {
    let samples = (0..32 * 48 * channels)
        .map(|i| {
            let (row, column, channel) = (i / channels / 48, i / channels % 48, i % channels);
            (row * 3 + column * 2 + channel * 20) as u8
        })
        .collect();
    Image::new(32, 48, channels, Samples::U8(samples)).unwrap()
}

fn max_difference(a: &Image, b: &Image) -> u8 {
    assert_eq!(a.shape(), b.shape());
    let (Samples::U8(a), Samples::U8(b)) = (a.samples(), b.samples()) else {
        panic!("not of 8 bits");
    };
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn jpeg_comes_close() {
    for channels in [1, 3] {
        let image = slope(channels);
        for (quality, tolerance) in [(100, 3), (90, 8), (20, 60)] {
            let options = EncodeOptions {
                quality: Some(quality),
                ..EncodeOptions::default()
            };
            let (bytes, _) = encoded_with(&image, Format::Jpeg, &Metadata::default(), &options);
            let difference = max_difference(&decoded(&bytes, None).image, &image);
            assert!(difference <= tolerance, "{quality}: {difference}");
        }
    }
}

#[test]
fn hdr_keeps_eight_bits_and_no_negatives() {
    let image = image(20, 11, 3, Depth::F32);
    let (bytes, warnings) = encoded(&image, Format::Hdr);
    assert_eq!(warnings, ["hdr holds no negative values: they became 0"]);
    let back = decoded(&bytes, None).image;
    let (Samples::F32(before), Samples::F32(after)) = (image.samples(), back.samples()) else {
        panic!("not floats");
    };
    for (before, after) in before.chunks(3).zip(after.chunks(3)) {
        let largest = before.iter().fold(0.0_f32, |a, b| a.max(*b));
        for (before, after) in before.iter().zip(after) {
            assert!((before.max(0.0) - after).abs() <= largest / 128.0);
        }
    }
}

/// What no exponent of the format reaches becomes the nearest that one does.
#[test]
fn hdr_holds_floats_of_any_size() {
    const LARGEST: f32 = 1.694_765_7e38;
    let above = "hdr holds no values above 1.69e38: they became that";
    let below = "hdr holds no values below 2.94e-39: they became 0";
    let none = "hdr holds no values that are not a number: they became 0";
    for (pixel, wanted, told) in [
        ([1.0, 0.5, 0.25], [1.0, 0.5, 0.25], &[][..]),
        ([0.0; 3], [0.0; 3], &[]),
        // 2^-128 is the smallest, and half of it none.
        ([2.0_f32.powi(-128); 3], [2.0_f32.powi(-128); 3], &[]),
        ([2.0_f32.powi(-129); 3], [0.0; 3], &[below]),
        ([1e-42, 0.0, 1e-45], [0.0; 3], &[below]),
        ([1e-42, 0.0, 1.0], [0.0, 0.0, 1.0], &[]),
        ([LARGEST; 3], [LARGEST; 3], &[]),
        (
            [2.0_f32.powi(127), 0.0, f32::MAX],
            [LARGEST, 0.0, LARGEST],
            &[above],
        ),
        ([f32::INFINITY, 0.5, 0.5], [LARGEST, 0.0, 0.0], &[above]),
        ([f32::NAN, 0.5, 0.25], [0.0, 0.5, 0.25], &[none]),
        ([f32::NAN; 3], [0.0; 3], &[none]),
    ] {
        // Beside a pixel that needs nothing.
        let samples = [pixel, [0.5; 3]].concat();
        let image = Image::new(1, 2, 3, Samples::F32(samples.into())).unwrap();
        let (bytes, warnings) = encoded(&image, Format::Hdr);
        assert_eq!(warnings, told, "{pixel:?}");
        let back = decoded(&bytes, None).image;
        assert_eq!(
            *back.samples(),
            Samples::F32([wanted, [0.5; 3]].concat().into()),
            "{pixel:?}"
        );
    }
}

/// Some readers take a gray picture by the palette of its file alone.
#[test]
fn gray_gif_has_one_palette() {
    let (bytes, warnings) = encoded(&image(5, 7, 1, Depth::U8), Format::Gif);
    assert!(warnings.is_empty(), "{warnings:?}");
    // 256 colours for the whole file, and a frame without its own.
    assert_eq!(bytes[10] & 0x87, 0x87);
    let ramp: Vec<u8> = (0..=255).flat_map(|gray| [gray; 3]).collect();
    assert_eq!(bytes[13..13 + 768], ramp);
    let frame = 13 + 768 + bytes[781..].iter().position(|byte| *byte == 0x2c).unwrap();
    assert_eq!(bytes[frame + 9] & 0x80, 0);
}

#[test]
fn gif_says_when_it_had_to_reduce() {
    let (bytes, warnings) = encoded(&image(30, 30, 3, Depth::U8), Format::Gif);
    assert_eq!(
        warnings,
        ["gif holds 256 colours, each opaque or not at all: the picture was reduced to that"]
    );
    assert_eq!(decoded(&bytes, None).image.shape(), [30, 30, 3]);
    // Few colours, each opaque or not at all, are exact.
    let colors = [[9, 8, 7, 255], [200, 1, 30, 255], [1, 2, 3, 0]];
    for channels in [3, 4] {
        let mut noise = noise(5);
        let most = channels - 1;
        let samples = (0..60)
            .flat_map(|i| {
                let index = if i == 0 {
                    most - 1
                } else {
                    noise() as usize % most
                };
                colors[index][..channels].to_vec()
            })
            .collect();
        let image = Image::new(10, 6, channels, Samples::U8(samples)).unwrap();
        let (bytes, warnings) = encoded(&image, Format::Gif);
        assert_eq!(warnings, [""; 0]);
        assert_eq!(decoded(&bytes, None).image, image);
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let mut checked = 0;
    for format in Format::ALL {
        for depth in DEPTHS {
            for channels in 1..=4 {
                if !format.can_hold(depth, channels) {
                    continue;
                }
                let (bytes, _) = encoded(&image(9, 10, channels, depth), format);
                for length in 0..without_end_mark(&bytes, format) {
                    refusal(&bytes[..length], Some(format));
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
}

/// The length of the file, for a JPEG that of the shortest beginning that has the whole picture,
/// and may lack the mark of its end and what fills up its last byte.
fn without_end_mark(bytes: &[u8], format: Format) -> usize {
    if format != Format::Jpeg {
        return bytes.len();
    }
    let whole = decoded(bytes, None).image;
    let mut length = bytes.len() - 2;
    while let Ok(read) = codec::read_bytes(&bytes[..length - 1], None, &Limits::default()) {
        assert_eq!(read.image, whole);
        length -= 1;
    }
    assert!(bytes.len() - length < 5, "{length} of {}", bytes.len());
    for length in length..bytes.len() {
        let warnings = decoded(&bytes[..length], None).warnings;
        assert_eq!(
            warnings,
            ["the jpeg file lacks its end mark: its picture is whole"]
        );
    }
    length
}

#[test]
fn a_larger_jpeg_cut_anywhere_is_an_error() {
    let (bytes, _) = encoded(&slope(3), Format::Jpeg);
    let text = "the jpeg file ends before its picture does: get a complete copy of it";
    for length in 3..without_end_mark(&bytes, Format::Jpeg) {
        assert_eq!(refusal(&bytes[..length], Some(Format::Jpeg)), text);
    }
}

#[test]
fn a_wrong_checksum_is_an_error() {
    let (bytes, _) = encoded(&image(9, 10, 3, Depth::U8), Format::Png);
    let mut chunk = 8;
    let mut checked = 0;
    while chunk < bytes.len() {
        let length = u32::from_be_bytes(bytes[chunk..chunk + 4].try_into().unwrap());
        let end = chunk + 12 + length as usize;
        // Any byte of the picture's data, their checksum included.
        if bytes[chunk + 4..].starts_with(b"IDAT") {
            for at in chunk + 8..end {
                let mut damaged = bytes.clone();
                damaged[at] ^= 0x10;
                let text = refusal(&damaged, None);
                assert!(
                    text.starts_with("the png file is damaged (")
                        && text.ends_with("): get a good copy of it"),
                    "{at}: {text}"
                );
                checked += 1;
            }
        }
        chunk = end;
    }
    assert!(checked > 100, "{checked}");
}

/// A PNG of nothing but a header that claims a size.
fn png_header(columns: u32, rows: u32) -> Vec<u8> {
    let size = [columns, rows].map(u32::to_be_bytes);
    let header = [b"IHDR", size.as_flattened(), &[8, 2, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n", png_chunk(&header).as_slice()].concat()
}

#[test]
fn a_claim_is_refused_before_memory_is_taken() {
    let text =
        "the header claims 100000 x 100000 = 10000000000 pixels, more than the limit of 2147483648";
    let pam =
        b"P7\nWIDTH 100000\nHEIGHT 100000\nDEPTH 4\nMAXVAL 65535\nTUPLTYPE RGB_ALPHA\nENDHDR\n";
    for bytes in [
        png_header(100_000, 100_000),
        b"P6\n100000 100000\n255\n".to_vec(),
        pam.to_vec(),
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 100000 +X 100000\n".to_vec(),
    ] {
        assert_eq!(refusal(&bytes, None), text);
    }
    // Within the pixels, beyond the memory.
    let limits = Limits {
        max_bytes: 1 << 20,
        ..Limits::default()
    };
    let error = codec::read_bytes(&png_header(1000, 1000), None, &limits).unwrap_err();
    assert!(matches!(error, Error::Limit(_)));
    assert_eq!(
        error.to_string(),
        "the header claims 1000 x 1000 pixels of 3 channels, 3000000 bytes at 8-bit, more than the limit of 1048576"
    );
}

#[test]
fn a_claim_that_the_file_does_not_keep_is_an_error() {
    assert_eq!(
        refusal(&png_header(20_000, 20_000), None),
        "the png file ends before its picture does: get a complete copy of it"
    );
    assert_eq!(
        refusal(b"P5\n10000 10000\n255\nabc", None),
        "the pgm file ends before its picture does: get a complete copy of it"
    );
}

#[test]
fn pictures_of_no_size_are_errors() {
    for bytes in [&b"P5\n0 3\n255\n"[..], b"P6 3 0 255\n"] {
        let text = refusal(bytes, None);
        assert!(text.starts_with("the picture is empty: "), "{text}");
    }
    for header in [png_header(0, 3), png_header(3, 0)] {
        let text = refusal(&header, None);
        assert!(text.starts_with("the picture is empty: "), "{text}");
    }
}

#[test]
fn the_content_wins_over_the_name() {
    let (bytes, _) = encoded(&slope(3), Format::Jpeg);
    let read = decoded(&bytes, Some(Format::Png));
    assert_eq!(read.format, Format::Jpeg);
    assert_eq!(
        read.warnings,
        ["the name says png, the content is jpeg: it was read as jpeg"]
    );
    // Netpbm's formats share their names.
    let read = decoded(b"P5 1 1 255 a", Some(Format::Ppm));
    assert_eq!((read.format, read.warnings), (Format::Pgm, vec![]));
}

#[test]
fn what_is_no_picture_is_named() {
    let supported = "supported are png, jpeg, tiff, webp, bmp, pbm, pgm, ppm, pnm, pam, qoi, tga, exr, hdr, gif, npy";
    let unknown = b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c";
    for (bytes, hint, text) in [
        (
            &b"hello, world\n"[..],
            Some(Format::Png),
            "it is no picture that can be read, it looks like text: ",
        ),
        (
            b"%PDF-1.4\n%\xff",
            Some(Format::Tga),
            "it is no picture that can be read, it looks like a PDF document: ",
        ),
        (
            unknown,
            Some(Format::Png),
            "the name says png, the content is no png, nor anything else that can be read: ",
        ),
        (unknown, None, "its content is of no known format: "),
    ] {
        assert_eq!(refusal(bytes, hint), format!("{text}{supported}"));
    }
    assert_eq!(
        refusal(b"", Some(Format::Png)),
        "the file is empty: get a good copy of it"
    );
}

#[test]
fn nothing_is_written_when_the_format_cannot_hold_it() {
    let mut file = Cursor::new(Vec::new());
    let error = codec::encode(
        &image(2, 2, 4, Depth::U8),
        Format::Jpeg,
        &Metadata::default(),
        &EncodeOptions::default(),
        &mut file,
    )
    .unwrap_err();
    assert!(matches!(error, Error::Output(_)));
    assert_eq!(
        error.to_string(),
        "jpeg holds no alpha; choose png, tiff, webp, bmp, pam, qoi, tga, gif or npy"
    );
    assert!(file.into_inner().is_empty());
}

#[test]
fn netpbm_stays_what_its_name_says() {
    let gray = image(3, 4, 1, Depth::U16);
    let color = image(3, 4, 3, Depth::U8);
    let pam = b"P7\nWIDTH 4\nHEIGHT 3\nDEPTH 1\nMAXVAL 65535\nTUPLTYPE GRAYSCALE\nENDHDR\n";
    for (image, format, start) in [
        (&gray, Format::Pgm, &b"P5\n4 3\n65535\n"[..]),
        (&gray, Format::Ppm, b"P6\n4 3\n65535\n"),
        (&gray, Format::Pnm, b"P5\n4 3\n65535\n"),
        (&color, Format::Pnm, b"P6\n4 3\n255\n"),
        (&gray, Format::Pam, pam),
    ] {
        assert!(encoded(image, format).0.starts_with(start), "{format}");
    }
}

#[test]
fn bitmaps_of_one_bit_are_read() {
    let read = decoded(b"P4 3 2 \xa0\x40", None);
    assert_eq!(read.format, Format::Pbm);
    // 1 is black.
    let samples = Samples::U8(vec![0, 255, 0, 255, 0, 255].into());
    assert_eq!(read.image, Image::new(2, 3, 1, samples).unwrap());
}

#[test]
fn metadata_come_back() {
    let options = EncodeOptions::default();
    let mut icc = vec![7; 200];
    icc[16..20].copy_from_slice(b"RGB ");
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let metadata = Metadata {
        icc: Some(icc),
        exif: Some(exif),
        ..Metadata::default()
    };
    for format in [Format::Png, Format::Jpeg, Format::Webp] {
        let (bytes, warnings) = encoded_with(&slope(3), format, &metadata, &options);
        assert_eq!(warnings, [""; 0]);
        let quality = (format == Format::Jpeg).then_some(JpegQuality::Standard(90));
        let metadata = Metadata {
            quality,
            ..metadata.clone()
        };
        assert_eq!(decoded(&bytes, None).metadata, metadata, "{format}");
    }
    let tiff = Metadata {
        icc: metadata.icc.clone(),
        exif: None,
        xmp: Some(XMP.to_vec()),
        density: Density::new([[300, 1], [2999, 10]], DensityUnit::Inch),
        orientation: Some(6),
        premultiplied: true,
        ..Metadata::default()
    };
    let picture = image(5, 6, 4, Depth::F32);
    let (bytes, _) = encoded_with(&picture, Format::Tiff, &tiff, &options);
    assert_eq!(decoded(&bytes, None).metadata, tiff);
    // Gray carries no profile of RGB.
    let (bytes, warnings) = encoded_with(&slope(1), Format::Png, &metadata, &options);
    assert_eq!(
        warnings,
        ["metadata left out: ICC profile (it is for RGB, the result is gray)"]
    );
    assert_eq!(decoded(&bytes, None).metadata.icc, None);
}

const XMP: &[u8] = "<x:xmpmeta xmlns:x='adobe:ns:meta/'>\u{fc}</x:xmpmeta>".as_bytes();

#[test]
fn densities_come_back() {
    let density = |across, down, unit| Density::new([[across, 1], [down, 1]], unit);
    let inches = density(300, 240, DensityUnit::Inch);
    let metres = Density::per_metre([11811, 9449]);
    let ratio = density(3, 2, DensityUnit::None);
    let centimetres = density(118, 94, DensityUnit::Centimetre);
    for (kept, format, come_back) in [
        (inches, Format::Jpeg, inches),
        (inches, Format::Tiff, inches),
        (inches, Format::Png, metres),
        (metres, Format::Jpeg, inches),
        (metres, Format::Tiff, metres),
        (metres, Format::Png, metres),
        (ratio, Format::Jpeg, ratio),
        (ratio, Format::Tiff, ratio),
        (ratio, Format::Png, ratio),
        (centimetres, Format::Jpeg, centimetres),
        (centimetres, Format::Png, Density::per_metre([11800, 9400])),
        (None, Format::Jpeg, None),
        (None, Format::Tiff, None),
        (None, Format::Png, None),
        (inches, Format::Bmp, metres),
        (metres, Format::Bmp, metres),
        (centimetres, Format::Bmp, Density::per_metre([11800, 9400])),
        (None, Format::Bmp, None),
    ] {
        let metadata = Metadata {
            density: kept,
            ..Metadata::default()
        };
        let (bytes, warnings) =
            encoded_with(&slope(3), format, &metadata, &EncodeOptions::default());
        assert_eq!(warnings, [""; 0]);
        assert_eq!(
            decoded(&bytes, None).metadata.density,
            come_back,
            "{format}"
        );
    }
}

#[test]
fn xmp_data_are_kept_where_there_is_a_place() {
    let options = EncodeOptions::default();
    let with = |xmp: &[u8]| Metadata {
        xmp: Some(xmp.to_vec()),
        ..Metadata::default()
    };
    for format in [Format::Jpeg, Format::Tiff, Format::Png, Format::Webp] {
        let (bytes, warnings) = encoded_with(&slope(3), format, &with(XMP), &options);
        assert_eq!(warnings, [""; 0]);
        assert_eq!(decoded(&bytes, None).metadata.xmp.as_deref(), Some(XMP));
    }
    let (bytes, _) = encoded_with(&slope(3), Format::Png, &with(XMP), &options);
    let chunk = [b"iTXtXML:com.adobe.xmp\0\0\0\0\0", XMP].concat();
    assert!(bytes.windows(chunk.len()).any(|part| part == chunk));
    for (format, xmp, warning) in [
        (
            Format::Png,
            &b"\xff"[..],
            "metadata left out: XMP data (they are not UTF-8, as png wants them)",
        ),
        (
            Format::Jpeg,
            &[b' '; 65_505],
            "metadata left out: XMP data (jpeg holds 65504 bytes)",
        ),
        (
            Format::Qoi,
            XMP,
            "metadata left out: XMP data (no place in qoi)",
        ),
    ] {
        let (bytes, warnings) = encoded_with(&slope(3), format, &with(xmp), &options);
        assert_eq!(warnings, [warning]);
        assert_eq!(decoded(&bytes, None).metadata.xmp, None);
    }
    let longest = [b' '; 65_504];
    let (bytes, _) = encoded_with(&slope(3), Format::Jpeg, &with(&longest), &options);
    assert_eq!(
        decoded(&bytes, None).metadata.xmp.as_deref(),
        Some(&longest[..])
    );
}

/// A PNG of one white pixel, with one chunk more before its samples.
fn png_with(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let white = Image::new(1, 1, 1, Samples::U8(vec![255].into())).unwrap();
    let options = EncodeOptions::default();
    let (mut bytes, _) = encoded_with(&white, Format::Png, &Metadata::default(), &options);
    // Behind the signature and the header.
    bytes.splice(33..33, png_chunk(&[&name[..], data].concat()));
    bytes
}

/// So many zeros, which take a thousandth of that.
fn swelling(zeros: u64) -> Vec<u8> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let zeros = std::io::repeat(0).take(zeros);
    flate2::read::ZlibEncoder::new(zeros, flate2::Compression::fast())
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

#[test]
fn text_in_a_png_takes_no_memory() {
    let limits = Limits {
        max_memory: 1 << 20,
        ..Limits::default()
    };
    let mut text = b"Comment\0".to_vec();
    text.resize(3 << 20, b'x');
    let mut packed = b"Comment\0\0".to_vec();
    packed.extend(swelling(1 << 28));
    for (name, data) in [(b"tEXt", &text), (b"zTXt", &packed)] {
        let read = codec::read_bytes(&png_with(name, data), None, &limits).unwrap();
        assert_eq!(*read.image.samples(), Samples::U8(vec![255].into()));
        assert_eq!(read.warnings, [""; 0]);
    }
    // What is kept has its limit.
    let error = codec::read_bytes(&png_with(b"eXIf", &text), None, &limits).unwrap_err();
    assert_eq!(
        error.to_string(),
        "reading the png file takes more than the memory limit of 1 MiB"
    );
    assert!(matches!(error, Error::Limit(_)));
}

#[test]
fn profiles_that_swell_are_dropped_with_a_word() {
    let mut profile = b"ICC\0\0".to_vec();
    profile.extend(swelling(80 << 20));
    let bytes = png_with(b"iCCP", &profile);
    let read = |max_memory| {
        let limits = Limits {
            max_memory,
            ..Limits::default()
        };
        codec::read_bytes(&bytes, None, &limits).unwrap()
    };
    let kept = read(64 * (96 << 20));
    assert_eq!(kept.metadata.icc.map(|icc| icc.len()), Some(80 << 20));
    assert_eq!(kept.warnings, [""; 0]);
    let read = read(1 << 30);
    assert_eq!(*read.image.samples(), Samples::U8(vec![255].into()));
    assert_eq!(read.metadata.icc, None);
    assert_eq!(
        read.warnings,
        ["the ICC profile of the png file is damaged or takes more than 64 MiB: it was dropped"]
    );
}

#[test]
fn what_is_decoded_whole_stays_within_the_memory_limit() {
    let limits = Limits {
        max_memory: 1 << 20,
        ..Limits::default()
    };
    let options = EncodeOptions::default();
    let white = Image::new(1000, 1100, 1, Samples::U8(vec![255; 1_100_000].into())).unwrap();
    for format in [Format::Gif, Format::Qoi, Format::Webp, Format::Jpeg] {
        let (bytes, _) = encoded_with(&white, format, &Metadata::default(), &options);
        // What it is can be told all the same.
        let reader = codec::rows_of_bytes(&bytes, None, &limits).unwrap();
        assert_eq!(reader.header().spec.rows, 1000);
        let refusal = codec::read_bytes(&bytes, None, &limits).unwrap_err();
        let refusals = [refusal, reader.finish().unwrap_err()];
        for error in refusals {
            assert!(matches!(error, Error::Limit(_)));
            let text = error.to_string();
            assert!(
                text.starts_with("this takes ")
                    && text.ends_with(" MiB of memory, more than the limit of 1"),
                "{format}: {text}"
            );
        }
        assert_eq!(decoded(&bytes, None).image.shape()[..2], [1000, 1100]);
    }
}
