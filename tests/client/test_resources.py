"""Every resource against the embedded service, as both twins."""

from __future__ import annotations

import pytest

from odm_shiny.errors import BadRequest, JobFailed, NotFound, QueryError
from odm_shiny.query.expr import feature, field, value

ACCESSION = "genestack:accession"


def test_samples_are_found_by_a_condition_or_its_text(filled, on):
    for condition in (field("Tissue") == "liver", "Tissue=liver"):
        found = on(filled.where, lambda c, one=condition: c.samples.find(one).to_list())
        assert {record["Sample Source ID"] for record in found} == {"S-01", "S-02", "T-01"}


def test_find_keeps_order_over_pages(filled, on):
    names = on(filled.where, lambda c: c.samples.find(sort="-name", page_limit=2).to_list())
    again = on(filled.where, lambda c: c.samples.find(sort="-name").to_list())
    assert names == again
    assert len(names) == 5


@pytest.mark.parametrize(
    ("metadata", "has", "has_not"),
    [
        ("all", ["RIN", "Library ID"], []),
        ("template", ["Library ID", "Flow Cell"], ["RIN"]),
        ("default", ["Library ID"], ["RIN"]),
    ],
)
def test_the_detail_of_metadata_is_one_word(filled, on, metadata, has, has_not):
    (record, _) = on(filled.where, lambda c: c.libraries.find(metadata=metadata).to_list())
    assert all(name in record for name in has)
    assert not any(name in record for name in has_not)
    (same, _) = on(filled.where, lambda c: c.libraries.find().to_list(), metadata=metadata)
    assert same == record


def test_a_word_that_is_no_detail_is_told_with_the_near_one(filled, on):
    with pytest.raises(QueryError, match=r"did you mean 'template'\?"):
        on(filled.where, lambda c: c.samples.find(metadata="tempalte").to_list())
    with pytest.raises(QueryError, match="role='admin'"):
        on(filled.where, lambda c: None, role="admin")


def test_one_record_is_read_with_its_versions(filled, on):
    def work(c):
        return c.samples.find("Tissue=lung", limit=1).to_list()

    (record,) = on(filled.where, work)
    accession = record[ACCESSION]
    assert on(filled.where, lambda c: c.samples.get(accession)) == record
    (version,) = on(filled.where, lambda c: c.samples.versions(accession))
    then = on(filled.where, lambda c: c.samples.version(accession, version["version"]))
    assert then["Tissue"] == "lung"


def test_what_is_not_there_is_not_found(filled, on):
    with pytest.raises(NotFound):
        on(filled.where, lambda c: c.samples.get("GSF999999"))


def test_groups_of_libraries_and_preparations_are_listed(filled, on):
    for kind, n in (("libraries", 2), ("preparations", 1)):
        found = on(filled.where, lambda c, kind=kind: getattr(c, kind).find().to_list())
        group = found[0]["groupId"]
        listed = on(
            filled.where,
            lambda c, kind=kind, group=group: getattr(c, kind).by_group(group).to_list(),
        )
        assert listed == found
        assert len(listed) == n


def test_samples_are_found_by_their_data(filled, on):
    found = on(
        filled.where,
        lambda c: c.omics.samples(ex_query=(feature() == "TP53") & (value() >= 3)).to_list(),
    )
    assert {record["Sample Source ID"] for record in found} == {"S-01", "S-03"}
    assert all("groupId" in record for record in found)


def test_values_come_with_runs_samples_and_metadata(filled, on):
    frame = on(
        filled.where,
        lambda c: c.omics.expression(
            ex_query=feature().is_in(["TP53", "MÜ"]), sample_filter=field("Tissue") == "liver"
        ).to_pandas(),
    )
    assert len(frame) == 4
    assert set(frame["runSourceId"]) == {"S-01", "S-02"}
    assert frame.set_index(["runSourceId", "feature"])["value"].to_dict() == {
        ("S-01", "TP53"): 12.5,
        ("S-01", "MÜ"): 1.0,
        ("S-02", "TP53"): 0.0,
        ("S-02", "MÜ"): 2.0,
    }
    assert set(frame["Scale"]) == {"TPM"}
    assert frame["sample"].str.startswith("GSF").all()


def test_a_data_search_without_a_data_query_is_told_what_to_use(filled, on):
    with pytest.raises(QueryError, match=r"expressions\.stream"):
        on(filled.where, lambda c: c.omics.expression(sample_filter="Tissue=liver").to_list())


def test_an_unknown_condition_is_told_with_the_near_one(filled, on):
    with pytest.raises(QueryError, match="did you mean sample_filter"):
        on(filled.where, lambda c: c.omics.samples(sample_fitler="A=1").to_list())


def test_a_condition_the_server_refuses_is_a_bad_request(filled, on):
    with pytest.raises(BadRequest, match="expected a value"):
        on(filled.where, lambda c: c.samples.find("Tissue=").to_list())


def test_files_runs_and_items_are_read(filled, on):
    groups = on(filled.where, lambda c: c.expressions.groups().to_list())
    assert [group["itemId"] for group in groups] == [filled.data, filled.layered_data]
    assert on(filled.where, lambda c: c.expressions.group(filled.data)) == groups[0]
    runs = on(filled.where, lambda c: c.expressions.runs(filled.data).to_list())
    assert [run["itemOrigin"]["runSourceId"] for run in runs] == ["S-01", "S-02", "S-03"]
    run = runs[0]["itemOrigin"]["runId"]
    assert on(filled.where, lambda c: c.expressions.group_by_run(run))["itemId"] == filled.data
    item = on(filled.where, lambda c: c.expressions.get(f"{run}-TP53"))
    assert item["value"] == {"value": 12.5}
    found = on(
        filled.where,
        lambda c: c.expressions.find(run_filter=run, features=["TP53", "ACTB"]).to_list(),
    )
    assert [one["value"]["value"] for one in found] == [100.0, 12.5]
    assert len(on(filled.where, lambda c: c.expressions.versions(run))) == 1


def test_groups_are_flat_in_a_frame_and_as_given_in_a_list(filled, on):
    frame = on(filled.where, lambda c: c.omics.expression_groups().to_pandas())
    assert list(frame["itemId"]) == [filled.data, filled.layered_data]
    assert frame["Scale"][0] == "TPM"


def test_links_are_read_from_every_side(filled, on):
    def lists(work):
        return on(filled.where, work)

    samples = lists(lambda c: c.links.linked("sample", "study", filled.study).to_list())
    assert [record["Sample Source ID"] for record in samples] == ["S-01", "S-02", "S-03"]
    sample = samples[0][ACCESSION]
    (study,) = lists(lambda c: c.links.linked("study", "sample", sample).to_list())
    assert study[ACCESSION] == filled.study
    (run,) = lists(lambda c: c.links.linked("expression", "sample", sample).to_list())
    assert run["itemOrigin"]["runSourceId"] == "S-01"
    libraries = lists(lambda c: c.libraries.find().to_list())
    of_sample = lists(lambda c: c.samples.find('"Sample Source ID"=T-01').to_list())[0][ACCESSION]
    assert (
        lists(lambda c: c.links.linked("library", "sample", of_sample).to_list()) == libraries[:1]
    )
    groups = lists(lambda c: c.links.groups_of_study("expression", filled.layered).to_list())
    assert [group["itemId"] for group in groups] == [filled.layered_data]
    condition = '"Sample Source ID"=S-03'
    (study,) = lists(lambda c: c.links.matching("study", "sample", condition).to_list())
    assert study[ACCESSION] == filled.study


def test_pairs_tell_which_run_belongs_to_which_object(filled, on):
    pairs = on(filled.where, lambda c: c.links.pairs("expression", "sample", filled.data).to_list())
    assert [pair["runSourceId"] for pair in pairs] == ["S-01", "S-02", "S-03"]
    assert all(pair["sampleId"].startswith("GSF") for pair in pairs)
    paged = on(
        filled.where,
        lambda c: c.links.pairs("expression", "sample", filled.data, page_limit=2).to_list(),
    )
    assert paged == pairs
    few = on(
        filled.where,
        lambda c: c.links.pairs("expression", "sample", filled.data, limit=2).to_list(),
    )
    assert few == pairs[:2]
    other = on(
        filled.where,
        lambda c: c.links.pairs("expression", "library", filled.layered_data).to_list(),
    )
    assert [pair["runSourceId"] for pair in other] == ["L-01", "L-02"]


@pytest.mark.parametrize(
    "work",
    [
        lambda c: c.links.linked("study", "library", "GSF1").to_list(),
        lambda c: c.links.matching("study", "expression", "A=1").to_list(),
        lambda c: c.links.pairs("sample", "study", "GSF1").to_list(),
        lambda c: c.links.groups_of_study("sample", "GSF1").to_list(),
        lambda c: c.links.create("study", "GSF1", "sample", "GSF2"),
    ],
)
def test_a_link_that_odm_does_not_have_is_refused_with_those_it_has(filled, on, work):
    with pytest.raises(QueryError, match="sample"):
        on(filled.where, work)


def test_generic_links_are_listed_in_both_forms(filled, on):
    links = on(filled.where, lambda c: c.links.list(filled.data).to_list())
    assert {(link["firstType"], link["secondType"]) for link in links}
    batch = on(
        filled.where, lambda c: c.links.get_batch("expressionGroup", [filled.data]).to_list()
    )
    assert batch
    assert "expressionGroup" in on(filled.where, lambda c: c.links.data_types())
    assert on(filled.where, lambda c: c.links.data_type_links("study"))


def test_links_are_made_and_removed(embedded, study_folder):
    done = embedded.import_folder(study_folder)
    sample = embedded.samples.find('"Sample Source ID"=S-01').to_list()[0][ACCESSION]
    run = embedded.expressions.runs(done.groups["Demo.gct"]).to_list()[0]["itemOrigin"]["runId"]
    embedded.links.delete("expression", run, "sample", sample)
    with pytest.raises(NotFound):
        embedded.links.delete("expression", run, "sample", sample)
    assert embedded.links.linked("expression", "sample", sample).to_list() == []
    embedded.links.create("expression", run, "sample", sample)
    assert len(embedded.links.linked("expression", "sample", sample)) == 1
    group, samples = done.groups["Demo.gct"], done.groups["Demo.samples.tsv"]
    embedded.links.delete_groups("expression", group, "sample", samples)
    result = embedded.links.create_groups("expression", group, "sample", samples)
    assert result.complete
    with pytest.raises(QueryError, match="linking_attribute"):
        embedded.links.create_groups("sample", samples, "study", "GSF1", linking_attribute="x")


def test_studies_are_searched_by_words_and_narrowed_by_facets(filled, on):
    found = on(filled.where, lambda c: c.search.studies("liver"))
    assert found.total == 2
    facet = next(one for one in found.facets if one.options)
    option = facet.options[0]
    narrowed = on(filled.where, lambda c: c.search.studies("liver", options=[option.id]))
    assert narrowed.total == option.count
    assert [study["accession"] for study in on(filled.where, lambda c: c.search.studies())] != []
    with pytest.raises(QueryError, match="limit=1001"):
        on(filled.where, lambda c: c.search.studies(limit=1001))


def test_validation_is_summed_up_and_listed(filled, on):
    summary = on(filled.where, lambda c: c.validation.summary(filled.study))
    problems = on(filled.where, lambda c: c.validation.problems(filled.study))
    assert isinstance(summary["samples"], list)
    listed = sum(
        len(invalid["errors"])
        for group in summary["samples"]
        for attribute in group["attributes"]
        for invalid in attribute["attributeInvalidValues"]
    )
    assert len(problems) == listed


def test_drafts_are_published_as_a_task(stub, ask, replies):
    stub.answer(replies.http(200, {"id": "GSF9", "status": "DONE"}))
    task = ask(stub.url, lambda c: c.studies.publish("GSF000010", message="Ready"))
    assert task["status"] == "DONE"
    (request,) = stub.requests
    assert request.method == "POST"
    assert request.path.endswith("/integration/studies/GSF000010/tasks/publish-versions")
    assert request.query == {"versionMessage": "Ready"}


def test_a_field_that_is_not_compared_is_refused(filled, on):
    with pytest.raises(QueryError, match="is no condition: compare it"):
        on(filled.where, lambda c: c.samples.find(field("Tissue")).to_list())


def test_a_failed_import_says_what_its_job_says(on, tmp_path):
    bad = tmp_path / "bad.tsv"
    bad.write_text("Sample Source ID\tSample Source ID\nS-01\tS-02\n")
    with pytest.raises(JobFailed) as caught:
        on(tmp_path / "store", lambda c: c.imports.samples(bad))
    assert caught.value.output["status"] == "FAILED"
    assert "Sample Source ID" in str(caught.value)


def test_the_same_link_is_imported_once_if_asked(on, study_folder, tmp_path):
    link = (study_folder / "Demo.samples.tsv").as_uri()

    def work(c):
        return c.imports.samples(link, allow_duplicates=False)

    first = on(tmp_path / "store", work)
    again = on(tmp_path / "store", work)
    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.accession == first.accession
    other = on(tmp_path / "store", lambda c: c.imports.samples(link))
    assert other.accession != first.accession


def test_an_import_can_be_started_and_waited_for_later(on, study_folder, tmp_path):
    started = on(
        tmp_path / "store",
        lambda c: c.imports.samples(study_folder / "Demo.samples.tsv", wait=False),
    )
    assert started.accession is None
    said = []
    result = on(tmp_path / "store", lambda c: c.jobs.wait(started.job, progress=said.append))
    assert result["groupAccession"].startswith("GSF")
    assert said[-1].endswith("completed")
    assert on(tmp_path / "store", lambda c: c.jobs.info(started.job))["status"] == "COMPLETED"


def test_a_version_is_imported_behind_another_by_link(on, study_folder, tmp_path):
    store = tmp_path / "store"
    first = on(store, lambda c: c.imports.expression(study_folder / "Demo.gct"))
    second = on(
        store,
        lambda c: c.imports.expression(
            (study_folder / "Demo.gct").as_uri(),
            metadata=(study_folder / "Demo.gct.tsv").as_uri(),
            previous_version=first.accession,
        ),
    )
    group = on(store, lambda c: c.expressions.group(second.accession))
    assert group["metadata"]["genestack:versionInChain"] == 2
    active = on(store, lambda c: c.expressions.groups().to_list())
    assert [one["itemId"] for one in active] == [second.accession]
    every = on(store, lambda c: c.expressions.groups(versions="*").to_list())
    assert len(every) == 2


def test_a_file_and_a_link_are_not_mixed(embedded, study_folder):
    with pytest.raises(QueryError, match="the data is a link"):
        embedded.imports.expression("https://x/y.gct", metadata=study_folder / "Demo.gct.tsv")
    with pytest.raises(QueryError, match="the data is a file"):
        embedded.imports.expression(study_folder / "Demo.gct", metadata="https://x/y.tsv")
