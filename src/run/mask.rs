//! The mask of missing samples: an image beside the inputs.

use std::path::Path;

use super::job::{Options, Request};
use crate::{
    codec::{self, Manner, OpenedInput},
    error::{Error, RequestError, Result},
    filter::{Mask, Missing},
    image::{ImageSpec, ImageView, Samples, zeroed_vec},
};

/// The bytes of samples that are read at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// A mask whose header was read.
pub(super) struct MaskFile<'a> {
    path: &'a Path,
    input: OpenedInput,
}

impl<'a> MaskFile<'a> {
    /// Opens the mask of these options, if they name one.
    pub(super) fn open(options: &'a Options) -> Result<Option<Self>> {
        let Some(path) = &options.mask else {
            return Ok(None);
        };
        let input = codec::open_input(path, &options.limits, Manner::quick(None));
        let input = input.map_err(|error| unreadable(path, &error))?;
        Ok(Some(Self { path, input }))
    }

    fn spec(&self) -> ImageSpec {
        match &self.input {
            OpenedInput::Rows(reader) => reader.header().spec,
            OpenedInput::Mapped(opened) => opened.image().spec(),
        }
    }

    /// The bytes that it takes in memory: one for each of its samples.
    pub(super) fn bytes(&self) -> u64 {
        self.spec().sample_count().unwrap_or(usize::MAX) as u64
    }

    /// Reads it.
    pub(super) fn read(self) -> Result<Mask> {
        let path = self.path;
        self.read_rows().map_err(|error| unreadable(path, &error))
    }

    fn read_rows(self) -> Result<Mask> {
        let spec = self.spec();
        let mut reader = match self.input {
            OpenedInput::Rows(reader) => reader,
            OpenedInput::Mapped(opened) => return Mask::new(opened.image()),
        };
        let rows = (CHUNK_BYTES / spec.row_bytes()).clamp(1, spec.rows);
        let mut chunk = Samples::zeroed(spec.depth, rows * spec.row_len())?;
        let mut missing = zeroed_vec(spec.sample_count()?)?;
        let mut rest = missing.as_mut_slice();
        while !rest.is_empty() {
            let rows = reader.read(&mut chunk)?;
            let (marks, others) = rest.split_at_mut(rows * spec.row_len());
            let shape = [rows, spec.columns, spec.channels];
            let samples = chunk.as_slice().range(0, marks.len());
            Mask::mark(ImageView::from_samples(samples, shape)?, marks);
            rest = others;
        }
        reader.finish()?;
        Ok(Mask::of_marks(spec.shape(), missing))
    }
}

/// Reads the mask that these options name, if they do.
///
/// # Errors
///
/// [`Error::Request`] if it cannot be read.
pub fn read_mask(options: &Options) -> Result<Option<Mask>> {
    MaskFile::open(options)?.map(MaskFile::read).transpose()
}

/// The result that also leaves out what the mask says.
pub fn masked(request: &Request, mask: Option<&Mask>) -> Request {
    let mut request = request.clone();
    if let Some(mask) = mask {
        let missing = request.filter.missing().cloned();
        let missing = missing.unwrap_or_else(Missing::by_mask_of_job);
        request.filter = request.filter.ignoring(missing.and_mask(mask.clone()));
    }
    request
}

fn unreadable(path: &Path, error: &Error) -> Error {
    let (path, reason) = (path.to_owned(), error.to_string());
    RequestError::Mask { path, reason }.into()
}
