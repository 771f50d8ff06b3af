"""Values of features with the samples they belong to, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from odm_shiny.analysis.profile import value_text
from odm_shiny.errors import FrameError
from odm_shiny.modules.asking import page_limit

if TYPE_CHECKING:
    from odm_shiny.client.client import Client
    from odm_shiny.client.results import ExpressionTable
    from odm_shiny.query.query import Query

_PAIR_IDS = {"library": "libraryId", "preparation": "preparationId"}
_LINKED = ("sample", *_PAIR_IDS)


@dataclass(frozen=True, eq=False)
class FeatureValues:
    """Values that a query found, one a run and feature.

    Attributes
    ----------
    query
        The query that ran.
    features
        Distinct features, each by its attributes, as the file names them.
    feature_codes : (n_values,) int64
        Which feature each value is of.
    runs : n_values names
        Name of the run (column of the file) of each value.
    samples : n_values accessions
        Sample of each value; ``None`` where the run is linked to none.
    measurements
        Name to (n_values,) float64, NaN = missing. Most files have one, called ``value``.
    read_at
        When they were read.
    is_direct
        Every run is linked to a sample itself, none by way of a library or preparation.
    """

    query: Query
    features: tuple[dict[str, Any], ...]
    feature_codes: npt.NDArray[np.int64]
    runs: tuple[str, ...]
    samples: tuple[str | None, ...]
    measurements: dict[str, npt.NDArray[np.float64]]
    read_at: datetime
    is_direct: bool = True

    def __len__(self) -> int:
        return len(self.runs)

    def values_of(self, measurement: str, feature: int) -> npt.NDArray[np.float64]:
        """Return one measurement, NaN wherever a value is of another feature.

        Raises
        ------
        FrameError
            There is no such measurement.
        """
        if measurement not in self.measurements:
            raise FrameError(f"no {measurement!r}: there are {', '.join(self.measurements)}")
        return np.where(self.feature_codes == feature, self.measurements[measurement], np.nan)


def read_values(client: Client, query: Query) -> FeatureValues:
    """Ask for values; runs that are linked to libraries or preparations are led to their samples.

    Parameters
    ----------
    query
        Of the kind ``expression``.
    """
    found = client.run(query, page_limit=page_limit(client, query))
    table = cast("ExpressionTable", found)
    table.total()  # reads all pages, as no cursor tells how many there are
    items = table.items
    linked = items.parts["relationships"]
    pairs = [_linked(one) for one in linked.objects]
    leads = _lead_to_samples(client, pairs)
    samples = [
        accession if kind == "sample" else leads.get((kind, accession)) for kind, accession in pairs
    ]
    origins = items.parts["itemOrigin"]
    names = [str(origin.get("runSourceId", "")) for origin in origins.objects]
    return FeatureValues(
        query=query,
        features=tuple(items.parts["feature"].objects),
        feature_codes=items.parts["feature"].all_codes().astype(np.int64),
        runs=tuple(map(names.__getitem__, origins.all_codes().tolist())),
        samples=tuple(map(samples.__getitem__, linked.all_codes().tolist())),
        measurements={name: items.measurement(name) for name in items.measurements},
        read_at=datetime.now(UTC),
        is_direct=not leads,
    )


def feature_labels(features: Sequence[dict[str, Any]]) -> list[str]:
    """Tell features apart in as few words as possible: by the attributes in which they differ.

    Examples
    --------
    >>> feature_labels([{"gene": "CD3D", "probe": "38319_at"}, {"gene": "CD3D", "probe": "1_at"}])
    ['38319_at', '1_at']
    """
    names = list(dict.fromkeys(name for one in features for name in one))
    texts = [{name: value_text(one.get(name)) or "" for name in names} for one in features]
    telling = [name for name in names if len({one[name] for one in texts}) > 1] or names[:1]
    for name in telling:  # the fewest that tell all of them apart: mostly one identifier
        if len({one[name] for one in texts}) == len(texts):
            telling = [name]
            break
    return [" · ".join(one[name] for name in telling if one[name]) for one in texts]


def most_variable(values: FeatureValues, measurement: str) -> int:
    """Return the feature that varies most: the largest interquartile range over all values.

    The same rule picks the probe of a gene in the demo data; it does not look at groups.
    """
    spreads = []
    for number in range(len(values.features)):
        column = values.values_of(measurement, number)
        present = column[~np.isnan(column)]
        low, high = np.quantile(present, [0.25, 0.75]) if len(present) else (0.0, -1.0)
        spreads.append(float(high - low))
    return int(np.argmax(spreads)) if spreads else 0


def _linked(relationships: dict[str, Any]) -> tuple[str, str]:
    for kind in _LINKED:
        accession = relationships.get(kind)
        if accession:
            return kind, str(accession)
    return "", ""


def _lead_to_samples(
    client: Client, linked: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    waiting = {pair for pair in linked if pair[0] in _PAIR_IDS}
    found: dict[tuple[str, str], str] = {}
    while waiting:
        kind, accession = min(waiting)
        records = client.libraries if kind == "library" else client.preparations
        group = records.get(accession, metadata="default").get("groupId")
        pairs = client.links.pairs(kind, "sample", str(group)) if group else ()
        for pair in pairs:
            found[kind, str(pair.get(_PAIR_IDS[kind]))] = str(pair.get("sampleId"))
        waiting -= {(kind, accession), *found}
    return found
