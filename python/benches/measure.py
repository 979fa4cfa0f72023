"""Measures the package beside OpenCV, SciPy, astropy and dask-image, and refreshes the table of
README.md. Needs these installed; each row runs everyone in turn. Processor time counts with one
thread, the wall clock with two.

    python benches/measure.py [--quick] [--rows NAME,...]
"""

import argparse
import itertools
import os
import platform
import re
import time
from pathlib import Path

import numpy as np

import stridekern

README = Path(__file__).parent.parent / "README.md"
MARKS = "<!-- measured: begin -->", "<!-- measured: end -->"

INTEGERS = np.array([[1, 2, 1], [3, -5, 2], [1, -7, 3]])
DECIMALS = np.array([[0.1, 0.2, 0.1], [0.3, 0.5, 0.2], [0.1, 0.7, 0.3]]) / 2.5


def images(rows, columns):
    random = np.random.default_rng(1)
    floats = random.uniform(0, 1, (rows, columns)).astype(np.float32)
    return {"f32": floats, "u8": (floats * 255).astype(np.uint8)}


def cases(quick):
    """Name, threads, how much faster than whom is wanted, and what everyone runs."""
    import cv2
    import scipy.ndimage

    size = (1000, 1500) if quick else (4000, 6000)
    image = images(*size)
    u8, f32 = image["u8"], image["f32"]
    for threads in (1, 2):
        def opencv(call, threads=threads):
            def run():
                cv2.setNumThreads(threads)
                return call()
            return run

        def ours(kernel, threads=threads, **options):
            return stridekern.Filter(kernel, border="reflect", threads=threads, **options)

        integers, decimals = ours(INTEGERS), ours(DECIMALS)
        # Of 8 bits OpenCV takes 13 taps by default, of floats 17.
        gaussians = {radius: ours(f"gaussian:sigma=2,radius={radius}") for radius in (6, 8)}
        weights = DECIMALS.astype(np.float32)
        yield "u8 3x3 integers", threads, {"OpenCV": 1.5}, {
            "stridekern": lambda f=integers: f(u8),
            "OpenCV": opencv(lambda: cv2.filter2D(u8, -1, INTEGERS.astype(np.float32))),
            "SciPy": lambda: scipy.ndimage.correlate(u8, INTEGERS, mode="mirror"),
        }
        yield "u8 3x3 decimals", threads, {"OpenCV": 1.5}, {
            "stridekern": lambda f=decimals: f(u8),
            "OpenCV": opencv(lambda: cv2.filter2D(u8, -1, weights)),
            "SciPy": lambda: scipy.ndimage.correlate(u8, DECIMALS, mode="mirror"),
        }
        yield "f32 3x3, new result", threads, {"OpenCV": 1.2, "SciPy": 8}, {
            "stridekern": lambda f=decimals: f(f32),
            "OpenCV": opencv(lambda: cv2.filter2D(f32, -1, weights)),
            "SciPy": lambda: scipy.ndimage.correlate(f32, DECIMALS, mode="mirror"),
        }
        for name, array, radius, least in [("u8", u8, 6, 1.5), ("u8", u8, 8, 1.5), ("f32", f32, 8, 1.3)]:
            taps = (2 * radius + 1,) * 2
            yield f"{name} Gaussian, sigma 2, {taps[0]} taps", threads, {"OpenCV": least}, {
                "stridekern": lambda f=gaussians[radius], a=array: f(a),
                "OpenCV": opencv(lambda a=array, taps=taps: cv2.GaussianBlur(a, taps, 2)),
                "SciPy": lambda a=array, r=radius: scipy.ndimage.gaussian_filter(a, 2, mode="mirror", radius=r),
            }
        yield "u8 3x3 integers of .T", threads, {"OpenCV": 5}, {
            "stridekern": lambda f=integers: f(u8.T),
            "OpenCV": opencv(lambda: cv2.filter2D(u8.T, -1, INTEGERS.astype(np.float32))),
            "SciPy": lambda: scipy.ndimage.correlate(u8.T, INTEGERS, mode="mirror"),
        }
    small = f32[:64, :64].copy()
    kept = stridekern.Filter(DECIMALS, border="reflect", threads=1)
    cv2.setNumThreads(1)

    def often(call):
        def run():
            for _ in range(1000):
                call()
        return run

    yield "64 x 64 f32 3x3, a thousand", 1, {"SciPy": 5, "OpenCV": 0.5}, {
        "stridekern": often(lambda: kept(small)),
        "OpenCV": often(lambda: cv2.filter2D(small, -1, weights)),
        "SciPy": often(lambda: scipy.ndimage.correlate(small, DECIMALS, mode="mirror")),
    }
    try:
        from astropy.convolution import convolve
    except ImportError:
        print("skipped: astropy is not installed")
        return
    holes = f32[: size[0] // 4, : size[1] // 4].astype(np.float64)
    holes[np.random.default_rng(2).uniform(size=holes.shape) < 0.01] = np.nan
    line = np.exp(-0.5 * ((np.arange(17) - 8) / 3.0) ** 2)
    weights17 = np.outer(line, line)
    ignoring = stridekern.Filter(weights17, border="constant:0", normalize=True, ignore=np.nan, threads=1)
    yield "f64 17x17 with NaN", 1, {"astropy": 30}, {
        "stridekern": lambda: ignoring(holes),
        "astropy": lambda: convolve(holes, weights17, boundary="fill", nan_treatment="interpolate"),
    }


def clustered(quick):
    """The same of Dask arrays that two worker processes hold; results are held, too."""
    try:
        import dask.array as da
        import dask_image.ndfilters
        from dask.distributed import Client, LocalCluster, wait
    except ImportError:
        print("skipped: Dask, distributed and dask-image are not all installed")
        return
    import stridekern.dask

    size = 3000 if quick else 12_000
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        for chunks in (3000, 2000, 1000):
            image = da.random.default_rng(1).random((size, size), dtype=np.float32, chunks=chunks).persist()
            wait(image)

            def held(result):
                wait(result.persist())

            yield f"Dask, f32 Gaussian, sigma 2, chunks of {chunks}", 2, {"dask-image": 2.5}, {
                "stridekern": lambda image=image: held(stridekern.dask.gaussian_filter(image, 2)),
                "dask-image": lambda image=image: held(dask_image.ndfilters.gaussian_filter(image, 2)),
            }


def seconds(call, threads):
    """Of the processor with one thread, of the wall with more."""
    clock = time.process_time if threads == 1 else time.perf_counter
    began = clock()
    call()
    return clock() - began


def measure(quick, rows):
    lines = []
    for name, threads, wanted, runs in itertools.chain(cases(quick), clustered(quick)):
        if rows and name not in rows:
            continue
        times = {who: [] for who in runs}
        for call in runs.values():
            call()
        for turn in range(3 if quick else 7):
            for who, call in runs.items():
                # SciPy takes long and varies little.
                if turn < 2 or who not in ("SciPy", "astropy"):
                    times[who].append(seconds(call, threads))
        best = {who: min(all_of) for who, all_of in times.items()}
        own = best["stridekern"]
        ratios = {who: best[who] / own for who in best if who != "stridekern"}
        short = [who for who, least in wanted.items() if ratios[who] < least]
        others = ", ".join(f"{who} {best[who] * 1e3:.3g} ms" for who in ratios)
        against = ", ".join(
            f"{'**' if who in short else ''}{ratio:.2g}x{'**' if who in short else ''} {who}"
            for who, ratio in ratios.items()
        )
        lines.append(f"| {name} | {threads} | {own * 1e3:.3g} ms | {others} | {against} |")
        print(lines[-1], flush=True)
    return lines


def processor():
    try:
        text = Path("/proc/cpuinfo").read_text()
        return re.search(r"model name\s*: (.*)", text)[1]
    except (OSError, TypeError):
        return platform.processor()


def versions():
    import cv2
    import scipy

    known = [f"OpenCV {cv2.__version__}", f"SciPy {scipy.__version__}", f"NumPy {np.__version__}"]
    return f"stridekern {stridekern.__version__} beside {', '.join(known)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1.5 megapixels; README.md is left as it is")
    parser.add_argument("--rows", default="", help="only these")
    given = parser.parse_args()
    lines = measure(given.quick, [row for row in given.rows.split(",") if row])
    if given.quick or given.rows:
        return
    head = [
        f"{time.strftime('%Y-%m-%d')}, {processor()}, {os.cpu_count()} cores: {versions()}.",
        "4000 x 6000 samples unless said; best of seven in turn (SciPy and astropy of two), processor",
        "time with one thread, wall clock with two. Bold falls short of what is aimed at.",
        "",
        "| work | threads | stridekern | others | times as fast |",
        "|---|---|---|---|---|",
    ]
    text = README.read_text()
    begin, end = (text.index(mark) for mark in MARKS)
    README.write_text(text[: begin + len(MARKS[0])] + "\n" + "\n".join(head + lines) + "\n" + text[end:])


if __name__ == "__main__":
    main()
