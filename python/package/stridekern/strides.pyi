from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

_Integers: TypeAlias = int | Sequence[int]

def as_strided(
    array: np.ndarray, shape: _Integers, strides: _Integers, offset: int = 0, *, writeable: bool = False
) -> np.ndarray: ...
def sliding_window_view(
    array: np.ndarray, window_shape: _Integers, axis: _Integers | None = None, *, step: _Integers = 1,
    dilation: _Integers = 1, writeable: bool = False,
) -> np.ndarray: ...
def blocks(array: np.ndarray, block_shape: _Integers, *, writeable: bool = False) -> np.ndarray: ...
def repeat_view(array: np.ndarray, count: int, axis: int = 0) -> np.ndarray: ...
def diagonal(array: np.ndarray, offset: int = 0, *, writeable: bool = False) -> np.ndarray: ...
def anti_diagonal(array: np.ndarray, offset: int = 0, *, writeable: bool = False) -> np.ndarray: ...
def overlaps(array: np.ndarray) -> bool: ...
def layout(array: np.ndarray) -> Layout: ...
@dataclass(frozen=True)
class Layout:
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None
    strides_in_bytes: tuple[int, ...]
    dtype: np.dtype
    is_c_contiguous: bool
    is_f_contiguous: bool
    is_aligned: bool
    is_writeable: bool
    overlaps: bool
    seen_bytes: int
    owned_bytes: int
    owner: object
    @classmethod
    def of(cls, array: np.ndarray) -> Layout: ...
