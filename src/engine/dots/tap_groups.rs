//! Taps in groups: of neighbours, or of those of one channel.

use super::super::packed_taps::TapRun;
use crate::simd::MAX_SPACING;

/// The groups of `TAPS` taps of one source row, for a block of output rows.
#[derive(Debug)]
pub(super) struct TapGroups<const TAPS: usize> {
    pub(super) row: usize,
    /// The output rows `first..end` of the block whose windows contain it.
    pub(super) first: usize,
    pub(super) end: usize,
    /// Where each group begins, in samples right of the output sample.
    pub(super) offsets: Vec<usize>,
    /// For every offset, the weights of a group for every output row of the block.
    pub(super) weights: Vec<[i8; TAPS]>,
}

impl<const TAPS: usize> TapGroups<TAPS> {
    /// The groups of each source row of a run, in a block of `rows` output rows. The taps of a
    /// group are `spacing` samples apart.
    pub(super) fn of_run(
        run: &TapRun<i16>,
        rows: usize,
        spacing: usize,
    ) -> impl Iterator<Item = Self> {
        let weights = run.weights.chunks(run.offsets.len() * rows);
        let of_row = move |(row, weights)| Self::new(run, row, weights, rows, spacing);
        run.rows.clone().zip(weights).map(of_row)
    }

    fn new(run: &TapRun<i16>, row: usize, weights: &[i16], rows: usize, spacing: usize) -> Self {
        let mut offsets = Vec::<usize>::new();
        let mut groups = Vec::new();
        for (&offset, weights) in run.offsets.iter().zip(weights.chunks(rows)) {
            let start = group_start::<TAPS>(offsets.last().copied(), offset, spacing);
            if offsets.last() != Some(&start) {
                offsets.push(start);
                groups.resize(groups.len() + rows, [0; TAPS]);
            }
            let last = groups.len() - rows;
            for (group, &weight) in groups[last..].iter_mut().zip(weights) {
                group[(offset - start) / spacing] = weight as i8;
            }
        }
        Self {
            row,
            first: run.first,
            end: run.end,
            offsets,
            weights: groups,
        }
    }
}

/// Where the group of the tap at `offset` begins, if `last` is where that of the tap
/// before it does. For example, taps at 2, 5, 6 make groups of four at 2 and 6.
fn group_start<const TAPS: usize>(last: Option<usize>, offset: usize, spacing: usize) -> usize {
    last.filter(|start| offset - start < TAPS * spacing)
        .unwrap_or(offset)
}

/// Where the groups of a row of taps begin that are `distance` samples apart, if those of a group
/// are `spacing` samples apart: 1, or the distance. Weights of zero are left out.
pub(super) fn groups<const TAPS: usize>(
    row: &[f64],
    distance: usize,
    spacing: usize,
) -> Vec<usize> {
    let mut starts = Vec::new();
    let taps = (0..).step_by(distance).zip(row);
    for (offset, _) in taps.filter(|&(_, &weight)| weight != 0.0) {
        let start = group_start::<TAPS>(starts.last().copied(), offset, spacing);
        if starts.last() != Some(&start) {
            starts.push(start);
        }
    }
    starts
}

/// The spacing that makes fewer groups of the taps of these rows, which are `distance` samples
/// apart.
pub(super) fn spacing<'a, const TAPS: usize>(
    rows: impl Iterator<Item = &'a [f64]> + Clone,
    distance: usize,
) -> usize {
    let count = |spacing| -> usize {
        (rows.clone())
            .map(|row| groups::<TAPS>(row, distance, spacing).len())
            .sum()
    };
    match (2..=MAX_SPACING).contains(&distance) && count(distance) < count(1) {
        true => distance,
        false => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_begin_with_their_first_tap() {
        let row = |taps: &[usize]| -> Vec<f64> {
            (0..16)
                .map(|i| {
                    if taps.contains(&i) {
                        i as f64 + 1.0
                    } else {
                        0.0
                    }
                })
                .collect()
        };
        let of = |taps: &[usize]| groups::<4>(&row(taps), 1, 1);
        assert!(of(&[]).is_empty());
        assert_eq!(of(&[0, 1, 2, 3]), [0]);
        assert_eq!(of(&[0, 1, 2, 3, 4]), [0, 4]);
        assert_eq!(of(&[2, 5, 6, 9, 14]), [2, 6, 14]);
        assert_eq!(groups::<2>(&row(&[0, 1, 3]), 1, 1), [0, 3]);
    }

    #[test]
    fn taps_of_one_channel_make_groups_if_these_are_fewer() {
        let row = [1.0, 2.0, 3.0];
        assert_eq!(groups::<4>(&row, 3, 1), [0, 6]);
        assert_eq!(groups::<4>(&row, 3, 3), [0]);
        let best = |distance| spacing::<4>([&row[..]].into_iter(), distance);
        assert_eq!([1, 2, 3, 4, 5].map(best), [1, 2, 3, 4, 1]);
        assert_eq!(spacing::<4>([&row[..2]].into_iter(), 3), 1);
    }
}
