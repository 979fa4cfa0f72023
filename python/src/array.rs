//! NumPy's arrays, and planes of them as views of samples.

#![allow(unsafe_code, reason = "arrays are lent as pointers; see `Plane`")]

use numpy::{
    PyArrayDescr, PyArrayDescrMethods, PyUntypedArray, PyUntypedArrayMethods,
    npyffi::NPY_ARRAY_WRITEABLE,
};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
    sync::PyOnceLock,
};
use stridekern::{
    Depth, ImageView, ImageViewMut,
    image::{Bool, f16},
    view::{StridedView, StridedViewMut},
};

/// Evaluates an expression with a type alias for the sample type of a depth.
macro_rules! each_type {
    ($depth:expr, $alias:ident => $body:expr) => {
        match $depth {
            Depth::U8 => each_type!(@ u8, $alias => $body),
            Depth::U16 => each_type!(@ u16, $alias => $body),
            Depth::U32 => each_type!(@ u32, $alias => $body),
            Depth::U64 => each_type!(@ u64, $alias => $body),
            Depth::I8 => each_type!(@ i8, $alias => $body),
            Depth::I16 => each_type!(@ i16, $alias => $body),
            Depth::I32 => each_type!(@ i32, $alias => $body),
            Depth::I64 => each_type!(@ i64, $alias => $body),
            Depth::Bool => each_type!(@ Bool, $alias => $body),
            Depth::F16 => each_type!(@ f16, $alias => $body),
            Depth::F32 => each_type!(@ f32, $alias => $body),
            Depth::F64 => each_type!(@ f64, $alias => $body),
            other => unreachable!("no NumPy type has the depth {other}"),
        }
    };
    (@ $type:ty, $alias:ident => $body:expr) => {{
        type $alias = $type;
        $body
    }};
}

pub(crate) use each_type;

/// An array as it lies: aligned numbers of this machine's byte order.
pub(crate) struct Array<'py> {
    object: Bound<'py, PyUntypedArray>,
    depth: Depth,
    /// Elements from one to the next along each axis.
    strides: Vec<isize>,
}

impl<'py> Array<'py> {
    /// What an argument holds. It is copied only if it is no array of numbers as they lie in the
    /// registers of this machine: of the other byte order, not aligned, or nested sequences.
    pub(crate) fn input(argument: &Bound<'py, PyAny>) -> PyResult<Self> {
        let array = as_array(argument)?;
        let depth = depth_of(&array.dtype())?;
        check_bounds(&array)?;
        if let Some(array) = Self::in_place(&array, depth) {
            return Ok(array);
        }
        let py = array.py();
        let dtype = array
            .dtype()
            .call_method1(intern!(py, "newbyteorder"), ("=",))?;
        let copy = array.call_method1(intern!(py, "astype"), (dtype,))?;
        let copy = copy.cast_into::<PyUntypedArray>()?;
        Ok(Self::in_place(&copy, depth).expect("NumPy's own arrays are aligned"))
    }

    /// An array to write to.
    pub(crate) fn output(argument: &Bound<'py, PyAny>) -> PyResult<Self> {
        let Ok(array) = argument.cast::<PyUntypedArray>() else {
            let kind = argument.get_type().name()?;
            return Err(PyTypeError::new_err(format!(
                "out must be a NumPy array, not {kind}"
            )));
        };
        let depth = depth_of(&array.dtype())?;
        // As NumPy knows it, whatever a subclass says.
        // SAFETY: the pointer is that of an array that is held.
        let flags = unsafe { (*array.as_array_ptr()).fields.flags };
        if flags & NPY_ARRAY_WRITEABLE == 0 {
            return Err(PyValueError::new_err("out is read-only"));
        }
        check_bounds(array)?;
        if overlaps(array)? {
            return Err(PyValueError::new_err(
                "elements of out share memory, so that one would be written as many: filter into a new array and copy it",
            ));
        }
        Self::in_place(array, depth).ok_or_else(|| {
            PyValueError::new_err(
                "out must be aligned and in this machine's byte order: filter into a new array and copy it",
            )
        })
    }

    /// An array that was made just now.
    pub(crate) fn of_new(object: &Bound<'py, PyAny>, depth: Depth) -> PyResult<Self> {
        let array = object.cast::<PyUntypedArray>()?;
        Ok(Self::in_place(array, depth).expect("NumPy's own arrays are aligned"))
    }

    /// `None` if its numbers cannot be read where they lie.
    fn in_place(array: &Bound<'py, PyUntypedArray>, depth: Depth) -> Option<Self> {
        let bytes = isize::try_from(depth.bytes()).ok()?;
        let is_native = array.dtype().is_native_byteorder() != Some(false);
        let is_whole = |&stride: &isize| stride % bytes == 0;
        let shape = array.shape();
        let stepped = array
            .strides()
            .iter()
            .zip(shape)
            .filter(|&(_, &len)| len > 1);
        let mut stepped = stepped.map(|(stride, _)| stride);
        (is_native && array.is_aligned() && stepped.all(is_whole)).then(|| Self {
            object: array.clone(),
            depth,
            strides: array
                .strides()
                .iter()
                .map(|stride| stride / bytes)
                .collect(),
        })
    }

    pub(crate) const fn depth(&self) -> Depth {
        self.depth
    }

    pub(crate) const fn object(&self) -> &Bound<'py, PyUntypedArray> {
        &self.object
    }

    pub(crate) fn shape(&self) -> &[usize] {
        self.object.shape()
    }

    pub(crate) fn strides(&self) -> &[isize] {
        &self.strides
    }

    /// The addresses of its first byte and of that behind its last.
    pub(crate) fn bounds(&self) -> [usize; 2] {
        byte_bounds(&self.object)
    }

    /// The plane of three axes at `first`, so many elements after that at index zero.
    pub(crate) fn plane(&self, first: isize, axes: PlaneAxes) -> Plane {
        let along =
            |axis: Option<usize>| axis.map_or((1, 1), |at| (self.shape()[at], self.strides[at]));
        let [rows, columns, channels] =
            [Some(axes.row), Some(axes.column), axes.channel].map(along);
        // SAFETY: the pointer is that of an array that is held.
        let data = unsafe { (*self.object.as_array_ptr()).fields.data };
        Plane {
            first: data
                .wrapping_byte_offset(first * self.depth.bytes() as isize)
                .cast(),
            depth: self.depth,
            shape: [rows.0, columns.0, channels.0],
            strides: [rows.1, columns.1, channels.1],
        }
    }
}

/// Which axes of an array are rows, columns and channels of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlaneAxes {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) channel: Option<usize>,
}

impl PlaneAxes {
    /// Those of a picture: of two axes, or of three, the last of which is of channels.
    pub(crate) const fn of_picture(dimensions: usize) -> Option<Self> {
        let channel = match dimensions {
            2 => None,
            3 => Some(2),
            _ => return None,
        };
        Some(Self {
            row: 0,
            column: 1,
            channel,
        })
    }
}

/// A part of an array as an image of three axes.
#[derive(Clone, Copy)]
pub(crate) struct Plane {
    first: *mut u8,
    depth: Depth,
    shape: [usize; 3],
    strides: [isize; 3],
}

// SAFETY: memory of an array is plain numbers, which any thread may read and write; that nobody
// else does meanwhile is what `read` and `write` ask for.
unsafe impl Send for Plane {}
// SAFETY: as above.
unsafe impl Sync for Plane {}

impl Plane {
    /// `[rows, columns, channels]`.
    pub(crate) const fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// In elements.
    pub(crate) const fn strides(&self) -> [isize; 3] {
        self.strides
    }

    /// The same, `elements` further.
    pub(crate) const fn moved(self, elements: isize) -> Self {
        Self {
            first: self
                .first
                .wrapping_byte_offset(elements * self.depth.bytes() as isize),
            ..self
        }
    }

    /// # Safety
    ///
    /// For all of `'a` the array is held, and nobody writes to it.
    pub(crate) unsafe fn read<'a>(self) -> stridekern::Result<ImageView<'a>> {
        each_type!(self.depth, T => {
            // SAFETY: NumPy's arrays lie in their memory; strides made by hand were checked
            // against its bounds. Nobody writes to it, as the caller guarantees.
            let view = unsafe {
                StridedView::<T, 3>::from_raw_parts(self.first.cast_const().cast(), self.shape, self.strides)
            };
            Ok(view?.into())
        })
    }

    /// # Safety
    ///
    /// For all of `'a` the array is held, and nobody else reads it or writes to it.
    pub(crate) unsafe fn write<'a>(self) -> stridekern::Result<ImageViewMut<'a>> {
        each_type!(self.depth, T => {
            // SAFETY: as for reading.
            let view = unsafe {
                StridedViewMut::<T, 3>::from_raw_parts(self.first.cast(), self.shape, self.strides)
            };
            Ok(view?.into())
        })
    }
}

/// The array of numbers that an argument is or offers, complex ones included.
///
/// # Errors
///
/// `TypeError` if it offers none, `ValueError` if some of its numbers are masked.
#[pyfunction]
pub(crate) fn as_numbers<'py>(
    argument: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyUntypedArray>> {
    let array = as_array(argument)?;
    let dtype = array.dtype();
    if dtype.kind() != b'c' && !matches!((dtype.kind(), dtype.itemsize()), (b'f', 16)) {
        depth_of(&dtype)?;
    }
    Ok(array)
}

/// NumPy's own array of what is one or offers one: by the buffer protocol, `__array_interface__` and
/// the like, and else by DLPack.
fn as_array<'py>(argument: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
    static AS_ARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static FROM_DLPACK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    if let Ok(array) = argument.cast_exact::<PyUntypedArray>() {
        return Ok(array.clone());
    }
    let py = argument.py();
    refuse_masked(argument)?;
    let as_array = AS_ARRAY.import(py, "numpy", "asarray")?;
    let mut array = as_array.call1((argument,))?.cast_into::<PyUntypedArray>()?;
    let is_unknown = array.dtype().kind() == b'O' && array.shape().is_empty();
    if is_unknown && argument.hasattr(intern!(py, "__dlpack__"))? {
        let from_dlpack = FROM_DLPACK.import(py, "numpy", "from_dlpack")?;
        array = from_dlpack.call1((argument,))?.cast_into()?;
    }
    Ok(array)
}

/// Refuses an array with a mask that NumPy's own array of it would not have.
fn refuse_masked(argument: &Bound<'_, PyAny>) -> PyResult<()> {
    static ANY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = argument.py();
    let Some(mask) = argument.getattr_opt(intern!(py, "mask"))? else {
        return Ok(());
    };
    // In some packages it is a method.
    if mask.is_none() || mask.is_callable() {
        return Ok(());
    }
    match ANY
        .import(py, "numpy", "any")?
        .call1((mask,))?
        .is_truthy()?
    {
        false => Ok(()),
        true => Err(PyValueError::new_err(
            "the array is masked, and its mask would be lost: give its data, and the mask as mask=a.mask, or NaN in its place and ignore=numpy.nan",
        )),
    }
}

/// The sample type of an array's elements, whatever their byte order.
pub(crate) fn depth_of(dtype: &Bound<'_, PyArrayDescr>) -> PyResult<Depth> {
    Ok(match (dtype.kind(), dtype.itemsize()) {
        (b'u', 1) => Depth::U8,
        (b'u', 2) => Depth::U16,
        (b'u', 4) => Depth::U32,
        (b'u', 8) => Depth::U64,
        (b'i', 1) => Depth::I8,
        (b'i', 2) => Depth::I16,
        (b'i', 4) => Depth::I32,
        (b'i', 8) => Depth::I64,
        (b'b', 1) => Depth::Bool,
        (b'f', 2) => Depth::F16,
        (b'f', 4) => Depth::F32,
        (b'f', 8) => Depth::F64,
        (kind, _) => {
            let hint = match kind {
                b'c' => ": filter a.real and a.imag",
                b'f' => ": convert it by a.astype(numpy.float64)",
                b'O' => ": convert it by a.astype(numpy.float64), if its objects are numbers",
                b'V' => ": filter its fields, a[name]",
                b'M' | b'm' => ": filter a.view(numpy.int64)",
                _ => "",
            };
            return Err(PyTypeError::new_err(format!(
                "an array of {dtype} cannot be filtered{hint}; numbers can: bool, integers of 8 to 64 bits, float16, float32, float64"
            )));
        }
    })
}

/// The name that NumPy has for a sample type.
pub(crate) const fn numpy_name(depth: Depth) -> &'static str {
    match depth {
        Depth::U8 => "uint8",
        Depth::U16 => "uint16",
        Depth::U32 => "uint32",
        Depth::U64 => "uint64",
        Depth::I8 => "int8",
        Depth::I16 => "int16",
        Depth::I32 => "int32",
        Depth::I64 => "int64",
        Depth::Bool => "bool",
        Depth::F16 => "float16",
        Depth::F32 => "float32",
        _ => "float64",
    }
}

/// How many views of views are followed.
const MAX_BASES: usize = 1000;

/// Refuses a view that leaves the array that it is of, as `numpy.lib.stride_tricks.as_strided`
/// makes them.
fn check_bounds(array: &Bound<'_, PyUntypedArray>) -> PyResult<()> {
    // The last array of them; what is behind it is memory of another library.
    let mut owner = None;
    let mut next = base(array);
    // An object may say that it is its own base.
    for _ in 0..MAX_BASES {
        let Some(object) = next else {
            break;
        };
        next = match object.cast::<PyUntypedArray>() {
            Ok(array) => {
                owner = Some(array.clone());
                base(array)
            }
            // What stands between a view by strides and its array has the name as NumPy's arrays do.
            Err(_) => object.getattr_opt(intern!(object.py(), "base"))?,
        };
        next = next.filter(|object| !object.is_none());
    }
    let Some(owner) = owner else {
        return Ok(());
    };
    let [view, memory] = [array, &owner].map(byte_bounds);
    if view[0] < memory[0] || memory[1] < view[1] {
        let behind = view[1].saturating_sub(memory[1]);
        let before = memory[0].saturating_sub(view[0]);
        return Err(PyValueError::new_err(format!(
            "the array reaches outside of the memory that it is a view of: {before} bytes before its begin, {behind} behind its end"
        )));
    }
    Ok(())
}

/// What the memory of an array belongs to, if not to itself: as NumPy knows it, whatever a subclass
/// says.
fn base<'py>(array: &Bound<'py, PyUntypedArray>) -> Option<Bound<'py, PyAny>> {
    // SAFETY: the pointer is that of an array that is held, which holds its base.
    unsafe {
        let base = (*array.as_array_ptr()).fields.base;
        Bound::from_borrowed_ptr_or_opt(array.py(), base)
    }
}

/// Whether two indices of an array may name memory that they share.
fn overlaps(array: &Bound<'_, PyUntypedArray>) -> PyResult<bool> {
    static OVERLAPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let axes = array.strides().iter().zip(array.shape());
    let axes = axes.filter(|&(_, &len)| len != 1);
    let mut axes = Vec::from_iter(axes.map(|(stride, &len)| (stride.unsigned_abs(), len)));
    axes.sort_unstable();
    // Along each axis elements are farther apart than all shorter ones reach together.
    let mut reach = array.dtype().itemsize();
    let are_apart = axes.iter().all(|&(stride, len)| {
        let is_beyond = stride >= reach;
        reach = reach.saturating_add(stride.saturating_mul(len.saturating_sub(1)));
        is_beyond
    });
    if are_apart {
        return Ok(false);
    }
    let overlaps = OVERLAPS.import(array.py(), "stridekern.strides", "overlaps")?;
    overlaps.call1((array,))?.is_truthy()
}

/// The addresses of the first byte of an array and of that behind its last.
fn byte_bounds(array: &Bound<'_, PyUntypedArray>) -> [usize; 2] {
    // SAFETY: the pointer is that of an array that is held.
    let first = unsafe { (*array.as_array_ptr()).fields.data }.addr();
    let mut bounds = [first, first.saturating_add(array.dtype().itemsize())];
    for (&len, &stride) in array.shape().iter().zip(array.strides()) {
        if len == 0 {
            return [first; 2];
        }
        let way = (len - 1).saturating_mul(stride.unsigned_abs());
        match stride < 0 {
            true => bounds[0] = bounds[0].saturating_sub(way),
            false => bounds[1] = bounds[1].saturating_add(way),
        }
    }
    bounds
}
