//! Encoding: strips are encoded in parallel and joined by restart markers.

use std::io::Write;

use libjpeg_turbo_rs::{Encoder, PixelFormat};

use crate::{
    codec::rows::{SharedOutput, Sink, StripEncoder, StripFile},
    error::{Error, Result},
    image::ImageSpec,
    warning::Warning,
};

use super::{
    DensityUnit, Metadata, Part, Sampling, errors, markers::is_frame, progressive::Progressive,
    segments::PHOTOSHOP,
};

/// The rows of blocks in a strip, unless the restart interval would exceed 16 bits.
const BLOCK_ROWS: usize = 8;

/// How a file is encoded.
#[derive(Debug, Clone, Copy)]
pub(in crate::codec) struct Settings {
    pub(in crate::codec) quality: u8,
    pub(in crate::codec) sampling: Sampling,
    pub(in crate::codec) is_progressive: bool,
}

/// Begins a file of 8-bit gray or RGB.
pub(in crate::codec) fn create<'a>(
    spec: ImageSpec,
    metadata: Metadata,
    settings: Settings,
    out: SharedOutput<'a>,
) -> Box<dyn Sink + 'a> {
    let sampling = match spec.channels {
        1 => Sampling::S444,
        _ => settings.sampling,
    };
    let settings = Settings {
        quality: settings.quality.clamp(1, 100),
        sampling,
        ..settings
    };
    if settings.is_progressive {
        return Box::new(Progressive::new(spec, metadata, settings, out));
    }
    let rows = strip_rows(spec, sampling);
    let [columns_in_mcu, rows_in_mcu] = mcu(sampling);
    let file = File {
        out,
        spec,
        metadata,
        settings,
        interval: match spec.rows > rows {
            true => (spec.columns.div_ceil(columns_in_mcu) * rows / rows_in_mcu) as u16,
            false => 0,
        },
        tables: Vec::new(),
    };
    Box::new(StripEncoder::new(
        file,
        rows * spec.row_bytes(),
        spec.bytes(),
    ))
}

/// Columns and rows of a minimum coded unit, a block of chroma.
fn mcu(sampling: Sampling) -> [usize; 2] {
    sampling.factors().map(|factor| 8 * factor)
}

/// The rows of a strip: whole rows of minimum coded units.
pub(in crate::codec) fn strip_rows(spec: ImageSpec, sampling: Sampling) -> usize {
    let [columns, rows] = mcu(sampling);
    // The restart interval, a number of units, has 16 bits.
    let max_unit_rows = usize::from(u16::MAX) / spec.columns.div_ceil(columns);
    rows * max_unit_rows.clamp(1, BLOCK_ROWS * 8 / rows)
}

/// Each strip is one restart interval. The encoder makes an image of each strip; the
/// file is the headers of the first, then the scan data of all.
struct File<'a> {
    out: SharedOutput<'a>,
    spec: ImageSpec,
    metadata: Metadata,
    settings: Settings,
    /// The units of a strip, if there are several strips.
    interval: u16,
    /// The [tables] of the first strip, which all strips are read with.
    tables: Vec<u8>,
}

impl StripFile for File<'_> {
    /// Encodes these rows as an image; the first strip includes the metadata.
    fn encode(&self, number: usize, rows: &mut [u8]) -> Result<Vec<u8>> {
        let metadata = (number == 0).then_some(&self.metadata);
        let height = rows.len() / self.spec.row_bytes();
        let strip = ImageSpec {
            rows: height,
            ..self.spec
        };
        let mut strip = encoded(rows, strip, self.settings, metadata, |encoder| {
            encoder.restart_blocks(self.interval)
        })?;
        set_rows(&mut strip, height as u16, self.spec.rows as u16)?;
        Ok(strip)
    }

    fn append(&mut self, number: usize, strip: Vec<u8>) -> Result<()> {
        let start = scan(&strip).ok_or_else(|| encoding("the encoder wrote no scan"))?;
        let (head, data) = strip.split_at(start);
        let data = data
            .strip_suffix(&END)
            .ok_or_else(|| encoding("the encoder wrote no end"))?;
        let tables = tables(head);
        let written = match number.checked_sub(1) {
            None => {
                self.tables = tables;
                self.out.write_all(head)
            }
            Some(_) if tables != self.tables => {
                return Err(encoding("the encoder changed its tables between strips"));
            }
            Some(restart) => self.out.write_all(&[0xff, 0xd0 + (restart % 8) as u8]),
        };
        written
            .and_then(|()| self.out.write_all(data))
            .map_err(errors::writing)
    }

    fn finish(mut self, _: &Metadata) -> Result<Vec<Warning>> {
        self.out.write_all(&END).map_err(errors::writing)?;
        Ok(Vec::new())
    }
}

/// An image of this spec, as a file with these metadata; `with` sets further options.
pub(super) fn encoded<'a>(
    samples: &'a [u8],
    spec: ImageSpec,
    settings: Settings,
    metadata: Option<&'a Metadata>,
    with: impl FnOnce(Encoder<'a>) -> Encoder<'a>,
) -> Result<Vec<u8>> {
    let color = match spec.channels {
        1 => PixelFormat::Grayscale,
        _ => PixelFormat::Rgb,
    };
    let mut encoder = with(Encoder::new(samples, spec.columns, spec.rows, color))
        .quality(settings.quality)
        // Below quality 24 quantization values exceed 255. Clamped, they fit the
        // 8 bits that baseline decoders support.
        .force_baseline(true)
        .subsampling(settings.sampling.for_encoder());
    let Some(metadata) = metadata else {
        return encoder.encode().map_err(encoding);
    };
    if let Some(exif) = &metadata.exif {
        encoder = encoder.exif_data(exif);
    }
    if let Some(icc) = &metadata.icc {
        encoder = encoder.icc_profile(icc);
    }
    if let Some(xmp) = &metadata.xmp {
        encoder = encoder.xmp_data(xmp);
    }
    if let Some((unit, [x, y])) = metadata.density.and_then(|d| d.as_u16_pair()) {
        let unit = match unit {
            DensityUnit::None => 0,
            DensityUnit::Inch => 1,
            DensityUnit::Centimetre => 2,
        };
        encoder = encoder.density(unit, x as u16, y as u16);
    }
    let mut file = encoder.encode().map_err(encoding)?;
    insert_parts(&mut file, &metadata.parts)?;
    Ok(file)
}

/// The EOI marker.
const END: [u8; 2] = [0xff, 0xd9];

/// The segments of an image: the code of each, and the byte range of its content.
fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, std::ops::Range<usize>)> {
    let mut at = 2;
    std::iter::from_fn(move || {
        let [marker, code, high, low] = *bytes.get(at..)?.first_chunk()?;
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        let segment = at + 4..end;
        at = end;
        (marker == 0xff && end <= bytes.len()).then_some((code, segment))
    })
}

/// The byte offset of the first scan's data.
fn scan(bytes: &[u8]) -> Option<usize> {
    let mut segments = segments(bytes);
    segments.find_map(|(code, segment)| (code == 0xda).then_some(segment.end))
}

/// The bytes of a segment after its length.
const MAX_SEGMENT_BYTES: usize = 65_533;

/// Inserts comments and Photoshop's data after the application segments.
fn insert_parts(picture: &mut Vec<u8>, parts: &[Part]) -> Result<()> {
    let mut added = Vec::new();
    let mut add = |code: u8, content: &[&[u8]]| {
        let len = 2 + content.iter().map(|part| part.len()).sum::<usize>() as u16;
        added.extend([0xff, code]);
        added.extend(len.to_be_bytes());
        content
            .iter()
            .for_each(|part| added.extend_from_slice(part));
    };
    for part in parts {
        match part {
            Part::Photoshop(data) => {
                let chunks = data.chunks(MAX_SEGMENT_BYTES - PHOTOSHOP.len());
                chunks.for_each(|chunk| add(0xed, &[PHOTOSHOP, chunk]));
            }
            Part::Comment(text) => add(0xfe, &[text]),
            _ => {}
        }
    }
    let first = segments(picture).find(|(code, _)| !is_metadata(*code));
    let (_, segment) = first.ok_or_else(|| encoding("the encoder wrote no segments"))?;
    // Its marker and its length are before its content.
    let at = segment.start - 4;
    picture.splice(at..at, added);
    Ok(())
}

/// Whether a segment of this code is metadata: APP0 to APP15, and comments.
const fn is_metadata(code: u8) -> bool {
    matches!(code, 0xe0..=0xef | 0xfe)
}

/// The header segments that decoding depends on: all but the metadata.
fn tables(head: &[u8]) -> Vec<u8> {
    segments(head)
        .filter(|(code, _)| !is_metadata(*code))
        .flat_map(|(code, segment)| [&[code], &head[segment]].concat())
        .collect()
}

/// Changes the row count in the frame header from `strip` to `rows`: otherwise
/// decoders would read the first strip only.
fn set_rows(picture: &mut [u8], strip: u16, rows: u16) -> Result<()> {
    let frame = segments(picture).find(|(code, _)| is_frame(*code));
    let (_, segment) = frame.ok_or_else(|| encoding("the encoder wrote no frame header"))?;
    // After the sample precision (T.81, B.2.2).
    match picture[segment].get_mut(1..3) {
        Some(field) if *field == strip.to_be_bytes() => {
            field.copy_from_slice(&rows.to_be_bytes());
            Ok(())
        }
        _ => Err(encoding("the encoder wrote another number of rows")),
    }
}

fn encoding(error: impl std::fmt::Display) -> Error {
    errors::encoder_refused("jpeg", error, "png, tiff or npy")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::{codec::Output, image::Depth};

    use super::*;

    /// SOI, and segments of these codes and contents.
    fn picture(segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        for (code, content) in segments {
            bytes.extend([0xff, *code]);
            bytes.extend((2 + content.len() as u16).to_be_bytes());
            bytes.extend(*content);
        }
        bytes
    }

    const FRAME: &[u8] = &[8, 0, 64, 1, 0x2c, 1, 1, 0x11, 0];

    #[test]
    fn every_frame_header_is_told_its_rows_and_no_other_segment() {
        let mut frames = 0;
        for code in 0xc0..=0xcf {
            let segments = |frame| picture(&[(0xe0, FRAME), (code, frame), (0xda, &[1])]);
            let mut bytes = segments(FRAME);
            let result = set_rows(&mut bytes, 64, 5000);
            if matches!(code, 0xc4 | 0xc8 | 0xcc) {
                assert_eq!(
                    result.unwrap_err().to_string(),
                    "jpeg cannot hold this picture (the encoder wrote no frame header); choose png, tiff or npy"
                );
                assert_eq!(bytes, segments(FRAME));
                continue;
            }
            result.unwrap();
            let [high, low] = 5000_u16.to_be_bytes();
            let wanted = [8, high, low, 1, 0x2c, 1, 1, 0x11, 0];
            assert_eq!(bytes, segments(&wanted), "{code:x}");
            frames += 1;
        }
        assert_eq!(frames, 13);
        for odd in [&FRAME[..2], &[8, 0, 63, 1, 0x2c], &[]] {
            let refused = set_rows(&mut picture(&[(0xc0, odd)]), 64, 5000);
            assert_eq!(
                refused.unwrap_err().to_string(),
                "jpeg cannot hold this picture (the encoder wrote another number of rows); choose png, tiff or npy"
            );
        }
    }

    #[test]
    fn strips_that_do_not_fit_together_are_no_file() {
        let scan = |table: &[u8], data: &[u8]| {
            let head = picture(&[(0xdb, table), (0xc0, FRAME), (0xda, &[1])]);
            [&head, data].concat()
        };
        let first = scan(&[7], b"a\xff\xd9");
        for (second, problem) in [
            (scan(&[7], b"b\xff\xd9"), None),
            (
                scan(&[8], b"b\xff\xd9"),
                Some("changed its tables between strips"),
            ),
            (scan(&[7], b"b"), Some("wrote no end")),
            (picture(&[(0xdb, &[7])]), Some("wrote no scan")),
        ] {
            let mut written = Cursor::new(Vec::new());
            let mut file = File {
                out: SharedOutput::forward(Output::seekable(&mut written)),
                spec: ImageSpec {
                    rows: 128,
                    columns: 300,
                    channels: 1,
                    depth: Depth::U8,
                },
                metadata: Metadata::default(),
                settings: Settings {
                    quality: 90,
                    sampling: Sampling::S444,
                    is_progressive: false,
                },
                interval: 304,
                tables: Vec::new(),
            };
            file.append(0, first.clone()).unwrap();
            let result = file.append(1, second);
            drop(file);
            let Some(problem) = problem else {
                result.unwrap();
                let end = b"a\xff\xd0b";
                assert!(written.into_inner().ends_with(end));
                continue;
            };
            assert_eq!(
                result.unwrap_err().to_string(),
                format!(
                    "jpeg cannot hold this picture (the encoder {problem}); choose png, tiff or npy"
                )
            );
        }
    }
}
