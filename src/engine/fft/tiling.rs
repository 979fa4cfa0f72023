//! The choice of the tile size, by its cost.

use crate::number::LaneKind;

/// The size of tiles, the same for all kernels of a bank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tiling {
    /// Rows and columns of source samples.
    pub(super) size: [usize; 2],
    /// Rows and columns of sums.
    pub(super) valid: [usize; 2],
}

/// Lengths that transforms are fast for: multiples of the 16 lanes of a cell
/// with at most two factors of 3. The longest are useful only for kernels of hundreds of
/// rows.
const LENGTHS: [usize; 17] = [
    32, 48, 64, 96, 128, 144, 192, 256, 288, 384, 512, 576, 768, 1024, 1152, 1536, 2048,
];

/// The maximum samples of a tile: 16 MiB in f64.
const MAX_SAMPLES: usize = 1 << 20;

impl Tiling {
    /// Tiles of this size, if it holds the window.
    fn new(size: [usize; 2], window: [usize; 2]) -> Option<Self> {
        let valid = |i: usize| (size[i] + 1).checked_sub(window[i]).filter(|&v| v > 0);
        Some(Self {
            size,
            valid: [valid(0)?, valid(1)?],
        })
    }

    /// The cheapest tiles for `[rows, columns]` of dense sums, or `None` if
    /// the window is larger than any tile.
    ///
    /// The choice ignores the number of threads, which sums must not depend on, and the
    /// SIMD level, which would hardly matter.
    pub(super) fn choose(
        lane: LaneKind,
        window: [usize; 2],
        sums: [usize; 2],
        channels: usize,
    ) -> Option<Self> {
        let sizes = LENGTHS
            .iter()
            .flat_map(|&rows| LENGTHS.iter().map(move |&columns| [rows, columns]))
            .filter(|[rows, columns]| rows * columns <= MAX_SAMPLES);
        sizes
            .filter_map(|size| Self::new(size, window))
            .map(|tiling| (tiling.cost(lane, sums, channels), tiling))
            .min_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, tiling)| tiling)
    }

    /// The estimated nanoseconds that one thread takes for `[rows, columns]` of
    /// dense sums.
    ///
    /// Measured with AVX-512 on a Zen 5 at 2.6 GHz with 1 MiB of L2: a time
    /// for every sample of a pair of tiles and every stage of radix 2, and up to
    /// 75 % more as tile and spectrum exceed L2. Still larger tiles cost one thread
    /// little more, but threads share L3 and bands become tall: 30 % for every
    /// doubling.
    pub(super) fn cost(&self, lane: LaneKind, sums: [usize; 2], channels: usize) -> f64 {
        let per_stage = match lane {
            LaneKind::F32 => 0.095,
            LaneKind::I16 | LaneKind::F64 => 0.18,
        };
        let down = sums[0].div_ceil(self.valid[0]);
        let across = sums[1].div_ceil(self.valid[1]);
        let pairs = (across as f64 * channels as f64 / 2.0).ceil() * down as f64;
        let samples = (self.size[0] * self.size[1]) as f64;
        let kibibytes = samples * (2 * lane.bytes()) as f64 / 1024.0;
        let l2_penalty = ((kibibytes - 384.0) / 1280.0).clamp(0.0, 0.75);
        let l3_penalty = 0.3 * (kibibytes / 1344.0).log2().max(0.0);
        pairs * samples * samples.log2() * per_stage * (1.0 + l2_penalty + l3_penalty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_hold_their_windows_and_suit_them() {
        for window in [[1, 1], [9, 9], [3, 101], [101, 3], [64, 64], [500, 20]] {
            let tiling = Tiling::choose(LaneKind::F32, window, [4000, 6000], 1)
                .expect("there are tiles for such a window");
            for i in 0..2 {
                assert_eq!(tiling.size[i], tiling.valid[i] + window[i] - 1);
                // A tile is mostly sums where that costs no more.
                assert!(
                    4 * tiling.valid[i] >= tiling.size[i],
                    "{window:?}: {tiling:?}"
                );
            }
        }
        assert_eq!(
            Tiling::choose(LaneKind::F32, [31, 31], [20, 30], 1).map(|t| t.size),
            Some([64, 48]),
            "a small image is two small tiles, which share a transform"
        );
        assert_eq!(
            Tiling::choose(LaneKind::F64, [2049, 3], [4000, 6000], 1),
            None
        );
        assert_eq!(
            Tiling::choose(LaneKind::F64, [1025, 1025], [9000, 9000], 1),
            None
        );
    }

    #[test]
    fn large_kernels_cost_little_more_than_small_ones() {
        let cost = |k| {
            Tiling::choose(LaneKind::F32, [k, k], [4000, 6000], 1)
                .map(|tiling| tiling.cost(LaneKind::F32, [4000, 6000], 1))
                .expect("there are tiles for such a window")
        };
        assert!(cost(9) < cost(31) && cost(31) < cost(127));
        assert!(cost(127) < 4.0 * cost(9));
    }
}
