//! The background of a PNG is kept where the result can hold its colour.

use std::fs;

use flate2::Crc;
use stridekern::{
    Border, Channel, Filter, KernelBank,
    codec::{self, Fate, Format, Limits, MetadataPolicy, Part, PartFate},
};

/// A file with a background before its samples.
fn with_background(name: &str, data: &[u8]) -> Vec<u8> {
    let file = fs::read(format!("testdata/odd/{name}")).unwrap();
    let at = file.windows(4).position(|part| part == b"IDAT").unwrap() - 4;
    let mut chunk = (data.len() as u32).to_be_bytes().to_vec();
    chunk.extend(b"bKGD");
    chunk.extend(data);
    let mut crc = Crc::new();
    crc.update(&chunk[4..]);
    chunk.extend(crc.sum().to_be_bytes());
    [&file[..at], &chunk, &file[at..]].concat()
}

/// What becomes of the background in a PNG of these channels, and the chunk that is written.
fn carried(file: &[u8], channel: Channel) -> (Fate, Option<Vec<u8>>) {
    let read = codec::read_bytes(file, None, &Limits::default()).unwrap();
    let filter = Filter::new(KernelBank::builtin("identity").unwrap())
        .with_channel(channel)
        .with_extent(Border::Edge);
    let image = filter.apply(&read.image).unwrap();
    let fates = (read.metadata).fates(MetadataPolicy::Keep, Format::Png, image.spec());
    let is_background = |fate: &&PartFate| fate.name == "chunk bKGD";
    let fate = fates.iter().find(is_background).unwrap().fate.clone();
    let mut made = std::io::Cursor::new(Vec::new());
    let options = codec::EncodeOptions::default();
    codec::encode(&image, Format::Png, &read.metadata, &options, &mut made).unwrap();
    let again = codec::read_bytes(&made.into_inner(), None, &Limits::default()).unwrap();
    let written = again.metadata.parts.iter().find_map(|part| match part {
        Part::Chunk {
            name: [b'b', b'K', b'G', b'D'],
            data,
        } => Some(data.to_vec()),
        _ => None,
    });
    (fate, written)
}

/// The palette of a file.
fn palette(name: &str) -> Vec<[u8; 3]> {
    let file = fs::read(format!("testdata/odd/{name}")).unwrap();
    let at = file.windows(4).position(|part| part == b"PLTE").unwrap();
    let length = u32::from_be_bytes(file[at - 4..at].try_into().unwrap()) as usize;
    file[at + 4..][..length].as_chunks::<3>().0.to_vec()
}

#[test]
fn the_background_is_the_colour_that_it_names() {
    let lost = |why: &str| (Fate::Lost(why.to_owned()), None);
    let kept = |data: &[u8]| (Fate::Kept, Some(data.to_vec()));
    let each = Channel::Each;
    for name in ["palette.png", "palette_4bit.png", "palette_trns.png"] {
        let colors = palette(name);
        for index in [0, 1, colors.len() - 1] {
            let [r, g, b] = colors[index];
            let file = with_background(name, &[index as u8]);
            assert_eq!(
                carried(&file, each),
                kept(&[0, r, 0, g, 0, b]),
                "{name} {index}"
            );
            let gray = carried(&file, Channel::Luma);
            match r == g && g == b {
                true => assert_eq!(gray, kept(&[0, r]), "{name} {index}"),
                false => assert_eq!(gray, lost("it is in other channels"), "{name} {index}"),
            }
        }
        for data in [&[colors.len() as u8][..], &[0, 0], &[0; 6]] {
            if data == [0] {
                continue;
            }
            let file = with_background(name, data);
            assert_eq!(
                carried(&file, each),
                lost("it is damaged"),
                "{name} {data:?}"
            );
        }
    }
    for (name, channel, data, wanted) in [
        (
            "rgb_trns.png",
            each,
            &[0, 1, 0, 2, 0, 3][..],
            kept(&[0, 1, 0, 2, 0, 3]),
        ),
        (
            "rgb_trns.png",
            Channel::Luma,
            &[0, 7, 0, 7, 0, 7],
            kept(&[0, 7]),
        ),
        (
            "rgb_trns.png",
            Channel::Luma,
            &[0, 7, 0, 7, 0, 8],
            lost("it is in other channels"),
        ),
        (
            "rgba.png",
            each,
            &[0, 9, 0, 9, 0, 9],
            kept(&[0, 9, 0, 9, 0, 9]),
        ),
        ("gray_alpha.png", each, &[0, 9], kept(&[0, 9])),
        ("gray_alpha.png", each, &[0; 6], lost("it is damaged")),
        ("gray1.png", each, &[0, 1], kept(&[0, 255])),
        ("gray2.png", each, &[0, 2], kept(&[0, 170])),
        ("gray4.png", each, &[0, 3], kept(&[0, 51])),
        ("gray4.png", each, &[0, 16], lost("it is damaged")),
        (
            "gray16.png",
            each,
            &[1, 2],
            lost("it is in samples of another type"),
        ),
        (
            "rgba16.png",
            each,
            &[1; 6],
            lost("it is in samples of another type"),
        ),
    ] {
        let file = with_background(name, data);
        assert_eq!(carried(&file, channel), wanted, "{name} {data:?}");
    }
}
