//! Looks at the chunks of a file before it is decoded: what follows its samples, and what is not
//! read.

use std::{
    io::{self, BufRead, Read, Seek, SeekFrom},
    ops::Range,
};

use ::png::ColorType;
use flate2::Crc;

use crate::codec::input::InputReader;

use super::{
    IgnoredContent, Metadata, ScanDepth, data_between, recorder::ChunkRecorder,
    stream_length::StreamLength,
};

/// The IEND chunk.
const END: [u8; 12] = *b"\0\0\0\0IEND\xaeB\x60\x82";

/// The result of scanning the chunks of a file.
#[derive(Default)]
pub(super) struct Chunks {
    /// Data after IEND.
    pub(super) trailing_data: Option<IgnoredContent>,
    /// Excess data in the compressed stream; found by a thorough scan only.
    pub(super) excess_data: Option<IgnoredContent>,
    /// The number of images of an animation, counted by their frame chunks.
    pub(super) frames: u64,
    /// The length of a file that was not scanned because it ends with IEND.
    pub(super) unscanned_len: Option<u64>,
    /// The metadata after the samples, but for those that the decoder alone can read.
    pub(super) late: Metadata,
    /// Where the chunks after the samples are.
    after_samples: Option<Range<u64>>,
}

impl Chunks {
    /// Scans a file, of which at most `limit` bytes of metadata are kept; the input is rewound. A
    /// quick scan assumes that a file that ends with IEND contains nothing after the image.
    pub(super) fn of(
        input: &mut InputReader<'_>,
        scan_depth: ScanDepth,
        limit: usize,
    ) -> io::Result<Self> {
        let mut chunks = Self::default();
        // Streams cannot seek.
        let Ok(length) = input.seek(SeekFrom::End(0)) else {
            return Ok(chunks);
        };
        let mut end = vec![0; TAIL_BYTES.min(length) as usize];
        input.seek(SeekFrom::Start(length - end.len() as u64))?;
        input.read_exact(&mut end)?;
        let is_whole = scan_depth == ScanDepth::Quick && end.ends_with(&END);
        if !is_whole || last_chunk(&end) != Some(*b"IDAT") {
            let end = chunks.walk(input, length, scan_depth)?;
            match end {
                Some(end) if !is_whole => {
                    chunks.trailing_data = data_between(input, end, length)?;
                }
                _ => {}
            }
            chunks.read_late(input, limit)?;
        }
        chunks.unscanned_len = is_whole.then_some(length);
        input.rewind()?;
        Ok(chunks)
    }

    /// Reads the metadata after the samples.
    fn read_late(&mut self, input: &mut InputReader<'_>, limit: usize) -> io::Result<()> {
        let Some(Range { start, end }) = self.after_samples.clone() else {
            return Ok(());
        };
        input.seek(SeekFrom::Start(start))?;
        let mut chunks = input.take(end.saturating_sub(start));
        let mut recorder = ChunkRecorder::after_samples(limit);
        loop {
            let bytes = chunks.fill_buf()?;
            if bytes.is_empty() {
                break;
            }
            recorder.feed(bytes);
            let count = bytes.len();
            chunks.consume(count);
        }
        self.late = recorder.metadata();
        Ok(())
    }

    /// Walks the chunks up to IEND and returns the offset after it.
    fn walk(
        &mut self,
        input: &mut InputReader<'_>,
        length: u64,
        scan_depth: ScanDepth,
    ) -> io::Result<Option<u64>> {
        /// Seeking discards the reader's buffer, so chunks up to this size are read instead.
        const SHORT: u64 = 1 << 18;
        let mut stream = None;
        let mut at = 8;
        input.seek(SeekFrom::Start(at))?;
        while at + END.len() as u64 <= length {
            let mut chunk = [0; 8];
            input.read_exact(&mut chunk)?;
            let [a, b, c, d, name @ ..] = chunk;
            let data = u64::from(u32::from_be_bytes([a, b, c, d]));
            // The data and the checksum.
            let mut left = data + 4;
            at += 8 + left;
            match &name {
                b"IEND" => {
                    if let Some(range) = &mut self.after_samples {
                        range.end = at - END.len() as u64;
                    }
                    self.excess_data = stream.and_then(StreamLength::ignored);
                    return Ok(Some(at));
                }
                b"IHDR" if scan_depth == ScanDepth::Thorough && data == 13 => {
                    let mut header = [0; 13];
                    input.read_exact(&mut header)?;
                    left -= data;
                    stream = stored_bytes(&header).map(StreamLength::deflate);
                }
                b"fcTL" => self.frames += 1,
                b"IDAT" => {
                    self.after_samples = Some(at..at);
                    // The first image is not a frame of the animation.
                    self.frames = self.frames.max(1);
                    if let Some(stream) = &mut stream {
                        stream.feed_from(input.by_ref().take(data))?;
                        left -= data;
                    }
                }
                _ => {}
            }
            if left > SHORT {
                input.seek(SeekFrom::Start(at))?;
            } else {
                io::copy(&mut input.by_ref().take(left), &mut io::sink())?;
            }
        }
        Ok(None)
    }
}

/// The uncompressed bytes of an image with this header, including one row of slack:
/// each row has a filter byte, and an interlaced image has seven passes.
fn stored_bytes(header: &[u8; 13]) -> Option<u64> {
    /// The Adam7 passes: first column and row, column and row stride (PNG, section
    /// 8.2).
    const PASSES: [[u64; 4]; 7] = [
        [0, 8, 0, 8],
        [4, 8, 0, 8],
        [0, 4, 4, 8],
        [2, 4, 0, 4],
        [0, 2, 2, 4],
        [1, 2, 0, 2],
        [0, 1, 1, 2],
    ];
    let [w0, w1, w2, w3, h0, h1, h2, h3, bits, color, _, _, interlace] = *header;
    let [columns, rows] =
        [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(|side| u64::from(u32::from_be_bytes(side)));
    let samples = ColorType::from_u8(color)?.samples() as u64;
    let row = |columns: u64| 1 + (columns * samples * u64::from(bits)).div_ceil(8);
    let passes = match interlace {
        0 => &[[0, 1, 0, 1]][..],
        _ => &PASSES,
    };
    let bytes = passes.iter().map(|&[left, across, top, down]| {
        let columns = columns.saturating_sub(left).div_ceil(across);
        let rows = rows.saturating_sub(top).div_ceil(down);
        // A pass without columns is empty.
        if columns > 0 {
            rows.saturating_mul(row(columns))
        } else {
            0
        }
    });
    let total = bytes.fold(0, u64::saturating_add);
    Some(total.saturating_add(row(columns) - 1))
}

/// The last bytes that are searched for the chunk before IEND: more than encoders put into one.
const TAIL_BYTES: u64 = 1 << 18;

/// The name of the chunk before IEND, at the end of these bytes, if it is found.
fn last_chunk(bytes: &[u8]) -> Option<[u8; 4]> {
    let chunks = bytes.strip_suffix(&END)?;
    // Before the data their length and the name, after them the checksum.
    (0..=chunks.len().checked_sub(12)?).rev().find_map(|start| {
        let [a, b, c, d, name @ ..] = *chunks[start..].first_chunk::<8>()?;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let (data, checksum) = chunks[start + 8..].split_at_checked(length)?;
        let mut crc = Crc::new();
        let is_name = name.iter().all(u8::is_ascii_alphabetic);
        let is_it = is_name && checksum.len() == 4 && {
            crc.update(&name);
            crc.update(data);
            checksum == crc.sum().to_be_bytes()
        };
        is_it.then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let mut crc = Crc::new();
        crc.update(name);
        crc.update(data);
        let length = (data.len() as u32).to_be_bytes();
        [&length[..], name, data, &crc.sum().to_be_bytes()].concat()
    }

    #[test]
    fn the_last_chunk_is_found() {
        let [samples, text] = [
            chunk(b"IDAT", &[7; 300]),
            chunk(b"tEXt", b"Title\0\0\0\0\x04IDAT"),
        ];
        let file = |chunks: &[&[u8]]| [&chunks.concat()[..], &END].concat();
        for (bytes, name) in [
            (file(&[&samples]), Some(b"IDAT")),
            (file(&[&samples, &text]), Some(b"tEXt")),
            (file(&[&text, &samples]), Some(b"IDAT")),
            (file(&[&samples[1..]]), None),
            (samples.clone(), None),
            (END.to_vec(), None),
            (Vec::new(), None),
        ] {
            assert_eq!(last_chunk(&bytes).as_ref(), name);
        }
    }
}
