"""The official client, odm_api 1.64.1, against a server of ours: nothing else is asked or trusted.

Its models refuse wrong types, so every call that returns has also shown that the reply is of the
declared form.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import odm_api
import pytest
from odm_api.exceptions import (
    BadRequestException,
    ConflictException,
    ForbiddenException,
    NotFoundException,
    UnauthorizedException,
)

pytestmark = pytest.mark.peer

STUDY = (
    "Study Title\tStudy Source\tStudy Type\tTherapeutic Area\tCohort\n"
    "Étude du foie\tGEO\tBulk\tOncology\t007\n"
)
SAMPLES = (
    "Sample Source ID\tSample Name\tSample Source\tOrganism\tSex\tAge\tTissue\tBatch\n"
    "S-1\tKöln 1\tsite A\tHomo sapiens\tfemale\t52\tliver|kidney\t007\n"
    "S-2\tKöln 1\tsite A\tHomo sapiens\tM\t38.5\tliver\t8\n"
    "S-3\t\tsite B\tMus musculus\tmale\t\tlung\t\n"
)
LIBRARIES = (
    "Library ID\tSample Source ID\tLibrary Type\tRead Length\n"
    "L-1\tS-1\tPaired-end\t150\nL-2\tS-3\tSingle-end\t75\n"
)
PREPARATIONS = "Preparation ID\tSample Source ID\tDigestion\nP-1\tS-2\ttrypsin\n"
RUNS = ("S-1", "S-2", "S-3")
# Gene, length, values; TP53 stands there twice, and values are missing.
V1: list[tuple[str, str, tuple[float | None, ...]]] = [
    ("TP53", "100", (1.5, 0.0, 12.0)),
    ("EGFR", "200", (None, 2.25, None)),
    ("ABCB1, α", "", (6.55906688284104, None, 0.5)),
    ("TP53", "300", (9.0, 8.0, 7.0)),
    ("MYC", "400", (-1.0, 1e-3, 7.0595981)),
]
V2: list[tuple[str, str, tuple[float | None, ...]]] = [
    ("TP53", "100", (2.5, 1.0, 13.0)),
    ("EGFR", "200", (4.0, None, 4.5)),
]
GCT = "#1.2\n2\t2\nName\tDescription\tL-1\tL-2\nENSG01\tna\t1\t\nENSG02\tna\t0\t5\n"
LEVELS = ("minimal_data", "extended_data_included", "original_data_included")


def table(rows: list[tuple[str, str, tuple[float | None, ...]]]) -> str:
    lines = ["\t".join(("gene", "length", *RUNS))]
    for gene, length, values in rows:
        cells = ["NA" if value is None else repr(value) for value in values]
        lines.append("\t".join((gene, length, *cells)))
    return "\n".join(lines) + "\n"


def expected(rows: list[tuple[str, str, tuple[float | None, ...]]]) -> list[Any]:
    """(run, gene, length, value) of every stored item, in the order (run, gene, row)."""
    return [
        (run, gene, int(length) if length else None, values[n])
        for n, run in enumerate(RUNS)
        for gene, length, values in sorted(rows, key=lambda row: row[0])
        if values[n] is not None
    ]


@dataclass
class Odm:
    """Two users' clients, and what the curator has made."""

    server: Any
    curator: odm_api.ApiClient
    reader: odm_api.ApiClient
    nobody: odm_api.ApiClient
    made: dict[str, str] = field(default_factory=dict)

    def finish(self, info: Any, client: odm_api.ApiClient | None = None) -> str:
        """Wait for a job; the accession that it brought."""
        jobs = odm_api.JobOperationsApi(client or self.curator)
        until = time.monotonic() + 60
        while info.status in ("STARTING", "RUNNING") and time.monotonic() < until:
            time.sleep(0.02)
            info = jobs.info(info.job_exec_id)
        output = jobs.output(info.job_exec_id)
        assert output.status == "COMPLETED", output.to_dict()
        assert info.end_time is not None
        return str(next(iter(output.result.values())))


@pytest.fixture(scope="module")
def odm(server, files) -> Odm:
    """A study with samples, libraries, preparations and two versions of a table, all linked."""
    one = Odm(
        server,
        server.client(server.token("carla@example.org", "--curator")),
        server.client(server.token("rita@example.org")),
        server.client(None),
    )
    by_link = odm_api.DataImportJobsApi(one.curator)
    by_upload = odm_api.DataImportViaDirectFileUploadApi(one.curator)
    request = odm_api.ImportMetadataRequest
    made = one.made
    study = request(metadata_link=files.put("é tude.tsv", STUDY))
    made["study"] = one.finish(by_link.start_import_study(body=study))
    made["samples"] = one.finish(
        by_upload.start_import_samples_multipart(
            file=("proben ü.tsv", SAMPLES.encode()), study_id=made["study"]
        )
    )
    made["libraries"] = one.finish(
        by_link.start_import_libraries(body=request(metadata_link=files.put("l.tsv", LIBRARIES)))
    )
    made["preparations"] = one.finish(
        by_upload.start_import_preparations_multipart(file=("p.tsv", PREPARATIONS.encode()))
    )
    table_request = odm_api.ImportExpressionSignalRunRequest
    made["v1"] = one.finish(
        by_link.start_import_expression(
            body=table_request(
                data_link=files.put("v1.tsv", table(V1)),
                metadata_link=files.put("v1.metadata.tsv", "Genome Version\tKit\nGRCh38\tk-7\n"),
                number_of_feature_attributes=2,
                data_class="Proteomics",
            )
        )
    )
    made["v2"] = one.finish(
        by_upload.start_import_expression_multipart(
            file=("v2.tsv", table(V2).encode()),
            metadata_file=("m.tsv", b"Genome Version\nT2T\n"),
            number_of_feature_attributes=2,
            data_class="Proteomics",
            previous_version=made["v1"],
        )
    )
    made["gct"] = one.finish(
        by_link.start_import_expression(body=table_request(data_link=files.put("c.gct", GCT)))
    )
    odm_api.SampleIntegrationAsCuratorApi(one.curator).create_sample_group_study_link_as_curator(
        made["samples"], made["study"]
    )
    odm_api.LibraryIntegrationAsCuratorApi(
        one.curator
    ).create_library_group_sample_group_link_as_curator(made["libraries"], made["samples"])
    odm_api.PreparationIntegrationAsCuratorApi(
        one.curator
    ).create_preparation_group_sample_group_link_as_curator(made["preparations"], made["samples"])
    link = odm_api.ExpressionIntegrationAsCuratorApi(one.curator)
    for version in ("v1", "v2"):
        link.create_expression_group_sample_group_link_as_curator(made[version], made["samples"])
    link.create_expression_group_library_group_link_as_curator(made["gct"], made["libraries"])
    return one


def items(odm: Odm, page_limit: int = 2000, **conditions: Any) -> list[dict[str, Any]]:
    """All items of an omics query, page by page, as scripts loop."""
    api = odm_api.OmicsQueriesAsUserApi(odm.curator)
    found, cursor = [], None
    while True:
        page = api.omics_search_expression_data_as_user(
            page_limit=page_limit, cursor=cursor, **conditions
        )
        assert len(page.data) <= page_limit
        found += page.data
        if page.results_exhausted:
            return found
        cursor = page.cursor


def seen(found: list[dict[str, Any]]) -> list[Any]:
    return [
        (
            item["itemOrigin"]["runSourceId"],
            item["feature"]["gene"],
            item["feature"]["length"],
            item["value"]["value"],
        )
        for item in found
    ]


EVERYTHING = "value != null"


@pytest.mark.parametrize(
    ("versions", "rows"),
    [("v1", [V1]), ("v2", [V2]), ("*", [V1, V2]), (None, [V2])],
    ids=["first", "second", "all", "default"],
)
@pytest.mark.parametrize("level", LEVELS)
def test_omics_queries_give_the_values_of_the_file(odm, versions, rows, level) -> None:
    found = items(
        odm,
        ex_query=EVERYTHING,
        ex_filter='"Data Class" = Proteomics',
        use_versions=versions,
        returned_metadata_fields=level,
    )
    assert seen(found) == [item for one in rows for item in expected(one)]
    genomes = {V1[0][2]: "GRCh38", V2[0][2]: "T2T"}
    wanted = {genomes[one[0][2]] for one in rows}
    assert {item["metadata"]["Genome Version"] for item in found} == wanted
    kit = any("Kit" in item["metadata"] for item in found)
    assert kit == (level == "original_data_included" and V1 in rows)


@pytest.mark.parametrize("page_limit", [1, 2, 5, 100])
def test_pages_of_any_size_add_up_to_the_same_items(odm, page_limit) -> None:
    conditions = {"ex_query": EVERYTHING, "use_versions": "*"}
    assert items(odm, page_limit, **conditions) == items(odm, **conditions)


def test_chain_rules_choose_files_by_number_and_by_accession(odm) -> None:
    group = odm_api.ExpressionSPoTAsUserApi(odm.curator).get_expression_group_as_user(
        odm.made["v2"]
    )
    metadata = group.to_dict()["metadata"]
    assert metadata["genestack:versionInChain"] == 2
    assert metadata["genestack:activeInChain"] is True
    chain = metadata["genestack:chain"]
    only = {"ex_query": EVERYTHING, "ex_filter": '"Data Class" = Proteomics'}
    assert seen(items(odm, use_versions=f"{chain}:v1", **only)) == expected(V1)
    assert seen(items(odm, use_versions=f"{chain}:{odm.made['v2']}", **only)) == expected(V2)
    assert items(odm, use_versions=f"{chain}:v9", **only) == []
    with pytest.raises(BadRequestException):
        items(odm, use_versions="v1,", **only)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("feature=TP53", {("S-1", 1.5), ("S-1", 9.0), ("S-2", 0.0), ("S-2", 8.0), ("S-3", 12.0),
                          ("S-3", 7.0)}),
        ("feature=TP53 value >= 9", {("S-1", 9.0), ("S-3", 12.0)}),
        ("Feature=TP53,EGFR MinValue=9", {("S-1", 9.0), ("S-3", 12.0)}),
        ('feature.gene =~ ", α"', {("S-1", 6.55906688284104), ("S-3", 0.5)}),
        ("100 < feature.length <= 300 and not value > 2.25", {("S-2", 2.25)}),
        ("feature.length = null", {("S-1", 6.55906688284104), ("S-3", 0.5)}),
        ("feature.none = x or feature.none != x", set()),
    ],
    ids=["feature", "value", "old form", "substring", "range and not", "missing", "no such column"],
)  # fmt: skip
def test_data_queries_choose_rows(odm, query, wanted) -> None:
    found = items(odm, ex_query=query, use_versions="v1")
    assert {(item["itemOrigin"]["runSourceId"], item["value"]["value"]) for item in found} == wanted


def test_conditions_on_studies_samples_and_data_meet(odm) -> None:
    api = odm_api.OmicsQueriesAsUserApi(odm.curator)
    found = api.omics_search_samples_as_user(
        study_filter='"Study Source" = GEO AND Cohort = 7',
        study_query="foie",
        sample_filter='Age > 30 AND (Tissue = kidney OR Tissue = lung) OR Sex = "M"',
        ex_query="feature=TP53 value >= 9",
        use_versions="v1",
    )
    assert [one["metadata"]["Sample Source ID"] for one in found.data] == ["S-1"]
    assert found.log[:2] == [
        "Found 1 studies matched the study query (total number of found studies is 1 now)",
        "Found 2 samples matched the samples/study query (total number of found samples is 2 now)",
    ]
    groups = api.omics_search_expression_groups_as_user(sample_query="S-3")
    assert [group["itemId"] for group in groups.data] == [odm.made["v2"], odm.made["gct"]]
    by_library = api.omics_search_samples_as_user(library_filter='"Read Length" < 100')
    assert [one["metadata"]["Sample Source ID"] for one in by_library.data] == ["S-3"]


def test_a_data_query_is_needed_for_data(odm) -> None:
    with pytest.raises(BadRequestException, match="exQuery must be specified"):
        odm_api.OmicsQueriesAsUserApi(odm.curator).omics_search_expression_data_as_user()


@pytest.mark.parametrize("level", LEVELS)
def test_records_show_what_the_level_asks_for(odm, level) -> None:
    api = odm_api.SampleSPoTAsUserApi(odm.curator)
    page = api.search_samples_as_user(
        filter='"Sample Source ID" = S-1', returned_metadata_fields=level
    )
    assert page.meta.pagination.total == page.meta.pagination.count == 1
    (record,) = page.data
    names = list(record)
    assert names[:2] == ["genestack:accession", "Sample Source ID"]
    assert names[-1] == "groupId"
    assert record["groupId"] == odm.made["samples"]
    assert (record["Age"], record["Tissue"]) == (52, ["liver", "kidney"])
    assert record["Cell Line"] is None
    assert record.get("Batch") == ("007" if level == "original_data_included" else None)
    assert api.get_sample_as_user(record["genestack:accession"]) == (
        api.get_sample_as_user(
            record["genestack:accession"], returned_metadata_fields="extended_data_included"
        )
    )


def test_every_kind_of_record_is_listed_got_and_found_by_its_links(odm) -> None:
    sample = odm_api.SampleIntegrationAsUserApi(odm.curator)
    study = odm_api.StudyIntegrationAsUserApi(odm.curator)
    library = odm_api.LibraryIntegrationAsUserApi(odm.curator)
    preparation = odm_api.PreparationIntegrationAsUserApi(odm.curator)
    samples = sample.get_samples_by_study_as_user(odm.made["study"], page_limit=2, page_offset=1)
    assert [one["Sample Source ID"] for one in samples.data] == ["S-2", "S-3"]
    accession = samples.data[1]["genestack:accession"]
    assert study.get_study_by_sample_as_user(accession)["Study Title"] == "Étude du foie"
    (linked,) = library.get_library_by_sample_as_user(accession)
    assert linked["Library ID"] == "L-2"
    libraries = odm_api.LibrarySPoTAsUserApi(odm.curator)
    assert libraries.get_library_as_user(linked["genestack:accession"])["Read Length"] == 75
    by_group = libraries.get_libraries_by_group_as_user(odm.made["libraries"])
    assert [one["Library ID"] for one in by_group.data] == ["L-1", "L-2"]
    (group,) = library.get_library_groups_by_study_as_user(odm.made["study"])
    assert group.item_id == odm.made["libraries"]
    pairs = library.get_library_links_to_samples_as_user(odm.made["libraries"])
    assert {pair["sampleId"] for pair in pairs.data} >= {accession}
    assert preparation.get_preparation_by_sample_as_user(accession) == []
    (group,) = preparation.get_preparation_groups_by_study_as_user(odm.made["study"])
    assert group.item_id == odm.made["preparations"]
    found = study.get_studies_by_libraries_as_user(filter='"Library Type" = Paired-end')
    assert [one["genestack:accession"] for one in found.data] == [odm.made["study"]]
    found = sample.get_samples_by_preparations_as_user(query="Trypsin")
    assert [one["Sample Source ID"] for one in found.data] == ["S-2"]
    listed = odm_api.PreparationSPoTAsUserApi(odm.curator).search_preparations_as_user(sort="-name")
    assert [one["Preparation ID"] for one in listed.data] == ["P-1"]
    listed = odm_api.StudySPoTAsUserApi(odm.curator).search_studies_as_user(query="foie")
    assert [one["genestack:accession"] for one in listed.data] == [odm.made["study"]]


def test_groups_runs_pairs_and_items_of_a_file(odm) -> None:
    spot = odm_api.ExpressionSPoTAsUserApi(odm.curator)
    integration = odm_api.ExpressionIntegrationAsUserApi(odm.curator)
    groups = integration.get_expression_groups_by_study_as_user(odm.made["study"])
    assert [group.item_id for group in groups] == [odm.made["v2"], odm.made["gct"]]
    every = integration.get_expression_groups_by_study_as_user(odm.made["study"], use_versions="*")
    assert [group.item_id for group in every] == [odm.made[name] for name in ("v1", "v2", "gct")]
    listed = spot.search_expression_groups_as_user(filter='"Genome Version" = T2T')
    assert [group["itemId"] for group in listed.data] == [odm.made["v2"]]
    runs, cursor = [], None
    while True:
        page = spot.search_expression_runs_as_user(odm.made["v1"], page_limit=2, cursor=cursor)
        runs += page.data
        cursor = page.cursor
        if cursor is None:
            break
    assert [run["itemOrigin"]["runSourceId"] for run in runs] == list(RUNS)
    run_id = runs[0]["itemOrigin"]["runId"]
    assert spot.get_expression_group_by_run_as_user(run_id).item_id == odm.made["v1"]
    item = spot.get_expression_as_user(f"{run_id}-TP53")
    assert item.item_origin.run_source_id == "S-1"
    assert item.value == {"value": 1.5}  # of two rows of this accession the first
    with pytest.raises(NotFoundException):
        spot.get_expression_as_user(f"{run_id}-EGFR")  # its value is missing
    pairs = integration.get_expression_run_to_sample_pairs_as_user(odm.made["v1"])
    assert [pair["runSourceId"] for pair in pairs.data] == list(RUNS)
    by_sample = integration.get_expression_by_sample_as_user(pairs.data[0]["sampleId"])
    (linked,) = by_sample.data
    assert linked["itemOrigin"]["groupId"] == odm.made["v2"]
    data = spot.get_expression_data_as_user(
        run_filter=[run_id], feature_list=["TP53"], min_expression_level=9.0, use_versions="*"
    )
    (found,) = data.data
    assert found.item_id == f"{run_id}-TP53"
    assert found.value == {"value": 9.0}


def test_streams_hold_the_whole_file_or_the_chosen_samples(odm) -> None:
    api = odm_api.OmicsQueriesAsUserApi(odm.curator)

    def stream(**conditions: Any) -> list[list[str]]:
        text = api.omics_search_streamed_expression_data_as_user(odm.made["v1"], **conditions)
        return list(csv.reader(io.StringIO(text)))

    header, *rows = stream(round_digits=17)
    assert header == ["gene", "length", *RUNS]
    assert [tuple(row[:2]) for row in rows] == [row[:2] for row in V1]
    numbers = [tuple(float(cell) if cell else None for cell in row[2:]) for row in rows]
    assert numbers == [row[2] for row in V1]
    header, *rows = stream(sample_filter="Age > 0", ex_query="value > 8")
    assert header == ["gene", "length", "S-1", "S-2"]
    assert rows == [["TP53", "300", "9.0", "8.0"]]
    with pytest.raises(NotFoundException, match="could not be found"):
        api.omics_search_streamed_expression_data_as_user("GSF999999")


def test_an_edit_makes_one_version_and_the_history_keeps_the_former(odm) -> None:
    upload = odm_api.DataImportViaDirectFileUploadApi(odm.curator)
    own = b"Sample Source ID\tSample Source\nE-1\tsite C\n"
    odm.finish(upload.start_import_samples_multipart(file=("edited.tsv", own)))
    api = odm_api.SampleSPoTAsCuratorApi(odm.curator)
    page = api.search_samples_as_curator(filter='"Sample Source ID" = E-1')
    accession = page.data[0]["genestack:accession"]
    changed = api.update_sample_as_curator(
        accession, {"Age": "53", "Batch": ["B1", "B2"], "New": "1.5", "Sample Source": None}
    )
    assert (changed["Age"], changed["Batch"], changed["New"]) == (53, ["B1", "B2"], 1.5)
    assert changed["Sample Source"] is None
    api.update_sample_as_curator(accession, {"Age": 53})  # nothing new
    last, first = api.get_sample_versions_as_curator(accession)
    assert (last.author, last.message) == ("carla@example.org", "Edited via API")
    assert last.timestamp >= first.timestamp
    before = api.get_sample_by_version_as_curator(accession, first.version)
    assert (before["Age"], before["Sample Source"]) == (None, "site C")
    assert "Batch" not in before
    with pytest.raises(BadRequestException, match="read-only"):
        api.update_sample_as_curator(accession, {"Sample Source ID": "X", "Age": 1})
    assert api.get_sample_as_curator(accession)["Age"] == 53
    run_id = (
        odm_api.ExpressionSPoTAsUserApi(odm.curator)
        .search_expression_runs_as_user(odm.made["v1"])
        .data[0]["itemOrigin"]["runId"]
    )
    runs = odm_api.ExpressionSPoTAsCuratorApi(odm.curator)
    assert runs.update_expression_run_as_curator(run_id, {"Scale": "log2"})["Scale"] == "log2"
    assert len(runs.get_expression_versions_as_curator(run_id)) == 2


def test_the_validation_summary_names_what_does_not_fit(odm) -> None:
    summary = odm_api.ValidationSummaryAsCuratorApi(odm.curator).get_study_validation_summary(
        odm.made["study"]
    )
    (group,) = summary.samples
    assert group.group_accession == odm.made["samples"]
    sex = next(one for one in group.attributes if one.attribute_name == "Sex")
    (invalid,) = sex.attribute_invalid_values
    assert invalid.value.actual_instance == "M"
    assert invalid.count == 1
    assert [error.error_type for error in invalid.errors] == ["SYNONYM_ATTRIBUTE"]


def test_the_study_browser_searches_everything_and_counts_facets(odm) -> None:
    api = odm_api.StudyIntegrationAsUserApi(odm.curator)
    text = odm_api.SearchStudyRequestFiltersInner(type="FULL_TEXT", match="trypsin")
    answer = api.search_studies_by_filter_as_user(odm_api.SearchStudyRequest(filters=[text]))
    (study,) = answer.objects_page.content
    assert (study.accession, study.name, study.size) == (odm.made["study"], "Étude du foie", 3)
    source = next(
        one for one in answer.filter_option_groups if one.filter_id == "METADATA_Study_Source"
    )
    assert [(option.name, option.count) for option in source.options] == [("GEO", 1)]
    select = odm_api.SearchStudyRequestFiltersInner(
        type="SELECT", filter_option_id=source.options[0].id
    )
    answer = api.search_studies_by_filter_as_user(
        odm_api.SearchStudyRequest(filters=[text, select], page={"offset": 0, "limit": 1})
    )
    assert answer.objects_page.filtered_count == 1


def test_generic_links_are_made_listed_and_removed(odm) -> None:
    curator = odm_api.LinkageAsCuratorApi(odm.curator)
    user = odm_api.LinkageAsUserApi(odm.curator)
    assert "sampleGroup" in user.get_data_types_as_user()
    pairs = user.get_data_types_links_as_user(type="study")
    assert {(pair.first_type, pair.second_type) for pair in pairs} >= {("sampleGroup", "study")}
    study, samples = odm.made["study"], odm.made["samples"]
    link = odm_api.Link(
        first_id=study, first_type="study", second_id=samples, second_type="sampleGroup"
    )
    again = curator.save_links_as_curator_with_http_info([link])
    assert again.status_code == 200  # it was there
    listed = user.get_links_by_params_as_user(study, first_type="study")
    assert listed.data == [link.to_dict()]
    batch = odm_api.BatchOfIds(first_type="sampleGroup", first_ids=[samples])
    listed = user.get_links_by_ids_as_user(batch)
    linked = {one["secondType"] for one in listed.data}
    assert linked == {"study", "libraryGroup", "preparationGroup", "expressionGroup"}
    curator.delete_link_as_curator(odm.made["gct"], odm.made["libraries"])
    with pytest.raises(NotFoundException):
        curator.delete_link_as_curator(odm.made["gct"], odm.made["libraries"])
    link = odm_api.Link(first_id=odm.made["gct"], second_id=odm.made["libraries"])
    assert curator.save_links_as_curator_with_http_info([link]).status_code == 201


def test_the_same_import_is_refused_unless_duplicates_are_allowed(odm, files) -> None:
    api = odm_api.DataImportJobsApi(odm.curator)
    request = odm_api.ImportMetadataRequest(
        metadata_link=files.put("again.tsv", "Sample Source ID\nA\n")
    )
    first = api.start_import_samples(body=request)
    odm.finish(first)
    with pytest.raises(ConflictException, match=r"job instance already exists .+ jobExecId=\d+"):
        api.start_import_samples(body=request)
    odm.finish(api.start_import_samples(body=request, allow_dups=True))


def test_a_job_that_fails_says_where_and_can_be_started_again(odm, files) -> None:
    api = odm_api.DataImportJobsApi(odm.curator)
    jobs = odm_api.JobOperationsApi(odm.curator)
    link = files.put("bad.tsv", "Library ID\tSample Source ID\nL-9\n")
    started = api.start_import_libraries(body=odm_api.ImportMetadataRequest(metadata_link=link))
    until = time.monotonic() + 60
    while jobs.info(started.job_exec_id).status in ("STARTING", "RUNNING"):
        assert time.monotonic() < until
        time.sleep(0.02)
    output = jobs.output(started.job_exec_id)
    assert output.status == "FAILED"
    assert "bad.tsv, line 2" in output.errors[0].stack[0].message
    files.put("bad.tsv", "Library ID\tSample Source ID\nL-9\tS-9\n")
    assert odm.finish(jobs.restart(started.job_exec_id)).startswith("GSF")
    with pytest.raises(ConflictException):
        jobs.stop(started.job_exec_id)


CURATORS_CALLS: dict[str, Callable[[Odm], Any]] = {
    "import": lambda odm: odm_api.DataImportJobsApi(odm.reader).start_import_study(
        body=odm_api.ImportMetadataRequest(metadata_link="http://127.0.0.1/x")
    ),
    "read": lambda odm: odm_api.SampleSPoTAsCuratorApi(odm.reader).search_samples_as_curator(),
    "edit": lambda odm: odm_api.StudySPoTAsCuratorApi(odm.reader).update_study_as_curator(
        odm.made["study"], {"Study Title": "mine"}
    ),
    "link": lambda odm: odm_api.LinkageAsCuratorApi(odm.reader).save_links_as_curator([]),
    "job": lambda odm: odm_api.JobOperationsApi(odm.reader).info(1),
}


@pytest.mark.parametrize("name", CURATORS_CALLS)
def test_a_plain_user_is_refused_what_is_for_curators(odm, name) -> None:
    with pytest.raises(ForbiddenException):
        CURATORS_CALLS[name](odm)


def test_a_user_sees_nothing_of_anothers_unshared_study(odm) -> None:
    client = odm.reader
    assert odm_api.StudySPoTAsUserApi(client).search_studies_as_user().data == []
    assert odm_api.SampleSPoTAsUserApi(client).search_samples_as_user().meta.pagination.total == 0
    omics = odm_api.OmicsQueriesAsUserApi(client)
    page = omics.omics_search_expression_data_as_user(ex_query="feature=TP53", use_versions="*")
    assert (page.data, page.results_exhausted) == ([], True)
    search = odm_api.StudyIntegrationAsUserApi(client)
    answer = search.search_studies_by_filter_as_user(odm_api.SearchStudyRequest())
    assert (answer.objects_page.filtered_count, answer.filter_option_groups) == (0, [])
    for call in (
        lambda: odm_api.StudySPoTAsUserApi(client).get_study_as_user(odm.made["study"]),
        lambda: omics.omics_search_streamed_expression_data_as_user(odm.made["v1"]),
        lambda: odm_api.LinkageAsUserApi(client).get_links_by_params_as_user(odm.made["study"]),
        lambda: odm_api.ExpressionSPoTAsUserApi(client).get_expression_group_as_user(
            odm.made["v1"]
        ),
    ):
        with pytest.raises(NotFoundException):
            call()


@pytest.mark.parametrize(
    "token", [None, "forged", "x" * 64, "zoë"], ids=["none", "short", "long", "not ASCII"]
)
def test_nobody_gets_in_without_a_good_token(odm, token) -> None:
    client = odm.server.client(token)
    with pytest.raises(UnauthorizedException):
        odm_api.StudySPoTAsUserApi(client).search_studies_as_user()
    with pytest.raises(UnauthorizedException):
        odm_api.StudySPoTAsCuratorApi(client).search_studies_as_curator()
