from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from stridekern import _native

class Filter(_native.Filter): ...

def filter(
    image: ArrayLike, kernel: ArrayLike | str | PathLike[str] | None = None, *, out: np.ndarray | None = None,
    column: ArrayLike | None = None, row: ArrayLike | None = None, border: str = "valid",
    step: int | tuple[int, int] | None = None, dilation: int | tuple[int, int] | None = None,
    axes: tuple[int, int] | None = None, map: str | None = None, dtype: DTypeLike | None = None,
    divisor: float | None = None, bias: float | None = None, anchor: tuple[int, int] | None = None,
    normalize: bool = False, flip: bool = False, ignore: float | None = None, mask: ArrayLike | None = None,
    alpha: str | None = None, like: str | None = None, rounding: str | None = None, overflow: str | None = None, method: str = "auto",
    threads: int | None = None,
) -> np.ndarray: ...
def of_weights(kernel: np.ndarray, **options: Any) -> Filter: ...
def of_vectors(vectors: tuple[np.ndarray, np.ndarray], **options: Any) -> Filter: ...
