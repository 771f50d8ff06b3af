"""One thing measured, with its peer, in turns."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """Work to measure.

    Attributes
    ----------
    name
        What is done, and how much of it.
    ours, peer
        The work, without what only prepares it.
    peer_name
        Program or library, and how it is used.
    target
        What was set as a goal, in words.
    repeats
        Measured rounds, after one that is not.
    cpu
        Compare CPU time, children included, and not time that passed.
    """

    name: str
    ours: Callable[[], Any]
    peer: Callable[[], Any] | None = None
    peer_name: str = ""
    target: str = ""
    repeats: int = 5
    cpu: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A figure that was measured elsewhere, or that is no time.

    Attributes
    ----------
    name
        What was measured, and of how much.
    text
        The figure with its unit.
    target
        What was set as a goal, in words.
    """

    name: str
    text: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """What one round took, in milliseconds."""

    wall_ms: float
    cpu_ms: float


def run(case: Case) -> tuple[list[Timing], list[Timing]]:
    """Measure a case and its peer in turns; the first round warms up and is left out."""
    ours: list[Timing] = []
    peer: list[Timing] = []
    for _ in range(case.repeats + 1):
        ours.append(timed(case.ours))
        if case.peer is not None:
            peer.append(timed(case.peer))
    return ours[1:], peer[1:]


def timed(work: Callable[[], Any]) -> Timing:
    """Measure one round."""
    cpu, wall = cpu_s(), time.perf_counter()
    work()
    return Timing((time.perf_counter() - wall) * 1e3, (cpu_s() - cpu) * 1e3)


def cpu_s() -> float:
    """CPU time so far of this process and of its children that have ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)
