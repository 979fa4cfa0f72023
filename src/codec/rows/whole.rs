//! Formats that are decoded and encoded whole, behind the types of rows.

use crate::{
    codec::{Decoded, Format, Metadata, encode},
    error::Result,
    image::{Image, SampleSlice, SampleSliceMut, Samples, no_memory},
};

use super::{Destination, Header, RowReader, Shape, Sink, Source, Trailer, band};

/// The rows of an image in memory.
pub(in crate::codec) struct WholeSource {
    image: Option<Image>,
    row: usize,
    metadata: Metadata,
}

impl WholeSource {
    /// The rows of an image that was decoded.
    pub(in crate::codec) fn reader<'a>(decoded: Decoded) -> RowReader<'a> {
        let Decoded {
            image,
            format,
            metadata,
            warnings,
        } = decoded;
        let header = Header {
            shape: Shape::of(&image),
            format,
            metadata: metadata.clone(),
            warnings,
        };
        let source = Self {
            image: Some(image),
            row: 0,
            metadata,
        };
        RowReader::new(header, source)
    }
}

impl Source for WholeSource {
    fn fill(&mut self, out: SampleSliceMut<'_>) -> Result<()> {
        let Some(image) = &self.image else {
            return Ok(());
        };
        let row_len = image.columns() * image.channels();
        let rows = out.len() / row_len;
        let samples = band(image.samples().as_slice(), row_len, self.row, rows);
        out.into_bytes().copy_from_slice(samples.as_bytes());
        self.row += rows;
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        Ok(Trailer {
            metadata: self.metadata,
            warnings: Vec::new(),
        })
    }

    fn holds_image(&self) -> bool {
        true
    }

    fn take_image(&mut self) -> Option<Image> {
        match self.row {
            0 => self.image.take(),
            _ => None,
        }
    }
}

/// Collects rows and encodes them at the end.
pub(in crate::codec) struct WholeSink<'a> {
    shape: Shape,
    format: Format,
    metadata: Metadata,
    samples: Samples,
    out: Destination<'a>,
}

impl<'a> WholeSink<'a> {
    pub(in crate::codec) fn new(
        shape: Shape,
        format: Format,
        metadata: Metadata,
        out: Destination<'a>,
    ) -> Result<Self> {
        Ok(Self {
            shape,
            format,
            metadata,
            samples: Samples::zeroed(shape.depth, 0)?,
            out,
        })
    }
}

impl Sink for WholeSink<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        let total = self.shape.rows * self.shape.row_len();
        match (&mut self.samples, rows) {
            (Samples::U8(all), SampleSlice::U8(rows)) => append(all, rows, total),
            (Samples::U16(all), SampleSlice::U16(rows)) => append(all, rows, total),
            (Samples::F32(all), SampleSlice::F32(rows)) => append(all, rows, total),
            // The writer has compared the types.
            _ => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>, late: &Metadata) -> Result<Vec<String>> {
        let Shape {
            rows,
            columns,
            channels,
            ..
        } = self.shape;
        let image = Image::new(rows, columns, channels, self.samples)?;
        let metadata = self.metadata.completed_by(late);
        encode::whole(&image, self.format, &metadata, &mut self.out)
    }
}

/// Adds `rows` to `all`, with memory for the `total` taken at the first.
fn append<T: Copy>(all: &mut Vec<T>, rows: &[T], total: usize) -> Result<()> {
    all.try_reserve_exact(total - all.len())
        .map_err(|_| no_memory::<T>(total))?;
    all.extend_from_slice(rows);
    Ok(())
}
