//! How one bank of kernels is convolved with an image: the engine, and the sizes of
//! bands and tiles.

use std::{iter, ops::Range};

use super::{choice::Choice, tuning::Resolved};
use crate::{
    border::Border,
    engine::{self, Engine, Offer, Task},
    error::{RequestError, Result},
    filter::{Channel, Extent, Filter},
    finish::Finish,
    geometry::{self, Geometry},
    image::{self, Depth, ImageSpec},
    kernel::Kernel,
    number::LaneKind,
};

/// Results of more bytes than this are larger than the last-level cache, and are
/// written by non-temporal stores (24 megapixels by 3x3 in f32: 9.0 and 7.6 ms for
/// floats, 7.9 and 7.3 for bytes; sums in i16 gained nothing).
const STREAM_BYTES: usize = 8 << 20;

/// The fewest bytes in a row of a tile for non-temporal stores: a cache line that
/// is stored in part costs more (11x11 by tiles of 172 bytes: 31 and 39 ms).
const STREAM_ROW_BYTES: usize = 4 << 10;

/// A bank of kernels on images of one shape and depth, ready to be compiled.
#[derive(Debug)]
pub(crate) struct Convolution {
    /// The kernels as they are computed.
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) geometry: Geometry,
    pub(crate) finish: Finish,
    pub(super) choice: Choice,
    /// Of the rows that kernels see, and of the result.
    pub(crate) channels: usize,
    /// Whether the last of them is alpha and copied.
    pub(crate) copies_alpha: bool,
    /// The sample types before and after.
    pub(crate) depths: [Depth; 2],
    /// Whether windows inside the image can look at the image itself, if its rows
    /// are contiguous.
    reads_directly: bool,
    /// Bytes of a framed source row.
    pub(super) row_bytes: usize,
    /// Output rows in a band: framed, and read directly.
    band_rows: [usize; 2],
    /// Threads that share the work.
    pub(crate) threads: usize,
}

impl Convolution {
    /// With the cheapest of these engines, on such an image.
    pub(super) fn new(
        engines: &[&'static dyn Engine],
        filter: &Filter,
        image: ImageSpec,
        tuning: &Resolved,
    ) -> Result<Self> {
        let depth = image.depth;
        let kernels = engine::in_integers(filter.bank.kernels(), depth);
        let channels = filter.channel.count(image.channels)?;
        let geometry = Geometry::new(
            &kernels,
            filter.extent.border(),
            filter.step,
            filter.dilation,
            [image.rows, image.columns],
        )?;
        check_constant(filter.extent, depth)?;
        let output_depth = filter.output_depth(depth);
        let copies_alpha = filter.channel == Channel::Each && image::has_alpha(channels);
        let choice = Choice::new(
            &Task {
                kernels: &kernels,
                combine: filter.bank.combine(),
                geometry: &geometry,
                channels,
                depth,
                output_depth,
                map: filter.map,
                copies_alpha,
                method: tuning.method,
                lane: tuning.lane,
                simd: tuning.simd,
            },
            engines,
        )?;
        let Offer {
            lane,
            element,
            rows_at_once,
            tile_width,
            ..
        } = choice.offer;
        let reads_directly = geometry::reads_directly(&geometry, channels, depth, element);
        let row_bytes = geometry::row_bytes(&geometry, tile_width, channels, element);
        geometry::check_size(&geometry, row_bytes, rows_at_once)?;
        let band_rows = [false, true].map(|direct| {
            let fitting = || geometry::band_rows(&geometry, row_bytes, direct, tuning.threads);
            (tuning.band_rows.unwrap_or_else(fitting))
                .clamp(1, geometry.rows.output)
                .next_multiple_of(rows_at_once)
                .min(geometry.rows.output)
        });
        let finish = Finish::new(
            &kernels,
            filter.bank.combine(),
            filter.map,
            depth,
            output_depth,
            lane,
        );
        if !finish.is_exact(&kernels) {
            return Err(RequestError::Divisors.into());
        }
        Ok(Self {
            finish,
            kernels,
            geometry,
            choice,
            channels,
            copies_alpha,
            depths: [depth, output_depth],
            reads_directly,
            row_bytes,
            band_rows,
            threads: tuning.threads,
        })
    }

    /// What the engine offered.
    pub(crate) const fn offer(&self) -> &Offer {
        &self.choice.offer
    }

    /// The arithmetic of the inner loop.
    pub(crate) const fn lane(&self) -> LaneKind {
        self.offer().lane
    }

    /// Columns of the result in a tile; the last of a band may have fewer.
    pub(crate) const fn tile_width(&self) -> usize {
        self.offer().tile_width
    }

    /// Output rows that are computed together.
    pub(crate) const fn rows_at_once(&self) -> usize {
        self.offer().rows_at_once
    }

    /// Whether windows inside the image look at the image itself, with contiguous
    /// rows or without.
    pub(crate) const fn is_direct(&self, contiguous: bool) -> bool {
        self.reads_directly && contiguous
    }

    /// Output rows in a band of a whole result.
    pub(crate) const fn band_rows(&self, direct: bool) -> usize {
        self.band_rows[direct as usize]
    }

    /// What the result is.
    pub(crate) const fn output(&self) -> ImageSpec {
        let [rows, columns] = self.geometry.output();
        ImageSpec::new([rows, columns, self.channels], self.depths[1])
    }

    /// The columns of the result that every tile of a band computes. Where windows
    /// can look at the image itself, those that leave it stand in tiles of their
    /// own, unless tiles stand on a grid.
    pub(crate) fn tile_columns(&self, direct: bool) -> impl Iterator<Item = Range<usize>> + use<> {
        let columns = self.geometry.columns.output;
        let inside = match direct && !self.offer().on_grid {
            true => geometry::columns_inside(&self.geometry, self.channels),
            false => 0..columns,
        };
        let width = self.tile_width();
        let within = inside.end;
        let tiles = inside
            .clone()
            .step_by(width)
            .map(move |first| first..(first + width).min(within));
        iter::once(0..inside.start)
            .chain(tiles)
            .chain(iter::once(inside.end..columns))
            .filter(|tile| !tile.is_empty())
    }

    /// Whether a result of so many bytes is written by non-temporal stores.
    pub(crate) fn streams(&self, bytes: usize) -> bool {
        let row = self.tile_width() * self.channels * self.depths[1].bytes();
        self.lane() != LaneKind::I16 && row >= STREAM_ROW_BYTES && bytes > STREAM_BYTES
    }
}

/// A constant border stands among the samples and must be one.
fn check_constant(extent: Extent, depth: Depth) -> Result<()> {
    let Extent::Same(Border::Constant(value)) = extent else {
        return Ok(());
    };
    let white = depth.full_scale();
    if value.abs() > f64::from(f32::MAX) {
        return Err(RequestError::ConstantRange { value }.into());
    }
    if depth != Depth::F32 && (value.fract() != 0.0 || !(0.0..=white).contains(&value)) {
        return Err(RequestError::Constant { value, depth }.into());
    }
    Ok(())
}
