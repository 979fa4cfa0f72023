//! What a name of --output was taken for where it could be a file or a folder.

use std::path::{Path, PathBuf};

use stridekern::{codec::Format, run::Place, text::printable};

use super::inputs::place;

/// How a name that does not say it was read.
#[derive(Debug, Clone)]
pub(super) struct OutputReading {
    path: PathBuf,
    /// The format of the file, if it is one.
    format: Option<Format>,
}

impl OutputReading {
    /// How `output` is read for one result or `several`; `None` if it is there, or says what it is.
    pub(super) fn of(output: &Path, several: bool, format: Option<Format>) -> Option<Self> {
        let text = output.as_os_str().to_string_lossy();
        let says = text.ends_with(std::path::is_separator)
            || place(output) == Place::Standard
            || Format::from_path(output).is_some();
        if says || output.exists() {
            return None;
        }
        let format = match several {
            true => None,
            // Without a format it is refused.
            false => Some(format?),
        };
        Some(Self {
            path: output.to_owned(),
            format,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn is_folder(&self) -> bool {
        self.format.is_none()
    }

    /// One line.
    pub(super) fn text(&self) -> String {
        let path = printable(&self.path.display().to_string());
        match self.format {
            None => format!("{path} is taken for a folder, since it is to hold several results"),
            Some(format) => format!(
                "{path} is taken for a {format} file, since there is one result; a / at its end names a folder"
            ),
        }
    }
}
