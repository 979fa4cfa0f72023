//! Stages, one after the other.

use std::ops::Range;

use super::{
    Part, Progress, RowStage, Rows, RowsMut, Run, Scratch,
    convolve::convolve,
    point::{Luma, Select},
    scratch::{Buffer, Pool},
};
use crate::{error::Result, finish::ResponseRange, plan::Plan, stop::Stop};

/// The stages from an image to a result, compiled.
///
/// Any rows of the result can be made, in any order and number, as long as they
/// begin at a multiple of [`rows_at_once`](RowStage::rows_at_once), and come out as
/// they would with all the others.
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
    /// If memory cannot be had.
    pub(crate) fn new(plan: &Plan) -> Result<Self> {
        let image = plan.image();
        let mut stages: Vec<Box<dyn RowStage>> = Vec::new();
        match plan.stored_channels()? {
            Some(stored) if stored == (0..image.channels) => {}
            Some(stored) => stages.push(Box::new(Select::new(image, stored))),
            None => stages.push(Box::new(Luma::new(image, plan.offer().simd))),
        }
        stages.push(convolve(&plan.convolution)?);
        Ok(Self {
            stages,
            threads: plan.threads(),
        })
    }

    /// Of these stages, at least one.
    #[cfg(test)]
    pub(super) fn of(stages: Vec<Box<dyn RowStage>>) -> Self {
        Self { stages, threads: 1 }
    }

    /// What the result is.
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
            // A run of the stage begins at a multiple of them.
            let at_once = stage.rows_at_once();
            stage.source_rows(&(rows.start / at_once * at_once..rows.end))
        })
    }

    /// Begins with another image, of which this may be a part: all of it where samples depend
    /// on the range of all responses, which are looked for then.
    pub(crate) fn begin(
        &self,
        image: Rows<'_>,
        scratch: &mut Scratch,
        stop: Option<&Stop>,
    ) -> Result<()> {
        scratch.begin(self.stages.len());
        for (at, stage) in self.stages.iter().enumerate() {
            let Scratch {
                pools,
                between,
                ranges,
            } = scratch;
            if !stage.needs_range() {
                continue;
            }
            let all = 0..stage.output().rows;
            let needed = stage.source_rows(&all);
            let before = Before {
                stages: &self.stages[..at],
                pools: &pools[..at],
                ranges: &ranges[..at],
                threads: self.threads,
                stop,
            };
            let source = before.rows(&mut between[..at], image, needed)?;
            let run = Run {
                columns: 0..stage.output().columns,
                range: None,
                pool: &pools[at],
                progress: &|_| (),
                threads: self.threads,
                stop,
            };
            ranges[at] = Some(stage.range(source, &run)?);
        }
        Ok(())
    }

    /// Makes this part of the result of `image`, in `out`, whose rows are whole; `image` holds the rows that they need.
    pub(crate) fn run(
        &self,
        image: Rows<'_>,
        Part { rows, columns }: Part,
        out: RowsMut<'_>,
        scratch: &mut Scratch,
        progress: &Progress<'_>,
        stop: Option<&Stop>,
    ) -> Result<()> {
        let at = self.stages.len() - 1;
        let stage = self.last();
        assert!(rows.start.is_multiple_of(stage.rows_at_once()));
        let before = Before {
            stages: &self.stages[..at],
            pools: &scratch.pools[..at],
            ranges: &scratch.ranges[..at],
            threads: self.threads,
            stop,
        };
        let source = before.rows(&mut scratch.between, image, stage.source_rows(&rows))?;
        let run = Run {
            columns,
            range: scratch.ranges[at],
            pool: &scratch.pools[at],
            threads: self.threads,
            progress,
            stop,
        };
        stage.run(source, rows, out, &run)
    }
}

/// The stages before one.
struct Before<'a> {
    stages: &'a [Box<dyn RowStage>],
    pools: &'a [Pool],
    ranges: &'a [Option<ResponseRange>],
    threads: usize,
    stop: Option<&'a Stop>,
}

impl Before<'_> {
    /// Their output, which holds at least the rows that are `needed`.
    fn rows<'b>(
        &self,
        between: &'b mut [Buffer],
        image: Rows<'b>,
        needed: Range<usize>,
    ) -> Result<Rows<'b>> {
        let (Some((stage, stages)), Some((pool, pools)), Some((range, ranges))) = (
            self.stages.split_last(),
            self.pools.split_last(),
            self.ranges.split_last(),
        ) else {
            let held = image.range();
            assert!(
                held.start <= needed.start && needed.end <= held.end,
                "rows {needed:?} are needed, {held:?} are there"
            );
            return Ok(image);
        };
        let before = Before {
            stages,
            pools,
            ranges,
            threads: self.threads,
            stop: self.stop,
        };
        let (buffer, between) = between.split_last_mut().expect("one for each stage");
        if let Some(channels) = stage.channels() {
            let source = before.rows(between, image, stage.source_rows(&needed))?;
            return Ok(source.channels(channels)?);
        }
        let spec = stage.output();
        let missing = buffer.keep(needed, stage.rows_at_once(), spec)?;
        if !missing.is_empty() {
            let source = before.rows(between, image, stage.source_rows(&missing))?;
            let out = RowsMut {
                samples: buffer.rows_mut(missing.clone(), spec),
                stride: spec.row_len(),
            };
            let run = Run {
                columns: 0..spec.columns,
                range: *range,
                pool,
                threads: self.threads,
                progress: &|_| (),
                stop: self.stop,
            };
            stage.run(source, missing, out, &run)?;
        }
        Ok(buffer.rows(spec))
    }
}
