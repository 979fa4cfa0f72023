//! The output of one result: encoded, verified, and put in its place.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::{
    job::{Options, Place},
    verify::{Expected, Verify},
};
use crate::{
    axes::Stack,
    codec::{self, Format, Metadata, RowWriter},
    error::{Error, IoAction, Result},
    file::{Attributes, Output},
    image::{ImageSpec, Samples},
    stop::Stop,
    warning::Warning,
};

/// What is needed to begin an output.
pub(super) struct Setup<'a> {
    pub(super) place: &'a Place,
    pub(super) spec: ImageSpec,
    /// What missing samples of the result are.
    pub(super) no_data: Option<String>,
    /// The array, if it has several axes; `spec` is that of its lines then.
    pub(super) array: Option<Stack>,
    pub(super) format: Format,
    pub(super) input: &'a Place,
    /// The channels of the input.
    pub(super) channels: usize,
    /// The metadata of the input image.
    pub(super) metadata: &'a Metadata,
    /// The metadata of the input's file, from before it was opened.
    pub(super) file: Option<&'a fs::Metadata>,
    /// Whether the output replaces the input.
    pub(super) replaces: bool,
    pub(super) options: &'a Options,
    /// Cancels verifying.
    pub(super) stop: Stop,
}

/// Encodes the rows of a result. Dropped before it is finished, it leaves no file.
pub(super) struct OutputWriter {
    writer: RowWriter<'static>,
    /// What reading the file back must give.
    expected: Expected,
    verify: Verify,
    /// Whether the colour profile of the input does not apply to the result, which is gray.
    drops_profile: bool,
    no_data: Option<String>,
    /// The time spent encoding and writing.
    busy: Duration,
    stop: Stop,
}

/// A complete output that is not yet in its place. Dropped, it leaves no file.
pub(super) struct FinishedOutput {
    output: Output<'static>,
    bytes: u64,
    warnings: Vec<Warning>,
    busy: Duration,
}

/// An output that is in its place.
pub(super) struct WrittenOutput {
    pub(super) bytes: u64,
    pub(super) warnings: Vec<Warning>,
    pub(super) busy: Duration,
}

impl OutputWriter {
    /// Begins an output.
    pub(super) fn begin(setup: Setup<'_>) -> Result<Self> {
        let start = Instant::now();
        let Setup {
            spec,
            format,
            options,
            ..
        } = setup;
        let drops_profile = spec.channels < 3 && setup.channels >= 3;
        let metadata = carried(setup.metadata, drops_profile, setup.no_data.as_ref());
        let output = setup.open()?;
        let writer = match &setup.array {
            Some(array) => codec::create_array(array, spec.depth, output)?,
            None => codec::create_rows(spec, format, &metadata, &options.encode, output)?,
        };
        let verify = setup.verify();
        let writer = match verify {
            Verify::Whole => writer.with_checksum(),
            Verify::Header | Verify::Nothing => writer,
        };
        Ok(Self {
            writer,
            expected: Expected::new(format, spec, setup.array),
            verify,
            drops_profile,
            no_data: setup.no_data,
            busy: start.elapsed(),
            stop: setup.stop,
        })
    }

    /// Encodes whole rows.
    pub(super) fn write(&mut self, rows: &Samples) -> Result<()> {
        let start = Instant::now();
        let result = self.writer.write(rows);
        self.busy += start.elapsed();
        result
    }

    /// Completes and verifies the output. `metadata` are those known after the last row.
    pub(super) fn finish(self, metadata: &Metadata) -> Result<FinishedOutput> {
        let start = Instant::now();
        let checksum = self.writer.checksum();
        let metadata = carried(metadata, self.drops_profile, self.no_data.as_ref());
        let (mut warnings, mut output) = self.writer.finish_output(&metadata)?;
        if self.verify > Verify::Nothing {
            self.stop.check()?;
            match output.written()? {
                Some(file) => (self.expected).check(file, self.verify, checksum, &self.stop)?,
                None if self.verify == Verify::Whole => warnings
                    .push("it is no file that could be read back: it was not verified".into()),
                None => {}
            }
        }
        let bytes = output.finish()?;
        Ok(FinishedOutput {
            output,
            bytes,
            warnings,
            busy: self.busy + start.elapsed(),
        })
    }
}

impl FinishedOutput {
    /// Puts the output in its place, which takes almost no time.
    pub(super) fn commit(self) -> Result<WrittenOutput> {
        let start = Instant::now();
        let Self {
            output,
            bytes,
            mut warnings,
            busy,
        } = self;
        warnings.extend(output.commit()?);
        Ok(WrittenOutput {
            bytes,
            warnings,
            busy: busy + start.elapsed(),
        })
    }
}

impl Setup<'_> {
    /// Opens the output, with the attributes to copy from the input's file.
    fn open(&self) -> Result<Output<'static>> {
        let Place::File(path) = self.place else {
            return Output::standard();
        };
        let options = self.options;
        if let (true, Some(folder)) = (options.make_folders, path.parent()) {
            fs::create_dir_all(folder).map_err(|e| Error::io(IoAction::MakeFolder, e))?;
        }
        let mut output = Output::create(path, options.existing.overwrite())?;
        if let (Some(file), Some(input)) = (output.as_file(), self.file) {
            if options.preserve || self.replaces {
                file.set_attributes(Attributes::of(self.input.path(), input));
            }
            if options.preserve {
                let modified = input.modified();
                file.set_modified(modified.map_err(|e| Error::io(IoAction::ReadTime, e))?);
            }
            if self.replaces {
                file.replace_only(input, options.backup.as_deref());
            }
        }
        Ok(output)
    }

    /// How much of the output is read back.
    const fn verify(&self) -> Verify {
        match (self.options.verify, self.replaces && self.file.is_some()) {
            (true, _) => Verify::Whole,
            (false, true) => Verify::Header,
            (false, false) => Verify::Nothing,
        }
    }
}

/// The metadata of the input that apply to the output, and its own no-data value.
fn carried(metadata: &Metadata, drops_profile: bool, no_data: Option<&String>) -> Metadata {
    let mut metadata = metadata.clone();
    metadata.no_data = no_data.cloned();
    if drops_profile {
        metadata.icc = None;
    }
    metadata
}
