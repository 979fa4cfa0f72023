//! Errors of the library as Python's.

use pyo3::{
    exceptions::{PyKeyboardInterrupt, PyMemoryError, PyOSError, PyValueError},
    prelude::*,
};
use stridekern::Error;

/// The exception that tells of this error.
pub(crate) fn exception(error: impl Into<Error>) -> PyErr {
    let error = error.into();
    let text = error.to_string();
    match error {
        Error::Limit(_) => PyMemoryError::new_err(text),
        Error::Stopped => PyKeyboardInterrupt::new_err(text),
        Error::Io { cause, .. } => match cause.raw_os_error() {
            Some(code) => PyOSError::new_err((code, text)),
            None => PyOSError::new_err(text),
        },
        _ => PyValueError::new_err(text),
    }
}
