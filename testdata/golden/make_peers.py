"""Write what other programs' own filters make of a picture of noise.

Usage: python make_peers.py

peers.json   the picture, and for each built-in kernel that is another program's filter, or
             the kernel of one, that filter's samples where no window reaches outside

The kernels are not read here: each is the name of a filter elsewhere. Pillow rounds halves
up, and where it or OpenCV compute with rounded weights a tie may fall to either side; the
test allows for that in samples that are ties, and in no others.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import PIL
import scipy
import skimage
from PIL import Image, ImageFilter
from scipy import ndimage
from skimage import filters

HERE = Path(__file__).resolve().parent
ROWS, COLUMNS = 14, 17
BORDER = cv2.BORDER_REFLECT_101

noise = np.random.default_rng(14).integers(0, 256, (ROWS, COLUMNS), dtype=np.uint8)
floats = noise.astype(np.float64)


def pillow(kernel):
    return np.array(Image.fromarray(noise).filter(kernel))


def pillow_weights(rows, scale, offset):
    """A kernel of Pillow's whose rows are written top row first."""
    weights = [weight for row in reversed(rows) for weight in row]
    return pillow(ImageFilter.Kernel((3, 3), weights, scale, offset))


def opencv_weights(rows, offset):
    return cv2.filter2D(noise, -1, np.array(rows, np.float32), delta=offset, borderType=BORDER)


def sobel(size, *order):
    return cv2.Sobel(noise, cv2.CV_64F, *order, ksize=size, borderType=BORDER)


BEVEL = [[-1, -1, 0], [-1, 0, 1], [0, 1, 1]]
EMBOSS = [[0, 0, 0], [0, 1, 0], [-1, 0, 0]]

# Kernel, its size, program, filter, result: integers are samples, floats responses.
CASES = [
    ("contour", 3, "Pillow", "CONTOUR", pillow(ImageFilter.CONTOUR)),
    ("detail", 3, "Pillow", "DETAIL", pillow(ImageFilter.DETAIL)),
    ("edge_enhance", 3, "Pillow", "EDGE_ENHANCE", pillow(ImageFilter.EDGE_ENHANCE)),
    ("emboss_pillow", 3, "Pillow", "EMBOSS", pillow(ImageFilter.EMBOSS)),
    ("outline", 3, "Pillow", "FIND_EDGES", pillow(ImageFilter.FIND_EDGES)),
    ("sharpen_soft", 3, "Pillow", "SHARPEN", pillow(ImageFilter.SHARPEN)),
    ("smooth", 3, "Pillow", "SMOOTH", pillow(ImageFilter.SMOOTH)),
    ("smooth_more", 5, "Pillow", "SMOOTH_MORE", pillow(ImageFilter.SMOOTH_MORE)),
    ("bevel", 3, "Pillow", "Kernel, offset 128", pillow_weights(BEVEL, 1, 128)),
    ("bevel", 3, "OpenCV", "filter2D, delta 128", opencv_weights(BEVEL, 128)),
    ("emboss_pillow", 3, "OpenCV", "filter2D, delta 128", opencv_weights(EMBOSS, 128)),
    ("box3", 3, "OpenCV", "blur", cv2.blur(noise, (3, 3), borderType=BORDER)),
    ("box5", 5, "OpenCV", "blur", cv2.blur(noise, (5, 5), borderType=BORDER)),
    ("box7", 7, "OpenCV", "blur", cv2.blur(noise, (7, 7), borderType=BORDER)),
    ("box9", 9, "OpenCV", "blur", cv2.blur(noise, (9, 9), borderType=BORDER)),
    ("gaussian3", 3, "OpenCV", "GaussianBlur without sigma", cv2.GaussianBlur(noise, (3, 3), 0, borderType=BORDER)),
    ("gaussian5", 5, "OpenCV", "GaussianBlur without sigma", cv2.GaussianBlur(noise, (5, 5), 0, borderType=BORDER)),
    ("gaussian7_opencv", 7, "OpenCV", "GaussianBlur without sigma",
     cv2.GaussianBlur(noise, (7, 7), 0, borderType=BORDER)),
    ("laplacian4", 3, "OpenCV", "Laplacian, ksize 1", cv2.Laplacian(noise, cv2.CV_64F, ksize=1, borderType=BORDER)),
    ("laplacian_opencv", 3, "OpenCV", "Laplacian, ksize 3",
     cv2.Laplacian(noise, cv2.CV_64F, ksize=3, borderType=BORDER)),
    ("sobel_x", 3, "OpenCV", "Sobel", sobel(3, 1, 0)),
    ("sobel_y", 3, "OpenCV", "Sobel", sobel(3, 0, 1)),
    ("sobel5_x", 5, "OpenCV", "Sobel, ksize 5", sobel(5, 1, 0)),
    ("sobel5_y", 5, "OpenCV", "Sobel, ksize 5", sobel(5, 0, 1)),
    ("scharr_x", 3, "OpenCV", "Scharr", cv2.Scharr(noise, cv2.CV_64F, 1, 0, borderType=BORDER)),
    ("scharr_y", 3, "OpenCV", "Scharr", cv2.Scharr(noise, cv2.CV_64F, 0, 1, borderType=BORDER)),
    ("sobel", 3, "OpenCV", "Sobel and magnitude", cv2.magnitude(sobel(3, 1, 0), sobel(3, 0, 1))),
    ("sobel_x", 3, "SciPy", "ndimage.sobel, axis 1", ndimage.sobel(floats, 1)),
    ("sobel_y", 3, "SciPy", "ndimage.sobel, axis 0", ndimage.sobel(floats, 0)),
    ("prewitt_x", 3, "SciPy", "ndimage.prewitt, axis 1", ndimage.prewitt(floats, 1)),
    ("prewitt_y", 3, "SciPy", "ndimage.prewitt, axis 0", ndimage.prewitt(floats, 0)),
    ("laplacian4", 3, "SciPy", "ndimage.laplace", ndimage.laplace(floats)),
    ("farid_x", 5, "scikit-image", "filters.farid_v", filters.farid_v(floats)),
    ("farid_y", 5, "scikit-image", "filters.farid_h", filters.farid_h(floats)),
]


def inner(result, size):
    """The part where no window of this size reaches outside."""
    margin = size // 2
    return result[margin:ROWS - margin, margin:COLUMNS - margin]


def main():
    cases = [
        {"kernel": kernel, "peer": peer, "filter": filter,
         "kind": "samples" if result.dtype == np.uint8 else "responses",
         "expected": [[round(value, 9) + 0.0 if result.dtype != np.uint8 else value for value in row]
                      for row in inner(result, size).tolist()]}
        for kernel, size, peer, filter, result in CASES
    ]
    parts = {
        "versions": {"pillow": PIL.__version__, "opencv": cv2.__version__, "scipy": scipy.__version__,
                     "scikit-image": skimage.__version__},
        "image": noise.tolist(),
    }
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in parts.items()]
    lines.append('  "cases": [\n    ' + ",\n    ".join(json.dumps(case) for case in cases) + "\n  ]")
    (HERE / "peers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
