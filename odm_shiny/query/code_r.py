"""A query as R, with the verbs and expressions of the package odmshiny."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from odm_shiny.errors import QueryError
from odm_shiny.query.layout import (
    Doc,
    Either,
    Fill,
    Group,
    Line,
    Nest,
    enclosed,
    joined,
    lay_out,
)
from odm_shiny.query.nodes import And, Compare, DataCompare, Expr, Not, Or
from odm_shiny.query.plan import RECORD_KINDS

if TYPE_CHECKING:
    from odm_shiny.query.query import Query

WIDTH = 80
MAX_LEVELS = 8
"""Conditions nested deeper are named first: R's parser takes 50 open parentheses."""

_NAME = re.compile(r"(?:[A-Za-z]|\.(?![0-9]))[A-Za-z0-9._]*\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?\Z")
_RESERVED = re.compile(
    r"if|else|repeat|while|function|for|next|break|in|TRUE|FALSE|NULL|Inf|NaN"
    r"|NA|NA_integer_|NA_real_|NA_character_|NA_complex_"
)
_MOST_DIGITS = 15
_MOST_OF_A_NAME = 60
_PIECE_CHARS = 40


def to_r(query: Query, *, url: str | None = None, run: bool | None = None) -> str:
    """Write a query as an R script.

    Parameters
    ----------
    query
        What is asked.
    url
        Address of the ODM. A token is never part of the script: ``odm_connect`` reads
        ``ODM_TOKEN``.
    run
        Whether the script also asks; if not said, it does where `url` is given.

    Returns
    -------
    Lines that assign a query equal to this one to ``query``, and the answer to ``result``. They are
    UTF-8, and at most 80 characters wide where names allow.

    Raises
    ------
    QueryError
        `url` is no address.

    Examples
    --------
    >>> from odm_shiny import Query, field
    >>> print(to_r(Query().where(sample=field("Sample Source") == "site A").genes("TP53")), end="")
    library(odmshiny)
    <BLANKLINE>
    query <- odm_query() |>
      odm_samples() |>
      odm_where(sample = `Sample Source` == "site A") |>
      odm_genes("TP53")
    """
    asks = url is not None if run is None else run
    writer = _Writer()
    verbs = writer.verbs(query)
    start = "odm_query(con)" if asks else "odm_query()"
    statements: list[Doc] = list(writer.named)
    if asks:
        statements.insert(0, ("con <- ", _call("odm_connect", [] if url is None else [_url(url)])))
    if len(verbs) > 1:
        statements.append((f"query <- {start} |>", Nest((Line(), *joined(verbs, (" |>", Line()))))))
    else:
        statements.append((f"query <- {start} |> ", *verbs))
    statements += ["result <- odm_collect(query)"] if asks else []
    return "\n".join(["library(odmshiny)", "", *map(_printed, statements), ""])


class _Writer:
    def __init__(self) -> None:
        self.named: list[Doc] = []

    def verbs(self, query: Query) -> list[Doc]:
        """Write the verbs that make a query out of an empty one."""
        found: list[Doc] = []
        if query.group is not None:
            found.append(_call("odm_matrix", [_text(query.group)]))
        if query.group is None or query.kind != "expression":
            found.append(f"odm_{query.kind}()")
        kinds = (*RECORD_KINDS, "expression")
        found += _named_call(
            "odm_where",
            {
                kind: self._argument(expr)
                for kind in kinds
                if (expr := getattr(query, f"{kind}_filter")) is not None
            },
        )
        found += _named_call(
            "odm_text",
            {
                kind: _text(words)
                for kind in RECORD_KINDS
                if (words := getattr(query, f"{kind}_text")) is not None
            },
        )
        if query.data_query is not None:
            found += self._data(query.data_query)
        return [*found, *_manner(query)]

    def condition(self, expr: Expr, level: int = 0) -> Doc:
        """Write a condition that stands alone."""
        if isinstance(expr, Not):
            return enclosed("!(", self._operand(expr.item, level + 1), ")")
        if isinstance(expr, And | Or):
            listed = _as_list(expr)
            if listed is not None:
                return listed
            sign = "&" if isinstance(expr, And) else "|"
            items = [self._item(item, level + 1) for item in expr.items]
            return joined(items, (f" {sign}", Line()))
        assert isinstance(expr, Compare | DataCompare)
        return _leaf(expr)

    def _argument(self, expr: Expr) -> Doc:
        """Write a condition that has a name before it: later lines stand further in."""
        written = self.condition(expr)
        several = isinstance(expr, And | Or) and _as_list(expr) is None
        return Group((Nest((written,)),)) if several else written

    def _item(self, expr: Expr, level: int) -> Doc:
        """Write a condition that others are joined with."""
        written = self._operand(expr, level)
        is_joined = isinstance(expr, And | Or) and _as_list(expr) is None
        if not is_joined or isinstance(written, str):
            return written
        return enclosed("(", written, ")")

    def _operand(self, expr: Expr, level: int) -> Doc:
        if level <= MAX_LEVELS or not isinstance(expr, And | Or | Not):
            return self.condition(expr, level)
        written = self.condition(expr)
        of_data = [", data = TRUE"] if expr.language == "data" else []
        name = f"condition_{len(self.named) + 1}"
        self.named.append((f"{name} <- ", enclosed("odm_filter(", (written, *of_data), ")")))
        return name

    def _data(self, expr: Expr) -> list[Doc]:
        items = expr.items if isinstance(expr, And) else (expr,)
        genes, *rest = items
        if not _is_plain(genes, "feature", "=") or len(rest) > 1:
            return [_call("odm_data", [self.condition(expr)])]
        assert isinstance(genes, DataCompare)
        found = [_call("odm_genes", [_vector([_text(one or "") for one in genes.values])])]
        if not rest:
            return found
        least = rest[0]
        if not _is_plain(least, "value", ">="):
            return [_call("odm_data", [self.condition(expr)])]
        assert isinstance(least, DataCompare)
        return [*found, _call("odm_at_least", [_number_or_text(least.values[0] or "")])]


def _manner(query: Query) -> list[Doc]:
    """Write how the query is answered."""
    found: list[Doc] = []
    if query.use_versions is not None:
        found.append(_call("odm_versions", [_text(query.use_versions)]))
    if query.metadata_level != "all":
        found.append(_call("odm_metadata", [_text(query.metadata_level)]))
    found += ["odm_specific_terms()"] if query.search_specific_terms else []
    found += ["odm_terms()"] if query.response_terms else []
    if query.sort is not None:
        descending = [", descending = TRUE"] if query.sort.startswith("-") else []
        key = query.sort.removeprefix("-")
        found.append((f'odm_sorted_by("{key}"', *descending, ")"))
    found += [f"odm_limited_to({query.limit})"] if query.limit is not None else []
    return found


def _is_plain(leaf: Expr, target: str, op: str) -> bool:
    return (
        isinstance(leaf, DataCompare)
        and (leaf.target, leaf.name, leaf.op) == (target, None, op)
        and None not in leaf.values
    )


def _as_list(expr: And | Or) -> Doc | None:
    """Write equalities of one attribute as ``%in%``, inequalities as ``%notin%``."""
    op = "=" if isinstance(expr, Or) else "!="
    leaves = [item for item in expr.items if isinstance(item, Compare) and item.op == op]
    texts = [leaf.value for leaf in leaves]
    same = len({leaf.field for leaf in leaves}) == 1 and len(leaves) == len(expr.items)
    if not same or len(set(texts)) < len(texts):
        return None
    return _member(_attribute(leaves[0].field), op, [_na_or_text(text) for text in texts])


def _leaf(leaf: Compare | DataCompare) -> Doc:
    values: tuple[str | None, ...]
    if isinstance(leaf, Compare):
        subject, values = _attribute(leaf.field), (leaf.value,)
    else:
        subject, values = _column(leaf), leaf.values
    if len(values) > 1:
        return _member(subject, leaf.op, _row_values(leaf, values))
    text = values[0]
    if text is None:
        return ("!" if leaf.op == "!=" else "", enclosed("is.na(", subject, ")"))
    if leaf.op == "=~":
        return enclosed("grepl(", (_text(text), ",", Line(), subject, ", fixed = TRUE"), ")")
    is_number = leaf.op not in ("=", "!=") or _is_value(leaf)
    value = _number_or_text(text) if is_number else _text(text)
    return (subject, f" {'==' if leaf.op == '=' else leaf.op} ", value)


def _is_value(leaf: Compare | DataCompare) -> bool:
    return isinstance(leaf, DataCompare) and leaf.target == "value"


def _row_values(leaf: Compare | DataCompare, values: Sequence[str | None]) -> list[Doc]:
    numbers = _is_value(leaf) and all(text is None or _is_number(text) for text in values)
    if numbers:
        return ["NA" if text is None else text for text in values]
    return [_na_or_text(text) for text in values]


def _member(subject: Doc, op: str, values: list[Doc]) -> Doc:
    return (subject, " %in% " if op == "=" else " %notin% ", _vector(values))


def _attribute(name: str) -> Doc:
    if len(name) > _MOST_OF_A_NAME or not name.isprintable():
        return _call("field", [_text(name)])  # R reads no \u in backticks
    if _NAME.match(name) and not _RESERVED.fullmatch(name) and not name.startswith(".."):
        return name
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _column(leaf: DataCompare) -> Doc:
    return leaf.target if leaf.name is None else _call(leaf.target, [_text(leaf.name)])


def _vector(values: list[Doc]) -> Doc:
    return values[0] if len(values) == 1 else enclosed("c(", Fill(tuple(values)), ")")


def _na_or_text(text: str | None) -> Doc:
    return "NA" if text is None else _text(text)


def _is_number(text: str) -> bool:
    """Tell whether R writes a number back as the text it was read from."""
    digits = sum(map(str.isdigit, text))
    small = text.lstrip("-").startswith("0.000")
    return _NUMBER.match(text) is not None and digits <= _MOST_DIGITS and text != "-0" and not small


def _number_or_text(text: str) -> Doc:
    return text if _is_number(text) else _text(text)


def _text(text: str) -> Doc:
    """Write a string, put together from pieces where it is too long for a line."""
    pieces = [""]
    for unit in map(_escaped, text):
        if len(pieces[-1]) + len(unit) > _PIECE_CHARS:
            pieces.append("")
        pieces[-1] += unit
    whole = f'"{"".join(pieces)}"'
    if len(pieces) == 1:
        return whole
    parts = joined([f'"{piece}"' for piece in pieces], (",", Line()))
    return Either(whole, enclosed("paste0(", parts, ")"))


def _escaped(char: str) -> str:
    known = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char)
    if known is not None or char.isprintable():
        return known or char
    # What is not printable could hide or reorder the code around it. R refuses a string that mixes
    # \x with \u, so the short form is never used.
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _call(name: str, arguments: Sequence[Doc]) -> Doc:
    return enclosed(f"{name}(", joined(arguments, (",", Line())), ")") if arguments else f"{name}()"


def _named_call(name: str, arguments: dict[str, Doc]) -> list[Doc]:
    if not arguments:
        return []
    pairs: list[Doc] = [(f"{kind} = ", value) for kind, value in arguments.items()]
    return [enclosed(f"{name}(", joined(pairs, (",", Line())), ")")]


def _printed(statement: Doc) -> str:
    # Two blanks a level, as R has it. Strings hold no line breaks, so blanks that begin a line are
    # always indentation.
    text = lay_out(statement, WIDTH)
    return re.sub(r"^ +", lambda found: found[0][: len(found[0]) // 2], text, flags=re.MULTILINE)


def _url(url: str) -> Doc:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise QueryError(f"{url!r} is no address of an ODM: write https://HOST")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise QueryError("the address of an ODM holds no password, query or fragment: https://HOST")
    return _text(url)
