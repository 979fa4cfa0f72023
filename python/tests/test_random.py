"""Random arguments, good and bad: a result that is right, or an exception of Python's own."""

import os

import exact
import numpy as np
import pytest

import stridekern
from stridekern import ndimage, strides

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import strategies as st  # noqa: E402

EXAMPLES = int(os.environ.get("STRIDEKERN_EXAMPLES", "200"))
settings = hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None)
EXCEPTIONS = (ValueError, TypeError, MemoryError, RuntimeError, OverflowError, IndexError)

TYPES = ["?", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
BORDERS = ["valid", "edge", "reflect", "symmetric", "wrap", "constant", "constant:3"]


@st.composite
def arrays(draw, dtypes=TYPES, dimensions=(0, 4)):
    """An array of any layout."""
    dtype = np.dtype(draw(st.sampled_from(dtypes))).newbyteorder(draw(st.sampled_from("=<>")))
    shape = draw(st.lists(st.integers(0, 9), min_size=dimensions[0], max_size=dimensions[1]))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    steps = draw(st.lists(st.sampled_from([1, 1, 2, -1, -3]), min_size=len(shape), max_size=len(shape)))
    size = [max(1, length) * abs(step) for length, step in zip(shape, steps)]
    if dtype.kind == "f":
        parent = random.uniform(-300, 300, size)
    else:
        parent = random.integers(0, 2 if dtype.kind == "b" else 100, size)
    parent = parent.astype(dtype)
    array = parent[tuple(slice(None, None, step) for step in steps)]
    array = array[tuple(slice(length) for length in shape)]
    order = draw(st.permutations(range(len(shape))))
    array = array.transpose(order)
    if draw(st.booleans()) and array.ndim:
        array = np.broadcast_to(array, (draw(st.integers(0, 3)), *array.shape))
    return array


@st.composite
def weights(draw):
    shape = draw(st.lists(st.integers(0, 5), min_size=1, max_size=3))
    numbers = st.one_of(st.integers(-9, 9), st.floats(-5, 5, width=32), st.floats())
    count = int(np.prod(shape))
    return np.array(draw(st.lists(numbers, min_size=count, max_size=count)), float).reshape(shape)


@settings
@hypothesis.given(st.data())
def test_any_arguments(data):
    image = data.draw(arrays())
    options = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "border": st.sampled_from([*BORDERS, "y=edge,x=wrap", "sideways", ""]),
                "step": st.tuples(st.integers(-1, 4), st.integers(0, 4)),
                "dilation": st.tuples(st.integers(0, 3), st.integers(1, 100)),
                "axes": st.one_of(st.none(), st.tuples(st.integers(-5, 5), st.integers(-5, 5))),
                "map": st.sampled_from(["clamp", "abs", "offset", "stretch", "symmetric", "float", "?"]),
                "dtype": st.sampled_from([*TYPES, "O", "c16", ">f4", None]),
                "divisor": st.one_of(st.none(), st.floats()),
                "bias": st.one_of(st.none(), st.floats()),
                "anchor": st.one_of(st.none(), st.tuples(st.integers(0, 5), st.integers(0, 5))),
                "normalize": st.booleans(),
                "flip": st.booleans(),
                "ignore": st.one_of(st.none(), st.floats()),
                "mask": st.one_of(st.none(), arrays(["?", "u1"], (2, 2))),
                "like": st.sampled_from([None, "scipy", "opencv", "pillow", "vips", "imagemagick", "?"]),
                "rounding": st.sampled_from([None, "nearest-up", "toward-zero", "?"]),
                "overflow": st.sampled_from([None, "wrap", "saturate", "?"]),
                "threads": st.sampled_from([None, 0, 1, 2, 5]),
            },
        )
    )
    kernel = data.draw(st.one_of(weights(), st.sampled_from(["box3", "sobel", "gaussian:sigma=1", "nothing", ""])))
    out = data.draw(st.one_of(st.none(), arrays()))
    try:
        result = stridekern.filter(image, kernel, out=out, **options)
    except EXCEPTIONS:
        return
    assert isinstance(result, np.ndarray) and (out is None or result is out)


@settings
@hypothesis.given(
    arrays(["u1", "u2", "i2", "i4"], (2, 2)),
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from(BORDERS[1:]),
    st.integers(0, 99),
)
def test_integers_are_exact(image, rows, columns, border, seed):
    hypothesis.assume(image.size and image.ndim == 2)
    kernel = np.random.default_rng(seed).integers(-20, 20, (rows, columns)) / 4
    name, _, constant = border.partition(":")
    wanted = exact.responses(image, kernel, [name] * 2, [rows // 2, columns // 2], int(constant or 0))
    result = stridekern.filter(image, kernel, border=border)
    np.testing.assert_array_equal(result, exact.rounded(wanted, image.dtype.newbyteorder("=")))


@settings
@hypothesis.given(st.data())
def test_scipys_functions(data):
    scipy_ndimage = pytest.importorskip("scipy.ndimage")
    array = data.draw(arrays(["f4", "f8"], (1, 3)))
    mode = data.draw(st.sampled_from(["reflect", "mirror", "nearest", "wrap", "constant"]))
    name = data.draw(st.sampled_from(["gaussian_filter", "uniform_filter", "sobel", "laplace", "prewitt"]))
    argument = {"gaussian_filter": data.draw(st.floats(0, 3)), "uniform_filter": data.draw(st.integers(0, 6))}.get(name, -1)
    if name == "laplace":
        argument = None
    arguments = (array,) if argument is None else (array, argument)
    try:
        wanted = getattr(scipy_ndimage, name)(array.astype(array.dtype.newbyteorder("=")), *arguments[1:], mode=mode)
    except (ValueError, RuntimeError):
        wanted = None
    try:
        result = getattr(ndimage, name)(*arguments, mode=mode)
    except (ValueError, RuntimeError):
        assert wanted is None
        return
    if wanted is not None:
        np.testing.assert_allclose(result, wanted, rtol=0, atol=2e-3 if array.dtype.itemsize == 4 else 1e-9)


@settings
@hypothesis.given(
    arrays(dimensions=(1, 3)),
    st.lists(st.tuples(st.integers(0, 5), st.integers(-6, 6)), min_size=1, max_size=3),
    st.integers(-20, 20),
)
def test_views_never_leave_their_memory(array, axes, offset):
    shape, steps = [a for a, _ in axes], [b for _, b in axes]
    try:
        view = strides.as_strided(array, shape, steps, offset)
    except ValueError:
        return
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    low, high = np.lib.array_utils.byte_bounds(owner)
    if view.size:
        first, last = np.lib.array_utils.byte_bounds(view)
        assert low <= first and last <= high
    assert not view.flags.writeable
