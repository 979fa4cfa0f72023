"""Pictures from and to files."""

import operator
import os
from dataclasses import dataclass

import numpy as np

from stridekern import _native
from stridekern._warnings import FileWarning, tell


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture that was read: an array, and what its file held beside it.

    It is an array to NumPy (``numpy.asarray(picture)``), without a copy.
    """

    #: Of shape ``(rows, columns)`` or ``(rows, columns, channels)``, as stored.
    samples: np.ndarray
    #: Profile, EXIF, XMP and the like: give it to `write`, which keeps what the format can hold.
    metadata: _native.Metadata

    @property
    def format(self):
        """The format of the content, whatever the name of the file says."""
        return self.metadata.format

    @property
    def orientation(self):
        """How the samples are turned to be seen, 1 to 8 as in EXIF; 1 is not at all."""
        return self.metadata.orientation

    def __repr__(self):
        shape = " x ".join(map(str, self.samples.shape))
        return f"<Picture of {shape} {self.samples.dtype.name}, {self.format}>"

    def __array__(self, dtype=None, copy=None):
        return np.array(self.samples, dtype, copy=copy)


def read(path, *, page=None):
    """Read the picture in a file.

    Parameters
    ----------
    path : str or path
        A file of any format that the program reads: PNG, JPEG, TIFF, WebP, GIF, BMP, OpenEXR,
        ``.npy``, Netpbm and others.
    page : int, optional
        The page of a TIFF, or frame of an animation, counted from 0. By default the first is read,
        and a warning tells of further ones.

    Returns
    -------
    Picture

    Warns
    -----
    FileWarning
        Of what is not read, as further pages.

    Raises
    ------
    OSError, ValueError
        If there is no such file, or it is damaged.

    Examples
    --------
    >>> import numpy, stridekern, tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "dots.png")
    ...     stridekern.write(path, numpy.eye(3, dtype=numpy.uint8) * 255)
    ...     picture = stridekern.read(path)
    >>> picture.format, picture.samples.tolist()
    ('png', [[255, 0, 0], [0, 255, 0], [0, 0, 255]])
    """
    if page is None:
        return _picture(_native.read(os.fsdecode(path)))
    page = operator.index(page)
    if page < 0:
        raise ValueError(f"page must be at least 0, not {page}")
    return _picture(next(_native.PageReader(os.fsdecode(path), page + 1)))


def pages(path):
    """Read the pages of a TIFF, or the frames of an animation, one after another.

    Parameters
    ----------
    path : str or path
        A file of any format that `read` takes; one of a single picture has one page.

    Yields
    ------
    Picture
        Frames are the whole canvas as it is shown. One at a time is in memory.

    Examples
    --------
    >>> import stridekern
    >>> [page.samples.shape for page in stridekern.pages("../testdata/pages/imagej.tif")]
    [(10, 11), (10, 11), (10, 11), (10, 11)]
    """
    return map(_picture, _native.PageReader(os.fsdecode(path), None))


def _picture(read):
    samples, metadata, told = read
    _tell(told)
    return Picture(samples, metadata)


def write(
    path,
    samples,
    *,
    like=None,
    format=None,
    quality=None,
    compression=None,
    sampling=None,
    overwrite=False,
):
    """Write an array to a file, whole or not at all.

    Parameters
    ----------
    path : str or path
        Its name tells the format.
    samples : array_like
        Of shape ``(rows, columns)`` or ``(rows, columns, channels)`` and of a type that the format
        holds.
    like : Picture, optional
        Whose metadata are kept, as far as the format can hold them; by default those of `samples`, if
        it is a picture.
    format : str, optional
        Another format than the name tells, by its extension.
    quality : int, optional
        Of a JPEG, 1 to 100; by default that of `like`, and at least 90.
    compression : {"balanced", "fast", "best"}, optional
        Of PNG and TIFF.
    sampling : {"4:4:4", "4:2:2", "4:2:0"}, optional
        Of the colours of a JPEG; by default those of `like`, else 4:4:4.
    overwrite : bool
        Whether a file of that name is replaced.

    Warns
    -----
    FileWarning
        Of metadata that the format cannot hold, and of an array with more channels than colours
        and alpha.

    Raises
    ------
    FileExistsError
        If there is a file of that name and `overwrite` is false.
    ValueError
        If the format cannot hold the samples.
    """
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality must be 1 to 100, not {quality}")
    if like is None and isinstance(samples, Picture):
        like = samples
    metadata = None if like is None else like.metadata
    path = os.fsdecode(path)
    _tell(_native.write(path, samples, metadata, format, quality, compression, sampling, overwrite))
    shape = np.shape(samples)
    if len(shape) == 3 and shape[2] > 4:
        rows, columns, channels = shape
        tell(f"the array is written as a picture of {columns} x {rows} pixels with {channels} channels", FileWarning)


def _tell(told):
    for text in told:
        tell(text, FileWarning)
