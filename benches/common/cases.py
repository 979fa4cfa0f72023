"""What is measured: the groups of rows with the ratios that are aimed at, and their cases."""

import os
from dataclasses import dataclass, field

import numpy as np

from common.kernels import gaussian, kernel, toml

FULL = (6000, 4000)
QUICK = (1600, 1250)
SMALL = (512, 512)
# Halved again and again: how time grows with pixels.
PIXELS = [(375, 250), (750, 500), (1500, 1000), (3000, 2000), FULL]


@dataclass(frozen=True)
class Group:
    title: str
    work: str  # filter, separable, sobel, box or fresh
    depth: str
    weights: str | None
    # Kernel sizes; of Gaussians "by sigma" these.
    sizes: tuple
    # How many times as long OpenCV is to take, at least: for all sizes, or for each; and with
    # AVX2 only, where that is not AVX2_SHARE of it.
    least: float | tuple | None = None
    avx2: tuple | None = None
    # The largest sample of floats.
    top: float = 1.0
    channels: int = 1
    # NumPy's ways are measured, too.
    numpy: bool = False
    # A peer that is to be beaten beside OpenCV, and how many times as long it is to take.
    beside: tuple | None = None

    def target(self, size, simd):
        """Of this size, or sigma; None if nothing is aimed at."""
        if size not in self.sizes:
            return None
        at = self.sizes.index(size)
        if simd == "avx2" and self.avx2 and self.avx2[at] is not None:
            return self.avx2[at]
        chosen = self.least[at] if isinstance(self.least, tuple) else self.least
        # Threads gain as much at any level.
        share = AVX2_SHARE if simd == "avx2" and not self.title.endswith("threads") else 1.0
        return chosen and round(chosen * share, 2)


# What is left of a target where AVX-512 is left out, if nothing else is said.
AVX2_SHARE = 0.7

GROUPS = {
    "u8-int": Group(
        "8-bit, integer weights", "filter", "u8", "int", (3, 5, 7, 9, 11, 15),
        (4.0, 6.0, 8.0, 9.0, 3.0, 3.0), (2.6, 4.0, 5.0, 5.0, None, None), numpy=True,
    ),
    "u8-float": Group(
        "8-bit, float weights", "filter", "u8", "float", (3, 5, 7, 9, 11, 15), (2.5, 3.0, 3.0, 4.0, 2.0, 2.0)
    ),
    "u16-int": Group("16-bit, integer weights", "filter", "u16", "int", (3, 5, 7, 9), 2.0),
    "u16-float": Group("16-bit, float weights", "filter", "u16", "float", (3, 5, 7, 9), 2.0),
    "f32": Group(
        "float, float weights", "filter", "f32", "float", (3, 5, 7, 9, 11, 15),
        (1.2, 1.5, 1.5, 1.5, 1.7, 2.2), numpy=True,
    ),
    "gauss-u8": Group(
        "8-bit, Gaussian", "separable", "u8", "gauss", (5, 7, 9, 11, 15, 31),
        (1.1, 1.1, 1.3, 1.3, 1.4, 1.8), (0.9, 0.9, 1.2, 1.2, 1.2, None), beside=("libblur", 1.1),
    ),
    "gauss-f32": Group(
        "float, Gaussian", "separable", "f32", "gauss", (5, 7, 9, 11, 15, 31), (1.1, 1.1, 1.5, 1.5, 1.5, 1.5)
    ),
    "sigma-u8": Group("8-bit, Gaussian", "separable", "u8", "sigma", (2, 5, 10, 20, 50, 100, 200)),
    "large-u8": Group("8-bit, integer weights", "filter", "u8", "int", (31, 63), 1.5),
    "large-f32": Group("float, float weights", "filter", "f32", "float", (31, 63), 1.3),
    "large-f32-8": Group("float, 0 to 255, float weights", "filter", "f32", "float", (31, 63), 1.3, top=255.0),
    "large-f32-16": Group("float, 0 to 65535, float weights", "filter", "f32", "float", (31, 63), 1.3, top=65535.0),
    "sobel": Group("8-bit, Sobel magnitude", "sobel", "u8", None, (3,), 3.0),
    "rgb": Group("8-bit RGB, integer weights", "filter", "u8", "int", (3, 5), (4.0, 3.0), channels=3),
    "small": Group("8-bit, 512 x 512, integer weights", "filter", "u8", "int", (3,), 1.5),
    "box": Group("8-bit, box", "box", "u8", "box", (15, 31, 63), 1.3),
    "motion": Group("8-bit, motion blur, 15 taps", "filter", "u8", "motion", (15,)),
    "fresh": Group("float, float weights, a result in fresh memory", "fresh", "f32", "float", (3,), 1.2),
    "threads-u8": Group("8-bit, integer weights, two threads", "filter", "u8", "int", (5, 9), 1.85),
    "threads-f32": Group("float, float weights, two threads", "filter", "f32", "float", (5, 9), 1.85),
    "pixels-u8": Group("8-bit, integer weights", "filter", "u8", "int", (5,)),
    "pixels-f32": Group("float, float weights", "filter", "f32", "float", (5,)),
}  # fmt: skip

# How many times as long the naive loop is to take.
NAIVE_TARGET = 15.0
NAIVE_GROUPS = ("u8-int", "u16-int", "f32")
NAIVE_SIZES = (3, 5, 7, 9)

# Who takes no longer than this times a copy of the same bytes in the same run is bound by
# memory, which counts as what is aimed at.
COPY_COUNTS = 1.5
# Whoever takes longer than this times the copy is not: two threads are to be so much
# faster than one.
COPY_BINDS = 2.0
TWO_THREADS = 1.85

# From this size on only these are asked: others take minutes.
HUGE = 200
HUGE_PEERS = ("OpenCV", "libblur")


@dataclass
class Case:
    """One row: what a peer is asked to compute, on which image."""

    group: str
    work: str
    depth: str
    weights: str | None
    size: int
    width: int
    height: int
    channels: int = 1
    # The largest sample of floats.
    top: float = 1.0
    sigma: float | None = None
    numpy: bool = False
    # Ours alone, beside nobody: for the plot of how time grows.
    alone: bool = False
    # Measured with each of these; the ratio is that of the first to the last.
    threads: tuple = (1,)
    matrix: list = field(default_factory=list, repr=False)
    divisor: int = 1

    @property
    def id(self):
        size = f"{self.sigma:g}" if self.sigma else self.size
        return f"{self.group}-{size}" + (f"-{self.width}x{self.height}" if self.alone else "")

    def scaled(self):
        """The weights over the divisor."""
        return np.asarray(self.matrix, float) / self.divisor

    def line(self):
        """The row that a Gaussian's weights are the product of."""
        if self.work != "separable":
            return []
        return gaussian(self.size, self.sigma)

    def kernel(self):
        """A kernel for stridekern: a file's text, or a spec or name."""
        if self.work == "sobel":
            return "sobel"
        if self.sigma:
            return f"gaussian:sigma={self.sigma:g}"
        return toml(self.matrix, self.divisor)


def cases(names, full):
    """The rows of these groups, in the order of GROUPS."""
    cores = os.cpu_count() or 1
    for name, group in GROUPS.items():
        if name not in names:
            continue
        for size in group.sizes:
            sigma = None
            if group.weights == "sigma":
                # The usual radius: four times sigma.
                size, sigma = 8 * size + 1, size
                # Of small images it would be borders that are measured.
                if 2 * size > min(full):
                    continue
            matrix, divisor = kernel(group.weights, size)
            alone = name.startswith("pixels")
            threads = (1,)
            if name.startswith("threads"):
                threads = tuple(t for t in (1, 2, 4, 8, 16, 32) if t <= cores)
                if len(threads) == 1:
                    continue
            images = [SMALL] if name == "small" else [full]
            if alone:
                images = [image for image in PIXELS if image <= full]
            for width, height in images:
                yield Case(
                    name, group.work, group.depth, group.weights, size, width, height, group.channels,
                    top=group.top, sigma=sigma, numpy=group.numpy,
                    alone=alone, threads=threads, matrix=matrix, divisor=divisor,
                )  # fmt: skip
