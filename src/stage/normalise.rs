//! Normalised convolution: windows of which samples may be missing.
//!
//! Every band is made into [planes](super::planes) of numbers and presence; the stages of the
//! plain convolution sum both by the weights, and if there are weights of both signs by the
//! absolute weights; the sums of a row are divided and finished while they are in cache.

use std::{
    mem,
    ops::Range,
    sync::{Arc, atomic::Ordering},
};

use super::{
    RowStage, Rows, RowsMut, Run,
    bands::{BandPass, BandStage, inner},
    compile::compile,
    exact_responses::{ExactResponses, Sums},
    planes::{PlaneBuilder, Planes},
    point::{CopyAlpha, Luma, PointStage, SourcePixels},
    scratch::Pool,
    sums_again::{Doubts, PlaneSums, SumsAgain},
};
use crate::{
    engine::recycled,
    error::Result,
    finish::{Finish, ResponseRange, Tally},
    image::{SampleSliceMut, try_resize},
    number::{self, Output},
    plan::{Convolution, Normalisation, Plan, SumOfPlane, Totals},
    simd::{Body, Isa},
};

/// The convolution of an image with missing samples, from its stored channels on.
#[derive(Debug)]
pub(super) struct Normalise {
    convolution: Arc<Convolution>,
    /// The channels of the image that are filtered, or whose luma is.
    channels: Range<usize>,
    luma: Option<Luma>,
    /// The source column of every padded column.
    columns: Vec<Option<usize>>,
    kernels: Vec<KernelStages>,
    /// Rounds samples near to a tie, if there may be any.
    exact: Option<ExactResponses>,
    alpha: Option<CopyAlpha>,
}

/// The sums of one kernel.
#[derive(Debug)]
struct KernelStages {
    weights: PlaneStages,
    /// By the absolute weights, if there are weights of both signs.
    absolute: Option<PlaneStages>,
    totals: Totals,
}

/// The sums by one set of weights.
#[derive(Debug)]
struct PlaneStages {
    sum: Box<dyn RowStage>,
    /// Tap by tap, for windows where a transform would not do.
    again: Option<Box<dyn RowStage>>,
}

impl KernelStages {
    /// How the sums over these planes of numbers and presence are made again tap by tap; none
    /// are if they are so already.
    fn again<'a>(
        &'a self,
        [numbers, presence]: [Rows<'a>; 2],
        sums: &'a mut SumRows,
    ) -> [Option<PlaneSums<'a>>; 4] {
        let SumRows {
            numbers: of_numbers,
            presence: of_presence,
            abs_numbers,
            abs_presence,
        } = sums;
        [
            (Some(&self.weights), numbers, of_numbers),
            (Some(&self.weights), presence, of_presence),
            (self.absolute.as_ref(), numbers, abs_numbers),
            (self.absolute.as_ref(), presence, abs_presence),
        ]
        .map(|(stages, source, sums)| {
            Some(PlaneSums {
                again: &**stages?.again.as_ref()?,
                source,
                sums,
            })
        })
    }
}

impl PlaneStages {
    fn new(of: &SumOfPlane) -> Result<Self> {
        Ok(Self {
            sum: compile(&of.convolution)?,
            again: of.tap_by_tap.as_ref().map(compile).transpose()?,
        })
    }
}

/// Buffers of one thread, reused from band to band.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    planes: Planes,
    /// Buffers of the stages that sum.
    pool: Pool,
    /// The sums of every kernel.
    sums: Vec<SumRows>,
    responses: Vec<f64>,
    /// 1 for every sample of a row of the result that is missing, else 0.
    missing: Vec<u8>,
    near_ties: Vec<u32>,
    again: SumsAgain,
    /// Slices of responses: empty between rows.
    slices: Vec<&'static [f64]>,
}

/// Rows of sums of one kernel; see [`Missing`](crate::Missing).
#[derive(Debug, Default)]
struct SumRows {
    /// Of numbers: A.
    numbers: Vec<f64>,
    /// Of presence: P.
    presence: Vec<f64>,
    /// By the absolute weights: B.
    abs_numbers: Vec<f64>,
    /// Q.
    abs_presence: Vec<f64>,
}

impl Normalise {
    /// The stage of a plan with missing samples.
    ///
    /// # Errors
    ///
    /// If memory cannot be allocated.
    pub(super) fn new(plan: &Plan, normalisation: &Normalisation) -> Result<Self> {
        let convolution = Arc::clone(&plan.convolution);
        let (channels, luma) = match plan.selection().stored.clone() {
            Some(stored) => (stored, None),
            None => (0..3, Some(Luma::new(plan))),
        };
        let kernels = normalisation.sums.iter().map(|sums| {
            Ok(KernelStages {
                weights: PlaneStages::new(&sums.weights)?,
                absolute: sums.absolute.as_ref().map(PlaneStages::new).transpose()?,
                totals: sums.totals,
            })
        });
        let axis = &convolution.geometry.columns;
        let columns = axis.of_padded().image;
        Ok(Self {
            channels,
            luma,
            columns: (0..columns).map(|column| axis.source(column)).collect(),
            kernels: kernels.collect::<Result<_>>()?,
            exact: ExactResponses::new(&convolution),
            alpha: (convolution.copies_alpha).then(|| CopyAlpha::new(&convolution)),
            convolution,
        })
    }
}

impl BandStage for Normalise {
    type Pass<'a> = Pass<'a>;

    fn convolution(&self) -> &Convolution {
        &self.convolution
    }

    fn pass<'a>(&'a self, source: Rows<'a>) -> Pass<'a> {
        let convolution = &*self.convolution;
        let normalisation = convolution.normalisation.as_ref();
        Pass {
            stage: self,
            convolution,
            normalisation: normalisation.expect("this stage is for plans with missing samples"),
            source,
            row_len: convolution.output().row_len(),
        }
    }
}

/// One run of the stage over source rows.
pub(super) struct Pass<'a> {
    stage: &'a Normalise,
    convolution: &'a Convolution,
    normalisation: &'a Normalisation,
    source: Rows<'a>,
    /// Samples in a row of the result.
    row_len: usize,
}

impl BandPass for Pass<'_> {
    type Scratch = Scratch;

    fn convolution(&self) -> &Convolution {
        self.convolution
    }

    fn source(&self) -> Rows<'_> {
        self.source
    }

    fn sum(&self, rows: &Range<usize>, run: &Run<'_>, scratch: &mut Scratch) -> Result<()> {
        let Scratch {
            planes,
            pool,
            sums,
            again,
            ..
        } = scratch;
        let (stage, simd) = (self.stage, self.convolution.offer().simd);
        let run = inner(run, pool);
        let builder = PlaneBuilder::new(
            self.convolution,
            self.normalisation,
            self.source,
            stage.channels.clone(),
            stage.luma.as_ref(),
            &stage.columns,
        );
        builder.build(self.convolution.geometry.rows.padded(rows), planes, &run)?;
        let channels = self.convolution.channels;
        let [numbers, presence] = [planes.numbers(channels)?, planes.presence(channels)?];
        sums.resize_with(stage.kernels.len(), SumRows::default);
        let len = rows.len() * self.row_len;
        let sum = |stage: &dyn RowStage, source: Rows<'_>, sums: &mut Vec<f64>| {
            try_resize(sums, len, 0.0)?;
            let out = RowsMut {
                samples: SampleSliceMut::F64(sums),
                stride: self.row_len,
            };
            stage.run(source, rows.clone(), out, &run)
        };
        for (kernel, sums) in stage.kernels.iter().zip(sums) {
            let weights = &*kernel.weights.sum;
            sum(weights, numbers, &mut sums.numbers)?;
            // If all samples are present, the responses are these sums.
            if !planes.any_missing {
                continue;
            }
            sum(weights, presence, &mut sums.presence)?;
            if let Some(absolute) = &kernel.absolute {
                sum(&*absolute.sum, numbers, &mut sums.abs_numbers)?;
                sum(&*absolute.sum, presence, &mut sums.abs_presence)?;
            }
            let doubts = Doubts {
                totals: kernel.totals,
                min_share: self.normalisation.min_share,
            };
            let mut all = kernel.again([numbers, presence], sums);
            again.run(simd, doubts, rows, &mut all, &run)?;
        }
        Ok(())
    }

    fn finish_row(
        &self,
        finish: &Finish,
        (first, row): (usize, usize),
        out: SampleSliceMut<'_>,
        run: &Run<'_>,
        scratch: &mut Scratch,
    ) -> Result<Tally> {
        let channels = self.convolution.channels;
        let [left, right] = [run.columns.start, run.columns.end].map(|column| column * channels);
        let part = row * self.row_len + left..row * self.row_len + right;
        let missing = self.respond(part.clone(), scratch)?;
        let tally = match run.tally {
            Some(_) => self.tally_row(finish, right - left, missing, scratch),
            None => Tally::EMPTY,
        };
        let mut out = out.range(left, right);
        let Scratch {
            planes,
            sums,
            responses,
            missing: marks,
            near_ties,
            slices,
            ..
        } = scratch;
        // Far from the largest of their type, few samples are near to a tie.
        let of_samples =
            (planes.largest.is_finite()).then(|| finish.of_samples_up_to(planes.largest));
        let finish = of_samples.as_ref().unwrap_or(finish);
        let mut of_kernels = recycled(mem::take(slices));
        of_kernels.extend(responses.chunks_exact(right - left));
        let simd = self.convolution.offer().simd;
        finish.apply(simd, &of_kernels, out.reborrow(), near_ties);
        *slices = recycled(of_kernels);
        if let Some(exact) = &self.stage.exact {
            for at in near_ties.drain(..).map(|at| at as usize) {
                if marks[at] == 0 {
                    let sums = self.stage.kernels.iter().zip(&*sums);
                    let sums = sums.map(|(kernel, sums)| {
                        let at = part.start + at;
                        Sums {
                            numbers: sums.numbers[at],
                            presence: planes.any_missing.then(|| sums.presence[at]),
                            absolute: (planes.any_missing && kernel.absolute.is_some())
                                .then(|| [sums.abs_numbers[at], sums.abs_presence[at]]),
                        }
                    });
                    let at_window = [first + row, (left + at) / channels, at % channels];
                    let sample = exact.sample(sums, planes, at_window);
                    number::fill(out.reborrow().range(at, at + 1), sample);
                }
            }
        }
        if missing > 0 {
            let fill = self.normalisation.fill;
            each_sample!(SampleSliceMut(out.reborrow()), out => put(out, marks, fill));
            if let Some(count) = run.missing {
                count.fetch_add(missing as u64, Ordering::Relaxed);
            }
        }
        if let Some(alpha) = &self.stage.alpha {
            let at = [first + row, run.columns.start];
            let source = SourcePixels::new(&self.convolution.geometry, self.source, at);
            alpha.run(out, &source);
        }
        Ok(tally)
    }

    fn range_of_row(
        &self,
        (_, row): (usize, usize),
        _: &Run<'_>,
        scratch: &mut Scratch,
    ) -> Result<ResponseRange> {
        self.respond(row * self.row_len..(row + 1) * self.row_len, scratch)?;
        Ok(self.range_of_responses(self.row_len, scratch))
    }
}

impl Pass<'_> {
    /// Makes the responses of every kernel to the windows at this part of the sums, NaN for
    /// missing ones, and marks these. Returns their number.
    fn respond(&self, part: Range<usize>, scratch: &mut Scratch) -> Result<usize> {
        let Scratch {
            planes,
            sums,
            responses,
            missing,
            ..
        } = scratch;
        let (kernels, simd) = (&self.stage.kernels, self.convolution.offer().simd);
        let len = part.len();
        try_resize(responses, kernels.len() * len, 0.0)?;
        try_resize(missing, len, 0)?;
        missing.fill(0);
        for ((kernel, sums), out) in (kernels.iter().zip(&*sums)).zip(responses.chunks_mut(len)) {
            if !planes.any_missing {
                out.copy_from_slice(&sums.numbers[part.clone()]);
                continue;
            }
            simd.run(Divide {
                numbers: &sums.numbers[part.clone()],
                presence: &sums.presence[part.clone()],
                absolute: (kernel.absolute.as_ref()).map(|_| {
                    [&sums.abs_numbers, &sums.abs_presence].map(|sums| &sums[part.clone()])
                }),
                totals: kernel.totals,
                out,
                missing,
            });
        }
        if self.convolution.copies_alpha {
            let channels = self.convolution.channels;
            let alpha = missing.iter_mut().skip(channels - 1).step_by(channels);
            alpha.for_each(|missing| *missing = 0);
        }
        let count = missing.iter().map(|&missing| usize::from(missing)).sum();
        if count > 0 && kernels.len() > 1 {
            for responses in responses.chunks_mut(len) {
                let missing = responses.iter_mut().zip(&*missing);
                let missing = missing.filter(|(_, missing)| **missing != 0);
                missing.for_each(|(response, _)| *response = f64::NAN);
            }
        }
        Ok(count)
    }

    /// What is to be noted of a row of responses, alpha and the `missing` ones aside.
    fn tally_row(
        &self,
        finish: &Finish,
        len: usize,
        missing: usize,
        scratch: &mut Scratch,
    ) -> Tally {
        let Convolution {
            channels,
            copies_alpha,
            ..
        } = self.convolution;
        let simd = self.convolution.offer().simd;
        let mut tally = with_responses(len, scratch, |responses| {
            (finish.tallying(*channels, *copies_alpha)).row(simd, responses, None)
        });
        // These are NaN, too, and told of as missing.
        let others = tally.clipped.not_a_number.saturating_sub(missing as u64);
        tally.clipped.not_a_number = others;
        tally
    }

    /// The range of the numerators of the responses, alpha and missing ones aside.
    fn range_of_responses(&self, len: usize, scratch: &mut Scratch) -> ResponseRange {
        let Convolution {
            finish,
            channels,
            copies_alpha,
            ..
        } = self.convolution;
        let simd = self.convolution.offer().simd;
        with_responses(len, scratch, |responses| {
            finish.range(simd, responses, *channels, *copies_alpha)
        })
    }
}

/// Calls `with` with the responses of every kernel to `len` windows.
fn with_responses<R>(len: usize, scratch: &mut Scratch, with: impl FnOnce(&[&[f64]]) -> R) -> R {
    let Scratch {
        responses, slices, ..
    } = scratch;
    let mut of_kernels = recycled(mem::take(slices));
    of_kernels.extend(responses.chunks_exact(len));
    let result = with(&of_kernels);
    *slices = recycled(of_kernels);
    result
}

/// Sets the samples that are marked to this value.
fn put<O: Output>(out: &mut [O], marks: &[u8], value: f64) {
    let value = O::from_real(value);
    for (sample, &mark) in out.iter_mut().zip(marks) {
        if mark != 0 {
            *sample = value;
        }
    }
}

/// The sums of a row of windows, which become responses.
struct Divide<'a> {
    numbers: &'a [f64],
    presence: &'a [f64],
    /// B and Q, if they are not A and P.
    absolute: Option<[&'a [f64]; 2]>,
    totals: Totals,
    out: &'a mut [f64],
    missing: &'a mut [u8],
}

impl Body for Divide<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Self {
            numbers,
            presence,
            absolute,
            totals:
                Totals {
                    sum,
                    complete,
                    least,
                    ..
                },
            out,
            missing,
        } = self;
        // Without branches, for vectors.
        let mut put = |at: usize, present: f64, response: f64| {
            let is_complete = present >= complete;
            let gone = !is_complete & ((present == 0.0) | (present < least));
            let response = if is_complete { numbers[at] } else { response };
            out[at] = if gone { f64::NAN } else { response };
            missing[at] |= u8::from(gone);
        };
        match absolute {
            None => {
                for at in 0..numbers.len().min(presence.len()) {
                    let present = presence[at];
                    put(at, present.abs(), numbers[at] / present * sum);
                }
            }
            Some([abs_numbers, abs_presence]) => {
                for at in 0..numbers.len().min(presence.len()) {
                    let mean = abs_numbers[at] / abs_presence[at];
                    let response = numbers[at] + (sum - presence[at]) * mean;
                    put(at, abs_presence[at], response);
                }
            }
        }
    }
}
