//! What is compressed is decompressed by zlib-rs.

use std::io::Read;

use flate2::read::DeflateDecoder;

use super::*;

/// Parts as a stream.
fn stream(parts: &[&[u8]]) -> Vec<u8> {
    let mut deflater = Deflater::default();
    let mut stream = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        deflater.compress(part, at + 1 == parts.len()).unwrap();
        let compressed = deflater.bytes();
        assert!(
            compressed.len() <= part.len() + part.len() / 1000 + 12,
            "{}",
            part.len()
        );
        stream.extend(compressed);
    }
    let most = parts.iter().map(|part| memory(part.len())).max();
    assert!(deflater.bits.buffer_len() <= most.unwrap());
    stream
}

fn assert_whole(parts: &[&[u8]]) {
    let stream = stream(parts);
    let mut decoder = DeflateDecoder::new(&stream[..]);
    let mut data = Vec::new();
    decoder.read_to_end(&mut data).unwrap();
    assert!(data == parts.concat(), "{} bytes", data.len());
    // Nothing is left over.
    assert_eq!(decoder.total_in(), stream.len() as u64);
}

/// Bytes of few or many values, and runs of zeros between them.
fn data(len: usize, values: u64, zeros: u64, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 11
    };
    let mut data = Vec::with_capacity(len + 1000);
    while data.len() < len {
        let literals = random() % 40;
        // Small values are more frequent.
        data.extend((0..literals).map(|_| (random() % values * (random() % 3) / 2) as u8));
        if zeros > 0 {
            data.resize(data.len() + (random() % zeros) as usize, 0);
        }
    }
    data.truncate(len);
    data
}

#[test]
fn short_data_come_back() {
    for len in 0..600 {
        assert_whole(&[&data(len, 256, 0, len as u64)]);
        assert_whole(&[&data(len, 3, 30, len as u64)]);
        assert_whole(&[&vec![0; len]]);
        assert_whole(&[&vec![200; len]]);
    }
}

#[test]
fn long_data_come_back() {
    for (at, len) in [65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 600_000]
        .into_iter()
        .enumerate()
    {
        for (values, zeros) in [(256, 0), (256, 600), (1, 5), (2, 0), (20, 12), (256, 9000)] {
            assert_whole(&[&data(len, values, zeros, at as u64)]);
        }
        assert_whole(&[&vec![0; len]]);
    }
}

#[test]
fn parts_are_joined_at_bytes() {
    let all = data(300_000, 90, 20, 3);
    for cut in [0, 1, 7, 8, 9, 1000, 65_537, 270_000, 300_000] {
        let (first, second) = all.split_at(cut);
        assert_whole(&[first, second]);
        assert_whole(&[first, &[], second, &[]]);
    }
    let small: Vec<&[u8]> = all[..5000].chunks(3).collect();
    assert_whole(&small);
}

/// Counts that grow as Fibonacci's numbers make the deepest tree there is.
#[test]
fn codes_keep_to_their_limit_and_are_complete() {
    for limit in [7, 12, 15] {
        for symbols in [2, 3, 12, 19] {
            let mut counts = [0; 19];
            let (mut a, mut b) = (1, 1);
            for count in &mut counts[..symbols] {
                *count = a;
                (a, b) = (b, a + b);
            }
            let code = Code::of_counts(&counts, limit);
            let used = code.lengths().iter().filter(|&&length| length > 0);
            assert!(used.clone().all(|&length| length <= limit));
            // Kraft's sum is 1.
            let sum: u32 = used.map(|&length| 1 << (15 - length)).sum();
            assert_eq!(sum, 1 << 15, "{symbols} symbols in {limit} bits");
        }
    }
    let code = Code::of_counts(&[45, 13, 12, 16, 9, 5], 12);
    assert_eq!(code.lengths(), &[1, 3, 3, 3, 4, 4]);
}

#[test]
fn noise_is_stored() {
    let noise: Vec<u8> = data(200_000, 256, 0, 9)
        .iter()
        .zip(data(200_000, 256, 0, 17))
        .enumerate()
        .map(|(at, (a, b))| {
            a ^ b.rotate_left(at as u32 % 8)
                ^ (at as u32).wrapping_mul(0x9e37_79b9).to_be_bytes()[0]
        })
        .collect();
    let len = stream(&[&noise]).len();
    assert!(len <= noise.len() + 5 * 4, "{len}");
}

/// Rare values in what is not sampled have codes as well.
#[test]
fn values_that_no_sample_has_come_back() {
    let mut flat = vec![7; 262_144];
    for (at, byte) in flat.iter_mut().step_by(997).enumerate() {
        *byte = at as u8;
    }
    assert_whole(&[&flat]);
    flat[100_000..100_300].fill(0);
    assert_whole(&[&flat]);
}
