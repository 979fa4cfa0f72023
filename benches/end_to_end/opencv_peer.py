"""Sobel as one would write it with OpenCV: opencv_peer.py INPUT OUTPUT."""

import sys

import cv2
import numpy as np


def sobel(image):
    weights = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)
    return cv2.filter2D(image, -1, weights, borderType=cv2.BORDER_REPLICATE)


if __name__ == "__main__":
    options = []
    if sys.argv[2].endswith(".jpg"):
        # As stridekern writes it.
        options = [cv2.IMWRITE_JPEG_QUALITY, 90]
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    image = cv2.imread(sys.argv[1], cv2.IMREAD_UNCHANGED)
    assert cv2.imwrite(sys.argv[2], sobel(image), options)
