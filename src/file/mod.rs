//! Files and devices: atomic outputs, memory-mapped inputs.

mod atomic;
mod attributes;
mod backup;
mod device;
mod mapped;
mod open;
mod output;
mod output_path;
mod temporary;

pub use atomic::AtomicFile;
pub(crate) use attributes::Attributes;
pub(crate) use backup::{check_backup, original};
pub use device::special;
pub use mapped::MappedFile;
pub(crate) use open::open_file;
pub use output::{Output, WriteSeek};
pub use output_path::Overwrite;
pub(crate) use output_path::{check_folder, check_place};
pub use temporary::remove_temporaries;

use crate::error::{Error, IoAction};

/// The error of writing an output.
pub(crate) const fn writing(error: std::io::Error) -> Error {
    Error::io(IoAction::Write, error)
}
