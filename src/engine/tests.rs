//! An engine is one file and one line in a list: this one is only in the tests' list.

use std::{
    collections::BTreeSet,
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    compiled_bank::{Arithmetic, LaneRecipe},
    *,
};
use crate::{
    Border, Channel, Depth, Error, Extent, Filter, Image, Kernel, KernelBank, Map, Plan, Result,
    Samples, Tuning,
    number::{Lane, Output, Widen},
    plan::Input,
    simd::{Level, Simd},
};

/// Sums the taps from the last to the first.
#[derive(Debug)]
struct Backwards;

impl Engine for Backwards {
    fn name(&self) -> &'static str {
        "backwards"
    }

    fn method(&self) -> Method {
        Method::Direct
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        // No other engine has blocks of 3 rows.
        Ok(Offer::in_lane(
            problem,
            problem.lane()?,
            0.0,
            3,
            LastToFirst,
        ))
    }
}

#[derive(Debug)]
struct LastToFirst;

impl fmt::Display for LastToFirst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("taps from the last to the first")
    }
}

impl LaneRecipe for LastToFirst {
    fn kernel<T: Arithmetic>(
        &self,
        bank: &Bank<'_>,
        at: usize,
    ) -> Result<Box<dyn CompiledKernel<Element = T, Sum = T>>> {
        let PlacedKernel {
            weights,
            shape,
            dilation,
            origin,
        } = bank.kernels[at];
        let taps = weights.iter().enumerate().map(|(at, &weight)| {
            let place = [at / shape[1], at % shape[1]];
            let [row, column] = [0, 1].map(|axis| origin[axis] + place[axis] * dilation[axis]);
            (row, column, T::from_weight(weight))
        });
        Ok(Box::new(Compiled(taps.collect())))
    }
}

/// The row, column and weight of every tap.
struct Compiled<T>(Vec<(usize, usize, T)>);

static CALLS: AtomicUsize = AtomicUsize::new(0);

impl<T: Lane> CompiledKernel for Compiled<T> {
    type Element = T;
    type Sum = T;

    fn contract(
        &self,
        _: Simd,
        band: &Band<'_, T>,
        first: usize,
        out: &mut [T],
        stride: usize,
        _: &mut Scratch<T>,
    ) -> Result<()> {
        CALLS.fetch_add(1, Ordering::Relaxed);
        for (y, sums) in out.chunks_mut(stride).enumerate() {
            for (x, sum) in sums[..band.dense_len()].iter_mut().enumerate() {
                *sum = T::ZERO;
                for &(row, column, weight) in self.0.iter().rev() {
                    let source = band.rows[(first + y) * band.step[0] + row];
                    let sample = source[x + column * band.channels()];
                    *sum = sample.mul_add::<false>(weight, *sum);
                }
            }
        }
        Ok(())
    }
}

/// Integers in any sample type, so that sums are exact in any order.
fn image(depth: Depth) -> Image {
    let [rows, columns, channels] = [31, 43, 3];
    let at = |i: usize| ((i * i * 7919 + i * 104_729) % 251) as u8;
    let len = 0..rows * columns * channels;
    let samples = each_depth!(depth, T => {
        Samples::from(Vec::<T>::from_iter(len.map(|i| T::from_real(f64::from(at(i))))))
    });
    Image::new(rows, columns, channels, samples).unwrap()
}

/// What the filter must give, by sums of integers.
fn exact(filter: &Filter, image: &Image) -> Image {
    let kernel = &filter.bank().kernels()[0];
    let [rows, columns, channels] = image.shape();
    let sizes = [[rows, kernel.rows()], [columns, kernel.columns()]];
    // Of every axis and output, which sample each tap sees.
    let sources = [0, 1].map(|axis| -> Vec<Vec<Option<usize>>> {
        let [len, taps] = sizes[axis];
        let (step, dilation) = (filter.step()[axis], filter.dilation()[axis]);
        let (outputs, before) = match filter.extent() {
            Extent::Valid => (len - (taps - 1) * dilation, 0),
            _ => (len, kernel.anchor()[axis] * dilation),
        };
        let source = |out: usize, tap: usize| {
            let at = out + tap * dilation;
            match filter.extent() {
                Extent::Same(border) => border.source(at as isize - before as isize, len),
                _ => Some(at),
            }
        };
        let of_output = |out| (0..taps).map(|tap| source(out, tap)).collect();
        (0..outputs).step_by(step).map(of_output).collect()
    });
    let constant = match filter.extent() {
        Extent::Same(Border::Constant(value)) => value as i64,
        _ => 0,
    };
    each_depth!(image.depth(), T => {
        let view = image.view::<T>().expect("the image is of this depth");
        let mut samples = Vec::<T>::new();
        for (rows, columns) in sources[0].iter().flat_map(|r| sources[1].iter().map(move |c| (r, c))) {
            for channel in 0..channels {
                let mut sum = 0;
                for (i, &row) in rows.iter().enumerate() {
                    for (j, &column) in columns.iter().enumerate() {
                        let sample = row.zip(column).map_or(constant, |(row, column)| {
                            view[[row, column, channel]].to_f64() as i64
                        });
                        sum += kernel.weights()[[i, j]] as i64 * sample;
                    }
                }
                samples.push(T::from_real(sum as f64));
            }
        }
        Image::new(sources[0].len(), sources[1].len(), channels, Samples::from(samples)).unwrap()
    })
}

fn filter(rows: usize, columns: usize, weight: impl Fn(usize) -> f64) -> Filter {
    let weights = (0..rows * columns).map(weight).collect();
    let kernel = Kernel::new(rows, columns, weights).unwrap();
    Filter::new(KernelBank::from_kernel("k", kernel)).with_channel(Channel::Each)
}

fn taken(
    engines: &[&'static dyn Engine],
    filter: &Filter,
    image: &Image,
    method: Option<Method>,
) -> Plan {
    let tuning = Tuning {
        method,
        ..Tuning::default()
    };
    Plan::among(engines, filter, Input::of(&image.into()), &tuning.resolve()).unwrap()
}

#[test]
fn an_engine_is_taken_from_the_list_if_its_offer_is_the_cheapest() {
    let mut engines = ENGINES.to_vec();
    engines.push(&Backwards);
    let uneven = filter(3, 4, |i| (i * 5 % 7) as f64 - 2.0);
    for depth in Depth::ALL {
        let image = image(depth);
        for (extent, step, dilation) in [
            (Extent::Valid, [1, 1], [1, 1]),
            (Extent::Same(Border::Reflect), [2, 3], [1, 2]),
            (Extent::Same(Border::Constant(1.0)), [1, 1], [3, 1]),
        ] {
            let filter = (uneven.clone().with_extent(extent))
                .with_step(step)
                .with_dilation(dilation);
            let pixels = |plan: &Plan| {
                let mut out = plan.allocate().unwrap();
                plan.run(&image, &mut out).unwrap();
                out
            };
            let exact = exact(&filter, &image);
            let naive = taken(&engines, &filter, &image, Some(Method::Naive));
            assert_eq!(naive.engine(), "naive");
            assert!(pixels(&naive) == exact, "{depth} {extent}");
            let other = taken(ENGINES, &filter, &image, None);
            assert_ne!(other.engine(), "backwards");
            for method in [None, Some(Method::Direct)] {
                let plan = taken(&engines, &filter, &image, method);
                assert_eq!((plan.engine(), plan.rows_at_once()), ("backwards", 3));
                let before = CALLS.load(Ordering::Relaxed);
                let made = pixels(&plan);
                assert!(CALLS.load(Ordering::Relaxed) > before);
                assert!(made == exact, "{depth} {extent}");
                assert!(pixels(&other) == exact, "{depth} {extent}");
            }
        }
    }
}

/// Every engine in the list has a case in which it is chosen.
#[test]
fn every_engine_is_taken_where_it_is_the_cheapest() {
    let large = Image::zeroed(500, 700, 1, Depth::U8).unwrap();
    let binomial = [1.0, 6.0, 15.0, 20.0, 15.0, 6.0, 1.0];
    let noise = |i: usize| ((i * i) as f64).sin();
    let wave = |i: usize| 1.1 + (i as f64 * 0.3).sin();
    let dots = match Simd::best().level() >= Level::Avx2 {
        true => "dots",
        false => "direct",
    };
    let mut seen = BTreeSet::from([dots, "dots"]);
    for (filter, method, engine) in [
        (filter(3, 3, |i| f64::from(u8::from(i == 5))), None, "copy"),
        (filter(5, 5, |i| (i * i % 23) as f64 - 9.0), None, dots),
        (filter(5, 5, noise), None, "direct"),
        (
            filter(7, 7, |i| binomial[i / 7] * binomial[i % 7]),
            None,
            "separable",
        ),
        (filter(9, 9, |_| 1.0), None, "running-sum"),
        (filter(31, 31, noise), None, "fft"),
        (
            filter(151, 151, |i| wave(i / 151) * wave(i % 151)),
            None,
            "line-fft",
        ),
        (filter(3, 3, noise), Some(Method::Naive), "naive"),
    ] {
        let plan = taken(ENGINES, &filter, &large, method);
        assert_eq!(plan.engine(), engine);
        assert_eq!(plan.method(), method.unwrap_or(plan.method()));
        seen.insert(engine);
    }
    let names: Vec<&str> = ENGINES.iter().map(|engine| engine.name()).collect();
    assert_eq!(seen.len(), names.len(), "names are unique");
    assert!(names.iter().all(|name| seen.contains(name)), "{seen:?}");
}

#[test]
fn the_naive_loop_is_never_taken_unasked() {
    let image = image(Depth::U8);
    let refused = |engines: &[&'static dyn Engine]| -> Error {
        let (filter, tuning) = (filter(3, 3, |i| i as f64), Tuning::default());
        Plan::among(
            engines,
            &filter,
            Input::of(&(&image).into()),
            &tuning.resolve(),
        )
        .unwrap_err()
    };
    assert_eq!(
        refused(&[&naive::Naive]).to_string(),
        "the naive engine cannot run here: it is the oracle, and runs only if it is asked for; use another engine, or auto"
    );
    assert_eq!(
        refused(&[]).to_string(),
        "the fastest engine cannot run here: there is no such engine; use another engine, or auto"
    );
}

/// Images of several tiles, of a size that no tile divides.
fn noise_image(depth: Depth, channels: usize) -> Image {
    let [rows, columns] = [210, 350];
    let at = |i: usize| (i as u64).wrapping_mul(6_364_136_223_846_793_005) >> 40;
    let len = 0..rows * columns * channels;
    let samples = each_depth!(depth, T => {
        let [low, high] = depth.range();
        let value = |i: usize| low + (at(i) as f64 / f64::from(1 << 24)) * (high - low);
        Samples::from(Vec::<T>::from_iter(len.map(|i| T::from_real(value(i)))))
    });
    Image::new(rows, columns, channels, samples).unwrap()
}

/// The samples of a result, as numbers.
fn results(plan: &Plan, image: &Image) -> Vec<f64> {
    let mut out = plan.allocate().unwrap();
    plan.run(image, &mut out).unwrap();
    each_sample!(Samples(out.samples()), samples => {
        samples.iter().map(|&sample| Widen::to_f64(sample)).collect()
    })
}

#[test]
fn transforms_of_lines_give_the_samples_of_the_naive_loop() {
    let wave = |i: usize| 1.1 + (i as f64 * 0.37).sin();
    let product = |rows: usize, columns: usize, scale: f64| {
        filter(rows, columns, |i| {
            wave(i / columns) * (wave(i % columns) - 0.4) * scale
        })
    };
    let filters = [
        product(21, 33, 1e-3),
        product(1, 40, 1e-2).with_extent(Extent::Same(Border::Reflect)),
        product(17, 2, 1e-2).with_dilation([2, 3]),
        product(9, 9, 1e-2)
            .with_step([1, 3])
            .with_extent(Extent::Same(Border::Constant(1.0))),
    ];
    for depth in [Depth::U8, Depth::U16, Depth::I16, Depth::F32] {
        for (filter, channels) in filters.iter().zip([1, 3, 1, 2]) {
            let image = noise_image(depth, channels);
            let filter = match depth {
                Depth::F32 => filter.clone().with_map(Map::Float),
                _ => filter.clone(),
            };
            let naive = taken(ENGINES, &filter, &image, Some(Method::Naive));
            let expected = results(&naive, &image);
            for simd in Simd::available() {
                let tuning = Tuning::default().with_simd(simd);
                let engines: [&'static dyn Engine; 1] = [&fft::LineFft];
                let input = Input::of(&(&image).into());
                let plan = Plan::among(&engines, &filter, input, &tuning.resolve()).unwrap();
                assert_eq!(plan.engine(), "line-fft");
                let case = format!("{depth}, {channels} channels, {simd:?}");
                let made = results(&plan, &image);
                if depth == Depth::F32 {
                    for (at, (a, b)) in made.iter().zip(&expected).enumerate() {
                        assert!((a - b).abs() <= 1e-5, "{at}: {a} is not {b}, {case}");
                    }
                } else {
                    assert!(made == expected, "{case}");
                }
            }
        }
    }
}

#[test]
fn floats_of_too_much_contrast_are_summed_by_passes() {
    // These would hide all that is near them in the lines of a tile.
    let filter = filter(9, 9, |i| ((i / 9 + 1) * (i % 9 + 2)) as f64 / 1000.0 + 0.0);
    let filter = filter.with_map(Map::Float);
    let samples = (0..210 * 350).map(|i| match i {
        40_000 => 1e30,
        60_000 => f32::NAN,
        70_000 => f32::INFINITY,
        _ => (i % 251) as f32 / 251.0,
    });
    let image = Image::new(210, 350, 1, Samples::from(Vec::from_iter(samples))).unwrap();
    let expected = results(
        &taken(ENGINES, &filter, &image, Some(Method::Naive)),
        &image,
    );
    let made = results(&taken(&[&fft::LineFft], &filter, &image, None), &image);
    for (at, (a, b)) in made.iter().zip(expected).enumerate() {
        let is_same = *a == b || a.is_nan() && b.is_nan();
        let is_near = (a - b).abs() <= 1e-5 * b.abs().max(1.0);
        assert!(is_same || is_near, "sample {at}: {a} is not {b}");
    }
}
