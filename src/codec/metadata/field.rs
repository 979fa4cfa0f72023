//! Fields of a TGA file that no other format has, and texts that it holds.

use std::sync::Arc;

use super::{Fate, Omission, Part, ResultGrid, Tag, density::Density, tag};
use crate::codec::DensityUnit;

/// A field of the header or the extension area of a TGA file (Truevision TGA File Format
/// Specification 2.0, C.2 and C.6).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// Where the lower left corner lies on a screen: X and Y, each of 16 bits.
    Origin([u8; 4]),
    /// The identification of the picture, if it is no text.
    Identification(Arc<[u8]>),
    /// Hundredths of the version of the software, of 16 bits, and its letter, if they do not follow
    /// the name of that.
    Version([u8; 3]),
    /// The name of the job, padded with zeros, and hours, minutes and seconds spent on it.
    Job([u8; 47]),
    /// The key or background colour: blue, green, red and alpha.
    KeyColor([u8; 4]),
    /// The gamma of the samples, a quotient of two numbers of 16 bits.
    Gamma([u8; 4]),
}

impl Field {
    /// Where it lies in the extension area, if it does.
    pub(in crate::codec) const fn place(&self) -> Option<usize> {
        match self {
            Self::Origin(_) | Self::Identification(_) => None,
            Self::Job(_) => Some(379),
            Self::Version(_) => Some(467),
            Self::KeyColor(_) => Some(470),
            Self::Gamma(_) => Some(478),
        }
    }

    pub(in crate::codec) fn data(&self) -> &[u8] {
        match self {
            Self::Job(data) => data,
            Self::Version(data) => data,
            Self::Identification(data) => data,
            Self::Origin(data) | Self::KeyColor(data) | Self::Gamma(data) => data,
        }
    }

    /// Its name in messages.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Origin(_) => "place on the screen",
            Self::Identification(_) => "identification",
            Self::Version(_) => "version of the software",
            Self::Job(_) => "job name and time",
            Self::KeyColor(_) => "key colour",
            Self::Gamma(_) => "gamma",
        }
    }

    /// Its bytes that say something.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Job(data) => data.iter().filter(|byte| **byte != 0).count(),
            other => other.data().len(),
        }
    }

    /// As it is true of a result that lies so on its input.
    pub(super) fn revised_for(&self, grid: &ResultGrid) -> Part {
        match self {
            // Rows are counted from below.
            Self::Origin(_) if grid.is_moved() => Part::Other {
                name: self.name().to_owned(),
                bytes: self.bytes(),
                why: Omission::Unknown("it is that of the whole picture"),
            },
            _ => Part::Field(self.clone()),
        }
    }

    /// Whether it tells how samples are to be understood.
    pub(super) const fn is_of_samples(&self) -> bool {
        matches!(self, Self::Gamma(_))
    }
}

/// Tags of TIFF that have the meaning of fields.
pub(in crate::codec) const SOFTWARE: u16 = 305;
pub(in crate::codec) const DATE_TIME: u16 = 306;
pub(in crate::codec) const ARTIST: u16 = 315;

/// The most bytes of a name or a line.
const MAX_NAME: usize = 40;
const MAX_LINE: usize = 80;
const MAX_LINES: usize = 4;
const MAX_ID: usize = 255;

/// What becomes of a part in a TGA file.
pub(super) fn fate(part: &Part) -> Option<Fate> {
    let fits = match part {
        Part::Field(Field::Identification(data)) => (1..=MAX_ID).contains(&data.len()),
        Part::Field(_) => true,
        Part::Comment(text) => comment_lines(text).is_some(),
        Part::Tag(tag) => match tag.code {
            tag::DOCUMENT_NAME => name(tag, MAX_ID).is_some(),
            ARTIST => name(tag, MAX_NAME).is_some(),
            SOFTWARE => software(tag).is_some(),
            DATE_TIME => date(tag).is_some(),
            _ => return None,
        },
        _ => return None,
    };
    Some(match fits {
        true => Fate::Kept,
        false => Fate::Lost("it does not fit tga".to_owned()),
    })
}

/// A text of at most `longest` bytes.
fn name(tag: &Tag, longest: usize) -> Option<&[u8]> {
    let text = tag.data.strip_suffix(b"\0").unwrap_or(&tag.data);
    let is_sound = tag.kind == tag::kinds::ASCII && is_text(text, longest);
    is_sound.then_some(text)
}

/// Whether a reader finds it again: no zeros within, no padding behind.
fn is_text(text: &[u8], longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && !text.contains(&0) && text.trim_ascii_end() == text
}

/// The identification, as a file begins with it.
pub(in crate::codec) fn identification(tag: &Tag) -> Option<&[u8]> {
    name(tag, MAX_ID)
}

/// The lines of a comment.
pub(in crate::codec) fn comment_lines(text: &[u8]) -> Option<Vec<&[u8]>> {
    let lines = Vec::from_iter(text.split(|byte| *byte == b'\n'));
    let fits = lines.len() <= MAX_LINES && lines.iter().all(|line| is_text(line, MAX_LINE));
    fits.then_some(lines)
}

/// The author.
pub(in crate::codec) fn author(tag: &Tag) -> Option<&[u8]> {
    name(tag, MAX_NAME)
}

/// Month, day, year, hour, minute and second.
pub(in crate::codec) fn date(tag: &Tag) -> Option<[u16; 6]> {
    let text = str::from_utf8(name(tag, MAX_NAME)?).ok()?;
    let is_digit = |at: usize| !matches!(at, 4 | 7 | 10 | 13 | 16);
    let sound = text.len() == 19
        && text.bytes().enumerate().all(|(at, byte)| match at {
            10 => byte == b' ',
            _ if is_digit(at) => byte.is_ascii_digit(),
            _ => byte == b':',
        });
    let number = |start: usize, end: usize| text.get(start..end)?.parse().ok();
    let date = [(5, 7), (8, 10), (0, 4), (11, 13), (14, 16), (17, 19)];
    let [month, day, year, hour, minute, second] =
        date.map(|(start, end)| number(start, end).filter(|_| sound));
    let date = [month?, day?, year?, hour?, minute?, second?];
    // Zeros are no date.
    (date[..3] != [0; 3]).then_some(date)
}

/// The name of a program, its version in hundredths, and the letter of that: `paint 1.23b`.
pub(in crate::codec) fn software(tag: &Tag) -> Option<(&[u8], u16, u8)> {
    let text = name(tag, MAX_NAME + 12)?;
    let plain = || (text.len() <= MAX_NAME).then_some((text, 0, b' '));
    let Some(space) = text.iter().rposition(|byte| *byte == b' ') else {
        return plain();
    };
    let (program, version) = (&text[..space], &text[space + 1..]);
    let (version, letter) = match version.split_last() {
        Some((letter, rest)) if letter.is_ascii_lowercase() => (rest, *letter),
        _ => (version, b' '),
    };
    let numbered = || {
        let (whole, hundredths) = str::from_utf8(version).ok()?.split_once('.')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let has_zero = whole.len() > 1 && whole.starts_with('0');
        if !digits(whole) || has_zero || hundredths.len() != 2 || !digits(hundredths) {
            return None;
        }
        let [whole, hundredths]: [u32; 2] = [whole.parse().ok()?, hundredths.parse().ok()?];
        let number = whole.checked_mul(100)?.checked_add(hundredths)?;
        let number = u16::try_from(number).ok().filter(|number| *number > 0)?;
        is_text(program, MAX_NAME).then_some((program, number, letter))
    };
    numbered().or_else(plain)
}

/// Width and height of a pixel, if its shape is all that a density tells.
pub(in crate::codec) fn pixel_shape(density: Density) -> Option<[u16; 2]> {
    let (unit, [across, down]) = density.as_u16_pair()?;
    if unit != DensityUnit::None {
        return None;
    }
    // Of wide pixels there are fewer in a row.
    Some([u16::try_from(down).ok()?, u16::try_from(across).ok()?])
}
