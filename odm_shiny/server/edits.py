"""Edits of metadata by PATCH: checked against the template, stored as one version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from odm_shiny.server import technical
from odm_shiny.server.shapes import ORIGINAL
from odm_shiny.server.template_book import TemplateBook
from odm_shiny.server.view import View
from odm_shiny.server.visibility import visible_record
from odm_shiny.server.wire import Problem
from odm_shiny.store import edits, objects

if TYPE_CHECKING:
    from odm_shiny.server.routes import Call

MAX_NAME_CHARS: Final = 255
# An edit keeps all other writers waiting, and every new attribute is a column of the search index.
MAX_ATTRIBUTES: Final = 1000
MAX_TEXT_CHARS: Final = 1 << 20
#: Whole numbers that every reader of JSON and every data frame keeps: those of 64 bits.
MAX_INTEGER: Final = 1 << 63


def patch_record(call: Call, public_id: str, kinds: Sequence[str]) -> dict[str, Any]:
    """Apply the call's body to an object; the object as it is then, every attribute shown.

    Raises
    ------
    Problem
        400: the body is no object of attributes, an attribute is read-only, or a limit is passed.
        Nothing is changed.
    """
    body = call.body
    if not isinstance(body, Mapping) or not body:
        raise Problem(400, 'the body must be a JSON object of attributes, such as {"Age": 52}')
    _check_size(body)
    with call.service.store.write() as tx:
        record = visible_record(call, tx, public_id, kinds)
        book = TemplateBook(tx)
        (template,) = book.applied([record])
        read_only = book.read_only(template, record.kind) | technical.OF_OBJECTS | technical.OF_DATA
        typed = book.typing_of_edits(template, record.kind)
        changes = {}
        for name, value in body.items():
            _check_attribute(name, value, read_only)
            changes[name] = typed(name, _kept_exactly(_without_empty(value)))
        edits.patch(tx, public_id, changes, author=call.user.email)
        (changed,) = objects.get_many(tx, [public_id])
        view = View(call.service.store, tx, level=ORIGINAL)
        if record.kind == "expression":
            return view.run_metadata([changed])[0]
        if record.kind == "expression_group":
            return dict(view.groups([changed])[0]["metadata"])
        return view.records([changed])[0]


def _check_size(body: Mapping[str, Any]) -> None:
    if len(body) > MAX_ATTRIBUTES:
        raise Problem(
            400,
            f"an edit changes at most {MAX_ATTRIBUTES:,} attributes, not {len(body):,}: send "
            "several, or import a file; nothing was changed",
        )
    for name, value in body.items():
        size = sum(len(str(one)) for one in (value if isinstance(value, list) else [value]))
        if size > MAX_TEXT_CHARS:
            raise Problem(
                400,
                f"{name[:80]!r} has {size:,} characters; a value has at most {MAX_TEXT_CHARS:,}",
            )


def _check_attribute(name: str, value: Any, read_only: frozenset[str]) -> None:
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        raise Problem(400, f"attribute names have 1 to {MAX_NAME_CHARS} characters: {name[:80]!r}")
    if name in read_only:
        raise Problem(400, f"{name!r} is read-only; nothing was changed")
    values = value if isinstance(value, list) else [value]
    if any(isinstance(one, dict | list) for one in values):
        raise Problem(400, f"{name!r}: a value is a text, a number, true, false or a list of these")
    if any(isinstance(one, str) and "\0" in one for one in [name, *values]):
        raise Problem(400, f"{name!r}: a text must not hold a NUL character")


def _without_empty(value: Any) -> Any:
    """As in an import file: an empty text is no value, no value is unset, and one is no list."""
    if isinstance(value, list):
        filled = [one for one in value if one not in ("", None)]
        return filled if len(filled) > 1 else next(iter(filled), None)
    return None if value == "" else value


def _kept_exactly(value: Any) -> Any:
    """A whole number beyond 64 bits as its digits, as if it had been sent as text."""
    if isinstance(value, list):
        return [_kept_exactly(one) for one in value]
    if isinstance(value, int) and not -MAX_INTEGER <= value < MAX_INTEGER:
        return str(value)
    return value
