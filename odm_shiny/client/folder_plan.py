"""What a folder holds: which file is the study, which the samples, what the data belongs to.

Names decide first (``Test.samples.tsv``, ``Test.gct`` with ``Test.gct.tsv``), headers where a name
says nothing. Nothing is guessed between two candidates: that is an error which lists the arguments
that settle it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from odm_shiny.errors import FileError
from odm_shiny.formats.compression import open_stream
from odm_shiny.formats.lines import read_lines
from odm_shiny.formats.tsv import read_metadata

METADATA_ROLES = ("study", "samples", "libraries", "preparations")
ARGUMENTS = "study=, samples=, libraries=, preparations=, data="
SEPARATORS = (":", ".", ",", ";", "_", "-", "/", "\\", "|")

_PACKED = re.compile(r"\.(gz|zip|bgz)$", re.IGNORECASE)
_NAMED = re.compile(r"(^|[._-])(study|samples|libraries|preparations)\.tsv$", re.IGNORECASE)
_TABLE = re.compile(r"\.(tsv|gct)$", re.IGNORECASE)
# Attribute that only records of this role must have, and where they come from.
_ID_OF = {
    "samples": "Sample Source ID",
    "libraries": "Library ID",
    "preparations": "Preparation ID",
}
_STUDY_NAMES = {"Study Title", "Study Description", "Study Source", "Study Source ID"}
KIND_OF = {"samples": "sample", "libraries": "library", "preparations": "preparation"}


@dataclass(frozen=True, slots=True)
class DataPlan:
    """A matrix and how to import it.

    Attributes
    ----------
    path, metadata
        The matrix, and the table with its one record.
    linked_to
        Role whose ids are the names of its columns: ``"samples"``, ``"libraries"`` or
        ``"preparations"``; ``None`` where no name matches.
    n_feature_columns
        Columns before those; ``None`` for a GCT, which says it itself.
    separator
        What stands between id and measurement in the names of columns.
    matched, of
        How many of how many columns have a partner.
    """

    path: Path
    metadata: Path | None = None
    linked_to: str | None = None
    n_feature_columns: int | None = None
    separator: str | None = None
    matched: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """What would be imported.

    Attributes
    ----------
    study
        Table of the study.
    samples, libraries, preparations
        Tables, one group each.
    data
        Matrices.
    left_out
        Files that are none of these.
    """

    study: Path | None = None
    samples: tuple[Path, ...] = ()
    libraries: tuple[Path, ...] = ()
    preparations: tuple[Path, ...] = ()
    data: tuple[DataPlan, ...] = ()
    left_out: tuple[Path, ...] = ()

    def __str__(self) -> str:
        lines = [f"study: {self.study.name}" if self.study else "study: none"]
        for role in METADATA_ROLES[1:]:
            lines += [f"{role}: {path.name}" for path in getattr(self, role)]
        for one in self.data:
            to = f"{one.matched} of {one.of} columns are {one.linked_to}" if one.linked_to else ""
            lines.append(f"data: {one.path.name} ({to or 'linked to nothing'})")
        lines += [f"left out: {path.name}" for path in self.left_out]
        return "\n".join(lines)


@dataclass(slots=True)
class _Found:
    roles: dict[str, list[Path]] = field(default_factory=dict)
    data: list[Path] = field(default_factory=list)
    unnamed: list[Path] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)


def plan_folder(folder: Path, *, given: Mapping[str, Sequence[Path]] | None = None) -> FolderPlan:
    """Look at a folder and say what each file is.

    Parameters
    ----------
    given
        Role -> files, for what the names do not tell; a role given here is not looked for.

    Raises
    ------
    FileError
        A file could be several things, there are two studies, or nothing to import.
    """
    if not folder.is_dir():
        raise FileError("there is no such folder", path=str(folder))
    found = _by_name(sorted(path for path in folder.iterdir() if path.is_file()))
    chosen = {role: list(paths) for role, paths in (given or {}).items() if paths}
    taken = {path.resolve() for paths in chosen.values() for path in paths}
    for path in found.unnamed:
        if path.resolve() not in taken:
            role = role_by_header(path)
            if role in ("data", "left out"):
                (found.data if role == "data" else found.left_out).append(path)
            else:
                found.roles.setdefault(role, []).append(path)
    roles = {role: _free(paths, taken) for role, paths in found.roles.items()} | chosen
    matrices = chosen.get("data") or _free(found.data, taken)
    studies = roles.get("study", [])
    if len(studies) > 1:
        names = ", ".join(path.name for path in studies)
        raise FileError(f"two studies ({names}): say which one with study=", path=str(folder))
    tables = {role: tuple(roles.get(role, ())) for role in KIND_OF}
    plan = FolderPlan(
        study=studies[0] if studies else None,
        samples=tables["samples"],
        libraries=tables["libraries"],
        preparations=tables["preparations"],
        data=plan_data(matrices, tables),
        left_out=tuple(found.left_out),
    )
    if not (studies or plan.samples or plan.libraries or plan.preparations or plan.data):
        raise FileError(f"nothing to import: name the files with {ARGUMENTS}", path=str(folder))
    return plan


def plan_data(
    matrices: Iterable[Path], tables: Mapping[str, Sequence[Path]]
) -> tuple[DataPlan, ...]:
    """Say what each matrix is linked to, by comparing its columns with the ids in the tables."""
    ids = {role: _ids(role, paths) for role, paths in tables.items()}
    return tuple(_matched(path, ids) for path in matrices)


def role_by_header(path: Path) -> str:
    """Say what a table is by the names of its columns: a role, ``data`` or ``left out``.

    Raises
    ------
    FileError
        It could be several things, or nothing that is known.
    """
    names = set(header_of(path))
    fits = [role for role in ("libraries", "preparations") if _ID_OF[role] in names]
    if not fits and _ID_OF["samples"] in names:
        fits = ["samples"]
    if not fits and names & _STUDY_NAMES:
        fits = ["study"]
    if len(fits) == 1:
        return fits[0]
    if not fits:
        # One record and no role: what is known of a file that is not here, or not imported.
        return "left out" if _n_lines(path, 3) < 3 else "data"
    raise FileError(
        f"its columns fit {' and '.join(fits)}: say what it is with one of {ARGUMENTS}",
        path=str(path),
    )


def header_of(path: Path) -> list[str]:
    """Return the names of the columns of a table or GCT, packed or not."""
    with open_stream(path) as stream:
        lines = read_lines(stream)
        first = next(lines, ("", 0))[0]
        if first.strip().startswith("#1."):
            next(lines, None)
            first = next(lines, ("", 0))[0]
    return [name.strip() for name in first.split("\t")]


def _n_lines(path: Path, most: int) -> int:
    with open_stream(path) as stream:
        return sum(1 for text, _ in islice(read_lines(stream), most) if text.strip())


def _by_name(paths: Iterable[Path]) -> _Found:
    found = _Found()
    listed = list(paths)
    plain = {_PACKED.sub("", path.name): path for path in listed}
    for path in listed:
        name = _PACKED.sub("", path.name)
        role = _NAMED.search(name)
        if role is not None:
            found.roles.setdefault(role[2].lower(), []).append(path)
        elif name.lower().endswith(".tsv") and name[:-4] in plain:
            continue  # metadata of the file whose name it extends
        elif name.lower().endswith(".gct") or f"{name}.tsv" in plain:
            (found.data if _TABLE.search(name) else found.left_out).append(path)
        elif name.lower().endswith(".tsv"):
            found.unnamed.append(path)
        else:
            found.left_out.append(path)
    return found


def _free(paths: Iterable[Path], taken: set[Path]) -> list[Path]:
    return [path for path in paths if path.resolve() not in taken]


def _ids(role: str, paths: Sequence[Path]) -> set[str]:
    name = _ID_OF[role]
    found: set[str] = set()
    for path in paths:
        table = read_metadata(path)
        if name not in table.columns:
            raise FileError(f"{role} must have a column {name!r}", path=str(path), line=1)
        for record in table.records:
            value = record.get(name)
            found.update(str(one) for one in (value if isinstance(value, list) else [value]) if one)
    return found


def _matched(path: Path, ids: Mapping[str, set[str]]) -> DataPlan:
    names = header_of(path)
    is_gct = _PACKED.sub("", path.name).lower().endswith(".gct")
    start = 2 if is_gct else 1
    best = max(
        (_match(names, start, role, known, path) for role, known in ids.items() if known),
        key=lambda one: one.matched,
        default=DataPlan(path),
    )
    rivals = [
        role
        for role, known in ids.items()
        if known
        and role != best.linked_to
        and _match(names, start, role, known, path).matched == best.matched > 0
    ]
    if rivals:
        raise FileError(
            f"its columns match {best.linked_to} and {', '.join(rivals)} equally well: import it "
            "by itself with imports.expression and links.create_groups",
            path=str(path),
        )
    if not is_gct and not best.matched:
        raise FileError(
            "no column is named like a sample, library or preparation, so it cannot be told where "
            f"the features end: give the tables with {ARGUMENTS}, or import it by itself with "
            "imports.expression(n_feature_columns=...)",
            path=str(path),
            line=1,
        )
    n_features = None if is_gct else best.n_feature_columns
    return DataPlan(
        path,
        _metadata_of(path),
        best.linked_to if best.matched else None,
        n_features,
        None if is_gct else best.separator,
        best.matched,
        best.of,
    )


def _match(names: list[str], start: int, role: str, known: set[str], path: Path) -> DataPlan:
    best = DataPlan(path, linked_to=role)
    for separator in (None, *SEPARATORS):
        sources = [name if separator is None else name.partition(separator)[0] for name in names]
        if separator is not None and not all(separator in name for name in names[-1:]):
            continue
        hits = [n for n, source in enumerate(sources) if n >= start and source in known]
        if len(hits) <= best.matched:
            continue
        first = hits[0]
        if separator is not None and not all(separator in name for name in names[first:]):
            continue
        best = DataPlan(path, None, role, first, separator, len(hits), len(names) - first)
    return best


def _metadata_of(path: Path) -> Path | None:
    for name in (f"{path.name}.tsv", f"{_PACKED.sub('', path.name)}.tsv"):
        for suffix in ("", ".gz", ".zip"):
            beside = path.with_name(name + suffix)
            if beside.is_file():
                return beside
    return None
