"""What this project adds to ODM's API: facet counts, gene search, funnel, templates, who I am."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from odm_shiny.server.conditions import Conditions, omics_conditions
from odm_shiny.server.planner import Mask, Planner
from odm_shiny.server.planning import plan
from odm_shiny.server.routes import Call, handles
from odm_shiny.server.template_book import TemplateBook
from odm_shiny.server.visibility import not_found, visible_record

if TYPE_CHECKING:
    from odm_shiny.store.expression_files import DataFile

DEFAULT_FACET_VALUES = 20
DEFAULT_FEATURES = 20


@handles("GET /odm-shiny/facets")
def count_facets(call: Call) -> dict[str, Any]:
    """Values of attributes and how often they occur among the objects that match."""
    kind = call.query.get("kind") or "sample"
    limit = call.query.get("limit", DEFAULT_FACET_VALUES)
    with call.service.store.read() as tx:
        planner = plan(call, tx, omics_conditions(call.query))
        mask = _matching(planner, kind)
        search = call.service.store.search
        asked = call.query.get("attribute")
        names = asked or [name for name, _ in search.attributes(tx, kind)]
        facets = search.facets(tx, kind, mask, names, limit)
    return {
        "kind": kind,
        "total": int(mask.sum()),
        "facets": {
            name: {
                "values": [{"value": value, "count": count} for value, count in facet.values],
                "nValues": facet.n_values,
                "nUnset": facet.n_unset,
            }
            for name, facet in facets.items()
            # Even the name of an attribute that only others' objects have is not for this user.
            if asked or facet.n_values
        },
    }


@handles("GET /odm-shiny/features")
def suggest_features(call: Call) -> dict[str, Any]:
    """Features of data files whose name begins with, or else contains, a text."""
    limit = call.query.get("limit", DEFAULT_FEATURES)
    column = call.query.get("column")
    found: dict[str, None] = {}
    with call.service.store.read() as tx:
        planner = Planner(call.service.store, tx, call.user, Conditions())
        for file in _files(call, planner):
            matrix = call.service.store.matrices.open(file.matrix_id)
            if column is None or column in matrix.feature_columns:
                names = matrix.suggest(call.query.get("prefix") or "", limit, column)
                found.update(dict.fromkeys(names))
    return {"features": list(found)[:limit]}


@handles("GET /odm-shiny/funnel")
def count_funnel(call: Call) -> dict[str, Any]:
    """How many studies and samples are left after each condition."""
    with call.service.store.read() as tx:
        planner = plan(call, tx, omics_conditions(call.query))
        search = call.service.store.search
        in_studies = planner.visible("sample")
        if planner.conditions.of("study"):
            in_studies = in_studies & search.sources(tx, "sample", "study", planner.studies)
        linked = planner.samples & planner.samples_of_runs(planner.linked_runs)
        steps = [
            ("studies", int(planner.studies.sum())),
            ("samplesInStudies", int(in_studies.sum())),
            ("samplesMatching", int(planner.samples.sum())),
            ("samplesWithData", int(linked.sum())),
            (
                "samplesWithMatchingData",
                int(
                    planner.samples_with_data.sum()
                    if planner.conditions.data is not None
                    else linked.sum()
                ),
            ),
        ]
    return {"steps": [{"name": name, "count": count} for name, count in steps]}


@handles("GET /odm-shiny/templates/by/study/{id}")
def template_of_study(call: Call) -> dict[str, Any]:
    """The template applied to a study."""
    with call.service.store.read() as tx:
        study = visible_record(call, tx, call.path["id"], ("study",))
        book = TemplateBook(tx)
        return book.describe(book.applied([study])[0])


@handles("GET /odm-shiny/templates/default")
def default_template(call: Call) -> dict[str, Any]:
    """The default template."""
    with call.service.store.read() as tx:
        return TemplateBook(tx).describe(None)


@handles("GET /odm-shiny/whoami")
def whoami(call: Call) -> dict[str, Any]:
    """The user that the credentials belong to."""
    return {
        "email": call.user.email,
        "name": call.user.name,
        "permissions": sorted(call.user.permissions),
        "isCurator": call.user.is_curator,
        "isAdmin": call.user.is_admin,
    }


def _matching(planner: Planner, kind: str) -> Mask:
    """Objects of a kind that meet all conditions, those on other kinds through the links."""
    if kind == "sample":
        return planner.samples_with_data
    others = set(planner.conditions.kinds) - {kind}
    mask = planner.own(kind)
    if not others and not planner.conditions.on_data:
        return mask
    samples = planner.samples_with_data
    if kind == "study":
        return mask & planner.store.search.targets(planner.tx, "sample", "study", samples)
    return mask & planner.store.search.sources(planner.tx, kind, "sample", samples)


def _files(call: Call, planner: Planner) -> list[DataFile]:
    runs = planner.visible("expression")
    files = [file for file, _, _ in planner.runs_by_file(runs)]
    wanted = call.query.get("groupAccession")
    if not wanted:
        active = {file.accession for file in planner.selected_files}
        return [file for file in files if file.accession in active]
    by_accession = {file.accession: file for file in files}
    for accession in wanted:
        if accession not in by_accession:
            raise not_found(accession, ("expression_group",))
    return [by_accession[accession] for accession in wanted]
