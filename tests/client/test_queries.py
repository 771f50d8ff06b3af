"""Queries, funnels, matrices and what forms ask, with and without this project's own operations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from odm_shiny.client.clock import SystemClock
from odm_shiny.client.steps import Driver
from odm_shiny.connect import connect
from odm_shiny.errors import FrameError, QueryError
from odm_shiny.query.expr import feature, field, value
from odm_shiny.query.query import Query

pytestmark = pytest.mark.usefixtures("filled")


@pytest.fixture(params=[True, False], ids=["extensions", "plain ODM"])
def options(request):
    return {"extensions": request.param}


QUERIES = [
    Query(),
    Query().where(sample=field("Tissue") == "liver"),
    Query().where(study=field("Study Title") == "Libraries"),
    Query().where(study=field("Study Title") == "nothing of the kind"),
    Query().where(sample=field("Tissue") == "liver").genes("TP53").at_least(1.0),
    Query().genes("TP53"),
    Query().where(expression=field("Scale") == "TPM").genes("TP53").at_least(4),
    Query().where(library=field("Library ID") == "L-01"),
    Query().text(study="liver"),
]


@pytest.mark.parametrize("query", QUERIES, ids=repr)
def test_a_funnel_is_the_same_with_and_without_extensions(filled, on, query):
    own = on(filled.where, lambda c: c.explain(query))
    plain = on(filled.where, lambda c: c.explain(query), extensions=False)
    assert [(step.name, step.count) for step in own] == [(step.name, step.count) for step in plain]
    assert all(step.exact for step in plain)


def test_a_funnel_shows_what_each_condition_leaves(filled, on, options):
    query = Query().where(sample=field("Tissue") == "liver").genes("TP53").at_least(1.6)
    found = on(filled.where, lambda c: c.explain(query), **options)
    assert str(found).splitlines() == [
        "2 studies match",
        "5 samples in these studies",
        "3 of them match",
        "3 of them have expression data",
        "1 of them have matching values",
    ]
    assert found["samplesMatching"] == 3
    assert "<td>of them match</td>" in found._repr_html_()


def test_a_count_that_stops_is_marked_as_a_lower_bound(filled, on, monkeypatch):
    monkeypatch.setattr("odm_shiny.client.funnel.MOST_COUNTED", 2)
    found = on(filled.where, lambda c: c.explain(Query().genes("TP53")), extensions=False)
    assert [str(step) for step in found] == ["2", "5", "at least 2", "at least 2", "at least 2"]


def answerable(query):
    """A single request of an ODM answers it."""
    try:
        query.request()
    except QueryError:
        return False
    return True


KINDS = ("studies", "samples", "libraries", "preparations")
FACETED = [getattr(query, kind)() for query in QUERIES for kind in KINDS]


@pytest.mark.parametrize("query", [*filter(answerable, FACETED)], ids=repr)
def test_facets_are_the_same_with_and_without_extensions(filled, on, query):
    names = ["Tissue", "Age", "Data Files / Raw", "Study Title", "no such"]
    own = on(filled.where, lambda c: c.facets(query, names))
    plain = on(filled.where, lambda c: c.facets(query, names), extensions=False)
    assert own == plain


def test_facets_count_each_value_of_a_list_and_what_is_unset(filled, on, options):
    found = on(filled.where, lambda c: c.facets(Query(), ["Tissue", "Data Files / Raw"]), **options)
    assert (found.kind, found.total, found.exact) == ("sample", 5, True)
    assert found["Tissue"].values == (("liver", 3), ("lung", 2))
    files = found["Data Files / Raw"]
    assert (files.values, files.n_values, files.n_unset) == (
        (("a.fq", 1), ("b.fq", 1), ("c.fq", 1)),
        3,
        3,
    )
    few = on(filled.where, lambda c: c.facets(Query(), ["Tissue"], limit=1), **options)
    assert (few["Tissue"].values, few["Tissue"].n_values) == ((("liver", 3),), 2)


@pytest.mark.parametrize("prefix", ["", "t", "P5", "Ü", "zzz"])
@pytest.mark.parametrize("column", [None, "gene"])
def test_features_are_suggested_alike_with_and_without_extensions(filled, on, prefix, column):
    groups = [filled.layered_data] if column else [filled.data, filled.layered_data]

    def work(c):
        return c.suggest_features(groups, prefix, column=column, limit=4)

    assert on(filled.where, work) == on(filled.where, work, extensions=False)


def test_features_that_begin_alike_come_before_those_that_hold_it(filled, on, options):
    found = on(filled.where, lambda c: c.suggest_features(filled.data, "C"), **options)
    assert found == ["CD36", "ABCB1", "ACTB"]


def test_the_fields_of_a_study_come_from_its_template(filled, on, options):
    found = on(filled.where, lambda c: c.template_of(filled.study), **options)
    assert "Study Title" in found.names("study")
    assert "Tissue" in found.names("genestack:sampleObject")
    assert "groupId" not in found.names("genestack:sampleObject")
    assert (found.accession is not None) == options["extensions"]


def test_who_the_token_belongs_to_is_known_where_it_can_be(filled, on, options):
    found = on(filled.where, lambda c: c.whoami(), **options)
    assert (found is not None) == options["extensions"]


def test_an_odm_without_our_operations_is_asked_once_and_then_left_in_peace(stub, ask, replies):
    def script(request):
        if "/odm-shiny/" in request.path:
            return replies.http(404, b"<html>nothing here</html>", {"Content-Type": "text/html"})
        return replies.http(200, {"data": [], "meta": {"pagination": {"total": 0, "count": 0}}})

    stub.script = script
    with connect(stub.url, "token-1", cache=False) as client:
        client.facets(Query(), ["Tissue"])
        client.facets(Query(), ["Tissue"])
    assert sum("/odm-shiny/" in request.path for request in stub.requests) == 1


@pytest.mark.parametrize("query", QUERIES, ids=repr)
def test_run_gives_as_many_samples_as_the_funnel_counts(filled, on, query):
    last = "samplesMatching" if query.data_query is None else "samplesWithMatchingData"
    funnel = on(filled.where, lambda c: c.explain(query))
    with connect(store=filled.where) as client:
        found = client.run(query)
        assert found.total() == len(found.to_list()) == len(list(found)) == funnel[last]


def test_a_query_bound_to_a_client_runs_by_itself(filled):
    with connect(store=filled.where) as client:
        query = client.query().where(sample=field("Tissue") == "lung")
        assert {one["Sample Source ID"] for one in query.run()} == {"S-03", "T-02"}
        assert query.explain()["samplesMatching"] == 2
        frame = query.genes("TP53").expression().run().to_pandas()
        assert frame["value"].tolist() == [3.25]
        assert query.limited_to(1).run().total() == 1
        matrix = query.without("sample_filter").matrix(filled.data).run().to_matrix()
        assert matrix.X.shape == (3, 5)


def test_a_long_query_is_asked_in_parts(filled):
    names = [f"no sample {n}" for n in range(900)]
    query = Query().where(sample=field("Sample Source ID").is_in([*names, "S-02", "T-01"]))
    assert len(query.requests()) > 2
    with connect(store=filled.where) as client:
        found = [one["Sample Source ID"] for one in client.run(query)]
    assert sorted(found) == ["S-02", "T-01"]


def matrix(on, where, query, **options):
    return on(where, lambda c: c.matrix(query, **options))


ALL = np.array(
    [
        [12.5, 1, 6.559, 0.1, 100],
        [0, 2, 7.5, 0.2, 200],
        [3.25, math.nan, 8, 0.30000000000000004, 300],
    ]
)
GENES = ["TP53", "MÜ", "ABCB1", "CD36", "ACTB"]


def test_a_whole_file_is_a_matrix(filled, on):
    found = matrix(on, filled.where, Query().matrix(filled.data))
    assert np.array_equal(found.X, ALL, equal_nan=True)
    assert list(found.obs.index) == ["S-01", "S-02", "S-03"]
    assert list(found.var.index) == GENES
    assert found.obs["sample"].str.startswith("GSF").all()
    assert set(found.obs["groupId"]) == {filled.data}


def test_few_features_and_many_give_the_same_numbers(filled, on, monkeypatch):
    query = Query().where(study=field("Study Title") == "Étude of liver")
    chosen = query.genes("TP53", "ABCB1", "CD36")
    by_items = matrix(on, filled.where, chosen)
    monkeypatch.setattr("odm_shiny.client.matrices.FEW_FEATURES", 1)
    by_stream = matrix(on, filled.where, chosen)
    names = ["TP53", "ABCB1", "CD36"]
    for found in (by_items, by_stream):
        frame = found.to_pandas()[names]
        assert np.array_equal(frame.to_numpy(), ALL[:, [0, 2, 3]])
        assert list(found.obs.index) == ["S-01", "S-02", "S-03"]
        assert "sample" in found.obs
        assert found.var.index.name == by_items.var.index.name


def test_conditions_on_samples_choose_rows(filled, on):
    query = Query().where(sample=field("Tissue") == "liver", study='"Study Title"="Étude of liver"')
    found = matrix(on, filled.where, query)
    assert np.array_equal(found.X, ALL[:2])


def test_a_condition_on_values_leaves_the_values_that_match(filled, on):
    query = Query().data((feature().is_in(["TP53", "ACTB"])) & (value() >= 3))
    found = matrix(on, filled.where, query).to_pandas()
    assert found.loc["S-01", "TP53"] == 12.5
    assert math.isnan(found.loc["S-02", "TP53"])
    assert found["ACTB"].tolist() == [100, 200, 300]


def test_one_of_several_measurements_is_read_either_way(filled, on, monkeypatch):
    query = Query().where(study=field("Study Title") == "Libraries")
    for few in (0, 200):
        monkeypatch.setattr("odm_shiny.client.matrices.FEW_FEATURES", few)
        for one in (query, query.genes("x1", "x2")):
            found = matrix(on, filled.where, one, measurement="p")
            assert np.array_equal(found.X, [[0.01, math.nan], [0.5, 1e-20]], equal_nan=True)
            assert list(found.var["gene"]) == ["TP53", "MÜ"]
            assert list(found.obs.index) == ["L-01", "L-02"]
            assert found.obs["library"].str.startswith("GSF").all()
            with pytest.raises(FrameError, match="say which"):
                matrix(on, filled.where, one)


def test_several_files_make_one_matrix(filled, on, study_folder, tmp_path):
    store = tmp_path / "store"
    for _ in range(2):
        on(store, lambda c: c.import_folder(study_folder))
    found = matrix(on, store, Query())
    assert np.array_equal(found.X, np.vstack([ALL, ALL]), equal_nan=True)
    assert found.obs.index.is_unique
    assert found.obs["groupId"].nunique() == 2


def test_nothing_that_matches_is_an_empty_matrix(filled, on):
    query = Query().where(study=field("Study Title") == "nothing of the kind")
    assert matrix(on, filled.where, query).X.shape == (0, 0)
    assert matrix(on, filled.where, query.genes("TP53")).X.shape == (0, 0)


def test_runs_that_no_sample_is_linked_to_are_left_out_of_a_matrix(on, study_folder, tmp_path):
    table = study_folder / "Demo.samples.tsv"
    table.write_text("\n".join(table.read_text("utf-8").splitlines()[:-1]) + "\n", "utf-8")
    done = on(tmp_path / "store", lambda c: c.import_folder(study_folder))
    assert "not all" in done.links[1]
    found = matrix(on, tmp_path / "store", Query().matrix(done.groups["Demo.gct"]))
    assert list(found.obs.index) == ["S-01", "S-02"]
    stream = on(
        tmp_path / "store", lambda c: c.expressions.stream(done.groups["Demo.gct"]).to_pandas()
    )
    assert list(stream.columns) == ["feature", "S-01", "S-02", "S-03"]


def test_steps_of_a_matrix_do_not_need_a_client(filled):
    with connect(store=filled.where) as client:
        driver = Driver(client.driver.transport, SystemClock())
        steps = type(client).matrix.steps(client, Query().matrix(filled.data))
        assert driver.run(steps).X.shape == (3, 5)
