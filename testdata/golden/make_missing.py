"""Write what astropy makes of arrays with missing samples.

Usage: python make_missing.py

missing.json   arrays with null for NaN, kernels, boundaries, and what
               astropy.convolution.convolve gives with nan_treatment="interpolate"

The first arrays and kernels are those of astropy's own documentation and tests. Kernels are
given as they are; astropy divides by their sum. It turns kernels by 180 degrees.
"""

import json
import warnings
from pathlib import Path

import astropy
import numpy as np
from astropy.convolution import (
    Box2DKernel,
    Gaussian1DKernel,
    Gaussian2DKernel,
    Tophat2DKernel,
    TrapezoidDisk2DKernel,
    convolve,
)

HERE = Path(__file__).resolve().parent
NAN = np.nan

random = np.random.default_rng(42)
noise = random.normal(10.0, 3.0, (9, 12))
holes = noise.copy()
holes[random.random(holes.shape) < 0.2] = NAN
hole = noise.copy()
hole[2:7, 3:9] = NAN
few = np.full((9, 12), NAN)
few[1, 2], few[7, 10] = 5.0, -3.0
gradient = np.add.outer(np.arange(9.0), np.arange(12.0) ** 2)
gradient[4, 4:7] = NAN

ARRAYS = {
    # "A Brief Introduction" and "A 1D Example" of the documentation.
    "documented": [[1, 4, 5, 6, 5, 7, 8]],
    "documented_nan": [[1, 4, NAN, 6, 5, 7, 8]],
    "consecutive": [[1, NAN, NAN, 3]],
    # test_unity_3_withnan, test_uniform_3_withnan of the tests.
    "three": [[1, NAN, 3]],
    "square": [[0, 0, 0], [0, NAN, 0], [0, 0, 0]],
    "square_of_one": [[1, 2, 3], [4, NAN, 6], [7, 8, 9]],
    "holes": holes,
    "hole": hole,
    "few": few,
    "gradient": gradient,
    "none": noise,
}

KERNELS = {
    "documented": [[0.2, 0.6, 0.2]],
    "unity": [[0, 1, 0]],
    "uniform": [[1, 1, 1]],
    "unity_square": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "asymmetric": [[1, 2, 3], [0, 5, 1], [4, 0, 2]],
    "Gaussian1DKernel(1)": Gaussian1DKernel(1).array[None, :],
    "Gaussian2DKernel(1)": Gaussian2DKernel(1).array,
    "Gaussian2DKernel(1, 2, 0.5)": Gaussian2DKernel(1, 2, 0.5, x_size=7, y_size=5).array,
    "Box2DKernel(3)": Box2DKernel(3).array,
    "Box2DKernel(5)": Box2DKernel(5).array,
    "Tophat2DKernel(2)": Tophat2DKernel(2).array,
    "TrapezoidDisk2DKernel(1)": TrapezoidDisk2DKernel(1).array,
}

BOUNDARIES = [("fill", NAN), ("fill", 0.0), ("fill", 2.5), ("extend", None), ("wrap", None)]


def listed(array, digits=17):
    rows = np.asarray(array, dtype=float).tolist()
    number = lambda value: None if value != value else float(f"{value:.{digits}g}")
    return [[number(value) for value in row] for row in rows]


def cases():
    for name, array in ARRAYS.items():
        array = np.asarray(array, dtype=float)
        for kernel, weights in KERNELS.items():
            weights = np.asarray(weights, dtype=float)
            # astropy wants kernels no larger than the array for the boundary extend.
            if any(k > n for k, n in zip(weights.shape, array.shape)):
                continue
            for boundary, value in BOUNDARIES:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    result = convolve(
                        array,
                        weights,
                        boundary=boundary,
                        fill_value=0.0 if value is None else value,
                        nan_treatment="interpolate",
                        normalize_kernel=True,
                    )
                border = {"fill": f"constant:{value}", "extend": "edge", "wrap": "wrap"}
                yield {
                    "array": name,
                    "kernel": kernel,
                    "border": border[boundary],
                    "expected": listed(result, digits=12),
                }


if __name__ == "__main__":
    goldens = {
        "versions": {"astropy": astropy.__version__, "numpy": np.__version__},
        "arrays": {name: listed(array) for name, array in ARRAYS.items()},
        "kernels": {name: listed(weights) for name, weights in KERNELS.items()},
        "cases": list(cases()),
    }
    parts = [f'"{key}": {json.dumps(goldens[key])}' for key in ("versions", "arrays", "kernels")]
    rows = ",\n".join(json.dumps(case) for case in goldens["cases"])
    text = "{" + ",\n".join(parts) + ',\n"cases": [\n' + rows + "\n]}\n"
    (HERE / "missing.json").write_text(text)
