//! A sliding buffer of the rows of an image that are still needed.

use crate::{
    error::Result,
    image::{ImageSpec, ImageView, SampleSliceMut, Samples},
};

/// Consecutive rows of an image: new ones are appended at the end, and rows that no result
/// needs any more are dropped at the front.
pub(super) struct RowBuffer {
    spec: ImageSpec,
    samples: Samples,
    first: usize,
    rows: usize,
    /// The rows that are allocated at the first append: reallocating later would copy the
    /// samples and briefly need twice the memory.
    capacity_rows: usize,
}

impl RowBuffer {
    /// For at most `capacity_rows` rows of an image of this spec.
    pub(super) fn new(spec: ImageSpec, capacity_rows: usize) -> Result<Self> {
        Ok(Self {
            capacity_rows,
            spec,
            samples: Samples::zeroed(spec.depth, 0)?,
            first: 0,
            rows: 0,
        })
    }

    /// The row of the image that the buffer begins with.
    pub(super) const fn first(&self) -> usize {
        self.first
    }

    /// The row of the image that is appended next.
    pub(super) const fn end(&self) -> usize {
        self.first + self.rows
    }

    /// The rows as an image.
    pub(super) fn view(&self) -> ImageView<'_> {
        let ImageSpec {
            columns, channels, ..
        } = self.spec;
        let samples = self.samples.as_slice();
        ImageView::from_samples(samples, [self.rows, columns, channels])
            .expect("it holds the rows that it says")
    }

    /// Appends `rows` rows, to be filled.
    pub(super) fn grow(&mut self, rows: usize) -> Result<SampleSliceMut<'_>> {
        let row_len = self.spec.row_len();
        let (start, end) = (self.rows * row_len, (self.rows + rows) * row_len);
        if self.samples.len() < end {
            self.samples.resize(end.max(self.capacity_rows * row_len))?;
        }
        self.rows += rows;
        Ok(self.samples.as_mut_slice().range(start, end))
    }

    /// Appends a copy of whole rows.
    pub(super) fn push(&mut self, samples: &Samples) -> Result<()> {
        let out = self.grow(samples.len() / self.spec.row_len())?;
        out.into_bytes()
            .copy_from_slice(samples.as_slice().as_bytes());
        Ok(())
    }

    /// Drops the rows before this one of the image.
    pub(super) fn drop_before(&mut self, row: usize) {
        let gone = row.clamp(self.first, self.end()) - self.first;
        if gone > 0 {
            let line = self.spec.row_bytes();
            let bytes = self.samples.as_mut_slice().into_bytes();
            bytes.copy_within(gone * line..self.rows * line, 0);
            self.first += gone;
            self.rows -= gone;
        }
    }
}

/// An upper bound of the buffered rows: those that an output chunk needs, plus an input chunk.
pub(super) fn capacity_rows(needed: usize, chunk: usize, image: usize) -> usize {
    needed.saturating_add(chunk).min(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Depth;

    #[test]
    fn rows_come_and_go() {
        let spec = ImageSpec {
            rows: 9,
            columns: 2,
            channels: 1,
            depth: Depth::U16,
        };
        let mut buffer = RowBuffer::new(spec, 1).unwrap();
        let add = |buffer: &mut RowBuffer, rows: &[u16]| {
            buffer.push(&Samples::U16(rows.to_vec().into())).unwrap();
        };
        add(&mut buffer, &[1, 2, 3, 4, 5, 6]);
        buffer.drop_before(2);
        add(&mut buffer, &[7, 8]);
        assert_eq!((buffer.first(), buffer.end()), (2, 4));
        let seen: Vec<u16> = buffer.view().view().unwrap().iter().copied().collect();
        assert_eq!(seen, [5, 6, 7, 8]);
        buffer.drop_before(1);
        assert_eq!((buffer.first(), buffer.end()), (2, 4));
        buffer.drop_before(usize::MAX);
        assert_eq!((buffer.first(), buffer.end()), (4, 4));
        add(&mut buffer, &[9, 10]);
        let seen: Vec<u16> = buffer.view().view().unwrap().iter().copied().collect();
        assert_eq!(seen, [9, 10]);
    }
}
