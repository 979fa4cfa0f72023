//! Sound pictures whose metadata are not: files of every format that are made anew for each
//! trial, from valid blocks that are damaged in their structure.

mod directories;
mod exif;
mod jpeg;
mod others;
mod png;
mod text;
mod tiff;
mod webp;

use stridekern::codec::Format;

use crate::{choice::some, common::Random, mutate::Mutator};

/// A text that is in previews of the picture as it was, and nowhere else.
pub(crate) const FACE: &[u8] = b"needle-face";

/// The same of XMP data.
pub(crate) const PORTRAIT: &[u8] = b"needle-portrait";

/// The formats that have metadata.
pub(crate) const FORMATS: [Format; 9] = [
    Format::Jpeg,
    Format::Png,
    Format::Tiff,
    Format::Webp,
    Format::Gif,
    Format::Ppm,
    Format::Bmp,
    Format::Hdr,
    Format::Exr,
];

/// A file of this format.
pub(crate) fn file(format: Format, random: &mut Random) -> Vec<u8> {
    match format {
        Format::Jpeg => jpeg::file(random),
        Format::Png => png::file(random),
        Format::Tiff => tiff::file(random),
        Format::Webp => webp::file(random),
        Format::Gif => others::gif(random),
        Format::Bmp => others::bmp(random),
        Format::Hdr => others::hdr(random),
        Format::Exr => others::exr(random),
        _ => others::netpbm(random),
    }
}

/// Whether something happens that does so once in `n` times.
fn one_in(random: &mut Random, n: u64) -> bool {
    random.below(n) == 0
}

/// A number of so many, mostly small.
fn few(random: &mut Random, most: u64) -> usize {
    let most = *some(random, &[1, 2, 3, most]);
    random.below(most + 1) as usize
}

/// Bytes that have no meaning.
fn garbage(random: &mut Random, most: u64) -> Vec<u8> {
    let len = random.below(most + 1);
    (0..len).map(|_| random.next() as u8).collect()
}

/// Changes bytes wherever they are.
fn scramble(bytes: &mut Vec<u8>, random: &mut Random) {
    let mutator = Mutator {
        others: &[],
        words: &[],
    };
    mutator.mutate(bytes, random);
}

/// A JPEG file, sound up to its frame header, that shows [`FACE`].
fn thumbnail() -> Vec<u8> {
    let table = [&b"\xff\xdb\0\x43\0"[..], &[1; 64]].concat();
    let frame = b"\xff\xc0\0\x0b\x08\0\x08\0\x08\x01\x01\x11\0";
    let comment = [&b"\xff\xfe\0\x0d"[..], FACE].concat();
    let scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\x34\xff\xd9";
    [b"\xff\xd8", &table[..], frame, &comment, scan].concat()
}
