//! Numbers of pages, of which the first few are named.

use std::fmt;

/// The most ranges that are named.
const MAX_RANGES: usize = 8;

/// Some pages of a file, counted from 1: the first few by their numbers, how many others there
/// are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageNumbers {
    ranges: Vec<[u64; 2]>,
    others: u64,
}

impl PageNumbers {
    /// Adds a page after all others.
    pub(crate) fn push(&mut self, page: u64) {
        let is_full = self.ranges.len() == MAX_RANGES;
        match self.ranges.last_mut() {
            Some([_, last]) if self.others == 0 && last.checked_add(1) == Some(page) => {
                *last = page;
            }
            _ if is_full => self.others += 1,
            _ => self.ranges.push([page; 2]),
        }
    }

    /// The first and the last page of each range that is named.
    pub fn ranges(&self) -> &[[u64; 2]] {
        &self.ranges
    }

    /// How many further pages there are, all after those that are named.
    pub const fn others(&self) -> u64 {
        self.others
    }

    /// How many pages there are.
    pub fn count(&self) -> u64 {
        let named = self.ranges.iter().map(|[first, last]| last - first + 1);
        named.sum::<u64>() + self.others
    }
}

/// `page 3`, `pages 1, 4-6`, `pages 1, 3, 5 and 40 others`.
impl fmt::Display for PageNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = self.ranges.iter().map(|[first, last]| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        });
        let ranges = Vec::from_iter(ranges).join(", ");
        f.write_str(if self.count() == 1 { "page " } else { "pages " })?;
        f.write_str(&ranges)?;
        match self.others {
            0 => Ok(()),
            1 => f.write_str(" and 1 other"),
            others => write!(f, " and {others} others"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pages: impl IntoIterator<Item = u64>) -> PageNumbers {
        let mut numbers = PageNumbers::default();
        pages.into_iter().for_each(|page| numbers.push(page));
        numbers
    }

    #[test]
    fn the_first_pages_are_named_and_the_rest_counted() {
        for (pages, text) in [
            (vec![3], "page 3"),
            (vec![1, 2, 3], "pages 1-3"),
            (vec![1, 4, 5, 6, 9], "pages 1, 4-6, 9"),
            (
                vec![1, 3, 5, 7, 9, 11, 13, 15, 16],
                "pages 1, 3, 5, 7, 9, 11, 13, 15-16",
            ),
            (
                vec![1, 3, 5, 7, 9, 11, 13, 15, 17],
                "pages 1, 3, 5, 7, 9, 11, 13, 15 and 1 other",
            ),
        ] {
            let numbers = of(pages.iter().copied());
            assert_eq!(numbers.to_string(), text);
            assert_eq!(numbers.count(), pages.len() as u64);
        }
        let many = of((1..=10_000).step_by(2));
        assert!(many.to_string().ends_with("15 and 4992 others"), "{many}");
        assert_eq!((many.ranges().len(), many.count()), (MAX_RANGES, 5000));
        assert_eq!(of(2..=10_000).to_string(), "pages 2-10000");
    }
}
