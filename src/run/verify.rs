//! Verifies a file that was just written by reading it back, before it is put in its place.

use std::{fs::File, mem};

use flate2::Crc;

use crate::{
    axes::{Reading, Stack},
    codec::{self, Format, Metadata, RowReader},
    error::{Error, OutputError, Result},
    image::{ImageSpec, Samples},
    stop::Stop,
};

/// How much of a file is read back and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verify {
    Nothing,
    Header,
    Whole,
}

/// What reading the file back must give.
#[derive(Debug)]
pub(super) struct Expected {
    format: Format,
    /// The spec of the file, which may have more channels than the image; of its first page.
    spec: ImageSpec,
    /// How many pages it has, and the checksum of the specs of all.
    pages: u64,
    specs: Crc,
    /// The array, if it has several axes.
    array: Option<Stack>,
    /// The channels of an OpenEXR file, which holds them in the order of their names.
    names: Vec<String>,
}

/// The bytes of samples that are read at a time.
const CHUNK: usize = 1 << 20;

impl Expected {
    /// A file in this format of an image of this spec.
    pub(super) fn new(format: Format, spec: ImageSpec, array: Option<Stack>) -> Self {
        let channels = format.written_channels(spec.channels);
        let spec = ImageSpec { channels, ..spec };
        Self {
            format,
            spec,
            pages: 1,
            specs: added(Crc::new(), spec),
            array,
            names: Vec::new(),
        }
    }

    /// The same of a file with these metadata.
    pub(super) fn with_metadata(self, metadata: &Metadata) -> Self {
        let names = match self.format {
            Format::Exr => metadata.exr_names(self.spec.channels),
            _ => Vec::new(),
        };
        Self { names, ..self }
    }

    /// Expects another page.
    pub(super) fn add_page(&mut self, spec: ImageSpec) {
        let channels = self.format.written_channels(spec.channels);
        let specs = mem::replace(&mut self.specs, Crc::new());
        self.specs = added(specs, ImageSpec { channels, ..spec });
        self.pages += 1;
    }

    /// Reads `file` back; its samples were written with this `checksum`.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] if it is not what was expected or cannot be read, or
    /// if the system refuses.
    pub(super) fn check(
        &self,
        file: File,
        verify: Verify,
        checksum: Option<u32>,
        stop: &Stop,
    ) -> Result<()> {
        let arrays = match &self.array {
            Some(array) => Reading::As(array.axes()),
            None => Reading::AsImage,
        };
        let names = Some(&self.names[..]).filter(|names| !names.is_empty());
        let reader = codec::rows_of_written(file, self.format, arrays, names);
        let reader = reader.map_err(unreadable)?;
        self.check_header(&reader)?;
        if verify < Verify::Whole {
            return Ok(());
        }
        let Checksums { samples, specs } = Checksums::of(reader, stop)?;
        if self.pages > 1 && self.has_channels() && specs.sum() != self.specs.sum() {
            return Err(fault(
                "the file written for it reads as pages of other sizes or types than were written",
            ));
        }
        let found = samples.sum();
        match checksum {
            Some(wanted) if self.is_exact() && found != wanted => Err(fault(
                "the file written for it reads as other samples than were written",
            )),
            _ => Ok(()),
        }
    }

    fn check_header(&self, reader: &RowReader<'_>) -> Result<()> {
        let found = reader.header();
        let same = ImageSpec {
            channels: match self.has_channels() {
                true => self.spec.channels,
                false => found.spec.channels,
            },
            ..self.spec
        };
        let array = (self.array.as_ref()).filter(|array| !array.is_picture());
        let is_array = found.stack.as_ref() == array;
        if found.pages != self.pages {
            return Err(fault(format_args!(
                "the file written for it reads as {} pages, and was to be {}",
                found.pages, self.pages
            )));
        }
        if found.spec == same && is_array && found.format.is_same_family(self.format) {
            return Ok(());
        }
        Err(fault(format_args!(
            "the file written for it reads as {}, and was to be {}",
            described(found.format, found.spec),
            described(self.format, self.spec)
        )))
    }

    /// Whether the file has the channels of the image: those of a GIF depend on the colours
    /// in its palette.
    fn has_channels(&self) -> bool {
        self.format != Format::Gif || self.spec.channels == 1
    }

    /// Whether the samples are read as they were written.
    fn is_exact(&self) -> bool {
        !matches!(self.format, Format::Jpeg | Format::Hdr) && self.has_channels()
    }
}

fn described(format: Format, spec: ImageSpec) -> String {
    let ImageSpec {
        rows,
        columns,
        channels,
        depth,
    } = spec;
    format!("{format} of {columns} x {rows}, {channels} x {depth}")
}

/// The checksum with another spec.
fn added(mut specs: Crc, spec: ImageSpec) -> Crc {
    specs.update(format!("{spec:?}").as_bytes());
    specs
}

/// What all pages of a file sum up to.
struct Checksums {
    samples: Crc,
    specs: Crc,
}

impl Checksums {
    /// Reads all pages.
    fn of(reader: RowReader<'_>, stop: &Stop) -> Result<Self> {
        let mut sums = Self {
            samples: Crc::new(),
            specs: Crc::new(),
        };
        let mut next = Some(reader);
        while let Some(reader) = next {
            next = sums.add(reader, stop)?;
        }
        Ok(sums)
    }

    /// Adds a page, and opens the next.
    fn add<'a>(&mut self, mut reader: RowReader<'a>, stop: &Stop) -> Result<Option<RowReader<'a>>> {
        let spec = reader.header().spec;
        let specs = mem::replace(&mut self.specs, Crc::new());
        self.specs = added(specs, spec);
        let rows = (CHUNK / spec.row_bytes()).clamp(1, spec.rows);
        let mut chunk = Samples::zeroed(spec.depth, rows * spec.row_len())?;
        loop {
            stop.check()?;
            let count = reader.read(&mut chunk).map_err(unreadable)?;
            if count == 0 {
                break;
            }
            let read = chunk.as_slice().range(0, count * spec.row_len());
            self.samples.update(read.as_bytes());
        }
        let (_, next) = reader.finish_page().map_err(unreadable)?;
        Ok(next)
    }
}

fn unreadable(error: Error) -> Error {
    match error {
        Error::Input(reason) => fault(format_args!(
            "the file written for it cannot be read ({reason})"
        )),
        error => error,
    }
}

/// The file is not put in its place: what was there stays.
fn fault(what: impl std::fmt::Display) -> Error {
    let what = what.to_string();
    OutputError::Fault { what }.into()
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;
    use crate::{
        codec::{EncodeOptions, Metadata, Output, create_rows},
        image::Depth,
    };

    const SPEC: ImageSpec = ImageSpec {
        rows: 5,
        columns: 4,
        channels: 3,
        depth: Depth::U8,
    };

    /// A file in this format, and the checksum of its samples.
    fn written(format: Format) -> (File, u32) {
        let mut file = tempfile::tempfile().unwrap();
        let (metadata, options) = (Metadata::default(), EncodeOptions::default());
        let out = Output::seekable(file.try_clone().unwrap());
        let writer = create_rows(SPEC, format, &metadata, &options, out).unwrap();
        let mut writer = writer.with_checksum();
        let samples: Vec<u8> = (0..60).map(|at| at * 4).collect();
        // In bands of several sizes.
        for band in [0..24, 24..36, 36..60] {
            writer.write(&samples[band]).unwrap();
        }
        let sum = writer.checksum().unwrap();
        writer.finish(&metadata).unwrap();
        file.rewind().unwrap();
        (file, sum)
    }

    fn refusal(expected: &Expected, file: File, sum: u32, verify: Verify) -> String {
        let result = expected.check(file, verify, Some(sum), &Stop::default());
        result.unwrap_err().to_string()
    }

    const FAULT: &str =
        ": this is a fault of the program, please report it; what was there before stays";

    #[test]
    fn another_file_than_was_expected_is_refused() {
        let right = Expected::new(Format::Png, SPEC, None);
        let stop = Stop::default();
        for check in [Verify::Header, Verify::Whole] {
            let (file, sum) = written(Format::Png);
            right.check(file, check, Some(sum), &stop).unwrap();
            let specs = [
                (ImageSpec { rows: 6, ..SPEC }, "png of 4 x 6, 3 x 8-bit"),
                (ImageSpec { columns: 9, ..SPEC }, "png of 9 x 5, 3 x 8-bit"),
                (
                    ImageSpec {
                        channels: 1,
                        ..SPEC
                    },
                    "png of 4 x 5, 1 x 8-bit",
                ),
                (
                    ImageSpec {
                        depth: Depth::U16,
                        ..SPEC
                    },
                    "png of 4 x 5, 3 x 16-bit",
                ),
            ];
            for (spec, wanted) in specs {
                let (file, sum) = written(Format::Png);
                let expected = Expected::new(Format::Png, spec, None);
                assert_eq!(
                    refusal(&expected, file, sum, check),
                    format!(
                        "the file written for it reads as png of 4 x 5, 3 x 8-bit, and was to be {wanted}{FAULT}"
                    )
                );
            }
            let (file, sum) = written(Format::Tiff);
            assert_eq!(
                refusal(&right, file, sum, check),
                format!(
                    "the file written for it reads as tiff of 4 x 5, 3 x 8-bit, and was to be png of 4 x 5, 3 x 8-bit{FAULT}"
                )
            );
        }
    }

    #[test]
    fn other_samples_are_found_in_every_exact_format() {
        for format in Format::ALL {
            if !format.can_hold(SPEC.depth, SPEC.channels) {
                continue;
            }
            let expected = Expected::new(format, SPEC, None);
            let stop = Stop::default();
            let (file, sum) = written(format);
            expected
                .check(file, Verify::Whole, Some(sum), &stop)
                .unwrap();
            let (file, sum) = written(format);
            let made = expected.check(file, Verify::Whole, Some(sum ^ 1), &stop);
            let exact = !matches!(format, Format::Jpeg | Format::Gif);
            assert_eq!(made.is_err(), exact, "{format}");
            if let Err(error) = made {
                assert_eq!(
                    error.to_string(),
                    format!(
                        "the file written for it reads as other samples than were written{FAULT}"
                    )
                );
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_is_found() {
        let expected = Expected::new(Format::Png, SPEC, None);
        let (mut file, sum) = written(Format::Png);
        file.set_len(70).unwrap();
        assert_eq!(
            refusal(&expected, file, sum, Verify::Whole),
            format!(
                "the file written for it cannot be read (the png file ends before its picture does: get a complete copy of it){FAULT}"
            )
        );
        file = tempfile::tempfile().unwrap();
        file.write_all(b"text").unwrap();
        file.rewind().unwrap();
        let refused = refusal(&expected, file, sum, Verify::Header);
        assert!(
            refused.starts_with("the file written for it cannot be read ("),
            "{refused}"
        );
    }
}
