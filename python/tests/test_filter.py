"""`stridekern.filter` and `Filter`: numbers, layouts, outputs, and what is refused."""

import _thread
import itertools
import os
import pickle
import subprocess
import sys
import threading
import time
import warnings
from fractions import Fraction
from pathlib import Path

import exact
import numpy as np
import pytest

import stridekern

INTEGERS = [np.uint8, np.uint16, np.uint32, np.int8, np.int16, np.int32]
FLOATS = [np.float16, np.float32, np.float64]
KERNELS = {
    "integers": [[1, -2, 3], [0, 5, -1]],
    "decimals": [[0.1, 0.2, -0.4], [1.7, 0.25, -0.3], [0.6, 0.11, 0.9]],
    "one": [[1]],
}


def random_array(shape, dtype, seed=1):
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.uniform(-255, 255, shape).astype(dtype)
    limits = np.iinfo(dtype)
    low, high = max(int(limits.min), -40_000), min(int(limits.max), 70_000)
    return random.integers(low, high, shape, endpoint=True).astype(dtype)


def middle(kernel):
    return [size // 2 for size in np.shape(kernel)]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("border", ["edge", "reflect", "symmetric", "wrap", "constant:7"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_integers_are_exact_and_rounded_once(dtype, border, kernel):
    weights = KERNELS[kernel]
    image = random_array((7, 9), dtype)
    name, _, constant = border.partition(":")
    wanted = exact.responses(image, weights, [name] * 2, middle(weights), int(constant or 0))
    # Weights are the decimals that they are written as.
    if kernel == "decimals":
        tenths = np.round(np.array(weights) * 100).astype(int)
        wanted = exact.responses(image, tenths, [name] * 2, middle(weights), int(constant or 0)) / 100
    result = stridekern.filter(image, weights, border=border)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, exact.rounded(wanted, dtype))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("scale", [1, 1e-3, 100])
def test_floats_are_as_near_as_their_type(dtype, scale):
    weights = np.array(KERNELS["decimals"])
    image = (random_array((9, 70), np.float32) * scale / 4).astype(dtype)
    wanted = exact.responses(image, weights, ["edge"] * 2, middle(weights))
    result = stridekern.filter(image, weights, border="edge")
    assert result.dtype == dtype
    unit = np.finfo(np.float64 if dtype == np.float64 else np.float32).eps / 2
    bound = (9 + 3) * unit * float(np.abs(image).max()) * np.abs(weights).sum()
    if dtype == np.float16:
        bound += 2.0**-11 * max(abs(float(value)) for value in wanted.flat)
    errors = [abs(float(value - exact.Fraction(float(got)))) for value, got in zip(wanted.flat, result.flat)]
    assert max(errors) <= bound


def layouts(image):
    """The same numbers, lying otherwise."""
    rows, columns = image.shape
    yield "C", image
    yield "Fortran", np.asfortranarray(image)
    yield "transposed", np.ascontiguousarray(image.T).T
    apart = np.zeros((rows * 2, columns * 3), image.dtype)
    apart[::2, ::3] = image
    yield "apart", apart[::2, ::3]
    yield "upside down", np.ascontiguousarray(image[::-1])[::-1]
    yield "backwards", np.ascontiguousarray(image[:, ::-1])[:, ::-1]
    yield "turned", np.ascontiguousarray(image[::-1, ::-1].T).T[::-1, ::-1]
    read_only = image.copy()
    read_only.flags.writeable = False
    yield "read-only", read_only
    unaligned = np.zeros(image.nbytes + 1, np.uint8)[1:].view(image.dtype).reshape(image.shape)
    unaligned[...] = image
    yield "unaligned", unaligned
    yield "other byte order", image.astype(image.dtype.newbyteorder())
    fields = np.zeros(image.shape, [("a", np.uint8), ("b", image.dtype)])
    fields["b"] = image
    yield "field", fields["b"]
    yield "memoryview", memoryview(image)
    yield "list", image.tolist()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32, np.float64])
def test_arrays_are_taken_as_they_lie(dtype):
    image = random_array((12, 40), dtype)
    wanted = stridekern.filter(image, KERNELS["integers"], border="reflect")
    for name, other in layouts(image):
        if name == "list":
            other = np.array(other, dtype).tolist()
            result = stridekern.filter(np.array(other, dtype), KERNELS["integers"], border="reflect")
        else:
            result = stridekern.filter(other, KERNELS["integers"], border="reflect")
        assert result.dtype == dtype and result.dtype.isnative, name
        np.testing.assert_allclose(result, wanted, rtol=0, atol=0 if np.dtype(dtype).kind != "f" else 1e-3, err_msg=name)


@pytest.mark.parametrize("dtype", [">f4", ">u2", ">i4", ">f8", "<f4", "<u2"])
def test_either_byte_order_is_read_right(dtype):
    values = np.arange(20).reshape(4, 5) * 1000
    result = stridekern.filter(values.astype(dtype), [[2]])
    np.testing.assert_array_equal(result, values * 2)
    assert result.dtype == np.dtype(dtype).newbyteorder("=")


def test_a_stride_of_zero_repeats():
    row = np.arange(9, dtype=np.uint8)
    image = np.broadcast_to(row, (5, 9))
    wanted = stridekern.filter(image.copy(), "box3", border="edge")
    np.testing.assert_array_equal(stridekern.filter(image, "box3", border="edge"), wanted)
    column = np.broadcast_to(row[:, np.newaxis], (9, 6))
    wanted = stridekern.filter(column.copy(), "box3", border="edge")
    np.testing.assert_array_equal(stridekern.filter(column, "box3", border="edge"), wanted)


def test_other_axes_are_filtered_by_themselves():
    stack = random_array((3, 8, 10, 4), np.uint8)
    for axes in itertools.permutations(range(4), 2):
        result = stridekern.filter(stack, KERNELS["integers"], border="edge", axes=axes)
        assert result.shape == stack.shape
        others = [axis for axis in range(4) if axis not in axes]
        moved = np.moveaxis(stack, [*others, *axes], range(4))
        wanted = np.empty_like(moved)
        for at in np.ndindex(moved.shape[:2]):
            wanted[at] = stridekern.filter(moved[at].copy(), KERNELS["integers"], border="edge")
        np.testing.assert_array_equal(np.moveaxis(result, [*others, *axes], range(4)), wanted, err_msg=str(axes))


def test_several_axes_are_not_guessed():
    colour = np.zeros((4, 5, 3), np.uint8)
    with pytest.raises(ValueError, match=r"shape \(4, 5, 3\) has several pairs of axes: say axes=\(0, 1\)"):
        stridekern.filter(colour, "box3")
    with pytest.raises(ValueError, match="axis 3 is none of an array of 3 dimensions"):
        stridekern.filter(colour, "box3", axes=(0, 3))
    with pytest.raises(ValueError, match=r"axes=\(0, -3\) are one and the same axis"):
        stridekern.filter(colour, "box3", axes=(0, -3))
    with pytest.raises(ValueError, match="an array of 1 dimensions has no rows and columns"):
        stridekern.filter(np.zeros(4), "box3")


def test_results_are_written_into_any_layout():
    image = random_array((20, 30), np.float32)
    wanted = stridekern.filter(image, "gaussian3", border="edge")
    for name, out in layouts(np.zeros_like(image)):
        if name in ("memoryview", "list", "read-only", "unaligned", "other byte order", "field"):
            continue
        result = stridekern.filter(image, "gaussian3", border="edge", out=out)
        assert result is out, name
        np.testing.assert_array_equal(out, wanted, err_msg=name)
    # What lies between is not touched.
    around = np.full((40, 90), 5, np.float32)
    stridekern.filter(image, "gaussian3", border="edge", out=around[::2, ::3])
    np.testing.assert_array_equal(around[::2, ::3], wanted)
    around[::2, ::3] = 5
    assert (around == 5).all()


@pytest.mark.parametrize("shift", [0, 1, 3, 20])
def test_a_result_over_the_image_is_that_beside_it(shift):
    memory = random_array((60, 30), np.uint8)
    image, out = memory[:30], memory[shift : shift + 30]
    wanted = stridekern.filter(image.copy(), "gaussian5", border="reflect")
    assert stridekern.filter(image, "gaussian5", border="reflect", out=out) is out
    np.testing.assert_array_equal(out, wanted)


def test_out_is_what_the_result_is_or_refused():
    image = np.zeros((8, 9), np.uint8)
    with pytest.raises(ValueError, match=r"out must have the shape \(6, 7\) and the type uint8, not \(8, 9\) and uint8"):
        stridekern.filter(image, "box3", out=np.zeros_like(image))
    with pytest.raises(ValueError, match="type uint8, not .* and float32"):
        stridekern.filter(image, "box3", out=np.zeros((6, 7), np.float32))
    read_only = np.zeros((6, 7), np.uint8)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="out is read-only"):
        stridekern.filter(image, "box3", out=read_only)
    with pytest.raises(TypeError, match="out must be a NumPy array, not list"):
        stridekern.filter(image, "box3", out=[])
    repeated = np.lib.stride_tricks.as_strided(np.zeros(7, np.uint8), (6, 7), (0, 1))
    with pytest.raises(ValueError, match="elements of out share memory, .*: filter into a new array"):
        stridekern.filter(image, "box3", out=repeated)
    # Neither along rows nor along columns, but from plane to plane.
    repeated = np.lib.stride_tricks.as_strided(np.zeros(42, np.uint8), (9, 6, 7), (0, 7, 1))
    with pytest.raises(ValueError, match="elements of out share memory"):
        stridekern.filter(np.zeros((9, 8, 9), np.uint8), "box3", axes=(1, 2), out=repeated)
    # Elements between others are none of these.
    woven = np.lib.stride_tricks.as_strided(np.zeros(100, np.uint8), (2, 7), (4, 2))
    with pytest.raises(ValueError, match="elements of out share memory"):
        stridekern.filter(image[:4], "box3", out=woven)
    woven = np.lib.stride_tricks.as_strided(np.zeros(100, np.uint8), (2, 7), (3, 2))
    stridekern.filter(image[:4] + np.uint8(5), "box3", out=woven)
    assert woven.tolist() == [[5] * 7] * 2


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((3, 3), complex), r"complex128 cannot be filtered: filter a.real and a.imag"),
        (np.zeros((3, 3), object), "object cannot be filtered: convert it"),
        (np.zeros((3, 3), "datetime64[s]"), "cannot be filtered"),
        (np.zeros((3, 3), "U3"), "cannot be filtered"),
        (np.zeros((3, 3), "S3"), "cannot be filtered"),
        (np.zeros((3, 3), [("a", "u1")]), "filter its fields"),
    ],
)
def test_what_is_no_number_is_refused(array, message):
    with pytest.raises(TypeError, match=message):
        stridekern.filter(array, "box3")


def test_views_that_leave_their_memory_are_refused():
    memory = np.zeros(100, np.uint8)
    beyond = np.lib.stride_tricks.as_strided(memory, (10, 11), (10, 1))
    with pytest.raises(ValueError, match="outside of the memory .*: 0 bytes before its begin, 1 behind its end"):
        stridekern.filter(beyond, "box3")
    before = np.lib.stride_tricks.as_strided(memory[5:], (3, 3), (-3, 1))
    with pytest.raises(ValueError, match="1 bytes before its begin"):
        stridekern.filter(before, "box3")
    with pytest.raises(ValueError, match="outside of the memory"):
        stridekern.filter(np.zeros((12, 13), np.uint8), "box3", out=beyond)
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(100, dtype=np.uint8), 10)
    stridekern.filter(windows, "box3")

    class Liar(np.ndarray):
        base = np.zeros(10_000, np.uint8)

    with pytest.raises(ValueError, match="outside of the memory"):
        stridekern.filter(beyond.view(Liar), "box3")

    class Own:
        """What says that it is its own base."""

        __array_interface__ = memory.__array_interface__ | {"shape": (10, 10)}

        @property
        def base(self):
            return self

    assert stridekern.filter(Own(), "box3").shape == (8, 8)


def test_arrays_are_written_that_numpy_would_write_to():
    class Liar(np.ndarray):
        flags = type("Flags", (), {"writeable": True})()

    fixed = bytes(25)
    out = np.frombuffer(fixed, np.uint8).reshape(5, 5).view(Liar)
    with pytest.raises(ValueError, match="out is read-only"):
        stridekern.filter(np.full((5, 5), 7, np.uint8), [[1]], out=out)
    assert fixed == bytes(25)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0), (4, 0, 6)])
def test_nothing_is_nothing_to_filter(shape):
    with pytest.raises(ValueError, match="the image is empty; there is nothing to filter"):
        stridekern.filter(np.zeros(shape, np.float32), "box3", border="edge", axes=(-2, -1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": [[np.nan]]}, "NaN|nan|finite"),
        ({"kernel": [[np.inf]]}, "finite|inf"),
        ({"kernel": [1, 2, 3]}, "a kernel has two dimensions, not 1"),
        ({"kernel": np.zeros((3, 0))}, "."),
        ({"kernel": "no-such-kernel"}, "no-such-kernel"),
        ({"kernel": "box3", "border": "sideways"}, "sideways"),
        ({"kernel": "box3", "map": "sideways"}, "sideways"),
        ({"kernel": "box3", "rounding": "sideways"}, "rounding='?\"?sideways"),
        ({"kernel": "box3", "overflow": "sideways"}, "overflow"),
        ({"kernel": "box3", "divisor": 0.0}, "divisor"),
        ({"kernel": "box3", "anchor": (3, 0)}, "anchor"),
        ({"kernel": "box3", "anchor": (-1, 0)}, "anchor must be at least 0, not -1"),
        ({"kernel": "box3", "step": (0, 1)}, "step must be at least 1, not 0"),
        ({"kernel": "box3", "step": -2}, "step must be at least 1, not -2"),
        ({"kernel": "box3", "dilation": 0}, "dilation must be at least 1, not 0"),
        ({"kernel": "box3", "method": "fastest"}, 'method="fastest" is none of auto, direct, fft'),
        ({"kernel": "box3", "threads": 0}, "threads must be 1 to 512, not 0"),
        ({"kernel": "box3", "threads": -1}, "threads must be 1 to 512, not -1"),
        ({"kernel": "box3", "normalize": True, "divisor": 2.0}, "normalize=True sets the divisor"),
        ({"kernel": "box3", "alpha": "drop"}, 'alpha="drop" is none of filter, copy, weight'),
        ({"kernel": "box3", "alpha": "weight"}, r"the array of shape \(5, 5\) has no such axis"),
        ({"kernel": "box3", "dtype": ">f4"}, "byte order of this machine"),
        ({"kernel": "laplacian4", "normalize": True}, "sum"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        stridekern.Filter(options.pop("kernel"), **options)(np.zeros((5, 5), np.uint8))
    with pytest.raises(TypeError):
        stridekern.Filter("box3", sigma=2)
    for name, value in [("step", "both"), ("step", (1, 2, 3)), ("dilation", 1.5), ("anchor", 1), ("axes", "yx")]:
        with pytest.raises(TypeError, match=f"{name} must be two integers, of rows and of columns, not"):
            stridekern.Filter("box3", **{name: value})


def test_every_kind_of_kernel(tmp_path: Path):
    image = random_array((20, 20), np.uint8)
    wanted = stridekern.filter(image, [[1, 2, 1], [2, 4, 2], [1, 2, 1]], divisor=16)
    file = tmp_path / "own.toml"
    file.write_text("weights = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]\ndivisor = 16\n")
    for kernel in ["gaussian3", str(file), file, np.outer([1, 2, 1], [1, 2, 1]).T]:
        options = {} if isinstance(kernel, (str, Path)) else {"normalize": True}
        np.testing.assert_array_equal(stridekern.filter(image, kernel, **options), wanted)
    product = stridekern.filter(image, column=[1, 2, 1], row=(1, 2, 1), normalize=True)
    np.testing.assert_array_equal(product, wanted)
    # Two tuples are weights like any others.
    square = stridekern.filter(image, ((1, 2), (3, 4)), normalize=True)
    np.testing.assert_array_equal(square, stridekern.filter(image, np.array([[1, 2], [3, 4]]), normalize=True))
    for options in [{}, {"kernel": "box3", "row": [1]}, {"column": [1]}]:
        with pytest.raises(TypeError, match="give a kernel, or the column and the row"):
            stridekern.Filter(**options)


def test_options_do_what_they_say():
    image = random_array((12, 15), np.uint8)
    weights = np.arange(9).reshape(3, 3)
    flipped = stridekern.filter(image, weights, border="edge", divisor=40, flip=True)
    np.testing.assert_array_equal(flipped, stridekern.filter(image, weights[::-1, ::-1], border="edge", divisor=40))
    stepped = stridekern.filter(image, "box3", border="edge", step=(2, 3))
    np.testing.assert_array_equal(stepped, stridekern.filter(image, "box3", border="edge")[::2, ::3])
    wide = np.zeros((3, 5))
    wide[:, ::2] = weights
    dilated = stridekern.filter(image, weights, border="edge", divisor=40, dilation=(1, 2))
    np.testing.assert_array_equal(dilated, stridekern.filter(image, wide, border="edge", divisor=40))
    signed = stridekern.filter(image, "sobel_x", dtype=np.int16)
    assert signed.dtype == np.int16 and signed.min() < 0
    per_axis = stridekern.filter(image, "box3", border="y=wrap,x=edge")
    padded = np.pad(np.pad(image, ((1, 1), (0, 0)), "wrap"), ((0, 0), (1, 1)), "edge")
    np.testing.assert_array_equal(per_axis, stridekern.filter(padded, "box3"))


def test_missing_samples_take_no_part():
    image = random_array((9, 9), np.float64)
    image[4, 4] = np.nan
    assert np.isnan(stridekern.filter(image, "box3")).sum() == 9
    result = stridekern.filter(image, "box3", ignore=np.nan)
    assert not np.isnan(result).any()
    around = [image[y, x] for y in range(3, 6) for x in range(3, 6) if (y, x) != (4, 4)]
    assert result[3, 3] == pytest.approx(np.mean(around))
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    image[4, 4] = 1e9
    np.testing.assert_allclose(stridekern.filter(image, "box3", mask=mask), result, rtol=1e-12)


def test_a_filter_is_used_for_many_shapes_and_threads():
    blur = stridekern.Filter("gaussian5", border="edge")
    images = [random_array(shape, dtype) for shape in [(9, 9), (40, 33)] for dtype in [np.uint8, np.float32]]
    wanted = [stridekern.filter(image, "gaussian5", border="edge") for image in images]
    wrong = []

    def work():
        for _ in range(50):
            for image, result in zip(images, wanted):
                if not np.array_equal(blur(image), result):
                    wrong.append(image.shape)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_bytes_do_not_depend_on_threads(threads):
    image = random_array((1500, 1200), np.float32)
    wanted = stridekern.filter(image, "gaussian:sigma=3", border="reflect", threads=1)
    result = stridekern.filter(image, "gaussian:sigma=3", border="reflect", threads=threads)
    assert result.tobytes() == wanted.tobytes()


def test_large_results_are_not_those_of_before():
    first = stridekern.filter(np.full((3000, 3000), 1, np.float32), [[1]])
    second = stridekern.filter(np.full((3000, 3000), 2, np.float32), [[1]])
    assert (first == 1).all() and (second == 2).all()
    del first
    third = stridekern.filter(np.full((3000, 3000), 3, np.float32), [[1]])
    assert (second == 2).all() and (third == 3).all()


def test_the_interpreter_is_free_meanwhile():
    image = random_array((2000, 2000), np.float64)
    ticks, done = 0, threading.Event()

    def work():
        stridekern.filter(image, np.random.default_rng(1).uniform(-1, 1, (25, 25)), border="edge", threads=1)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    thread.join()
    assert ticks > 20


def test_one_step_is_that_of_rows_and_columns():
    image = random_array((20, 21), np.uint8)
    both = stridekern.filter(image, "gaussian3", step=2, dilation=3)
    np.testing.assert_array_equal(both, stridekern.filter(image, "gaussian3", step=(2, 2), dilation=[3, np.int64(3)]))
    assert both.shape == (7, 8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_methods_differ_by_rounding(dtype):
    image = random_array((300, 400), dtype)
    weights = np.random.default_rng(3).integers(-9, 9, (25, 23))
    options = dict(border="reflect", dtype=np.float64)
    by = {method: stridekern.filter(image, weights, method=method, **options) for method in ("auto", "direct", "fft")}
    tolerance = 0 if np.dtype(dtype).kind == "u" else 64 * np.finfo(dtype).eps * np.abs(by["direct"]).max()
    for result in by.values():
        np.testing.assert_allclose(result, by["direct"], rtol=0, atol=tolerance)
    if tolerance:
        # These samples are not the same, so that the method was another.
        assert (by["fft"] != by["direct"]).any()


def test_channels_are_behind_rows_and_columns_however_an_array_lies():
    array = np.random.default_rng(6).random((3, 6, 7, 3))
    mask = np.zeros((6, 7, 3), bool)
    mask[2, 2, 0] = True
    options = dict(border="edge", axes=(1, 2), mask=mask)
    wanted = stridekern.filter(array, "box3", **options)
    np.testing.assert_allclose(stridekern.filter(np.asfortranarray(array), "box3", **options), wanted, rtol=1e-13)
    with pytest.raises(ValueError, match="mask"):
        stridekern.filter(np.zeros((5, 6, 7)), "box3", axes=(1, 2), mask=np.zeros((6, 7, 5)))


@pytest.mark.parametrize("lying", ["pixels", "planes", "Fortran"])
def test_colours_count_by_their_alpha(lying):
    image = random_array((20, 30, 4), np.uint8)
    image[..., 3] = np.random.default_rng(4).choice([0, 255], (20, 30))
    image = {
        "pixels": image,
        "planes": np.ascontiguousarray(np.moveaxis(image, 2, 0)).transpose(1, 2, 0),
        "Fortran": np.asfortranarray(image),
    }[lying]
    options = dict(border="edge", axes=(0, 1))
    plain = stridekern.filter(image, "box3", **options)
    np.testing.assert_array_equal(stridekern.filter(image, "box3", alpha="filter", **options), plain)
    copied = stridekern.filter(image, "box3", alpha="copy", **options)
    np.testing.assert_array_equal(copied[..., :3], plain[..., :3])
    np.testing.assert_array_equal(copied[..., 3], image[..., 3])
    weighted = stridekern.filter(image, "box3", alpha="weight", **options)
    np.testing.assert_array_equal(weighted[..., 3], plain[..., 3])
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    for row, column in np.ndindex(20, 30):
        window = padded[row : row + 3, column : column + 3].reshape(9, 4)
        opaque = window[window[:, 3] > 0, :3]
        if len(opaque):
            wanted = [round(Fraction(int(total), len(opaque))) for total in opaque.sum(axis=0, dtype=int)]
            assert weighted[row, column, :3].tolist() == wanted


def test_masked_arrays_are_refused():
    values = np.arange(25.0).reshape(5, 5)
    masked = np.ma.masked_equal(values, 7)
    for call in [
        lambda: stridekern.filter(masked, "box3"),
        lambda: stridekern.ndimage.gaussian_filter(masked, 1),
        lambda: stridekern.ndimage.correlate1d(values, np.ma.masked_equal([1, 2, 1], 2)),
    ]:
        with pytest.raises(ValueError, match="the array is masked, and its mask would be lost: give its data"):
            call()
    wanted = stridekern.filter(values, "box3", normalize=True, mask=masked.mask)
    np.testing.assert_array_equal(stridekern.filter(masked.data, "box3", normalize=True, mask=masked.mask), wanted)
    # Nothing is lost of a mask that hides nothing.
    np.testing.assert_array_equal(
        stridekern.filter(np.ma.array(values), "box3"), stridekern.filter(values, "box3")
    )


def test_names_are_those_of_kernels_before_those_of_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wanted = [stridekern.filter(np.eye(9), name) for name in ("box3", "gaussian:sigma=1")]
    for name in ("box3", "gaussian:sigma=1", "own"):
        Path(name).write_text("weights = [[5]]")
    for name, result in zip(("box3", "gaussian:sigma=1"), wanted):
        np.testing.assert_array_equal(stridekern.filter(np.eye(9), name), result)
        np.testing.assert_array_equal(stridekern.filter(np.eye(9), Path(name)), 5 * np.eye(9))
    np.testing.assert_array_equal(stridekern.filter(np.eye(9), "own"), 5 * np.eye(9))
    assert "sobel" in stridekern.kernel_names()


def test_what_was_given_may_change_afterwards():
    kernel, image = [[1, 1]], np.full((3, 3), 7)
    kept = stridekern.Filter(kernel)
    kernel[0][0] = 5
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(kept))(image), kept(image))
    mask = stridekern.Picture(np.zeros((5, 5), np.uint8), None)
    ramp, weights = np.arange(25.0).reshape(5, 5), np.ones((3, 3))
    for value in (0, 1):
        mask.samples[0, 1] = value
        result = stridekern.filter(ramp, weights, border="edge", mask=mask)
        np.testing.assert_array_equal(result, stridekern.filter(ramp, weights, border="edge", mask=mask.samples))


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint64])
def test_small_numbers_of_large_types_are_rounded_as_others(dtype):
    image = (np.arange(90_000).reshape(300, 300) % 97).astype(dtype)
    result = stridekern.filter(image, "gaussian:sigma=2", border="edge", ignore=1)
    wanted = stridekern.filter(image.astype(np.float64), "gaussian:sigma=2", border="edge", ignore=1)
    assert np.abs(result.astype(float) - wanted).max() <= 0.5 + 1e-9


def test_filters_are_equal_if_they_were_made_alike():
    assert stridekern.Filter("sobel", border="edge", step=2) == stridekern.Filter("sobel", step=2, border="edge")
    assert stridekern.Filter(column=[1, 2], row=[1]) == stridekern.Filter(column=[1, 2], row=[1])
    make = lambda: stridekern.Filter(np.eye(3), border="edge", mask=np.zeros((3, 3)))  # noqa: E731
    assert make() == make() == pickle.loads(pickle.dumps(make())) and hash(make()) == hash(make())
    assert make() != stridekern.Filter(np.eye(3), border="edge") != "box3"


def told(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert all(warning.category is stridekern.ResultWarning for warning in caught)
    assert all(Path(warning.filename) == Path(__file__) for warning in caught)
    return [str(warning.message) for warning in caught]


def test_what_a_result_holds_less_of_is_told():
    ramp = np.tile(np.arange(90, 0, -10, dtype=np.uint8), (40, 1))
    for image, options, text in [
        (ramp, {}, "100 % of the samples were clipped to 0, since the responses are negative: a result of a signed"),
        (ramp, {"overflow": "wrap"}, None),
        (ramp, {"dtype": np.int16}, None),
        (ramp, {"map": "abs"}, None),
        (ramp, {"dtype": np.float16}, None),
        (ramp.astype(float), {}, None),
        (np.full((9, 9), np.nan), {"dtype": np.uint8}, "49 responses are not a number and became 0"),
        (ramp.astype(np.float64) * 1e4, {"dtype": np.float16}, "266 finite responses"),
        (ramp, {"like": "scipy"}, "100 % of the samples wrapped around"),
    ]:
        texts = told(lambda: stridekern.filter(image, "sobel_x", **options))
        assert len(texts) == (text is not None) and (text is None or texts[0].startswith(text)), (options, texts)
    # A tenth of the samples, as of highlights, is not.
    image = np.zeros((50, 50), np.uint8)
    image[10] = 200
    assert told(lambda: stridekern.filter(image, [[2]])) == []
    holes = np.full((5, 5), 255, np.uint8)
    (text,) = told(lambda: stridekern.filter(holes, "box3", ignore=255))
    assert text == "9 samples of the result are 255: no weight lies on a present sample"


def test_threads_without_lines_of_their_own_are_told():
    done = []
    warned = stridekern.Filter([[100]])

    def told_at_the_end(message, *_, **__):
        done.append(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = told_at_the_end
        _thread.start_new_thread(warned, (np.full((5, 5), 107, np.uint8),))
        for _ in range(200):
            if done:
                break
            time.sleep(0.05)
    assert done and done[0].startswith("100 % of the samples were clipped to 255")


def test_planes_are_told_of_together():
    stack = np.zeros((200, 30, 40), np.uint8)
    stack[:30] = 200
    image = np.moveaxis(stack, 0, -1)
    for array, axes in [(stack, (1, 2)), (image, (0, 1)), (np.asfortranarray(stack), (1, 2))]:
        for threads in (1, 2):
            (text,) = told(lambda: stridekern.filter(array, [[2]], axes=axes, threads=threads))
            assert text.startswith("15 % of the samples were clipped to 255"), text


def test_threads_are_set_for_all_calls():
    before = stridekern.get_num_threads()
    try:
        stridekern.set_num_threads(1)
        assert stridekern.get_num_threads() == 1
        with pytest.raises(ValueError, match="threads must be 1 to 512, not 0"):
            stridekern.set_num_threads(0)
    finally:
        stridekern.set_num_threads(None)
    assert stridekern.get_num_threads() == before


def test_the_environment_limits_threads():
    code = """
import numpy, os, stridekern
stridekern.filter(numpy.zeros((4000, 4000), numpy.float32), "gaussian5")
print(sum(open(f"/proc/self/task/{task}/comm").read().startswith("stridekern") for task in os.listdir("/proc/self/task")))
"""
    for limit, threads in [("1", 0), ("1,2", 0), ("", max(os.cpu_count(), 1)), ("many", os.cpu_count())]:
        if os.cpu_count() == 1:
            threads = 0
        environment = os.environ | {"OMP_NUM_THREADS": limit}
        printed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert int(printed.stdout) == threads, (limit, printed.stdout)
