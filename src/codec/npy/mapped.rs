//! Memory-mapped arrays.

use std::{fs::File, path::Path};

use bytemuck::AnyBitPattern;

use super::{
    errors,
    header::{Header, numpy_name},
};
use crate::{
    axes::{Reading, Stack},
    codec::Metadata,
    error::{RequestError, Result},
    file::{MappedFile, open_file},
    image::{Depth, Sample, SampleSlice},
    view::StridedView,
    warning::Warning,
};

/// A memory-mapped `.npy` file: only the pages that are read are loaded, so the array
/// may be larger than memory.
///
/// See [`MappedFile`] for what happens if the file changes while it is mapped.
///
/// # Examples
///
/// ```
/// use stridekern::codec::NpyFile;
///
/// let file = NpyFile::open("testdata/odd/u8.npy".as_ref())?;
/// let array = file.view::<u8, 2>()?;
/// assert_eq!(array.shape(), *file.shape());
/// # Ok::<(), stridekern::Error>(())
/// ```
#[derive(Debug)]
pub struct NpyFile {
    file: MappedFile,
    header: Header,
    /// The byte offset of the array.
    start: usize,
}

/// An element type that an array can be viewed as: any [`Sample`].
pub trait NpyElement: AnyBitPattern {
    /// NumPy's name of the type.
    const NAME: &'static str;
}

impl<T: Sample> NpyElement for T {
    const NAME: &'static str = numpy_name(T::DEPTH);
}

impl NpyFile {
    /// Maps the array at `path`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`](crate::Error::Io) if the file cannot be opened or mapped; [`Error::Input`](crate::Error::Input)
    /// if its header is damaged or of a type that is not supported, or if the
    /// array ends before its shape says.
    pub fn open(path: &Path) -> Result<Self> {
        Self::of(&open_file(path)?)
    }

    pub(in crate::codec) fn of(file: &File) -> Result<Self> {
        let file = MappedFile::of(file)?;
        let (header, data) = Header::parse(file.bytes())?;
        let start = file.bytes().len() - data.len();
        let count = header
            .shape
            .iter()
            .try_fold(1_usize, |count, &n| count.checked_mul(n));
        let wanted = count.and_then(|count| count.checked_mul(header.depth.bytes()));
        match wanted {
            Some(wanted) if wanted <= data.len() => Ok(Self {
                file,
                header,
                start,
            }),
            _ => Err(errors::truncated("npy")),
        }
    }

    /// The length of every axis.
    pub fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// The array, in C or Fortran order as it was saved.
    ///
    /// # Errors
    ///
    /// [`Error::Request`](crate::Error::Request) if the array is of another type or number of axes, or
    /// in the other byte order.
    pub fn view<T: NpyElement, const N: usize>(&self) -> Result<StridedView<'_, T, N>> {
        let Header {
            depth,
            fortran,
            shape,
            ..
        } = &self.header;
        let native = self.is_native();
        if numpy_name(*depth) != T::NAME || !native {
            return Err(RequestError::ArrayType {
                array: numpy_name(*depth),
                swapped: !native,
                asked: T::NAME,
            }
            .into());
        }
        let shape: [usize; N] =
            shape
                .as_slice()
                .try_into()
                .map_err(|_| RequestError::ArrayAxes {
                    axes: shape.len(),
                    asked: N,
                })?;
        let elements = self.file.elements(self.start)?;
        Ok(match fortran {
            true => StridedView::from_slice_f(elements, shape)?,
            false => StridedView::from_slice(elements, shape)?,
        })
    }

    /// All samples in the order of the file, if they need no conversion. Booleans are read,
    /// since their bytes have to be checked.
    pub(in crate::codec) fn samples(&self) -> Option<SampleSlice<'_>> {
        let depth = self.header.depth;
        if depth == Depth::Bool || !self.is_native() {
            return None;
        }
        each_depth!(depth, T => self.file.elements::<T>(self.start).ok().map(Into::into))
    }

    /// See [`Header::stack`].
    pub(in crate::codec) fn stack(&self, reading: Reading<'_>) -> Result<(Stack, Option<Warning>)> {
        self.header.stack(reading)
    }

    /// Whether the array is in the byte order of this machine.
    const fn is_native(&self) -> bool {
        let Header {
            depth, big_endian, ..
        } = &self.header;
        *big_endian == cfg!(target_endian = "big") || depth.bytes() == 1
    }

    /// The metadata of the array.
    pub(in crate::codec) fn metadata(&self, stack: &Stack) -> Metadata {
        self.header.metadata(stack)
    }

    /// Whether the file ends with its array.
    pub(in crate::codec) fn is_exact(&self) -> bool {
        let count: usize = self.shape().iter().product();
        self.file.bytes().len() - self.start == count * self.header.depth.bytes()
    }
}
