//! What becomes of the metadata of several pages in one result.

use std::mem;

use super::{Fate, PartFate, PartKind};
use crate::codec::PageNumbers;

/// The most parts that are listed beside those of the first page.
const MAX_FURTHER: usize = 100;

/// The parts of several pages, each once, and which pages carry it.
#[derive(Debug, Clone, Default)]
pub(crate) struct PageFates {
    parts: Vec<(PartFate, PageNumbers)>,
    /// Those beyond the limit, by what becomes of them.
    further: Vec<Further>,
    /// The most `parts`.
    limit: usize,
    pages: u64,
    is_animation: bool,
}

/// Parts that are only counted.
#[derive(Debug, Clone)]
struct Further {
    /// The first of them.
    part: PartFate,
    count: u64,
    pages: PageNumbers,
    /// The last page that has one.
    last: u64,
}

impl PageFates {
    /// Of the frames of an animation: what they carry beside their delays is of all of them.
    pub(crate) fn of_animation(is_animation: bool) -> Self {
        Self {
            is_animation,
            ..Self::default()
        }
    }

    /// Adds the parts of a page that comes after those before.
    pub(crate) fn add(&mut self, page: u64, fates: Vec<PartFate>) {
        self.pages += 1;
        if self.pages == 1 {
            self.limit = fates.len() + MAX_FURTHER;
        }
        // Parts of one name on the same page are several.
        let mut met = vec![false; self.parts.len()];
        for part in fates {
            let known = self.parts.iter().zip(&met);
            let known = known
                .enumerate()
                .find(|(_, ((known, _), met))| !**met && is_like(known, &part));
            match known.map(|(at, _)| at) {
                Some(at) => {
                    met[at] = true;
                    self.parts[at].1.push(page);
                }
                None if self.parts.len() < self.limit => {
                    met.push(true);
                    self.parts.push((part, one(page)));
                }
                None => self.add_further(page, part),
            }
        }
    }

    fn add_further(&mut self, page: u64, part: PartFate) {
        let fate = mem::discriminant(&part.fate);
        let is_it = |known: &&mut Further| mem::discriminant(&known.part.fate) == fate;
        let Some(known) = self.further.iter_mut().find(is_it) else {
            self.further.push(Further {
                part,
                count: 1,
                pages: one(page),
                last: page,
            });
            return;
        };
        known.count += 1;
        if known.part.fate != part.fate {
            let note = "each for its reason".to_owned();
            match &mut known.part.fate {
                Fate::Changed(why) | Fate::Outdated(why) | Fate::Lost(why) => *why = note,
                Fate::Kept | Fate::Dropped => {}
            }
        }
        if mem::replace(&mut known.last, page) != page {
            known.pages.push(page);
        }
    }

    /// The parts in the order in which they were met.
    pub(crate) fn finish(self) -> Vec<PartFate> {
        let further = self.further.into_iter().map(|further| {
            let Further {
                part, count, pages, ..
            } = further;
            let part = match count {
                1 => part,
                _ => {
                    let name = format!("{count} further parts");
                    PartFate::new(PartKind::Other, name, 0, part.fate)
                }
            };
            (part, pages)
        });
        let all = self.parts.into_iter().chain(further);
        let of_all = |part: &PartFate, pages: &PageNumbers| {
            let is_of_file = self.is_animation && part.kind != PartKind::Delay;
            is_of_file || pages.count() >= self.pages
        };
        all.map(|(part, pages)| PartFate {
            pages: (!of_all(&part, &pages)).then_some(pages),
            ..part
        })
        .collect()
    }
}

fn one(page: u64) -> PageNumbers {
    let mut pages = PageNumbers::default();
    pages.push(page);
    pages
}

/// Whether both are told of together, by the first. What was changed may differ from page to page.
fn is_like(known: &PartFate, part: &PartFate) -> bool {
    let fates = match (&known.fate, &part.fate) {
        (Fate::Changed(_), Fate::Changed(_)) => true,
        (known, part) => known == part,
    };
    fates && known.kind == part.kind && known.name == part.name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, fate: Fate) -> PartFate {
        PartFate::new(PartKind::Tag, name, 5, fate)
    }

    fn lost(why: &str) -> Fate {
        Fate::Lost(why.to_owned())
    }

    fn lines(fates: PageFates) -> Vec<String> {
        fates.finish().iter().map(PartFate::to_string).collect()
    }

    #[test]
    fn each_part_is_listed_once_with_its_pages() {
        let mut fates = PageFates::default();
        fates.add(1, vec![part("a", Fate::Kept), part("a", Fate::Kept)]);
        fates.add(2, vec![part("a", Fate::Kept), part("b", lost("x"))]);
        fates.add(3, vec![part("a", Fate::Kept), part("b", lost("y"))]);
        fates.add(4, vec![part("a", Fate::Kept), part("b", lost("x"))]);
        assert_eq!(
            lines(fates),
            [
                "a, 5 bytes: kept",
                "a of page 1, 5 bytes: kept",
                "b of pages 2, 4, 5 bytes: lost (x)",
                "b of page 3, 5 bytes: lost (y)",
            ]
        );
    }

    #[test]
    fn what_frames_carry_beside_their_delays_is_of_all() {
        let delay = |fate| PartFate::new(PartKind::Delay, "delays of frames", 0, fate);
        let mut fates = PageFates::of_animation(true);
        fates.add(1, vec![part("a", Fate::Kept), delay(Fate::Kept)]);
        fates.add(2, vec![delay(Fate::Changed("1 for 2".to_owned()))]);
        fates.add(3, vec![delay(Fate::Kept)]);
        assert_eq!(
            lines(fates),
            [
                "a, 5 bytes: kept",
                "delays of frames of pages 1, 3: kept",
                "delays of frames of page 2: changed (1 for 2)",
            ]
        );
    }

    #[test]
    fn parts_of_many_pages_are_bounded() {
        let mut fates = PageFates::default();
        for page in 1..=10_000 {
            let more = [
                part(&format!("a{page}"), lost("x")),
                part(&format!("b{page}"), lost("y")),
            ];
            fates.add(
                page,
                [part("all", Fate::Kept)].into_iter().chain(more).collect(),
            );
        }
        let lines = lines(fates);
        assert_eq!(lines.len(), 3 + MAX_FURTHER + 1);
        assert_eq!(lines[0], "all, 5 bytes: kept");
        // 50 of the further pages.
        assert_eq!(
            lines.last().unwrap(),
            "19898 further parts of pages 52-10000: lost (each for its reason)"
        );
    }
}
