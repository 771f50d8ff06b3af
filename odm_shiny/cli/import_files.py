"""``import``: the files of a study, told apart by name, imported and linked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from odm_shiny.cli.options import AsJson, EmbeddedStore, Url, client_of, examples
from odm_shiny.cli.output import answer, answer_json, narrated, say
from odm_shiny.errors import FileError, OdmError

if TYPE_CHECKING:
    from odm_shiny.client.folder_import import FolderImport

Files = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="These are of this kind, whatever their names say."),
]


def import_files(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER|FILE...", help="A folder, or the files themselves."),
    ],
    study: Annotated[
        str | None,
        typer.Option(
            "--study",
            metavar="ACCESSION|URL|FILE",
            help="Study to import into; or its table, as a link that the ODM can fetch, or a file.",
        ),
    ] = None,
    samples: Files = None,
    libraries: Files = None,
    preparations: Files = None,
    data: Files = None,
    previous_version: Annotated[
        str | None,
        typer.Option(
            "--previous-version",
            metavar="ACCESSION",
            help="Data group or chain that the data is the next version of.",
        ),
    ] = None,
    link_by: Annotated[
        str | None,
        typer.Option(
            "--link-by",
            metavar="ATTRIBUTE",
            help="Sample attribute that the columns of the data are called by.",
        ),
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="ACCESSION", help="Else the default one.")
    ] = None,
    data_class: Annotated[
        str | None, typer.Option("--data-class", metavar="NAME", help="Such as Proteomics.")
    ] = None,
    serve_from: Annotated[
        str | None,
        typer.Option(
            "--serve-from",
            metavar="HOST:PORT",
            help="Where a remote ODM reaches this machine, to fetch the study's table.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what is what; ask the ODM nothing.")
    ] = False,
    url: Url = None,
    store: EmbeddedStore = None,
    as_json: AsJson = False,
) -> None:
    """Import study, samples, libraries, preparations and data, and link them.

    Files are told by name: X.study.tsv, X.samples.tsv, X.libraries.tsv, X.preparations.tsv; data
    X.gct with what is known of it in X.gct.tsv; all of them also packed (.gz, .zip). Other tables
    are told by their header, and data is linked to what its columns are called after. What is
    unclear is an error before anything is sent.
    """
    given: dict[str, Any] = {
        "study": study,
        "samples": samples,
        "libraries": libraries,
        "preparations": preparations,
        "data": data,
    }
    with as_flags(), one_folder(paths) as folder, client_of(url, store) as client:
        if dry_run:
            plan = client.plan_import(folder, **given)
            _answer_plan(plan, as_json=as_json)
            return
        with narrated() as tell:
            done = client.import_folder(
                folder,
                **given,
                template=template,
                linking_attribute=link_by,
                previous_version=previous_version,
                data_class=data_class,
                serve_from=serve_from,
                progress=tell,
            )
    _answer_import(done, as_json=as_json)


@contextmanager
def one_folder(paths: Sequence[Path]) -> Iterator[Path]:
    """Give the folder, or one that holds nothing but the files that are named.

    Raises
    ------
    FileError
        No such file, a folder among files, or two files of one name.
    """
    if len(paths) == 1 and paths[0].is_dir():
        yield paths[0]
        return
    with TemporaryDirectory(prefix="odm-shiny-import-") as made:
        for path in paths:
            if not path.is_file():
                what = "is a folder among files" if path.is_dir() else "there is no such file"
                raise FileError(what, path=str(path))
            link = Path(made, path.name)
            if link.exists():
                raise FileError("another file has the same name: rename one", path=str(path))
            link.symlink_to(path.absolute())
        try:
            yield Path(made)
        except OdmError as error:
            _name_own_files(error, made, paths)
            raise


def _name_own_files(error: OdmError, made: str, paths: Sequence[Path]) -> None:
    """Let an error name the files as they were given, not the links to them."""
    text = str(error)
    for path in sorted(paths, key=lambda one: len(one.name), reverse=True):
        text = text.replace(str(Path(made, path.name)), str(path))
    error.args = (text.replace(made, ", ".join(map(str, paths))),)
    if isinstance(error, FileError) and error.path is not None:
        known = {str(Path(made, path.name)): str(path) for path in paths}
        error.path = known.get(error.path, error.path)


@contextmanager
def as_flags() -> Iterator[None]:
    """Let errors name the flags of the command, where they name arguments of the client."""
    try:
        yield
    except OdmError as error:
        text = str(error)
        flagged = re.sub(
            r"\b(study|samples|libraries|preparations|data|serve_from)=",
            lambda found: f"--{found[1].replace('_', '-')} ",
            text,
        )
        if flagged == text:
            raise
        raise OdmError(flagged) from error


def _answer_plan(plan: Any, *, as_json: bool) -> None:
    if as_json:
        answer_json(asdict(plan))
    else:
        answer(str(plan))


def _answer_import(done: FolderImport, *, as_json: bool) -> None:
    if as_json:
        answer_json(
            {
                "study": done.study,
                "groups": dict(done.groups),
                "links": list(done.links),
                "problems": list(done.problems),
                "left_out": list(done.left_out),
            }
        )
    else:
        if done.study:
            answer(f"study\t{done.study}")
        for name, accession in done.groups.items():
            answer(f"{name}\t{accession}")
    if done.problems:
        for problem in done.problems:
            say(f"not linked: {problem}")
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add this command to `app`."""
    app.command(
        "import",
        epilog=examples(
            "odm-shiny import ./my-study --dry-run",
            "odm-shiny import ./my-study --url https://odm.example.org --serve-from 192.0.2.7:8099",
            "odm-shiny import new.gct --study GSF000010 --previous-version GSF000030",
        ),
    )(import_files)
