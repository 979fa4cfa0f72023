"""Kernels without a symmetry that would help, and with each of those that do."""

import numpy as np


def gaussian(size, sigma=None):
    """Of that sigma, or of OpenCV's for that size."""
    sigma = sigma or 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    x = np.arange(size) - size // 2
    weights = np.exp(-(x**2) / (2 * sigma**2))
    return (weights / weights.sum()).tolist()


def kernel(kind, size):
    """(matrix, divisor): results stay between black and white, so nothing saturates."""
    rng = np.random.default_rng(size)
    match kind:
        case "int":
            # Without symmetry, zeros or rank 1; few are negative.
            matrix = rng.choice([-2, -1, 1, 2, 3, 4, 5], (size, size))
            return matrix.tolist(), int(np.abs(matrix).sum())
        case "float":
            matrix = rng.normal(1, 1, (size, size))
            return (matrix / np.abs(matrix).sum()).tolist(), 1
        case "gauss":
            return np.outer(gaussian(size), gaussian(size)).tolist(), 1
        case "box":
            return [[1] * size] * size, size * size
        case "motion":
            # A line of `size` pixels that falls by half its length.
            matrix = np.zeros((size, size), int)
            x = np.arange(size)
            matrix[size // 4 + x // 2, x] = 1
            return matrix.tolist(), size
        case "sparse":
            # One weight in eight, anywhere, and the corners, so that it is as large as it seems.
            matrix = rng.choice([1, 2, 3], (size, size)) * (rng.random((size, size)) < 1 / 8)
            matrix[0, 0] = matrix[-1, -1] = 1
            return matrix.tolist(), int(matrix.sum())
        case _:
            return [], 1


def toml(matrix, divisor):
    """The kernel as a file for stridekern; floats keep all their digits."""
    rows = ",\n  ".join(repr(list(row)) for row in matrix)
    return f"weights = [\n  {rows},\n]\ndivisor = {divisor}\n"
