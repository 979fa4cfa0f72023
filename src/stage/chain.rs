//! A chain of stages, from the image to the result.

use std::{mem, ops::Range, sync::Arc};

use super::{
    Part, Progress, RowStage, Rows, RowsMut, Run, Scratch,
    compile::compile,
    normalise::Normalise,
    point::{Luma, Select, Unpremultiply, premultiply},
    scratch::StageScratch,
};
use crate::{
    error::Result,
    finish::Extrema,
    plan::{Plan, Premultiply},
    stop::Stop,
};

/// The stages from an image to a result, compiled.
///
/// Any rows of the result can be computed, in any order and number, as long as they
/// begin at a multiple of [`rows_at_once`](RowStage::rows_at_once). They are the same as
/// in a result that is computed whole.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    stages: Arc<[Box<dyn RowStage>]>,
    /// What is done to the pixels of the result.
    after: Option<Premultiply>,
    threads: usize,
}

impl Chain {
    /// The stages of `plan`.
    ///
    /// # Errors
    ///
    /// If memory cannot be allocated.
    pub(crate) fn new(plan: &Plan) -> Result<Self> {
        let image = plan.image();
        let association = plan.association();
        if let Some(normalisation) = &plan.convolution.normalisation {
            let stage: Box<dyn RowStage> = Box::new(Normalise::new(plan, normalisation)?);
            return Ok(Self {
                stages: [stage].into(),
                after: None,
                threads: plan.threads(),
            });
        }
        let mut stages: Vec<Box<dyn RowStage>> = Vec::new();
        if association.unpremultiplies {
            stages.push(Box::new(Unpremultiply::new(image)));
        }
        match plan.selection().stored.clone() {
            Some(stored) if stored == (0..image.channels) => {}
            Some(stored) => stages.push(Box::new(Select::new(image, stored))),
            None => stages.push(Box::new(Luma::new(plan))),
        }
        stages.push(compile(&plan.convolution)?);
        Ok(Self {
            stages: stages.into(),
            after: association.after,
            threads: plan.threads(),
        })
    }

    /// The same chain, run on the caller's thread alone.
    pub(crate) fn on_one_thread(self) -> Self {
        Self { threads: 1, ..self }
    }

    /// A chain of these stages, at least one.
    #[cfg(test)]
    pub(super) fn of(stages: Vec<Box<dyn RowStage>>) -> Self {
        Self {
            stages: stages.into(),
            after: None,
            threads: 1,
        }
    }

    /// Shape and depth of the result.
    #[cfg(test)]
    pub(super) fn output(&self) -> crate::image::ImageSpec {
        self.last().output()
    }

    /// Rows of the result that are computed together.
    #[cfg(test)]
    pub(super) fn rows_at_once(&self) -> usize {
        self.last().rows_at_once()
    }

    fn last(&self) -> &dyn RowStage {
        self.stages.last().expect("a chain has a stage").as_ref()
    }

    /// The rows of the image, from the first to the last, that these rows of the
    /// result are computed from.
    pub(crate) fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        let stages = self.stages.iter().rev();
        stages.fold(rows.clone(), |rows, stage| {
            // A run of the stage begins at a multiple of `rows_at_once`.
            let at_once = stage.rows_at_once();
            stage.source_rows(&(rows.start / at_once * at_once..rows.end))
        })
    }

    /// Begins with a new image, or a part of it; or with several images of the same shape, the
    /// planes of a stack. If samples depend on the extrema of all responses, those of all
    /// images are found now, and these must be whole.
    pub(crate) fn begin<'i>(
        &self,
        images: impl IntoIterator<Item = Rows<'i>, IntoIter: Clone>,
        scratch: &mut Scratch,
        stop: Option<&Stop>,
    ) -> Result<()> {
        scratch.begin(self.stages.len());
        let images = images.into_iter();
        // A stage needs the finishes of those before it.
        for (at, stage) in self.stages.iter().enumerate() {
            if !stage.needs_extrema() {
                continue;
            }
            let mut extrema = Extrema::Exact(None);
            for image in images.clone() {
                scratch.begin_image();
                extrema = extrema.join(self.extrema(at, image, scratch, stop)?);
            }
            scratch.stages[at].finishes = stage.finishes(&extrema).map(Arc::new);
            scratch.begin_image();
        }
        Ok(())
    }

    /// The extrema of the responses of a stage to an image.
    fn extrema(
        &self,
        at: usize,
        image: Rows<'_>,
        scratch: &mut Scratch,
        stop: Option<&Stop>,
    ) -> Result<Extrema> {
        let stage = &self.stages[at];
        let spec = stage.output();
        let needed = stage.source_rows(&(0..spec.rows));
        let (before, rest) = scratch.stages.split_at_mut(at);
        let source = self.output_of(before, image, needed, stop)?;
        let run = self.run_of(&rest[0], 0..spec.columns, &|_| (), stop);
        stage.extrema(source, &run)
    }

    /// Computes a part of the result. `image` holds the rows that it needs; the rows of
    /// `out` have all columns.
    pub(crate) fn run(
        &self,
        image: Rows<'_>,
        Part { rows, columns }: Part,
        out: RowsMut<'_>,
        scratch: &mut Scratch,
        progress: &Progress<'_>,
        stop: Option<&Stop>,
    ) -> Result<()> {
        let stage = self.last();
        assert!(rows.start.is_multiple_of(stage.rows_at_once()));
        let (last, before) = (scratch.stages.split_last_mut()).expect("the chain has begun");
        let source = self.output_of(before, image, stage.source_rows(&rows), stop)?;
        let run = Run {
            tally: scratch.tally.as_ref(),
            missing: Some(&scratch.missing),
            transparent: scratch.transparent.as_ref(),
            ..self.run_of(last, columns, progress, stop)
        };
        let RowsMut {
            mut samples,
            stride,
        } = out;
        let out = RowsMut {
            samples: samples.reborrow(),
            stride,
        };
        stage.run(source, rows, out, &run)?;
        let Some(how) = self.after else {
            return Ok(());
        };
        let spec = stage.output();
        run.for_each_row(RowsMut { samples, stride }, 1, &|_, row| {
            premultiply(how, spec.channels, row.range(0, spec.row_len()));
        })
    }

    /// The output of the first stages, as many as `scratch` has buffers for: at least the
    /// `needed` rows. Rows still buffered from the last call are not computed again.
    fn output_of<'b>(
        &self,
        scratch: &'b mut [StageScratch],
        image: Rows<'b>,
        needed: Range<usize>,
        stop: Option<&Stop>,
    ) -> Result<Rows<'b>> {
        let Some((own, before)) = scratch.split_last_mut() else {
            let held = image.range();
            assert!(
                held.start <= needed.start && needed.end <= held.end,
                "rows {needed:?} are needed, {held:?} are there"
            );
            return Ok(image);
        };
        let stage = &self.stages[before.len()];
        if let Some(channels) = stage.channels() {
            let source = self.output_of(before, image, stage.source_rows(&needed), stop)?;
            return Ok(source.channels(channels)?);
        }
        let spec = stage.output();
        let missing = own.output.keep(needed, stage.rows_at_once(), spec)?;
        if !missing.is_empty() {
            let source = self.output_of(before, image, stage.source_rows(&missing), stop)?;
            let mut output = mem::take(&mut own.output);
            let out = RowsMut {
                samples: output.rows_mut(missing.clone(), spec),
                stride: spec.row_len(),
            };
            let run = self.run_of(own, 0..spec.columns, &|_| (), stop);
            stage.run(source, missing, out, &run)?;
            own.output = output;
        }
        Ok(own.output.rows(spec))
    }

    fn run_of<'r>(
        &self,
        scratch: &'r StageScratch,
        columns: Range<usize>,
        progress: &'r Progress<'r>,
        stop: Option<&'r Stop>,
    ) -> Run<'r> {
        Run {
            columns,
            finishes: scratch.finishes.as_deref(),
            tally: None,
            missing: None,
            transparent: None,
            pool: &scratch.pool,
            threads: self.threads,
            progress,
            stop,
        }
    }
}
