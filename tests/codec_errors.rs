//! The kinds of errors that the functions of `codec` document.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{error::Error as _, fs, io, path::Path};

use stridekern::{
    Error,
    codec::{self, Limits, MappedFile, NpyFile},
    error::IoAction,
};

type Read = fn(&Path) -> Option<Error>;

/// What opens or reads a file by its path.
const READERS: [(&str, Read); 5] = [
    ("open", |path| codec::open(path, &limits()).err()),
    ("read", |path| codec::read(path, &limits()).err()),
    ("open_rows", |path| codec::open_rows(path, &limits()).err()),
    ("MappedFile::open", |path| MappedFile::open(path).err()),
    ("NpyFile::open", |path| NpyFile::open(path).err()),
];

fn limits() -> Limits {
    Limits::default()
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let (missing, below) = (folder.path().join("missing"), file.join("x"));
    let long = folder.path().join("x".repeat(300));
    for (path, kind, sentence) in [
        (
            &missing,
            io::ErrorKind::NotFound,
            "there is no such file; check its name",
        ),
        #[cfg(unix)]
        (
            &below,
            io::ErrorKind::NotADirectory,
            "there is no such file, a part of its path is no folder; check its name",
        ),
        #[cfg(unix)]
        (
            &long,
            io::ErrorKind::InvalidFilename,
            "its path is longer than the system allows; check it, or name it from a folder nearer to it",
        ),
        #[cfg(unix)]
        (
            &folder.path().to_owned(),
            io::ErrorKind::IsADirectory,
            "it is a folder",
        ),
    ] {
        for (name, read) in READERS {
            let error = read(path).unwrap();
            assert_eq!(error.to_string(), sentence, "{name}");
            let source = error.source().unwrap().downcast_ref::<io::Error>();
            assert_eq!(source.unwrap().kind(), kind, "{name} {sentence}");
            assert!(
                matches!(&error, Error::Io { action: IoAction::Find, cause } if cause.kind() == kind),
                "{name} {sentence}"
            );
        }
    }
}
