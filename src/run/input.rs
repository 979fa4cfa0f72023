//! The input of a job: opened, its header read.

use std::io::{self, BufRead};

use super::job::{Job, Options, Place};
use crate::{
    codec::{self, Format, IgnoredContent, Metadata, Opened, OpenedInput, RowReader, ScanDepth},
    error::{Error, IoAction, Result},
    filter::Filter,
    image::ImageSpec,
    plan::{Plan, Tuning},
    warning::Warning,
};

/// An open input whose header was read.
#[derive(Debug)]
pub enum Input {
    /// Its rows are to be read.
    Rows(RowReader<'static>),
    /// It is in memory, or mapped from its file.
    Whole(Opened),
}

impl Input {
    /// Opens the input of a job. If a result replaces it, the whole file is searched for
    /// content that is not read.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, or its header cannot be read.
    pub fn open(job: &Job, options: &Options) -> Result<Self> {
        let scan_depth = match job.results.iter().any(|request| job.replaces(request)) {
            true => ScanDepth::Thorough,
            false => ScanDepth::Quick,
        };
        match &job.input {
            Place::File(path) => Ok(
                match codec::open_input(path, &options.limits, scan_depth)? {
                    OpenedInput::Rows(reader) => Self::Rows(reader),
                    OpenedInput::Mapped(opened) => Self::Whole(opened),
                },
            ),
            Place::Standard => {
                let failed = |e| Error::io(IoAction::ReadStandardInput, e);
                let start = io::stdin().lock().fill_buf().map_err(failed)?.to_vec();
                let detected = Format::from_content(&start).is_some();
                let hint = options.input_format.filter(|_| !detected);
                let reader = codec::rows_from(io::stdin(), hint, &options.limits)?;
                Ok(Self::Rows(reader))
            }
        }
    }

    /// The size of the image and the type of its samples.
    pub fn spec(&self) -> ImageSpec {
        match self {
            Self::Rows(reader) => reader.header().spec,
            Self::Whole(opened) => opened.image().spec(),
        }
    }

    /// What the content is, whatever the name says.
    pub const fn format(&self) -> Format {
        match self {
            Self::Rows(reader) => reader.header().format,
            Self::Whole(opened) => opened.format,
        }
    }

    /// The metadata that precede the samples.
    pub const fn metadata(&self) -> &Metadata {
        match self {
            Self::Rows(reader) => &reader.header().metadata,
            Self::Whole(opened) => &opened.metadata,
        }
    }

    /// The content of the file that is not read.
    pub fn ignored(&self) -> &[IgnoredContent] {
        match self {
            Self::Rows(reader) => &reader.header().ignored,
            // The file holds the array only.
            Self::Whole(_) => &[],
        }
    }

    /// Warnings so far, one line each.
    pub fn warnings(&self) -> &[Warning] {
        match self {
            Self::Rows(reader) => &reader.header().warnings,
            Self::Whole(opened) => &opened.warnings,
        }
    }

    /// The bytes of its samples, in memory or in its file.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Rows(reader) => reader.header().spec.bytes(),
            Self::Whole(opened) => opened.image().parent_bytes(),
        }
    }

    /// The plan of `filter` for this image, whose file may have a no-data value.
    ///
    /// # Errors
    ///
    /// As [`Filter::plan`]'s.
    pub fn plan(&self, filter: &Filter, tuning: &Tuning) -> Result<Plan> {
        let resolved;
        let filter = match filter.missing() {
            None => filter,
            Some(missing) => {
                let no_data = self.metadata().no_data.as_deref();
                let missing = missing.clone().with_no_data(no_data)?;
                resolved = filter.clone().ignoring(missing);
                &resolved
            }
        };
        match self {
            Self::Rows(reader) => {
                let spec = reader.header().spec;
                filter.plan_for(spec.shape(), spec.depth, tuning)
            }
            Self::Whole(opened) => filter.plan(opened.image(), tuning),
        }
    }

    /// Reads the rows, if they are not read yet.
    ///
    /// # Errors
    ///
    /// As [`codec::read`]'s.
    pub fn into_opened(self) -> Result<Opened> {
        match self {
            Self::Rows(reader) => Ok(reader.into_decoded()?.into()),
            Self::Whole(opened) => Ok(opened),
        }
    }
}
