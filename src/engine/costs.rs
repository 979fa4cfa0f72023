//! What the processor takes, by its SIMD level: engines are compared by it.

use super::Problem;
use crate::{number::LaneKind, simd::Level};

impl Problem<'_> {
    /// The SIMD level whose times engines are compared by. Results that are not exact depend on the
    /// engine: they are the same at all levels that round alike.
    pub(super) fn level_of_costs(&self) -> Level {
        match self.simd.level() {
            level if self.rounds_exactly() || level == Level::Portable => level,
            _ => Level::Avx512,
        }
    }

    /// Nanoseconds of one tap on one sample: 24 megapixels through 15x15 took 24 ms in i16, 44 in
    /// f32 and 87 in f64 (AVX-512, Zen 5).
    pub(super) fn tap_cost(&self, lane: LaneKind) -> f64 {
        let of_lane = match lane {
            LaneKind::I16 => 0.0046,
            LaneKind::F32 => 0.0082,
            LaneKind::F64 => 0.0162,
        };
        of_lane * self.tap_factor()
    }

    /// How many times as long as with AVX-512 a tap takes (31x31 in f32: 15.3 ns a sample on a
    /// Xeon, 31 with AVX2; 9x9 1.9 and 3.1).
    pub(super) fn tap_factor(&self) -> f64 {
        match self.level_of_costs() {
            Level::Portable | Level::Neon => 4.2,
            Level::Avx2 => 1.8,
            Level::Avx512 | Level::Avx512Vnni => 1.0,
        }
    }

    /// The same of the transforms (31x31 of bytes 6.3 and 7.8 ns, by lines 5.9 and 7.6).
    pub(super) fn transform_factor(&self) -> f64 {
        match self.level_of_costs() {
            Level::Portable | Level::Neon => 2.4,
            Level::Avx2 => 1.25,
            Level::Avx512 | Level::Avx512Vnni => 1.0,
        }
    }
}
