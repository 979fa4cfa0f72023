//! Convolution of colours that count by their alpha.
//!
//! Every band is padded, and its colours are multiplied by their alpha; the stages of the plain
//! convolution sum both, all channels together; the sums of a row are divided and finished
//! while they are in cache. Bands of opaque pixels go through the plain convolution where that
//! gives the same.

mod finish;
mod products;
mod responses;

use std::{mem, ops::Range, sync::Arc};

use super::{
    RowStage, Rows, RowsMut, Run,
    bands::{BandPass, BandStage, inner},
    compile::compile,
    exact_weighing::ExactWeighing,
    padding::PaddedRows,
    point::{CopyAlpha, CopyPixels, PointStage, SourcePixels},
    scratch::Pool,
    transparency::has_transparent,
};
use crate::{
    engine::recycled,
    error::Result,
    finish::{Finish, ResponseRange, Tally},
    image::{Depth, ImageView, SampleSliceMut, Samples, try_resize},
    plan::{Convolution, Weighing},
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
pub(super) struct Scratch {
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
}

impl BandStage for Weigh {
    type Pass<'a> = Pass<'a>;

    fn convolution(&self) -> &Convolution {
        &self.convolution
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

/// One run of the stage over source rows.
pub(super) struct Pass<'a> {
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
