"""Windows of which samples are missing: by NaN, by a value or by a mask, against fractions."""

import math
import pickle
from fractions import Fraction

import exact
import numpy as np
import pytest

import stridekern

NAN, INFINITY = np.nan, np.inf
BORDERS = ["valid", "constant:0", "constant:-2.5", "constant:nan", "edge", "reflect", "symmetric", "wrap"]
ROWS = {
    "first": [NAN, 2, 5, -1, 4, 8, 3],
    "last": [2, 5, -1, 4, 8, 3, NAN],
    "one within": [7, 0.1, 3, NAN, -6, 0, 11],
    "two beside each other": [1, 9, NAN, NAN, 0.25, 4, -8],
    "every second": [NAN, 3, NAN, -2, NAN, 6, NAN],
    "both ends": [NAN, NAN, 1e3, 1, 1e-3, NAN, NAN],
    "all but one": [NAN, NAN, NAN, NAN, 1.5, NAN, NAN],
    "all": [NAN] * 7,
    "none": [4, 3, -5, 0.7, 2, 2, 9],
}
ROW_KERNELS = {
    "one": [[-2]],
    "box": [[1, 1, 1]],
    "middle": [[0, 1, 0]],
    "around the middle": [[1, 0, 1]],
    "uneven": [[1, 2, 4]],
    "of two": [[1, 3]],
    "of four": [[1, 2, 3, 4]],
    "decimals": [[0.2, 0.6, 0.2]],
    "negative": [[-1, -2, -0.5]],
    "sum 0": [[-1, 2, -1]],
    "sum 0 of two": [[-1, 1]],
    "both signs": [[1, -3, 5, -1, 0.5]],
}
KERNELS = {
    "box": np.ones((3, 3)),
    "cross": [[0, 1, 0], [1, 4, 1], [0, 1, 0]],
    "uneven": [[1, 0, 2], [0.5, 3, 1], [0, 0, 7]],
    "two by two": [[1, 2], [3, 4]],
    "two by three": [[1, 2, 1], [4, 0, 2]],
    "three by five": [[1, 2, 3, 2, 1], [0, 1, 2, 1, 0], [0, 0, 0, 0, 1]],
    "sum 0": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "slope": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "both signs": [[0, -1, 0.5], [-1, 5, -1], [0.25, -1, 0]],
}


def of_fractions(numbers):
    return np.frompyfunc(Fraction, 1, 1)(np.asarray(numbers).astype(object))


def of_integers(numbers):
    """Numbers as integers in units of a common fraction, and that fraction."""
    fractions = of_fractions(numbers)
    unit = Fraction(1, math.lcm(*(fraction.denominator for fraction in fractions.flat)))
    return np.frompyfunc(lambda fraction: int(fraction / unit), 1, 1)(fractions), unit


def is_none(values):
    return np.array([value is None for value in values.flat]).reshape(values.shape)


def indices(length, size, middle, border):
    """What each window reads along one axis, and None for a constant."""
    first, last = (middle, length - size + middle) if border == "valid" else (0, length - 1)
    return [
        [exact.source(at + step - middle, length, border) for step in range(size)] for at in range(first, last + 1)
    ]


def responses(image, weights, border, missing, places=None):
    """The exact response of each window, and None where no weight lies on a sample that is present.

    A missing sample counts as the mean of those present, weighted by the absolute weights.
    """
    name, _, constant = border.partition(":")
    image = np.where(missing, 0, image)
    # The last of the samples is the constant.
    samples, unit = of_integers(np.append(image, 0 if constant == "nan" else float(constant or 0)))
    outside = None if constant == "nan" else samples[-1]
    samples = samples[:-1].reshape(image.shape)
    samples[np.asarray(missing)] = None
    weights, unit_of_weights = of_integers(weights)
    unit *= unit_of_weights
    rows, columns = (indices(length, size, size // 2, name) for length, size in zip(image.shape, weights.shape))
    wanted = np.full((len(rows), len(columns)), None)
    for place in places or np.ndindex(wanted.shape):
        total = lost = absolute_total = share = 0
        for (row, column), weight in np.ndenumerate(weights):
            at = rows[place[0]][row], columns[place[1]][column]
            sample = outside if None in at else samples[at]
            if sample is None:
                lost += weight
                continue
            total += weight * sample
            absolute_total += abs(weight) * sample
            share += abs(weight)
        if share:
            wanted[place] = Fraction(total * share + lost * absolute_total, share) * unit
    return wanted


def divided(wanted, divisor):
    """Responses of the weights over their divisor."""
    return np.frompyfunc(lambda value: value if value is None else value / Fraction(divisor), 1, 1)(wanted)


def bound(image, weights, unit, constant=2.5):
    """What the rounding errors of a response can add up to."""
    largest = np.abs(image, where=np.isfinite(image), out=np.zeros(np.shape(image))).max(initial=constant)
    return (2 * np.size(weights) + 8) * unit * float(largest) * float(np.abs(weights).sum())


def assert_near(result, wanted, limit, of_what=""):
    assert result.shape == wanted.shape, of_what
    for place, value in np.ndenumerate(wanted):
        got = float(result[place])
        if value is None:
            assert np.isnan(got), (of_what, place, got)
        else:
            assert not np.isnan(got), (of_what, place, float(value))
            assert abs(Fraction(got) - value) <= limit, (of_what, place, got, float(value))


def check(image, weights, border, options, of_what=""):
    """Compares the responses of an array with NaN, and those of the normalised kernel."""
    image = np.asarray(image)
    wanted = responses(image, weights, border, np.isnan(image))
    unit = 2.0**-53 if image.dtype.itemsize == 8 else 2.0**-24
    limit = bound(image, weights, unit)
    result = stridekern.filter(image, weights, border=border, ignore=NAN, **options)
    assert_near(result, wanted, limit, of_what)
    divisor = sum(of_fractions(weights).flat)
    if divisor:
        result = stridekern.filter(image, weights, border=border, ignore=NAN, normalize=True, **options)
        assert_near(result, divided(wanted, divisor), limit / abs(divisor), of_what)


def holes(shape):
    """Arrays of a shape, with NaN at places that are easily got wrong."""
    rows, columns = shape
    numbers = np.random.default_rng(3).uniform(-9, 9, shape)
    row, column = np.indices(shape)
    edge = (row == 0) | (row == rows - 1) | (column == 0) | (column == columns - 1)
    corner = np.isin(row, [0, rows - 1]) & np.isin(column, [0, columns - 1])
    marks = {
        "first": (row == 0) & (column == 0),
        "last": (row == rows - 1) & (column == columns - 1),
        "corners": corner,
        "left edge": column == 0,
        "lower edge": row == rows - 1,
        "edges": edge,
        "all but the edges": ~edge,
        "every second": (row + column) % 2 == 0,
        "some": np.random.default_rng(4).random(shape) < 0.4,
        "all but one": (row != rows // 2) | (column != 0),
        "all": row >= 0,
    }
    for name, mark in marks.items():
        yield name, np.where(mark, NAN, numbers)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("kernel", ROW_KERNELS)
def test_rows_and_columns_with_nan(kernel, border):
    weights = np.array(ROW_KERNELS[kernel], float)
    for name, row in ROWS.items():
        check([row], weights, border, {}, name)
        options = {"border": border, "ignore": NAN}
        across = stridekern.filter(np.array([row]), weights, **options)
        down = stridekern.filter(np.array([row]).T, weights.T, **options)
        np.testing.assert_allclose(down.T, across, rtol=1e-14, atol=1e-12)


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_planes_with_nan(kernel, border):
    for name, image in holes((5, 6)):
        check(image, np.array(KERNELS[kernel], float), border, {}, name)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (2, 2), (1, 7), (7, 1), (3, 3), (4, 5), (6, 3), (8, 9)])
@pytest.mark.parametrize("border", ["constant:0", "constant:nan", "edge", "reflect", "symmetric", "wrap"])
def test_arrays_smaller_and_larger_than_the_kernel(shape, border):
    for kernel in ["three by five", "two by two", "both signs"]:
        for name, image in holes(shape):
            if name in ("some", "first", "corners", "all"):
                check(image, np.array(KERNELS[kernel], float), border, {}, name)


def test_each_axis_has_its_own_border():
    image = np.array([[1, NAN, 3], [NAN, 5, 7], [2, 8, NAN]])
    result = stridekern.filter(image, np.ones((3, 3)), border="y=wrap,x=edge", ignore=NAN)
    padded = np.pad(np.pad(image, ((1, 1), (0, 0)), "wrap"), ((0, 0), (1, 1)), "edge")
    wanted = responses(padded, np.ones((3, 3)), "valid", np.isnan(padded))
    assert_near(result, wanted, 1e-13)


@pytest.mark.parametrize("border", BORDERS)
def test_a_turned_kernel_meets_the_same_holes(border):
    for name, image in holes((5, 6)):
        for kernel in ["uneven", "three by five", "both signs"]:
            weights = np.array(KERNELS[kernel], float)
            turned = stridekern.filter(image, weights, border=border, ignore=NAN, flip=True)
            wanted = responses(image, weights[::-1, ::-1], border, np.isnan(image))
            assert_near(turned, wanted, bound(image, weights, 2.0**-53), name)


def test_steps_dilation_and_anchor_meet_the_same_holes():
    weights = np.array(KERNELS["uneven"], float)
    wide = np.zeros((5, 7))
    wide[::2, ::3] = weights
    for name, image in holes((9, 11)):
        options = {"border": "reflect", "ignore": NAN}
        limit = bound(image, wide, 2.0**-53)
        wanted = responses(image, wide, "reflect", np.isnan(image))
        assert_near(stridekern.filter(image, weights, dilation=(2, 3), **options), wanted, limit, name)
        stepped = stridekern.filter(image, weights, dilation=(2, 3), step=(3, 2), **options)
        assert_near(stepped, wanted[::3, ::2], limit, name)
        # A corner of the kernel lies on the sample, as the middle of one with zeros around it.
        around = np.zeros((5, 5))
        around[2:, 2:] = weights
        wanted = responses(image, around, "reflect", np.isnan(image))
        assert_near(stridekern.filter(image, weights, anchor=(0, 0), **options), wanted, limit, name)


@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4", ">f8", "<f4", "<f8"])
def test_floats_of_either_size_and_byte_order(dtype):
    for name, image in holes((6, 9)):
        image = image.astype(dtype)
        for kernel in ["box", "uneven", "sum 0"]:
            check(image, np.array(KERNELS[kernel], dtype), "edge", {}, name)
        result = stridekern.filter(image, "box3", border="edge", ignore=NAN)
        assert result.dtype == np.dtype(dtype).newbyteorder("=")


@pytest.mark.parametrize("border", BORDERS)
def test_products_of_vectors_meet_the_same_holes(border):
    column, row = [1, -2, 4], [0.5, 0, 3, 1]
    for name, image in holes((5, 6)):
        weights = np.outer(column, row)
        result = stridekern.filter(image, column=column, row=row, border=border, ignore=NAN)
        wanted = responses(image, weights, border, np.isnan(image))
        assert_near(result, wanted, bound(image, weights, 2.0**-53), name)


def test_half_floats():
    image = np.array([[1, NAN, 3, 60000], [NAN, NAN, 2, -4]], np.float16)
    result = stridekern.filter(image, [[1, 1, 1]], border="edge", normalize=True, ignore=NAN)
    wanted = divided(responses(image, [[1, 1, 1]], "edge", np.isnan(image)), 3)
    assert result.dtype == np.float16
    wanted = [[np.float16(float(value)) if value is not None else NAN for value in row] for row in wanted]
    np.testing.assert_array_equal(result, np.array(wanted, np.float16))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_holes_lie_in_any_layout(dtype):
    image = dict(holes((7, 8)))["some"].astype(dtype)
    apart = np.zeros((14, 24), dtype)
    apart[::2, ::3] = image
    unaligned = np.zeros(image.nbytes + 1, np.uint8)[1:].view(dtype).reshape(image.shape)
    unaligned[...] = image
    read_only = image.copy()
    read_only.flags.writeable = False
    turned = np.ascontiguousarray(image[::-1, ::-1].T).T[::-1, ::-1]
    for other in [np.asfortranarray(image), apart[::2, ::3], unaligned, read_only, turned]:
        check(other, np.array(KERNELS["uneven"], dtype), "symmetric", {})
    repeated = np.broadcast_to(image[2], (4, 8))
    check(repeated, np.array(KERNELS["uneven"], dtype), "symmetric", {})


def test_arrays_and_masks_are_not_written_to():
    image = dict(holes((6, 7)))["some"]
    mask = np.arange(42).reshape(6, 7) % 5
    before = image.copy(), mask.copy()
    stridekern.filter(image, "box3", border="wrap", ignore=NAN, mask=mask)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(mask, before[1])
    out = np.zeros((6, 14))[:, ::2]
    result = stridekern.filter(image, "box3", border="wrap", ignore=NAN)
    assert stridekern.filter(image, "box3", border="wrap", ignore=NAN, out=out) is out
    np.testing.assert_array_equal(out, result)
    assert stridekern.filter(image, "box3", border="wrap", ignore=NAN, out=image) is image
    np.testing.assert_array_equal(image, result)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_bytes_do_not_depend_on_threads(threads):
    random = np.random.default_rng(11)
    image = random.uniform(-1, 1, (300, 400))
    image[random.random(image.shape) < 0.3] = NAN
    image[40:90, 100:190] = NAN
    for kernel in ["gaussian5", "laplacian4"]:
        wanted = stridekern.filter(image, kernel, border="reflect", ignore=NAN, threads=1)
        result = stridekern.filter(image, kernel, border="reflect", ignore=NAN, threads=threads)
        assert result.tobytes() == wanted.tobytes()


def test_windows_without_a_hole_are_as_without_the_option():
    image = np.random.default_rng(5).uniform(-9, 9, (20, 30))
    image[6, 7] = NAN
    for kernel in KERNELS.values():
        plain = stridekern.filter(image, kernel, border="edge")
        result = stridekern.filter(image, kernel, border="edge", ignore=NAN)
        whole = ~np.isnan(plain)
        np.testing.assert_allclose(result[whole], plain[whole], rtol=1e-13, atol=1e-13)
        assert np.isfinite(result).all()


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_is_flat_stays_flat(kernel):
    weights = np.array(KERNELS[kernel], float)
    for name, image in holes((6, 7)):
        image = np.where(np.isnan(image), NAN, 3)
        result = stridekern.filter(image, weights, border="edge", ignore=NAN)
        present = ~np.isnan(result)
        assert name == "all" or present.any()
        np.testing.assert_allclose(result[present], 3 * weights.sum(), rtol=1e-15, atol=1e-14, err_msg=name)


def test_holes_as_large_as_the_kernel_stay_and_smaller_ones_are_filled():
    for side, left in [(4, 0), (5, 1), (6, 4), (8, 16)]:
        image = np.ones((25, 25))
        image[10 : 10 + side, 10 : 10 + side] = NAN
        for border in ["valid", "constant:0", "edge", "wrap"]:
            result = stridekern.filter(image, np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]), border=border, ignore=NAN)
            assert np.isnan(result).sum() == left


def test_a_constant_that_is_missing_weighs_nothing():
    image = np.ones((6, 6))
    result = stridekern.filter(image, "gaussian5", border="constant:nan", ignore=NAN)
    np.testing.assert_allclose(result, 1, rtol=1e-15)
    image[2, 3] = NAN
    result = stridekern.filter(image, "gaussian5", border="constant:nan", ignore=NAN)
    np.testing.assert_allclose(result, 1, rtol=1e-15)
    # One that is not missing does, and one of another value is no NaN.
    assert (stridekern.filter(image, "gaussian5", border="constant:0", ignore=NAN)[0] < 0.9).all()
    result = stridekern.filter(np.full((1, 3), 2.0), [[1, 1, 1]], border="constant:7", ignore=7, normalize=True)
    np.testing.assert_allclose(result, 2, rtol=1e-15)


@pytest.mark.parametrize("border", ["constant:0", "edge", "wrap", "valid"])
def test_a_weight_of_zero_on_the_only_sample_is_none(border):
    image = np.array([[NAN, NAN, 5, NAN, NAN]])
    result = stridekern.filter(image, [[1, 0, 1]], border=border, ignore=NAN)
    wanted = responses(image, [[1, 0, 1]], border, np.isnan(image))
    assert_near(result, wanted, 0)
    assert np.isnan(result[0, result.shape[1] // 2])


def test_a_kernel_of_zeros_gives_zero_everywhere():
    image = np.array([[1, NAN, 3, NAN, NAN]])
    np.testing.assert_array_equal(stridekern.filter(image, [[0]], ignore=NAN), np.zeros((1, 5)))


def test_kernels_with_masked_weights_are_refused():
    kernel = np.ma.array([[1, 1, 1]], mask=[[0, 1, 0]])
    for call in (lambda: stridekern.Filter(kernel, border="edge"), lambda: stridekern.filter(np.ones((1, 4)), kernel)):
        with pytest.raises(ValueError, match="the array is masked, and its mask would be lost"):
            call()


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_kernels_are_what_numpy_takes_for_numbers():
    image = np.arange(12.0).reshape(3, 4)
    wanted = stridekern.filter(image, [[1, 2, 1]])
    np.testing.assert_array_equal(stridekern.filter(image, np.matrix([[1, 2, 1]])), wanted)
    np.testing.assert_array_equal(stridekern.Filter(np.matrix([[1, 2, 1]]))(image), wanted)
    for call in (stridekern.Filter, lambda kernel: stridekern.filter(image, kernel)):
        with pytest.raises(TypeError, match="an array of object cannot be filtered"):
            call(np.array([[1, 2, 1]], object))


def in_floats(image, weights, missing):
    """Responses of windows inside the array by the floats' own rules for infinities."""
    rows, columns = np.shape(weights)
    wanted = np.empty((image.shape[0] - rows + 1, image.shape[1] - columns + 1))
    for row, column in np.ndindex(wanted.shape):
        window = np.s_[row : row + rows, column : column + columns]
        present = ~missing[window]
        samples, on = image[window][present], np.asarray(weights, float)[present]
        lost = np.asarray(weights, float)[~present].sum()
        share = np.abs(on).sum()
        with np.errstate(invalid="ignore"):
            total = (on * samples).sum()
            if lost:
                total += lost * (np.abs(on) * samples).sum() / share if share else NAN
        wanted[row, column] = total if share else NAN
    return wanted


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernel", ["box", "cross", "two by three", "sum 0", "both signs"])
def test_infinities_beside_nan_reach_their_windows_only(kernel, dtype):
    weights = np.array(KERNELS[kernel], float)
    image = np.arange(80.0).reshape(8, 10) % 7
    image[[1, 1, 5], [2, 6, 4]] = NAN
    image[1, 3], image[5, 5], image[6, 1] = INFINITY, -INFINITY, INFINITY
    missing = np.isnan(image)
    result = stridekern.filter(image.astype(dtype), weights, ignore=NAN)
    wanted = in_floats(image, weights, missing)
    assert np.isinf(wanted).any() and np.isfinite(wanted).any()
    np.testing.assert_allclose(result, wanted, rtol=1e-5 if dtype == np.float32 else 1e-13, atol=1e-5)
    finite = np.where(np.isinf(image), 0, image)
    result_of_finite = stridekern.filter(finite.astype(dtype), weights, ignore=NAN)
    untouched = np.isfinite(wanted)
    np.testing.assert_array_equal(result[untouched], result_of_finite[untouched])


def test_infinities_in_rows():
    def means(row, **options):
        return stridekern.filter([row], [[1, 1, 1]], border="edge", normalize=True, **options)[0].tolist()

    assert means([1.0, NAN, INFINITY, 2, 4, 6, 6], ignore=NAN) == [1, INFINITY, INFINITY, INFINITY, 4, 16 / 3, 6]
    assert means([1.0, NAN, -INFINITY, NAN, 4], ignore=NAN) == [1, -INFINITY, -INFINITY, -INFINITY, 4]
    opposite = means([INFINITY, NAN, -INFINITY, 3, 3, 3], ignore=NAN)
    np.testing.assert_array_equal(opposite, [INFINITY, NAN, -INFINITY, -INFINITY, 3, 3])
    # Infinities that are missing, and NaN that is not.
    ignored = means([5.0, INFINITY, 7, 7, NAN, -INFINITY], ignore=INFINITY)
    np.testing.assert_array_equal(ignored, [5, 6, 7, NAN, NAN, NAN])
    np.testing.assert_array_equal(means([5.0, INFINITY, 7, 7, 7], mask=[[0, 1, 0, 0, 0]]), [5, 6, 7, 7, 7])


def test_missing_by_mask_is_missing_by_nan():
    for name, image in holes((6, 7)):
        mask = np.isnan(image)
        # What lies below a mask is never seen.
        for below in [0, 1e300, NAN, -INFINITY]:
            hidden = np.where(mask, below, image)
            for kernel in ["box", "two by three", "sum 0"]:
                weights = KERNELS[kernel]
                wanted = stridekern.filter(image, weights, border="reflect", ignore=NAN)
                result = stridekern.filter(hidden, weights, border="reflect", mask=mask)
                np.testing.assert_array_equal(result, wanted, err_msg=name)


@pytest.mark.parametrize("border", BORDERS)
def test_masks_and_nan_together_mean_either(border):
    image = dict(holes((6, 7)))["some"]
    mask = (np.arange(42).reshape(6, 7) % 4 == 1) & ~np.isnan(image)
    assert mask.any() and np.isnan(image).any()
    for kernel in ["box", "three by five", "slope"]:
        weights = np.array(KERNELS[kernel], float)
        result = stridekern.filter(image, weights, border=border, ignore=NAN, mask=mask)
        wanted = responses(image, weights, border, mask | np.isnan(image))
        assert_near(result, wanted, bound(image, weights, 2.0**-53), kernel)


def test_a_mask_alone_leaves_nan_in_its_windows():
    image = np.arange(48.0).reshape(6, 8)
    image[2, 5] = NAN
    mask = np.zeros((6, 8), bool)
    mask[2, 3] = mask[4, 1] = True
    result = stridekern.filter(image, np.ones((3, 3)), border="edge", mask=mask)
    reached = np.zeros((6, 8), bool)
    reached[1:4, 4:7] = True
    np.testing.assert_array_equal(np.isnan(result), reached)
    wanted = stridekern.filter(np.nan_to_num(image), np.ones((3, 3)), border="edge", mask=mask)
    np.testing.assert_array_equal(result[~reached], wanted[~reached])


def test_masks_of_any_type_and_layout():
    image = np.random.default_rng(6).uniform(-9, 9, (6, 7))
    mask = np.random.default_rng(7).random((6, 7)) < 0.4
    wanted = stridekern.filter(image, "box3", border="edge", mask=mask)
    apart = np.zeros((12, 21), np.int8)
    apart[::2, ::3] = mask
    others = [mask.astype(dtype) * 3 for dtype in ["u1", "i8", "f4", ">f8", ">i2"]]
    others += [np.where(mask, NAN, 0), np.where(mask, -1, 0), np.where(mask, 1e-300, -0.0)]
    others += [np.asfortranarray(mask), apart[::2, ::3], mask.copy()[::-1][::-1], mask.tolist()]
    for other in others:
        np.testing.assert_array_equal(stridekern.filter(image, "box3", border="edge", mask=other), wanted)
    nowhere = stridekern.filter(image, "box3", border="edge", mask=np.zeros((6, 7)))
    np.testing.assert_allclose(nowhere, stridekern.filter(image, "box3", border="edge"), rtol=1e-13, atol=1e-14)
    everywhere = stridekern.filter(image, "box3", border="edge", mask=np.ones((6, 7)))
    assert np.isnan(everywhere).all()
    for wrong in [np.zeros((7, 6)), np.zeros(42), np.zeros((6, 7, 2)), 0]:
        with pytest.raises(ValueError, match="mask"):
            stridekern.filter(image, "box3", mask=wrong)


INTEGERS = [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("border", ["valid", "constant:0", "edge", "wrap"])
def test_integers_with_an_ignored_value_are_rounded_once(dtype, border):
    random = np.random.default_rng(8)
    image = random.integers(0, 100, (6, 9)).astype(dtype)
    value = 100 if np.dtype(dtype).kind == "u" else -100
    image[random.random(image.shape) < 0.4] = value
    image[:4, :3] = value
    missing = image == value
    for kernel in ["box", "cross", "two by three", "sum 0", "slope"]:
        weights = np.array(KERNELS[kernel], int)
        divisor = int(weights.sum()) or 1
        wanted = divided(responses(image, weights, border, missing), divisor)
        empty = is_none(wanted)
        whole = exact.rounded(np.where(empty, 0, wanted), dtype)
        result = stridekern.filter(image, weights, border=border, ignore=value, divisor=divisor)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, np.where(empty, np.array(value, dtype), whole), err_msg=kernel)
        # Below a mask there is no value to give.
        result = stridekern.filter(image, weights, border=border, mask=missing, divisor=divisor)
        np.testing.assert_array_equal(result, np.where(empty, np.array(0, dtype), whole), err_msg=kernel)
        floats = stridekern.filter(image, weights, border=border, mask=missing, divisor=divisor, dtype=np.float64)
        assert_near(floats, wanted, bound(image, weights, 2.0**-53) / abs(divisor), kernel)


def test_ties_of_integers_go_to_even():
    image = np.array([[1, 9, 2, 2, 9, 3, 0, 9, 1]], np.uint8)
    result = stridekern.filter(image, [[1, 1, 1]], border="edge", ignore=9, normalize=True)
    wanted = divided(responses(image, [[1, 1, 1]], "edge", image == 9), 3)
    assert Fraction(3, 2) in wanted and Fraction(5, 2) in wanted and Fraction(1, 2) in wanted
    np.testing.assert_array_equal(result, exact.rounded(wanted, np.uint8))


@pytest.mark.parametrize(
    ("dtype", "value"),
    [(np.int64, -(2**63)), (np.int64, 2**63 - 1), (np.uint64, 2**64 - 1), (np.int64, 2**53), (np.int32, -(2**31))],
)
def test_the_ends_of_integers_can_be_missing(dtype, value):
    image = np.array([[value, 5, 8, 12, value, value, value]], dtype)
    result = stridekern.filter(image, [[1, 1, 1]], border="edge", normalize=True, ignore=value)
    np.testing.assert_array_equal(result, np.array([[5, 6, 8, 10, 12, value, value]], dtype))


def test_values_that_are_no_floats_are_refused():
    for value in (2**53 + 1, -(2**60) + 1, 2**64 - 2):
        with pytest.raises(ValueError, match=f"ignore={value} is no 64-bit float, .*: mark such samples by a mask"):
            stridekern.Filter([[1, 1, 1]], ignore=value)
    # The nearest float of the largest integer is beyond its type, but not beyond others.
    with pytest.raises(ValueError, match="ignore=9223372036854775807 is the largest of int64, and the array is of uint64"):
        stridekern.filter(np.zeros((3, 3), np.uint64), "box3", ignore=2**63 - 1)


def test_booleans_with_a_mask():
    image = np.array([[True, False, True, True, False]])
    result = stridekern.filter(image, [[1, 1, 1]], border="edge", normalize=True, mask=[[0, 1, 0, 0, 1]])
    assert result.dtype == bool
    np.testing.assert_array_equal(result, [[True, True, True, True, True]])


@pytest.mark.parametrize(
    ("image", "options", "wanted"),
    [
        (np.full((3, 3), NAN), {"ignore": NAN}, NAN),
        (np.full((3, 3), NAN, np.float32), {"ignore": NAN}, NAN),
        (np.full((3, 3), -9999.0), {"ignore": -9999}, -9999),
        (np.full((3, 3), INFINITY), {"ignore": INFINITY}, INFINITY),
        (np.full((3, 3), 255, np.uint8), {"ignore": 255}, 255),
        (np.full((3, 3), 255, np.uint8), {"ignore": 255, "dtype": np.float32}, 255),
        (np.full((3, 3), 7, np.int16), {"mask": np.ones((3, 3))}, 0),
        (np.full((3, 3), 7, np.int16), {"mask": np.ones((3, 3)), "dtype": np.float64}, NAN),
        (np.full((3, 3), 7.0), {"mask": np.ones((3, 3))}, NAN),
        (np.full((3, 3), 7.0), {"mask": np.ones((3, 3)), "ignore": 5}, 5),
        (np.full((3, 3), NAN), {"ignore": NAN, "dtype": np.uint8}, 0),
        (np.full((3, 3), NAN), {"ignore": NAN, "bias": 0.5}, NAN),
    ],
)
def test_windows_of_missing_samples_only(image, options, wanted):
    for kernel in [[[1]], np.ones((3, 3)), np.ones((2, 5)), [[-1, 2, -1]], [[1, -3]]]:
        for border in ["edge", "reflect", "symmetric", "wrap"]:
            result = stridekern.filter(image, kernel, border=border, **options)
            np.testing.assert_array_equal(result, np.full(image.shape, wanted, result.dtype))


@pytest.mark.parametrize(
    ("dtype", "options"),
    [
        (np.uint8, {"ignore": 256}),
        (np.uint8, {"ignore": -1}),
        (np.int16, {"ignore": 0.5}),
        (np.uint16, {"ignore": INFINITY}),
        (np.int16, {"ignore": -9999, "dtype": np.uint8}),
        (np.float64, {"ignore": 0.5, "dtype": np.uint8}),
        (np.float32, {"ignore": 1e300}),
    ],
)
def test_values_that_no_sample_or_result_can_have_are_refused(dtype, options):
    with pytest.raises(ValueError):
        stridekern.filter(np.zeros((3, 3), dtype), "box3", border="edge", **options)


@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (0, 2), (2, 0), (-1, -3)])
def test_channels_have_their_own_holes(axes):
    random = np.random.default_rng(9)
    stack = random.uniform(-9, 9, (4, 5, 6))
    stack[random.random(stack.shape) < 0.4] = NAN
    weights = np.array(KERNELS["uneven"], float)
    result = stridekern.filter(stack, weights, border="symmetric", axes=axes, ignore=NAN)
    planes, results = (np.moveaxis(array, axes, (-2, -1)) for array in (stack, result))
    for plane, found in zip(planes, results):
        wanted = responses(plane, weights, "symmetric", np.isnan(plane))
        assert_near(found, wanted, bound(plane, weights, 2.0**-53))


def test_one_mask_is_for_all_channels():
    random = np.random.default_rng(10)
    colour = random.uniform(-9, 9, (5, 6, 3))
    colour[random.random(colour.shape) < 0.2] = NAN
    mask = random.random((5, 6)) < 0.3
    weights = np.array(KERNELS["cross"], float)
    result = stridekern.filter(colour, weights, border="edge", axes=(0, 1), ignore=NAN, mask=mask)
    for channel in range(3):
        plane = colour[:, :, channel]
        wanted = responses(plane, weights, "edge", mask | np.isnan(plane))
        assert_near(result[:, :, channel], wanted, bound(plane, weights, 2.0**-53))


def masked_colours():
    """An array whose channels are last, and a mask of each of its samples."""
    random = np.random.default_rng(15)
    colour = random.uniform(-9, 9, (5, 6, 3))
    return colour, random.random(colour.shape) < 0.4


@pytest.mark.parametrize("axes", [(0, 1), (1, 0)])
def test_each_channel_has_its_own_mask(axes):
    colour, mask = masked_colours()
    weights = np.array(KERNELS["uneven"], float)
    result = stridekern.filter(colour, weights, border="edge", axes=axes, mask=np.moveaxis(mask, axes, (0, 1)))
    for channel in range(3):
        plane, marks, found = (np.moveaxis(array, axes, (0, 1))[:, :, channel] for array in (colour, mask, result))
        wanted = responses(plane, weights, "edge", marks)
        assert_near(found, wanted, bound(plane, weights, 2.0**-53))


@pytest.mark.parametrize("order", [(2, 0, 1), (2, 1, 0), (0, 2, 1)])
def test_masks_of_channels_do_not_depend_on_layouts(order):
    colour, mask = masked_colours()
    wanted = stridekern.filter(colour, KERNELS["uneven"], border="edge", axes=(0, 1), mask=mask)
    # The same array with its axes in memory in another order.
    other = np.ascontiguousarray(colour.transpose(order)).transpose(np.argsort(order))
    result = stridekern.filter(other, KERNELS["uneven"], border="edge", axes=(0, 1), mask=mask)
    np.testing.assert_allclose(result, wanted, rtol=1e-13)


def test_masks_do_not_depend_on_layouts():
    image = np.random.default_rng(16).uniform(-9, 9, (6, 7))
    mask = np.random.default_rng(17).random((6, 7)) < 0.4
    wanted = stridekern.filter(image, KERNELS["uneven"], border="edge", mask=mask)
    for other in [np.asfortranarray(image), np.ascontiguousarray(image[::-1])[::-1], image.astype(">f8")]:
        result = stridekern.filter(other, KERNELS["uneven"], border="edge", mask=mask)
        np.testing.assert_allclose(result, wanted, rtol=1e-12)
    turned = stridekern.filter(image, np.transpose(KERNELS["uneven"]), border="edge", axes=(1, 0), mask=mask.T)
    np.testing.assert_allclose(turned, wanted, rtol=1e-12)


def test_a_filter_keeps_its_mask():
    image = np.random.default_rng(18).uniform(-9, 9, (6, 7))
    mask = np.random.default_rng(19).random((6, 7)) < 0.4
    box = stridekern.Filter("box3", border="edge", mask=mask)
    wanted = box(image)
    mask[:] = False
    np.testing.assert_array_equal(box(image), wanted)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(box))(image), wanted)
    with pytest.raises(ValueError, match="mask"):
        box(image.T)


def large_kernels():
    line = np.exp(-0.5 * (np.arange(-16, 17) / 3.0) ** 2)
    random = np.random.default_rng(12)
    return {
        "box": np.ones((33, 33)),
        "Gaussian": np.outer(line, line),
        "both signs": random.uniform(-1, 1, (33, 33)),
        "sum 0": np.pad([[1089.0]], 16) - 1,
    }


@pytest.mark.parametrize(("dtype", "share"), [(np.float64, 1e-12), (np.float32, 4e-6)])
@pytest.mark.parametrize("border", ["constant:0", "wrap"])
@pytest.mark.parametrize("kernel", ["box", "Gaussian", "both signs", "sum 0"])
def test_large_kernels_over_large_holes(kernel, border, dtype, share):
    weights = large_kernels()[kernel]
    random = np.random.default_rng(13)
    image = random.uniform(-100, 100, (80, 90)).astype(dtype)
    image[random.random(image.shape) < 0.3] = NAN
    image[20:64, 30:72] = NAN
    image[:12, :9] = NAN
    missing = np.isnan(image)
    result = stridekern.filter(image, weights, border=border, ignore=NAN)
    assert result.dtype == dtype
    # Windows with none, one, few and all of their samples.
    places = [(0, 0), (79, 89), (0, 89), (36, 46), (35, 45), (41, 46), (42, 50), (52, 56), (70, 80), (79, 45)]
    wanted = responses(image, weights, border, missing, places)
    largest = max(abs(value) for value in wanted.flat if value is not None)
    for place in places:
        if wanted[place] is None:
            assert np.isnan(result[place]), place
        else:
            assert abs(Fraction(float(result[place])) - wanted[place]) <= largest * Fraction(share), place
    # Where the outside is present, only windows inside of the large hole are empty.
    assert np.isnan(result).sum() == (44 - 32) * (42 - 32)
    empty = np.isnan(result[36:48, 46:56])
    assert empty.all()


def test_infinities_under_large_kernels_stay_in_their_windows():
    weights = large_kernels()["Gaussian"]
    random = np.random.default_rng(14)
    image = random.uniform(-100, 100, (120, 130))
    image[random.random(image.shape) < 0.3] = NAN
    plain = stridekern.filter(image, weights, border="edge", ignore=NAN)
    image[60, 70] = INFINITY
    result = stridekern.filter(image, weights, border="edge", ignore=NAN)
    reached = np.zeros(image.shape, bool)
    reached[44:77, 54:87] = True
    assert (result[reached] == INFINITY).all()
    np.testing.assert_allclose(result[~reached], plain[~reached], rtol=0, atol=1e-12 * np.abs(plain).max())
