//! Dot products of bytes without intrinsics, for other targets than x86-64: portable,
//! but too slow to be chosen.

/// The token of [`super::dots`]; here it proves nothing, as no instruction is needed.
#[derive(Clone, Copy)]
pub(crate) struct Dots(pub(super) ());

/// The sums of 64 neighbours in four arrays: the first holds outputs 0, 4, 8, ..., the
/// second 1, 5, 9, ...
pub(crate) type DotVectors = [[i32; 16]; 4];

impl Dots {
    /// The sums in a block.
    pub(crate) const LANES: usize = 64;
    /// The samples that a quad, four neighbouring taps, reads for them.
    pub(crate) const READ: usize = Self::LANES + 3;

    /// Sums of zero.
    #[inline(always)]
    pub(crate) fn zero(self) -> DotVectors {
        [[0; 16]; 4]
    }

    /// All 64 groups of four consecutive samples in 64 + 3.
    #[inline(always)]
    pub(crate) fn samples(self, from: &[u8; Self::READ]) -> [[[u8; 4]; 16]; 4] {
        std::array::from_fn(|shift| {
            let quads = from[shift..].as_chunks::<4>().0.first_chunk();
            *quads.expect("64 samples follow each of the first four")
        })
    }

    /// The same four weights for every sum.
    #[inline(always)]
    pub(crate) fn weights(self, quad: [i8; 4]) -> [i8; 4] {
        quad
    }

    /// Adds the products of four samples and four weights to every sum.
    #[inline(always)]
    pub(crate) fn add(
        self,
        sums: DotVectors,
        samples: [[[u8; 4]; 16]; 4],
        weights: [i8; 4],
    ) -> DotVectors {
        let dot = |samples: [u8; 4]| -> i32 {
            let products = samples.into_iter().zip(weights);
            products.map(|(s, w)| i32::from(s) * i32::from(w)).sum()
        };
        std::array::from_fn(|shift| {
            std::array::from_fn(|i| sums[shift][i].wrapping_add(dot(samples[shift][i])))
        })
    }

    /// Stores the sums modulo 2^16 in output order.
    #[inline(always)]
    pub(crate) fn store_i16(self, sums: DotVectors, to: &mut [i16; Self::LANES]) {
        *to = std::array::from_fn(|i| sums[i % 4][i / 4] as i16);
    }

    /// Stores the sums as f32 in output order.
    #[inline(always)]
    pub(crate) fn store_f32(self, sums: DotVectors, to: &mut [f32; Self::LANES]) {
        *to = std::array::from_fn(|i| sums[i % 4][i / 4] as f32);
    }
}
