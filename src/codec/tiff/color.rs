//! From stored rows to samples: unpacks bits, puts planes together, and turns palettes, CMYK and
//! gray of which zero is white into what is read.

use crate::{error::Result, image::Depth, warning::Warning};

use super::errors;

/// The colours of a palette, by index.
pub(super) struct Palette {
    colors: Vec<[u16; 3]>,
    depth: Depth,
}

impl Palette {
    /// From the numbers of a `ColorMap`: all reds, all greens, all blues.
    pub(super) fn of(map: &[u64], bits: usize) -> Result<(Self, Option<Warning>)> {
        let len = 1 << bits;
        let (reds, rest) = map.split_at_checked(len).unwrap_or_default();
        let (greens, blues) = rest.split_at_checked(len).unwrap_or_default();
        if blues.len() != len {
            let what = format_args!("its palette has {} numbers, not {}", map.len(), 3 * len);
            return Err(errors::damaged("tiff", what));
        }
        let all = |is: fn(&u64) -> bool| map.iter().all(is);
        // Programs write bytes as 16-bit numbers in any of three ways.
        let is_low = all(|value| *value < 256) && map.iter().any(|value| *value > 0);
        let is_high = all(|value| value % 257 == 0) || all(|value| value % 256 == 0);
        let (depth, shift) = match (is_low, is_high) {
            (true, _) => (Depth::U8, 0),
            (_, true) => (Depth::U8, 8),
            _ => (Depth::U16, 0),
        };
        let warning = is_low.then(|| {
            "the colours in the palette of the tiff file are below 256, almost black: they were read as 8-bit colours".into()
        });
        let numbers = reds.iter().zip(greens).zip(blues);
        let colors = numbers.map(|((r, g), b)| [*r, *g, *b].map(|value| (value >> shift) as u16));
        let colors = colors.collect();
        Ok((Self { colors, depth }, warning))
    }

    pub(super) const fn depth(&self) -> Depth {
        self.depth
    }
}

/// What the samples of a pixel mean.
pub(super) enum Color {
    /// As many of them as are read.
    Taken,
    /// The same, of which the first is inverted.
    Inverted,
    /// An index.
    Palette(Palette),
    /// Four inks, of which zero is none, and what is read beside.
    Cmyk,
}

/// Converts stored rows.
pub(super) struct Converter {
    color: Color,
    /// The samples of a stored pixel, and the bytes of each once it is unpacked.
    samples: usize,
    sample_bytes: usize,
    is_planar: bool,
    /// The channels that are read.
    channels: usize,
    unpack: Option<Unpack>,
    /// A row of a plane, unpacked.
    unpacked: Vec<u8>,
    /// A row of interleaved samples.
    interleaved: Vec<u8>,
}

impl Converter {
    /// For pixels of `samples` stored samples of `bits` bits, of which `channels` channels
    /// of this `depth` are read.
    pub(super) fn new(
        color: Color,
        [samples, bits]: [usize; 2],
        is_planar: bool,
        channels: usize,
        depth: Depth,
    ) -> Self {
        let is_index = matches!(color, Color::Palette(_));
        Self {
            samples,
            sample_bytes: match color {
                Color::Palette(_) => bits.div_ceil(8),
                _ => depth.bytes(),
            },
            is_planar,
            channels,
            unpack: (!bits.is_multiple_of(8)).then(|| Unpack::new(bits, !is_index)),
            unpacked: Vec::new(),
            interleaved: Vec::new(),
            color,
        }
    }

    /// Whether stored samples are those that are read.
    pub(super) const fn is_identity(&self) -> bool {
        matches!(self.color, Color::Taken)
            && self.unpack.is_none()
            && !self.is_planar
            && self.samples == self.channels
    }

    /// The bytes of its tables, and of its buffers for rows of this many columns.
    pub(super) fn memory(&self, columns: usize) -> usize {
        let row = columns.saturating_mul(self.samples * self.sample_bytes);
        let table = self.unpack.as_ref().map_or(0, |unpack| unpack.table.len());
        let colors = match &self.color {
            Color::Palette(palette) => palette.colors.len(),
            _ => 0,
        };
        row.saturating_mul(2)
            .saturating_add(table * size_of::<u16>() + colors * size_of::<[u16; 3]>())
    }

    /// Converts a row: of one plane, or of the planes of all samples.
    pub(super) fn convert<'a>(
        &mut self,
        mut planes: impl Iterator<Item = &'a [u8]>,
        columns: usize,
        out: &mut [u8],
    ) {
        let (samples, bytes) = (self.samples, self.sample_bytes);
        let row = if !self.is_planar {
            let plane = planes.next().unwrap_or_default();
            unpacked(&self.unpack, plane, columns * samples, &mut self.unpacked)
        } else {
            self.interleaved.resize(columns * samples * bytes, 0);
            for (sample, plane) in planes.enumerate() {
                let plane = unpacked(&self.unpack, plane, columns, &mut self.unpacked);
                let pixels = self.interleaved.chunks_exact_mut(samples * bytes);
                for (pixel, value) in pixels.zip(plane.chunks_exact(bytes)) {
                    pixel[sample * bytes..][..bytes].copy_from_slice(value);
                }
            }
            &self.interleaved
        };
        let channels = self.channels;
        let pixels = row.chunks_exact(samples * bytes);
        match &self.color {
            Color::Taken if samples == channels => out.copy_from_slice(row),
            Color::Taken => {
                let out = out.chunks_exact_mut(channels * bytes);
                for (out, pixel) in out.zip(pixels) {
                    out.copy_from_slice(&pixel[..out.len()]);
                }
            }
            Color::Inverted => {
                let out = out.chunks_exact_mut(channels * bytes);
                for (out, pixel) in out.zip(pixels) {
                    out.copy_from_slice(&pixel[..out.len()]);
                    out[..bytes].iter_mut().for_each(|byte| *byte = !*byte);
                }
            }
            Color::Palette(palette) => {
                let is_wide = palette.depth == Depth::U16;
                let out = out.chunks_exact_mut(if is_wide { 6 } else { 3 });
                for (out, pixel) in out.zip(pixels) {
                    let index = match pixel {
                        [low] => usize::from(*low),
                        [first, second, ..] => usize::from(u16::from_ne_bytes([*first, *second])),
                        [] => 0,
                    };
                    // Every index of so many bits has a colour.
                    let color = palette.colors.get(index).copied().unwrap_or_default();
                    match is_wide {
                        true => out.copy_from_slice(color.map(u16::to_ne_bytes).as_flattened()),
                        false => out.copy_from_slice(&color.map(|value| value as u8)),
                    }
                }
            }
            Color::Cmyk if bytes == 1 => {
                let out = out.chunks_exact_mut(channels);
                for (out, pixel) in out.zip(pixels) {
                    let rgb = rgb_of([0, 1, 2, 3].map(|at| pixel[at].into()), u8::MAX.into());
                    out[..3].copy_from_slice(&rgb.map(|value| value as u8));
                    out[3..].copy_from_slice(&pixel[4..][..channels - 3]);
                }
            }
            Color::Cmyk => {
                let out = out.chunks_exact_mut(2 * channels);
                for (out, pixel) in out.zip(pixels) {
                    let ink = |at: usize| u16::from_ne_bytes([pixel[2 * at], pixel[2 * at + 1]]);
                    let rgb = rgb_of([0, 1, 2, 3].map(|at| ink(at).into()), u16::MAX.into());
                    let rgb = rgb.map(|value| (value as u16).to_ne_bytes());
                    out[..6].copy_from_slice(rgb.as_flattened());
                    out[6..].copy_from_slice(&pixel[8..][..2 * channels - 6]);
                }
            }
        }
    }
}

/// The light that inks leave: red = (full - cyan) (full - black) / full, and so on, rounded to
/// nearest.
fn rgb_of([cyan, magenta, yellow, black]: [u64; 4], full: u64) -> [u64; 3] {
    [cyan, magenta, yellow].map(|ink| ((full - ink) * (full - black) + full / 2) / full)
}

/// The samples of a row of a plane: unpacked into `buffer`, or as they are.
fn unpacked<'a>(
    unpack: &Option<Unpack>,
    row: &'a [u8],
    samples: usize,
    buffer: &'a mut Vec<u8>,
) -> &'a [u8] {
    match unpack {
        Some(unpack) => {
            unpack.unpack(row, samples, buffer);
            buffer
        }
        None => row,
    }
}

/// Unpacks samples that have no whole bytes, from the highest bit down.
struct Unpack {
    bits: usize,
    /// The samples of all values.
    table: Vec<u16>,
}

impl Unpack {
    /// For samples of up to 15 bits, which are scaled to 8 or 16 bits: with 2 bits, 1 becomes 85.
    fn new(bits: usize, is_scaled: bool) -> Self {
        let largest = (1_u32 << bits) - 1;
        let full = if bits <= 8 { 255 } else { 65_535 };
        let scaled = |value: u32| match is_scaled {
            true => ((value * full + largest / 2) / largest) as u16,
            false => value as u16,
        };
        Self {
            bits,
            table: (0..=largest).map(scaled).collect(),
        }
    }

    fn unpack(&self, mut packed: &[u8], samples: usize, out: &mut Vec<u8>) {
        let bits = self.bits;
        out.clear();
        let (mut held, mut count) = (0_usize, 0);
        for _ in 0..samples {
            while count < bits {
                let (byte, rest) = packed.split_first().unwrap_or((&0, &[]));
                held = held << 8 | usize::from(*byte);
                count += 8;
                packed = rest;
            }
            count -= bits;
            let sample = self.table[held >> count & (self.table.len() - 1)];
            match bits <= 8 {
                true => out.push(sample as u8),
                false => out.extend(sample.to_ne_bytes()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples packed from the highest bit down.
    fn packed(samples: &[u32], bits: u32) -> Vec<u8> {
        let all = samples
            .iter()
            .flat_map(|sample| (0..bits).rev().map(move |bit| (sample >> bit & 1) as u8));
        let all = Vec::from_iter(all);
        let bytes = all.chunks(8).map(|bits| {
            let joined = bits.iter().fold(0, |byte, bit| byte << 1 | bit);
            joined << (8 - bits.len())
        });
        bytes.collect()
    }

    #[test]
    fn samples_of_any_bits_are_scaled_to_their_full_range() {
        for bits in (1..16).filter(|bits| bits % 8 != 0) {
            let largest = (1_u32 << bits) - 1;
            let samples = Vec::from_iter((0..200).map(|at| (at * 2_654_435) & largest));
            for wanted in [&samples[..], &[0, largest, 1, largest - 1]] {
                let unpack = Unpack::new(bits, true);
                let mut out = Vec::new();
                unpack.unpack(&packed(wanted, bits as u32), wanted.len(), &mut out);
                let scaled = |sample: &u32| {
                    let full = if bits <= 8 { 255.0 } else { 65_535.0 };
                    (f64::from(*sample) * full / f64::from(largest)).round() as u16
                };
                let wanted = wanted.iter().map(scaled);
                let wanted: Vec<u8> = match bits <= 8 {
                    true => wanted.map(|sample| sample as u8).collect(),
                    false => wanted.flat_map(u16::to_ne_bytes).collect(),
                };
                assert_eq!(out, wanted, "{bits}");
            }
        }
    }

    #[test]
    fn palettes_of_bytes_are_known() {
        let map = |scale: u64| Vec::from_iter([0, 1, 7, 250, 251, 255].map(|byte| byte * scale));
        let colors = vec![[0, 7, 251], [1, 250, 255]];
        for scale in [1, 256, 257] {
            let (palette, warning) = Palette::of(&map(scale), 1).unwrap();
            assert_eq!((palette.depth(), &palette.colors), (Depth::U8, &colors));
            assert_eq!(warning.is_some(), scale == 1);
        }
        let (palette, warning) = Palette::of(&map(200), 1).unwrap();
        assert_eq!((palette.depth(), warning), (Depth::U16, None));
        assert_eq!(palette.colors[1], [200, 50_000, 51_000]);
        for len in [0, 1, 5, 7] {
            assert!(Palette::of(&vec![9; len], 1).is_err());
        }
    }

    #[test]
    fn inks_take_light_away() {
        assert_eq!(rgb_of([0, 128, 255, 0], 255), [255, 127, 0]);
        assert_eq!(rgb_of([0, 0, 0, 255], 255), [0; 3]);
        assert_eq!(rgb_of([100, 100, 100, 100], 255), [94; 3]);
        assert_eq!(rgb_of([0, 32768, 65535, 0], 65535), [65535, 32767, 0]);
    }
}
