"""Write what SciPy and OpenCV make of the photographs and of crops of them.

Usage: python make_goldens.py

responses.json   hashes of whole photographs, filtered
manifest.json    cases on small crops, with every sample
axis_borders.json  a border for each axis, with every response
crops/           the crops, the inputs of manifest.json
expected/        the samples of manifest.json, case after case

Every response is computed twice: by scipy.ndimage in float64, and by sliding
windows over an image that was padded by index maps. Where the weights are
integers both must be the same number, elsewhere the same to 1e-12. Samples
are then made from exact integers, never from floats. OpenCV is asked for
every case that it can compute; the manifest says where it agrees.
"""

import hashlib
import json
import platform
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor, isqrt
from pathlib import Path

import cv2
import numpy as np
import PIL
import scipy
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from scipy import ndimage

HERE = Path(__file__).resolve().parent
PHOTOS = HERE.parent / "photos"
FULL_SCALE = {"u8": 255, "u16": 65535, "f32": 1}
DTYPES = {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}

# The program's name of a border: SciPy's and OpenCV's.
SCIPY = {
    "constant": "grid-constant",
    "edge": "nearest",
    "reflect": "mirror",
    "symmetric": "grid-mirror",
    "wrap": "grid-wrap",
}
OPENCV = {
    "constant": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
}
PHOTO_BORDERS = ["valid", "constant:0", "constant:77", "edge", "reflect", "symmetric", "wrap"]
CONSTANT = {"u8": "constant:77", "u16": "constant:20077", "f32": "constant:0.3125"}


# --- filters -------------------------------------------------------------------


@dataclass
class Kernel:
    """Weights as written. Weights with a decimal point are floats."""

    weights: list
    divisor: float = 1
    bias: float = 0
    anchor: list | None = None
    flip: bool = False

    @property
    def array(self):
        return np.array(self.weights, np.float64)

    @property
    def anchor_or_default(self):
        rows, columns = self.array.shape
        return tuple(self.anchor or (rows // 2, columns // 2))

    def applied(self, dilation):
        """Weights and anchor as they lie on the image: flipped, zeros inserted."""
        weights, anchor = self.array, self.anchor_or_default
        if self.flip:
            weights = weights[::-1, ::-1]
            anchor = tuple(n - 1 - a for n, a in zip(weights.shape, anchor))
        wide = np.zeros([(n - 1) * d + 1 for n, d in zip(weights.shape, dilation)])
        wide[:: dilation[0], :: dilation[1]] = weights
        return wide, tuple(a * d for a, d in zip(anchor, dilation))


@dataclass
class Filter:
    kernels: list = field(default_factory=list)
    combine: str | None = None

    @property
    def integer(self):
        return all(float(w).is_integer() for k in self.kernels for row in k.weights for w in row)


def outer(a, b=None):
    return np.outer(a, a if b is None else b).tolist()


def one(weights, **more):
    return Filter([Kernel(weights, **more)])


def mirrored(rows):
    return rows + rows[-2::-1]


def compass(ring):
    """The eight turns of a 3x3 kernel with centre 0, by 45 degrees."""
    path = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    turns = []
    for turn in range(8):
        weights = [[0] * 3 for _ in range(3)]
        for step, (r, c) in enumerate(path):
            weights[r][c] = ring[(step - turn) % 8]
        turns.append(Kernel(weights))
    return turns


def random_integers(rows, columns, seed):
    return np.random.default_rng(seed).integers(-9, 10, (rows, columns)).tolist()


def gaussian(size, sigma):
    a = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * sigma**2))
    return outer(a / a.sum())


SOBEL_X = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
SOBEL_Y = [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
ROBERTS_1, ROBERTS_2 = [[1, 0], [0, -1]], [[0, 1], [-1, 0]]
LOG9 = mirrored([
    [0, -1, -1, -2, -2, -2, -1, -1, 0],
    [-1, -2, -4, -5, -5, -5, -4, -2, -1],
    [-1, -4, -5, -3, 0, -3, -5, -4, -1],
    [-2, -5, -3, 12, 24, 12, -3, -5, -2],
    [-2, -5, 0, 24, 40, 24, 0, -5, -2],
])
UNSHARP5 = (-np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])).tolist()
UNSHARP5[2][2] = 476

FILTERS = {
    "identity": one([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "sobel_x": one(SOBEL_X),
    "gaussian5": one(outer([1, 4, 6, 4, 1]), divisor=256),
    "emboss": one([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
    "log9": one(LOG9),
    "roberts_1": one(ROBERTS_1),
    "roberts_2": one(ROBERTS_2),
    "roberts": Filter([Kernel(ROBERTS_1), Kernel(ROBERTS_2)], "magnitude"),
    "random_6x4": one(random_integers(6, 4, 64)),
    "laplacian4": one([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "box3": one([[1] * 3] * 3, divisor=9),
    "scharr_x": one([[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]),
    "kirsch": Filter(compass([5, 5, 5, -3, -3, -3, -3, -3]), "max"),
    "sobel": Filter([Kernel(SOBEL_X), Kernel(SOBEL_Y)], "magnitude"),
    "sobel_sum": Filter([Kernel(SOBEL_X), Kernel(SOBEL_Y)], "sum"),
    "sobel_direction": Filter([Kernel(SOBEL_X), Kernel(SOBEL_Y)], "direction"),
    "gaussian7": one(outer([1, 6, 15, 20, 15, 6, 1]), divisor=4096),
    "motion9": one([[1 / 9]] * 9),
    "gaussian5_float": one(gaussian(5, 1.1)),
    "unsharp5": one(UNSHARP5, divisor=256),
    "bevel": one([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]], bias=0.5),
    "even_2x2": one([[3, -1], [2, 5]], divisor=9),
    "even_4x4": one(random_integers(4, 4, 44), divisor=-7),
    "row_1x5": one([[1, -2, 4, 3, -5]], divisor=2),
    "column_5x1": one([[2], [-1], [6], [4], [-3]], divisor=8),
    "anchor_3x3": one([[1, 2, 3], [4, 5, 6], [7, 8, 10]], divisor=46, anchor=[0, 0]),
    "anchor_2x3": one([[1, -2, 3], [4, 5, -6]], anchor=[0, 2]),
    "flip_2x2": one([[3, -1], [2, 5]], divisor=9, flip=True),
    "flip_4x3": one(random_integers(4, 3, 43), divisor=4, flip=True),
    "flip_anchor": one([[1, -2, 3, 7], [4, 5, -6, 2]], divisor=3, anchor=[0, 0], flip=True),
}
PHOTO_FILTERS = ["sobel_x", "gaussian5", "emboss", "log9", "roberts_1", "roberts_2", "roberts", "random_6x4"]


# --- two computations of a weighted sum ----------------------------------------


def parse(border):
    name, _, value = border.partition(":")
    return name, float(value or 0)


def by_scipy(image, weights, anchor, border):
    """The weighted sums as scipy.ndimage computes them in float64."""
    name, value = parse(border)
    # SciPy's origin counts from the middle.
    origin = [a - n // 2 for n, a in zip(weights.shape, anchor)]
    # `valid` is what no border reaches: any mode will do.
    mode = SCIPY["edge" if name == "valid" else name]
    sums = ndimage.correlate(image.astype(np.float64), weights, mode=mode, cval=value, origin=origin)
    if name == "valid":
        sums = sums[tuple(slice(a, a + m - n + 1) for a, m, n in zip(anchor, image.shape, weights.shape))]
    return sums


def source(name, index, n):
    """Which of `n` samples stands at `index`; -1 where the constant does."""
    if name == "constant":
        return np.where((index >= 0) & (index < n), index, -1)
    if name == "edge":
        return np.clip(index, 0, n - 1)
    if name == "wrap":
        return index % n
    if name == "reflect":
        if n == 1:
            return index * 0
        p = index % (2 * n - 2)
        return np.where(p < n, p, 2 * n - 2 - p)
    p = index % (2 * n)
    return np.where(p < n, p, 2 * n - 1 - p)


def by_windows(image, weights, anchor, border):
    """The same, from windows over an image padded by index maps."""
    name, value = parse(border)
    if name != "valid":
        maps = [source(name, np.arange(-a, n + k - 1 - a), n) for n, k, a in zip(image.shape, weights.shape, anchor)]
        inside = (maps[0] >= 0)[:, None] & (maps[1] >= 0)
        kind = np.int64 if image.dtype.kind in "ui" else np.float64
        image = np.where(inside, image.astype(kind)[np.ix_(*maps)], kind(value))
    if image.dtype.kind in "ui" and (weights == weights.round()).all():
        image, weights = image.astype(np.int64), weights.astype(np.int64)
    windows = sliding_window_view(image, weights.shape)
    return np.einsum("rcij,ij->rc", windows, weights)


WORST = {"float": 0.0, "sums": 0}


def weighted_sums(image, weights, anchor, border):
    """int64 where everything is an integer, else float64; both ways must agree."""
    scipys, windows = by_scipy(image, weights, anchor, border), by_windows(image, weights, anchor, border)
    WORST["sums"] += 1
    if windows.dtype == np.int64:
        assert np.abs(windows).max() < 2**53
        assert (scipys == windows).all(), border
        return windows
    scale = np.abs(weights).sum() * max(1, np.abs(image).max())
    worst = np.abs(scipys - windows).max() / scale
    WORST["float"] = max(WORST["float"], worst)
    assert worst < 1e-12, (border, worst)
    return scipys


# --- responses -------------------------------------------------------------------


class Response:
    """Responses in float64 and, where they are rational, as integers / denominator.

    `square` holds the sum of squares instead, for a magnitude.
    """

    def __init__(self, value, exact=None, denominator=1, square=None):
        self.value = value + 0.0  # no negative zeros
        self.exact, self.denominator, self.square = exact, denominator, square


def strided(array, step):
    return array[:: step[0], :: step[1]]


def respond(image, filter, border, full_scale, step=(1, 1), dilation=(1, 1), unit=1):
    """The response of one plane, or None: `valid` with too large a kernel.

    The plane is of integers, `unit` times its samples.
    """
    if unit != 1 and border.startswith("constant"):
        border = f"constant:{int(parse(border)[1]) * unit}"
    values, exacts, denominators = [], [], []
    for kernel in filter.kernels:
        weights, anchor = kernel.applied(dilation)
        if border == "valid" and any(k > n for k, n in zip(weights.shape, image.shape)):
            return None
        sums = strided(weighted_sums(image, weights, anchor, border), step)
        divisor = kernel.divisor * unit
        bias = Fraction(kernel.bias) * full_scale
        if full_scale != 1:  # integer samples: a whole number of them, halves up
            bias = floor(bias + Fraction(1, 2))
        values.append(sums / divisor + float(bias))
        if sums.dtype == np.int64:
            exacts.append(sums + bias * divisor)
            denominators.append(divisor)
    if len(values) == 1:
        return Response(values[0], *((exacts[0], denominators[0]) if exacts else ()))
    if exacts:
        assert set(denominators) == {unit}
    if filter.combine == "magnitude" and unit != 1:
        return Response(np.sqrt(sum(e * e for e in exacts)) / unit)
    if filter.combine == "magnitude":
        square = sum(e * e for e in exacts) if exacts else None
        return Response(np.sqrt(sum(v * v for v in values)), square=square)
    if filter.combine == "direction":
        return Response(np.arctan2(values[1] + 0.0, values[0] + 0.0))
    together = {"max": lambda a: np.max(a, axis=0), "sum": lambda a: np.sum(a, axis=0)}[filter.combine]
    return Response(together(values), together(exacts) if exacts else None, unit)


def round_half_even(numerator, denominator):
    """The integer nearest to numerator / denominator, ties to even."""
    assert denominator != 0
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    down = numerator // denominator
    twice = 2 * (numerator - down * denominator)
    return down + ((twice > denominator) | ((twice == denominator) & (down % 2 == 1)))


def round_root(square):
    """The integer nearest to a square root; a tie cannot happen."""
    root = np.array([isqrt(int(s)) for s in square.ravel()]).reshape(square.shape)
    return root + (square > root * root + root)


def samples_of(response, depth, out, map="clamp"):
    """Samples of depth `out` from the response to samples of depth `depth`."""
    scale = FULL_SCALE[depth]
    if depth != "f32" and out != "f32":
        gain = Fraction(FULL_SCALE[out], scale)
        if response.square is not None:
            assert map in ("clamp", "abs") and gain == 1
            return round_root(response.square).clip(0, scale).astype(DTYPES[out])
        n, d = response.exact, response.denominator
        if map == "abs":
            n, d = np.abs(n), abs(d)
        elif map == "offset":
            n = n + d * {"u8": 128, "u16": 32768}[depth]
        elif map == "stretch":
            if d < 0:
                n, d = -n, -d
            n, d = (n - n.min()) * scale, int(n.max() - n.min())
        elif map == "symmetric":
            if d < 0:
                n = -n
            most = int(np.abs(n).max())
            n, d = (n + most) * scale, 2 * most
        n, d = n * gain.numerator, d * gain.denominator
        assert np.abs(n).max() < 2**62
        return round_half_even(n, d).clip(0, FULL_SCALE[out]).astype(DTYPES[out])
    r = response.value
    if map == "abs":
        r = np.abs(r)
    elif map == "offset":
        r = r + 0.5 * scale
    elif map == "stretch":
        r = (r - r.min()) / (r.max() - r.min()) * scale
    elif map == "symmetric":
        r = r * (scale / 2 / np.abs(r).max()) + scale / 2
    r = r / scale * FULL_SCALE[out]
    if out == "f32":
        return r.astype(np.float32)
    return np.rint(r).clip(0, FULL_SCALE[out]).astype(DTYPES[out])


def as_f32(response):
    """The response as 32-bit floats. Rounded twice, through float64, it must
    be what rounding the exact quotient once would give."""
    bits = response.value.view(np.uint64) & np.uint64((1 << 29) - 1)
    halfway = bits == np.uint64(1 << 28)
    if response.exact is not None:
        for n, v in zip(response.exact[halfway], response.value[halfway]):
            assert Fraction(int(n), response.denominator) == Fraction(float(v)), "rounded twice"
    if response.square is not None:
        for n, v in zip(response.square[halfway], response.value[halfway]):
            assert int(n) == Fraction(float(v)) ** 2, "rounded twice"
    return response.value.astype(np.float32)


def little(array):
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))


def sha256(array):
    return hashlib.sha256(little(array).tobytes()).hexdigest()


# --- photographs -----------------------------------------------------------------


def luma(rgb):
    r, g, b = (rgb[:, :, i].astype(np.int64) for i in range(3))
    return round_half_even(2126 * r + 7152 * g + 722 * b, 10000).astype(rgb.dtype)


def fine_luma(rgb):
    """Luma x 5000, an integer: what float results are made of."""
    return rgb.astype(np.int64) @ np.array([1063, 3576, 361])


def photographs():
    photos, cases = [], []
    for path in sorted(PHOTOS.glob("*.png")):
        samples = np.asarray(Image.open(path))
        gray = luma(samples) if samples.ndim == 3 else samples
        photos.append({
            "file": f"../photos/{path.name}",
            "rows": gray.shape[0],
            "columns": gray.shape[1],
            "channels": samples.shape[2] if samples.ndim == 3 else 1,
            "samples_sha256": sha256(samples),
            "luma_sha256": sha256(gray),
        })
        for name in PHOTO_FILTERS:
            for border in PHOTO_BORDERS:
                response = respond(gray, FILTERS[name], border, 255)
                out = samples_of(response, "u8", "u8")
                if samples.ndim == 3:
                    response = respond(fine_luma(samples), FILTERS[name], border, 255, unit=5000)
                cases.append({
                    "id": f"{path.stem}/{name}/{border}",
                    "input": f"../photos/{path.name}",
                    "filter": name,
                    "border": border,
                    "rows": out.shape[0],
                    "columns": out.shape[1],
                    "response_sha256": sha256(as_f32(response)),
                    "samples_sha256": sha256(out),
                })
    write_json(HERE / "responses.json", {
        "about": [
            "inputs are 8-bit; colour becomes luma first: (2126 R + 7152 G + 722 B) / 10000, to nearest, ties to even, "
            "for samples; not rounded for responses",
            "response_sha256: responses as 32-bit floats, little endian, row by row, no negative zeros",
            "samples_sha256: responses rounded half to even and saturated to 0..255 (map clamp), 8-bit, row by row",
            "constants are in units of a sample",
        ],
        "versions": versions(),
        "filters": {name: described(FILTERS[name]) for name in PHOTO_FILTERS},
        "count": len(cases),
        "photographs": photos,
        "cases": cases,
    })
    return len(cases)


# --- crops -----------------------------------------------------------------------


def crops():
    """Name: (depth, samples). Gray is made from RGB so that all its bits are used."""
    def part(photo, row, column, rows, columns):
        return np.asarray(Image.open(PHOTOS / photo))[row : row + rows, column : column + columns]

    def fine(rgb):
        """Luma x 10000, an integer."""
        return rgb.astype(np.int64) @ np.array([2126, 7152, 722])

    gray16 = lambda rgb: round_half_even(fine(rgb) * 257, 10000).astype(np.uint16)
    # From below 0 to above 1, since float images may.
    gray32 = lambda rgb: (fine(rgb) / 2_550_000 * 1.25 - 0.125).astype(np.float32)
    eye, helmet = part("chelsea.png", 95, 150, 26, 41), part("astronaut.png", 95, 230, 26, 41)
    tiny = part("coffee.png", 120, 210, 5, 4)
    crops = {
        "gray8": ("u8", part("camera.png", 90, 205, 26, 41)),
        "gray8_tiny": ("u8", part("coins.png", 60, 40, 5, 4)),
        "rgb8": ("u8", part("coffee.png", 100, 200, 15, 22)),
        "rgb8_tiny": ("u8", tiny),
        "gray16": ("u16", gray16(eye)),
        "gray16_tiny": ("u16", gray16(tiny)),
        "gray_f32": ("f32", gray32(helmet)),
        "gray_f32_tiny": ("f32", gray32(tiny)),
    }
    # A multiple of 257 is an 8-bit sample made wider; by chance one in 257 is.
    assert (crops["gray16"][1] % 257 == 0).mean() < 0.02, "really 16 bits"
    return crops


class Stacks:
    """The expected samples, one flat .npy per input and sample type."""

    def __init__(self):
        self.parts, self.lengths, self.known = {}, {}, {}

    def add(self, name, array):
        file = f"expected/{name}.{'f32' if array.dtype == np.float32 else 'u%d' % (array.dtype.itemsize * 8)}.npy"
        key = (file, array.shape, array.tobytes())
        if key not in self.known:
            self.known[key] = self.lengths.get(file, 0)
            self.parts.setdefault(file, []).append(array.ravel())
            self.lengths[file] = self.known[key] + array.size
        return {"file": file, "offset": self.known[key]}

    def write(self):
        for file, parts in self.parts.items():
            np.save(HERE / file, little(np.concatenate(parts)))


def planes(image, channel):
    """What is filtered, plane by plane."""
    if image.ndim == 2:
        return [image]
    if channel == "luma":
        return [luma(image)]
    if channel == "each":
        return [image[:, :, i] for i in range(image.shape[2])]
    return [image[:, :, ["red", "green", "blue"].index(channel)]]


def stacked(arrays):
    return arrays[0] if len(arrays) == 1 else np.stack(arrays, axis=2)


class Cases:
    def __init__(self):
        self.crops, self.stacks = crops(), Stacks()
        self.cases, self.refused, self.opencv = [], [], {"agrees": 0, "close": 0, "deviates": []}

    def add(self, input, name, border, step=(1, 1), dilation=(1, 1), channel=None, map="clamp", out=None,
            response=True, samples=True):
        depth, image = self.crops[input]
        filter, scale = FILTERS[name], FULL_SCALE[depth]
        channel = channel or ("each" if image.ndim == 3 else "luma")
        case = {"id": f"{input}/{name}/{border}", "input": f"crops/{input}.npy", "filter": name, "border": border,
                "step": list(step), "dilation": list(dilation), "channel": channel, "map": map,
                "depth": out or depth}
        extras = [("step", step, (1, 1)), ("dilation", dilation, (1, 1))]
        case["id"] += "".join(f"/{n}-{v[0]}x{v[1]}" for n, v, usual in extras if v != usual)
        case["id"] += "".join(f"/{v}" for v in (channel if image.ndim == 3 and channel != "each" else None,
                                                map if map != "clamp" else None, out) if v)
        found = [respond(p, filter, border, scale, step, dilation) for p in planes(image, channel)]
        if found[0] is None:
            self.refused.append({**case, "why": "valid, and the kernel is larger than the image"})
            return
        reals = [as_f32(r) for r in found]
        unrounded = image.ndim == 3 and channel == "luma" and depth == "u8"
        if unrounded:
            reals = [as_f32(respond(fine_luma(image), filter, border, scale, step, dilation, unit=5000))]
        reals = stacked(reals)
        rows, columns = reals.shape[:2]
        case |= {"rows": rows, "columns": columns, "channels": 1 if reals.ndim == 2 else reals.shape[2]}
        exact = filter.integer and depth != "f32"
        if response:
            largest = max(np.abs(k.array).sum() / abs(k.divisor) for k in filter.kernels)
            bound = 1e-5 * scale * largest
            if filter.combine in ("sum", "magnitude"):
                bound *= len(filter.kernels)
            if filter.combine == "direction":
                bound, certain = 1e-6, False
            elif unrounded:
                certain = False
            else:
                certain = exact
            case["response"] = {**self.stacks.add(input, reals), "exact": certain, "tolerance": 0 if certain else bound}
        if samples and (found[0].exact is not None or found[0].square is not None) and (out or depth) != "f32":
            made = stacked([samples_of(r, depth, out or depth, map) for r in found])
            case["samples"] = {**self.stacks.add(input, made), "exact": True, "tolerance": 0}
        elif samples and (map != "clamp" or out):
            made = stacked([samples_of(r, depth, out or depth, map) for r in found])
            # Floats to within rounding; integers may differ beside a tie.
            bound = 1 if (out or depth) != "f32" else 1e-5 * max(np.abs(k.array).sum() for k in filter.kernels)
            if map in ("stretch", "symmetric"):
                bound = 1e-4
            case["samples"] = {**self.stacks.add(input, made), "exact": False, "tolerance": bound}
        assert "response" in case or "samples" in case, case["id"]
        self.ask_opencv(case, image, depth, filter, found)
        self.cases.append(case)

    def ask_opencv(self, case, image, depth, filter, found):
        """Note on the case whether cv2.filter2D gives the same."""
        name, value = parse(case["border"])
        plain = case["step"] == case["dilation"] == [1, 1] and case["channel"] in ("each", "luma")
        if not plain or len(filter.kernels) > 1 or case["map"] != "clamp" or case["depth"] != depth:
            return
        if name not in OPENCV or filter.kernels[0].bias or (image.ndim == 3 and case["channel"] == "luma"):
            return
        kernel = filter.kernels[0]
        weights, anchor = kernel.applied((1, 1))
        weights = weights / kernel.divisor
        if name == "constant" and value:
            # filter2D knows no constant but 0: give it a frame, and crop.
            top, left = weights.shape
            framed = cv2.copyMakeBorder(image, top, top, left, left, cv2.BORDER_CONSTANT, value=[value] * 4)
            crop = (slice(top, -top), slice(left, -left))
        else:
            framed, crop = image, ...
        report = {}
        for what, kind in [("response", cv2.CV_32F), ("samples", -1)]:
            if what not in case:
                continue
            theirs = cv2.filter2D(framed, kind, weights, anchor=anchor[::-1], borderType=OPENCV[name])[crop]
            if what == "response":
                ours = stacked([as_f32(r) for r in found])
            else:
                ours = stacked([samples_of(r, depth, depth) for r in found])
            apart = np.abs(theirs.astype(np.float64) - ours.astype(np.float64))
            if apart.max() == 0:
                report[what] = "equal"
                self.opencv["agrees"] += 1
            elif apart.max() <= 1e-6 * FULL_SCALE[depth] * np.abs(weights).sum() and what == "response":
                report[what] = "close"
                self.opencv["close"] += 1
            else:
                report[what] = "deviates"
                self.opencv["deviates"].append({"id": case["id"], "what": what, "samples": int((apart > 0).sum()),
                                                "of": int(apart.size), "largest": float(apart.max())})
        case["opencv"] = report


def check_convolve():
    """`flip` is scipy.ndimage.convolve, for even sizes and other anchors too."""
    image = crops()["gray8"][1]
    for name in ("flip_2x2", "flip_4x3", "flip_anchor"):
        kernel = FILTERS[name].kernels[0]
        weights, anchor = kernel.applied((1, 1))
        for border, mode in SCIPY.items():
            # The anchor counts on the kernel as written. Convolution reverses
            # the way from it to every weight, so it stays on its weight.
            origin = [a - n // 2 for n, a in zip(weights.shape, kernel.anchor_or_default)]
            theirs = ndimage.convolve(image.astype(np.float64), kernel.array, mode=mode, cval=0, origin=origin)
            assert (theirs == weighted_sums(image, weights, anchor, border)).all(), (name, border)
        if kernel.anchor is None:
            from scipy.signal import convolve2d

            whole = convolve2d(image.astype(np.int64), np.array(kernel.weights), mode="valid")
            assert (whole == weighted_sums(image, weights, anchor, "valid")).all()


def manifest():
    check_convolve()
    all = Cases()
    for input, (depth, image) in all.crops.items():
        borders = ["valid", "constant:0", CONSTANT[depth], "edge", "reflect", "symmetric", "wrap"]
        for name in FILTERS:
            for border in borders:
                all.add(input, name, border)
    for border in ("valid", "constant:77", "reflect", "wrap"):
        for input in ("gray8", "rgb8", "gray8_tiny"):
            for name in ("sobel_x", "gaussian5", "random_6x4", "even_2x2", "anchor_2x3", "flip_4x3", "sobel", "motion9"):
                all.add(input, name, border, step=(2, 3))
                for dilation in ((2, 2), (3, 1)):
                    all.add(input, name, border, dilation=dilation)
            all.add(input, "emboss", border, step=(3, 1), dilation=(1, 2))
    for input in ("gray16", "gray_f32"):
        for name in ("sobel_x", "random_6x4"):
            all.add(input, name, "symmetric", step=(2, 3))
            all.add(input, name, "symmetric", dilation=(2, 2))
    for channel in ("luma", "red", "green", "blue"):
        for name in ("sobel_x", "gaussian5", "sobel"):
            for border in ("valid", "edge"):
                all.add("rgb8", name, border, channel=channel)
    for input in ("gray8", "gray16", "gray_f32", "gray8_tiny", "gray16_tiny"):
        for name in ("sobel_x", "emboss", "laplacian4", "even_2x2", "even_4x4", "row_1x5"):
            for map in ("abs", "offset", "stretch", "symmetric"):
                for border in ("valid", "reflect"):
                    all.add(input, name, border, map=map, response=False)
    for name in ("identity", "gaussian5", "sobel_x", "box3", "column_5x1"):
        for border in ("valid", "edge"):
            for input, outs in [("gray8", ("u16", "f32")), ("rgb8", ("u16", "f32")), ("gray16", ("u8", "f32")),
                                ("gray_f32", ("u8", "u16"))]:
                for out in outs:
                    all.add(input, name, border, out=out, response=False)

    ids = [case["id"] for case in all.cases + all.refused]
    assert len(set(ids)) == len(ids)
    for input, (_, image) in all.crops.items():
        np.save(HERE / "crops" / f"{input}.npy", little(image))
    all.stacks.write()
    deviates = all.opencv["deviates"]
    write_json(HERE / "manifest.json", {
        "about": [
            "paths are relative to this file's folder",
            "a case: filter the input with the filter of that name, the border, step [rows, columns], dilation "
            "[rows, columns] and channel given, and compare",
            "response: with map `float`, of luma that is not rounded; samples: with the case's map and depth",
            "expected samples stand in `file`, a flat .npy, from `offset` on: rows x columns x channels of them, "
            "channels interleaved; several cases may share a place",
            "exact: every bit; else the difference is at most `tolerance`, in units of the output's samples",
            "anchors count on the kernel as written; with `flip` the anchor stays on its weight, with dilation too",
            "with dilation d a kernel of n rows covers (n - 1) d + 1 and its anchor row a lies at a d",
            "step starts with the first pixel of the output of step 1; rows = ceil(rows of step 1 / step)",
            "constants are in units of a sample of the input; bias is in units of full scale, for integer samples a "
            "whole number of them, halves up",
            "the float samples of abs, offset and depth f32 are not saturated to 0..1",
            "depth converts by full scale (8 to 16 bits: x 257; to f32: / 255) before the one rounding",
            "opencv: whether cv2.filter2D gives the same (`equal`), within 1e-6 x full scale x sum|w| (`close`), or "
            "`deviates`; not given where it has no such case",
            "refused: must be an error",
        ],
        "versions": versions(),
        "counts": {
            "cases": len(all.cases),
            "responses": sum("response" in case for case in all.cases),
            "samples": sum("samples" in case for case in all.cases),
            "refused": len(all.refused),
            "opencv_equal": all.opencv["agrees"],
            "opencv_close": all.opencv["close"],
            "opencv_deviates": len(deviates),
        },
        "inputs": {
            f"crops/{name}.npy": {"rows": image.shape[0], "columns": image.shape[1],
                                  "channels": 1 if image.ndim == 2 else image.shape[2],
                                  "depth": depth, "sha256": sha256(image)}
            for name, (depth, image) in all.crops.items()
        },
        "filters": {name: described(filter) for name, filter in FILTERS.items()},
        "cases": all.cases,
        "refused": all.refused,
        "opencv_deviations": deviates,
    })
    return all


# --- a border for each axis ------------------------------------------------------


def axis_borders():
    """Every pair of borders. SciPy takes a sequence of modes for separable filters only: one
    pass down the columns, one along the rows. The second kernel is larger than the image."""
    image = np.array([[3, 141, 59, 26, 5], [35, 89, 79, 32, 38], [46, 26, 43, 38, 32], [79, 50, 28, 84, 19]])
    kernels = [([1, -2, 3, 1], [2, 5, -1]), ([3, 1, -4, 1, 5, -9, 2, 6, -5, 3, 5], [2, -7, 1, 8, 2, -8, 1, 8, 2, 8, -4, 5, 9])]
    cases = []
    for column, row in kernels:
        for y in SCIPY:
            for x in SCIPY:
                sums = image.astype(np.float64)
                for axis, weights, name in ((0, column, y), (1, row, x)):
                    sums = ndimage.correlate1d(sums, weights, axis=axis, mode=SCIPY[name], cval=0)
                cases.append({"kernel": kernels.index((column, row)), "rows": y, "columns": x,
                              "responses": sums.astype(np.int64).tolist()})
    # Where two constants meet, the corners have that of the columns: as numpy.pad does it.
    corners = np.pad(image, ((2, 2), (1, 1)), constant_values=((7, 7), (9, 9)))
    column, row = (np.array(weights, np.int64) for weights in kernels[0])
    sums = np.einsum("rcij,i,j->rc", sliding_window_view(corners, (4, 3)), column, row)[: len(image)]
    cases.append({"kernel": 0, "rows": "constant:7", "columns": "constant:9", "responses": sums.tolist()})
    write_json(HERE / "axis_borders.json", {
        "about": [
            "image and kernels are integers; a kernel is a column times a row of weights",
            "rows, columns: the border above and below, and left and right; constants are 0 but where a value is given",
            "responses are exact",
        ],
        "versions": versions(),
        "image": image.tolist(),
        "kernels": [{"column": column, "row": row} for column, row in kernels],
        "cases": cases,
    })
    return len(cases)


# --- writing ---------------------------------------------------------------------


def described(filter):
    return {
        "combine": filter.combine,
        "integer": filter.integer,
        "kernels": [
            {"weights": k.weights, "divisor": k.divisor, "bias": k.bias, "anchor": k.anchor, "flip": k.flip}
            for k in filter.kernels
        ],
    }


def versions():
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "opencv": cv2.__version__,
        "pillow": PIL.__version__,
    }


def write_json(path, value):
    """JSON with one line per entry of a list or table."""
    parts = []
    for key, entry in value.items():
        if isinstance(entry, list) and entry:
            text = "[\n    " + ",\n    ".join(json.dumps(e) for e in entry) + "\n  ]"
        elif isinstance(entry, dict) and entry:
            text = "{\n    " + ",\n    ".join(f"{json.dumps(k)}: {json.dumps(e)}" for k, e in entry.items()) + "\n  }"
        else:
            text = json.dumps(entry)
        parts.append(f"  {json.dumps(key)}: {text}")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def main():
    for folder in ("crops", "expected"):
        (HERE / folder).mkdir(exist_ok=True)
        for old in (HERE / folder).glob("*.npy"):
            old.unlink()
    print(photographs(), "cases on photographs")
    print(axis_borders(), "cases of a border for each axis")
    all = manifest()
    print(len(all.cases), "cases on crops,", len(all.refused), "refused")
    print("OpenCV:", all.opencv["agrees"], "equal,", all.opencv["close"], "close,", len(all.opencv["deviates"]), "deviate")
    print(WORST["sums"], "sums computed twice, floats apart by at most", WORST["float"])


if __name__ == "__main__":
    main()
