//! Changes to headers that are lists: the attributes of an EXR, the lines of an
//! HDR. Their parts are repeated, renamed, made long, or claim another size.

use std::ops::Range;

use crate::{
    choice::{EDGES, some},
    common::Random,
};

/// Changes a header that is known; says whether it was one.
pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut Random) -> bool {
    if bytes.starts_with(b"\x76\x2f\x31\x01") {
        exr(bytes, random);
    } else if bytes.starts_with(b"#?") {
        hdr(bytes, random);
    } else {
        return false;
    }
    true
}

/// Names that mean something to a decoder.
const NAMES: [&str; 12] = [
    "channels",
    "compression",
    "dataWindow",
    "displayWindow",
    "lineOrder",
    "tiles",
    "type",
    "chunkCount",
    "name",
    "preview",
    "multiView",
    "x",
];

const KINDS: [&str; 14] = [
    "chlist",
    "compression",
    "box2i",
    "lineOrder",
    "tiledesc",
    "string",
    "stringvector",
    "int",
    "float",
    "v2f",
    "preview",
    "m44f",
    "floatvector",
    "x",
];

/// Where an attribute stands, and where in it the size of its value.
struct Attribute {
    all: Range<usize>,
    size: usize,
}

/// The attributes of the first part.
fn attributes(bytes: &[u8]) -> Vec<Attribute> {
    let text = |at: usize| {
        let rest = bytes.get(at..)?;
        Some(at + rest.iter().position(|byte| *byte == 0)? + 1)
    };
    let mut found = Vec::new();
    let mut at = 8;
    let next = |at: usize| {
        let size = text(text(at)?)?;
        let length = u32::from_le_bytes(*bytes.get(size..)?.first_chunk()?) as usize;
        let end = (size + 4).checked_add(length)?;
        let attribute = Attribute { all: at..end, size };
        (end <= bytes.len() && bytes[at] != 0).then_some(attribute)
    };
    while let Some(attribute) = next(at) {
        at = attribute.all.end;
        found.push(attribute);
    }
    found
}

fn exr(bytes: &mut Vec<u8>, random: &mut Random) {
    let all = attributes(bytes);
    if all.is_empty() {
        return;
    }
    let header = 8..all[all.len() - 1].all.end;
    let one = some(random, &all);
    let (Range { start, end }, size) = (one.all.clone(), one.size);
    match random.below(9) {
        0 => {
            let copies = bytes[start..end].repeat(random.below(200) as usize + 1);
            bytes.splice(end..end, copies);
        }
        1 => {
            let claim = *some(random, &EDGES) as u32;
            bytes[size..size + 4].copy_from_slice(&claim.to_le_bytes());
        }
        2 => {
            let name = match random.below(3) {
                0 => "n".repeat(random.below(400) as usize),
                _ => (*some(random, &NAMES)).to_owned(),
            };
            let old = bytes[start..].iter().position(|byte| *byte == 0);
            bytes.splice(start..start + old.unwrap_or(0), name.into_bytes());
        }
        3 => {
            let name = bytes[start..].iter().position(|byte| *byte == 0);
            let kind = start + name.unwrap_or(0) + 1;
            bytes.splice(kind..size - 1, some(random, &KINDS).bytes());
        }
        4 => drop(bytes.drain(start..end)),
        5 => {
            // Numbers of a value, which is mostly made of them.
            let places = ((end - size) / 4).max(2) as u64 - 1;
            let place = size + 4 + 4 * random.below(places) as usize;
            if let Some(number) = bytes.get_mut(place..place + 4) {
                let edge = *some(random, &EDGES) as u32;
                number.copy_from_slice(&edge.to_le_bytes());
            }
        }
        6 => {
            let kind = some(random, &KINDS);
            let value = vec![random.next() as u8; random.below(9) as usize];
            let new = (0..random.below(300)).flat_map(|at| {
                let name = format!("{at:x}");
                let length = (value.len() as u32).to_le_bytes();
                [
                    name.as_bytes(),
                    b"\0",
                    kind.as_bytes(),
                    b"\0",
                    &length,
                    &value,
                ]
                .concat()
            });
            let new: Vec<u8> = new.collect();
            bytes.splice(end..end, new);
        }
        // A file of several parts, or of one in tiles.
        7 => {
            let part = [&bytes[header.clone()], &[0]].concat();
            let parts = part.repeat(random.below(60) as usize);
            bytes.splice(8..8, parts);
            bytes[5] ^= 1 << random.below(8);
        }
        _ => {
            // A value of another length, which it tells.
            let value = vec![random.next() as u8; random.below(5000) as usize];
            let length = (value.len() as u32).to_le_bytes();
            bytes.splice(size..end, [&length[..], &value].concat());
        }
    }
}

fn hdr(bytes: &mut Vec<u8>, random: &mut Random) {
    let end = bytes.windows(2).position(|ends| ends == b"\n\n");
    let end = end.map_or(bytes.len(), |end| end + 1);
    let mut lines: Vec<Vec<u8>> = bytes[..end]
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let at = random.below(lines.len() as u64 + 1) as usize;
    let line = lines.get(at).cloned().unwrap_or_default();
    let keys = [
        "FORMAT=",
        "EXPOSURE=",
        "COLORCORR=",
        "PIXASPECT=",
        "#",
        "x=",
        "",
    ];
    match random.below(6) {
        0 => {
            let copies = vec![line; random.below(3000) as usize];
            lines.splice(at..at, copies);
        }
        1 => {
            let long = vec![random.next() as u8; random.below(60_000) as usize];
            lines.insert(at, [&long[..], b"\n"].concat());
        }
        2 if at < lines.len() => drop(lines.remove(at)),
        3 => {
            let value = [
                "1e39",
                "-1",
                "nan",
                "1 2 3",
                "32-bit_rle_rgbe",
                "32-bit_rle_xyze",
                "",
            ];
            let (key, value) = (some(random, &keys), some(random, &value));
            lines.insert(at, format!("{key}{value}\n").into_bytes());
        }
        4 => lines.insert(at, b"\n".to_vec()),
        _ => {
            // The last line runs on into the one of the size.
            if let Some(last) = lines.last_mut() {
                last.pop();
            }
        }
    }
    bytes.splice(..end, lines.concat());
}
