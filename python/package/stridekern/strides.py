"""What makes NumPy's stride tricks safe: views of arrays that cannot leave their memory.

Every function returns a view of the array it is given: nothing is copied, the array is kept
alive by it, and what is repeated is read-only, since one element would be written as many.

>>> import numpy
>>> from stridekern import strides
>>> ramp = numpy.arange(6)
>>> strides.as_strided(ramp, shape=(5, 2), strides=(1, 1))[-1].tolist()
[4, 5]
>>> strides.as_strided(ramp, shape=(6, 2), strides=(1, 1))
Traceback (most recent call last):
    ...
ValueError: axis 0 of length 6 and stride 1 with axis 1 of length 2 and stride 1 reach element 6, but the array has 6, 0 to 5
"""

import operator
from dataclasses import dataclass

import numpy as np

__all__ = [
    "Layout",
    "anti_diagonal",
    "as_strided",
    "blocks",
    "diagonal",
    "layout",
    "overlaps",
    "repeat_view",
    "sliding_window_view",
]


def as_strided(array, shape, strides, offset=0, *, writeable=False):
    """A view of any shape and strides that stays within an array.

    Parameters
    ----------
    array : numpy.ndarray
        Whose elements are seen. Any element of the memory that it is a view of may be, those before and
        behind a slice and those that a strided array skips, too.
    shape : int or tuple of int
        The shape of the view.
    strides : int or tuple of int
        **Elements**, not bytes, from one to the next along each axis. Negative ones go
        backwards, and zero repeats.
    offset : int
        Elements from the first of `array` to that at index zero.
    writeable : bool
        Whether the view may be written to. A view in which two indices name one element may not.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    ValueError
        If an index names an element outside of the array, with the axes that reach there; or if
        the view is to be written and overlaps itself.

    Examples
    --------
    >>> import numpy
    >>> from stridekern import strides
    >>> letters = numpy.arange(6)
    >>> strides.as_strided(letters, (2, 3), (-3, 1), offset=3).tolist()
    [[3, 4, 5], [0, 1, 2]]
    """
    array = _array(array)
    shape, strides = _integers(shape, "shape"), _integers(strides, "strides")
    offset = operator.index(offset)
    if len(shape) != len(strides):
        raise ValueError(f"shape has {len(shape)} axes and strides has {len(strides)}: give one stride for each")
    for axis, length in enumerate(shape):
        if length < 0:
            raise ValueError(f"axis {axis} has the length {length}: lengths are at least 0")
    low, high = _elements(array)
    if 0 not in shape:
        _check(shape, strides, offset, low, high)
    size = array.itemsize
    return _guarded(array, shape, tuple(stride * size for stride in strides), offset * size, writeable)


def sliding_window_view(array, window_shape, axis=None, *, step=1, dilation=1, writeable=False):
    """All windows of an array, as `numpy.lib.stride_tricks.sliding_window_view`, with steps.

    Parameters
    ----------
    array : numpy.ndarray
    window_shape : int or tuple of int
        Elements of a window along each axis.
    axis : int or tuple of int, optional
        The axes that windows slide along; all by default.
    step : int or tuple of int
        Elements from one window to the next.
    dilation : int or tuple of int
        Elements from one of a window to the next.
    writeable : bool
        As of `as_strided`: only windows that do not overlap can be.

    Returns
    -------
    numpy.ndarray
        The axes of windows, then those inside a window.

    Examples
    --------
    >>> import numpy
    >>> from stridekern import strides
    >>> strides.sliding_window_view(numpy.arange(7), 2, step=2, dilation=2).tolist()
    [[0, 2], [2, 4], [4, 6]]
    """
    array = _array(array)
    window = _integers(window_shape, "window_shape")
    axes = tuple(range(array.ndim)) if axis is None else _integers(axis, "axis")
    if len(window) != len(axes):
        raise ValueError(f"window_shape has {len(window)} axes, and windows slide along {len(axes)}")
    steps, dilations = _each(step, len(axes), "step"), _each(dilation, len(axes), "dilation")
    shape, strides = list(array.shape), list(array.strides)
    inner = []
    for size, at, by, apart in zip(window, axes, steps, dilations):
        if not -array.ndim <= at < array.ndim:
            raise ValueError(f"axis {at} is none of an array of {array.ndim} dimensions")
        at %= array.ndim
        if size < 1 or by < 1 or apart < 1:
            raise ValueError(f"axis {at}: window {size}, step {by} and dilation {apart} must be at least 1")
        reach = (size - 1) * apart + 1
        if reach > shape[at]:
            raise ValueError(f"axis {at}: a window reaches over {reach} elements, and there are {shape[at]}")
        shape[at] = (shape[at] - reach) // by + 1
        inner.append((size, strides[at] * apart))
        strides[at] *= by
    shape += [size for size, _ in inner]
    strides += [stride for _, stride in inner]
    return _guarded(array, shape, strides, 0, writeable)


def blocks(array, block_shape, *, writeable=False):
    """The array cut into blocks that do not overlap; what is left at the ends is not seen.

    >>> import numpy
    >>> from stridekern import strides
    >>> strides.blocks(numpy.arange(16).reshape(4, 4), (2, 2)).mean(axis=(2, 3)).tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    array = _array(array)
    block = _each(block_shape, array.ndim, "block_shape")
    return sliding_window_view(array, block, step=block, writeable=writeable)


def repeat_view(array, count, axis=0):
    """The array repeated along a new axis, by a stride of zero: read-only.

    >>> import numpy
    >>> from stridekern import strides
    >>> strides.repeat_view(numpy.arange(3), 2).tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    array = _array(array)
    count, axis = operator.index(count), operator.index(axis)
    if count < 0:
        raise ValueError(f"count must be at least 0, not {count}")
    if not -array.ndim - 1 <= axis <= array.ndim:
        raise ValueError(f"axis {axis} is none of the {array.ndim + 1} of the result")
    axis %= array.ndim + 1
    shape, strides = list(array.shape), list(array.strides)
    shape.insert(axis, count)
    strides.insert(axis, 0)
    return _guarded(array, shape, strides, 0, False)


def diagonal(array, offset=0, *, writeable=False):
    """The diagonal of the last two axes, `offset` columns right of the corner.

    >>> import numpy
    >>> from stridekern import strides
    >>> strides.diagonal(numpy.arange(9).reshape(3, 3), 1).tolist()
    [1, 5]
    """
    array = _array(array)
    if array.ndim < 2:
        raise ValueError(f"an array of {array.ndim} dimensions has no diagonal")
    offset = operator.index(offset)
    rows, columns = array.shape[-2:]
    down, right = array.strides[-2:]
    first = offset * right if offset >= 0 else -offset * down
    length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    shape, strides = (*array.shape[:-2], length), (*array.strides[:-2], down + right)
    return _guarded(array, shape, strides, first if length else 0, writeable)


def anti_diagonal(array, offset=0, *, writeable=False):
    """The diagonal from the upper right corner to the lower left, `offset` columns left of it.

    >>> import numpy
    >>> from stridekern import strides
    >>> strides.anti_diagonal(numpy.arange(9).reshape(3, 3)).tolist()
    [2, 4, 6]
    """
    return diagonal(_array(array)[..., ::-1], offset, writeable=writeable)


def overlaps(array):
    """Whether two indices of an array name elements that share memory.

    Where that would take long to find out, of many axes with strides that are no multiples of each
    other, the answer is yes.

    >>> import numpy
    >>> from stridekern import strides
    >>> strides.overlaps(strides.sliding_window_view(numpy.arange(5), 2))
    True
    >>> strides.overlaps(numpy.arange(10)[::2])
    False
    """
    array = np.asanyarray(array)
    if array.size < 2:
        return False
    # Along every axis elements are farther apart than all smaller axes reach together: then none
    # meet. Axes that are not so are searched.
    axes = sorted((abs(stride), length) for stride, length in zip(array.strides, array.shape) if length > 1)
    reach = array.itemsize
    for stride, length in axes:
        if stride < reach:
            break
        reach = stride * (length - 1) + reach
    else:
        return False
    return _some_meet(axes, array.itemsize)


def layout(array):
    """How an array lies in memory.

    >>> import numpy
    >>> from stridekern import strides
    >>> print(strides.layout(numpy.zeros((4, 6), numpy.float32)[:, ::2]))
    shape      (4, 3)
    strides    (6, 2) elements, (24, 8) bytes
    type       float32, native, aligned
    order      neither C nor Fortran
    elements   12, 48 bytes seen of 96 owned by the parent
    writeable  yes
    overlaps   no
    """
    return Layout.of(_array(array))


@dataclass(frozen=True)
class Layout:
    """Shape, strides and memory of an array."""

    shape: tuple
    #: Elements from one to the next along each axis; `None` where bytes are no whole number of them.
    strides: tuple | None
    strides_in_bytes: tuple
    dtype: np.dtype
    is_c_contiguous: bool
    is_f_contiguous: bool
    is_aligned: bool
    is_writeable: bool
    #: Whether two indices name one element.
    overlaps: bool
    #: Bytes of the elements that indices name, each as often as it is named.
    seen_bytes: int
    #: Bytes of the memory that is kept alive by the array.
    owned_bytes: int
    #: The object whose memory it is: the array itself if it is its own.
    owner: object

    @classmethod
    def of(cls, array):
        owner = _owner(array)
        size = array.itemsize
        whole = size and all(stride % size == 0 for stride in array.strides)
        return cls(
            array.shape,
            tuple(stride // size for stride in array.strides) if whole else None,
            array.strides,
            array.dtype,
            array.flags.c_contiguous,
            array.flags.f_contiguous,
            array.flags.aligned,
            array.flags.writeable,
            overlaps(array),
            array.nbytes,
            owner.nbytes if isinstance(owner, np.ndarray) else memoryview(owner).nbytes,
            owner,
        )

    def __str__(self):
        native = "native" if self.dtype.isnative else "of the other byte order"
        orders = [name for name, has in [("C", self.is_c_contiguous), ("Fortran", self.is_f_contiguous)] if has]
        elements = f"{self.strides} elements, " if self.strides is not None else ""
        rows = [
            ("shape", self.shape),
            ("strides", f"{elements}{self.strides_in_bytes} bytes"),
            ("type", f"{self.dtype}, {native}, {'aligned' if self.is_aligned else 'not aligned'}"),
            ("order", " and ".join(orders) or "neither C nor Fortran"),
            ("elements", f"{int(np.prod(self.shape))}, {self.seen_bytes} bytes seen of {self.owned_bytes} owned by the parent"),
            ("writeable", "yes" if self.is_writeable else "no"),
            ("overlaps", "yes" if self.overlaps else "no"),
        ]  # fmt: skip
        return "\n".join(f"{name:10} {value}" for name, value in rows)


def _array(array):
    array = np.asanyarray(array)
    owner = _owner(array)
    if array.dtype.hasobject or getattr(getattr(owner, "dtype", None), "hasobject", False):
        raise TypeError("views of Python objects are not made: their references would be counted wrong")
    if array.itemsize == 0:
        raise TypeError(f"elements of {array.dtype} have no bytes to be viewed")
    return np.asarray(array)


def _integers(value, name):
    try:
        return (operator.index(value),)
    except TypeError:
        pass
    try:
        return tuple(operator.index(one) for one in value)
    except TypeError:
        raise TypeError(f"{name} must be an integer or a sequence of integers, not {value!r}") from None


def _each(value, count, name):
    values = _integers(value, name)
    values = values * count if np.ndim(value) == 0 else values
    if len(values) != count:
        raise ValueError(f"{name} has {len(values)} values for {count} axes")
    return values


_MAX_BASES = 1000


def _owner(array):
    """The array, or the bytes, whose memory an array is a view of."""
    owner = known = array
    # An object may say that it is its own base.
    for _ in range(_MAX_BASES):
        owner = getattr(owner, "base", None)
        if owner is None:
            break
        if isinstance(owner, (np.ndarray, bytes, bytearray, memoryview)):
            known = owner
    return known


def _bounds(array):
    """The addresses of its first byte and of that behind its last."""
    return np.lib.array_utils.byte_bounds(array) if hasattr(np.lib, "array_utils") else np.byte_bounds(array)


def _elements(array):
    """The elements before that at index zero and the highest after it, as far as they are in the
    memory that an array is a view of."""
    first = array.__array_interface__["data"][0]
    owner = _owner(array)
    if isinstance(owner, np.ndarray) and owner.size:
        start, end = _bounds(owner)
    elif array.size:
        start, end = _bounds(array)
    else:
        return 0, -1
    size = array.itemsize
    return -((first - start) // size), (end - first) // size - 1


def _check(shape, strides, offset, low, high):
    lowest = highest = offset
    for length, stride in zip(shape, strides):
        way = (length - 1) * stride
        lowest, highest = lowest + min(way, 0), highest + max(way, 0)
    if low <= lowest and highest <= high:
        return
    is_behind = highest > high
    reached = highest if is_behind else lowest
    guilty = [
        f"axis {axis} of length {length} and stride {stride}"
        for axis, (length, stride) in enumerate(zip(shape, strides))
        if (length - 1) * stride * (1 if is_behind else -1) > 0
    ] or [f"offset {offset}"]
    reach = "reaches" if len(guilty) == 1 else "reach"
    raise ValueError(
        f"{' with '.join(guilty)} {reach} element {reached}, but the array has {high - low + 1}, {low} to {high}"
    )


class _Memory:
    """Memory of an array by its address; `base` is as of arrays."""

    __slots__ = ("__array_interface__", "base")


def _view(array, shape, strides, offset):
    """A view by bytes that were checked; it keeps the array alive."""
    if 0 in shape:
        offset = 0

    memory = _Memory()
    memory.base = array
    memory.__array_interface__ = {
        "version": 3,
        "shape": tuple(shape),
        "strides": tuple(strides),
        "typestr": f"|V{array.itemsize}",
        "data": (array.__array_interface__["data"][0] + offset, not array.flags.writeable),
    }
    view = np.asarray(memory)
    # By its own type, also one with fields.
    view.dtype = array.dtype
    return view


def _guarded(array, shape, strides, offset, writeable):
    """A view whose indices name elements of the array alone."""
    view = _view(array, shape, strides, offset)
    if writeable:
        if not array.flags.writeable:
            raise ValueError("the array is read-only, and so are its views")
        if overlaps(view):
            raise ValueError("two indices of the view name one element: it cannot be written to")
    else:
        view.flags.writeable = False
    return view


#: Sums of differences that are looked at.
_MOST_STATES = 300_000


def _some_meet(axes, size):
    """Whether two different indices name overlapping elements: of axes of these strides and
    lengths, by all sums of differences that are not zero and of less than `size` bytes."""
    if any(stride < size for stride, _ in axes):
        return True
    # From the largest stride on: a difference that the smaller axes cannot make up for ends there.
    axes = axes[::-1]
    reach = [0] * (len(axes) + 1)
    for at in range(len(axes) - 1, -1, -1):
        stride, length = axes[at]
        reach[at] = reach[at + 1] + stride * (length - 1)
    seen = set()
    ahead = [(0, 0, False)]
    while ahead:
        at, difference, differs = ahead.pop()
        if at == len(axes):
            if differs and abs(difference) < size:
                return True
            continue
        if (at, difference, differs) in seen:
            continue
        seen.add((at, difference, differs))
        if len(seen) > _MOST_STATES:
            return True
        stride, length = axes[at]
        # Steps whose rest is within reach of the others.
        lowest = -((difference + reach[at + 1] + size - 1) // stride)
        highest = (reach[at + 1] + size - 1 - difference) // stride
        for steps in range(max(lowest, 1 - length), min(highest, length - 1) + 1):
            ahead.append((at + 1, difference + steps * stride, differs or steps != 0))
    return False
