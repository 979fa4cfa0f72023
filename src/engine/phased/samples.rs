//! Samples in phases, and how sums become samples again.

use super::super::register_blocks::{Order, Samples, Vector, add_one_by_one};
use crate::{
    finish::ScaleFinish,
    number::{Element, Lane},
    simd::{Isa, Phases, Stream, Vectors},
};

/// Samples that are taken in `P` phases.
pub(crate) trait PhasedSamples<T: Lane, const P: usize>: Samples<T> + Element {
    /// Those of `P` vectors, in order.
    type Joined<V: Isa + Vectors<T>>: Copy;

    /// The first samples of `from`.
    fn split<V: Isa + Vectors<T>>(v: V, from: &[Self]) -> [Vector<V, T>; P];

    /// Sums as samples: integers rounded up and down by the tolerance, so that a near tie gives two;
    /// of floats, `check` is no finite number any more if a sum is too large.
    fn finish<V: Isa + Vectors<T>>(
        v: V,
        sums: [Vector<V, T>; P],
        constants: &Constants<Vector<V, T>>,
        check: &mut Vector<V, T>,
    ) -> [Self::Joined<V>; 2];

    /// Whether there is a near tie.
    fn differ<V: Isa + Vectors<T>>(v: V, samples: [Self::Joined<V>; 2]) -> bool;

    /// Stores to the first samples of `to`.
    fn store<V: Isa + Vectors<T>>(v: V, samples: Self::Joined<V>, to: &mut [Self]);

    /// The same by non-temporal stores.
    fn stream<V: Isa + Vectors<T>>(
        v: V,
        stream: &mut Stream,
        samples: Self::Joined<V>,
        to: &mut [Self],
    );
}

/// What a finish does to each sum, as vectors.
pub(crate) struct Constants<V> {
    factor: V,
    /// Added to a product: what is added to a sum, times the factor, and the tolerance.
    up: V,
    down: V,
    /// Times this, sums that are too large are infinite.
    headroom: V,
}

impl<W> Constants<W> {
    /// Of a finish that is [`is_one_step`].
    #[inline(always)]
    pub(in crate::engine) fn new<T: Lane, V: Vectors<T, Vector = W>>(
        v: V,
        finish: &ScaleFinish,
    ) -> Self {
        let splat = |number| v.splat(T::from_weight(number));
        let add = finish.add * finish.factor;
        Self {
            factor: splat(finish.factor),
            up: splat(add + finish.tolerance),
            down: splat(add - finish.tolerance),
            headroom: splat(finish.headroom),
        }
    }
}

/// Whether `sum * factor + add * factor` is as good as `(sum + add) * factor`: it is the same where
/// there is nothing to add, or the factor is a power of two; and a tolerance allows for as many
/// roundings.
pub(in crate::engine) fn is_one_step(finish: &ScaleFinish) -> bool {
    let is_exact = finish.add == 0.0 || finish.factor.abs().log2().fract() == 0.0;
    finish.snap == 0.0 && (is_exact || finish.tolerance > 0.0)
}

macro_rules! integers {
    ($sample:ty => $number:ty) => {
        impl PhasedSamples<$number, 4> for $sample {
            type Joined<V: Isa + Vectors<$number>> = <V as Phases<$sample, $number, 4>>::Samples;

            #[inline(always)]
            fn finish<V: Isa + Vectors<$number>>(
                v: V,
                sums: [Vector<V, $number>; 4],
                constants: &Constants<Vector<V, $number>>,
                _: &mut Vector<V, $number>,
            ) -> [Self::Joined<V>; 2] {
                let [mut down, mut up] = [sums; 2];
                for p in 0..4 {
                    up[p] =
                        Vectors::<$number>::mul_add(v, sums[p], constants.factor, constants.up);
                    down[p] =
                        Vectors::<$number>::mul_add(v, sums[p], constants.factor, constants.down);
                }
                [
                    Phases::<$sample, $number, 4>::join(v, up),
                    Phases::<$sample, $number, 4>::join(v, down),
                ]
            }

            samples!($sample => $number, 4);
        }
    };
}

macro_rules! floats {
    ($number:ty, $phases:literal) => {
        impl PhasedSamples<$number, $phases> for $number {
            type Joined<V: Isa + Vectors<$number>> =
                <V as Phases<$number, $number, $phases>>::Samples;

            #[inline(always)]
            fn finish<V: Isa + Vectors<$number>>(
                v: V,
                mut sums: [Vector<V, $number>; $phases],
                constants: &Constants<Vector<V, $number>>,
                check: &mut Vector<V, $number>,
            ) -> [Self::Joined<V>; 2] {
                for sum in &mut sums {
                    *check = Vectors::<$number>::mul_add(v, *sum, constants.headroom, *check);
                    *sum = Vectors::<$number>::mul_add(v, *sum, constants.factor, constants.up);
                }
                [Phases::<$number, $number, $phases>::join(v, sums); 2]
            }

            samples!($number => $number, $phases);
        }
    };
}

/// What samples of all types do alike.
macro_rules! samples {
    ($sample:ty => $number:ty, $phases:literal) => {
        #[inline(always)]
        fn split<V: Isa + Vectors<$number>>(v: V, from: &[Self]) -> [Vector<V, $number>; $phases] {
            Phases::<$sample, $number, $phases>::split(v, from)
        }

        #[inline(always)]
        fn differ<V: Isa + Vectors<$number>>(v: V, [up, down]: [Self::Joined<V>; 2]) -> bool {
            Phases::<$sample, $number, $phases>::differ(v, up, down)
        }

        #[inline(always)]
        fn store<V: Isa + Vectors<$number>>(v: V, samples: Self::Joined<V>, to: &mut [Self]) {
            Phases::<$sample, $number, $phases>::store_samples(v, samples, to);
        }

        #[inline(always)]
        fn stream<V: Isa + Vectors<$number>>(
            v: V,
            stream: &mut Stream,
            samples: Self::Joined<V>,
            to: &mut [Self],
        ) {
            Phases::<$sample, $number, $phases>::stream_samples(v, stream, samples, to);
        }
    };
}
integers!(u8 => f32);
integers!(u16 => f64);
floats!(f32, 1);
floats!(f32, 2);
floats!(f64, 1);
floats!(f64, 2);

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
