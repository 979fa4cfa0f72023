//! Errors and warnings of the library as Python's.

use pyo3::{
    exceptions::{PyKeyboardInterrupt, PyMemoryError, PyOSError, PyValueError},
    prelude::*,
    sync::PyOnceLock,
};
use stridekern::{ClipCause, Error, Warning, WarningKind};

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

/// Warns of what a result holds less of than its responses.
pub(crate) fn tell(py: Python<'_>, warnings: &[Warning]) -> PyResult<()> {
    static TELL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    for warning in warnings {
        let advice = match warning.kind() {
            WarningKind::Clipped(ClipCause::Negative) => {
                ": a result of a signed type, as int16, keeps them"
            }
            WarningKind::Clipped(ClipCause::Range | ClipCause::Unit) | WarningKind::Wrapped => {
                ": a result of a wider type, as float32, keeps them"
            }
            _ => "",
        };
        let tell = TELL.import(py, "stridekern._warnings", "tell")?;
        tell.call1((format!("{warning}{advice}"),))?;
    }
    Ok(())
}
