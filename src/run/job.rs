//! A job: what is requested, its options and its outcomes.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    codec::{EncodeOptions, Format, Limits, Overwrite},
    error::{Error, Result},
    filter::Filter,
    plan::{Plan, Tuning},
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

/// One input and every result that is made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The image.
    pub input: Place,
    /// The results to make of it.
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
    /// The format of standard input where its content does not tell. A file's
    /// extension does that.
    pub input_format: Option<Format>,
    /// How results are encoded.
    pub encode: EncodeOptions,
    /// What becomes of an output that exists.
    pub existing: Existing,
    /// How filters are run.
    pub tuning: Tuning,
    /// Whether folders of outputs are made where they are missing.
    pub make_folders: bool,
    /// Whether outputs get the time of modification and the attributes of
    /// their input: owner, group, permissions, extended attributes.
    pub preserve: bool,
    /// What is added to the name of an input that is replaced by its result, to
    /// keep it under that. Default: it is not kept.
    pub backup: Option<OsString>,
    /// Whether every file is read back, all of it, before it is in its place. Of
    /// one that replaces its input, the header is in any case.
    pub verify: bool,
    /// What an input may lose that is replaced by its result.
    pub may_lose: MayLose,
}

/// What an input that is replaced by its result may lose. Default: nothing.
///
/// Pictures beyond the first, channels that are not read and CMYK are never lost: no result
/// holds them, and no flag asks for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MayLose {
    /// Channels: colours, alpha.
    pub channels: bool,
    /// Rows and columns.
    pub size: bool,
    /// The depth of samples.
    pub depth: bool,
}

/// What becomes of an output that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// It stays, and its result is an error.
    #[default]
    Refuse,
    /// It is replaced once its successor is whole.
    Replace,
    /// It stays, and its result is not made, or not put in its place if the
    /// output came to be meanwhile.
    Skip,
    /// It is replaced, unless it was before: an input whose [backup](Options::backup) exists
    /// stays, and its result is not made.
    ReplaceOnce,
}

impl Existing {
    pub(super) const fn overwrite(self) -> Overwrite {
        match self {
            Self::Replace | Self::ReplaceOnce => Overwrite::Replace,
            Self::Refuse | Self::Skip => Overwrite::Refuse,
        }
    }

    /// Turns the error of an output or a backup that exists into `skipped` where such are to be
    /// skipped, whether it was there before or another process made it meanwhile.
    pub(super) fn settle<T>(self, result: Result<T>, skipped: T) -> Result<T> {
        match (result, self) {
            (Err(Error::Exists), Self::Skip) | (Err(Error::Kept { .. }), Self::ReplaceOnce) => {
                Ok(skipped)
            }
            (result, _) => result,
        }
    }
}

/// What became of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was written.
    Done(Box<Done>),
    /// It existed and was left as it is.
    Skipped,
}

/// A result that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// How it was computed.
    pub plan: Plan,
    /// The format it was written in.
    pub format: Format,
    /// Bytes written.
    pub bytes: u64,
    /// Time to read and decode the input, shared by all its results. All three
    /// may overlap.
    pub read: Duration,
    /// Time to filter.
    pub filter: Duration,
    /// Time to encode and write.
    pub write: Duration,
}
