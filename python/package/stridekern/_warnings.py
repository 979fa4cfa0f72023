"""Warnings, at the line of the caller."""

import os
import sys
import warnings

_FOLDER = os.path.dirname(__file__) + os.sep


class ResultWarning(UserWarning):
    """What a result holds less of than its responses: samples that were clipped, say."""


class FileWarning(UserWarning):
    """What a file holds that an array does not, or the other way round."""


def tell(text, category=ResultWarning):
    """Warn at the line outside of this package that is being executed."""
    # A thread may have been started with a function of this package: then there is no such line.
    frame, level = sys._getframe(0), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_FOLDER):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)
