from collections.abc import Sequence
from os import PathLike
from typing import Any, Literal, TypeAlias

from dask.array import Array
from numpy.typing import ArrayLike, DTypeLike

_Modes: TypeAlias = str | Sequence[str]
_Axes: TypeAlias = int | Sequence[int] | None
_Integers: TypeAlias = Literal["rounded", "scipy"]
_Method: TypeAlias = Literal["direct", "auto", "fft"]

def convolve(
    image: Array, weights: ArrayLike, mode: _Modes = "reflect", cval: float = 0.0, origin: int | Sequence[int] = 0,
    *, axes: _Axes = None, output: DTypeLike | None = None, integers: _Integers = "rounded",
    method: _Method = "direct",
) -> Array: ...
def convolve1d(
    image: Array, weights: ArrayLike, axis: int = -1, mode: str = "reflect", cval: float = 0.0, origin: int = 0, *,
    output: DTypeLike | None = None, integers: _Integers = "rounded", method: _Method = "direct",
) -> Array: ...
def correlate(
    image: Array, weights: ArrayLike, mode: _Modes = "reflect", cval: float = 0.0, origin: int | Sequence[int] = 0,
    *, axes: _Axes = None, output: DTypeLike | None = None, integers: _Integers = "rounded",
    method: _Method = "direct",
) -> Array: ...
def correlate1d(
    image: Array, weights: ArrayLike, axis: int = -1, mode: str = "reflect", cval: float = 0.0, origin: int = 0, *,
    output: DTypeLike | None = None, integers: _Integers = "rounded", method: _Method = "direct",
) -> Array: ...
def filter(
    image: Array, kernel: ArrayLike | str | PathLike[str] | None = None, *, border: str = "valid",
    axes: _Axes = None, method: _Method = "direct", threads: int | None = None, **options: Any
) -> Array: ...
def gaussian_filter(
    image: Array, sigma: float | Sequence[float], order: int | Sequence[int] = 0, mode: _Modes = "reflect",
    cval: float = 0.0, truncate: float = 4.0, *, radius: int | Sequence[int] | None = None, axes: _Axes = None,
    output: DTypeLike | None = None, integers: _Integers = "rounded", method: _Method = "direct",
) -> Array: ...
def gaussian_filter1d(
    image: Array, sigma: float, axis: int = -1, order: int = 0, mode: str = "reflect", cval: float = 0.0,
    truncate: float = 4.0, *, radius: int | None = None, output: DTypeLike | None = None,
    integers: _Integers = "rounded", method: _Method = "direct",
) -> Array: ...
def gaussian_gradient_magnitude(
    image: Array, sigma: float | Sequence[float], mode: _Modes = "reflect", cval: float = 0.0,
    truncate: float = 4.0, *, axes: _Axes = None, output: DTypeLike | None = None, integers: _Integers = "rounded",
    method: _Method = "direct", radius: int | Sequence[int] | None = None,
) -> Array: ...
def gaussian_laplace(
    image: Array, sigma: float | Sequence[float], mode: _Modes = "reflect", cval: float = 0.0,
    truncate: float = 4.0, *, axes: _Axes = None, output: DTypeLike | None = None, integers: _Integers = "rounded",
    method: _Method = "direct", radius: int | Sequence[int] | None = None,
) -> Array: ...
def laplace(
    image: Array, mode: _Modes = "reflect", cval: float = 0.0, *, axes: _Axes = None,
    output: DTypeLike | None = None, integers: _Integers = "rounded", method: _Method = "direct",
) -> Array: ...
def prewitt(
    image: Array, axis: int = -1, mode: _Modes = "reflect", cval: float = 0.0, *, axes: _Axes = None,
    output: DTypeLike | None = None, integers: _Integers = "rounded", method: _Method = "direct",
) -> Array: ...
def sobel(
    image: Array, axis: int = -1, mode: _Modes = "reflect", cval: float = 0.0, *, axes: _Axes = None,
    output: DTypeLike | None = None, integers: _Integers = "rounded", method: _Method = "direct",
) -> Array: ...
def uniform_filter(
    image: Array, size: int | Sequence[int] = 3, mode: _Modes = "reflect", cval: float = 0.0,
    origin: int | Sequence[int] = 0, *, axes: _Axes = None, output: DTypeLike | None = None,
    integers: _Integers = "rounded", method: _Method = "direct",
) -> Array: ...
def uniform_filter1d(
    image: Array, size: int, axis: int = -1, mode: str = "reflect", cval: float = 0.0, origin: int = 0, *,
    output: DTypeLike | None = None, integers: _Integers = "rounded", method: _Method = "direct",
) -> Array: ...

gaussian = gaussian_filter
