"""What a module keeps in a bookmark: a few values by name, and none of its inputs.

Shiny would save every input: columns of tables, clicks, a typed token. Modules save their meaning
instead, so that a link stays short, holds no secret, and does not depend on how a module is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from shiny import Session, reactive, req
from shiny.bookmark import BookmarkState, RestoreState
from shiny.types import SilentException

from odm_shiny.modules.reactives import FIRST, changed

T = TypeVar("T")


class Restored:
    """Values that a bookmark brought, checked before use: anybody can write a link.

    They are there from the first effect of a session on.
    """

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def text(self, name: str) -> str | None:
        """Return a text, or ``None`` where there is none."""
        value = self._values.get(name)
        return value if isinstance(value, str) and value else None

    def texts_by_name(self, name: str) -> dict[str, list[str]]:
        """Return lists of texts by name; what is anything else is left out."""
        value = self._values.get(name)
        found = value.items() if isinstance(value, dict) else ()
        return {
            str(key): [item for item in items if isinstance(item, str)]
            for key, items in found
            if isinstance(items, list)
        }


def keep(session: Session, **values: Callable[[], object]) -> Restored:
    """Save values of a module in bookmarks and nothing else of it; return what a bookmark brought.

    Parameters
    ----------
    session
        Of the module.
    values
        Name to a function that reads the value: text, list or mapping. What is empty is not saved.
    """
    restored = Restored()
    prefix = f"{session.ns}-"

    @session.bookmark.on_restore
    def _restore(state: RestoreState) -> None:
        restored._values.update(state.values)

    @session.bookmark.on_bookmark
    def _save(state: BookmarkState) -> None:
        state.values.update(_present(values))

    @session.root_scope().bookmark.on_bookmark
    def _leave_inputs_out(state: BookmarkState) -> None:
        names = dir(session.root_scope().input)
        state.exclude.extend(name for name in names if name.startswith(prefix))

    return restored


def kept_input(
    session: Session,
    name: str,
    *,
    default: str,
    restore: Callable[[str], None],
    choices: Mapping[str, Any] | None = None,
) -> Callable[[], str]:
    """Read an input whose value bookmarks keep.

    Parameters
    ----------
    session
        Of the module.
    name
        Of an input of the module that holds text.
    default
        The value it has in a new page; it is not saved.
    restore
        Puts a value into the input, such as ``lambda value: ui.update_select(name,
        selected=value)``.
    choices
        Values that it may have; any text if not given.

    Returns
    -------
    A reactive function. From the start it gives what a bookmark brought, before the page has it.
    """
    coming: reactive.Value[str | None] = reactive.Value(None, name="coming")

    def value() -> str:
        sent = str(value_of(session, name, default))
        brought = coming()
        if brought is not None and sent == default:
            return brought
        return sent if choices is None or sent in choices else default

    shown = changed(value)
    restored = keep(session, **{name: lambda: shown() if shown() != default else None})

    @reactive.effect(priority=1000)
    def _bring() -> None:
        brought = restored.text(name)
        if brought is not None and (choices is None or brought in choices):
            coming.set(brought)
            restore(brought)

    @reactive.effect(priority=FIRST)
    def _has_come() -> None:
        if value_of(session, name, default) != default:
            coming.set(None)

    return shown


def picked(
    session: Session,
    name: str,
    restored: Restored,
    able: Callable[[], Collection[str]],
    default: Callable[[], str | None] = lambda: None,
) -> Callable[[], str]:
    """Read a choice among what there is now.

    What the page says counts if it is one of `able`, then what a bookmark brought, then the
    default, then the first. So a choice made for one study is never taken for another, and nothing
    has to wait until the page shows the new choices.

    Parameters
    ----------
    name
        Of the input, and of the value in a bookmark.
    able
        Reactive choices; the reader stops quietly while there are none.
    default
        Reactive.
    """

    def value() -> str:
        there = able()
        wanted = (value_of(session, name, ""), restored.text(name), default(), *there)
        return str(req(next((one for one in wanted if one and one in there), None)))

    return changed(value)


def value_of(session: Session, name: str, default: T) -> Any | T:
    """Read an input, or the default while the page has not sent it."""
    try:
        return session.input[name]()
    except SilentException:
        return default


def _present(values: Mapping[str, Callable[[], object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, read in values.items():
        try:
            value = read()
        except SilentException:
            continue
        if value:
            found[name] = value
    return found
