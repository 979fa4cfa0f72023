//! Chunks of WebP files.

use crate::{
    choice::{EDGES, some},
    common::Random,
};

use super::{exif, few, garbage, one_in, text};

/// A file without an extended header.
const PLAIN: &[u8] = include_bytes!("../../testdata/odd/rgb.webp");

/// A file with damaged chunks.
pub(super) fn file(random: &mut Random) -> Vec<u8> {
    let picture = &PLAIN[12..];
    // Columns and rows less one, of 14 bits each.
    let [a, b, c, d] = *picture[9..].first_chunk().unwrap();
    let bits = u32::from_le_bytes([a, b, c, d]);
    let sides = [bits & 0x3fff, bits >> 14 & 0x3fff];
    let is_lossless = picture.starts_with(b"VP8L");
    assert!(is_lossless, "the sides are where those of VP8L are");
    let mut chunks = Vec::new();
    for _ in 0..=few(random, 12) {
        chunks.push(chunk(random));
    }
    let mut flags = 0;
    for (name, _) in &chunks {
        flags |= match name {
            b"ICCP" => 0x20,
            b"EXIF" => 8,
            b"XMP " => 4,
            _ => 0,
        };
    }
    if one_in(random, 4) {
        flags ^= 1 << random.below(8);
    }
    let header = [
        &[flags, 0, 0, 0],
        &sides[0].to_le_bytes()[..3],
        &sides[1].to_le_bytes()[..3],
    ];
    let mut body = Vec::new();
    add(&mut body, b"VP8X", &header.concat(), random);
    let (before, after) = match one_in(random, 2) {
        // As the specification has it.
        true => chunks.into_iter().partition(|(name, _)| name == b"ICCP"),
        false => (chunks, Vec::new()),
    };
    for (name, data) in &before {
        add(&mut body, name, data, random);
    }
    body.extend(picture);
    for (name, data) in &after {
        add(&mut body, name, data, random);
    }
    let size = match one_in(random, 60) {
        true => *some(random, &EDGES) as u32,
        false => body.len() as u32 + 4,
    };
    [b"RIFF", &size.to_le_bytes()[..], b"WEBP", &body].concat()
}

fn add(body: &mut Vec<u8>, name: &[u8; 4], data: &[u8], random: &mut Random) {
    let size = match one_in(random, 150) {
        true => *some(random, &EDGES) as u32,
        false => data.len() as u32,
    };
    body.extend(name);
    body.extend(size.to_le_bytes());
    body.extend(data);
    if !one_in(random, 100) {
        body.extend(&[0][..data.len() % 2]);
    }
}

fn chunk(random: &mut Random) -> ([u8; 4], Vec<u8>) {
    let (name, mut data) = match random.below(9) {
        0..=2 => (*b"EXIF", exif::block(random)),
        3 => (*b"EXIF", [&b"Exif\0\0"[..], &exif::block(random)].concat()),
        4 | 5 => (*b"XMP ", text::xmp(random)),
        6 | 7 => (*b"ICCP", text::icc(random)),
        _ => (
            *some(random, &[*b"xtra", *b"ANIM", [0; 4]]),
            garbage(random, 60),
        ),
    };
    match random.below(16) {
        0 => data.truncate(random.below(data.len() as u64 + 1) as usize),
        1 => data.extend(garbage(random, 40)),
        2 => data.clear(),
        _ => {}
    }
    (name, data)
}
