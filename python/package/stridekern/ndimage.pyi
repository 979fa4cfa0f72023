from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

_Output: TypeAlias = np.ndarray | DTypeLike | None
_Modes: TypeAlias = str | Sequence[str]
_Axes: TypeAlias = int | Sequence[int] | None
_Integers: TypeAlias = Literal["rounded", "scipy"]
_Method: TypeAlias = Literal["auto", "direct", "fft"]

def correlate(
    input: ArrayLike, weights: ArrayLike, output: _Output = None, mode: _Modes = "reflect", cval: complex = 0.0,
    origin: int | Sequence[int] = 0, *, axes: _Axes = None, integers: _Integers = "rounded",
    method: _Method = "direct",
) -> np.ndarray: ...
def convolve(
    input: ArrayLike, weights: ArrayLike, output: _Output = None, mode: _Modes = "reflect", cval: complex = 0.0,
    origin: int | Sequence[int] = 0, *, axes: _Axes = None, integers: _Integers = "rounded",
    method: _Method = "direct",
) -> np.ndarray: ...
def correlate1d(
    input: ArrayLike, weights: ArrayLike, axis: int = -1, output: _Output = None, mode: str = "reflect",
    cval: complex = 0.0, origin: int = 0, *, integers: _Integers = "rounded", method: _Method = "direct",
) -> np.ndarray: ...
def convolve1d(
    input: ArrayLike, weights: ArrayLike, axis: int = -1, output: _Output = None, mode: str = "reflect",
    cval: complex = 0.0, origin: int = 0, *, integers: _Integers = "rounded", method: _Method = "direct",
) -> np.ndarray: ...
def gaussian_filter1d(
    input: ArrayLike, sigma: float, axis: int = -1, order: int = 0, output: _Output = None, mode: str = "reflect",
    cval: complex = 0.0, truncate: float = 4.0, *, radius: int | None = None,
    integers: _Integers = "rounded", method: _Method = "direct",
) -> np.ndarray: ...
def gaussian_filter(
    input: ArrayLike, sigma: float | Sequence[float], order: int | Sequence[int] = 0, output: _Output = None,
    mode: _Modes = "reflect", cval: complex = 0.0, truncate: float = 4.0, *,
    radius: int | Sequence[int] | None = None, axes: _Axes = None,
    integers: _Integers = "rounded", method: _Method = "direct",
) -> np.ndarray: ...
def gaussian_laplace(
    input: ArrayLike, sigma: float | Sequence[float], output: _Output = None, mode: _Modes = "reflect",
    cval: complex = 0.0, *, axes: _Axes = None,
    integers: _Integers = "rounded", method: _Method = "direct", truncate: float = 4.0,
    radius: int | Sequence[int] | None = None,
) -> np.ndarray: ...
def gaussian_gradient_magnitude(
    input: ArrayLike, sigma: float | Sequence[float], output: _Output = None, mode: _Modes = "reflect",
    cval: float = 0.0, *, axes: _Axes = None,
    integers: _Integers = "rounded", method: _Method = "direct", truncate: float = 4.0,
    radius: int | Sequence[int] | None = None,
) -> np.ndarray: ...
def uniform_filter1d(
    input: ArrayLike, size: int, axis: int = -1, output: _Output = None, mode: str = "reflect", cval: complex = 0.0,
    origin: int = 0, *, integers: _Integers = "rounded", method: _Method = "direct",
) -> np.ndarray: ...
def uniform_filter(
    input: ArrayLike, size: int | Sequence[int] = 3, output: _Output = None, mode: _Modes = "reflect",
    cval: complex = 0.0, origin: int | Sequence[int] = 0, *, axes: _Axes = None,
    integers: _Integers = "rounded", method: _Method = "direct",
) -> np.ndarray: ...
def sobel(
    input: ArrayLike, axis: int = -1, output: _Output = None, mode: _Modes = "reflect", cval: complex = 0.0, *,
    axes: _Axes = None, integers: _Integers = "rounded", method: _Method = "direct",
) -> np.ndarray: ...
def prewitt(
    input: ArrayLike, axis: int = -1, output: _Output = None, mode: _Modes = "reflect", cval: complex = 0.0, *,
    axes: _Axes = None, integers: _Integers = "rounded", method: _Method = "direct",
) -> np.ndarray: ...
def laplace(
    input: ArrayLike, output: _Output = None, mode: _Modes = "reflect", cval: complex = 0.0, *, axes: _Axes = None,
    integers: _Integers = "rounded", method: _Method = "direct",
) -> np.ndarray: ...
