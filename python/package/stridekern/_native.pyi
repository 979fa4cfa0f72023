from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

__version__: str

class Filter:
    def __new__(
        cls,
        kernel: ArrayLike | str | PathLike[str] | None = None,
        *,
        column: ArrayLike | None = None,
        row: ArrayLike | None = None,
        border: str = "valid",
        step: int | tuple[int, int] | None = None,
        dilation: int | tuple[int, int] | None = None,
        axes: tuple[int, int] | None = None,
        map: str | None = None,
        dtype: DTypeLike | None = None,
        divisor: float | None = None,
        bias: float | None = None,
        anchor: tuple[int, int] | None = None,
        normalize: bool = False,
        flip: bool = False,
        ignore: float | None = None,
        mask: ArrayLike | None = None,
        alpha: str | None = None,
        like: str | None = None,
        rounding: str | None = None,
        overflow: str | None = None,
        method: str = "auto",
        threads: int | None = None,
    ) -> Filter: ...
    def __call__(self, image: ArrayLike, out: np.ndarray | None = None) -> np.ndarray: ...

class Metadata:
    @property
    def icc(self) -> bytes | None: ...
    @property
    def exif(self) -> bytes | None: ...
    @property
    def xmp(self) -> bytes | None: ...
    @property
    def orientation(self) -> int: ...
    @property
    def format(self) -> str: ...

class PageReader:
    def __new__(cls, path: str, page: int | None) -> PageReader: ...
    def __iter__(self) -> PageReader: ...
    def __next__(self) -> tuple[np.ndarray, Metadata, Sequence[str]]: ...

def read(path: str) -> tuple[np.ndarray, Metadata, Sequence[str]]: ...
def write(
    path: str,
    samples: Any,
    metadata: Metadata | None,
    format: str | None,
    quality: int | None,
    compression: str | None,
    sampling: str | None,
    overwrite: bool,
) -> Sequence[str]: ...

def as_numbers(argument: ArrayLike) -> np.ndarray: ...
def kernel_names() -> list[str]: ...
def get_num_threads() -> int: ...
def set_num_threads(threads: int | None) -> None: ...
