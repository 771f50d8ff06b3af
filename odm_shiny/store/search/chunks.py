"""Arrays of one chunk as bytes, and back; pure functions, nothing about databases.

A chunk holds what up to 65,536 objects (or 8,192 codes) have in one column. The *form* is a word
stored beside the bytes:

=============================  =====================================================================
``dense8 dense16 dense32``     code of every slot as an unsigned integer, 0 = unset
``sparse8 sparse16 sparse32``  slots that are set (uint16, ascending), then their codes
``offset0 ... offset64``       int64 base, then value - base + 1 of every slot, 0 = unset
``lists``                      int32 count n, offsets (n + 1), then the members: n rows of integers
``listcodes``                  the same, preceded by the code that each row belongs to
``float64``                    one number per code, NaN = none
``words``                      UTF-8 text, every word between newlines
=============================  =====================================================================

All little-endian and uncompressed: compression (zlib, lz4, zstd) made reading two to twenty times
slower and a 64 KiB page write is cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from sys import getsizeof
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from odm_shiny.errors import StoreError

Bools: TypeAlias = NDArray[np.bool_]
Ints: TypeAlias = NDArray[np.int64]
AnyInts: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float64]

_UNSIGNED: Final = {8: "<u1", 16: "<u2", 32: "<u4", 64: "<u8"}


class Codes:
    """Codes of the slots of a chunk, in one of two forms."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class DenseCodes(Codes):
    """Codes of the first slots of a chunk, 0 = unset; slots beyond the array are unset.

    Attributes
    ----------
    codes
        (n_slots,) unsigned, n_slots <= 65,536.
    """

    codes: AnyInts


@dataclass(frozen=True, slots=True)
class SparseCodes(Codes):
    """Codes of the few slots of a chunk that are set.

    Attributes
    ----------
    slots
        (n_set,) uint16, ascending, relative to the chunk.
    codes
        (n_set,) unsigned, never 0.
    """

    slots: AnyInts
    codes: AnyInts


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of different length, one after the other (CSR without values).

    Attributes
    ----------
    offsets
        (n_rows + 1,) int; row i is ``members[offsets[i]:offsets[i + 1]]``.
    members
        (offsets[-1],) int.
    labels
        (n_rows,) int: the code of each row, where rows belong to codes; else empty.
    """

    offsets: AnyInts
    members: AnyInts
    labels: AnyInts


Chunk: TypeAlias = Codes | Rows | Ints | Floats | str


def encode_codes(codes: AnyInts) -> tuple[str, bytes]:
    """Choose the smallest form for the codes of a chunk.

    Parameters
    ----------
    codes
        (n_slots,) non-negative, 0 = unset.
    """
    width = _width(int(codes.max(initial=0)), 32)
    bytes_sparse = int(np.count_nonzero(codes)) * (2 + width // 8)
    # Dense masks are several times faster to make, so sparse has to be worth it.
    if bytes_sparse * 4 > len(codes) * width // 8:
        return f"dense{width}", codes.astype(_UNSIGNED[width]).tobytes()
    slots = np.flatnonzero(codes)
    packed = codes[slots].astype(_UNSIGNED[width])
    return f"sparse{width}", slots.astype("<u2").tobytes() + packed.tobytes()


def encode_numbers(values: Ints) -> tuple[str, bytes]:
    """Write int64 values of a chunk as offsets from the smallest; -1 means unset."""
    is_set = values != -1
    base = int(values[is_set].min()) if is_set.any() else 0
    span = int(values[is_set].max()) - base if is_set.any() else 0
    width = _width(span + 1, 64)
    if is_set.all() and span == 0:
        return "offset0", np.array([base, len(values)], "<i8").tobytes()
    offsets = np.where(is_set, values - base + 1, 0).astype(_UNSIGNED[width])
    return f"offset{width}", np.int64(base).astype("<i8").tobytes() + offsets.tobytes()


def encode_rows(rows: Rows) -> tuple[str, bytes]:
    """Write rows, with their labels where they have any."""
    count = np.array([len(rows.offsets) - 1], "<i4").tobytes()
    body = rows.offsets.astype("<i4").tobytes() + rows.members.astype("<i4").tobytes()
    if len(rows.labels):
        return "listcodes", count + rows.labels.astype("<i4").tobytes() + body
    return "lists", count + body


def encode_floats(values: Floats) -> tuple[str, bytes]:
    """Write one float64 per code."""
    return "float64", values.astype("<f8").tobytes()


def encode_words(lines: str) -> tuple[str, bytes]:
    """Write words, each between newlines."""
    return "words", lines.encode()


def decode(form: str, data: bytes) -> Chunk:
    """Read a chunk; the arrays are read-only views of `data` where no arithmetic is needed.

    Raises
    ------
    StoreError
        The form is unknown or the bytes do not fit it.
    """
    kind = form.rstrip("0123456789")
    width = int(form[len(kind) :] or 0)
    try:
        if kind == "dense":
            return DenseCodes(np.frombuffer(data, _UNSIGNED[width]))
        if kind == "sparse":
            return _decode_sparse(data, width)
        if kind == "offset":
            return _decode_offsets(data, width)
        if kind in ("lists", "listcodes"):
            return _decode_rows(data, labelled=kind == "listcodes")
        if form == "float64":
            return np.frombuffer(data, "<f8")
        if form == "words":
            return data.decode()
    except (ValueError, KeyError, IndexError) as exc:
        raise StoreError(f"search index: a chunk of form {form!r} does not decode: {exc}") from exc
    raise StoreError(f"search index: unknown chunk form {form!r}; written by a newer version?")


def n_bytes(chunk: Chunk) -> int:
    """Memory of a decoded chunk in bytes."""
    if isinstance(chunk, DenseCodes):
        return chunk.codes.nbytes
    if isinstance(chunk, SparseCodes):
        return chunk.slots.nbytes + chunk.codes.nbytes
    if isinstance(chunk, Rows):
        return chunk.offsets.nbytes + chunk.members.nbytes + chunk.labels.nbytes
    return getsizeof(chunk) if isinstance(chunk, str) else np.asarray(chunk).nbytes


def n_slots_used(codes: Codes) -> int:
    """Say how many slots `to_dense` needs to lose nothing."""
    if isinstance(codes, SparseCodes):
        return int(codes.slots[-1]) + 1 if len(codes.slots) else 0
    return len(as_dense(codes))


def to_dense(codes: Codes, n_slots: int) -> AnyInts:
    """Give the codes of slots 0 ... n_slots - 1 of a chunk as one new uint32 array."""
    dense = np.zeros(n_slots, np.uint32)
    if isinstance(codes, SparseCodes):
        dense[codes.slots] = codes.codes
    else:
        dense[: n_slots_used(codes)] = as_dense(codes)
    return dense


def codes_at(codes: Codes, slots: Ints) -> AnyInts:
    """Give the codes of `slots` of a chunk, in any order, 0 = unset."""
    found = np.zeros(len(slots), np.uint32)
    if isinstance(codes, SparseCodes):
        places = np.minimum(np.searchsorted(codes.slots, slots), max(len(codes.slots) - 1, 0))
        if len(codes.slots):
            is_set = codes.slots[places] == slots
            found[is_set] = codes.codes[places[is_set]]
    else:
        dense = as_dense(codes)
        is_inside = slots < len(dense)
        found[is_inside] = dense[slots[is_inside]]
    return found


def as_dense(codes: Codes) -> AnyInts:
    """Give the array of dense codes, without copying."""
    assert isinstance(codes, DenseCodes)
    return codes.codes


def _width(largest: int, widest: int) -> int:
    return next(width for width in (8, 16, 32, 64) if width == widest or largest < 1 << width)


def _decode_sparse(data: bytes, width: int) -> SparseCodes:
    n_set = len(data) // (2 + width // 8)
    slots = np.frombuffer(data, "<u2", n_set)
    return SparseCodes(slots, np.frombuffer(data, _UNSIGNED[width], n_set, slots.nbytes))


def _decode_offsets(data: bytes, width: int) -> Ints:
    base = int(np.frombuffer(data, "<i8", 1)[0])
    if width == 0:
        values = np.full(int(np.frombuffer(data, "<i8", 1, 8)[0]), base, np.int64)
    else:
        offsets = np.frombuffer(data, _UNSIGNED[width], offset=8).astype(np.int64)
        values = np.where(offsets == 0, np.int64(-1), offsets + (base - 1))
    values.flags.writeable = False
    return values


def _decode_rows(data: bytes, *, labelled: bool) -> Rows:
    n_rows = int(np.frombuffer(data, "<i4", 1)[0])
    numbers = np.frombuffer(data, "<i4", offset=4)
    labels, numbers = numbers[: n_rows * labelled], numbers[n_rows * labelled :]
    offsets, members = numbers[: n_rows + 1], numbers[n_rows + 1 :]
    if len(members) != offsets[-1]:
        raise ValueError(f"{len(members)} members where {offsets[-1]} were promised")
    return Rows(offsets, members, labels)
