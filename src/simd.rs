//! SIMD levels: detection at run time, and code compiled once per level.
//!
//! A body of plain, safe Rust is written once (a `Body`) and compiled once
//! per level; which copy runs is decided at run time by a [`Simd`], a value
//! that exists only for levels that were detected on this processor.

mod byte_dots;
mod lines;
mod memory;
mod phases;
mod prefix;
mod spaced_dots;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod tokens;
mod vectors;
mod words;

use std::fmt;

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use byte_dots::arrays::Dots;
pub(crate) use byte_dots::{ByteDots, WideDots};
pub(crate) use lines::{LINE, aligned, padded_row_len};
pub(crate) use memory::{Stream, prefetch, streaming};
pub(crate) use phases::Phases;
pub(crate) use prefix::{MAX_PREFIX_CHANNELS, PrefixSums, prefix_sums};
pub(crate) use spaced_dots::{MAX_SPACING, Spaced, SpacedDots};
#[cfg(target_arch = "x86_64")]
pub(crate) use tokens::Dots;
#[cfg(target_arch = "aarch64")]
use tokens::Neon;
#[cfg(target_arch = "x86_64")]
use tokens::{Avx2, Avx512};
pub(crate) use vectors::{LoadWide, Vectors, store_phases};
pub(crate) use words::Words;

/// A set of instructions that the inner loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// The baseline of the target: SSE2 on x86-64.
    Portable,
    /// Arm's 128-bit vectors with fused multiply-add.
    Neon,
    /// 256-bit vectors with fused multiply-add.
    Avx2,
    /// 512-bit vectors (F, BW, DQ and VL).
    Avx512,
    /// AVX-512 with dot products of bytes (VNNI).
    Avx512Vnni,
}

impl Level {
    /// `portable`, `neon`, `avx2`, `avx512` or `avx512vnni`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Avx512Vnni => "avx512vnni",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A level that this processor has: it holds the tokens that prove it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Simd(Tokens);

/// What proves the features of a level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tokens {
    Portable,
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni(Avx512, Dots),
}

impl Simd {
    /// The baseline of the target.
    pub const PORTABLE: Self = Self(Tokens::Portable);

    /// Every level of this processor, the slowest first.
    pub fn available() -> Vec<Self> {
        let beyond_the_baseline = [
            #[cfg(target_arch = "aarch64")]
            Neon::detect().map(Tokens::Neon),
            #[cfg(target_arch = "x86_64")]
            Avx2::detect().map(Tokens::Avx2),
            #[cfg(target_arch = "x86_64")]
            Avx512::detect().map(Tokens::Avx512),
            #[cfg(target_arch = "x86_64")]
            Avx512::detect()
                .zip(Dots::detect())
                .map(|(isa, dots)| Tokens::Avx512Vnni(isa, dots)),
        ];
        let tokens = [Some(Tokens::Portable)]
            .into_iter()
            .chain(beyond_the_baseline);
        tokens.flatten().map(Self).collect()
    }

    /// The fastest level of this processor.
    pub fn best() -> Self {
        Self::available()
            .into_iter()
            .max_by_key(|simd| simd.level())
            .unwrap_or(Self::PORTABLE)
    }

    /// The level of this name, or `None` if there is none or this processor
    /// does not have it.
    pub fn named(name: &str) -> Option<Self> {
        Self::available()
            .into_iter()
            .find(|simd| simd.level().name() == name)
    }

    /// The level this proves.
    pub const fn level(self) -> Level {
        match self.0 {
            Tokens::Portable => Level::Portable,
            #[cfg(target_arch = "aarch64")]
            Tokens::Neon(_) => Level::Neon,
            #[cfg(target_arch = "x86_64")]
            Tokens::Avx2(_) => Level::Avx2,
            #[cfg(target_arch = "x86_64")]
            Tokens::Avx512(_) => Level::Avx512,
            #[cfg(target_arch = "x86_64")]
            Tokens::Avx512Vnni(..) => Level::Avx512Vnni,
        }
    }

    /// Whether this level has instructions for dot products of four bytes.
    pub(crate) const fn has_quads(self) -> bool {
        matches!(self.level(), Level::Avx512Vnni)
    }

    /// Runs `body` with dot products of four bytes.
    ///
    /// # Panics
    ///
    /// If this level has no such instructions. Targets without any use arrays.
    #[inline]
    pub(crate) fn run_quads<B: QuadBody>(self, body: B) {
        #[cfg(target_arch = "x86_64")]
        match self.0 {
            Tokens::Avx512Vnni(_, dots) => dots.run(body),
            _ => unreachable!(
                "{} has no dot products, and the plan knows it",
                self.level()
            ),
        }
        #[cfg(not(target_arch = "x86_64"))]
        body.run(Dots(()));
    }

    /// Runs the copy of `body` that is compiled for this level.
    #[inline]
    pub(crate) fn run<B: Body>(self, body: B) -> B::Output {
        match self.0 {
            Tokens::Portable => body.run(Portable),
            #[cfg(target_arch = "aarch64")]
            Tokens::Neon(isa) => isa.run(body),
            #[cfg(target_arch = "x86_64")]
            Tokens::Avx2(isa) => isa.run(body),
            #[cfg(target_arch = "x86_64")]
            Tokens::Avx512(isa) | Tokens::Avx512Vnni(isa, _) => isa.run(body),
        }
    }
}

impl fmt::Debug for Simd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Simd").field(&self.level()).finish()
    }
}

/// Code that is compiled once per level.
///
/// `run` and all it calls in its loops must be `#[inline(always)]`: only code
/// inlined into the level's function is compiled with the level's features. Loops over
/// vectors are written as loops: a closure that calls an intrinsic, passed to `array::map`
/// or `array::from_fn`, is inlined only if the compiler happens to try it first.
pub(crate) trait Body {
    /// What the code returns.
    type Output;

    /// The code, with the properties of the level as constants of `I`, and its
    /// vectors as methods of `isa`.
    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// Code that is compiled with dot products of four bytes; as for [`Body`].
pub(crate) trait QuadBody {
    /// The code.
    fn run(self, dots: Dots);
}

/// The properties and vector operations of a level, whose features the implementor, a
/// token, proves.
pub(crate) trait Isa:
    Words
    + SpacedDots<2, Isa = Self>
    + Vectors<f32>
    + Vectors<f64>
    + LoadWide<u8, f32>
    + LoadWide<u16, f64>
    + Phases<u8, f32, 4>
    + Phases<u16, f64, 4>
    + Phases<u8, f64, 4>
    + PrefixSums<u8, f32, Word = i16>
    + PrefixSums<u8, f64, Word = i32>
    + PrefixSums<u16, f64, Word = i32>
    + Phases<f32, f32, 2>
    + Phases<f64, f64, 2>
    + Phases<f32, f32, 1>
    + Phases<f64, f64, 1>
{
    /// Whether fused multiply-add is one instruction.
    const FMA: bool;
    /// The bytes of a vector register.
    const VECTOR: usize;
    /// The number of vector registers.
    const REGISTERS: usize;
}

/// The token of the baseline, which every processor has.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Isa for Portable {
    const FMA: bool = false;
    const VECTOR: usize = 16;
    const REGISTERS: usize = 16;
}

#[cfg(target_arch = "aarch64")]
impl Isa for Neon {
    const FMA: bool = true;
    const VECTOR: usize = 16;
    const REGISTERS: usize = 32;
}

#[cfg(target_arch = "x86_64")]
impl Isa for Avx2 {
    const FMA: bool = true;
    const VECTOR: usize = 32;
    const REGISTERS: usize = 16;
}

#[cfg(target_arch = "x86_64")]
impl Isa for Avx512 {
    const FMA: bool = true;
    const VECTOR: usize = 64;
    const REGISTERS: usize = 32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_level_is_available_and_named() {
        let best = Simd::best();
        assert!(Simd::available().contains(&best));
        assert_eq!(Simd::named(best.level().name()), Some(best));
        assert_eq!(Simd::named("mmx"), None);
    }
}
