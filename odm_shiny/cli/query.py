"""``query``: ask for studies, samples, libraries, preparations, data files or their values."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from odm_shiny.cli.options import EmbeddedStore, Url, client_of, examples, needs
from odm_shiny.cli.output import answer, answer_json, answer_table, as_cell, say
from odm_shiny.errors import QueryError

if TYPE_CHECKING:
    import pandas as pd

    from odm_shiny.client.client import Client
    from odm_shiny.query.query import Query

KINDS = {
    "studies": "studies",
    "samples": "samples",
    "libraries": "libraries",
    "preparations": "preparations",
    "expression": "expression",
    "files": "expression_groups",
}
FORMATS = ("csv", "tsv", "json", "parquet", "h5ad")
SHOWN_ROWS = 20
SHOWN_COLUMNS = 8
_ITEM_COLUMNS = ("itemId", "runId", "runSourceId", "groupId", "feature", "value")


def _condition(what: str) -> Any:
    return typer.Option(metavar="TEXT", help=what)


def query(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"What to find: {', '.join(KINDS)}.")],
    study_filter: Annotated[str | None, _condition("Condition on attributes of studies.")] = None,
    study_query: Annotated[str | None, _condition("Words in attributes of studies.")] = None,
    sample_filter: Annotated[str | None, _condition("Condition on attributes of samples.")] = None,
    sample_query: Annotated[str | None, _condition("Words in attributes of samples.")] = None,
    library_filter: Annotated[str | None, _condition("Condition on libraries.")] = None,
    library_query: Annotated[str | None, _condition("Words in attributes of libraries.")] = None,
    preparation_filter: Annotated[str | None, _condition("Condition on preparations.")] = None,
    preparation_query: Annotated[str | None, _condition("Words in preparations.")] = None,
    ex_filter: Annotated[str | None, _condition("Condition on data files.")] = None,
    ex_query: Annotated[str | None, _condition("Condition on features and values.")] = None,
    versions: Annotated[
        str | None, _condition('Versions of data files, such as "v1,v0" or "*"; else the active.')
    ] = None,
    metadata: Annotated[
        str,
        typer.Option(metavar="LEVEL", help="How many attributes: all, template or default."),
    ] = "all",
    specific_terms: Annotated[
        bool, typer.Option("--specific-terms", help="Let words stand for narrower terms, too.")
    ] = False,
    sort: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="id, creation, last_update or name; -KEY descending."),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="ACCESSION", help="Read this data file as a matrix."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="At most so many rows.")
    ] = None,
    measurement: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which value an h5ad holds, of several.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--as", metavar="FORMAT", help=f"{', '.join(FORMATS)}; else told by -o."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="File to write.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --as json.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only count what each condition leaves.")
    ] = False,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="LANGUAGE", help="Only print it: python, curl or url."),
    ] = None,
    url: Url = None,
    store: EmbeddedStore = None,
) -> None:
    """Find records, data files or values of features, and write them where you want them.

    On a terminal the first rows are shown; into a pipe or a file all of them are written.
    """
    asked = build(
        kind,
        {
            "study": (study_filter, study_query),
            "sample": (sample_filter, sample_query),
            "library": (library_filter, library_query),
            "preparation": (preparation_filter, preparation_query),
        },
        expression_filter=ex_filter,
        data=ex_query,
        versions=versions,
        metadata=metadata,
        specific_terms=specific_terms,
        sort=sort,
        group=group,
        limit=limit,
    )
    if code is not None:
        answer(written(asked, code, url))
        return
    wanted = format_of("json" if as_json else form, output)
    with client_of(url, store) as client:
        if explain:
            _answer_funnel(client.explain(asked), as_json=wanted == "json")
        elif wanted is None and output is None and sys.stdout.isatty():
            show(client, asked)
        else:
            write(client, asked, wanted or "csv", output, measurement)


def build(
    kind: str,
    conditions: Mapping[str, tuple[str | None, str | None]],
    *,
    expression_filter: str | None = None,
    data: str | None = None,
    versions: str | None = None,
    metadata: str = "all",
    specific_terms: bool = False,
    sort: str | None = None,
    group: str | None = None,
    limit: int | None = None,
) -> Query:
    """Make the query of the options.

    Parameters
    ----------
    conditions
        By kind of record: filter text and full text.

    Raises
    ------
    QueryError
        No such kind, or a text that does not parse.
    """
    from odm_shiny.query.query import Query

    if kind not in KINDS:
        raise QueryError(f"nothing is called {kind!r}; ask for {', '.join(KINDS)}")
    filters: dict[str, Any] = {
        name: texts[0] for name, texts in conditions.items() if texts[0] is not None
    }
    words: dict[str, Any] = {
        name: texts[1] for name, texts in conditions.items() if texts[1] is not None
    }
    made = Query(
        kind=KINDS[kind],
        use_versions=versions,
        metadata_level=metadata,
        search_specific_terms=specific_terms,
        sort=sort,
        limit=limit,
    )
    made = made.where(**filters).text(**words)
    if expression_filter is not None:
        made = made.where(expression=expression_filter)
    if data is not None:
        made = made.data(data)
    return made if group is None else made.matrix(group)


def written(asked: Query, language: str, url: str | None) -> str:
    """Write the query in a language; a token is never part of it."""
    writers: dict[str, Callable[[], str]] = {
        "python": lambda: asked.to_python(url=url),
        "curl": lambda: asked.to_curl(_address(url)).rstrip("\n"),
        "url": asked.to_url,
    }
    if language not in writers:
        raise QueryError(f"--code {language}: it is one of {', '.join(writers)}")
    return writers[language]()


def _address(url: str | None) -> str:
    found = url or os.environ.get("ODM_URL")
    if not found:
        raise QueryError("curl needs an address: --url https://HOST, or ODM_URL")
    return found


def format_of(said: str | None, output: Path | None) -> str | None:
    """Tell the format by ``--as``, else by the name of the file.

    Raises
    ------
    QueryError
        A format that is not known, or one that only a file can hold.
    """
    found = said
    if said is None and output is not None:
        found = output.suffix.lower().removeprefix(".")
    if found is not None and found not in FORMATS:
        raise QueryError(f"{found!r} is no format; --as takes {', '.join(FORMATS)}")
    if found in ("parquet", "h5ad") and output is None:
        raise QueryError(f"{found} goes to a file: -o FILE.{found}")
    return found


def show(client: Client, asked: Query) -> None:
    """Show the first rows of an answer on a terminal."""
    found = client.run(asked.limited_to(min(asked.limit or SHOWN_ROWS, SHOWN_ROWS)))
    frame = found.to_pandas()
    filled = [name for name in frame.columns if frame[name].notna().any()]
    columns = [str(name) for name in (filled or list(frame.columns))[:SHOWN_COLUMNS]]
    rows: list[dict[Any, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    answer_table(rows, columns, as_json=False)
    more = "" if len(columns) == len(frame.columns) else f", {len(columns)} of its columns"
    say(f"the first {len(rows)} rows{more}; all of it: -o FILE.csv")


def write(
    client: Client, asked: Query, form: str, output: Path | None, measurement: str | None
) -> None:
    """Write the whole answer in a format, to a file or to standard output."""
    if form == "h5ad":
        assert output is not None
        if asked.kind != "expression":
            raise QueryError("h5ad holds values of features: query expression ...")
        with needs("anndata"):
            matrix = client.matrix(asked, measurement=measurement).to_anndata()
            matrix.obs, matrix.var = storable(matrix.obs), storable(matrix.var)
            matrix.write_h5ad(output)
        _written(output)
        return
    found: Any = client.run(asked)
    if form == "parquet":
        import pyarrow.parquet as pq

        pq.write_table(found.to_arrow(), output)
    elif form == "json":
        text = found.to_pandas().to_json(orient="records") if asked.group else found.to_list()
        _write_json(text, output)
    else:
        separator = "\t" if form == "tsv" else ","
        target: BinaryIO | Path = sys.stdout.buffer if output is None else output
        flat(with_header(client, asked, found.to_pandas())).to_csv(
            target, index=False, sep=separator
        )
    if output is not None:
        _written(output)


def with_header(client: Client, asked: Query, frame: pd.DataFrame) -> pd.DataFrame:
    """Give an answer without rows the columns that it would have, as its reader expects them."""
    if len(frame.columns):
        return frame
    if asked.kind == "expression":
        return frame.reindex(columns=list(_ITEM_COLUMNS))
    from odm_shiny.query.query import Query

    any_of_them = Query(kind=asked.kind, metadata_level=asked.metadata_level, limit=1)
    like: list[Any] = list(client.run_query(any_of_them).to_pandas().columns)
    return frame.reindex(columns=like or ["genestack:accession"])


def storable(frame: pd.DataFrame) -> pd.DataFrame:
    """Make a table that HDF5 can hold.

    A column has one type there, so one of mixed values becomes categories of their texts. A slash
    is a path there, so ``Data Files / Raw`` becomes ``Data Files | Raw``.
    """
    mixed = list(frame.select_dtypes(include="object").columns)
    texts = {name: frame[name].map(as_cell).where(frame[name].notna()) for name in mixed}
    typed = frame.assign(**{str(name): text.astype("category") for name, text in texts.items()})
    return typed.rename(columns=lambda name: str(name).replace("/", "|"))


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Write several values of a cell as ODM's own files do: ``|`` between them."""
    lists = [
        name for name in frame.columns if any(isinstance(value, list) for value in frame[name])
    ]
    return frame.assign(**{name: frame[name].map(_joined) for name in lists})


def _joined(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return "|".join(as_cell(item).replace("|", "||") for item in value)


def _write_json(found: Any, output: Path | None) -> None:
    import json

    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, default=str)
    if output is None:
        answer(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")


def _answer_funnel(funnel: Any, *, as_json: bool) -> None:
    if as_json:
        answer_json(
            [{"name": step.name, "count": step.count, "exact": step.exact} for step in funnel.steps]
        )
    else:
        answer(str(funnel))


def _written(output: Path) -> None:
    say(f"wrote {output} ({output.stat().st_size:,} bytes)")


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(
        epilog=examples(
            "odm-shiny query samples --sample-filter 'Tissue = \"liver\"' -o liver.csv",
            "odm-shiny query expression --ex-query 'feature = TP53' --as csv",
            "odm-shiny query samples --ex-query 'feature = TP53 value >= 4' --explain",
            "odm-shiny query expression --study-query leukemia -o leukemia.h5ad",
        )
    )(query)
