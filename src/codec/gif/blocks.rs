//! The blocks of a file.

use ::gif::DisposalMethod;

use crate::codec::{LoopCount, Omission, Part, metadata::PartList, stream_length::StreamLength};

use super::{IgnoredContent, ScanDepth};

/// What a comment begins with: an extension of the code 254.
pub(super) const COMMENT: u8 = 0xfe;

/// Longer comments are not carried over.
const MAX_COMMENT: usize = 1 << 20;

/// The extension that says how often an animation is shown, under either of its names.
const LOOPS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// A comment of these sub-blocks.
fn comment<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Part {
    let (mut text, mut bytes) = (Vec::new(), 0);
    for part in parts {
        bytes += part.len();
        if bytes <= MAX_COMMENT {
            text.extend_from_slice(part);
        }
    }
    match bytes {
        ..=MAX_COMMENT => Part::Comment(text.into()),
        _ => Part::Other {
            name: "comment".to_owned(),
            bytes,
            why: Omission::Unknown("it is larger than a mebibyte"),
        },
    }
}

/// The bytes of the palette with these flags.
const fn palette(flags: u8) -> usize {
    match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    }
}

/// A block of a file.
enum Block<'a> {
    Extension {
        code: u8,
    },
    Frame {
        /// From its descriptor on.
        bytes: &'a [u8],
        /// Its own palette, empty if it has none.
        palette: &'a [u8],
    },
    /// The end of the file, with the byte offset after it.
    Trailer(usize),
}

/// Walks the blocks of a file up to the first damaged one.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            // The signature, and the logical screen with its flags.
            at: 13 + bytes.get(10).map_or(0, |flags| palette(*flags)),
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = (Block<'a>, SubBlocks<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..)?;
        let (block, data) = match rest.first()? {
            0x3b => (Block::Trailer(self.at + 1), rest.len()),
            0x21 => (
                Block::Extension {
                    code: rest.get(1).copied().unwrap_or_default(),
                },
                2,
            ),
            0x2c => {
                let len = rest.get(9).map_or(0, |flags| palette(*flags));
                let palette = rest.get(10..10 + len).unwrap_or_default();
                // The frame, its palette, and the size of codes.
                let bytes = rest;
                (Block::Frame { bytes, palette }, 11 + len)
            }
            _ => return None,
        };
        let data = SubBlocks(rest.get(data..).unwrap_or_default());
        let mut after = data.clone();
        after.by_ref().for_each(drop);
        self.at = match block {
            Block::Trailer(_) => self.bytes.len(),
            _ => self.bytes.len() - after.0.len(),
        };
        Some((block, data))
    }
}

/// The result of walking the blocks of a file.
pub(super) struct Blocks {
    /// How many frames there are.
    pub(super) frames: u64,
    /// The byte offset after the trailer, if there is one.
    pub(super) end: Option<usize>,
    /// How often the animation is shown.
    pub(super) loops: LoopCount,
    /// The texts of its comments.
    pub(super) comments: PartList,
}

impl Blocks {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut blocks = Self {
            frames: 0,
            end: None,
            loops: LoopCount::ONCE,
            comments: PartList::new(),
        };
        for (block, mut data) in Walk::of(bytes) {
            match block {
                Block::Frame { .. } => blocks.frames += 1,
                Block::Trailer(end) => blocks.end = Some(end),
                Block::Extension { code: COMMENT } => blocks.comments.push(comment(data)),
                Block::Extension { code: 0xff } => {
                    let name = data.next().unwrap_or_default();
                    if LOOPS.contains(&name)
                        && let Some([1, low, high]) = data.next()
                    {
                        // The times that it is shown again.
                        let again = u32::from(u16::from_le_bytes([*low, *high]));
                        blocks.loops = match again {
                            0 => LoopCount::Forever,
                            _ => LoopCount::or_forever(again + 1),
                        };
                    }
                }
                Block::Extension { .. } => {}
            }
        }
        blocks
    }
}

/// What the first frames of a file look like together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// Whether all colours are gray.
    pub(super) gray: bool,
    /// Whether the canvas may show through.
    pub(super) alpha: bool,
    /// Whether frames reach beyond the canvas.
    pub(super) overscan: bool,
    /// Whether a frame is taken away again.
    pub(super) restores: bool,
    /// The most pixels of a frame.
    pub(super) pixels: usize,
    /// Data of frames that are not read; found by a thorough scan only.
    pub(super) excess: Option<IgnoredContent>,
}

impl Look {
    /// Of the first `count` frames, on a canvas of these sides.
    pub(super) fn of(
        bytes: &[u8],
        count: u64,
        [rows, columns]: [usize; 2],
        scan_depth: ScanDepth,
    ) -> Self {
        let global = bytes.get(10).map_or(0, |flags| palette(*flags));
        let global = bytes.get(13..13 + global).unwrap_or_default();
        let mut look = Self {
            gray: true,
            alpha: false,
            overscan: false,
            restores: false,
            pixels: 0,
            excess: None,
        };
        let (mut number, mut control) = (0, 0_u8);
        for (block, mut data) in Walk::of(bytes) {
            let (bytes, palette) = match block {
                Block::Extension { code: 0xf9 } => {
                    control = data
                        .next()
                        .and_then(|data| data.first().copied())
                        .unwrap_or(0);
                    continue;
                }
                Block::Frame { bytes, palette } => (bytes, palette),
                _ => continue,
            };
            number += 1;
            let palette = if palette.is_empty() { global } else { palette };
            let mut colors = palette.as_chunks().0.iter();
            look.gray &= colors.all(|[r, g, b]| r == g && g == b);
            let side = |at: usize| match bytes.get(at..at + 2) {
                Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
                _ => 0,
            };
            let [left, top, width, height] = [1, 3, 5, 7].map(side);
            let covers = top == 0 && left == 0 && height >= rows && width >= columns;
            let disposal = DisposalMethod::from_u8((control >> 2) & 7);
            let shows = match number {
                1 => control & 1 == 1 || !covers,
                _ => false,
            };
            let clears = number < count && disposal == Some(DisposalMethod::Background);
            let restores = disposal == Some(DisposalMethod::Previous);
            look.alpha |= shows || clears || (number == 1 && count > 1 && restores);
            look.restores |= restores;
            look.overscan |= top + height > rows || left + width > columns;
            look.pixels = look.pixels.max(width * height);
            if scan_depth == ScanDepth::Thorough && look.excess.is_none() {
                look.excess = excess_data(bytes);
            }
            control = 0;
            if number >= count {
                break;
            }
        }
        look
    }
}

/// Excess data in the compressed data of a frame, whose bytes from its descriptor on are
/// `frame`.
fn excess_data(frame: &[u8]) -> Option<IgnoredContent> {
    let &[_, _, _, _, _, w0, w1, h0, h1, flags] = frame.first_chunk()?;
    let [width, height] = [[w0, w1], [h0, h1]].map(|side| u64::from(u16::from_le_bytes(side)));
    let (bits, data) = frame.get(10 + palette(flags)..)?.split_first()?;
    // Encoders may pad by less than a row.
    let mut length = StreamLength::gif_lzw(*bits, (width * height + width).saturating_sub(1))?;
    SubBlocks(data).for_each(|part| length.feed(part));
    length.ignored()
}

/// Iterates over data sub-blocks up to the empty one that ends them; the field is what
/// follows.
#[derive(Clone)]
struct SubBlocks<'a>(&'a [u8]);

impl<'a> Iterator for SubBlocks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first()?;
        let (part, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        self.0 = rest;
        (!part.is_empty()).then_some(part)
    }
}

#[cfg(test)]
mod tests {
    use ::gif::{Encoder, Frame, Repeat};

    use super::*;

    fn animation() -> Vec<u8> {
        let mut file = Vec::new();
        let palette: Vec<u8> = (0..24).collect();
        let mut encoder = Encoder::new(&mut file, 5, 4, &palette).unwrap();
        encoder.set_repeat(Repeat::Finite(2)).unwrap();
        for number in 0..3 {
            let mut frame = Frame::from_indexed_pixels(5, 4, vec![number; 20], None);
            frame.delay = 7;
            // With a palette of its own.
            frame.palette = (number == 1).then(|| palette.clone());
            encoder.write_frame(&frame).unwrap();
        }
        drop(encoder);
        file
    }

    #[test]
    fn frames_are_counted_as_far_as_the_blocks_are_whole() {
        let file = animation();
        let whole = Blocks::of(&file);
        assert_eq!((whole.frames, whole.end), (3, Some(file.len())));
        assert_eq!(whole.loops, LoopCount::or_forever(3));
        let mut counts: Vec<u64> = (0..file.len())
            .map(|length| {
                let blocks = Blocks::of(&file[..length]);
                assert_eq!(blocks.end, None, "{length}");
                blocks.frames
            })
            .collect();
        assert!(counts.is_sorted(), "{counts:?}");
        counts.dedup();
        assert_eq!(counts, [0, 1, 2, 3]);
    }

    #[test]
    fn the_look_is_that_of_the_frames_that_are_read() {
        let look = |edit: fn(&mut Frame<'_>), count: u64| {
            let mut file = Vec::new();
            let gray = [0, 0, 0, 9, 9, 9];
            let mut encoder = Encoder::new(&mut file, 5, 4, &gray).unwrap();
            for number in 0..3 {
                let mut frame = Frame::from_indexed_pixels(5, 4, vec![1; 20], None);
                frame.palette = None;
                if number == 1 {
                    edit(&mut frame);
                }
                encoder.write_frame(&frame).unwrap();
            }
            drop(encoder);
            Look::of(&file, count, [4, 5], ScanDepth::Thorough)
        };
        let plain = Look {
            gray: true,
            alpha: false,
            overscan: false,
            restores: false,
            pixels: 20,
            excess: None,
        };
        assert_eq!(look(|_| {}, 3), plain);
        // Only the first frame lies on nothing.
        assert_eq!(look(|frame| frame.transparent = Some(0), 3), plain);
        let clears: fn(&mut Frame<'_>) = |frame| frame.dispose = DisposalMethod::Background;
        let alpha = true;
        assert_eq!(look(clears, 3), Look { alpha, ..plain });
        assert_eq!(look(clears, 2), plain);
        let restores = true;
        assert_eq!(
            look(|frame| frame.dispose = DisposalMethod::Previous, 3),
            Look { restores, ..plain }
        );
        let coloured: fn(&mut Frame<'_>) = |frame| frame.palette = Some(vec![1, 2, 3, 4, 5, 6]);
        let gray = false;
        assert_eq!(look(coloured, 2), Look { gray, ..plain });
        assert_eq!(look(coloured, 1), plain);
    }
}
