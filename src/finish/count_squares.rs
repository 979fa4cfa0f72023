//! Counts of clipped magnitudes of two kernels, by their squares.

use super::{
    BLOCK, Finish,
    clipping::{Clipped, Tally},
    count::LANES,
    end_blocks::EndBlocks,
    scale::Affine,
};
use crate::{
    combine::Combine,
    number::{Lane, LaneKind},
    simd::{Body, Isa, Simd},
};

/// The magnitudes of pairs of sums that are clipped.
#[derive(Debug, Clone, Copy)]
pub(super) struct SquareEnd {
    /// From here on the square of a magnitude is above.
    above: f64,
    /// The interleaved channels whose last is skipped.
    alpha: Option<usize>,
    /// Whether sums modulo 2^16 are these sums, as signed integers.
    is_signed: bool,
}

impl Finish {
    /// The magnitudes that are clipped, if they can be counted by the squares of sums.
    pub(super) fn square_end(&self, channels: usize, skip_alpha: bool) -> Option<SquareEnd> {
        let [x, y] = &*self.affine else {
            return None;
        };
        let is_plain = self.combine == Some(Combine::Magnitude)
            && [x, y].into_iter().all(Affine::is_identity)
            && !self.from.is_float()
            && !self.to.is_float()
            && !self.in_f64;
        let [low, high] = self.limits();
        if !is_plain || low > 0.0 || high < 0.0 || skip_alpha && !LANES.is_multiple_of(channels) {
            return None;
        }
        let fits = |term: &Affine| {
            term.min_sum >= f64::from(i16::MIN) && term.max_sum <= f64::from(i16::MAX)
        };
        Some(SquareEnd {
            above: high * high,
            alpha: skip_alpha.then_some(channels),
            is_signed: fits(x) && fits(y),
        })
    }
}

impl SquareEnd {
    /// What is to be noted of these sums of two kernels, which may be clipped only in these
    /// blocks; `None` if it takes a survey.
    pub(super) fn count<T: Lane>(
        self,
        simd: Simd,
        sums: &[&[T]],
        blocks: &EndBlocks,
    ) -> Option<Tally> {
        let [x, y] = sums else {
            return None;
        };
        let above = match const { T::KIND } {
            // The sum of two squares is at most 2^31.
            LaneKind::I16 if self.is_signed && self.above <= f64::from(u32::MAX) => {
                let least = self.above.ceil() as u32;
                let square = |n: i16| i32::from(n) * i32::from(n);
                simd.run(Count {
                    sums: [bytemuck::cast_slice(x), bytemuck::cast_slice(y)],
                    blocks,
                    is_above: |x, y| (square(x) as u32 + square(y) as u32) >= least,
                })
            }
            LaneKind::F32 => {
                let least = self.above as f32;
                simd.run(Count {
                    sums: [bytemuck::cast_slice(x), bytemuck::cast_slice(y)],
                    blocks,
                    is_above: |x: f32, y: f32| x * x + y * y >= least,
                })
            }
            _ => return None,
        };
        let is_alpha = |lane: usize| (self.alpha).is_some_and(|n| lane % n == n - 1);
        let lanes = above.into_iter().enumerate();
        let counted = lanes.filter(|&(lane, _)| !is_alpha(lane));
        Some(Tally {
            clipped: Clipped {
                above: counted.map(|(_, count)| u64::from(count)).sum(),
                ..Clipped::default()
            },
            ..Tally::EMPTY
        })
    }
}

/// The operands of a count of pairs of sums.
struct Count<'a, S, F> {
    sums: [&'a [S]; 2],
    blocks: &'a EndBlocks,
    is_above: F,
}

impl<S: Copy + Default, F: Fn(S, S) -> bool> Body for Count<'_, S, F> {
    type Output = [u32; LANES];

    #[inline(always)]
    fn run<I: Isa>(self, _: I) -> [u32; LANES] {
        let Self {
            sums: [x, y],
            blocks,
            is_above,
        } = self;
        let count = |x: &[S; LANES], y: &[S; LANES], counts: &mut [u32; LANES]| {
            for ((&x, &y), count) in x.iter().zip(y).zip(counts) {
                *count += u32::from(is_above(x, y));
            }
        };
        let mut counts = [0; LANES];
        let (x_whole, x_rest) = x.as_chunks::<BLOCK>();
        let (y_whole, y_rest) = y.as_chunks::<BLOCK>();
        let groups = x_whole.chunks(64).zip(y_whole.chunks(64));
        for (mut word, (x, y)) in blocks.words().zip(groups) {
            let mut here = [0; LANES];
            let block = |at: u32| x.get(at as usize).zip(y.get(at as usize));
            while let Some((x, y)) = block(word.trailing_zeros()) {
                word &= word - 1;
                for (x, y) in x.as_chunks().0.iter().zip(y.as_chunks().0) {
                    count(x, y, &mut here);
                }
            }
            (counts.iter_mut().zip(here)).for_each(|(count, here)| *count += here);
        }
        if blocks.has(x_whole.len() * BLOCK) {
            // Sums of 0 are not clipped.
            let [mut x, mut y] = [[S::default(); BLOCK]; 2];
            x[..x_rest.len()].copy_from_slice(x_rest);
            y[..y_rest.len()].copy_from_slice(y_rest);
            for (x, y) in x.as_chunks().0.iter().zip(y.as_chunks().0) {
                count(x, y, &mut counts);
            }
        }
        counts
    }
}
