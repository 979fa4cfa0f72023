//! Bands: source rows with their halo, the border applied, samples widened.

use std::{any::TypeId, ops::Range};

use crate::{
    border::Border,
    engine::Band,
    error::Result,
    geometry::{Axis, Geometry, framed_columns, holds_block},
    image::{Depth, no_memory},
    number::{Element, Widen},
    simd::{Body, Isa, Simd, aligned},
    view::StridedView,
};

/// The rows and columns of the result that are computed from one band: a tile
/// is small enough for its band to stay in the cache.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tile {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

/// Makes the bands of some rows of an image.
#[derive(Debug)]
pub(super) struct Framing<'a, S, T> {
    geometry: &'a Geometry,
    source: StridedView<'a, S, 3>,
    /// The row of the image that the source begins with.
    first: usize,
    simd: Simd,
    constant: T,
    /// The source as elements, where windows can look at it.
    direct: Option<StridedView<'a, T, 3>>,
}

/// What a band is framed in, kept from one to the next.
#[derive(Debug)]
pub(super) struct Frame<T> {
    samples: Vec<T>,
    left: Vec<Option<usize>>,
    right: Vec<Option<usize>>,
}

impl<T> Frame<T> {
    pub(super) const fn new() -> Self {
        Self {
            samples: Vec::new(),
            left: Vec::new(),
            right: Vec::new(),
        }
    }
}

impl<'a, S: Widen, T: Element> Framing<'a, S, T> {
    /// Of the rows from the image's row `first` on.
    pub(super) fn new(
        geometry: &'a Geometry,
        source: StridedView<'a, S, 3>,
        first: usize,
        simd: Simd,
    ) -> Self {
        let constant = match geometry.border() {
            Some(Border::Constant(value)) => T::from_weight(value),
            _ => T::ZERO,
        };
        Self {
            geometry,
            source,
            first,
            simd,
            constant,
            direct: same_type(source),
        }
    }

    /// The band of a tile: the source itself where no window of the tile leaves
    /// the image, else a copy in `frame`.
    ///
    /// The slices of its rows take the memory of `slices`, which is empty.
    pub(super) fn band<'b>(
        &'b self,
        tile: &Tile,
        frame: &'b mut Frame<T>,
        slices: Vec<&'b [T]>,
    ) -> Result<Band<'b, T>> {
        let rows = self.geometry.rows.padded(&tile.rows);
        let columns = self.geometry.columns.padded(&tile.columns);
        let direct = self.direct(tile, &rows, &columns);
        let far = direct.is_some();
        let view = match direct {
            Some(view) => view,
            None => self.frame(tile, rows, columns, frame)?,
        };
        let positions = self.geometry.columns.positions(tile.columns.len());
        let may_be_non_finite = S::DEPTH == Depth::F32;
        let step = self.geometry.step();
        Band::new(view, positions, step, may_be_non_finite, far, slices)
    }

    fn direct(
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
        let [above, left] = [geometry.rows.before + self.first, geometry.columns.before];
        let rows = rows.start - above..rows.end - above;
        let rows = self.direct?.slice(0, rows).ok()?;
        rows.slice(1, columns.start - left..).ok()
    }

    fn frame<'b>(
        &self,
        tile: &Tile,
        rows: Range<usize>,
        columns: Range<usize>,
        frame: &'b mut Frame<T>,
    ) -> Result<StridedView<'b, T, 3>> {
        let Self { geometry, .. } = self;
        let channels = self.source.shape()[2];
        let framed = framed_columns::<T>(geometry, tile.columns.len(), channels);
        let shape = [rows.len(), framed, channels];
        let len = framed * channels;
        let inside = geometry.columns.inside(&columns);
        let outside = |columns: Range<usize>, places: &mut Vec<Option<usize>>| -> Result<()> {
            places.clear();
            let count = columns.len();
            let taken = places.try_reserve_exact(count);
            taken.map_err(|_| no_memory::<Option<usize>>(count))?;
            places.extend(columns.map(|x| geometry.columns.source(x)));
            Ok(())
        };
        let Frame {
            samples,
            left,
            right,
        } = frame;
        outside(columns.start..inside.start, left)?;
        outside(inside.end..columns.end, right)?;
        let samples = aligned(samples, rows.len() * len)?;
        for (padded, framed) in rows.zip(samples.chunks_exact_mut(len)) {
            let framed = &mut framed[..columns.len() * channels];
            let Some(row) = geometry.rows.source(padded) else {
                framed.fill(self.constant);
                continue;
            };
            let row = row - self.first;
            let (before, rest) = framed.split_at_mut(left.len() * channels);
            let (within, after) = rest.split_at_mut(inside.len() * channels);
            self.widen(row, &inside, within);
            self.frame_outside(row, left, before);
            self.frame_outside(row, right, after);
        }
        Ok(StridedView::from_slice(samples, shape).expect("a frame has the size of its shape"))
    }

    /// The columns of a row that lie in the image, `inside` counted with the
    /// border.
    fn widen(&self, row: usize, inside: &Range<usize>, out: &mut [T]) {
        if inside.is_empty() {
            return;
        }
        let channels = self.source.shape()[2];
        let first = inside.start - self.geometry.columns.before;
        match self.source.flat_row(row) {
            Some(samples) => self.simd.run(Convert {
                samples: &samples[first * channels..][..out.len()],
                out,
            }),
            None => self.gather(row, first, out),
        }
    }

    /// A row whose samples do not stand one after the other: one channel of several.
    fn gather(&self, row: usize, first: usize, out: &mut [T]) {
        let channels = self.source.shape()[2];
        if channels == 1 && self.source.strides()[1] > 1 {
            let at = |x| self.source.layout().position([row, first + x, 0]);
            if let (Some(start), Some(end)) = (at(0), at(out.len() - 1)) {
                let samples = &self.source.buffer()[start..=end];
                match self.source.strides()[1] {
                    2 => return self.simd.run(Pick::<S, T, 2> { samples, out }),
                    3 => return self.simd.run(Pick::<S, T, 3> { samples, out }),
                    4 => return self.simd.run(Pick::<S, T, 4> { samples, out }),
                    _ => {}
                }
            }
        }
        for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
            for (c, sample) in pixel.iter_mut().enumerate() {
                *sample = T::from_sample(*self.source.at([row, first + x, c]));
            }
        }
    }

    fn frame_outside(&self, row: usize, columns: &[Option<usize>], out: &mut [T]) {
        let channels = self.source.shape()[2];
        for (column, pixel) in columns.iter().zip(out.chunks_exact_mut(channels)) {
            for (c, sample) in pixel.iter_mut().enumerate() {
                *sample = match *column {
                    Some(x) => T::from_sample(*self.source.at([row, x, c])),
                    None => self.constant,
                };
            }
        }
    }
}

/// The view with its elements as `T`, if that is what they are and its rows
/// are flat.
fn same_type<'a, S: Widen, T: Element>(
    view: StridedView<'a, S, 3>,
) -> Option<StridedView<'a, T, 3>> {
    let same = TypeId::of::<S>() == TypeId::of::<T>() && view.flat_row(0).is_some();
    if same { view.cast().ok() } else { None }
}

/// Widens samples to elements.
struct Convert<'a, S, T> {
    samples: &'a [S],
    out: &'a mut [T],
}

impl<S: Widen, T: Element> Body for Convert<'_, S, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, _: I) {
        for (out, &sample) in self.out.iter_mut().zip(self.samples) {
            *out = T::from_sample(sample);
        }
    }
}

/// Widens every N-th sample to an element.
struct Pick<'a, S, T, const N: usize> {
    samples: &'a [S],
    out: &'a mut [T],
}

impl<S: Widen, T: Element, const N: usize> Body for Pick<'_, S, T, N> {
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
