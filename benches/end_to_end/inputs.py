"""Makes the images: a photograph as a sensor of 24 megapixels would have seen it."""

import subprocess
from dataclasses import dataclass

import cv2
import numpy as np

from common.machine import ROOT

PHOTOS = ROOT / "testdata" / "photos"
# Planes of the stack, which together are one image.
PLANES = 16
# Rows of the large image that are made at a time.
STRIP = 256


@dataclass(frozen=True)
class Sizes:
    """(columns, rows) of one image and of each of many, and the large one's side."""

    one: tuple
    many: tuple
    count: int
    large: int

    def megapixels(self):
        return self.one[0] * self.one[1] / 1e6


FULL = Sizes((6000, 4000), (1224, 816), 200, 32768)
QUICK = Sizes((1500, 1000), (306, 204), 20, 4096)


def enlarged(name, size):
    """Blue, green and red of a photograph, from 0 to 1."""
    photo = cv2.imread(str(PHOTOS / name), cv2.IMREAD_COLOR).astype(np.float32) / 255
    smooth = cv2.INTER_CUBIC if size[0] > photo.shape[1] else cv2.INTER_AREA
    return cv2.resize(photo, size, interpolation=smooth)


def noisy(light, rng, depth=np.uint8):
    """Shot noise of 2500 photons at full scale, which grows with the light, and read
    noise of a 250th of it."""
    light = np.clip(light, 0, 1)
    noise = rng.standard_normal(light.shape, np.float32) * np.sqrt(light / 2500 + 0.004**2)
    return np.rint(np.clip(light + noise, 0, 1) * np.iinfo(depth).max).astype(depth)


def write(path, samples, *options):
    if not cv2.imwrite(str(path), samples, options):
        raise RuntimeError(f"OpenCV does not write {path}")


def png(path, source, *raw):
    """As most programs write PNG: rows filtered by what suits each, zlib's level 6."""
    load = ["rawload", source, f"{path}[compression=6,filter=all]", *map(str, raw)]
    subprocess.run(["vips", *(load if raw else ["copy", *load[1:]])], check=True)


def make(folder, sizes):
    """All of them, once: in `folder`, which says so itself when it is whole."""
    make_images(folder, sizes)
    make_stack(folder, sizes)


def make_stack(folder, sizes):
    """The gray image cut into planes, as an array and as pages of a TIFF."""
    if (folder / "stack.npy").exists():
        return
    gray = np.load(folder / "gray.npy")
    rows, columns = (side // 4 for side in gray.shape)
    parts = gray[: 4 * rows, : 4 * columns].reshape(4, rows, 4, columns).swapaxes(1, 2)
    stack = np.ascontiguousarray(parts.reshape(PLANES, rows, columns))
    if not cv2.imwritemulti(str(folder / "stack.tif"), list(stack), (cv2.IMWRITE_TIFF_COMPRESSION, 1)):
        raise RuntimeError("OpenCV does not write pages")
    np.save(folder / "stack.npy", stack)


def make_images(folder, sizes):
    done = folder / "done"
    if done.exists():
        return
    print("making the images", flush=True)
    (folder / "many").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    colour = enlarged("coffee.png", sizes.one)
    gray = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY)

    samples = noisy(gray, rng)
    np.save(folder / "gray.npy", samples)
    write(folder / "gray.pgm", samples)
    png(folder / "gray.png", folder / "gray.pgm")
    write(folder / "gray16.pgm", noisy(gray, rng, np.uint16))
    png(folder / "gray16.png", folder / "gray16.pgm")
    samples = noisy(colour, rng)
    write(folder / "rgb.ppm", samples)
    png(folder / "rgb.png", folder / "rgb.ppm")
    write(folder / "rgb.jpg", samples, cv2.IMWRITE_JPEG_QUALITY, 90)

    names = ["astronaut.png", "china.jpg", "coffee.png", "grace_hopper.jpg", "hubble.jpg", "rocket.jpg"]
    photos = [enlarged(name, sizes.many) for name in names]
    for at in range(sizes.count):
        samples = noisy(photos[at % len(photos)], rng)
        write(folder / "many" / f"{at:03}.jpg", samples, cv2.IMWRITE_JPEG_QUALITY, 90)

    # Tiles of the photograph, each with noise of its own.
    side = sizes.large
    large = np.lib.format.open_memmap(folder / "large.npy", "w+", np.uint8, (side, side))
    for top in range(0, side, STRIP):
        rows = np.arange(top, min(top + STRIP, side)) % gray.shape[0]
        columns = np.arange(side) % gray.shape[1]
        large[top : top + STRIP] = noisy(gray[rows][:, columns], rng)
    large.flush()
    header = (folder / "large.npy").stat().st_size - side * side
    png(folder / "large.png", folder / "large.npy", side, side, 1, "--offset", header)
    done.touch()
