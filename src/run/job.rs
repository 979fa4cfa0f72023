//! A job: what is requested, its options and its outcomes.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    axes::Axes,
    codec::{
        EncodeOptions, Format, JpegQuality, Limits, MetadataPolicy, Overwrite, Pages, PartFate,
        RecordedCommand,
    },
    error::{Error, Result},
    filter::Filter,
    finish::Clipped,
    plan::{Plan, Tuning},
    statistics::Statistics,
};

use super::{
    page_kinds::PageKinds,
    recorded::{Comparison, Recording},
};

/// Where an image comes from or goes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A file.
    File(PathBuf),
    /// Standard input or output.
    Standard,
}

impl Place {
    /// The path, `-` for a standard stream.
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Standard => Path::new("-"),
        }
    }
}

/// One input and all results to compute from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The image.
    pub input: Place,
    /// The results to compute.
    pub results: Vec<Request>,
}

impl Job {
    /// Whether this result replaces the input.
    pub(super) fn replaces(&self, request: &Request) -> bool {
        matches!(self.input, Place::File(_)) && request.output == self.input
    }
}

/// One result: a filter, and where its output is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What is computed.
    pub filter: Filter,
    /// Where it is written.
    pub output: Place,
    /// The format; `None` is that of the input.
    pub format: Option<Format>,
}

/// How jobs are run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Limits on the size of inputs and on memory.
    pub limits: Limits,
    /// The format of standard input if its content does not identify it. For a file, its
    /// extension does.
    pub input_format: Option<Format>,
    /// The axes of arrays. Default: what their shapes tell, which is two axes or colours.
    pub axes: Option<Axes>,
    /// The layer or channels of OpenEXR files, as [`open_layer`](crate::codec::open_layer) takes
    /// them. Default: their colours.
    pub layer: Option<String>,
    /// The pages of inputs that have several. A page that an input lacks is an error.
    pub pages: Pages,
    /// How results are encoded.
    pub encode: EncodeOptions,
    /// What to do if an output exists.
    pub existing: Existing,
    /// How filters are run.
    pub tuning: Tuning,
    /// Whether folders of outputs are made where they are missing.
    pub make_folders: bool,
    /// Whether outputs get the time of modification and the attributes of
    /// their input: owner, group, permissions, extended attributes.
    pub preserve: bool,
    /// The suffix of backups: an input that is replaced by its result is kept under its
    /// name plus this suffix. Default: no backup.
    pub backup: Option<OsString>,
    /// Whether every output file is read back completely before it is put in its place.
    /// Otherwise only the header is, and only of a file that replaces its input.
    pub verify: bool,
    /// Whether statistics of the samples of each result are computed.
    pub statistics: bool,
    /// An image of which the nonzero samples are those that are missing from every input; see
    /// [`Mask`](crate::Mask).
    pub mask: Option<PathBuf>,
    /// Which metadata of the input the results get.
    pub metadata: MetadataPolicy,
    /// What may be lost when an input is replaced by its result.
    pub may_lose: MayLose,
    /// What filters act on where viewers turn the stored pixels of an input.
    pub orientation: ActOn,
    /// Whether results get a [record](crate::codec::Record) of how they were made, where their
    /// format [holds one](Format::holds_record), and those that exist and are left as they are
    /// are [compared](Comparison) by theirs.
    pub record: Option<Recording>,
}

/// What filters act on where viewers turn the stored pixels of a picture, since its file
/// names an [orientation](crate::Orientation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ActOn {
    /// The picture as it is seen. In formats whose viewers turn pictures, the filter is
    /// [turned](Filter::turned) and the pixels stay as they are stored; in others the
    /// pixels are turned first.
    #[default]
    Seen,
    /// The pixels as they are stored, which stay so in any format.
    Stored,
}

/// What an input that is replaced by its result may lose. Default: nothing.
///
/// Pictures beyond the first, channels that are not read and CMYK are never lost: no result
/// holds them, and no flag asks for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MayLose {
    /// Channels but alpha: colours.
    pub channels: bool,
    /// Alpha.
    pub alpha: bool,
    /// Rows and columns.
    pub size: bool,
    /// The depth of samples.
    pub depth: bool,
}

/// What to do if an output exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// It stays, and its result is an error.
    #[default]
    Refuse,
    /// It is replaced once the new file is complete.
    Replace,
    /// It stays, and its result is not computed, or is discarded if the output was created
    /// meanwhile.
    Skip,
    /// It is replaced, unless that was done before: an input whose
    /// [backup](Options::backup) exists stays, and its result is not computed.
    ReplaceOnce,
}

impl Existing {
    pub(super) const fn overwrite(self) -> Overwrite {
        match self {
            Self::Replace | Self::ReplaceOnce => Overwrite::Replace,
            Self::Refuse | Self::Skip => Overwrite::Refuse,
        }
    }

    /// Turns the error of an existing output or backup into `skipped` if such results are to be
    /// skipped; it may also have been created by another process meanwhile.
    pub(super) fn skip_existing<T>(
        self,
        result: Result<T>,
        skipped: impl FnOnce() -> T,
    ) -> Result<T> {
        match (result, self) {
            (Err(Error::Exists), Self::Skip)
            | (Err(Error::BackupExists { .. }), Self::ReplaceOnce) => Ok(skipped()),
            (result, _) => result,
        }
    }
}

/// The outcome of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was written.
    Done(Box<Done>),
    /// It existed and was left as it is.
    Skipped(Comparison),
}

/// A result that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// How it was computed.
    pub plan: Plan,
    /// The format it was written in.
    pub format: Format,
    /// How many pages it has; the plan is that of the first.
    pub pages: u64,
    /// The sizes and types of the pages, if there are several.
    pub page_kinds: PageKinds,
    /// The shape of the result, if it is an array with other axes than rows, columns and
    /// channels.
    pub array_shape: Option<Vec<usize>>,
    /// How many planes of the [plan](Self::plan)'s output it has.
    pub planes: usize,
    /// Bytes written.
    pub bytes: u64,
    /// Samples that their responses do not fit into.
    pub clipped: Clipped,
    /// Samples of the result that are missing, as too few are present in their windows; 0
    /// if the filter ignores none.
    pub missing: u64,
    /// Time to read and decode the input, shared by all its results. All three
    /// may overlap.
    pub read: Duration,
    /// Time to filter.
    pub filter: Duration,
    /// Time to encode and write.
    pub write: Duration,
    /// What became of each part of the input's metadata, of all pages.
    pub metadata: Vec<PartFate>,
    /// The command in its record, if it has one.
    pub recorded: Option<RecordedCommand>,
    /// The quality it was written in, if it is a JPEG.
    pub quality: Option<u8>,
    /// That of its input, if it is a JPEG.
    pub input_quality: Option<JpegQuality>,
    /// Statistics of its samples, if the [options](Options::statistics) ask for them.
    pub statistics: Option<Statistics>,
}
