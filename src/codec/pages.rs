//! Which pages of a file are read.

use std::{fmt, str::FromStr};

use crate::error::{Error, RequestError};

/// Which pages of a file with several pictures are read, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pages {
    /// All.
    #[default]
    All,
    /// Those from the first to the last of these numbers.
    Range {
        /// The number of the first, at least 1.
        first: u64,
        /// The number of the last, not before the first.
        last: u64,
    },
}

impl Pages {
    /// The first page alone.
    pub(super) const FIRST: Self = Self::Range { first: 1, last: 1 };

    /// The number of the first page.
    pub(super) const fn first(self) -> u64 {
        match self {
            Self::All => 1,
            Self::Range { first, .. } => first,
        }
    }

    /// Whether the page of this number is read.
    pub(super) const fn has(self, number: u64) -> bool {
        match self {
            Self::All => true,
            Self::Range { first, last } => first <= number && number <= last,
        }
    }

    /// How many pages are read of a file that has `count`, which is at least one.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] if it lacks one of them.
    pub(super) fn count_of(self, count: u64) -> Result<u64, Error> {
        match self {
            Self::All => Ok(count),
            Self::Range { last, .. } if last > count => Err(RequestError::NoPage {
                page: last,
                pages: count,
            }
            .into()),
            Self::Range { first, last } => Ok(last - first + 1),
        }
    }
}

/// The pages of a file that is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PageSet {
    /// How many there are.
    pub(crate) count: u64,
    /// The samples of all, in multiples of those of the first.
    pub(crate) size: f64,
}

impl PageSet {
    /// A single page.
    pub(crate) const ONE: Self = Self {
        count: 1,
        size: 1.0,
    };
}

/// `all`, `3` or `2-5`.
impl FromStr for Pages {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fault = || RequestError::Pages {
            text: text.to_owned(),
        };
        if text == "all" {
            return Ok(Self::All);
        }
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self::Range { first, last }),
            _ => Err(fault().into()),
        }
    }
}

impl fmt::Display for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Range { first, last } if first == last => write!(f, "{first}"),
            Self::Range { first, last } => write!(f, "{first}-{last}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written() {
        for text in ["all", "1", "7", "2-5"] {
            assert_eq!(text.parse::<Pages>().unwrap().to_string(), text);
        }
        assert_eq!("3-3".parse::<Pages>().unwrap().to_string(), "3");
        for text in [
            "", "0", "0-2", "5-2", "-1", "1-", "-", "1-2-3", "a", "1,2", "All",
        ] {
            let error = text.parse::<Pages>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("`{text}` names no pages; give all, a number from 1, or two such as 2-5")
            );
        }
    }

    #[test]
    fn pages_beyond_the_last_are_refused() {
        let pages = Pages::Range { first: 2, last: 4 };
        assert_eq!(pages.count_of(4).unwrap(), 3);
        assert_eq!(
            pages.count_of(3).unwrap_err().to_string(),
            "there is no page 4: the file has 3"
        );
        assert_eq!(Pages::All.count_of(7).unwrap(), 7);
    }
}
