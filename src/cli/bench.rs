//! `--bench`: times every method on an input and compares it with the naive loop.

mod baseline;

use anyhow::{Result, bail};
use serde_json::json;
use stridekern::{
    Alpha, Combine, Error, Filter, ImageView, Kernel, Map, Method, Plan, Tuning, run::Job,
    text::printable,
};

use self::baseline::{Baseline, timed};
use super::{
    advice,
    kernel_options::origin,
    messages::{self, Messages},
    settings::{Bench, Settings},
    told,
};

/// Measures every result of every input; returns how many failed.
pub(super) fn run(settings: &Settings, bench: Bench, messages: Messages) -> usize {
    let mut failed = 0;
    for job in &settings.batch.jobs {
        if let Err(error) = measure_job(settings, job, bench, messages) {
            let (input, why) = (job.input.path().display(), advice::chain(&error));
            messages.error(format_args!("{input}: {why}"));
            failed += 1;
        }
    }
    failed
}

/// The times of one method, in milliseconds.
struct MethodTimes {
    engine: &'static str,
    plan: Plan,
    times: Vec<f64>,
    /// Output rows that were timed; fewer than all only for the naive loop.
    rows: usize,
    /// The largest absolute difference from the naive loop's samples.
    max_abs_diff: f64,
}

/// The measurements of one filter on one image, the naive loop first.
struct Measurement {
    lines: Vec<MethodTimes>,
    /// Methods that do not support this filter or image, and why.
    unsupported: Vec<(&'static str, String)>,
    output_rows: usize,
    /// Output rows that were compared with the naive loop's.
    checked_rows: usize,
}

impl MethodTimes {
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

fn measure_job(settings: &Settings, job: &Job, bench: Bench, messages: Messages) -> Result<()> {
    let (opened, told) = messages::read(job, &settings.batch.options, messages)?;
    let image = opened.image();
    for request in &job.results {
        let mut filter = request.filter.clone();
        if filter.alpha() == Some(Alpha::Weight) && matches!(image.shape()[2], 2 | 4) {
            messages.note("--bench has no naive loop for --alpha weight: it times --alpha copy");
            filter = filter.with_alpha(Alpha::Copy);
        }
        let Measurement {
            lines,
            unsupported,
            checked_rows,
            output_rows,
        } = measure(&filter, image, &settings.batch.options.tuning, bench)?;
        let naive = lines[0].median();
        let bank = request.filter.bank();
        let [rows, columns, channels] = image.shape();
        let megapixels = (rows * columns) as f64 / 1e6;
        if !settings.json {
            messages::print_line(format_args!(
                "{}: {columns} x {rows} pixels, {channels} x {}, kernel {}, {}, {}, {}, {}{}",
                printable(&job.input.path().display().to_string()),
                image.depth(),
                printable(bank.name()),
                printable(&origin(bank)),
                request.filter.extent(),
                counted(rayon::current_num_threads(), "thread"),
                counted(bench.runs as usize, "run"),
                match opened.planes() {
                    1 => String::new(),
                    planes => format!("; the first of {planes} planes"),
                },
            ));
            messages::print_line(
                "engine     lane  simd         min ms   median ms   Mpixel/s   speed-up   max |diff|",
            );
        }
        for line in &lines {
            let (min, median) = (line.min(), line.median());
            let (rate, speedup) = (megapixels / median * 1e3, naive / median);
            if settings.json {
                let mut object = json!({
                    "kernel": bank.name(),
                    "border": request.filter.extent().to_string(),
                    "width": columns, "height": rows, "channels": channels,
                    "depth": image.depth().name(),
                    "engine": line.engine,
                    "method": line.plan.method().name(),
                    "lane": line.plan.lane().name(),
                    "simd": line.plan.simd().name(),
                    "threads": rayon::current_num_threads(),
                    "runs": line.times.len(),
                    "min_ms": min, "median_ms": median,
                    "megapixels_per_s": rate, "speedup": speedup,
                    "max_abs_diff": line.max_abs_diff,
                    "timed_rows": line.rows, "checked_rows": checked_rows,
                    "planes": opened.planes(),
                });
                messages::extend(&mut object, messages::path_json("input", job.input.path()));
                messages::extend(&mut object, told::json(&told));
                messages::print_line(object);
            } else {
                messages::print_line(format_args!(
                    "{:<10} {:<5} {:<9} {min:>9.3} {median:>11.3} {rate:>10.1} {speedup:>9.2}x {:>12}",
                    line.engine,
                    line.plan.lane().name(),
                    line.plan.simd().name(),
                    line.max_abs_diff,
                ));
            }
        }
        if !settings.json {
            for (engine, reason) in unsupported {
                messages::print_line(format_args!("{engine:<10} left out: {reason}"));
            }
            if let Some(note) = note(&lines[0], output_rows, bench.runs, checked_rows) {
                messages::print_line(note);
            }
        }
        let allowed = tolerance(&request.filter, image, &lines[0].plan);
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

/// How the naive loop was shortened, if it was.
fn note(naive: &MethodTimes, rows: usize, runs: u32, checked_rows: usize) -> Option<String> {
    let ran = counted(naive.times.len(), "time");
    if naive.rows < rows {
        Some(format!(
            "naive ran {ran} on {} of {rows} rows: its time is scaled to all of them, and the others are checked on {checked_rows}",
            naive.rows
        ))
    } else {
        (naive.times.len() < runs as usize).then(|| format!("naive ran {ran}: it is slow here"))
    }
}

/// Measures the naive loop, then every other method and a normal run; or only the
/// requested method.
fn measure(
    filter: &Filter,
    image: ImageView<'_>,
    tuning: &Tuning,
    bench: Bench,
) -> Result<Measurement> {
    let [output_rows, ..] = filter.plan(image, tuning)?.output_shape();
    let baseline = Baseline::new(filter, image, tuning, bench.runs)?;
    let methods: Vec<Option<Method>> = if bench.one_method {
        vec![tuning.method]
    } else {
        Method::ALL.into_iter().map(Some).chain([None]).collect()
    };
    let mut lines = Vec::new();
    let mut unsupported = Vec::new();
    let others = methods.into_iter().filter(|m| *m != Some(Method::Naive));
    for method in others {
        let engine = method.map_or("auto", Method::name);
        let plan = match filter.plan(image, &tuning.with_method(method)) {
            // Not every method supports every filter.
            Err(error @ Error::Request(_)) if !bench.one_method => {
                unsupported.push((engine, advice::line(&error)));
                continue;
            }
            plan => plan?,
        };
        let mut output = plan.allocate()?;
        // A warm-up run: the first run has additional page faults.
        timed(&plan, image, &mut output)?;
        let times = (0..bench.runs)
            .map(|_| timed(&plan, image, &mut output))
            .collect::<Result<Vec<_>>>()?;
        lines.push(MethodTimes {
            engine,
            times,
            rows: plan.output_shape()[0],
            plan,
            max_abs_diff: baseline.max_abs_diff(&output),
        });
    }
    let checked_rows = baseline.checked_rows();
    let naive = MethodTimes {
        engine: Method::Naive.name(),
        plan: baseline.plan,
        times: baseline.times,
        rows: baseline.rows,
        max_abs_diff: 0.0,
    };
    lines.insert(0, naive);
    Ok(Measurement {
        lines,
        unsupported,
        output_rows,
        checked_rows,
    })
}

/// The largest accepted difference from the naive loop: 0 where results are exact; for
/// floats twice the guaranteed error of 1e-5, since both sums may have it.
fn tolerance(filter: &Filter, image: ImageView<'_>, plan: &Plan) -> f64 {
    let bank = filter.bank();
    let output = filter.output_depth(image.depth());
    let rounded_once = !output.is_float() && !matches!(filter.map(), Map::Stretch | Map::Symmetric);
    let exact = !plan.window_depth().is_float()
        && (rounded_once || bank.kernels().iter().all(Kernel::is_integer));
    match output {
        // The angle of a vanishing gradient depends on rounding.
        _ if bank.combine().is_some_and(Combine::is_direction)
            && !bank.kernels().iter().all(Kernel::is_integer) =>
        {
            f64::INFINITY
        }
        // So does the largest of responses that are equal.
        _ if bank.combine() == Some(Combine::ArgMax) && !exact => f64::INFINITY,
        _ if exact => 0.0,
        to if to.is_float() => {
            let gain = |k: &Kernel| k.abs_sum() / k.divisor().abs();
            let gain: f64 = bank.kernels().iter().map(gain).sum();
            // Float samples may exceed full scale.
            let largest = match image.depth().is_float() {
                true => {
                    let finite = image.numbers().map(f64::abs).filter(|s| s.is_finite());
                    finite.fold(1.0, f64::max)
                }
                false => image.depth().full_scale(),
            };
            2e-5 * largest * gain * bank.scale().value()
        }
        _ => 1.0,
    }
}
