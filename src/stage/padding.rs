//! Bands: source rows with their halo, padded by the border and widened to the elements
//! that engines read; or the image's own rows, where it needs neither.

use std::{any::TypeId, ops::Range};

use super::Rows;
use crate::{
    engine::Band,
    error::{RequestError, Result},
    geometry::{Axis, Geometry, holds_block, padded_columns},
    image::{Depth, ImageView, no_memory},
    number::{Element, Widen},
    plan::Convolution,
    simd::{Body, Isa, Simd, aligned},
    view::StridedView,
};

/// The rows and columns of the result that are computed from one band: a tile is small
/// enough for its band to stay in cache.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tile {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

/// Builds the bands of some rows of an image.
///
/// It is generic over the elements alone: the type of the samples is matched once a row, so that
/// only the conversion of a row is compiled for every type.
#[derive(Debug)]
pub(super) struct BandBuilder<'a, T> {
    geometry: &'a Geometry,
    source: ImageView<'a>,
    /// The row of the image that `source` begins with.
    first: usize,
    simd: Simd,
    /// The constants of the borders of rows and of columns.
    constants: [T; 2],
    /// The source, if its samples are elements already and its rows are contiguous.
    same_type_source: Option<StridedView<'a, T, 3>>,
    /// The largest absolute sample that is accepted.
    sample_limit: Option<f64>,
    copies_alpha: bool,
}

/// Buffers of padded rows, reused from band to band.
#[derive(Debug)]
pub(super) struct PaddedRows<T> {
    samples: Vec<T>,
    /// The source column of each padding column, or `None` for the border's constant.
    left: Vec<Option<usize>>,
    right: Vec<Option<usize>>,
}

impl<T> PaddedRows<T> {
    pub(super) const fn new() -> Self {
        Self {
            samples: Vec::new(),
            left: Vec::new(),
            right: Vec::new(),
        }
    }
}

impl<'a, T: Element> BandBuilder<'a, T> {
    /// The bands of this convolution of an image.
    pub(super) fn new(convolution: &'a Convolution, Rows { view, first }: Rows<'a>) -> Self {
        let geometry = &convolution.geometry;
        let constants = [&geometry.rows, &geometry.columns];
        Self {
            geometry,
            source: view,
            first,
            simd: convolution.offer().simd,
            constants: constants.map(|axis| T::from_weight(axis.constant())),
            same_type_source: each_sample!(ImageView(view), view => same_type(view)),
            sample_limit: convolution.sample_limit,
            copies_alpha: convolution.copies_alpha,
        }
    }

    /// The band of a tile: the source itself if no window of the tile extends beyond the
    /// image, else a padded copy in `buffers`.
    ///
    /// `slices` is empty; its allocation is reused for the slices of the band's rows.
    pub(super) fn band<'b>(
        &'b self,
        tile: &Tile,
        buffers: &'b mut PaddedRows<T>,
        slices: Vec<&'b [T]>,
    ) -> Result<Band<'b, T>> {
        let rows = self.geometry.rows.padded(&tile.rows);
        let columns = self.geometry.columns.padded(&tile.columns);
        let in_place = self.in_place_view(tile, &rows, &columns);
        let borrowed = in_place.is_some();
        let view = match in_place {
            Some(view) => view,
            None => self.pad(tile, rows, columns, buffers)?,
        };
        let positions = self.geometry.columns.positions(tile.columns.len());
        let may_be_non_finite = self.source.depth().is_float();
        let step = self.geometry.step();
        Band::new(view, positions, step, may_be_non_finite, borrowed, slices)
    }

    /// The source at these padded rows and columns, if windows can read it in place.
    fn in_place_view(
        &self,
        tile: &Tile,
        rows: &Range<usize>,
        columns: &Range<usize>,
    ) -> Option<StridedView<'_, T, 3>> {
        let Self { geometry, .. } = self;
        let inside = |axis: &Axis, padded: &Range<usize>| axis.inside(padded) == *padded;
        let fits = holds_block(geometry, tile.columns.len(), self.source.shape()[2]);
        if !(fits && inside(&geometry.rows, rows) && inside(&geometry.columns, columns)) {
            return None;
        }
        let first = geometry.rows.index_inside(rows.start) - self.first;
        let rows = self.same_type_source?.slice(0, first..first + rows.len());
        let left = geometry.columns.index_inside(columns.start);
        rows.ok()?.slice(1, left..).ok()
    }

    /// Copies these padded rows and columns to `buffers`.
    fn pad<'b>(
        &self,
        tile: &Tile,
        rows: Range<usize>,
        columns: Range<usize>,
        buffers: &'b mut PaddedRows<T>,
    ) -> Result<StridedView<'b, T, 3>> {
        let channels = self.source.shape()[2];
        let width = padded_columns::<T>(self.geometry, tile.columns.len(), channels);
        let shape = [rows.len(), width, channels];
        let samples = self.pad_to(width, rows, columns, buffers)?;
        Ok(StridedView::from_slice(samples, shape)
            .expect("padded rows have the size of their shape"))
    }

    /// All columns of these padded rows, copied to `buffers`, row by row.
    pub(super) fn padded_rows<'b>(
        &self,
        rows: Range<usize>,
        buffers: &'b mut PaddedRows<T>,
    ) -> Result<&'b mut [T]> {
        let columns = self
            .geometry
            .columns
            .padded_len(self.geometry.columns.output);
        self.pad_to(columns, rows, 0..columns, buffers)
    }

    /// Copies these padded rows and columns to rows of `width` pixels.
    fn pad_to<'b>(
        &self,
        width: usize,
        rows: Range<usize>,
        columns: Range<usize>,
        buffers: &'b mut PaddedRows<T>,
    ) -> Result<&'b mut [T]> {
        let Self { geometry, .. } = self;
        let channels = self.source.shape()[2];
        let len = width * channels;
        let inside = geometry.columns.inside(&columns);
        let find_sources =
            |columns: Range<usize>, sources: &mut Vec<Option<usize>>| -> Result<()> {
                sources.clear();
                let count = columns.len();
                let reserved = sources.try_reserve_exact(count);
                reserved.map_err(|_| no_memory::<Option<usize>>(count))?;
                sources.extend(columns.map(|x| geometry.columns.source(x)));
                Ok(())
            };
        let PaddedRows {
            samples,
            left,
            right,
        } = buffers;
        find_sources(columns.start..inside.start, left)?;
        find_sources(inside.end..columns.end, right)?;
        let samples = aligned(samples, rows.len() * len)?;
        for (row, padded) in rows.zip(samples.chunks_exact_mut(len)) {
            let padded = &mut padded[..columns.len() * channels];
            let (before, rest) = padded.split_at_mut(left.len() * channels);
            let (within, after) = rest.split_at_mut(inside.len() * channels);
            let Some(row) = geometry.rows.source(row) else {
                within.fill(self.constants[0]);
                self.fill_columns(left, before);
                self.fill_columns(right, after);
                continue;
            };
            let row = row - self.first;
            each_sample!(ImageView(self.source), source => {
                self.pad_row(&source, row, &inside, [left, right], padded)?;
            });
        }
        Ok(samples)
    }

    /// Fills `padded` with a row: its padded columns `inside` the image, and the columns
    /// beyond.
    fn pad_row<S: Widen>(
        &self,
        source: &StridedView<'_, S, 3>,
        row: usize,
        inside: &Range<usize>,
        [left, right]: [&[Option<usize>]; 2],
        padded: &mut [T],
    ) -> Result<()> {
        // A constant, so that no other conversion is compiled.
        if const { !T::ELEMENT.takes(S::DEPTH) } {
            unreachable!("a plan converts no {} samples to these elements", S::DEPTH);
        } else {
            let channels = source.shape()[2];
            let (before, rest) = padded.split_at_mut(left.len() * channels);
            let (within, after) = rest.split_at_mut(inside.len() * channels);
            self.widen(source, row, inside, within);
            self.pad_columns(source, row, left, before);
            self.pad_columns(source, row, right, after);
            self.check_limit(S::DEPTH, padded.chunks_exact(channels))
        }
    }

    /// Checks that sums of these pixels are exact.
    fn check_limit<'p>(
        &self,
        depth: Depth,
        mut pixels: impl Iterator<Item = &'p [T]>,
    ) -> Result<()> {
        let Some(limit) = self.sample_limit else {
            return Ok(());
        };
        let beyond = |sample: &T| sample.to_f64().abs() > limit;
        // Alpha is copied.
        let summed = |pixel: &'p [T]| &pixel[..pixel.len() - usize::from(self.copies_alpha)];
        match pixels.any(|pixel| summed(pixel).iter().any(beyond)) {
            true => Err(RequestError::LargeSample { depth, limit }.into()),
            false => Ok(()),
        }
    }

    /// Widens the part of a row that lies in the image: its padded columns `inside`.
    fn widen<S: Widen>(
        &self,
        source: &StridedView<'_, S, 3>,
        row: usize,
        inside: &Range<usize>,
        out: &mut [T],
    ) {
        if inside.is_empty() {
            return;
        }
        let channels = source.shape()[2];
        let first = self.geometry.columns.index_inside(inside.start);
        match source.flat_row(row) {
            Some(samples) => self.simd.run(WidenRow {
                samples: &samples[first * channels..][..out.len()],
                out,
            }),
            None => self.gather(source, row, first, out),
        }
    }

    /// Widens a row whose samples are not contiguous, for example one channel of several.
    fn gather<S: Widen>(
        &self,
        source: &StridedView<'_, S, 3>,
        row: usize,
        first: usize,
        out: &mut [T],
    ) {
        let channels = source.shape()[2];
        if const { S::DEPTH.is_picture() } && channels == 1 && source.strides()[1] > 1 {
            let at = |x| source.layout().position([row, first + x, 0]);
            if let (Some(start), Some(end)) = (at(0), at(out.len() - 1)) {
                let samples = &source.buffer()[start..=end];
                match source.strides()[1] {
                    2 => return self.simd.run(WidenStrided::<S, T, 2> { samples, out }),
                    3 => return self.simd.run(WidenStrided::<S, T, 3> { samples, out }),
                    4 => return self.simd.run(WidenStrided::<S, T, 4> { samples, out }),
                    _ => {}
                }
            }
        }
        let [_, stride, of_channels] = source.strides();
        if const { S::DEPTH.is_picture() }
            && (of_channels == 1 || channels == 1)
            && let Some(start) = source.layout().position([row, first, 0])
        {
            let samples = source.buffer();
            match channels {
                1 => return gather_pixels::<S, T, 1>(samples, start, stride, out),
                3 => return gather_pixels::<S, T, 3>(samples, start, stride, out),
                4 => return gather_pixels::<S, T, 4>(samples, start, stride, out),
                _ => {}
            }
        }
        for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
            for (c, sample) in pixel.iter_mut().enumerate() {
                *sample = T::from_sample(*source.at([row, first + x, c]));
            }
        }
    }

    /// Fills padding columns of a row from their source columns, or with the border's
    /// constant.
    fn pad_columns<S: Widen>(
        &self,
        source: &StridedView<'_, S, 3>,
        row: usize,
        columns: &[Option<usize>],
        out: &mut [T],
    ) {
        let channels = source.shape()[2];
        for (column, pixel) in columns.iter().zip(out.chunks_exact_mut(channels)) {
            for (c, sample) in pixel.iter_mut().enumerate() {
                *sample = match *column {
                    Some(x) => T::from_sample(*source.at([row, x, c])),
                    None => self.constants[1],
                };
            }
        }
    }

    /// Fills padding columns of a row that is itself outside the image, and constant.
    fn fill_columns(&self, columns: &[Option<usize>], out: &mut [T]) {
        let channels = self.source.shape()[2];
        for (column, pixel) in columns.iter().zip(out.chunks_exact_mut(channels)) {
            let axis = match column {
                Some(_) => 0,
                None => self.geometry.corner_axis,
            };
            pixel.fill(self.constants[axis]);
        }
    }
}

/// The view with its elements as `T`, if that is their type and its rows are contiguous.
fn same_type<'a, S: Widen, T: Element>(
    view: StridedView<'a, S, 3>,
) -> Option<StridedView<'a, T, 3>> {
    let same = TypeId::of::<S>() == TypeId::of::<T>() && view.flat_row(0).is_some();
    if same { view.cast().ok() } else { None }
}

/// Widens pixels of N contiguous samples that lie `stride` samples apart, as those of a
/// picture that is turned do.
fn gather_pixels<S: Widen, T: Element, const N: usize>(
    samples: &[S],
    start: usize,
    stride: isize,
    out: &mut [T],
) {
    let mut at = start;
    for out in out.as_chunks_mut::<N>().0 {
        // Every pixel of a view is within its buffer.
        if let Some(pixel) = samples.get(at..).and_then(<[S]>::first_chunk::<N>) {
            for (out, &sample) in out.iter_mut().zip(pixel) {
                *out = T::from_sample(sample);
            }
        }
        at = at.wrapping_add_signed(stride);
    }
}

/// Widens samples to elements.
struct WidenRow<'a, S, T> {
    samples: &'a [S],
    out: &'a mut [T],
}

impl<S: Widen, T: Element> Body for WidenRow<'_, S, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        for (out, &sample) in self.out.iter_mut().zip(self.samples) {
            *out = T::from_sample(sample);
        }
    }
}

/// Widens every N-th sample to an element.
struct WidenStrided<'a, S, T, const N: usize> {
    samples: &'a [S],
    out: &'a mut [T],
}

impl<S: Widen, T: Element, const N: usize> Body for WidenStrided<'_, S, T, N> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        let (pixels, rest) = self.samples.as_chunks::<N>();
        for (out, pixel) in self.out.iter_mut().zip(pixels) {
            *out = T::from_sample(pixel[0]);
        }
        // The last pixel of a channel may be the last of the buffer.
        if let (Some(out), [sample, ..]) = (self.out.get_mut(pixels.len()), rest) {
            *out = T::from_sample(*sample);
        }
    }
}
