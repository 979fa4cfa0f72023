//! Checks whether a compressed stream decodes to more data than its image has, and
//! whether data follow its end.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};
use weezl::{BitOrder, LzwStatus, decode::Decoder as Lzw};

use super::{
    IgnoredContent,
    ignored_content::{trim_padding, unknown_data},
};

/// Decodes a compressed stream to measure its length, and discards the output.
pub(super) struct StreamLength {
    decoder: Decoder,
    /// The bytes that the stream may decode to.
    max_decoded: u64,
    /// The bytes decoded so far.
    decoded: u64,
    state: State,
    /// The length and the first bytes of what follows the end and its padding.
    trailing_len: u64,
    trailing_start: Vec<u8>,
    discarded: Box<[u8]>,
}

enum Decoder {
    Deflate(Decompress),
    Lzw(Lzw),
    PackBits(PackBits),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Ended,
    /// The stream is damaged; the image decoder reports that.
    Damaged,
    /// The stream decodes to more than the rows of the image.
    Excess,
}

impl StreamLength {
    /// A zlib stream, of PNG or TIFF, that decodes to `max_decoded` bytes or fewer.
    pub(super) fn deflate(max_decoded: u64) -> Self {
        Self::new(Decoder::Deflate(Decompress::new(true)), max_decoded)
    }

    /// The LZW codes of a TIFF.
    pub(super) fn tiff_lzw(max_decoded: u64) -> Self {
        let lzw = Lzw::with_tiff_size_switch(BitOrder::Msb, 8);
        Self::new(Decoder::Lzw(lzw), max_decoded)
    }

    /// The LZW codes of a GIF with minimum code size `bits`; `None` if that is invalid.
    pub(super) fn gif_lzw(bits: u8, max_decoded: u64) -> Option<Self> {
        let lzw = (1..=11)
            .contains(&bits)
            .then(|| Lzw::new(BitOrder::Lsb, bits))?;
        Some(Self::new(Decoder::Lzw(lzw), max_decoded))
    }

    /// `PackBits` run-length coding, which has no end marker.
    pub(super) fn pack_bits(max_decoded: u64) -> Self {
        Self::new(Decoder::PackBits(PackBits::Header), max_decoded)
    }

    fn new(decoder: Decoder, max_decoded: u64) -> Self {
        Self {
            decoder,
            max_decoded,
            decoded: 0,
            state: State::Running,
            trailing_len: 0,
            trailing_start: Vec::new(),
            discarded: vec![0; 1 << 15].into(),
        }
    }

    /// Feeds the next bytes of the stream.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) {
        /// The bytes that are enough to identify a picture.
        const MAX_TRAILING_START: usize = 1 << 10;
        while self.state == State::Running && !bytes.is_empty() {
            let (consumed, decoded) = self.decode(bytes);
            bytes = &bytes[consumed..];
            self.decoded += decoded as u64;
            if self.decoded > self.max_decoded {
                self.state = State::Excess;
            } else if self.state == State::Running && consumed == 0 && decoded == 0 {
                self.state = State::Damaged;
            }
        }
        if self.state == State::Ended {
            if self.trailing_start.is_empty() {
                bytes = trim_padding(bytes);
            }
            self.trailing_len += bytes.len() as u64;
            let kept = bytes
                .len()
                .min(MAX_TRAILING_START - self.trailing_start.len());
            self.trailing_start.extend_from_slice(&bytes[..kept]);
        }
    }

    /// Feeds all bytes of the reader `part`.
    pub(super) fn feed_from(&mut self, mut part: impl Read) -> io::Result<()> {
        let mut bytes = [0; 1 << 13];
        loop {
            match part.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(count) => self.feed(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Decodes some of the bytes; returns the numbers of bytes consumed and decoded.
    fn decode(&mut self, bytes: &[u8]) -> (usize, usize) {
        match &mut self.decoder {
            Decoder::Deflate(deflate) => {
                let before = (deflate.total_in(), deflate.total_out());
                match deflate.decompress(bytes, &mut self.discarded, FlushDecompress::None) {
                    Ok(Status::StreamEnd) => self.state = State::Ended,
                    Ok(Status::Ok | Status::BufError) => {}
                    Err(_) => self.state = State::Damaged,
                }
                let consumed = deflate.total_in() - before.0;
                let decoded = deflate.total_out() - before.1;
                (consumed as usize, decoded as usize)
            }
            Decoder::Lzw(lzw) => {
                let result = lzw.decode_bytes(bytes, &mut self.discarded);
                match result.status {
                    Ok(LzwStatus::Done) => self.state = State::Ended,
                    Ok(LzwStatus::Ok | LzwStatus::NoProgress) => {}
                    Err(_) => self.state = State::Damaged,
                }
                (result.consumed_in, result.consumed_out)
            }
            Decoder::PackBits(state) => state.decode(bytes),
        }
    }

    /// The data of the stream beyond the samples of the image, if any.
    pub(super) fn ignored(self) -> Option<IgnoredContent> {
        /// Encoders may leave some bytes after a stream, and decoders may read ahead.
        const PADDING: u64 = 16;
        match self.state {
            State::Excess => Some(IgnoredContent::ExcessSamples),
            State::Ended if self.trailing_len > PADDING => {
                match unknown_data(&self.trailing_start)? {
                    IgnoredContent::Pictures => Some(IgnoredContent::Pictures),
                    _ => Some(IgnoredContent::DataBetween(self.trailing_len)),
                }
            }
            State::Running | State::Ended | State::Damaged => None,
        }
    }
}

/// The state of the `PackBits` decoder.
#[derive(Clone, Copy)]
enum PackBits {
    Header,
    /// Before a byte that is repeated this many times.
    Repeat(usize),
    /// Within literal bytes, of which this many are left.
    Literal(usize),
}

impl PackBits {
    /// As [`StreamLength::decode`].
    fn decode(&mut self, bytes: &[u8]) -> (usize, usize) {
        let (mut consumed, mut decoded) = (0, 0);
        while let Some(byte) = bytes.get(consumed) {
            match *self {
                Self::Header => {
                    consumed += 1;
                    *self = match *byte {
                        count @ 0..=127 => Self::Literal(usize::from(count) + 1),
                        128 => Self::Header,
                        count => Self::Repeat(257 - usize::from(count)),
                    };
                }
                Self::Repeat(count) => {
                    consumed += 1;
                    decoded += count;
                    *self = Self::Header;
                }
                Self::Literal(left) => {
                    let here = left.min(bytes.len() - consumed);
                    consumed += here;
                    decoded += here;
                    *self = match left - here {
                        0 => Self::Header,
                        left => Self::Literal(left),
                    };
                }
            }
        }
        (consumed, decoded)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};
    use weezl::encode::Encoder;

    use super::*;

    /// A name, a stream of these samples, and how a stream of its kind begins.
    type Stream = (&'static str, Vec<u8>, fn(u64) -> StreamLength);

    fn streams(samples: &[u8]) -> [Stream; 4] {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(6));
        zlib.write_all(samples).unwrap();
        let tiff = Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(samples);
        let gif = Encoder::new(BitOrder::Lsb, 8).encode(samples);
        let literal = |part: &[u8]| [&[part.len() as u8 - 1], part].concat();
        let runs = samples.chunks(100).flat_map(literal);
        // A run, and a byte that says nothing.
        let runs: Vec<u8> = runs.chain([128]).collect();
        [
            ("deflate", zlib.finish().unwrap(), StreamLength::deflate),
            ("tiff lzw", tiff.unwrap(), StreamLength::tiff_lzw),
            ("gif lzw", gif.unwrap(), |max_decoded| {
                StreamLength::gif_lzw(8, max_decoded).unwrap()
            }),
            ("packbits", runs, StreamLength::pack_bits),
        ]
    }

    /// Samples that do not repeat soon, several times the room of a decoder.
    fn samples() -> Vec<u8> {
        (0..100_000_u32)
            .map(|at| (at.wrapping_mul(0x9e37_79b9) >> 13) as u8)
            .collect()
    }

    #[test]
    fn streams_of_the_picture_alone_hold_nothing_else() {
        let samples = samples();
        for (name, stream, length) in streams(&samples) {
            for part in [1, 2, 255, stream.len()] {
                let mut length = length(samples.len() as u64);
                stream.chunks(part).for_each(|part| length.feed(part));
                assert_eq!(length.decoded, samples.len() as u64, "{name}");
                assert_eq!(length.ignored(), None, "{name}, {part} at a time");
            }
        }
    }

    #[test]
    fn samples_beyond_the_picture_are_found() {
        let samples = samples();
        for (name, stream, length) in streams(&samples) {
            for part in [1, 255, stream.len()] {
                for lacking in [1, 50_000] {
                    let mut length = length(samples.len() as u64 - lacking);
                    stream.chunks(part).for_each(|part| length.feed(part));
                    assert_eq!(
                        length.ignored(),
                        Some(IgnoredContent::ExcessSamples),
                        "{name}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_stands_behind_a_stream_is_found() {
        let samples = samples();
        for (name, stream, length) in streams(&samples) {
            let ignored = |rest: &[u8]| {
                let mut length = length(samples.len() as u64);
                let stream = [&stream[..], rest].concat();
                stream.chunks(997).for_each(|part| length.feed(part));
                length.ignored()
            };
            let is_open = name == "packbits";
            let picture = [&b"\xff\xd8\xff\xe0\0\x10JFIF\0"[..], &[7; 3000]].concat();
            let data = [1; 3000];
            for rest in [&picture[..], &data] {
                let found = ignored(rest);
                match found {
                    Some(IgnoredContent::ExcessSamples) => assert!(is_open, "{name}"),
                    Some(IgnoredContent::Pictures) => assert_eq!(rest, picture, "{name}"),
                    // LZW decoders look some bytes ahead.
                    Some(IgnoredContent::DataBetween(2992..=3011)) => {}
                    _ => panic!("{name}: {found:?}"),
                }
            }
            for padding in [&[0; 3000][..], &[], b"\n"] {
                assert!(is_open || ignored(padding).is_none(), "{name}");
            }
        }
    }

    #[test]
    fn damaged_streams_are_left_to_their_decoder() {
        let samples = samples();
        for (name, mut stream, length) in streams(&samples) {
            for at in 0..200 {
                let at = at * stream.len() / 200;
                stream[at] ^= 0x55;
                let mut length = length(samples.len() as u64);
                length.feed(&stream);
                length.feed(&stream);
                stream[at] ^= 0x55;
                let decoded = length.decoded;
                assert!(decoded <= samples.len() as u64 + (1 << 20), "{name}");
            }
        }
        assert!(StreamLength::gif_lzw(0, 1).is_none() && StreamLength::gif_lzw(12, 1).is_none());
    }
}
