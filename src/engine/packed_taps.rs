//! The taps of a kernel, packed for the register blocks: weights with their offsets.

use std::ops::Range;

use crate::{number::Lane, view::Layout};

/// The weights of one kernel and their position in the window of its bank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PlacedKernel<'a> {
    /// Row-major.
    pub(crate) weights: &'a [f64],
    /// Rows and columns.
    pub(crate) shape: [usize; 2],
    /// Rows and columns between taps.
    pub(crate) dilation: [usize; 2],
    /// The position of the first tap in the window: not zero only in a bank whose kernels
    /// differ in size or anchor.
    pub(crate) origin: [usize; 2],
}

/// The weights of one kernel, laid out for the engines.
#[derive(Debug, Clone)]
pub(crate) struct Taps<T> {
    pub(super) shape: [usize; 2],
    pub(super) dilation: [usize; 2],
    pub(super) origin: [usize; 2],
    /// Row-major weights.
    pub(super) weights: Vec<T>,
    /// The taps packed for blocks of 1, 2 and 4 output rows.
    blocks: [Vec<Group<T>>; 3],
    /// The block height that is fastest, if the SIMD level allows it.
    pub(super) max_block_rows: usize,
    /// The offset in samples of the last tap of a row.
    pub(super) span: usize,
    /// Whether the source rows of a block are taken from both ends inwards.
    is_inward: bool,
}

/// Taps that are summed on their own first (blocked summation), since rounding errors grow
/// with the length of a sum.
pub(super) type Group<T> = Vec<TapRun<T>>;

/// A run of taps in a block of R output rows: several taps of one source row, or
/// one tap in each of several consecutive rows.
#[derive(Debug, Clone)]
pub(super) struct TapRun<T> {
    /// The source rows, counted from the first that the block reads.
    pub(super) rows: Range<usize>,
    /// The output rows `first..end` of the block whose windows contain them.
    pub(super) first: usize,
    pub(super) end: usize,
    /// The taps of a source row, in samples right of the output sample.
    pub(super) offsets: Vec<usize>,
    /// R weights for every tap, one for every output row.
    pub(super) weights: Vec<T>,
}

impl<T> TapRun<T> {
    /// Whether `below` is the same tap in the next row of the same column.
    fn is_continued_by(&self, below: &Self) -> bool {
        (self.rows.end, self.offsets.len()) == (below.rows.start, 1)
            && (self.first, self.end) == (below.first, below.end)
            && self.offsets == below.offsets
    }

    /// The multiply-adds for one column of output samples.
    fn products(&self) -> usize {
        self.rows.len() * self.offsets.len() * (self.end - self.first)
    }
}

impl<T: Lane> Taps<T> {
    /// The taps over bands whose rows have this layout of `(columns, channels)`.
    ///
    /// `drop_zeros` drops taps of weight zero, which is right only if no sample is
    /// infinite or NaN.
    pub(crate) fn new(kernel: PlacedKernel<'_>, row: &Layout<2>, drop_zeros: bool) -> Self {
        Self::ordered(kernel, row, drop_zeros, false)
    }

    /// The same taps. If `is_inward`, blocks take the source rows in [this order](inward_row): of
    /// kernels that are small at their ends, partial sums, and so their roundings, are small for
    /// as long as possible. But the order of a row's taps then depends on its place in the block.
    pub(super) fn ordered(
        kernel: PlacedKernel<'_>,
        row: &Layout<2>,
        drop_zeros: bool,
        is_inward: bool,
    ) -> Self {
        let [rows, columns] = kernel.shape;
        let per_group = T::KIND.group_columns(rows, columns);
        let groups = |block_rows| {
            (0..columns)
                .step_by(per_group)
                .map(|first| {
                    let columns = first..(first + per_group).min(columns);
                    runs(kernel, columns, block_rows, row, drop_zeros, is_inward)
                })
                .filter(|group: &Group<T>| !group.is_empty())
                .collect()
        };
        let blocks = [1, 2, 4].map(groups);
        Self {
            shape: kernel.shape,
            dilation: kernel.dilation,
            origin: kernel.origin,
            weights: kernel.weights.iter().map(|&w| T::from_weight(w)).collect(),
            max_block_rows: max_block_rows(&blocks),
            span: (blocks[0].iter().flatten().flat_map(|p| &p.offsets))
                .max()
                .map_or(0, |&last| last),
            blocks,
            is_inward,
        }
    }
}

impl<T: Lane> Taps<T> {
    /// The same with the taps of every source row in the order of their absolute weights in
    /// blocks of one output row: partial sums, and so their roundings, are small for as long as
    /// possible.
    pub(super) fn smallest_first(mut self) -> Self {
        for run in self.blocks[0].iter_mut().flatten() {
            if run.rows.len() > 1 {
                continue;
            }
            let taps = run.offsets.iter().copied().zip(run.weights.iter().copied());
            let mut taps: Vec<(usize, T)> = taps.collect();
            taps.sort_by(|(_, a), (_, b)| a.to_f64().abs().total_cmp(&b.to_f64().abs()));
            (run.offsets, run.weights) = taps.into_iter().unzip();
        }
        self
    }
}

impl<T> Taps<T> {
    /// The number of band rows from the window's first to the last that one output row
    /// reads.
    pub(super) const fn rows_read(&self) -> usize {
        self.origin[0] + (self.shape[0] - 1) * self.dilation[0] + 1
    }

    /// The source rows of a block, in the order that its taps take them. `to` is empty.
    pub(super) fn in_order<'s, S>(&self, sources: &[&'s [S]], to: &mut Vec<&'s [S]>) {
        if self.is_inward {
            let sources = &sources[self.origin[0]..];
            to.extend((0..sources.len()).map(|at| sources[inward_row(at, sources.len())]));
        } else {
            to.extend_from_slice(sources);
        }
    }

    /// The taps packed for a block of `R` output rows.
    pub(super) fn groups<const R: usize>(&self) -> &[Group<T>] {
        const {
            assert!(
                matches!(R, 1 | 2 | 4),
                "blocks of 1, 2 or 4 rows are packed"
            );
        };
        &self.blocks[R.ilog2() as usize]
    }
}

/// The row that comes at this place of `rows` rows, taken from both ends inwards: the first, the
/// last, the second, the last but one and so on.
pub(super) const fn inward_row(at: usize, rows: usize) -> usize {
    match at % 2 {
        0 => at / 2,
        _ => rows - 1 - at / 2,
    }
}

/// The runs of taps of a block of `block_rows` output rows, of some columns
/// of the kernel.
fn runs<T: Lane>(
    kernel: PlacedKernel<'_>,
    columns: Range<usize>,
    block_rows: usize,
    layout: &Layout<2>,
    drop_zeros: bool,
    is_inward: bool,
) -> Group<T> {
    let [kernel_rows, kernel_columns] = kernel.shape;
    let dilated_rows = (kernel_rows - 1) * kernel.dilation[0] + 1;
    let mut runs: Group<T> = Vec::new();
    let source_rows = dilated_rows + block_rows - 1;
    for at in 0..source_rows {
        let row = if is_inward {
            inward_row(at, source_rows)
        } else {
            at
        };
        let place = if is_inward { at } else { kernel.origin[0] + at };
        // The weight of this source row for output row r, if any.
        let weight = |column: usize, r: usize| {
            let distance = row.checked_sub(r).filter(|d| d % kernel.dilation[0] == 0)?;
            let tap_row = distance / kernel.dilation[0];
            let weight = *kernel.weights.get(tap_row * kernel_columns + column)?;
            (!drop_zeros || weight != 0.0).then_some(weight)
        };
        let reads = |r: usize| columns.clone().any(|c| weight(c, r).is_some());
        let Some(first) = (0..block_rows).find(|&r| reads(r)) else {
            continue;
        };
        let end = (first..block_rows).rfind(|&r| reads(r)).unwrap_or(first) + 1;
        let mut run = TapRun {
            rows: place..place + 1,
            first,
            end,
            offsets: Vec::new(),
            weights: Vec::new(),
        };
        for column in columns.clone() {
            if (first..end).any(|r| weight(column, r).is_some()) {
                let x = kernel.origin[1] + column * kernel.dilation[1];
                let offset = layout.position([x, 0]);
                run.offsets
                    .push(offset.expect("a band's row holds its windows"));
                run.weights.extend(
                    (0..block_rows).map(|r| T::from_weight(weight(column, r).unwrap_or(0.0))),
                );
            }
        }
        match runs.last_mut() {
            Some(above) if above.is_continued_by(&run) => {
                above.rows.end += 1;
                above.weights.extend(run.weights);
            }
            _ => runs.push(run),
        }
    }
    runs
}

/// The fastest block height: 1, 2 or 4. A block of several rows shares its loads of
/// samples, but multiplies by some of the dropped zeros. Multiply-adds in
/// blocks of one row cost about 2.5 times as much (15x15, f32: 112 ms against
/// 44 by four rows at a time on AVX-512, 129 against 84 on AVX2).
fn max_block_rows<T>(blocks: &[Vec<Group<T>>; 3]) -> usize {
    let products =
        |block: &Vec<Group<T>>| -> usize { block.iter().flatten().map(TapRun::products).sum() };
    let costs = [
        5 * 4 * products(&blocks[0]),
        3 * 2 * products(&blocks[1]),
        2 * products(&blocks[2]),
    ];
    if costs[2] <= costs[1].min(costs[0]) {
        4
    } else if costs[1] <= costs[0] {
        2
    } else {
        1
    }
}
