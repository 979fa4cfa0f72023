//! What to do about arguments that are slips: options of other programs, names like options.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use stridekern::{KernelBank, codec::Format, text::printable};

/// Options that other programs have, and what does the same here.
const FOREIGN: [(&[&str], &str); 12] = [
    (
        &["--sigma", "--radius", "--size", "--ksize", "--kernel-size"],
        "parameters follow the name of a kernel: -k gaussian:sigma=2, box:size=5, disk:radius=3; --list-kernels shows all",
    ),
    (
        &["--blur", "--sharpen", "--emboss", "--edge", "--edges"],
        "filters are kernels: -k gaussian5, -k sharpen, -k emboss, -k sobel",
    ),
    (
        &["--gray", "--grey", "--grayscale", "--greyscale"],
        "--channel luma, the default, makes gray",
    ),
    (
        &["--border", "--mode", "--boundary"],
        "borders are chosen with --pad",
    ),
    (
        &["--normalise", "--normalized"],
        "--normalize divides by the sum of the weights",
    ),
    (
        &["--offset"],
        "--bias adds a share of full scale, 0.5 for 128 of 255",
    ),
    (
        &[
            "--strip",
            "--strip-metadata",
            "--no-exif",
            "--no-gps",
            "--no-metadata",
        ],
        "--metadata drop leaves out EXIF with GPS, XMP, text and comments",
    ),
    (
        &["--color", "--colour", "--rgb"],
        "--photo keeps colours, alpha and size, --channel each the colours alone",
    ),
    (
        &["--force", "--yes"],
        "--overwrite replaces outputs that exist",
    ),
    (
        &["--amount", "--strength", "--gain"],
        "a kernel has its strength: -k sharpen_soft, sharpen or sharpen8, or -k unsharp:sigma=1,amount=0.5",
    ),
    (
        &["--resize", "--scale", "--width", "--height"],
        "nothing is scaled; --step N keeps every Nth pixel, and rows and columns with --step R,C",
    ),
    (
        &[
            "--outdir",
            "--out-dir",
            "--output-dir",
            "--suffix",
            "--prefix",
            "--name",
        ],
        "-o names an output, or a folder with a / at its end",
    ),
];

/// Sample types by their bits alone, and what they may mean.
const BITS: [(&str, &str); 3] = [
    ("32", "f32 is 32-bit floats, u32 and i32 are integers"),
    ("64", "f64 is 64-bit floats, u64 and i64 are integers"),
    ("1", "bool is 0 and 1"),
];

/// What helps against a usage error of these arguments, if that is known.
pub(super) fn advice(error: &clap::Error, words: &[OsString]) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    if error.kind() == ErrorKind::MissingRequiredArgument {
        return missing(error, words);
    }
    let argument = text(ContextKind::InvalidArg)?;
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let is_file = |word: &&OsString| {
                let word = word.as_os_str();
                is_named_like_option(word, argument) && is_image_name(Path::new(word))
            };
            if let Some(file) = words.iter().find(is_file) {
                let file = Path::new(file).display();
                return Some(format!("to read a file of this name, write ./{file}"));
            }
            let is_kernel = |pair: &&[OsString]| {
                let text = pair[1].to_str().unwrap_or_default();
                ["-k", "--kernel"].map(OsStr::new).contains(&&*pair[0])
                    && is_named_like_option(&pair[1], argument)
                    && KernelBank::in_line(text).is_ok()
            };
            if let Some([_, text]) = words.windows(2).find(is_kernel) {
                let text = text.to_string_lossy();
                return Some(format!(
                    "weights that begin with a minus sign stand in brackets: -k '[{}]'",
                    printable(&text)
                ));
            }
            let foreign = FOREIGN.iter().find(|(names, _)| names.contains(&argument));
            foreign.map(|(_, advice)| (*advice).to_owned())
        }
        ErrorKind::InvalidValue if argument.starts_with("--depth") => {
            let value = text(ContextKind::InvalidValue)?;
            let bits = BITS.iter().find(|(bits, _)| *bits == value);
            bits.map(|(_, advice)| (*advice).to_owned())
        }
        _ => None,
    }
}

/// What helps where an input or a kernel is missing.
fn missing(error: &clap::Error, words: &[OsString]) -> Option<String> {
    if words.is_empty() {
        return Some("for instance stridekern photo.jpg -k sharpen --photo".to_owned());
    }
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let is_kernel = |word: &&str| {
        let path = Path::new(word);
        let is_file = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        is_file || !path.exists() && KernelBank::builtin(word).is_ok()
    };
    let kernel = words
        .iter()
        .filter_map(|word| word.to_str())
        .find(is_kernel)?;
    let wants_kernel = missing.iter().any(|name| name.starts_with("--kernel"));
    wants_kernel.then(|| format!("{kernel} is a kernel: -k {kernel}"))
}

/// Whether the word begins with this option, as clap reads it.
fn is_named_like_option(word: &OsStr, argument: &str) -> bool {
    let word = word.as_encoded_bytes();
    word.len() > argument.len() && word.starts_with(argument.as_bytes())
        || word == argument.as_bytes()
}

fn is_image_name(path: &Path) -> bool {
    path.is_file() || Format::from_path(path).is_some()
}
