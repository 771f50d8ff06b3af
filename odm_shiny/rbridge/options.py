"""How a conversion is done, and where in the value it stands when it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NoReturn

from odm_shiny.errors import FrameError

Int64 = Literal["double", "integer64"]
Frames = Literal["pandas", "arrow"]


def _no_inside(value: Any, how: Conversion) -> NoReturn:
    how.refuse("only plain values may stand here")


@dataclass(frozen=True, slots=True)
class Conversion:
    """The options of one conversion, and its place.

    Attributes
    ----------
    int64
        What whole numbers beyond 32 bits become in R: ``"double"``, refused where a digit would be
        lost (beyond 2**53), or ``"integer64"`` of the package bit64.
    frames
        What an R data.frame becomes.
    convert
        Converts a value inside another one: an element of a list column, a value of a dict.
    where
        The value's place, for errors: ``column 'Age'``.
    """

    convert: Callable[[Any, Conversion], Any] = _no_inside
    int64: Int64 = "double"
    frames: Frames = "pandas"
    where: str = ""

    def at(self, place: str) -> Conversion:
        """Return the same options, one step further into the value."""
        return replace(self, where=f"{self.where}, {place}" if self.where else place)

    def inside(self, value: Any, place: str) -> Any:
        """Convert a value that stands inside this one."""
        return self.convert(value, self.at(place))

    def refuse(self, why: str) -> NoReturn:
        """Raise the error of this place."""
        raise FrameError(f"{self.where}: {why}" if self.where else why)
