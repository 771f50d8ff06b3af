"""Loading and mending: templates, validation, imports, links, changes, jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odm_shiny.errors import QueryError
from odm_shiny.rbridge.functions.arguments import client_of, single, text, texts, whole
from odm_shiny.rbridge.functions.telling import tell

if TYPE_CHECKING:
    import pandas as pd

PROBLEM_COLUMNS = ("group", "attribute", "value", "count", "error", "message")
_LISTS = ("samples", "libraries", "preparations", "data")
_EXACT = 1e15  # doubles beyond it are not told apart by their digits


def template(connection: Any, study: Any) -> pd.DataFrame:
    """Return the attributes of a study's template, one row each."""
    import pandas as pd

    found = client_of(connection).template_of(text(study))
    columns = ["name", "data_type", "value_type", "is_required", "is_read_only", "dictionary"]
    rows = [tuple(getattr(one, name) for name in columns) for one in found.fields]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.astype({"is_required": "boolean", "is_read_only": "boolean"})


def validate(connection: Any, study: Any) -> pd.DataFrame:
    """Return the values of a study's samples that its template does not allow."""
    import pandas as pd

    problems = client_of(connection).validation.problems(text(study))
    frame = pd.DataFrame(problems, columns=list(PROBLEM_COLUMNS), dtype=object)
    written = frame["value"].map(lambda one: None if one is None else str(one)).astype(object)
    return frame.assign(value=written, count=frame["count"].astype("Int64"))


def plan_import(connection: Any, folder: Any, **files: Any) -> str:
    """Say what importing a folder would do; the ODM is asked nothing."""
    return str(client_of(connection).plan_import(text(folder), **_files(files)))


def import_files(connection: Any, folder: Any, **said: Any) -> dict[str, Any]:
    """Import the files of a study from a folder and link them."""
    files = {name: said.pop(name) for name in ("study", *_LISTS) if name in said}
    options = {name: text(value) for name, value in said.items()}
    done = client_of(connection).import_folder(
        text(folder), **_files(files), **options, progress=tell
    )
    return {
        "study": done.study,
        "groups": dict(done.groups),
        "links": list(done.links),
        "problems": list(done.problems),
        "left_out": list(done.left_out),
    }


def link(
    connection: Any,
    source_kind: Any,
    source: Any,
    target_kind: Any,
    target: Any,
    groups: Any = False,
    linking_attribute: Any = None,
    remove: Any = False,
) -> bool:
    """Link one object to another, or all objects of a group, or remove that.

    Returns
    -------
    Whether every object found a partner.
    """
    links = client_of(connection).links
    ends = text(source_kind), text(source), text(target_kind), text(target)
    attribute = None if linking_attribute is None else text(linking_attribute)
    is_group, is_removed = bool(single(groups)), bool(single(remove))
    if attribute is not None and (is_removed or not is_group):
        raise QueryError("linking_attribute is for linking groups of data to samples")
    if is_removed:
        (links.delete_groups if is_group else links.delete)(*ends)
        return True
    if is_group:
        return links.create_groups(*ends, linking_attribute=attribute).complete
    links.create(*ends)
    return True


def patch(connection: Any, table: Any, kind: Any, key: Any, dry_run: Any = False) -> dict[str, Any]:
    """Change many records from a table.

    Returns
    -------
    ``changes``: ``accession, attribute, old, new``, the values as text; ``said``: how many.
    """
    change = getattr(client_of(connection), f"patch_{text(kind)}")
    edit = change(_as_r_shows(table), key=text(key), dry_run=bool(single(dry_run)))
    changes = edit.to_pandas()
    for name in ("old", "new"):
        changes[name] = changes[name].map(_cell).astype(object)
    return {"changes": changes, "said": str(edit)}


def job(connection: Any, job: Any, action: Any = "show", timeout_s: Any = None) -> dict[str, Any]:
    """Look at a job, wait for it, stop it or restart it."""
    from odm_shiny.client.jobs import WORKING

    jobs, number = client_of(connection).jobs, whole(job)
    match text(action):
        case "stop":
            return jobs.stop(number)
        case "restart":
            return jobs.restart(number)
        case "wait":
            limit = None if timeout_s is None else float(single(timeout_s))
            jobs.wait(number, timeout_s=limit, progress=tell)
    info = jobs.info(number)
    return info if info.get("status") in WORKING else {**info, **jobs.output(number)}


def _files(files: dict[str, Any]) -> dict[str, Any]:
    """R gives one file and several files alike, as texts."""
    unknown = set(files) - {"study", *_LISTS}
    if unknown:
        raise QueryError(f"there is no argument {min(unknown)}")
    return {name: text(value) if name == "study" else texts(value) for name, value in files.items()}


def _as_r_shows(table: pd.DataFrame) -> pd.DataFrame:
    """Make integers of whole numbers: 40 is a double in R, and nobody means 40.0 by it."""
    import pandas as pd

    def shown(column: pd.Series) -> pd.Series:
        if not pd.api.types.is_float_dtype(column):
            return column
        numbers = [_whole(one) for one in column]
        return pd.Series(numbers, column.index, dtype=object, name=column.name)

    return pd.concat([shown(column) for _, column in table.items()], axis="columns")


def _whole(number: Any) -> Any:
    is_whole = isinstance(number, float) and number.is_integer() and abs(number) < _EXACT
    return int(number) if is_whole else number


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, list):
        return "|".join(str(_cell(one)) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
