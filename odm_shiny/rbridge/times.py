"""Dates and times into R's memory, and back.

R counts seconds as a double: to the microsecond from 1834 to 2106.
"""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from odm_shiny.rbridge import r_memory, session, strings
from odm_shiny.rbridge.numbers import Mask, copy_doubles, doubles
from odm_shiny.rbridge.options import Conversion
from odm_shiny.rbridge.r_memory import NA_REAL, RObject

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_OFFSET = re.compile(r"(?:UTC)?([+-]\d\d)(?::?(\d\d))?")
NOT_A_TIME = np.iinfo(np.int64).min

POSIXCT = ("POSIXct", "POSIXt")


def posixct(counts: NDArray[np.int64], unit: str, zone: str | None, missing: Mask) -> RObject:
    """Make a ``POSIXct`` of counts since 1970 in UTC.

    Parameters
    ----------
    counts
        NaT of numpy is missing.
    unit
        ``"s"``, ``"ms"``, ``"us"`` or ``"ns"``.
    zone
        Name of the time zone it is shown in; without one it is shown in UTC.
    """
    vector = _seconds(counts, unit, missing)
    r_memory.set_attribute(vector, "class", r_memory.few_strings(POSIXCT))
    r_memory.set_attribute(vector, "tzone", r_memory.few_strings([zone_for_r(zone or "UTC")]))
    return vector


def difftime(counts: NDArray[np.int64], unit: str, missing: Mask) -> RObject:
    """Make a ``difftime`` in seconds."""
    vector = _seconds(counts, unit, missing)
    r_memory.set_attribute(vector, "class", r_memory.few_strings(["difftime"]))
    r_memory.set_attribute(vector, "units", r_memory.few_strings(["secs"]))
    return vector


def dates(days: NDArray[np.int64], missing: Mask) -> RObject:
    """Make a ``Date`` of days since 1970-01-01; NaT of numpy is missing."""
    vector = doubles(days, _with_nat(days, missing))
    r_memory.set_attribute(vector, "class", r_memory.few_strings(["Date"]))
    return vector


def arrow_timestamps(vector: RObject, how: Conversion) -> pa.Array:
    """Return a ``POSIXct`` or ``POSIXlt`` as Arrow timestamps in microseconds, with its zone."""
    vector = session.run("as_posixct", vector)
    tzone = r_memory.attribute(vector, "tzone")
    zone = "" if r_memory.kind_of(tzone) == "NULL" else strings.required(tzone, how)[0]
    if not zone:  # R shows such a time in the zone of the session
        zone = session.text_of(session.run("time_zone"))[0]
    zone = zone_from_r(zone)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        how.refuse(f"Python does not know R's time zone {zone!r}")
    return _microseconds(vector, pa.timestamp("us", zone), how)


def arrow_durations(vector: RObject, how: Conversion) -> pa.Array:
    """Return a ``difftime`` as Arrow durations in microseconds."""
    seconds = session.run("difference_in_seconds", vector)
    return _microseconds(seconds, pa.duration("us"), how)


def arrow_dates(vector: RObject, how: Conversion) -> pa.Array:
    """Return a ``Date`` as Arrow ``date32``; a part of a day is dropped, as R prints it."""
    if r_memory.kind_of(vector) == "integer":
        days = r_memory.view(vector).copy()
        return pa.array(days, pa.int32(), mask=days == r_memory.NA_INTEGER).cast(pa.date32())
    values = copy_doubles(r_memory.view(vector))
    missing = np.isnan(values)
    _check_range(values[~missing], 2.0**31, "dates", how)
    days = np.floor(np.where(missing, 0, values)).astype(np.int32)
    return pa.array(days, pa.int32(), mask=missing).cast(pa.date32())


def zone_for_r(zone: str) -> str:
    """Name a time zone as R knows it; an offset of half hours, which R has no name for, is UTC.

    >>> zone_for_r("+02:00"), zone_for_r("UTC-05:00"), zone_for_r("+05:30")
    ('Etc/GMT-2', 'Etc/GMT+5', 'UTC')
    """
    offset = _OFFSET.fullmatch(zone)
    if offset is None:
        return zone
    hours, minutes = int(offset[1]), offset[2] or "00"
    # POSIX counts the other way round.
    return f"Etc/GMT{-hours:+d}" if hours and minutes == "00" else "UTC"


def zone_from_r(zone: str) -> str:
    """Name a time zone of R as Python knows it: R's old name of UTC becomes the common one."""
    return "UTC" if zone in ("GMT", "Etc/UTC", "Etc/GMT") else zone


def _seconds(counts: NDArray[np.int64], unit: str, missing: Mask) -> RObject:
    vector, memory = r_memory.allocate("double", len(counts))
    np.divide(counts, _PER_SECOND[unit], out=memory)
    absent = _with_nat(counts, missing)
    if absent is not None:
        memory[absent] = NA_REAL
    return vector


def _with_nat(counts: NDArray[np.int64], missing: Mask) -> Mask:
    absent = counts == NOT_A_TIME
    if missing is not None:
        absent |= missing
    return absent if absent.any() else None


def _microseconds(vector: RObject, kind: pa.DataType, how: Conversion) -> pa.Array:
    if r_memory.kind_of(vector) == "integer":
        whole = r_memory.view(vector)
        missing = whole == r_memory.NA_INTEGER
        seconds: NDArray[Any] = whole.astype(np.float64)
    else:
        seconds = copy_doubles(r_memory.view(vector))
        missing = np.isnan(seconds)
    _check_range(seconds[~missing], 2.0**63 / 1e6, "times", how)
    seconds[missing] = 0
    counts = np.rint(seconds * 1e6).astype(np.int64)
    return pa.array(counts, pa.int64(), mask=missing).cast(kind)


def _check_range(known: NDArray[np.float64], bound: float, what: str, how: Conversion) -> None:
    if known.size and not (np.abs(known) < bound).all():
        how.refuse(f"there are {what} further away than Python can say (Inf among them?)")
