//! Blocks that are no directories: XMP, IPTC, Photoshop's resources, ICC profiles.

use crate::{
    choice::{EDGES, some},
    common::Random,
};

use super::{PORTRAIT, few, garbage, one_in, scramble};

/// That of a preview in blocks whose false lengths may make it a part of what stays.
const OTHER_FACE: &[u8] = b"needle-preview";

const PROFILE: &[u8] = include_bytes!("../../testdata/blocks/rgb.icc");

/// Damaged XMP data.
pub(super) fn xmp(random: &mut Random) -> Vec<u8> {
    let face = str::from_utf8(PORTRAIT).unwrap();
    let number = *some(
        random,
        &[
            "9999",
            "0",
            "-1",
            "1e9",
            "99999999999999999999999",
            "",
            "&#57;",
            "x",
        ],
    );
    let attributes = match random.below(8) {
        0 => format!("tiff:ImageWidth=\"{number}\" tiff:ImageWidth=\"{number}\""),
        1 => (0..few(random, 3000))
            .map(|at| format!(" a{at}=\"\""))
            .collect(),
        2 => (0..few(random, 900))
            .map(|at| format!(" xmlns:n{at}=\"u{at}\""))
            .collect(),
        _ => format!(
            "tiff:ImageWidth=\"{number}\" tiff:Orientation='{number}' exif:PixelXDimension=\"{number}\""
        ),
    };
    let inside = match random.below(10) {
        0 => format!("<tiff:ImageLength><![CDATA[{number}]]></tiff:ImageLength>"),
        1 => {
            let depth = few(random, 4000);
            format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth))
        }
        2 => "<b/>".repeat(few(random, 20_000)),
        3 => "<tiff:ImageLength".to_owned(),
        4 => format!("<!-- {number} --><?x {number}?>"),
        5 => "&lol;&#0;&#xffff;".to_owned(),
        6 => "<tiff:BitsPerSample><rdf:Seq><rdf:li>8</rdf:li></rdf:Seq></tiff:BitsPerSample>"
            .to_owned(),
        _ => format!("<tiff:ImageLength>{number}</tiff:ImageLength>"),
    };
    let start = match random.below(8) {
        0 => "<!DOCTYPE a [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;\">]>",
        1 => "\u{feff}",
        _ => "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>",
    };
    let text = format!(
        "{start}<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description rdf:about='' xmlns:tiff='http://ns.adobe.com/tiff/1.0/' xmlns:exif='http://ns.adobe.com/exif/1.0/' \
         xmlns:xmp='http://ns.adobe.com/xap/1.0/' {attributes}>{inside}\
         <xmp:Thumbnails><rdf:Alt><rdf:li>{face}</rdf:li></rdf:Alt></xmp:Thumbnails>\
         </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    );
    let mut bytes = match random.below(16) {
        0 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        _ => text.into_bytes(),
    };
    match random.below(6) {
        0 => bytes.truncate(random.below(bytes.len() as u64 + 1) as usize),
        1 => {
            // No UTF-8.
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = *some(random, &[0x80, 0xc0, 0xff, 0]);
        }
        2 => bytes.extend(vec![0; few(random, 9)]),
        _ => {}
    }
    bytes
}

/// A data set of IPTC, which claims this length.
fn data_set(record: u8, number: u8, claim: usize, data: &[u8]) -> Vec<u8> {
    let claim = (claim as u16).to_be_bytes();
    [&[0x1c, record, number], &claim[..], data].concat()
}

/// Damaged IPTC data.
pub(super) fn iptc(random: &mut Random) -> Vec<u8> {
    let mut all = data_set(1, 90, 3, b"\x1b%G");
    for _ in 0..=few(random, 200) {
        let text = some(random, &[&b"caption"[..], b"", b"\xff\xfe\0"]).to_vec();
        let claim = match random.below(4) {
            0 => *some(random, &EDGES) as usize,
            _ => text.len(),
        };
        all.extend(data_set(2, *some(random, &[5, 25, 80, 120]), claim, &text));
    }
    all.extend(data_set(2, 202, OTHER_FACE.len(), OTHER_FACE));
    match random.below(6) {
        // Lengths of lengths.
        0 => all.extend(b"\x1c\x02\x78\x80\x04\0\0\0\x02ab"),
        1 => all.extend(b"\x1c\x02\x78\xff\xff\xff\xff"),
        2 => {
            let len = random.below(all.len() as u64) as usize;
            all.truncate(len);
        }
        3 => all.extend(garbage(random, 9)),
        _ => {}
    }
    all
}

/// One of Photoshop's resources, which claims this size.
fn resource(id: u16, name: &[u8], claim: usize, data: &[u8]) -> Vec<u8> {
    let mut all = [b"8BIM", &id.to_be_bytes()[..], &[name.len() as u8], name].concat();
    all.resize(all.len().next_multiple_of(2), 0);
    all.extend((claim as u32).to_be_bytes());
    all.extend(data);
    all.resize(all.len().next_multiple_of(2), 0);
    all
}

/// Damaged image resources.
pub(super) fn photoshop(random: &mut Random) -> Vec<u8> {
    let mut all = Vec::new();
    for _ in 0..=few(random, 60) {
        let (id, data) = match random.below(8) {
            0 => (1036, [&[0; 28], OTHER_FACE].concat()),
            1 => (1028, iptc(random)),
            2 => (1058, super::exif::block(random)),
            3 => (1060, xmp(random)),
            4 => (1050, [6_u32, 0, 0, 9, 9].map(u32::to_be_bytes).concat()),
            5 => (1061, vec![7; 16]),
            6 => (1039, PROFILE.to_vec()),
            _ => (random.next() as u16, garbage(random, 40)),
        };
        let claim = match random.below(12) {
            0 => *some(random, &EDGES) as usize,
            _ => data.len(),
        };
        let name = *some(random, &[&b""[..], b"name", b"names"]);
        let mut one = resource(id, name, claim, &data);
        if one_in(random, 20) {
            one[..4].copy_from_slice(*some(random, &[b"PHUT", b"8BPS", b"\0\0\0\0"]));
        }
        all.extend(one);
    }
    if one_in(random, 4) {
        all.truncate(random.below(all.len() as u64 + 1) as usize);
    }
    all
}

/// A damaged ICC profile.
pub(super) fn icc(random: &mut Random) -> Vec<u8> {
    let mut icc = PROFILE.to_vec();
    if one_in(random, 3) {
        let space = some(
            random,
            &[b"GRAY", b"CMYK", b"Lab ", b"\0\0\0\0", b"RGB\0", b"\x1b[2J"],
        );
        icc[16..20].copy_from_slice(*space);
    }
    match random.below(6) {
        0 => icc.truncate(random.below(icc.len() as u64 + 1) as usize),
        1 | 2 => {
            // Size, number of tags, and the places of these.
            let tags = (icc.len() as u64 - 132).min(9 * 12) / 4;
            let places = [0, 128]
                .into_iter()
                .chain((0..tags as usize).map(|at| 132 + 4 * at));
            let at = *some(random, &Vec::from_iter(places));
            let number = (*some(random, &EDGES) as u32).to_be_bytes();
            icc[at..at + 4].copy_from_slice(&number);
        }
        3 => scramble(&mut icc, random),
        4 => icc.extend(vec![0; few(random, 70_000)]),
        _ => {}
    }
    icc
}
