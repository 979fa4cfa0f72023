//! JPEG: read by zune-jpeg in its strict mode, written by libjpeg-turbo-rs.
//!
//! zune-jpeg gives no rows as they come, so a picture is read whole.

mod write;

pub(super) use write::{create, strip_rows};

use std::borrow::Cow;

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{
    JpegDecoder,
    errors::{DecodeErrors, UnsupportedSchemes},
};

use crate::{
    error::{Error, Result},
    image::{Depth, Image, Samples, zeroed_vec},
};

use super::{
    Format, Limits, Metadata, message,
    rows::{Header, RowReader, Trailer, WholeSource},
};

/// Opens a JPEG: gray stays gray, everything else becomes RGB.
pub(super) fn open<'a>(bytes: Cow<'a, [u8]>, limits: &Limits) -> Result<RowReader<'a>> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&*bytes), options);
    decoder.decode_headers().map_err(decoding)?;
    let (Some(info), Some(space)) = (decoder.info(), decoder.input_colorspace()) else {
        return Err(message::damaged("jpeg", "no size in its header"));
    };
    let (rows, columns) = (usize::from(info.height), usize::from(info.width));
    let (target, channels) = match space {
        ColorSpace::Luma => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    limits.check(rows as u64, columns as u64, channels as u64, Depth::U8)?;
    let mut header = Header::new(Format::Jpeg, [rows, columns, channels], Depth::U8);
    header.metadata = Metadata {
        icc: decoder.icc_profile(),
        exif: decoder.exif().cloned(),
        ..Metadata::default()
    };
    if matches!(space, ColorSpace::CMYK | ColorSpace::YCCK) {
        header.warnings.push(
            "the jpeg file is CMYK: it was read as RGB, without regard to its profile".to_owned(),
        );
    }
    // The file twice, once with guards, and all coefficients where they come
    // scan by scan.
    let samples = header.shape.bytes();
    let coefficients = match is_progressive(&bytes) {
        true => size_of::<i16>() * rows * columns * usize::from(info.components),
        false => 0,
    };
    let memory = 2 * bytes.len() + samples + coefficients;
    let metadata = header.metadata.clone();
    let options = options.jpeg_set_out_colorspace(target);
    Ok(WholeSource::reader(header, memory, move || {
        let guarded = guarded(&bytes).ok_or_else(|| message::truncated("jpeg"))?;
        drop(bytes);
        let mut pixels = zeroed_vec(samples)?;
        JpegDecoder::new_with_options(ZCursor::new(guarded.as_slice()), options)
            .decode_into(&mut pixels)
            .map_err(decoding)?;
        let image = Image::new(rows, columns, channels, Samples::U8(pixels))?;
        let warnings = Vec::new();
        Ok((image, Trailer { metadata, warnings }))
    }))
}

/// Whether the segments and scans run up to the mark that ends a JPEG.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    guarded(bytes).is_some()
}

/// A code of nothing but ones is in no Huffman table, by the standard.
const GUARD: [u8; 16] = [
    0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff, 0,
];

/// The file with a guard before each restart and before its end, or nothing if
/// the end is missing.
///
/// The decoder, strict or not, takes what is missing before one of these marks
/// for zeros, which give gray blocks; the guard makes it an error. Data that
/// are whole end before it, and it is then stepped over.
///
/// Pictures inside of segments, such as thumbnails, have marks of their own:
/// segments are stepped over by their lengths.
fn guarded(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut guarded = Vec::with_capacity(bytes.len() + bytes.len() / 16 + GUARD.len());
    let mut copied = 0;
    for mark in Marks::of(bytes) {
        if let RESTART_FIRST..=RESTART_LAST | END = mark.code {
            guarded.extend_from_slice(&bytes[copied..mark.at]);
            guarded.extend_from_slice(&GUARD);
            copied = mark.at;
            if mark.code == END {
                guarded.extend_from_slice(&bytes[copied..mark.end]);
                return Some(guarded);
            }
        }
    }
    None
}

const RESTART_FIRST: u8 = 0xd0;
const RESTART_LAST: u8 = 0xd7;
const END: u8 = 0xd9;

/// A mark: 0xff, fill bytes, its code.
struct Mark {
    at: usize,
    end: usize,
    code: u8,
}

/// The marks of a file behind its first one, those of the scans included,
/// without what lies inside of segments.
struct Marks<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Marks<'a> {
    const fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2 }
    }
}

impl Iterator for Marks<'_> {
    type Item = Mark;

    fn next(&mut self) -> Option<Mark> {
        // To the next 0xff, past fill bytes, to the mark's code.
        let bytes = self.bytes;
        let at = self.at
            + bytes
                .get(self.at..)?
                .iter()
                .position(|byte| *byte == 0xff)?;
        let end = at + bytes[at..].iter().position(|byte| *byte != 0xff)? + 1;
        let code = bytes[end - 1];
        self.at = match code {
            // A stuffed 0xff of the scan, and marks without a length.
            0x00 | 0x01 | RESTART_FIRST..=END => end,
            _ => {
                let length = bytes.get(end..end + 2)?;
                end + usize::from(u16::from_be_bytes([length[0], length[1]])).max(2)
            }
        };
        Some(Mark { at, end, code })
    }
}

/// Whether the picture grows sharper scan by scan.
fn is_progressive(bytes: &[u8]) -> bool {
    // Of these codes, three are no frames.
    let frame = |code: &u8| matches!(code, 0xc0..=0xcf) && !matches!(code, 0xc4 | 0xc8 | 0xcc);
    Marks::of(bytes).map(|mark| mark.code).find(frame) == Some(0xc2)
}

fn decoding(error: DecodeErrors) -> Error {
    match error {
        DecodeErrors::Unsupported(scheme) => {
            use UnsupportedSchemes as Scheme;
            let coding = match scheme {
                Scheme::LosslessHuffman | Scheme::LosslessArithmetic => "lossless coding",
                Scheme::ExtendedSequentialHuffman => "extended sequential coding",
                Scheme::ExtendedSequentialDctArithmetic | Scheme::ProgressiveDctArithmetic => {
                    "arithmetic coding"
                }
            };
            message::unsupported("jpeg", coding)
        }
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => message::truncated("jpeg"),
        DecodeErrors::Format(text) => damaged(&text),
        DecodeErrors::FormatStatic(text) => damaged(text),
        error => message::damaged("jpeg", error),
    }
}

fn damaged(text: &str) -> Error {
    match text.contains("remature") {
        true => message::truncated("jpeg"),
        false => message::damaged("jpeg", text),
    }
}

#[cfg(test)]
mod tests {
    use super::is_complete;

    #[test]
    fn codings_that_are_not_read_are_named() {
        use super::{DecodeErrors, UnsupportedSchemes, decoding};
        let scheme = UnsupportedSchemes::ProgressiveDctArithmetic;
        assert_eq!(
            decoding(DecodeErrors::Unsupported(scheme)).to_string(),
            "arithmetic coding is not supported in a jpeg file: convert it with another program first"
        );
    }

    #[test]
    fn the_end_is_found_past_segments_and_stuffing() {
        // A thumbnail's end in a segment, a stuffed 0xff and a restart in the scan.
        let whole = b"\xff\xd8\xff\xe1\x00\x06\xff\xd8\xff\xd9\xff\xda\x00\x02ab\xff\x00\xff\xd3c\xff\xff\xd9";
        assert!(is_complete(whole));
        for length in 0..whole.len() {
            assert!(!is_complete(&whole[..length]), "{length}");
        }
    }
}
