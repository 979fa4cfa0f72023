//! Comments of GIF and PNM files, headers of BMP, HDR and OpenEXR files.

use crate::{
    choice::{EDGES, some},
    common::Random,
    headers,
};

use super::{few, garbage, one_in, scramble, text};

const GIF: &[u8] = include_bytes!("../../testdata/carried/full.gif");
const BMP: &[u8] = include_bytes!("../../testdata/carried/full.bmp");
const HDR: &[u8] = include_bytes!("../../testdata/carried/full.hdr");
const EXR: &[u8] = include_bytes!("../../testdata/odd/rgb.exr");

/// Text without a meaning, and with one.
fn words(random: &mut Random) -> Vec<u8> {
    match random.below(6) {
        0 => b"\n5 5\n255\n".to_vec(),
        1 => b"\x1b[2J\xff\xfe\0".to_vec(),
        2 => vec![b'c'; few(random, 3000)],
        3 => "\u{e9}\u{4e2d}\r\n# P5".into(),
        4 => Vec::new(),
        _ => garbage(random, 300),
    }
}

/// A GIF with damaged extensions between its colours and its picture.
pub(super) fn gif(random: &mut Random) -> Vec<u8> {
    let colors = 13 + (3 << ((GIF[10] & 7) + 1));
    let mut file = GIF[..colors].to_vec();
    for _ in 0..=few(random, 400) {
        let (code, data) = match random.below(8) {
            // As XMP has it: without sub-blocks, and with numbers after it that lead to the end.
            0 => {
                let end = (1..=255).rev().chain([0, 0]);
                let xmp = text::xmp(random).into_iter().chain([1]).chain(end);
                let name = b"\x0bXMP DataXMP".iter().copied();
                (0xff, name.chain(xmp).collect())
            }
            1 => (
                0xff,
                [&b"\x0bICCRGBG1012"[..], &sub_blocks(&text::icc(random))].concat(),
            ),
            2 => (
                0xff,
                [&b"\x0bNETSCAPE2.0"[..], &sub_blocks(b"\x01\xff\xff")].concat(),
            ),
            3 => (0x01, sub_blocks(&words(random))),
            4 => (0xf9, sub_blocks(&[0, 1, 0, 0])),
            5 => (random.next() as u8, sub_blocks(&words(random))),
            _ => (0xfe, sub_blocks(&words(random))),
        };
        file.extend([0x21, code]);
        file.extend(data);
        if one_in(random, 600) {
            // Without an end, or with two.
            match one_in(random, 2) {
                true => drop(file.pop()),
                false => file.push(0),
            }
        }
    }
    file.extend(&GIF[colors..]);
    file
}

/// Data in parts of at most 255 bytes, and an empty one.
fn sub_blocks(data: &[u8]) -> Vec<u8> {
    let parts = data
        .chunks(255)
        .flat_map(|part| [&[part.len() as u8], part].concat());
    parts.chain([0]).collect()
}

/// A PGM or PPM whose header has comments anywhere.
pub(super) fn netpbm(random: &mut Random) -> Vec<u8> {
    let channels = *some(random, &[1, 3]);
    let mut file = if channels == 1 { b"P5" } else { b"P6" }.to_vec();
    for token in ["7", "9", "255"] {
        file.push(b'\n');
        for _ in 0..few(random, 1500) {
            file.push(b'#');
            let words = words(random);
            let keeps_lines = one_in(random, 20);
            file.extend(words.iter().filter(|byte| keeps_lines || **byte != b'\n'));
            file.push(*some(random, b"\n\n\n\r"));
        }
        file.extend(token.bytes());
    }
    file.push(b'\n');
    file.extend(vec![77; 63 * channels]);
    file
}

/// A BMP whose header tells of densities, colour spaces and profiles.
pub(super) fn bmp(random: &mut Random) -> Vec<u8> {
    const FILE: usize = 14;
    const INFO: usize = 40;
    let mut file = BMP.to_vec();
    let pixels = file.split_off(FILE + INFO);
    let mut number = |edge: bool| match edge {
        true => *some(random, &EDGES) as u32,
        false => 2835 + random.below(3) as u32,
    };
    for at in [FILE + 24, FILE + 28] {
        file[at..at + 4].copy_from_slice(&number(true).to_le_bytes());
    }
    let spaces = [b"sRGB", b"MBED", b"LINK", b"\0\0\0\0"];
    let mut icc = Vec::new();
    if !one_in(random, 4) {
        // Version 5: masks, the colour space, its primaries, an intent, a profile.
        let mut more = vec![0; 124 - INFO];
        more[16..20].copy_from_slice(*some(random, &spaces));
        icc = text::icc(random);
        let mut place = [(124 + pixels.len()) as u32, icc.len() as u32];
        if one_in(random, 2) {
            *some_mut(random, &mut place) = *some(random, &EDGES) as u32;
        }
        more[72..80].copy_from_slice(&place.map(u32::to_le_bytes).concat());
        file[FILE..FILE + 4].copy_from_slice(&124_u32.to_le_bytes());
        let start = (FILE + 124) as u32;
        file[10..FILE].copy_from_slice(&start.to_le_bytes());
        file.extend(more);
    }
    file.extend(pixels);
    file.extend(icc);
    if one_in(random, 20) {
        let mut head = file[..FILE + INFO].to_vec();
        scramble(&mut head, random);
        file.splice(..FILE + INFO, head);
    }
    file
}

fn some_mut<'a, T>(random: &mut Random, all: &'a mut [T]) -> &'a mut T {
    let at = random.below(all.len() as u64) as usize;
    &mut all[at]
}

/// An HDR whose header has lines of any kind.
pub(super) fn hdr(random: &mut Random) -> Vec<u8> {
    let mut file = HDR.to_vec();
    for _ in 0..=few(random, 2000) {
        let mut line = match random.below(10) {
            0 => b"EXPOSURE=".to_vec(),
            1 => b" FORMAT=32-bit_rle_xyze".to_vec(),
            2 => b"FORMAT=32-bit_rle_rgbe\r".to_vec(),
            3 => b"PRIMARIES=0.64 0.33 nan 1e999".to_vec(),
            4 => b"-Y 3 +X 4".to_vec(),
            5 => b"#?RADIANCE".to_vec(),
            6 => b"VIEW= -vtv -vp 1".to_vec(),
            7 => b"PIXASPECT=1 2 3".to_vec(),
            _ => words(random),
        };
        if one_in(random, 4) {
            line.extend(some(random, &[&b"1e39"[..], b"-1", b"nan", b"\xff", b""]).iter());
        }
        line.retain(|byte| *byte != b'\n');
        // An empty line ends the header.
        if line.is_empty() && !one_in(random, 20) {
            continue;
        }
        line.push(b'\n');
        let first = 1 + file.iter().position(|byte| *byte == b'\n').unwrap();
        file.splice(first..first, line);
    }
    if one_in(random, 8) {
        headers::mutate(&mut file, random);
    }
    file
}

/// An EXR of changed attributes.
pub(super) fn exr(random: &mut Random) -> Vec<u8> {
    let mut file = EXR.to_vec();
    // After the magic number and the version.
    let attributes: &[(&str, &str, usize)] = &[
        ("chromaticities", "chromaticities", 32),
        ("owner", "string", 9),
        ("comments", "string", 300),
        ("capDate", "string", 19),
        ("whiteLuminance", "float", 4),
        ("pixelAspectRatio", "float", 4),
        ("preview", "preview", 24),
        ("envmap", "envmap", 1),
        ("timeCode", "timecode", 8),
        ("views", "stringvector", 30),
        ("worldToCamera", "m44f", 64),
        ("x", "unknown", 12),
    ];
    for _ in 0..few(random, 200) {
        let (name, kind, len) = some(random, attributes);
        let value = garbage(random, 2 * *len as u64);
        let claim = match one_in(random, 12) {
            true => *some(random, &EDGES) as u32,
            false => value.len() as u32,
        };
        let number = random.below(4);
        let name = if number == 0 {
            (*name).to_owned()
        } else {
            format!("{name}{number}")
        };
        let attribute = [
            name.as_bytes(),
            b"\0",
            kind.as_bytes(),
            b"\0",
            &claim.to_le_bytes(),
            &value,
        ];
        file.splice(8..8, attribute.concat());
    }
    if one_in(random, 4) {
        headers::mutate(&mut file, random);
    }
    file
}
