"""Writes golden.txt: generated kernels as other programs make them.

    pip install numpy scipy opencv-python-headless scikit-image Pillow
    python golden.py > golden.txt

Each line: spec, tolerance relative to the largest weight, rows, columns, weights in row-major
order, laid on the image as they are (correlation).
"""

import numpy as np
import cv2
import scipy
import skimage
from scipy import ndimage
from scipy.ndimage._filters import _gaussian_kernel1d
from skimage.filters import edges
from PIL import Image, ImageFilter

print(f"# numpy {np.__version__}, scipy {scipy.__version__}, opencv {cv2.__version__}, "
      f"scikit-image {skimage.__version__}, Pillow {Image.__version__}")


def put(spec, weights, tolerance="2e-15"):
    weights = np.atleast_2d(np.asarray(weights, float))
    numbers = " ".join(repr(float(w)) for w in weights.ravel())
    print(spec, tolerance, *weights.shape, numbers)


def response(f, side):
    """What a linear filter does to one bright pixel, turned around: its weights."""
    image = np.zeros((side, side))
    image[side // 2, side // 2] = 1
    return f(image)[::-1, ::-1]


def scipy_gaussian(sigma, order=0, truncate=4.0):
    return _gaussian_kernel1d(sigma, order, int(truncate * sigma + 0.5))[::-1]


for sigma in (0.5, 1, 2, 3.3):
    g = scipy_gaussian(sigma)
    put(f"gaussian:sigma={sigma}", np.outer(g, g))
put("gaussian:sigma=1.5,truncate=3", np.outer(*[scipy_gaussian(1.5, 0, 3)] * 2))
put("gaussian:sigma_y=2,sigma_x=0.7", np.outer(scipy_gaussian(2), scipy_gaussian(0.7)))
for order in (1, 2, 3, 5):
    put(f"gaussian:sigma=1.5,order_x={order}",
        np.outer(scipy_gaussian(1.5), scipy_gaussian(1.5, order)), "4e-15")
put("gaussian:sigma=1,order_y=1", response(lambda i: ndimage.gaussian_filter(
    i, 1, order=(1, 0), mode="constant"), 9), "4e-15")
for sigma in (0.8, 1.7):
    size = round(sigma * 6 + 1) | 1
    g = cv2.getGaussianKernel(size, sigma)
    put(f"gaussian:sigma={sigma},like=opencv", g @ g.T)
for radius in (1, 2, 3, 4, 5, 8):
    g = cv2.getGaussianKernel(2 * radius + 1, 0)
    put(f"gaussian:radius={radius},like=opencv", g @ g.T)
for sigma in (1, 1.4):
    r = int(4 * sigma + 0.5)
    put(f"log:sigma={sigma}",
        response(lambda i: ndimage.gaussian_laplace(i, sigma, mode="constant"), 2 * r + 1), "4e-15")
put("dog:sigma=1", response(lambda i: skimage.filters.difference_of_gaussians(
    i, 1, mode="constant"), 13), "4e-15")


def fspecial_log(radius, sigma):
    y, x = np.mgrid[-radius:radius + 1, -radius:radius + 1]
    h = np.exp(-(x * x + y * y) / (2 * sigma**2))
    h[h < np.finfo(float).eps * h.max()] = 0
    h /= h.sum()
    h1 = h * (x * x + y * y - 2 * sigma**2) / sigma**4
    return h1 - h1.sum() / h.size


put("log:sigma=0.5,radius=2,like=matlab", fspecial_log(2, 0.5), "4e-15")
# As MATLAB's documentation prints it, to four digits.
put("log:sigma=0.5,radius=1,like=matlab", fspecial_log(1, 0.5), "4e-15")
put("disk:radius=1", [[0.0251, 0.1453, 0.0251], [0.1453, 0.3183, 0.1453],
                      [0.0251, 0.1453, 0.0251]], "2e-4")

for angle, wavelength, sigma, aspect, phase in ((0, 6, 3, 1, 0), (30, 8, 2.5, 0.5, 90), (120, 5, 2, 2, 45)):
    k = cv2.getGaborKernel((0, 0), sigma, np.deg2rad(angle), wavelength, aspect, np.deg2rad(phase))
    put(f"gabor:wavelength={wavelength},angle={angle},sigma={sigma},aspect={aspect},phase={phase}",
        k, "1e-14")
for size in (3, 5, 7, 9, 15):
    for order in (1, 2):
        kx, ky = cv2.getDerivKernels(order, 0, size, ktype=cv2.CV_64F)
        put(f"sobel:size={size},order={order},axis=x", ky @ kx.T, "0")
kx, ky = cv2.getDerivKernels(0, 1, cv2.FILTER_SCHARR, ktype=cv2.CV_64F)
put("scharr:axis=y", ky @ kx.T, "0")
for size in (1, 3, 5, 7):
    side = max(size, 3)
    image = np.zeros((2 * side + 1,) * 2)
    image[side, side] = 1
    k = cv2.Laplacian(image, cv2.CV_64F, ksize=size)[::-1, ::-1]
    r = side // 2
    put(f"laplacian:size={size}", k[side - r:side + r + 1, side - r:side + r + 1], "0")
# scikit-image convolves: turned around. Its Prewitt is a mean, ours is a sum.
put("farid:axis=y", edges.HFARID_WEIGHTS[::-1, ::-1], "1e-15")
put("farid:axis=x", edges.VFARID_WEIGHTS[::-1, ::-1], "1e-15")
put("prewitt:axis=y", np.round(edges.HPREWITT_WEIGHTS[::-1, ::-1] * 3), "0")
# Pillow's fractions, of one row and one column, to the 8 bits of its pixels.
for radius in (1.5, 0.25):
    side = 2 * int(np.ceil(radius)) + 1
    image = Image.new("L", (side + 4, side + 4))
    image.putpixel((side // 2 + 2, side // 2 + 2), 255)
    k = np.asarray(image.filter(ImageFilter.BoxBlur(radius)), float)[2:-2, 2:-2] / 255
    put(f"box:radius={radius}", k, "0.05")
