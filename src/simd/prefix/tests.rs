use std::fmt::Debug;

use super::{super::vectors::tests::Arrays, *};
use crate::simd::{Body, Isa, Simd};

/// Prefix sums of the differences of two rows, and all of them as numbers.
fn through_vectors<S: Copy, T: Copy + Default, V: PrefixSums<S, T>, const C: usize>(
    v: V,
    entering: &[S],
    leaving: &[S],
) -> (Vec<V::Word>, Vec<T>) {
    let (block, half) = (4 * V::LANES, 2 * V::LANES);
    let zero = bytemuck::Zeroable::zeroed();
    let mut before = [v.splat_word(zero); 2];
    let (mut sums, mut numbers) = (Vec::new(), Vec::new());
    for at in (0..entering.len()).step_by(block) {
        let differences = v.differences(&entering[at..], &leaving[at..]);
        before = prefix_sums::<S, T, V, C>(v, differences, before);
        let mut words = [vec![zero; half], vec![zero; half]];
        for (words, &vector) in words.iter_mut().zip(&before) {
            v.store_words(vector, words);
        }
        let loaded = [v.load_words(&words[0]), v.load_words(&words[1])];
        let mut phases = vec![T::default(); block];
        for (vector, phase) in v
            .numbers(loaded)
            .into_iter()
            .zip(phases.chunks_mut(V::LANES))
        {
            v.store(vector, phase);
        }
        sums.extend((0..block).map(|i| words[i % 2][i / 2]));
        numbers.extend((0..block).map(|i| phases[i % 4 * V::LANES + i / 4]));
    }
    (sums, numbers)
}

fn check_channels<S, T, V, const C: usize>(v: V, sample: impl Fn(usize) -> S)
where
    S: Copy + Into<i64>,
    T: Copy + Default + Into<f64>,
    V: PrefixSums<S, T>,
    V::Word: Into<i64> + Debug,
{
    const LEN: usize = 256;
    let entering: Vec<S> = (0..LEN).map(|i| sample(i * i * 7 + 5)).collect();
    let leaving: Vec<S> = (0..LEN).map(|i| sample(i * 31 + 2)).collect();
    let bits = 8 * size_of::<V::Word>() as u32;
    let (sums, numbers) = through_vectors::<S, T, V, C>(v, &entering, &leaving);
    let mut expected: Vec<i64> = Vec::new();
    for i in 0..LEN {
        let before = i.checked_sub(C).map_or(0, |at| expected[at]);
        let sum = before + entering[i].into() - leaving[i].into();
        // Wrapped to the size of the integers.
        expected.push(sum << (64 - bits) >> (64 - bits));
    }
    let sums: Vec<i64> = sums.into_iter().map(Into::into).collect();
    assert_eq!(sums, expected, "{C} channels");
    let numbers: Vec<f64> = numbers.into_iter().map(Into::into).collect();
    let expected: Vec<f64> = expected.into_iter().map(|n| n as f64).collect();
    assert_eq!(numbers, expected, "{C} channels");
}

fn check_type<S, T, V>(v: V, sample: impl Fn(usize) -> S)
where
    S: Copy + Into<i64>,
    T: Copy + Default + Into<f64>,
    V: PrefixSums<S, T>,
    V::Word: Into<i64> + Debug,
{
    check_channels::<S, T, V, 1>(v, &sample);
    check_channels::<S, T, V, 2>(v, &sample);
    check_channels::<S, T, V, 3>(v, &sample);
    check_channels::<S, T, V, 4>(v, &sample);
}

struct All;

impl Body for All {
    type Output = ();

    fn run<I: Isa>(self, isa: I) {
        check_type::<u8, f64, I>(isa, |i| i as u8);
        check_type::<u16, f64, I>(isa, |i| (i * 257) as u16);
    }
}

struct Bytes;

impl Body for Bytes {
    type Output = ();

    fn run<I: Isa>(self, isa: I) {
        check_type::<u8, f32, I>(isa, |i| i as u8);
        // Sums beyond 16 bits wrap.
        check_type::<u8, f32, I>(isa, |i| if i % 31 == 2 { 0 } else { 255 });
    }
}

#[test]
fn prefix_sums_are_those_of_numbers() {
    for simd in Simd::available() {
        simd.run(Bytes);
        simd.run(All);
    }
    check_type::<u8, f32, _>(Arrays, |i| i as u8);
    check_type::<u8, f64, _>(Arrays, |i| i as u8);
    check_type::<u16, f64, _>(Arrays, |i| (i * 257) as u16);
}
