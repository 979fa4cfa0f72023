//! Sums of single windows as another program computes them: in its order, and in its numbers.

use super::{Band, Window};
use crate::{
    filter::{ProgramSums, Rule, SumKind},
    geometry::Geometry,
    image::{Depth, SampleSliceMut},
    number::{Element, Output, fill},
    orientation::Orientation,
};

/// A kernel for the sums of another program.
#[derive(Debug)]
pub(crate) struct OrderedKernel {
    sums: ProgramSums,
    /// The same rows of taps: source row, and sample in it, from those of the first tap.
    rows: Vec<Vec<([usize; 2], f64)>>,
    geometry: Geometry,
    channels: usize,
    /// How the image is turned to the picture that the program has.
    orientation: Orientation,
    /// How sums become integers, and of which type.
    rule: Option<Rule>,
    depth: Depth,
}

impl OrderedKernel {
    /// Of the only kernel of a convolution of pixels of `channels`.
    pub(crate) fn new(
        sums: &ProgramSums,
        geometry: &Geometry,
        channels: usize,
        orientation: Orientation,
        (rule, depth): (Option<Rule>, Depth),
    ) -> Self {
        let dilation = geometry.dilation();
        let place = |&([row, column], weight): &([usize; 2], f64)| {
            ([row * dilation[0], column * dilation[1] * channels], weight)
        };
        let rows = sums.rows.iter();
        Self {
            rows: rows.map(|row| row.iter().map(place).collect()).collect(),
            sums: sums.clone(),
            geometry: geometry.clone(),
            channels,
            orientation,
            rule,
            depth,
        }
    }

    /// Whether the sample lies in one of the whole blocks of four samples that its row in the
    /// program's picture has.
    fn is_in_block(&self, Place { row, column }: Place, channel: usize) -> bool {
        let Geometry { rows, columns, .. } = &self.geometry;
        let at = [rows.anchor_source(row), columns.anchor_source(column)];
        let width = self.orientation.of_axes([rows.image, columns.image])[1];
        let column = match (self.orientation.of_axes(at)[1], self.orientation.flips()[1]) {
            (column, true) => width - 1 - column,
            (column, false) => column,
        };
        column * self.channels + channel < width * self.channels / 4 * 4
    }

    /// The sum of a window, bias included, at this place of the result.
    fn sum<E: Element>(&self, band: &Band<'_, E>, window: Window, place: Place) -> f64 {
        let [top, left] = self.geometry.origins[0];
        let top = window.y * band.step[0] + top;
        let left = window.x * band.step[1] + left;
        let first = left * band.channels() + window.channel;
        let rows = &band.rows[top..];
        let sample = |[row, at]: [usize; 2]| rows[row][first + at].to_f64();
        let taps = || self.rows.iter().flatten().copied();
        match self.sums.kind {
            SumKind::F64 | SumKind::Quantum => taps().fold(self.sums.start, |sum, (at, weight)| {
                sum + weight * (sample(at) * self.sums.scale)
            }),
            SumKind::FusedF32 => {
                let is_fused = self.is_in_block(place, window.channel);
                let sum = taps().fold(self.sums.start as f32, |sum, (at, weight)| {
                    let (weight, sample) = (weight as f32, sample(at) as f32);
                    match is_fused {
                        true => weight.mul_add(sample, sum),
                        false => sum + weight * sample,
                    }
                });
                sum.into()
            }
            SumKind::RowsF32 => {
                let row = |row: &Vec<([usize; 2], f64)>| {
                    row.iter().fold(0.0, |sum: f32, &(at, weight)| {
                        sum + weight as f32 * sample(at) as f32
                    })
                };
                let sum =
                    (self.rows.iter()).fold(self.sums.start as f32, |sum, taps| sum + row(taps));
                sum.into()
            }
        }
    }

    /// The sample of a sum, an integer.
    fn sample(&self, sum: f64) -> i128 {
        let integer = match (self.sums.kind, self.rule) {
            (SumKind::RowsF32, _) => sum.floor(),
            (SumKind::Quantum, _) => quantum(sum, self.sums.scale),
            (_, Some(rule)) => rule.round(sum),
            (_, None) => sum.round_ties_even(),
        };
        match self.rule {
            Some(rule) => rule.fit_f64(integer, self.depth),
            None => integer as i128,
        }
    }

    /// Fills row `y` of a band's result, which begins at this place of the result.
    pub(crate) fn fill_row<E: Element>(
        &self,
        (band, y): (&Band<'_, E>, usize),
        first: Place,
        mut out: SampleSliceMut<'_>,
    ) {
        for at in 0..out.len() {
            self.fill_at((band, y), first, &[at as u32], out.reborrow());
        }
    }

    /// Fills some samples of such a row.
    pub(crate) fn fill_at<E: Element>(
        &self,
        (band, y): (&Band<'_, E>, usize),
        first: Place,
        positions: &[u32],
        mut out: SampleSliceMut<'_>,
    ) {
        let channels = band.channels();
        for &at in positions {
            let at = at as usize;
            let [x, channel] = [at / channels, at % channels];
            let place = Place {
                column: first.column + x,
                ..first
            };
            let sum = self.sum(band, Window { y, x, channel }, place);
            let out = out.reborrow().range(at, at + 1);
            if self.depth.is_float() {
                each_sample!(SampleSliceMut(out), out => out.fill(Output::from_real(sum)));
            } else {
                fill(out, self.sample(sum));
            }
        }
    }
}

/// A pixel of a result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// A number of 16 bits, rounded as ImageMagick does, and then converted to 8 bits if samples are
/// such, of which each is `scale` of these.
fn quantum(sum: f64, scale: f64) -> f64 {
    let sixteen_bits = (sum.clamp(0.0, 65_535.0) + 0.5).floor();
    match scale > 1.0 {
        true => (sixteen_bits / scale).floor(),
        false => sixteen_bits,
    }
}
