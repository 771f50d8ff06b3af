"""Read the exported text and write the files that are shipped, the same bytes every time."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

# Cells that ODM reads as missing: a gene of that name would vanish.
MISSING_WORDS = frozenset({"nan", "null", "n/a", "na", "filtered", "inf", "-inf"})


def read_table(file: Path) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of an unquoted tab-separated file."""
    lines = file.read_text(encoding="utf-8").splitlines()
    header, *rows = (line.split("\t") for line in lines)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise SystemExit(f"{file.name}, line {number}: {len(row)} cells, not {len(header)}")
    return header, rows


def number(text: str, digits: int) -> str:
    """Round a number to ``digits`` decimals and print it without needless zeros."""
    rounded = f"{float(text):.{digits}f}".rstrip("0").rstrip(".")
    return "0" if rounded == "-0" else rounded


def write_records(file: Path, records: Sequence[Mapping[str, str]]) -> None:
    """Write metadata records: attribute names first, one record a line, empty = not set.

    A literal ``|`` must already be doubled, as it separates the values of one attribute.
    """
    names = list(records[0])
    if any(list(record) != names for record in records):
        raise SystemExit(f"{file.name}: the records differ in their attributes")
    unset = [name for name in names if not any(record[name] for record in records)]
    if unset:
        raise SystemExit(f"{file.name}: no record sets {', '.join(unset)}")
    lines = [names, *([record[name] for name in names] for record in records)]
    file.write_text(_text(file, lines), encoding="utf-8", newline="\n")


def write_matrix(
    file: Path,
    features: Sequence[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
) -> None:
    """Write a data frame TSV, gzip-compressed without name or time, so that bytes repeat."""
    if any(character.isspace() for column in columns for character in column):
        raise SystemExit(f"{file.name}: a column identifier holds a blank")
    table = [[*features, *columns], *rows]
    accessions = [row[0] for row in table[1:]]
    if len(set(accessions)) != len(accessions):
        raise SystemExit(f"{file.name}: the first column repeats an identifier")
    lost = [cell for row in table for cell in row[: len(features)] if cell.lower() in MISSING_WORDS]
    if lost:
        raise SystemExit(f"{file.name}: feature cells {lost} would be read as missing")
    with (
        file.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as packed,
    ):
        packed.write(_text(file, table).encode())


def write_manifest(folder: Path) -> None:
    """Write ``SHA256SUMS`` over every other file of the folder (``sha256sum --check`` reads it)."""
    manifest = folder / "SHA256SUMS"
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != manifest)
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
        for file in files
    ]
    manifest.write_text("".join(lines), encoding="utf-8", newline="\n")


def content(file: Path) -> bytes:
    """Return the bytes of a file, unpacked: zlib versions may pack the same text differently."""
    data = file.read_bytes()
    return gzip.decompress(data) if file.suffix == ".gz" else data


def _text(file: Path, table: Sequence[Sequence[str]]) -> str:
    width = len(table[0])
    if any(len(row) != width for row in table):
        raise SystemExit(f"{file.name}: rows of different lengths")
    if any(character in cell for row in table for cell in row for character in "\t\r\n"):
        raise SystemExit(f"{file.name}: a cell holds a tab or a line end")
    return "".join("\t".join(row) + "\n" for row in table)
