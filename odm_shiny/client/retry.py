"""When to try again, and after how long. Pure: the clock and the dice are handed in."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

LONGEST_WAIT_S = 60.0
"""A server that asks for more gets no second try; the error says how much it asked for."""

_SAFE = ("GET", "HEAD")
_PASSING = (408, 429, 500, 502, 503, 504)
_FIRST_S, _LAST_S = 0.5, 8.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how a call is repeated.

    Attributes
    ----------
    retries
        Most repetitions; 0 switches them off.
    random
        Returns a number in [0, 1).
    """

    retries: int = 2
    random: Callable[[], float] = random.random

    def may_repeat(self, method: str, *, attempt: int, sent: bool) -> bool:
        """Tell whether a call whose attempt number `attempt` (from 0) failed may be made again.

        What changes something (POST, PATCH, PUT, DELETE) is repeated only if the server never saw
        it: nobody knows whether a request without an answer was carried out.
        """
        return attempt < self.retries and (method in _SAFE or not sent)

    def passing(self, method: str, status: int) -> bool:
        """Tell whether a status may pass by itself."""
        return method in _SAFE and status in _PASSING

    def wait_s(self, attempt: int) -> float:
        """Return the pause after attempt number `attempt`: 0.5 to 8 s, doubling, jittered."""
        longest = min(_FIRST_S * 2.0 ** (attempt + 1), _LAST_S)
        return _FIRST_S + (longest - _FIRST_S) * self.random()


def retry_after_s(value: str | None, now: float) -> float | None:
    """Read a ``Retry-After`` header: seconds or a date (RFC 9110, 10.2.3).

    Returns
    -------
    Seconds from `now` on, not negative; ``None`` when there is no header or it makes no sense.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        when = parsedate_to_datetime(text)
        return max(when.timestamp() - now, 0.0)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
