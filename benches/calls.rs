//! What a call of the library costs: a kept runner on small and middling images, on
//! one thread, and a large result in memory that is allocated for it.
//!
//! `cargo bench --bench calls`.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use stridekern::{Border, Depth, Filter, Image, Kernel, Samples, Tuning};

/// Noise, so that nothing can be guessed and every sample differs.
fn image([rows, columns]: [usize; 2], depth: Depth) -> Image {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let len = rows * columns;
    let samples = match depth {
        Depth::F32 => Samples::F32((0..len).map(|_| f32::from(next()) / 255.0).collect()),
        _ => Samples::U8((0..len).map(|_| next()).collect()),
    };
    Image::new(rows, columns, 1, samples).expect("the sides are not zero")
}

/// The binomial kernel of this size, which is separable, with reflected borders.
fn filter(size: usize) -> Filter {
    let mut line = vec![0.0; size];
    line[0] = 1.0;
    for end in 1..size {
        for at in (1..=end).rev() {
            line[at] += line[at - 1];
        }
    }
    let products = |a: &f64| line.iter().map(|b| a * b).collect::<Vec<f64>>();
    let weights: Vec<f64> = line.iter().flat_map(products).collect();
    let sum = weights.iter().sum();
    let kernel = Kernel::builder(size, size, weights).divisor(sum).build();
    Filter::new(kernel.expect("the weights make a kernel")).with_extent(Border::Reflect)
}

fn kept_runners(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kept runner");
    let tuning = Tuning::default().with_threads(1);
    for (sides, size) in [([64, 64], 3), ([720, 1280], 3), ([720, 1280], 9)] {
        for depth in [Depth::U8, Depth::F32] {
            let image = image(sides, depth);
            let plan = filter(size).plan(&image, &tuning).expect("a plan");
            let mut runner = plan.runner().expect("memory for a runner");
            let mut output = plan.allocate().expect("memory for the result");
            let [rows, columns] = sides;
            let name = BenchmarkId::new(
                format!("{size}x{size} {depth}"),
                format!("{rows}x{columns}"),
            );
            group.bench_function(name, |bencher| {
                bencher.iter(|| runner.run(black_box(&image), black_box(&mut output)));
            });
        }
    }
    group.finish();
}

fn fresh_outputs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fresh output");
    group.sample_size(20);
    let image = image([4000, 6000], Depth::F32);
    let plan = (filter(3).plan(&image, &Tuning::default())).expect("a plan");
    group.bench_function("3x3 f32/4000x6000", |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut output = plan.allocate().expect("memory for the result");
            plan.run(black_box(&image), &mut output)
                .map(|()| output)
                .expect("a result")
        });
    });
    group.finish();
}

criterion_group!(benches, kept_runners, fresh_outputs);
criterion_main!(benches);
