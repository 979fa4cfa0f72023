//! How long the frames of an animation are shown, and how often.

use std::{fmt, num::NonZeroU32};

use super::{Fate, Fitted, Format, Metadata, PartKind, no_place};
use crate::warning::Warning;

/// How long a frame of an animation is shown, as its file says it: a fraction of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    numerator: u32,
    denominator: NonZeroU32,
}

/// How often an animation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoopCount {
    /// Over and over.
    Forever,
    /// So many times.
    Times(NonZeroU32),
}

impl LoopCount {
    /// Once.
    pub const ONCE: Self = Self::Times(NonZeroU32::MIN);

    /// So many times, and forever if that is 0.
    pub const fn or_forever(times: u32) -> Self {
        match NonZeroU32::new(times) {
            Some(times) => Self::Times(times),
            None => Self::Forever,
        }
    }

    /// As a GIF can say it: the most is 65536 times.
    pub(in crate::codec) fn for_gif(self) -> Self {
        match self {
            Self::Times(times) if times.get() > 1 << 16 => Self::or_forever(1 << 16),
            loops => loops,
        }
    }
}

/// What a file of pages without delays gets in a format of frames.
impl Default for Delay {
    fn default() -> Self {
        Self::hundredths(10)
    }
}

impl Delay {
    /// `numerator / denominator` seconds; `None` if that is no number.
    pub const fn new(numerator: u32, denominator: u32) -> Option<Self> {
        match NonZeroU32::new(denominator) {
            Some(denominator) => Some(Self {
                numerator,
                denominator,
            }),
            None => None,
        }
    }

    /// So many hundredths of a second.
    pub const fn hundredths(count: u32) -> Self {
        Self {
            numerator: count,
            denominator: NonZeroU32::MIN.saturating_add(99),
        }
    }

    /// So many thousandths of a second.
    pub const fn thousandths(count: u32) -> Self {
        Self {
            numerator: count,
            denominator: NonZeroU32::MIN.saturating_add(999),
        }
    }

    /// Numerator and denominator, as the file has them.
    pub const fn parts(self) -> [u32; 2] {
        [self.numerator, self.denominator.get()]
    }

    /// In seconds.
    pub fn seconds(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator.get())
    }

    /// Whether both are the same time.
    pub(in crate::codec) fn is_same_time(self, other: Self) -> bool {
        let [n, d] = self.parts().map(u64::from);
        let [other_n, other_d] = other.parts().map(u64::from);
        n * other_d == other_n * d
    }

    /// The nearest time in these parts of a second, of which there may be 65535.
    fn rounded(self, denominator: NonZeroU32) -> Option<Self> {
        let [n, d] = self.parts().map(u64::from);
        let numerator = (n * u64::from(denominator.get()) + d / 2) / d;
        let numerator = u16::try_from(numerator).ok()?.into();
        Some(Self {
            numerator,
            denominator,
        })
    }

    /// The nearest time that a GIF can say.
    pub(in crate::codec) fn for_gif(self) -> Self {
        let most = Self::hundredths(u16::MAX.into());
        self.rounded(most.denominator).unwrap_or(most)
    }

    /// The nearest time that a PNG can say, whose fractions are of two numbers of 16 bits.
    pub(in crate::codec) fn for_png(self) -> Self {
        let [mut divisor, mut rest] = self.parts();
        while rest > 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        let reduced = NonZeroU32::new(self.denominator.get() / divisor.max(1));
        let coarser = [10_000, 1000, 100, 10, 1].map(NonZeroU32::new);
        let denominators = [Some(self.denominator), reduced].into_iter().chain(coarser);
        let mut fitting = (denominators.flatten()).filter(|d| d.get() <= u16::MAX.into());
        let nearest = fitting.find_map(|denominator| self.rounded(denominator));
        nearest.unwrap_or(Self {
            numerator: u16::MAX.into(),
            denominator: NonZeroU32::MIN,
        })
    }
}

impl Metadata {
    /// How long frames are shown, and how often.
    pub(super) fn fit_timing(&self, format: Format, fitted: &mut Fitted) {
        if let Some(delay) = self.delay {
            let stored = match format {
                Format::Gif => Some((delay.for_gif(), "hundredths of a second")),
                Format::Png => Some((delay.for_png(), "fractions of two numbers up to 65535")),
                _ => None,
            };
            let fate = match stored {
                None => no_place(format),
                Some((stored, _)) if stored.is_same_time(delay) => Fate::Kept,
                Some((stored, unit)) => {
                    let line = format!("{format} holds delays in {unit}: some were rounded");
                    fitted.warnings.push(Warning::metadata(line));
                    Fate::Changed(format!("{stored} for {delay}"))
                }
            };
            fitted.metadata.delay = stored.map(|(stored, _)| stored);
            fitted.add(PartKind::Delay, "delays of frames", 0, fate);
        }
        if let Some(loops) = self.loops {
            let stored = match format {
                Format::Gif => Some(loops.for_gif()),
                Format::Png => Some(loops),
                _ => None,
            };
            let fate = match stored {
                None => no_place(format),
                Some(stored) if stored == loops => Fate::Kept,
                Some(stored) => {
                    let line = format!("{format} shows frames {stored} at most, not {loops}");
                    fitted.warnings.push(Warning::metadata(line));
                    Fate::Changed(format!("{stored} for {loops}"))
                }
            };
            fitted.metadata.loops = stored;
            fitted.add(PartKind::Loops, "loop count", 0, fate);
        }
    }
}

/// `0.04 s`.
impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millionths = (self.seconds() * 1e6).round() / 1e6;
        write!(f, "{millionths} s")
    }
}

/// `3 times`, `forever`.
impl fmt::Display for LoopCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forever => f.write_str("forever"),
            Self::Times(NonZeroU32::MIN) => f.write_str("once"),
            Self::Times(times) => write!(f, "{times} times"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_rounded_to_what_formats_hold() {
        for (delay, gif, png) in [
            ([7, 100], [7, 100], [7, 100]),
            ([1, 4], [25, 100], [1, 4]),
            ([1, 30], [3, 100], [1, 30]),
            ([35, 1000], [4, 100], [35, 1000]),
            ([0, 9], [0, 100], [0, 9]),
            ([1_000_000, 1000], [65_535, 100], [1000, 1]),
            ([70_001, 1000], [7000, 100], [7000, 100]),
            ([123_456, 100_000], [123, 100], [3858, 3125]),
            ([16_777_215, 1000], [65_535, 100], [16_777, 1]),
            ([u32::MAX, 1], [65_535, 100], [65_535, 1]),
            ([u32::MAX, u32::MAX], [100, 100], [1, 1]),
        ] {
            let delay = Delay::new(delay[0], delay[1]).unwrap();
            assert_eq!(delay.for_gif().parts(), gif, "{delay}");
            assert_eq!(delay.for_png().parts(), png, "{delay}");
        }
        assert!(Delay::hundredths(50).is_same_time(Delay::new(1, 2).unwrap()));
        assert_eq!(Delay::new(1, 0), None);
        assert_eq!(Delay::thousandths(40).to_string(), "0.04 s");
        assert_eq!(LoopCount::or_forever(0).to_string(), "forever");
        assert_eq!(LoopCount::or_forever(1).to_string(), "once");
        assert_eq!(LoopCount::or_forever(3).to_string(), "3 times");
        let many = LoopCount::or_forever(1 << 20).for_gif();
        assert_eq!(many, LoopCount::or_forever(1 << 16));
    }
}
