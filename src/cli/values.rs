//! Parsers for the values of arguments.

use std::{collections::BTreeSet, ffi::OsString, num::NonZero, path::is_separator, time::Duration};

use anyhow::{Context, Result, bail};
use bytesize::ByteSize;
use stridekern::{
    Extent, Missing,
    codec::{Format, Limits},
    simd::Simd,
};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// The extents of `--pad`, without duplicates.
pub(super) fn extents(arguments: &[String]) -> Result<Vec<Extent>> {
    let mut extents = Vec::new();
    let mut seen = BTreeSet::new();
    for mode in arguments.iter().flat_map(|argument| modes(argument)) {
        let group = match mode.as_str() {
            "all" => ["valid", "constant", "edge", "reflect", "symmetric", "wrap"].as_slice(),
            mode => &[mode],
        };
        for mode in group {
            let extent: Extent = mode.parse()?;
            if seen.insert(extent.to_string()) {
                extents.push(extent);
            }
        }
    }
    Ok(extents)
}

/// The modes of a list separated by commas. Those of y and x are one: `edge,y=reflect,x=wrap`
/// is `edge` and `y=reflect,x=wrap`.
fn modes(list: &str) -> Vec<String> {
    let mut modes = Vec::new();
    let mut parts = list.split(',').peekable();
    while let Some(part) = parts.next() {
        let second = (parts.next_if(|next| part.contains('=') && next.contains('=')))
            .map_or(String::new(), |next| format!(",{next}"));
        modes.push(format!("{part}{second}"));
    }
    modes
}

/// `nan`, `nodata` or a number.
pub(super) fn missing_value(text: &str) -> Result<Missing> {
    let number = || {
        let number = text.trim().parse::<f64>().ok()?;
        // Digits beyond any type are no infinity.
        let is_written = number.is_finite() || !text.contains(|c: char| c.is_ascii_digit());
        is_written.then_some(number)
    };
    if text == "nodata" {
        return Ok(Missing::no_data());
    }
    let number = number();
    let whole = text.trim().parse::<i128>().ok();
    if let (Some(whole), Some(number)) = (whole, number)
        && number as i128 != whole
    {
        bail!("--ignore {text} is a number that 64-bit floats do not hold; use one that they do");
    }
    let number = number.with_context(|| {
        format!("`{text}` is no --ignore: give nan, nodata or one number, such as -9999")
    })?;
    Ok(Missing::value(number))
}

/// A share, 0 to 1.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let share = text.trim().parse::<f64>().ok();
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "give a number from 0 to 1, such as 0.5".to_owned())
}

/// `N` or `R,C`.
pub(super) fn pair(text: &str, flag: &str) -> Result<[usize; 2]> {
    let number = |part: &str| part.trim().parse::<usize>().ok().filter(|&n| n > 0);
    let (rows, columns) = text.split_once(',').unwrap_or((text, text));
    match (number(rows), number(columns)) {
        (Some(rows), Some(columns)) => Ok([rows, columns]),
        _ => bail!("`{text}` is no {flag}: give one whole number from 1, or two as ROWS,COLUMNS"),
    }
}

pub(super) fn output_format(text: &str) -> Result<Format> {
    let extension = text.strip_prefix('.').unwrap_or(text);
    Format::from_extension(extension)
        .with_context(|| format!("unknown format `{text}`: choose {}", Format::writable()))
}

/// A file name suffix; it must not contain a path separator.
pub(super) fn suffix(text: OsString) -> Result<OsString, &'static str> {
    if text.is_empty() {
        return Err("a backup needs another name: give a suffix such as .orig");
    }
    if text.to_string_lossy().contains(is_separator) {
        return Err("a backup stays in the folder of its file: give a suffix such as .orig");
    }
    Ok(text)
}

/// `I/N`: share `I` of `N`, for example `2/4`.
pub(super) fn shard(text: &str) -> Result<[u64; 2]> {
    let share = text.split_once('/').and_then(|(share, shares)| {
        let share = [share.parse().ok()?, shares.parse().ok()?];
        (1..=share[1]).contains(&share[0]).then_some(share)
    });
    share.with_context(|| {
        format!("`{text}` is no --shard: give I/N with I from 1 to N, such as 2/8")
    })
}

/// The requested memory limit, or a quarter of the memory of this machine or container.
pub(super) fn memory_limit(asked: Option<ByteSize>) -> Result<u64> {
    if let Some(ByteSize(bytes)) = asked {
        if bytes < 1 << 20 {
            bail!("--memory-limit {bytes} is less than a MiB; give a size such as 512M or 4GiB");
        }
        return Ok(bytes);
    }
    let ram = MemoryRefreshKind::nothing().with_ram();
    let system = System::new_with_specifics(RefreshKind::nothing().with_memory(ram));
    let group = system.cgroup_limits().map(|limits| limits.total_memory);
    let total = system.total_memory();
    Ok(match group.map_or(total, |group| group.min(total)) {
        // If the system does not report its memory.
        0 => Limits::default().max_memory,
        bytes => bytes / 4,
    })
}

/// How many threads to start, and a note if that is fewer than requested; 0 means
/// one per core.
///
/// More threads than cores help if files come over a slow network. But work stealing
/// polls all other threads: on two cores, a thousand threads took a second for what 64
/// did in 10 ms.
pub(super) fn threads(asked: u16) -> (usize, Option<String>) {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let most = (4 * cores).max(64);
    let name = "RAYON_NUM_THREADS";
    let (flag, asked) = match (asked, std::env::var(name)) {
        // `RAYON_NUM_THREADS`, which rayon would read by itself.
        (0, Ok(text)) => (name, text.parse().unwrap_or(0)),
        _ => ("--threads", asked.into()),
    };
    let note = format!("{flag} {asked} is more than helps on {cores} cores: {most} are started");
    (asked.min(most), (asked > most).then_some(note))
}

/// `STRIDEKERN_SIMD` forces a SIMD level, for tests and benchmarks.
pub(super) fn simd() -> Result<Option<Simd>> {
    let Some(name) = std::env::var_os("STRIDEKERN_SIMD") else {
        return Ok(None);
    };
    let name = name.to_string_lossy();
    let simd = Simd::named(&name).with_context(|| {
        let levels: Vec<_> = Simd::available().iter().map(|s| s.level().name()).collect();
        format!(
            "STRIDEKERN_SIMD={name} is no SIMD level of this processor; choose one of {}, or unset it",
            levels.join(", ")
        )
    })?;
    Ok(Some(simd))
}

/// A size such as `2G`; replaces the parser's own messages, which are about floats.
pub(super) fn size(text: &str) -> Result<ByteSize, String> {
    (text.parse()).map_err(|_| "give a size such as 512M or 4GiB".to_owned())
}

/// A count of pixels, in full or by thousands: 4000000000 or 4G.
pub(super) fn pixels(text: &str) -> Result<u64, String> {
    let count = text.parse().ok().map(|ByteSize(count)| count);
    (count.filter(|&count| count > 0))
        .ok_or_else(|| "give a number of pixels such as 4000000000 or 4G".to_owned())
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|&seconds| seconds > 0.0);
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "give seconds above 0, such as 60 or 0.5".to_owned())
}
