//! Runs a plan on an image, or on some rows of it at a time.

use std::ops::Range;

use super::{
    compiled::{Compiled, compile},
    luma,
    part::{Part, Progress},
};
use crate::{
    error::{RequestError, Result},
    image::{Image, ImageView, SampleSliceMut},
    plan::Plan,
    tone::Tone,
};

impl Plan {
    /// Fills `output`, which [`allocate`](Self::allocate) made, with what the filter
    /// gives of `image`, which is like the one that this plan was made for;
    /// `progress` hears of finished output rows, from any thread.
    ///
    /// # Errors
    ///
    /// If the image is another one, or the output is another plan's; and if the
    /// memory cannot be had.
    pub fn apply_into<'a>(
        &self,
        image: impl Into<ImageView<'a>>,
        output: &mut Image,
        progress: &Progress<'_>,
    ) -> Result<()> {
        let image = image.into();
        if !self.is_for(&image) {
            return Err(RequestError::OtherPlan.into());
        }
        if output.shape() != self.output_shape() || output.depth() != self.output_depth() {
            return Err(RequestError::OtherOutput.into());
        }
        let mut runner = Runner::new(self)?;
        let source = runner.source(image, 0)?;
        runner.look_at(&source)?;
        let rows = 0..output.rows();
        runner.run(&source, rows, output.samples_mut(), progress)
    }
}

/// A plan whose kernels are compiled, ready for rows.
///
/// Any rows of the result can be made, in any order and number, as long as they
/// begin at a multiple of [`Plan::rows_at_once`], and come out as they would
/// with all the others.
pub(crate) struct Runner<'a> {
    plan: &'a Plan,
    tone: Tone,
    kernels: Box<dyn Compiled>,
}

/// The channels that kernels see, of some rows of an image.
pub(crate) struct Source<'a> {
    channels: Channels<'a>,
    /// The row of the image that they begin with.
    first: usize,
}

enum Channels<'a> {
    Stored(ImageView<'a>),
    Luma(Image),
}

impl Source<'_> {
    fn view(&self) -> ImageView<'_> {
        match &self.channels {
            Channels::Stored(view) => *view,
            Channels::Luma(gray) => gray.into(),
        }
    }

    fn rows(&self) -> Range<usize> {
        self.first..self.first + self.view().shape()[0]
    }
}

impl<'a> Runner<'a> {
    /// Compiles the kernels of `plan`. Here and below, an error is that memory
    /// cannot be had.
    pub(crate) fn new(plan: &'a Plan) -> Result<Self> {
        Ok(Self {
            plan,
            tone: plan.tone.clone(),
            kernels: compile(plan)?,
        })
    }

    /// What kernels see of `rows`, which are the image's from row `first` on.
    pub(crate) fn source<'v>(&self, rows: ImageView<'v>, first: usize) -> Result<Source<'v>> {
        let channels = match self.plan.stored_channels(rows.shape()[2])? {
            Some(stored) => Channels::Stored(rows.slice(2, stored)?),
            None => Channels::Luma(luma::luma(self.plan.offer().simd, &rows)?),
        };
        Ok(Source { channels, first })
    }

    /// Looks at the whole image, where samples depend on the range of all responses.
    pub(crate) fn look_at(&mut self, image: &Source<'_>) -> Result<()> {
        if self.tone.needs_range() {
            let rows = 0..self.plan.output_shape()[0];
            let range = self.kernels.range(&self.part(image, rows, &|_| ()))?;
            self.tone.set_range(range);
        }
        Ok(())
    }

    /// Makes these rows of the result of `source`, which holds the rows that
    /// they need.
    pub(crate) fn run(
        &self,
        source: &Source<'_>,
        rows: Range<usize>,
        out: SampleSliceMut<'_>,
        progress: &Progress<'_>,
    ) -> Result<()> {
        self.kernels.run(&self.part(source, rows, progress), out)
    }

    fn part<'b>(
        &'b self,
        source: &'b Source<'_>,
        rows: Range<usize>,
        progress: &'b Progress<'b>,
    ) -> Part<'b> {
        let plan = self.plan;
        let (needed, held) = (plan.source_rows(&rows), source.rows());
        assert!(
            held.start <= needed.start && needed.end <= held.end,
            "rows {needed:?} are needed, {held:?} are there"
        );
        assert!(rows.start.is_multiple_of(plan.rows_at_once()));
        // A part of the result is split for all threads.
        let band_rows = match rows.len() == plan.output_shape()[0] {
            true => plan.band_rows(),
            false => {
                let share = rows.len().div_ceil(plan.threads());
                share
                    .next_multiple_of(plan.rows_at_once())
                    .min(plan.band_rows())
            }
        };
        Part {
            plan,
            tone: &self.tone,
            source: source.view(),
            first: source.first,
            rows,
            band_rows,
            progress,
        }
    }
}

#[cfg(test)]
mod tests;
