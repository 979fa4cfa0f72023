"""Sobel as one would write it with OpenCV, of pictures, pages and stacks: opencv_peer.py INPUT OUTPUT."""

import sys

import cv2
import numpy as np


def sobel(image):
    weights = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)
    return cv2.filter2D(image, -1, weights, borderType=cv2.BORDER_REPLICATE)


def planes(source, result):
    """An array of shape (planes, rows, columns)."""
    stack = np.load(source, mmap_mode="r")
    filtered = np.empty(stack.shape, stack.dtype)
    for plane, to in zip(stack, filtered):
        to[:] = sobel(plane)
    np.save(result, filtered)


def pages(source, result):
    _, found = cv2.imreadmulti(source, flags=cv2.IMREAD_UNCHANGED)
    assert cv2.imwritemulti(result, [sobel(page) for page in found], (cv2.IMWRITE_TIFF_COMPRESSION, 1))


def picture(source, result):
    options = []
    if result.endswith(".jpg"):
        # As stridekern writes it, which keeps the sampling of the source.
        options = [cv2.IMWRITE_JPEG_QUALITY, 90]
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420]
    image = cv2.imread(source, cv2.IMREAD_UNCHANGED)
    assert cv2.imwrite(result, sobel(image), options)


if __name__ == "__main__":
    filters = {".npy": planes, ".tif": pages}
    filters.get(sys.argv[1][-4:], picture)(*sys.argv[1:])
