//! The sizes and types of the pages of a result.

use std::fmt;

use crate::{codec::PageNumbers, image::ImageSpec};

/// The most sizes and types that are told apart.
const MAX_KINDS: usize = 8;

/// The sizes and types of the pages of a result, in the order in which they come: the first few,
/// and how many pages have others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageKinds {
    kinds: Vec<PageKind>,
    others: u64,
}

/// Pages of one size and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageKind {
    /// The size and type of each.
    pub spec: ImageSpec,
    /// Their numbers in the input.
    pub pages: PageNumbers,
}

impl PageKinds {
    /// Adds a page after all others.
    pub(super) fn push(&mut self, page: u64, spec: ImageSpec) {
        let known = self.kinds.iter().position(|kind| kind.spec == spec);
        match known {
            Some(at) => self.kinds[at].pages.push(page),
            None if self.kinds.len() < MAX_KINDS => {
                let mut pages = PageNumbers::default();
                pages.push(page);
                self.kinds.push(PageKind { spec, pages });
            }
            None => self.others += 1,
        }
    }

    /// Those that are told apart.
    pub fn kinds(&self) -> &[PageKind] {
        &self.kinds
    }

    /// How many pages are of other kinds.
    pub const fn others(&self) -> u64 {
        self.others
    }

    /// Whether the pages differ in size or type.
    pub fn differ(&self) -> bool {
        self.kinds.len() > 1
    }
}

/// `pages 1, 3: 20 x 12, 1 x 8-bit; page 2: 31 x 9, 3 x 16-bit`.
impl fmt::Display for PageKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, PageKind { spec, pages }) in self.kinds.iter().enumerate() {
            let separator = if at > 0 { "; " } else { "" };
            let ImageSpec {
                rows,
                columns,
                channels,
                depth,
            } = spec;
            write!(
                f,
                "{separator}{pages}: {columns} x {rows}, {channels} x {depth}"
            )?;
        }
        match self.others {
            0 => Ok(()),
            1 => f.write_str("; 1 page of another kind"),
            others => write!(f, "; {others} pages of other kinds"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Depth;

    #[test]
    fn kinds_of_many_pages_are_bounded() {
        let spec = |rows| ImageSpec::new([rows, 7, 3], Depth::U8);
        let mut kinds = PageKinds::default();
        kinds.push(1, spec(5));
        kinds.push(2, spec(5));
        assert!(!kinds.differ());
        assert_eq!(kinds.to_string(), "pages 1-2: 7 x 5, 3 x 8-bit");
        kinds.push(3, spec(6));
        assert!(kinds.differ());
        let text = "pages 1-2: 7 x 5, 3 x 8-bit; page 3: 7 x 6, 3 x 8-bit";
        assert_eq!(kinds.to_string(), text);
        for page in 4..=10_000 {
            kinds.push(page, spec(page as usize));
        }
        assert_eq!(kinds.kinds().len(), MAX_KINDS);
        // 4, 7, 8 and so on are new, 5 and 6 are not.
        assert_eq!(kinds.others(), 9997 - 2 - 6);
        assert!(kinds.to_string().ends_with("; 9989 pages of other kinds"));
    }
}
