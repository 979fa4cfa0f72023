//! Any bytes as a picture.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{Read, Write},
};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use stridekern::{
    Error, Image, Samples,
    codec::{self, Decoded, Format, Limits, Pages, RowReader},
};

use crate::{
    MEMORY,
    choice::some,
    common::{Random, png_chunk},
    driver::{Corpus, lines},
    mutate::{Mutator, part},
};

/// Small, so that what passes them shows.
pub(super) const LIMITS: Limits = Limits {
    max_pixels: 1 << 16,
    max_bytes: 1 << 20,
    max_memory: 1 << 20,
};

/// What decoders take for every file, whatever it says.
pub(super) const DECODER: u64 = 4 << 20;

const LARGEST: usize = 1 << 14;

pub(crate) fn corpus() -> Corpus {
    let mut inputs = super::files(
        &["odd", "broken", "unsupported", "pages", "frames"],
        |path| Format::from_path(path).is_some(),
    );
    inputs.retain(|input| input.len() <= LARGEST);
    inputs.extend(jpegs());
    Corpus {
        inputs,
        words: lines(
            "IHDR|PLTE|IDAT|IEND|tRNS|iCCP|eXIf|zTXt|iTXt|acTL|fcTL|fdAT|gAMA|sRGB|sBIT\
             |P1|P2|P3|P4|P5|P6|P7\n|WIDTH 3\n|HEIGHT 3\n|DEPTH 2\n|MAXVAL 255\n\
             |TUPLTYPE RGB_ALPHA\n|ENDHDR\n|# \n|65535\n|VP8 |VP8L|VP8X|ALPH|ANIM|ANMF|ICCP|EXIF\
             |GIF89a|NETSCAPE2.0|\u{21}\u{f9}\u{4}|\u{93}NUMPY|'descr': '<f8'|'fortran_order': True\
             |'shape': (3, 4, 2)|>u2|Exif\0\0II*\0|MM\0*|ICC_PROFILE\0\u{1}\u{1}|JFIF\0|Adobe\
             |-Y 3 +X 4\n|FORMAT=32-bit_rle_rgbe\n|channels\0chlist|compression\0compression\
             |tiles\0tiledesc|qoif|BM|#?RADIANCE\n",
        ),
        mend,
    }
}

/// Kinds that testdata does not have: restarts, thumbnails, more scans.
fn jpegs() -> Vec<Vec<u8>> {
    use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
    let pixels: Vec<u8> = (0..40 * 24 * 3_u32).map(|i| (i * i / 7) as u8).collect();
    let mut all = Vec::new();
    for (kind, factor) in [SamplingFactor::R_4_4_4, SamplingFactor::R_4_2_0]
        .into_iter()
        .enumerate()
    {
        for progressive in [false, true] {
            let mut bytes = Vec::new();
            let mut encoder = Encoder::new(&mut bytes, 60);
            encoder.set_sampling_factor(factor);
            encoder.set_progressive(progressive);
            encoder.set_restart_interval(kind as u16 * 2);
            encoder
                .add_app_segment(1, b"Exif\0\0II*\0\x08\0\0\0\0\0".to_vec())
                .unwrap();
            encoder.encode(&pixels, 40, 24, ColorType::Rgb).unwrap();
            all.push(bytes);
        }
    }
    all
}

pub(crate) fn target(data: &[u8]) -> String {
    check(data, &LIMITS)
}

/// The picture is read or refused with words, in bounded memory, and its rows
/// are the same in any bands, from memory and from a stream.
pub(crate) fn check(data: &[u8], limits: &Limits) -> String {
    let hint = Some(Format::Tga);
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let mut whole = codec::read_bytes(data, hint, limits);
    let taken = (MEMORY.peak_usage() - before) as u64;
    assert!(
        taken <= limits.max_bytes + limits.max_memory + DECODER,
        "{taken} bytes of memory: {}",
        said(&whole)
    );

    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let mut random = Random(hasher.finish() | 1);
    let mut by_rows = |reader: RowReader<'_>| by_rows(reader, &mut random);
    let bands = codec::rows_of_bytes(data, hint, limits).and_then(&mut by_rows);
    same("bands", &whole, &bands);
    let told = said(&whole);
    let mut stream = codec::rows_from(data, hint, limits).and_then(by_rows);
    // What follows a picture in a stream is not looked at.
    for decoded in [&mut whole, &mut stream].into_iter().flatten() {
        let format = decoded.format;
        (decoded.warnings).retain(|warning| !tells_of_the_rest(format, warning));
    }
    same("a stream", &whole, &stream);
    // Rows that are skipped are checked all the same.
    let skipped = codec::rows_of_bytes(data, hint, limits).and_then(RowReader::finish);
    assert_eq!(
        (whole.as_ref())
            .map(|whole| &whole.metadata)
            .map_err(Error::to_string),
        (skipped.as_ref())
            .map(|trailer| &trailer.metadata)
            .map_err(Error::to_string)
    );
    all_pages(data, limits);
    told
}

/// Pages end, however their directories refer to one another, and take memory one at a time.
fn all_pages(data: &[u8], limits: &Limits) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let mut next = codec::pages_of_bytes(data, None, Pages::All, limits).ok();
    let count = next.as_ref().map_or(0, |reader| reader.header().pages);
    let mut read = 0;
    while let Some(reader) = next {
        read += 1;
        assert_eq!(reader.header().page, read);
        next = reader.finish_page().ok().and_then(|(_, next)| next);
    }
    assert!(read <= count, "{read} pages of {count}");
    let taken = (MEMORY.peak_usage() - before) as u64;
    assert!(
        taken <= limits.max_bytes + limits.max_memory + DECODER,
        "{taken} bytes of memory for {count} pages"
    );
}

/// Whether a warning is of what follows the picture in a file.
fn tells_of_the_rest(format: Format, warning: &str) -> bool {
    let netpbm = ["pbm", "pgm", "ppm", "pnm", "pam"].contains(&format.name());
    warning.contains("of further data after its picture")
        || netpbm && warning.contains("has several pictures")
}

pub(super) fn said(decoded: &stridekern::Result<Decoded>) -> String {
    match decoded {
        Ok(decoded) => format!(
            "{} {:?} {} {:?} {}",
            decoded.format,
            decoded.image.depth(),
            decoded.image.channels(),
            decoded.warnings,
            decoded.metadata.icc.is_some()
        ),
        Err(error) => {
            let message = error.to_string();
            assert!(!message.contains(['\n', '\x1b']), "{message:?}");
            message
        }
    }
}

pub(super) fn same(
    how: &str,
    whole: &stridekern::Result<Decoded>,
    rows: &stridekern::Result<Decoded>,
) {
    let bits = |decoded: &Decoded| {
        let samples = decoded.image.samples().as_slice();
        (
            decoded.image.shape(),
            samples.as_bytes().to_vec(),
            decoded.metadata.clone(),
            decoded.warnings.clone(),
        )
    };
    let whole = whole.as_ref().map(bits).map_err(Error::to_string);
    let rows = rows.as_ref().map(bits).map_err(Error::to_string);
    assert!(whole == rows, "whole:\n{whole:?}\nby {how}:\n{rows:?}");
}

/// All rows in bands of random heights.
pub(super) fn by_rows(
    mut reader: RowReader<'_>,
    random: &mut Random,
) -> stridekern::Result<Decoded> {
    let header = reader.header().clone();
    let spec = header.spec;
    let mut bytes = Vec::new();
    while reader.rows_left() > 0 {
        let rows = 1 + random.below(9) as usize;
        let mut band = Samples::zeroed(spec.depth, rows * spec.row_len())?;
        let read = reader.read(&mut band)?;
        assert!(read > 0 && read <= rows);
        bytes.extend_from_slice(&band.as_slice().as_bytes()[..read * spec.row_bytes()]);
    }
    let mut samples = Samples::zeroed(spec.depth, spec.rows * spec.row_len())?;
    samples.as_mut_slice().into_bytes().copy_from_slice(&bytes);
    let trailer = reader.finish()?;
    Ok(Decoded {
        image: Image::new(spec.rows, spec.columns, spec.channels, samples)?,
        format: header.format,
        metadata: trailer.metadata,
        warnings: [header.warnings, trailer.warnings].concat(),
    })
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The chunks of a PNG are what would be looked at, were it not for their
/// checksums: most are mended, some changed inside of their compression.
fn mend(bytes: &mut Vec<u8>, random: &mut Random) {
    if !bytes.starts_with(PNG) || random.below(4) == 0 {
        return;
    }
    let mut out = PNG.to_vec();
    let mut rest = &bytes[PNG.len()..];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let Some((chunk, after)) = after.split_at_checked(length.saturating_add(4)) else {
            break;
        };
        let mut chunk = chunk.to_vec();
        if chunk.starts_with(b"IDAT") && random.below(4) == 0 {
            recompress(&mut chunk, random);
        }
        out.extend(png_chunk(&chunk));
        rest = after.get(4..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    *bytes = out;
}

/// Changes what is compressed in a chunk of a name of four bytes.
fn recompress(chunk: &mut Vec<u8>, random: &mut Random) {
    let mut plain = Vec::new();
    // As far as it is sound.
    let _ = ZlibDecoder::new(&chunk[4..])
        .take(1 << 16)
        .read_to_end(&mut plain);
    let mutator = Mutator {
        others: &[],
        words: &[],
    };
    mutator.mutate(&mut plain, random);
    if random.below(8) == 0 {
        // What swells when it is read.
        let byte = *some(random, &[0, 1, 4, 255]);
        plain.resize(plain.len() + (1 << 18), byte);
    }
    let end = part(random, plain.len()).end;
    if random.below(4) == 0 {
        plain.truncate(end);
    }
    let mut encoder = ZlibEncoder::new(chunk[..4].to_vec(), Compression::fast());
    if encoder.write_all(&plain).is_ok()
        && let Ok(done) = encoder.finish()
    {
        *chunk = done;
    }
}
