//! The axes of an array: what each of them is.

#[cfg(test)]
mod tests;

mod stack;

use std::{fmt, str::FromStr};

pub(crate) use stack::Stack;

use crate::error::{Error, InputError, RequestError, Result};

/// What the axes of an array are, from the first to the last, as one letter each: `Y` are
/// rows and `X` columns, both required; `C` are channels; any other letter counts planes.
///
/// Each plane is filtered by itself, and the result has its axes in the same order.
///
/// # Examples
///
/// ```
/// use stridekern::Axes;
///
/// // A film: an axis of time, then rows and columns.
/// let axes: Axes = "TYX".parse()?;
/// assert_eq!(axes.letters().collect::<String>(), "TYX");
/// assert_eq!("tyx".parse::<Axes>()?, axes);
/// assert_eq!(
///     "TX".parse::<Axes>().unwrap_err().to_string(),
///     "the axes `TX` have no Y, which are rows; write for instance TYX or YXC"
/// );
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Axes(String);

impl Axes {
    /// The letters, in upper case.
    pub fn letters(&self) -> impl Iterator<Item = char> {
        self.0.chars()
    }

    /// How many axes there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Axes of these letters, which are some of those of other axes.
    pub(crate) fn of_letters(letters: impl IntoIterator<Item = char>) -> Self {
        Self(letters.into_iter().collect())
    }

    /// Which axis has this letter, counted from 0.
    pub(crate) fn position(&self, letter: char) -> Option<usize> {
        self.0.find(letter)
    }

    /// The axes that an array of this shape has if nobody says: `YX`, or `YXC` if the third can
    /// only be channels.
    ///
    /// # Errors
    ///
    /// If the shape does not tell.
    fn of_shape(shape: &[usize]) -> Result<Self> {
        match shape {
            [_, _] => Ok(Self("YX".to_owned())),
            [_, _, 1..=4] => Ok(Self("YXC".to_owned())),
            [] | [_] => Err(InputError::ArrayAxes { axes: shape.len() }.into()),
            _ => {
                let shape = shape.to_vec();
                let readings = Box::new(readings(&shape));
                Err(InputError::ArrayOrder { shape, readings }.into())
            }
        }
    }

    /// Checks that an array of this shape has as many axes.
    fn check(&self, shape: &[usize]) -> Result<()> {
        match shape.len() == self.count() {
            true => Ok(()),
            false => {
                let (shape, axes) = (shape.to_vec(), self.to_string());
                Err(InputError::AxesCount { shape, axes }.into())
            }
        }
    }
}

/// What the axes of an array are taken for when it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reading<'a> {
    /// These axes.
    As(&'a Axes),
    /// What its shape tells, or an error.
    ByShape,
    /// Rows, columns and, if there is a third axis, channels: an image.
    AsImage,
}

impl<'a> Reading<'a> {
    /// The axes, if they were named.
    pub(crate) const fn named(self) -> Option<&'a Axes> {
        match self {
            Self::As(axes) => Some(axes),
            _ => None,
        }
    }

    /// Whether it is said that the channels are those of a picture.
    pub(crate) const fn names_channels(self) -> bool {
        !matches!(self, Self::ByShape)
    }

    /// The axes of an array of this shape.
    ///
    /// # Errors
    ///
    /// If it has other axes.
    pub(crate) fn axes(self, shape: &[usize]) -> Result<Axes> {
        match (self, shape) {
            (Self::As(axes), _) => Ok(axes.clone()),
            (Self::AsImage, [_, _, _]) => Ok(Axes("YXC".to_owned())),
            _ => Axes::of_shape(shape),
        }
    }

    /// Whether channels are said to be read, since nobody named them: of more than four, an image
    /// is unlikely to be meant.
    pub(crate) const fn tells_channels(self, channels: usize) -> bool {
        match self {
            Self::As(_) => false,
            Self::ByShape => true,
            Self::AsImage => channels > 4,
        }
    }
}

/// The axes, or what the shape tells.
impl<'a> From<Option<&'a Axes>> for Reading<'a> {
    fn from(axes: Option<&'a Axes>) -> Self {
        axes.map_or(Self::ByShape, Self::As)
    }
}

/// Letters for axes that count planes, the commonest first.
const OTHERS: &str = "TZSPQRUVWABDEFGHIJKLMNO";

/// The two likely axes of an array of three or more, the likelier first, each with what the
/// array holds then.
fn readings(shape: &[usize]) -> [(String, String); 2] {
    let [others @ .., rows, columns, channels] = shape else {
        return Default::default();
    };
    // Of an array of more axes than there are letters, the last ones are missing.
    let letters = |count: usize| OTHERS.chars().take(count).collect::<String>();
    let counted = |planes: &[usize]| {
        let planes = planes.iter().fold(1_usize, |n, &len| n.saturating_mul(len));
        format!("{planes} plane{}", if planes == 1 { "" } else { "s" })
    };
    let planes = (
        format!("{}YX", letters(others.len() + 1)),
        format!(
            "{} of {columns} x {channels}",
            counted(&shape[..others.len() + 1])
        ),
    );
    let colours = (
        format!("{}YXC", letters(others.len())),
        match others {
            [] => format!("{channels} channels"),
            _ => format!(
                "{} of {rows} x {columns} with {channels} channels",
                counted(others)
            ),
        },
    );
    match channels {
        1..=4 => [colours, planes],
        _ => [planes, colours],
    }
}

/// The letters.
impl fmt::Display for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The letters, in upper or lower case.
impl FromStr for Axes {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = |problem: String| {
            let text = text.to_owned();
            Err(RequestError::Axes { text, problem }.into())
        };
        let letters = text.to_ascii_uppercase();
        if let Some(other) = letters.chars().find(|c| !c.is_ascii_uppercase()) {
            return refused(format!("have `{other}`, which is no letter from A to Z"));
        }
        let twice = |(at, letter): &(usize, char)| letters[..*at].contains(*letter);
        if let Some((_, letter)) = letters.char_indices().find(twice) {
            return refused(format!("have {letter} twice"));
        }
        for (letter, what) in [('Y', "rows"), ('X', "columns")] {
            if !letters.contains(letter) {
                return refused(format!("have no {letter}, which are {what}"));
            }
        }
        Ok(Self(letters))
    }
}
