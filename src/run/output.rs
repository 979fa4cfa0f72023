//! The output of one result: encoded, verified, and put in its place.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::{
    carried::Carried,
    job::{Options, Place},
    loss,
    verify::{Expected, Verify},
};
use crate::{
    axes::Stack,
    codec::{
        self, Fate, Format, Metadata, PageFates, PageSet, PartFate, PartKind, RecordedCommand,
        RowWriter,
    },
    error::{Error, IoAction, Result},
    file::{Attributes, Output},
    image::{ImageSpec, Samples},
    stop::Stop,
    warning::{Warning, WarningKind},
};

/// What is needed to begin an output.
pub(super) struct Setup<'a> {
    pub(super) place: &'a Place,
    pub(super) spec: ImageSpec,
    /// What becomes of the input's metadata.
    pub(super) carried: Carried,
    /// The number of this page in the input, and the pages of the file.
    pub(super) page: u64,
    pub(super) pages: PageSet,
    /// Whether the pages of the input are frames of an animation.
    pub(super) is_animation: bool,
    /// The array, if it has several axes; `spec` is that of its lines then.
    pub(super) array: Option<Stack>,
    pub(super) format: Format,
    pub(super) input: &'a Place,
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
    /// What becomes of the metadata of this page.
    carried: Carried,
    /// The final metadata of a page that has ended, and those of the first page if it is another.
    ended: Metadata,
    first: Option<Metadata>,
    /// The number of this page in the input.
    page: u64,
    /// What became of the metadata of the pages before it.
    fates: PageFates,
    /// Whether nothing may be lost.
    replaces: bool,
    /// The time spent encoding and writing.
    busy: Duration,
    stop: Stop,
}

/// An output after a page.
pub(super) enum Ended {
    /// Others are to follow.
    Page(Box<OutputWriter>),
    /// It was the last.
    File(Box<FinishedOutput>),
}

/// A complete output that is not yet in its place. Dropped, it leaves no file.
pub(super) struct FinishedOutput {
    output: Output<'static>,
    bytes: u64,
    warnings: Vec<Warning>,
    fates: Vec<PartFate>,
    recorded: Option<RecordedCommand>,
    busy: Duration,
}

/// An output that is in its place.
pub(super) struct WrittenOutput {
    pub(super) bytes: u64,
    pub(super) warnings: Vec<Warning>,
    /// What became of the input's metadata.
    pub(super) fates: Vec<PartFate>,
    /// The command in its record.
    pub(super) recorded: Option<RecordedCommand>,
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
        let metadata = setup.carried.metadata(setup.metadata);
        let output = setup.open()?;
        let writer = match &setup.array {
            Some(array) => codec::create_array(array, spec.depth, output)?,
            None => {
                let pages = setup.pages;
                codec::create_pages(spec, format, &metadata, &options.encode, pages, output)?
            }
        };
        let verify = setup.verify();
        let writer = match verify {
            Verify::Whole => writer.with_checksum(),
            Verify::Header | Verify::Nothing => writer,
        };
        Ok(Self {
            writer,
            expected: Expected::new(format, spec, setup.array).with_metadata(&metadata),
            verify,
            carried: setup.carried,
            ended: Metadata::default(),
            first: None,
            page: setup.page,
            fates: PageFates::of_animation(setup.is_animation),
            replaces: setup.replaces,
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

    /// Ends a page, and completes the output if that is the last one.
    pub(super) fn end(mut self, metadata: &Metadata, is_last: bool) -> Result<Ended> {
        if is_last {
            return self
                .finish(metadata)
                .map(|output| Ended::File(Box::new(output)));
        }
        self.ended = metadata.clone();
        Ok(Ended::Page(Box::new(self)))
    }

    /// Begins another page of an output whose page has ended.
    pub(super) fn next_page(&mut self, setup: Setup<'_>) -> Result<()> {
        let start = Instant::now();
        let ended = self.carried.metadata(&self.ended);
        let fates = self.carried.fates(&self.ended, self.first.as_ref(), &[]);
        self.fates.add(self.page, fates);
        self.first.get_or_insert_with(|| self.ended.clone());
        let metadata = setup.carried.metadata(setup.metadata);
        self.writer.next_page(&ended, setup.spec, &metadata)?;
        self.expected.add_page(setup.spec);
        self.carried = setup.carried;
        self.page = setup.page;
        self.busy += start.elapsed();
        Ok(())
    }

    /// Completes and verifies the output. `metadata` are those known after the last row.
    fn finish(mut self, metadata: &Metadata) -> Result<FinishedOutput> {
        let start = Instant::now();
        let checksum = self.writer.checksum();
        let written = self.carried.metadata(metadata);
        let codec::Finished {
            mut warnings,
            mut output,
            late,
        } = self.writer.finish_output(&written)?;
        warnings.extend(self.carried.ignored_orientation(&written));
        let fates = self.carried.fates(metadata, self.first.as_ref(), &late);
        if self.replaces {
            // Those before the samples were checked before.
            loss::check_metadata(&fates)?;
        }
        self.fates.add(self.page, fates);
        let mut fates = self.fates.finish();
        let left_out = warnings
            .iter()
            .any(|warning| warning.kind() == WarningKind::Record);
        let recorded = self.carried.recorded().filter(|_| !left_out).cloned();
        if left_out {
            let record = fates
                .iter_mut()
                .filter(|part| part.kind == PartKind::Record);
            record.for_each(|part| part.fate = Fate::Outdated(codec::OUTDATED_RECORD.to_owned()));
        }
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
            fates,
            recorded,
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
            fates,
            recorded,
            busy,
        } = self;
        warnings.extend(output.commit()?);
        Ok(WrittenOutput {
            bytes,
            warnings,
            fates,
            recorded,
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
