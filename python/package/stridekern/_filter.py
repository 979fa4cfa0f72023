"""`Filter` and `filter`, with what Python does better: signatures, pickling, a memory of kernels."""

import copy
import functools
import inspect

import numpy as np

from stridekern import _native


class Filter(_native.Filter):
    """A filter of fixed options, for arrays of any shape and number type.

    The plan, the compiled kernels and the buffers of the last array are kept for the next one of
    its shape, type and strides. One filter may be called from several threads, and be pickled.

    Parameters
    ----------
    kernel : array_like, str or path
        Weights of two dimensions; the text that names a kernel, as ``"sobel"`` or
        ``"gaussian:sigma=2"``, before a file of that name; or the path of a kernel file. If all
        weights are decimals of up to six digits, they count as these: 0.1 is a tenth. Others count as
        the floats that they are.
    column, row : array_like
        Instead of a kernel: vectors whose product it is.
    border : str
        ``"valid"`` filters windows inside the array only, so that the result is smaller. Else what
        lies outside, by NumPy's names: ``"constant"`` (``"constant:7"``), ``"edge"``,
        ``"reflect"``, ``"symmetric"``, ``"wrap"``; or one for each axis, ``"y=wrap,x=edge"``.
    step, dilation : int or (int, int), optional
        Samples from one window to the next, and from one tap to the next, along rows and columns.
    axes : (int, int), optional
        The axes of rows and columns. Needed where an array has more than two; others are filtered
        each by itself: ``(0, 1)`` for an image whose channels are last.
    map : str, optional
        How responses become samples: ``"clamp"``, ``"abs"``, ``"offset"``, ``"stretch"``,
        ``"symmetric"``, ``"float"``.
    dtype : dtype, optional
        The type of the result; that of the array by default.
    divisor, bias, anchor, normalize, flip
        Change the kernel: the divisor of its sums; what is added, in units of full scale, and of
        integers rounded to a whole number first; the ``(row, column)`` of the weight on the sample
        itself; division by the sum of the weights; a turn by 180 degrees, for a convolution in the
        strict sense.
    ignore : float, optional
        Samples of this value, as ``nan``, take no part: each counts as the mean of the others in its
        window, weighted by the absolute weights. Beside a hole a kernel of sum zero so sees an area
        that is as flat as its other samples.
    mask : array_like, optional
        Samples where it is not zero take no part. It has rows and columns, and channels if the
        array's are last: of a stack, make them NaN instead, and ignore ``nan``.
    alpha : {"filter", "copy", "weight"}, optional
        What becomes of the last of 2 or 4 channels, whose axis is behind those of rows and columns: it
        is filtered like the others, as by default; copied; or filtered, and colours count by it, so
        that those of transparent pixels do not bleed into others.
    like : str, optional
        The conventions of a program, ``"scipy"``, ``"opencv"``, ``"vips"``, ``"imagemagick"`` or
        ``"pillow"``: its border, rounding and overflow.
    rounding : str, optional
        ``"nearest-even"`` (the default), ``"nearest-up"``, ``"toward-zero"``,
        ``"integer-division"``, ``"sixteen-bits"``.
    overflow : str, optional
        ``"saturate"`` (the default) or ``"wrap"``.
    method : {"auto", "direct", "fft"}
        Whether responses are sums of products, or come from Fourier transforms; by default, what is
        expected to be faster. Integers are the same by all. Floats of transforms, which dense kernels
        from about 13 x 13 weights take, have errors relative to the largest response nearby, so that
        zeros beside a bright spot may become small numbers of either sign; and they depend on
        where in the array a window lies.
    threads : int, optional
        How many share the work: by default one in a Dask worker, else `get_num_threads`. Results do not
        depend on it.

    Warns
    -----
    ResultWarning
        When a call makes integers that hold less than the responses: more than a tenth of the
        samples were clipped, or any of floats; they wrapped around, unless ``overflow="wrap"`` asks for
        that; a window of `ignore` or `mask` has no sample.

    Notes
    -----
    A filter is called by an image and perhaps `out`, as of `filter`: ``blur(image, out=result)``.

    Floats of the type of the result are summed in it, but 16-bit ones in 32 bits.

    Examples
    --------
    >>> import numpy, stridekern
    >>> blur = stridekern.Filter("gaussian:sigma=1", border="reflect", axes=(0, 1))
    >>> blur(numpy.full((4, 5, 3), 200, numpy.uint8)).shape
    (4, 5, 3)
    """

    __slots__ = ("_arguments",)

    def __new__(cls, kernel=None, **options):
        self = super().__new__(cls, kernel, **options)
        # Arrays and lists may change afterwards.
        self._arguments = copy.deepcopy((kernel, options))
        return self

    def __eq__(self, other):
        """Whether it was made by the same arguments."""
        return self._key() == other._key() if type(other) is type(self) else NotImplemented

    def __hash__(self):
        return hash(self._key())

    def _key(self):
        kernel, options = self._arguments
        return tuple((name, _hashable(value)) for name, value in sorted({"kernel": kernel, **options}.items()))

    def __reduce__(self):
        kernel, options = self._arguments
        return functools.partial(type(self), kernel, **options), ()

    def __repr__(self):
        kernel, options = self._arguments
        words = [] if kernel is None else [repr(kernel)]
        return f"Filter({', '.join(words + [f'{name}={value!r}' for name, value in options.items()])})"


Filter.__signature__ = inspect.signature(_native.Filter)


def _hashable(value):
    """What is equal for arguments that mean the same."""
    try:
        hash(value)
    except TypeError:
        array = np.asarray(value)
        return array.shape, tuple(array.ravel().tolist())
    return value


def filter(image, kernel=None, *, out=None, **options):
    """Filter an array by a kernel.

    Parameters
    ----------
    image : array_like
        Numbers of any type but complex ones: bool, integers of 8 to 64 bits, floats of 16 to 64
        bits; of any shape and any strides, negative, zero and of either byte order. It is not
        copied unless its numbers are not aligned or in the other byte order. Other threads must
        not write to it meanwhile. A masked array is refused: give its data and its mask.
    kernel : array_like, str or path
        As of `Filter`.
    out : numpy.ndarray, optional
        Where to write the result, of its shape and type and of any strides. If it shares memory
        with `image`, the result is computed beside it and copied.
    **options
        As of `Filter`.

    Returns
    -------
    numpy.ndarray
        `out`, or a new array whose axes lie in memory in the order of those of `image`. It is a plain
        one: units and labels of other packages are not carried over.

    See Also
    --------
    Filter : keeps its plan, for many arrays of one shape.

    Examples
    --------
    >>> import numpy, stridekern
    >>> ramp = numpy.arange(25.0).reshape(5, 5)
    >>> stridekern.filter(ramp, "sobel_x").tolist()
    [[8.0, 8.0, 8.0], [8.0, 8.0, 8.0], [8.0, 8.0, 8.0]]
    """
    if type(kernel) is np.ndarray and kernel.dtype.kind in "biuf" and kernel.size <= _SMALL:
        return of_weights(kernel, **options)(image, out)
    return Filter(kernel, **options)(image, out)


#: Kernels of more weights take longer to run than to compile.
_SMALL = 256
_CONSTANT = (bool, int, float, str, type)


def of_weights(kernel, **options):
    """The filter of these weights: that of an earlier call, if there is one."""
    # What never changes, alone and in pairs. 1 and 1.0 are equal, and one of them may be refused.
    for value in options.values():
        parts = value if type(value) is tuple else (value,)
        if not all(part is None or type(part) in _CONSTANT or isinstance(part, np.dtype) for part in parts):
            return Filter(kernel, **options)
    kinds = tuple(map(type, options.values()))
    # A key has their bytes: 0.0 and -0.0 differ, and so do types.
    return _of_bytes(kernel.tobytes(), kernel.dtype, kernel.shape, tuple(options.items()), kinds)


def of_vectors(vectors, **options):
    """The same of a column and a row."""
    column, row = vectors
    return _of_both(column.tobytes(), row.tobytes(), tuple(options.items()))


@functools.lru_cache(maxsize=64)
def _of_both(column, row, options):
    return Filter(column=np.frombuffer(column), row=np.frombuffer(row), **dict(options))


@functools.lru_cache(maxsize=64)
def _of_bytes(weights, dtype, shape, options, _kinds):
    return Filter(np.frombuffer(weights, dtype).reshape(shape), **dict(options))
