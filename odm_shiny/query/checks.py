"""What the parts of a query may be, and how conditions are added to those already there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from odm_shiny.errors import QueryError
from odm_shiny.query.full_text import parse_text, render_text
from odm_shiny.query.nodes import DATA, FILTER, And, DataCompare, Expr, all_of, check_text
from odm_shiny.query.words import unknown_word


def parsed(condition: Expr | str | None, parse: Callable[[str], Expr]) -> Expr | None:
    """Parse text; blank text and ``None`` are no condition."""
    if isinstance(condition, str):
        return parse(condition) if condition.strip() else None
    return condition


def check_language(name: str, condition: object, language: str) -> None:
    """Refuse what is no condition, or one of another language."""
    if condition is None:
        return
    if not isinstance(condition, Expr):
        raise QueryError(f"{name} is a condition or its text, not {condition!r}")
    if condition.language != language:
        where = {FILTER: "where(sample=...)", DATA: "data(...)"}
        cure = where.get(condition.language, "text(sample=...)")
        raise QueryError(f"{name} cannot hold {condition.language} conditions: use .{cure}")


def checked_text(text: object) -> str | None:
    """Check a full-text query and trim it; blank text is none."""
    if text is None:
        return None
    check_is_text("a text query", text)
    if not isinstance(text, str) or not text.strip():
        return None
    check_text(text)
    parse_text(text)
    return text.strip()


def check_accession(text: object) -> None:
    """Refuse what cannot be an accession."""
    if not isinstance(text, str) or not text or any(char.isspace() for char in text):
        raise QueryError(f"an accession is text without blanks, such as GSF000021, not {text!r}")
    check_text(text)


def check_is_text(what: str, value: object) -> None:
    """Refuse what is not text."""
    if not isinstance(value, str):
        raise QueryError(f"{what} is text, not {value!r}")


def check_limit(limit: object) -> None:
    """Refuse what is no number of rows."""
    if limit is None:
        return
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise QueryError(f"a limit is a whole number from 1, not {limit!r}; None = all rows")


def flattened(names: Iterable[str | Iterable[str]]) -> list[str]:
    """Give names that come one by one, in lists, or both, as one list."""
    found: list[str] = []
    for one in names:
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, Iterable):
            found.extend(one)
        else:
            raise QueryError(f"genes are named by text, not by {one!r}")
    return found


def refuse_misplaced(given: Sequence[object], call: str, what: str, known: Iterable[str]) -> None:
    """Refuse what stands without the name of the records that it is about."""
    if given:
        kinds = ", ".join(known)
        raise QueryError(
            f"{call}() takes {what} by name, such as {call}(sample=...): known are {kinds}"
        )


def refuse_unknown(unknown: Mapping[str, object], what: str, known: Iterable[str]) -> None:
    """Refuse keywords that nobody knows, with the nearest that is known."""
    for word in unknown:
        raise unknown_word(what, word, known)


def both(old: Expr | None, new: Expr | None) -> Expr | None:
    """Join two conditions with AND; none is neutral."""
    found = [one for one in (old, new) if one is not None]
    return all_of(found) if found else None


def both_texts(old: str | None, new: str | None) -> str | None:
    """Join two full-text queries with AND; none is neutral."""
    if old is None or new is None:
        return old or new
    return render_text(And((parse_text(old), parse_text(new))))


def put_in_place(expr: Expr | None, new: DataCompare, *, first: bool) -> Expr:
    """Replace the condition on the same target, name and operator, or add `new`."""
    items = () if expr is None else expr.items if isinstance(expr, And) else (expr,)

    def is_old(item: Expr) -> bool:
        return isinstance(item, DataCompare) and (item.target, item.name, item.op) == (
            new.target,
            new.name,
            new.op,
        )

    at = next((number for number, item in enumerate(items) if is_old(item)), None)
    kept = [item for item in items if not is_old(item)]
    place = at if at is not None else 0 if first else len(kept)
    return all_of([*kept[:place], new, *kept[place:]])
