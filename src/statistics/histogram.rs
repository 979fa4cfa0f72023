//! Histograms from counts.

use super::value::Value;

/// How many samples lie between edges.
///
/// Bin `i` holds the samples from `edges[i]` up to `edges[i + 1]`, which is not in it; the
/// last edge of floats is the largest sample, which is. Infinities and NaN are in no bin.
///
/// Of types of 8 bits and of booleans there is a bin for each value. Of others the range from
/// the smallest to the largest sample is cut into 256 equal parts, and each edge is then moved
/// up to the next value at which counting has a boundary (of integers of up to 16 bits, to the
/// next integer), so that the counts are exact; edges that coincide are one.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Histogram {
    /// One more than `counts`; empty without finite samples.
    pub edges: Vec<Value>,
    /// Samples in each bin.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Joins bins, which are given by their first values and counts in order and end at `end`,
    /// to at most `parts` bins of about the same width.
    pub(super) fn joined(
        bins: impl IntoIterator<Item = (Value, u64)>,
        end: Value,
        parts: usize,
    ) -> Self {
        let mut histogram = Self::default();
        let (mut start, mut last) = (None, 0);
        for (low, count) in bins {
            let start = *start.get_or_insert(low);
            let part = part(low, [start, end], parts);
            // The last bin has its end, so that none begins there.
            if histogram.counts.is_empty() || part > last && low != end {
                histogram.edges.push(low);
                histogram.counts.push(0);
                last = part;
            }
            if let Some(counted) = histogram.counts.last_mut() {
                *counted += count;
            }
        }
        if start.is_some() {
            histogram.edges.push(end);
        }
        histogram
    }

    /// The same counts in at most `parts` bins of about the same width, between the lowest and
    /// the highest of its bins that are not empty.
    #[must_use]
    pub fn coarser(&self, parts: usize) -> Self {
        let filled = |&count: &u64| count > 0;
        let first = self.counts.iter().position(filled);
        let last = self.counts.iter().rposition(filled);
        let (Some(first), Some(last)) = (first, last) else {
            return Self::default();
        };
        let bins = self.edges.iter().copied().zip(self.counts.iter().copied());
        Self::joined(
            bins.take(last + 1).skip(first),
            self.edges[last + 1],
            parts.max(1),
        )
    }
}

/// Which of the `parts` of a range a value is in.
fn part(value: Value, range: [Value; 2], parts: usize) -> usize {
    let part = match (value, range) {
        (Value::Integer(value), [Value::Integer(start), Value::Integer(end)]) => {
            ((value - start) * parts as i128 / (end - start)) as usize
        }
        (value, range) => {
            let [value, start, end] = [value, range[0], range[1]].map(Value::to_f64);
            // Halves, since the difference may be larger than the largest float.
            let share = (value / 2.0 - start / 2.0) / (end / 2.0 - start / 2.0);
            (share * parts as f64) as usize
        }
    };
    part.min(parts - 1)
}
