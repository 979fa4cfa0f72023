//! A chain of stages, from the image to the result.

use std::{mem, ops::Range};

use super::{
    Part, Progress, RowStage, Rows, RowsMut, Run, Scratch,
    compile::compile,
    normalise::Normalise,
    point::{Luma, Select},
    scratch::StageScratch,
};
use crate::{error::Result, plan::Plan, stop::Stop};

/// The stages from an image to a result, compiled.
///
/// Any rows of the result can be computed, in any order and number, as long as they
/// begin at a multiple of [`rows_at_once`](RowStage::rows_at_once). They are the same as
/// in a result that is computed whole.
#[derive(Debug)]
pub(crate) struct Chain {
    stages: Vec<Box<dyn RowStage>>,
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
        if let Some(normalisation) = &plan.convolution.normalisation {
            return Ok(Self {
                stages: vec![Box::new(Normalise::new(plan, normalisation)?)],
                threads: plan.threads(),
            });
        }
        let mut stages: Vec<Box<dyn RowStage>> = Vec::new();
        match plan.stored_channels()? {
            Some(stored) if stored == (0..image.channels) => {}
            Some(stored) => stages.push(Box::new(Select::new(image, stored))),
            None => {
                let depth = plan.window_depth();
                stages.push(Box::new(Luma::new(image, depth, plan.offer().simd)));
            }
        }
        stages.push(compile(&plan.convolution)?);
        Ok(Self {
            stages,
            threads: plan.threads(),
        })
    }

    /// A chain of these stages, at least one.
    #[cfg(test)]
    pub(super) fn of(stages: Vec<Box<dyn RowStage>>) -> Self {
        Self { stages, threads: 1 }
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

    /// Begins with a new image, or a part of it. If samples depend on the extrema of
    /// all responses, these are found now, and the image must be whole.
    pub(crate) fn begin(
        &self,
        image: Rows<'_>,
        scratch: &mut Scratch,
        stop: Option<&Stop>,
    ) -> Result<()> {
        scratch.begin(self.stages.len());
        for (at, stage) in self.stages.iter().enumerate() {
            if !stage.needs_extrema() {
                continue;
            }
            let spec = stage.output();
            let needed = stage.source_rows(&(0..spec.rows));
            let (before, rest) = scratch.stages.split_at_mut(at);
            let source = self.output_of(before, image, needed, stop)?;
            let run = self.run_of(&rest[0], 0..spec.columns, &|_| (), stop);
            let extrema = stage.extrema(source, &run)?;
            rest[0].finishes = stage.finishes(&extrema);
        }
        Ok(())
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
            responses: scratch.responses.as_ref(),
            missing: Some(&scratch.missing),
            ..self.run_of(last, columns, progress, stop)
        };
        stage.run(source, rows, out, &run)
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
            finishes: scratch.finishes.as_ref(),
            responses: None,
            missing: None,
            pool: &scratch.pool,
            threads: self.threads,
            progress,
            stop,
        }
    }
}
