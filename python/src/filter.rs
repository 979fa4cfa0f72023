//! `stridekern.Filter`: a filter for NumPy's arrays, which keeps its plan.

#![allow(
    unsafe_code,
    reason = "arrays are lent while the interpreter is free; see `Job::run`"
)]

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use numpy::PyArrayDescr;
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
    types::PyTuple,
};
use rayon::prelude::*;
use stridekern::{
    Alpha, Channel, Depth, Extent, Kernel, KernelBank, Map, Mask, Missing, Orientation, Overflow,
    Plan, Rounding, Runner, Stop, Tuning, filter::Program,
};

use crate::{
    array::{Array, Plane, PlaneAxes, depth_of, numpy_name},
    errors::exception,
    memory,
    pool::{cores, interruptible, pool},
};

/// Work of fewer multiply-adds than this, about a millisecond of one core, is done by the caller's
/// thread, which is not interrupted.
const SHORT_WORK: usize = 20_000_000;

/// More threads take longer to start than they save.
const MAX_THREADS: usize = 512;

/// The axes of an array that a kernel lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromPyObject)]
struct AxisPair(isize, isize);

/// A filter of fixed options, for arrays of any shape and number type.
///
/// The plan, compiled kernels and buffers of the last array are kept for the next of its shape,
/// type and strides. One filter may be called from several threads.
#[pyclass(frozen, subclass, module = "stridekern._native")]
pub(crate) struct Filter {
    filter: stridekern::Filter,
    /// The same for arrays whose rows and columns are exchanged.
    transposed: stridekern::Filter,
    axes: Option<AxisPair>,
    threads: Option<usize>,
    /// Taps of all kernels.
    taps: usize,
    kept: Mutex<Option<Kept>>,
}

/// What a plan was made for.
#[derive(PartialEq, Eq)]
struct Key {
    strides: [isize; 3],
    shape: [usize; 3],
    depth: Depth,
    threads: usize,
    is_transposed: bool,
}

struct Kept {
    key: Key,
    runner: Runner,
}

#[pymethods]
impl Filter {
    #[new]
    #[pyo3(signature = (
        kernel=None, *, column=None, row=None, border="valid", step=(1, 1), dilation=(1, 1), axes=None, map=None, dtype=None,
        divisor=None, bias=None, anchor=None, normalize=false, flip=false, ignore=None, mask=None,
        like=None, rounding=None, overflow=None, threads=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn new(
        kernel: Option<&Bound<'_, PyAny>>,
        column: Option<&Bound<'_, PyAny>>,
        row: Option<&Bound<'_, PyAny>>,
        border: &str,
        step: (usize, usize),
        dilation: (usize, usize),
        axes: Option<AxisPair>,
        map: Option<&str>,
        dtype: Option<&Bound<'_, PyAny>>,
        divisor: Option<f64>,
        bias: Option<f64>,
        anchor: Option<(usize, usize)>,
        normalize: bool,
        flip: bool,
        ignore: Option<f64>,
        mask: Option<&Bound<'_, PyAny>>,
        like: Option<&str>,
        rounding: Option<&str>,
        overflow: Option<&str>,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let mut bank = match (kernel, column, row) {
            (Some(kernel), None, None) => bank(kernel)?,
            (None, Some(column), Some(row)) => {
                let (column, row) = (vector(column)?, vector(row)?);
                Kernel::from_vectors(&column, &row, 1.0)
                    .map_err(exception)?
                    .into()
            }
            _ => {
                return Err(PyTypeError::new_err(
                    "give a kernel, or the column and the row whose product it is",
                ));
            }
        };
        if normalize {
            bank = bank.normalized().map_err(exception)?;
        }
        if let Some(divisor) = divisor {
            bank = bank.with_divisor(divisor).map_err(exception)?;
        }
        if let Some(bias) = bias {
            bank = bank.with_bias(bias).map_err(exception)?;
        }
        if let Some((row, column)) = anchor {
            bank = bank.with_anchor([row, column]).map_err(exception)?;
        }
        if flip {
            bank = bank.convolving();
        }
        let taps = bank
            .kernels()
            .iter()
            .map(|kernel| kernel.rows() * kernel.columns());
        let taps = taps.sum();
        let mut filter = stridekern::Filter::new(bank)
            .with_channel(Channel::Each)
            .with_alpha(Alpha::Filter)
            .with_step([step.0, step.1])
            .with_dilation([dilation.0, dilation.1]);
        if let Some(like) = like {
            filter = filter.like(like.parse::<Program>().map_err(exception)?);
        }
        if like.is_none() || border != "valid" {
            filter = filter.with_extent(border.parse::<Extent>().map_err(exception)?);
        }
        if let Some(map) = map {
            filter = filter.with_map(map.parse::<Map>().map_err(exception)?);
        }
        if let Some(dtype) = dtype {
            let dtype = PyArrayDescr::new(dtype.py(), dtype)?;
            filter = filter.with_sample_type(depth_of(&dtype)?);
        }
        if let Some(rounding) = rounding {
            let rounding = named("rounding", rounding, &Rounding::ALL, |rule| rule.name())?;
            filter = filter.with_rounding(rounding);
        }
        if let Some(overflow) = overflow {
            let overflow = named("overflow", overflow, &Overflow::ALL, |rule| rule.name())?;
            filter = filter.with_overflow(overflow);
        }
        if let Some(missing) = missing(ignore, mask)? {
            filter = filter.ignoring(missing);
        }
        if threads.is_some_and(|threads| !(1..=MAX_THREADS).contains(&threads)) {
            return Err(PyValueError::new_err(format!(
                "threads must be 1 to {MAX_THREADS}"
            )));
        }
        filter.check().map_err(exception)?;
        Ok(Self {
            transposed: filter.turned(Orientation::Transpose),
            filter,
            axes,
            threads,
            taps,
            kept: Mutex::new(None),
        })
    }

    /// Filters an array, into `out` if it is given.
    #[pyo3(signature = (image, out=None))]
    fn __call__<'py>(
        &self,
        image: &Bound<'py, PyAny>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = image.py();
        let image = Array::input(image)?;
        let axes = self.axes_of(image.shape())?;
        let lying = Lying::of(&image, axes);
        let plane = image.plane(0, lying.axes);
        let threads = self.threads_for(py, image.shape())?;
        // Threads share planes if these are many and short.
        let count = (lying.others.iter())
            .map(|&axis| image.shape()[axis])
            .product::<usize>();
        let work_of_plane = plane
            .shape()
            .iter()
            .product::<usize>()
            .saturating_mul(self.taps);
        let shares_planes = threads > 1 && count >= 2 * threads && work_of_plane < SHORT_WORK;
        let key = Key {
            strides: plane.strides(),
            shape: plane.shape(),
            depth: image.depth(),
            threads: if shares_planes { 1 } else { threads },
            is_transposed: lying.is_transposed,
        };
        let mut runner = self.runner(&key, plane)?;
        let plan = runner.plan();
        let shape = lying.result_shape(image.shape(), plan);
        let depth = plan.output_depth();
        let (target, copied_to) = match out {
            None => (empty(py, &shape, depth, &image)?, None),
            Some(given) => {
                let given = Array::output(given)?;
                if given.shape() != shape || given.depth() != depth {
                    return Err(PyValueError::new_err(format!(
                        "out must have the shape {} and the type {}, not {} and {}",
                        tuple(&shape),
                        numpy_name(depth),
                        tuple(given.shape()),
                        numpy_name(given.depth()),
                    )));
                }
                let [image, out] = [image.bounds(), given.bounds()];
                match image[0] < out[1] && out[0] < image[1] {
                    // Results would be read as samples.
                    true => (empty(py, &shape, depth, &given)?, Some(given)),
                    false => (given, None),
                }
            }
        };
        let job = Job {
            image: plane,
            out: target.plane(0, lying.axes),
            places: lying.places(&image, &target),
        };
        let work = image
            .shape()
            .iter()
            .product::<usize>()
            .saturating_mul(self.taps);
        if work < SHORT_WORK {
            py.detach(|| job.run(&mut runner)).map_err(exception)?;
        } else {
            let stop = Stop::default();
            let mut stopped = runner.with_stop(stop.clone());
            let pool = (threads > 1).then(|| pool(py, threads)).transpose()?;
            interruptible(py, &stop, || match &pool {
                Some(pool) if shares_planes => pool.install(|| job.share(&stopped, threads)),
                Some(pool) => pool.install(|| job.run(&mut stopped)),
                None => job.run(&mut stopped),
            })?
            .map_err(exception)?;
            runner = stopped;
        }
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { key, runner });
        match copied_to {
            None => Ok(target.object().clone().into_any()),
            Some(given) => {
                given
                    .object()
                    .set_item(PyTuple::new(py, [py.Ellipsis()])?, target.object())?;
                Ok(given.object().clone().into_any())
            }
        }
    }
}

impl Filter {
    /// The axes of rows and columns of an array of this shape.
    fn axes_of(&self, shape: &[usize]) -> PyResult<[usize; 2]> {
        let count = shape.len();
        let Some(AxisPair(row, column)) = self.axes else {
            return match count {
                2 => Ok([0, 1]),
                0 | 1 => Err(PyValueError::new_err(format!(
                    "an array of {count} dimensions has no rows and columns: give it two, as by a[numpy.newaxis]"
                ))),
                _ => Err(PyValueError::new_err(format!(
                    "an array of shape {} has several pairs of axes: say axes=(0, 1) for an image whose channels are last, axes=(-2, -1) for a stack of planes",
                    tuple(shape)
                ))),
            };
        };
        let normal = |axis: isize| {
            let from_start = match axis < 0 {
                true => axis.checked_add_unsigned(count),
                false => Some(axis),
            };
            let axis_of = from_start.and_then(|at| usize::try_from(at).ok());
            axis_of.filter(|&at| at < count).ok_or_else(|| {
                PyValueError::new_err(format!(
                    "axis {axis} is none of an array of {count} dimensions"
                ))
            })
        };
        let axes = [normal(row)?, normal(column)?];
        if axes[0] == axes[1] {
            return Err(PyValueError::new_err(format!(
                "axes=({row}, {column}) are one and the same axis"
            )));
        }
        Ok(axes)
    }

    /// How many threads share the work on an array of this shape.
    fn threads_for(&self, py: Python<'_>, shape: &[usize]) -> PyResult<usize> {
        let samples = shape.iter().product::<usize>();
        if samples.saturating_mul(self.taps) < SHORT_WORK {
            return Ok(1);
        }
        match self.threads {
            Some(threads) => Ok(threads),
            None if is_dask_worker(py)? => Ok(1),
            None => Ok(cores()),
        }
    }

    /// The one that was kept, or a new one.
    fn runner(&self, key: &Key, plane: Plane) -> PyResult<Runner> {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(kept) = kept
            && kept.key == *key
        {
            return Ok(kept.runner);
        }
        let filter = match key.is_transposed {
            true => &self.transposed,
            false => &self.filter,
        };
        let tuning = Tuning::default().with_threads(key.threads);
        // SAFETY: the array is held by the caller, and a plan reads no samples.
        let image = unsafe { plane.read() }.map_err(exception)?;
        let plan = filter.plan(image, &tuning).map_err(exception)?;
        plan.runner().map_err(exception)
    }
}

/// How an array lies: as planes of rows, columns and channels.
struct Lying {
    axes: PlaneAxes,
    /// Whether rows are the array's columns.
    is_transposed: bool,
    /// All other axes.
    others: Vec<usize>,
}

impl Lying {
    /// Rows are along the axis whose elements are farther apart; an axis whose elements are next
    /// to each other is one of channels.
    fn of(array: &Array<'_>, [row, column]: [usize; 2]) -> Self {
        let (shape, strides) = (array.shape(), array.strides());
        let distance = |axis: usize| strides[axis].unsigned_abs();
        // One column is a row.
        let is_transposed = shape[row] > 1
            && (shape[column] == 1 || distance(row) != 0 && distance(row) < distance(column));
        let [row, column] = match is_transposed {
            true => [column, row],
            false => [row, column],
        };
        let mut others =
            Vec::from_iter((0..shape.len()).filter(|&axis| axis != row && axis != column));
        let is_channel = |&axis: &usize| {
            shape[axis] > 1 && distance(axis) == 1 && shape[axis] == distance(column)
        };
        let channel = others
            .iter()
            .position(is_channel)
            .map(|at| others.remove(at));
        Self {
            axes: PlaneAxes {
                row,
                column,
                channel,
            },
            is_transposed,
            others,
        }
    }

    fn result_shape(&self, shape: &[usize], plan: &Plan) -> Vec<usize> {
        let [rows, columns, _] = plan.output_shape();
        let mut shape = shape.to_vec();
        shape[self.axes.row] = rows;
        shape[self.axes.column] = columns;
        shape
    }

    /// Where the planes of both arrays begin.
    fn places(&self, image: &Array<'_>, out: &Array<'_>) -> Places {
        let axes = self.others.iter().map(|&axis| {
            (
                image.shape()[axis],
                [image.strides()[axis], out.strides()[axis]],
            )
        });
        let axes = Vec::from_iter(axes);
        let count = axes.iter().map(|(len, _)| len).product();
        Places { axes, count }
    }
}

/// Where planes begin, in elements after the first of both arrays.
struct Places {
    /// Length, and strides of both.
    axes: Vec<(usize, [isize; 2])>,
    count: usize,
}

impl Places {
    fn at(&self, mut index: usize) -> [isize; 2] {
        let mut place = [0, 0];
        for &(len, strides) in self.axes.iter().rev() {
            let at = (index % len) as isize;
            index /= len;
            place = [place[0] + at * strides[0], place[1] + at * strides[1]];
        }
        place
    }
}

/// The planes to filter, and where to.
struct Job {
    image: Plane,
    out: Plane,
    places: Places,
}

impl Job {
    fn run(&self, runner: &mut Runner) -> stridekern::Result<()> {
        (0..self.places.count).try_for_each(|index| self.run_at(index, runner))
    }

    /// The same by threads that each have a runner of their own.
    fn share(&self, runner: &Runner, threads: usize) -> stridekern::Result<()> {
        let indices = (0..self.places.count).into_par_iter();
        let shares = indices.with_min_len(self.places.count.div_ceil(4 * threads));
        shares.try_for_each_init(
            || runner.clone(),
            |runner, index| self.run_at(index, runner),
        )
    }

    /// Filters one plane.
    fn run_at(&self, index: usize, runner: &mut Runner) -> stridekern::Result<()> {
        let [of_image, of_out] = self.places.at(index);
        // SAFETY: the arrays are held by the caller, and their memory does not overlap. That
        // other threads of Python do not write to them meanwhile is what the documentation
        // asks for, as NumPy's own functions do.
        let (image, out) = unsafe {
            (
                self.image.moved(of_image).read()?,
                self.out.moved(of_out).write()?,
            )
        };
        runner.run(image, out)
    }
}

/// A new array of any values, whose axes lie in memory in the order of those of `like`.
fn empty<'py>(
    py: Python<'py>,
    shape: &[usize],
    depth: Depth,
    like: &Array<'_>,
) -> PyResult<Array<'py>> {
    let mut order = Vec::from_iter(0..shape.len());
    // Axes that tell no order, of one element or of a stride of zero, stay where they are.
    for end in 1..order.len() {
        for at in (1..=end).rev() {
            let [before, after] = [order[at - 1], order[at]].map(|axis| match like.shape()[axis] {
                1 => 0,
                _ => like.strides()[axis].unsigned_abs(),
            });
            if before == 0 || after == 0 || before >= after {
                break;
            }
            order.swap(at - 1, at);
        }
    }
    let in_memory = Vec::from_iter(order.iter().map(|&axis| shape[axis]));
    let mut new = memory::empty(py, &in_memory, depth)?;
    if !order.is_sorted() {
        let mut places = vec![0; order.len()];
        for (at, &axis) in order.iter().enumerate() {
            places[axis] = at;
        }
        new = new.call_method1(intern!(py, "transpose"), (PyTuple::new(py, &places)?,))?;
    }
    Array::output(&new)
}

/// The kernels that an argument means.
fn bank(kernel: &Bound<'_, PyAny>) -> PyResult<KernelBank> {
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
fn vector(numbers: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
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

/// The rule of this name.
fn named<T: Copy>(
    argument: &str,
    name: &str,
    all: &[T],
    name_of: fn(T) -> &'static str,
) -> PyResult<T> {
    let rule = all.iter().copied().find(|&rule| name_of(rule) == name);
    rule.ok_or_else(|| {
        let names = Vec::from_iter(all.iter().map(|&rule| name_of(rule)));
        PyValueError::new_err(format!(
            "{argument}={name:?} is none of {}",
            names.join(", ")
        ))
    })
}

/// The samples that take no part.
fn missing(ignore: Option<f64>, mask: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Missing>> {
    let of_value = ignore.map(Missing::value);
    let Some(mask) = mask else {
        return Ok(of_value);
    };
    let mask = Array::input(mask)?;
    let channel = match mask.shape().len() {
        2 => None,
        3 => Some(2),
        _ => {
            return Err(PyValueError::new_err(format!(
                "a mask has two dimensions, or three of which the last is of channels, not {}",
                mask.shape().len()
            )));
        }
    };
    let axes = PlaneAxes {
        row: 0,
        column: 1,
        channel,
    };
    // SAFETY: the array is held, and is read while the interpreter is.
    let marks = unsafe { mask.plane(0, axes).read() }.map_err(exception)?;
    let mask = Mask::new(marks).map_err(exception)?;
    Ok(Some(match of_value {
        Some(missing) => missing.and_mask(mask),
        None => Missing::mask(mask),
    }))
}

/// Whether this thread is one of a Dask worker, which runs as many as there are cores.
fn is_dask_worker(py: Python<'_>) -> PyResult<bool> {
    let thread = py.import(intern!(py, "threading"))?;
    let thread = thread.call_method0(intern!(py, "current_thread"))?;
    let name = thread.getattr(intern!(py, "name"))?;
    Ok(name
        .extract::<&str>()
        .is_ok_and(|name| name.contains("Dask-")))
}

/// A shape as Python writes it.
fn tuple(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => {
            let numbers = Vec::from_iter(shape.iter().map(usize::to_string));
            format!("({})", numbers.join(", "))
        }
    }
}
