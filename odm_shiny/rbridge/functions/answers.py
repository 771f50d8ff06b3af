"""Answers: tables, counts and single records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odm_shiny.errors import BadRequest, NotFound, StatusError
from odm_shiny.rbridge.functions.arguments import client_of, text, texts, whole
from odm_shiny.rbridge.functions.questions import build

if TYPE_CHECKING:
    import pandas as pd

RECORD_KINDS = ("studies", "samples", "libraries", "preparations")


def collect(connection: Any, steps: Any) -> pd.DataFrame:
    """Return the whole answer: one row a record, a file, or a value of a feature in a run.

    A question for one file of data as a matrix gives its table, features by runs.
    """
    frame: pd.DataFrame = client_of(connection).run(build(steps)).to_pandas()
    return frame


def total(connection: Any, steps: Any) -> int:
    """Return how many rows the answer has."""
    found: Any = client_of(connection).run(build(steps))
    return int(found.total() if hasattr(found, "total") else len(found.to_pandas()))


def explain(connection: Any, steps: Any) -> pd.DataFrame:
    """Return what each condition leaves: ``step``, ``count``, ``exact``, ``label``."""
    import pandas as pd

    rows = [
        (step.name, step.count, step.exact, step.label)
        for step in client_of(connection).explain(build(steps))
    ]
    return pd.DataFrame(rows, columns=["step", "count", "exact", "label"])


def facets(connection: Any, steps: Any, attributes: Any = None, limit: Any = 20) -> pd.DataFrame:
    """Return the values of attributes with their counts; a missing value is counted last."""
    import pandas as pd

    names = None if attributes is None else texts(attributes)
    found = client_of(connection).facets(build(steps), names, limit=whole(limit))
    rows: list[tuple[str, str | None, int]] = []
    for attribute, facet in found.facets.items():
        rows += [(attribute, value, count) for value, count in facet.values]
        rows += [(attribute, None, facet.n_unset)] if facet.n_unset else []
    frame = pd.DataFrame(rows, columns=["attribute", "value", "count"])
    return frame.astype({"attribute": object, "value": object, "count": "int64"})


def record(connection: Any, accession: Any, metadata: Any = None) -> dict[str, Any]:
    """Return the record, or the file of data, of an accession.

    Raises
    ------
    NotFound
        There is none, or none that this user may see.
    """
    client, name = client_of(connection), text(accession)
    level = None if metadata is None else text(metadata)
    for kind in RECORD_KINDS:
        try:
            found: dict[str, Any] = getattr(client, kind).get(name, metadata=level)
        except (NotFound, BadRequest):
            continue  # servers call an accession of another kind unknown, or malformed
        return found
    try:
        return client.expressions.group(name, metadata=level)
    except (NotFound, BadRequest) as exc:
        raise unknown(name, exc) from exc


def unknown(accession: str, error: StatusError) -> NotFound:
    """Make the error of an accession that nothing has, out of the last one that a server gave."""
    return NotFound(
        f"{accession} is no study, sample, library, preparation or file of data that you may see",
        status=404,
        request_id=error.request_id,
    )
