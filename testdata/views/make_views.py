"""Writes views.json: what NumPy makes of chains of view operations.

Every case is a buffer of the numbers 0, 1, 2, ... as int64, a first array over
it, and operations on that. What NumPy gives is recorded in full; where NumPy
raises, or where a reshape needs a copy, the error expected of stridekern is.

NumPy gives axes of length 1 and arrays without elements whatever strides are at
hand; a reader compares strides only where an axis is longer than 1, and
strides and offset only where there are elements.

Needs nothing but NumPy, whose version is recorded.
"""

import itertools
import json
import random
from pathlib import Path

import numpy as np
from numpy._core._multiarray_tests import internal_overlap
from numpy.lib.stride_tricks import sliding_window_view

ITEM = 8
MOST_AXES = 6
MOST_ELEMENTS = 250


class Refused(Exception):
    """NumPy would do this; stridekern refuses it, and says so in its docs."""


def first_array(case):
    """np.ndarray checks shape, strides and offset against its buffer, which
    as_strided does not."""
    buffer = np.arange(case["len"], dtype=np.int64)
    shape = case["shape"]
    if "order" in case:
        used = int(np.prod(shape))
        return buffer, buffer[:used].reshape(shape, order=case["order"], copy=False)
    strides = [stride * ITEM for stride in case["strides"]]
    return buffer, np.ndarray(shape, np.int64, buffer, case["offset"] * ITEM, strides)


def apply(a, op):
    name, *args = op
    before = lambda axis: (slice(None),) * axis
    match name:
        case "slice":
            axis, start, stop, step = args
            if axis >= a.ndim:
                raise np.exceptions.AxisError(axis, a.ndim)
            return a[before(axis) + (slice(start, stop, step),)]
        case "flip":
            return np.flip(a, args[0])
        case "permute":
            return np.transpose(a, args[0])
        case "transpose":
            return a.T
        case "index":
            axis, index = args
            if axis >= a.ndim:
                raise np.exceptions.AxisError(axis, a.ndim)
            return a[before(axis) + (index, ...)]
        case "insert_axis":
            return np.expand_dims(a, args[0])
        case "repeat":
            axis, times = args
            a = np.expand_dims(a, axis)
            return np.broadcast_to(a, a.shape[:axis] + (times,) + a.shape[axis + 1 :])
        case "reshape":
            return np.reshape(a, args[0], copy=False)
        case "diagonal":
            return np.diagonal(a, args[0], *args[1])
        case "anti_diagonal":
            return np.diagonal(np.flip(a, args[1][1]), args[0], *args[1])
        case "broadcast_to":
            return np.broadcast_to(a, args[0])
        case "windows":
            return windows(a, *args)
        case "blocks":
            return blocks(a, *args)
    raise ValueError(name)


def windows(a, axes, window, step, dilation):
    if 0 in window:
        raise Refused("NumPy slides windows without elements")
    if 0 in dilation:
        raise ValueError("slice step cannot be zero")
    if len(set(axes)) < len(axes):
        raise Refused("NumPy slides twice over an axis that is named twice")
    reach = [(k - 1) * d + 1 for k, d in zip(window, dilation)]
    w = sliding_window_view(a, reach, axes)
    cuts = [slice(None)] * w.ndim
    for i, axis in enumerate(axes):
        cuts[axis] = slice(None, None, step[i])
        cuts[a.ndim + i] = slice(None, None, dilation[i])
    return w[tuple(cuts)]


def blocks(a, axes, block):
    """Every axis split in two, and the inner halves moved behind."""
    shape, outer, inner = [], [], []
    for axis, n in enumerate(a.shape):
        outer.append(len(shape))
        if axis in axes:
            side = block[axes.index(axis)]
            inner.append((axes.index(axis), len(shape) + 1))
            shape += [n // side, side]
        else:
            shape.append(n)
    a = np.reshape(a, shape, copy=False)
    return np.transpose(a, outer + [at for _, at in sorted(inner)])


def result(case):
    """The case with what NumPy gives, or None if that is too much to record."""
    buffer, a = first_array(case)
    for op in case["ops"]:
        a = apply(a, op)
        if a.ndim > MOST_AXES or a.size > MOST_ELEMENTS:
            return None
    offset = a.__array_interface__["data"][0] - buffer.__array_interface__["data"][0]
    assert offset % ITEM == 0 and all(stride % ITEM == 0 for stride in a.strides)
    assert a.size == 0 or np.shares_memory(a, buffer)
    overlap = internal_overlap(a, -1)
    assert overlap in (0, 1)
    return case | {
        "gives": {
            "shape": list(a.shape),
            "strides": [stride // ITEM for stride in a.strides],
            "offset": offset // ITEM,
            "c": bool(a.flags.c_contiguous),
            "f": bool(a.flags.f_contiguous),
            "overlap": bool(overlap),
            "elements": a.ravel().tolist(),
        }
    }


def refused(case, error):
    """The case whose last step, or whose first array, is an error."""
    try:
        result(case)
    except (ValueError, IndexError, TypeError, Refused) as numpy:
        message = " ".join(str(numpy).split())
        return case | {"refused": error, "numpy": f"{type(numpy).__name__}: {message}"}
    raise AssertionError(f"NumPy accepts {case}")


def dense(shape, *ops, order="C"):
    return {"len": int(np.prod(shape)), "shape": shape, "order": order, "ops": list(ops)}


def strided(length, shape, strides, offset, *ops):
    return {
        "len": length,
        "shape": shape,
        "strides": strides,
        "offset": offset,
        "ops": list(ops),
    }


def chosen():
    """Cases for every operation and its edges."""
    yield dense([])
    for shape in [[12], [3, 4], [4, 3], [2, 6], [6, 2], [2, 2, 3], [1, 12], [12, 1], [0], [3, 0], [0, 3]]:
        for order in "CF":
            yield dense(shape, order=order)
    # First arrays by strides: reversed, diagonal, skewed, repeated, windowed.
    yield strided(12, [12], [-1], 11)
    yield strided(12, [6], [-2], 11)
    yield strided(12, [4, 3], [-3, -1], 11)
    yield strided(12, [4, 3], [-3, 1], 9)
    yield strided(16, [4], [5], 0)
    yield strided(16, [4], [3], 3)
    yield strided(12, [3, 3], [3, 2], 0)
    yield strided(12, [5, 3], [2, 1], 1)
    yield strided(12, [3, 4], [0, 1], 4)
    yield strided(4, [2, 2, 2, 2], [2, 0, 1, 0], 0)
    yield strided(12, [2, 2], [3, 3], 0)
    yield strided(32, [3, 4], [5, 7], 0)
    yield strided(40, [3, 4, 2], [6, 4, 9], 0)
    yield strided(18, [3, 3, 2], [6, 2, 1], 0)
    yield strided(5, [0, 7], [1, 1], 5)
    yield strided(5, [1, 1], [99, -99], 4)

    bounds = [None, 0, 1, 3, 5, 7, 9, -1, -3, -7, -9]
    for start, stop in itertools.product([None, 0, 2, 6, 9, -1, -3, -9], [None, 0, 3, 9, -2, -9]):
        yield dense([7], ["slice", 0, start, stop, 1 if stop != 9 else 2])
        yield dense([7], ["slice", 0, start, stop, -1 if stop != 3 else -2])
    for i, step in enumerate([3, -3, 7, -7, 100, -100]):
        yield dense([3, 8], ["slice", 1, bounds[i], None, step])
        yield dense([8, 3], ["slice", 0, None, bounds[-i], step])
    for axis in range(3):
        yield dense([2, 3, 4], ["flip", axis])
        yield dense([2, 3, 4], ["index", axis, 1])
        yield dense([2, 3, 4], ["index", axis, 0], ["index", 0, 1], ["index", 0, 1])
    for axis in range(4):
        yield dense([2, 3, 4], ["insert_axis", axis])
        yield dense([2, 3, 4], ["repeat", axis, 3])
        yield dense([2, 3, 4], ["repeat", axis, 0])
    for order in itertools.permutations(range(3)):
        yield dense([2, 3, 4], ["permute", list(order)])
        yield dense([2, 3, 4], ["permute", list(order)], ["transpose"], order="F")
    for offset in range(-4, 6):
        yield dense([3, 4], ["diagonal", offset, [0, 1]])
        yield dense([4, 4], ["anti_diagonal", offset, [0, 1]])
    for axes in itertools.permutations(range(3), 2):
        yield dense([3, 4, 5], ["diagonal", 1, list(axes)])
        yield dense([3, 4, 5], ["anti_diagonal", -1, list(axes)])
    for shape, to in [
        ([1, 4], [6, 4]),
        ([6, 1], [6, 4]),
        ([4], [2, 3, 4]),
        ([], [2, 2]),
        ([1], [0]),
        ([3, 1, 2], [2, 3, 4, 2]),
        ([1, 1], [1, 5]),
        ([0, 1], [0, 3]),
        ([2, 3], [2, 3]),
    ]:
        yield dense(shape, ["broadcast_to", to])
    for shape, to in [
        ([12], [3, 4]),
        ([3, 4], [12]),
        ([3, 4], [2, 6]),
        ([3, 4], [2, 3, 2]),
        ([3, 4], [1, 3, 1, 4, 1]),
        ([1, 1], []),
        ([], [1, 1, 1]),
        ([0, 3], [3, 0, 7]),
        ([2, 3, 4], [6, 4]),
        ([2, 3, 4], [2, 12]),
        ([2, 3, 4], [3, 2, 2, 2]),
    ]:
        yield dense(shape, ["reshape", to])
    # Not contiguous, and yet no copy.
    yield dense([4, 6], ["slice", 0, None, None, 2], ["reshape", [2, 3, 2]])
    yield dense([4, 6], ["slice", 1, 0, 3, 1], ["reshape", [2, 2, 3]])
    yield dense([4, 6], ["flip", 0], ["flip", 1], ["reshape", [24]])
    yield dense([4, 6], ["transpose"], ["reshape", [2, 3, 4]])
    yield dense([4, 6], ["transpose"], ["reshape", [6, 2, 2]])
    yield dense([2, 3], ["repeat", 0, 4], ["repeat", 0, 2], ["reshape", [8, 6]])
    yield dense([4], ["repeat", 1, 3], ["repeat", 1, 2], ["reshape", [4, 6]])
    yield dense([4, 3], ["windows", [0, 1], [2, 2], [1, 1], [1, 1]])
    yield dense([4, 3], ["windows", [1, 0], [2, 3], [1, 1], [1, 1]])
    for k, step, dilation in itertools.product([1, 2, 3], [1, 2, 3], [1, 2]):
        yield dense([9], ["windows", [0], [k], [step], [dilation]])
    yield dense([7, 8], ["windows", [0, 1], [3, 3], [2, 3], [2, 2]])
    yield dense([7, 8], ["windows", [0, 1], [2, 2], [2, 2], [1, 1]])
    yield dense([7, 8], ["windows", [0, 1], [2, 2], [4, 4], [3, 3]])
    yield dense([3, 5, 6], ["windows", [1, 2], [2, 3], [2, 1], [1, 2]])
    yield dense([5, 6], ["flip", 0], ["windows", [0, 1], [2, 2], [2, 2], [1, 1]])
    yield dense([2, 6], ["slice", 0, 0, 0, 1], ["windows", [1], [3], [1], [1]])
    yield dense([4, 6], ["blocks", [0, 1], [2, 3]])
    yield dense([4, 6], ["blocks", [1, 0], [3, 2]])
    yield dense([3, 4, 4], ["blocks", [1, 2], [2, 2]])
    yield dense([6], ["blocks", [0], [6]])
    yield dense([0, 4], ["blocks", [0, 1], [2, 2]])
    yield dense([6, 6], ["blocks", [0, 1], [2, 3]], ["permute", [0, 2, 1, 3]])
    yield dense([4, 6], ["transpose"], ["blocks", [0, 1], [2, 2]])
    # Overlap that only arithmetic finds.
    for strides, shape in [
        ([2, 3], [4, 3]),
        ([2, 3], [3, 2]),
        ([4, 6], [3, 3]),
        ([4, 6], [4, 2]),
        ([5, 7, 11], [3, 3, 3]),
        ([5, 7, 12], [3, 3, 3]),
        ([6, 10, 15], [3, 2, 2]),
        ([1, 3, 9], [3, 3, 3]),
        ([1, 3, 8], [3, 3, 3]),
    ]:
        yield strided(100, shape, strides, 0)
        yield strided(100, shape, [strides[0], *(-s for s in strides[1:])], 60)


def errors():
    """First arrays and operations that are refused, and as what."""
    for length, shape, strides, offset in [
        (12, [4, 3], [24, 8], 0),
        (12, [12], [-1], 12),
        (12, [12], [-1], 10),
        (12, [12], [-1], 0),
        (12, [13], [1], 0),
        (12, [4, 3], [3, 1], 1),
        (12, [4, 3], [3, -1], 0),
        (12, [4, 3], [-3, 1], 8),
        (12, [2, 2], [1, 11], 0),
        (16, [4], [5], 1),
        (16, [4], [3], 7),
        (1, [2], [1], 0),
        (10, [3, 4], [5, -1], 0),
    ]:
        yield strided(length, shape, strides, offset), "OutOfBounds"
    yield strided(5, [], [], 5), "OutOfBounds"
    for op, error in [
        (["slice", 2, None, None, 1], "Axis"),
        (["slice", 0, None, None, 0], "ZeroStep"),
        (["flip", 2], "Axis"),
        (["permute", [0, 0]], "AxisTwice"),
        (["permute", [0, 2]], "Axis"),
        (["index", 0, 3], "Index"),
        (["index", 1, 4], "Index"),
        (["index", 2, 0], "Axis"),
        (["insert_axis", 3], "Axis"),
        (["repeat", 4, 2], "Axis"),
        (["reshape", [5, 2]], "Size"),
        (["reshape", [0]], "Size"),
        (["reshape", []], "Size"),
        (["diagonal", 0, [0, 0]], "AxisTwice"),
        (["diagonal", 0, [0, 2]], "Axis"),
        (["anti_diagonal", 0, [1, 1]], "AxisTwice"),
        (["anti_diagonal", 0, [0, 3]], "Axis"),
        (["broadcast_to", [4]], "Broadcast"),
        (["broadcast_to", [3, 5]], "Broadcast"),
        (["broadcast_to", [4, 3]], "Broadcast"),
        (["broadcast_to", [3, 4, 2]], "Broadcast"),
        (["broadcast_to", [0, 4]], "Broadcast"),
        (["windows", [0, 1], [4, 2], [1, 1], [1, 1]], "Window"),
        (["windows", [0, 1], [2, 5], [1, 1], [1, 1]], "Window"),
        (["windows", [0, 1], [2, 2], [1, 1], [3, 1]], "Window"),
        (["windows", [0, 1], [0, 2], [1, 1], [1, 1]], "Window"),
        (["windows", [0, 1], [2, 2], [0, 1], [1, 1]], "ZeroStep"),
        (["windows", [0, 1], [2, 2], [1, 1], [1, 0]], "ZeroStep"),
        (["windows", [0, 2], [2, 2], [1, 1], [1, 1]], "Axis"),
        (["windows", [1, 1], [2, 2], [1, 1], [1, 1]], "AxisTwice"),
        (["blocks", [0, 1], [2, 2]], "Block"),
        (["blocks", [0, 1], [3, 3]], "Block"),
    ]:
        yield dense([3, 4], op), error
    for ops in [
        [["transpose"], ["reshape", [12]]],
        [["transpose"], ["reshape", [2, 6]]],
        [["flip", 0], ["reshape", [12]]],
        [["flip", 1], ["reshape", [12]]],
        [["slice", 1, 1, None, 1], ["reshape", [9]]],
        [["slice", 1, None, None, 3], ["reshape", [2, 3]]],
        [["repeat", 0, 2], ["reshape", [6, 4]]],
        [["repeat", 2, 2], ["reshape", [24]]],
        [["windows", [0, 1], [2, 2], [1, 1], [1, 1]], ["reshape", [6, 4]]],
    ]:
        yield dense([3, 4], *ops), "NeedsCopy"
    # The repeat view of 1 2 / 3 4: four axes that are not two.
    yield strided(4, [2, 2, 2, 2], [2, 0, 1, 0], 0, ["reshape", [4, 4]]), "NeedsCopy"


def factors(rng, n):
    """A random shape with n elements."""
    shape = []
    while n > 1:
        sides = [side for side in range(2, n + 1) if n % side == 0]
        shape.append(rng.choice(sides))
        n //= shape[-1]
    for _ in range(rng.randint(0, 1)):
        shape.insert(rng.randint(0, len(shape)), 1)
    return shape


def random_op(rng, a):
    axis = rng.randrange(a.ndim) if a.ndim else 0
    n = a.shape[axis] if a.ndim else 0
    end = lambda: rng.choice([None, rng.randint(-n - 1, n + 1)])
    plane = rng.sample(range(a.ndim), 2) if a.ndim > 1 else None
    some = rng.sample(range(a.ndim), min(a.ndim, rng.randint(1, 2)))
    match rng.randrange(13 if a.ndim else 4):
        case 0:
            return ["insert_axis", rng.randint(0, a.ndim)]
        case 1:
            return ["repeat", rng.randint(0, a.ndim), rng.randint(1, 3)]
        case 2:
            return ["reshape", factors(rng, a.size)] if a.size else None
        case 3:
            front = [rng.randint(1, 3) for _ in range(rng.randint(0, 1))]
            return ["broadcast_to", front + [rng.randint(1, 3) if n == 1 else n for n in a.shape]]
        case 4 | 5:
            return ["slice", axis, end(), end(), rng.choice([1, 1, 2, 3, -1, -1, -2, -3])]
        case 6:
            return ["flip", axis]
        case 7:
            return ["permute", rng.sample(range(a.ndim), a.ndim)]
        case 8:
            return ["transpose"]
        case 9:
            return ["index", axis, rng.randrange(n)] if n else None
        case 10:
            kind = rng.choice(["diagonal", "anti_diagonal"])
            return [kind, rng.randint(-2, 2), plane] if plane else None
        case 11:
            window = [rng.randint(1, 3) for _ in some]
            dilation = [rng.randint(1, 2) for _ in some]
            if any((k - 1) * d + 1 > a.shape[x] for k, d, x in zip(window, dilation, some)):
                return None
            return ["windows", some, window, [rng.randint(1, 3) for _ in some], dilation]
        case 12:
            sides = [[s for s in range(1, a.shape[x] + 1) if a.shape[x] % s == 0] for x in some]
            return ["blocks", some, [rng.choice(s) for s in sides]] if all(sides) else None


def random_base(rng):
    shape = [rng.randint(1, 6) for _ in range(rng.randint(1, 4))]
    match rng.randrange(4):
        case 0 | 1:
            return dense(shape, order=rng.choice("CF"))
        case _:
            strides = [rng.randint(-7, 12) for _ in shape]
            low = sum((n - 1) * s for n, s in zip(shape, strides) if s < 0)
            high = sum((n - 1) * s for n, s in zip(shape, strides) if s > 0)
            offset = rng.randint(0, 3) - low
            return strided(offset + high + 1 + rng.randint(0, 3), shape, strides, offset)


def chains(rng, count):
    """Random chains; a reshape that needs a copy ends one as refused."""
    while count:
        case = random_base(rng)
        _, a = first_array(case)
        error = None
        for _ in range(rng.randint(2, 6)):
            op = random_op(rng, a)
            if op is None or a.size > MOST_ELEMENTS:
                continue
            try:
                after = apply(a, op)
            except ValueError:
                assert op[0] == "reshape", (case, op)
                if rng.random() < 0.5:
                    continue
                case["ops"].append(op)
                error = "NeedsCopy"
                break
            if after.ndim <= MOST_AXES and after.size <= MOST_ELEMENTS:
                case["ops"].append(op)
                a = after
        if len(case["ops"]) < 2 or (a.size == 0 and rng.random() < 0.8):
            continue
        yield refused(case, error) if error else result(case)
        count -= 1


def printed():
    """What repr says of small, wide, deep, large and empty arrays; without the
    dtype, which stridekern does not print."""
    for start, shape in [
        (0, []),
        (-7, []),
        (0, [0]),
        (0, [3, 0]),
        (0, [0, 3]),
        (0, [1]),
        (0, [1, 1, 1]),
        (-2, [3]),
        (8, [2, 3]),
        (-5, [5, 7]),
        (-12, [2, 1, 2]),
        (0, [2, 2, 2, 2]),
        (0, [18]),
        (0, [19]),
        (0, [20]),
        (0, [100]),
        (0, [2, 40]),
        (99990, [3, 30]),
        (10**17, [3, 4]),
        (10**18, [8]),
        (-500, [1000]),
        (0, [1001]),
        (0, [1001, 1]),
        (0, [2, 1000]),
        (0, [7, 200]),
        (-3, [30, 2, 50]),
        (0, [10, 11, 12]),
        (10**12, [1, 1, 40, 30]),
        (0, [4, 4, 4, 4, 4]),
    ]:
        a = np.arange(start, start + int(np.prod(shape)), dtype=np.int64).reshape(shape)
        text = repr(a).replace(", dtype=int64", "").replace("dtype=int64", "")
        yield {"start": start, "shape": shape, "text": text}


def main():
    cases = [result(case) for case in chosen()]
    cases += [refused(case, error) for case, error in errors()]
    cases += chains(random.Random(3), 300)
    head = {
        "about": __doc__.split("\n\n")[1].replace("\n", " "),
        "numpy": np.__version__,
        "given": sum("gives" in case for case in cases),
        "refused": sum("refused" in case for case in cases),
    }
    line = lambda case: json.dumps(case, separators=(",", ":"))
    lists = {"cases": cases, "printed": list(printed())}
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    parts += [f'"{key}": [\n' + ",\n".join(map(line, rows)) + "\n]" for key, rows in lists.items()]
    path = Path(__file__).with_name("views.json")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
    print({key: head[key] for key in ("numpy", "given", "refused")}, len(lists["printed"]))


if __name__ == "__main__":
    main()
