//! Running sums of bytes and 16-bit samples, and the finish, without a row of sums of samples in
//! memory: of any size in the same time.
//!
//! From one output row to the next, a row of samples enters the windows and another leaves. The
//! differences of both are summed along the row, as differences of their prefix sums, and added to
//! the sums of the windows above.

use super::{
    Band, CompiledKernel, RegisterKernel, RowsMut, Scratch, Told,
    finished_block::push_differing,
    running_sum::{Compiled, Totalled},
};
use crate::{
    error::Result,
    finish::{RegisterFinish, ScaleFinish},
    number::{Lane, LaneKind},
    simd::{
        Body, Isa, LINE, MAX_PREFIX_CHANNELS, PrefixSums, Simd, Stream, aligned, padded_row_len,
        prefetch, prefix_sums,
    },
};

/// A kernel of equal weights over bands of `S`, whose sums become samples of that type.
#[derive(Debug)]
pub(super) struct Running<S, T> {
    kernel: Compiled<S, T>,
    channels: usize,
    /// What a sample counts in running sums: an integer weight, so that they are exact.
    inner_weight: T,
    /// What these are multiplied by.
    outer_weight: T,
}

/// The samples of a block, at most: of four vectors of numbers.
const MAX_BLOCK: usize = LINE;

/// Rows that are prefetched before they enter the windows.
const ROWS_AHEAD: usize = 2;

/// The columns of a kernel whose sums of differences of bytes fit into 16 bits.
const MAX_COLUMNS_OF_BYTES: usize = i16::MAX as usize / u8::MAX as usize;

/// Whether the sums of rows of so many columns of pixels are taken from prefix sums for this lane.
pub(super) fn takes(lane: LaneKind, columns: usize, channels: usize) -> bool {
    let fits = match lane {
        LaneKind::I16 => false,
        LaneKind::F32 => columns <= MAX_COLUMNS_OF_BYTES,
        // Of 16-bit samples in 32 bits: no kernel is as large.
        LaneKind::F64 => columns <= i32::MAX as usize / u16::MAX as usize,
    };
    fits && channels <= MAX_PREFIX_CHANNELS
}

impl<S: Totalled<T>, T: Lane> Running<S, T> {
    /// For pixels of so many channels. The weights are `weight`.
    pub(super) fn new(kernel: Compiled<S, T>, channels: usize, weight: f64) -> Self {
        let (one, weight, is_integer) = (
            T::from_weight(1.0),
            T::from_weight(weight),
            weight.fract() == 0.0,
        );
        Self {
            kernel,
            channels,
            inner_weight: if is_integer { weight } else { one },
            outer_weight: if is_integer { one } else { weight },
        }
    }
}

impl<S: RunningSamples<T>, T: Lane> CompiledKernel for Running<S, T> {
    type Element = S;
    type Sum = T;

    fn contract(
        &self,
        simd: Simd,
        band: &Band<'_, S>,
        first: usize,
        out: &mut [T],
        stride: usize,
        scratch: &mut Scratch<T>,
    ) -> Result<()> {
        self.kernel
            .contract(simd, band, first, out, stride, scratch)
    }

    fn in_registers(&self) -> Option<&dyn RegisterKernel<S, T>> {
        Some(self)
    }
}

impl<S: RunningSamples<T>, T: Lane> RegisterKernel<S, T> for Running<S, T> {
    fn finishes(&self, _: Simd, finish: &RegisterFinish) -> bool {
        (finish.scale()).is_some_and(|finish| S::ELEMENT.depth() == Some(finish.to))
            && takes(T::KIND, self.kernel.shape[1], self.channels)
    }

    fn min_len(&self) -> usize {
        MAX_BLOCK
    }

    fn carries_sums(&self) -> bool {
        true
    }

    fn finish(
        &self,
        simd: Simd,
        (band, first): (&Band<'_, S>, usize),
        finish: &RegisterFinish,
        out: RowsMut<'_>,
        scratch: &mut Scratch<T>,
        told: &mut Told,
    ) -> Result<()> {
        let finish = finish.scale().expect("it makes samples of no other finish");
        let RowsMut {
            samples,
            stride,
            stream,
        } = out;
        let Compiled { shape, origin, .. } = self.kernel;
        let len = band.dense_len();
        let width = len + (shape[1] - 1) * self.channels;
        let sums = len.next_multiple_of(MAX_BLOCK);
        // A block in front is 0.
        let phase = padded_row_len::<T>((MAX_BLOCK + width.next_multiple_of(MAX_BLOCK)) / 2);
        let scratch = aligned(&mut scratch.rows, sums + phase)?;
        let (sums, words) = scratch.split_at_mut(sums);
        simd.run(Rows {
            kernel: self,
            sources: &band.rows[first + origin[0]..],
            left: origin[1] * self.channels,
            borrowed: band.borrowed,
            finish,
            len,
            width,
            out: bytemuck::cast_slice_mut(samples.into_bytes()),
            stride,
            stream,
            sums,
            words,
            first,
            near_ties: &mut told.near_ties,
        });
        Ok(())
    }
}

/// The operands of some output rows.
pub(crate) struct Rows<'a, 'b, S, T> {
    kernel: &'a Running<S, T>,
    /// The rows of the first windows, and on.
    sources: &'a [&'b [S]],
    /// The sample of a row that the first window begins with.
    left: usize,
    /// Whether the rows are borrowed from the image: they are prefetched.
    borrowed: bool,
    finish: &'a ScaleFinish,
    /// Samples of an output row.
    len: usize,
    /// Samples that the windows of a row cover.
    width: usize,
    out: &'a mut [S],
    stride: usize,
    stream: Option<&'a mut Stream>,
    /// The sums of windows: in blocks of phases, of which the last one ends where the row does.
    sums: &'a mut [T],
    /// The prefix sums of a row: even ones and odd ones.
    words: &'a mut [T],
    /// The first output row, for what is told.
    first: usize,
    near_ties: &'a mut Vec<[u32; 2]>,
}

/// Samples that have prefix sums for the lane `T`.
pub(crate) trait RunningSamples<T: Lane>: Totalled<T> {
    fn run<I: Isa>(isa: I, rows: Rows<'_, '_, Self, T>);
}

macro_rules! samples {
    ($($sample:ty => $number:ty;)*) => { $(
        impl RunningSamples<$number> for $sample {
            #[inline(always)]
            fn run<I: Isa>(isa: I, rows: Rows<'_, '_, Self, $number>) {
                rows.finish::<I>(isa);
            }
        }
    )* };
}
samples! {
    u8 => f32;
    u8 => f64;
    u16 => f64;
}

impl<S: RunningSamples<T>, T: Lane> Body for Rows<'_, '_, S, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        S::run(isa, self);
    }
}

/// What becomes of the sums of a row.
struct Constants<V> {
    /// What differences, and sums, are multiplied by.
    inner_weight: V,
    outer_weight: V,
    add: V,
    factor: V,
    snap: V,
    minus_snap: V,
    tolerance: V,
    minus_tolerance: V,
}

impl<S: Totalled<T>, T: Lane> Rows<'_, '_, S, T> {
    #[inline(always)]
    fn finish<V: PrefixSums<S, T>>(mut self, v: V) {
        let Running {
            inner_weight,
            outer_weight,
            ..
        } = *self.kernel;
        let splat = |number| v.splat(T::from_weight(number));
        let ScaleFinish {
            add,
            factor,
            snap,
            tolerance,
            ..
        } = *self.finish;
        let constants = Constants {
            inner_weight: v.splat(inner_weight),
            outer_weight: v.splat(outer_weight),
            add: splat(add),
            factor: splat(factor),
            snap: splat(snap),
            minus_snap: splat(-snap),
            tolerance: splat(tolerance),
            minus_tolerance: splat(-tolerance),
        };
        self.sums.fill(T::ZERO);
        self.words.fill(T::ZERO);
        let rows = self.kernel.kernel.shape[0];
        for row in 0..rows - 1 {
            self.prefix_sums_of_row::<V>(v, row, None);
            self.add_row::<V>(v, &constants);
        }
        let count = self.out.len().div_ceil(self.stride);
        for y in 0..count {
            self.prefix_sums_of_row::<V>(v, y + rows - 1, y.checked_sub(1));
            // Samples are told only where that is needed.
            if self.finish.tolerance == 0.0 {
                self.finish_row::<V, false>(v, &constants, y);
            } else {
                self.finish_row::<V, true>(v, &constants, y);
            }
        }
    }

    /// The prefix sums of a row that enters the windows, less those of one that leaves them.
    #[inline(always)]
    fn prefix_sums_of_row<V: PrefixSums<S, T>>(
        &mut self,
        v: V,
        entering: usize,
        leaving: Option<usize>,
    ) {
        match self.kernel.channels {
            1 => self.prefix_sums::<V, 1>(v, entering, leaving),
            2 => self.prefix_sums::<V, 2>(v, entering, leaving),
            3 => self.prefix_sums::<V, 3>(v, entering, leaving),
            4 => self.prefix_sums::<V, 4>(v, entering, leaving),
            _ => unreachable!("rows of more channels are not finished in registers"),
        }
    }

    #[inline(always)]
    fn prefix_sums<V: PrefixSums<S, T>, const C: usize>(
        &mut self,
        v: V,
        entering: usize,
        leaving: Option<usize>,
    ) {
        let block = 4 * V::LANES;
        let zeros = [S::ZERO; MAX_BLOCK];
        let ahead = match self.borrowed {
            true => self.sources.get(entering + ROWS_AHEAD),
            false => None,
        };
        let ahead = ahead.map_or(&[][..], |row| &row[self.left..]);
        let entering = &self.sources[entering][self.left..];
        let leaving = leaving.map(|row| &self.sources[row][self.left..]);
        let (even, odd) = phases::<S, T, V>(self.words);
        let (even, odd) = (&mut even[MAX_BLOCK / 2..], &mut odd[MAX_BLOCK / 2..]);
        let mut sums = [v.splat_word(bytemuck::Zeroable::zeroed()); 2];
        let whole = self.width / block * block;
        let blocks = even[..whole / 2]
            .chunks_exact_mut(block / 2)
            .zip(odd[..whole / 2].chunks_exact_mut(block / 2));
        let blocks = blocks.zip(entering[..whole].chunks_exact(block));
        match leaving {
            Some(leaving) => {
                let leaving = leaving[..whole].chunks_exact(block);
                for (at, (((even, odd), entering), leaving)) in blocks.zip(leaving).enumerate() {
                    if let Some(line) = ahead.get(at * block..) {
                        prefetch(line);
                    }
                    sums = prefix_sums::<S, T, V, C>(v, v.differences(entering, leaving), sums);
                    v.store_words(sums[0], even);
                    v.store_words(sums[1], odd);
                }
            }
            None => {
                for (at, ((even, odd), entering)) in blocks.enumerate() {
                    if let Some(line) = ahead.get(at * block..) {
                        prefetch(line);
                    }
                    sums = prefix_sums::<S, T, V, C>(v, v.differences(entering, &zeros), sums);
                    v.store_words(sums[0], even);
                    v.store_words(sums[1], odd);
                }
            }
        }
        if whole < self.width {
            // The last samples, and zeros.
            let mut ends = [zeros; 2];
            for (row, end) in [Some(entering), leaving].into_iter().zip(&mut ends) {
                if let Some(row) = row {
                    let rest = &row[whole..self.width];
                    end[..rest.len()].copy_from_slice(rest);
                }
            }
            sums = prefix_sums::<S, T, V, C>(v, v.differences(&ends[0], &ends[1]), sums);
            v.store_words(sums[0], &mut even[whole / 2..]);
            v.store_words(sums[1], &mut odd[whole / 2..]);
        }
    }

    /// Adds a row to the windows.
    #[inline(always)]
    fn add_row<V: PrefixSums<S, T>>(&mut self, v: V, constants: &Constants<V::Vector>) {
        let (whole, rest) = self.blocks::<V>();
        let samples = 4 * V::LANES;
        let windows = Windows::<V::Word>::new::<S, T, V>(self.words, self.kernel, 0);
        let sums = self.sums[..whole].chunks_exact_mut(samples);
        for (windows, sums) in windows.blocks(whole, samples).zip(sums) {
            windows.add_to::<S, T, V>(v, constants, sums);
        }
        if let Some(x) = rest {
            let windows = Windows::<V::Word>::new::<S, T, V>(self.words, self.kernel, x);
            windows.add_to::<S, T, V>(v, constants, &mut self.sums[whole..]);
        }
    }

    /// Adds a row to the windows, and makes samples of their sums.
    #[inline(always)]
    fn finish_row<V: PrefixSums<S, T>, const TELLS: bool>(
        &mut self,
        v: V,
        constants: &Constants<V::Vector>,
        y: usize,
    ) {
        let (whole, rest) = self.blocks::<V>();
        let samples = 4 * V::LANES;
        let out = &mut self.out[y * self.stride..][..self.len];
        let row = self.first + y;
        let windows = Windows::<V::Word>::new::<S, T, V>(self.words, self.kernel, 0);
        let blocks = (windows.blocks(whole, samples))
            .zip(self.sums[..whole].chunks_exact_mut(samples))
            .zip(out[..whole].chunks_exact_mut(samples));
        for (block, ((windows, sums), out)) in blocks.enumerate() {
            let sums = windows.add_to::<S, T, V>(v, constants, sums);
            let to = (out, self.stream.as_deref_mut());
            let at = [row, block * samples];
            finish_block::<S, T, V, TELLS>(v, constants, sums, to, at, self.near_ties);
        }
        if let Some(x) = rest {
            let windows = Windows::<V::Word>::new::<S, T, V>(self.words, self.kernel, x);
            let sums = windows.add_to::<S, T, V>(v, constants, &mut self.sums[whole..]);
            let to = (&mut out[x..], self.stream.as_deref_mut());
            finish_block::<S, T, V, TELLS>(v, constants, sums, to, [row, x], self.near_ties);
        }
    }

    /// The samples in whole blocks of a row, and where the last block begins that is shifted back
    /// to end where the row does.
    #[inline(always)]
    fn blocks<V: PrefixSums<S, T>>(&self) -> (usize, Option<usize>) {
        let samples = 4 * V::LANES;
        let whole = self.len / samples * samples;
        (whole, (whole < self.len).then(|| self.len - samples))
    }
}

/// The prefix sums in front of windows and at their ends: even windows and odd ones.
struct Windows<'a, W> {
    before: [&'a [W]; 2],
    last: [&'a [W]; 2],
}

impl<'a, W> Windows<'a, W> {
    /// From the window at `x` on.
    #[inline(always)]
    fn new<S, T: Lane, V: PrefixSums<S, T, Word = W>>(
        words: &'a [T],
        Running {
            kernel, channels, ..
        }: &Running<S, T>,
        x: usize,
    ) -> Self
    where
        W: bytemuck::Pod,
    {
        let words: &[W] = bytemuck::cast_slice(words);
        let (even, odd) = words.split_at(words.len() / 2);
        let neighbours = |at: usize| match at % 2 {
            0 => [&even[at / 2..], &odd[at / 2..]],
            _ => [&odd[at / 2..], &even[at / 2 + 1..]],
        };
        Self {
            before: neighbours(MAX_BLOCK + x - channels),
            last: neighbours(MAX_BLOCK + x + (kernel.shape[1] - 1) * channels),
        }
    }

    /// The first `whole` windows in blocks.
    #[inline(always)]
    fn blocks(&self, whole: usize, samples: usize) -> impl Iterator<Item = Self> + use<'a, W> {
        let Self { before, last } = self;
        let chunks = |words: &'a [W]| words[..whole / 2].chunks_exact(samples / 2);
        let before = chunks(before[0]).zip(chunks(before[1]));
        let last = chunks(last[0]).zip(chunks(last[1]));
        before.zip(last).map(|(before, last)| Self {
            before: before.into(),
            last: last.into(),
        })
    }

    /// Adds the sums of a row in these windows to those of the rows above.
    #[inline(always)]
    fn add_to<S, T: Lane, V: PrefixSums<S, T, Word = W>>(
        &self,
        v: V,
        constants: &Constants<V::Vector>,
        above: &mut [T],
    ) -> [V::Vector; 4] {
        let even = v.subtract_words(v.load_words(self.last[0]), v.load_words(self.before[0]));
        let odd = v.subtract_words(v.load_words(self.last[1]), v.load_words(self.before[1]));
        let mut sums = v.numbers([even, odd]);
        let above = &mut above[..4 * V::LANES];
        for (sum, above) in sums.iter_mut().zip(above.chunks_exact_mut(V::LANES)) {
            *sum = v.mul_add(*sum, constants.inner_weight, v.load(above));
            v.store(*sum, above);
        }
        sums
    }
}

/// Makes samples of the sums of a block; the first is at this row and position. If it `TELLS`,
/// those near to a tie are added to `near_ties`.
#[inline(always)]
fn finish_block<S: Totalled<T>, T: Lane, V: PrefixSums<S, T>, const TELLS: bool>(
    v: V,
    constants: &Constants<V::Vector>,
    sums: [V::Vector; 4],
    (to, stream): (&mut [S], Option<&mut Stream>),
    at: [usize; 2],
    near_ties: &mut Vec<[u32; 2]>,
) {
    let [mut low, mut high] = [sums; 2];
    for p in 0..4 {
        if TELLS {
            let n = v.mul_add(high[p], constants.outer_weight, constants.add);
            high[p] = v.mul_add(n, constants.factor, constants.tolerance);
            low[p] = v.mul_add(n, constants.factor, constants.minus_tolerance);
        } else {
            let n = v.add(high[p], constants.add);
            let snapped = v.mul_add(n, constants.factor, constants.snap);
            high[p] = v.add(snapped, constants.minus_snap);
        }
    }
    let high = v.join(high);
    match stream {
        Some(stream) => v.stream_samples(stream, high, to),
        None => v.store_samples(high, to),
    }
    if TELLS {
        let low = v.join(low);
        if v.differ(low, high) {
            let mut stored = [[S::ZERO; MAX_BLOCK]; 2];
            v.store_samples(low, &mut stored[0]);
            v.store_samples(high, &mut stored[1]);
            push_differing(stored.each_ref().map(|samples| &samples[..]), at, near_ties);
        }
    }
}

/// The prefix sums of a row: even ones and odd ones.
#[inline(always)]
fn phases<S, T: Lane, V: PrefixSums<S, T>>(words: &mut [T]) -> (&mut [V::Word], &mut [V::Word]) {
    let words: &mut [V::Word] = bytemuck::cast_slice_mut(words);
    words.split_at_mut(words.len() / 2)
}
