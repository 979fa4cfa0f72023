//! Small pictures written as PNG at its fastest in several stripes, in which otherwise only large
//! ones are written.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::Cursor,
    sync::LazyLock,
};

use rayon::{ThreadPool, ThreadPoolBuilder};
use stridekern::{
    Image, Samples,
    codec::{self, Format, Limits, Metadata, Output},
};
use zune_core::{bytestream::ZCursor, options::DecoderOptions, result::DecodingResult};

use crate::{common::Random, driver::Corpus};

pub(crate) fn corpus() -> Corpus {
    let mut random = Random(11);
    let mut inputs = Vec::new();
    for len in [1, 7, 8, 9, 60, 1000, 20_000] {
        inputs.push(vec![0; len]);
        inputs.push((0..len).map(|at| (at / 3) as u8).collect());
        inputs.push((0..len).map(|_| random.next() as u8).collect());
        inputs.push((0..len).map(|_| random.below(3) as u8).collect());
        // Runs of zeros between noise.
        let runs = (0..len).map(|at| random.next() as u8 * u8::from(at / 40 % 3 == 0));
        inputs.push(runs.collect());
    }
    Corpus {
        inputs,
        words: vec![vec![0; 8], vec![0; 300], vec![255; 20]],
        mend: |_, _| {},
    }
}

/// Of one thread, and of several.
static POOLS: LazyLock<[ThreadPool; 2]> =
    LazyLock::new(|| [1, 3].map(|n| ThreadPoolBuilder::new().num_threads(n).build().unwrap()));

/// What is written is read back by the png crate and by zune-png.
pub(crate) fn target(data: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    let mut random = Random(hasher.finish() | 1);
    let image = picture(data, &mut random);
    let magnitude = random.below(18);
    let stripe = 1 + random.below(1 << magnitude) as usize;
    let bands: Vec<usize> = (0..4).map(|_| 1 + random.below(40) as usize).collect();
    let [file, other] = [0, 1].map(|at| POOLS[at].install(|| written(&image, stripe, &bands)));
    assert!(file == other, "it depends on the number of threads");

    let decoded = codec::read_bytes(&file, Some(Format::Png), &Limits::default()).unwrap();
    assert_eq!(decoded.warnings, [""; 0]);
    assert!(decoded.image == image, "the png crate reads other samples");
    let options = DecoderOptions::default().set_strict_mode(true);
    let mut decoder = zune_png::PngDecoder::new_with_options(ZCursor::new(&file[..]), options);
    let samples = match decoder.decode().unwrap() {
        DecodingResult::U8(samples) => Samples::U8(samples.into()),
        DecodingResult::U16(samples) => Samples::U16(samples.into()),
        _ => panic!("another type of samples"),
    };
    assert!(samples == *image.samples(), "zune-png reads other samples");

    let spec = image.spec();
    let filtered = spec.rows * (spec.row_bytes() + 1);
    let stripe_rows = (stripe / (spec.row_bytes() + 1)).clamp(1, spec.rows);
    let stripes = spec.rows.div_ceil(stripe_rows);
    let most = filtered + filtered / 1000 + stripes * 30 + 80;
    assert!(file.len() <= most, "{} bytes of {filtered}", file.len());
    let share = 8 * file.len() / filtered;
    format!("{:?} x {} {share}", spec.depth, spec.channels)
}

/// A picture of these bytes, over and over again, as they are or as steps.
fn picture(data: &[u8], random: &mut Random) -> Image {
    let channels = 1 + random.below(4) as usize;
    let rows = 1 + random.below(40) as usize;
    let columns = match random.below(8) {
        0 => 1 + random.below(3) as usize,
        1 => 1 + random.below(9000) as usize,
        _ => 1 + random.below(200) as usize,
    };
    let adds = random.below(2) == 0;
    let mut sum = 0_u8;
    let len = rows * columns * channels;
    let mut bytes = data.iter().chain([&0]).cycle().map(|&byte| {
        sum = sum.wrapping_add(byte);
        if adds { sum } else { byte }
    });
    let samples = match random.below(2) {
        0 => Samples::U8(bytes.take(len).collect()),
        _ => {
            let mut next = || bytes.next().unwrap();
            let samples = (0..len).map(|_| u16::from_be_bytes([next(), next()]));
            Samples::U16(samples.collect())
        }
    };
    Image::new(rows, columns, channels, samples).unwrap()
}

/// The picture as a file, its rows in bands of these heights.
fn written(image: &Image, stripe: usize, bands: &[usize]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let output = Output::seekable(&mut file);
    let mut writer = codec::create_striped_png(image.spec(), stripe, output).unwrap();
    let row = image.spec().row_len();
    let mut next = 0;
    for height in bands.iter().cycle() {
        let end = image.rows().min(next + height);
        let band = next * row..end * row;
        match image.samples() {
            Samples::U8(samples) => writer.write(&samples[band]),
            Samples::U16(samples) => writer.write(&samples[band]),
            _ => panic!("of 8 or 16 bits"),
        }
        .unwrap();
        next = end;
        if next == image.rows() {
            break;
        }
    }
    writer.finish(&Metadata::default()).unwrap();
    file.into_inner()
}
