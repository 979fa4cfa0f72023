"""What is measured: pairs of commands that do the same work, and what is aimed at.

Commands run in a folder that holds in/, ours/ and peer/. All of them correlate with the
3x3 Sobel weights of one direction and repeat the edge, as `vips conv` does.
"""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
MATRIX = "3 3 1 0\n-1 0 1\n-2 0 2\n-1 0 1\n"
CORES = os.cpu_count() or 1
# Where bands of rows are all that is held, whatever the size.
LARGE_MB = 96


@dataclass(frozen=True)
class Side:
    """One of the two: its command, and what that writes."""

    command: str
    output: str
    # Processes at the same time; memory is the largest one's, times this.
    processes: int = 1


@dataclass(frozen=True)
class Row:
    id: str
    work: str
    peer: str
    ours: Side
    theirs: Side
    # How many times as long the peer is to take.
    target: float | None = None
    # Our peak memory: at most this share of the peer's, or these megabytes.
    memory: float | None = 0.5
    memory_mb: float | None = None
    # Our file: at most this many times as large as the peer's.
    file: float | None = None
    # The peer takes too long for more than one run.
    once: bool = False
    # Mapped pages are the system's: only private ones count.
    private: bool = False
    # The peer is stridekern itself at the usual size.
    scaled: bool = False


def ours(name, output, *more):
    command = " ".join(["stridekern", f"in/{name}", "-k sobel_x --pad edge", *more])
    return Side(f"{command} --overwrite -o ours/{output}", f"ours/{output}")


def vips(name, output, options=""):
    # In integers: the same pixels as in floats, and up to twice as fast.
    return Side(f"vips conv in/{name} peer/{output}{options} sobel_x.mat --precision integer", f"peer/{output}")


def opencv(name, output):
    return Side(f"{sys.executable} {HERE}/opencv_peer.py in/{name} peer/{output}", f"peer/{output}")


def imagemagick(name, output):
    program = next((name for name in ("magick", "convert-im6.q16") if shutil.which(name)), "convert")
    kernel = "'3x3: -1,0,1 -2,0,2 -1,0,1'"
    return Side(f"{program} in/{name} -morphology Correlate {kernel} peer/{output}", f"peer/{output}")


def rows():
    gray = ours("gray.png", "gray.png")
    each = ["--channel each", "--quality 90"]
    jpeg = ours("rgb.jpg", "rgb.jpg", *each)
    # The shell's own pattern: no command of the row starts one for each file.
    many = Side(f"sh -c '{ours('many/*.jpg', 'many/', *each).command}'", "ours/many")
    one = 'vips conv in/many/{0} "peer/many/{0}[Q=90,subsample-mode=on]" sobel_x.mat --precision integer'
    loop = f"sh -ec 'for f in in/many/*; do f=${{f##*/}}; {one.format('$f')}; done'"
    parallel = f"sh -c 'ls in/many | xargs -P{CORES} -I@ {one.format('@')}'"
    return [
        Row("gray8", "gray 8-bit PNG", "libvips, compression 1", gray,
            vips("gray.png", "gray.png", "[compression=1]"), 4),
        Row("gray8-default", "gray 8-bit PNG", "libvips", gray, vips("gray.png", "gray.png"), 18, file=1.1),
        Row("gray16", "gray 16-bit PNG", "libvips, compression 1", ours("gray16.png", "gray16.png"),
            vips("gray16.png", "gray16.png", "[compression=1]"), 4),
        Row("rgb", "RGB PNG", "libvips, compression 1", ours("rgb.png", "rgb.png", "--channel each"),
            vips("rgb.png", "rgb.png", "[compression=1]"), 3.5),
        Row("jpeg", "RGB JPEG", "libvips", jpeg, vips("rgb.jpg", "rgb.jpg", "[Q=90,subsample-mode=on]"), 1.4, memory=1),
        Row("pgm", "gray PGM", "libvips", ours("gray.pgm", "gray.pgm"), vips("gray.pgm", "gray.pgm"), 1.5),
        Row("opencv", "gray 8-bit PNG", "OpenCV", gray, opencv("gray.png", "gray.png"), 4),
        Row("opencv-jpeg", "RGB JPEG", "OpenCV", jpeg, opencv("rgb.jpg", "rgb.jpg"), memory=None),
        Row("stack", "`.npy` of {planes} planes", "OpenCV", ours("stack.npy", "stack.npy", "--axes ZYX"),
            opencv("stack.npy", "stack.npy"), private=True, memory=None),
        Row("pages", "TIFF of {planes} pages", "OpenCV", ours("stack.tif", "stack.tif"),
            opencv("stack.tif", "stack.tif")),
        Row("imagemagick", "gray 8-bit PNG", "ImageMagick", gray, imagemagick("gray.png", "gray.png"),
            memory=None, once=True),
        Row("many-loop", "{count} JPEGs", "libvips, one after the other", many, Side(loop, "peer/many"), 3, memory=1),
        Row("many-parallel", "{count} JPEGs", f"libvips, {CORES} at a time", many,
            Side(parallel, "peer/many", CORES), 1.3, memory=1),
        Row("large-png", "gray PNG, {large}", "stridekern, {one}, scaled", ours("large.png", "large.png"), gray, 0.9,
            memory=None, memory_mb=LARGE_MB, scaled=True),
        Row("large-npy", "`.npy`, {large}", "stridekern, {one}, scaled", ours("large.npy", "large.npy"),
            ours("gray.npy", "gray.npy"), 0.9, memory=None, memory_mb=LARGE_MB, private=True, scaled=True),
    ]  # fmt: skip
