//! Errors of inputs.

/// What is wrong with an image, or with the file that should hold one. Formats go by their
/// names, as [`Format::name`](crate::codec::Format::name) has them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The data end before the end of the picture.
    #[error("the {format} file ends before its picture does: get a complete copy of it")]
    Truncated {
        /// What the file is.
        format: &'static str,
    },
    /// The data do not follow their format.
    #[error("the {format} file is damaged ({what}): get a good copy of it")]
    Damaged {
        /// What the file is.
        format: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The file is well formed, but uses a feature that is not supported.
    #[error("{what} is not supported in a {format} file: {remedy} first")]
    Unsupported {
        /// What the file is.
        format: &'static str,
        /// The feature.
        what: String,
        /// What makes a file of it that is supported: `convert it with another program`.
        remedy: &'static str,
    },
    /// A file of more channels than a picture has, none of which is a colour by its name.
    #[error("a picture without colours in {channels} channels ({names}): name up to four of them")]
    NoColours {
        /// How many there are.
        channels: usize,
        /// Their names.
        names: String,
    },
    /// The same, with the message of the decoder.
    #[error(
        "this kind of {format} file is not supported ({reason}): convert it with another program first"
    )]
    UnsupportedKind {
        /// What the file is.
        format: &'static str,
        /// The decoder's message.
        reason: String,
    },
    /// The file is empty.
    #[error("the file is empty: get a good copy of it")]
    Empty,
    /// The content is recognised, but is not a picture that can be read.
    #[error("it is no picture that can be read, it looks like {kind}: supported are {supported}")]
    Foreign {
        /// What it looks like: `a PDF document`.
        kind: &'static str,
        /// The formats that are read.
        supported: String,
    },
    /// The content is neither of the format that the name indicates nor of another known
    /// format.
    #[error(
        "the name says {format}, the content is no {format}, nor anything else that can be read: supported are {supported}"
    )]
    Misnamed {
        /// The format that the name indicates.
        format: &'static str,
        /// The formats that are read.
        supported: String,
    },
    /// The content is of no known format, and there is no name.
    #[error("its content is of no known format: supported are {supported}")]
    Unknown {
        /// The formats that are read.
        supported: String,
    },
    /// A header declares a picture without pixels.
    #[error(
        "the picture is empty: {columns} columns x {rows} rows x {channels} channels; there is nothing to filter"
    )]
    EmptyPicture {
        /// Columns of the picture.
        columns: u64,
        /// Rows of the picture.
        rows: u64,
        /// Channels of a pixel.
        channels: u64,
    },
    /// An image without samples.
    #[error("the image is empty{}; there is nothing to filter", told(shape))]
    EmptyImage {
        /// Rows, columns and channels, if known.
        shape: Option<[usize; 3]>,
    },
    /// The number of samples does not match the shape.
    #[error(
        "{} rows x {} columns x {} channels need {wanted} samples, not {given}",
        shape[0], shape[1], shape[2]
    )]
    Samples {
        /// Rows, columns and channels.
        shape: [usize; 3],
        /// How many samples they need.
        wanted: usize,
        /// Their number.
        given: usize,
    },
    /// An array with fewer axes than a picture has.
    #[error(
        "the array has {axes} {}, and a picture has two or more: save a.reshape(rows, columns)",
        if *axes == 1 { "axis" } else { "axes" }
    )]
    ArrayAxes {
        /// How many axes it has.
        axes: usize,
    },
    /// An array whose shape does not tell what its axes are.
    #[error(
        "an array of shape {} may be {} ({}) or {} ({}): say which",
        shape_text(shape), readings[0].1, readings[0].0, readings[1].1, readings[1].0
    )]
    ArrayOrder {
        /// The length of every axis.
        shape: Vec<usize>,
        /// The two likely readings: the axes, as [`Axes`](crate::Axes) has them, and what the
        /// array holds then.
        readings: Box<[(String, String); 2]>,
    },
    /// An array with another number of axes than were named.
    #[error(
        "an array of shape {} has {} {}, and {axes} are {}: give a letter for each",
        shape_text(shape),
        shape.len(),
        if shape.len() == 1 { "axis" } else { "axes" },
        axes.len()
    )]
    AxesCount {
        /// The length of every axis.
        shape: Vec<usize>,
        /// The axes that were named.
        axes: String,
    },
    /// An array of a type that is not supported.
    #[error(
        "arrays of `{descr}` are not supported: integers, booleans and floats of up to 64 bits are; save {convert}"
    )]
    ArrayType {
        /// NumPy's description of the type.
        descr: String,
        /// Python code that converts it to a supported type.
        convert: &'static str,
    },
    /// An array of records.
    #[error(
        "arrays of records are not supported: integers, booleans and floats of up to 64 bits are; save one field, a['name']"
    )]
    ArrayOfRecords,
    /// A pipe, a device or the like that cannot be mapped.
    #[error("it is no regular file and cannot be mapped; copy it to one first")]
    NotRegular,
    /// Elements that would begin after the end of a mapped file.
    #[error("byte {offset} lies outside the file of {len} bytes")]
    Outside {
        /// The offset at which they would begin.
        offset: usize,
        /// The bytes of the file.
        len: usize,
    },
    /// Elements of a mapped file that are not aligned.
    #[error(
        "byte {offset} of the file is not aligned for elements of {size} bytes; read the file instead of mapping it"
    )]
    Unaligned {
        /// The offset at which they begin.
        offset: usize,
        /// The bytes of an element.
        size: usize,
    },
    /// A folder without images.
    #[error("there is no image in this folder; name another one")]
    NoImages,
    /// The input changed while its job waited for memory.
    #[error("it was changed while it waited for memory; run it again")]
    Changed,
    /// The reader's thread ended without an error.
    #[error("reading ended early")]
    EndedEarly,
    /// A panic, which is a bug in this crate or in a decoder.
    #[error("the program failed over this file ({message}): please report it, with the file")]
    Panicked {
        /// The panic's message.
        message: String,
    },
}

fn told(shape: &Option<[usize; 3]>) -> String {
    shape.map_or(String::new(), |[rows, columns, channels]| {
        format!(": {rows} rows x {columns} columns x {channels} channels")
    })
}

/// A shape as NumPy writes it: `(5, 64, 80)`, `(80,)`.
pub(crate) fn shape_text(shape: &[usize]) -> String {
    match shape {
        [length] => format!("({length},)"),
        _ => {
            let lengths: Vec<_> = shape.iter().map(usize::to_string).collect();
            format!("({})", lengths.join(", "))
        }
    }
}
