//! Samples in phases, and how sums become samples again.

use super::super::register_blocks::{Order, Samples, Vector, add_one_by_one};
use crate::{
    finish::ScaleFinish,
    number::{Element, Lane},
    simd::{Isa, Phases, Stream, Vectors},
};

/// Samples that are taken in `P` phases.
pub(crate) trait PhasedSamples<T: Lane, const P: usize>: Samples<T> + Element {
    /// The first samples of `from`.
    fn split<V: Isa + Vectors<T>>(v: V, from: &[Self]) -> [Vector<V, T>; P];

    /// Stores sums as samples. Positions of integers near to a tie, from `at` on, are added to
    /// `near_ties`; of floats, `check` is no finite number any more if a sum is too large.
    fn finish<V: Isa + Vectors<T>>(
        v: V,
        sums: [Vector<V, T>; P],
        constants: &Constants<Vector<V, T>>,
        check: &mut Vector<V, T>,
        to: (&mut [Self], Option<&mut Stream>),
        at: [usize; 2],
        near_ties: &mut Vec<[u32; 2]>,
    );
}

/// What a finish does to each sum, as vectors.
pub(crate) struct Constants<V> {
    add: V,
    factor: V,
    tolerance: V,
    minus_tolerance: V,
    /// Added to a product, it leaves zeros their sign.
    minus_zero: V,
    /// Times this, sums that are too large are infinite.
    headroom: V,
}

impl<W> Constants<W> {
    #[inline(always)]
    pub(in crate::engine) fn new<T: Lane, V: Vectors<T, Vector = W>>(
        v: V,
        finish: &ScaleFinish,
    ) -> Self {
        let splat = |number| v.splat(T::from_weight(number));
        Self {
            add: splat(finish.add),
            factor: splat(finish.factor),
            tolerance: splat(finish.tolerance),
            minus_tolerance: splat(-finish.tolerance),
            minus_zero: splat(-0.0),
            headroom: splat(finish.headroom),
        }
    }
}

macro_rules! integers {
    ($sample:ty => $number:ty) => {
        impl PhasedSamples<$number, 4> for $sample {
            #[inline(always)]
            fn split<V: Isa + Vectors<$number>>(v: V, from: &[Self]) -> [Vector<V, $number>; 4] {
                Phases::<$sample, $number, 4>::split(v, from)
            }

            #[inline(always)]
            fn finish<V: Isa + Vectors<$number>>(
                v: V,
                sums: [Vector<V, $number>; 4],
                constants: &Constants<Vector<V, $number>>,
                _: &mut Vector<V, $number>,
                (to, stream): (&mut [Self], Option<&mut Stream>),
                at: [usize; 2],
                near_ties: &mut Vec<[u32; 2]>,
            ) {
                let [mut low, mut high] = [sums; 2];
                for p in 0..4 {
                    let n = Vectors::<$number>::add(v, sums[p], constants.add);
                    high[p] =
                        Vectors::<$number>::mul_add(v, n, constants.factor, constants.tolerance);
                    low[p] = Vectors::<$number>::mul_add(
                        v,
                        n,
                        constants.factor,
                        constants.minus_tolerance,
                    );
                }
                let high = Phases::<$sample, $number, 4>::join(v, high);
                let low = Phases::<$sample, $number, 4>::join(v, low);
                match stream {
                    Some(stream) => {
                        Phases::<$sample, $number, 4>::stream_samples(v, stream, high, to);
                    }
                    None => Phases::<$sample, $number, 4>::store_samples(v, high, to),
                }
                if Phases::<$sample, $number, 4>::differ(v, low, high) {
                    let len = 4 * <V as Vectors<$number>>::LANES;
                    let mut samples = [[0; 64]; 2];
                    Phases::<$sample, $number, 4>::store_samples(v, low, &mut samples[0]);
                    Phases::<$sample, $number, 4>::store_samples(v, high, &mut samples[1]);
                    push_differing(&samples[0][..len], &samples[1][..len], at, near_ties);
                }
            }
        }
    };
}
integers!(u8 => f32);
integers!(u16 => f64);

macro_rules! floats {
    ($number:ty, $phases:literal) => {
        impl PhasedSamples<$number, $phases> for $number {
            #[inline(always)]
            fn split<V: Isa + Vectors<$number>>(
                v: V,
                from: &[Self],
            ) -> [Vector<V, $number>; $phases] {
                Phases::<$number, $number, $phases>::split(v, from)
            }

            #[inline(always)]
            fn finish<V: Isa + Vectors<$number>>(
                v: V,
                mut sums: [Vector<V, $number>; $phases],
                constants: &Constants<Vector<V, $number>>,
                check: &mut Vector<V, $number>,
                (to, stream): (&mut [Self], Option<&mut Stream>),
                _: [usize; 2],
                _: &mut Vec<[u32; 2]>,
            ) {
                for sum in &mut sums {
                    *check = Vectors::<$number>::mul_add(v, *sum, constants.headroom, *check);
                    let n = Vectors::<$number>::add(v, *sum, constants.add);
                    *sum =
                        Vectors::<$number>::mul_add(v, n, constants.factor, constants.minus_zero);
                }
                let samples = Phases::<$number, $number, $phases>::join(v, sums);
                match stream {
                    Some(stream) => {
                        Phases::<$number, $number, $phases>::stream_samples(v, stream, samples, to);
                    }
                    None => Phases::<$number, $number, $phases>::store_samples(v, samples, to),
                }
            }
        }
    };
}
floats!(f32, 1);
floats!(f32, 2);
floats!(f64, 1);
floats!(f64, 2);

/// Adds the positions of samples that differ; `at` is the row and that of the first.
#[cold]
#[inline(never)]
fn push_differing<S: PartialEq>(
    low: &[S],
    high: &[S],
    [row, first]: [usize; 2],
    near_ties: &mut Vec<[u32; 2]>,
) {
    for (at, (low, high)) in (first..).zip(low.iter().zip(high)) {
        if low != high {
            near_ties.push([row as u32, at as u32]);
        }
    }
}

/// Samples in `P` phases, in groups of `P` vectors.
pub(in crate::engine) struct InPhases<const P: usize>;

impl<S: PhasedSamples<T, P>, T: Lane, const P: usize> Order<S, T> for InPhases<P> {
    /// Of taps side by side, all vectors but one are those of the tap before, a phase further.
    #[inline(always)]
    fn add_neighbours<
        V: Isa + Vectors<T>,
        const R: usize,
        const N: usize,
        const A: usize,
        const B: usize,
    >(
        v: V,
        sums: &mut [[Vector<V, T>; N]; R],
        samples: &[S],
        weights: &[[T; R]],
    ) {
        // One phase has no neighbours. What few rows share would make the code twice as long.
        if P != 4 || N != 4 || (A, B) != (0, R) {
            return add_one_by_one::<V, S, T, Self, R, N, A, B>(v, sums, samples, weights);
        }
        let mut vectors: [Vector<V, T>; N] = Self::load(v, samples);
        let (fours, rest) = weights.as_chunks::<4>();
        let mut first = N;
        for weights in fours {
            // Those of the next taps.
            let next: [Vector<V, T>; N] = Self::load(v, &samples[first..]);
            add_window::<V, T, R, N, A, B, 4>(v, sums, [vectors, next], weights);
            vectors = next;
            first += N;
        }
        match rest {
            [_] => {
                let weights = rest.first_chunk().expect("it has so many");
                add_window::<V, T, R, N, A, B, 1>(v, sums, [vectors; 2], weights);
            }
            [_, _] => {
                let next: [Vector<V, T>; N] = Self::load(v, &samples[first..]);
                let weights = rest.first_chunk().expect("it has so many");
                add_window::<V, T, R, N, A, B, 2>(v, sums, [vectors, next], weights);
            }
            [_, _, _] => {
                let next: [Vector<V, T>; N] = Self::load(v, &samples[first..]);
                let weights = rest.first_chunk().expect("it has so many");
                add_window::<V, T, R, N, A, B, 3>(v, sums, [vectors, next], weights);
            }
            _ => {}
        }
    }

    #[inline(always)]
    fn load<V: Isa + Vectors<T>, const N: usize>(v: V, from: &[S]) -> [Vector<V, T>; N] {
        let mut vectors = [v.splat(T::ZERO); N];
        let samples = P * <V as Vectors<T>>::LANES;
        for (n, vectors) in vectors.chunks_exact_mut(P).enumerate() {
            let vectors: &mut [Vector<V, T>; P] =
                vectors.try_into().expect("a chunk is as long as that");
            *vectors = match from.get(n * samples..(n + 1) * samples) {
                Some(from) => S::split(v, from),
                None => S::split(v, &padded_at_end(from, n * samples)),
            };
        }
        vectors
    }
}

/// Adds so many taps side by side: each reads the vectors of the one before, from the second on.
#[inline(always)]
fn add_window<
    V: Isa + Vectors<T>,
    T: Lane,
    const R: usize,
    const N: usize,
    const A: usize,
    const B: usize,
    const TAPS: usize,
>(
    v: V,
    sums: &mut [[Vector<V, T>; N]; R],
    [vectors, next]: [[Vector<V, T>; N]; 2],
    weights: &[[T; R]; TAPS],
) {
    for (tap, weights) in weights.iter().enumerate() {
        for r in A..B {
            let weight = v.splat(weights[r]);
            for (n, sum) in sums[r].iter_mut().enumerate() {
                let at = tap + n;
                let vector = if at < N { vectors[at] } else { next[at - N] };
                *sum = Vectors::<T>::mul_add(v, vector, weight, *sum);
            }
        }
    }
}

/// The samples of the most vectors in phases: 4 of 64 bytes.
const MAX_SAMPLES: usize = 64;

/// The last samples of a row, padded with zeros: the last block of columns may extend past it.
#[cold]
#[inline(never)]
fn padded_at_end<S: Element>(samples: &[S], from: usize) -> [S; MAX_SAMPLES] {
    let mut padded = [S::ZERO; MAX_SAMPLES];
    let left = samples.get(from..).unwrap_or_default();
    padded[..left.len()].copy_from_slice(left);
    padded
}
