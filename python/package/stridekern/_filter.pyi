from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from stridekern import _native

class Filter(_native.Filter): ...

def filter(
    image: ArrayLike, kernel: ArrayLike | str | PathLike[str] | None = None, *, out: np.ndarray | None = None,
    **options: Any,
) -> np.ndarray: ...
def of_weights(kernel: np.ndarray, **options: Any) -> Filter: ...
def of_vectors(vectors: tuple[np.ndarray, np.ndarray], **options: Any) -> Filter: ...
