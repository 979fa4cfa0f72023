//! `--bench`: every method on this input, timed beside the naive loop.

use std::time::Instant;

use anyhow::{Result, bail};
use serde_json::json;
use stridekern::{
    Combine, Depth, Filter, Image, ImageView, Kernel, Method, Plan, Samples, Tuning, pipeline::Job,
};

use super::{
    output::{self, Messages},
    settings::Settings,
};

/// Measures every result of every input; returns how many failed.
pub(super) fn run(settings: &Settings, runs: u32, messages: Messages) -> usize {
    let mut failed = 0;
    for job in &settings.jobs {
        if let Err(error) = measure_job(settings, job, runs, messages) {
            messages.error(format_args!("{}: {error:#}", job.input.path().display()));
            failed += 1;
        }
    }
    failed
}

/// One way to run the filter, and its times in milliseconds.
struct Line {
    engine: &'static str,
    plan: Plan,
    times: Vec<f64>,
    /// Largest difference from the naive loop's samples.
    max_abs_diff: f64,
}

impl Line {
    fn min(&self) -> f64 {
        self.times.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        let middle = times.len() / 2;
        if times.len() % 2 == 1 {
            times[middle]
        } else {
            (times[middle - 1] + times[middle]) / 2.0
        }
    }
}

fn measure_job(settings: &Settings, job: &Job, runs: u32, messages: Messages) -> Result<()> {
    let opened = output::read(job, &settings.options, messages)?;
    let image = opened.image();
    for request in &job.results {
        let lines = measure(&request.filter, image, &settings.options.tuning, runs)?;
        let naive = lines[0].median();
        let bank = request.filter.bank();
        let [rows, columns, channels] = image.shape();
        let megapixels = (rows * columns) as f64 / 1e6;
        if !settings.json {
            output::data(format_args!(
                "{}: {columns} x {rows} pixels, {channels} x {}, kernel {}, {}, {}, {}",
                output::one_line(&job.input.path().display().to_string()),
                image.depth(),
                bank.name(),
                request.filter.extent(),
                counted(rayon::current_num_threads(), "thread"),
                counted(runs as usize, "run"),
            ));
            output::data(
                "engine     lane  simd         min ms   median ms   Mpixel/s   speed-up   max |diff|",
            );
        }
        for line in &lines {
            let (min, median) = (line.min(), line.median());
            let (rate, speedup) = (megapixels / median * 1e3, naive / median);
            if settings.json {
                output::data(json!({
                    "input": job.input.path().to_string_lossy(),
                    "kernel": bank.name(),
                    "border": request.filter.extent().to_string(),
                    "width": columns, "height": rows, "channels": channels,
                    "depth": image.depth().name(),
                    "engine": line.engine,
                    "lane": line.plan.lane().name(),
                    "simd": line.plan.simd().name(),
                    "threads": rayon::current_num_threads(),
                    "runs": runs,
                    "min_ms": min, "median_ms": median,
                    "megapixels_per_s": rate, "speedup": speedup,
                    "max_abs_diff": line.max_abs_diff,
                }));
            } else {
                output::data(format_args!(
                    "{:<10} {:<5} {:<9} {min:>9.3} {median:>11.3} {rate:>10.1} {speedup:>9.2}x {:>12}",
                    line.engine,
                    line.plan.lane().name(),
                    line.plan.simd().name(),
                    line.max_abs_diff,
                ));
            }
        }
        let allowed = tolerance(&request.filter, image);
        if let Some(wrong) = lines.iter().find(|line| line.max_abs_diff > allowed) {
            bail!(
                "{} differs from naive by {}, more than the {allowed} that is allowed; please report this",
                wrong.engine,
                wrong.max_abs_diff
            );
        }
    }
    Ok(())
}

/// `1 run`, `2 runs`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The naive loop first, then every other method, then what a normal run takes.
fn measure(filter: &Filter, image: ImageView<'_>, tuning: &Tuning, runs: u32) -> Result<Vec<Line>> {
    let others = Method::ALL
        .into_iter()
        .filter(|m| *m != Method::Naive)
        .map(Some);
    let methods = std::iter::once(Some(Method::Naive))
        .chain(others)
        .chain([None]);
    let mut lines = Vec::new();
    let mut oracle: Option<Image> = None;
    for method in methods {
        let asked = method.or(tuning.method);
        let plan = filter.plan(
            image,
            &Tuning {
                method: asked,
                ..*tuning
            },
        )?;
        let mut output = plan.allocate()?;
        // The first run pays for pages that no other run pays for.
        filter.apply_into(image, &plan, &mut output, &|_| ())?;
        let times = (0..runs)
            .map(|_| {
                let start = Instant::now();
                filter.apply_into(image, &plan, &mut output, &|_| ())?;
                Ok(start.elapsed().as_secs_f64() * 1e3)
            })
            .collect::<Result<Vec<_>>>()?;
        let max_abs_diff = oracle
            .as_ref()
            .map_or(0.0, |naive| max_abs_diff(naive, &output));
        lines.push(Line {
            engine: method.map_or("auto", Method::name),
            plan,
            times,
            max_abs_diff,
        });
        oracle.get_or_insert(output);
    }
    Ok(lines)
}

fn max_abs_diff(a: &Image, b: &Image) -> f64 {
    fn largest<T: Copy + Into<f64>>(a: &[T], b: &[T]) -> f64 {
        let difference = |(&a, &b): (&T, &T)| {
            let (a, b) = (a.into(), b.into());
            // Equal infinities, and NaN in both, are no difference.
            if a == b || (a.is_nan() && b.is_nan()) {
                0.0
            } else {
                (a - b).abs()
            }
        };
        a.iter()
            .zip(b)
            .map(difference)
            .fold(0.0, |m, d| if d > m || d.is_nan() { d } else { m })
    }
    match (a.samples(), b.samples()) {
        (Samples::U8(a), Samples::U8(b)) => largest(a, b),
        (Samples::U16(a), Samples::U16(b)) => largest(a, b),
        (Samples::F32(a), Samples::F32(b)) => largest(a, b),
        _ => f64::INFINITY,
    }
}

/// Nothing where results are exact; else what two sums that both keep the
/// promise of 1e-5 may differ by.
fn tolerance(filter: &Filter, image: ImageView<'_>) -> f64 {
    let bank = filter.bank();
    let exact = image.depth() != Depth::F32 && bank.kernels().iter().all(Kernel::is_integer);
    match filter.output_depth(image.depth()) {
        _ if exact => 0.0,
        // Where there is next to no gradient, rounding decides on the angle.
        _ if bank.combine() == Some(Combine::Direction) => f64::INFINITY,
        Depth::F32 => {
            let gain = |k: &Kernel| k.abs_sum() / k.divisor().abs();
            let gain: f64 = bank.kernels().iter().map(gain).sum();
            // Float samples may be larger than full scale.
            let largest = match image {
                ImageView::F32(view) => {
                    let finite = view.iter().map(|s| s.abs()).filter(|s| s.is_finite());
                    finite.fold(1.0, f32::max).into()
                }
                _ => image.depth().full_scale(),
            };
            2e-5 * largest * gain
        }
        _ => 1.0,
    }
}
