//! Records of how results were made, and results that exist compared with what would be made.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use super::job::{ActOn, Job, Options, Place, Request};
use crate::{
    codec::{self, Compression, Difference, Format, MetadataPolicy, Pages, RecordedCommand},
    combine::CombineScale,
    error::{RequestError, Result},
    filter::{Missing, Program},
    hash,
    image::Depth,
    kernel::{KernelBank, KernelSource},
};

/// That results get a [record](crate::codec::Record) of how they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recording {
    /// A hash of the file of the mask.
    mask: Option<u64>,
}

/// How a result that exists, and was left as it is, compares with what would be made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Comparison {
    /// It holds no record, or nobody asked for [records](Options::record).
    #[default]
    Uncompared,
    /// It was made so.
    Same,
    /// It was made so by this other version.
    OtherVersion(String),
    /// It was made otherwise: in what.
    Otherwise(Vec<Difference>),
}

impl Recording {
    /// For results of jobs with this mask, whose file is read to tell it from others.
    ///
    /// # Errors
    ///
    /// [`Error::Request`](crate::Error::Request) if it cannot be read.
    pub fn new(mask: Option<&Path>) -> Result<Self> {
        let hashed = |path: &Path| {
            file_hash(path).map_err(|error| RequestError::Mask {
                path: path.to_owned(),
                reason: error.to_string(),
            })
        };
        let mask = mask.map(hashed).transpose()?;
        Ok(Self { mask })
    }
}

fn file_hash(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let (mut buffer, mut hash) = (vec![0; 1 << 16], hash::fnv1a(&[]));
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hash),
            Ok(count) => hash = hash::fnv1a_after(hash, &buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The command that makes a result in this format, if the options ask for records.
pub fn recorded_command(
    job: &Job,
    request: &Request,
    options: &Options,
    format: Format,
) -> Option<RecordedCommand> {
    let recording = options.record?;
    let filter = &request.filter;
    let bank = filter.bank();
    let changes = bank.changes();
    let missing = filter.missing();
    let mask = missing.and_then(|missing| missing.mask.as_ref());
    let mask = recording.mask.or(mask.map(|mask| mask.hash()));
    let input = match &job.input {
        Place::File(path) => file_name(path),
        Place::Standard => "-".to_owned(),
    };
    let [step, dilation] = [filter.step(), filter.dilation()].map(|pair| match pair {
        [1, 1] => None,
        [rows, columns] => Some(format!("{rows},{columns}")),
    });
    let depth = filter.depth.map(|depth| match (depth, filter.scaled) {
        (Depth::U8, true) => "8",
        (Depth::U16, true) => "16",
        (depth, _) => depth.name(),
    });
    let text = |name: &str| Some(name.to_owned());
    let turns_itself = filter.program() == Some(Program::ImageMagick);
    let encode = &options.encode;
    let settings = [
        ("kernel", Some(kernel_name(bank))),
        (
            "flip",
            (is_flipped(bank) && !turns_itself).then(String::new),
        ),
        ("normalize", changes.normalized.then(String::new)),
        (
            "divisor",
            changes.divisor.map(|divisor| divisor.to_string()),
        ),
        ("bias", changes.bias.map(|bias| bias.to_string())),
        (
            "anchor",
            changes
                .anchor
                .map(|[row, column]| format!("{row},{column}")),
        ),
        (
            "like",
            filter.program().and_then(|program| text(program.name())),
        ),
        (
            "pad",
            (!filter.keeps_frame()).then(|| filter.extent().to_string()),
        ),
        ("step", step),
        ("dilate", dilation),
        ("channel", text(filter.channel().name())),
        ("alpha", filter.alpha().map(|alpha| alpha.name().to_owned())),
        ("ignore", missing.and_then(Missing::value_text)),
        ("mask", options.mask.as_deref().map(file_name)),
        ("min-share", missing.and_then(min_share)),
        ("map", text(filter.map().name())),
        ("depth", depth.map(str::to_owned)),
        (
            "orientation",
            (options.orientation == ActOn::Stored).then(|| "stored".to_owned()),
        ),
        ("layer", options.layer.clone()),
        ("axes", options.axes.as_ref().map(ToString::to_string)),
        (
            "pages",
            (options.pages != Pages::All).then(|| options.pages.to_string()),
        ),
        (
            "metadata",
            (options.metadata == MetadataPolicy::Drop).then(|| "drop".to_owned()),
        ),
        ("format", text(format.extension())),
        (
            "quality",
            encode
                .quality
                .filter(|_| format == Format::Jpeg)
                .map(|quality| quality.to_string()),
        ),
        (
            "progressive",
            (format == Format::Jpeg && encode.progressive).then(String::new),
        ),
        (
            "sampling",
            encode
                .sampling
                .filter(|_| format == Format::Jpeg)
                .map(|sampling| sampling.to_string()),
        ),
        (
            "compression",
            matches!(format, Format::Png | Format::Tiff).then(|| compression(encode.compression)),
        ),
    ];
    let settings = settings.into_iter().filter_map(|(name, value)| {
        // An empty one is on.
        value.map(|value| (name, Some(value).filter(|value| !value.is_empty())))
    });
    Some(RecordedCommand::new(
        &input,
        settings.collect(),
        kernel_hash(bank),
        mask,
    ))
}

/// How a result that exists compares with what would be made; only what precedes its samples is
/// read of it.
pub(super) fn compare(job: &Job, request: &Request, options: &Options) -> Comparison {
    let (Some(_), Place::File(path)) = (options.record, &request.output) else {
        return Comparison::Uncompared;
    };
    // What cannot be read holds no record.
    let Ok((Some(found), Some(record))) = codec::record_of_file(path, &options.limits) else {
        return Comparison::Uncompared;
    };
    let format = request.format.unwrap_or(found);
    let Some(asked) = recorded_command(job, request, options, format) else {
        return Comparison::Uncompared;
    };
    let made = record.last();
    match made.differences(&asked) {
        differences if !differences.is_empty() => Comparison::Otherwise(differences),
        _ if made.version != asked.version => Comparison::OtherVersion(made.version.clone()),
        _ => Comparison::Same,
    }
}

/// The name of a file, without its folders.
fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// What the kernel is read by, without folders.
fn kernel_name(bank: &KernelBank) -> String {
    match bank.source() {
        KernelSource::File(path) | KernelSource::Foreign { path, .. } => file_name(path),
        _ => bank.name().to_owned(),
    }
}

/// Whether the kernels were turned to convolve, which is not the same.
fn is_flipped(bank: &KernelBank) -> bool {
    let kernels = bank.kernels();
    kernels.iter().all(|kernel| kernel.is_convolving())
        && kernels.iter().any(|kernel| kernel.flipped() != *kernel)
}

fn min_share(missing: &Missing) -> Option<String> {
    (missing.min_share > 0.0).then(|| missing.min_share.to_string())
}

fn compression(compression: Compression) -> String {
    let name = match compression {
        Compression::Fast => "fast",
        Compression::Balanced => "balanced",
        Compression::Best => "best",
    };
    name.to_owned()
}

/// A hash of all numbers of the kernels, and of how they are combined.
fn kernel_hash(bank: &KernelBank) -> u64 {
    let mut hash = hash::fnv1a(
        bank.combine()
            .map_or("", |combine| combine.name())
            .as_bytes(),
    );
    let scale = bank.scale();
    if scale != CombineScale::ONE {
        hash = hash::fnv1a_after(hash, scale.to_string().as_bytes());
    }
    let mut add = |bytes: [u8; 8]| hash = hash::fnv1a_after(hash, &bytes);
    for kernel in bank.kernels() {
        let [row, column] = kernel.anchor();
        for number in [kernel.rows(), kernel.columns(), row, column] {
            add((number as u64).to_le_bytes());
        }
        let numbers = [kernel.divisor(), kernel.bias(), kernel.offset()];
        for number in numbers.iter().chain(kernel.as_slice()) {
            // -0 is 0.
            add((number + 0.0).to_le_bytes());
        }
    }
    hash
}
