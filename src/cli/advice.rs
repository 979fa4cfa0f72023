//! Turns library errors into messages that name the helpful option.

use std::{borrow::Cow, io::ErrorKind::IsADirectory};

use stridekern::{
    ClipCause, Depth, Error, Kernel, KernelBank, Warning, WarningKind,
    error::{InputError, IoAction, LimitError, Loss, OutputError, RequestError},
    filter::Program,
    kernel::{KernelError, PathFault},
};

/// The message of an error: what is wrong, and what to do.
pub(super) fn line(error: &Error) -> String {
    match error {
        Error::Kernel(kernel) => kernel_line(kernel),
        Error::Page { page, cause } => format!("page {page}: {}", line(cause)),
        Error::Loss(losses) => losses.advised(": name an output with --output", keeping),
        Error::Input(InputError::ArrayOrder { readings, .. }) => {
            let with_option = |line: String, (axes, _): &(String, String)| {
                line.replace(&format!("({axes})"), &format!("(--axes {axes})"))
            };
            readings.iter().fold(error.to_string(), with_option)
        }
        // The option itself is wrong.
        Error::Request(RequestError::OneOutput { results }) => format!(
            "--output names one file for {results} results; name a folder (with a / at its end)"
        ),
        Error::Request(RequestError::OnePlace { results }) => format!(
            "--in-place has room for one result, not for {results}; use one kernel and one border"
        ),
        _ => format!("{error}{}", after(error)),
    }
}

/// The message of an error with contexts, outermost first.
pub(super) fn chain(error: &anyhow::Error) -> String {
    let mut parts = Vec::new();
    for cause in error.chain() {
        let message =
            (cause.downcast_ref().map(line)).or_else(|| cause.downcast_ref().map(kernel_line));
        if let Some(message) = message {
            // Its sources are part of its message already.
            parts.push(message);
            break;
        }
        parts.push(cause.to_string());
    }
    parts.join(": ")
}

fn kernel_line(error: &KernelError) -> String {
    if let KernelError::Unknown { name, .. } = error
        && let Some(several) = several_kernels(name)
    {
        return format!("there is no kernel `{name}`; give each kernel its own option: {several}");
    }
    if let KernelError::Syntax { text, .. } = error
        && let Some(divisor) = divisor_of(text)
    {
        return format!(
            "{error}; a fraction is no number in TOML: write 1 for 1/{divisor}, and `divisor = {divisor}`"
        );
    }
    if let KernelError::ZeroSum { positive } | KernelError::NearlyZeroSum { positive, .. } = error
        && *positive > 0.0
    {
        return format!("{error}: --divisor {positive} keeps responses in range");
    }
    let after = match error {
        KernelError::File { text, .. } if is_bias_setting(text) => ", with --bias",
        KernelError::Syntax { file, .. } if is_table(file) => {
            "; a kernel file is TOML, as weights = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]"
        }
        KernelError::Syntax { .. } => "; --show-kernel sobel prints a file to start from",
        KernelError::Path {
            fault: PathFault::Missing,
            ..
        } => ", or choose a built-in kernel from --list-kernels",
        KernelError::Unknown { suggestions, .. } if suggestions.is_empty() => {
            "; --list-kernels shows all"
        }
        KernelError::Unknown { .. } => " --list-kernels shows all",
        _ => "",
    };
    format!("{error}{after}")
}

/// `-k sobel -k emboss` of `sobel,emboss`.
fn several_kernels(name: &str) -> Option<String> {
    let names = name.split([',', '+', ';']).map(str::trim);
    let known = |name: &str| KernelBank::resolve(name).is_ok();
    let is_list = names.clone().count() > 1 && names.clone().all(known);
    let options = names.map(|name| format!("-k {name}"));
    is_list.then(|| options.collect::<Vec<_>>().join(" "))
}

/// 9 of `/9, 1/9]`, the rest of a number that is written as a fraction.
fn divisor_of(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    let rest = rest.strip_prefix('/')?.trim_start();
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

/// Whether a text is ImageMagick's `convolve:bias=20%`.
fn is_bias_setting(text: &str) -> bool {
    let key = text.split('=').next().unwrap_or_default().trim();
    let names = ["bias", "convolve:bias"];
    text.contains('=') && names.iter().any(|name| key.eq_ignore_ascii_case(name))
}

/// Whether a file is named as one of numbers alone is.
fn is_table(file: &str) -> bool {
    let names = [".txt", ".dat"];
    names.iter().any(|name| file.ends_with(name))
}

/// The message of a warning of a run in the way of another program, if it is one.
pub(super) fn warning(warning: &Warning, like: Option<Program>) -> String {
    let kind = warning.kind();
    if let Some(after) = like.and_then(|program| after_like(kind, program)) {
        return format!("{warning}{after}");
    }
    let after = match kind {
        // A profile may take this share of the memory limit.
        WarningKind::Profile => "; a --memory-limit of 64 times its size keeps a sound one",
        WarningKind::Clipped(ClipCause::Negative) => ": --map abs, offset or float keeps them",
        WarningKind::Clipped(ClipCause::Overshoot { strength }) => {
            return format!("{warning}{}", after_overshoot(strength));
        }
        WarningKind::Clipped(ClipCause::Weights) => ", as --normalize sets it",
        WarningKind::Clipped(ClipCause::Range) | WarningKind::Levelled => {
            "; --map stretch keeps them"
        }
        WarningKind::Clipped(ClipCause::Unit) => "; --depth 16 holds them",
        WarningKind::RoundedWeights => {
            "; --divisor with larger weights, or --map float, as without --precision integer there"
        }
        WarningKind::NotANumber => "; --map float keeps them, --ignore nan leaves them out",
        WarningKind::Infinite { in_f64: false } => "; --depth f64 holds more",
        WarningKind::Infinite { in_f64: true } => {
            "; smaller weights, or a larger --divisor, keep them finite"
        }
        WarningKind::NoData => "; --ignore nodata leaves them out",
        WarningKind::Transparent => {
            "; --alpha weight keeps them out, --alpha copy says that this is meant"
        }
        WarningKind::Alpha => "; --alpha drop says that this is meant",
        WarningKind::Axes => "; --axes names others",
        WarningKind::Orientation => "; --orientation seen turns the pixels",
        WarningKind::Channels => "; --layer chooses others",
        WarningKind::Progressive => "; --progressive makes it so",
        WarningKind::Lossless => "; --format jpg is lossy, too",
        _ => "",
    };
    format!("{warning}{after}")
}

/// Built-in kernels that sharpen, the best known first.
const SHARPENING: [&str; 3] = ["sharpen_soft", "unsharp5", "detail"];

/// Built-in kernels that clip less than one of this strength that overshoots, if there are any.
fn gentler_than(strength: u32) -> Option<String> {
    let is_gentler = |name: &&str| {
        let bank = KernelBank::resolve(name).ok();
        let strengths = bank.iter().flat_map(KernelBank::kernels);
        strengths.map(Kernel::strength).any(|s| s < strength)
    };
    let gentler = SHARPENING.iter().copied().filter(is_gentler).take(2);
    let gentler = Vec::from_iter(gentler);
    (!gentler.is_empty()).then(|| gentler.join(" or "))
}

/// What clips less than a kernel of this strength that overshoots.
fn after_overshoot(strength: u32) -> String {
    match gentler_than(strength) {
        None => "; --map float clips nothing".to_owned(),
        Some(names) => {
            format!("; a gentler kernel, as {names}, clips less, and --map float nothing")
        }
    }
}

/// The advice in a run in the way of a program, where it is another than else: no other map than
/// `float` goes with `--like`, and not every program makes floats of integers.
fn after_like(kind: WarningKind, program: Program) -> Option<Cow<'static, str>> {
    let makes_floats = !matches!(program, Program::ImageMagick | Program::Pillow);
    let after = match kind {
        WarningKind::Clipped(ClipCause::Negative | ClipCause::Range)
        | WarningKind::Levelled
        | WarningKind::NotANumber => match makes_floats {
            true => ": --map float keeps them",
            false => ", as that program does; without --like, --map float keeps them",
        },
        WarningKind::Clipped(ClipCause::Overshoot { strength }) if !makes_floats => {
            let names = gentler_than(strength).unwrap_or_default();
            return Some(match names.is_empty() {
                true => Cow::default(),
                false => format!("; a gentler kernel, as {names}, clips less").into(),
            });
        }
        WarningKind::Infinite { in_f64: false }
            if !matches!(program, Program::SciPy | Program::OpenCv) =>
        {
            ""
        }
        WarningKind::NoData => "; without --like, --ignore nodata leaves them out",
        WarningKind::Transparent => "; without --like, --alpha weight keeps them out",
        _ => return None,
    };
    Some(after.into())
}

/// The advice after the library's message.
fn after(error: &Error) -> Cow<'static, str> {
    match error {
        Error::Io {
            action: IoAction::Find,
            cause,
        } if cause.kind() == IsADirectory => {
            ": add -r, or name the images in it, for instance FOLDER/*.png".into()
        }
        Error::Exists => "; use --overwrite to replace it or --skip-existing to keep it".into(),
        Error::BackupExists { .. } => ", or choose another --backup to filter it as it is".into(),
        Error::Input(InputError::NoColours { .. }) => " with --layer, such as --layer Z".into(),
        Error::Input(InputError::NoImages) => ", or choose files with --ext".into(),
        Error::Limit(limit) => limit_advice(limit).into(),
        Error::Request(request) => request_advice(request).into(),
        Error::Output(output) => after_output(output),
        _ => "".into(),
    }
}

const fn request_advice(request: &RequestError) -> &'static str {
    match request {
        RequestError::Window { .. } => {
            "; choose a border (--pad edge, reflect, ...) or a smaller kernel"
        }
        RequestError::NoChannel { channels: ..=4, .. } => "; use --channel luma or each",
        RequestError::NoChannel { .. } | RequestError::NoLuma { .. } => "; use --channel each",
        RequestError::LumaOfPlanes { .. } => ": --channel each, or --axes YXC or --alpha",
        RequestError::AlphaOfOne { .. } => ", with --channel luma or each, or --alpha copy or drop",
        RequestError::Sums { .. } => ", or --map float",
        RequestError::Program { .. } => "; do without, or drop --like",
        RequestError::WeightedMissing => ", with --alpha copy, filter or drop",
        RequestError::AlphaOrder { .. } => ", with --alpha drop, or use --channel each",
        RequestError::NoNoData | RequestError::NoDataText { .. } => ", with --ignore VALUE",
        RequestError::MissingResult { .. } => ": --depth same or f32",
        RequestError::NoName => "; give --output FILE, or --output - for standard output",
        RequestError::OutputIsInput { .. } => "; choose another --output",
        _ => "",
    }
}

fn after_output(output: &OutputError) -> Cow<'static, str> {
    match output {
        OutputError::Depth { depths, .. } => {
            let pictures = depths.iter().filter(|depth| depth.is_picture());
            let names: Vec<_> = pictures.copied().map(depth_name).collect();
            format!(", or --depth {}", names.join(" or ")).into()
        }
        OutputError::Channels { lack, .. } if lack.ends_with("alpha") => {
            ", or --alpha drop, which shows the colours hidden under transparent pixels".into()
        }
        OutputError::Bands { .. } => ", or --alpha copy, which says that the last is alpha".into(),
        OutputError::Pages { .. } | OutputError::UnequalFrames { .. } => {
            ", or one page with --pages".into()
        }
        OutputError::Planes { .. } => ", with --format npy".into(),
        OutputError::Special { .. } => ": name an output with --output".into(),
        OutputError::BackupTaken { .. } => ", or choose another --backup".into(),
        _ => "".into(),
    }
}

const fn limit_advice(limit: &LimitError) -> &'static str {
    match limit {
        LimitError::Pixels { .. } => {
            ": raise --pixel-limit if you trust the file, or cut the picture into parts"
        }
        LimitError::SampleBytes { .. } => {
            ": raise --pixel-limit to an eighth of that if you trust the file, or cut the picture into parts"
        }
        LimitError::FileBytes { .. } => {
            ": raise --pixel-limit to an eighth of its size if you trust it, or cut the picture into parts"
        }
        LimitError::WholeFile { .. }
        | LimitError::Decoding { .. }
        | LimitError::Memory { by_rows: true, .. } => {
            ": raise --memory-limit, or cut the picture into parts"
        }
        LimitError::Memory { .. } => {
            ": raise --memory-limit, or convert it to what is read and written by rows: plain png or tiff, pgm, ppm or npy"
        }
        LimitError::Threads { .. } => ", or use --threads 1",
        LimitError::Time { .. } => ": check the file, or raise --timeout",
        _ => "",
    }
}

/// The options that avoid a loss, and those that allow it.
fn keeping(loss: &Loss) -> Option<String> {
    Some(match loss {
        Loss::Samples { depth, .. } => format!("--depth {} allows it", depth_name(*depth)),
        Loss::Channels { .. } => "--channel each keeps them, --channel luma allows it".to_owned(),
        Loss::Size { .. } => "--pad edge keeps the size, --pad valid allows it".to_owned(),
        Loss::Depth { to, .. } => {
            let to = depth_name(*to);
            format!("--depth same keeps it, --depth {to} allows it")
        }
        Loss::Metadata { .. } => "--metadata drop allows it".to_owned(),
        _ => return None,
    })
}

/// The name of the depth in `--depth`.
const fn depth_name(depth: Depth) -> &'static str {
    match depth {
        Depth::U8 => "8",
        Depth::U16 => "16",
        other => other.name(),
    }
}

#[cfg(test)]
mod tests;
