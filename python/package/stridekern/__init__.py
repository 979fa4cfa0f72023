"""Convolution of NumPy arrays on zero-copy stride windows.

Results are the exact responses, rounded once; the same for any number of threads. Nothing is
padded, flipped, normalised or scaled unless you say so.

>>> import numpy, stridekern
>>> image = numpy.arange(12, dtype=numpy.uint8).reshape(3, 4)
>>> stridekern.filter(image, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], border="edge")
array([[  5,   4,   4,   3],
       [  1,   0,   0, 255],
       [  0,   0,   0,   0]], dtype=uint8)
"""

from stridekern import ndimage, strides
from stridekern._native import Filter, __version__

__all__ = ["Filter", "__version__", "filter", "ndimage", "strides"]


def filter(image, kernel=None, *, out=None, **options):
    """Filter an array by a kernel.

    Parameters
    ----------
    image : array_like
        Numbers of any type but complex ones: bool, integers of 8 to 64 bits, floats of 16 to 64
        bits; of any shape and any strides, negative, zero and of either byte order. It is not
        copied unless its numbers are not aligned or in the other byte order. Other threads must
        not write to it meanwhile.
    kernel : array_like, str or path
        Weights of two dimensions; the text that names a kernel, as ``"sobel"`` or
        ``"gaussian:sigma=2"``; or the path of a kernel file. Without it `column` and `row` are
        needed.
    out : numpy.ndarray, optional
        Where to write the result, of its shape and type and of any strides. If it shares memory
        with `image`, the result is computed beside it and copied.
    **options
        As of `Filter`.

    Returns
    -------
    numpy.ndarray
        `out`, or a new array whose axes lie in memory in the order of those of `image`.

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
    return Filter(kernel, **options)(image, out)
