from __future__ import annotations

import pytest

from odm_shiny.connect import connect
from odm_shiny.errors import FrameError, QueryError
from odm_shiny.query.expr import field
from odm_shiny.query.query import Query

LIVER = field("Tissue") == "liver"


@pytest.fixture(params=[True, False], ids=["extensions", "none"])
def client(request, filled):
    with connect(store=filled.where, extensions=request.param) as found:
        yield found


@pytest.mark.parametrize("genes", [(), ("TP53", "MÜ")], ids=["stream", "items"])
def test_runs_come_with_the_attributes_of_their_samples(client, filled, genes):
    query = client.query().where(study=f'"genestack:accession"={filled.study}', sample=LIVER)
    query = query.genes(*genes) if genes else query
    matrix = client.matrix(query, samples=True)
    assert matrix.obs["Sample Name"].to_list() == ["Müller 1", "Müller 2"]
    assert matrix.obs["Age"].to_list() == [52, 38]
    assert matrix.obs["Tissue"].to_list() == ["liver"] * 2
    assert matrix.obs["groupId"].to_list() == [filled.data] * 2
    assert matrix.obs["sample.groupId"].to_list() == [filled.samples] * 2
    plain = client.matrix(query)
    assert "Tissue" not in plain.obs
    assert (plain.X == matrix.X).all()


def test_a_sample_is_found_behind_a_library(client, filled):
    matrix = client.matrix(filled.layered_data, measurement="FC", samples=True)
    assert matrix.obs["library"].notna().all()
    assert matrix.obs["Sample Source ID"].to_list() == ["T-01", "T-02"]
    assert matrix.obs["Tissue"].to_list() == ["liver", "lung"]


def test_a_run_of_a_pooled_library_has_what_its_samples_share(layered_folder, tmp_path):
    samples = layered_folder / "Two.samples.tsv"
    samples.write_text("Sample Source ID\tTissue\tSex\nT-01\tliver\tF\nT-02\tlung\tF\n")
    libraries = layered_folder / "Two.libraries.tsv"
    libraries.write_text("Library ID\tSample Source ID\nL-01\tT-01|T-02\nL-02\tT-02\n")
    with connect(store=tmp_path / "store") as client:
        done = client.import_folder(layered_folder)
        obs = client.matrix(done.groups["Two.tsv"], measurement="p", samples=True).obs
        known = {
            one["Sample Source ID"]: one["genestack:accession"] for one in client.samples.find()
        }
    assert obs["sample"].to_list() == [f"{known['T-01']}|{known['T-02']}", known["T-02"]]
    assert obs["Sex"].to_list() == ["F", "F"]
    assert obs["Tissue"].to_list() == [None, "lung"]


def test_a_file_is_a_matrix_by_its_accession(client, filled):
    matrix = client.matrix(filled.data)
    assert (len(matrix), matrix.shape) == (3, (3, 5))
    assert matrix["MÜ"].to_list()[:2] == [1, 2]


@pytest.mark.parametrize("given", [3, None, ["GSF1"]], ids=str)
def test_what_is_no_query_is_refused_with_what_would_be(client, given):
    with pytest.raises(QueryError, match=r"of a query, odm\.query\(\)\.where\(\.\.\.\), or of a"):
        client.matrix(given)


def test_a_wide_frame_tells_what_is_known_of_runs(client, filled):
    query = client.query().where(study=f'"genestack:accession"={filled.study}').genes("TP53")
    wide = client.matrix(query, samples=True).to_pandas(obs=True)
    assert wide["TP53"].to_list() == [12.5, 0, 3.25]
    assert wide["Sample Name"].to_list() == ["Müller 1", "Müller 2", "007"]
    assert wide.index.to_list() == ["S-01", "S-02", "S-03"]


def test_anndata_tells_where_it_is_from(client, filled, tmp_path):
    import anndata

    study = f'"genestack:accession"={filled.study}'
    query = client.query().where(study=study).genes("TP53", "MÜ").versions("*")
    data = client.to_anndata(query)
    assert data.shape == (3, 2)
    assert data.obs["Tissue"].to_list() == ["liver", "liver", "lung"]
    assert sorted(data.var_names) == ["MÜ", "TP53"]
    told = data.uns["odm"]
    assert Query.from_url(told["query"]) == query
    assert (told["versions"], list(told["files"])) == ("*", [filled.data])
    assert told["time"].endswith("Z")
    scope = {}
    exec(told["code"], scope)
    assert scope["query"] == query
    data.obs = data.obs[["Tissue"]]
    data.write_h5ad(tmp_path / "x.h5ad")
    assert anndata.read_h5ad(tmp_path / "x.h5ad").uns["odm"]["query"] == told["query"]


def test_the_same_for_event_loops(on, filled):
    data = on(filled.where, lambda client: client.to_anndata(filled.data))
    assert data.obs["Sample Name"].to_list() == ["Müller 1", "Müller 2", "007"]


def test_a_feature_that_is_not_there_is_named_with_the_nearest(client, filled):
    matrix = client.matrix(filled.data)
    with pytest.raises(FrameError, match="no feature is called 'tp53': did you mean 'TP53'"):
        matrix["tp53"]
    with pytest.raises(FrameError, match=r"one feature is matrix\[\"TP53\"\]"):
        matrix[0:2]
    with pytest.raises(AttributeError, match=r"no 'groupby'.*\.to_pandas\(\) is a table of it"):
        matrix.groupby  # noqa: B018
    assert "3 runs x 5 features" in matrix._repr_html_()
