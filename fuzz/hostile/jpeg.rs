//! Segments of JPEG files.

use jpeg_encoder::{ColorType, Encoder};

use crate::{
    choice::{EDGES, some},
    common::Random,
};

use super::{exif, few, garbage, one_in, scramble, text, thumbnail};

const SIDES: [u16; 2] = [9, 7];

/// A segment: its code, and its content.
type Segment = (u8, Vec<u8>);

/// A file with damaged segments before its tables, or between them.
pub(super) fn file(random: &mut Random) -> Vec<u8> {
    let mut file = Vec::new();
    let [rows, columns] = SIDES;
    let color = *some(random, &[ColorType::Luma, ColorType::Rgb, ColorType::Rgb]);
    let channels = if color == ColorType::Luma { 1 } else { 3 };
    let samples = vec![77; usize::from(rows * columns) * channels];
    Encoder::new(&mut file, 80)
        .encode(&samples, columns, rows, color)
        .unwrap();
    let mut all = Vec::new();
    for _ in 0..=few(random, 12) {
        all.extend(segments(random));
    }
    let mut bytes = Vec::new();
    for (code, content) in all {
        let mut len = content.len().min(65_533) as u16 + 2;
        if one_in(random, 100) {
            len = *some(random, &EDGES) as u16;
        }
        bytes.extend(vec![0xff; if one_in(random, 30) { 3 } else { 1 }]);
        bytes.push(code);
        bytes.extend(len.to_be_bytes());
        bytes.extend(&content[..content.len().min(65_533)]);
    }
    // After SOI, or after JFIF.
    let at = match one_in(random, 3) {
        true => 2,
        false => 4 + usize::from(u16::from_be_bytes([file[4], file[5]])),
    };
    file.splice(at..at, bytes);
    file
}

/// Segments, damaged or not, once or more often.
fn segments(random: &mut Random) -> Vec<Segment> {
    let all = valid(random);
    let mut all = Vec::from_iter(all);
    for (code, content) in &mut all {
        match random.below(16) {
            0 => content.truncate(random.below(content.len() as u64 + 1) as usize),
            1 => content.extend(garbage(random, 40)),
            2 => content.clear(),
            3 if content.len() < 4000 && *code != 0xe1 => scramble(content, random),
            4 if one_in(random, 8) => *code = *some(random, &[0xe0, 0xe1, 0xe2, 0xed, 0xef, 0xfe]),
            _ => {}
        }
    }
    match random.below(12) {
        0 => vec![all; 2].concat(),
        1 if all[0].1.len() < 40 => vec![all; few(random, 1500)].concat(),
        _ => all,
    }
}

fn valid(random: &mut Random) -> Vec<Segment> {
    let named = |name: &[u8], data: &[u8]| [name, data].concat();
    match random.below(14) {
        0..=3 => vec![(0xe1, named(b"Exif\0\0", &exif::block(random)))],
        4 | 5 => vec![(
            0xe1,
            named(b"http://ns.adobe.com/xap/1.0/\0", &text::xmp(random)),
        )],
        6 => {
            let guid = "0".repeat(32);
            let sizes = [*some(random, &EDGES) as u32, 0]
                .map(u32::to_be_bytes)
                .concat();
            let name = b"http://ns.adobe.com/xmp/extension/\0";
            let data = named(guid.as_bytes(), &[&sizes[..], &text::xmp(random)].concat());
            vec![(0xe1, named(name, &data))]
        }
        7 | 8 => profile(random),
        9 => {
            let data = text::photoshop(random);
            let parts = data.chunks(60_000);
            parts
                .map(|part| (0xed, named(b"Photoshop 3.0\0", part)))
                .collect()
        }
        10 => {
            let starts = [&b""[..], b"\n5 5\n", b"\x1b[2J\xff"];
            let start = *some(random, &starts);
            vec![(0xfe, named(start, &garbage(random, 600)))]
        }
        11 => {
            // A thumbnail of a size.
            let density = [1, 2, random.below(4) as u8, 0, random.below(3) as u8, 0, 72];
            let size = [random.below(3) as u8, 1];
            let jfif = [&b"JFIF\0"[..], &density, &size, &garbage(random, 12)].concat();
            vec![(0xe0, jfif), (0xe0, named(b"JFXX\0\x10", &thumbnail()))]
        }
        12 => vec![(0xe2, named(b"MPF\0", &exif::block(random)))],
        _ => {
            let names = [&b""[..], b"JP\0\x01", b"Ducky\0", b"Q\0", b"name\0"];
            let (code, name) = (0xe0 | random.below(14) as u8, *some(random, &names));
            vec![(code, named(name, &garbage(random, 60)))]
        }
    }
}

/// A profile in parts, whose numbers may be false.
fn profile(random: &mut Random) -> Vec<Segment> {
    let icc = text::icc(random);
    let size = *some(random, &[200, 60_000]);
    let parts = icc.chunks(size);
    let count = parts.len() as u8;
    let mut all = Vec::from_iter(parts.enumerate().map(|(at, part)| {
        let number = match one_in(random, 12) {
            true => random.below(4) as u8,
            false => at as u8 + 1,
        };
        let count = if one_in(random, 12) {
            random.next() as u8
        } else {
            count
        };
        (
            0xe2,
            [&b"ICC_PROFILE\0"[..], &[number, count], part].concat(),
        )
    }));
    match random.below(8) {
        0 => all.reverse(),
        1 if all.len() > 1 => drop(all.remove(0)),
        _ => {}
    }
    if all.is_empty() {
        all.push((0xe2, b"ICC_PROFILE\0\x01\x01".to_vec()));
    }
    all
}
