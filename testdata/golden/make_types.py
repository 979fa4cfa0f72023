"""Write what SciPy and OpenCV make of small arrays of every type of samples.

Usage: python make_types.py

scipy_types.json    twelve types, over their whole range and over a typical one, through integer,
                    decimal and float weights, with every border
opencv_types.json   the 13 pairs of types of cv2.filter2D, with every border that it has

Both explain themselves under `about`. Numbers stand in texts, separated by blanks: a reader of
JSON may read a float wrong by its last bit, or an integer of 64 bits as a float.
"""

import json
import platform
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import scipy
from scipy import ndimage

HERE = Path(__file__).resolve().parent
CHANCE = np.random.default_rng(0x7e5)

# The program's name of a type: NumPy's.
TYPES = {
    "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64,
    "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "bool": np.bool_, "f16": np.float16, "f32": np.float32, "f64": np.float64,
}
# What people have in such arrays: photographs, sensors, counts, tomography, metres.
TYPICAL = {
    "u8": (16, 235), "u16": (0, 4095), "u32": (0, 100_000), "u64": (0, 10**9),
    "i8": (-20, 20), "i16": (-1024, 3071), "i32": (-10**6, 10**6), "i64": (-10**9, 10**9),
    "bool": (0, 1), "f16": (0, 1), "f32": (0, 255), "f64": (-430, 8848.86),
}
# Of floats so large that sums do not become infinite.
LARGEST = {"f16": 1000, "f32": 1e36, "f64": 1e300}
# The program's name of a border: SciPy's, NumPy's pad, OpenCV's.
BORDERS = {
    "constant": ("grid-constant", "constant", cv2.BORDER_CONSTANT),
    "edge": ("nearest", "edge", cv2.BORDER_REPLICATE),
    "reflect": ("mirror", "reflect", cv2.BORDER_REFLECT_101),
    "symmetric": ("grid-mirror", "symmetric", cv2.BORDER_REFLECT),
    "wrap": ("grid-wrap", "wrap", None),
}
SIZES = {"full": (4, 5), "typical": (2, 19)}
# Of integers of up to 32 bits: one sample everywhere, and small differences of large samples.
NEAR_TIES = {
    "u8": (101, 200), "u16": (10_101, 40_000), "u32": (101, 4_000_000_000),
    "i8": (101, 100), "i16": (-10_101, 30_000), "i32": (-101, -2_000_000_000),
}


class Kernel:
    """Weights, and what they are exactly: decimals of up to six digits as written."""

    def __init__(self, name, weights, divisor=1, decimal=False):
        self.name, self.divisor = name, divisor
        self.weights = np.array(weights, np.float64)
        exact = (lambda w: Fraction(repr(w))) if decimal else Fraction
        self.exact = [[exact(w) for w in row] for row in self.weights.tolist()]

    @property
    def gain(self):
        return float(np.abs(self.weights).sum())

    def described(self):
        rows, columns = self.weights.shape
        return {"name": self.name, "rows": rows, "columns": columns, "weights": text(self.weights),
                "divisor": self.divisor}


KERNELS = [
    # Of even sides; quarters, of which every fourth is a tie.
    Kernel("integers", [[1, -2, 3], [0, 5, -1], [2, 4, -3], [-6, 1, 2]], 4),
    Kernel("decimals", [[0.25, -0.1, 0.3], [0.05, 0.123456, -0.7]], decimal=True),
    Kernel("floats", CHANCE.normal(size=(3, 3)) / 3),
]


def half():
    """Floats whose exact sum is next to a half: an odd sample everywhere is next to a tie."""
    weights = CHANCE.normal(size=(3, 3))
    exact = lambda: sum(map(Fraction, weights.ravel().tolist()))
    while exact() <= Fraction(1, 2) or exact() > Fraction(1, 2) + Fraction(1, 2**50):
        weights[1, 1] = np.nextafter(float(Fraction(weights[1, 1]) + Fraction(1, 2) - exact()), 9)
    return Kernel("half", weights)


# The kernels of flat and of bright images.
NEAR = {"flat": half(), "bright": Kernel("steep", [[1000.3, -1000.3]], decimal=True)}


def text(numbers):
    """As Python writes them, which reads back as the same number."""
    return " ".join(repr(n) for n in np.asarray(numbers).ravel().tolist())


def random_samples(name, range):
    kind, shape = TYPES[name], SIZES[range]
    low, high = TYPICAL[name]
    if range == "full":
        if kind in (np.uint64, np.int64):
            # Beyond this sums of 64-bit integers are refused.
            high = (2**53 - 1) // 32
            low = 0 if kind is np.uint64 else -high
        elif name in LARGEST:
            low, high = -LARGEST[name], LARGEST[name]
        elif kind is not np.bool_:
            low, high = np.iinfo(kind).min, np.iinfo(kind).max
    if name in LARGEST:
        return CHANCE.uniform(low, high, shape).astype(kind)
    samples = CHANCE.integers(low, high, shape, dtype=np.int64, endpoint=True)
    if range == "full":
        samples.ravel()[[3, 11]] = low, high
    return samples.astype(kind)


def near_ties(name):
    """Images of a type, each with its kernel."""
    flat, bright = NEAR_TIES[name]
    yield "flat", np.full((2, 5), flat, TYPES[name])
    yield "bright", (bright + CHANCE.integers(-3, 4, (1, 12))).astype(TYPES[name])


def images_of(name):
    """Ranges, samples and kernels by number."""
    for range in SIZES:
        yield range, random_samples(name, range), dict(enumerate(KERNELS))
    for number, (range, samples) in enumerate(near_ties(name) if name in NEAR_TIES else (), len(KERNELS)):
        yield range, samples, {number: NEAR[range]}


def constant_of(samples):
    """A sample of the same size that stands nowhere else."""
    return samples.dtype.type(np.median(samples.astype(np.float64)))


def exact_responses(samples, kernel, border, constant):
    """The responses as ratios, over an array that NumPy padded."""
    before = [n // 2 for n in kernel.weights.shape]
    width = [(b, n - 1 - b) for b, n in zip(before, kernel.weights.shape)]
    exact = np.array([[Fraction(s) for s in row] for row in samples.astype(object).tolist()], dtype=object)
    if samples.dtype.kind == "f":
        exact = np.array([[Fraction(float(s)) for s in row] for row in samples], dtype=object)
    options = {"constant_values": Fraction(float(constant))} if border == "constant" else {}
    padded = np.pad(exact, width, BORDERS[border][1], **options)
    rows, columns = samples.shape
    return [
        sum((w * padded[y + i][x + j] for i, line in enumerate(kernel.exact) for j, w in enumerate(line)),
            start=Fraction(0)) / kernel.divisor
        for y in range(rows) for x in range(columns)
    ]


def saturated(response, kind):
    """The nearest integer, ties to even, or the end of the type."""
    low, high = (0, 1) if kind is np.bool_ else (np.iinfo(kind).min, np.iinfo(kind).max)
    return min(max(round(response), int(low)), int(high))


def scipy_cases():
    """Images and cases, and how SciPy's own integers differ."""
    images, cases = [], []
    own = {"same": 0, "truncated": 0, "beyond": 0}
    for name, kind in TYPES.items():
        for range, samples, kernels in images_of(name):
            constant = constant_of(samples)
            images.append({"type": name, "range": range, "rows": samples.shape[0], "columns": samples.shape[1],
                           "constant": text(constant), "samples": text(samples.astype(np.uint8)
                                                                       if kind is np.bool_ else samples)})
            if kind is np.bool_:
                images[-1]["constant"] = str(int(constant))
            for number, kernel in kernels.items():
                for border, (mode, _, _) in BORDERS.items():
                    options = {"mode": mode, "cval": float(constant)}
                    doubles = samples.astype(np.float64)
                    assert all(Fraction(d) == Fraction(s) for d, s in
                               zip(doubles.ravel().tolist(), samples.astype(object).ravel().tolist()))
                    responses = ndimage.correlate(doubles, kernel.weights, **options) / kernel.divisor
                    exact = exact_responses(samples, kernel, border, constant)
                    largest = max(np.abs(doubles).max(), abs(float(constant)))
                    apart = max(abs(Fraction(r) - e) for r, e in zip(responses.ravel().tolist(), exact))
                    # Of decimals, the floats nearest to them are half a unit apart as well.
                    bound = (kernel.weights.size + 3) * 2.0**-53 * largest * kernel.gain / kernel.divisor
                    assert apart <= bound, (name, range, kernel.name, border)
                    case = {"image": len(images) - 1, "kernel": number, "border": border,
                            "responses": text(responses + 0.0)}
                    if name not in LARGEST:
                        rounded = [saturated(e, kind) for e in exact]
                        case["rounded"] = " ".join(map(str, rounded))
                        if kind is not np.bool_ and kernel.divisor == 1:
                            theirs = ndimage.correlate(samples, kernel.weights, **options).ravel().tolist()
                            low, high = np.iinfo(kind).min, np.iinfo(kind).max
                            for a, b, e in zip(theirs, rounded, exact):
                                own["same" if a == b else "truncated" if low <= e <= high else "beyond"] += 1
                    cases.append(case)
    return images, cases, own


def write(path, parts, lists):
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in parts.items()]
    for key, entries in lists.items():
        lines.append(f"  {json.dumps(key)}: [\n    " + ",\n    ".join(map(json.dumps, entries)) + "\n  ]")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def scipy_types():
    images, cases, own = scipy_cases()
    write(HERE / "scipy_types.json", {
        "about": [
            "responses: scipy.ndimage.correlate of the samples as float64, / divisor. It adds in float64: the script "
            "asserts that it is within (taps + 3) x 2^-53 x the largest sample x the sum of absolute weights of the "
            "response in ratios of integers, from an array that numpy.pad padded",
            "rounded: of integers that exact response, rounded to nearest with ties to even, and saturated. SciPy's "
            "own output of an integer type truncates, and beyond the type wraps or is undefined: scipy_integers "
            "counts the samples of weights without divisor in which it is the same, and why it is another elsewhere",
            "decimals are decimals: 0.1 is 1/10; the weights of floats are exactly the float64 that are written",
            "float16, which SciPy does not take, is float64 with the same values; integers of 64 bits are as large "
            "as sums by these weights may be",
            "the constant of the border constant stands at the image",
        ],
        "versions": versions(),
        "scipy_integers": own,
        "kernels": [kernel.described() for kernel in [*KERNELS, *NEAR.values()]],
    }, {"images": images, "cases": cases})
    print(len(cases), "cases of SciPy; its own integers:", own)


def versions():
    return {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
            "opencv": cv2.__version__}


# --- OpenCV ----------------------------------------------------------------------

OPENCV_TYPES = {"u8": cv2.CV_8U, "u16": cv2.CV_16U, "i16": cv2.CV_16S, "f32": cv2.CV_32F, "f64": cv2.CV_64F}
# The pairs of its documentation, "depth combinations" of filters.
PAIRS = [
    ("u8", ["u8", "i16", "f32", "f64"]),
    ("u16", ["u16", "f32", "f64"]),
    ("i16", ["i16", "f32", "f64"]),
    ("f32", ["f32", "f64"]),
    ("f64", ["f64"]),
]


def filter2d(samples, kernel, result, border):
    # Powers of two divide exactly.
    arguments = OPENCV_TYPES[result], kernel.weights / kernel.divisor
    if (samples.dtype, result) == (np.float32, "f64"):
        # The only pair of the list that OpenCV 5 refuses.
        try:
            cv2.filter2D(samples, *arguments, borderType=border)
            raise AssertionError("it is taken again")
        except cv2.error as error:
            assert "Unsupported combination of source format" in str(error), error
        samples = samples.astype(np.float64)
    made = cv2.filter2D(samples, *arguments, borderType=border)
    assert made.dtype == TYPES[result]
    return made


def opencv_types():
    images, cases, counts = [], [], {}
    for name, results in PAIRS:
        for range, samples, kernels in images_of(name):
            images.append({"type": name, "range": range, "rows": samples.shape[0], "columns": samples.shape[1],
                           "constant": "0", "samples": text(samples)})
            for number, kernel in kernels.items():
                for border, (_, _, theirs) in BORDERS.items():
                    if theirs is None:
                        continue
                    exact = exact_responses(samples, kernel, border, 0)
                    for result in results:
                        made = filter2d(samples, kernel, result, theirs)
                        case = {"image": len(images) - 1, "kernel": number, "border": border, "result": result,
                                "samples": text(made + 0 if made.dtype.kind != "f" else made + made.dtype.type(0))}
                        if made.dtype.kind != "f":
                            ours = [saturated(e, TYPES[result]) for e in exact]
                            # Where OpenCV, whose sums are in 32-bit floats, does not give the nearest integer.
                            other = [i for i, (a, b) in enumerate(zip(made.ravel().tolist(), ours)) if a != b]
                            if other:
                                case["otherwise"] = {str(i): ours[i] for i in other}
                            key = f"{name} to {result}, {kernel.name}"
                            of, found = counts.get(key, (0, 0))
                            counts[key] = (of + len(ours), found + len(other))
                        cases.append(case)
    write(HERE / "opencv_types.json", {
        "about": [
            "samples: cv2.filter2D of the image to the type of the result; OpenCV has no divisor: weights are divided "
            "before, by a power of two",
            "filter2D has no border wrap; its constant is 0",
            "OpenCV 5 takes 12 of the 13 pairs that its documentation lists: float32 to float64 is refused, and is "
            "what filter2D makes of the same samples as float64",
            "OpenCV rounds to nearest with ties to even, and saturates, as we do; but of results other than float64 "
            "its sums are 32-bit floats: otherwise names the samples of integer results that the exact response "
            "rounds to another integer, with that integer; all others are equal, bit for bit",
        ],
        "versions": versions(),
        "kernels": [kernel.described() for kernel in [*KERNELS, *NEAR.values()]],
    }, {"images": images, "cases": cases})
    print(len(cases), "cases of OpenCV; integers, and those rounded otherwise:")
    for key, (of, found) in counts.items():
        print(f"  {key}: {of}, {found}")


if __name__ == "__main__":
    scipy_types()
    opencv_types()
