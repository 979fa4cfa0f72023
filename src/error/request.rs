//! Errors of requests.

use std::path::PathBuf;

use crate::{combine::Combine, depth::Depth, map::Map, text, unknown_name::UnknownName};

/// A request that contradicts itself, the image or this machine.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// An unknown name.
    #[error(transparent)]
    Name(#[from] UnknownName),
    /// A constant border without a valid number.
    #[error(
        "`{text}`: `{value}` is no number that a sample can be; write for instance constant:128"
    )]
    BorderValue {
        /// The border.
        text: String,
        /// The value in it.
        value: String,
    },
    /// A value for a border that takes none.
    #[error("`{text}`: only constant takes a value; write `{name}`")]
    BorderTakesNone {
        /// The border.
        text: String,
        /// The border without the value.
        name: String,
    },
    /// An ambiguous name of two borders.
    #[error(
        "`mirror` means `reflect` (dcb|abcd|cba) in SciPy and `symmetric` (cba|abcd|dcb) in libvips and ImageMagick; name one of those two"
    )]
    BorderMirror,
    /// Borders for each axis that are not one for y and one for x.
    #[error("`{text}` {problem}; write for instance y=reflect,x=wrap")]
    BorderAxes {
        /// The borders.
        text: String,
        /// What is wrong with them: a clause.
        problem: &'static str,
    },
    /// Letters that are not the axes of an array.
    #[error("the axes `{text}` {problem}; write for instance TYX or YXC")]
    Axes {
        /// The letters.
        text: String,
        /// What is wrong with them: a clause.
        problem: String,
    },
    /// Names that are no layer or channels of a file.
    #[error("the layer `{}` {problem}", text::printable(layer))]
    Layer {
        /// The names.
        layer: String,
        /// What is wrong with them: a clause.
        problem: String,
    },
    /// A constant border beyond 32-bit floats.
    #[error("constant:{value:e} is beyond what a sample can be")]
    ConstantRange {
        /// The constant.
        value: f64,
    },
    /// A constant border whose value is not a sample value of the image.
    #[error(
        "constant:{value} is no {depth} sample; use a whole number from {} to {}",
        depth.range()[0], depth.largest_text()
    )]
    Constant {
        /// The constant.
        value: f64,
        /// The type of the samples.
        depth: Depth,
    },
    /// A constant border of NaN or an infinity around integer samples.
    #[error(
        "constant:{} is no {depth} sample, as integers hold neither NaN nor infinity; use a whole number from 0 to {}, or an image of floats",
        value.to_string().to_lowercase(),
        depth.full_scale()
    )]
    ConstantNotFinite {
        /// The constant.
        value: f64,
        /// The type of the samples.
        depth: Depth,
    },
    /// A sample of a 64-bit integer type that is too large for exact sums.
    #[error(
        "a sample is beyond ±{limit}, and sums of {depth} samples by these weights would exceed 2^53, up to which they are exact; convert the samples to 64-bit floats, or use smaller weights"
    )]
    LargeSample {
        /// The type of the samples.
        depth: Depth,
        /// The largest absolute sample that is accepted.
        limit: f64,
    },
    /// A smallest share of present samples beyond 0 to 1.
    #[error("a share of {share} is no part of a window; use a number from 0 to 1")]
    MinShare {
        /// The share.
        share: f64,
    },
    /// A value of missing samples that the type of the samples does not hold.
    #[error(
        "no {depth} sample is {}, so none is missing by it; use a {}number from {} to {}",
        text::number(*value),
        if depth.is_float() { "" } else { "whole " },
        text::number(depth.finite_range()[0]),
        if depth.is_float() { text::number(depth.finite_range()[1]) } else { depth.largest_text() },
    )]
    MissingValue {
        /// The value.
        value: f64,
        /// The type of the samples.
        depth: Depth,
    },
    /// A value of missing samples that the type of the result does not hold.
    #[error(
        "where no sample of a window is present, the result is {}, which is no {depth} sample; use a result of the type of the image, or of floats",
        text::number(*value)
    )]
    MissingResult {
        /// The value.
        value: f64,
        /// The type of the samples of the result.
        depth: Depth,
    },
    /// The no-data value of a file that has none.
    #[error(
        "it has no no-data value (GDAL_NODATA, the tag 42113 of a TIFF file); name the value that is missing"
    )]
    NoNoData,
    /// A no-data value that is no number.
    #[error("its no-data value `{text}` is no number; name the value that is missing")]
    NoDataText {
        /// The value.
        text: String,
    },
    /// A mask that cannot be read.
    #[error("the mask {}: {reason}", path.display())]
    Mask {
        /// Its path.
        path: PathBuf,
        /// Why: one line.
        reason: String,
    },
    /// A mask of another size than the image.
    #[error(
        "the mask has {} x {} pixels of {} channel{}, the image {} x {} of {}; use a mask of the size of the image, with 1 channel or as many",
        mask[1], mask[0], mask[2], if mask[2] == 1 { "" } else { "s" }, image[1], image[0], image[2]
    )]
    MaskSize {
        /// Rows, columns and channels of the mask.
        mask: [usize; 3],
        /// Rows, columns and channels of the image.
        image: [usize; 3],
    },
    /// Angles of gradients where samples are missing.
    #[error(
        "the direction of a gradient is not defined where samples are missing; combine the kernels otherwise"
    )]
    MissingDirection,
    /// Indices of the largest response where samples are missing.
    #[error(
        "the index of the largest response is not defined where samples are missing; combine the kernels otherwise"
    )]
    MissingIndex,
    /// A map that would change what is no response: an index, or an angle in a unit of its own.
    #[error("{combine} gives numbers that the map {map} would change; use the map clamp or float")]
    MapOfOwnUnit {
        /// The rule.
        combine: Combine,
        /// The map.
        map: Map,
    },
    /// What the program whose way is followed does not do.
    #[error("{program} {problem}")]
    Program {
        /// The program.
        program: &'static str,
        /// What it does not do: a clause.
        problem: String,
    },
    /// Quotients of sums that are to be rounded otherwise than to nearest, or to wrap around.
    #[error(
        "samples that are missing or weighted by alpha are rounded to the nearest, ties to even, and saturated; drop what says otherwise"
    )]
    RoundedQuotients,
    /// The division of integers of several sums, or of sums that are mapped or scaled.
    #[error(
        "sums are divided as integers only of one kernel, if they are neither mapped nor scaled; round otherwise"
    )]
    DividedSums,
    /// A step of zero.
    #[error("a step of 0 never moves the window; use 1 or more")]
    ZeroStep,
    /// A dilation of zero.
    #[error("a dilation of 0 puts every tap on one sample; use 1 or more")]
    ZeroDilation,
    /// A dilation that makes windows of more bytes than can be addressed.
    #[error(
        "a dilation of {dilation} makes the window larger than this machine can address; use a smaller one"
    )]
    Dilation {
        /// The dilation.
        dilation: usize,
    },
    /// Samples of another type than requested.
    #[error("the samples are {depth}, not {wanted}; convert them first")]
    Depth {
        /// The type of the samples.
        depth: Depth,
        /// The requested type.
        wanted: Depth,
    },
    /// Pixels for which the `image` crate has no image type.
    #[error(
        "the image crate has no image of {channels} channels of {depth} samples; take one channel out, or use 8-bit or 16-bit samples"
    )]
    PixelType {
        /// The channels of a pixel.
        channels: usize,
        /// The type of the samples.
        depth: Depth,
    },
    /// A colour type of the `image` crate that this crate does not support.
    #[error("images of colour type {color} are not supported; convert them to RGB first")]
    ColorType {
        /// The colour type.
        color: String,
    },
    /// An integer depth with a map that results in floats.
    #[error(
        "the map float gives floats, not {depth} samples; use another map, or the depth f32, f64 or same"
    )]
    FloatMap {
        /// The requested depth.
        depth: Depth,
    },
    /// A window that is larger than the image.
    #[error(
        "the kernel's window of {} rows x {} columns is larger than the image of {} x {}",
        window[0], window[1], image[0], image[1]
    )]
    Window {
        /// Rows and columns of the window.
        window: [usize; 2],
        /// Rows and columns of the image.
        image: [usize; 2],
    },
    /// An image that luma is not defined for.
    #[error("an image of {channels} channels has no luma")]
    NoLuma {
        /// Channels of the image.
        channels: usize,
    },
    /// The luma of an array whose channels may be a picture's or planes.
    #[error(
        "an array of {channels} channels has no luma: they may be {} and alpha, or planes; filter each of them, or say that the last is alpha",
        if *channels == 2 { "gray" } else { "red, green, blue" }
    )]
    LumaOfPlanes {
        /// Channels of the array.
        channels: usize,
    },
    /// A treatment of alpha that a result of one channel does not have.
    #[error(
        "a result of the {channel} channel alone has no alpha to {alpha}; filter luma or every channel, or copy or drop alpha"
    )]
    AlphaOfOne {
        /// `weight` or `filter`.
        alpha: &'static str,
        /// The channel.
        channel: &'static str,
    },
    /// Colours that count by their alpha, and samples that are missing.
    #[error(
        "samples cannot be left out as missing and weighted by alpha at once; copy, filter or drop alpha"
    )]
    WeightedMissing,
    /// Alpha that is filtered with colours, in an array whose channels precede its rows.
    #[error(
        "in an array of the axes {axes} alpha is copied, filtered or dropped only where each channel is filtered by itself, since its channels precede its rows; make them its last axis, or drop alpha"
    )]
    AlphaOrder {
        /// The axes.
        axes: String,
    },
    /// A channel that the image does not have.
    #[error(
        "an image of {channels} channel{} has no {channel} channel",
        if *channels == 1 { "" } else { "s" }
    )]
    NoChannel {
        /// Channels of the image.
        channels: usize,
        /// The channel by name.
        channel: &'static str,
    },
    /// An engine that does not support this filter or image.
    #[error("the {engine} engine cannot run here: {reason}; use another engine, or auto")]
    Engine {
        /// The engine by name.
        engine: &'static str,
        /// Why it cannot run.
        reason: String,
    },
    /// A lane that is too narrow for exact sums.
    #[error("the {lane} lane would not be exact here: {reason}; use {narrowest} or wider")]
    Lane {
        /// The lane by name.
        lane: &'static str,
        /// Why it is not exact.
        reason: String,
        /// The narrowest lane that is exact.
        narrowest: &'static str,
    },
    /// Sums that even the widest lane cannot hold exactly.
    #[error(
        "sums of {depth} samples by these integer weights reach {largest:.1e}, and above 2^53 f64 does not hold them exactly; use smaller weights, with a divisor"
    )]
    Sums {
        /// The type of the samples.
        depth: Depth,
        /// The largest sum.
        largest: f64,
    },
    /// Divisors without a common multiple that is small enough.
    #[error(
        "the divisors of these kernels have no common multiple that is small enough for exact results; use other divisors"
    )]
    Divisors,
    /// A bank without kernels.
    #[error("the bank has no kernels")]
    NoKernels,
    /// An image of another shape or sample type than the plan was made for.
    #[error(
        "the plan is for {expected_depth} images of shape {expected:?}, and this one is \
         {depth} of shape {shape:?}; make a plan for it"
    )]
    OtherImage {
        /// The shape that the plan was made for: rows, columns, channels.
        expected: [usize; 3],
        /// The sample type that it was made for.
        expected_depth: Depth,
        /// The shape of the image.
        shape: [usize; 3],
        /// The sample type of the image.
        depth: Depth,
    },
    /// An output of another shape or sample type than the result, or the part of it, that is
    /// to be written to it.
    #[error(
        "the result is {expected_depth} of shape {expected:?}, and the output is {depth} of \
         shape {shape:?}; write to one of the size and type of the result"
    )]
    OtherOutput {
        /// The shape of the result or its part: rows, columns, channels.
        expected: [usize; 3],
        /// The sample type of the result.
        expected_depth: Depth,
        /// The shape of the output.
        shape: [usize; 3],
        /// The sample type of the output.
        depth: Depth,
    },
    /// A region beyond the result.
    #[error(
        "the result has {} rows and {} columns, and so no region of rows {:?} and columns {:?}; \
         take one within it",
        .result[0], .result[1], .region[0], .region[1]
    )]
    Region {
        /// The requested rows and columns.
        region: [std::ops::Range<usize>; 2],
        /// Rows and columns of the result.
        result: [usize; 2],
    },
    /// Text that does not say which pages are meant.
    #[error("`{text}` names no pages; give all, a number from 1, or two such as 2-5")]
    Pages {
        /// The text.
        text: String,
    },
    /// A page beyond the last of a file.
    #[error("there is no page {page}: the file has {pages}")]
    NoPage {
        /// The number of the page, counted from 1.
        page: u64,
        /// How many pages the file has.
        pages: u64,
    },
    /// A read from a reader that failed before.
    #[error("reading this image has failed before; open it again")]
    FailedBefore,
    /// A band of another type than the rows.
    #[error("the rows have {rows} samples, the band has {band} ones; give it those of the rows")]
    BandDepth {
        /// The type of the rows.
        rows: Depth,
        /// The type of the band.
        band: Depth,
    },
    /// A band that ends within a row.
    #[error("a band of {samples} samples is no whole number of rows of {row}; give it whole rows")]
    BandLength {
        /// Samples of the band.
        samples: usize,
        /// Samples of a row.
        row: usize,
    },
    /// More rows than were announced.
    #[error(
        "{written} rows were written and {more} more come, but {announced} were announced; announce them all"
    )]
    TooManyRows {
        /// Rows written before.
        written: usize,
        /// Further rows.
        more: usize,
        /// Rows of the image.
        announced: usize,
    },
    /// Fewer rows than were announced.
    #[error("{written} rows were written of {announced} that were announced; write them all")]
    MissingRows {
        /// Rows written.
        written: usize,
        /// Rows of the image.
        announced: usize,
    },
    /// More frames than were announced.
    #[error("{announced} frames were announced, and all are written")]
    TooManyFrames {
        /// Frames of the animation.
        announced: u64,
    },
    /// A view of an array with another type than its own.
    #[error(
        "the array is of {array}{}, not of {asked}; read it with codec::read, which converts",
        if *swapped { " in the other byte order" } else { "" }
    )]
    ArrayType {
        /// NumPy's name of the array's type.
        array: &'static str,
        /// Whether its byte order is not this machine's.
        swapped: bool,
        /// NumPy's name of the requested type.
        asked: &'static str,
    },
    /// A view of an array with another number of axes than its own.
    #[error("the array has {axes} axes, not {asked}")]
    ArrayAxes {
        /// Its number of axes.
        axes: usize,
        /// The requested number of axes.
        asked: usize,
    },
    /// One file or stream for several results.
    #[error("one output is named for {results} results; name a folder")]
    OneOutput {
        /// Their number.
        results: usize,
    },
    /// One input to be replaced by several results.
    #[error(
        "an input's place has room for one result, not for {results}; use one kernel and one border"
    )]
    OnePlace {
        /// Their number.
        results: usize,
    },
    /// An output path derived from standard input, which has none.
    #[error("standard input has no name to make an output's of")]
    NoName,
    /// An input that is named twice.
    #[error("{}: this input is named twice{}; name it once", input.display(), also(other.as_ref()))]
    NamedTwice {
        /// Its path.
        input: PathBuf,
        /// Its other path, if it differs.
        other: Option<PathBuf>,
    },
    /// An output that would destroy an input.
    #[error("{}: this output is also an input, {}", output.display(), input.display())]
    OutputIsInput {
        /// The path of the output.
        output: PathBuf,
        /// The path of the input.
        input: PathBuf,
    },
    /// Two kernels of one name.
    #[error(
        "{}: two results would have this path, both of {} by a kernel called {kernel}; give each kernel once, and different names to different ones",
        output.display(),
        input.display()
    )]
    SameKernelName {
        /// The path of both results.
        output: PathBuf,
        /// Their input.
        input: PathBuf,
        /// The name of both kernels.
        kernel: String,
    },
    /// Two results with one path.
    #[error(
        "{}: two results would have this path, of {} and of {}; give them different names or folders",
        output.display(),
        inputs[0].display(),
        inputs[1].display()
    )]
    SameOutput {
        /// The path of both results.
        output: PathBuf,
        /// Their inputs.
        inputs: [PathBuf; 2],
    },
}

fn also(other: Option<&PathBuf>) -> String {
    other.map_or(String::new(), |other| {
        format!(", also as {}", other.display())
    })
}
