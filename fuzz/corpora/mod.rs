//! Other people's broken and strange files; `fuzz/corpora/run` fetches them.

use std::{
    collections::BTreeMap,
    env, fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use stridekern::codec::{Format, Limits};

use crate::{MEMORY, targets::readers};

/// As of a small machine.
const LIMITS: Limits = Limits {
    max_pixels: 1 << 26,
    max_bytes: 256 << 20,
    max_memory: 256 << 20,
};

#[test]
#[ignore = "needs the files that fuzz/corpora/run fetches"]
fn corpora() {
    let mut files = Vec::new();
    let folder = env::var_os("CORPORA").expect("CORPORA names a folder");
    collect(Path::new(&folder), &mut files);
    files.sort();
    assert!(files.len() > 500, "{} files", files.len());
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    let mut failed = Vec::new();
    let (mut slowest, mut most) = (Duration::ZERO, 0);
    for path in &files {
        let bytes = fs::read(path).unwrap();
        let begun = Instant::now();
        let before = MEMORY.current_usage();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| readers::check(&bytes, &LIMITS)));
        slowest = slowest.max(begun.elapsed());
        most = most.max(MEMORY.peak_usage() - before);
        match outcome {
            Ok(outcome) => {
                // What was read begins with its format.
                let first = outcome.split(' ').next().unwrap_or_default();
                let read =
                    Format::from_extension(first).is_some_and(|format| format.to_string() == first);
                println!("{}: {outcome}", path.display());
                let outcome = if read { first } else { "refused" };
                *outcomes.entry(outcome.to_owned()).or_default() += 1;
            }
            Err(_) => failed.push(path),
        }
    }
    println!(
        "{} files: {outcomes:?}, failed: {failed:?}, slowest {slowest:.1?} in four readings, most memory {} MiB",
        files.len(),
        most >> 20
    );
    assert!(failed.is_empty());
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}
