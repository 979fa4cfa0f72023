//! What becomes of alpha.

use std::{fmt, str::FromStr};

use crate::{
    error::{Error, Result},
    unknown_name::{NameOf, UnknownName},
};

/// What becomes of the alpha of an image.
///
/// Images of two and of four channels are pictures with alpha, the last channel. Planes that
/// are no alpha, such as those of a motion field, are filtered with
/// [`Alpha::Filter`], or one by one: see [`ImageView::plane`](crate::ImageView::plane).
///
/// # Examples
///
/// ```
/// use stridekern::{Alpha, Channel, Filter, Image, Kernel, Samples};
///
/// // Opaque red beside transparent black.
/// let image = Image::new(1, 2, 4, Samples::U8(vec![255, 0, 0, 255, 0, 0, 0, 0].into()))?;
/// let mean = Kernel::new(1, 2, vec![1.0, 1.0])?.with_divisor(2.0)?;
/// let filter = Filter::new(mean).with_channel(Channel::Each);
/// let samples = |alpha| -> stridekern::Result<Samples> {
///     let result = filter.clone().with_alpha(alpha).apply(&image)?;
///     Ok(result.samples().clone())
/// };
/// assert_eq!(samples(Alpha::Copy)?, Samples::U8(vec![128, 0, 0, 0].into()));
/// assert_eq!(samples(Alpha::Weight)?, Samples::U8(vec![255, 0, 0, 128].into()));
/// assert_eq!(samples(Alpha::Filter)?, Samples::U8(vec![128, 0, 0, 128].into()));
/// assert_eq!(samples(Alpha::Drop)?, Samples::U8(vec![128, 0, 0].into()));
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alpha {
    /// It is copied from the pixel under the anchor, and colours are filtered as if there were
    /// none.
    #[default]
    Copy,
    /// Colours count by their alpha, as if multiplied by it before the filter and divided after.
    ///
    /// With the weights w over their divisor, the samples a of alpha and c of a colour, where the
    /// weights do not sum to 0, the alpha of the result is `A = sum(w a)` and the colour
    /// `sum(w a c) / A`, plus the bias. Where A is not positive, alpha is 0 and the colours are
    /// those under the anchor. Of weights that sum to 0 the response is `sum(w a c)`, with a as
    /// a share of full scale, and alpha is copied.
    ///
    /// Kernels that are combined by `sum` are one kernel; others are taken one by one, and their
    /// alphas and colours combined. The constant of a border is opaque. Alpha is saturated, but
    /// not mapped.
    Weight,
    /// It is filtered like the other channels.
    Filter,
    /// The result has none.
    Drop,
}

impl Alpha {
    /// Every choice.
    pub const ALL: [Self; 4] = [Self::Copy, Self::Weight, Self::Filter, Self::Drop];

    /// `copy`, `weight`, `filter` or `drop`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Weight => "weight",
            Self::Filter => "filter",
            Self::Drop => "drop",
        }
    }
}

impl fmt::Display for Alpha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Alpha {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|alpha| alpha.name() == text)
            .ok_or_else(|| {
                UnknownName::new(NameOf::Alpha, text, "copy, weight, filter or drop").into()
            })
    }
}
