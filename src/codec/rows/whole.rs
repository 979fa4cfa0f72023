//! Formats that are decoded and encoded whole, behind the interfaces of row readers and
//! writers.

use std::mem;

use crate::{
    codec::{Format, Metadata, encode},
    error::Result,
    image::{Image, ImageSpec, Sample, SampleSlice, SampleSliceMut, Samples, no_memory},
    warning::Warning,
};

use super::{Header, RowReader, SharedOutput, Sink, Source, Trailer, chunk_of_rows};

/// An image that is decoded whole when its first row is requested.
pub(in crate::codec) struct WholeSource<'a> {
    image: Whole<'a>,
    row: usize,
    memory: usize,
}

enum Whole<'a> {
    Encoded(Box<dyn FnOnce() -> Result<(Image, Trailer)> + Send + 'a>),
    Decoded(Image, Trailer),
    /// Taken by [`Source::take_image`], or decoding failed.
    Taken(Trailer),
}

impl<'a> WholeSource<'a> {
    /// The rows of an image with this header. `decode` takes `memory` bytes, its samples
    /// included.
    pub(in crate::codec) fn reader(
        header: Header,
        memory: usize,
        decode: impl FnOnce() -> Result<(Image, Trailer)> + Send + 'a,
    ) -> RowReader<'a> {
        let source = Self {
            image: Whole::Encoded(Box::new(decode)),
            row: 0,
            memory,
        };
        RowReader::new(header, source)
    }

    fn decode(&mut self) -> Result<()> {
        let taken = Whole::Taken(Trailer::default());
        self.image = match mem::replace(&mut self.image, taken) {
            Whole::Encoded(decode) => {
                let (image, trailer) = decode()?;
                Whole::Decoded(image, trailer)
            }
            other => other,
        };
        Ok(())
    }
}

impl Source for WholeSource<'_> {
    fn fill(&mut self, out: SampleSliceMut<'_>) -> Result<()> {
        self.decode()?;
        if let Whole::Decoded(image, _) = &self.image {
            let row_len = image.columns() * image.channels();
            let rows = out.len() / row_len;
            let samples = chunk_of_rows(image.samples().as_slice(), row_len, self.row, rows);
            out.into_bytes().copy_from_slice(samples.as_bytes());
            self.row += rows;
        }
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        Ok(match self.image {
            Whole::Encoded(decode) => decode()?.1,
            Whole::Decoded(_, trailer) | Whole::Taken(trailer) => trailer,
        })
    }

    fn holds_image(&self) -> bool {
        true
    }

    fn take_image(&mut self) -> Result<Option<Image>> {
        if self.row > 0 {
            return Ok(None);
        }
        self.decode()?;
        let taken = Whole::Taken(Trailer::default());
        match mem::replace(&mut self.image, taken) {
            Whole::Decoded(image, trailer) => {
                self.image = Whole::Taken(trailer);
                Ok(Some(image))
            }
            _ => Ok(None),
        }
    }

    fn memory(&self) -> usize {
        self.memory
    }
}

/// Collects rows and encodes them at the end.
pub(in crate::codec) struct WholeSink<'a> {
    spec: ImageSpec,
    format: Format,
    metadata: Metadata,
    samples: Samples,
    out: SharedOutput<'a>,
}

impl<'a> WholeSink<'a> {
    pub(in crate::codec) fn new(
        spec: ImageSpec,
        format: Format,
        metadata: Metadata,
        out: SharedOutput<'a>,
    ) -> Result<Self> {
        Ok(Self {
            spec,
            format,
            metadata,
            samples: Samples::zeroed(spec.depth, 0)?,
            out,
        })
    }
}

impl Sink for WholeSink<'_> {
    fn write(&mut self, rows: SampleSlice<'_>) -> Result<()> {
        let total = self.spec.rows * self.spec.row_len();
        each_sample!(Samples(&mut self.samples), all => {
            let rows = Sample::of_slice(rows).expect("the writer has checked the type");
            append(all.as_mut_vec(), rows, total)
        })
    }

    fn finish(mut self: Box<Self>, late: &Metadata) -> Result<Vec<Warning>> {
        let ImageSpec {
            rows,
            columns,
            channels,
            ..
        } = self.spec;
        let image = Image::new(rows, columns, channels, self.samples)?;
        let metadata = self.metadata.merged_with(late);
        encode::encode_whole(&image, self.format, metadata, &mut self.out)
    }
}

/// Appends `rows` to `all`, which is allocated for `total` samples at the first call.
fn append<T: Copy>(all: &mut Vec<T>, rows: &[T], total: usize) -> Result<()> {
    all.try_reserve_exact(total - all.len())
        .map_err(|_| no_memory::<T>(total))?;
    all.extend_from_slice(rows);
    Ok(())
}
