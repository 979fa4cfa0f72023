use std::io::Read;

use super::*;

fn inflated(mut stream: Vec<u8>) -> Vec<u8> {
    stream.extend(LAST);
    let mut data = Vec::new();
    flate2::read::DeflateDecoder::new(&stream[..])
        .read_to_end(&mut data)
        .unwrap();
    data
}

fn noise(len: usize, bits: u32) -> Vec<u8> {
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 40) as u32
    };
    // Bell-shaped: most differences are small.
    let mut sum = || (0..4).map(|_| next() % (1 << bits)).sum::<u32>() / 4;
    (0..len)
        .map(|_| (sum() as u8).wrapping_sub(1 << (bits - 1)))
        .collect()
}

#[test]
fn what_was_deflated_comes_back() {
    for len in [1, 2, 7, 8, 9, 300, 4096, 70_000] {
        for bits in 1..=8 {
            let data = noise(len, bits);
            assert_eq!(inflated(compress(&data)), data, "{len} {bits}");
            assert_eq!(inflated(stored(&data)), data, "{len} {bits}");
        }
    }
}

#[test]
fn runs_of_every_length_come_back() {
    let mut data = Vec::new();
    for run in (0..600).chain([5000, 70_000]) {
        data.extend(noise(8 + run % 5, 6));
        data.extend(vec![(run % 3) as u8; run]);
    }
    let compressed = compress(&data);
    assert_eq!(inflated(compressed.clone()), data);
    assert!(compressed.len() < data.len() / 20, "{}", compressed.len());
    // A second stretch joins the first.
    let twice = [compressed.clone(), compressed].concat();
    assert_eq!(inflated(twice), [data.clone(), data].concat());
}

#[test]
fn codes_fit_the_data() {
    // Three values as often as each other, and an end, take two bits each.
    let data: Vec<u8> = noise(40_000, 8).iter().map(|byte| byte % 3).collect();
    let len = compress(&data).len();
    assert!((9_900..10_400).contains(&len), "{len}");
    // Nothing is won from noise, and hardly anything lost.
    let mut state = 1_u32;
    let noise: Vec<u8> = (0..200_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    assert!(compress(&noise).len() <= noise.len() + 20);
}

#[test]
fn runs_have_the_symbols_of_the_standard() {
    assert_eq!(RUNS[7..10], [(10, 0), (11, 1), (13, 1)]);
    assert_eq!(RUNS[26..], [(195, 5), (227, 5), (258, 0)]);
    assert_eq!(
        [3, 10, 11, 12, 257, 258].map(symbol_of),
        [0, 7, 8, 8, 27, 28]
    );
}
