//! Encoding and decoding of 24 megapixels with the noise of a sensor, by bands.

#![allow(missing_docs, reason = "criterion's macros make public functions")]
#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::{hint::black_box, io::Cursor};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stridekern::{
    codec::{self, EncodeOptions, Format, Limits, Metadata, Output},
    image::{Depth, ImageSpec, Samples},
};

const ROWS: usize = 4000;
const COLUMNS: usize = 6000;
const BAND: usize = 64;

/// Slopes and discs, with noise of a bell's shape over them.
fn samples(channels: usize, depth: Depth) -> Samples {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let values = (0..ROWS * COLUMNS * channels).map(|at| {
        let (row, column) = (at / channels / COLUMNS, at / channels % COLUMNS);
        let slope = 0.5 + 0.25 * (column as f64 / 650.0).sin() * (row as f64 / 570.0).cos();
        let (y, x) = ((row % 500).abs_diff(250), (column % 750).abs_diff(375));
        let level = if x * x + y * y < 22_500 {
            0.9 - 0.6 * slope
        } else {
            slope
        };
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let parts = (0..4).map(|part| (state >> (16 * part) & 0xffff) as f64 / 65_536.0 - 0.5);
        // Of standard deviation 2 in 255.
        (level + parts.sum::<f64>() * 1.732 * 2.0 / 255.0) * depth.full_scale()
    });
    match depth {
        Depth::U8 => Samples::U8(values.map(|v| v as u8).collect()),
        Depth::U16 => Samples::U16(values.map(|v| v as u16).collect()),
        Depth::F32 => Samples::F32(values.map(|v| v as f32).collect()),
        _ => panic!("the tests know no other"),
    }
}

fn codecs(criterion: &mut Criterion) {
    let options = EncodeOptions {
        compression: codec::Compression::Fast,
        ..EncodeOptions::default()
    };
    for (name, channels, depth) in [
        ("gray8", 1, Depth::U8),
        ("gray16", 1, Depth::U16),
        ("rgb8", 3, Depth::U8),
    ] {
        let samples = samples(channels, depth);
        let spec = ImageSpec {
            rows: ROWS,
            columns: COLUMNS,
            channels,
            depth,
        };
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        group.throughput(Throughput::Bytes((ROWS * spec.row_bytes()) as u64));
        for format in [
            Format::Png,
            Format::Tiff,
            Format::Jpeg,
            Format::Pnm,
            Format::Npy,
        ] {
            if !format.can_hold(depth, channels) {
                continue;
            }
            let metadata = Metadata::default();
            let encode = || {
                let mut file = Cursor::new(Vec::with_capacity(ROWS * spec.row_bytes()));
                let output = Output::seekable(&mut file);
                let mut writer =
                    codec::create_rows(spec, format, &metadata, &options, output).unwrap();
                let (all, band) = (samples.as_slice(), BAND * spec.row_len());
                for start in (0..all.len()).step_by(band) {
                    let end = all.len().min(start + band);
                    writer.write(all.range(start, end)).unwrap();
                }
                writer.finish(&metadata).unwrap();
                file.into_inner()
            };
            group.bench_function(format!("{format} encode"), |b| {
                b.iter(|| black_box(encode()));
            });
            let bytes = encode();
            let mut band = Samples::zeroed(depth, BAND * spec.row_len()).unwrap();
            group.bench_function(format!("{format} decode, {} bytes", bytes.len()), |b| {
                b.iter(|| {
                    let mut reader =
                        codec::rows_of_bytes(&bytes, None, &Limits::default()).unwrap();
                    while reader.read(black_box(&mut band)).unwrap() > 0 {}
                    reader.finish().unwrap()
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, codecs);
criterion_main!(benches);
