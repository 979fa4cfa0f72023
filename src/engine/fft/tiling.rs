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
const LENGTHS: [usize; 19] = [
    32, 48, 64, 96, 128, 144, 192, 256, 288, 384, 512, 576, 768, 1024, 1152, 1536, 2048, 3072, 4096,
];

/// The maximum samples of a tile: 16 MiB in f64 for a pair.
const MAX_SAMPLES: usize = 1 << 20;

/// The maximum samples of a tile for windows that fill most of those: 36 MiB in f64 for a pair.
/// 1536 x 1536, 2048 x 1152, 3072 x 768 and 4096 x 576 hold every kernel of 2^20 weights that is
/// no longer than 4096.
const MAX_LARGE_SAMPLES: usize = 9 << 18;

/// How many times cheaper large tiles are where they are taken.
const LARGE_GAIN: f64 = 2.0;

impl Tiling {
    /// Tiles of this size, if it holds the window.
    fn new(size: [usize; 2], window: [usize; 2]) -> Option<Self> {
        let valid = |i: usize| (size[i] + 1).checked_sub(window[i]).filter(|&v| v > 0);
        Some(Self {
            size,
            valid: [valid(0)?, valid(1)?],
        })
    }

    /// The cheapest tiles for `[rows, columns]` of dense sums, or none if the window is larger
    /// than any tile: large ones where the window leaves little of others, whose errors are a
    /// little smaller, and these then after them.
    ///
    /// The choice ignores the number of threads, which sums must not depend on, and the
    /// SIMD level, which would hardly matter.
    pub(super) fn choices(
        lane: LaneKind,
        window: [usize; 2],
        sums: [usize; 2],
        channels: usize,
    ) -> impl Iterator<Item = Self> {
        let cheapest = |most: usize| {
            let sizes = LENGTHS
                .iter()
                .flat_map(|&rows| LENGTHS.iter().map(move |&columns| [rows, columns]))
                .filter(|[rows, columns]| rows * columns <= most);
            sizes
                .filter_map(|size| Self::new(size, window))
                .map(|tiling| (tiling.cost(lane, sums, channels), tiling))
                .min_by(|(a, _), (b, _)| a.total_cmp(b))
        };
        let small = cheapest(MAX_SAMPLES);
        let limit = small.map_or(f64::INFINITY, |(cost, _)| cost / LARGE_GAIN);
        let large = cheapest(MAX_LARGE_SAMPLES).filter(|(cost, _)| *cost < limit);
        let choices = large.into_iter().chain(small);
        choices.map(|(_, tiling)| tiling)
    }

    /// The first of these choices.
    #[cfg(test)]
    pub(super) fn choose(
        lane: LaneKind,
        window: [usize; 2],
        sums: [usize; 2],
        channels: usize,
    ) -> Option<Self> {
        Self::choices(lane, window, sums, channels).next()
    }

    /// The estimated nanoseconds that one thread takes for `[rows, columns]` of
    /// dense sums.
    ///
    /// Measured with AVX-512 on a Zen 5 at 2.6 GHz with 1 MiB of L2, and of f32 beside direct sums
    /// on a Xeon (24 megapixels, 31x31 91 ms and 63x63 103, directly 9x9 39.7): a time
    /// for every sample of a pair of tiles and every stage of radix 2, and up to
    /// 75 % more as tile and spectrum exceed L2. Still larger tiles cost one thread
    /// little more, but threads share L3 and bands become tall: 30 % for every
    /// doubling.
    pub(super) fn cost(&self, lane: LaneKind, sums: [usize; 2], channels: usize) -> f64 {
        let down = sums[0].div_ceil(self.valid[0]);
        let across = sums[1].div_ceil(self.valid[1]);
        let pairs = (across as f64 * channels as f64 / 2.0).ceil() * down as f64;
        pairs * self.cost_of_pair(lane)
    }

    /// That of a pair of tiles; about that of a kernel, which is transformed once.
    pub(super) fn cost_of_pair(&self, lane: LaneKind) -> f64 {
        let per_stage = match lane {
            LaneKind::F32 => 0.125,
            LaneKind::I16 | LaneKind::F64 => 0.18,
        };
        let samples = (self.size[0] * self.size[1]) as f64;
        let kibibytes = samples * (2 * lane.bytes()) as f64 / 1024.0;
        let l2_penalty = ((kibibytes - 384.0) / 1280.0).clamp(0.0, 0.75);
        let l3_penalty = 0.3 * (kibibytes / 1344.0).log2().max(0.0);
        samples * samples.log2() * per_stage * (1.0 + l2_penalty + l3_penalty)
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
        for window in [[4097, 3], [1537, 1537], [2049, 769]] {
            assert_eq!(Tiling::choose(LaneKind::F64, window, [9000, 9000], 1), None);
        }
    }

    #[test]
    fn large_tiles_are_for_windows_that_fill_others() {
        let sizes = |window| {
            let choices = Tiling::choices(LaneKind::F64, window, [4000, 6000], 1);
            Vec::from_iter(choices.map(|tiling| tiling.size))
        };
        assert_eq!(sizes([601, 601]), [[1024, 1024]]);
        assert_eq!(sizes([1023, 1023]), [[1536, 1536], [1024, 1024]]);
        assert_eq!(sizes([1025, 1025]), [[1536, 1536]]);
        // Every kernel of the most weights.
        for [rows, columns] in [
            [1024, 1024],
            [2000, 524],
            [2048, 512],
            [3000, 349],
            [4000, 262],
        ] {
            for window in [[rows, columns], [columns, rows]] {
                let tiling = Tiling::choose(LaneKind::F64, window, [4000, 6000], 1).unwrap();
                let share = tiling.valid[0] * tiling.valid[1] * 1000;
                assert!(
                    share > tiling.size[0] * tiling.size[1],
                    "{window:?}: {tiling:?}"
                );
            }
        }
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
