from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from stridekern._native import Metadata

@dataclass(frozen=True, eq=False)
class Picture:
    samples: np.ndarray
    metadata: Metadata
    @property
    def format(self) -> str: ...
    @property
    def orientation(self) -> int: ...
    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray: ...

def read(path: str | PathLike[str], *, page: int | None = None) -> Picture: ...
def pages(path: str | PathLike[str]) -> Iterator[Picture]: ...
def write(
    path: str | PathLike[str], samples: ArrayLike, *, like: Picture | None = None, format: str | None = None,
    quality: int | None = None, compression: Literal["balanced", "fast", "best"] | None = None,
    sampling: Literal["4:4:4", "4:2:2", "4:2:0"] | None = None, overwrite: bool = False,
) -> None: ...
