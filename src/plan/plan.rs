//! How a filter will be run: a plain value, computed once, that can describe itself.

use std::{ops::Range, sync::Arc};

use super::{
    association::Association,
    convolution::Convolution,
    tuning::{ResolvedTuning, Tuning},
};
use crate::{
    engine::{ENGINES, Engine, Method, Offer},
    error::{InputError, RequestError, Result},
    filter::{Alpha, Extent, Filter, Selection},
    geometry::Geometry,
    image::{Channels, Depth, Image, ImageSpec, ImageView, Samples},
    kernel::Kernel,
    number::LaneKind,
    orientation::Orientation,
    simd::Level,
    view::{Layout, Spacing},
};

impl Filter {
    /// How this filter will be run on an image like this one.
    ///
    /// # Errors
    ///
    /// If the filter cannot be applied to such an image, or `tuning` asks for
    /// what would break the promise of exact results.
    pub fn plan<'a>(&self, image: impl Into<ImageView<'a>>, tuning: &Tuning) -> Result<Plan> {
        Plan::new(self, Input::of(&image.into()), &tuning.resolve())
    }

    /// How this filter will be run on images of this shape and depth, whose
    /// samples are contiguous, row by row.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan).
    pub fn plan_for(&self, shape: [usize; 3], depth: Depth, tuning: &Tuning) -> Result<Plan> {
        Plan::new(self, Input::of_shape(shape, depth)?, &tuning.resolve())
    }

    /// How this filter will be run on images of this depth whose samples are laid out so, and
    /// whose last channel is alpha or not.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan).
    pub(crate) fn plan_for_layout(
        &self,
        layout: Layout<3>,
        has_alpha: bool,
        depth: Depth,
        tuning: &Tuning,
    ) -> Result<Plan> {
        let input = Input {
            layout,
            has_alpha,
            depth,
        };
        Plan::new(self, input, &tuning.resolve())
    }
}

/// What a plan needs to know of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Input {
    layout: Layout<3>,
    /// Whether the last channel is alpha.
    has_alpha: bool,
    depth: Depth,
}

impl Input {
    pub(crate) fn of(image: &ImageView<'_>) -> Self {
        Self::of_picture(*image.layout(), image.depth())
    }

    const fn of_picture(layout: Layout<3>, depth: Depth) -> Self {
        let [_, _, channels] = layout.shape();
        Self {
            layout,
            has_alpha: Channels::of_picture(channels).has_alpha,
            depth,
        }
    }

    const fn spec(&self) -> ImageSpec {
        ImageSpec::new(self.layout.shape(), self.depth)
    }

    /// An image whose samples are contiguous, row by row.
    pub(crate) fn of_shape(shape: [usize; 3], depth: Depth) -> Result<Self> {
        let len = (shape.iter())
            .try_fold(1_usize, |len, &n| len.checked_mul(n))
            .unwrap_or(usize::MAX);
        let layout = Layout::c_order(shape, len)?;
        Ok(Self::of_picture(layout, depth))
    }

    const fn channels(&self) -> Channels {
        let [_, _, count] = self.layout.shape();
        Channels {
            count,
            has_alpha: self.has_alpha,
        }
    }
}

/// How a filter will be run on images of one shape and depth.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) filter: Filter,
    input: Input,
    /// The channels of the image that are filtered.
    selection: Selection,
    association: Association,
    pub(super) tuning: ResolvedTuning,
    pub(crate) convolution: Arc<Convolution>,
    /// How the stored pixels of a file are turned by the layout that this plan was made for.
    turned_pixels: Orientation,
    /// Whether windows inside the image read it in place, if its layout is the one that
    /// this plan was made for.
    pub(super) reads_in_place: bool,
}

/// Plans are equal if their inputs (filter, image, tuning) and the chosen engine and band
/// are: the rest follows from these.
impl PartialEq for Plan {
    fn eq(&self, other: &Self) -> bool {
        let inputs = |plan: &Self| (plan.input, plan.tuning, plan.band_rows());
        self.filter == other.filter
            && inputs(self) == inputs(other)
            && self.engine() == other.engine()
    }
}

/// The maximum samples of a row, so that no size computed from them overflows: far more
/// than any memory holds. A view that repeats its channels can have more.
const MAX_ROW_LEN: usize = 1 << (usize::BITS - 12);

impl Plan {
    pub(crate) fn new(filter: &Filter, input: Input, tuning: &ResolvedTuning) -> Result<Self> {
        let Some(name) = tuning.engine else {
            return Self::among(ENGINES, filter, input, tuning);
        };
        match ENGINES.iter().find(|engine| engine.name() == name) {
            Some(&engine) => Self::among(&[engine], filter, input, tuning),
            None => {
                let reason = "there is no such engine".to_owned();
                Err(RequestError::Engine {
                    engine: name,
                    reason,
                }
                .into())
            }
        }
    }

    /// With the cheapest of these engines.
    pub(crate) fn among(
        engines: &[&'static dyn Engine],
        filter: &Filter,
        input: Input,
        tuning: &ResolvedTuning,
    ) -> Result<Self> {
        filter.check()?;
        if input.layout.is_empty() {
            return Err(InputError::EmptyImage { shape: None }.into());
        }
        let spec = input.spec();
        if spec.columns.saturating_mul(spec.channels) > MAX_ROW_LEN {
            return Err(spec.unaddressable(Some(spec.depth)));
        }
        let channels = input.channels();
        filter.check_program(spec, channels.has_alpha)?;
        let mut selection = filter.selection(channels)?;
        let association = Association::new(filter, channels, spec.depth, &mut selection);
        let what = (&selection, association);
        let convolution = Convolution::new(engines, filter, spec, what, tuning)?;
        let flat = input.layout.index_axis(0, 0)?.is_c_contiguous();
        let all = selection.stored == Some(0..spec.channels) && !association.unpremultiplies;
        Ok(Self {
            reads_in_place: convolution.reads_in_place(flat && all),
            convolution: Arc::new(convolution),
            turned_pixels: Orientation::Normal,
            filter: filter.clone(),
            input,
            selection,
            association,
            tuning: *tuning,
        })
    }

    /// The same, of an image in a file whose stored pixels are turned so by its layout.
    pub(crate) fn of_turned_pixels(self, orientation: Orientation) -> Self {
        Self {
            turned_pixels: orientation,
            ..self
        }
    }

    /// How the stored pixels of a file are turned before they are filtered.
    pub const fn turned_pixels(&self) -> Orientation {
        self.turned_pixels
    }

    /// How the images of this plan, and its results, are turned to those that the filter's
    /// options were given for: see [`Filter::turned`].
    pub const fn orientation(&self) -> Orientation {
        self.filter.orientation
    }

    /// The name of the chosen engine: `direct`, `dots`, `running-sum`, ...
    pub fn engine(&self) -> &'static str {
        self.convolution.choice.engine.name()
    }

    /// The method that the engine belongs to.
    pub fn method(&self) -> Method {
        self.convolution.choice.engine.method()
    }

    /// The accumulator type: the number type of the sums.
    pub fn lane(&self) -> LaneKind {
        self.convolution.lane()
    }

    /// The SIMD level of the inner loop.
    pub fn simd(&self) -> Level {
        self.offer().simd.level()
    }

    /// Output rows in a band.
    pub fn band_rows(&self) -> usize {
        self.convolution.band_rows(self.reads_in_place)
    }

    /// Whether all windows read the image in place, without a copy.
    pub fn zero_copy(&self) -> bool {
        self.reads_in_place && self.geometry().is_valid()
    }

    /// `[rows, columns, channels]` of the result.
    pub fn output_shape(&self) -> [usize; 3] {
        self.output().shape()
    }

    /// `[rows, columns, channels]` of the result as a picture. Of an array whose `X` axis precedes
    /// its `Y` axis, the [output](Self::output_shape) has rows and columns exchanged, as the
    /// image and the window have.
    pub fn picture_shape(&self) -> [usize; 3] {
        self.as_picture(self.output()).shape()
    }

    /// Whether rows and columns are exchanged, since the `X` axis of an array precedes its `Y`
    /// axis.
    pub const fn is_transposed(&self) -> bool {
        self.filter.transposed
    }

    /// An image or a result of this plan, with rows and columns in the places of a picture's.
    pub(crate) const fn as_picture(&self, spec: ImageSpec) -> ImageSpec {
        match self.filter.transposed {
            true => ImageSpec {
                rows: spec.columns,
                columns: spec.rows,
                ..spec
            },
            false => spec,
        }
    }

    /// The sample type of the result.
    pub fn output_depth(&self) -> Depth {
        self.convolution.depths[1]
    }

    /// The sample type of the windows: that of the image, or floats for the luma of integers
    /// where the result is float, which is not rounded to a sample.
    pub fn window_depth(&self) -> Depth {
        self.convolution.depths[0]
    }

    /// The rows of the image, from the first to the last, that these rows of
    /// the result are computed from, including those that the border repeats.
    pub fn source_rows(&self, rows: &Range<usize>) -> Range<usize> {
        self.geometry().rows.source_range(rows)
    }

    /// Rows and columns of the window, dilation included; of several kernels,
    /// the window that holds them all.
    pub fn window(&self) -> [usize; 2] {
        self.geometry().window()
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
        let [rows, columns, _] = self.input.layout.shape();
        let dense = |rows: usize, columns: usize, channels: usize| {
            let len = rows.saturating_mul(columns).saturating_mul(channels);
            Layout::c_order([rows, columns, channels], len)
        };
        // The part of an image without a border that windows are in.
        let part = |source: Layout<3>| -> Result<Layout<3>> {
            let Geometry { rows, columns, .. } = self.geometry();
            let source = source.slice(0, rows.first_inside()..)?;
            Ok(source.slice(1, columns.first_inside()..)?)
        };
        let source = match (self.filter.extent, self.selection.stored.clone()) {
            (Extent::Valid, Some(stored)) => part(self.input.layout.slice(2, stored)?)?,
            (Extent::Valid, None) => part(dense(rows, columns, self.convolution.channels)?)?,
            (Extent::Same(_) | Extent::PerAxis { .. }, _) => {
                let Geometry { rows, columns, .. } = self.geometry();
                let [rows, columns] = [rows, columns].map(|axis| axis.padded_len(axis.output));
                dense(rows, columns, self.convolution.channels)?
            }
        };
        let first = &self.convolution.kernels[0];
        let size = |k: &Kernel| ([k.rows(), k.columns()], k.anchor());
        let same_size = self
            .convolution
            .kernels
            .iter()
            .all(|k| size(k) == size(first));
        let (window, dilation) = if same_size {
            (size(first).0, self.filter.dilation)
        } else {
            (self.geometry().window(), [1, 1])
        };
        let spacing = Spacing {
            step: self.filter.step,
            dilation,
        };
        let plane = source.index_axis(2, 0)?;
        Ok(plane.windows_over([0, 1], window, spacing)?)
    }

    /// An image of the shape and depth of the result, to be overwritten; a large one in
    /// [huge pages](crate::image::Buffer), where the system has them. It holds zeros, or what the
    /// last large result that was dropped held.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit) if the memory cannot be allocated.
    pub fn allocate(&self) -> Result<Image> {
        let [rows, columns, channels] = self.output_shape();
        let spec = self.convolution.output();
        let samples = Samples::with_any_values(spec.depth, spec.sample_count()?)?;
        Image::new(rows, columns, channels, samples)
    }

    /// What is computed.
    pub(crate) const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Shape and depth of the result.
    pub(crate) fn output(&self) -> ImageSpec {
        self.convolution.output()
    }

    /// Shape and depth of the image.
    pub(crate) const fn image(&self) -> ImageSpec {
        self.input.spec()
    }

    /// The row and the column of the image that the anchor of the first window lies on.
    pub(crate) fn origin(&self) -> [usize; 2] {
        let Geometry { rows, columns, .. } = self.geometry();
        [rows, columns].map(|axis| axis.anchor_source(0))
    }

    /// Rows and columns of the image from one window to the next.
    pub(crate) fn step(&self) -> [usize; 2] {
        let Geometry { rows, columns, .. } = self.geometry();
        [rows.step, columns.step]
    }

    /// Rows of the image from one window to the next.
    pub(crate) fn row_step(&self) -> usize {
        self.geometry().rows.step
    }

    /// The bytes of a row of luma, if that has to be computed, and of one of straight colours.
    pub(crate) fn luma_row_bytes(&self) -> usize {
        let image = self.image();
        let luma = match self.selection.stored {
            None => image.columns * self.convolution.channels * self.window_depth().bytes(),
            Some(_) => 0,
        };
        match self.association.unpremultiplies {
            true => luma + image.row_bytes(),
            false => luma,
        }
    }

    /// What is done where colours are multiplied by alpha.
    pub(crate) const fn association(&self) -> Association {
        self.association
    }

    /// The channels of the image that are filtered.
    pub(crate) const fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The channels of the image.
    pub(crate) const fn image_channels(&self) -> Channels {
        self.input.channels()
    }

    /// Whether the last channel of the image is alpha.
    pub const fn has_alpha(&self) -> bool {
        self.image_channels().has_alpha
    }

    /// What becomes of alpha, the last channel of the result; `None` if that has none.
    pub const fn alpha(&self) -> Option<Alpha> {
        self.selection.alpha
    }

    fn geometry(&self) -> &Geometry {
        &self.convolution.geometry
    }

    /// What the engine offered.
    pub(crate) fn offer(&self) -> &Offer {
        self.convolution.offer()
    }

    /// Threads that share the work.
    pub const fn threads(&self) -> usize {
        self.tuning.threads
    }

    /// Output rows that are computed at once.
    pub(crate) fn rows_at_once(&self) -> usize {
        self.convolution.rows_at_once()
    }
}
