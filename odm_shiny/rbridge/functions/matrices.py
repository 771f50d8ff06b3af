"""Matrices as R has them: features in rows, runs in columns, and what is known of both."""

from __future__ import annotations

from typing import Any

from odm_shiny.query.code_r import to_r
from odm_shiny.rbridge.functions.arguments import client_of, single, text
from odm_shiny.rbridge.functions.questions import build


def matrix(
    connection: Any, steps: Any, measurement: Any = None, attributes: Any = True
) -> dict[str, Any]:
    """Return the expression that a question finds.

    Parameters
    ----------
    measurement
        Which value, where files hold several.
    attributes
        Fetch the attributes of the samples that runs are linked to.

    Returns
    -------
    ``values`` (n_features, n_runs) with their names, NaN as NA; ``row_data`` and ``col_data``
    frames with one row each; ``assay`` the name of the values; ``source`` where they are from:
    ``query``, ``versions``, ``files``, ``time``, ``odm`` and the ``code`` in R.
    """
    from odm_shiny.rbridge.matrices import Matrix  # loads R's library

    client, query = client_of(connection), build(steps)
    chosen = None if measurement is None else text(measurement)
    found = client.matrix(query, measurement=chosen, samples=bool(single(attributes)))
    address = None if client.samples.session.local else found.source["odm"]
    return {
        "values": Matrix(
            found.X.T,
            row_names=[str(name) for name in found.var.index],
            column_names=[str(name) for name in found.obs.index],
            nan_is_missing=True,
        ),
        "row_data": found.var.reset_index(drop=True),
        "col_data": found.obs.reset_index(drop=True),
        "assay": chosen or "value",
        "source": {**found.source, "code": to_r(query, url=address, run=True)},
    }
