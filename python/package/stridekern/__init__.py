"""Convolution of NumPy arrays on zero-copy stride windows.

Results of integers are the exact responses, rounded once; all are the same for any number of threads.
Nothing is padded, flipped, normalised or scaled unless you say so.

>>> import numpy, stridekern
>>> image = numpy.arange(12, dtype=numpy.uint8).reshape(3, 4)
>>> stridekern.filter(image, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], border="edge")
array([[5, 4, 4, 3],
       [1, 0, 0, 0],
       [0, 0, 0, 0]], dtype=uint8)
"""

from stridekern import ndimage, strides
from stridekern._files import Picture, pages, read, write
from stridekern._filter import Filter, filter
from stridekern._native import __version__, get_num_threads, kernel_names, set_num_threads
from stridekern._warnings import FileWarning, ResultWarning

__all__ = [
    "FileWarning",
    "Filter",
    "Picture",
    "ResultWarning",
    "__version__",
    "filter",
    "get_num_threads",
    "kernel_names",
    "ndimage",
    "pages",
    "read",
    "set_num_threads",
    "strides",
    "write",
]
