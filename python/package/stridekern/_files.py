"""Pictures from and to files."""

import os
import warnings
from dataclasses import dataclass

import numpy as np

from stridekern import _native


class FileWarning(UserWarning):
    """What a file holds that an array does not, or the other way round."""


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

    def __array__(self, dtype=None, copy=None):
        return np.array(self.samples, dtype, copy=copy)


def read(path):
    """Read the picture in a file.

    Parameters
    ----------
    path : str or path
        A file of any format that the program reads: PNG, JPEG, TIFF, WebP, GIF, BMP, OpenEXR,
        ``.npy``, Netpbm and others. The first of several pages is read.

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
    samples, metadata, told = _native.read(os.fspath(path))
    _tell(told)
    return Picture(samples, metadata)


def write(
    path,
    samples,
    *,
    like=None,
    format=None,
    quality=None,
    compression="balanced",
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
        Whose metadata are kept, as far as the format can hold them.
    format : str, optional
        Another format than the name tells, by its extension.
    quality : int, optional
        Of a JPEG, 1 to 100; by default that of `like`, and at least 90.
    compression : {"balanced", "fast", "best"}
        Of PNG and TIFF.
    sampling : {"4:4:4", "4:2:2", "4:2:0"}, optional
        Of the colours of a JPEG; by default those of `like`, else 4:4:4.
    overwrite : bool
        Whether a file of that name is replaced.

    Warns
    -----
    FileWarning
        Of metadata that the format cannot hold.

    Raises
    ------
    FileExistsError
        If there is a file of that name and `overwrite` is false.
    ValueError
        If the format cannot hold the samples.
    """
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality must be 1 to 100, not {quality}")
    metadata = None if like is None else like.metadata
    _tell(
        _native.write(os.fspath(path), samples, metadata, format, quality, compression, sampling, overwrite)
    )


def _tell(told):
    for text in told:
        warnings.warn(text, FileWarning, stacklevel=3)
