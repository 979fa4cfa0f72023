//! Dot products of bytes: AVX-512 VNNI.

use std::arch::x86_64::*;

/// Proves that the processor has AVX-512 (F, BW, DQ and VL) and VNNI.
#[derive(Clone, Copy)]
pub(crate) struct Dots(pub(super) ());

/// The sums of 64 neighbours in four vectors: the first holds outputs 0, 4, 8, ..., the
/// second 1, 5, 9, ... Their samples are four bytes to each 32-bit lane.
pub(crate) type DotVectors = [__m512i; 4];

impl Dots {
    /// The sums in a block.
    pub(crate) const LANES: usize = 64;
    /// The samples that a quad, four neighbouring taps, reads for them.
    pub(crate) const READ: usize = Self::LANES + 3;

    /// Sums of zero.
    #[inline(always)]
    pub(crate) fn zero(self) -> DotVectors {
        // SAFETY: the token proves the instruction.
        [unsafe { _mm512_setzero_si512() }; 4]
    }

    /// All 64 groups of four consecutive samples in 64 + 3.
    #[inline(always)]
    pub(crate) fn samples(self, from: &[u8; Self::READ]) -> DotVectors {
        let mut vectors = self.zero();
        for (shift, vector) in vectors.iter_mut().enumerate() {
            let from: &[u8] = &from[shift..shift + Self::LANES];
            // SAFETY: the token proves the instruction; the slice is as long as
            // the vector, and the access may be unaligned.
            *vector = unsafe { _mm512_loadu_si512(from.as_ptr().cast()) };
        }
        vectors
    }

    /// The same four weights in every lane.
    #[inline(always)]
    pub(crate) fn weights(self, quad: [i8; 4]) -> __m512i {
        // SAFETY: the token proves the instruction.
        unsafe { _mm512_set1_epi32(i32::from_le_bytes(bytemuck::cast(quad))) }
    }

    /// Adds the products of four samples and four weights to every sum.
    #[inline(always)]
    pub(crate) fn add(
        self,
        mut sums: DotVectors,
        samples: DotVectors,
        weights: __m512i,
    ) -> DotVectors {
        for (sum, samples) in sums.iter_mut().zip(samples) {
            // SAFETY: the token proves the instruction.
            *sum = unsafe { _mm512_dpbusd_epi32(*sum, samples, weights) };
        }
        sums
    }

    /// Stores the sums modulo 2^16 in output order.
    #[inline(always)]
    pub(crate) fn store_i16(self, sums: DotVectors, to: &mut [i16; Self::LANES]) {
        const fn interleave(first: i16) -> [i16; 32] {
            let mut at = [0; 32];
            let mut i = 0;
            while i < 32 {
                at[i] = first + i as i16 / 2 + i as i16 % 2 * 32;
                i += 1;
            }
            at
        }
        const AT: [[i16; 32]; 2] = [interleave(0), interleave(16)];
        // SAFETY: the token proves the instructions; every half is as long as
        // a vector, and the access may be unaligned.
        unsafe {
            let pair = |low, high| {
                _mm512_mask_blend_epi16(0xaaaa_aaaa, low, _mm512_slli_epi32::<16>(high))
            };
            let (even, odd) = (pair(sums[0], sums[2]), pair(sums[1], sums[3]));
            for (to, at) in to.as_chunks_mut::<32>().0.iter_mut().zip(&AT) {
                let at = _mm512_loadu_si512(at.as_ptr().cast());
                let sums = _mm512_permutex2var_epi16(even, at, odd);
                _mm512_storeu_si512(to.as_mut_ptr().cast(), sums);
            }
        }
    }

    /// Stores the sums as f32 in output order.
    #[inline(always)]
    pub(crate) fn store_f32(self, sums: DotVectors, to: &mut [f32; Self::LANES]) {
        // SAFETY: the token proves the instructions; every quarter is as long
        // as a vector, and the access may be unaligned.
        unsafe {
            let [a, b, c, d] = [
                _mm512_cvtepi32_ps(sums[0]),
                _mm512_cvtepi32_ps(sums[1]),
                _mm512_cvtepi32_ps(sums[2]),
                _mm512_cvtepi32_ps(sums[3]),
            ];
            let low = |a, b| _mm512_castps_pd(_mm512_unpacklo_ps(a, b));
            let high = |a, b| _mm512_castps_pd(_mm512_unpackhi_ps(a, b));
            // Four neighbours in every 128 bits: those at 0, 16, 32, 48, then
            // those at 4, 20, 36, 52, and so on.
            let quads = [
                _mm512_unpacklo_pd(low(a, b), low(c, d)),
                _mm512_unpackhi_pd(low(a, b), low(c, d)),
                _mm512_unpacklo_pd(high(a, b), high(c, d)),
                _mm512_unpackhi_pd(high(a, b), high(c, d)),
            ];
            let [a, b, c, d] = [
                _mm512_castpd_ps(quads[0]),
                _mm512_castpd_ps(quads[1]),
                _mm512_castpd_ps(quads[2]),
                _mm512_castpd_ps(quads[3]),
            ];
            let first_half = [
                _mm512_shuffle_f32x4::<0b01_00_01_00>(a, b),
                _mm512_shuffle_f32x4::<0b01_00_01_00>(c, d),
            ];
            let second_half = [
                _mm512_shuffle_f32x4::<0b11_10_11_10>(a, b),
                _mm512_shuffle_f32x4::<0b11_10_11_10>(c, d),
            ];
            let ordered = [
                _mm512_shuffle_f32x4::<0b10_00_10_00>(first_half[0], first_half[1]),
                _mm512_shuffle_f32x4::<0b11_01_11_01>(first_half[0], first_half[1]),
                _mm512_shuffle_f32x4::<0b10_00_10_00>(second_half[0], second_half[1]),
                _mm512_shuffle_f32x4::<0b11_01_11_01>(second_half[0], second_half[1]),
            ];
            for (to, sums) in to.as_chunks_mut::<16>().0.iter_mut().zip(ordered) {
                _mm512_storeu_ps(to.as_mut_ptr(), sums);
            }
        }
    }
}
