//! Memory of new results.

use pyo3::{prelude::*, sync::PyOnceLock, types::PyTuple};
use stridekern::{Depth, Image, Samples, image::Buffer};

use crate::{array::numpy_name, errors::exception};

/// Results of at least this many bytes are in memory of the crate, which uses that of the last one
/// again; new pages for 96 MB take half as long as a 3x3 kernel.
const LARGE: usize = 8 << 20;

/// The memory of a large array.
#[pyclass(frozen, module = "stridekern._native")]
pub(crate) struct Memory {
    #[expect(dead_code, reason = "held until the array is gone")]
    held: Held,
    /// The address of the first element.
    first: usize,
    /// Of the array.
    shape: Py<PyTuple>,
    depth: Depth,
}

/// What keeps the memory.
#[expect(dead_code, reason = "held until the array is gone")]
enum Held {
    /// Aligned for every sample type.
    Words(Buffer<u64>),
    Samples(Samples),
}

#[pymethods]
impl Memory {
    /// What NumPy makes an array of, which keeps this alive.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let typestr = match self.depth {
            Depth::Bool => "|b1".to_owned(),
            depth => {
                let name = numpy_name(depth);
                let bytes = depth.bytes();
                let order = match (bytes, cfg!(target_endian = "little")) {
                    (1, _) => '|',
                    (_, true) => '<',
                    (_, false) => '>',
                };
                format!("{order}{}{bytes}", &name[..1])
            }
        };
        let interface = pyo3::types::PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("typestr", typestr)?;
        interface.set_item("shape", &self.shape)?;
        // Nothing of this crate reads or writes it any more.
        interface.set_item("data", (self.first, false))?;
        Ok(interface.into_any())
    }
}

/// A new array of any values.
pub(crate) fn empty<'py>(
    py: Python<'py>,
    shape: &[usize],
    depth: Depth,
) -> PyResult<Bound<'py, PyAny>> {
    static EMPTY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let samples = shape
        .iter()
        .try_fold(1_usize, |all, &len| all.checked_mul(len));
    let bytes = samples.and_then(|samples| samples.checked_mul(depth.bytes()));
    let tuple = PyTuple::new(py, shape)?;
    match bytes {
        Some(bytes) if bytes >= LARGE && cfg!(target_os = "linux") => {
            let words = Buffer::<u64>::with_any_values(bytes.div_ceil(size_of::<u64>()));
            let words = words.map_err(exception)?;
            let memory = Memory {
                first: words.as_ptr().addr(),
                held: Held::Words(words),
                shape: tuple.unbind(),
                depth,
            };
            as_array(py, memory)
        }
        _ => EMPTY
            .import(py, "numpy", "empty")?
            .call1((tuple, numpy_name(depth))),
    }
}

/// An image as an array: gray ones have two dimensions.
pub(crate) fn of_image(py: Python<'_>, image: Image) -> PyResult<Bound<'_, PyAny>> {
    let [rows, columns, channels] = image.shape();
    let shape = match channels {
        1 => PyTuple::new(py, [rows, columns])?,
        _ => PyTuple::new(py, [rows, columns, channels])?,
    };
    let depth = image.depth();
    let samples = image.into_samples();
    let memory = Memory {
        first: address(&samples),
        held: Held::Samples(samples),
        shape: shape.unbind(),
        depth,
    };
    as_array(py, memory)
}

/// Where they begin.
fn address(samples: &Samples) -> usize {
    match samples {
        Samples::U8(samples) => samples.as_ptr().addr(),
        Samples::U16(samples) => samples.as_ptr().addr(),
        Samples::U32(samples) => samples.as_ptr().addr(),
        Samples::U64(samples) => samples.as_ptr().addr(),
        Samples::I8(samples) => samples.as_ptr().addr(),
        Samples::I16(samples) => samples.as_ptr().addr(),
        Samples::I32(samples) => samples.as_ptr().addr(),
        Samples::I64(samples) => samples.as_ptr().addr(),
        Samples::Bool(samples) => samples.as_ptr().addr(),
        Samples::F16(samples) => samples.as_ptr().addr(),
        Samples::F32(samples) => samples.as_ptr().addr(),
        Samples::F64(samples) => samples.as_ptr().addr(),
        other => unreachable!("no array is of {}", other.depth()),
    }
}

fn as_array(py: Python<'_>, memory: Memory) -> PyResult<Bound<'_, PyAny>> {
    static AS_ARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    AS_ARRAY.import(py, "numpy", "asarray")?.call1((memory,))
}
