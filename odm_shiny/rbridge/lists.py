"""R lists out of Python values, element by element."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from odm_shiny.rbridge import r_memory
from odm_shiny.rbridge.r_memory import RObject


def of(values: Collection[Any], convert: Callable[[Any, str], RObject]) -> RObject:
    """Make a list; `convert` gets each value and the name of its place.

    Each element is let go as soon as the list holds it: R finds the youngest of its kept objects at
    once, and the oldest only by looking through all of them.
    """
    result = r_memory.allocate_list(len(values))
    for position, value in enumerate(values):
        r_memory.set_element(result, position, convert(value, f"element {position}"))
    return result
