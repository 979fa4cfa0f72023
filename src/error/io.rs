//! Errors of the operating system.

use std::{fmt, io};

/// The action that failed with an error of the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IoAction {
    /// Finding an input at its path. The kind of the cause says whether nothing exists there,
    /// or a folder, or a file that may not be read.
    Find,
    /// Opening an input that exists.
    Open,
    /// Reading an input.
    Read,
    /// Reading standard input.
    ReadStandardInput,
    /// Reading the time of modification of an input.
    ReadTime,
    /// Mapping an input into memory.
    Map,
    /// Listing a folder of inputs.
    List,
    /// Creating the folder of an output.
    MakeFolder,
    /// Creating an output.
    Create,
    /// Writing an output.
    Write,
    /// Writing to standard output.
    WriteStandardOutput,
    /// Setting the time and permissions of an output to those of its input.
    Preserve,
    /// Keeping a backup of a file that is replaced.
    Backup,
    /// Renaming a finished output into place.
    Place,
}

/// A verb phrase: `read the file`.
impl fmt::Display for IoAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Find => "find the file",
            Self::Open => "open the file",
            Self::Read => "read the file",
            Self::ReadStandardInput => "read standard input",
            Self::ReadTime => "read the time of the input",
            Self::Map => "map the file",
            Self::List => "look into the folder",
            Self::MakeFolder => "make the folder of the output",
            Self::Create => "create the output",
            Self::Write => "write the output",
            Self::WriteStandardOutput => "write to standard output",
            Self::Preserve => "preserve time and permissions",
            Self::Backup => "keep a backup",
            Self::Place => "put the output in its place",
        })
    }
}

/// The message of [`Error::Io`](super::Error::Io).
pub(super) fn sentence(action: IoAction, cause: &io::Error) -> String {
    let of_input = match (action, cause.kind()) {
        (IoAction::Find, io::ErrorKind::NotFound) => "there is no such file; check its name",
        (IoAction::Find, io::ErrorKind::NotADirectory) => {
            "there is no such file, a part of its path is no folder; check its name"
        }
        (IoAction::Find, io::ErrorKind::InvalidFilename) => {
            "its path is longer than the system allows; check it, or name it from a folder nearer to it"
        }
        (IoAction::Find, io::ErrorKind::PermissionDenied) => {
            "the system does not let it be read; change its permissions"
        }
        (IoAction::Find, io::ErrorKind::IsADirectory) => "it is a folder",
        _ => return format!("cannot {action}: {cause}{}", remedy(action, cause.kind())),
    };
    of_input.to_owned()
}

/// What to do about it, if known.
fn remedy(action: IoAction, kind: io::ErrorKind) -> &'static str {
    match action {
        IoAction::List if kind == io::ErrorKind::PermissionDenied => "; change its permissions",
        IoAction::MakeFolder
        | IoAction::Create
        | IoAction::Write
        | IoAction::WriteStandardOutput
        | IoAction::Backup
        | IoAction::Place => match kind {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "; free some space, or choose another place for the output"
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "; change the permissions, or choose another place for the output"
            }
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                "; create the folder first, or choose another place for the output"
            }
            io::ErrorKind::InvalidFilename => {
                "; give the input a shorter name, or choose another place for the output"
            }
            io::ErrorKind::FileTooLarge => {
                "; raise the limit of file sizes (ulimit -f), or choose another place for the output"
            }
            _ => "",
        },
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::error::Error;

    #[test]
    fn the_systems_answer_is_told_and_kept() {
        use io::ErrorKind::{NotFound, PermissionDenied, StorageFull};
        for (action, kind, sentence) in [
            (
                IoAction::Find,
                NotFound,
                "there is no such file; check its name",
            ),
            (
                IoAction::Read,
                NotFound,
                "cannot read the file: entity not found",
            ),
            (
                IoAction::Write,
                StorageFull,
                "cannot write the output: no storage space; free some space, or choose another place for the output",
            ),
            (
                IoAction::List,
                PermissionDenied,
                "cannot look into the folder: permission denied; change its permissions",
            ),
            (
                IoAction::Preserve,
                PermissionDenied,
                "cannot preserve time and permissions: permission denied",
            ),
        ] {
            let error = Error::io(action, kind.into());
            assert_eq!(error.to_string(), sentence);
            let source = error.source().and_then(|source| source.downcast_ref());
            assert_eq!(source.map(io::Error::kind), Some(kind), "{sentence}");
        }
    }
}
