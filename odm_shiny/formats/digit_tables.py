"""Texts of all numbers of four digits, to write a decimal in two stores of eight bytes.

A word holds a text and bytes that are overwritten by what comes next; its size says how many count.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

COUNT: Final = 10_000


class DigitTables(NamedTuple):
    """What stands before and after the point, for 0 to 9,999.

    Attributes
    ----------
    whole, whole_sizes
        The number without leading zeros: (10000,) uint64 and uint8.
    decimals, decimal_sizes
        A point and the number as four decimals, without trailing zeros but with one digit:
        ``.0``, ``.0001``, ``.5``; same types.
    """

    whole: NDArray[np.uint64]
    whole_sizes: NDArray[np.uint8]
    decimals: NDArray[np.uint64]
    decimal_sizes: NDArray[np.uint8]


@cache
def digit_tables() -> DigitTables:
    """Return the tables, which take 180 KB."""
    fractions = (f".{number:04d}".rstrip("0") for number in range(COUNT))
    return DigitTables(
        *_words(map(str, range(COUNT))),
        *_words(text if len(text) > 1 else ".0" for text in fractions),
    )


def _words(texts: Iterable[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    found = list(texts)
    sizes = np.array([len(text) for text in found], np.uint8)
    padded = "".join(text.ljust(8) for text in found).encode()
    return np.frombuffer(padded, np.uint64).copy(), sizes
