"""`stridekern.ndimage` beside SciPy's, and beside exact arithmetic where it rounds better."""

import warnings

import exact
import numpy as np
import pytest
import scipy.ndimage

import stridekern
from stridekern import ndimage

MODES = ["reflect", "grid-mirror", "mirror", "nearest", "constant", "grid-constant", "wrap", "grid-wrap"]
SHAPES = [(11,), (7, 12), (1, 9), (5, 4, 6), (3, 4, 2, 5)]


def random_array(shape, dtype, seed=3):
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "c":
        return (random.uniform(-1, 1, shape) + 1j * random.uniform(-1, 1, shape)).astype(dtype)
    if np.dtype(dtype).kind == "f":
        return random.uniform(-1, 1, shape).astype(dtype)
    return random.integers(0, 100, shape).astype(dtype)


def compare(name, *args, tolerance=1e-6, **kwargs):
    wanted = getattr(scipy.ndimage, name)(*args, **kwargs)
    result = getattr(ndimage, name)(*args, **kwargs)
    assert result.dtype == wanted.dtype and result.shape == wanted.shape
    scale = max(1.0, float(np.abs(wanted).max())) if wanted.size else 1.0
    np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance * scale, err_msg=f"{name} {kwargs}")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", SHAPES)
def test_floats_are_scipys(shape, dtype, mode):
    array = random_array(shape, dtype)
    random = np.random.default_rng(5)
    tolerance = 1e-6 if dtype in (np.float32, np.complex64) else 1e-12
    options = {"mode": mode, "cval": 0.7, "tolerance": tolerance}
    for size in (1, 2, 3, 5):
        weights = random.uniform(-1, 1, (size,) * len(shape))
        # Centred, and at both ends.
        for origin in {0, -(size // 2), (size - 1) // 2}:
            compare("correlate", array, weights, origin=origin, **options)
            compare("convolve", array, weights, origin=origin, **options)
            for axis in range(len(shape)):
                line = weights.reshape(-1)[:size]
                compare("correlate1d", array, line, axis, origin=origin, **options)
                compare("convolve1d", array, line, axis, origin=origin, **options)
                compare("uniform_filter1d", array, size, axis, origin=origin, **options)
            compare("uniform_filter", array, size, origin=origin, **options)
    for axis in range(len(shape)):
        compare("sobel", array, axis, **options)
        compare("prewitt", array, axis, **options)
        compare("gaussian_filter1d", array, 1.3, axis, 1, **options)
    compare("laplace", array, **options)
    for sigma in (0.6, 1.7):
        compare("gaussian_filter", array, sigma, **options)
        compare("gaussian_filter", array, sigma, order=1, truncate=3, **options)
        compare("gaussian_filter", array, sigma, order=[2, *[0] * (len(shape) - 1)], **options)
        compare("gaussian_laplace", array, sigma, **options)
        if np.dtype(dtype).kind != "c":
            compare("gaussian_gradient_magnitude", array, sigma, **options)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.int64, np.bool_])
@pytest.mark.parametrize("mode", MODES)
def test_scipys_integers_are_to_be_had(dtype, mode):
    array = random_array((9, 14), dtype)
    random = np.random.default_rng(5)
    options = {"mode": mode, "cval": 3}
    for weights in [random.integers(-9, 9, (3, 3)), random.integers(-9, 9, (2, 4))]:
        for name in ("correlate", "convolve"):
            wanted = getattr(scipy.ndimage, name)(array, weights, **options)
            result = getattr(ndimage, name)(array, weights, integers="scipy", **options)
            assert result.dtype == wanted.dtype
            np.testing.assert_array_equal(result, wanted)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
@pytest.mark.parametrize("mode", ["reflect", "mirror", "nearest", "wrap", "constant"])
def test_integers_are_exact(dtype, mode):
    array = random_array((6, 7), dtype)
    border = {"reflect": "symmetric", "mirror": "reflect", "nearest": "edge"}.get(mode, mode)
    sums = [([1, 2, 1], [1, 0, -1], 1), ([1] * 3, [1] * 4, 12), ([3, -1], [5], 7)]
    for column, row, divisor in sums:
        weights = np.outer(column, row)
        anchor = [size // 2 for size in weights.shape]
        wanted = exact.responses(array, weights, [border] * 2, anchor) / exact.Fraction(divisor)
        result = ndimage.correlate(array, weights / divisor if divisor == 1 else weights, mode=mode)
        if divisor == 1:
            np.testing.assert_array_equal(result, exact.rounded(wanted, dtype))
    wanted = exact.responses(array, np.ones((3, 4), int), [border] * 2, [1, 2]) / 12
    np.testing.assert_array_equal(ndimage.uniform_filter(array, (3, 4), mode=mode), exact.rounded(wanted, dtype))
    wanted = exact.responses(array, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], [border] * 2, [1, 1])
    np.testing.assert_array_equal(ndimage.laplace(array, mode=mode), exact.rounded(wanted, dtype))


def test_modes_sizes_and_axes_of_their_own():
    array = random_array((6, 7, 8), np.float64)
    options = {"mode": ["wrap", "nearest", "mirror"], "tolerance": 1e-12}
    compare("gaussian_filter", array, [0.5, 1, 2], **options)
    compare("uniform_filter", array, [2, 3, 4], origin=[0, 1, -1], **options)
    compare("sobel", array, 1, **options)
    compare("laplace", array, **options)
    for axes in [(0, 2), (2, 0), (1,), 1, (-1, -3)]:
        count = 1 if np.ndim(axes) == 0 else len(axes)
        options = {"axes": axes, "tolerance": 1e-12}
        compare("gaussian_filter", array, [0.5, 1.5][:count], mode=["wrap", "mirror"][:count], **options)
        compare("uniform_filter", array, [3, 5][:count], **options)
    weights = np.random.default_rng(5).uniform(-1, 1, (3, 2))
    compare("correlate", array, weights, axes=(0, 2), origin=[1, 0], mode="mirror", tolerance=1e-12)
    result = ndimage.correlate(array, weights, axes=(0, 2), mode=["mirror", "wrap"])
    padded = np.pad(np.pad(array, ((1, 1), (0, 0), (0, 0)), "reflect"), ((0, 0), (0, 0), (1, 0)), "wrap")
    inside = scipy.ndimage.correlate(padded, weights, axes=(0, 2))[1:-1, :, 1:]
    np.testing.assert_allclose(result, inside, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
@pytest.mark.parametrize("cval", [0.7, -5, 300, 1e6])
def test_a_constant_need_not_be_a_sample(dtype, cval):
    array = random_array((5, 6), dtype)
    options = {"mode": "constant", "cval": cval, "output": np.float64}
    for name, argument in [("correlate", [[1, 2, 3]]), ("uniform_filter", 3), ("gaussian_filter", 1)]:
        wanted = getattr(scipy.ndimage, name)(array, argument, **options)
        np.testing.assert_allclose(getattr(ndimage, name)(array, argument, **options), wanted, rtol=1e-9)


def test_outputs():
    array = random_array((9, 8), np.uint8)
    floats = ndimage.gaussian_filter(array, 1, output=np.float32)
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats, scipy.ndimage.gaussian_filter(array, 1, output=np.float32), atol=1e-4)
    out = np.empty((9, 8), np.int16)
    assert ndimage.sobel(array, output=out) is out
    np.testing.assert_array_equal(out, scipy.ndimage.sobel(array, output=np.int16))
    # In place, and shifted within one memory.
    for name, arguments in [("correlate", ([[1, 2, 0]],)), ("sobel", ()), ("gaussian_filter", (1.0,)), ("laplace", ())]:
        for shift in (0, 1):
            memory = random_array((10, 8), np.float64)
            source, out = memory[:9], memory[shift : shift + 9]
            wanted = getattr(scipy.ndimage, name)(source.copy(), *arguments)
            getattr(ndimage, name)(source, *arguments, output=out)
            np.testing.assert_allclose(out, wanted, atol=1e-12)
    # Of the other byte order, and not aligned.
    for kind in (">f8", "<f8"):
        out = np.zeros(9 * 8 * 8 + 1, np.uint8)[1:].view(kind).reshape(9, 8)
        ndimage.sobel(array.astype(">i4"), output=out)
        np.testing.assert_array_equal(out, scipy.ndimage.sobel(array, output=np.float64))
    assert ndimage.sobel(array.astype(">f4")).dtype == np.dtype("=f4")
    with pytest.raises(RuntimeError, match=r"output has the shape \(3, 3\)"):
        ndimage.laplace(array, output=np.zeros((3, 3)))


def test_what_cannot_be_is_refused():
    array = np.zeros((4, 5))
    for call, message in [
        (lambda: ndimage.correlate(array, [1, 2]), "weights have 1 dimensions for 2 axes"),
        (lambda: ndimage.correlate1d(array, [[1]]), "no filter weights"),
        (lambda: ndimage.correlate1d(array, []), "no filter weights"),
        (lambda: ndimage.correlate1d(array, [1], axis=2), "axis 2 is none of"),
        (lambda: ndimage.correlate1d(array, [1], mode="sideways"), "boundary mode 'sideways'"),
        (lambda: ndimage.correlate1d(array, [1, 2, 3], origin=2), "origin 2 moves a window of 3 off its sample: it must be -1 to 1"),
        (lambda: ndimage.gaussian_filter(array, 1, radius=-1), "radius must be at least 0"),
        (lambda: ndimage.gaussian_filter(array, 1, order=-1), "order must be at least 0"),
        (lambda: ndimage.gaussian_filter(array, [1, 2, 3]), "sequence argument"),
        (lambda: ndimage.uniform_filter1d(array, 0), "incorrect filter size"),
        (lambda: ndimage.laplace(array, integers="other"), "integers='other'"),
        (lambda: ndimage.laplace(array, axes=(0, 0)), "name one axis twice"),
    ]:
        with pytest.raises((ValueError, RuntimeError), match=message):
            call()


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3), ()])
def test_arrays_without_elements_or_axes(shape):
    array = np.ones(shape)
    for call in [
        lambda module: module.gaussian_filter(array, 1),
        lambda module: module.uniform_filter(array, 3),
        lambda module: module.correlate(array, np.ones((1,) * len(shape))),
    ]:
        np.testing.assert_array_equal(call(ndimage), call(scipy.ndimage))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.int32])
@pytest.mark.parametrize("mode", ["reflect", "mirror", "nearest", "wrap", "constant"])
def test_every_function_has_scipys_integers(dtype, mode):
    for shape in [(40,), (9, 14), (5, 6, 7)]:
        array = random_array(shape, dtype)
        for name, arguments in [
            ("correlate", (np.full((3,) * len(shape), 3.0**-len(shape)),)),
            ("correlate1d", ([0.1, 0.7, -0.3], 0)),
            ("uniform_filter", (3,)),
            ("uniform_filter", (2,)),
            ("uniform_filter1d", (5,)),
            ("gaussian_filter", (1.2,)),
            ("gaussian_filter1d", (0.8, 0)),
            ("sobel", (0,)),
            ("prewitt", (-1,)),
            ("laplace", ()),
        ]:
            for cval in [0, 3, 1.5, -3] if mode == "constant" else [0]:
                options = {"mode": mode, "cval": cval}
                wanted = getattr(scipy.ndimage, name)(array, *arguments, **options)
                result = getattr(ndimage, name)(array, *arguments, integers="scipy", **options)
                assert result.dtype == wanted.dtype
                np.testing.assert_array_equal(result, wanted, err_msg=f"{name} {shape} {options}")


def test_floats_become_scipys_integers():
    array = random_array((30, 40), np.float64) * 100
    for name, arguments in [("laplace", ()), ("sobel", (0,)), ("gaussian_filter", (1.0,)), ("uniform_filter", (3,))]:
        wanted = getattr(scipy.ndimage, name)(array, *arguments, output=np.int16)
        result = getattr(ndimage, name)(array, *arguments, output=np.int16, integers="scipy")
        np.testing.assert_array_equal(result, wanted, err_msg=name)


def test_weights_lie_on_axes_in_their_order():
    array = random_array((4, 5, 6), np.float64)
    weights = np.random.default_rng(5).uniform(-1, 1, (3, 2))
    for axes in [(0, 2), (2, 0), (-1, 1), (1, 0)]:
        for name in ("correlate", "convolve"):
            for origin in [0, (1, 0), (-1, 0), (0, 0)]:
                if origin and (axes[0] % 3 > axes[1] % 3):
                    origin = origin[::-1]
                compare(name, array, weights, axes=axes, origin=origin, tolerance=1e-12)
    for axes in [(0, 1), (1, 0)]:
        compare("correlate", array[0], weights, axes=axes, tolerance=1e-12)


def test_several_modes_are_those_of_terms_where_terms_are_summed():
    array = random_array((6, 7), np.float64)
    for modes in [["reflect", "wrap"], ["nearest", "mirror"], ["constant", "reflect"]]:
        options = {"mode": modes, "cval": 0.3, "tolerance": 1e-12}
        compare("gaussian_laplace", array, 1.0, **options)
        compare("gaussian_gradient_magnitude", array, 1.0, **options)
        compare("laplace", array, **options)
        compare("gaussian_filter", array, 1.0, **options)
        compare("sobel", array, 0, **options)


def test_nothing_is_done_without_a_sigma_or_axes():
    array = random_array((6, 7), np.float64)
    for name in ("gaussian_filter", "gaussian_laplace", "gaussian_gradient_magnitude"):
        compare(name, array, 0, tolerance=1e-12)
        compare(name, array, 1.0, axes=(), tolerance=1e-12)
    compare("gaussian_laplace", array, [0, 1], tolerance=1e-12)
    compare("laplace", array, axes=())
    compare("laplace", np.array(3.0))
    compare("uniform_filter", array, [3, 0], tolerance=1e-12)
    # Integers are saturated all the same.
    wide = np.array([300, -5, 7])
    assert ndimage.gaussian_filter(wide, 0, output=np.uint8).tolist() == [255, 0, 7]
    assert ndimage.laplace(wide, axes=(), output=np.uint8).tolist() == [255, 0, 7]


def test_nan_becomes_0_whatever_the_way():
    for shape in [(5,), (3, 4), (2, 3, 4)]:
        array = np.full(shape, np.nan)
        for call in [
            lambda a: ndimage.correlate(a, np.ones((1,) * a.ndim), output=np.int32),
            lambda a: ndimage.gaussian_filter(a, 0, output=np.int32),
            lambda a: ndimage.laplace(a, output=np.int32),
        ]:
            assert not call(array).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_complex_weights(dtype):
    random = np.random.default_rng(5)
    for shape in [(9,), (5, 6)]:
        array = random_array(shape, dtype)
        weights = random.uniform(-1, 1, (2,) * len(shape)) + 1j * random.uniform(-1, 1, (2,) * len(shape))
        tolerance = 1e-6 if dtype in (np.float32, np.complex64) else 1e-12
        cval = 0.5 + 0.25j if np.dtype(dtype).kind == "c" else 0.5
        for mode in ("reflect", "wrap", "constant"):
            options = {"mode": mode, "cval": cval, "tolerance": tolerance}
            for name in ("correlate", "convolve"):
                compare(name, array, weights, **options)
            for name in ("correlate1d", "convolve1d"):
                compare(name, array, weights.ravel()[:2], 0, **options)
    with pytest.warns(UserWarning, match="the result is complex: its type is promoted"):
        assert ndimage.correlate(array, weights, output=np.float64).dtype == np.complex128
    with pytest.raises(RuntimeError, match="the result is complex, and the output of float64 is not"):
        ndimage.correlate(array, weights, output=np.zeros(array.shape))


def test_means_of_integers_are_exact_in_three_dimensions():
    array = np.random.default_rng(2).integers(0, 60_000, (4, 5, 6)).astype(np.uint16)
    for sizes in [(2, 3, 2), (3, 3, 3), (4, 1, 2)]:
        anchor = [size // 2 for size in sizes]
        for mode, border in [("constant", "constant"), ("nearest", "edge")]:
            wanted = exact.responses(array, np.ones(sizes, int), [border] * 3, anchor, 3)
            wanted = wanted / int(np.prod(sizes))
            result = ndimage.uniform_filter(array, sizes, mode=mode, cval=3)
            np.testing.assert_array_equal(result, exact.rounded(wanted, np.uint16))


def test_floats_of_64_bits_are_kept_between_passes():
    array = random_array((5, 6, 7), np.float32)
    for name, arguments in [("gaussian_filter", (1.0,)), ("uniform_filter", (3,)), ("sobel", (0,)), ("laplace", ())]:
        compare(name, array, *arguments, output=np.float64, mode="constant", cval=0.5, tolerance=1e-12)


def test_arguments_of_nothing_are_refused():
    array = np.zeros((4, 5))
    with pytest.raises(TypeError, match="foo"):
        ndimage.gaussian_laplace(array, 1, foo=3)
    with pytest.raises(TypeError, match="foo"):
        ndimage.gaussian_gradient_magnitude(array, 1, foo=3)
    with pytest.raises(ValueError, match="radius must be an integer, not 1.1"):
        ndimage.gaussian_filter(array, 1, radius=1.1)
    with pytest.raises(ValueError, match="truncate"):
        ndimage.gaussian_filter(array, 1, truncate=-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int8, np.int16, np.int32, np.int64])
def test_every_integer_wraps_as_scipys(dtype):
    random = np.random.default_rng(2)
    array = random.integers(0, 100, (9, 33)).astype(dtype)
    for name, arguments in [("sobel", (1,)), ("prewitt", (0,)), ("laplace", ()), ("correlate", ([[-2.5, 1, 0.25]],))]:
        wanted = getattr(scipy.ndimage, name)(array, *arguments)
        np.testing.assert_array_equal(getattr(ndimage, name)(array, *arguments, integers="scipy"), wanted, name)
        wanted = getattr(scipy.ndimage, name)(array.astype(np.uint8), *arguments, output=dtype)
        result = getattr(ndimage, name)(array.astype(np.uint8), *arguments, output=dtype, integers="scipy")
        np.testing.assert_array_equal(result, wanted, name)


def test_what_is_no_number_is_refused():
    for value in ("gaussian", np.array(["a"]), object(), np.zeros(3, "M8[s]")):
        with pytest.raises(TypeError, match="cannot be filtered"):
            ndimage.gaussian_filter(value, 1)
    with pytest.raises(ValueError, match="origin 2 moves a window of 3 off its sample: it must be -1 to 1"):
        ndimage.correlate(np.zeros((4, 4, 4)), np.ones((3, 3, 3)), origin=2)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size, origin", [(256, 0), (301, -150), (1000, 499)])
def test_wide_means_are_those_of_each_window(size, origin, mode):
    random = np.random.default_rng(8)
    line = random.uniform(-1, 1, 1200) * 10.0 ** random.integers(-9, 9, 1200)
    wanted = scipy.ndimage.correlate1d(line, np.full(size, 1 / size), mode=mode, cval=2.5, origin=origin)
    result = ndimage.uniform_filter1d(line, size, mode=mode, cval=2.5, origin=origin)
    np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-15 * np.abs(line).max())
    # The same samples have the same mean, wherever they are.
    if origin == 0:
        part = ndimage.uniform_filter1d(line[400:900], size, mode=mode, cval=2.5)
        np.testing.assert_array_equal(part[size // 2 : -(size // 2)], result[400:900][size // 2 : -(size // 2)])
    image = random.uniform(0, 1, (40, 700)).astype(np.float32)
    wanted = scipy.ndimage.uniform_filter(image.astype(float), (5, 300), mode=mode, cval=2.5)
    result = ndimage.uniform_filter(image, (5, 300), mode=mode, cval=2.5)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, wanted, rtol=0, atol=3e-7)


def test_not_a_number_stays_in_its_windows():
    line = np.ones(2000)
    line[1000] = np.nan
    result = ndimage.uniform_filter1d(line, 401)
    assert np.isnan(result[800:1201]).all()
    np.testing.assert_array_equal(np.delete(result, np.s_[800:1201]), 1)


@pytest.mark.parametrize("line", [[0.8, 0.7, 0.8, 0.5], [np.nan, 1, 1, 1, 1], [np.inf, 1, 1, 1, 1], [1e17, 1, 1, 1, 1]])
def test_ones_are_weights_like_others(line):
    for output in (float, np.int32):
        wanted = scipy.ndimage.correlate1d(line, [1, 1, 1], output=output)
        result = ndimage.correlate1d(line, [1, 1, 1], output=output, integers="scipy")
        np.testing.assert_array_equal(result[np.isfinite(line)], wanted[np.isfinite(line)])


def test_half_floats_and_complex_numbers_in_all_functions():
    for integers in ("rounded", "scipy"):
        half = ndimage.correlate(np.ones(3, np.float16), np.ones(3), integers=integers)
        assert half.dtype == np.float16 and half.tolist() == [3, 3, 3]
        assert ndimage.gaussian_filter(np.ones((3, 3), np.float16), 1, integers=integers).dtype == np.float16
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        array = random_array((9, 8), np.complex128)
        result = ndimage.gaussian_gradient_magnitude(array, 1.0)
        np.testing.assert_allclose(result, scipy.ndimage.gaussian_gradient_magnitude(array, 1.0), rtol=0, atol=1e-12)


@pytest.mark.parametrize("cval", [-5, 0.5, 300, np.nan])
def test_the_constant_outside_is_not_cut_to_the_type_of_the_array(cval):
    array = random_array((3, 4, 5), np.uint8)
    weights = np.random.default_rng(9).uniform(-1, 1, (3, 2, 3))
    for name in ("correlate", "convolve"):
        wanted = getattr(scipy.ndimage, name)(array, weights, mode="constant", cval=cval, output=float)
        result = getattr(ndimage, name)(array, weights, mode="constant", cval=cval, output=float)
        np.testing.assert_allclose(result, wanted, rtol=0, atol=1e-9)


def test_what_offers_an_array_is_one():
    class Lent:
        def __dlpack__(self, **options):
            return array.__dlpack__(**options)

        def __dlpack_device__(self):
            return array.__dlpack_device__()

    array = random_array((5, 6), np.float64)
    for name, arguments in [("gaussian_filter", (1,)), ("laplace", ()), ("uniform_filter", ()), ("sobel", ())]:
        function = getattr(ndimage, name)
        np.testing.assert_array_equal(function(Lent(), *arguments), function(array, *arguments))


def test_a_single_clipped_float_is_told():
    array = np.zeros((20, 30, 2))
    array[3, 4] = 1e9
    with pytest.warns(stridekern.ResultWarning, match="of the samples were clipped to -128..127"):
        ndimage.correlate(array, np.ones((1, 1, 1)), output=np.int8)
