//! What a header carries beside what the picture needs.

use std::collections::{BTreeMap, BTreeSet};

use ::exr::meta::{
    MetaData,
    attribute::{AttributeValue, IntegerBounds, Text},
    header::{ImageAttributes, LayerAttributes, standard_names as names},
};

use crate::codec::{Attribute, Limits, Omission, Part, metadata::PartList};

use super::Walk;

/// The attributes of this part of a file.
pub(super) fn parts(bytes: &[u8], meta: &MetaData, part: usize, limits: &Limits) -> Vec<Part> {
    let header = &meta.headers[part];
    let mut parts = PartList::default();
    let mut known = BTreeSet::new();
    // In the order of the file: the crate has most of them in a hash map.
    let stored = stored(bytes, part);
    let places = stored.iter().enumerate().rev();
    let places = BTreeMap::from_iter(places.map(|(place, (name, _))| (*name, place)));
    let mut attributes = Vec::from_iter(header.all_named_attributes());
    attributes.sort_by_key(|(name, _)| places.get(name).copied().unwrap_or(usize::MAX));
    for (name, value) in attributes {
        known.insert(name.to_vec());
        if is_storage(name) || is_default(name, &value) {
            continue;
        }
        let mut data = Vec::new();
        let is_sound = value.validate(false, IntegerBounds::zero(), true).is_ok()
            && is_in_range(name, &value)
            && value.write(&mut data).is_ok();
        let attribute = Attribute::new(name, value.kind_name(), &data);
        let is_foreign = |other: &Text| other.as_slice() == name;
        let is_other = header.own_attributes.other.keys().any(is_foreign)
            || header.shared_attributes.other.keys().any(is_foreign);
        let value = places.get(name).map(|place| stored[*place].1);
        let why = if !is_sound {
            Some(Omission::Unknown("it is damaged"))
        } else if value.is_some_and(|value| value != data) {
            // As codes of film, which the crate writes without one of their numbers.
            Some(Omission::Unknown("it would not be written as it is"))
        } else if data.len() > limits.metadata() {
            Some(Omission::Unknown("it is too large"))
        } else if is_other && names::ALL.contains(&name) {
            Some(Omission::Unknown(
                "it is of another type than its name stands for",
            ))
        } else {
            outdated(name).map(Omission::Outdated)
        };
        parts.push(match why {
            None => Part::Attribute(attribute),
            Some(why) => Part::Other {
                name: attribute.to_string(),
                bytes: data.len(),
                why,
            },
        });
    }
    // Those that the crate could not read.
    for (name, value) in stored {
        if !is_storage(name) && known.insert(name.to_vec()) {
            parts.push(Part::Other {
                name: Attribute::new(name, b"", b"").to_string(),
                bytes: value.len(),
                why: match outdated(name) {
                    Some(why) => Omission::Outdated(why),
                    None => Omission::Unknown("it is damaged"),
                },
            });
        }
    }
    parts.into_vec()
}

/// Names and values of the attributes of a part, as they are stored.
fn stored(bytes: &[u8], part: usize) -> Vec<(&[u8], &[u8])> {
    let mut walk = Walk::of(bytes);
    for _ in 0..part {
        while walk.next().is_some() {}
        if !walk.has_another_part() {
            return Vec::new();
        }
    }
    std::iter::from_fn(|| {
        walk.next()
            .map(|attribute| (attribute.name, attribute.value))
    })
    .collect()
}

/// Whether it says how the samples are stored.
fn is_storage(name: &[u8]) -> bool {
    matches!(
        name,
        names::TILES
            | names::BLOCK_TYPE
            | names::DEEP_DATA_VERSION
            | names::CHUNKS
            | names::MAX_SAMPLES
            | names::CHANNELS
            | names::COMPRESSION
            | names::DATA_WINDOW
            | names::DISPLAY_WINDOW
            | names::LINE_ORDER
            | names::DEEP_IMAGE_STATE
    )
}

/// Whether it says what is true without it.
fn is_default(name: &[u8], value: &AttributeValue) -> bool {
    match (name, value) {
        (names::PIXEL_ASPECT | names::WINDOW_WIDTH, AttributeValue::F32(value)) => *value == 1.0,
        (names::WINDOW_CENTER, AttributeValue::FloatVec2(value)) => {
            (value.x(), value.y()) == (0.0, 0.0)
        }
        (names::NAME, AttributeValue::Text(text)) => text.as_slice().is_empty(),
        _ => false,
    }
}

/// Whether a file can be written with this value.
fn is_in_range(name: &[u8], value: &AttributeValue) -> bool {
    match (name, value) {
        (names::PIXEL_ASPECT, AttributeValue::F32(value)) => (1e-6..=1e6).contains(value),
        (names::WINDOW_WIDTH, AttributeValue::F32(value)) => *value >= 0.0,
        _ => true,
    }
}

/// Why it is no more true of a result.
fn outdated(name: &[u8]) -> Option<&'static str> {
    match name {
        names::PREVIEW => Some("it shows the picture as it was"),
        names::ORIGINAL_DATA_WINDOW => Some("it is about the picture as it was"),
        names::DWA_COMPRESSION_LEVEL => Some("the result is compressed without loss"),
        names::MULTI_VIEW => Some("the result has one view"),
        b"oiio:SHA-1" => Some("it is a checksum of the picture as it was"),
        b"idManifest" => Some("it is about channels that are left out"),
        _ if name.starts_with(b"cryptomatte/") => Some("it is about channels that are left out"),
        _ => None,
    }
}

/// The attributes among parts of a file, as the exr crate has them.
pub(super) fn of_parts(parts: &[Part]) -> Option<(LayerAttributes, ImageAttributes)> {
    // Reading them is the crate's only way to sort them into its fields: a header is made of them.
    let mut header = b"\x76\x2f\x31\x01".to_vec();
    let attributes = parts.iter().filter_map(|part| match part {
        Part::Attribute(attribute) => Some(attribute),
        _ => None,
    });
    let has_long_name = attributes
        .clone()
        .any(|attribute| attribute.name.len() > 31 || attribute.kind.len() > 31);
    let version = if has_long_name { 0x402_u32 } else { 2 };
    header.extend(version.to_le_bytes());
    let mut add = |name: &[u8], kind: &[u8], data: &[u8]| {
        for text in [name, kind] {
            header.extend(text);
            header.push(0);
        }
        header.extend((data.len() as u32).to_le_bytes());
        header.extend(data);
    };
    for attribute in attributes {
        add(&attribute.name, &attribute.kind, &attribute.data);
    }
    // Of half floats, not linear, each pixel with a sample.
    let channel = b"R\0\x01\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\0";
    add(b"channels", b"chlist", channel);
    add(b"compression", b"compression", &[0]);
    add(b"dataWindow", b"box2i", &[0; 16]);
    add(b"displayWindow", b"box2i", &[0; 16]);
    add(b"lineOrder", b"lineOrder", &[0]);
    header.push(0);
    let meta = MetaData::read_from_buffered(&*header, false).ok()?;
    let header = meta.headers.into_iter().next()?;
    Some((header.own_attributes, header.shared_attributes))
}
