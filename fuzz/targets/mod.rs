//! What is fuzzed: each takes any bytes.

use std::{fs, path::Path};

pub(crate) mod blocks;
pub(crate) mod filters;
pub(crate) mod jpegs;
pub(crate) mod kernel_file;
pub(crate) mod kernel_formats;
pub(crate) mod metadata;
pub(crate) mod pngs;
pub(crate) mod readers;
mod sound;
pub(crate) mod views;

/// The files of testdata's folders that are wanted, in a fixed order.
fn files(folders: &[&str], wanted: impl Fn(&Path) -> bool) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    for folder in folders {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("testdata")
            .join(folder);
        paths.extend(
            fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path()),
        );
    }
    paths.retain(|path| wanted(path));
    paths.sort();
    assert!(!paths.is_empty());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}
