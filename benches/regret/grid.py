"""The grid: kernels, images, types of samples."""

from dataclasses import dataclass

from common.kernels import kernel, toml

SIZES = (3, 5, 9, 15, 31, 63)
SIGMAS = (2, 10, 50)
KINDS = ("int", "float", "gauss", "box", "motion", "sparse")
# Width, height: in the cache, beyond it, and one with few columns.
IMAGES = ((512, 512), (100, 20000), (6000, 4000))
# Depth, channels.
TYPES = (("u8", 1), ("u16", 1), ("f32", 1), ("u8", 3))

QUICK_SIZES = (3, 9, 31)
QUICK_SIGMAS = (10,)
QUICK_IMAGES = IMAGES[:2]


@dataclass(frozen=True)
class Point:
    """A kernel and an image, at any SIMD level."""

    name: str
    kernel: str
    width: int
    height: int
    channels: int
    depth: str

    @property
    def id(self):
        depth = self.depth + ("x3" if self.channels == 3 else "")
        return f"{depth} {self.name} {self.width}x{self.height}"


def points(quick):
    """From the quickest to the slowest image."""
    kernels = [
        (f"{kind}-{size}", toml(*kernel(kind, size)))
        for kind in KINDS
        for size in (QUICK_SIZES if quick else SIZES)
    ]
    kernels += [(f"sigma-{sigma}", f"gaussian:sigma={sigma}") for sigma in (QUICK_SIGMAS if quick else SIGMAS)]
    for width, height in QUICK_IMAGES if quick else IMAGES:
        for depth, channels in TYPES:
            for name, text in kernels:
                yield Point(name, text, width, height, channels, depth)
