//! What is wrong with an input.

/// What is wrong with an image, or with the file that should hold one. Formats go by their
/// names, as [`Format::name`](crate::codec::Format::name) has them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The data end before the picture does.
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
    /// The file is well formed and has something that is not read.
    #[error("{what} is not supported in a {format} file: convert it with another program first")]
    Unsupported {
        /// What the file is.
        format: &'static str,
        /// What is not read.
        what: String,
    },
    /// The same, in a sentence of the decoder.
    #[error(
        "this kind of {format} file is not supported ({reason}): convert it with another program first"
    )]
    UnsupportedKind {
        /// What the file is.
        format: &'static str,
        /// The decoder's sentence.
        reason: String,
    },
    /// There are no bytes.
    #[error("the file is empty: get a good copy of it")]
    Empty,
    /// The content is known and no picture that can be read.
    #[error("it is no picture that can be read, it looks like {kind}: supported are {supported}")]
    Foreign {
        /// What it looks like: `a PDF document`.
        kind: &'static str,
        /// The formats that are read.
        supported: String,
    },
    /// The content is neither what the name says nor anything else that is read.
    #[error(
        "the name says {format}, the content is no {format}, nor anything else that can be read: supported are {supported}"
    )]
    Misnamed {
        /// What the name says.
        format: &'static str,
        /// The formats that are read.
        supported: String,
    },
    /// The content is of no known format, and there is no name to go by.
    #[error("its content is of no known format: supported are {supported}")]
    Unknown {
        /// The formats that are read.
        supported: String,
    },
    /// A header tells of a picture without pixels.
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
        /// Rows, columns and channels, where they tell more.
        shape: Option<[usize; 3]>,
    },
    /// Another number of samples than the shape has.
    #[error(
        "{} rows x {} columns x {} channels need {wanted} samples, not {given}",
        shape[0], shape[1], shape[2]
    )]
    Samples {
        /// Rows, columns and channels.
        shape: [usize; 3],
        /// How many samples they need.
        wanted: usize,
        /// How many there are.
        given: usize,
    },
    /// An array of another number of axes than an image has.
    #[error(
        "the array has {axes} {}; an image has 2 (rows, columns) or 3 (rows, columns, channels): save a.reshape(rows, columns) or one picture of the stack",
        if *axes == 1 { "axis" } else { "axes" }
    )]
    ArrayAxes {
        /// How many axes it has.
        axes: usize,
    },
    /// An array of a type that is not read.
    #[error(
        "arrays of `{descr}` are not supported: uint8, uint16, float32 and float64 are; save {convert}"
    )]
    ArrayType {
        /// NumPy's description of the type.
        descr: String,
        /// What makes a type of it that is read, in Python.
        convert: &'static str,
    },
    /// An array of records.
    #[error(
        "arrays of records are not supported: uint8, uint16, float32 and float64 are; save one field, a['name']"
    )]
    ArrayOfRecords,
    /// A pipe, a device or the like where a file is to be mapped.
    #[error("it is no regular file and cannot be mapped; copy it to one first")]
    NotRegular,
    /// Elements that would begin behind the end of a mapped file.
    #[error("byte {offset} lies outside the file of {len} bytes")]
    Outside {
        /// Where they would begin.
        offset: usize,
        /// The bytes of the file.
        len: usize,
    },
    /// Elements of a mapped file that no reference may lead to.
    #[error(
        "byte {offset} of the file is not aligned for elements of {size} bytes; read the file instead of mapping it"
    )]
    Unaligned {
        /// Where they begin.
        offset: usize,
        /// The bytes of an element.
        size: usize,
    },
    /// Nothing in a folder is an image.
    #[error("there is no image in this folder; name another one")]
    NoImages,
    /// The input became another one while its job waited for memory.
    #[error("it was changed while it waited for memory; run it again")]
    Changed,
    /// The thread that reads ended without a word.
    #[error("reading ended early")]
    EndedEarly,
    /// A panic, which is a fault of this crate or of a decoder.
    #[error("the program failed over this file ({message}): please report it, with the file")]
    Panicked {
        /// What the panic said.
        message: String,
    },
}

fn told(shape: &Option<[usize; 3]>) -> String {
    shape.map_or(String::new(), |[rows, columns, channels]| {
        format!(": {rows} rows x {columns} columns x {channels} channels")
    })
}
