"""Whether both sides made the same picture."""

import subprocess

import cv2
import numpy as np

from inputs import STRIP
from opencv_peer import sobel

# Samples of one decoder and another, eight weights further on, and written again.
JPEG_MEAN = 2.0
JPEG_LOOKED_AT = 10


def agreement(row, folder):
    """The largest and the mean difference of samples; an error where they are apart."""
    pair = [folder / side.output for side in (row.ours, row.theirs)]
    if row.scaled:
        largest, mean = large(pair[0], folder)
    elif pair[0].is_dir():
        ours, theirs = (sorted(path.iterdir()) for path in pair)
        if len(ours) != len(theirs):
            raise SystemExit(f"{row.id}: {len(ours)} results beside {len(theirs)}")
        found = [apart(*both) for both in list(zip(ours, theirs))[:JPEG_LOOKED_AT]]
        largest, mean = max(f[0] for f in found), max(f[1] for f in found)
    else:
        largest, mean = apart(*pair)
    jpeg = "JPEG" in row.work
    if mean > JPEG_MEAN if jpeg else largest > 1:
        raise SystemExit(f"{row.id}: samples are {largest} apart, {mean:.3f} in the mean")
    return largest, mean


def apart(*paths):
    a, b = map(samples, paths)
    if a is None or b is None or a.shape != b.shape or a.dtype != b.dtype:
        raise SystemExit(f"{paths[0]} and {paths[1]} are different kinds of image")
    if paths[0].suffix == ".jpg" and len({sampling(path) for path in paths}) > 1:
        raise SystemExit(f"{paths[0]} and {paths[1]} differ in their chroma subsampling")
    return difference(a, b)


def samples(path):
    """Of a picture, or of all planes or pages."""
    match path.suffix:
        case ".npy":
            return np.load(path)
        case ".tif":
            read, pages = cv2.imreadmulti(str(path), flags=cv2.IMREAD_UNCHANGED)
            return np.array(pages) if read else None
        case _:
            return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def difference(a, b):
    found = cv2.absdiff(a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1]))
    return int(found.max()), float(found.mean())


def sampling(path):
    command = ["vipsheader", "-f", "jpeg-chroma-subsample", path]
    return subprocess.run(command, check=True, capture_output=True).stdout.strip()


def large(path, folder):
    """Our large picture beside OpenCV's filter, some rows at a time."""
    source = np.load(folder / "in" / "large.npy", mmap_mode="r")
    if path.suffix == ".npy":
        result = np.load(path, mmap_mode="r")
    else:
        raw = path.with_suffix(".raw")
        subprocess.run(["vips", "rawsave", path, raw], check=True)
        result = np.memmap(raw, np.uint8, "r", shape=source.shape)
        # Gone when it is looked at no more.
        raw.unlink()
    side, found = len(source), []
    for top in range(0, side, STRIP):
        above, below = min(top, 1), min(side - top - STRIP, 1)
        wanted = sobel(np.asarray(source[top - above : top + STRIP + below]))
        found.append(difference(np.asarray(result[top : top + STRIP]), wanted[above : above + STRIP]))
    return max(f[0] for f in found), sum(f[1] for f in found) / len(found)
