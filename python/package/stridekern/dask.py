"""Filters of Dask arrays: the functions of `stridekern.ndimage` and `stridekern.filter`, by chunks.

Arguments are those of ``dask_image.ndfilters``. A result has the chunks of its input, whatever
their sizes, and the numbers of the same function of the whole array:

* integers are the same, bit for bit;
* floats are the same, bit for bit, as those of a whole array in C order by ``method="direct"``, the
  default here and in `stridekern.ndimage`, but not in `stridekern.filter`; those of
  ``integers="scipy"``, whose sums run along lines, by rounding. By ``method="auto"`` large
  kernels may go through Fourier transforms, whose floats differ by rounding: by up to ten units in
  the last place of the largest response.

What is clipped is told of each chunk by itself.

Each chunk is filtered with as many samples around it as the kernel reads on each side, and with
the border of the array where it lies there. In threads of Dask a call takes one thread.

>>> import dask.array as da
>>> import stridekern.dask
>>> image = da.ones((1000, 1000), chunks=(300, 400), dtype="uint8")
>>> smooth = stridekern.dask.gaussian_filter(image, 2)
>>> smooth
dask.array<gaussian_filter, shape=(1000, 1000), dtype=uint8, chunksize=(300, 400), chunktype=numpy.ndarray>
>>> int(smooth.sum().compute())
1000000
"""

import bisect
import contextlib
import functools
import itertools
import math
import multiprocessing
import operator
import threading
import warnings
from dataclasses import dataclass, replace

import numpy as np

try:
    import dask.array as da
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph
except ImportError as error:
    raise ImportError("stridekern.dask needs Dask: pip install 'stridekern[dask]'") from error

from stridekern import Filter, ndimage
from stridekern._native import as_numbers
from stridekern._warnings import ResultWarning

# Fewer columns than two register blocks have another order of sums: 128 of f32 with AVX-512.
_LEAST_COLUMNS = 256

__all__ = [
    "convolve",
    "convolve1d",
    "correlate",
    "correlate1d",
    "filter",
    "gaussian",
    "gaussian_filter",
    "gaussian_filter1d",
    "gaussian_gradient_magnitude",
    "gaussian_laplace",
    "laplace",
    "prewitt",
    "sobel",
    "uniform_filter",
    "uniform_filter1d",
]


def correlate(
    image, weights, mode="reflect", cval=0.0, origin=0, *, axes=None, output=None, integers="rounded", method="direct"
):
    """Correlate an array with weights, as `stridekern.ndimage.correlate`.

    Parameters
    ----------
    image : dask.array.Array
        Of any number of dimensions and any chunks of known sizes.
    weights : array_like
        One dimension for each of `axes`.
    mode : str or sequence of str
        What lies outside of the array: one for all axes or one for each of them.
    cval : float
        The value outside in the mode ``constant``.
    origin : int or sequence of int
        How far the window is shifted.
    axes : int or tuple of int, optional
        The axes to filter; all by default.
    output : dtype, optional
        The type of the result; that of `image` by default.
    integers : {"rounded", "scipy"}
        How integers are made of responses.
    method : {"direct", "auto", "fft"}
        Whether sums come from Fourier transforms, as of `stridekern.Filter`. Floats of these depend on
        where in a block a window lies, and so on chunks.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.

    Raises
    ------
    ValueError, RuntimeError, TypeError
        At once, for arguments that `stridekern.ndimage.correlate` refuses.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> row = da.arange(6, chunks=2)
    >>> stridekern.dask.correlate(row, [1, 0, 0], mode="nearest").compute()
    array([0, 0, 1, 2, 3, 4])
    """
    axes, origin, mode = ndimage._sorted(image.ndim, axes, origin, mode)
    sizes, origins = _window(np.shape(weights), origin, axes)
    reach = [_reach(size, shift) for size, shift in zip(sizes, origins)]
    options = dict(mode=mode, cval=cval, origin=origin, axes=axes, output=output, integers=integers, method=method)
    return _filtered("correlate", image, (as_numbers(weights),), options, reach)


def convolve(
    image, weights, mode="reflect", cval=0.0, origin=0, *, axes=None, output=None, integers="rounded", method="direct"
):
    """Convolve an array with weights, as `stridekern.ndimage.convolve`.

    Parameters
    ----------
    image, weights, mode, cval, origin, axes, output, integers, method
        As of `correlate`.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> row = da.arange(6, chunks=2)
    >>> stridekern.dask.convolve(row, [1, 0, 0], mode="nearest").compute()
    array([1, 2, 3, 4, 5, 5])
    """
    axes, origin, mode = ndimage._sorted(image.ndim, axes, origin, mode)
    sizes, origins = _window(np.shape(weights), origin, axes)
    # The window of a correlation, seen from its other end.
    reach = [_reach(size, shift)[::-1] for size, shift in zip(sizes, origins)]
    options = dict(mode=mode, cval=cval, origin=origin, axes=axes, output=output, integers=integers, method=method)
    return _filtered("convolve", image, (as_numbers(weights),), options, reach)


def gaussian_filter(
    image,
    sigma,
    order=0,
    mode="reflect",
    cval=0.0,
    truncate=4.0,
    *,
    radius=None,
    axes=None,
    output=None,
    integers="rounded",
    method="direct",
):
    """Smooth an array by a Gaussian, as `stridekern.ndimage.gaussian_filter`.

    Parameters
    ----------
    image : dask.array.Array
        Of any number of dimensions and any chunks of known sizes.
    sigma : float or sequence of float
        The standard deviation, for all axes or for each.
    order : int or sequence of int
        Of the derivative along an axis; 0 smooths.
    mode, cval, axes, output, integers, method
        As of `correlate`.
    truncate : float
        The radius in standard deviations.
    radius : int or sequence of int, optional
        The radius in samples, instead.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> impulse = da.zeros((5, 5), chunks=2) + 100 * (da.arange(25, chunks=5).reshape(5, 5) == 12)
    >>> stridekern.dask.gaussian_filter(impulse, 0.5, radius=1)[2].compute().round(2).tolist()
    [0.0, 8.38, 61.93, 8.38, 0.0]
    """
    axes = ndimage._axes(image.ndim, axes)
    options = dict(order=order, mode=mode, cval=cval, truncate=truncate, radius=radius)
    options |= dict(axes=axes, output=output, integers=integers, method=method)
    reach = _gaussian_reach(sigma, truncate, radius, axes)
    return _filtered("gaussian_filter", image, (sigma,), options, reach)


gaussian = gaussian_filter


def gaussian_gradient_magnitude(
    image,
    sigma,
    mode="reflect",
    cval=0.0,
    truncate=4.0,
    *,
    axes=None,
    output=None,
    integers="rounded",
    method="direct",
    **kwargs,
):
    """The length of the gradient of a Gaussian, as `stridekern.ndimage.gaussian_gradient_magnitude`.

    Parameters
    ----------
    image, sigma, mode, cval, truncate, axes, output, integers, method
        As of `gaussian_filter`.
    **kwargs
        ``radius``, as of `gaussian_filter`.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> ramp = da.arange(49.0, chunks=7).reshape(7, 7).rechunk(3)
    >>> slope = stridekern.dask.gaussian_gradient_magnitude(ramp, 0.5)
    >>> float(slope[3, 3].compute().round(3))
    6.081
    """
    axes = ndimage._axes(image.ndim, axes)
    options = dict(mode=mode, cval=cval, truncate=truncate, axes=axes)
    options |= dict(output=output, integers=integers, method=method)
    reach = _gaussian_reach(sigma, truncate, kwargs.get("radius"), axes)
    return _filtered("gaussian_gradient_magnitude", image, (sigma,), options | kwargs, reach)


def gaussian_laplace(
    image,
    sigma,
    mode="reflect",
    cval=0.0,
    truncate=4.0,
    *,
    axes=None,
    output=None,
    integers="rounded",
    method="direct",
    **kwargs,
):
    """The Laplacian of a Gaussian, as `stridekern.ndimage.gaussian_laplace`.

    Parameters
    ----------
    image, sigma, mode, cval, truncate, axes, output, integers, method
        As of `gaussian_filter`.
    **kwargs
        ``radius``, as of `gaussian_filter`.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> bowl = (da.arange(-4.0, 5, chunks=2) ** 2)[:, None] + da.zeros((9, 9), chunks=4)
    >>> float(stridekern.dask.gaussian_laplace(bowl, 0.5)[4, 4].compute().round(2))
    2.56
    """
    axes = ndimage._axes(image.ndim, axes)
    options = dict(mode=mode, cval=cval, truncate=truncate, axes=axes)
    options |= dict(output=output, integers=integers, method=method)
    reach = _gaussian_reach(sigma, truncate, kwargs.get("radius"), axes)
    return _filtered("gaussian_laplace", image, (sigma,), options | kwargs, reach)


def correlate1d(
    image, weights, axis=-1, mode="reflect", cval=0.0, origin=0, *, output=None, integers="rounded", method="direct"
):
    """Correlate along one axis, as `stridekern.ndimage.correlate1d`.

    Parameters
    ----------
    image, weights, mode, cval, origin, output, integers, method
        As of `correlate`.
    axis : int
        The axis to filter.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.
    """
    axes = (ndimage._axis(axis, image.ndim),)
    sizes, origins = _window(np.shape(weights), origin, axes)
    reach = [_reach(sizes[0], origins[0])]
    options = dict(axis=axes[0], mode=mode, cval=cval, origin=origin)
    options |= dict(output=output, integers=integers, method=method)
    return _filtered("correlate1d", image, (weights,), options, reach, axes)


def convolve1d(
    image, weights, axis=-1, mode="reflect", cval=0.0, origin=0, *, output=None, integers="rounded", method="direct"
):
    """Convolve along one axis, as `stridekern.ndimage.convolve1d`.

    Parameters
    ----------
    image, weights, mode, cval, origin, output, integers, method
        As of `convolve`.
    axis : int
        The axis to filter.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.
    """
    axes = (ndimage._axis(axis, image.ndim),)
    sizes, origins = _window(np.shape(weights), origin, axes)
    reach = [_reach(sizes[0], origins[0])[::-1]]
    options = dict(axis=axes[0], mode=mode, cval=cval, origin=origin)
    options |= dict(output=output, integers=integers, method=method)
    return _filtered("convolve1d", image, (weights,), options, reach, axes)


def gaussian_filter1d(
    image,
    sigma,
    axis=-1,
    order=0,
    mode="reflect",
    cval=0.0,
    truncate=4.0,
    *,
    radius=None,
    output=None,
    integers="rounded",
    method="direct",
):
    """Smooth along one axis, as `stridekern.ndimage.gaussian_filter1d`.

    Parameters
    ----------
    image, sigma, order, mode, cval, truncate, radius, output, integers, method
        As of `gaussian_filter`.
    axis : int
        The axis to filter.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.
    """
    axes = (ndimage._axis(axis, image.ndim),)
    reach = _gaussian_reach(sigma, truncate, radius, axes)
    options = dict(axis=axes[0], mode=mode, cval=cval, output=output, integers=integers, method=method)
    options |= dict(order=order, truncate=truncate, radius=radius)
    return _filtered("gaussian_filter1d", image, (sigma,), options, reach, axes)


def uniform_filter1d(
    image, size, axis=-1, mode="reflect", cval=0.0, origin=0, *, output=None, integers="rounded", method="direct"
):
    """The mean along one axis, as `stridekern.ndimage.uniform_filter1d`.

    Parameters
    ----------
    image, size, mode, cval, origin, output, integers, method
        As of `uniform_filter`.
    axis : int
        The axis to filter.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.
    """
    axes = (ndimage._axis(axis, image.ndim),)
    sizes, origins = _window([size], origin, axes)
    reach = [_reach(sizes[0], origins[0])]
    options = dict(axis=axes[0], mode=mode, cval=cval, origin=origin)
    options |= dict(output=output, integers=integers, method=method)
    return _filtered("uniform_filter1d", image, (size,), options, reach, axes)


def uniform_filter(
    image, size=3, mode="reflect", cval=0.0, origin=0, *, axes=None, output=None, integers="rounded", method="direct"
):
    """The mean of a box, as `stridekern.ndimage.uniform_filter`.

    Parameters
    ----------
    image, mode, cval, origin, axes, output, integers, method
        As of `correlate`.
    size : int or sequence of int
        Of the box, for all axes or for each.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> stridekern.dask.uniform_filter(da.eye(3, chunks=2), 3, mode="constant").compute().round(2).tolist()
    [[0.22, 0.22, 0.11], [0.22, 0.33, 0.22], [0.11, 0.22, 0.22]]
    """
    axes = ndimage._axes(image.ndim, axes)
    sizes, origins = _window(size, origin, axes)
    reach = [_reach(length, shift) for length, shift in zip(sizes, origins)]
    options = dict(mode=mode, cval=cval, origin=origin, axes=axes, output=output, integers=integers, method=method)
    return _filtered("uniform_filter", image, (size,), options, reach)


def sobel(image, axis=-1, mode="reflect", cval=0.0, *, axes=None, output=None, integers="rounded", method="direct"):
    """The Sobel slope along one axis, smoothed along the others, as `stridekern.ndimage.sobel`.

    Parameters
    ----------
    image, mode, cval, axes, output, integers, method
        As of `correlate`.
    axis : int
        The axis of the slope.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> ramp = da.arange(25.0, chunks=5).reshape(5, 5).rechunk(2)
    >>> stridekern.dask.sobel(ramp)[2].compute().tolist()
    [4.0, 8.0, 8.0, 8.0, 4.0]
    """
    return _of_three("sobel", image, (axis,), mode, cval, axes, output, integers, method)


def prewitt(image, axis=-1, mode="reflect", cval=0.0, *, axes=None, output=None, integers="rounded", method="direct"):
    """The Prewitt slope along one axis, summed along the others, as `stridekern.ndimage.prewitt`.

    Parameters
    ----------
    image, axis, mode, cval, axes, output, integers, method
        As of `sobel`.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> ramp = da.arange(25.0, chunks=5).reshape(5, 5).rechunk(2)
    >>> stridekern.dask.prewitt(ramp, axis=0)[:, 2].compute().tolist()
    [15.0, 30.0, 30.0, 30.0, 15.0]
    """
    return _of_three("prewitt", image, (axis,), mode, cval, axes, output, integers, method)


def laplace(image, mode="reflect", cval=0.0, *, axes=None, output=None, integers="rounded", method="direct"):
    """The sum of second differences along all axes, as `stridekern.ndimage.laplace`.

    Parameters
    ----------
    image, mode, cval, axes, output, integers, method
        As of `correlate`.

    Returns
    -------
    dask.array.Array
        Of the shape and chunks of `image`, not yet computed.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> stridekern.dask.laplace(da.arange(5, chunks=2) ** 2).compute()
    array([ 1,  2,  2,  2, -7])
    """
    return _of_three("laplace", image, (), mode, cval, axes, output, integers, method)


def filter(image, kernel=None, *, border="valid", axes=None, method="direct", threads=None, **options):
    """Filter an array by a kernel of two dimensions, as `stridekern.filter`.

    Parameters
    ----------
    image : dask.array.Array
        Of any number of dimensions and any chunks of known sizes.
    kernel : array_like, str or path
        As of `stridekern.filter`. A file is read at once and by every worker.
    border : str
        What lies outside of the array; ``"valid"`` computes only windows inside of it.
    axes : pair of int, optional
        The axes of the rows and the columns; needed unless there are two.
    method : {"direct", "auto", "fft"}
        As of `correlate`.
    threads : int, optional
        How many threads a call takes; by default one in a thread of Dask, else one for each core.
    **options
        As of `stridekern.Filter`, but for ``step``, ``mask``, ``like`` and ``alpha``.

    Returns
    -------
    dask.array.Array
        Of the chunks of `image`, not yet computed; with ``"valid"`` without the samples whose
        windows leave the array.

    Examples
    --------
    >>> import dask.array as da
    >>> import stridekern.dask
    >>> ramp = da.arange(25.0, chunks=5).reshape(5, 5).rechunk(2)
    >>> stridekern.dask.filter(ramp, "sobel_x").compute().tolist()
    [[8.0, 8.0, 8.0], [8.0, 8.0, 8.0], [8.0, 8.0, 8.0]]
    """
    for name in ("step", "mask", "like", "alpha"):
        if options.pop(name, None) is not None:
            raise ValueError(f"{name} depends on where a chunk lies: filter without it, or by stridekern.filter")
    if options.get("map") in ("stretch", "symmetric"):
        raise ValueError(
            f"map={options['map']!r} depends on all responses: filter into floats, and scale these by their extrema"
        )
    if axes is None and image.ndim != 2:
        raise ValueError(f"an array of {image.ndim} dimensions has several pairs of axes: give axes=(row, column)")
    axes = (0, 1) if axes is None else ndimage._axes(image.ndim, axes)
    if not isinstance(kernel, str) and not hasattr(kernel, "__fspath__") and kernel is not None:
        kernel = as_numbers(kernel)
    options = dict(options, method=method)
    call = functools.partial(_filter_block, kernel, dict(options, border=border, axes=axes, threads=threads))
    reach = _measured_reach(kernel, options)
    # A window of the least size tells the type of the result, and what is refused.
    shape = [1] * image.ndim
    for axis, sides in zip(axes, reach):
        shape[axis] = sum(sides) + 1
    dtype = _type_of(call, shape, image.dtype)
    borders = dict(part.split("=") for part in border.split(",")) if "=" in border else dict(y=border, x=border)
    sides = {}
    for axis, (before, after), name in zip(axes, reach, "yx"):
        rule = borders[name].partition(":")[0].replace("reflect101", "reflect").replace("tile", "wrap")
        sides[axis] = _Sides(before, after, rule)
    sides = _with_plan_of_whole(sides, axes, image.shape, dtype)
    name = "filter-" + tokenize(image, "stridekern", call)
    return _overlapped(name, image, call, sides, dtype)


def _of_three(name, image, arguments, mode, cval, axes, output, integers, method):
    """A filter whose windows have three samples along each axis."""
    axes = ndimage._axes(image.ndim, axes)
    options = dict(mode=mode, cval=cval, axes=axes, output=output, integers=integers, method=method)
    return _filtered(name, image, arguments, options, [(1, 1)] * len(axes))


def _filtered(name, image, arguments, options, reach, axes=None):
    """A function of `stridekern.ndimage`, whose windows have this reach along the axes, by default
    `options["axes"]`."""
    if options["output"] is not None:
        options["output"] = np.dtype(options["output"])
    call = functools.partial(_ndimage_block, name, arguments, options)
    # An array of one element tells the type of the result, and what is refused.
    dtype = _type_of(call, (1,) * image.ndim, image.dtype)
    axes = options["axes"] if axes is None else axes
    modes = ndimage._sequence(options["mode"], len(axes), "mode")
    # Squares of slopes are floats, also those of integers.
    kept = np.dtype(np.float64) if name == "gaussian_gradient_magnitude" else dtype
    # The last two of several passes are one.
    passes = [axis for axis, one in zip(axes, reach) if any(one)]
    if name in ("gaussian_filter", "gaussian_gradient_magnitude"):
        sigmas = ndimage._sequence(arguments[0], len(axes), "sigma")
        passes = [axis for axis, sigma in zip(axes, sigmas) if sigma > 1e-15]
    if name in ("sobel", "prewitt"):
        passes.sort(key=lambda axis: axis != arguments[0] % image.ndim)
    if name in ("correlate", "convolve"):
        # The other axes are summed over slices of these.
        passes = axes
    pair = passes[-2:]
    if len(passes) > 2:
        # Between passes sums are floats, also those of integers.
        kept = np.dtype(np.float64)
    borders = [ndimage._BORDERS[mode] for mode in modes]
    if name in ("gaussian_gradient_magnitude", "gaussian_laplace", "laplace") and len(set(borders)) > 1:
        # Sums of terms, each of which may have one of the modes along all axes.
        borders = ["any" if "wrap" in borders else "reflect"] * len(axes)
    sides = {axis: _Sides(*one, border) for axis, one, border in zip(axes, reach, borders)}
    sides = _with_plan_of_whole(sides, pair, image.shape, kept)
    name = f"{name}-" + tokenize(image, "stridekern", call)
    return _overlapped(name, image, call, sides, dtype)


def _with_plan_of_whole(sides, pair, shape, dtype):
    """Sides whose blocks are so long that sums of floats have the order of those of the whole array.

    The order depends on the number of columns, on channels beside them, and on which axis of
    `pair` is that of rows: the longer step in memory, if both have more than one sample.
    """
    if dtype.kind not in "fc" or len(pair) != 2:
        return sides
    row, column = sorted(pair)
    if shape[column] == 1:
        # One column is a row.
        row, column = column, row
    least = {row: 2, column: _LEAST_COLUMNS}
    if shape[column] < _LEAST_COLUMNS:
        least |= {axis: shape[axis] for axis in range(column + 1, len(shape))}
    return sides | {axis: replace(sides.get(axis, _Sides()), least=length) for axis, length in least.items()}


def _window(size, origin, axes):
    """The sizes and shifts of a window along each axis."""
    sizes = ndimage._sequence(size, len(axes), "weights or size")
    origins = ndimage._sequence(origin, len(axes), "origin")
    return [operator.index(length) for length in sizes], [operator.index(shift) for shift in origins]


def _reach(size, origin):
    """How many samples a window reads before and after its place."""
    before = size // 2 + origin
    return before, size - 1 - before


def _gaussian_reach(sigma, truncate, radius, axes):
    sigmas = ndimage._sequence(sigma, len(axes), "sigma")
    radii = ndimage._sequence(radius, len(axes), "radius")
    reach = (ndimage._radius(sigma, truncate, radius) for sigma, radius in zip(sigmas, radii))
    return [(one, one) for one in reach]


def _measured_reach(kernel, options):
    """How many samples a filter reads before and after a place, along rows and columns.

    A window that holds NaN has a response of NaN, also where its weight is 0.
    """
    options = {name: value for name, value in options.items() if name not in ("ignore", "dtype", "map")}
    # NaN would spread in a transform.
    options["method"] = "direct"
    inside, side = Filter(kernel, **options), 16
    while True:
        try:
            shape = inside(np.zeros((side, side))).shape
            break
        except ValueError:
            # Smaller than a window.
            side *= 2
            if side > 1 << 12:
                raise
    sizes = [side - length + 1 for length in shape]
    image = np.zeros([2 * size + 1 for size in sizes])
    image[tuple(sizes)] = np.nan
    responses = Filter(kernel, border="constant", **options)(image)
    places = np.argwhere(np.isnan(responses))
    ends = zip(sizes, places.min(axis=0), places.max(axis=0))
    return [(int(last) - middle, middle - int(first)) for middle, first, last in ends]


def _type_of(call, shape, dtype):
    """The type of results, without what is told of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResultWarning)
        return call(np.zeros(shape, dtype)).dtype


def _ndimage_block(name, arguments, options, block):
    return getattr(ndimage, name)(block, *arguments, **options)


def _filter_block(kernel, options, block):
    return Filter(kernel, **options)(block)


# Chunks.


@dataclass(frozen=True)
class _Sides:
    """What windows read along an axis: samples before and after, and the border of the array."""

    before: int = 0
    after: int = 0
    border: str = "edge"
    least: int = 0
    """Samples of a block, if the axis has as many."""

    def span(self, start, stop, size):
        """The samples that the results from `start` to `stop` need, of an axis of this size.

        Indices outside of the axis are those of a border that wraps. What the border of a block
        makes of its ends is right where these are the ends of the axis, and not needed elsewhere.
        For example, with two samples before and a symmetric border, index 0 needs 0 and 1.
        """
        low, high = start - self.before, stop + self.after
        if self.border == "wrap":
            high = max(high, low + self.least)
            return (low, high) if high - low < size else (0, size)
        if self.border == "any" and (low < 0 or high > size):
            return 0, size
        if self.border in ("symmetric", "reflect"):
            beyond = self.border == "reflect"
            first, last = low, high
            if first < 0:
                high = max(high, -first + beyond)
            if last > size:
                low = min(low, 2 * size - last - beyond)
        high = min(max(high, max(low, 0) + self.least), size)
        return max(min(low, high - self.least), 0), high


@dataclass(frozen=True)
class _Axis:
    """One chunk of the result, along an axis."""

    length: int
    """Of the result."""
    first: int
    """Where it begins in what is made of the block."""
    block: int
    """The length of the block."""
    pieces: tuple
    """Of which chunk, its samples from where to where."""


def _along(chunks, sides):
    """The chunks of the result along an axis."""
    ends = list(itertools.accumulate(chunks, initial=0))
    size = ends[-1]
    is_valid = sides is not None and sides.border == "valid"
    made = []
    for at, (start, stop) in enumerate(itertools.pairwise(ends)):
        if is_valid:
            start, stop = max(start, sides.before), min(stop, size - sides.after)
            if stop <= start:
                continue
        if sides is None or start == stop:
            made.append(_Axis(stop - start, 0, stop - start, ((at, 0, stop - start),)))
            continue
        low, high = sides.span(start, stop, size)
        pieces, place = [], low
        while place < high:
            index = place % size
            chunk = bisect.bisect_right(ends, index) - 1
            length = min(ends[chunk + 1] - index, high - place)
            pieces.append((chunk, index - ends[chunk], index - ends[chunk] + length))
            place += length
        first = start - low - (sides.before if is_valid else 0)
        made.append(_Axis(stop - start, first, high - low, tuple(pieces)))
    return made


def _overlapped(name, image, call, sides, dtype):
    """The array that `call` makes of an array, chunk by chunk.

    Parameters
    ----------
    name : str
        Of the result.
    image : dask.array.Array
    call : callable
        Makes an array of a block.
    sides : dict
        `_Sides` of the axes that are filtered.
    dtype : numpy.dtype
        Of the result.
    """
    if not isinstance(image, da.Array):
        raise TypeError(f"image is no Dask array but {type(image).__name__}: see dask.array.from_array")
    if any(math.isnan(length) for length in image.shape):
        raise ValueError(
            f"the array has chunks of unknown sizes, {image.chunks}: call its compute_chunk_sizes() first"
        )
    if isinstance(image._meta, np.ma.MaskedArray):
        raise ValueError("the array is masked, and its mask would be lost: fill it with NaN, and ignore numpy.nan")
    each = [_along(chunks, sides.get(axis)) for axis, chunks in enumerate(image.chunks)]
    if not all(each):
        raise ValueError(f"the array of shape {image.shape} has no room for a window")
    # The edges that blocks need of other chunks: each chunk gives all of its own at once, since tasks
    # take longer than copies of edges. Corners are parts of edges.
    edges = {}
    blocks = {}
    for places in itertools.product(*(list(enumerate(axis)) for axis in each)):
        axes = [axis for _, axis in places]
        pieces = []
        for parts in itertools.product(*(axis.pieces for axis in axes)):
            source = tuple(chunk for chunk, _, _ in parts)
            cut = [slice(first, last) for _, first, last in parts]
            lengths = [image.chunks[axis][chunk] for axis, chunk in enumerate(source)]
            partial = [axis for axis, part in enumerate(cut) if part != slice(0, lengths[axis])]
            edge = None
            if partial:
                axis = partial[0]
                of_chunk = edges.setdefault(source, {})
                edge = of_chunk.setdefault((axis, cut[axis].start, cut[axis].stop), len(of_chunk))
                cut[axis] = slice(None)
            pieces.append((source, edge, tuple(cut)))
        blocks[tuple(at for at, _ in places)] = axes, pieces
    edge_name = name.replace("-", "-edges-")
    graph = {
        (edge_name, *source): (functools.partial(_edges, tuple(of_chunk)), (image.name, *source))
        for source, of_chunk in edges.items()
    }
    for index, (axes, pieces) in blocks.items():
        shape = tuple(axis.length for axis in axes)
        if 0 in shape:
            graph[name, *index] = (functools.partial(np.empty, shape, dtype),)
            continue
        keys = [(image.name if edge is None else edge_name, *source) for source, edge, _ in pieces]
        inner = tuple(slice(axis.first, axis.first + axis.length) for axis in axes)
        lengths = tuple(tuple(last - first for _, first, last in axis.pieces) for axis in axes)
        cuts = tuple((edge, cut) for _, edge, cut in pieces)
        graph[name, *index] = (_Block(call, cuts, lengths, inner), keys)
    chunks = tuple(tuple(axis.length for axis in axes) for axes in each)
    graph = HighLevelGraph.from_collections(name, graph, dependencies=[image])
    return da.Array(graph, name, chunks, meta=np.empty((0,) * image.ndim, dtype))


def _edges(edges, chunk):
    """Parts of a chunk along an axis, copied if they would hold much more memory than their own."""
    parts = [chunk[(slice(None),) * axis + (slice(start, stop),)] for axis, start, stop in edges]
    return tuple(part.copy() if 2 * part.nbytes < chunk.nbytes else part for part in parts)


@dataclass(frozen=True)
class _Block:
    """Makes a chunk of the result of pieces of the array."""

    call: functools.partial
    cuts: tuple
    """Which edge each piece is of its chunk, if it is not all of it, and which part of it is of the block."""
    lengths: tuple
    """Of the pieces along each axis."""
    inner: tuple
    """Which part of the filtered block is the chunk."""

    def __call__(self, pieces):
        block = self.joined(pieces)
        with _one_thread():
            result = self.call(block)
        part = result[self.inner]
        return part.copy() if 2 * part.nbytes < result.nbytes else part

    def joined(self, pieces):
        pieces = [
            as_numbers(piece if edge is None else piece[edge])[cut] for piece, (edge, cut) in zip(pieces, self.cuts)
        ]
        if len(pieces) == 1:
            # The order of the axes in memory is one of sums.
            return np.asarray(pieces[0], order="C")
        block = np.empty([sum(lengths) for lengths in self.lengths], pieces[0].dtype)
        parts = [
            [slice(end - length, end) for end, length in zip(itertools.accumulate(lengths), lengths)]
            for lengths in self.lengths
        ]
        for part, piece in zip(itertools.product(*parts), pieces):
            block[part] = piece
        return block


@contextlib.contextmanager
def _one_thread():
    """Let calls take one thread, unless this is the only one that works.

    Calls take one thread if the name of theirs begins with "Dask-". The pool of Dask's threaded
    scheduler names its threads as any pool does, a worker of a cluster puts its own name before.
    """
    thread = threading.current_thread()
    is_alone = thread is threading.main_thread() and multiprocessing.parent_process() is None
    if is_alone or thread.name.startswith("Dask-"):
        yield
        return
    name = thread.name
    thread.name = f"Dask-{name}"
    try:
        yield
    finally:
        thread.name = name
