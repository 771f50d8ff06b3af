"""The metadata of the samples that a query finds: read once, shown in many places."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from odm_shiny.modules.asked import after_of
from odm_shiny.modules.asking import Samples, read_samples
from odm_shiny.modules.reactives import as_reactive
from odm_shiny.modules.work import Latest, latest
from odm_shiny.query.query import Query

if TYPE_CHECKING:
    from odm_shiny.client.client import Client

_ON_DATA = ("data_query", "expression_filter", "use_versions", "group")


def samples_of(query: Query) -> Query:
    """Return the query for samples alone: what is asked of data is left out."""
    return query.without(*_ON_DATA).samples()


def sample_records(
    client: Client | Callable[[], Client], query: Callable[[], Query]
) -> Latest[Samples]:
    """Keep the metadata of the samples of a query up to date; call it in a server function.

    The conditions on data are left out, so another gene does not read the samples again. Pass what
    is returned to the modules that show samples, and they are read once for all of them.
    """
    get_client = as_reactive(client)
    return latest(
        lambda: partial(read_samples, get_client(), samples_of(query())), after=after_of(query)
    )
