"""SciPy's names and signatures, computed by stridekern.

What differs from ``scipy.ndimage``:

* Integer results are rounded to nearest and saturated, where SciPy truncates and wraps around.
  ``integers="scipy"`` of every function gives SciPy's numbers (of booleans in a single pass; what
  is below zero in unsigned integers of 64 bits C leaves open), in more time than SciPy takes itself.
* Where more than a tenth of the samples are clipped, a `stridekern.ResultWarning` says so.
* Responses of integers of one and two dimensions are exact and rounded once, also where SciPy runs
  several passes that each round. Of more dimensions sums are kept in 64-bit floats between passes,
  for the whole array.
* 32-bit floats are summed in 32 bits: of an array that varies little around a large number, use
  ``output=numpy.float64``. Uniform filters of floats sum each window by itself, so that neither
  errors nor NaN run along a line.
* A weight of zero passes NaN and infinity on, as everywhere in arithmetic; SciPy's `correlate` and
  `convolve` leave such samples out.
* 64-bit integers whose sums are beyond 2^53 are refused, where SciPy rounds them on the way.
* `gaussian_gradient_magnitude` along some axes smooths along these, SciPy's along all.
* Results are plain arrays. A masked array is refused, since its mask would be lost.

>>> import numpy
>>> from stridekern import ndimage
>>> a = numpy.array([[200, 100], [100, 250]], dtype=numpy.uint8)
>>> ndimage.correlate(a, [[0.9, 0.9]])
array([[255, 255],
       [180, 255]], dtype=uint8)
>>> ndimage.correlate(a, [[0.9, 0.9]], integers="scipy")
array([[104,  14],
       [180,  59]], dtype=uint8)
"""

import functools
import itertools
import math
import operator

import numpy as np

from stridekern._filter import of_vectors, of_weights
from stridekern._native import as_numbers
from stridekern._warnings import tell

__all__ = [
    "convolve",
    "convolve1d",
    "correlate",
    "correlate1d",
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

# SciPy's modes by NumPy's names of borders.
_BORDERS = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "mirror": "reflect",
    "nearest": "edge",
    "constant": "constant",
    "grid-constant": "constant",
    "wrap": "wrap",
    "grid-wrap": "wrap",
}


# Windows of floats of at least this size are summed in halves: of 300 that takes as long as one by one.
_WIDE = 256


def correlate(
    input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None, integers="rounded", method="direct"
):
    """Correlate an array with weights, as `scipy.ndimage.correlate`.

    Parameters
    ----------
    input : array_like
        Of any number of dimensions; complex numbers are filtered by their parts.
    weights : array_like
        One dimension for each of `axes`.
    output : numpy.ndarray or dtype, optional
        Where to write the result, or its type.
    mode : str or sequence of str
        What lies outside: one for all axes or one for each of them.
    cval : float
        The value outside in the mode ``constant``.
    origin : int or sequence of int
        How far the window is shifted.
    axes : int or tuple of int, optional
        The axes to filter; all by default.
    integers : {"rounded", "scipy"}
        How integers are made of responses.
    method : {"direct", "auto", "fft"}
        Whether sums of floats come from Fourier transforms, as of `stridekern.Filter`: large kernels
        are many times as fast by ``"auto"``, with errors relative to the largest response nearby.

    Returns
    -------
    numpy.ndarray
        Of the shape of `input`.
    """
    weights = as_numbers(weights)
    if weights.dtype.kind == "c":
        # As `numpy.correlate` has it.
        return _by_parts(correlate, input, weights.conj(), output, mode, cval, origin, axes, integers, method)
    input = as_numbers(input)
    axes, origin, mode = _sorted(input.ndim, axes, origin, mode)
    return _filtered(input, output, lambda call: call.dense(weights), mode, cval, origin, axes, integers, method)


def convolve(
    input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None, integers="rounded", method="direct"
):
    """Convolve an array with weights, as `scipy.ndimage.convolve`: see `correlate`."""
    weights = as_numbers(weights)
    if weights.dtype.kind == "c":
        return _by_parts(convolve, input, weights, output, mode, cval, origin, axes, integers, method)
    flipped = weights[(slice(None, None, -1),) * weights.ndim]
    input = as_numbers(input)
    axes, origins, mode = _sorted(input.ndim, axes, origin, mode)
    # The middle of an even number of weights lies on the other side.
    origin = [-shift - (1 - size % 2) for shift, size in itertools.zip_longest(origins, weights.shape, fillvalue=0)]
    origin = origin[: len(axes)]
    return _filtered(input, output, lambda call: call.dense(flipped), mode, cval, origin, axes, integers, method)


def correlate1d(
    input, weights, axis=-1, output=None, mode="reflect", cval=0.0, origin=0, *, integers="rounded", method="direct"
):
    """Correlate along one axis, as `scipy.ndimage.correlate1d`: see `correlate`."""
    weights = as_numbers(weights)
    if weights.dtype.kind == "c":
        conjugate = weights.conj()
        return _by_parts(correlate1d, input, conjugate, output, mode, cval, origin, axis, integers, method)
    if weights.ndim != 1 or weights.size < 1:
        raise RuntimeError("no filter weights given: correlate1d takes a sequence of at least one")
    weights = weights.astype(np.float64)
    return _filtered(input, output, lambda call: call.product([weights]), mode, cval, origin, axis, integers, method)


def convolve1d(
    input, weights, axis=-1, output=None, mode="reflect", cval=0.0, origin=0, *, integers="rounded", method="direct"
):
    """Convolve along one axis, as `scipy.ndimage.convolve1d`: see `correlate`."""
    weights = as_numbers(weights)[::-1]
    if weights.dtype.kind == "c":
        # A correlation takes the conjugates.
        weights = weights.conj()
    origin = -operator.index(origin) - (1 - weights.size % 2)
    return correlate1d(input, weights, axis, output, mode, cval, origin, integers=integers, method=method)


def gaussian_filter1d(
    input,
    sigma,
    axis=-1,
    order=0,
    output=None,
    mode="reflect",
    cval=0.0,
    truncate=4.0,
    *,
    radius=None,
    integers="rounded",
    method="direct",
):
    """Smooth along one axis, as `scipy.ndimage.gaussian_filter1d`: see `gaussian_filter`."""
    weights = _gaussian(float(sigma), order, _radius(sigma, truncate, radius))
    return correlate1d(input, weights, axis, output, mode, cval, integers=integers, method=method)


def gaussian_filter(
    input,
    sigma,
    order=0,
    output=None,
    mode="reflect",
    cval=0.0,
    truncate=4.0,
    *,
    radius=None,
    axes=None,
    integers="rounded",
    method="direct",
):
    """Smooth an array by a Gaussian, as `scipy.ndimage.gaussian_filter`.

    Parameters
    ----------
    input : array_like
        Of any number of dimensions.
    sigma : float or sequence of float
        The standard deviation, for all axes or for each.
    order : int or sequence of int
        Of the derivative along an axis; 0 smooths.
    output, mode, cval, axes, integers
        As of `correlate`.
    truncate : float
        The radius in standard deviations.
    radius : int or sequence of int, optional
        The radius in samples, instead.

    Returns
    -------
    numpy.ndarray
        Of the shape of `input`.

    Examples
    --------
    >>> import numpy
    >>> from stridekern import ndimage
    >>> impulse = numpy.zeros((5, 5))
    >>> impulse[2, 2] = 100
    >>> ndimage.gaussian_filter(impulse, 0.5, radius=1)[2].round(2).tolist()
    [0.0, 8.38, 61.93, 8.38, 0.0]
    """
    input = as_numbers(input)
    axes = _axes(input.ndim, axes)
    sigmas, orders = _sequence(sigma, len(axes), "sigma"), _sequence(order, len(axes), "order")
    modes, radii = _sequence(mode, len(axes), "mode"), _sequence(radius, len(axes), "radius")
    each = zip(axes, modes, sigmas, orders, radii)
    # As SciPy has it, nothing is done along an axis without a sigma.
    each = [one for one in each if one[2] > 1e-15]
    vectors = [_gaussian(float(s), o, _radius(s, truncate, r)) for _, _, s, o, r in each]
    return _filtered(
        input,
        output,
        lambda call: call.product(vectors),
        [one[1] for one in each],
        cval,
        0,
        tuple(one[0] for one in each),
        integers,
        method,
    )


def gaussian_laplace(
    input, sigma, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded", method="direct", **kwargs
):
    """The Laplacian of a Gaussian, as `scipy.ndimage.gaussian_laplace`: see `gaussian_filter`."""
    input = as_numbers(input)
    axes = _axes(input.ndim, axes)
    truncate, radii = _reach(len(axes), **kwargs)
    sigmas = [float(s) for s in _sequence(sigma, len(axes), "sigma")]
    vectors = [
        [
            # As SciPy has it, nothing is done along an axis without a sigma.
            _gaussian(s, 2 * (at == second), _radius(s, truncate, radius)) if s > 1e-15 else [1.0]
            for at, (s, radius) in enumerate(zip(sigmas, radii))
        ]
        for second in range(len(axes))
    ]
    # As SciPy has it, each of several modes is that of all axes, in one of the terms.
    modes = _sequence(mode, len(axes), "mode")
    return _filtered(input, output, lambda call: call.sum(vectors, modes), mode, cval, 0, axes, integers, method)


def gaussian_gradient_magnitude(
    input, sigma, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded", method="direct", **kwargs
):
    """The length of the gradient of a Gaussian, as `scipy.ndimage.gaussian_gradient_magnitude`."""
    input = as_numbers(input)
    axes = _axes(input.ndim, axes)
    _reach(len(axes), **kwargs)
    wraps, out = _wraps(integers), _output(input, output)
    if not axes:
        return _cast(input, out, wraps)
    # As SciPy has it, each of several modes is that of all axes, in one of the terms.
    modes = _sequence(mode, len(axes), "mode")
    kind = _complex_type if input.dtype.kind == "c" else _real_type
    real = out.dtype if wraps else kind(input.dtype, out.dtype)
    squares = None
    for axis in range(len(axes)):
        order = [int(at == axis) for at in range(len(axes))]
        slope = gaussian_filter(
            input, sigma, order, real, modes[axis], cval, axes=axes, integers=integers, method=method, **kwargs
        )
        np.multiply(slope, slope, out=slope)
        squares = slope if squares is None else np.add(squares, slope, out=squares)
    return _cast(np.sqrt(squares, out=squares, casting="unsafe"), out, wraps, _silent_share(input))


def uniform_filter1d(
    input, size, axis=-1, output=None, mode="reflect", cval=0.0, origin=0, *, integers="rounded", method="direct"
):
    """The mean along one axis, as `scipy.ndimage.uniform_filter1d`."""
    return _filtered(input, output, lambda call: call.mean([size]), mode, cval, origin, axis, integers, method)


def uniform_filter(
    input, size=3, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None, integers="rounded", method="direct"
):
    """The mean of a box, as `scipy.ndimage.uniform_filter`: see `correlate`.

    Examples
    --------
    >>> import numpy
    >>> from stridekern import ndimage
    >>> ndimage.uniform_filter(numpy.eye(3), 3, mode="constant").round(2).tolist()
    [[0.22, 0.22, 0.11], [0.22, 0.33, 0.22], [0.11, 0.22, 0.22]]
    """
    input = as_numbers(input)
    axes = _axes(input.ndim, axes)
    each = zip(
        axes,
        _sequence(size, len(axes), "size"),
        _sequence(mode, len(axes), "mode"),
        _sequence(origin, len(axes), "origin"),
    )
    # As SciPy has it, nothing is done along an axis of one sample or none.
    each = [one for one in each if one[1] > 1]
    axes, sizes, modes, origins = zip(*each) if each else ((),) * 4
    return _filtered(input, output, lambda call: call.mean(sizes), modes, cval, origins, axes, integers, method)


def sobel(input, axis=-1, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded", method="direct"):
    """The Sobel slope along one axis, smoothed along the others, as `scipy.ndimage.sobel`."""
    return _slope(input, axis, [1.0, 2.0, 1.0], output, mode, cval, axes, integers, method)


def prewitt(input, axis=-1, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded", method="direct"):
    """The Prewitt slope along one axis, summed along the others, as `scipy.ndimage.prewitt`."""
    return _slope(input, axis, [1.0, 1.0, 1.0], output, mode, cval, axes, integers, method)


def laplace(input, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded", method="direct"):
    """The sum of second differences along all axes, as `scipy.ndimage.laplace`."""
    input = as_numbers(input)
    axes = _axes(input.ndim, axes)
    vectors = [
        [[1.0, -2.0, 1.0] if at == second else [1.0] for at in range(len(axes))]
        for second in range(len(axes))
    ]
    # As SciPy has it, each of several modes is that of all axes, in one of the terms.
    modes = _sequence(mode, len(axes), "mode")
    return _filtered(input, output, lambda call: call.sum(vectors, modes), mode, cval, 0, axes, integers, method)


def _slope(input, axis, smooth, output, mode, cval, axes, integers, method):
    input = as_numbers(input)
    axes = _axes(input.ndim, axes)
    axis = _axis(axis, input.ndim)
    if axis not in axes:
        raise ValueError(f"axis {axis} is none of axes={axes}")
    vectors = [[-1.0, 0.0, 1.0] if at == axis else smooth for at in axes]
    first = axes.index(axis)
    return _filtered(
        input, output, lambda call: call.product(vectors, first=first), mode, cval, 0, axes, integers, method
    )


def _reach(count, truncate=4.0, radius=None):
    """The radii of a Gaussian for all axes."""
    return truncate, _sequence(radius, count, "radius")


class _Call:
    """One call: an array of numbers to filter along some axes into an array of a type."""

    def __init__(self, array, out, axes, borders, constants, origins, wraps, method):
        self.array, self.out, self.axes = array, out, axes
        self.borders, self.constants, self.origins = borders, constants, origins
        self.wraps, self.method = wraps, method

    # Kernels.

    def dense(self, weights):
        if weights.ndim != len(self.axes):
            raise RuntimeError(
                f"weights have {weights.ndim} dimensions for {len(self.axes)} axes: they need one for each"
            )
        if weights.size == 0:
            raise ValueError("there are no weights: the shape is " + str(weights.shape))
        weights = weights.astype(np.float64, copy=False)
        match weights.ndim:
            case 0:
                return self.run(self.array, (), weights.reshape(1, 1), 1.0)
            case 1 | 2:
                return self.run(self.array, range(weights.ndim), weights, 1.0)
        if self.wraps:
            return self.store(self.taps(weights))
        self.check_origins(range(weights.ndim), weights.shape)
        # Slices of two axes, summed.
        lead = len(self.axes) - 2
        padded = self.pad(range(lead), weights.shape[:lead])
        total = None
        for index in np.ndindex(weights.shape[:lead]):
            if not weights[index].any() and padded.dtype.kind != "f":
                continue
            part = padded
            for at, first in enumerate(index):
                axis = self.axes[at]
                part = part[(slice(None),) * axis + (slice(first, first + self.array.shape[axis]),)]
            responses = self.run(part, (lead, lead + 1), weights[index], 1.0, np.float64)
            total = responses if total is None else np.add(total, responses, out=total)
        if total is None:
            total = np.zeros(self.array.shape)
        return self.store(total)

    def taps(self, weights):
        """Responses tap by tap in SciPy's order, which leaves zeros out."""
        self.check_origins(range(weights.ndim), weights.shape)
        padded = self.pad(range(weights.ndim), weights.shape, self.array.astype(np.float64))
        total = np.zeros(self.array.shape)
        for index in np.argwhere(weights):
            places = [slice(None)] * self.array.ndim
            for axis, first in zip(self.axes, index):
                places[axis] = slice(first, first + self.array.shape[axis])
            total += padded[tuple(places)] * weights[tuple(index)]
        return total

    def product(self, vectors, divisor=1.0, first=0):
        """By a kernel that is the product of vectors, one for each axis; if they are passes, that
        along the axis at `first` comes first."""
        vectors = [np.asarray(vector, np.float64) for vector in vectors]
        passes = sorted(range(len(vectors)), key=lambda at: at != first)
        # A vector of 1 changes nothing.
        passes = [at for at in passes if len(vectors[at]) > 1 or vectors[at][0] != 1]
        if not passes:
            return self.store(self.array) if divisor == 1 else self.store(self.array / divisor)
        # A second pass sees the constant beside what the first one made; SciPy's integers are cut
        # in each. Else the last two are one.
        is_passes = self.has_constant() or self.wraps
        last = passes[-1:] if is_passes else sorted(passes[-2:])
        array = self.array
        between = self.out.dtype if self.wraps else _real_type(array.dtype, self.out.dtype)
        for at in passes[: -len(last)]:
            array = self.along(array, at, vectors[at], 1.0, between)
        if len(last) == 1:
            return self.along(array, last[0], vectors[last[0]], divisor)
        return self.run(array, last, tuple(vectors[at] for at in last), divisor)

    def mean(self, sizes):
        sizes = [operator.index(size) for size in sizes]
        if any(size < 1 for size in sizes):
            raise RuntimeError(f"incorrect filter size: {sizes} must be at least 1")
        if not sizes:
            return self.store(self.array)
        is_wide = self.array.dtype.kind == "f" and max(sizes) >= _WIDE
        if not (is_wide or self.wraps or len(sizes) > 1 and self.has_constant()):
            return self.product([np.ones(size) for size in sizes], float(math.prod(sizes)))
        # SciPy's integers are divided and cut in each pass. Else sums are divided in the end: the
        # constant outside is then that of the sums so far.
        between = self.out.dtype if self.wraps else np.float64
        array, constants = self.array, self.constants
        for at, size in enumerate(sizes):
            is_last = at == len(sizes) - 1
            divisor = size if self.wraps else math.prod(sizes) if is_last else 1
            dtype = None if is_last else between
            array = self.along(array, at, np.ones(size), float(divisor), dtype, is_mean=True)
            if not self.wraps:
                self.constants = [constant * size for constant in self.constants]
        self.constants = constants
        return array

    def sum(self, products, modes):
        """By the sum of kernels, each a product of vectors, one for each axis, and each with
        borders of its own."""
        if not products:
            return self.store(self.array)
        if len(products) <= 2 and len(set(modes)) == 1 and not self.has_constant() and not self.wraps:
            shape = tuple(max(len(p[at]) for p in products) for at in range(len(products)))
            weights = sum(_outer(vectors, shape) for vectors in products)
            return self.run(self.array, range(len(products)), weights, 1.0)
        total, real = None, self.out.dtype if self.wraps else np.float64
        for vectors, mode in zip(products, modes):
            borders = [_BORDERS[mode]] * len(self.axes)
            out = np.empty(self.array.shape, real)
            term = _Call(self.array, out, self.axes, borders, self.constants, self.origins, self.wraps, self.method)
            term = term.product(vectors)
            total = term if total is None else np.add(total, term, out=total)
        return self.store(total)

    # Passes.

    def has_constant(self):
        """Whether what is outside is constant and not zero."""
        return any(b == "constant" and c != 0 for b, c in zip(self.borders, self.constants))

    def border(self, at):
        name = self.borders[at]
        return f"constant:{self.constants[at]!r}" if name == "constant" else name

    def check_origins(self, places, shape):
        """The places of the samples in windows of this shape."""
        anchor = [size // 2 + self.origins[at] for size, at in zip(shape, places)]
        for size, at, middle in zip(shape, places, anchor):
            if not 0 <= middle < size:
                raise ValueError(
                    f"origin {self.origins[at]} moves a window of {size} off its sample: "
                    f"it must be {-(size // 2)} to {(size - 1) // 2}"
                )
        return anchor

    def run(self, array, places, kernel, divisor, dtype=None):
        """Filter along the axes at these places by a kernel of as many dimensions."""
        places = list(places)
        axes = [self.axes[at] for at in places]
        vectors = kernel if isinstance(kernel, tuple) else None
        shape = kernel.shape if vectors is None else tuple(map(len, vectors))
        anchor = self.check_origins(places, shape)
        borders = [self.border(at) for at in places]
        out = self.out if dtype is None else np.empty(array.shape, dtype)
        if self.wraps and out.dtype == bool:
            return _cast(self.run(array, places, kernel, divisor, np.float64), out, True)
        constants = [self.constants[at] for at in places if self.borders[at] == "constant"]
        if not all(_holds(array.dtype, constant) for constant in constants):
            array = array.astype(np.float64)
        view, target = array, out
        if len(places) < 2:
            # A column on the axis beside which elements are nearest.
            along = axes[0] if axes else 0
            others = [axis for axis in range(view.ndim) if axis != along and view.shape[axis] > 1]
            if view.ndim == 0:
                view, target = view[np.newaxis, np.newaxis], target[np.newaxis, np.newaxis]
                axes = [0, 1]
            elif others:
                axes = [along, min(others, key=lambda axis: abs(view.strides[axis]))]
            else:
                view, target = view[..., np.newaxis], target[..., np.newaxis]
                axes = [along, view.ndim - 1]
            kernel = np.reshape(kernel, (-1, 1))
            anchor = [*anchor, 0, 0][:2]
            borders = [*borders, "edge", "edge"][:2]
        kept = of_weights if vectors is None else of_vectors
        kept(
            kernel if vectors is None else vectors,
            border=f"y={borders[0]},x={borders[1]}",
            axes=(axes[0], axes[1]),
            anchor=(anchor[0], anchor[1]),
            divisor=divisor,
            dtype=out.dtype,
            # The order of its sums, too, which decides where a float is a whole number.
            like="scipy" if self.wraps and np.float16 not in (array.dtype, out.dtype) else None,
            overflow="wrap" if self.wraps else None,
            method="direct" if self.wraps else self.method,
        )(view, target)
        return out

    def along(self, array, at, weights, divisor, dtype=None, is_mean=False):
        """Filter along one axis, by ones if it is for a mean."""
        is_wide = is_mean and array.dtype.kind == "f" and len(weights) >= _WIDE
        if not (self.wraps or is_wide):
            return self.run(array, (at,), weights, divisor, dtype)
        self.check_origins((at,), weights.shape)
        out = self.out if dtype is None else np.empty(array.shape, dtype)
        if is_wide and not self.wraps:
            return _cast(self.window_sums(array, at, len(weights)) / divisor, out, False, _silent_share(self.array))
        return _cast(self.line(array, at, weights, divisor, is_mean), out, True)

    def window_sums(self, array, at, size):
        """Sums of windows along one axis, of windows of half their size, and so on: in time that hardly
        grows with the size, and each of its own samples only, in one order everywhere."""
        axis = self.axes[at]
        array = array.astype(_real_type(array.dtype, self.out.dtype), copy=False)
        length = array.shape[axis]
        sums = np.moveaxis(self.pad((at,), (size,), array), axis, 0)
        total, first, width = None, 0, 1
        while True:
            if size & width:
                part = sums[first : first + length]
                total = part.copy() if total is None else np.add(total, part, out=total)
                first += width
            if 2 * width > size:
                return np.moveaxis(total, 0, axis)
            sums = sums[:-width] + sums[width:]
            width *= 2

    def line(self, array, at, weights, divisor, is_mean):
        """Responses along one axis, by SciPy's sums in their order: where these are not exact, that
        decides which whole number they are cut to."""
        size, axis = len(weights), self.axes[at]
        padded = np.moveaxis(self.pad((at,), (size,), array.astype(np.float64)), axis, 0)
        length = array.shape[axis]
        if is_mean:
            first = padded[:size].sum(axis=0, keepdims=True)
            steps = padded[size : size + length - 1] - padded[: length - 1]
            sums = np.add.accumulate(np.concatenate([first, steps]), axis=0)
            return np.moveaxis(sums / divisor, 0, axis)
        half = size // 2
        samples = [padded[at : at + length] for at in range(size)]
        turned = weights[::-1]
        if size % 2 and (weights == turned).all():
            sums = samples[half] * weights[half]
            for before in range(half):
                sums += (samples[before] + samples[-1 - before]) * weights[before]
        elif size % 2 and (weights == -turned).all():
            sums = samples[half] * weights[half]
            for before in range(half):
                sums += (samples[before] - samples[-1 - before]) * weights[before]
        else:
            sums = samples[-1] * weights[-1]
            for before in range(size - 1):
                sums += samples[before] * weights[before]
        return np.moveaxis(sums / divisor, 0, axis)

    def pad(self, places, sizes, array=None):
        """The array with its borders along the axes at these places."""
        array = self.array if array is None else array
        if not all(_holds(array.dtype, self.constants[at]) for at in places if self.borders[at] == "constant"):
            array = array.astype(np.float64)
        for at, size in zip(places, sizes):
            before = size // 2 + self.origins[at]
            width = [(0, 0)] * array.ndim
            width[self.axes[at]] = (before, size - 1 - before)
            mode = self.borders[at]
            constant = {"constant_values": self.constants[at]} if mode == "constant" else {}
            array = np.pad(array, width, mode=mode, **constant)
        return array

    def store(self, responses):
        return _cast(responses, self.out, self.wraps, _silent_share(self.array))


def _filtered(input, output, kernel, mode, cval, origin, axes, integers, method):
    """`input` by the kernel of a call."""
    array = as_numbers(input)
    axes = _axes(array.ndim, axes)
    if array.dtype.kind == "c":
        return _complex(array, output, kernel, mode, cval, origin, axes, integers, method)
    wraps = _wraps(integers)
    modes = _sequence(mode, len(axes), "mode")
    for one in modes:
        if one not in _BORDERS:
            raise RuntimeError(f"boundary mode {one!r} is not supported: there are {', '.join(_BORDERS)}")
    origins = [operator.index(shift) for shift in _sequence(origin, len(axes), "origin")]
    if np.iscomplexobj(cval):
        raise ValueError("cval is complex, but the array is not")
    out = _output(array, output)
    if array.dtype == bool:
        array = array.view(np.uint8)
    # What is computed is beside an output that cannot be written at once.
    target = out
    if np.may_share_memory(array, out) or not (out.dtype.isnative and out.flags.behaved):
        target = np.empty(out.shape, out.dtype.newbyteorder("="))
    if array.size:
        borders = [_BORDERS[one] for one in modes]
        call = _Call(array, target, axes, borders, [float(cval)] * len(axes), origins, wraps, method)
        made = kernel(call)
        if made is not target:
            target[...] = made
    if target is not out:
        out[...] = target
    return out


def _holds(dtype, value):
    """Whether a sample of this type can have the value."""
    if dtype.kind == "f":
        return True
    if dtype.kind == "b":
        return value in (0, 1)
    limits = np.iinfo(dtype)
    return float(value).is_integer() and limits.min <= value <= limits.max


def _complex(array, output, kernel, mode, cval, origin, axes, integers, method):
    if isinstance(output, np.ndarray):
        if output.dtype.kind != "c":
            raise RuntimeError(f"the result is complex, and the output of {output.dtype} is not")
        out = _output(array, output)
    else:
        out = _output(array, _complex_type(array, output))
    cval = complex(cval)
    real = _real_type(out.real.dtype)
    parts = [
        _filtered(part, real, kernel, mode, constant, origin, axes, integers, method)
        for part, constant in [(array.real, cval.real), (array.imag, cval.imag)]
    ]
    out.real, out.imag = parts
    return out


def _output(array, output):
    if output is None:
        return np.empty(array.shape, array.dtype.newbyteorder("="))
    if isinstance(output, np.ndarray):
        if output.shape != array.shape:
            raise RuntimeError(f"output has the shape {output.shape}, and the result has {array.shape}")
        return output
    return np.empty(array.shape, np.dtype(output))


def _silent_share(array):
    """Of samples that may be clipped without a word: skies and highlights are, of integers."""
    return 0 if array.dtype.kind == "f" else 0.1


def _cast(responses, out, wraps, silent=0.1):
    """Write real responses to an array: integers rounded and saturated, or as SciPy."""
    if wraps and out.dtype == bool:
        # In C the integer below decides.
        out[...] = np.trunc(responses) != 0
        return out
    if out.dtype.kind not in "iu":
        out[...] = responses
        return out
    if wraps:
        out[...] = _as_in_c(responses, out.dtype) if responses.dtype.kind == "f" else responses.astype(out.dtype)
        return out
    limits = np.iinfo(out.dtype)
    if responses.dtype.kind != "f":
        low, high = (max(limits.min, _limits(responses).min), min(limits.max, _limits(responses).max))
        out[...] = np.clip(responses, low, high)
        _tell_clipped(np.count_nonzero(out != responses), out, silent)
        return out
    rounded = np.rint(responses)
    # The nearest float to the largest integer of 64 bits is beyond it. NaN is 0.
    is_high, is_low, is_nan = rounded >= limits.max, rounded <= limits.min, np.isnan(rounded)
    out[...] = np.where(is_high | is_low | is_nan, 0, rounded).astype(out.dtype)
    out[is_high], out[is_low] = limits.max, limits.min
    beyond = np.count_nonzero(rounded > limits.max) + np.count_nonzero(rounded < limits.min)
    _tell_clipped(beyond, out, silent)
    if is_nan.any():
        tell(f"{np.count_nonzero(is_nan)} samples of the result are 0, since their responses are not a number")
    return out


def _as_in_c(numbers, dtype):
    """Floats cut to integers as C's conversions do on x86-64, by way of the signed integers of 32 or 64
    bits that hold the type: NumPy's own may differ beyond the ends, from one element to the next."""
    with np.errstate(invalid="ignore"):
        if dtype.itemsize < 4 or dtype == np.int32:
            return _cut(numbers, np.int32).astype(dtype)
        if dtype != np.uint64:
            return _cut(numbers, np.int64).astype(dtype)
        is_high = numbers >= 2.0**63
        cut = _cut(np.where(is_high, numbers - 2.0**63, numbers), np.int64).astype(np.uint64)
        return cut + np.where(is_high, np.uint64(1 << 63), np.uint64(0))


def _cut(numbers, dtype):
    """Toward zero; what is beyond the ends, or NaN, becomes the lowest."""
    low, end = float(np.iinfo(dtype).min), -float(np.iinfo(dtype).min)
    cut = np.trunc(numbers)
    return np.where((cut >= low) & (cut < end), cut, low).astype(dtype)


def _tell_clipped(count, out, silent):
    """As a filter tells of it: if it is more than this share of the samples."""
    if count > silent * out.size:
        limits = np.iinfo(out.dtype)
        share = f"{100 * count / out.size:.3g} %"
        ends = f"{limits.min}..{limits.max}"
        tell(f"{share} of the samples were clipped to {ends}: a result of a wider type, as float32, keeps them")


def _limits(array):
    """Of an array of integers or booleans."""
    return np.iinfo(np.uint8 if array.dtype == bool else array.dtype)


def _wraps(integers):
    if integers not in ("rounded", "scipy"):
        raise ValueError(f"integers={integers!r} must be 'rounded' or 'scipy'")
    return integers == "scipy"


def _real_type(*dtypes):
    """The type that responses are kept in between passes, for arrays and results of these."""
    is_short = all(dtype in (np.float32, np.float16, np.complex64) for dtype in dtypes)
    return np.dtype(np.float32 if is_short else np.float64)


def _sorted(count, axes, origin, mode):
    """Axes, origins and modes for the dimensions of weights: as SciPy has it, these lie on the axes
    in the order of the array, and origins and modes are those of `axes` as they are given. If that
    is all axes, their order tells nothing."""
    axes = _axes(count, axes)
    origins, modes = _sequence(origin, len(axes), "origin"), _sequence(mode, len(axes), "mode")
    if len(axes) == count:
        return tuple(range(count)), origins, modes
    order = sorted(range(len(axes)), key=axes.__getitem__)
    return tuple(axes[at] for at in order), [origins[at] for at in order], [modes[at] for at in order]


def _by_parts(function, input, weights, output, mode, cval, origin, axes, integers, method):
    """By complex weights."""
    array = as_numbers(input)
    if array.dtype.kind != "c" and np.iscomplexobj(cval):
        raise ValueError("cval is complex, but the array is not")
    if isinstance(output, np.ndarray):
        if output.dtype.kind != "c":
            raise RuntimeError(f"the result is complex, and the output of {output.dtype} is not")
        out = _output(array, output)
    else:
        out = _output(array, _complex_type(array, output))

    def filtered(weights):
        weights = weights.astype(np.float64)
        named = {"axis": axes} if function in (correlate1d, convolve1d) else {"axes": axes}
        kind = np.complex128 if array.dtype.kind == "c" else np.float64
        named |= dict(integers=integers, method=method)
        return function(array, weights, output=kind, mode=mode, cval=cval, origin=origin, **named)

    out[...] = filtered(weights.real) + 1j * filtered(weights.imag)
    return out


def _complex_type(array, output):
    """That of a complex result: a real one that was asked for is promoted, as by SciPy."""
    if output is None:
        return np.promote_types(array.dtype, np.complex64)
    dtype = np.dtype(output)
    if dtype.kind == "c":
        return dtype
    tell("the result is complex: its type is promoted", UserWarning)
    return np.promote_types(dtype, np.complex64)


def _axis(axis, count):
    at = operator.index(axis)
    if not -count <= at < count:
        raise ValueError(f"axis {axis} is none of an array of {count} dimensions")
    return at % count


def _axes(count, axes):
    if axes is None:
        return tuple(range(count))
    if np.ndim(axes) == 0:
        axes = (axes,)
    axes = tuple(_axis(axis, count) for axis in axes)
    if len(set(axes)) != len(axes):
        raise ValueError(f"axes={axes} name one axis twice")
    return axes


def _sequence(value, count, name):
    """One value for each axis."""
    if isinstance(value, str) or not np.iterable(value):
        return [value] * count
    values = list(value)
    if len(values) != count:
        raise RuntimeError(f"sequence argument must have length equal to input rank: {name} has "
                           f"{len(values)} for {count} axes")  # fmt: skip
    return values


def _radius(sigma, truncate, radius):
    if radius is None:
        return _at_least_0(int(truncate * float(sigma) + 0.5), "truncate * sigma")
    try:
        return _at_least_0(operator.index(radius), "radius")
    except TypeError:
        raise ValueError(f"radius must be an integer, not {radius!r}") from None


def _at_least_0(number, name):
    if number < 0:
        raise ValueError(f"{name} must be at least 0, not {number}")
    return number


def _gaussian(sigma, order, radius):
    """Samples of a Gaussian of sum 1, or of its derivative, as weights of a correlation.

    A derivative of a Gaussian is a polynomial times it: if p is that of one order, the next is
    p' - x p / sigma^2. The sign is that of a convolution.
    """
    order = _at_least_0(operator.index(order), "order")
    return _gaussian_of(sigma, order, radius)


@functools.lru_cache(maxsize=64)
def _gaussian_of(sigma, order, radius):
    x = np.arange(-radius, radius + 1)
    if sigma == 0:
        return np.where(x == 0, 1.0, 0.0) if order == 0 else np.zeros(len(x))
    bell = np.exp(-0.5 / (sigma * sigma) * x**2)
    bell /= bell.sum()
    polynomial = np.polynomial.Polynomial([1.0])
    step = np.polynomial.Polynomial([0.0, -1 / (sigma * sigma)])
    for _ in range(order):
        polynomial = polynomial.deriv() + step * polynomial
    return (polynomial(x) * bell)[::-1]


def _outer(vectors, shape):
    """The product of vectors in the middle of zeros."""
    weights = np.ones((1,) * len(vectors))
    for at, vector in enumerate(vectors):
        around = (shape[at] - len(vector)) // 2
        full = np.pad(np.asarray(vector, np.float64), around)
        weights = weights * full.reshape([-1 if axis == at else 1 for axis in range(len(vectors))])
    return weights
