"""Who works on jobs, and whether they still do."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from odm_shiny.store.documents import json_text

#: Without a sign of life for this long, a worker counts as dead wherever it runs.
STALE_AFTER_MS: Final = 120_000


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that takes jobs.

    Attributes
    ----------
    host
        Name of the machine, with the id of its boot where there is one.
    pid
        Process id.
    started
        When the process started, in the system's own ticks; process ids are used again, start
        times are not.
    key
        Tells apart the stores that one process has opened, one after the other.
    """

    host: str
    pid: int
    started: str
    key: str = field(default_factory=lambda: secrets.token_hex(8))

    def text(self) -> str:
        """The worker as it is written to the database."""
        return json_text([self.host, self.pid, self.started, self.key])


def this_worker() -> Worker:
    """A new worker in this process."""
    return Worker(_host(), os.getpid(), _started(os.getpid()) or "")


def is_alive(text: str, heartbeat_at: int | None, now: int) -> bool:
    """Whether the worker that wrote `text` can still be working.

    On this machine its process must be there; anywhere, its last sign of life must be fresh.
    """
    host, pid, started, _ = msgspec.json.decode(text, type=tuple[str, int, str, str])
    if heartbeat_at is None or now - heartbeat_at > STALE_AFTER_MS:
        return False
    return host != _host() or _started(pid) == started


def _host() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        boot = ""
    return f"{socket.gethostname()} {boot}".strip()


def _started(pid: int) -> str | None:
    """Start time of a process; ``None`` if there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except FileNotFoundError:
        return None if Path("/proc/self").exists() else _without_proc(pid)
    except ProcessLookupError:
        return None
    # The name in parentheses may hold anything; field 22 is counted from behind it.
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else fields[18]


def _without_proc(pid: int) -> str | None:
    """Where there is no /proc, a process is known by its number alone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return ""
    return ""
