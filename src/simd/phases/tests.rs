use super::{super::vectors::tests::Arrays, *};
use std::fmt::Debug;

use crate::simd::{Body, Isa, Simd, streaming};

/// The numbers of each phase of samples, and the samples that numbers half a step and more
/// off become.
fn through_phases<
    S: Copy + Default + PartialEq + Debug,
    T: Copy + Default,
    V: Phases<S, T, P>,
    const P: usize,
>(
    v: V,
    samples: &[S],
    numbers: &[T],
) -> (Vec<Vec<T>>, Vec<S>) {
    let block = P * V::LANES;
    let mut phases = vec![vec![T::default(); samples.len() / P]; P];
    for at in (0..samples.len()).step_by(block) {
        for (phase, vector) in phases.iter_mut().zip(v.split(&samples[at..])) {
            v.store(vector, &mut phase[at / P..]);
        }
    }
    let mut joined = vec![S::default(); numbers.len()];
    let mut streamed = joined.clone();
    for at in (0..numbers.len()).step_by(block) {
        let mut phases = [v.splat(T::default()); P];
        for (p, phase) in phases.iter_mut().enumerate() {
            let of_phase: Vec<T> = numbers[at + p..]
                .iter()
                .step_by(P)
                .take(V::LANES)
                .copied()
                .collect();
            *phase = v.load(&of_phase);
        }
        let samples = v.join(phases);
        assert!(!v.differ(samples, samples));
        v.store_samples(samples, &mut joined[at..]);
        streaming(|stream| v.stream_samples(stream, samples, &mut streamed[at..]));
    }
    assert_eq!(joined, streamed);
    (phases, joined)
}

/// Every other number, and so on.
fn in_phases<S: Copy, T: From<S>>(samples: &[S], phases: usize) -> Vec<Vec<T>> {
    let of_phase = |p: usize| {
        samples[p..]
            .iter()
            .step_by(phases)
            .map(|&s| s.into())
            .collect()
    };
    (0..phases).map(of_phase).collect()
}

const SAMPLES: usize = 256;

fn numbers() -> Vec<f64> {
    (0..SAMPLES).map(|n| n as f64 * 1.25 - 30.0).collect()
}

struct All;

impl Body for All {
    type Output = ();

    fn run<I: Isa>(self, isa: I) {
        check(isa);
    }
}

fn check<V>(v: V)
where
    V: Phases<u8, f32, 4>
        + Phases<u16, f64, 4>
        + Phases<u8, f64, 4>
        + Phases<f32, f32, 2>
        + Phases<f64, f64, 2>
        + Phases<f32, f32, 1>
        + Phases<f64, f64, 1>,
{
    let bytes: Vec<u8> = (0..SAMPLES).map(|n| (n * 7 + 3) as u8).collect();
    let floats: Vec<f32> = numbers().into_iter().map(|n| n as f32).collect();
    let expected: Vec<u8> = floats.iter().map(|n| n.round_ties_even() as u8).collect();
    assert_eq!(
        through_phases::<u8, f32, V, 4>(v, &bytes, &floats),
        (in_phases(&bytes, 4), expected)
    );
    let words: Vec<u16> = (0..SAMPLES).map(|n| (n * 7919 + 300) as u16).collect();
    let doubles: Vec<f64> = numbers().into_iter().map(|n| n * 300.0 + 0.5).collect();
    let expected: Vec<u16> = doubles.iter().map(|n| n.round_ties_even() as u16).collect();
    assert!(expected.contains(&0) && expected.contains(&u16::MAX));
    assert_eq!(
        through_phases::<u16, f64, V, 4>(v, &words, &doubles),
        (in_phases(&words, 4), expected)
    );
    let expected: Vec<u8> = doubles.iter().map(|n| n.round_ties_even() as u8).collect();
    assert_eq!(
        through_phases::<u8, f64, V, 4>(v, &bytes, &doubles),
        (in_phases(&bytes, 4), expected)
    );
    let near: Vec<f64> = numbers().into_iter().map(|n| n + 0.25).collect();
    let expected: Vec<u8> = near.iter().map(|n| n.round_ties_even() as u8).collect();
    assert_eq!(
        through_phases::<u8, f64, V, 4>(v, &bytes, &near),
        (in_phases(&bytes, 4), expected)
    );
    assert_eq!(
        through_phases::<f32, f32, V, 2>(v, &floats, &floats),
        (in_phases(&floats, 2), floats.clone())
    );
    assert_eq!(
        through_phases::<f64, f64, V, 2>(v, &doubles, &doubles),
        (in_phases(&doubles, 2), doubles.clone())
    );
    assert_eq!(
        through_phases::<f32, f32, V, 1>(v, &floats, &floats),
        (in_phases(&floats, 1), floats.clone())
    );
    assert_eq!(
        through_phases::<f64, f64, V, 1>(v, &doubles, &doubles),
        (in_phases(&doubles, 1), doubles.clone())
    );
}

/// Each sample in turn is the only one that differs.
fn check_differences<S: Copy + Default, T: Copy + Default + From<u8>, V: Phases<S, T, 4>>(v: V) {
    let zero = v.join([v.splat(T::from(0)); 4]);
    for at in 0..4 * V::LANES {
        let mut lanes = vec![T::from(0); V::LANES];
        lanes[at / 4] = T::from(1);
        let mut phases = [v.splat(T::from(0)); 4];
        phases[at % 4] = v.load(&lanes);
        assert!(v.differ(v.join(phases), zero), "sample {at}");
    }
}

struct Differences;

impl Body for Differences {
    type Output = ();

    fn run<I: Isa>(self, isa: I) {
        check_differences::<u8, f32, I>(isa);
        check_differences::<u16, f64, I>(isa);
        check_differences::<u8, f64, I>(isa);
    }
}

#[test]
fn samples_are_split_and_joined() {
    for simd in Simd::available() {
        simd.run(All);
        simd.run(Differences);
    }
    check(Arrays);
    check_differences::<u8, f32, _>(Arrays);
    check_differences::<u16, f64, _>(Arrays);
    check_differences::<u8, f64, _>(Arrays);
}
