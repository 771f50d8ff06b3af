"""Reactive queries that know what they wait for, so that it can be told where their result is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from shiny.types import SilentException

from odm_shiny.modules.work import Latest
from odm_shiny.query.query import Query


class Asked:
    """A reactive query; call it for its value.

    Parameters
    ----------
    compute
        Reactive that gives the query, and stops quietly while there is none.
    after
        Work that must be done before there is a query: its errors are shown by whoever asks it.
    why
        Reactive that says what is missing; empty where nothing is or where it is not known.
    """

    def __init__(
        self,
        compute: Callable[[], Query],
        *,
        after: Sequence[Latest[Any]] = (),
        why: Callable[[], str] = lambda: "",
    ) -> None:
        self.after = tuple(after)
        self._compute = compute
        self._why = why

    def __call__(self) -> Query:
        """Return the query."""
        return self._compute()

    def why(self) -> str:
        """Say what is missing."""
        try:
            return self._why()
        except SilentException:
            return ""


def after_of(query: Callable[[], Query]) -> tuple[Latest[Any], ...]:
    """Return the work that a query waits for; nothing is known of a plain reactive."""
    return query.after if isinstance(query, Asked) else ()


def why_of(query: Callable[[], Query]) -> str:
    """Say what a query lacks; nothing is known of a plain reactive."""
    return query.why() if isinstance(query, Asked) else ""
