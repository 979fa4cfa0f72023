//! The taps of a kernel, packed for the register blocks: weights with their offsets.

use std::ops::Range;

use crate::{kernel::count_column_taps, number::Lane, view::Layout};

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
    blocks: [Block<T>; 3],
    /// The block height that is fastest, if the SIMD level allows it.
    pub(super) max_block_rows: usize,
    /// The offset in samples of the last tap of a row.
    pub(super) span: usize,
    /// Whether the source rows of a block are taken from both ends inwards.
    is_inward: bool,
}

/// The taps of a block of output rows.
#[derive(Debug, Clone)]
struct Block<T> {
    groups: Vec<Group<T>>,
    /// How many samples right of the block each of its rows begins.
    shifts: [usize; MAX_BLOCK_ROWS],
}

/// The most output rows of a block.
pub(super) const MAX_BLOCK_ROWS: usize = 4;

/// The most samples that a row of a block begins right of another: what is beside the block is
/// computed row by row.
const MAX_SHIFT: usize = 64;

/// Taps that are summed on their own first (blocked summation), since rounding errors grow
/// with the length of a sum.
pub(super) type Group<T> = Vec<TapRun<T>>;

/// A run of taps in a block of R output rows: several taps of one source row, one tap in each of
/// several consecutive rows, or a few taps in each of several rows.
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
    /// Whether they are taps of one row side by side, in this order.
    pub(super) are_neighbours: bool,
    /// The source row of every tap, if there are a few in each of several rows; else empty.
    pub(super) tap_rows: Vec<usize>,
}

/// Rows of at most so many taps are joined to one run: a loop over few taps takes as long to begin
/// and to end. A line at 45 degrees has three in each row.
const FEW_TAPS: usize = 8;

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
        Self::with_slopes(kernel, row, drop_zeros, &[0.0], is_inward, false)
    }

    /// The same, in blocks that lean as the kernel does if that takes fewer products. Their rows
    /// then have most columns of taps in common: of a line from the upper left to the lower
    /// right, which has one tap in each row, a block of four rows has four columns of taps, and one
    /// whose rows each begin a sample right of the one above, a single column.
    pub(super) fn leaning(kernel: PlacedKernel<'_>, row: &Layout<2>, drop_zeros: bool) -> Self {
        let slope = match kernel.dilation[0] {
            1 if drop_zeros => slope(kernel) * kernel.dilation[1] as f64,
            // Its output rows are computed one by one, or all taps are there.
            _ => 0.0,
        };
        let slopes = [0.0, slope];
        let slopes = &slopes[..1 + usize::from(slope != 0.0)];
        Self::with_slopes(kernel, row, drop_zeros, slopes, false, true)
    }

    fn with_slopes(
        kernel: PlacedKernel<'_>,
        row: &Layout<2>,
        drop_zeros: bool,
        slopes: &[f64],
        is_inward: bool,
        joins_rows: bool,
    ) -> Self {
        let taps = count_column_taps(kernel.weights, kernel.shape[1]);
        let groups = T::KIND.column_groups(&taps);
        let blocks = [1, 2, 4].map(|block_rows| {
            let blocks = slopes.iter().filter_map(|&slope| {
                let shifts = shifts(slope, block_rows, row)?;
                let groups = groups.iter().map(|columns| {
                    runs(
                        kernel,
                        columns.clone(),
                        &shifts[..block_rows],
                        row,
                        drop_zeros,
                        is_inward,
                    )
                });
                let groups = groups.filter(|group: &Group<T>| !group.is_empty());
                Some(Block {
                    groups: groups.collect(),
                    shifts,
                })
            });
            // Of equal ones the first, which is upright.
            let block = blocks.min_by_key(Block::products);
            block.expect("an upright block has no shift")
        });
        let max_block_rows = max_block_rows(&blocks);
        let blocks = blocks.map(|mut block| {
            if joins_rows {
                block.groups.iter_mut().for_each(join_rows_of_few_taps);
            }
            block
        });
        Self {
            shape: kernel.shape,
            dilation: kernel.dilation,
            origin: kernel.origin,
            weights: kernel.weights.iter().map(|&w| T::from_weight(w)).collect(),
            max_block_rows,
            span: (blocks[0].groups.iter().flatten().flat_map(|p| &p.offsets))
                .max()
                .map_or(0, |&last| last),
            blocks,
            is_inward,
        }
    }

    /// The same with the taps of every source row in the order of their absolute weights in
    /// blocks of one output row: partial sums, and so their roundings, are small for as long as
    /// possible.
    pub(super) fn smallest_first(mut self) -> Self {
        for run in self.blocks[0].groups.iter_mut().flatten() {
            if run.rows.len() > 1 {
                continue;
            }
            let taps = run.offsets.iter().copied().zip(run.weights.iter().copied());
            let mut taps: Vec<(usize, T)> = taps.collect();
            taps.sort_by(|(_, a), (_, b)| a.to_f64().abs().total_cmp(&b.to_f64().abs()));
            (run.offsets, run.weights) = taps.into_iter().unzip();
            run.are_neighbours = false;
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

    /// Whether the rows of its blocks begin side by side.
    pub(super) fn is_upright(&self) -> bool {
        let shifts = self.blocks.iter().flat_map(|block| block.shifts);
        shifts.into_iter().all(|shift| shift == 0)
    }

    /// The taps packed for a block of `R` output rows.
    pub(super) fn groups<const R: usize>(&self) -> &[Group<T>] {
        &self.block::<R>().groups
    }

    /// How many samples right of a block of `R` output rows each of them begins.
    pub(super) fn shifts<const R: usize>(&self) -> [usize; R] {
        std::array::from_fn(|r| self.block::<R>().shifts[r])
    }

    const fn block<const R: usize>(&self) -> &Block<T> {
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

impl<T> Block<T> {
    /// The multiply-adds for one column of output samples.
    fn products(&self) -> usize {
        self.groups.iter().flatten().map(TapRun::products).sum()
    }
}

/// How many columns a kernel leans to the right from one row to the next: the slope of a straight
/// line through the middles of its rows, by least squares.
fn slope(kernel: PlacedKernel<'_>) -> f64 {
    let middle = |row: &[f64]| {
        let first = row.iter().position(|&weight| weight != 0.0)?;
        let last = row.iter().rposition(|&weight| weight != 0.0)?;
        Some((first + last) as f64 / 2.0)
    };
    let rows = kernel.weights.chunks_exact(kernel.shape[1]).enumerate();
    let points = rows.filter_map(|(y, row)| Some((y as f64, middle(row)?)));
    let points: Vec<(f64, f64)> = points.collect();
    let mean = |of: fn(&(f64, f64)) -> f64| {
        points.iter().map(of).sum::<f64>() / points.len().max(1) as f64
    };
    let [mean_y, mean_x] = [mean(|p| p.0), mean(|p| p.1)];
    let products = points.iter().map(|(y, x)| (y - mean_y) * (x - mean_x));
    let squares: f64 = points.iter().map(|(y, _)| (y - mean_y).powi(2)).sum();
    match squares > 0.0 {
        true => products.sum::<f64>() / squares,
        false => 0.0,
    }
}

/// How many samples each row of a block begins right of it, if it leans by `slope` columns a row:
/// to the left where the kernel leans to the right. `None` if that is too much, or nothing.
fn shifts(slope: f64, rows: usize, layout: &Layout<2>) -> Option<[usize; MAX_BLOCK_ROWS]> {
    let channels = layout.shape()[1];
    let columns = |r: usize| (slope * r as f64).round();
    // The first or the last row begins where the block does.
    let least = columns(0).min(columns(rows - 1));
    let mut shifts = [0; MAX_BLOCK_ROWS];
    for (r, shift) in shifts[..rows].iter_mut().enumerate() {
        let samples = (columns(r) - least) * channels as f64;
        if samples > MAX_SHIFT as f64 {
            return None;
        }
        *shift = samples as usize;
    }
    (slope == 0.0 || shifts != [0; MAX_BLOCK_ROWS]).then_some(shifts)
}

/// The runs of taps of a block of output rows that begin at these shifts, of some columns
/// of the kernel.
fn runs<T: Lane>(
    kernel: PlacedKernel<'_>,
    columns: Range<usize>,
    shifts: &[usize],
    layout: &Layout<2>,
    drop_zeros: bool,
    is_inward: bool,
) -> Group<T> {
    let [kernel_rows, kernel_columns] = kernel.shape;
    let (block_rows, channels) = (shifts.len(), layout.shape()[1]);
    let distance = kernel.dilation[1] * channels;
    let dilated_rows = (kernel_rows - 1) * kernel.dilation[0] + 1;
    let mut runs: Group<T> = Vec::new();
    let mut offsets = Vec::new();
    let source_rows = dilated_rows + block_rows - 1;
    for at in 0..source_rows {
        let row = if is_inward {
            inward_row(at, source_rows)
        } else {
            at
        };
        let place = if is_inward { at } else { kernel.origin[0] + at };
        // The row of taps that this source row has for output row r, if any.
        let tap_row = |r: usize| {
            let down = row.checked_sub(r).filter(|d| d % kernel.dilation[0] == 0)?;
            let tap_row = down / kernel.dilation[0];
            (tap_row < kernel_rows).then_some(tap_row)
        };
        let weight = |column: usize, r: usize| {
            let weight = kernel.weights[tap_row(r)? * kernel_columns + column];
            (!drop_zeros || weight != 0.0).then_some(weight)
        };
        let reads = |r: usize| columns.clone().any(|c| weight(c, r).is_some());
        let Some(first) = (0..block_rows).find(|&r| reads(r)) else {
            continue;
        };
        let end = (first..block_rows).rfind(|&r| reads(r)).unwrap_or(first) + 1;
        let left = kernel.origin[1] * channels;
        offsets.clear();
        for (r, shift) in shifts.iter().enumerate().take(end).skip(first) {
            let taps = columns.clone().filter(|&c| weight(c, r).is_some());
            offsets.extend(taps.map(|column| left + column * distance + shift));
        }
        offsets.sort_unstable();
        offsets.dedup();
        let weight_at = |offset: usize, r: usize| {
            let right = offset.checked_sub(left + shifts[r])?;
            let column = (right % distance == 0).then_some(right / distance)?;
            columns.contains(&column).then(|| weight(column, r))?
        };
        let weights = offsets.iter().flat_map(|&offset| {
            (0..block_rows).map(move |r| T::from_weight(weight_at(offset, r).unwrap_or(0.0)))
        });
        let run = TapRun {
            rows: place..place + 1,
            first,
            end,
            weights: weights.collect(),
            are_neighbours: offsets.len() > 1 && offsets.windows(2).all(|two| two[0] + 1 == two[1]),
            offsets: offsets.clone(),
            tap_rows: Vec::new(),
        };
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

/// Joins neighbouring runs of rows of few taps for the same output rows.
fn join_rows_of_few_taps<T: Lane>(group: &mut Group<T>) {
    let is_short = |run: &TapRun<T>| run.rows.len() == 1 && run.offsets.len() <= FEW_TAPS;
    let mut joined: Group<T> = Vec::new();
    for run in group.drain(..) {
        match joined.last_mut() {
            Some(above)
                if (above.first, above.end) == (run.first, run.end)
                    && (is_short(above) || !above.tap_rows.is_empty())
                    && is_short(&run) =>
            {
                if above.tap_rows.is_empty() {
                    above.tap_rows = vec![above.rows.start; above.offsets.len()];
                }
                (above.tap_rows).extend(run.offsets.iter().map(|_| run.rows.start));
                above.rows.end = run.rows.end;
                above.are_neighbours = false;
                above.offsets.extend(run.offsets);
                above.weights.extend(run.weights);
            }
            _ => joined.push(run),
        }
    }
    *group = joined;
}

/// The fastest block height: 1, 2 or 4. A block of several rows shares its loads of
/// samples, but multiplies by some of the dropped zeros. Multiply-adds in
/// blocks of one row cost about 2.5 times as much (15x15, f32: 112 ms against
/// 44 by four rows at a time on AVX-512, 129 against 84 on AVX2).
fn max_block_rows<T>(blocks: &[Block<T>; 3]) -> usize {
    let costs = [
        5 * 4 * blocks[0].products(),
        3 * 2 * blocks[1].products(),
        2 * blocks[2].products(),
    ];
    if costs[2] <= costs[1].min(costs[0]) {
        4
    } else if costs[1] <= costs[0] {
        2
    } else {
        1
    }
}
