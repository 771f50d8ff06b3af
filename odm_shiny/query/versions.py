"""ODM's ``useVersions``: which files of data a query reads.

Files follow each other in version chains; a file may also stand outside of any chain. Without
``useVersions`` the active file of each chain and the unchained files are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from odm_shiny.errors import QuerySyntaxError
from odm_shiny.query.lexer import MAX_BYTES, MAX_TERMS, syntax_error

UNCHAINED = 0
"""The version number ``v0`` of files outside of any chain."""

MAX_SHOWN = 60
"""Characters of a wrong word that an error repeats."""

_NUMBER = re.compile(r"[vV]([0-9]{1,9})\Z")
_PART = re.compile(r"(?P<blank>\s+)|(?P<sign>[;:,*])|(?P<word>[^\s;:,*]+)")
_EXAMPLES = "such as v2, v1,v0, GSVC000002:v3 or GSVC000002:GSF000494"


@dataclass(frozen=True, slots=True)
class ChainFile:
    """A file of data as its version chain sees it.

    Attributes
    ----------
    accession
        Of the file (group).
    chain
        Accession of the chain; ``None`` outside of any.
    number
        Version in the chain, from 1; ``None`` outside of any.
    active
        Whether it is the active one of its chain; ``None`` outside of any.
    """

    accession: str
    chain: str | None = None
    number: int | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True)
class ChainRule:
    """Versions of one chain, by number or by accession.

    Attributes
    ----------
    chain
        Accession of the chain.
    numbers
        Version numbers, from 1.
    accessions
        Files; either these or `numbers` are given.
    """

    chain: str
    numbers: tuple[int, ...] = ()
    accessions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Versions:
    """A choice of files: the union of its parts.

    Attributes
    ----------
    active
        Unchained files and the active file of each chain.
    everything
        Every file, ``*``.
    numbers
        Version numbers taken in every chain; 0 stands for unchained files.
    chains
        Rules for single chains. A chain that no part names drops out.
    """

    active: bool = False
    everything: bool = False
    numbers: tuple[int, ...] = ()
    chains: tuple[ChainRule, ...] = ()

    def select(self, files: Sequence[ChainFile]) -> list[bool]:
        """Say for each file whether it is read."""
        numbers = frozenset(self.numbers)
        by_chain: dict[str, set[int | str]] = {}
        for rule in self.chains:
            by_chain.setdefault(rule.chain, set()).update(rule.numbers, rule.accessions)
        return [
            self.everything
            or (self.active and (file.chain is None or file.active is True))
            or (UNCHAINED if file.chain is None else file.number) in numbers
            or (
                file.chain is not None
                and not {file.number, file.accession}.isdisjoint(by_chain.get(file.chain, ()))
            )
            for file in files
        ]


ACTIVE = Versions(active=True)
"""What is read without ``useVersions``."""


def parse_versions(text: str) -> Versions:
    """Parse ``useVersions``.

    Parameters
    ----------
    text
        ``*``, or version numbers ``v1,v0``, or rules ``CHAIN:v3`` and ``CHAIN:FILE,FILE``; several
        of these with ``;`` between are united. Blanks around separators do not matter.

    Raises
    ------
    QuerySyntaxError
        Where the text stops making sense, with its position and a cure.

    Examples
    --------
    >>> parse_versions("v1, v0")
    Versions(active=False, everything=False, numbers=(1, 0), chains=())
    """
    return _Parser(text).run()


def render_versions(versions: Versions) -> str | None:
    """Write a choice of files as text, ``None`` for `ACTIVE`; the inverse of `parse_versions`."""
    if versions == ACTIVE:
        return None
    parts = ["*"] if versions.everything else []
    if versions.numbers:
        parts.append(_numbers_text(versions.numbers))
    for rule in versions.chains:
        names = _numbers_text(rule.numbers) if rule.numbers else ",".join(rule.accessions)
        parts.append(f"{rule.chain}:{names}")
    return ";".join(parts)


def _numbers_text(numbers: tuple[int, ...]) -> str:
    return ",".join(f"v{number}" for number in numbers)


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    start: int

    def __str__(self) -> str:
        shown = (
            self.text
            if len(self.text) <= MAX_SHOWN
            else f"{self.text[:MAX_SHOWN]}\N{HORIZONTAL ELLIPSIS}"
        )
        return shown or "the end of the text"


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > MAX_BYTES:
            raise self._error(f"longer than {MAX_BYTES // 1024} KB: shorten it", MAX_BYTES)
        found = (match for match in _PART.finditer(text) if match.lastgroup != "blank")
        self.pieces = [_Piece(match.group(), match.start()) for match in found]
        self.pieces.append(_Piece("", len(text)))
        self.at = 0
        self.everything = False
        self.numbers: dict[int, None] = {}
        self.chains: list[ChainRule] = []

    def run(self) -> Versions:
        self._part()
        while self._piece().text == ";":
            self.at += 1
            self._part()
        if self._piece().text:
            raise self._expected('";" or the end of the text')
        return Versions(
            everything=self.everything, numbers=tuple(self.numbers), chains=tuple(self.chains)
        )

    def _part(self) -> None:
        first = self._piece()
        if first.text == "*":
            self.at += 1
            self.everything = True
        elif self.pieces[min(self.at + 1, len(self.pieces) - 1)].text == ":":
            self._word("the accession of a chain")
            self.at += 1  # the colon
            self.chains.append(self._rule(first.text))
        else:
            for piece in self._list(f"versions, {_EXAMPLES}"):
                self.numbers[self._number(piece)] = None

    def _rule(self, chain: str) -> ChainRule:
        pieces = self._list(f"versions or accessions after {chain}:")
        are_numbers = [_NUMBER.match(piece.text) is not None for piece in pieces]
        if not any(are_numbers):
            return ChainRule(chain, accessions=tuple(dict.fromkeys(p.text for p in pieces)))
        if not all(are_numbers):
            raise self._error(
                f"a rule holds either versions or accessions: write {chain}:v1;{chain}:GSF000001",
                pieces[are_numbers.index(not are_numbers[0])].start,
            )
        numbers = tuple(dict.fromkeys(self._number(piece) for piece in pieces))
        if UNCHAINED in numbers:
            raise self._error(
                "v0 stands for files outside of any chain: write it as a part of its own, "
                f"{chain}:v1;v0",
                pieces[0].start,
            )
        return ChainRule(chain, numbers=numbers)

    def _list(self, what: str) -> list[_Piece]:
        pieces = [self._word(what)]
        while self._piece().text == ",":
            self.at += 1
            pieces.append(self._word(what))
        if len(pieces) > MAX_TERMS:
            raise self._error(
                f"more than {MAX_TERMS:,} versions, the most that is accepted", pieces[-1].start
            )
        return pieces

    def _word(self, what: str) -> _Piece:
        piece = self._piece()
        if piece.text in ("", ";", ":", ",", "*"):
            raise self._expected(what)
        self.at += 1
        return piece

    def _number(self, piece: _Piece) -> int:
        match = _NUMBER.match(piece.text)
        if match is None:
            raise self._error(f"expected a version, {_EXAMPLES}, found {piece}", piece.start)
        return int(match.group(1))

    def _piece(self) -> _Piece:
        return self.pieces[self.at]

    def _expected(self, what: str) -> QuerySyntaxError:
        return self._error(f"expected {what}, found {self._piece()}", self._piece().start)

    def _error(self, message: str, position: int) -> QuerySyntaxError:
        return syntax_error(f"useVersions: {message}", self.text, position)
