//! Convolution of colours that count by their alpha.
//!
//! Every band is padded, and its colours are multiplied by their alpha; the stages of the plain
//! convolution sum both, all channels together; the sums of a row are divided and finished
//! while they are in cache. Bands of opaque pixels go through the plain convolution where that
//! gives the same.

use std::{mem, ops::Range, sync::Arc};

use super::{
    Finishes, RowStage, Rows, RowsMut, Run,
    bands::{self, BandPass},
    compile::compile,
    exact_weighing::{ExactWeighing, Padded, own_alpha},
    padding::{BandBuilder, PaddedRows},
    point::{CopyAlpha, CopyPixels, PointStage, SourcePixels, straight},
    scratch::Pool,
    transparency::has_transparent,
};
use crate::{
    engine::recycled,
    error::Result,
    finish::{Extrema, Finish, ResponseRange, Tally},
    geometry::Geometry,
    image::{Depth, ImageSpec, ImageView, Sample, SampleSliceMut, Samples, try_resize},
    number::{self, Output},
    plan::{AlphaFinish, Alphas, Convolution, Weighing},
    simd::{Body, Isa},
};

/// The convolution of colours and alpha, the last channel of its source.
#[derive(Debug)]
pub(super) struct Weigh {
    convolution: Arc<Convolution>,
    /// The sums of every kernel.
    sums: Vec<Box<dyn RowStage>>,
    /// The kernels that windows have an alpha of.
    alpha_kernels: Vec<usize>,
    /// Rounds samples near to a tie, if there may be any.
    exact: Option<ExactWeighing>,
    /// For windows without alpha.
    copy_pixels: CopyPixels,
    /// If all alpha is copied.
    copy_alpha: CopyAlpha,
    /// For bands of opaque pixels.
    plain: Option<Box<dyn RowStage>>,
}

/// Buffers of one thread, reused from band to band.
#[derive(Debug)]
struct Scratch {
    padded: PaddedRows<f64>,
    /// The padded rows, where products of samples are not exact.
    samples: Vec<f64>,
    /// The same with colours multiplied by alpha.
    products: Vec<f64>,
    /// Buffers of the stages that sum, and of the plain one.
    pools: [Pool; 2],
    /// The sums of every kernel.
    sums: Vec<Vec<f64>>,
    /// Of a row: the alphas of windows, one after the other.
    alphas: Vec<f64>,
    /// 1 for each window of a row that has no alpha, else 0.
    gone: Vec<u8>,
    /// The samples of the source under the anchors, where kernels are taken one by one.
    anchored: Vec<f64>,
    responses: Vec<f64>,
    /// The windows of a row whose responses may be far off.
    uncertain: Vec<u32>,
    near_ties: Vec<u32>,
    /// The alpha of a row of the result.
    alpha: Samples,
    alpha_sums: Vec<f64>,
    /// Slices of responses: empty between rows.
    slices: Vec<&'static [f64]>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            padded: PaddedRows::new(),
            samples: Vec::new(),
            products: Vec::new(),
            pools: Default::default(),
            sums: Vec::new(),
            alphas: Vec::new(),
            gone: Vec::new(),
            anchored: Vec::new(),
            responses: Vec::new(),
            uncertain: Vec::new(),
            near_ties: Vec::new(),
            alpha: Samples::empty(Depth::U8),
            alpha_sums: Vec::new(),
            slices: Vec::new(),
        }
    }
}

impl Weigh {
    /// The stage of a convolution whose colours count by their alpha.
    ///
    /// # Errors
    ///
    /// If memory cannot be allocated.
    pub(super) fn new(convolution: &Arc<Convolution>, weighing: &Weighing) -> Result<Self> {
        Ok(Self {
            sums: weighing.sums.iter().map(compile).collect::<Result<_>>()?,
            alpha_kernels: weighing.rule.alphas.kernels(weighing.sums.len()),
            exact: ExactWeighing::new(convolution, weighing),
            copy_pixels: CopyPixels::new(convolution),
            copy_alpha: CopyAlpha::new(convolution),
            plain: weighing.opaque.as_ref().map(compile).transpose()?,
            convolution: Arc::clone(convolution),
        })
    }

    fn pass<'a>(&'a self, source: Rows<'a>) -> Pass<'a> {
        let convolution = &*self.convolution;
        let weighing = convolution.weighing.as_ref();
        Pass {
            stage: self,
            convolution,
            weighing: weighing.expect("this stage is for colours that are weighted"),
            source,
            row_len: convolution.output().row_len(),
            channels: convolution.channels,
        }
    }
}

impl RowStage for Weigh {
    fn output(&self) -> ImageSpec {
        self.convolution.output()
    }

    fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        self.convolution.geometry.rows.source_range(rows)
    }

    fn rows_at_once(&self) -> usize {
        self.convolution.rows_at_once()
    }

    fn needs_extrema(&self) -> bool {
        self.convolution.finish.needs_range()
    }

    fn extrema(&self, source: Rows<'_>, run: &Run<'_>) -> Result<Extrema> {
        let range = bands::range(&self.pass(source), run)?;
        Ok(Extrema::Computed(self.convolution.finish.certain(range)))
    }

    fn finishes(&self, extrema: &Extrema) -> Option<Finishes> {
        Some(Finishes {
            of_sums: self.convolution.finish.with_extrema(extrema),
            of_windows: None,
        })
    }

    fn run(
        &self,
        source: Rows<'_>,
        rows: Range<usize>,
        out: RowsMut<'_>,
        run: &Run<'_>,
    ) -> Result<()> {
        bands::fill(&self.pass(source), rows, out, run)
    }
}

/// One run of the stage over source rows.
struct Pass<'a> {
    stage: &'a Weigh,
    convolution: &'a Convolution,
    weighing: &'a Weighing,
    source: Rows<'a>,
    /// Samples in a row of the result.
    row_len: usize,
    channels: usize,
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
        let geometry = &self.convolution.geometry;
        let padded = geometry.rows.padded(rows);
        self.multiply(&padded, scratch)?;
        let columns = geometry.columns.padded_len(geometry.columns.output);
        let shape = [padded.len(), columns, self.channels];
        let products = Rows {
            view: ImageView::from_samples(scratch.products.as_slice(), shape)?,
            first: padded.start,
        };
        let run = inner(run, &scratch.pools[0]);
        let sums = &mut scratch.sums;
        sums.resize_with(self.stage.sums.len(), Vec::new);
        for (stage, sums) in self.stage.sums.iter().zip(sums) {
            try_resize(sums, rows.len() * self.row_len, 0.0)?;
            let out = RowsMut {
                samples: SampleSliceMut::F64(sums),
                stride: self.row_len,
            };
            stage.run(products, rows.clone(), out, &run)?;
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
        let channels = self.channels;
        let [left, right] = [run.columns.start, run.columns.end].map(|column| column * channels);
        let part = row * self.row_len + left..row * self.row_len + right;
        let at = [first + row, run.columns.start];
        let source = SourcePixels::new(&self.convolution.geometry, self.source, at);
        self.respond(part.clone(), &source, scratch)?;
        let tally = match run.tally {
            Some(_) => self.tally_row(finish, part.len(), scratch),
            None => Tally::EMPTY,
        };
        let mut out = out.range(left, right);
        let mut of_kernels = recycled(mem::take(&mut scratch.slices));
        of_kernels.extend(scratch.responses.chunks_exact(part.len()));
        let simd = self.convolution.offer().simd;
        finish.apply(simd, &of_kernels, out.reborrow(), &mut scratch.near_ties);
        scratch.slices = recycled(of_kernels);
        let columns = run.columns.start;
        if let Some(exact) = self.stage.exact.as_ref().filter(|exact| exact.has_colors()) {
            self.round(exact, [first, row], &part, columns, out.reborrow(), scratch);
        }
        scratch.near_ties.clear();
        if scratch.gone.contains(&1) {
            self.find_anchored(&source, part.len(), &mut scratch.anchored)?;
            (self.stage.copy_pixels).run(out.reborrow(), &scratch.anchored, &scratch.gone);
        }
        match &self.weighing.alpha {
            None => self.stage.copy_alpha.run(out, &source),
            Some(alpha) => self.finish_alpha(alpha, [first, row], &part, columns, out, scratch)?,
        }
        Ok(tally)
    }

    fn range_of_row(
        &self,
        (first, row): (usize, usize),
        _: &Run<'_>,
        scratch: &mut Scratch,
    ) -> Result<ResponseRange> {
        let part = row * self.row_len..(row + 1) * self.row_len;
        let geometry = &self.convolution.geometry;
        let source = SourcePixels::new(geometry, self.source, [first + row, 0]);
        self.respond(part, &source, scratch)?;
        Ok(self.range_of_responses(self.row_len, scratch))
    }

    fn fill_plain(
        &self,
        rows: &Range<usize>,
        out: RowsMut<'_>,
        run: &Run<'_>,
        scratch: &mut Scratch,
    ) -> Result<bool> {
        let Some(plain) = &self.stage.plain else {
            return Ok(false);
        };
        let needed = self.convolution.geometry.rows.source_range(rows);
        let needed = needed.start - self.source.first..needed.end - self.source.first;
        let opaque = self.convolution.alpha_full_scale;
        let simd = self.convolution.offer().simd;
        if has_transparent(simd, &self.source.view.slice(0, needed)?, opaque) {
            return Ok(false);
        }
        let run = Run {
            tally: run.tally,
            ..inner(run, &scratch.pools[1])
        };
        plain.run(self.source, rows.clone(), out, &run)?;
        Ok(true)
    }
}

impl Pass<'_> {
    /// Makes the products of these padded rows.
    fn multiply(&self, rows: &Range<usize>, scratch: &mut Scratch) -> Result<()> {
        let builder = BandBuilder::<f64>::new(self.convolution, self.source);
        let padded = builder.padded_rows(rows.clone(), &mut scratch.padded)?;
        self.make_constants_opaque(rows, padded);
        let keeps_samples = self.stage.exact.is_some() && !self.weighing.rule.has_exact_products;
        if keeps_samples {
            try_resize(&mut scratch.samples, padded.len(), 0.0)?;
            scratch.samples.copy_from_slice(padded);
        }
        try_resize(&mut scratch.products, padded.len(), 0.0)?;
        let (simd, products) = (self.convolution.offer().simd, &mut *scratch.products);
        let samples = &*padded;
        // Colours that are multiplied by alpha already are so as a share of full scale.
        let factor = (self.weighing.is_premultiplied).then_some(self.convolution.alpha_full_scale);
        match self.channels {
            2 => simd.run(Multiply::<2> {
                samples,
                factor,
                products,
            }),
            _ => simd.run(Multiply::<4> {
                samples,
                factor,
                products,
            }),
        }
        Ok(())
    }

    /// The constant of a border is opaque.
    fn make_constants_opaque(&self, rows: &Range<usize>, padded: &mut [f64]) {
        let (geometry, channels) = (&self.convolution.geometry, self.channels);
        let columns = geometry.columns.padded_len(geometry.columns.output);
        let inside = geometry.columns.inside(&(0..columns));
        let opaque = self.convolution.alpha_full_scale;
        let lines = padded.chunks_exact_mut(columns * channels);
        for (row, line) in rows.clone().zip(lines) {
            let is_constant = geometry.rows.source(row).is_none();
            let beside = (0..inside.start).chain(inside.end..columns);
            let inside = is_constant.then(|| inside.clone()).into_iter().flatten();
            for column in beside.chain(inside) {
                if is_constant || geometry.columns.source(column).is_none() {
                    line[(column + 1) * channels - 1] = opaque;
                }
            }
        }
    }

    /// Makes the alphas of the windows at this part of the sums, and the responses of every
    /// kernel, NaN where a window has no alpha; these are marked.
    fn respond(
        &self,
        part: Range<usize>,
        source: &SourcePixels<'_>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let (rule, channels) = (&self.weighing.rule, self.channels);
        let (len, windows) = (part.len(), part.len() / self.channels);
        self.find_alphas(&part, scratch)?;
        let Scratch {
            sums,
            alphas,
            gone,
            anchored,
            responses,
            ..
        } = scratch;
        if matches!(rule.alphas, Alphas::Own(_)) {
            self.find_anchored(source, len, anchored)?;
        }
        try_resize(responses, sums.len() * len, 0.0)?;
        for (kernel, (sums, out)) in sums.iter().zip(responses.chunks_mut(len)).enumerate() {
            let group = match &rule.alphas {
                Alphas::None => None,
                Alphas::One => Some(0),
                Alphas::Own(_) => self.stage.alpha_kernels.iter().position(|&k| k == kernel),
            };
            let divide = Divide {
                sums: &sums[part.clone()],
                alphas: group.map(|group| &alphas[group * windows..][..windows]),
                full_scale: self.convolution.alpha_full_scale,
                anchored: (!anchored.is_empty()).then_some(anchored),
                divisor: rule.divisors[kernel],
                gone,
                out,
            };
            let simd = self.convolution.offer().simd;
            match channels {
                2 => simd.run(DividePixels::<2>(divide)),
                _ => simd.run(DividePixels::<4>(divide)),
            }
        }
        self.find_uncertain(len, scratch);
        Ok(())
    }

    /// The pixels of the source under the anchors of a row, with straight colours.
    fn find_anchored(
        &self,
        source: &SourcePixels<'_>,
        len: usize,
        anchored: &mut Vec<f64>,
    ) -> Result<()> {
        try_resize(anchored, len, 0.0)?;
        source.numbers(anchored);
        if self.weighing.is_premultiplied {
            for pixel in anchored.chunks_exact_mut(self.channels) {
                let (&mut alpha, colors) = pixel.split_last_mut().expect("a pixel has alpha");
                let full_scale = self.convolution.alpha_full_scale;
                let colors = colors.iter_mut();
                colors.for_each(|color| *color = straight(*color, alpha, full_scale));
            }
        }
        Ok(())
    }

    /// Makes the alphas of the windows at this part of the sums, one row for each kernel that has
    /// its own, and marks the windows of which none is positive.
    fn find_alphas(&self, part: &Range<usize>, scratch: &mut Scratch) -> Result<()> {
        let (rule, channels) = (&self.weighing.rule, self.channels);
        let Scratch {
            sums, alphas, gone, ..
        } = scratch;
        let windows = part.len() / channels;
        let kernels = &self.stage.alpha_kernels;
        let groups = match &rule.alphas {
            Alphas::None => 0,
            Alphas::One => 1,
            Alphas::Own(_) => kernels.len(),
        };
        try_resize(alphas, groups * windows, 0.0)?;
        alphas.fill(0.0);
        try_resize(gone, windows, 0)?;
        gone.fill(u8::from(groups > 0));
        for (at, &kernel) in kernels.iter().enumerate() {
            let group = at.min(groups - 1);
            let alphas = &mut alphas[group * windows..][..windows];
            let sums = sums[kernel][part.clone()].iter();
            let divisor = rule.divisors[kernel];
            for (alpha, sum) in alphas
                .iter_mut()
                .zip(sums.skip(channels - 1).step_by(channels))
            {
                *alpha += sum / divisor;
            }
        }
        for alphas in alphas.chunks_exact(windows) {
            for (gone, alpha) in gone.iter_mut().zip(alphas) {
                *gone &= u8::from(*alpha <= 0.0);
            }
        }
        Ok(())
    }

    /// Lists the windows whose responses may be further off than the bounds of errors say.
    fn find_uncertain(&self, len: usize, scratch: &mut Scratch) {
        let Scratch {
            alphas,
            responses,
            uncertain,
            ..
        } = scratch;
        uncertain.clear();
        if self.stage.exact.is_none() {
            return;
        }
        let (rule, channels) = (&self.weighing.rule, self.channels);
        let windows = len / channels;
        let mut mark = |window: usize| {
            if uncertain.last() != Some(&(window as u32)) {
                uncertain.push(window as u32);
            }
        };
        for (alphas, &faint) in alphas.chunks_exact(windows).zip(&rule.faint) {
            let is_faint = |alpha: &f64| alpha.abs() < faint;
            let windows = (0..windows)
                .zip(alphas)
                .filter(|(_, alpha)| is_faint(alpha));
            windows.for_each(|(window, _)| mark(window));
        }
        for (responses, &limit) in responses.chunks_exact(len).zip(&rule.limits) {
            // Not those of windows without alpha, which are NaN.
            let is_beyond = |response: &f64| response.abs() > limit;
            let found = responses.iter().enumerate().filter(|(_, r)| is_beyond(r));
            found.for_each(|(at, _)| mark(at / channels));
        }
    }

    /// Rounds the samples that are near to a tie, and those of windows whose responses are
    /// uncertain.
    fn round(
        &self,
        exact: &ExactWeighing,
        [first, row]: [usize; 2],
        part: &Range<usize>,
        left: usize,
        mut out: SampleSliceMut<'_>,
        scratch: &mut Scratch,
    ) {
        let channels = self.channels;
        let padded = self.padded(first, &scratch.products, &scratch.samples);
        let anchored = |at: usize| scratch.anchored.get(at).copied().unwrap_or(0.0);
        let mut put = |at: usize| {
            let window = [first + row, left + at / channels, at % channels];
            let sums = scratch.sums.iter().map(|sums| {
                let alpha = at / channels * channels + channels - 1;
                [sums[part.start + at], sums[part.start + alpha]]
            });
            match exact.color(sums, &padded, window, anchored(at)) {
                Some(sample) => number::fill(out.reborrow().range(at, at + 1), sample),
                None => return false,
            }
            true
        };
        for at in scratch.near_ties.iter().map(|&at| at as usize) {
            if at % channels < channels - 1 && scratch.gone[at / channels] == 0 {
                put(at);
            }
        }
        for window in scratch.uncertain.iter().map(|&window| window as usize) {
            let mut colors = window * channels..(window + 1) * channels - 1;
            // All colours of a window have its alpha.
            scratch.gone[window] = u8::from(!colors.all(&mut put));
        }
    }

    /// The padded rows of the band that begins with row `first` of the result.
    fn padded<'s>(&self, first: usize, products: &'s [f64], samples: &'s [f64]) -> Padded<'s> {
        let Geometry { rows, columns, .. } = &self.convolution.geometry;
        Padded {
            products,
            samples: (!self.weighing.rule.has_exact_products).then_some(samples),
            first: first * rows.step,
            row_len: columns.padded_len(columns.output) * self.channels,
        }
    }

    /// Finishes the alpha of a row and puts it in the last channel; 0 where a window has none.
    fn finish_alpha(
        &self,
        alpha: &AlphaFinish,
        [first, row]: [usize; 2],
        part: &Range<usize>,
        left: usize,
        mut out: SampleSliceMut<'_>,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let channels = self.channels;
        let padded = self.padded(first, &scratch.products, &scratch.samples);
        let windows = part.len() / channels;
        let is_one = self.weighing.rule.alphas == Alphas::One;
        try_resize(&mut scratch.alpha_sums, alpha.kernels.len() * windows, 0.0)?;
        for (&kernel, alphas) in (alpha.kernels.iter()).zip(scratch.alpha_sums.chunks_mut(windows))
        {
            let sums = scratch.sums[kernel][part.clone()].iter();
            for (to, &sum) in alphas
                .iter_mut()
                .zip(sums.skip(channels - 1).step_by(channels))
            {
                // Of kernels that are taken one by one, one without alpha adds none.
                *to = match is_one {
                    true => sum,
                    false => own_alpha(sum, self.weighing.rule.divisors[kernel]),
                };
            }
        }
        let mut of_kernels = recycled(mem::take(&mut scratch.slices));
        of_kernels.extend(scratch.alpha_sums.chunks_exact(windows));
        if scratch.alpha.depth() != out.depth() {
            scratch.alpha = Samples::empty(out.depth());
        }
        scratch.alpha.resize(windows)?;
        let mut alphas = scratch.alpha.as_mut_slice().range(0, windows);
        let simd = self.convolution.offer().simd;
        scratch.near_ties.clear();
        (alpha.finish).apply(simd, &of_kernels, alphas.reborrow(), &mut scratch.near_ties);
        scratch.slices = recycled(of_kernels);
        if let Some(exact) = &self.stage.exact {
            for at in scratch.near_ties.iter().map(|&at| at as usize) {
                let sums = (alpha.kernels.iter())
                    .map(|&kernel| scratch.sums[kernel][part.start + (at + 1) * channels - 1]);
                let window = [first + row, left + at, channels - 1];
                let sample = exact.alpha(sums, &padded, window);
                number::fill(alphas.reborrow().range(at, at + 1), sample);
            }
        }
        scratch.near_ties.clear();
        each_sample!(SampleSliceMut(out.reborrow()), out => {
            let alphas = Sample::of_slice_mut(alphas).expect("both are of the result's type");
            put_alpha(out, channels, alphas, &scratch.gone);
        });
        Ok(())
    }

    /// What is to be noted of a row of responses, alpha and windows without any aside.
    fn tally_row(&self, finish: &Finish, len: usize, scratch: &mut Scratch) -> Tally {
        let mut of_kernels = recycled(mem::take(&mut scratch.slices));
        of_kernels.extend(scratch.responses.chunks_exact(len));
        let simd = self.convolution.offer().simd;
        let mut tally = finish.tally(simd, &of_kernels, None, self.channels, true);
        scratch.slices = recycled(of_kernels);
        // Windows without alpha have no responses, which is NaN for each colour.
        let gone: u64 = scratch.gone.iter().map(|&gone| u64::from(gone)).sum();
        let others = tally.clipped.not_a_number;
        tally.clipped.not_a_number = others.saturating_sub(gone * (self.channels as u64 - 1));
        tally
    }

    /// The range of the numerators of the responses, alpha and windows without any aside.
    fn range_of_responses(&self, len: usize, scratch: &mut Scratch) -> ResponseRange {
        let mut of_kernels = recycled(mem::take(&mut scratch.slices));
        of_kernels.extend(scratch.responses.chunks_exact(len));
        let finish = &self.convolution.finish;
        let range = finish.range(
            self.convolution.offer().simd,
            &of_kernels,
            self.channels,
            true,
        );
        scratch.slices = recycled(of_kernels);
        range
    }
}

/// The context of the stages inside of this one, on the thread of a band.
fn inner<'r>(run: &Run<'r>, pool: &'r Pool) -> Run<'r> {
    Run {
        columns: run.columns.clone(),
        finishes: None,
        tally: None,
        missing: None,
        transparent: None,
        pool,
        threads: 1,
        progress: &|_| (),
        stop: run.stop,
    }
}

/// Puts alpha in the last channel of every pixel: no negative one, and 0 where there is none.
fn put_alpha<O: Output + PartialOrd>(out: &mut [O], channels: usize, alphas: &[O], gone: &[u8]) {
    let zero = O::from_real(0.0);
    let alphas = alphas.iter().zip(gone);
    for (pixel, (&alpha, &gone)) in out.chunks_exact_mut(channels).zip(alphas) {
        let is_none = gone != 0 || alpha < zero;
        pixel[channels - 1] = if is_none { zero } else { alpha };
    }
}

/// Multiplies colours by the alpha of their pixel, or by another factor.
struct Multiply<'a, const C: usize> {
    samples: &'a [f64],
    factor: Option<f64>,
    products: &'a mut [f64],
}

impl<const C: usize> Body for Multiply<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let samples = self.samples.as_chunks::<C>().0;
        let products = self.products.as_chunks_mut::<C>().0;
        for (to, from) in products.iter_mut().zip(samples) {
            let alpha = from[C - 1];
            let factor = self.factor.unwrap_or(alpha);
            *to = from.map(|color| color * factor);
            to[C - 1] = alpha;
        }
    }
}

/// The sums of a row of windows, which become the responses of one kernel.
struct Divide<'a> {
    sums: &'a [f64],
    /// Those of windows, if its weights do not sum to 0.
    alphas: Option<&'a [f64]>,
    full_scale: f64,
    /// The source pixels under the anchors: the response, over the divisor, of a kernel that has
    /// no alpha where others do.
    anchored: Option<&'a [f64]>,
    divisor: f64,
    gone: &'a [u8],
    out: &'a mut [f64],
}

/// The same of pixels of C channels.
struct DividePixels<'a, const C: usize>(Divide<'a>);

impl<const C: usize> Body for DividePixels<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let Divide {
            sums,
            alphas,
            full_scale,
            anchored,
            divisor,
            gone,
            out,
        } = self.0;
        let (sums, out) = (sums.as_chunks::<C>().0, out.as_chunks_mut::<C>().0);
        for (window, (to, sums)) in out.iter_mut().zip(sums).enumerate() {
            let alpha = alphas.map_or(full_scale, |alphas| alphas[window]);
            *to = if gone[window] != 0 {
                [f64::NAN; C]
            } else if alpha <= 0.0 {
                let pixel = anchored.map_or(&[0.0; C][..], |all| &all[window * C..][..C]);
                let mut own = [0.0; C];
                own.copy_from_slice(pixel);
                own.map(|color| color * divisor)
            } else {
                sums.map(|sum| sum / alpha)
            };
            to[C - 1] = 0.0;
        }
    }
}
