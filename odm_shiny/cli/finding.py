"""What ``doctor`` says of one thing it has looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "broken"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    what
        What was looked at, in a word or two.
    state
        ``missing`` is no fault: what is optional is not there.
    detail
        What was found, and what to do if it is not ``ok``.
    """

    what: str
    state: State
    detail: str
