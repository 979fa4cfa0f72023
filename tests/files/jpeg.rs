//! JPEG: strips between restart marks are the picture that one scan is.

use std::io::Cursor;

use libjpeg_turbo_rs::{PixelFormat, Subsampling};
use stridekern::{
    codec::{self, EncodeOptions, Format, Limits, Metadata},
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
        quality,
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
