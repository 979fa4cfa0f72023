//! What the arguments of a filter mean.

#![allow(unsafe_code, reason = "a mask is lent while it is read; see `missing`")]

use std::path::PathBuf;

use numpy::{PyArrayDescr, PyArrayDescrMethods};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
};
use stridekern::{Depth, Kernel, KernelBank, Mask, Missing};

use crate::{
    array::{Array, PlaneAxes, depth_of},
    errors::exception,
};

/// The names of the kernels that come with the package, beside those that are made from parameters.
///
/// Returns
/// -------
/// list of str
#[pyfunction]
pub(crate) fn kernel_names() -> Vec<&'static str> {
    KernelBank::builtins()
        .map(|builtin| builtin.name())
        .collect()
}

/// The kernels that an argument means.
pub(crate) fn bank(kernel: &Bound<'_, PyAny>) -> PyResult<KernelBank> {
    let py = kernel.py();
    if let Ok(spec) = kernel.extract::<&str>() {
        // A file is hidden by a kernel of its name, which an output of a script may have by chance.
        let known = KernelBank::builtin(spec).or_else(|_| KernelBank::from_spec(spec));
        return known
            .or_else(|_| KernelBank::resolve(spec))
            .map_err(exception);
    }
    if kernel.hasattr("__fspath__")? {
        let path = kernel.extract::<PathBuf>()?;
        return py.detach(|| KernelBank::read(path)).map_err(exception);
    }
    let weights = Array::input(kernel)?;
    let &[rows, columns] = weights.shape() else {
        return Err(PyValueError::new_err(format!(
            "a kernel has two dimensions, not {}: an array of weights, a spec such as 'gaussian:sigma=2', or a path",
            weights.shape().len()
        )));
    };
    let numbers = weights.object().call_method0(intern!(py, "ravel"))?;
    let numbers = numbers
        .call_method0(intern!(py, "tolist"))?
        .extract::<Vec<f64>>()?;
    let kernel = Kernel::new(rows, columns, numbers).map_err(exception)?;
    Ok(kernel.into())
}

/// The numbers of a vector.
pub(crate) fn vector(numbers: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let array = Array::input(numbers)?;
    if array.shape().len() != 1 {
        return Err(PyValueError::new_err(format!(
            "a column and a row have one dimension each, not {}",
            array.shape().len()
        )));
    }
    let py = numbers.py();
    array
        .object()
        .call_method0(intern!(py, "tolist"))?
        .extract()
}

/// What has this name.
pub(crate) fn named<T>(
    argument: &str,
    name: &str,
    all: impl IntoIterator<Item = (&'static str, T)>,
) -> PyResult<T> {
    let mut names = Vec::new();
    for (known, value) in all {
        if known == name {
            return Ok(value);
        }
        names.push(known);
    }
    Err(PyValueError::new_err(format!(
        "{argument}={name:?} is none of {}",
        names.join(", ")
    )))
}

/// More threads take longer to start than they save.
const MAX_THREADS: usize = 512;

/// The rows and columns that are told by a pair of integers, or by one for both.
pub(crate) fn pair(name: &str, value: &Bound<'_, PyAny>) -> PyResult<[usize; 2]> {
    let numbers = match value.extract::<isize>() {
        Ok(both) => [both; 2],
        Err(_) => rows_and_columns(name, value)?,
    };
    positions(name, numbers, 1)
}

/// The row and the column of a weight.
pub(crate) fn place(name: &str, value: &Bound<'_, PyAny>) -> PyResult<[usize; 2]> {
    positions(name, rows_and_columns(name, value)?, 0)
}

fn rows_and_columns(name: &str, value: &Bound<'_, PyAny>) -> PyResult<[isize; 2]> {
    value.extract::<[isize; 2]>().map_err(|_| {
        let shown = value
            .repr()
            .map_or_else(|_| "it".to_owned(), |text| text.to_string());
        PyTypeError::new_err(format!(
            "{name} must be two integers, of rows and of columns, not {shown}"
        ))
    })
}

fn positions(name: &str, numbers: [isize; 2], least: usize) -> PyResult<[usize; 2]> {
    let [rows, columns] = numbers.map(|number| usize::try_from(number).ok());
    match (rows, columns) {
        (Some(rows), Some(columns)) if rows >= least && columns >= least => Ok([rows, columns]),
        _ => Err(PyValueError::new_err(format!(
            "{name} must be at least {least}, not {}",
            numbers.into_iter().min().unwrap_or_default()
        ))),
    }
}

/// The axes of rows and columns, as they are named.
pub(crate) fn axes(value: &Bound<'_, PyAny>) -> PyResult<[isize; 2]> {
    rows_and_columns("axes", value)
}

/// How many threads share work.
pub(crate) fn threads(value: isize) -> PyResult<usize> {
    let threads = usize::try_from(value)
        .ok()
        .filter(|threads| (1..=MAX_THREADS).contains(threads));
    threads.ok_or_else(|| {
        PyValueError::new_err(format!("threads must be 1 to {MAX_THREADS}, not {value}"))
    })
}

/// The sample type that an argument names.
pub(crate) fn depth(dtype: &Bound<'_, PyAny>) -> PyResult<Depth> {
    let dtype = PyArrayDescr::new(dtype.py(), dtype)?;
    if dtype.is_native_byteorder() == Some(false) {
        return Err(PyValueError::new_err(format!(
            "dtype={dtype}: results are in the byte order of this machine; convert them by a.astype(...)"
        )));
    }
    depth_of(&dtype)
}

/// What takes no part.
pub(crate) struct Ignored {
    pub(crate) missing: Option<Missing>,
    /// The type of which the value is the largest number, if that is no float: the nearest one is beyond
    /// this type, but not beyond others.
    pub(crate) largest_of: Option<Depth>,
    /// The channels of the mask, if it has their axis.
    pub(crate) channels: Option<usize>,
}

/// The samples that take no part.
pub(crate) fn ignored(
    ignore: Option<&Bound<'_, PyAny>>,
    mask: Option<&Bound<'_, PyAny>>,
) -> PyResult<Ignored> {
    let mut ignored = Ignored {
        missing: None,
        largest_of: None,
        channels: None,
    };
    if let Some(ignore) = ignore {
        let value = ignore.extract::<f64>()?;
        // Python compares an integer with a float exactly.
        if !value.is_nan() && !ignore.eq(value)? {
            ignored.largest_of = match (ignore.eq(i64::MAX)?, ignore.eq(u64::MAX)?) {
                (true, _) => Some(Depth::I64),
                (_, true) => Some(Depth::U64),
                _ => {
                    return Err(PyValueError::new_err(format!(
                        "ignore={ignore} is no 64-bit float, and the nearest is another number: mark such samples by a mask"
                    )));
                }
            };
        }
        ignored.missing = Some(Missing::value(value));
    }
    let Some(mask) = mask else {
        return Ok(ignored);
    };
    let mask = Array::input(mask)?;
    let axes = PlaneAxes::of_picture(mask.shape().len()).ok_or_else(|| {
        PyValueError::new_err(format!(
            "a mask has two dimensions, or three of which the last is of channels, not {}",
            mask.shape().len()
        ))
    })?;
    ignored.channels = axes.channel.map(|axis| mask.shape()[axis]);
    // SAFETY: the array is held, and is read while the interpreter is.
    let marks = unsafe { mask.plane(0, axes).read() }.map_err(exception)?;
    let mask = Mask::new(marks).map_err(exception)?;
    ignored.missing = Some(match ignored.missing {
        Some(missing) => missing.and_mask(mask),
        None => Missing::mask(mask),
    });
    Ok(ignored)
}
