//! JPEG: read by zune-jpeg in its strict mode, written by jpeg-encoder.
//!
//! zune-jpeg gives no rows as they come, so a picture is read whole.

mod write;

pub(super) use write::create;

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{
    JpegDecoder,
    errors::{DecodeErrors, UnsupportedSchemes},
};

use crate::{
    error::{Error, Result},
    image::{Depth, Image, Samples},
};

use super::{Decoded, Format, Limits, Metadata, message};

/// Reads a JPEG: gray stays gray, everything else becomes RGB.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Decoded> {
    let Some(bytes) = guarded(bytes) else {
        return Err(message::truncated("jpeg"));
    };
    let bytes = bytes.as_slice();
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut header = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    header.decode_headers().map_err(decoding)?;
    let (Some((columns, rows)), Some(space)) = (header.dimensions(), header.input_colorspace())
    else {
        return Err(message::damaged("jpeg", "no size in its header"));
    };
    let (target, channels) = match space {
        ColorSpace::Luma => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    let mut pixels = match limits.allocate(rows, columns, channels, Depth::U8)? {
        Samples::U8(pixels) => pixels,
        _ => Vec::new(),
    };
    let options = options.jpeg_set_out_colorspace(target);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_into(&mut pixels).map_err(decoding)?;
    let metadata = Metadata {
        icc: decoder.icc_profile(),
        exif: decoder.exif().cloned(),
        ..Metadata::default()
    };
    let mut warnings = Vec::new();
    if matches!(space, ColorSpace::CMYK | ColorSpace::YCCK) {
        warnings.push(
            "the jpeg file is CMYK: it was read as RGB, without regard to its profile".to_owned(),
        );
    }
    Ok(Decoded {
        image: Image::new(rows, columns, channels, Samples::U8(pixels))?,
        format: Format::Jpeg,
        metadata,
        warnings,
    })
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
    let mut at = 2;
    loop {
        // To the next 0xff, past fill bytes, to the mark's code.
        at += bytes.get(at..)?.iter().position(|byte| *byte == 0xff)?;
        let mark = at;
        at += bytes[at..].iter().position(|byte| *byte != 0xff)?;
        let code = bytes[at];
        at += 1;
        match code {
            0xd0..=0xd7 | 0xd9 => {
                guarded.extend_from_slice(&bytes[copied..mark]);
                guarded.extend_from_slice(&GUARD);
                copied = mark;
                if code == 0xd9 {
                    guarded.extend_from_slice(&bytes[copied..at]);
                    return Some(guarded);
                }
            }
            // A stuffed 0xff of the scan, and marks without a length.
            0x00 | 0x01 | 0xd8 => {}
            _ => {
                let length = bytes.get(at..at + 2)?;
                at += usize::from(u16::from_be_bytes([length[0], length[1]])).max(2);
            }
        }
    }
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
