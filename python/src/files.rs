//! Pictures from and to files, by the codecs of the crate.

#![allow(
    unsafe_code,
    reason = "an array is lent while it is copied; see `write`"
)]

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use pyo3::{
    exceptions::{PyFileExistsError, PyOSError, PyValueError},
    prelude::*,
};
use stridekern::{
    Depth, Image, ImageView, Samples,
    codec::{
        self, Compression, Decoded, EncodeOptions, Format, Limits, Overwrite, Pages, RowReader,
        Sampling,
    },
    image::{Bool, f16},
};

use crate::{
    arguments::named,
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

    fn __repr__(&self) -> String {
        let parts = [
            ("icc", self.metadata.icc.is_some()),
            ("exif", self.metadata.exif.is_some()),
            ("xmp", self.metadata.xmp.is_some()),
        ];
        let parts = parts.into_iter().filter(|&(_, is_there)| is_there);
        let parts = Vec::from_iter(parts.map(|(name, _)| name)).join(", ");
        format!("<Metadata of {}: {parts}>", self.format)
    }
}

/// The samples of a file as an array, its metadata, and warnings.
#[pyfunction]
pub(crate) fn read<'py>(py: Python<'py>, path: PathBuf) -> PyResult<Read<'py>> {
    let decoded = py.detach(|| codec::read(&path, &Limits::default()));
    read_of(py, decoded.map_err(|error| of_path(&path, error))?)
}

/// Pages of a file, one after another: samples, metadata and warnings of each.
#[pyclass(frozen, module = "stridekern._native")]
pub(crate) struct PageReader {
    path: PathBuf,
    next: Mutex<Option<RowReader<'static>>>,
}

#[pymethods]
impl PageReader {
    /// All pages, or that of a number, counted from 1.
    #[new]
    fn new(py: Python<'_>, path: PathBuf, page: Option<u64>) -> PyResult<Self> {
        let pages = page.map_or(Pages::All, |page| Pages::Range {
            first: page,
            last: page,
        });
        let reader = py.detach(|| codec::open_pages(&path, pages, &Limits::default()));
        let reader = reader.map_err(|error| of_path(&path, error))?;
        Ok(Self {
            path,
            next: Mutex::new(Some(reader)),
        })
    }

    const fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Read<'py>>> {
        let decoded = py.detach(|| {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(reader) = next.take() else {
                return Ok(None);
            };
            let (decoded, following) = reader.into_decoded_page()?;
            *next = following;
            Ok(Some(decoded))
        });
        let decoded = decoded.map_err(|error| of_path(&self.path, error))?;
        decoded.map(|decoded| read_of(py, decoded)).transpose()
    }
}

/// Samples, metadata and warnings.
type Read<'py> = (Bound<'py, PyAny>, Metadata, Vec<String>);

fn read_of(py: Python<'_>, decoded: Decoded) -> PyResult<Read<'_>> {
    let metadata = Metadata {
        metadata: decoded.metadata,
        format: decoded.format,
    };
    let warnings = decoded.warnings.iter().map(ToString::to_string).collect();
    Ok((of_image(py, decoded.image)?, metadata, warnings))
}

const COMPRESSIONS: [(&str, Compression); 3] = [
    ("fast", Compression::Fast),
    ("balanced", Compression::Balanced),
    ("best", Compression::Best),
];

const SAMPLINGS: [(&str, Sampling); 3] = [
    ("4:4:4", Sampling::S444),
    ("4:2:2", Sampling::S422),
    ("4:2:0", Sampling::S420),
];

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
    compression: Option<&str>,
    sampling: Option<&str>,
    overwrite: bool,
) -> PyResult<Vec<String>> {
    let array = Array::input(samples)?;
    let axes = PlaneAxes::of_picture(array.shape().len()).ok_or_else(|| {
        PyValueError::new_err(format!(
            "a picture has two dimensions, or three of which the last is of channels, not {}",
            array.shape().len()
        ))
    })?;
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
    let unused = [
        ("quality", quality.is_some(), format == Format::Jpeg),
        ("sampling", sampling.is_some(), format == Format::Jpeg),
        (
            "compression",
            compression.is_some(),
            matches!(format, Format::Png | Format::Tiff),
        ),
    ];
    for (argument, is_given, is_used) in unused {
        if is_given && !is_used {
            return Err(PyValueError::new_err(format!(
                "{argument} has no meaning in a file of the format {format}"
            )));
        }
    }
    let options = EncodeOptions {
        quality,
        compression: compression.map_or(Ok(Compression::Balanced), |name| {
            named("compression", name, COMPRESSIONS)
        })?,
        sampling: sampling
            .map(|name| named("sampling", name, SAMPLINGS))
            .transpose()?,
        ..EncodeOptions::default()
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
