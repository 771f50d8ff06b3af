"""Data files become a matrix on disk and, in one transaction, a file with its runs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from odm_shiny.errors import FileError
from odm_shiny.formats.compression import open_stream, split_suffix
from odm_shiny.formats.data_frame import open_data_frame
from odm_shiny.formats.gct import DESCRIPTION, FEATURE, open_gct
from odm_shiny.formats.matrix_blocks import MatrixBlocks
from odm_shiny.formats.tsv import read_metadata
from odm_shiny.server import technical
from odm_shiny.server.import_kinds import DATA_CLASSES, GCT_DATA_CLASS, OTHER_DATA_CLASS
from odm_shiny.store import chains, data_files, objects

if TYPE_CHECKING:
    from odm_shiny.server.fetch import Fetched
    from odm_shiny.server.template_book import TemplateBook
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.matrices import MatrixStore
    from odm_shiny.store.matrix_writer import MatrixInfo
    from odm_shiny.store.people import User

Document = dict[str, Any]

SKIP_ZERO: Final = "Skip zero values"
GCT_MARKS: Final = (b"#1.2", b"#1.3")


@dataclass(frozen=True)
class MatrixOptions:
    """How a data file is to be read.

    Attributes
    ----------
    n_feature_columns
        Leading feature columns of a data frame; not used for GCT.
    separator
        Between run and measurement in column names, if any.
    data_class
        As given; ``None`` if not.
    previous_version
        Accession of the file or chain that this one follows.
    """

    n_feature_columns: int | None = None
    separator: str | None = None
    data_class: str | None = None
    previous_version: str | None = None


@dataclass(frozen=True)
class WrittenMatrix:
    """A matrix on disk that no file owns yet.

    Attributes
    ----------
    info
        What was written.
    run_names
        Column names.
    decided
        Attributes of the file that its content decides.
    warnings
        What was tolerated in it.
    """

    info: MatrixInfo
    run_names: list[str]
    decided: Document
    warnings: list[str]


def is_gct(file: Fetched) -> bool:
    """Whether a data file is GCT, by its name or, with another name, by its first bytes."""
    if split_suffix(file.name)[0].lower().endswith(".gct"):
        return True
    with open_stream(file.path, name=file.name) as stream:
        return stream.peek(4)[:4] in GCT_MARKS


def read_group_metadata(file: Fetched | None) -> tuple[Document, list[str]]:
    """Metadata of a data file, one record or nothing, and what was tolerated in it."""
    if file is None:
        return {}, []
    table = read_metadata(file.path, name=file.name, single_record=True)
    return dict(table.records[0]), table.warnings


def write_matrix(
    store: MatrixStore,
    file: Fetched,
    options: MatrixOptions,
    metadata: Document,
    report: Callable[[int], None],
) -> WrittenMatrix:
    """Write the values of a data file into the matrix store, where nobody sees them yet.

    Parameters
    ----------
    metadata
        Of the file; an attribute ``Skip zero values`` leaves zeros out.
    report
        Is told the number of rows read so far; may raise to stop.
    """
    gct = is_gct(file)
    with _open(file, options, gct=gct, zero_is_missing=bool(metadata.get(SKIP_ZERO))) as blocks:
        header = blocks.header
        hidden = _hidden_columns(blocks, gct=gct)
        matrix_id = secrets.token_hex(12)
        with store.writer(
            matrix_id, run_names=header.run_names, measurements=header.measurements
        ) as writer:
            for block in blocks:
                features = {n: texts for n, texts in block.features.items() if n not in hidden}
                writer.write_block(features, block.values)
                report(blocks.n_rows)
            kinds = {n: kind for n, kind in blocks.feature_kinds.items() if n not in hidden}
            info = writer.finish(kinds)
        warnings = [*blocks.warnings, *_column_attribute_notes(blocks)]
        decided = _decided(blocks, options, metadata, gct=gct)
    return WrittenMatrix(info, list(header.run_names), decided, warnings)


def store_matrix(
    tx: Tx,
    written: WrittenMatrix,
    metadata: Document,
    options: MatrixOptions,
    book: TemplateBook,
    *,
    owner: User,
    template: str | None,
) -> str:
    """Make a written matrix a file with runs; the group's accession."""
    typed = book.typing(template, "expression_group")
    own = technical.without(metadata, technical.OF_OBJECTS | technical.OF_DATA)
    document = {name: typed(name, value) for name, value in own.items()}
    new = objects.create_group(
        tx,
        "expression_group",
        document | written.decided,
        [{} for _ in written.run_names],
        owner_id=owner.id,
        author=owner.email,
        template=template,
        run_sources=written.run_names,
    )
    info = written.info
    data_files.add(
        tx,
        info.matrix_id,
        new.group.id,
        n_runs=info.n_runs,
        n_features=info.n_features,
        feature_columns=info.feature_columns,
        measurements=info.measurements,
    )
    if options.previous_version:
        chains.append(tx, options.previous_version, new.group)
    return new.group.public_id


def _open(
    file: Fetched, options: MatrixOptions, *, gct: bool, zero_is_missing: bool
) -> MatrixBlocks:
    if gct:
        return open_gct(file.path, name=file.name, zero_is_missing=zero_is_missing)
    if options.n_feature_columns is None:
        raise FileError(
            "is read as a data frame and numberOfFeatureAttributes is missing: say how many "
            "leading columns describe features (a GCT file begins with #1.2)",
            path=file.name,
        )
    return open_data_frame(
        file.path,
        n_feature_columns=options.n_feature_columns,
        separator=options.separator,
        name=file.name,
        zero_is_missing=zero_is_missing,
    )


def _hidden_columns(blocks: MatrixBlocks, *, gct: bool) -> frozenset[str]:
    """``Description`` of a GCT 1.2 is no feature column of ODM; attributes of a 1.3 are."""
    plain = blocks.header.feature_columns == (FEATURE, DESCRIPTION)
    return frozenset({DESCRIPTION}) if gct and plain else frozenset()


def _decided(
    blocks: MatrixBlocks, options: MatrixOptions, metadata: Document, *, gct: bool
) -> Document:
    """Attributes that the file itself decides; those about columns stay unset for GCT.

    The data class is the one asked for, else the one its metadata names, if ODM knows it.
    """
    if gct:
        return {"Data Class": GCT_DATA_CLASS}
    kinds = blocks.feature_kinds
    named = options.separator is not None
    decided = {
        "Data Class": options.data_class or _named_class(metadata),
        "Features (string)": _names(kinds, "string"),
        "Features (numeric)": _names(kinds, "number"),
        "Values (numeric)": _one_or_many(sorted(blocks.header.measurements)) if named else None,
        technical.SEPARATOR: options.separator,
    }
    return {name: value for name, value in decided.items() if value is not None}


def _named_class(metadata: Document) -> str:
    named = metadata.get("Data Class")
    return named if isinstance(named, str) and named in DATA_CLASSES else OTHER_DATA_CLASS


def _names(kinds: Mapping[str, str], kind: str) -> str | list[str] | None:
    return _one_or_many(sorted(name for name, found in kinds.items() if found == kind))


def _one_or_many(names: list[str]) -> str | list[str] | None:
    if not names:
        return None
    return names[0] if len(names) == 1 else names


def _column_attribute_notes(blocks: MatrixBlocks) -> list[str]:
    return [
        f"column attribute {name!r} was left out: samples have metadata of their own"
        for name in blocks.column_attributes
    ]
