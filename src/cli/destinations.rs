//! Where results are written: `--output` and `--keep-names`.

use std::path::Path;

use anyhow::{Result, bail};
use stridekern::{Extent, Filter, batch::Destination, codec::Format, run::Place};

use super::inputs::place;

/// Where results are written. With `keep_names` it has to be a folder, if it is given.
pub(super) fn destination(
    output: Option<&Path>,
    several: bool,
    keep_names: bool,
    format: Option<Format>,
) -> Result<Destination> {
    match of_output(output, several, format)? {
        Destination::Folder(folder) if keep_names => Ok(Destination::SameNames(folder)),
        _ if keep_names && output.is_some() => {
            bail!("--keep-names goes with a folder, which --output names with a / at its end")
        }
        destination => Ok(destination),
    }
}

/// Checks that each input has one result, as `--keep-names` has room for.
pub(super) fn check_one_result(filters: &[Filter], extents: &[Extent]) -> Result<()> {
    let several = match (filters, extents) {
        ([_], [_]) => return Ok(()),
        ([_], _) => "border",
        _ => "kernel",
    };
    bail!(
        "--keep-names has room for one result of each input; use one {several}, or drop --keep-names"
    )
}

fn of_output(output: Option<&Path>, several: bool, format: Option<Format>) -> Result<Destination> {
    let Some(path) = output else {
        return Ok(Destination::Beside);
    };
    if place(path) == Place::Standard {
        return Ok(Destination::Standard);
    }
    let shown = path.display();
    let named_folder = path
        .as_os_str()
        .to_string_lossy()
        .ends_with(std::path::is_separator);
    if path.is_dir() || named_folder {
        return Ok(Destination::Folder(path.to_owned()));
    }
    let of_name = Format::from_path(path);
    if several {
        if path.exists() || of_name.is_some() {
            bail!("{shown}: one file cannot hold several results; name a folder with --output");
        }
        return Ok(Destination::Folder(path.to_owned()));
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        if folder.exists() {
            bail!("{shown}: a file is in the way of its folder; choose another --output");
        }
        bail!(
            "{shown}: there is no folder {}; create it first",
            folder.display()
        );
    }
    match (of_name, format) {
        (Some(name), Some(format)) if name != format => {
            bail!("{shown}: the name says {name}, --format says {format}; make them agree")
        }
        (None, None) if !path.exists() && path.extension().is_some() => bail!(
            "{shown}: `{}` is no format that is written: choose {}, or add --format",
            path.extension().unwrap_or_default().display(),
            Format::writable()
        ),
        // A device such as /dev/null has no extension that shows the format.
        (None, None) if !path.exists() || path.is_file() => bail!(
            "{shown}: the name does not tell the format; add --format, an extension, or a / at its end if it is a folder"
        ),
        _ => Ok(Destination::File(path.to_owned())),
    }
}
