//! Four nested loops over the window view: the reference for every other engine.

use std::fmt;

use super::{
    Band, CompiledKernel, Engine, Method, Offer, Refusal, Scratch,
    compiled_bank::{Arithmetic, Bank, LaneRecipe},
    packed_taps::{PlacedKernel, Taps},
    problem::Problem,
};
use crate::{
    error::Result,
    number::{Element, Lane},
    simd::Simd,
    view::Spacing,
};

/// The oracle and the baseline.
#[derive(Debug)]
pub(super) struct Naive;

impl Engine for Naive {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn method(&self) -> Method {
        Method::Naive
    }

    fn offer(&self, problem: &Problem<'_>) -> Result<Offer, Refusal> {
        if problem.method != Some(Method::Naive) {
            return Err(Refusal::of(NotRequested));
        }
        Ok(Offer {
            // The loop is compiled once, for every processor.
            simd: Simd::PORTABLE,
            ..Offer::in_lane(problem, problem.lane()?, f64::INFINITY, 1, Loops)
        })
    }
}

/// The slowest engine makes an offer only if it is requested.
#[derive(Debug, thiserror::Error)]
#[error("it is the oracle, and runs only if it is asked for")]
struct NotRequested;

#[derive(Debug)]
struct Loops;

impl fmt::Display for Loops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("four loops over the window view")
    }
}

impl LaneRecipe for Loops {
    fn kernel<T: Arithmetic>(
        &self,
        bank: &Bank<'_>,
        at: usize,
    ) -> Result<Box<dyn CompiledKernel<Element = T, Sum = T>>> {
        Ok(Box::new(Compiled(bank.taps(at))))
    }
}

#[derive(Debug)]
struct Compiled<T>(Taps<T>);

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
        contract(band, &self.0, first, out, stride);
        Ok(())
    }

    fn handles_column_step(&self) -> bool {
        true
    }
}

/// See [`CompiledKernel::run`].
fn contract<T: Lane>(
    band: &Band<'_, T>,
    taps: &Taps<T>,
    first: usize,
    out: &mut [T],
    stride: usize,
) {
    let [_, _, channels] = band.view.shape();
    let spacing = Spacing {
        step: band.step,
        dilation: taps.dilation,
    };
    let columns =
        taps.origin[1]..taps.origin[1] + band.positions + (taps.shape[1] - 1) * taps.dilation[1];
    let windows = (0..channels).map(|channel| {
        let plane = band.view.index_axis(2, channel)?;
        let covered = plane
            .slice(0, taps.origin[0]..)?
            .slice(1, columns.clone())?;
        covered.windows_over([0, 1], taps.shape, spacing)
    });
    for (channel, windows) in windows.enumerate() {
        let windows = windows.expect("a band has the rows and columns of its windows");
        let [_, columns, kernel_rows, kernel_columns] = windows.shape();
        for (y, sums) in out.chunks_mut(stride).enumerate() {
            for x in 0..columns {
                let mut sum = T::ZERO;
                for i in 0..kernel_rows {
                    for j in 0..kernel_columns {
                        let weight = taps.weights[i * kernel_columns + j];
                        sum = windows
                            .at([first + y, x, i, j])
                            .mul_add::<false>(weight, sum);
                    }
                }
                sums[x * channels + channel] = sum;
            }
        }
    }
}

/// The taps of a kernel, for the sums of a few windows.
#[derive(Debug, Clone)]
pub(super) struct WindowTaps<T> {
    weights: Vec<T>,
    columns: usize,
    dilation: [usize; 2],
    origin: [usize; 2],
}

impl<T: Lane> WindowTaps<T> {
    pub(super) fn new(kernel: PlacedKernel<'_>) -> Self {
        Self {
            weights: kernel.weights.iter().map(|&w| T::from_weight(w)).collect(),
            columns: kernel.shape[1],
            dilation: kernel.dilation,
            origin: kernel.origin,
        }
    }

    /// The sum of one window, at `[row, column, channel]` of the result, where columns
    /// are counted at a step of 1.
    pub(super) fn sum_at<E: Element>(&self, band: &Band<'_, E>, [y, x, channel]: [usize; 3]) -> T {
        let channels = band.channels();
        let mut sum = T::ZERO;
        for (at, &weight) in self.weights.iter().enumerate() {
            let row = y * band.step[0] + self.origin[0] + at / self.columns * self.dilation[0];
            let column = x + self.origin[1] + at % self.columns * self.dilation[1];
            let sample = band.rows[row][column * channels + channel];
            sum = T::from_weight(sample.to_f64()).mul_add::<false>(weight, sum);
        }
        sum
    }
}
