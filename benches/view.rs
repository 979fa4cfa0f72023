//! Iteration over views against what one would write by hand over the slice:
//! a contiguous, a transposed and a window view, each as `fold` (what `sum` and
//! `for_each` use) and as a `for` loop.
//!
//! Every sum is compared with the one by hand before anything is timed. The
//! last lines are the ratios of the fastest of many runs; the goals are 1.1 for
//! the contiguous and 1.5 for the other views. `cargo bench --bench view`.

#![allow(missing_docs, reason = "criterion's macros make undocumented items")]
#![allow(clippy::print_stdout, reason = "the ratios are what this is for")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stridekern::view::StridedView;

const ROWS: usize = 1000;
const COLUMNS: usize = 1200;
const WINDOW: usize = 3;
/// Runs of which the fastest counts for a ratio.
const RUNS: usize = 60;

/// Numbers without order, small enough that no sum of them overflows.
fn samples() -> Vec<u32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..ROWS * COLUMNS)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u32 % 256
        })
        .collect()
}

type Sum<'a> = (&'static str, Box<dyn Fn() -> u32 + 'a>);

fn by_for<const N: usize>(view: StridedView<'_, u32, N>) -> u32 {
    let mut sum = 0;
    for element in view {
        sum += element;
    }
    sum
}

/// By hand, by fold, by a `for` loop and from the back, in this order.
fn sums<'a, const N: usize>(
    view: StridedView<'a, u32, N>,
    by_hand: impl Fn() -> u32 + 'a,
) -> [Sum<'a>; 4] {
    [
        ("by hand", Box::new(by_hand)),
        (
            "fold",
            Box::new(move || black_box(view).iter().sum::<u32>()),
        ),
        ("for", Box::new(move || by_for(black_box(view)))),
        (
            "backwards",
            Box::new(move || black_box(view).iter().rev().sum::<u32>()),
        ),
    ]
}

fn fastest(sum: &dyn Fn() -> u32) -> Duration {
    (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            black_box(sum());
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn views(c: &mut Criterion) {
    let buffer = samples();
    let slice = buffer.as_slice();
    let view = StridedView::from_slice(slice, [ROWS, COLUMNS]).expect("the buffer holds it");
    let windows = (view.windows([WINDOW; 2])).expect("the window fits");
    let tiles = (view.blocks([0, 1], [8, 8])).expect("the sides are multiples of 8");
    let columns = StridedView::new(slice, [ROWS, COLUMNS / 2], [COLUMNS as isize, 2], 0)
        .expect("every other column is inside");
    let cases = [
        (
            "contiguous",
            view.len(),
            sums(view, || black_box(slice).iter().sum()),
        ),
        (
            "transposed",
            view.len(),
            sums(view.transpose(), || {
                let (slice, [rows, columns]) = black_box((slice, [ROWS, COLUMNS]));
                let mut sum = 0;
                for column in 0..columns {
                    for row in 0..rows {
                        sum += slice[row * columns + column];
                    }
                }
                sum
            }),
        ),
        (
            "every other column",
            columns.len(),
            sums(columns, || {
                let (slice, [rows, columns]) = black_box((slice, [ROWS, COLUMNS]));
                let mut sum = 0;
                for row in 0..rows {
                    for column in 0..columns / 2 {
                        sum += slice[row * columns + 2 * column];
                    }
                }
                sum
            }),
        ),
        (
            "3x3 windows",
            windows.len(),
            sums(windows, || {
                let (slice, [rows, columns]) = black_box((slice, [ROWS, COLUMNS]));
                let side = black_box(WINDOW);
                let mut sum = 0;
                for row in 0..=rows - side {
                    for column in 0..=columns - side {
                        for i in 0..side {
                            for j in 0..side {
                                sum += slice[(row + i) * columns + column + j];
                            }
                        }
                    }
                }
                sum
            }),
        ),
        (
            "3x3, sides known",
            windows.len(),
            sums(windows, || {
                let slice = black_box(slice);
                let mut sum = 0;
                for row in 0..=ROWS - WINDOW {
                    for column in 0..=COLUMNS - WINDOW {
                        for i in 0..WINDOW {
                            for j in 0..WINDOW {
                                sum += slice[(row + i) * COLUMNS + column + j];
                            }
                        }
                    }
                }
                sum
            }),
        ),
        (
            "8x8 blocks",
            tiles.len(),
            sums(tiles, || {
                let (slice, [rows, columns]) = black_box((slice, [ROWS, COLUMNS]));
                let side = black_box(8);
                let mut sum = 0;
                for row in (0..rows).step_by(side) {
                    for column in (0..columns).step_by(side) {
                        for i in 0..side {
                            for j in 0..side {
                                sum += slice[(row + i) * columns + column + j];
                            }
                        }
                    }
                }
                sum
            }),
        ),
    ];
    for (name, len, sums) in &cases {
        let expected = sums[0].1();
        let mut group = c.benchmark_group(format!("view/{name}"));
        group
            .throughput(Throughput::Elements(*len as u64))
            .sample_size(20)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(800));
        for (spelling, sum) in sums {
            assert_eq!(sum(), expected, "{name} by {spelling} is wrong");
            group.bench_function(*spelling, |b| b.iter(sum));
        }
    }
    println!("\nratios to the loop by hand (fold, for, backwards):");
    for (name, len, sums) in &cases {
        let [hand, fold, by_for, back] = [0, 1, 2, 3].map(|i| fastest(&*sums[i].1).as_secs_f64());
        println!(
            "{name:<20} {:.2} {:.2} {:.2}   ({:.3} ns per element by hand)",
            fold / hand,
            by_for / hand,
            back / hand,
            hand * 1e9 / *len as f64
        );
    }
}

criterion_group!(benches, views);
criterion_main!(benches);
