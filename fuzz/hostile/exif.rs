//! EXIF data.

use crate::{choice::some, common::Random};

use super::{
    directories::{
        Built, Data, Order, Value,
        kinds::{LONG, UNDEFINED},
    },
    few, garbage, one_in, thumbnail,
};

/// Damaged data, from their TIFF header on.
pub(super) fn block(random: &mut Random) -> Vec<u8> {
    let order = Order {
        big_endian: one_in(random, 2),
        is_big: one_in(random, 40),
    };
    let mut built = Built::new(order, &chain(order, random));
    if !one_in(random, 8) {
        built.damage(random);
    }
    let mut bytes = built.bytes;
    if one_in(random, 16) {
        let prefix = *some(random, &[&b"Exif\0\0"[..], b"\0", b"EXIF"]);
        bytes.splice(..0, prefix.iter().copied());
    }
    bytes
}

/// The directory of a picture, and of its thumbnail.
fn chain(order: Order, random: &mut Random) -> Vec<Vec<Value>> {
    let mut first = picture(order, random);
    if one_in(random, 3) {
        let orientation = random.below(10) as u16;
        first.push(Value::shorts(0x112, order, &[orientation]));
    }
    first.push(Value::directories(0x8769, vec![exif(order, random)]));
    first.push(Value::directories(0x8825, vec![gps(order)]));
    first.sort_by_key(|value| value.tag);
    let mut chain = vec![first];
    // Real data have one thumbnail.
    for _ in 0..=few(random, 30) {
        chain.push(preview(order));
    }
    chain
}

/// Tags of a picture.
pub(super) fn picture(order: Order, random: &mut Random) -> Vec<Value> {
    let mut values = vec![
        Value::text(0x10f, "Maker"),
        Value::text(0x110, "Model"),
        Value::text(0x131, "Software"),
        Value::text(0x132, "2026:01:02 03:04:05"),
        Value::text(0x13b, "Somebody"),
        Value::text(0x8298, "Copyright"),
        Value::bytes(0x9c9d, 1, b"n\0a\0m\0e\0\0\0"),
    ];
    if one_in(random, 2) {
        values.push(Value::directories(0x14a, nested(order, random)));
    }
    if one_in(random, 4) {
        values.push(Value::bytes(0x2bc, 1, super::text::xmp(random)));
        values.push(Value::bytes(0x83bb, UNDEFINED, super::text::iptc(random)));
        values.push(Value::bytes(
            0x8649,
            UNDEFINED,
            super::text::photoshop(random),
        ));
    }
    values
}

/// Directories of previews in directories of previews, at times many.
fn nested(order: Order, random: &mut Random) -> Vec<Vec<Value>> {
    let depth = match one_in(random, 6) {
        true => 300,
        false => few(random, 6),
    };
    let mut inside = vec![preview(order)];
    for _ in 0..depth {
        let mut outer = preview(order);
        outer.push(Value::directories(0x14a, inside));
        inside = vec![outer];
    }
    inside
}

/// The directory of a preview.
pub(super) fn preview(order: Order) -> Vec<Value> {
    let thumbnail = thumbnail();
    let len = thumbnail.len() as u32;
    vec![
        Value::long(0xfe, order, 1),
        Value::shorts(0x103, order, &[6]),
        Value::rationals(0x11a, order, &[[72, 1]]),
        Value::new(0x201, LONG, Data::Blob(thumbnail)),
        Value::long(0x202, order, len),
    ]
}

pub(super) fn exif(order: Order, random: &mut Random) -> Vec<Value> {
    let note = match random.below(4) {
        0 => b"Nikon\0\x02\x10\0\0".to_vec(),
        1 => [&b"Apple iOS\0\0\x01MM"[..], &thumbnail()].concat(),
        2 => garbage(random, 200),
        _ => [&b"Canon"[..], &thumbnail()[..80]].concat(),
    };
    let mut values = vec![
        Value::rationals(0x829a, order, &[[1, 60]]),
        Value::bytes(0x9000, UNDEFINED, b"0232"),
        Value::text(0x9003, "2026:01:02 03:04:05"),
        Value::bytes(0x9101, UNDEFINED, [1, 2, 3, 0]),
        Value::bytes(0x927c, UNDEFINED, note),
        Value::bytes(0x9286, UNDEFINED, b"UNICODE\0c\0o\0m\0"),
        Value::shorts(0xa001, order, &[1]),
        Value::long(0xa002, order, 9999),
        Value::shorts(0xa003, order, &[9999]),
        Value::bytes(0xa302, UNDEFINED, [2, 0, 2, 0, 0, 1, 1, 2]),
    ];
    values.push(Value::directories(
        0xa005,
        vec![vec![
            Value::text(1, "R98"),
            Value::bytes(2, UNDEFINED, b"0100"),
            Value::long(0x1001, order, 9999),
            Value::long(0x1002, order, 9999),
        ]],
    ));
    values.sort_by_key(|value| value.tag);
    values
}

pub(super) fn gps(order: Order) -> Vec<Value> {
    vec![
        Value::bytes(0, 1, [2, 3, 0, 0]),
        Value::text(1, "N"),
        Value::rationals(2, order, &[[52, 1], [31, 1], [0, 1]]),
        Value::text(3, "E"),
        Value::rationals(4, order, &[[13, 1], [24, 1], [0, 1]]),
        Value::text(0x12, "WGS-84"),
    ]
}
