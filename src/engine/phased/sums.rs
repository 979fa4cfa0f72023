//! The sums of rows of samples in phases.

use super::{
    super::register_blocks::Vector,
    steps::{EDGE_PHASES, EDGES, StepRun},
};
use crate::{
    number::Lane,
    simd::{Isa, Vectors},
};

/// The sums of G groups of P vectors.
#[inline(always)]
pub(super) fn row_sums<V: Isa + Vectors<T>, T: Lane, const P: usize, const G: usize>(
    v: V,
    groups: &[Vec<StepRun<T>>],
    vectors: &[T],
) -> [[Vector<V, T>; P]; G] {
    let Some((first, others)) = groups.split_first() else {
        return [[v.splat(T::ZERO); P]; G];
    };
    let mut total = group_sums::<V, T, P, G>(v, first, vectors);
    for group in others {
        let sums = group_sums::<V, T, P, G>(v, group, vectors);
        for g in 0..G {
            for p in 0..P {
                total[g][p] = Vectors::<T>::add(v, total[g][p], sums[g][p]);
            }
        }
    }
    total
}

/// The sums of one group of steps.
#[inline(always)]
fn group_sums<V: Isa + Vectors<T>, T: Lane, const P: usize, const G: usize>(
    v: V,
    group: &[StepRun<T>],
    vectors: &[T],
) -> [[Vector<V, T>; P]; G] {
    let mut sums = [[v.splat(T::ZERO); P]; G];
    for run in group {
        macro_rules! phases {
            ($($phases:literal)*) => {
                match run.phases {
                    // A constant, so that the others are not compiled.
                    $($phases if const { $phases < 1 << P } => {
                        add_steps::<V, T, P, G, $phases>(v, &mut sums, run, vectors);
                    })*
                    EDGES if const { P == 4 } => add_edges::<V, T, P, G>(v, &mut sums, run, vectors),
                    _ => unreachable!("a step serves some of the phases"),
                }
            };
        }
        phases!(15 1 2 3 4 5 6 7 8 9 10 11 12 13 14);
    }
    sums
}

/// Adds every step of a run to the sums of these phases.
#[inline(always)]
fn add_steps<V: Isa + Vectors<T>, T: Lane, const P: usize, const G: usize, const PHASES: usize>(
    v: V,
    sums: &mut [[Vector<V, T>; P]; G],
    run: &StepRun<T>,
    vectors: &[T],
) {
    for (&load, weights) in run.loads.iter().zip(run.weights.as_chunks::<P>().0) {
        add_step::<V, T, P, G, PHASES>(v, sums, &vectors[load..], weights);
    }
}

/// Adds the [`EDGES`].
#[inline(always)]
fn add_edges<V: Isa + Vectors<T>, T: Lane, const P: usize, const G: usize>(
    v: V,
    sums: &mut [[Vector<V, T>; P]; G],
    run: &StepRun<T>,
    vectors: &[T],
) {
    let loads = run.loads.as_chunks::<6>().0;
    let steps = run.weights.as_chunks::<P>().0.as_chunks::<6>().0;
    for (&[a, b, c, d, e, f], weights) in loads.iter().zip(steps) {
        add_step::<V, T, P, G, { EDGE_PHASES[0] }>(v, sums, &vectors[a..], &weights[0]);
        add_step::<V, T, P, G, { EDGE_PHASES[1] }>(v, sums, &vectors[b..], &weights[1]);
        add_step::<V, T, P, G, { EDGE_PHASES[2] }>(v, sums, &vectors[c..], &weights[2]);
        add_step::<V, T, P, G, { EDGE_PHASES[3] }>(v, sums, &vectors[d..], &weights[3]);
        add_step::<V, T, P, G, { EDGE_PHASES[4] }>(v, sums, &vectors[e..], &weights[4]);
        add_step::<V, T, P, G, { EDGE_PHASES[5] }>(v, sums, &vectors[f..], &weights[5]);
    }
}

#[inline(always)]
fn add_step<V: Isa + Vectors<T>, T: Lane, const P: usize, const G: usize, const PHASES: usize>(
    v: V,
    sums: &mut [[Vector<V, T>; P]; G],
    vectors: &[T],
    weights: &[T; P],
) {
    let from = &vectors[..G * <V as Vectors<T>>::LANES];
    let mut samples = [v.splat(T::ZERO); G];
    for (g, samples) in samples.iter_mut().enumerate() {
        *samples = v.load(&from[g * <V as Vectors<T>>::LANES..]);
    }
    for p in 0..P {
        if PHASES >> p & 1 == 1 {
            let weight = v.splat(weights[p]);
            for g in 0..G {
                sums[g][p] = Vectors::<T>::mul_add(v, samples[g], weight, sums[g][p]);
            }
        }
    }
}
