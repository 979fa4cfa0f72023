//! How a filter will be run: a plain value, chosen once, that explains itself.

use std::{iter, ops::Range};

use super::{choice::Choice, frame, geometry::Geometry, lane, sizes, task::Task, tuning::Resolved};
use crate::{
    border::Border,
    engine::{ENGINES, Engine, Method, Offer},
    error::{InputError, RequestError, Result},
    filter::{Channel, Extent, Filter},
    image::{self, Depth, Image, ImageView},
    kernel::Kernel,
    number::LaneKind,
    simd::Level,
    tone::Tone,
    view::{Layout, Spacing},
};

/// What a plan needs to know of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Input {
    layout: Layout<3>,
    depth: Depth,
}

impl Input {
    pub(crate) fn of(image: &ImageView<'_>) -> Self {
        Self {
            layout: *image.layout(),
            depth: image.depth(),
        }
    }

    /// Of an image whose samples stand row by row.
    pub(crate) fn of_shape(shape: [usize; 3], depth: Depth) -> Result<Self> {
        let len = (shape.iter())
            .try_fold(1_usize, |len, &n| len.checked_mul(n))
            .unwrap_or(usize::MAX);
        let layout = Layout::c_order(shape, len)?;
        Ok(Self { layout, depth })
    }
}

/// How a filter will be run on images of one shape and depth.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) filter: Filter,
    input: Input,
    pub(super) tuning: Resolved,
    /// The bank's kernels as they are computed.
    pub(crate) kernels: Vec<Kernel>,
    pub(crate) geometry: Geometry,
    pub(crate) tone: Tone,
    pub(super) choice: Choice,
    pub(super) channels: usize,
    pub(super) band_rows: usize,
    /// Whether windows inside the image look at the image itself.
    pub(super) direct: bool,
    /// Bytes of a framed source row.
    pub(super) row_bytes: usize,
}

/// A plan follows from what it was made for, and so is another one's equal if that is.
impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        let made_for = |plan: &Self| (plan.input, plan.tuning, plan.band_rows);
        self.filter == other.filter
            && made_for(self) == made_for(other)
            && self.engine() == other.engine()
    }
}

/// Bytes of a result that the caches do not keep: they are stored past them
/// (24 megapixels by 3x3 in f32: 9.0 and 7.6 ms for floats, 7.9 and 7.3 for
/// bytes; sums in i16 gained nothing).
const STREAM_BYTES: usize = 8 << 20;

/// The least bytes of a row of a tile to be stored so: lines of the cache that
/// are stored in part cost more (11x11 by tiles of 172 bytes: 31 and 39 ms).
const STREAM_ROW_BYTES: usize = 4 << 10;

impl Plan {
    pub(crate) fn new(filter: &Filter, input: Input, tuning: &Resolved) -> Result<Self> {
        Self::among(ENGINES, filter, input, tuning)
    }

    /// With the cheapest of these engines.
    pub(crate) fn among(
        engines: &[&'static dyn Engine],
        filter: &Filter,
        input: Input,
        tuning: &Resolved,
    ) -> Result<Self> {
        filter.check()?;
        if input.layout.is_empty() {
            return Err(InputError::EmptyImage { shape: None }.into());
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
        let output_depth = filter.output_depth(input.depth);
        let choice = Choice::new(
            &Task {
                kernels: &kernels,
                combine: filter.bank.combine(),
                geometry: &geometry,
                channels,
                depth: input.depth,
                output_depth,
                map: filter.map,
                copies_alpha: copies_alpha(filter.channel, channels),
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
        let flat = input.layout.index_axis::<2>(0, 0)?.is_c_contiguous();
        let direct = flat
            && filter.channel.stored(input_channels)? == Some(0..input_channels)
            && frame::reads_directly(&geometry, channels, input.depth, element);
        let row_bytes = frame::row_bytes(&geometry, tile_width, channels, element);
        sizes::check(&geometry, row_bytes, rows_at_once)?;
        let band_rows = tuning
            .band_rows
            .unwrap_or_else(|| sizes::band_rows(&geometry, row_bytes, direct, tuning.threads));
        let band_rows = band_rows
            .max(1)
            .next_multiple_of(rows_at_once)
            .min(geometry.output[0]);
        let tone = Tone::new(
            &kernels,
            filter.bank.combine(),
            filter.map,
            input.depth,
            output_depth,
            lane,
        );
        if !tone.is_exact(&kernels) {
            return Err(RequestError::Divisors.into());
        }
        Ok(Self {
            tone,
            kernels,
            filter: filter.clone(),
            input,
            tuning: *tuning,
            geometry,
            choice,
            channels,
            band_rows,
            direct,
            row_bytes,
        })
    }

    /// The engine that runs it: `direct`, `dots`, `running-sum`, ...
    pub fn engine(&self) -> &'static str {
        self.choice.engine.name()
    }

    /// The method that the engine belongs to.
    pub fn method(&self) -> Method {
        self.choice.engine.method()
    }

    /// The arithmetic of the inner loop.
    pub const fn lane(&self) -> LaneKind {
        self.choice.offer.lane
    }

    /// The SIMD level of the inner loop.
    pub const fn simd(&self) -> Level {
        self.choice.offer.simd.level()
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
    /// [`Error::Layout`](crate::Error::Layout) if there are more windows than can be counted.
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
    /// [`Error::Limit`](crate::Error::Limit) if the memory cannot be had.
    pub fn allocate(&self) -> Result<Image> {
        let [rows, columns, channels] = self.output_shape();
        Image::zeroed(rows, columns, channels, self.output_depth())
    }

    /// The columns of the result that every tile of a band computes. Where
    /// windows can look at the image itself, those that leave it stand in tiles
    /// of their own, unless tiles stand on a grid.
    pub(crate) fn tile_columns(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let columns = self.geometry.output[1];
        let inside = match self.direct && !self.choice.offer.on_grid {
            true => frame::columns_inside(&self.geometry, self.channels),
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

    /// Whether the image is like the one that this plan was made for.
    pub(crate) fn is_for(&self, image: &ImageView<'_>) -> bool {
        self.input == Input::of(image)
    }

    /// Rows of the image from one window to the next.
    pub(crate) const fn row_step(&self) -> usize {
        self.geometry.step[0]
    }

    /// Whether so many bytes of the result are stored past the caches.
    pub(crate) fn streams(&self, bytes: usize) -> bool {
        let row = self.tile_width() * self.channels * self.output_depth().bytes();
        self.lane() != LaneKind::I16 && row >= STREAM_ROW_BYTES && bytes > STREAM_BYTES
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
    pub(crate) const fn depth(&self) -> Depth {
        self.input.depth
    }

    /// The channels that are taken as they are, or `None` for luma.
    pub(crate) fn stored_channels(&self, channels: usize) -> Result<Option<Range<usize>>> {
        self.filter.channel.stored(channels)
    }

    /// Whether the last channel is alpha and copied.
    pub(crate) fn copies_alpha(&self) -> bool {
        copies_alpha(self.filter.channel, self.channels)
    }

    /// What the engine offered.
    pub(crate) const fn offer(&self) -> &Offer {
        &self.choice.offer
    }

    /// Columns of the result in a tile; the last of a band may have fewer.
    pub(crate) const fn tile_width(&self) -> usize {
        self.choice.offer.tile_width
    }

    /// Threads that share the work.
    pub(crate) const fn threads(&self) -> usize {
        self.tuning.threads
    }

    /// Output rows that are computed at once.
    pub(crate) const fn rows_at_once(&self) -> usize {
        self.choice.offer.rows_at_once
    }
}

fn copies_alpha(channel: Channel, channels: usize) -> bool {
    channel == Channel::Each && image::has_alpha(channels)
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
