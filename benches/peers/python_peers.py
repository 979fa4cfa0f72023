"""A worker: runs one case through OpenCV, SciPy and NumPy, and copies its image.

The first line of standard input is the case, every other a command, and each
gets one line in answer; workers.py sends them. Borders reflect, and results go
into buffers that are there already, wherever the library lets them.
"""

import json
import sys
from time import perf_counter

import cv2
import numpy as np
import scipy
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage, signal

# From this size on, Fourier transforms are tried too.
FFT_FROM = 31

# Up to this size NumPy's own ways are tried, and in so many bytes of products.
NUMPY_UP_TO = 9
NUMPY_BYTES = 1 << 29

REFLECT = cv2.BORDER_REFLECT_101


def opencv(case, image, result):
    """OpenCV's ways to do this case, each a function without arguments."""
    weights = np.asarray(case["weights"], np.float32)
    size = case["size"]
    match case["work"]:
        case "filter":
            return {"OpenCV": lambda: cv2.filter2D(image, -1, weights, dst=result, borderType=REFLECT)}
        case "fresh":
            # Without a `dst` it allocates one.
            return {"OpenCV": lambda: cv2.filter2D(image, -1, weights, borderType=REFLECT)}
        case "separable":
            line = np.asarray(case["line"], np.float32)
            sigma = case["sigma"] or 0.3 * ((size - 1) * 0.5 - 1) + 0.8
            return {
                "OpenCV sepFilter2D": lambda: cv2.sepFilter2D(
                    image, -1, line, line, dst=result, borderType=REFLECT
                ),
                "OpenCV GaussianBlur": lambda: cv2.GaussianBlur(
                    image, (size, size), sigma, dst=result, sigmaY=sigma, borderType=REFLECT
                ),
            }
        case "sobel":
            x, y, length = (np.empty(image.shape, np.float32) for _ in range(3))

            def sobel():
                cv2.Sobel(image, cv2.CV_32F, 1, 0, dst=x, ksize=3, borderType=REFLECT)
                cv2.Sobel(image, cv2.CV_32F, 0, 1, dst=y, ksize=3, borderType=REFLECT)
                cv2.magnitude(x, y, magnitude=length)
                cv2.convertScaleAbs(length, dst=result)

            return {"OpenCV": sobel}
        case "box":
            return {"OpenCV blur": lambda: cv2.blur(image, (size, size), dst=result, borderType=REFLECT)}


def scipys(case, image, result):
    """SciPy's; it truncates where others round."""
    weights = np.asarray(case["weights"])
    size = case["size"]
    match case["work"]:
        case "filter":
            across = weights if image.ndim == 2 else weights[:, :, None]
            ways = {"SciPy": lambda: ndimage.correlate(image, across, output=result, mode="mirror")}
            if size >= FFT_FROM:
                ways["SciPy oaconvolve"] = lambda: by_transform(weights, image, result)
            return ways
        case "separable":
            between = np.empty(image.shape, np.float32)

            def separable():
                ndimage.correlate1d(image, case["line"], 0, output=between, mode="mirror")
                ndimage.correlate1d(between, case["line"], 1, output=result, mode="mirror")

            return {"SciPy": separable}
        case "sobel":
            x, y = (np.empty(image.shape, np.float32) for _ in range(2))

            def sobel():
                ndimage.sobel(image, 1, output=x, mode="mirror")
                ndimage.sobel(image, 0, output=y, mode="mirror")
                np.hypot(x, y, out=x)
                np.minimum(x, 255, out=x)
                np.copyto(result, x, casting="unsafe")

            return {"SciPy": sobel}
        case "box":
            return {"SciPy": lambda: ndimage.uniform_filter(image, size, output=result, mode="mirror")}
        case _:
            return {}


def by_transform(weights, image, result):
    padded = np.pad(image, len(weights) // 2, mode="reflect").astype(np.float32)
    turned = weights[::-1, ::-1].astype(np.float32)
    keep(signal.oaconvolve(padded, turned, mode="valid"), result)


def numpys(case, image, result):
    """What articles on strides show: windows as a view of shape (rows, columns, kernel rows,
    kernel columns), no copy, contracted with the kernel in Python's loops, by a product that
    is summed, or by einsum. In 32-bit floats, as the others."""
    weights = np.asarray(case["weights"], np.float32)
    size = case["size"]

    def windows():
        padded = np.pad(image, size // 2, mode="reflect").astype(np.float32)
        return sliding_window_view(padded, (size, size))

    def loops():
        sums = np.empty(image.shape, np.float32)
        view = windows()
        for row in range(image.shape[0]):
            for column in range(image.shape[1]):
                sums[row, column] = (view[row, column] * weights).sum()
        keep(sums, result)

    return {
        "NumPy loops": loops,
        "NumPy broadcast": lambda: keep((windows() * weights).sum((2, 3)), result),
        "NumPy einsum": lambda: keep(np.einsum("ijkl,kl->ij", windows(), weights), result),
    }


def keep(sums, result):
    """Sums as samples: integers rounded and clamped."""
    if result.dtype != np.float32:
        np.rint(sums, out=sums)
        np.clip(sums, 0, np.iinfo(result.dtype).max, out=sums)
    np.copyto(result, sums, casting="unsafe")


def copy(image, result):
    """The least that a filter can take."""
    return {"copy": lambda: np.copyto(result, image)}


def repeat(work, seconds):
    """Milliseconds of calls for about so long, the first left out; and what the last one made."""
    began = perf_counter()
    made = work()
    first = perf_counter() - began
    # Where one call takes all the time there is, the first has to do.
    if first > seconds:
        return [first * 1e3], made
    times = []
    began = perf_counter()
    while len(times) < 3 or perf_counter() - began < seconds:
        # Memory that it allocates is given back outside of what is timed.
        made = None
        start = perf_counter()
        made = work()
        times.append((perf_counter() - start) * 1e3)
    return times, made


def say(answer):
    print(json.dumps(answer), flush=True)


def main():
    case = json.loads(sys.stdin.readline())
    whole = np.load(case["npy"])
    ways, result, made = {}, None, None
    rows = None

    def prepare(wanted):
        nonlocal ways, result, rows
        if rows != wanted:
            rows = wanted
            result = np.zeros_like(whole[:rows])
            image = whole[:rows]
            ways = opencv(case, image, result) | scipys(case, image, result) | copy(image, result)
            if case["numpy"] and case["size"] <= NUMPY_UP_TO:
                ways |= numpys(case, image, result)

    prepare(case["height"])
    say(
        {
            "peers": list(ways),
            "most_rows": {"NumPy broadcast": NUMPY_BYTES // (4 * case["size"] ** 2 * case["width"])},
            "versions": {"OpenCV": cv2.__version__, "SciPy": scipy.__version__, "NumPy": np.__version__},
            "opencv_simd": cv2.getCPUFeaturesLine().split()[-1],
            "opencv_ipp": cv2.ipp.getIppVersion(),
        }
    )
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "run":
            prepare(command["rows"])
            cv2.setNumThreads(command["threads"])
            times, made = repeat(ways[command["peer"]], command["seconds"])
            say({"ms": times})
        else:
            (result if made is None else made).tofile(command["path"])
            say({})


main()
