//! JPEG: strips between restart marks are the picture that one scan is.

use std::io::Cursor;

use libjpeg_turbo_rs::{PixelFormat, Subsampling};
use stridekern::{
    codec::{
        self, Coding, Density, DensityUnit, EncodeOptions, Format, JpegQuality, Limits, Metadata,
        Part, Sampling,
    },
    image::{Image, Samples},
};

/// Slopes with noise over them.
fn image(rows: usize, columns: usize, channels: usize) -> Image {
    let mut state = 7_u32;
    let samples = (0..rows * columns * channels).map(|at| {
        let (row, column) = (at / channels / columns, at / channels % columns);
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((row + 2 * column) / 8 % 200 + 20 * (at % channels)) as u8 ^ (state >> 29) as u8
    });
    Image::new(rows, columns, channels, Samples::U8(samples.collect())).unwrap()
}

fn encoded(image: &Image, quality: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let metadata = Metadata::default();
    let options = EncodeOptions {
        quality: Some(quality),
        ..EncodeOptions::default()
    };
    codec::encode(image, Format::Jpeg, &metadata, &options, &mut file).unwrap();
    file.into_inner()
}

fn decoded(bytes: &[u8]) -> Image {
    let decoded = codec::read_bytes(bytes, None, &Limits::default()).unwrap();
    assert_eq!(decoded.format, Format::Jpeg);
    decoded.image
}

/// By the encoder alone, without strips.
fn in_one_scan(image: &Image, quality: u8) -> Vec<u8> {
    let Samples::U8(samples) = image.samples() else {
        panic!("not of 8 bits");
    };
    let color = match image.channels() {
        1 => PixelFormat::Grayscale,
        _ => PixelFormat::Rgb,
    };
    let (rows, columns) = (image.rows(), image.columns());
    libjpeg_turbo_rs::compress(samples, columns, rows, color, quality, Subsampling::S444).unwrap()
}

fn restarts(bytes: &[u8]) -> Vec<u8> {
    let marks = bytes.windows(2).filter(|pair| pair[0] == 0xff);
    marks
        .map(|pair| pair[1])
        .filter(|code| (0xd0..=0xd7).contains(code))
        .collect()
}

#[test]
fn strips_are_the_picture_that_one_scan_is() {
    // Around whole blocks and strips of 64 rows; 1300 rows pass the eight
    // restart marks twice; 65535 columns are too many blocks for 64 rows.
    for (rows, columns, strips) in [
        (1, 1, 1),
        (1, 300, 1),
        (300, 1, 5),
        (7, 9, 1),
        (63, 17, 1),
        (64, 40, 1),
        (65, 33, 2),
        (129, 31, 3),
        (1300, 90, 21),
        (130, 65_535, 3),
    ] {
        // Where tables of more than 8 bits would do, and where not.
        for (channels, quality) in [1, 23, 24, 90, 100]
            .into_iter()
            .flat_map(|q| [(1, q), (3, q)])
        {
            let image = image(rows, columns, channels);
            let bytes = encoded(&image, quality);
            let what = format!("{rows} {columns} {channels} {quality}");
            let marks: Vec<u8> = (1..strips).map(|n| 0xd0 + (n as u8 - 1) % 8).collect();
            assert_eq!(restarts(&bytes), marks, "{what}");
            let whole = decoded(&in_one_scan(&image, quality));
            assert!(decoded(&bytes) == whole, "{what}");
        }
    }
}

#[test]
fn the_picture_is_the_one_that_was_written() {
    for channels in [1, 3] {
        let image = image(130, 95, channels);
        let read = decoded(&encoded(&image, 90));
        assert_eq!(read.shape(), image.shape());
        let (Samples::U8(before), Samples::U8(after)) = (image.samples(), read.samples()) else {
            panic!("not of 8 bits");
        };
        let differences = before.iter().zip(after).map(|(a, b)| a.abs_diff(*b));
        let sum: u64 = differences.map(u64::from).sum();
        assert!(sum <= 4 * before.len() as u64, "{channels} {sum}");
    }
}

/// The samples that a decoder of another project finds.
fn decoded_elsewhere(bytes: &[u8]) -> Vec<u8> {
    jpeg_decoder::Decoder::new(bytes).decode().unwrap()
}

/// The frame headers: baseline, or progressive.
fn frames(bytes: &[u8]) -> Vec<u8> {
    let heads = bytes.windows(4).filter(|head| head[0] == 0xff);
    heads
        .filter(|head| (0xc0..=0xc2).contains(&head[1]) && head[2] == 0)
        .map(|head| head[1])
        .collect()
}

#[test]
fn a_progressive_file_is_the_picture_that_strips_are() {
    let metadata = Metadata {
        exif: Some(b"II*\0\x08\0\0\0\0\0\0\0\0\0".to_vec()),
        density: Density::new([[300, 1], [150, 1]], DensityUnit::Inch),
        parts: vec![Part::Comment((*b"a comment").into())],
        ..Metadata::default()
    };
    for (rows, columns) in [
        (1, 1),
        (1, 300),
        (300, 1),
        (7, 9),
        (65, 33),
        (129, 31),
        (200, 95),
    ] {
        for (channels, quality) in [(1, 23), (3, 23), (1, 90), (3, 90), (3, 100)] {
            for sampling in [
                Sampling::S444,
                Sampling::S422,
                Sampling::S420,
                Sampling::S440,
                Sampling::S411,
            ] {
                let image = image(rows, columns, channels);
                let [plain, progressive] = [false, true].map(|progressive| {
                    let options = EncodeOptions {
                        quality: Some(quality),
                        sampling: Some(sampling),
                        progressive,
                        ..EncodeOptions::default()
                    };
                    let mut file = Cursor::new(Vec::new());
                    codec::encode(&image, Format::Jpeg, &metadata, &options, &mut file).unwrap();
                    file.into_inner()
                });
                let what = format!("{rows} {columns} {channels} {quality} {sampling}");
                assert_eq!(
                    (frames(&plain), frames(&progressive)),
                    (vec![0xc0], vec![0xc2])
                );
                let [one, other] = [&plain, &progressive]
                    .map(|bytes| codec::rows_of_bytes(bytes, None, &Limits::default()).unwrap());
                assert_eq!(one.header().metadata, other.header().metadata, "{what}");
                let written = JpegQuality::Standard(quality);
                assert_eq!(one.header().metadata.quality, Some(written), "{what}");
                assert_eq!(one.header().coding, None);
                assert_eq!(other.header().coding, Some(Coding::ProgressiveJpeg));
                assert!(decoded(&plain) == decoded(&progressive), "{what}");
                if sampling != Sampling::S411 {
                    let elsewhere = [&plain, &progressive].map(|file| decoded_elsewhere(file));
                    assert!(elsewhere[0] == elsewhere[1], "{what}");
                }
            }
        }
    }
}

/// The value of a block of a component that lies here in the picture, by shares of its
/// height and width.
fn block_value(component: usize, [down, across]: [f64; 2]) -> i32 {
    let value = match component {
        0 => 100.0 * (5.0 * across + 2.0 * down).sin(),
        1 => 60.0 * (4.0 * down + across).cos(),
        _ => 60.0 * (3.0 * across - 2.0 * down).sin(),
    };
    value as i32
}

/// The component's block, of so many across and down, at this share of the picture.
fn block_at(component: usize, blocks: [usize; 2], share: [f64; 2]) -> i32 {
    let place = [0, 1].map(|axis| {
        let count = blocks[axis] as f64;
        (share[axis] * count).floor() / count
    });
    block_value(component, place)
}

/// A JPEG of three components of these factors, down and across, whose blocks are flat.
fn flat_blocks([rows, columns]: [usize; 2], factors: [[usize; 2]; 3]) -> Vec<u8> {
    let most = [0, 1].map(|axis| factors.iter().map(|f| f[axis]).max().unwrap());
    let mcus = [rows.div_ceil(8 * most[0]), columns.div_ceil(8 * most[1])];
    let mut file = vec![0xff, 0xd8];
    let mut segment = |code: u8, content: &[u8]| {
        file.extend([0xff, code]);
        file.extend((content.len() as u16 + 2).to_be_bytes());
        file.extend(content);
    };
    // A step of 8 makes the constant term the value itself.
    segment(0xdb, &[&[0][..], &[8; 64]].concat());
    let size = [rows as u16, columns as u16].map(u16::to_be_bytes).concat();
    let parts = (0..3).flat_map(|at| {
        [
            at as u8 + 1,
            (factors[at][1] << 4 | factors[at][0]) as u8,
            0,
        ]
    });
    segment(
        0xc0,
        &[&[8][..], &size, &[3], &Vec::from_iter(parts)].concat(),
    );
    // Twelve codes of four bits for constant terms, and one of one bit for no others.
    segment(
        0xc4,
        &[&[0, 0, 0, 0, 12][..], &[0; 12], &Vec::from_iter(0..12)].concat(),
    );
    segment(0xc4, &[&[0x10, 1][..], &[0; 15], &[0]].concat());
    segment(0xda, &[3, 1, 0, 2, 0, 3, 0, 0, 63, 0]);
    let mut bits = Vec::new();
    let mut push = |value: u32, count: u32| bits.extend((0..count).rev().map(|at| value >> at & 1));
    let mut last = [0; 3];
    for mcu in 0..mcus[0] * mcus[1] {
        for (component, [high, wide]) in factors.into_iter().enumerate() {
            for block in 0..high * wide {
                let row = (mcu / mcus[1]) * high + block / wide;
                let column = (mcu % mcus[1]) * wide + block % wide;
                let place = [
                    row as f64 / (mcus[0] * high) as f64,
                    column as f64 / (mcus[1] * wide) as f64,
                ];
                let value = block_value(component, place);
                let change = value - std::mem::replace(&mut last[component], value);
                let size = 32 - change.unsigned_abs().leading_zeros();
                push(size, 4);
                let low = if change < 0 { change - 1 } else { change };
                push(low as u32 & ((1 << size) - 1), size);
                push(0, 1);
            }
        }
    }
    bits.resize(bits.len().next_multiple_of(8), 1);
    for byte in bits.chunks(8) {
        let byte = byte.iter().fold(0, |byte, bit| byte << 1 | *bit as u8);
        file.push(byte);
        if byte == 0xff {
            file.push(0);
        }
    }
    file.extend([0xff, 0xd9]);
    file
}

/// Of all samplings of three components, each is read as it is, or said to be not
/// supported.
#[test]
fn every_sampling_is_read_rightly_or_refused() {
    const SIZE: [usize; 2] = [120, 152];
    let sides = [1, 2, 4];
    let factors = Vec::from_iter(
        sides
            .iter()
            .flat_map(|down| sides.map(|across| [*down, across])),
    );
    let (mut read, mut refused) = (0, 0);
    for (a, b, c) in factors
        .iter()
        .flat_map(|a| factors.iter().flat_map(move |b| [(a, b)]))
        .flat_map(|(a, b)| factors.iter().map(move |c| (*a, *b, *c)))
    {
        let factors = [a, b, c];
        // As many blocks as an MCU may have (T.81, B.2.3).
        if factors.iter().map(|f| f[0] * f[1]).sum::<usize>() > 10 {
            continue;
        }
        let file = flat_blocks(SIZE, factors);
        let image = match codec::read_bytes(&file, None, &Limits::default()) {
            Ok(decoded) => decoded.image,
            Err(error) => {
                let said = error.to_string();
                assert!(
                    said.contains("is not supported in a jpeg"),
                    "{factors:?}: {said}"
                );
                refused += 1;
                continue;
            }
        };
        let Samples::U8(samples) = image.samples() else {
            panic!("not bytes");
        };
        let most = [0, 1].map(|axis| factors.iter().map(|f| f[axis]).max().unwrap());
        let mcus = [0, 1].map(|axis| SIZE[axis].div_ceil(8 * most[axis]));
        let mut error = 0.0;
        for (at, pixel) in samples.chunks(3).enumerate() {
            let share = [0, 1].map(|axis| {
                let place = [at / SIZE[1], at % SIZE[1]][axis] as f64 + 0.5;
                place / (8 * most[axis] * mcus[axis]) as f64
            });
            let [y, cb, cr] = [0, 1, 2].map(|part| {
                let blocks = [0, 1].map(|axis| mcus[axis] * factors[part][axis]);
                f64::from(block_at(part, blocks, share))
            });
            // JFIF, with 128 taken off.
            let colors = [
                y + 1.402 * cr,
                y - 0.344136 * cb - 0.714136 * cr,
                y + 1.772 * cb,
            ];
            for (color, sample) in colors.iter().zip(pixel) {
                error += ((color + 128.0).clamp(0.0, 255.0) - f64::from(*sample)).abs();
            }
        }
        let error = error / samples.len() as f64;
        assert!(error < 6.0, "{factors:?}: {error}");
        read += 1;
    }
    assert!(read >= 20 && refused >= 20, "{read}, {refused}");
}
