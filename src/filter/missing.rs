//! Missing samples: which they are, and how much of a window may be missing.

use std::{fmt, sync::Arc};

use crate::{
    error::{RequestError, Result},
    image::{Depth, ImageSpec, ImageView, zeroed_vec},
    orientation::Orientation,
    text,
};

/// Which samples of an image are missing: windows are computed from the others, by normalised
/// convolution (Knutsson and Westin, 1993).
///
/// In each window a missing sample counts as the mean of the present ones, weighted by the
/// absolute weights. With the sums P of w and A of w s over the present samples, Q of |w| and
/// B of |w| s over the same, and S of all w, the weighted sum is
///
/// `A + (S - P) * B / Q`
///
/// before divisor and bias. For weights of one sign that is `A / P * S`; for kernels of sum
/// zero `A - P * B / Q`, which is 0 wherever the image is flat. A window with no weight on a
/// present sample, or less than the [minimum share](Self::with_min_share) Q of the sum of all
/// |w|, gives the missing value: NaN, the ignored value, or for a mask NaN in float and 0 in
/// integer results. Integer results that cannot be NaN are 0 there. A kernel of zeros gives 0
/// everywhere.
///
/// # Examples
///
/// ```
/// use stridekern::{Filter, Image, Kernel, Missing, Samples};
///
/// let nan = f32::NAN;
/// let image = Image::new(1, 7, 1, Samples::F32(vec![1.0, nan, 4.0, nan, nan, nan, 2.0].into()))?;
/// let mean = Kernel::new(1, 3, vec![1.0, 2.0, 1.0])?.with_divisor(4.0)?;
/// let filter = Filter::new(mean).ignoring(Missing::nan());
/// let result = filter.apply(&image)?;
/// let Samples::F32(samples) = result.samples() else { unreachable!() };
/// assert_eq!(samples[..3], [2.5, 4.0, 4.0]);
/// assert!(samples[3].is_nan());
/// assert_eq!(samples[4], 2.0);
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Missing {
    pub(crate) value: Option<MissingValue>,
    pub(crate) mask: Option<Mask>,
    pub(crate) min_share: f64,
}

/// The samples that are missing by their value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum MissingValue {
    Nan,
    /// Not NaN.
    Value(f64),
    /// The no-data value of the image's file.
    NoData,
}

impl Missing {
    const fn of(value: Option<MissingValue>, mask: Option<Mask>) -> Self {
        Self {
            value,
            mask,
            min_share: 0.0,
        }
    }

    /// Samples that are NaN.
    pub const fn nan() -> Self {
        Self::of(Some(MissingValue::Nan), None)
    }

    /// Samples equal to `value`, as the nearest number of their type.
    pub const fn value(value: f64) -> Self {
        match value.is_nan() {
            true => Self::nan(),
            false => Self::of(Some(MissingValue::Value(value)), None),
        }
    }

    /// Samples equal to the no-data value of the image's file, which only a
    /// [`Job`](crate::run::Job) knows.
    pub const fn no_data() -> Self {
        Self::of(Some(MissingValue::NoData), None)
    }

    /// Samples that the mask of a [`Job`](crate::run::Job)'s
    /// [options](crate::run::Options::mask) marks.
    pub const fn by_mask_of_job() -> Self {
        Self::of(None, None)
    }

    /// Samples at the nonzero ones of a mask.
    pub const fn mask(mask: Mask) -> Self {
        Self::of(None, Some(mask))
    }

    /// Also samples at the nonzero ones of a mask.
    #[must_use]
    pub fn and_mask(mut self, mask: Mask) -> Self {
        self.mask = Some(mask);
        self
    }

    /// The smallest share of the absolute weight, 0 to 1, that must lie on present samples.
    /// Windows with less give the missing value. Default: 0, any present sample is enough.
    #[must_use]
    pub const fn with_min_share(mut self, share: f64) -> Self {
        self.min_share = share;
        self
    }

    /// The same for a file with this no-data value, which is a number or `nan` as text.
    pub(crate) fn with_no_data(mut self, text: Option<&str>) -> Result<Self> {
        if self.value == Some(MissingValue::NoData) {
            let text = text.ok_or(RequestError::NoNoData)?;
            let number = text.trim().parse::<f64>();
            let number = number.map_err(|_| RequestError::NoDataText {
                text: text::printable(text),
            })?;
            self.value = Self::value(number).value;
        }
        Ok(self)
    }

    /// The value that is missing, as text: `nan`, `-9999`, `nodata`.
    #[cfg(feature = "codecs")]
    pub(crate) fn value_text(&self) -> Option<String> {
        self.value?;
        let alone = Self::of(self.value, None);
        Some(alone.to_string())
    }

    /// The same of images that are turned so.
    pub(crate) fn turned(&self, orientation: Orientation) -> Self {
        let mask = self.mask.as_ref();
        Self {
            mask: mask.map(|mask| mask.turned(orientation)),
            ..self.clone()
        }
    }

    /// Whether no sample of this type can be missing.
    pub(crate) fn is_void_for(&self, depth: Depth) -> bool {
        let by_value = match self.value {
            None => false,
            Some(MissingValue::Nan) => depth.is_float(),
            Some(_) => true,
        };
        !by_value && self.mask.is_none()
    }

    /// Checks what can be checked without an image.
    pub(super) fn check(&self) -> Result<()> {
        let share = self.min_share;
        match (0.0..=1.0).contains(&share) {
            true => Ok(()),
            false => Err(RequestError::MinShare { share }.into()),
        }
    }

    /// Checks that such an image can have the missing value, and that the mask fits it.
    pub(crate) fn check_image(&self, image: ImageSpec) -> Result<()> {
        match self.value {
            Some(MissingValue::NoData) => return Err(RequestError::NoNoData.into()),
            Some(MissingValue::Value(value)) if !holds(image.depth, value) => {
                let depth = image.depth;
                return Err(RequestError::MissingValue { value, depth }.into());
            }
            _ => {}
        }
        match &self.mask {
            Some(mask) if !mask.fits(image) => Err(RequestError::MaskSize {
                mask: mask.shape,
                image: image.shape(),
            }
            .into()),
            _ => Ok(()),
        }
    }

    /// What results of this type have where a window is missing.
    pub(crate) fn fill(&self, depth: Depth) -> Result<f64> {
        match self.value {
            Some(MissingValue::Value(value)) => match holds(depth, value) {
                true => Ok(value),
                false => Err(RequestError::MissingResult { value, depth }.into()),
            },
            _ if depth.is_float() => Ok(f64::NAN),
            _ => Ok(0.0),
        }
    }

    /// Whether the constant of a border is missing.
    pub(crate) fn holds_constant(&self, constant: f64, depth: Depth) -> bool {
        match self.value {
            Some(MissingValue::Nan) => constant.is_nan(),
            // As samples of that type.
            Some(MissingValue::Value(value)) => match depth {
                Depth::F64 => constant == value,
                _ if depth.is_float() => constant as f32 == value as f32,
                _ => constant == value,
            },
            _ => false,
        }
    }
}

/// `nan`, `-9999`, `nodata`, `nan and a mask`.
impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mask = match (&self.value, &self.mask) {
            (Some(_), Some(_)) => " and a mask",
            (None, Some(_)) => "a mask",
            (_, None) => "",
        };
        match self.value {
            Some(MissingValue::Nan) => write!(f, "nan{mask}"),
            Some(MissingValue::Value(value)) => write!(f, "{}{mask}", text::number(value)),
            Some(MissingValue::NoData) => write!(f, "nodata{mask}"),
            None => f.write_str(mask),
        }
    }
}

/// Whether samples of this type can have this value: of floats the nearest number.
fn holds(depth: Depth, value: f64) -> bool {
    let [low, high] = depth.finite_range();
    let within = (low..=high).contains(&value);
    match depth.is_float() {
        true => within || value.is_infinite(),
        false => within && value.fract() == 0.0,
    }
}

/// Which samples of an image are missing: nonzero, as in NumPy's masked arrays.
///
/// It has the height and width of the image, and one channel, which is for all of the
/// image's, or as many as the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    shape: [usize; 3],
    /// 1 where a sample is missing, else 0.
    missing: Arc<Vec<u8>>,
}

impl Mask {
    /// The mask of an image whose nonzero samples, NaN included, are missing ones.
    ///
    /// # Errors
    ///
    /// [`Error::Limit`](crate::Error::Limit) if memory cannot be allocated.
    pub fn new<'a>(image: impl Into<ImageView<'a>>) -> Result<Self> {
        let image = image.into();
        let mut missing = zeroed_vec(image.spec().sample_count()?)?;
        Self::mark(image, &mut missing);
        Ok(Self::of_marks(image.shape(), missing))
    }

    /// Sets the mark of every nonzero sample to 1, and of the others to 0.
    pub(crate) fn mark(image: ImageView<'_>, marks: &mut [u8]) {
        for (mark, number) in marks.iter_mut().zip(image.numbers()) {
            *mark = u8::from(number != 0.0);
        }
    }

    /// 1 for each missing sample, 0 for the others.
    pub(crate) fn of_marks(shape: [usize; 3], missing: Vec<u8>) -> Self {
        assert_eq!(missing.len(), shape.iter().product::<usize>());
        let missing = Arc::new(missing);
        Self { shape, missing }
    }

    fn turned(&self, orientation: Orientation) -> Self {
        if orientation == Orientation::Normal {
            return self.clone();
        }
        let marks = ImageView::from_samples(self.missing.as_slice(), self.shape);
        let marks = marks.expect("a mask has the size of its shape");
        let turned = marks.turned(orientation);
        let marks = turned.view::<u8>().expect("marks are bytes");
        Self::of_marks(turned.shape(), marks.to_vec())
    }

    /// The bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.missing.len()
    }

    /// A hash of its shape and its samples.
    #[cfg(feature = "codecs")]
    pub(crate) fn hash(&self) -> u64 {
        let shape = self
            .shape
            .iter()
            .flat_map(|side| (*side as u64).to_le_bytes());
        let shape = Vec::from_iter(shape);
        crate::hash::fnv1a_after(crate::hash::fnv1a(&shape), &self.missing)
    }

    pub(crate) const fn channels(&self) -> usize {
        self.shape[2]
    }

    /// A row, channels interleaved.
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        let len = self.shape[1] * self.shape[2];
        &self.missing[row * len..][..len]
    }

    /// Whether it is a mask for such an image.
    pub(crate) fn fits(&self, image: ImageSpec) -> bool {
        let [rows, columns, channels] = self.shape;
        [rows, columns] == [image.rows, image.columns]
            && (channels == 1 || channels == image.channels)
    }
}
