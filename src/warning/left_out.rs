//! The parts of a file that its result lacks, as one warning tells of them.

use std::fmt;

/// The most names of what several pages lack.
const MAX_NAMES: usize = 64;

/// Names of parts with the reasons why they are left out, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LeftOut {
    /// A reason, and the names it is true of with the number of parts of each on one page.
    reasons: Vec<(String, Vec<(String, usize)>)>,
    /// Whether there are names beyond [`MAX_NAMES`].
    has_more: bool,
}

impl LeftOut {
    /// Adds a part of a page.
    pub(crate) fn add(&mut self, name: &str, why: &str) {
        *self.count(name, why) += 1;
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Adds what another page lacks.
    pub(crate) fn join(&mut self, other: &Self) {
        self.has_more |= other.has_more;
        for (why, names) in &other.reasons {
            for (name, count) in names {
                if self.names() < MAX_NAMES || self.knows(name, why) {
                    let known = self.count(name, why);
                    *known = (*known).max(*count);
                } else {
                    self.has_more = true;
                }
            }
        }
    }

    fn names(&self) -> usize {
        self.reasons.iter().map(|(_, names)| names.len()).sum()
    }

    fn knows(&self, name: &str, why: &str) -> bool {
        let mut reasons = self.reasons.iter().filter(|(reason, _)| reason == why);
        reasons.any(|(_, names)| names.iter().any(|(known, _)| known == name))
    }

    fn count(&mut self, name: &str, why: &str) -> &mut usize {
        let reason = position_or_push(
            &mut self.reasons,
            |(reason, _)| reason == why,
            || (why.to_owned(), Vec::new()),
        );
        let names = &mut self.reasons[reason].1;
        let at = position_or_push(names, |(known, _)| known == name, || (name.to_owned(), 0));
        &mut names[at].1
    }
}

fn position_or_push<T>(
    list: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    new: impl FnOnce() -> T,
) -> usize {
    list.iter().position(is_it).unwrap_or_else(|| {
        list.push(new());
        list.len() - 1
    })
}

/// `comment, 2 x segment APP4 (no place in bmp); ICC profile (it is damaged)`.
impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (why, names)) in self.reasons.iter().enumerate() {
            let names = names.iter().map(|(name, count)| match count {
                0 | 1 => name.clone(),
                _ => format!("{count} x {name}"),
            });
            let separator = if at > 0 { "; " } else { "" };
            write!(f, "{separator}{} ({why})", Vec::from_iter(names).join(", "))?;
        }
        f.write_str(if self.has_more { "; and others" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[(&str, &str)]) -> LeftOut {
        let mut all = LeftOut::default();
        for (name, why) in parts {
            all.add(name, why);
        }
        all
    }

    #[test]
    fn pages_are_joined_by_name_and_reason() {
        let mut all = of(&[("a", "x"), ("b", "x"), ("a", "y"), ("b", "x")]);
        assert_eq!(all.to_string(), "a, 2 x b (x); a (y)");
        all.join(&of(&[("b", "x")]));
        assert_eq!(all.to_string(), "a, 2 x b (x); a (y)");
        all.join(&of(&[("a", "x"), ("a", "x"), ("c", "z"), ("c", "y")]));
        assert_eq!(all.to_string(), "2 x a, 2 x b (x); a, c (y); c (z)");
    }

    #[test]
    fn names_of_many_pages_are_bounded() {
        let mut all = LeftOut::default();
        for page in 0..1000 {
            all.join(&of(&[(&format!("tag {page}"), "x"), ("both", "x")]));
        }
        assert_eq!(all.names(), MAX_NAMES);
        assert!(all.to_string().ends_with("tag 62 (x); and others"));
    }
}
