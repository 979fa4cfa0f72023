//! Small JPEGs in strips, in which otherwise only large ones are read.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::LazyLock,
};

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use stridekern::{Error, codec};

use crate::{MEMORY, choice::some, common::Random, driver::Corpus, mutate::Mutator};

use super::readers::{DECODER, LIMITS, by_rows, said, same};

pub(crate) fn corpus() -> Corpus {
    Corpus {
        inputs: PICTURES.clone(),
        words: (0xc0..=0xfe).map(|code| vec![0xff, code]).collect(),
        mend,
    }
}

/// Every kind that is cut: colours, sizes of MCUs, restarts every so often, whole
/// rows of MCUs among them.
static PICTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    use SamplingFactor::{F_1_1, F_1_2, F_2_1, F_2_2};
    let mut all = Vec::new();
    let mut random = Random(5);
    for (color, channels) in [
        (ColorType::Luma, 1),
        (ColorType::Rgb, 3),
        (ColorType::CmykAsYcck, 4),
    ] {
        for factor in [F_1_1, F_2_1, F_1_2, F_2_2] {
            for interval in [0, 1, 5, 12] {
                let (wide, high) = (20 + random.below(80), 20 + random.below(120));
                let mut bytes = Vec::new();
                let mut encoder = Encoder::new(&mut bytes, 20 + random.below(80) as u8);
                encoder.set_sampling_factor(factor);
                encoder.set_restart_interval(interval);
                // Of several components it makes several scans then.
                encoder.set_optimized_huffman_tables(channels == 1 && interval == 0);
                let len = wide * high * channels;
                let pixels: Vec<u8> = (0..len)
                    .map(|i| match i / 900 % 3 {
                        0 => random.next() as u8,
                        1 => (i / 7) as u8,
                        _ => 255 * (i / 1800 % 2) as u8,
                    })
                    .collect();
                encoder
                    .encode(&pixels, wide as u16, high as u16, color)
                    .unwrap();
                all.push(bytes);
            }
        }
    }
    all
});

/// A changed head is mostly refused: as often, only the data of a picture are
/// changed, anywhere in them.
fn mend(bytes: &mut Vec<u8>, random: &mut Random) {
    if random.below(2) == 0 {
        return;
    }
    let picture = some(random, &PICTURES);
    let scan = picture.windows(2).position(|mark| mark == [0xff, 0xda]);
    let data = scan.unwrap_or_default() + 2;
    let at = data + random.below((picture.len() - data) as u64) as usize;
    let (before, rest) = picture.split_at(at);
    let mut rest = rest.to_vec();
    let mutator = Mutator {
        others: &PICTURES,
        words: &[],
    };
    mutator.mutate(&mut rest, random);
    *bytes = [before, &rest].concat();
}

/// What is damaged beyond the numbers that a strip can begin with, and is not refused
/// when it is decoded whole.
const TOO_BRIGHT: &str = "a block is too bright or too dark";

/// In strips and bands of any height the picture is the same as whole, or refused
/// alike, in bounded memory.
pub(crate) fn target(data: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let mut random = Random(hasher.finish() | 1);
    let whole = codec::rows_of_split_jpeg(data, &LIMITS, usize::MAX, 1)
        .and_then(|reader| by_rows(reader, &mut random));
    let mut cut = false;
    for strip in [1, 1 + random.below(1 << 15) as usize] {
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let strips = codec::rows_of_split_jpeg(data, &LIMITS, 0, strip).and_then(|reader| {
            cut = !reader.holds_image();
            by_rows(reader, &mut random)
        });
        let taken = MEMORY.peak_usage().saturating_sub(before) as u64;
        assert!(
            taken <= LIMITS.max_bytes + LIMITS.max_memory + DECODER,
            "{taken} bytes of memory: {}",
            said(&strips)
        );
        match (&whole, &strips) {
            (_, Err(error)) if error.to_string().contains(TOO_BRIGHT) => return said(&strips),
            (Err(whole), Err(strips)) => assert_eq!(kind(whole), kind(strips)),
            _ => same("strips", &whole, &strips),
        }
    }
    format!("{} {}", if cut { "cut" } else { "whole" }, said(&whole))
}

/// What a refusal says without its details: of two things that are wrong, strips may
/// meet the other one first.
fn kind(error: &Error) -> String {
    let message = error.to_string();
    message.split(" (").next().unwrap_or_default().to_owned()
}
