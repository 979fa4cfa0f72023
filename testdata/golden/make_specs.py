"""Write what filters and kernels of other programs make of a picture of noise.

Usage: python make_specs.py

specs.json   the picture, and for each filter or kernel of another program, with the spec that
             gives it here, its responses where no window reaches outside

The specs are those of docs/kernels_of_others.md; they are not read here. ImageMagick (6.9.11)
prints its kernels, and convolves with them; it holds 16-bit samples, so its responses are
computed here from the weights that it prints.
"""

import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import scipy
import skimage
from scipy import ndimage
from skimage import filters

HERE = Path(__file__).resolve().parent
ROWS, COLUMNS = 18, 19
BORDER = cv2.BORDER_REFLECT_101

noise = np.random.default_rng(17).integers(0, 256, (ROWS, COLUMNS), dtype=np.uint8)
floats = noise.astype(np.float64)


def sobel(dx, dy, size):
    return cv2.Sobel(floats, cv2.CV_64F, dx, dy, ksize=size, borderType=BORDER)


def scharr(dx, dy):
    return cv2.Scharr(floats, cv2.CV_64F, dx, dy, borderType=BORDER)


def laplacian(size):
    return cv2.Laplacian(floats, cv2.CV_64F, ksize=size, borderType=BORDER)


def gaussian(size, sigma):
    return cv2.GaussianBlur(floats, (size, size), sigma, borderType=BORDER)


def gabor(size, sigma, theta, lambd, gamma, psi):
    kernel = cv2.getGaborKernel((size, size), sigma, theta, lambd, gamma, psi, cv2.CV_64F)
    return cv2.filter2D(floats, cv2.CV_64F, kernel, borderType=BORDER)


def imagemagick(kernel):
    """The largest response to the kernels that this string makes."""
    command = ["convert", "-size", "4x4", "xc:gray", "-precision", "17",
               "-define", "morphology:showKernel=1", "-morphology", "Convolve", kernel, "null:"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    kernels = []
    for line in shown.splitlines():
        head, _, numbers = line.partition(":")
        if head.strip().isdigit():
            kernels[-1][1].append([float(number) for number in numbers.split()])
        elif line.startswith("Kernel"):
            size = line.split(" of size ")[1].split()[0]
            kernels.append((size, []))
    results = []
    for size, rows in kernels:
        weights = np.array(rows)
        _, left, top = size.split("+")
        height, width = weights.shape
        assert (int(left), int(top)) == (width // 2, height // 2), size
        results.append(ndimage.convolve(floats, weights))
    return np.max(results, axis=0)


# Program, its name for it, the spec here, the reach of a window, responses.
CASES = [
    ("OpenCV", "Sobel, dx 1", "sobel:axis=x", 1, sobel(1, 0, 3)),
    ("OpenCV", "Sobel, dy 1", "sobel:axis=y", 1, sobel(0, 1, 3)),
    ("OpenCV", "Sobel, dx 1, ksize 5", "sobel:size=5,axis=x", 2, sobel(1, 0, 5)),
    ("OpenCV", "Sobel, dy 1, ksize 7", "sobel:aperture=7,axis=y", 3, sobel(0, 1, 7)),
    ("OpenCV", "Sobel, dx 2, ksize 3", "sobel:order=2,axis=x", 1, sobel(2, 0, 3)),
    ("OpenCV", "Sobel, dy 3, ksize 5", "sobel:size=5,order=3,axis=y", 2, sobel(0, 3, 5)),
    ("OpenCV", "Sobel and magnitude", "sobel:axis=magnitude", 1, np.hypot(sobel(1, 0, 3), sobel(0, 1, 3))),
    ("OpenCV", "Scharr, dx 1", "scharr:axis=x", 1, scharr(1, 0)),
    ("OpenCV", "Scharr, dy 1", "scharr:axis=y", 1, scharr(0, 1)),
    ("OpenCV", "Laplacian, ksize 1", "laplacian:size=1", 1, laplacian(1)),
    ("OpenCV", "Laplacian, ksize 3", "laplacian:size=3", 1, laplacian(3)),
    ("OpenCV", "Laplacian, ksize 5", "laplacian:size=5", 2, laplacian(5)),
    ("OpenCV", "GaussianBlur, sigma 1.5, ksize 9", "gaussian:sigma=1.5,radius=4,like=opencv", 4, gaussian(9, 1.5)),
    ("OpenCV", "blur, ksize 5", "box:size=5", 2, cv2.blur(floats, (5, 5), borderType=BORDER)),
    ("SciPy", "gaussian_filter, sigma 2", "gaussian:sigma=2", 8, ndimage.gaussian_filter(floats, 2)),
    ("SciPy", "gaussian_filter, sigma 1, order (0, 1)", "gaussian:sigma=1,order_x=1", 4,
     ndimage.gaussian_filter(floats, 1, order=(0, 1))),
    ("SciPy", "gaussian_laplace, sigma 1", "log:sigma=1", 4, ndimage.gaussian_laplace(floats, 1)),
    ("SciPy", "sobel, axis 1", "sobel:axis=x", 1, ndimage.sobel(floats, 1)),
    ("SciPy", "prewitt, axis 0", "prewitt:axis=y", 1, ndimage.prewitt(floats, 0)),
    ("SciPy", "laplace", "laplacian:size=1", 1, ndimage.laplace(floats)),
    ("SciPy", "uniform_filter, size 3", "box:size=3", 1, ndimage.uniform_filter(floats, 3)),
    ("scikit-image", "sobel", "sobel:like=skimage", 1, filters.sobel(floats)),
    ("scikit-image", "sobel_v", "sobel:axis=x,like=skimage", 1, filters.sobel_v(floats)),
    ("scikit-image", "sobel_h", "sobel:axis=y,like=skimage", 1, filters.sobel_h(floats)),
    ("scikit-image", "scharr", "scharr:like=skimage", 1, filters.scharr(floats)),
    ("scikit-image", "scharr_v", "scharr:axis=x,like=skimage", 1, filters.scharr_v(floats)),
    ("scikit-image", "scharr_h", "scharr:axis=y,like=skimage", 1, filters.scharr_h(floats)),
    ("scikit-image", "prewitt", "prewitt:like=skimage", 1, filters.prewitt(floats)),
    ("scikit-image", "prewitt_v", "prewitt:axis=x,like=skimage", 1, filters.prewitt_v(floats)),
    ("scikit-image", "prewitt_h", "prewitt:axis=y,like=skimage", 1, filters.prewitt_h(floats)),
    ("scikit-image", "farid", "farid:like=skimage", 2, filters.farid(floats)),
    ("scikit-image", "farid_v", "farid:axis=x", 2, filters.farid_v(floats)),
    ("scikit-image", "farid_h", "farid:axis=y", 2, filters.farid_h(floats)),
    ("scikit-image", "laplace", "laplacian4 --divisor -1", 1, filters.laplace(floats)),
    ("scikit-image", "gaussian, sigma 1", "gaussian:sigma=1", 4, filters.gaussian(floats, 1, preserve_range=True)),
    ("scikit-image", "unsharp_mask, radius 1, amount 2", "unsharp:sigma=1,amount=2", 4,
     filters.unsharp_mask(floats, 1, 2, preserve_range=True)),
    ("ImageMagick", "Unity", "identity", 1, imagemagick("Unity")),
    ("ImageMagick", "Gaussian:0x2", "gaussian:sigma=2,radius=7", 7, imagemagick("Gaussian:0x2")),
    ("ImageMagick", "Binomial:2", "binomial:size=5 --divisor 1", 2, imagemagick("Binomial:2")),
    ("ImageMagick", "Laplacian:0", "outline", 1, imagemagick("Laplacian:0")),
    ("ImageMagick", "Laplacian:1", "laplacian4 --divisor -1", 1, imagemagick("Laplacian:1")),
    ("ImageMagick", "Laplacian:3", "1 -2 1 x 1 -2 1", 1, imagemagick("Laplacian:3")),
    ("ImageMagick", "Laplacian:15", "log5", 2, imagemagick("Laplacian:15")),
    ("ImageMagick", "Laplacian:19", "log9", 4, imagemagick("Laplacian:19")),
    ("ImageMagick", "Sobel", "sobel_x", 1, imagemagick("Sobel")),
    ("ImageMagick", "FreiChen", "frei_chen_x --divisor 1", 1, imagemagick("FreiChen")),
    ("ImageMagick", "Prewitt", "prewitt_x", 1, imagemagick("Prewitt")),
    ("ImageMagick", "Roberts", "im:Roberts", 1, imagemagick("Roberts")),
    ("ImageMagick", "Compass", "im:Compass", 1, imagemagick("Compass")),
    ("ImageMagick", "Compass:@", "compass", 1, imagemagick("Compass:@")),
    ("ImageMagick", "Kirsch", "im:Kirsch", 1, imagemagick("Kirsch")),
    ("ImageMagick", "Kirsch:@", "kirsch", 1, imagemagick("Kirsch:@")),
    ("ImageMagick", "Square", "box3 --divisor 1", 1, imagemagick("Square")),
    ("ImageMagick", "Diamond:2", "im:Diamond:2", 2, imagemagick("Diamond:2")),
    ("ImageMagick", "Octagon:3", "im:Octagon:3", 3, imagemagick("Octagon:3")),
    ("ImageMagick", "Disk:3", "im:Disk:3", 3, imagemagick("Disk:3")),
    ("ImageMagick", "Plus:2", "im:Plus:2", 2, imagemagick("Plus:2")),
    ("ImageMagick", "Cross:2", "im:Cross:2", 2, imagemagick("Cross:2")),
]


def main():
    cases = []
    for program, name, spec, margin, result in CASES:
        inner = result[margin:ROWS - margin, margin:COLUMNS - margin]
        expected = [[round(value, 7) + 0.0 for value in row] for row in inner.tolist()]
        cases.append({"program": program, "name": name, "spec": spec, "expected": expected})
    parts = {
        "versions": {"opencv": cv2.__version__, "scipy": scipy.__version__, "scikit-image": skimage.__version__},
        "image": noise.tolist(),
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in parts.items()]
    lines.append('  "cases": [\n    ' + ",\n    ".join(json.dumps(case) for case in cases) + "\n  ]")
    (HERE / "specs.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
