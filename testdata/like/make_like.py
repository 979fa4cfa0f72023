"""Makes like.json: images filtered by SciPy, OpenCV, libvips, ImageMagick and Pillow themselves.

Run in an environment with numpy, scipy, opencv-python-headless and pillow, and with `vips` and
`convert` (ImageMagick 6 of 16 bits) in the path:

    python testdata/like/make_like.py
"""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
import PIL
import scipy
from PIL import Image, ImageFilter
from scipy import ndimage

HERE = Path(__file__).parent
random = np.random.default_rng(20)


def smooth(rows, columns):
    """A ramp with an edge: many equal neighbours, and sums that are near to integers."""
    y, x = np.mgrid[:rows, :columns]
    return (y * 5 + x * 9 + (x > 6) * 90) % 256


IMAGES = {
    "u8 noise": random.integers(0, 256, (9, 14, 1)).astype(np.uint8),
    "u8 smooth": smooth(8, 13)[..., None].astype(np.uint8),
    "u8 flat": np.full((7, 8, 1), 200, np.uint8),
    "u8 RGB": random.integers(0, 256, (8, 11, 3)).astype(np.uint8),
    "u8 small": random.integers(0, 256, (2, 3, 1)).astype(np.uint8),
    "u16 noise": random.integers(0, 65536, (8, 11, 1)).astype(np.uint16),
    "u16 RGB": random.integers(0, 65536, (7, 8, 3)).astype(np.uint16),
    "i16 noise": random.integers(-32768, 32768, (8, 11, 1)).astype(np.int16),
    "i32 noise": random.integers(-200_000, 200_000, (7, 9, 1)).astype(np.int32),
    "f32 noise": random.normal(0, 100, (8, 11, 1)).astype(np.float32),
    "f32 RGB": random.uniform(0, 1, (7, 9, 3)).astype(np.float32),
    "f64 noise": random.normal(0, 100, (7, 9, 1)),
}


def gaussian(size, sigma):
    x = np.arange(size) - (size - 1) / 2
    row = np.exp(-x * x / (2 * sigma * sigma))
    weights = np.outer(row, row)
    return weights / weights.sum()


BINOMIAL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])

# Weights, divisor and offset.
KERNELS = {
    "sobel": ([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], 1, 0),
    "ones": ([[1] * 3] * 3, 1, 0),
    "mean": ([[1] * 3] * 3, 9, 0),
    "sharpen": ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1, 0),
    "asymmetric": ([[1, 2, 3], [0, -5, 4], [7, -1, -2]], 3, 0),
    "gaussian": (gaussian(3, 0.8), 1, 0),
    "gaussian5": (gaussian(5, 1.1), 1, 0),
    "binomial5": (BINOMIAL, 256, 0),
    "tenths": ([[0.1, 0.2, 0.1], [0.2, -0.3, 0.2], [0.1, 0.3, 0.1]], 1, 0),
    "laplacian + 128": ([[0, 1, 0], [1, -4, 1], [0, 1, 0]], 1, 128),
    "emboss / 4 + 100": ([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], 4, 100),
    "mean - 30": ([[1] * 3] * 3, 9, -30),
    "thirds + 7": ([[1, -2, 1], [3, -5, 1], [-4, 1, 2]], 3, 7),
    "even 4 x 4": ([[1, 2, 3, 4], [0, -1, 5, 2], [3, 3, -7, 1], [2, 0, 1, -4]], 5, 0),
    "2 x 3": ([[1, -2, 3], [4, 5, -6]], 2, 0),
    "halves": ([[0.5, 0.5]], 1, 0),
    "quarters": ([[0.25], [0.5], [0.75], [-0.25]], 1, 0),
    "13 x 13": (random.integers(-9, 10, (13, 13)), 64, 0),
    "gaussian 13 x 13": (gaussian(13, 2.2), 1, 0),
}


def text(numbers):
    return " ".join(repr(float(n)) for n in np.ravel(numbers))


def run(*command, env=None):
    subprocess.run(command, check=True, env={**os.environ, **(env or {})})


def by_scipy(image, weights, divisor, offset, border):
    mode = {"symmetric": "reflect", "reflect": "mirror", "edge": "nearest", "wrap": "wrap"}
    kernel = np.asarray(weights, float) / divisor
    constant = 77.0 if border.startswith("constant") else 0.0
    planes = [
        ndimage.correlate(
            image[..., c], kernel, mode=mode.get(border, "constant"), cval=constant
        )
        for c in range(image.shape[2])
    ]
    return np.stack(planes, axis=2)


def by_opencv(image, weights, divisor, offset, border):
    borders = {
        "reflect": cv2.BORDER_REFLECT_101,
        "symmetric": cv2.BORDER_REFLECT,
        "edge": cv2.BORDER_REPLICATE,
    }
    kernel = np.asarray(weights, float) / divisor
    result = cv2.filter2D(image, -1, kernel, delta=offset, borderType=borders[border])
    return result.reshape(image.shape)


VIPS_FORMATS = {
    "uint8": "uchar", "uint16": "ushort", "int16": "short", "float32": "float", "float64": "double"
}


def by_vips(image, weights, divisor, offset, border, precision=None):
    is_float = image.dtype.kind == "f"
    precision = precision or ("float" if is_float else "integer")
    rows, columns, bands = image.shape
    weights = np.asarray(weights, float)
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: str(Path(folder) / name)
        image.tofile(at("in.raw"))
        head = f"{weights.shape[1]} {weights.shape[0]} {float(divisor)!r} {float(offset)!r}\n"
        lines = "\n".join(" ".join(repr(float(w)) for w in row) for row in weights)
        Path(at("mask.mat")).write_text(head + lines + "\n")
        kind = VIPS_FORMATS[image.dtype.name]
        run("vips", "rawload", at("in.raw"), at("in.v"), str(columns), str(rows), str(bands),
            "--format", kind)
        run("vips", "conv", at("in.v"), at("out.v"), at("mask.mat"), "--precision", precision,
            env={"VIPS_NOVECTOR": "1"})
        run("vips", "rawsave", at("out.v"), at("out.raw"))
        dtype = image.dtype if is_float or precision == "integer" else np.float32
        return np.fromfile(at("out.raw"), dtype).reshape(image.shape)


def by_imagemagick(image, weights, divisor, offset, border):
    rows, columns, bands = image.shape
    weights = np.asarray(weights, float) / divisor
    values = ",".join(repr(float(w)) for w in weights.ravel())
    kernel = f"{weights.shape[1]}x{weights.shape[0]}:{values}"
    pixels = {"edge": "edge", "symmetric": "mirror", "wrap": "tile"}[border]
    bits = image.dtype.itemsize * 8
    kind = "gray" if bands == 1 else "rgb"
    bias = offset * (257 if bits == 8 else 1)
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: str(Path(folder) / name)
        image.tofile(at("in.raw"))
        raw = ["-size", f"{columns}x{rows}", "-depth", str(bits), "-endian", "LSB"]
        run("convert", *raw, f"{kind}:{at('in.raw')}", "-virtual-pixel", pixels,
            "-bias", str(bias), "-morphology", "Convolve:1", kernel,
            "-depth", str(bits), "-endian", "LSB", f"{kind}:{at('out.raw')}")
        return np.fromfile(at("out.raw"), image.dtype).reshape(image.shape)


def by_pillow(image, weights, divisor, offset, border):
    rows, columns, bands = image.shape
    weights = np.asarray(weights, float)
    picture = Image.fromarray(image[..., 0] if bands == 1 else image)
    kernel = ImageFilter.Kernel(
        weights.shape[::-1], weights.ravel().tolist(), scale=divisor, offset=offset
    )
    return np.asarray(picture.filter(kernel)).astype(image.dtype).reshape(image.shape)


def version(command, pattern):
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.search(pattern, told)[1]


PROGRAMS = {
    "scipy": (
        by_scipy,
        scipy.__version__,
        ["symmetric", "reflect", "edge", "wrap", "constant:77"],
        lambda image, weights, offset: offset == 0,
    ),
    "opencv": (
        by_opencv,
        cv2.__version__,
        ["reflect", "symmetric", "edge"],
        lambda image, weights, offset: image.dtype != np.int32,
    ),
    "vips": (
        by_vips,
        version(["vips", "--version"], r"vips-(\S+)"),
        ["edge"],
        lambda image, weights, offset: image.dtype != np.int32,
    ),
    "imagemagick": (
        by_imagemagick,
        version(["convert", "-version"], r"ImageMagick (\S+)"),
        ["edge", "symmetric", "wrap"],
        lambda image, weights, offset: image.dtype in (np.uint8, np.uint16),
    ),
    "pillow": (
        by_pillow,
        PIL.__version__,
        ["edge"],
        lambda image, weights, offset: np.shape(weights) in ((3, 3), (5, 5))
        and (image.dtype == np.uint8 or image.dtype == np.uint16 and image.shape[2] == 1),
    ),
}


def case(program, name, kernel, border, result):
    return {
        "program": program,
        "image": name,
        "kernel": kernel,
        "border": border,
        "result": result.tobytes().hex(),
    }


def main():
    cases = []
    for program, (filtered, _, borders, takes) in PROGRAMS.items():
        count = 0
        for name, image in IMAGES.items():
            for kernel, (weights, divisor, offset) in KERNELS.items():
                if not takes(image, weights, offset):
                    continue
                # One border each, the program's own every second time.
                border = borders[0] if count % 2 == 0 else borders[count // 2 % len(borders)]
                count += 1
                result = filtered(image, weights, divisor, offset, border)
                cases.append(case(program, name, kernel, border, result))
    for name in ["u8 noise", "u16 noise"]:
        for kernel in ["sobel", "mean", "gaussian", "thirds + 7"]:
            weights, divisor, offset = KERNELS[kernel]
            result = by_vips(IMAGES[name], weights, divisor, offset, "edge", "float")
            cases.append({**case("vips", name, kernel, "edge", result), "map": "float"})
    goldens = {
        "versions": {name: version for name, (_, version, _, _) in PROGRAMS.items()},
        "images": [
            {
                "name": name,
                "type": {"uint": "u", "int": "i", "float": "f"}[image.dtype.name.rstrip("0123456789")]
                + str(image.dtype.itemsize * 8),
                "shape": list(image.shape),
                "samples": image.tobytes().hex(),
            }
            for name, image in IMAGES.items()
        ],
        "kernels": [
            {
                "name": name,
                "rows": np.shape(weights)[0],
                "columns": np.shape(weights)[1],
                "weights": text(weights),
                "divisor": divisor,
                "offset": offset,
            }
            for name, (weights, divisor, offset) in KERNELS.items()
        ],
        "cases": cases,
    }
    (HERE / "like.json").write_text(json.dumps(goldens, indent=0) + "\n")
    print(len(cases), "cases")


main()
