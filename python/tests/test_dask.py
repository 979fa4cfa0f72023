"""`stridekern.dask` beside `stridekern` on whole arrays, bit for bit, and in a cluster."""

import doctest
import itertools
import os
import pathlib
import re
import threading

import numpy as np
import pytest

pytest.importorskip("dask.array")

import dask
import dask.array as da

import stridekern
import stridekern.dask
from stridekern import ndimage

MODES = ["reflect", "mirror", "nearest", "constant", "wrap"]
DTYPES = [np.uint8, np.int16, np.uint16, np.int32, np.int64, np.bool_, np.float16, np.float32, np.float64, np.complex64]


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def random_array(random, shape, dtype):
    if np.dtype(dtype).kind == "c":
        return (random.uniform(-9, 9, shape) + 1j * random.uniform(-9, 9, shape)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        return random.uniform(-9, 9, shape).astype(dtype)
    return random.integers(0, 250, shape).astype(dtype)


def random_chunks(random, size):
    """Chunks of one sample, of uneven sizes, and none at all."""
    kind = random.integers(4)
    if kind == 0:
        return (size,)
    if kind == 1 and size <= 12:
        return (1,) * size
    cuts = np.sort(random.integers(0, size + 1, random.integers(1, 4)))
    chunks = np.diff([0, *cuts, size])
    return tuple(int(length) for length in chunks if length or kind == 2)


def random_call(random, dimensions):
    """A function, its arguments and its options, for an array of so many dimensions."""
    axes = None
    if random.integers(4) == 0:
        axes = tuple(int(axis) for axis in random.permutation(dimensions)[: random.integers(1, dimensions + 1)])
    count = dimensions if axes is None else len(axes)
    modes = [str(random.choice(MODES)) for _ in range(count)]
    mode = modes if random.integers(2) else str(random.choice(MODES))
    options = {"mode": mode, "cval": float(random.choice([0, 3, 0.7, -5])), "axes": axes}
    if random.integers(4) == 0:
        options["integers"] = "scipy"
    if random.integers(5) == 0:
        options["output"] = random.choice([np.float32, np.float64])
    sizes = [int(size) for size in random.integers(1, 6 if dimensions < 3 else 4, count)]
    origins = [int(random.integers(-(size // 2), size - size // 2)) for size in sizes]
    # As SciPy has it, a convolution is shifted the other way.
    back = [-shift - (1 - size % 2) for shift, size in zip(origins, sizes)]
    sigmas = [float(sigma) for sigma in random.uniform(0.2, 1.5 if dimensions < 3 else 0.6, count)]
    axis = int((axes or range(dimensions))[0])
    names = {
        "correlate": ((random.uniform(-1, 1, sizes).round(2),), {"origin": origins}),
        "convolve": ((random.integers(-3, 4, sizes),), {"origin": back}),
        "gaussian_filter": ((sigmas,), {"order": [int(order) for order in random.integers(0, 3, count)]}),
        "gaussian_gradient_magnitude": ((sigmas,), {"truncate": 3.0}),
        "gaussian_laplace": ((sigmas,), {"radius": 2}),
        "laplace": ((), {}),
        "prewitt": ((axis,), {}),
        "sobel": ((axis,), {}),
        "uniform_filter": ((sizes,), {"origin": origins}),
    }
    name = str(random.choice(list(names)))
    arguments, own = names[name]
    return name, arguments, options | own


def assert_same_bits(result, wanted, message=""):
    assert result.dtype == wanted.dtype and result.shape == wanted.shape, message
    assert np.ascontiguousarray(result).tobytes() == np.ascontiguousarray(wanted).tobytes(), message


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dimensions", [1, 2, 3, 4])
def test_chunks_give_the_bits_of_the_whole(dimensions, dtype):
    random = np.random.default_rng([dimensions, DTYPES.index(dtype)])
    for _ in range([40, 40, 20, 6][dimensions - 1]):
        shape = [int(size) for size in random.integers(1, [40, 25, 9, 5][dimensions - 1], dimensions)]
        chunks = tuple(random_chunks(random, size) for size in shape)
        array = random_array(random, shape, dtype)
        name, arguments, options = random_call(random, dimensions)
        message = f"{name} {arguments} {options} {shape} {chunks}"
        try:
            wanted = getattr(ndimage, name)(array, *arguments, **options)
        except (TypeError, RuntimeError, ValueError) as error:
            # What the whole array refuses is refused before anything is computed.
            with pytest.raises(type(error)):
                getattr(stridekern.dask, name)(da.from_array(array, chunks), *arguments, **options)
            continue
        result = getattr(stridekern.dask, name)(da.from_array(array, chunks), *arguments, **options)
        assert result.chunks == chunks, message
        assert result.dtype == wanted.dtype, message
        assert_same_bits(result.compute(), wanted, message)
