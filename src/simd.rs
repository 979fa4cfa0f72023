//! SIMD levels: detection at run time, and code compiled once per level.
//!
//! A body of plain, safe Rust is written once (a `Body`) and compiled once
//! per level; which copy runs is decided at run time by a [`Simd`], a value
//! that exists only for levels that were detected on this processor.

#![allow(
    unsafe_code,
    reason = "calling a function compiled for a CPU feature is unsafe; `Simd` and `Isa` prove the feature"
)]

#[cfg(any(test, not(target_arch = "x86_64")))]
mod array_dots;
#[cfg(target_arch = "x86_64")]
mod dots;
#[cfg(not(target_arch = "x86_64"))]
use array_dots as dots;
mod lines;
mod memory;
mod vectors;

use std::fmt;

pub(crate) use dots::{DotVectors, Dots};
pub(crate) use lines::{aligned, padded_row_len};
pub(crate) use memory::{prefetch, streaming};
pub(crate) use vectors::Vectors;

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

    /// Whether this processor has it.
    fn is_detected(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_detected()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => {
                Self::Avx512.is_detected() && is_x86_feature_detected!("avx512vnni")
            }
            // Levels of other targets.
            _ => false,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A level that this processor has.
///
/// The field is private. Apart from the portable level, only [`Simd::available`]
/// constructs it, after detection: holding a `Simd` proves the features of its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simd(Level);

impl Simd {
    /// The baseline of the target.
    pub const PORTABLE: Self = Self(Level::Portable);

    /// Every level of this processor, the slowest first.
    pub fn available() -> Vec<Self> {
        let levels = [
            Level::Portable,
            Level::Neon,
            Level::Avx2,
            Level::Avx512,
            Level::Avx512Vnni,
        ];
        let here = levels.into_iter().filter(|level| level.is_detected());
        here.map(Self).collect()
    }

    /// The fastest level of this processor.
    pub fn best() -> Self {
        Self::available()
            .into_iter()
            .max_by_key(|simd| simd.0)
            .unwrap_or(Self::PORTABLE)
    }

    /// The level of this name, or `None` if there is none or this processor
    /// does not have it.
    pub fn named(name: &str) -> Option<Self> {
        Self::available()
            .into_iter()
            .find(|simd| simd.0.name() == name)
    }

    /// The level this proves.
    pub const fn level(self) -> Level {
        self.0
    }

    /// Whether this level has instructions for dot products of bytes.
    pub(crate) const fn has_dots(self) -> bool {
        matches!(self.0, Level::Avx512Vnni)
    }

    /// Runs `body` with dot products of bytes.
    ///
    /// # Panics
    ///
    /// If this level has no such instructions. Targets without any use arrays.
    #[inline]
    pub(crate) fn run_dots<B: DotBody>(self, body: B) {
        #[cfg(target_arch = "x86_64")]
        match self.0 {
            // SAFETY: as above, for AVX-512 and VNNI.
            Level::Avx512Vnni => unsafe { avx512vnni(body) },
            level => unreachable!("{level} has no dot products, and the plan knows it"),
        }
        #[cfg(not(target_arch = "x86_64"))]
        body.run(Dots(()));
    }

    /// Runs the copy of `body` that is compiled for this level.
    #[inline]
    pub(crate) fn run<B: Body>(self, body: B) -> B::Output {
        match self.0 {
            // SAFETY: a `Simd` of this level exists only if `available` detected
            // AVX2 and FMA on this processor.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { avx2(body) },
            // SAFETY: as above, for AVX2, FMA and AVX-512 F, BW, DQ and VL.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 | Level::Avx512Vnni => unsafe { avx512(body) },
            // SAFETY: as above, for NEON.
            #[cfg(target_arch = "aarch64")]
            Level::Neon => unsafe { neon(body) },
            _ => body.run(Portable),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<B: Body>(body: B) -> B::Output {
    body.run(Avx2(()))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<B: Body>(body: B) -> B::Output {
    body.run(Avx512(()))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
fn avx512vnni<B: DotBody>(body: B) {
    body.run(Dots(()));
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
fn neon<B: Body>(body: B) -> B::Output {
    body.run(Neon(()))
}

/// Code that is compiled once per level.
///
/// `run` and all it calls in its loops must be `#[inline(always)]`: only code
/// inlined into the level's function is compiled with the level's features.
pub(crate) trait Body {
    /// What the code returns.
    type Output;

    /// The code, with the properties of the level as constants of `I`, and its
    /// vectors as methods of `isa`.
    fn run<I: Isa>(self, isa: I) -> Self::Output;
}

/// Code that is compiled with dot products of bytes; as for [`Body`].
pub(crate) trait DotBody {
    /// The code.
    fn run(self, dots: Dots);
}

/// The properties and vector operations of a level.
///
/// Only the `#[target_feature]` functions above construct tokens of levels beyond the
/// portable one, so a token proves the features.
pub(crate) trait Isa: Vectors<i16> + Vectors<f32> + Vectors<f64> {
    /// Whether fused multiply-add is one instruction.
    const FMA: bool;
    /// The bytes of a vector register.
    const VECTOR: usize;
    /// The number of vector registers.
    const REGISTERS: usize;
}

#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Isa for Portable {
    const FMA: bool = false;
    const VECTOR: usize = 16;
    const REGISTERS: usize = 16;
}

#[cfg(target_arch = "aarch64")]
#[derive(Clone, Copy)]
pub(crate) struct Neon(());

#[cfg(target_arch = "aarch64")]
impl Isa for Neon {
    const FMA: bool = true;
    const VECTOR: usize = 16;
    const REGISTERS: usize = 32;
}

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

#[cfg(target_arch = "x86_64")]
impl Isa for Avx2 {
    const FMA: bool = true;
    const VECTOR: usize = 32;
    const REGISTERS: usize = 16;
}

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

#[cfg(target_arch = "x86_64")]
impl Isa for Avx512 {
    const FMA: bool = true;
    const VECTOR: usize = 64;
    const REGISTERS: usize = 32;
}

#[cfg(test)]
mod tests {
    use super::{array_dots::Dots as ArrayDots, *};

    /// Several arrays of 67 samples, each with a quad of weights.
    fn samples_and_weights() -> Vec<([u8; Dots::READ], [i8; 4])> {
        let made = |k: usize| {
            let weights =
                [k as i8, -128, 127 - k as i8, 3].map(|w: i8| w.wrapping_mul(k as i8 + 1));
            (
                std::array::from_fn(|i| (i * i * 7 + i * k * 31 + k) as u8),
                weights,
            )
        };
        (0..6).map(made).collect()
    }

    /// The sums of 64 neighbours, in both types that they are stored as.
    macro_rules! dot_sums {
        ($dots:expr) => {{
            let dots = $dots;
            let mut sums = dots.zero();
            for (samples, weights) in &samples_and_weights() {
                sums = dots.add(sums, dots.samples(samples), dots.weights(*weights));
            }
            let (mut integers, mut floats) = ([0; Dots::LANES], [0.0; Dots::LANES]);
            dots.store_i16(sums, &mut integers);
            dots.store_f32(sums, &mut floats);
            (integers, floats)
        }};
    }

    struct RunDotSums<'a>(&'a mut Option<([i16; Dots::LANES], [f32; Dots::LANES])>);

    impl DotBody for RunDotSums<'_> {
        #[inline(always)]
        fn run(self, dots: Dots) {
            *self.0 = Some(dot_sums!(dots));
        }
    }

    #[test]
    fn dot_products_are_sums_of_products() {
        let mut expected = [0_i32; Dots::LANES];
        for (samples, weights) in samples_and_weights() {
            for (i, sum) in expected.iter_mut().enumerate() {
                let four = samples[i..].iter().zip(weights);
                *sum += four.map(|(&s, w)| i32::from(s) * i32::from(w)).sum::<i32>();
            }
        }
        assert!(expected.iter().any(|&sum| i16::try_from(sum).is_err()));
        let expected = (
            expected.map(|sum| sum as i16),
            expected.map(|sum| sum as f32),
        );
        assert_eq!(dot_sums!(ArrayDots(())), expected);
        for simd in Simd::available() {
            if simd.has_dots() || cfg!(not(target_arch = "x86_64")) {
                let mut sums = None;
                simd.run_dots(RunDotSums(&mut sums));
                assert_eq!(sums, Some(expected), "{simd:?}");
            }
        }
    }

    #[test]
    fn the_best_level_is_available_and_named() {
        let best = Simd::best();
        assert!(Simd::available().contains(&best));
        assert_eq!(Simd::named(best.level().name()), Some(best));
        assert_eq!(Simd::named("mmx"), None);
    }
}
