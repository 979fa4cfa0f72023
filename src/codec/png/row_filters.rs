//! The filters of rows (PNG, 9.2), which leave of samples what their neighbours do not tell, and
//! the choice of one for a stripe of rows.

use std::ops::Range;

/// A filter of a row. `a` is the byte at the left, a pixel away, `b` that above, `c` that above
/// `a`; outside they are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum RowFilter {
    None = 0,
    /// Less `a`.
    Sub = 1,
    /// Less `b`.
    Up = 2,
    /// Less the mean of `a` and `b`, rounded down.
    Average = 3,
    /// Less the one of `a`, `b` and `c` that is nearest to `a + b - c`.
    Paeth = 4,
}

impl RowFilter {
    /// All of them, in the order in which they are taken if they are equally good.
    const ALL: [Self; 5] = [Self::None, Self::Sub, Self::Up, Self::Average, Self::Paeth];

    /// Filters a row of pixels of `pixel` bytes below the row `above`.
    pub(super) fn apply(self, row: &[u8], above: &[u8], pixel: usize, out: &mut [u8]) {
        let (first, rest) = row.split_at(pixel);
        let (out_first, out) = out.split_at_mut(pixel);
        let (above_first, b) = above.split_at(pixel);
        for ((out, &x), &b) in out_first.iter_mut().zip(first).zip(above_first) {
            *out = self.filtered(x, 0, b, 0);
        }
        let neighbours = row.iter().zip(b).zip(above);
        let bytes = out.iter_mut().zip(rest).zip(neighbours);
        // The loops are vectorised where the filter is a constant.
        match self {
            Self::None => out.copy_from_slice(rest),
            Self::Sub => bytes.for_each(|((out, &x), ((&a, &b), &c))| {
                *out = Self::Sub.filtered(x, a, b, c);
            }),
            Self::Up => bytes.for_each(|((out, &x), ((&a, &b), &c))| {
                *out = Self::Up.filtered(x, a, b, c);
            }),
            Self::Average => bytes.for_each(|((out, &x), ((&a, &b), &c))| {
                *out = Self::Average.filtered(x, a, b, c);
            }),
            Self::Paeth => bytes.for_each(|((out, &x), ((&a, &b), &c))| {
                *out = Self::Paeth.filtered(x, a, b, c);
            }),
        }
    }

    #[inline(always)]
    const fn filtered(self, x: u8, a: u8, b: u8, c: u8) -> u8 {
        x.wrapping_sub(match self {
            Self::None => 0,
            Self::Sub => a,
            Self::Up => b,
            // Without a carry.
            Self::Average => (a & b) + ((a ^ b) >> 1),
            Self::Paeth => nearest(a, b, c),
        })
    }

    /// The filter that leaves the fewest bits of these rows of `row` bytes, of pixels of `pixel`
    /// bytes, below the row `above`, by the entropy of a sample.
    ///
    /// One filter for all rows of a stripe: the codes fit it. Chosen for every few rows by the
    /// same sample of each, it took longer and gained about 1 % at most.
    pub(super) fn for_stripe(rows: &[u8], above: &[u8], row: usize, pixel: usize) -> Self {
        let sample = Sample {
            rows: rows.len() / row,
            row,
            pixel,
        };
        let cost = |filter: &Self| {
            let mut counts = Counts::default();
            sample.for_each(|y, columns| {
                let above = match y {
                    0 => above,
                    _ => &rows[(y - 1) * row..y * row],
                };
                let before = if columns.start == 0 { 0 } else { pixel };
                let mut out = [0; PIECE_BYTES + MAX_PIXEL];
                let out = &mut out[..columns.len()];
                let (row, above) = (&rows[y * row..][columns.clone()], &above[columns]);
                filter.apply(row, above, pixel, out);
                counts.add(&out[before..]);
            });
            counts.bits()
        };
        let costs = Self::ALL.map(|filter| (cost(&filter), filter));
        let least = costs.into_iter().min_by_key(|&(cost, _)| cost);
        least.map_or(Self::None, |(_, filter)| filter)
    }
}

/// The one of `a`, `b` and `c` that is nearest to `a + b - c`, the first of equally near ones, in
/// bytes alone.
#[inline(always)]
const fn nearest(a: u8, b: u8, c: u8) -> u8 {
    let (from_a, from_b) = (b.abs_diff(c), a.abs_diff(c));
    // Where `a` and `b` lie on the same side of `c`, it is no nearer than they are.
    let from_c = if (b < c) == (c < a) {
        from_a.abs_diff(from_b)
    } else {
        u8::MAX
    };
    if from_a <= from_b && from_a <= from_c {
        a
    } else if from_b <= from_c {
        b
    } else {
        c
    }
}

/// The bytes of a piece of a row that is looked at. Of fewer and longer pieces, drawings got
/// filters that made their files larger by half.
const PIECE_BYTES: usize = 64;

/// The most bytes of a pixel.
const MAX_PIXEL: usize = 8;

/// A stripe of at most this many pieces is looked at whole, of a larger one that many pieces.
const SMALL_STRIPE: usize = 256;
const PIECES: usize = 80;

/// Pieces of rows that are looked at.
struct Sample {
    rows: usize,
    /// The bytes of a row and of a pixel.
    row: usize,
    pixel: usize,
}

impl Sample {
    /// Calls `act` with the row and the columns of bytes of each piece. It begins with a pixel
    /// that is looked at as a neighbour only, unless it is the first of its row.
    fn for_each(&self, mut act: impl FnMut(usize, Range<usize>)) {
        let columns = |start: usize| start..self.row.min(start + self.pixel + PIECE_BYTES);
        // Pieces begin with pixels.
        let step = PIECE_BYTES / self.pixel * self.pixel;
        if self.rows * self.row.div_ceil(step) <= SMALL_STRIPE {
            for y in 0..self.rows {
                for start in (0..self.row).step_by(step) {
                    act(y, columns(start));
                }
            }
            return;
        }
        // The same numbers every time.
        let mut random = 1_u32;
        let last = self.row.saturating_sub(self.pixel + PIECE_BYTES) / self.pixel;
        for at in 0..PIECES {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let start = (random >> 8) as usize % (last + 1) * self.pixel;
            act(at * self.rows / PIECES, columns(start));
        }
    }
}

/// How often each filtered byte occurs, but for runs of zeros, and how many of these there are.
struct Counts {
    bytes: [[u32; 256]; 2],
    runs: u32,
}

/// The bits of a run of zeros, about.
const RUN_BITS: u64 = 12;

impl Default for Counts {
    fn default() -> Self {
        Self {
            bytes: [[0; 256]; 2],
            runs: 0,
        }
    }
}

impl Counts {
    /// Adds a filtered piece of a row.
    fn add(&mut self, piece: &[u8]) {
        let (words, rest) = piece.as_chunks::<8>();
        let mut in_run = false;
        for word in words {
            if *word == [0; 8] {
                self.runs += u32::from(!in_run);
                in_run = true;
                continue;
            }
            in_run = false;
            for &[a, b] in word.as_chunks().0 {
                self.bytes[0][usize::from(a)] += 1;
                self.bytes[1][usize::from(b)] += 1;
            }
        }
        for &byte in rest {
            self.bytes[0][usize::from(byte)] += 1;
        }
    }

    /// The bits that a code for them takes, in 256ths.
    fn bits(&self) -> u64 {
        let counts = || (self.bytes[0].iter().zip(&self.bytes[1])).map(|(a, b)| a + b);
        let total = log2(counts().sum::<u32>().max(1));
        let bits = counts().filter(|&count| count > 0).map(|count| {
            // No code is shorter than one bit.
            let of_one = (total - log2(count)).max(256);
            u64::from(count) * u64::from(of_one)
        });
        bits.sum::<u64>() + u64::from(self.runs) * RUN_BITS * 256
    }
}

/// The logarithm of a number that is not 0, in 256ths, in integers so that it is the same on
/// every machine; within 5 of them.
const fn log2(number: u32) -> u32 {
    let whole = number.ilog2();
    // The fraction of the mantissa, and a parabola through that of 1.5.
    let fraction = (number << (31 - whole)) >> 23 & 0xff;
    whole * 256 + fraction + ((fraction * (256 - fraction) * 87) >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_those_of_the_specification() {
        let pixels = |first: u8| (0..=255_u8).map(move |at| at.wrapping_mul(first));
        let rows: Vec<Vec<u8>> = [1, 3, 29, 77, 201]
            .map(|first| pixels(first).collect())
            .to_vec();
        for (row, above) in rows.iter().zip(rows.iter().rev()) {
            for pixel in [1, 2, 3, 4, 6, 8] {
                for filter in RowFilter::ALL {
                    let mut out = vec![0; 256];
                    filter.apply(row, above, pixel, &mut out);
                    for at in 0..256_usize {
                        let left = |row: &[u8]| at.checked_sub(pixel).map_or(0, |at| row[at]);
                        let [a, b, c] = [left(row), above[at], left(above)].map(i32::from);
                        let p = a + b - c;
                        let predicted = match filter {
                            RowFilter::None => 0,
                            RowFilter::Sub => a,
                            RowFilter::Up => b,
                            RowFilter::Average => (a + b) / 2,
                            // `min_by_key` gives the first.
                            RowFilter::Paeth => {
                                [a, b, c].into_iter().min_by_key(|x| (p - x).abs()).unwrap()
                            }
                        };
                        assert_eq!(i32::from(out[at]), (i32::from(row[at]) - predicted) & 0xff);
                    }
                }
            }
        }
    }

    #[test]
    fn predictors_of_all_neighbours_are_the_nearest() {
        for a in 0..=255_u8 {
            for b in 0..=255_u8 {
                for c in (0..=255_u8).step_by(3) {
                    let [x, y, z] = [a, b, c].map(i32::from);
                    let p = x + y - z;
                    let wanted = [x, y, z].into_iter().min_by_key(|v| (p - v).abs());
                    assert_eq!(wanted, Some(i32::from(nearest(a, b, c))), "{a} {b} {c}");
                }
            }
        }
    }

    #[test]
    fn logarithms_are_near() {
        for number in (1..5000).chain([1 << 20, u32::MAX]) {
            let exact = f64::from(number).log2() * 256.0;
            assert!((f64::from(log2(number)) - exact).abs() < 5.0, "{number}");
        }
    }

    #[test]
    fn a_stripe_gets_the_filter_that_leaves_least() {
        fn noise(at: usize) -> usize {
            (at as u32).wrapping_mul(2_654_435_761).rotate_left(9) as usize
        }
        type Value = fn(usize, usize) -> usize;
        let cases: [(Value, RowFilter); 3] = [
            (|_, _| 0, RowFilter::None),
            (|y, x| noise(y) * x, RowFilter::Sub),
            (|_, x| noise(x), RowFilter::Up),
        ];
        // A small stripe is looked at whole, a large one at random.
        for rows in [3, 40, 500] {
            for (value, filter) in cases {
                let at = (0..rows * 500).map(|at| value(at / 500, at % 500) as u8);
                let stripe: Vec<u8> = at.collect();
                let above = stripe[..500].to_vec();
                let chosen = RowFilter::for_stripe(&stripe, &above, 500, 1);
                assert_eq!(chosen, filter, "{rows} rows");
            }
        }
    }
}
