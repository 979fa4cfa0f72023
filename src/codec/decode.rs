//! Decoding files and bytes to images.

use std::{
    fs::File,
    io::{Read, Seek},
    path::Path,
};

use crate::{
    axes::{Reading, Stack},
    error::{Error, IoAction, Result},
    file::open_file,
    image::{Image, ImageView, SampleSlice},
    warning::Warning,
};

use super::{
    Format, Limits, Metadata, NpyFile, Pages, RowReader, Wanted, errors, gif, image_crate,
    input::{Input, ReadErrors, read_all, too_large},
    jpeg, npy, png, pnm, sniff, tiff,
};

/// A decoded image.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The samples.
    pub image: Image,
    /// The format of the content, whatever the file's name says.
    pub format: Format,
    /// The metadata of the file.
    pub metadata: Metadata,
    /// Warnings for the user, one line each.
    pub warnings: Vec<Warning>,
}

/// An image that was opened: in memory, or mapped from its file.
#[derive(Debug)]
pub struct Opened {
    source: Source,
    /// The format of the content, whatever the file's name says.
    pub format: Format,
    /// The metadata of the file.
    pub metadata: Metadata,
    /// Warnings for the user, one line each.
    pub warnings: Vec<Warning>,
    /// See [`Header::names_channels`](super::Header).
    pub(crate) names_channels: bool,
}

#[derive(Debug)]
enum Source {
    Memory(Image),
    /// An array that was read, [folded](Stack::folded) to an image.
    Array(Image, Stack),
    /// A mapped array that needs no conversion.
    Mapped(NpyFile, Stack),
}

impl Opened {
    /// Whether the samples are mapped from the file.
    pub const fn is_mapped(&self) -> bool {
        matches!(self.source, Source::Mapped(..))
    }

    /// The samples, wherever they are: of an array of several planes, those of the first.
    pub fn image(&self) -> ImageView<'_> {
        match &self.source {
            Source::Memory(image) => image.into(),
            Source::Array(_, stack) | Source::Mapped(_, stack) => {
                let (shape, strides) = (stack.picture(), stack.picture_strides());
                ImageView::strided(self.samples(), shape, strides, 0)
                    .expect("a plane lies in its array")
            }
        }
    }

    /// How many planes there are: one, but of an array with axes that count them.
    pub fn planes(&self) -> usize {
        self.stack().map_or(1, Stack::planes)
    }

    /// The samples of all planes, in the order in which they are stored.
    pub(crate) fn samples(&self) -> SampleSlice<'_> {
        match &self.source {
            Source::Memory(image) | Source::Array(image, _) => image.samples().as_slice(),
            Source::Mapped(file, _) => file.samples().expect("it was mapped when it was opened"),
        }
    }

    /// The axes and sizes of an array, if it is mapped or more than an image.
    pub(crate) const fn stack(&self) -> Option<&Stack> {
        match &self.source {
            Source::Memory(_) => None,
            Source::Array(_, stack) | Source::Mapped(_, stack) => Some(stack),
        }
    }

    /// Reads all rows of the first page.
    pub(crate) fn read(reader: RowReader<'_>) -> Result<Self> {
        Self::read_page(reader).map(|(opened, _)| opened)
    }

    /// Reads all rows of a page, and opens the next one if it is to be read.
    pub(crate) fn read_page(reader: RowReader<'_>) -> Result<(Self, Option<RowReader<'_>>)> {
        let stack = reader.header().stack.clone();
        let names_channels = reader.header().names_channels;
        let (decoded, next) = reader.into_decoded_page()?;
        let Decoded {
            image,
            format,
            metadata,
            warnings,
        } = decoded;
        let source = match stack {
            Some(stack) => Source::Array(image, stack),
            None => Source::Memory(image),
        };
        let opened = Self {
            source,
            format,
            metadata,
            warnings,
            names_channels,
        };
        Ok((opened, next))
    }
}

/// Opens the file at `path`: an array of a type that needs no conversion is
/// mapped and can be larger than memory, everything else is read. Of an array of three axes,
/// the last are channels; if they are more than four, a warning says so.
///
/// # Errors
///
/// As [`read`].
pub fn open(path: &Path, limits: &Limits) -> Result<Opened> {
    match open_input(path, limits, Manner::quick(None))? {
        OpenedInput::Mapped(opened) => Ok(opened),
        OpenedInput::Rows(reader) => Opened::read(reader),
    }
}

/// An image whose header was read.
pub(crate) enum OpenedInput {
    /// Its rows are still to be read.
    Rows(RowReader<'static>),
    /// The array is memory-mapped.
    Mapped(Opened),
}

/// How thoroughly a file is scanned before its rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScanDepth {
    /// Data after the image may be reported after its last row.
    Quick,
    /// All ignored content is found now, even if that takes as long as reading the file.
    Thorough,
}

/// Opens the file at `path`: an array that needs no conversion is mapped. The format by its
/// name is the hint.
pub(crate) fn open_input(path: &Path, limits: &Limits, how: Manner<'_>) -> Result<OpenedInput> {
    let mut file = open_file(path)?;
    if let Some(opened) = map_array(&mut file, limits, how.arrays)? {
        how.pages.unwrap_or_default().count_of(1)?;
        return Ok(OpenedInput::Mapped(opened));
    }
    let read_errors = ReadErrors::new(limits);
    let input = Input::of_file(file, limits, &read_errors)?;
    let how = Manner {
        hint: Format::from_path(path),
        ..how
    };
    rows(input, how, limits, read_errors).map(OpenedInput::Rows)
}

/// Maps the array in the file, if that needs no conversion. The file is left at its
/// beginning.
fn map_array(file: &mut File, limits: &Limits, arrays: Reading<'_>) -> Result<Option<Opened>> {
    // Pipes cannot be mapped, and reading from them consumes their data.
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let mut start = [0; 6];
    let begun = file.read_exact(&mut start).is_ok();
    file.rewind().map_err(|e| Error::io(IoAction::Read, e))?;
    if !begun || Format::from_content(&start) != Some(Format::Npy) {
        return Ok(None);
    }
    // Errors of an array are reported by the reader, in one place.
    let Some(array) = NpyFile::of(file).ok().filter(NpyFile::is_exact) else {
        return Ok(None);
    };
    let (Some(samples), Ok((stack, note))) = (array.samples(), array.stack(arrays)) else {
        return Ok(None);
    };
    let shape = match stack.is_picture() {
        true => stack.picture(),
        false => stack.folded(),
    };
    let [rows, columns, channels] = shape.map(|n| n as u64);
    limits.check(rows, columns, channels, samples.depth())?;
    let metadata = array.metadata(&stack);
    Ok(Some(Opened {
        source: Source::Mapped(array, stack),
        format: Format::Npy,
        metadata,
        warnings: note.into_iter().collect(),
        names_channels: arrays.names_channels(),
    }))
}

/// Reads the file at `path` into memory; the extension decides only if the content does not
/// identify the format.
///
/// # Errors
///
/// As [`open_rows`], and [`Error::Input`] if the data end early or are damaged.
pub fn read(path: &Path, limits: &Limits) -> Result<Decoded> {
    open_rows(path, limits)?.into_decoded()
}

/// Opens the file at `path` to be read by rows; the extension decides only if the content
/// does not identify the format. PNG, Netpbm, TIFF and `.npy` files are read as the rows are
/// requested; files in other formats are read here. A large JPEG of one scan is decoded as
/// its rows are requested, any other format when its first row is.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be opened or read: its cause has the kind
/// [`NotFound`](std::io::ErrorKind::NotFound) if there is none,
/// [`IsADirectory`](std::io::ErrorKind::IsADirectory) if it is a folder.
/// [`Error::Input`] if its header is damaged or of a kind that is not supported,
/// [`Error::Limit`] if it claims more than `limits` allow.
pub fn open_rows(path: &Path, limits: &Limits) -> Result<RowReader<'static>> {
    let read_errors = ReadErrors::new(limits);
    let input = Input::of_file(open_file(path)?, limits, &read_errors)?;
    let how = Manner::quick(Format::from_path(path));
    rows(input, how, limits, read_errors)
}

/// [`open_rows`] of these pages of the file, of which the first is opened:
/// [`RowReader::finish_page`] opens the next.
///
/// # Errors
///
/// As [`open_rows`], and [`Error::Request`] if the file lacks one of the pages.
pub fn open_pages(path: &Path, pages: Pages, limits: &Limits) -> Result<RowReader<'static>> {
    let read_errors = ReadErrors::new(limits);
    let input = Input::of_file(open_file(path)?, limits, &read_errors)?;
    let how = Manner {
        pages: Some(pages),
        ..Manner::quick(Format::from_path(path))
    };
    rows(input, how, limits, read_errors)
}

/// [`open_rows`] of this layer of an OpenEXR file: by what stands before the dot of its channels
/// (`diffuse` of `diffuse.R`) or by the name of its part, the colours of it or up to four channels;
/// by the whole name of a channel (`Z`), that one; by several with commas (`N.X,N.Y,N.Z`), these in
/// this order. What is left out is in the [header](super::Header). Of other formats a
/// warning says that it has no effect.
///
/// # Errors
///
/// As [`open_rows`], and [`Error::Request`], which names the channels, if the file has no such layer.
pub fn open_layer(path: &Path, layer: &str, limits: &Limits) -> Result<RowReader<'static>> {
    let read_errors = ReadErrors::new(limits);
    let input = Input::of_file(open_file(path)?, limits, &read_errors)?;
    let how = Manner {
        layer: Wanted::Layer(layer),
        ..Manner::quick(Format::from_path(path))
    };
    rows(input, how, limits, read_errors)
}

/// [`open_pages`] of a file in memory. The content takes precedence over `hint`.
///
/// # Errors
///
/// As [`open_pages`].
pub fn pages_of_bytes<'a>(
    bytes: &'a [u8],
    hint: Option<Format>,
    pages: Pages,
    limits: &Limits,
) -> Result<RowReader<'a>> {
    let (input, read_errors) = (Input::Memory(bytes), ReadErrors::new(limits));
    let how = Manner {
        pages: Some(pages),
        ..Manner::quick(hint)
    };
    rows(input, how, limits, read_errors)
}

/// Opens a stream, for example standard input, to be read by rows. Data after the
/// picture are not read. The content takes precedence over `hint`, the format named by
/// the user; TGA has no magic bytes and is recognised by the hint only.
///
/// # Errors
///
/// As [`open_rows`].
pub fn rows_from<'a>(
    reader: impl Read + Send + 'a,
    hint: Option<Format>,
    limits: &Limits,
) -> Result<RowReader<'a>> {
    rows_of_stream(reader, limits, Manner::quick(hint))
}

/// [`rows_from`], read in this manner.
pub(crate) fn rows_of_stream<'a>(
    reader: impl Read + Send + 'a,
    limits: &Limits,
    how: Manner<'_>,
) -> Result<RowReader<'a>> {
    let read_errors = ReadErrors::new(limits);
    let input = Input::of_stream(reader, &read_errors);
    rows(input, how, limits, read_errors)
}

/// Opens a file in memory to be read by rows. The content takes precedence over `hint`.
///
/// # Errors
///
/// As [`open_rows`].
pub fn rows_of_bytes<'a>(
    bytes: &'a [u8],
    hint: Option<Format>,
    limits: &Limits,
) -> Result<RowReader<'a>> {
    let (input, read_errors) = (Input::Memory(bytes), ReadErrors::new(limits));
    rows(input, Manner::quick(hint), limits, read_errors)
}

/// Opens a file that was just written in this format, without limits: it was written within
/// them. These are the channels of an OpenEXR file.
pub(crate) fn rows_of_written(
    file: File,
    format: Format,
    arrays: Reading<'_>,
    names: Option<&[String]>,
) -> Result<RowReader<'static>> {
    let limits = Limits {
        max_pixels: u64::MAX,
        max_bytes: u64::MAX,
        max_memory: u64::MAX,
    };
    let read_errors = ReadErrors::new(&limits);
    let input = Input::of_file(file, &limits, &read_errors)?;
    let how = Manner {
        arrays,
        pages: Some(Pages::All),
        layer: names.map_or(Wanted::Colours, Wanted::Channels),
        ..Manner::quick(Some(format))
    };
    rows(input, how, &limits, read_errors)
}

/// Opens a JPEG that is split into strips if it has at least the given number of
/// pixels, each strip with about the given bytes of samples. For fuzzing, which splits
/// small images, too.
#[doc(hidden)]
pub fn rows_of_split_jpeg<'a>(
    bytes: &'a [u8],
    limits: &Limits,
    pixels: usize,
    strip: usize,
) -> Result<RowReader<'a>> {
    let settings = jpeg::SplitSettings {
        pixels,
        bytes: strip,
    };
    Ok(jpeg::open_split(bytes.into(), limits, settings)?.with_memory_limit(limits))
}

/// How an input is read.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'a> {
    /// The format if the content does not identify it.
    pub(crate) hint: Option<Format>,
    pub(crate) scan_depth: ScanDepth,
    /// What the axes of an array are taken for.
    pub(crate) arrays: Reading<'a>,
    /// The layer or channels of an OpenEXR file that are read.
    pub(crate) layer: Wanted<'a>,
    /// The pages that are read; `None` is the first, with a warning if there are others.
    pub(crate) pages: Option<Pages>,
}

impl Manner<'_> {
    pub(crate) const fn quick(hint: Option<Format>) -> Self {
        Self {
            hint,
            scan_depth: ScanDepth::Quick,
            arrays: Reading::AsImage,
            layer: Wanted::Colours,
            pages: None,
        }
    }
}

fn rows<'a>(
    input: Input<'a>,
    how: Manner<'_>,
    limits: &Limits,
    read_errors: ReadErrors,
) -> Result<RowReader<'a>> {
    let hint = how.hint;
    let (start, input) = input
        .start()
        .map_err(|error| read_errors.real_cause(error))?;
    let format = sniff::format_of(&start, hint)?;
    let mut reader = rows_as(format, &start, input, limits, how)
        .map_err(|error| read_errors.real_cause(error))?;
    if let Some(hint) = hint.filter(|hint| !hint.is_same_family(format)) {
        reader.warn_first(format!(
            "the name says {hint}, the content is {format}: it was read as {format}"
        ));
    }
    if let (Some(axes), false) = (how.arrays.named(), format == Format::Npy) {
        reader.warn(format!(
            "the axes {axes} are for arrays, this is {format}: they have no effect"
        ));
    }
    if let (Wanted::Layer(layer), false) = (how.layer, format == Format::Exr) {
        reader.warn(format!(
            "the layer {} is for exr files, this is {format}: it has no effect",
            errors::one_line(layer)
        ));
    }
    Ok(reader
        .with_memory_limit(limits)
        .with_read_errors(read_errors))
}

fn rows_as<'a>(
    format: Format,
    start: &[u8],
    input: Input<'a>,
    limits: &Limits,
    how: Manner<'_>,
) -> Result<RowReader<'a>> {
    let scan_depth = how.scan_depth;
    if !matches!(
        format,
        Format::Tiff | Format::Gif | Format::Png | Format::Webp
    ) {
        how.pages.unwrap_or_default().count_of(1)?;
    }
    if format == Format::Png {
        return png::open(input.into_reader(), start, limits, (scan_depth, how.pages));
    }
    if format.is_netpbm() {
        return pnm::open(input.into_reader(), format, limits);
    }
    if format == Format::Npy {
        return npy::open(input, limits, how.arrays);
    }
    if format == Format::Tiff {
        let (input, held) = input.into_seekable(limits)?;
        return tiff::open(input, held, limits, (scan_depth, how.pages));
    }
    let bytes = input.into_bytes(limits)?;
    match format {
        Format::Jpeg => jpeg::open(bytes, limits),
        Format::Gif => gif::open(bytes, limits, (scan_depth, how.pages)),
        _ => image_crate::open(bytes, format, limits, (how.pages, how.layer)),
    }
}

/// Reads a whole stream, for example standard input.
///
/// # Errors
///
/// [`Error::Io`] if the reader fails, else as [`read_bytes`].
pub fn read_from(reader: impl Read, hint: Option<Format>, limits: &Limits) -> Result<Decoded> {
    let bytes = read_all(reader.take(limits.max_bytes.saturating_add(1)), limits)?;
    if bytes.len() as u64 > limits.max_bytes {
        return Err(too_large(limits));
    }
    read_bytes(&bytes, hint, limits)
}

/// Decodes a file in memory. The content takes precedence over `hint`, the format by the
/// file's name or named by the user; TGA is recognised by the hint only.
///
/// # Errors
///
/// [`Error::Input`] if the bytes are damaged, truncated, or of a kind that is not supported, [`Error::Limit`] if they claim more than `limits` allow.
pub fn read_bytes(bytes: &[u8], hint: Option<Format>, limits: &Limits) -> Result<Decoded> {
    rows_of_bytes(bytes, hint, limits)?.into_decoded()
}
