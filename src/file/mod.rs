//! Files and devices: outputs that are whole or not there at all, inputs that are mapped.

mod atomic;
mod attributes;
mod backup;
mod device;
mod mapped;
mod open;
mod output;
mod place;
mod temporary;

pub use atomic::AtomicFile;
pub(crate) use attributes::Attributes;
pub(crate) use backup::check_backup;
pub use device::special;
pub use mapped::MappedFile;
pub(crate) use open::open_file;
pub use output::{Output, WriteSeek};
pub use place::Overwrite;
pub(crate) use place::{check_folder, check_place};
pub use temporary::remove_temporaries;

use crate::error::{Error, IoAction};

/// The system refused while the output was written.
pub(crate) const fn writing(error: std::io::Error) -> Error {
    Error::io(IoAction::Write, error)
}
