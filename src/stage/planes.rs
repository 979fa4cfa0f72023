//! Planes of samples where some are missing: their numbers, with 0 for a missing one, and
//! their presence, 1 or 0. Both have the border, so that windows read them in place.

use std::ops::Range;

use super::{RowStage, Rows, RowsMut, Run, point::Luma};
use crate::{
    error::{RequestError, Result},
    filter::MissingValue,
    image::{Depth, ImageView, Samples, try_resize},
    number::{Output, Widen},
    plan::{Convolution, Normalisation},
    simd::{Body, Isa},
    view::StridedView,
};

/// Builds the planes of some padded rows of an image.
#[derive(Debug)]
pub(super) struct PlaneBuilder<'a> {
    convolution: &'a Convolution,
    normalisation: &'a Normalisation,
    /// The rows of the image.
    source: Rows<'a>,
    /// The channels of the image that the planes have, or whose luma they have.
    channels: Range<usize>,
    luma: Option<&'a Luma>,
    /// The source column of every padded column.
    columns: &'a [Option<usize>],
}

/// The planes of consecutive padded rows.
#[derive(Debug)]
pub(super) struct Planes {
    pub(super) numbers: Vec<f64>,
    pub(super) presence: Vec<f64>,
    /// The first of the padded rows.
    pub(super) first: usize,
    /// Samples in a row.
    pub(super) row_len: usize,
    /// Whether any sample is missing.
    pub(super) any_missing: bool,
    /// The largest absolute number, of integers of 32 and 64 bits; infinite of others and of luma.
    pub(super) largest: f64,
    /// 1 for every missing sample of a row of the image, else 0.
    missing: Vec<u8>,
    luma: Samples,
}

impl Default for Planes {
    fn default() -> Self {
        Self {
            numbers: Vec::new(),
            presence: Vec::new(),
            first: 0,
            row_len: 0,
            any_missing: false,
            largest: f64::INFINITY,
            missing: Vec::new(),
            luma: Samples::empty(Depth::F64),
        }
    }
}

impl Planes {
    /// The numbers as rows of an image of padded rows.
    pub(super) fn numbers(&self, channels: usize) -> Result<Rows<'_>> {
        self.rows(&self.numbers, channels)
    }

    /// The presence as rows of an image of padded rows.
    pub(super) fn presence(&self, channels: usize) -> Result<Rows<'_>> {
        self.rows(&self.presence, channels)
    }

    fn rows<'a>(&self, samples: &'a [f64], channels: usize) -> Result<Rows<'a>> {
        let rows = samples.len() / self.row_len;
        let shape = [rows, self.row_len / channels, channels];
        Ok(Rows {
            view: ImageView::from_samples(samples, shape)?,
            first: self.first,
        })
    }
}

impl<'a> PlaneBuilder<'a> {
    pub(super) const fn new(
        convolution: &'a Convolution,
        normalisation: &'a Normalisation,
        source: Rows<'a>,
        channels: Range<usize>,
        luma: Option<&'a Luma>,
        columns: &'a [Option<usize>],
    ) -> Self {
        Self {
            convolution,
            normalisation,
            source,
            channels,
            luma,
            columns,
        }
    }

    /// Makes `planes` those of these padded rows.
    pub(super) fn build(
        &self,
        rows: Range<usize>,
        planes: &mut Planes,
        run: &Run<'_>,
    ) -> Result<()> {
        let channels = self.convolution.channels;
        planes.first = rows.start;
        planes.row_len = self.columns.len() * channels;
        planes.any_missing = false;
        let len = rows.len() * planes.row_len;
        for plane in [&mut planes.numbers, &mut planes.presence] {
            try_resize(plane, len, 0.0)?;
        }
        for (at, row) in rows.enumerate() {
            let part = at * planes.row_len..(at + 1) * planes.row_len;
            match self.convolution.geometry.rows.source(row) {
                Some(row) => self.row(row, part, planes, run)?,
                None => self.constant_row(part, planes),
            }
        }
        let depth = self.source.view.depth();
        let is_wide = !depth.is_float() && depth.bytes() >= 4 && self.luma.is_none();
        planes.largest = match is_wide {
            true => planes.numbers.iter().fold(0.0, |all, n| n.abs().max(all)),
            false => f64::INFINITY,
        };
        Ok(())
    }

    /// Fills a part of the planes with a padded row of the image.
    fn row(
        &self,
        row: usize,
        part: Range<usize>,
        planes: &mut Planes,
        run: &Run<'_>,
    ) -> Result<()> {
        let channels = self.convolution.channels;
        let Planes {
            numbers,
            presence,
            any_missing,
            missing,
            luma: luma_row,
            ..
        } = planes;
        let at = row - self.source.first;
        let image = self.source.view.spec();
        try_resize(missing, image.columns * channels, 0)?;
        each_sample!(ImageView(self.source.view), view => self.mark(&view, at, missing));
        if let Some(mask) = &self.normalisation.mask {
            self.mark_masked(mask.row(row), mask.channels(), missing);
        }
        let view = match self.luma {
            None => self
                .source
                .view
                .slice(2, self.channels.clone())?
                .slice(0, at..at + 1)?,
            Some(luma) => {
                let spec = luma.output();
                if luma_row.depth() != spec.depth {
                    *luma_row = Samples::empty(spec.depth);
                }
                luma_row.resize(spec.row_len())?;
                let out = RowsMut {
                    samples: luma_row.as_mut_slice(),
                    stride: spec.row_len(),
                };
                luma.run(self.source, row..row + 1, out, run)?;
                ImageView::from_samples(luma_row.as_slice(), [1, spec.columns, spec.channels])?
            }
        };
        let (numbers, presence) = (&mut numbers[part.clone()], &mut presence[part]);
        each_sample!(ImageView(view), view => self.pad_row(&view, missing, numbers, presence));
        let outside = self.columns.contains(&None) && self.normalisation.constants[1].is_none();
        *any_missing |= outside || missing.contains(&1);
        self.check_limit(image.depth, numbers)
    }

    /// Marks the samples of row `at` of the image that are missing by their value; a luma is
    /// so where any of its colours is.
    fn mark<S: Widen + Output>(&self, view: &StridedView<'_, S, 3>, at: usize, missing: &mut [u8]) {
        match self.normalisation.value {
            None => missing.fill(0),
            Some(MissingValue::NoData) => unreachable!("a plan knows the value"),
            Some(MissingValue::Nan) => {
                self.mark_where(view, at, missing, |s: S| s.to_f64().is_nan());
            }
            Some(MissingValue::Value(value)) => {
                let value = S::from_real(value);
                self.mark_where(view, at, missing, |s: S| s == value);
            }
        }
    }

    fn mark_where<S: Widen>(
        &self,
        view: &StridedView<'_, S, 3>,
        at: usize,
        missing: &mut [u8],
        is_missing: impl Fn(S) -> bool,
    ) {
        let [_, _, all] = view.shape();
        match view.flat_row(at) {
            Some(samples) if self.luma.is_none() && self.channels.len() == all => {
                self.convolution.offer().simd.run(Mark {
                    samples,
                    missing,
                    is_missing,
                });
            }
            _ => self.each_missing(missing, |column, channel| {
                is_missing(*view.at([at, column, channel]))
            }),
        }
    }

    /// Adds the samples that the row of a mask marks.
    fn mark_masked(&self, mask: &[u8], mask_channels: usize, missing: &mut [u8]) {
        if mask.len() == missing.len() && self.luma.is_none() {
            for (missing, &masked) in missing.iter_mut().zip(mask) {
                *missing |= masked;
            }
            return;
        }
        let channels = self.convolution.channels;
        for (at, missing) in missing.iter_mut().enumerate() {
            let (column, channel) = (at / channels, at % channels);
            let masked = |channel: usize| mask[column * mask_channels + channel] != 0;
            let masked = match mask_channels {
                1 => masked(0),
                _ => self.sources(channel).any(masked),
            };
            *missing |= u8::from(masked);
        }
    }

    /// Sets every mark from the channels of the image at its column.
    fn each_missing(&self, missing: &mut [u8], is_missing: impl Fn(usize, usize) -> bool) {
        let channels = self.convolution.channels;
        for (column, missing) in missing.chunks_exact_mut(channels).enumerate() {
            for (channel, missing) in missing.iter_mut().enumerate() {
                let is_missing = self.sources(channel).any(|c| is_missing(column, c));
                *missing = u8::from(is_missing);
            }
        }
    }

    /// The channels of the image that a channel of the planes is made of: of luma the colours,
    /// else one.
    fn sources(&self, channel: usize) -> Range<usize> {
        let Range { start, end } = self.channels;
        match (self.luma, channel) {
            (Some(_), 0) => start..end,
            // The alpha beside luma.
            (Some(_), _) => end..end + 1,
            (None, _) => start + channel..start + channel + 1,
        }
    }

    /// Fills a padded row from the only row of `view` and its marks.
    fn pad_row<S: Widen>(
        &self,
        view: &StridedView<'_, S, 3>,
        missing: &[u8],
        numbers: &mut [f64],
        presence: &mut [f64],
    ) {
        let channels = view.shape()[2];
        let axis = &self.convolution.geometry.columns;
        let inside = match view.flat_row(0) {
            Some(_) => axis.inside(&(0..self.columns.len())),
            None => 0..0,
        };
        if let (Some(samples), false) = (view.flat_row(0), inside.is_empty()) {
            let from = axis.index_inside(inside.start) * channels;
            let to = inside.start * channels..inside.end * channels;
            self.convolution.offer().simd.run(Present {
                samples: &samples[from..],
                missing: &missing[from..],
                numbers: &mut numbers[to.clone()],
                presence: &mut presence[to],
            });
        }
        for padded in (0..inside.start).chain(inside.end..self.columns.len()) {
            for channel in 0..channels {
                let at = padded * channels + channel;
                (numbers[at], presence[at]) = match self.columns[padded] {
                    None => self.constant(1),
                    Some(column) => match missing[column * channels + channel] {
                        0 => (view.at([0, column, channel]).to_f64(), 1.0),
                        _ => (0.0, 0.0),
                    },
                };
            }
        }
    }

    /// Fills a padded row above or below the image.
    fn constant_row(&self, part: Range<usize>, planes: &mut Planes) {
        let channels = self.convolution.channels;
        let pixels = (planes.numbers[part.clone()].chunks_exact_mut(channels))
            .zip(planes.presence[part].chunks_exact_mut(channels));
        for (column, (numbers, presence)) in self.columns.iter().zip(pixels) {
            let axis = match column {
                Some(_) => 0,
                None => self.convolution.geometry.corner_axis,
            };
            let (number, present) = self.constant(axis);
            numbers.fill(number);
            presence.fill(present);
            planes.any_missing |= present == 0.0;
        }
    }

    /// The number and the presence of the border's constant along this axis.
    fn constant(&self, axis: usize) -> (f64, f64) {
        match self.normalisation.constants[axis] {
            Some(constant) => (constant, 1.0),
            None => (0.0, 0.0),
        }
    }

    /// Checks that sums of these numbers are exact.
    fn check_limit(&self, depth: Depth, numbers: &[f64]) -> Result<()> {
        let Some(limit) = self.convolution.sample_limit else {
            return Ok(());
        };
        let channels = self.convolution.channels;
        // Alpha is copied.
        let summed = channels - usize::from(self.convolution.copies_alpha);
        let beyond = |pixel: &[f64]| pixel[..summed].iter().any(|n| n.abs() > limit);
        match numbers.chunks_exact(channels).any(beyond) {
            true => Err(RequestError::LargeSample { depth, limit }.into()),
            false => Ok(()),
        }
    }
}

/// Which of consecutive samples are missing.
struct Mark<'a, S, F> {
    samples: &'a [S],
    missing: &'a mut [u8],
    is_missing: F,
}

impl<S: Widen, F: Fn(S) -> bool> Body for Mark<'_, S, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        for (missing, &sample) in self.missing.iter_mut().zip(self.samples) {
            *missing = u8::from((self.is_missing)(sample));
        }
    }
}

/// Numbers and presence of consecutive samples.
struct Present<'a, S> {
    samples: &'a [S],
    /// 1 for missing ones, else 0.
    missing: &'a [u8],
    numbers: &'a mut [f64],
    presence: &'a mut [f64],
}

impl<S: Widen> Body for Present<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        for (present, &missing) in self.presence.iter_mut().zip(self.missing) {
            *present = f64::from(1 - missing);
        }
        let sources = self.samples.iter().zip(&*self.presence);
        for (number, (sample, &present)) in self.numbers.iter_mut().zip(sources) {
            // The sample may be NaN, so that no product would do.
            *number = if present == 0.0 { 0.0 } else { sample.to_f64() };
        }
    }
}
