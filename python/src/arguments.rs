//! What the arguments of a filter mean.

#![allow(unsafe_code, reason = "a mask is lent while it is read; see `missing`")]

use std::path::PathBuf;

use numpy::PyArrayDescr;
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

/// The kernels that an argument means.
pub(crate) fn bank(kernel: &Bound<'_, PyAny>) -> PyResult<KernelBank> {
    if let Ok(spec) = kernel.extract::<&str>() {
        return KernelBank::resolve(spec).map_err(exception);
    }
    if kernel.hasattr("__fspath__")? {
        return KernelBank::read(kernel.extract::<PathBuf>()?).map_err(exception);
    }
    let weights = Array::input(kernel)?;
    let &[rows, columns] = weights.shape() else {
        return Err(PyValueError::new_err(format!(
            "a kernel has two dimensions, not {}: an array of weights, a spec such as 'gaussian:sigma=2', or a path",
            weights.shape().len()
        )));
    };
    let py = kernel.py();
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

/// The sample type that an argument names.
pub(crate) fn depth(dtype: &Bound<'_, PyAny>) -> PyResult<Depth> {
    depth_of(&PyArrayDescr::new(dtype.py(), dtype)?)
}

/// The samples that take no part.
pub(crate) fn missing(
    ignore: Option<f64>,
    mask: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<Missing>> {
    let of_value = ignore.map(Missing::value);
    let Some(mask) = mask else {
        return Ok(of_value);
    };
    let mask = Array::input(mask)?;
    let axes = PlaneAxes::of_picture(mask.shape().len()).ok_or_else(|| {
        PyValueError::new_err(format!(
            "a mask has two dimensions, or three of which the last is of channels, not {}",
            mask.shape().len()
        ))
    })?;
    // SAFETY: the array is held, and is read while the interpreter is.
    let marks = unsafe { mask.plane(0, axes).read() }.map_err(exception)?;
    let mask = Mask::new(marks).map_err(exception)?;
    Ok(Some(match of_value {
        Some(missing) => missing.and_mask(mask),
        None => Missing::mask(mask),
    }))
}
