//! Rows of windows that were looked at before.

use std::sync::Arc;

use bytemuck::Pod;

/// How many rows are remembered: as many as differ in a chessboard under a small kernel.
const MAX_ROWS: usize = 8;

/// The bytes of samples of a row that is remembered, at most: 10,000 columns of 32 bits under
/// three rows of taps. All of them take a mebibyte.
const MAX_BYTES: usize = 1 << 17;

/// The last rows of windows, by their samples, each with what came of it: in periodic images they
/// come again and again.
#[derive(Debug, Clone)]
pub(super) struct KnownRows<V> {
    rows: Vec<Arc<Known<V>>>,
    /// The row that is replaced next.
    oldest: usize,
}

#[derive(Debug)]
struct Known<V> {
    /// The samples under the windows, part by part.
    windows: Vec<u8>,
    value: V,
}

impl<V> KnownRows<V> {
    pub(super) const fn new() -> Self {
        Self {
            rows: Vec::new(),
            oldest: 0,
        }
    }

    /// What came of a row with these samples under its windows, if that is known.
    pub(super) fn find<'s, E: Pod>(
        &self,
        windows: impl Iterator<Item = &'s [E]> + Clone,
    ) -> Option<&V> {
        let known = self
            .rows
            .iter()
            .find(|row| is_of(&row.windows, windows.clone()));
        known.map(|row| &row.value)
    }

    /// Remembers what came of this row, unless it is very large.
    pub(super) fn remember<'s, E: Pod>(
        &mut self,
        windows: impl Iterator<Item = &'s [E]> + Clone,
        value: V,
    ) {
        if windows.clone().map(size_of_val).sum::<usize>() > MAX_BYTES {
            return;
        }
        let row = Arc::new(Known {
            windows: windows
                .flat_map(bytemuck::cast_slice::<E, u8>)
                .copied()
                .collect(),
            value,
        });
        if self.rows.len() < MAX_ROWS {
            self.rows.push(row);
        } else {
            self.rows[self.oldest] = row;
            self.oldest = (self.oldest + 1) % MAX_ROWS;
        }
    }
}

/// Whether these are the samples under the windows.
fn is_of<'s, E: Pod>(samples: &[u8], mut windows: impl Iterator<Item = &'s [E]>) -> bool {
    let rest = windows.try_fold(samples, |rest, part| {
        rest.strip_prefix(bytemuck::cast_slice::<E, u8>(part))
    });
    rest.is_some_and(<[u8]>::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rows_are_known() {
        let rows: Vec<[u16; 3]> = (0..20).map(|row| [7, row, 9]).collect();
        let parts = |row: &'static [u16; 3]| row.chunks(2);
        let rows: &'static [[u16; 3]] = Box::leak(rows.into());
        let mut known = KnownRows::new();
        for (at, row) in rows.iter().enumerate() {
            assert_eq!(known.find(parts(row)), None);
            known.remember(parts(row), at);
            for (other, row) in rows[..=at].iter().enumerate() {
                let expected = (other + MAX_ROWS > at).then_some(&other);
                assert_eq!(known.find(parts(row)), expected.copied().as_ref());
            }
            // Neither a part nor more than a row.
            assert_eq!(known.find(parts(row).take(1)), None);
            assert_eq!(known.find(parts(row).chain([&[0_u16][..]])), None);
        }
        let large = vec![0_u8; MAX_BYTES + 1];
        known.remember(large.chunks(100), 20);
        assert_eq!(known.find(large.chunks(100)), None);
    }
}
