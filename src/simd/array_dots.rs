//! Dot products of bytes in plain code, for processors whose instructions for
//! them are not used here: right on every one, and too slow to be chosen.

/// What [`super::dots`] proves an instruction with; here there is none to prove.
#[derive(Clone, Copy)]
pub(crate) struct Dots(pub(super) ());

/// The sums of 64 neighbours, every fourth in one array: those of the first
/// array stand at 0, 4, 8, ..., of the second at 1, 5, 9, ...
pub(crate) type DotVectors = [[i32; 16]; 4];

impl Dots {
    /// The sums that a block holds.
    pub(crate) const LANES: usize = 64;
    /// The samples that four neighbouring taps read for them.
    pub(crate) const READ: usize = Self::LANES + 3;

    /// Sums of nothing.
    #[inline(always)]
    pub(crate) fn zero(self) -> DotVectors {
        [[0; 16]; 4]
    }

    /// Every four neighbours of 64 + 3 samples.
    #[inline(always)]
    pub(crate) fn samples(self, from: &[u8; Self::READ]) -> [[[u8; 4]; 16]; 4] {
        std::array::from_fn(|phase| {
            let fours = from[phase..].as_chunks::<4>().0.first_chunk();
            *fours.expect("64 samples follow each of the first four")
        })
    }

    /// The same four weights for every sum.
    #[inline(always)]
    pub(crate) fn weights(self, four: [i8; 4]) -> [i8; 4] {
        four
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
        std::array::from_fn(|phase| {
            std::array::from_fn(|i| sums[phase][i].wrapping_add(dot(samples[phase][i])))
        })
    }

    /// Puts the sums modulo 2^16 into their order.
    #[inline(always)]
    pub(crate) fn store_i16(self, sums: DotVectors, to: &mut [i16; Self::LANES]) {
        *to = std::array::from_fn(|i| sums[i % 4][i / 4] as i16);
    }

    /// Puts the sums into their order, as floats.
    #[inline(always)]
    pub(crate) fn store_f32(self, sums: DotVectors, to: &mut [f32; Self::LANES]) {
        *to = std::array::from_fn(|i| sums[i % 4][i / 4] as f32);
    }
}
