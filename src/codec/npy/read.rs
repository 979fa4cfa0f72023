//! Row sources: random access to a mapped array or one in memory, sequential access
//! to a stream.

use std::{
    cmp::Ordering,
    io::{self, Cursor, Read},
};

use crate::{
    axes::{Reading, Stack},
    codec::{
        Format, Limits, MappedFile, Metadata,
        input::{Input, read_all},
        rows::{Header as RowsHeader, RowReader, Source, Trailer, swap_bytes},
    },
    error::{Error, IoAction, Result},
    image::{Depth, ImageSpec, SampleSliceMut, zeroed_vec},
};

use super::{
    errors,
    header::{Header, MAX_HEADER_BYTES},
};

/// Opens an array. A file is mapped.
pub(in crate::codec) fn open<'a>(
    input: Input<'a>,
    limits: &Limits,
    reading: Reading<'_>,
) -> Result<RowReader<'a>> {
    match input {
        Input::Memory(bytes) => whole(bytes, limits, reading),
        Input::File(file) => whole(MappedFile::of(file.get_ref().inner())?, limits, reading),
        Input::Stream(mut stream) => {
            let mut start = Vec::new();
            // Magic, version and length have 12 bytes at most.
            let mut first = stream.by_ref().take(MAX_HEADER_BYTES as u64 + 12);
            first
                .read_to_end(&mut start)
                .map_err(|error| Error::io(IoAction::Read, error))?;
            let (header, data) = Header::parse(&start)?;
            if header.fortran {
                // In Fortran order the first row is scattered over the whole array.
                let all = Cursor::new(start).chain(stream);
                return whole(read_all(all, limits)?, limits, reading);
            }
            let (rows_header, stack) = check_header(&header, limits, reading)?;
            let input = Cursor::new(data.to_vec()).chain(stream);
            let source = StreamSource {
                input,
                elements: Elements::of(&header, &rows_header, stack),
                array_bytes: array_bytes(&header, &rows_header),
                bytes: Vec::new(),
            };
            Ok(RowReader::new(rows_header, source))
        }
    }
}

/// Checks the header against the limits, before any element is read.
fn check_header(
    header: &Header,
    limits: &Limits,
    reading: Reading<'_>,
) -> Result<(RowsHeader, Stack)> {
    let (stack, note) = header.stack(reading)?;
    let shape = match stack.is_picture() {
        true => stack.picture(),
        false => stack.folded(),
    };
    let depth = header.depth;
    let [rows, columns, channels] = shape.map(|n| n as u64);
    limits.check(rows, columns, channels, depth)?;
    let mut rows_header = RowsHeader::new(Format::Npy, ImageSpec::new(shape, depth));
    rows_header.metadata = header.metadata(&stack);
    rows_header.warnings.extend(note);
    rows_header.names_channels = reading.names_channels();
    // Rows are read in C order, whatever the order of the file.
    rows_header.stack = (!stack.is_picture())
        .then(|| Stack::in_c_order(stack.axes().clone(), stack.shape().to_vec()));
    Ok((rows_header, stack))
}

/// The bytes of the array.
fn array_bytes(header: &Header, rows_header: &RowsHeader) -> u128 {
    // Below 2^64: the limits bound the count by a size in memory.
    (rows_header.spec.rows * rows_header.spec.row_len()) as u128 * header.depth.bytes() as u128
}

fn too_many(extra: u128, array_bytes: u128) -> Error {
    errors::damaged(
        "npy",
        format_args!("{extra} bytes follow its array, which has {array_bytes}"),
    )
}

/// An array with random access.
struct ArraySource<B> {
    file: B,
    /// The byte offset of the array.
    start: usize,
    elements: Elements,
    next: usize,
}

/// The bytes of a file.
trait Bytes {
    fn bytes(&self) -> &[u8];

    /// The number of bytes that this source keeps in memory.
    fn memory(&self) -> usize {
        0
    }
}

impl Bytes for &[u8] {
    fn bytes(&self) -> &[u8] {
        self
    }
}

impl Bytes for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn memory(&self) -> usize {
        self.capacity()
    }
}

impl Bytes for MappedFile {
    fn bytes(&self) -> &[u8] {
        self.bytes()
    }
}

fn whole<'a>(
    file: impl Bytes + Send + 'a,
    limits: &Limits,
    reading: Reading<'_>,
) -> Result<RowReader<'a>> {
    let (header, data) = Header::parse(file.bytes())?;
    let (rows_header, stack) = check_header(&header, limits, reading)?;
    let array_bytes = array_bytes(&header, &rows_header);
    let found = data.len() as u128;
    match found.cmp(&array_bytes) {
        Ordering::Less => return Err(errors::truncated("npy")),
        Ordering::Greater => return Err(too_many(found - array_bytes, array_bytes)),
        Ordering::Equal => {}
    }
    let start = file.bytes().len() - data.len();
    let elements = Elements::of(&header, &rows_header, stack);
    let next = 0;
    let source = ArraySource {
        file,
        start,
        elements,
        next,
    };
    Ok(RowReader::new(rows_header, source))
}

impl<B: Bytes + Send> Source for ArraySource<B> {
    fn fill(&mut self, out: SampleSliceMut<'_>) -> Result<()> {
        let rows = out.len() / self.elements.spec.row_len();
        let data = &self.file.bytes()[self.start..];
        self.elements.fill(out, data, self.next)?;
        self.next += rows;
        Ok(())
    }

    fn end(self: Box<Self>) -> Result<Trailer> {
        Ok(self.elements.trailer())
    }

    fn memory(&self) -> usize {
        self.file.memory()
    }
}

/// The approximate number of samples that are read from a stream at a time.
const BATCH_SAMPLES: usize = 1 << 16;

/// An array in C order that is read from a stream.
struct StreamSource<R> {
    input: R,
    elements: Elements,
    array_bytes: u128,
    /// The stored elements of some rows.
    bytes: Vec<u8>,
}

impl<R: Read + Send> Source for StreamSource<R> {
    fn fill(&mut self, mut out: SampleSliceMut<'_>) -> Result<()> {
        let max_samples = self.samples();
        if self.bytes.is_empty() {
            self.bytes = zeroed_vec(max_samples * self.elements.spec.depth.bytes())?;
        }
        let len = out.len();
        for start in (0..len).step_by(max_samples) {
            let out = out.reborrow().range(start, (start + max_samples).min(len));
            let bytes = &mut self.bytes[..out.len() * self.elements.spec.depth.bytes()];
            self.input
                .read_exact(bytes)
                .map_err(|error| errors::read_error("npy", &error))?;
            self.elements.fill(out, bytes, 0)?;
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        self.samples() * self.elements.spec.depth.bytes()
    }

    fn end(mut self: Box<Self>) -> Result<Trailer> {
        let extra = io::copy(&mut self.input, &mut io::sink())
            .map_err(|error| errors::read_error("npy", &error))?;
        match extra {
            0 => Ok(self.elements.trailer()),
            _ => Err(too_many(extra.into(), self.array_bytes)),
        }
    }
}

impl<R> StreamSource<R> {
    /// The number of samples that are read at a time, in whole rows.
    fn samples(&self) -> usize {
        let row_len = self.elements.spec.row_len();
        (BATCH_SAMPLES / row_len).clamp(1, self.elements.spec.rows) * row_len
    }
}

/// The order of stored elements.
struct Elements {
    big_endian: bool,
    /// The array as it is stored, if that is in Fortran order.
    fortran: Option<Stack>,
    spec: ImageSpec,
    metadata: Metadata,
}

impl Elements {
    fn of(header: &Header, rows_header: &RowsHeader, stack: Stack) -> Self {
        Self {
            big_endian: header.big_endian,
            fortran: header.fortran.then_some(stack),
            spec: rows_header.spec,
            metadata: rows_header.metadata.clone(),
        }
    }

    fn trailer(&self) -> Trailer {
        Trailer {
            metadata: self.metadata.clone(),
            warnings: Vec::new(),
        }
    }

    /// Fills `out` with rows of `data`, starting at row `first`.
    fn fill(&self, out: SampleSliceMut<'_>, data: &[u8], first: usize) -> Result<()> {
        let size = self.spec.depth.bytes();
        let out = out.into_bytes();
        if let Some(stack) = &self.fortran {
            let first = first * self.spec.row_len();
            match size {
                1 => place::<1>(stack, out, data, first),
                2 => place::<2>(stack, out, data, first),
                4 => place::<4>(stack, out, data, first),
                _ => place::<8>(stack, out, data, first),
            }
        } else {
            let start = first * self.spec.row_bytes();
            out.copy_from_slice(&data[start..start + out.len()]);
        }
        if self.big_endian != cfg!(target_endian = "big") {
            swap_bytes(out, size);
        }
        match self.spec.depth {
            Depth::Bool if out.iter().any(|byte| *byte > 1) => {
                Err(errors::damaged("npy", "its booleans are not all 0 or 1"))
            }
            _ => Ok(()),
        }
    }
}

/// Gathers samples of an array in any order, of `N` bytes each, from sample `first` in C order
/// on. Writes are sequential.
fn place<const N: usize>(stack: &Stack, out: &mut [u8], data: &[u8], first: usize) {
    let elements = data.as_chunks::<N>().0;
    let axes: Vec<_> = (stack.each_axis())
        .map(|(_, len, stride)| (len, stride.unsigned_abs()))
        .collect();
    let Some((&(last, stride), others)) = axes.split_last() else {
        return;
    };
    // Whole lines along the last axis.
    let lines = (out.as_chunks_mut::<N>().0).chunks_exact_mut(last);
    for (line, number) in lines.zip(first / last..) {
        let (_, start) = others
            .iter()
            .rev()
            .fold((number, 0), |(number, start), &(len, stride)| {
                (number / len, start + number % len * stride)
            });
        for (at, sample) in line.iter_mut().enumerate() {
            *sample = elements[start + at * stride];
        }
    }
}
