"""SciPy's names and signatures, computed by stridekern.

What differs from ``scipy.ndimage``:

* Integer results are rounded to nearest and saturated, where SciPy truncates and wraps around.
  ``integers="scipy"`` of every function gives SciPy's numbers.
* Responses of integers are exact and rounded once, also where SciPy runs several passes that
  each round.

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
import math
import operator

import numpy as np

from stridekern._filter import of_vectors, of_weights

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


def correlate(
    input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None, integers="rounded"
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

    Returns
    -------
    numpy.ndarray
        Of the shape of `input`.
    """
    weights = np.asarray(weights)
    return _filtered(input, output, lambda call: call.dense(weights), mode, cval, origin, axes, integers)


def convolve(
    input, weights, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None, integers="rounded"
):
    """Convolve an array with weights, as `scipy.ndimage.convolve`: see `correlate`."""
    weights = np.asarray(weights)
    flipped = weights[(slice(None, None, -1),) * weights.ndim]
    # The middle of an even number of weights lies on the other side.
    origin = [
        -shift - (1 - size % 2) for shift, size in zip(_sequence(origin, weights.ndim, "origin"), weights.shape)
    ]
    return _filtered(input, output, lambda call: call.dense(flipped), mode, cval, origin, axes, integers)


def correlate1d(
    input, weights, axis=-1, output=None, mode="reflect", cval=0.0, origin=0, *, integers="rounded"
):
    """Correlate along one axis, as `scipy.ndimage.correlate1d`: see `correlate`."""
    weights = np.asarray(weights)
    if weights.ndim != 1 or weights.size < 1:
        raise RuntimeError("no filter weights given: correlate1d takes a sequence of at least one")
    return _filtered(input, output, lambda call: call.dense(weights), mode, cval, origin, axis, integers)


def convolve1d(
    input, weights, axis=-1, output=None, mode="reflect", cval=0.0, origin=0, *, integers="rounded"
):
    """Convolve along one axis, as `scipy.ndimage.convolve1d`: see `correlate`."""
    weights = np.asarray(weights)[::-1]
    origin = -operator.index(origin) - (1 - weights.size % 2)
    return correlate1d(input, weights, axis, output, mode, cval, origin, integers=integers)


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
):
    """Smooth along one axis, as `scipy.ndimage.gaussian_filter1d`: see `gaussian_filter`."""
    weights = _gaussian(float(sigma), order, _radius(sigma, truncate, radius))
    return correlate1d(input, weights, axis, output, mode, cval, integers=integers)


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
    axes = _axes(np.ndim(input), axes)
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
    )


def gaussian_laplace(
    input, sigma, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded", **kwargs
):
    """The Laplacian of a Gaussian, as `scipy.ndimage.gaussian_laplace`: see `gaussian_filter`."""
    axes = _axes(np.ndim(input), axes)
    sigmas = [float(s) for s in _sequence(sigma, len(axes), "sigma")]
    vectors = [
        [_gaussian(s, 2 * (at == second), _radius(s, kwargs.get("truncate", 4.0), kwargs.get("radius")))
         for at, s in enumerate(sigmas)]
        for second in range(len(axes))
    ]  # fmt: skip
    return _filtered(input, output, lambda call: call.sum(vectors), mode, cval, 0, axes, integers)


def gaussian_gradient_magnitude(
    input, sigma, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded", **kwargs
):
    """The length of the gradient of a Gaussian, as `scipy.ndimage.gaussian_gradient_magnitude`."""
    input = np.asarray(input)
    axes = _axes(input.ndim, axes)
    real = _real_type(input.dtype)
    if _wraps(integers):
        real = _output(input, output).dtype
        kwargs["integers"] = integers
    squares = None
    for axis in range(len(axes)):
        order = [int(at == axis) for at in range(len(axes))]
        slope = gaussian_filter(input, sigma, order, real, mode, cval, axes=axes, **kwargs)
        np.multiply(slope, slope, out=slope)
        squares = slope if squares is None else np.add(squares, slope, out=squares)
    if squares is None:
        squares = np.zeros(input.shape, real)
    return _stored(np.sqrt(squares, out=squares, casting="unsafe"), input, output, integers)


def uniform_filter1d(
    input, size, axis=-1, output=None, mode="reflect", cval=0.0, origin=0, *, integers="rounded"
):
    """The mean along one axis, as `scipy.ndimage.uniform_filter1d`."""
    return _filtered(input, output, lambda call: call.mean([size]), mode, cval, origin, axis, integers)


def uniform_filter(
    input, size=3, output=None, mode="reflect", cval=0.0, origin=0, *, axes=None, integers="rounded"
):
    """The mean of a box, as `scipy.ndimage.uniform_filter`: see `correlate`.

    Examples
    --------
    >>> import numpy
    >>> from stridekern import ndimage
    >>> ndimage.uniform_filter(numpy.eye(3), 3, mode="constant").round(2).tolist()
    [[0.22, 0.22, 0.11], [0.22, 0.33, 0.22], [0.11, 0.22, 0.22]]
    """
    axes = _axes(np.ndim(input), axes)
    each = zip(
        axes,
        _sequence(size, len(axes), "size"),
        _sequence(mode, len(axes), "mode"),
        _sequence(origin, len(axes), "origin"),
    )
    # As SciPy has it, nothing is done along an axis of one sample or none.
    each = [one for one in each if one[1] > 1]
    axes, sizes, modes, origins = zip(*each) if each else ((),) * 4
    return _filtered(input, output, lambda call: call.mean(sizes), modes, cval, origins, axes, integers)


def sobel(input, axis=-1, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded"):
    """The Sobel slope along one axis, smoothed along the others, as `scipy.ndimage.sobel`."""
    return _slope(input, axis, [1.0, 2.0, 1.0], output, mode, cval, axes, integers)


def prewitt(input, axis=-1, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded"):
    """The Prewitt slope along one axis, summed along the others, as `scipy.ndimage.prewitt`."""
    return _slope(input, axis, [1.0, 1.0, 1.0], output, mode, cval, axes, integers)


def laplace(input, output=None, mode="reflect", cval=0.0, *, axes=None, integers="rounded"):
    """The sum of second differences along all axes, as `scipy.ndimage.laplace`."""
    axes = _axes(np.ndim(input), axes)
    vectors = [
        [[1.0, -2.0, 1.0] if at == second else [1.0] for at in range(len(axes))]
        for second in range(len(axes))
    ]
    return _filtered(input, output, lambda call: call.sum(vectors), mode, cval, 0, axes, integers)


def _slope(input, axis, smooth, output, mode, cval, axes, integers):
    count = np.ndim(input)
    axes = _axes(count, axes)
    axis = _axis(axis, count)
    if axis not in axes:
        raise ValueError(f"axis {axis} is none of axes={axes}")
    vectors = [[-1.0, 0.0, 1.0] if at == axis else smooth for at in axes]
    first = axes.index(axis)
    return _filtered(
        input, output, lambda call: call.product(vectors, first=first), mode, cval, 0, axes, integers
    )


class _Call:
    """One call: an array of numbers to filter along some axes into an array of a type."""

    def __init__(self, array, out, axes, borders, constants, origins, wraps):
        self.array, self.out, self.axes = array, out, axes
        self.borders, self.constants, self.origins = borders, constants, origins
        self.wraps = wraps

    # Kernels.

    def dense(self, weights):
        if weights.ndim != len(self.axes):
            raise RuntimeError(
                f"weights have {weights.ndim} dimensions for {len(self.axes)} axes: they need one for each"
            )
        if weights.dtype.kind == "c":
            raise TypeError("weights are complex: filter by their real and imaginary part")
        if weights.size == 0:
            raise ValueError("there are no weights: the shape is " + str(weights.shape))
        weights = weights.astype(np.float64, copy=False)
        match weights.ndim:
            case 0:
                return self.run(self.array, (), weights.reshape(1, 1), 1.0)
            case 1 | 2:
                return self.run(self.array, range(weights.ndim), weights, 1.0)
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

    def product(self, vectors, divisor=1.0, first=0):
        """By a kernel that is the product of vectors, one for each axis; if they are passes, that
        along the axis at `first` comes first."""
        vectors = [np.asarray(vector, np.float64) for vector in vectors]
        if not vectors:
            return self.store(self.array)
        count = len(vectors)
        # A second pass sees the constant beside what the first one made; SciPy's integers are cut
        # in each.
        if count == 2 and not self.has_constant() and not self.wraps:
            return self.run(self.array, (0, 1), tuple(vectors), divisor)
        array = self.array
        between = self.out.dtype if self.wraps else _real_type(array.dtype)
        passes = sorted(range(count), key=lambda at: at != first)
        for at in passes[:-1]:
            array = self.run(array, (at,), vectors[at], 1.0, between)
        return self.run(array, (passes[-1],), vectors[passes[-1]], divisor)

    def mean(self, sizes):
        sizes = [operator.index(size) for size in sizes]
        if any(size < 1 for size in sizes):
            raise RuntimeError(f"incorrect filter size: {sizes} must be at least 1")
        if len(sizes) > 1 and (self.has_constant() or self.wraps):
            # Each pass is divided, as what is outside is not.
            return self.product([np.full(size, 1 / size) for size in sizes])
        return self.product([np.ones(size) for size in sizes], float(math.prod(sizes)))

    def sum(self, products):
        """By the sum of kernels, each a product of vectors, one for each axis."""
        if not products:
            return self.store(np.zeros_like(self.array))
        if len(products) <= 2 and not self.has_constant() and not self.wraps:
            shape = tuple(max(len(p[at]) for p in products) for at in range(len(products)))
            weights = sum(_outer(vectors, shape) for vectors in products)
            return self.run(self.array, range(len(products)), weights, 1.0)
        total, real = None, self.out.dtype if self.wraps else np.float64
        for vectors in products:
            term = _Call(self.array, np.empty(self.array.shape, real), self.axes, self.borders,
                         self.constants, self.origins, self.wraps).product(vectors)  # fmt: skip
            total = term if total is None else np.add(total, term, out=total)
        return self.store(total)

    # Passes.

    def has_constant(self):
        """Whether what is outside is constant and not zero."""
        return any(b == "constant" and c != 0 for b, c in zip(self.borders, self.constants))

    def border(self, at):
        name = self.borders[at]
        return f"constant:{self.constants[at]!r}" if name == "constant" else name

    def run(self, array, places, kernel, divisor, dtype=None):
        """Filter along the axes at these places by a kernel of as many dimensions."""
        places = list(places)
        axes = [self.axes[at] for at in places]
        vectors = kernel if isinstance(kernel, tuple) else None
        shape = kernel.shape if vectors is None else tuple(map(len, vectors))
        anchor = [size // 2 + self.origins[at] for size, at in zip(shape, places)]
        borders = [self.border(at) for at in places]
        out = self.out if dtype is None else np.empty(array.shape, dtype)
        if self.wraps and out.dtype == bool:
            # In C what is not zero is true.
            out[...] = self.run(array, places, kernel, divisor, np.float64) != 0
            return out
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
            rounding="toward-zero" if self.wraps else None,
            overflow="wrap" if self.wraps else None,
        )(view, target)
        return out

    def pad(self, places, sizes):
        """The array with its borders along the axes at these places."""
        array = self.array
        for at, size in zip(places, sizes):
            before = size // 2 + self.origins[at]
            width = [(0, 0)] * array.ndim
            width[self.axes[at]] = (before, size - 1 - before)
            mode = self.borders[at]
            constant = {"constant_values": self.constants[at]} if mode == "constant" else {}
            array = np.pad(array, width, mode=mode, **constant)
        return array

    def store(self, responses):
        return _cast(responses, self.out, self.wraps)


def _filtered(input, output, kernel, mode, cval, origin, axes, integers):
    """`input` by the kernel of a call."""
    array = np.asarray(input)
    axes = _axes(array.ndim, axes)
    if array.dtype.kind == "c":
        return _complex(array, output, kernel, mode, cval, origin, axes, integers)
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
    if not _holds(array.dtype, cval) and any(_BORDERS[one] == "constant" for one in modes):
        array = array.astype(np.float64)
    # What is computed is beside an output that cannot be written at once.
    target = out
    if np.may_share_memory(array, out) or not (out.dtype.isnative and out.flags.behaved):
        target = np.empty(out.shape, out.dtype.newbyteorder("="))
    if array.size:
        borders = [_BORDERS[one] for one in modes]
        call = _Call(array, target, axes, borders, [float(cval)] * len(axes), origins, wraps)
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
    limits = np.iinfo(dtype)
    return float(value).is_integer() and limits.min <= value <= limits.max


def _complex(array, output, kernel, mode, cval, origin, axes, integers):
    out = _output(array, output)
    if out.dtype.kind != "c":
        raise RuntimeError(f"the result is complex, and the output of {out.dtype} is not")
    cval = complex(cval)
    real = _real_type(out.real.dtype)
    parts = [
        _filtered(part, real, kernel, mode, constant, origin, axes, integers)
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


def _stored(responses, array, output, integers):
    out = _output(array, output)
    return _cast(responses, out, _wraps(integers))


def _cast(responses, out, wraps):
    """Write real responses to an array: integers rounded and saturated, or as SciPy."""
    if out.dtype.kind in "iu" and responses.dtype.kind == "f" and not wraps:
        limits = np.iinfo(out.dtype)
        rounded = np.rint(responses)
        whole = np.clip(rounded, limits.min, limits.max)
        out[...] = whole.astype(out.dtype)
        # The nearest float to the largest integer of 64 bits is beyond it.
        out[rounded >= limits.max] = limits.max
    else:
        with np.errstate(invalid="ignore"):
            out[...] = responses.astype(out.dtype)
    return out


def _wraps(integers):
    if integers not in ("rounded", "scipy"):
        raise ValueError(f"integers={integers!r} must be 'rounded' or 'scipy'")
    return integers == "scipy"


def _real_type(dtype):
    """The type that responses are kept in between passes."""
    return np.dtype(np.float32 if dtype in (np.float32, np.float16) else np.float64)


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
        return int(truncate * float(sigma) + 0.5)
    radius = operator.index(radius)
    if radius < 0:
        raise ValueError(f"radius must be at least 0, not {radius}")
    return radius


def _gaussian(sigma, order, radius):
    """Samples of a Gaussian of sum 1, or of its derivative, as weights of a correlation.

    A derivative of a Gaussian is a polynomial times it: if p is that of one order, the next is
    p' - x p / sigma^2. The sign is that of a convolution.
    """
    order = operator.index(order)
    if order < 0:
        raise ValueError(f"order must be at least 0, not {order}")
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
