//! Sets of byte ranges.

use std::ops::Range;

/// Byte ranges in ascending order, apart from each other. Ranges that touch stay apart,
/// so that one value's range can be told from its neighbour's.
#[derive(Debug, Default)]
pub(super) struct Ranges(Vec<Range<usize>>);

impl Ranges {
    /// The union of `ranges`.
    pub(super) fn union_of(ranges: impl IntoIterator<Item = Range<usize>>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|r| !r.is_empty()).collect();
        ranges.sort_unstable_by_key(|range| (range.start, range.end));
        let mut union: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match union.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => union.push(range),
            }
        }
        Self(union)
    }

    /// Whether the range shares a byte with this set.
    pub(super) fn overlap(&self, range: &Range<usize>) -> bool {
        let first = self.after(range.start);
        !range.is_empty() && self.0.get(first).is_some_and(|r| r.start < range.end)
    }

    /// Whether all bytes of the range are in this set.
    pub(super) fn cover(&self, range: &Range<usize>) -> bool {
        let mut at = range.start;
        for next in &self.0[self.after(at)..] {
            if at >= range.end || next.start > at {
                break;
            }
            at = next.end;
        }
        at >= range.end
    }

    /// Whether two sets share a byte.
    pub(super) fn overlap_any(&self, others: &Self) -> bool {
        others.0.iter().any(|range| self.overlap(range))
    }

    /// The range, or the gap between ranges, that byte `at` is in; gaps end at `len`.
    pub(super) fn around(&self, at: usize, len: usize) -> Range<usize> {
        let next = self.after(at);
        match self.0.get(next) {
            Some(range) if range.start <= at => range.clone(),
            range => {
                let start = next.checked_sub(1).map_or(0, |before| self.0[before].end);
                start..range.map_or(len, |range| range.start)
            }
        }
    }

    /// The end of the last range.
    pub(super) fn end(&self) -> usize {
        self.0.last().map_or(0, |range| range.end)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Range<usize>> {
        self.0.iter()
    }

    /// The index of the first range that ends after byte `at`.
    fn after(&self, at: usize) -> usize {
        self.0.partition_point(|range| range.end <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    #[test]
    fn sets_agree_with_a_bitmap() {
        let ranges = Ranges::union_of([2..4, 4..6, 8..11, 9..10, 10..12, 7..7]);
        assert!(ranges.iter().eq(&[2..4, 4..6, 8..12]));
        let inside = |at: usize| (2..6).contains(&at) || (8..12).contains(&at);
        for start in 0..14 {
            for end in start..14 {
                assert_eq!(
                    ranges.overlap(&(start..end)),
                    (start..end).any(inside),
                    "{start} {end}"
                );
                assert_eq!(
                    ranges.cover(&(start..end)),
                    (start..end).all(inside),
                    "{start} {end}"
                );
            }
        }
        let around: Vec<_> = [0, 2, 4, 7, 11, 12].map(|at| ranges.around(at, 14)).into();
        assert_eq!(around, [0..2, 2..4, 4..6, 6..8, 8..12, 12..14]);
    }
}
