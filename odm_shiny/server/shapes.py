"""How much of a document is shown, and in which order.

``minimal_data`` shows the attributes of the default template, ``extended_data_included`` those of
the template applied to the object, ``original_data_included`` these and every other attribute
that has a value. An attribute of the template without a value is shown as ``null``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

MINIMAL = "minimal_data"
EXTENDED = "extended_data_included"
ORIGINAL = "original_data_included"
LEVELS = (MINIMAL, EXTENDED, ORIGINAL)

Document = Mapping[str, Any]


def default_level(role: str | None) -> str:
    """Level of a call that names none: curators see what the file said, users the template."""
    return ORIGINAL if role == "curator" else EXTENDED


@dataclass(frozen=True)
class Shape:
    """What a reader asked to see of documents of one data type.

    Attributes
    ----------
    level
        One of `LEVELS`.
    default_names, applied_names
        Attribute names of the default and of the applied template, in template order.
    term
        Maps (attribute name, value) to its form with the dictionary's id; ``None`` leaves values
        as they are.
    """

    level: str
    default_names: Sequence[str]
    applied_names: Sequence[str]
    term: Callable[[str, Any], Any] | None = None

    def of(self, document: Document, head: Document = MappingProxyType({})) -> dict[str, Any]:
        """Shape one document; the names of `head` come first and are the document's otherwise."""
        # Displays are the fastest way to a dict in an order of one's own, by a factor of two.
        if self.level == ORIGINAL:
            shown = {**head, **self._unset, **_set(document)}
        else:
            get = document.get
            shown = {**head, **{name: get(name) for name in self._names}}
        if self.term is None:
            return shown
        return {name: self.term(name, value) for name, value in shown.items()}

    @cached_property
    def _names(self) -> Sequence[str]:
        return self.default_names if self.level == MINIMAL else self.applied_names

    @cached_property
    def _unset(self) -> dict[str, None]:
        return dict.fromkeys(self._names)


def _set(document: Document) -> Document:
    """The attributes that have a value, in most documents all of them."""
    if None not in document.values():
        return document
    return {name: value for name, value in document.items() if value is not None}
