//! The naive loop's result and time: the baseline for every method.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use stridekern::{Filter, Image, ImageView, Map, Method, Plan, Tuning};

/// The approximate time that the naive loop may take.
const TIME_BUDGET: Duration = Duration::from_secs(1);

/// The minimum number of output rows to compare, if not all are.
const MIN_ROWS: usize = 8;

/// The naive loop, run on the whole image or, where that would take too long,
/// on its first rows.
pub(super) struct Baseline {
    pub(super) plan: Plan,
    /// Milliseconds for the whole image.
    pub(super) times: Vec<f64>,
    /// Output rows that were timed.
    pub(super) rows: usize,
    /// Output rows that equal those of the whole image.
    checked: Range<usize>,
    output: Image,
}

impl Baseline {
    /// Runs the naive loop up to `runs` times within [`TIME_BUDGET`].
    pub(super) fn new(
        filter: &Filter,
        image: ImageView<'_>,
        tuning: &Tuning,
        runs: u32,
    ) -> Result<Self> {
        let naive = tuning.with_method(Method::Naive);
        let plan = filter.plan(image, &naive)?;
        let [rows, ..] = plan.output_shape();
        // These maps depend on the range of the whole image.
        let can_run_on_rows = !matches!(filter.map(), Map::Stretch | Map::Symmetric);
        // Windows this close to the last row may read the border.
        let margin = match filter.extent().borders() {
            None => 0,
            Some(_) => plan.window()[0] - 1,
        };
        let min_rows = 2 * margin + MIN_ROWS;
        if can_run_on_rows && min_rows < rows / 2 {
            let first = Self::on_first_rows(filter, image, &naive, [min_rows, rows], margin)?;
            let predicted = Duration::from_secs_f64(first.times[0] / 1e3);
            if predicted > TIME_BUDGET {
                let affordable_rows =
                    TIME_BUDGET.as_secs_f64() / predicted.as_secs_f64() * rows as f64;
                let affordable_rows = affordable_rows as usize;
                return if affordable_rows <= 2 * min_rows {
                    Ok(first)
                } else {
                    Self::on_first_rows(filter, image, &naive, [affordable_rows, rows], margin)
                };
            }
        }
        let mut output = plan.allocate()?;
        let start = Instant::now();
        let mut times = Vec::new();
        loop {
            let time = timed(&plan, image, &mut output)?;
            // A warm-up run: the first run has additional page faults.
            let warm = !times.is_empty() || start.elapsed() > TIME_BUDGET;
            times.push(time);
            if warm && (start.elapsed() > TIME_BUDGET || times.len() > runs as usize) {
                break;
            }
        }
        if times.len() > 1 {
            times.remove(0);
        }
        Ok(Self {
            plan,
            times,
            rows,
            checked: 0..rows,
            output,
        })
    }

    /// Runs it once on as many source rows as `part` of `whole` output rows need.
    fn on_first_rows(
        filter: &Filter,
        image: ImageView<'_>,
        naive: &Tuning,
        [part, whole]: [usize; 2],
        margin: usize,
    ) -> Result<Self> {
        let source_rows = image.shape()[0];
        let window = filter.plan(image, naive)?.window()[0];
        let needed = (source_rows * part).div_ceil(whole) + window;
        let part = first_rows(image, needed.min(source_rows))?;
        let plan = filter.plan(part, naive)?;
        let mut output = plan.allocate()?;
        let time = timed(&plan, part, &mut output)?;
        let [rows, ..] = plan.output_shape();
        Ok(Self {
            plan,
            times: vec![time * whole as f64 / rows as f64],
            rows,
            checked: margin..rows - margin,
            output,
        })
    }

    /// How many output rows [`max_abs_diff`](Self::max_abs_diff) compares.
    pub(super) fn checked_rows(&self) -> usize {
        self.checked.len()
    }

    /// The largest difference from an output for the whole image.
    pub(super) fn max_abs_diff(&self, output: &Image) -> f64 {
        let rows = [&self.output, output].map(|image| {
            let rows = ImageView::from(image).slice(0, self.checked.clone());
            rows.map(|rows| rows.numbers())
        });
        match rows {
            [Ok(a), Ok(b)] => largest(a, b),
            _ => f64::INFINITY,
        }
    }
}

/// Milliseconds of one run.
pub(super) fn timed(plan: &Plan, image: ImageView<'_>, output: &mut Image) -> Result<f64> {
    let start = Instant::now();
    plan.run(image, output)?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

fn first_rows(image: ImageView<'_>, rows: usize) -> Result<ImageView<'_>> {
    (image.slice(0, 0..rows)).context("cannot look at the first rows alone")
}

fn largest(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> f64 {
    let difference = |(a, b): (f64, f64)| {
        // Equal infinities, and NaN in both, are no difference.
        if a == b || (a.is_nan() && b.is_nan()) {
            0.0
        } else {
            (a - b).abs()
        }
    };
    a.zip(b)
        .map(difference)
        .fold(0.0, |m, d| if d > m || d.is_nan() { d } else { m })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use stridekern::{Extent, KernelBank, Samples};

    use super::*;

    /// 90 rows of 7 columns, no row like another.
    fn image() -> Image {
        let samples = (0..90 * 7_u32).map(|i| (i * i / 3 % 251) as u8).collect();
        Image::new(90, 7, 1, Samples::U8(samples)).unwrap()
    }

    #[test]
    fn the_first_rows_answer_for_the_whole_image() {
        let image = image();
        let naive = Tuning::default().with_method(Method::Naive);
        // Anchors off the middle, so that no margin is too large by chance.
        for anchor in ["[0, 0]", "[4, 2]"] {
            let weights = "weights = [[1, -2, 3], [4, 5, 6], [7, -8, 9], [1, 1, 2], [0, 3, 1]]";
            let toml = format!("{weights}\nanchor = {anchor}\ndivisor = 9");
            let bank = KernelBank::parse("k", "k.toml", &toml).unwrap();
            for extent in [
                "valid",
                "constant:9",
                "edge",
                "reflect",
                "symmetric",
                "wrap",
            ] {
                for (step, dilation) in [([1, 1], [1, 1]), ([3, 2], [1, 1]), ([2, 1], [3, 2])] {
                    let filter = Filter::new(bank.clone())
                        .with_extent(extent.parse::<Extent>().unwrap())
                        .with_step(step)
                        .with_dilation(dilation);
                    let whole = filter.apply(&image).unwrap();
                    let rows = whole.rows();
                    let margin = if extent == "valid" {
                        0
                    } else {
                        4 * dilation[0]
                    };
                    let part = 2 * margin + 2;
                    let first = Baseline::on_first_rows(
                        &filter,
                        (&image).into(),
                        &naive,
                        [part, rows],
                        margin,
                    );
                    let first = first.unwrap();
                    let case = format!("{extent} {anchor} {step:?} {dilation:?}");
                    assert!(first.checked_rows() >= 2, "{case}");
                    assert_eq!(first.max_abs_diff(&whole), 0.0, "{case}");
                    assert!(first.rows <= rows, "{case}");
                    // The last row that is compared, changed in its last sample.
                    let [_, columns, _] = whole.shape();
                    let Samples::U8(mut samples) = whole.into_samples() else {
                        panic!("{case}");
                    };
                    let last = &mut samples[first.checked.end * columns - 1];
                    *last = last.wrapping_add(100);
                    let changed = Image::new(rows, columns, 1, Samples::U8(samples)).unwrap();
                    assert!(first.max_abs_diff(&changed) >= 100.0, "{case}");
                }
            }
        }
    }

    #[test]
    fn a_quick_image_is_run_whole_and_as_often_as_asked() {
        let image = image();
        let filter = Filter::new(KernelBank::resolve("emboss").unwrap());
        let baseline = Baseline::new(&filter, (&image).into(), &Tuning::default(), 3).unwrap();
        assert_eq!((baseline.rows, baseline.times.len()), (88, 3));
        assert_eq!(baseline.checked_rows(), 88);
        assert_eq!(baseline.max_abs_diff(&filter.apply(&image).unwrap()), 0.0);
    }
}
