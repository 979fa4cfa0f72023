//! Pictures from and to files, by the codecs of the crate.

#![allow(
    unsafe_code,
    reason = "an array is lent while it is copied; see `write`"
)]

use std::path::{Path, PathBuf};

use pyo3::{
    exceptions::{PyFileExistsError, PyOSError, PyValueError},
    prelude::*,
};
use stridekern::{
    Depth, Image, ImageView, Samples,
    codec::{self, Compression, EncodeOptions, Format, Limits, Overwrite, Sampling},
    image::{Bool, f16},
};

use crate::{
    array::{Array, PlaneAxes, each_type},
    errors::exception,
    memory::of_image,
};

/// What a file held beside samples: profile, EXIF, XMP, density and the like.
#[pyclass(frozen, module = "stridekern._native")]
pub(crate) struct Metadata {
    metadata: codec::Metadata,
    format: Format,
}

#[pymethods]
impl Metadata {
    /// The ICC profile.
    #[getter]
    fn icc(&self) -> Option<&[u8]> {
        self.metadata.icc.as_deref()
    }

    /// From the header of their TIFF on.
    #[getter]
    fn exif(&self) -> Option<&[u8]> {
        self.metadata.exif.as_deref()
    }

    #[getter]
    fn xmp(&self) -> Option<&[u8]> {
        self.metadata.xmp.as_deref()
    }

    /// How the stored pixels are turned to be seen, 1 to 8 as in EXIF.
    #[getter]
    fn orientation(&self) -> u16 {
        self.metadata.named_orientation() as u16
    }

    #[getter]
    fn format(&self) -> String {
        self.format.to_string()
    }
}

/// The samples of a file as an array, its metadata, and warnings.
#[pyfunction]
pub(crate) fn read<'py>(
    py: Python<'py>,
    path: PathBuf,
) -> PyResult<(Bound<'py, PyAny>, Metadata, Vec<String>)> {
    let decoded = py.detach(|| codec::read(&path, &Limits::default()));
    let decoded = decoded.map_err(|error| of_path(&path, error))?;
    let metadata = Metadata {
        metadata: decoded.metadata,
        format: decoded.format,
    };
    let warnings = decoded.warnings.iter().map(ToString::to_string).collect();
    Ok((of_image(py, decoded.image)?, metadata, warnings))
}

/// Writes an array to a file, and returns warnings.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "Python's part names them")]
pub(crate) fn write(
    py: Python<'_>,
    path: PathBuf,
    samples: &Bound<'_, PyAny>,
    metadata: Option<&Metadata>,
    format: Option<&str>,
    quality: Option<u8>,
    compression: &str,
    sampling: Option<&str>,
    overwrite: bool,
) -> PyResult<Vec<String>> {
    let array = Array::input(samples)?;
    let channel = match array.shape().len() {
        2 => None,
        3 => Some(2),
        count => {
            return Err(PyValueError::new_err(format!(
                "a picture has two dimensions, or three of which the last is of channels, not {count}"
            )));
        }
    };
    let format = match format {
        Some(name) => name.parse::<Format>().map_err(exception)?,
        None => Format::from_path(&path).ok_or_else(|| {
            PyValueError::new_err(format!(
                "{}: the name tells no format that is written; there are {}",
                path.display(),
                Format::writable()
            ))
        })?,
    };
    let named = |argument: &str, name: &str, names: &str| {
        PyValueError::new_err(format!("{argument}={name:?} is none of {names}"))
    };
    let options = EncodeOptions {
        quality,
        compression: match compression {
            "fast" => Compression::Fast,
            "balanced" => Compression::Balanced,
            "best" => Compression::Best,
            other => return Err(named("compression", other, "fast, balanced, best")),
        },
        sampling: match sampling {
            None => None,
            Some(name) => Some(
                [Sampling::S444, Sampling::S422, Sampling::S420]
                    .into_iter()
                    .find(|sampling| sampling.to_string() == name)
                    .ok_or_else(|| named("sampling", name, "4:4:4, 4:2:2, 4:2:0"))?,
            ),
        },
        ..EncodeOptions::default()
    };
    let axes = PlaneAxes {
        row: 0,
        column: 1,
        channel,
    };
    let plane = array.plane(0, axes);
    let of_file = metadata
        .map(|known| known.metadata.clone())
        .unwrap_or_default();
    let overwrite = match overwrite {
        true => Overwrite::Replace,
        false => Overwrite::Refuse,
    };
    let written = py.detach(|| {
        // SAFETY: the array is held by the caller; that others do not write to it meanwhile is
        // what the documentation asks for.
        let view = unsafe { plane.read() }?;
        let image = copied(&view)?;
        codec::write(&path, &image, format, &of_file, &options, overwrite)
    });
    let warnings = written.map_err(|error| of_path(&path, error))?;
    Ok(warnings.iter().map(ToString::to_string).collect())
}

/// An image of the samples of a view.
fn copied(view: &ImageView<'_>) -> stridekern::Result<Image> {
    let [rows, columns, channels] = view.shape();
    let samples = each_type!(view.depth(), T => {
        let view = view.view::<T>().expect("it has that depth");
        Samples::from(view.to_vec())
    });
    Image::new(rows, columns, channels, samples)
}

/// An exception that names the file.
fn of_path(path: &Path, error: stridekern::Error) -> PyErr {
    let shown = path.display();
    match error {
        stridekern::Error::Exists => PyFileExistsError::new_err(format!(
            "{shown}: the file exists already: overwrite=True replaces it"
        )),
        stridekern::Error::Io { cause, .. } if cause.raw_os_error().is_some() => {
            let path = path.to_string_lossy().into_owned();
            let text = cause.to_string();
            PyOSError::new_err((cause.raw_os_error(), text, path))
        }
        error @ (stridekern::Error::Limit(_) | stridekern::Error::Stopped) => exception(error),
        error => PyValueError::new_err(format!("{shown}: {error}")),
    }
}
