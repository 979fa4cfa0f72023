//! Warnings: what the user should know about a file that could still be read or written.

#[cfg(feature = "codecs")]
mod left_out;

use std::{fmt, ops::Deref};

#[cfg(feature = "codecs")]
pub(crate) use left_out::LeftOut;

/// Something that the user should know: one line, in lower case, without a path.
///
/// It dereferences to that line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    kind: WarningKind,
    text: String,
    /// The parts that the text lists.
    #[cfg(feature = "codecs")]
    left_out: Option<Box<LeftOut>>,
}

/// The kind of a [`Warning`], if a caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// An ICC profile was dropped because it is damaged, or takes more than 1/64 of
    /// [`Limits::max_memory`](crate::codec::Limits::max_memory).
    Profile,
    /// Responses lay beyond the range of an integer result and were clipped to it.
    Clipped(ClipCause),
    /// Responses were so small that little was left of them in integers, which
    /// [`Map::Stretch`](crate::Map::Stretch) avoids.
    Levelled,
    /// Integers beyond their type [wrapped around](crate::Overflow::Wrap).
    Wrapped,
    /// Another program rounds the weights of the kernel to integers, by which they change.
    RoundedWeights,
    /// Responses that are not a number became 0.
    NotANumber,
    /// Finite responses became infinite.
    Infinite {
        /// Whether they did in 64-bit floats, which are the widest.
        in_f64: bool,
    },
    /// Windows had too few present samples: see [`Missing`](crate::Missing).
    Missing,
    /// An array of three axes was read as rows, columns and channels, since nobody said what its
    /// [`Axes`](crate::Axes) are.
    Axes,
    /// Alpha was dropped, as the result has no place for it.
    Alpha,
    /// Colours of transparent pixels were filtered like others, which
    /// [`Alpha::Weight`](crate::Alpha::Weight) avoids.
    Transparent,
    /// So many fully transparent pixels show colours that were hidden, as alpha was dropped.
    Hidden(u64),
    /// The file says which samples are missing, and they were filtered like others, which
    /// [`Missing::no_data`](crate::Missing::no_data) avoids.
    NoData,
    /// Metadata of the input are not in the result.
    Metadata,
    /// The pixels stay as they are stored, and viewers will not turn them as those of the input,
    /// which [`ActOn::Seen`](crate::run::ActOn::Seen) avoids.
    Orientation,
    /// A result lacks the record that [`run::Options::record`](crate::run::Options::record)
    /// asks for.
    Record,
    /// Channels or parts of an OpenEXR file were not read, which
    /// [`Options::layer`](crate::run::Options) chooses.
    Channels,
    /// A progressive JPEG becomes one that is not, which
    /// [`EncodeOptions::progressive`](crate::codec::EncodeOptions) avoids.
    Progressive,
    /// A lossy WebP or TIFF becomes a lossless one, which may be several times larger.
    Lossless,
    /// Samples of another range than that of 8 or 16 bits were scaled to it when they were read.
    Scaled,
    /// Samples of which zero is white were inverted when they were read.
    Inverted,
    /// The picture is stored with a palette, and its result with the colours of each pixel.
    Palette,
    /// 16-bit floats become 32-bit floats, which are the only ones that are written.
    HalfFloats,
    /// Anything else.
    Other,
}

/// Why responses were clipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClipCause {
    /// They are negative: [`Map::Abs`](crate::Map::Abs), [`Map::Offset`](crate::Map::Offset)
    /// and [`Map::Float`](crate::Map::Float) keep them.
    Negative,
    /// The weights sum to more than the divisor.
    Weights,
    /// The weights sum to the divisor, and some are negative: the kernel overshoots at edges, as
    /// sharpening does.
    Overshoot {
        /// How strongly: the sum of the absolute weights, in percent of the divisor.
        strength: u32,
    },
    /// The bias of the kernel is beyond full scale, most likely meant in samples.
    Bias,
    /// They are larger, or smaller, than the type of the result holds:
    /// [`Map::Stretch`](crate::Map::Stretch) keeps them.
    Range,
    /// They are indices or angles, which a wider type holds.
    Unit,
}

impl WarningKind {
    /// A name for programs, such as `clipped` or `not_a_number`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Clipped(_) => "clipped",
            Self::Levelled => "levelled",
            Self::Wrapped => "wrapped",
            Self::RoundedWeights => "rounded_weights",
            Self::NotANumber => "not_a_number",
            Self::Infinite { .. } => "infinite",
            Self::Missing => "missing",
            Self::Axes => "axes",
            Self::NoData => "no_data",
            Self::Alpha => "alpha",
            Self::Transparent => "transparent",
            Self::Hidden(_) => "hidden",
            Self::Metadata => "metadata",
            Self::Orientation => "orientation",
            Self::Record => "record",
            Self::Channels => "channels",
            Self::Progressive => "progressive",
            Self::Lossless => "lossless",
            Self::Scaled => "scaled",
            Self::Inverted => "inverted",
            Self::Palette => "palette",
            Self::HalfFloats => "half_floats",
            Self::Other => "other",
        }
    }
}

impl Warning {
    const fn of(kind: WarningKind, text: String) -> Self {
        Self {
            kind,
            text,
            #[cfg(feature = "codecs")]
            left_out: None,
        }
    }

    /// An ICC profile was dropped because it may take more than this many bytes.
    pub(crate) fn profile(format: &str, limit: usize) -> Self {
        Self::of(
            WarningKind::Profile,
            format!(
                "the ICC profile of the {format} file is damaged or takes more than {} MiB: it was dropped",
                limit >> 20
            ),
        )
    }

    /// These shares of the samples were clipped to the ends of an integer type, the first to
    /// the first. `reason` is a clause.
    pub(crate) fn clipped(
        ends: [i128; 2],
        shares: [f64; 2],
        cause: ClipCause,
        reason: &str,
    ) -> Self {
        let mut parts = [(shares[0], ends[0]), (shares[1], ends[1])];
        parts.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let [(most, end), (less, other)] = parts;
        let also = match less > 0.0 {
            true => format!(" and {} to {other}", percent(less)),
            false => String::new(),
        };
        Self::of(
            WarningKind::Clipped(cause),
            format!(
                "{} of the samples were clipped to {end}{also}{reason}",
                percent(most)
            ),
        )
    }

    /// This share of the samples is beyond an integer type with these ends, and wrapped around.
    pub(crate) fn wrapped([low, high]: [i128; 2], share: f64) -> Self {
        Self::of(
            WarningKind::Wrapped,
            format!(
                "{} of the samples wrapped around, since their responses are beyond {low}..{high}",
                percent(share)
            ),
        )
    }

    /// So many weights of all that are not 0 are 0 when they are rounded to integers, and areas are
    /// multiplied by the second of these numbers instead of the first.
    pub(crate) fn rounded_weights([lost, all]: [usize; 2], gains: [f64; 2]) -> Self {
        let [meant, rounded] = gains.map(|gain| number(f64::from(gain as f32)));
        let became = match lost {
            0 => String::new(),
            _ => format!("{lost} of {all} became 0, and "),
        };
        Self::of(
            WarningKind::RoundedWeights,
            format!(
                "libvips rounds the weights to integers: {became}flat areas are multiplied by {rounded}, not by {meant}"
            ),
        )
    }

    /// The same warning of another cause.
    pub(crate) const fn caused_by(mut self, cause: ClipCause) -> Self {
        self.kind = WarningKind::Clipped(cause);
        self
    }

    /// So many responses are not a number.
    pub(crate) fn not_a_number(count: u64) -> Self {
        let text = match count {
            1 => "1 response is not a number and became 0".to_owned(),
            _ => format!("{count} responses are not a number and became 0"),
        };
        let kind = WarningKind::NotANumber;
        Self::of(kind, text)
    }

    /// So many finite responses are beyond the range of floats of this depth, or of 64 bits.
    pub(crate) fn infinite(count: u64, depth: impl fmt::Display, in_f64: bool) -> Self {
        let [responses, are] = match count {
            1 => ["response", "is"],
            _ => ["responses", "are"],
        };
        Self::of(
            WarningKind::Infinite { in_f64 },
            format!(
                "{count} finite {responses} {are} beyond what {depth} samples hold and became infinite"
            ),
        )
    }

    /// What [`Plan`](crate::Plan) says of missing samples.
    pub(crate) const fn missing(text: String) -> Self {
        let kind = WarningKind::Missing;
        Self::of(kind, text)
    }

    /// Responses in this range were clipped to that of an integer result: these shares, below
    /// and above.
    pub(crate) fn clipped_range([low, high]: [f64; 2], limits: [f64; 2], shares: [f64; 2]) -> Self {
        // The ends of 64-bit integers, in no more digits than they have here.
        let limit = |value: f64| match value.abs() < 2_f64.powi(53) {
            true => value.to_string(),
            false => format!("{value:e}"),
        };
        let (low, high) = (number(low), number(high));
        Self::of(
            WarningKind::Clipped(ClipCause::Range),
            format!(
                "responses from {low} to {high} were clipped to {}..{}{}: {} of the samples",
                limit(limits[0]),
                limit(limits[1]),
                // Else in samples.
                if limits == [0.0, 1.0] {
                    ", full scale"
                } else {
                    ""
                },
                percent(shares[0] + shares[1]),
            ),
        )
    }

    /// Responses in this range, at most 1, were rounded to integers without being scaled.
    pub(crate) fn levelled([low, high]: [f64; 2]) -> Self {
        Self::of(
            WarningKind::Levelled,
            format!(
                "responses from {} to {} were rounded to whole numbers, as samples of these types are not scaled",
                number(low),
                number(high)
            ),
        )
    }

    /// Alpha was dropped, for this reason: a clause.
    pub(crate) fn alpha(why: &str) -> Self {
        Self::of(WarningKind::Alpha, format!("{why}: alpha was dropped"))
    }

    /// The last of so many channels of an array becomes alpha in this format, which nobody said it is.
    #[cfg(feature = "codecs")]
    pub(crate) fn guessed_alpha(format: impl fmt::Display, channels: usize) -> Self {
        Self::of(
            WarningKind::Axes,
            format!(
                "the last of {channels} channels is alpha in a {format} file, and was filtered like the others"
            ),
        )
    }

    /// Pixels whose colours were filtered like others are transparent.
    pub(crate) fn transparent() -> Self {
        Self::of(
            WarningKind::Transparent,
            "it has transparent pixels, whose colours were filtered like others".to_owned(),
        )
    }

    /// So many pixels were fully transparent before alpha was dropped.
    pub(crate) fn hidden(count: u64) -> Self {
        let shown = match count {
            1 => "1 fully transparent pixel shows its hidden colour".to_owned(),
            _ => format!("{count} fully transparent pixels show their hidden colours"),
        };
        Self::of(
            WarningKind::Hidden(count),
            format!("{shown}, since alpha was dropped"),
        )
    }

    /// Samples of this value, missing by their file, were filtered like others.
    pub(crate) fn no_data(value: &str) -> Self {
        Self::of(
            WarningKind::NoData,
            format!(
                "the file says that samples of {value} are missing: they were filtered like others"
            ),
        )
    }

    /// What the user should know of the metadata of a result.
    pub(crate) const fn metadata(text: String) -> Self {
        Self::of(WarningKind::Metadata, text)
    }

    /// What a file carries and its result does not, if there is something.
    #[cfg(feature = "codecs")]
    pub(crate) fn left_out(parts: LeftOut) -> Option<Self> {
        (!parts.is_empty()).then(|| Self {
            left_out: Some(Box::new(parts.clone())),
            ..Self::metadata(format!("metadata left out: {parts}"))
        })
    }

    /// Adds warnings about another page to `all`: what is left out of several is told in one, any
    /// other thing once.
    #[cfg(feature = "codecs")]
    pub(crate) fn add_each_once(all: &mut Vec<Self>, more: Vec<Self>) {
        for warning in more {
            let Some(parts) = &warning.left_out else {
                if !all.contains(&warning) {
                    all.push(warning);
                }
                continue;
            };
            let known = all.iter_mut().find(|known| known.left_out.is_some());
            match known {
                Some(known) => known.join(parts),
                None => all.push(warning),
            }
        }
    }

    #[cfg(feature = "codecs")]
    fn join(&mut self, parts: &LeftOut) {
        let mut all = self.left_out.take().map(|all| *all).unwrap_or_default();
        all.join(parts);
        if let Some(joined) = Self::left_out(all) {
            *self = joined;
        }
    }

    /// Pixels will be shown as they are stored.
    pub(crate) const fn orientation(text: String) -> Self {
        let kind = WarningKind::Orientation;
        Self::of(kind, text)
    }

    /// A result has no record, for this reason: a clause.
    #[cfg(feature = "codecs")]
    pub(crate) fn record(why: &str) -> Self {
        Self::of(
            WarningKind::Record,
            format!("the record is left out: {why}"),
        )
    }

    /// Channels of these names were not read.
    #[cfg(feature = "codecs")]
    pub(crate) fn channels(names: &str) -> Self {
        Self::of(
            WarningKind::Channels,
            format!("the exr file has more channels, which were not read: {names}"),
        )
    }

    /// Of so many parts of an OpenEXR file, `read` was read and `others` were not.
    #[cfg(feature = "codecs")]
    pub(crate) fn parts(count: usize, read: &str, others: &str) -> Self {
        Self::of(
            WarningKind::Channels,
            format!("the exr file has {count} parts: part {read} was read, left out: {others}"),
        )
    }

    /// A progressive JPEG becomes one that is not.
    #[cfg(feature = "codecs")]
    pub(crate) fn progressive() -> Self {
        Self::of(
            WarningKind::Progressive,
            "the jpeg file is progressive, the result is not".to_owned(),
        )
    }

    /// A lossy file of this format becomes a lossless one.
    #[cfg(feature = "codecs")]
    pub(crate) fn lossless(format: impl fmt::Display) -> Self {
        Self::of(
            WarningKind::Lossless,
            format!(
                "the {format} file is lossy, the result is lossless, and may be several times larger"
            ),
        )
    }

    /// Samples, `of 12 bits`, were scaled to those of this depth.
    #[cfg(feature = "codecs")]
    pub(crate) fn scaled(
        format: impl fmt::Display,
        stored: impl fmt::Display,
        read: impl fmt::Display,
    ) -> Self {
        Self::of(
            WarningKind::Scaled,
            format!(
                "the {format} file has samples {stored}: they were read as {read} samples, from full scale to full scale"
            ),
        )
    }

    /// Samples of which zero is white were inverted.
    #[cfg(feature = "codecs")]
    pub(crate) fn inverted(format: impl fmt::Display) -> Self {
        Self::of(
            WarningKind::Inverted,
            format!(
                "the {format} file says that zero is white: its samples were inverted, so that zero is black"
            ),
        )
    }

    /// A file of this format has a palette.
    #[cfg(feature = "codecs")]
    pub(crate) fn palette(format: impl fmt::Display) -> Self {
        Self::of(
            WarningKind::Palette,
            format!("the {format} file has a palette, the result has none"),
        )
    }

    /// 16-bit floats become wider.
    #[cfg(feature = "codecs")]
    pub(crate) fn half_floats() -> Self {
        Self::of(
            WarningKind::HalfFloats,
            "the exr file holds 16-bit floats, the result 32-bit floats".to_owned(),
        )
    }

    /// Pages that are no frames got this delay.
    pub(crate) fn delays(delay: impl fmt::Display) -> Self {
        Self::of(
            WarningKind::Metadata,
            format!("the pages say nothing of time: each is shown for {delay}, over and over"),
        )
    }

    /// How the axes of an array were understood.
    pub(crate) const fn axes(text: String) -> Self {
        let kind = WarningKind::Axes;
        Self::of(kind, text)
    }

    /// The warning, with the number of the page if that is not the first.
    #[cfg(feature = "codecs")]
    pub(crate) fn at_page(&self, page: u64) -> Self {
        let text = match page {
            0 | 1 => self.text.clone(),
            page => format!("page {page}: {}", self.text),
        };
        Self {
            text,
            ..self.clone()
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> WarningKind {
        self.kind
    }
}

/// A share as `12.5 %`.
fn percent(share: f64) -> String {
    let text = match (share * 1000.0).round() {
        0.0 if share > 0.0 => return "less than 0.1 %".to_owned(),
        1000.0 if share < 1.0 => return "more than 99.9 %".to_owned(),
        tenths => (tenths / 10.0).to_string(),
    };
    format!("{text} %")
}

/// A response as 32-bit floats hold it, without the digits of a binary fraction.
fn number(response: f64) -> String {
    let response = response as f32;
    match response == 0.0 || (1e-4..1e7).contains(&response.abs()) {
        true => response.to_string(),
        false => format!("{response:e}"),
    }
}

impl From<String> for Warning {
    fn from(text: String) -> Self {
        let kind = WarningKind::Other;
        Self::of(kind, text)
    }
}

impl From<&str> for Warning {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Deref for Warning {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq<str> for Warning {
    fn eq(&self, other: &str) -> bool {
        self.text == *other
    }
}

impl PartialEq<&str> for Warning {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl PartialEq<String> for Warning {
    fn eq(&self, other: &String) -> bool {
        self.text == *other
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
