"""Images to measure on, and what it takes to copy them."""

from statistics import median
from time import perf_counter

import numpy as np

FULL_SCALE = {"u8": 255, "u16": 65535}
DTYPES = {"u8": np.dtype("u1"), "u16": np.dtype("<u2"), "f32": np.dtype("<f4")}


def image(cache, width, height, channels, depth, top=1.0):
    """The .npy file of a picture as a sensor gives it: gradients, edges, texture, and noise that
    grows with the light; of floats from 0 to `top`."""
    scaled = f"-{top:g}" if top != 1 else ""
    path = cache / f"{width}x{height}x{channels}-{depth}{scaled}.npy"
    if path.exists():
        return path
    rng = np.random.default_rng(7)
    planes = []
    for channel in range(channels):
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        light = 0.45 + 0.2 * np.sin(x / 411 + channel) * np.cos(y / 277)
        light += 0.1 * (np.sin(x * y / 90000) > 0) + 0.05 * np.sin(x / 3.1 + y / 5.3)
        noise = rng.standard_normal(light.shape, np.float32)
        planes.append(np.clip(light + 0.03 * np.sqrt(light) * noise, 0.02, 0.98))
    samples = planes[0] if channels == 1 else np.stack(planes, -1)
    if depth == "f32":
        samples *= np.float32(top)
    else:
        samples = np.rint(samples * FULL_SCALE[depth]).astype(DTYPES[depth])
    cache.mkdir(parents=True, exist_ok=True)
    np.save(path, samples)
    return path


def header(npy, width, height, channels, depth):
    """The bytes before its samples."""
    return npy.stat().st_size - width * height * channels * DTYPES[depth].itemsize


class Copy:
    """Copies the bytes of an image to memory that is there already: the least that any filter takes."""

    def __init__(self, npy):
        self.image = np.load(npy)
        self.result = np.empty_like(self.image)
        np.copyto(self.result, self.image)

    def ms(self, seconds):
        """Milliseconds of one copy, the median of about so long."""
        times = []
        began = perf_counter()
        while len(times) < 3 or perf_counter() - began < seconds:
            start = perf_counter()
            np.copyto(self.result, self.image)
            times.append((perf_counter() - start) * 1e3)
        return median(times)
