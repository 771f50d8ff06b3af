"""When float32 is enough to keep the numbers that were uploaded, to the last digit.

Uploaded numbers are decimals such as ``12.3456``. Stored as float32 such a number is a little off,
but rounding it to the decimals of its feature gives back the very float64 that the text stands
for, as long as it has about seven digits. So each feature keeps its number of decimals beside the
float32 values; a matrix where this fails for one value is kept as float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_DECIMALS = 15
_POWERS = 10.0 ** np.arange(MAX_DECIMALS + 1)
_ROWS_AT_ONCE = 1 << 15  # values that stay in the processor's cache


def restore(values: NDArray[np.float32], decimals: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Give float32 values their uploaded numbers back.

    Parameters
    ----------
    values
        (n_features, n_runs) float32.
    decimals
        (n_features,) from `decimals_of`.

    Returns
    -------
    (n_features, n_runs) float64, equal to what was uploaded; NaN stays NaN.
    """
    powers = _POWERS[decimals][:, None]
    exact = values.astype(np.float64)
    exact *= powers
    np.rint(exact, out=exact)
    exact /= powers
    return exact


def decimals_of(values: NDArray[np.float64]) -> NDArray[np.uint8] | None:
    """Find the decimals that `restore` needs, or ``None`` if float32 loses a digit.

    Parameters
    ----------
    values
        (n_features, n_runs) float64; NaN is missing.

    Returns
    -------
    (n_features,) number of decimals, the least one that gives every value back.
    """
    n_features = len(values)
    decimals = np.zeros(n_features, np.uint8)
    step = max(1, _ROWS_AT_ONCE // max(1, values.shape[1]))
    for first in range(0, n_features, step):
        rows = values[first : first + step]
        if not _find_decimals(rows, decimals[first : first + step]):
            return None
    return decimals


def _find_decimals(rows: NDArray[np.float64], decimals: NDArray[np.uint8]) -> bool:
    with np.errstate(over="ignore"):  # too large for float32: infinite, and found to be wrong
        narrow = rows.astype(np.float32)
    missing = np.isnan(rows)
    open_rows = np.arange(len(rows))
    for count in range(MAX_DECIMALS + 1):
        decimals[open_rows] = count
        with np.errstate(invalid="ignore"):
            back = restore(narrow[open_rows], decimals[open_rows])
        right = (back == rows[open_rows]) | missing[open_rows]
        open_rows = open_rows[~right.all(axis=1)]
        if not len(open_rows):
            return True
    return False
