//! What the data of a picture hold beyond its rows is not lost in place: in every
//! format whose data have an end of their own.

use std::{fs, io::Write};

use flate2::{Compression, Crc, write::ZlibEncoder};
use stridekern::{
    Depth,
    codec::{EncodeOptions, Format, Metadata, encode},
};
use weezl::{BitOrder, encode::Encoder as Lzw};

use crate::{Room, picture};

const ROWS: usize = 12;
const COLUMNS: usize = 11;

fn deflate(samples: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(6));
    zlib.write_all(samples).unwrap();
    zlib.finish().unwrap()
}

fn tiff_lzw(samples: &[u8]) -> Vec<u8> {
    let mut lzw = Lzw::with_tiff_size_switch(BitOrder::Msb, 8);
    lzw.encode(samples).unwrap()
}

fn pack_bits(samples: &[u8]) -> Vec<u8> {
    let literal = |part: &[u8]| [&[part.len() as u8 - 1], part].concat();
    samples.chunks(128).flat_map(literal).collect()
}

/// Samples of so many bytes.
fn samples(bytes: usize) -> Vec<u8> {
    (0..bytes as u32)
        .map(|at| (at.wrapping_mul(0x9e37_79b9) >> 24) as u8)
        .collect()
}

fn jpeg(channels: usize) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let (metadata, options) = (Metadata::default(), EncodeOptions::default());
    let image = picture(ROWS, COLUMNS, channels, Depth::U8);
    encode(&image, Format::Jpeg, &metadata, &options, &mut file).unwrap();
    file.into_inner()
}

/// A PNG of this depth and colour whose IDAT chunks are these.
fn png(bits: u8, color: u8, interlace: u8, data: &[&[u8]]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8], data: &[u8]| {
        file.extend((data.len() as u32).to_be_bytes());
        let mut crc = Crc::new();
        for part in [name, data] {
            file.extend(part);
            crc.update(part);
        }
        file.extend(crc.sum().to_be_bytes());
    };
    let [columns, rows] = [COLUMNS, ROWS].map(|side| (side as u32).to_be_bytes());
    let kind = [bits, color, 0, 0, interlace];
    chunk(b"IHDR", &[&columns[..], &rows, &kind].concat());
    if color == 3 {
        chunk(b"PLTE", &samples(256 * 3));
    }
    for part in data {
        chunk(b"IDAT", part);
    }
    chunk(b"IEND", &[]);
    file
}

/// The bytes that such a PNG compresses, all rows unfiltered.
fn png_samples(bits: usize, channels: usize, interlaced: bool) -> Vec<u8> {
    let row = |columns: usize| 1 + (columns * channels * bits).div_ceil(8);
    let rows: Vec<usize> = match interlaced {
        false => vec![row(COLUMNS); ROWS],
        // Of 12 rows and 11 columns, as many as the passes have.
        true => [(2, 2), (2, 1), (1, 3), (3, 3), (3, 6), (6, 5), (6, 11)]
            .into_iter()
            .flat_map(|(rows, columns)| vec![row(columns); rows])
            .collect(),
    };
    let mut bytes = samples(rows.iter().sum());
    let mut start = 0;
    for len in rows {
        bytes[start] = 0;
        start += len;
    }
    bytes
}

/// A TIFF of 8-bit gray or RGB whose parts are these, strips or square tiles.
fn tiff(
    compression: u32,
    channels: u32,
    tile: Option<u32>,
    high: u32,
    parts: &[Vec<u8>],
) -> Vec<u8> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let mut list = |values: &[u32]| {
        let at = file.len() as u32;
        values
            .iter()
            .for_each(|value| file.extend(value.to_le_bytes()));
        at
    };
    let lengths: Vec<u32> = parts.iter().map(|part| part.len() as u32).collect();
    let lengths_at = list(&lengths);
    let places_at = list(&vec![0; parts.len()]);
    let bits_at = list(&[8 | 8 << 16, 8]);
    let mut places = Vec::new();
    for part in parts {
        places.push(file.len() as u32);
        file.extend(part);
        file.resize(file.len().next_multiple_of(2), 0);
    }
    for (at, place) in places.iter().enumerate() {
        let at = places_at as usize + 4 * at;
        file[at..at + 4].copy_from_slice(&place.to_le_bytes());
    }
    let count = parts.len() as u32;
    let one = |values: &[u32], at: u32| if count == 1 { values[0] } else { at };
    let (places, lengths) = (one(&places, places_at), one(&lengths, lengths_at));
    let mut entries = vec![
        (256, 4, 1, COLUMNS as u32),
        (257, 4, 1, ROWS as u32),
        (258, 3, channels, if channels == 1 { 8 } else { bits_at }),
        (259, 3, 1, compression),
        (262, 3, 1, if channels == 1 { 1 } else { 2 }),
        (277, 3, 1, channels),
    ];
    match tile {
        None => entries.extend([
            (273, 4, count, places),
            (278, 4, 1, high),
            (279, 4, count, lengths),
        ]),
        Some(side) => entries.extend([
            (322, 4, 1, side),
            (323, 4, 1, side),
            (324, 4, count, places),
            (325, 4, count, lengths),
        ]),
    }
    entries.sort_unstable();
    let start = file.len() as u32;
    file[4..8].copy_from_slice(&start.to_le_bytes());
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend((tag as u16).to_le_bytes());
        file.extend((kind as u16).to_le_bytes());
        file.extend(u32::to_le_bytes(count));
        file.extend(u32::to_le_bytes(value));
    }
    file.extend([0; 4]);
    file
}

/// A GIF of a gray palette whose LZW codes are these.
fn gif(codes: &[u8]) -> Vec<u8> {
    let [columns, rows] = [COLUMNS, ROWS].map(|side| (side as u16).to_le_bytes());
    let sides = [columns, rows].concat();
    let palette = (0..=255).flat_map(|gray| [gray; 3]);
    let mut file = [&b"GIF89a"[..], &sides, &[0xf7, 0, 0]].concat();
    file.extend(palette);
    file.extend([&[0x2c, 0, 0, 0, 0][..], &sides, &[0, 8]].concat());
    for part in codes.chunks(255) {
        file.push(part.len() as u8);
        file.extend(part);
    }
    file.extend([0, 0x3b]);
    file
}

fn gif_lzw(samples: &[u8]) -> Vec<u8> {
    Lzw::new(BitOrder::Lsb, 8).encode(samples).unwrap()
}

/// A true-colour TGA, with or without colours that it does not use.
fn tga(colors: &[u8]) -> Vec<u8> {
    let mapped = u8::from(!colors.is_empty());
    let count = (colors.len() / 3) as u8;
    let sides = [COLUMNS as u8, 0, ROWS as u8, 0];
    let header = [0, mapped, 2, 0, 0, count, 0, 24 * mapped, 0, 0, 0, 0];
    let picture = samples(ROWS * COLUMNS * 3);
    [&header[..], &sides, &[24, 0x20], colors, &picture].concat()
}

/// What is beyond the rows.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Beyond {
    Nothing,
    /// Some bytes, as programs leave them behind.
    Padding,
    /// The rows once more, in the same stream.
    Rows,
    /// A JPEG behind the stream.
    Picture,
    /// The stream once more.
    Stream,
}

const ALL: [Beyond; 5] = [
    Beyond::Nothing,
    Beyond::Padding,
    Beyond::Rows,
    Beyond::Picture,
    Beyond::Stream,
];

/// The samples as a stream, with what is beyond.
fn stream(beyond: Beyond, samples: &[u8], pack: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let whole = pack(samples);
    match beyond {
        Beyond::Nothing => whole,
        Beyond::Padding => [&whole[..], &[0; 40]].concat(),
        Beyond::Rows => pack(&samples.repeat(2)),
        Beyond::Picture => [whole, jpeg(3)].concat(),
        Beyond::Stream => whole.repeat(2),
    }
}

/// Checks that the file is refused if it has something beyond its rows, and else done
/// in place.
#[track_caller]
fn check(what: &str, name: &str, file: &[u8], beyond: Beyond) {
    let room = Room::new();
    fs::write(room.path(name), file).unwrap();
    let line = format!("{name} -k box3 --photo --in-place");
    let what = format!("{what}, {beyond:?}");
    if let Beyond::Nothing | Beyond::Padding = beyond {
        let run = room.run(&line);
        assert_eq!(run.code, Some(0), "{what}: {}", run.err);
        assert!(!run.err.contains("holds"), "{what}: {}", run.err);
        assert_ne!(room.bytes(name), file, "{what}");
        return;
    }
    for line in [
        &line,
        &format!("{line} -q"),
        &format!("{line} --dry-run -q"),
    ] {
        let run = room.run(line);
        assert_eq!(run.code, Some(1), "{what}: {line}");
        let told = [
            "it holds samples beyond its last row, ",
            "it holds further pictures behind its first, ",
            "bytes of further data between its parts, ",
        ];
        assert!(
            run.err
                .contains(&format!("{name}: not replaced: it holds "))
                && told.iter().any(|told| run.err.contains(told)),
            "{what}: {}",
            run.err
        );
        assert_eq!(room.bytes(name), file, "{what}: {line}");
    }
    // Elsewhere it is filtered.
    let run = room.run(&format!("{name} -k box3 --photo -o out.{name} -q"));
    assert_eq!(run.code, Some(0), "{what}: {}", run.err);
}

#[test]
fn nothing_within_the_data_of_a_png_is_lost() {
    for (bits, color, channels) in [(8, 0, 1), (16, 2, 3), (1, 0, 1), (8, 3, 1), (8, 6, 4)] {
        for interlaced in [false, true] {
            for beyond in ALL {
                let samples = png_samples(bits.into(), channels, interlaced);
                let data = stream(beyond, &samples, deflate);
                let (first, second) = data.split_at(data.len() / 2);
                for parts in [
                    &[&data[..]][..],
                    &[first, second],
                    &[&[], first, &[], second],
                ] {
                    let file = png(bits, color, interlaced.into(), parts);
                    let what =
                        format!("{bits} bits, colour {color}, {interlaced}, {}", parts.len());
                    check(&what, "a.png", &file, beyond);
                }
            }
        }
    }
}

#[test]
fn nothing_within_the_strips_and_tiles_of_a_tiff_is_lost() {
    type Pack = fn(&[u8]) -> Vec<u8>;
    let packs: [(&str, u32, Pack); 4] = [
        ("lzw", 5, tiff_lzw),
        ("deflate", 8, deflate),
        ("old deflate", 32946, deflate),
        ("packbits", 32773, pack_bits),
    ];
    for (name, number, pack) in packs {
        for channels in [1, 3] {
            // All rows in one, some in a strip, or tiles of more than the picture.
            for (tile, high, parts) in [(None, ROWS, 1), (None, 5, 3), (Some(16), 16, 1)] {
                for beyond in ALL {
                    if name == "packbits" && beyond == Beyond::Padding {
                        // Zeros are samples to it.
                        continue;
                    }
                    let wide = tile.map_or(COLUMNS, |side| side as usize);
                    let parts: Vec<_> = (0..parts)
                        .map(|part| {
                            let rows = if tile.is_some() {
                                high
                            } else {
                                high.min(ROWS - part * high)
                            };
                            let samples = samples(rows * wide * channels);
                            // The last of them has more.
                            let last = part + 1 == parts;
                            stream(if last { beyond } else { Beyond::Nothing }, &samples, pack)
                        })
                        .collect();
                    // A last strip may be as high as the others. These runs of bytes have
                    // no end, and so the second stream is rows of the first.
                    let rows =
                        beyond == Beyond::Rows || beyond == Beyond::Stream && name == "packbits";
                    let padded = rows && parts.len() == 3;
                    let beyond = if padded { Beyond::Nothing } else { beyond };
                    let file = tiff(number, channels as u32, tile, high as u32, &parts);
                    let what = format!(
                        "{name}, {channels} channels, {} parts, {tile:?}",
                        parts.len()
                    );
                    check(&what, "a.tif", &file, beyond);
                }
            }
        }
    }
}

#[test]
fn nothing_within_the_data_of_other_pictures_is_lost() {
    for beyond in ALL {
        let codes = stream(beyond, &samples(ROWS * COLUMNS), gif_lzw);
        check("gif", "a.gif", &gif(&codes), beyond);
    }
    for beyond in [
        Beyond::Nothing,
        Beyond::Padding,
        Beyond::Picture,
        Beyond::Stream,
    ] {
        let part = stream(beyond, &[], |_| jpeg(1));
        let file = tiff(7, 1, None, ROWS as u32, &[part]);
        check("jpeg in tiff", "a.tif", &file, beyond);
    }
    check("tga", "a.tga", &tga(&[]), Beyond::Nothing);
    check("tga", "a.tga", &tga(&samples(60)), Beyond::Rows);
}
