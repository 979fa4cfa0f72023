"""Responses in exact arithmetic, by Python's own fractions: slow, and independent of the package."""

from fractions import Fraction
from itertools import product

import numpy as np


def source(index, length, border):
    """The index that a border reads for one outside, or None for a constant."""
    if 0 <= index < length:
        return index
    if border == "edge":
        return min(max(index, 0), length - 1)
    if border == "wrap":
        return index % length
    if border == "symmetric":
        index %= 2 * length
        return index if index < length else 2 * length - 1 - index
    if border == "reflect":
        if length == 1:
            return 0
        index %= 2 * (length - 1)
        return index if index < length else 2 * (length - 1) - index
    return None


def responses(array, weights, borders, anchor, constant=0):
    """The weighted sums of the windows of an array of any number of dimensions, as fractions.

    Weights and samples are the numbers that floats are, not what they were written as.
    """
    weights = np.asarray(weights)
    exact = np.empty(array.shape, object)
    offsets = list(np.ndindex(weights.shape))
    for place in np.ndindex(array.shape):
        total = Fraction(0)
        for offset in offsets:
            index = [
                source(at + step - middle, length, border)
                for at, step, middle, length, border in zip(place, offset, anchor, array.shape, borders)
            ]
            sample = constant if None in index else array[tuple(index)].item()
            total += Fraction(weights[offset].item()) * Fraction(sample)
        exact[place] = total
    return exact


def rounded(exact, dtype):
    """Fractions as integers of a type: to nearest, ties to even, and saturated."""
    limits = np.iinfo(dtype)
    whole = [min(max(round(value), int(limits.min)), int(limits.max)) for value in exact.flat]
    return np.array(whole, dtype).reshape(exact.shape)


def all_of(**choices):
    """Every choice of one value for each name."""
    for values in product(*choices.values()):
        yield dict(zip(choices, values))
