"""What is measured: the images, the kernels, and the ratios that are aimed at."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

FULL = (6000, 4000)
QUICK = (1600, 1250)
SMALL = (512, 512)
# Halved again and again: how time grows with pixels.
PIXELS = [(375, 250), (750, 500), (1500, 1000), (3000, 2000), FULL]

# Group: (title, work, depth, weights, kernel sizes, targets).
GROUPS = {
    "u8-int": ("8-bit, integer weights", "filter", "u8", "int", (3, 5, 7, 9, 11, 15), 3.0),
    "u8-float": ("8-bit, float weights", "filter", "u8", "float", (3, 5, 7, 9, 11, 15), 2.0),
    "u16-int": ("16-bit, integer weights", "filter", "u16", "int", (3, 5, 7, 9), 2.0),
    "u16-float": ("16-bit, float weights", "filter", "u16", "float", (3, 5, 7, 9), 2.0),
    "f32": ("float, float weights", "filter", "f32", "float", (3, 5, 7, 9, 11, 15), (1.2, 1.4, 1.7, 1.7, 1.7, 2.2)),
    "gauss-u8": ("8-bit, Gaussian", "separable", "u8", "gauss", (5, 7, 9, 11, 15, 31), 1.5),
    "gauss-f32": ("float, Gaussian", "separable", "f32", "gauss", (5, 7, 9, 11, 15, 31), 1.5),
    "large-u8": ("8-bit, integer weights", "filter", "u8", "int", (31, 63), 1.5),
    "large-f32": ("float, float weights", "filter", "f32", "float", (31, 63), 1.5),
    "sobel": ("8-bit, Sobel magnitude", "sobel", "u8", None, (3,), 3.0),
    "rgb": ("8-bit RGB, integer weights", "filter", "u8", "int", (3, 5), 3.0),
    "small": ("8-bit, 512 x 512, integer weights", "filter", "u8", "int", (3,), 1.5),
    "threads-u8": ("8-bit, integer weights, two threads", "filter", "u8", "int", (5, 9), 1.8),
    "threads-f32": ("float, float weights, two threads", "filter", "f32", "float", (5, 9), 1.8),
    "box": ("8-bit, box", "box", "u8", "box", (15, 31), None),
    "motion": ("8-bit, motion blur, 15 taps", "filter", "u8", "motion", (15,), None),
    "pixels-u8": ("8-bit, integer weights", "filter", "u8", "int", (5,), None),
    "pixels-f32": ("float, float weights", "filter", "f32", "float", (5,), None),
}

# How many times as long the naive loop is to take; and what is left of every
# target where AVX-512 is left out.
NAIVE_TARGET = 15.0
NAIVE_GROUPS = ("u8-int", "u16-int", "f32")
NAIVE_SIZES = (3, 5, 7, 9)
AVX2_SHARE = 0.7

# A target that is about some peers: libblur's blur of 8-bit samples is off by one
# in a tenth of them or more, and counts in the ratio alone.
AIMED_AT = {"gauss-u8": ("OpenCV", "SciPy")}

FULL_SCALE = {"u8": 255, "u16": 65535, "f32": 1.0}


@dataclass
class Case:
    """One row: what a peer is asked to compute, on which image."""

    group: str
    work: str  # filter, separable, sobel or box
    depth: str
    weights: str | None
    size: int
    target: float | None
    width: int
    height: int
    channels: int = 1
    # Ours alone, beside nobody: for the plot of how time grows.
    alone: bool = False
    # Measured with each of these; the ratio is that of the first to the last.
    threads: tuple = (1,)
    matrix: list = field(default_factory=list, repr=False)
    divisor: int = 1

    @property
    def id(self):
        return f"{self.group}-{self.size}" + (f"-{self.width}x{self.height}" if self.alone else "")

    def scaled(self):
        """The weights over the divisor."""
        return np.asarray(self.matrix, float) / self.divisor

    def line(self):
        """The row that a Gaussian's weights are the product of."""
        return gaussian(self.size) if self.weights == "gauss" else []

    def toml(self):
        """The kernel as a file for stridekern; floats keep all their digits."""
        rows = ",\n  ".join(repr(list(row)) for row in self.matrix)
        return f"weights = [\n  {rows},\n]\ndivisor = {self.divisor}\n"


def gaussian(size):
    """OpenCV's sigma for that size."""
    sigma = 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    x = np.arange(size) - size // 2
    weights = np.exp(-(x**2) / (2 * sigma**2))
    return (weights / weights.sum()).tolist()


def kernel(kind, size):
    """(matrix, divisor): results stay between black and white, so nothing saturates."""
    rng = np.random.default_rng(size)
    match kind:
        case "int":
            # Without symmetry, zeros or rank 1; few are negative.
            matrix = rng.choice([-2, -1, 1, 2, 3, 4, 5], (size, size))
            return matrix.tolist(), int(np.abs(matrix).sum())
        case "float":
            matrix = rng.normal(1, 1, (size, size))
            return (matrix / np.abs(matrix).sum()).tolist(), 1
        case "gauss":
            return np.outer(gaussian(size), gaussian(size)).tolist(), 1
        case "box":
            return [[1] * size] * size, size * size
        case "motion":
            # A line of `size` pixels that falls by half its length.
            matrix = np.zeros((size, size), int)
            x = np.arange(size)
            matrix[size // 4 + x // 2, x] = 1
            return matrix.tolist(), size
        case _:
            return [], 1


def cases(names, full):
    """The rows of these groups, in the order of GROUPS."""
    cores = os.cpu_count() or 1
    for group, (_, work, depth, weights, sizes, targets) in GROUPS.items():
        if group not in names:
            continue
        for at, size in enumerate(sizes):
            matrix, divisor = kernel(weights, size)
            target = targets[at] if isinstance(targets, tuple) else targets
            alone = group.startswith("pixels")
            threads = (1,)
            if group.startswith("threads"):
                threads = tuple(t for t in (1, 2, 4, 8, 16, 32) if t <= cores)
                if len(threads) == 1:
                    continue
            images = [SMALL] if group == "small" else [full]
            if alone:
                images = [image for image in PIXELS if image <= full]
            for width, height in images:
                yield Case(
                    group, work, depth, weights, size, target, width, height,
                    channels=3 if group == "rgb" else 1,
                    alone=alone, threads=threads, matrix=matrix, divisor=divisor,
                )  # fmt: skip


def image(cache: Path, case: Case) -> Path:
    """A picture as a sensor gives it: gradients, edges, texture, and noise that
    grows with the light."""
    name = f"{case.width}x{case.height}x{case.channels}-{case.depth}.npy"
    path = cache / name
    if path.exists():
        return path
    rng = np.random.default_rng(7)
    planes = []
    for channel in range(case.channels):
        y, x = np.mgrid[0 : case.height, 0 : case.width].astype(np.float32)
        light = 0.45 + 0.2 * np.sin(x / 411 + channel) * np.cos(y / 277)
        light += 0.1 * (np.sin(x * y / 90000) > 0) + 0.05 * np.sin(x / 3.1 + y / 5.3)
        noise = rng.standard_normal(light.shape, np.float32)
        planes.append(np.clip(light + 0.03 * np.sqrt(light) * noise, 0.02, 0.98))
    samples = planes[0] if case.channels == 1 else np.stack(planes, -1)
    if case.depth != "f32":
        samples = np.rint(samples * FULL_SCALE[case.depth]).astype(case.depth.replace("u", "uint"))
    cache.mkdir(parents=True, exist_ok=True)
    np.save(path, samples)
    return path
