"""What an import is made of: which file is what, told by names first, then by headers.

The plan is made before anything is sent, so that an unclear file stops the whole and not the half.
"""

from __future__ import annotations

import csv
import gzip
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Literal, cast

from odm_shiny.errors import FileError

Role = Literal["study", "samples", "libraries", "preparations", "expression", "variant"]

METADATA_ROLES: tuple[Role, ...] = ("study", "samples", "libraries", "preparations")

#: Attribute whose values the columns of a data file are compared with, by what they link to.
KEYS: Mapping[Role, str] = {
    "samples": "Sample Source ID",
    "libraries": "Library ID",
    "preparations": "Preparation ID",
}

#: Separators between a sample and a measurement in a column's name that ODM knows.
SEPARATORS = (":", "|", ";", "/", "\\", ",", "_", ".", "-")

#: Files of a folder that are for people.
IGNORED = re.compile(
    r"^(\.|readme|licen[cs]e|notice|sha256sums)|\.(md|txt|json|pdf|html)$", re.IGNORECASE
)
_COMPRESSION = re.compile(r"\.(gz|zip)$", re.IGNORECASE)
_STUDY_ATTRIBUTES = {"Study Title", "Study Source", "Study Description"}


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file and how to read it.

    Attributes
    ----------
    metadata
        File with the one record that describes it.
    links_to
        Kind whose IDs its columns hold.
    n_feature_columns, separator
        For a data frame: how many of its first columns are features, and what stands between run
        and measurement in the names of the others.
    """

    path: Path
    role: Role
    metadata: Path | None = None
    links_to: Role | None = None
    n_feature_columns: int | None = None
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to import, in this order."""

    study: Path | None = None
    samples: tuple[Path, ...] = ()
    libraries: tuple[Path, ...] = ()
    preparations: tuple[Path, ...] = ()
    data: tuple[DataFile, ...] = ()

    def metadata_files(self, role: Role) -> tuple[Path, ...]:
        """Return the files of one of the roles that hold metadata alone."""
        found = getattr(self, role)
        return found if isinstance(found, tuple) else (found,) if found else ()


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Replace each folder by the files in it, without those that are plainly for people.

    Raises
    ------
    FileError
        A path does not exist, or nothing is left.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            files = (file for file in sorted(path.iterdir()) if file.is_file())
            found += [file for file in files if not IGNORED.search(file.name)]
        elif path.is_file():
            found.append(path)
        else:
            raise FileError("there is no such file or folder", path=str(path))
    if not found:
        names = ", ".join(map(str, paths))
        raise FileError("there is nothing to import here", path=names)
    return list(dict.fromkeys(found))


def make_plan(files: Sequence[Path], given: Mapping[Path, Role] | None = None) -> Plan:
    """Give each file its role.

    Parameters
    ----------
    files
        As `find_files` gives them.
    given
        Roles that are already known, told by flags.

    Returns
    -------
    Data files are not yet linked: see `link_data`.

    Raises
    ------
    FileError
        A file fits no role, or two studies are among them.
    """
    given = given or {}
    names = {file.name: file for file in files}
    described = {
        description: file
        for file in files
        if file not in given
        for description in _descriptions(file, names)
    }
    roles: dict[Role, list[Path]] = {}
    for file in files:
        if file not in described:
            roles.setdefault(given.get(file) or role_of(file), []).append(file)
    studies = roles.get("study", [])
    if len(studies) > 1:
        both = " and ".join(file.name for file in studies)
        raise FileError(
            f"only one study at a time, and these are two: {both}", path=str(studies[0])
        )
    metadata_of = {file: description for description, file in described.items()}
    return Plan(
        study=studies[0] if studies else None,
        samples=tuple(roles.get("samples", ())),
        libraries=tuple(roles.get("libraries", ())),
        preparations=tuple(roles.get("preparations", ())),
        data=tuple(
            DataFile(file, role, metadata_of.get(file))
            for role in ("expression", "variant")
            for file in roles.get(role, ())
        ),
    )


def role_of(file: Path) -> Role:
    """Tell the role of a file by its name, else by its header.

    Raises
    ------
    FileError
        Neither tells it; the message names the flags that do.
    """
    plain = plain_name(file).lower()
    for role in METADATA_ROLES:
        if re.search(rf"(^|[._-]){role}\.tsv$", plain):
            return role
    if plain.endswith(".gct"):
        return "expression"
    if plain.endswith(".vcf"):
        return "variant"
    if plain.endswith((".expression.tsv", ".data.tsv")):
        return "expression"
    if plain.endswith(".tsv"):
        found = _role_by_header(header_of(file))
        if found is not None:
            return found
    raise FileError(
        "its name and header do not tell what it is; say it with --samples, --libraries, "
        "--preparations, --expression or --study-file",
        path=str(file),
    )


def link_data(plan: Plan, ids: Mapping[Role, Collection[str]]) -> Plan:
    """Find for each data file the kind whose IDs match its columns.

    Parameters
    ----------
    ids
        By kind: values that columns may be called. They come from the plan's own files
        (`ids_in`), or from the ODM for a study that exists.

    Raises
    ------
    FileError
        No kind matches, or two match equally well.
    """
    return replace(plan, data=tuple(_linked(file, ids) for file in plan.data))


def ids_in(plan: Plan, keys: Mapping[Role, str] = KEYS) -> dict[Role, set[str]]:
    """Read the IDs in the plan's own files, by kind.

    Raises
    ------
    FileError
        A file lacks the attribute.
    """
    return {
        role: {value for file in plan.metadata_files(role) for value in _column(file, key)}
        for role, key in keys.items()
        if plan.metadata_files(role)
    }


def plain_name(file: Path) -> str:
    """Name of a file without the ending of its compression."""
    return _COMPRESSION.sub("", file.name)


def header_of(file: Path) -> list[str]:
    """Read the names of the columns: of a GCT or a VCF those of its samples, too.

    Raises
    ------
    FileError
        The file is empty, not UTF-8, or not the compressed file that its name says.
    """
    plain = plain_name(file).lower()
    for number, line in enumerate(_lines(file)):
        is_header = (
            number == 2
            if plain.endswith(".gct")
            else line.startswith("#CHROM")
            if plain.endswith(".vcf")
            else True
        )
        if is_header:
            return next(csv.reader([line.rstrip("\r\n")], delimiter="\t"), [])
    raise FileError("ends before its header", path=str(file))


def _role_by_header(header: Sequence[str]) -> Role | None:
    names = {name.strip() for name in header}
    if "Library ID" in names:
        return "libraries"
    if "Preparation ID" in names:
        return "preparations"
    if "Sample Source ID" in names:
        return "samples"
    if names & _STUDY_ATTRIBUTES:
        return "study"
    return None


def _descriptions(file: Path, names: Mapping[str, Path]) -> Iterator[Path]:
    """Give the metadata file of a data file: ``X.gct.tsv``, or ``X.tsv`` of GCT and VCF."""
    plain = plain_name(file)
    candidates = [f"{plain}.tsv", f"{file.name}.tsv"]
    if plain.lower().endswith((".gct", ".vcf")):
        candidates.append(f"{plain[:-4]}.tsv")
    for candidate in candidates:
        if candidate in names and names[candidate] != file:
            yield names[candidate]
            return


def _linked(file: DataFile, ids: Mapping[Role, Collection[str]]) -> DataFile:
    header = header_of(file.path)
    found = [
        (score, replace(file, links_to=role, n_feature_columns=n_features, separator=separator))
        for role, known in ids.items()
        for score, n_features, separator in _matches(file, header, known)
    ]
    if not found:
        looked_at = ", ".join(ids) or "no samples, libraries or preparations at all"
        raise FileError(
            f"no column is the ID of one of the {looked_at}; name the sample attribute that holds "
            "them with --link-by",
            path=str(file.path),
        )
    best = max(score for score, _ in found)
    chosen = [candidate for score, candidate in found if score == best]
    if len(chosen) > 1:
        kinds = " and of ".join(str(candidate.links_to) for candidate in chosen)
        raise FileError(
            f"its columns are IDs of {kinds}; say which with --link-to", path=str(file.path)
        )
    return chosen[0]


def _matches(
    file: DataFile, header: Sequence[str], known: Collection[str]
) -> Iterator[tuple[int, int | None, str | None]]:
    """Number of columns that are known IDs, how many come before them, and the separator."""
    ids = set(known)
    if not plain_name(file.path).lower().endswith(".tsv"):
        score = sum(name in ids for name in header)
        if score:
            yield score, None, None
        return
    for separator in (None, *SEPARATORS):
        runs = [name.split(separator, 1)[0] if separator else name for name in header]
        first = next((index for index, run in enumerate(runs) if run in ids), None)
        if first is None or first == 0:
            continue
        if separator is None or all(separator in name for name in header[first:]):
            yield sum(run in ids for run in runs), first, separator
            return


def _column(file: Path, key: str) -> list[str]:
    rows = csv.reader(_lines(file), delimiter="\t")
    header = [name.strip() for name in next(rows, [])]
    if key not in header:
        raise FileError(f"has no attribute {key!r}", path=str(file), line=1)
    index = header.index(key)
    return [row[index].strip() for row in rows if len(row) > index and row[index].strip()]


def _lines(file: Path) -> Iterator[str]:
    try:
        with _opened(file) as binary, TextIOWrapper(binary, "utf-8-sig", newline="") as text:
            yield from text
    except (UnicodeDecodeError, gzip.BadGzipFile, zipfile.BadZipFile, EOFError) as exc:
        raise FileError(f"cannot be read: {exc}", path=str(file)) from exc


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    if file.name.lower().endswith(".gz"):
        with gzip.open(file, "rb") as unpacked:
            yield cast("IO[bytes]", unpacked)
    elif file.name.lower().endswith(".zip"):
        with zipfile.ZipFile(file) as archive:
            if len(archive.namelist()) != 1:
                raise FileError("must hold one file alone", path=str(file))
            with archive.open(archive.namelist()[0]) as binary:
                yield binary
    else:
        with file.open("rb") as binary:
            yield binary
