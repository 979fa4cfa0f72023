//! Chunks of PNG files.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};

use crate::{
    choice::{EDGES, some},
    common::{Random, png_chunk},
};

use super::{exif, few, garbage, one_in, scramble, text};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const SIDES: [u32; 2] = [9, 7];

/// A chunk without length and checksum: its name, and its data.
fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [name, data].concat()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A file with damaged chunks before and after its samples.
pub(super) fn file(random: &mut Random) -> Vec<u8> {
    let is_gray = one_in(random, 4);
    let channels = if is_gray { 1 } else { 3 };
    let [rows, columns] = SIDES;
    let sizes = [columns, rows].map(u32::to_be_bytes).concat();
    let header = chunk(b"IHDR", &[&sizes[..], &[8, channels - 1, 0, 0, 0]].concat());
    let mut line = vec![77; 1 + columns as usize * usize::from(channels)];
    // Without a filter.
    line[0] = 0;
    let samples = chunk(b"IDAT", &deflated(&line.repeat(rows as usize)));
    let mut all = vec![header];
    for _ in 0..=few(random, 12) {
        all.extend(ancillary(random));
    }
    all.push(samples);
    if one_in(random, 2) {
        for _ in 0..=few(random, 6) {
            all.extend(ancillary(random));
        }
    }
    all.push(chunk(b"IEND", b""));
    let mut file = SIGNATURE.to_vec();
    for one in all {
        file.extend(png_chunk(&one));
        if one_in(random, 200) {
            // A false length, or checksum.
            let at = file.len() - *some(random, &[one.len() + 8, 4]);
            let edge = (*some(random, &EDGES) as u32).to_be_bytes();
            file[at..at + 4].copy_from_slice(&edge);
        }
    }
    file
}

/// A chunk, damaged or not, once or more often.
fn ancillary(random: &mut Random) -> Vec<Vec<u8>> {
    let (name, mut data) = valid(random);
    let mut name = *name;
    match random.below(12) {
        0 => data.truncate(random.below(data.len() as u64 + 1) as usize),
        1 => data.extend(garbage(random, 40)),
        2 => data.clear(),
        3 => scramble(&mut data, random),
        // Other kinds of letters: unknown, private, reserved, not safe to copy.
        4 if one_in(random, 3) => name[random.below(3) as usize + 1] ^= 0x20,
        _ => {}
    }
    let copies = match random.below(12) {
        0 => 2,
        1 if data.len() < 40 => few(random, 1500),
        _ => 1,
    };
    vec![chunk(&name, &data); copies]
}

/// A chunk of the specification, of its extensions, or of programs, and sound data of it, if it
/// has some.
fn valid(random: &mut Random) -> (&'static [u8; 4], Vec<u8>) {
    let longs = |numbers: &[u32]| {
        numbers
            .iter()
            .flat_map(|n| n.to_be_bytes())
            .collect::<Vec<_>>()
    };
    match random.below(32) {
        0 => (b"gAMA", longs(&[*some(random, &[45455, 0, 1, u32::MAX])])),
        1 => (
            b"cHRM",
            longs(&[31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000]),
        ),
        2 => (b"sRGB", vec![random.below(6) as u8]),
        3 => (
            b"cICP",
            vec![1, 13, random.below(2) as u8, random.below(3) as u8],
        ),
        4 => (
            b"mDCV",
            [longs(&[0x0102_0304; 4]), longs(&[1000, 1])].concat(),
        ),
        5 => (b"cLLI", longs(&[10_000, 5000])),
        6 => (b"sBIT", vec![5, 6, 5]),
        7 => (b"bKGD", vec![0, 1, 0, 2, 0, 3]),
        8 => (b"hIST", vec![0, 1]),
        9 => (b"sPLT", b"palette\0\x08\x01\x02\x03\x04\0\x01".to_vec()),
        10 => (
            b"pHYs",
            [
                longs(&[*some(random, &[2835, 0, 1, u32::MAX]), 2835]),
                vec![random.below(3) as u8],
            ]
            .concat(),
        ),
        11 => (b"oFFs", [longs(&[1, 2]), vec![0]].concat()),
        12 => (
            b"pCAL",
            b"purpose\0\0\0\0\0\0\0\0\xff\0\x02unit\x000\x001".to_vec(),
        ),
        13 => (b"sCAL", b"\x010.1\x000.1".to_vec()),
        14 => (b"sTER", vec![random.below(3) as u8]),
        15 => (b"tIME", vec![7, 0xea, 13, 32, 25, 61, 61]),
        16 => (b"tRNS", vec![0, 77, 0, 77, 0, 77]),
        17 => (b"eXIf", exif::block(random)),
        18 => (b"eXIf", [&b"Exif\0\0"[..], &exif::block(random)].concat()),
        19 => (
            b"iCCP",
            [&b"icc\0\0"[..], &deflated(&text::icc(random))].concat(),
        ),
        // A thousand times as large as its data.
        20 => (b"iCCP", [&b"icc\0\0"[..], &bomb(random)].concat()),
        21 => (b"zTXt", [&b"Comment\0\0"[..], &bomb(random)].concat()),
        22 => (
            b"iTXt",
            [&b"XML:com.adobe.xmp\0\x01\0\0\0"[..], &bomb(random)].concat(),
        ),
        23 => (
            b"iTXt",
            [&b"XML:com.adobe.xmp\0\0\0\0\0"[..], &text::xmp(random)].concat(),
        ),
        24 => (
            b"iTXt",
            [
                &b"XML:com.adobe.xmp\0\x01\0\0\0"[..],
                &deflated(&text::xmp(random)),
            ]
            .concat(),
        ),
        25 => {
            let key = *some(
                random,
                &[
                    "Raw profile type exif",
                    "Raw profile type APP1",
                    "Raw profile type iptc",
                ],
            );
            (
                b"zTXt",
                [
                    key.as_bytes(),
                    b"\0\0",
                    &deflated(b"\nexif\n 4\n4d4d002a\n"),
                ]
                .concat(),
            )
        }
        26 => (
            b"iTXt",
            [keyword(random), b"\0\0\0en\0\xc3\xa9\0text".to_vec()].concat(),
        ),
        27 => (
            b"tEXt",
            [keyword(random), b"\0text \xff\0\x01".to_vec()].concat(),
        ),
        28 => (
            b"zTXt",
            [keyword(random), b"\0\0".to_vec(), deflated(b"a text")].concat(),
        ),
        29 => (b"acTL", longs(&[*some(random, &[0, 1, 2, u32::MAX]), 0])),
        30 => (b"caBX", garbage(random, 60)),
        _ => (
            *some(
                random,
                &[b"prVt", b"prVT", b"gIFg", b"gIFx", b"iDOT", b"dSIG"],
            ),
            garbage(random, 60),
        ),
    }
}

/// A keyword, some of which the specification forbids.
fn keyword(random: &mut Random) -> Vec<u8> {
    match random.below(6) {
        0 => Vec::new(),
        1 => vec![b'k'; 79 + few(random, 100)],
        2 => b" two  spaces ".to_vec(),
        3 => garbage(random, 20),
        _ => some(random, &[&b"Author"[..], b"Comment", b"Title", b"Software"]).to_vec(),
    }
}

fn bomb(random: &mut Random) -> Vec<u8> {
    deflated(&vec![b' '; 1 << *some(random, &[20, 22])])
}
