//! `stridekern.Filter`: a filter for NumPy's arrays, which keeps its plan.

#![allow(
    unsafe_code,
    reason = "an array is lent to make its plan; see `Filter::runner`"
)]

use std::sync::{Mutex, PoisonError};

use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    intern,
    prelude::*,
    types::PyTuple,
};
use stridekern::{
    Alpha, Channel, Depth, Extent, Kernel, Map, Method, Notes, Orientation, Overflow, Plan,
    Rounding, Runner, Stop, Tuning, filter::Program,
};

use crate::{
    arguments,
    array::{Array, Plane, numpy_name},
    errors::{exception, tell},
    job::Job,
    lying::{Channels, Lying, empty},
    pool::{get_num_threads, interruptible, pool},
};

/// Work of fewer multiply-adds than this, about a millisecond of one core, is done by the caller's
/// thread, which is not interrupted.
const SHORT_WORK: usize = 20_000_000;

/// What Fourier transforms are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transforms {
    /// Kernels that they are faster for.
    Auto,
    /// None.
    Never,
    /// All.
    Always,
}

const ALPHAS: [(&str, Alpha); 3] = [
    ("filter", Alpha::Filter),
    ("copy", Alpha::Copy),
    ("weight", Alpha::Weight),
];

const METHODS: [(&str, Transforms); 3] = [
    ("auto", Transforms::Auto),
    ("direct", Transforms::Never),
    ("fft", Transforms::Always),
];

/// A filter of fixed options, for arrays of any shape and number type.
///
/// The plan, compiled kernels and buffers of the last array are kept for the next of its shape,
/// type and strides. One filter may be called from several threads.
#[pyclass(frozen, subclass, module = "stridekern._native")]
pub(crate) struct Filter {
    filter: stridekern::Filter,
    /// The same for arrays whose rows and columns are exchanged.
    transposed: stridekern::Filter,
    axes: Option<[isize; 2]>,
    channels: Channels,
    /// The type of which the ignored value is the largest number, if it is no float.
    largest_of: Option<Depth>,
    threads: Option<usize>,
    /// Whether Fourier transforms may be taken, or must be.
    method: Transforms,
    /// Whether integers that wrap around were asked for by name, so that nothing is to be told.
    wraps: bool,
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
        kernel=None, *, column=None, row=None, border="valid", step=None, dilation=None, axes=None,
        map=None, dtype=None, divisor=None, bias=None, anchor=None, normalize=false, flip=false,
        ignore=None, mask=None, alpha=None, like=None, rounding=None, overflow=None, method="auto", threads=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "they are keywords in Python")]
    fn new(
        kernel: Option<&Bound<'_, PyAny>>,
        column: Option<&Bound<'_, PyAny>>,
        row: Option<&Bound<'_, PyAny>>,
        border: &str,
        step: Option<&Bound<'_, PyAny>>,
        dilation: Option<&Bound<'_, PyAny>>,
        axes: Option<&Bound<'_, PyAny>>,
        map: Option<&str>,
        dtype: Option<&Bound<'_, PyAny>>,
        divisor: Option<f64>,
        bias: Option<f64>,
        anchor: Option<&Bound<'_, PyAny>>,
        normalize: bool,
        flip: bool,
        ignore: Option<&Bound<'_, PyAny>>,
        mask: Option<&Bound<'_, PyAny>>,
        alpha: Option<&str>,
        like: Option<&str>,
        rounding: Option<&str>,
        overflow: Option<&str>,
        method: &str,
        threads: Option<isize>,
    ) -> PyResult<Self> {
        let mut bank = match (kernel, column, row) {
            (Some(kernel), None, None) => arguments::bank(kernel)?,
            (None, Some(column), Some(row)) => {
                let (column, row) = (arguments::vector(column)?, arguments::vector(row)?);
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
        if normalize && divisor.is_some() {
            return Err(PyValueError::new_err(
                "normalize=True sets the divisor: give one of them",
            ));
        }
        if normalize {
            bank = bank.normalized().map_err(exception)?;
        }
        if let Some(divisor) = divisor {
            bank = bank.with_divisor(divisor).map_err(exception)?;
        }
        if let Some(bias) = bias {
            bank = bank.with_bias(bias).map_err(exception)?;
        }
        if let Some(anchor) = anchor {
            let anchor = arguments::place("anchor", anchor)?;
            bank = bank.with_anchor(anchor).map_err(exception)?;
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
            .with_alpha(match alpha {
                None => Alpha::Filter,
                Some(name) => arguments::named("alpha", name, ALPHAS)?,
            });
        if let Some(step) = step {
            filter = filter.with_step(arguments::pair("step", step)?);
        }
        if let Some(dilation) = dilation {
            filter = filter.with_dilation(arguments::pair("dilation", dilation)?);
        }
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
            filter = filter.with_sample_type(arguments::depth(dtype)?);
        }
        if let Some(rounding) = rounding {
            let rules = Rounding::ALL.map(|rule| (rule.name(), rule));
            filter = filter.with_rounding(arguments::named("rounding", rounding, rules)?);
        }
        if let Some(overflow) = overflow {
            let rules = Overflow::ALL.map(|rule| (rule.name(), rule));
            filter = filter.with_overflow(arguments::named("overflow", overflow, rules)?);
        }
        let ignored = arguments::ignored(ignore, mask)?;
        if let Some(missing) = ignored.missing {
            filter = filter.ignoring(missing);
        }
        let channels = match (alpha, ignored.channels) {
            (Some(_), _) => Channels::WithAlpha,
            (None, Some(count)) => Channels::Count(count),
            (None, None) => Channels::Any,
        };
        filter.check().map_err(exception)?;
        Ok(Self {
            transposed: filter.turned(Orientation::Transpose),
            filter,
            axes: axes.map(arguments::axes).transpose()?,
            channels,
            largest_of: ignored.largest_of,
            threads: threads.map(arguments::threads).transpose()?,
            method: arguments::named("method", method, METHODS)?,
            wraps: overflow == Some(Overflow::Wrap.name()),
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
        let lying = Lying::of(&image, self.axes_of(image.shape())?, self.channels);
        if self.channels == Channels::WithAlpha && lying.axes.channel.is_none() {
            return Err(PyValueError::new_err(format!(
                "alpha is the last of 2 or 4 channels, and the array of shape {} has no such axis behind those of rows and columns",
                tuple(image.shape())
            )));
        }
        let sharing = self.sharing(py, &image, &lying)?;
        let plane = image.plane(0, lying.axes);
        let key = Key {
            strides: plane.strides(),
            shape: plane.shape(),
            depth: image.depth(),
            threads: if sharing.by_planes {
                1
            } else {
                sharing.threads
            },
            is_transposed: lying.is_transposed,
        };
        let mut runner = self.runner(&key, plane)?;
        let (target, given) = target(py, out, &image, &lying, runner.plan())?;
        let job = Job {
            image: image.plane(0, lying.axes),
            out: target.plane(0, lying.axes),
            places: lying.places(&image, &target),
            notes: Mutex::default(),
        };
        let done = match sharing.is_short {
            true => py.detach(|| job.run(&mut runner)),
            false => {
                let stop = Stop::default();
                let mut stopped = runner.with_stop(stop.clone());
                let pool = (sharing.threads > 1).then(|| pool(py, sharing.threads));
                let pool = pool.transpose()?;
                let done = interruptible(py, &stop, || match &pool {
                    Some(pool) if sharing.by_planes => {
                        pool.install(|| job.share(&stopped, sharing.threads))
                    }
                    Some(pool) => pool.install(|| job.run(&mut stopped)),
                    None => job.run(&mut stopped),
                })?;
                runner = stopped;
                done
            }
        };
        done.map_err(exception)?;
        let notes = job
            .notes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let warnings = match notes == Notes::default() {
            true => Vec::new(),
            false => notes.warnings(runner.plan()),
        };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { key, runner });
        let result = match given {
            None => target.object().clone().into_any(),
            Some(given) => {
                let all = PyTuple::new(py, [py.Ellipsis()])?;
                given.object().set_item(all, target.object())?;
                given.object().clone().into_any()
            }
        };
        tell(py, &warnings)?;
        Ok(result)
    }
}

/// Where to write a result: `out`, or a new array, and then the array to copy it to, if there is one.
fn target<'py>(
    py: Python<'py>,
    out: Option<&Bound<'py, PyAny>>,
    image: &Array<'_>,
    lying: &Lying,
    plan: &Plan,
) -> PyResult<(Array<'py>, Option<Array<'py>>)> {
    let (shape, depth) = (lying.result_shape(image.shape(), plan), plan.output_depth());
    let Some(out) = out else {
        return Ok((empty(py, &shape, depth, image)?, None));
    };
    let out = Array::output(out)?;
    if out.shape() != shape || out.depth() != depth {
        return Err(PyValueError::new_err(format!(
            "out must have the shape {} and the type {}, not {} and {}",
            tuple(&shape),
            numpy_name(depth),
            tuple(out.shape()),
            numpy_name(out.depth()),
        )));
    }
    let [of_image, of_out] = [image.bounds(), out.bounds()];
    Ok(match of_image[0] < of_out[1] && of_out[0] < of_image[1] {
        // Results would be read as samples.
        true => (empty(py, &shape, depth, &out)?, Some(out)),
        false => (out, None),
    })
}

/// How threads share the work of a call.
struct Sharing {
    threads: usize,
    /// Whether each has planes of its own.
    by_planes: bool,
    /// Whether the caller's thread does it all.
    is_short: bool,
}

impl Filter {
    /// The axes of rows and columns of an array of this shape.
    fn axes_of(&self, shape: &[usize]) -> PyResult<[usize; 2]> {
        let count = shape.len();
        let Some([row, column]) = self.axes else {
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

    /// How threads share the work on an array.
    fn sharing(&self, py: Python<'_>, image: &Array<'_>, lying: &Lying) -> PyResult<Sharing> {
        let samples = image.shape().iter().product::<usize>();
        let work = samples.saturating_mul(self.taps);
        let is_short = work < SHORT_WORK;
        let threads = match self.threads {
            _ if is_short => 1,
            Some(threads) => threads,
            None if is_dask_worker(py)? => 1,
            None => get_num_threads(py),
        };
        // Threads share planes if these are many and short.
        let planes = lying.planes(image.shape());
        let by_planes = threads > 1 && planes >= 2 * threads && work / planes < SHORT_WORK;
        Ok(Sharing {
            threads,
            by_planes,
            is_short,
        })
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
        if let Some(depth) = self.largest_of
            && depth != key.depth
        {
            let (largest, is) = (largest_of(depth), numpy_name(key.depth));
            return Err(PyValueError::new_err(format!(
                "ignore={largest} is the largest of {}, and the array is of {is}: mark such samples by a mask",
                numpy_name(depth),
            )));
        }
        let filter = match key.is_transposed {
            true => &self.transposed,
            false => &self.filter,
        };
        let tuning = Tuning::default().with_threads(key.threads);
        // SAFETY: the array is held by the caller, and a plan reads no samples.
        let image = unsafe { plane.read() }.map_err(exception)?;
        let by = |method| filter.plan(image, &tuning.with_method(method));
        let plan = match self.method {
            Transforms::Auto => by(None),
            Transforms::Always => by(Some(Method::Fft)),
            Transforms::Never => by(None).and_then(|plan| match plan.method() {
                Method::Fft => fastest([Method::Direct, Method::Separable].map(|m| by(Some(m)))),
                _ => Ok(plan),
            }),
        };
        let plan = plan.map_err(exception)?;
        // What a float cannot hold is infinite or NaN, as in NumPy.
        let is_wide = plan.output_depth().is_float() && plan.output_depth() != Depth::F16;
        let is_told = !is_wide && !self.wraps;
        let runner = plan.runner().map_err(exception)?;
        Ok(if is_told { runner.with_notes() } else { runner })
    }
}

/// The largest number of a type of 64 bits.
const fn largest_of(depth: Depth) -> u64 {
    match depth {
        Depth::I64 => i64::MAX.unsigned_abs(),
        _ => u64::MAX,
    }
}

/// The plan that is expected to take the least time.
fn fastest(plans: [stridekern::Result<Plan>; 2]) -> stridekern::Result<Plan> {
    let time = |plan: &Plan| {
        let taken = plan.answers().into_iter().find(|answer| answer.is_taken());
        taken
            .and_then(|answer| answer.milliseconds())
            .unwrap_or(f64::INFINITY)
    };
    match plans {
        [Ok(one), Ok(other)] => Ok(if time(&other) < time(&one) {
            other
        } else {
            one
        }),
        [Ok(only), Err(_)] | [Err(_), Ok(only)] => Ok(only),
        [Err(error), Err(_)] => Err(error),
    }
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
