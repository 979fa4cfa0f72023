//! The filter: what is computed from an image.

use std::sync::Arc;

use super::{Alpha, Channel, Extent, Missing, Overflow, Program, Rounding};
use crate::{
    combine::Combine,
    error::{RequestError, Result},
    image::Depth,
    kernel::{Kernel, KernelBank},
    map::Map,
    orientation::Orientation,
};

/// A bank of kernels, and all options that determine the result.
///
/// # Examples
///
/// ```
/// use stridekern::{Border, Extent, Filter, Image, KernelBank, Map, Samples};
///
/// // 0..12 in 4 rows of 3 columns, through the 2x2 kernel 1 0 / 0 1.
/// let image = Image::new(4, 3, 1, Samples::U8((0..12).collect()))?;
/// let bank = KernelBank::parse("sum", "sum.toml", "weights = [[1, 0], [0, 1]]")?;
///
/// let valid = Filter::new(bank.clone()).apply(&image)?;
/// assert_eq!(valid.shape(), [3, 2, 1]);
/// assert_eq!(valid.samples(), &Samples::U8(vec![4, 6, 10, 12, 16, 18].into()));
///
/// let same = Filter::new(bank)
///     .with_extent(Extent::Same(Border::Edge))
///     .with_map(Map::Float)
///     .apply(&image)?;
/// assert_eq!(same.shape(), [4, 3, 1]);
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// Shared, since a batch has a filter for each of its results.
    pub(crate) bank: Arc<KernelBank>,
    pub(crate) extent: Extent,
    pub(crate) step: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) channel: Channel,
    /// What becomes of alpha, if that was said.
    pub(crate) alpha: Option<Alpha>,
    /// Whether colours of the image and of the result are multiplied by alpha.
    pub(crate) premultiplied: [bool; 2],
    pub(crate) map: Map,
    pub(crate) depth: Option<Depth>,
    /// Whether samples of pictures are scaled to the full scale of `depth`.
    pub(crate) scaled: bool,
    /// Which samples are missing, if any.
    pub(crate) missing: Option<Missing>,
    /// How responses become integers.
    pub(crate) rounding: Rounding,
    pub(crate) overflow: Overflow,
    /// Whether pixels whose windows extend beyond the image stay as they are.
    pub(crate) keeps_frame: bool,
    /// The program whose way it follows.
    pub(crate) program: Option<Program>,
    /// How the images that it is for are turned to those that its options were given for.
    pub(crate) orientation: Orientation,
    /// Whether it is for arrays whose rows and columns are exchanged.
    pub(crate) transposed: bool,
}

impl Filter {
    /// A filter by `bank` with the extent `valid`, steps and dilations of 1, on luma,
    /// with the bank's own map (or `clamp`) and the depth of the image. A
    /// single [`Kernel`](crate::Kernel) converts to a bank.
    pub fn new(bank: impl Into<KernelBank>) -> Self {
        let bank = bank.into();
        Self {
            map: bank.map().unwrap_or_default(),
            bank: Arc::new(bank),
            extent: Extent::Valid,
            step: [1, 1],
            dilation: [1, 1],
            channel: Channel::Luma,
            alpha: None,
            premultiplied: [false; 2],
            depth: None,
            scaled: true,
            missing: None,
            rounding: Rounding::NearestEven,
            overflow: Overflow::Saturate,
            keeps_frame: false,
            program: None,
            orientation: Orientation::Normal,
            transposed: false,
        }
    }

    /// Sets the extent: the size of the result, and what lies outside the image. A
    /// [`Border`](crate::Border) is the extent `same` with that border; two of them,
    /// `[rows, columns]`, are one for each axis.
    #[must_use]
    pub fn with_extent(mut self, extent: impl Into<Extent>) -> Self {
        self.extent = extent.into();
        self
    }

    /// Sets the step: `[rows, columns]` from one window to the next. The first window
    /// stays where it is.
    #[must_use]
    pub const fn with_step(mut self, step: [usize; 2]) -> Self {
        self.step = step;
        self
    }

    /// Sets the dilation: `[rows, columns]` from one tap to the next.
    #[must_use]
    pub const fn with_dilation(mut self, dilation: [usize; 2]) -> Self {
        self.dilation = dilation;
        self
    }

    /// The channels that are filtered.
    #[must_use]
    pub const fn with_channel(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    /// What becomes of the alpha of images that have it; `None` is [`Alpha::Copy`]. Of a job's
    /// arrays, whose channels have no meaning by themselves, it also says that the last of two or
    /// of four channels is alpha, unless it is [`Alpha::Filter`].
    #[must_use]
    pub fn with_alpha(mut self, alpha: impl Into<Option<Alpha>>) -> Self {
        self.alpha = alpha.into();
        self
    }

    /// Whether the colours of images are multiplied by alpha, and whether those of results are
    /// to be.
    #[must_use]
    pub(crate) const fn with_premultiplied(mut self, image: bool, result: bool) -> Self {
        self.premultiplied = [image, result];
        self
    }

    /// How responses become samples.
    #[must_use]
    pub const fn with_map(mut self, map: Map) -> Self {
        self.map = map;
        self
    }

    /// The sample type of the result; `None` is that of the image, or floats
    /// with [`Map::Float`]. Between the [types of pictures](Depth::is_picture) samples are scaled
    /// from full scale to full scale: from 8 to 16 bits they are multiplied by 257, from 8 bits
    /// to floats divided by 255. Other types are converted as by
    /// [`with_sample_type`](Self::with_sample_type).
    #[must_use]
    pub fn with_depth(mut self, depth: impl Into<Option<Depth>>) -> Self {
        self.depth = depth.into();
        self.scaled = true;
        self
    }

    /// The sample type of the result, without scaling: responses in units of the image's
    /// samples, rounded once and saturated.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::{Depth, Filter, Image, Kernel, Samples};
    ///
    /// let image = Image::new(1, 3, 1, Samples::U8(vec![200, 10, 255].into()))?;
    /// let difference = Filter::new(Kernel::new(1, 2, vec![-1.0, 1.0])?);
    /// let result = difference.with_sample_type(Depth::I16).apply(&image)?;
    /// assert_eq!(result.samples(), &Samples::I16(vec![-190, 245].into()));
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    #[must_use]
    pub const fn with_sample_type(mut self, depth: Depth) -> Self {
        self.depth = Some(depth);
        self.scaled = false;
        self
    }

    /// Leaves out samples that are missing, by normalised convolution: see [`Missing`].
    #[must_use]
    pub fn ignoring(mut self, missing: impl Into<Option<Missing>>) -> Self {
        self.missing = missing.into();
        self
    }

    /// The filter for the stored pixels of a picture that is seen turned by `orientation`. Its
    /// result, turned so, is what this filter gives of the pixels turned so.
    ///
    /// Kernels are turned with their anchors; borders, steps and dilations of rows and columns
    /// are exchanged where these are, and so is a mask. The windows of a step are those that
    /// it has from the top left of the picture as it is seen. Integers are the same to
    /// the bit; sums of floats may be in another order.
    ///
    /// # Examples
    ///
    /// ```
    /// use stridekern::{Filter, Image, ImageView, KernelBank, Map, Orientation, Samples};
    ///
    /// let stored = Image::new(3, 4, 1, Samples::U8((0..12).map(|n| n * n).collect()))?;
    /// let filter = Filter::new(KernelBank::resolve("sobel_x")?).with_map(Map::Abs);
    /// let turned = filter.turned(Orientation::Rotate90).apply(&stored)?;
    /// assert_eq!(turned.shape(), [1, 2, 1]);
    ///
    /// let seen = filter.apply(ImageView::from(&stored).turned(Orientation::Rotate90))?;
    /// assert_eq!(seen.shape(), [2, 1, 1]);
    /// assert_eq!(turned.samples(), seen.samples());
    /// # Ok::<(), stridekern::Error>(())
    /// ```
    #[must_use]
    pub fn turned(&self, orientation: Orientation) -> Self {
        let to_stored = orientation.inverse();
        let missing = self.missing.as_ref();
        Self {
            bank: Arc::new(self.bank.turned(to_stored)),
            extent: match self.extent.borders() {
                Some(borders) => orientation.of_axes(borders).into(),
                None => self.extent,
            },
            step: orientation.of_axes(self.step),
            dilation: orientation.of_axes(self.dilation),
            missing: missing.map(|missing| missing.turned(to_stored)),
            orientation: orientation.then(self.orientation),
            ..self.clone()
        }
    }

    /// The filter for arrays whose rows and columns are exchanged, which gives results of which
    /// they are exchanged too.
    #[must_use]
    pub(crate) fn transposed(&self) -> Self {
        Self {
            transposed: !self.transposed,
            ..self.turned(Orientation::Transpose)
        }
    }

    /// The filter that gives the sample under the anchor of every window, converted to the type
    /// of the result, as alpha is in an image that has it.
    pub(crate) fn copying(&self) -> Self {
        let kernels = self.bank.kernels();
        let max = |of: &dyn Fn(&Kernel) -> [usize; 2]| {
            let sizes = kernels.iter().map(of);
            sizes.fold([0, 0], |[a, b], [c, d]| [a.max(c), b.max(d)])
        };
        let [above, left] = max(&Kernel::anchor);
        let [below, right] = max(&|kernel| {
            let [row, column] = kernel.anchor();
            [kernel.rows() - 1 - row, kernel.columns() - 1 - column]
        });
        let [rows, columns] = [above + 1 + below, left + 1 + right];
        let mut weights = vec![0.0; rows * columns];
        weights[above * columns + left] = 1.0;
        let kernel = Kernel::new(rows, columns, weights)
            .and_then(|kernel| kernel.with_anchor([above, left]))
            .expect("one weight is finite, and the anchor is on it");
        Self {
            bank: Arc::new(kernel.into()),
            map: match self.map {
                Map::Float => Map::Float,
                _ => Map::Clamp,
            },
            missing: None,
            alpha: None,
            program: None,
            rounding: Rounding::NearestEven,
            overflow: Overflow::Saturate,
            keeps_frame: false,
            ..self.clone()
        }
    }

    /// The size of the result, and what lies outside the image.
    pub const fn extent(&self) -> Extent {
        self.extent
    }

    /// `[rows, columns]` from one window to the next.
    pub const fn step(&self) -> [usize; 2] {
        self.step
    }

    /// `[rows, columns]` from one tap to the next.
    pub const fn dilation(&self) -> [usize; 2] {
        self.dilation
    }

    /// The requested sample type, if any; that of a result is
    /// [`output_depth`](Self::output_depth).
    pub const fn depth(&self) -> Option<Depth> {
        self.depth
    }

    /// The channels that are filtered.
    pub const fn channel(&self) -> Channel {
        self.channel
    }

    /// What becomes of alpha, if that was said.
    pub const fn alpha(&self) -> Option<Alpha> {
        self.alpha
    }

    /// How responses become samples.
    pub const fn map(&self) -> Map {
        self.map
    }

    /// Which samples are missing, if any.
    pub const fn missing(&self) -> Option<&Missing> {
        self.missing.as_ref()
    }

    /// The bank of kernels.
    pub fn bank(&self) -> &KernelBank {
        &self.bank
    }

    /// The sample type of the result for an image of depth `from`.
    pub const fn output_depth(&self, from: Depth) -> Depth {
        match (self.depth, self.map) {
            (Some(depth), _) => depth,
            (None, Map::Float) => from.float(),
            (None, _) => from,
        }
    }

    /// Checks what can be checked without an image.
    ///
    /// # Errors
    ///
    /// [`Error::Request`](crate::Error::Request) if a step or dilation is zero, [`Map::Float`] is combined with
    /// an integer depth, another map but [`Map::Clamp`] with indices or angles in degrees or radians,
    /// missing samples with directions, indices or a share beyond 0 to 1, or
    /// [`Alpha::Weight`] or [`Alpha::Filter`] with one channel.
    pub fn check(&self) -> Result<()> {
        if self.step.contains(&0) {
            return Err(RequestError::ZeroStep.into());
        }
        if self.dilation.contains(&0) {
            return Err(RequestError::ZeroDilation.into());
        }
        if let Some(missing) = &self.missing {
            missing.check()?;
            match self.bank.combine() {
                Some(combine) if combine.is_direction() => {
                    return Err(RequestError::MissingDirection.into());
                }
                Some(Combine::ArgMax) => return Err(RequestError::MissingIndex.into()),
                _ => {}
            }
        }
        if let Some(combine) = self.bank.combine()
            && combine.has_own_unit()
            && !matches!(self.map, Map::Clamp | Map::Float)
        {
            let map = self.map;
            return Err(RequestError::MapOfOwnUnit { combine, map }.into());
        }
        if let Some(alpha @ (Alpha::Weight | Alpha::Filter)) = self.alpha
            && self.channel.is_one()
        {
            let (alpha, channel) = (alpha.name(), self.channel.name());
            return Err(RequestError::AlphaOfOne { alpha, channel }.into());
        }
        self.check_rules()?;
        match self.depth {
            Some(depth) if self.map == Map::Float && !depth.is_float() => {
                Err(RequestError::FloatMap { depth }.into())
            }
            _ => Ok(()),
        }
    }
}
