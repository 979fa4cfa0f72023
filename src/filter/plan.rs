//! How a filter will be run: a plain value, chosen once, that explains itself.

mod reasons;

use std::{iter, ops::Range};

use super::{
    Channel, Extent, Filter, band,
    geometry::Geometry,
    lane,
    method::{Choice, Way},
    shift, sizes,
    task::Task,
};
use crate::{
    border::Border,
    engine::{self, Method},
    error::{Error, Result},
    image::{Depth, Image, ImageView},
    kernel::Kernel,
    number::LaneKind,
    simd::{Level, Simd},
    tone::Tone,
    view::{Layout, Spacing},
};

/// What may be chosen about how a filter runs. It changes the speed, never the
/// exactness that is promised; the default chooses all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tuning {
    /// The method, or the fastest.
    pub method: Option<Method>,
    /// The lane, or the fastest that keeps the promise.
    pub lane: Option<LaneKind>,
    /// The SIMD level, or the processor's best.
    pub simd: Option<Simd>,
    /// Output rows in a band, or as many as suit the cache.
    pub band_rows: Option<usize>,
}

/// What a plan needs to know of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) layout: Layout<3>,
    pub(super) depth: Depth,
}

impl Input {
    pub(super) fn of(image: &ImageView<'_>) -> Self {
        Self {
            layout: *image.layout(),
            depth: image.depth(),
        }
    }

    /// Of an image whose samples stand row by row.
    pub(super) fn of_shape(shape: [usize; 3], depth: Depth) -> Result<Self> {
        let len = (shape.iter())
            .try_fold(1_usize, |len, &n| len.checked_mul(n))
            .unwrap_or(usize::MAX);
        let layout = Layout::c_order(shape, len)?;
        Ok(Self { layout, depth })
    }
}

/// How a filter will be run on images of one shape and depth.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    filter: Filter,
    input: Input,
    /// The bank's kernels as they are computed.
    pub(super) kernels: Vec<Kernel>,
    pub(super) geometry: Geometry,
    pub(super) tone: Tone,
    pub(super) simd: Simd,
    pub(super) choice: Choice,
    /// Where every output sample is copied from, if that is all.
    pub(super) shift: Option<[usize; 2]>,
    channels: usize,
    band_rows: usize,
    /// Columns of the result in a tile; the last of a band may have fewer.
    pub(super) tile_width: usize,
    /// Output rows that are computed at once.
    pub(crate) rows_at_once: usize,
    /// Whether windows inside the image look at the image itself.
    direct: bool,
    /// Bytes of a framed source row.
    row_bytes: usize,
}

/// Bytes of a result that the caches do not keep: they are stored past them
/// (24 megapixels by 3x3 in f32: 9.0 and 7.6 ms for floats, 7.9 and 7.3 for
/// bytes; sums in i16 gained nothing).
const STREAM_BYTES: usize = 8 << 20;

/// The least bytes of a row of a tile to be stored so: lines of the cache that
/// are stored in part cost more (11x11 by tiles of 172 bytes: 31 and 39 ms).
const STREAM_ROW_BYTES: usize = 4 << 10;

/// The most elements of a block: it is computed past the end of a short row.
const MAX_BLOCK: usize = 512;

/// The most output rows that the direct loop computes at once.
const DIRECT_ROWS: usize = 4;

/// The most lines that are transformed at once.
const FFT_LINES: usize = 16;

/// A row that begins a line of the cache, has room for a block and ends with a
/// line.
const ROW_SLACK: usize = 8 << 10;

/// The most bytes of a tap: its weight as it was read and as the plan has it,
/// and its weights and offsets for blocks of one, two and four output rows.
const TAP: usize = 256;

/// The same of a tap that stands alone, with a line of its own for each block.
const LONE_TAP: usize = 1 << 10;

impl Plan {
    pub(super) fn new(filter: &Filter, input: Input, tuning: &Tuning) -> Result<Self> {
        filter.check()?;
        if input.layout.is_empty() {
            return Err(Error::input(
                "the image is empty; there is nothing to filter",
            ));
        }
        let kernels = lane::in_integers(filter.bank.kernels(), input.depth);
        let [rows, columns, input_channels] = input.layout.shape();
        let channels = filter.channel.count(input_channels)?;
        let geometry = Geometry::new(
            &kernels,
            filter.extent,
            filter.step,
            filter.dilation,
            [rows, columns],
        )?;
        check_constant(filter.extent, input.depth)?;
        let depth = filter.output_depth(input.depth);
        let task = Task {
            kernels: &kernels,
            combine: filter.bank.combine(),
            geometry: &geometry,
            channels,
            depth: input.depth,
            lane: tuning.lane,
            simd: tuning.simd.unwrap_or_else(Simd::best),
        };
        let mut choice = Choice::new(task, tuning.method)?;
        let shift = match tuning.method {
            None => shift::tap(filter, &kernels, &geometry, input.depth, channels),
            Some(_) => None,
        };
        if shift.is_some() {
            choice.method_reason = "a copy: the one weight only moves samples".to_owned();
        }
        let lane = choice.lane;
        // The naive loop has no copies per level.
        let simd = match choice.method() {
            Method::Naive => Simd::PORTABLE,
            _ => task.simd,
        };
        let flat = input.layout.index_axis::<2>(0, 0)?.is_c_contiguous();
        let direct = flat
            && filter.channel.stored(input_channels)? == Some(0..input_channels)
            && band::reads_directly(&geometry, channels, input.depth, choice.element());
        let rows_at_once = match choice.way {
            Way::Naive => 1,
            // Rows that are not neighbours share no source rows, and engines
            // compute them one by one.
            Way::Direct | Way::Separable(_) | Way::Dots if geometry.step[0] > 1 => 1,
            Way::Direct | Way::Separable(_) => engine::block_rows(lane, simd),
            Way::Dots => engine::DOT_ROWS,
            Way::Totals => engine::TOTALS_ROWS,
            Way::Fft(tiling) => tiling.valid[0],
        };
        let tile_width = match choice.way {
            // A pair of tiles.
            Way::Fft(tiling) => (2 * tiling.valid[1] - 1) / geometry.step[1] + 1,
            _ => sizes::tile_width(&geometry, channels),
        };
        let row_bytes = band::row_bytes(&geometry, tile_width, channels, choice.element());
        sizes::check(&geometry, row_bytes, rows_at_once)?;
        let band_rows = tuning
            .band_rows
            .unwrap_or_else(|| sizes::band_rows(&geometry, row_bytes, direct));
        let band_rows = band_rows
            .max(1)
            .next_multiple_of(rows_at_once)
            .min(geometry.output[0]);
        let tone = Tone::new(
            &kernels,
            filter.bank.combine(),
            filter.map,
            input.depth,
            depth,
            lane,
        );
        if !tone.is_exact(&kernels) {
            return Err(Error::request(
                "the divisors of these kernels have no common multiple that is small enough for exact results; use other divisors",
            ));
        }
        Ok(Self {
            tone,
            kernels,
            filter: filter.clone(),
            input,
            geometry,
            simd,
            choice,
            shift,
            channels,
            band_rows,
            tile_width,
            rows_at_once,
            direct,
            row_bytes,
        })
    }

    /// The method of the inner loop.
    pub const fn method(&self) -> Method {
        self.choice.method()
    }

    /// The arithmetic of the inner loop.
    pub const fn lane(&self) -> LaneKind {
        self.choice.lane
    }

    /// The SIMD level of the inner loop.
    pub const fn simd(&self) -> Level {
        self.simd.level()
    }

    /// Output rows in a band.
    pub const fn band_rows(&self) -> usize {
        self.band_rows
    }

    /// Whether windows look at the image itself, with no band between.
    pub const fn zero_copy(&self) -> bool {
        self.direct && self.geometry.border.is_none()
    }

    /// `[rows, columns, channels]` of the result.
    pub const fn output_shape(&self) -> [usize; 3] {
        [
            self.geometry.output[0],
            self.geometry.output[1],
            self.channels,
        ]
    }

    /// The sample type of the result.
    pub const fn output_depth(&self) -> Depth {
        self.filter.output_depth(self.input.depth)
    }

    /// The rows of the image, from the first to the last, that these rows of
    /// the result are computed from, those that the border takes from it included.
    pub fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        self.geometry.source_rows(rows)
    }

    /// Rows and columns of the window, dilation included; of several kernels,
    /// the window that holds them all.
    pub const fn window(&self) -> [usize; 2] {
        self.geometry.window
    }

    /// The layout of the image that this plan is for.
    pub const fn image_layout(&self) -> &Layout<3> {
        &self.input.layout
    }

    /// The layout of the windows: for `valid` over the image itself (over its
    /// luma, where that has to be computed), else over the image padded by the
    /// border. Kernels of several sizes or anchors share the window that holds
    /// them all; of several channels, it is the first.
    ///
    /// # Errors
    ///
    /// [`Error::Layout`] if there are more windows than can be counted.
    pub fn window_layout(&self) -> Result<Layout<4>> {
        let [rows, columns, channels] = self.input.layout.shape();
        let dense = |rows: usize, columns: usize, channels: usize| {
            let len = rows.saturating_mul(columns).saturating_mul(channels);
            Layout::c_order([rows, columns, channels], len)
        };
        let source = match (self.filter.extent, self.filter.channel.stored(channels)?) {
            (Extent::Valid, Some(stored)) => self.input.layout.slice(2, stored)?,
            (Extent::Valid, None) => dense(rows, columns, 1)?,
            (Extent::Same(_), _) => {
                let [rows, columns] =
                    [0, 1].map(|axis| self.geometry.padded_len(axis, self.geometry.output[axis]));
                dense(rows, columns, self.channels)?
            }
        };
        let first = &self.kernels[0];
        let size = |k: &Kernel| ([k.rows(), k.columns()], k.anchor());
        let alike = self.kernels.iter().all(|k| size(k) == size(first));
        let (window, dilation) = if alike {
            (size(first).0, self.filter.dilation)
        } else {
            (self.geometry.window, [1, 1])
        };
        let spacing = Spacing {
            step: self.filter.step,
            dilation,
        };
        let plane = source.index_axis::<2>(2, 0)?;
        Ok(plane.windows_over([0, 1], window, spacing)?)
    }

    /// An image of the shape and depth of the result.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`] if the memory cannot be had.
    pub fn allocate(&self) -> Result<Image> {
        let [rows, columns, channels] = self.output_shape();
        Image::zeroed(rows, columns, channels, self.output_depth())
    }

    /// The columns of the result that every tile of a band computes. Where
    /// windows can look at the image itself, those that leave it stand in tiles
    /// of their own; but for the transform, whose tiles stand on a grid.
    pub(super) fn tile_columns(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let columns = self.geometry.output[1];
        let inside = match self.direct && self.method() != Method::Fft {
            true => band::columns_inside(&self.geometry, self.channels),
            false => 0..columns,
        };
        let width = self.tile_width;
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

    pub(super) fn is_for(&self, filter: &Filter, input: Input) -> bool {
        self.filter == *filter && self.input == input
    }

    /// Rows of the image from one window to the next.
    pub(crate) const fn row_step(&self) -> usize {
        self.geometry.step[0]
    }

    /// Whether so many bytes of the result are stored past the caches.
    pub(super) fn streams(&self, bytes: usize) -> bool {
        let row = self.tile_width * self.channels * self.output_depth().bytes();
        self.lane() != LaneKind::I16 && row >= STREAM_ROW_BYTES && bytes > STREAM_BYTES
    }

    /// The most bytes that all threads keep while rows are made, samples of
    /// the image and of the result aside.
    pub(crate) fn memory(&self) -> usize {
        let threads = rayon::current_num_threads();
        let element = self.lane().bytes();
        let framed = |rows| {
            self.row_bytes
                .saturating_mul(self.geometry.padded_len(0, rows))
        };
        let frame = match self.zero_copy() {
            true => 0,
            false => framed(self.band_rows),
        };
        // Where the columns of the border are taken from, on both sides.
        let columns = size_of::<Option<usize>>() * 2 * self.geometry.window[1];
        // A slice for each row of a band.
        let rows = size_of::<&[u8]>() * self.geometry.padded_len(0, self.band_rows);
        // A row of sums has those of the columns that a step leaves out.
        let dense = self.geometry.positions(1, self.tile_width) * self.channels + MAX_BLOCK;
        let sums = (self.kernels.len() * self.rows_at_once).saturating_mul(dense * element);
        let finished = self.tile_width * self.channels * self.output_depth().bytes();
        let engine = match &self.choice.way {
            // A pair of tiles, a line of them, and the sums of a tile that is
            // left to the direct method.
            Way::Fft(tiling) => {
                let tile = tiling.size[0] * tiling.size[1] * 2;
                let line = tiling.size[1] * 2 * FFT_LINES;
                (tile + line + self.rows_at_once * dense) * element
            }
            // Rows of every term, before they are summed.
            Way::Separable(factors) => {
                let terms = factors.iter().map(|f| f.terms.len()).max().unwrap_or(0);
                terms * self.rows_at_once.max(DIRECT_ROWS) * self.separable_row()
            }
            // A row of totals, and two of their sums.
            Way::Totals => 3 * self.separable_row(),
            _ => 0,
        };
        let thread = [frame, columns, rows, sums, finished, engine];
        (thread.into_iter().fold(0, usize::saturating_add))
            .saturating_mul(threads)
            .saturating_add(self.kernel_memory())
    }

    /// The most bytes of a row between the passes of the separable engine.
    fn separable_row(&self) -> usize {
        let columns = self.geometry.padded_len(1, self.tile_width);
        columns * self.channels * self.lane().bytes() + ROW_SLACK
    }

    /// The most bytes of the kernels as they are compiled, and of their
    /// copies.
    fn kernel_memory(&self) -> usize {
        let taps = self.kernels.iter().map(|k| k.rows() * k.columns());
        let taps: usize = taps.sum();
        let spectra = match self.choice.way {
            // In the lane, and while they are made twice in f64.
            Way::Fft(tiling) => {
                let tile = tiling.size[0] * tiling.size[1] * 2;
                let tables = 16 * (tiling.size[0] + tiling.size[1]) * size_of::<f64>();
                self.kernels.len() * (tile * self.lane().bytes() + tables)
                    + 2 * tile * size_of::<f64>()
            }
            _ => 0,
        };
        let tap = match self.geometry.dilation {
            [1, 1] => TAP,
            _ => LONE_TAP,
        };
        taps.saturating_mul(tap).saturating_add(spectra)
    }

    /// The bytes of a row of luma, if that has to be computed.
    pub(crate) fn luma_row_bytes(&self) -> usize {
        let [_, columns, channels] = self.input.layout.shape();
        match self.filter.channel.stored(channels) {
            Ok(None) => columns * self.input.depth.bytes(),
            _ => 0,
        }
    }

    /// The sample type of the image.
    pub(super) const fn depth(&self) -> Depth {
        self.input.depth
    }

    /// The channels that are taken as they are, or `None` for luma.
    pub(super) fn stored_channels(&self, channels: usize) -> Result<Option<Range<usize>>> {
        self.filter.channel.stored(channels)
    }

    /// Whether the last channel is alpha and copied.
    pub(super) const fn copies_alpha(&self) -> bool {
        matches!(self.filter.channel, Channel::Each) && crate::image::has_alpha(self.channels)
    }
}

/// A constant border stands among the samples and must be one.
fn check_constant(extent: Extent, depth: Depth) -> Result<()> {
    let Extent::Same(Border::Constant(value)) = extent else {
        return Ok(());
    };
    let white = depth.full_scale();
    if value.abs() > f64::from(f32::MAX) {
        return Err(Error::request(format_args!(
            "constant:{value:e} is beyond what a sample can be"
        )));
    }
    if depth != Depth::F32 && (value.fract() != 0.0 || !(0.0..=white).contains(&value)) {
        return Err(Error::request(format_args!(
            "constant:{value} is no {depth} sample; use a whole number from 0 to {white}"
        )));
    }
    Ok(())
}
