"""Studies, samples, libraries and preparations over the API."""

from __future__ import annotations

import io

import pytest

from odm_shiny.formats.tsv import read_metadata
from odm_shiny.store import templates

TEMPLATE = (
    "Sample Source ID",
    "Sample Source",
    "Sample Name",
    "Organism",
    "Sex",
    "Disease",
    "Age",
    "Age Unit",
    "Tissue",
    "Cell Type",
    "Cell Line",
    "Compound Treatment / Compound",
    "Compound Treatment / Dose",
    "Compound Treatment / Dose Unit",
    "Data Files / Raw",
    "Data Files / Processed",
    "Import Source URL",
)
ALL = ["S-1", "S-2", "S-3", "S-4", "S-5", "X-1", "X-2"]


def found(shown, **query):
    data = shown.get("as-user/samples", **query)["data"]
    return [record["Sample Source ID"] for record in data]


def test_a_user_sees_the_template_in_its_order_and_unset_attributes_as_null(shown) -> None:
    record = shown.get("as-user/samples", pageLimit=1)["data"][0]
    assert tuple(record) == ("genestack:accession", *TEMPLATE, "groupId")
    assert record["groupId"] == shown.id["samples"]
    assert (record["Age"], record["Age Unit"], record["Cell Line"]) == (52, "year", None)


def test_a_curator_sees_every_attribute_of_the_file_behind_the_template(shown) -> None:
    first, second = shown.get("as-curator/samples", pageLimit=2)["data"]
    assert tuple(first) == ("genestack:accession", *TEMPLATE, "Batch", "BMI", "groupId")
    assert (first["Batch"], first["BMI"]) == ("007", "33.9")
    assert "BMI" not in second  # it has no value there and is not in the template
    assert second["Tissue"] == ["liver", "kidney"]


@pytest.mark.parametrize("role", ["as-user", "as-curator"])
@pytest.mark.parametrize(
    ("level", "more"),
    [
        ("minimal_data", ()),
        ("extended_data_included", ()),
        ("original_data_included", ("Batch", "BMI")),
    ],
)
def test_the_level_asked_for_holds_for_both_roles(shown, role, level, more) -> None:
    accession = shown.ids("sample", shown.id["samples"])["S-1"]
    for path in (f"{role}/samples/{accession}", f"{role}/samples/{accession}/versions/1"):
        record = shown.get(path, returnedMetadataFields=level)
        assert tuple(record) == ("genestack:accession", *TEMPLATE, *more, "groupId")


def test_a_template_of_the_study_decides_what_is_extended(odm) -> None:
    name = {"name": "BMI", "dataType": "genestack:sampleObject", "isRequired": False}
    item = {**name, "metainfoType": "com.genestack.api.metainfo.DecimalValue"}
    with odm.store.write() as tx:
        template = templates.add_template(tx, "Own", [item], owner_id=odm.user("ann").id)
    study = odm.load("study", "Study Title\tBMI\nown\t1\n", templateId=template.accession)
    samples = odm.load("samples", "Sample Source ID\tAge\tBMI\nN-1\t7\t33.9\n")
    accession = odm.ids("sample", samples)["N-1"]
    before = odm.get(f"as-user/samples/{accession}")
    assert tuple(before) == ("genestack:accession", *TEMPLATE, "groupId")
    odm.link(f"sample/group/{samples}/to/study/{study}")
    shapes = {
        level: list(odm.get(f"as-user/samples/{accession}", returnedMetadataFields=level))[1:-1]
        for level in ("minimal_data", "extended_data_included", "original_data_included")
    }
    assert shapes == {
        "minimal_data": list(TEMPLATE),
        "extended_data_included": ["BMI"],
        "original_data_included": ["BMI", "Sample Source ID", "Age"],
    }


def test_a_study_has_no_group_and_begins_with_its_title(shown) -> None:
    record = shown.get(f"as-user/studies/{shown.id['study']}")
    assert list(record)[:3] == ["genestack:accession", "Study Title", "Study Source"]
    assert "groupId" not in record
    assert record["Contributor"] == ["Ann Lee", "Zoë Ørsted"]
    assert "Funding Code" not in record
    record = shown.get(f"as-curator/studies/{shown.id['study']}")
    assert record["Funding Code"] == "007"


@pytest.mark.parametrize(
    ("plural", "group", "ids"),
    [("libraries", "libraries", ["L-1", "L-2", "L-3"]), ("preparations", "preparations", None)],
)
def test_members_of_a_group_are_listed_in_file_order(shown, plural, group, ids) -> None:
    page = shown.get(f"as-user/{plural}/by/group/{shown.id[group]}", pageLimit=2)
    key = list(page["data"][0])[1]
    assert [record[key] for record in page["data"]] == (ids or ["P-1", "P-2"])[:2]
    assert page["meta"]["pagination"]["total"] == len(ids or ["P-1", "P-2"])
    assert {record["groupId"] for record in page["data"]} == {shown.id[group]}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("Age=52", "S-1"),
        ("Age=38", "S-2"),
        ('Age="38"', "S-2"),
        ("Age=3.50", "S-4"),
        ("Age>38", "S-1"),
        ("Age >= 38", "S-1 S-2"),
        ("Age<52.5", "S-1 S-2 S-4"),
        ("BMI>30", "S-1"),
        ("Batch=7", "S-1 S-3 S-5"),
        ("Tissue=kidney", "S-2"),
        ("Tissue!=liver", "S-3 S-4 S-5 X-1 X-2"),
        ("Sex!=male", "S-1 S-3 S-5 X-1 X-2"),
        ("NOT Sex=male", "S-1 S-3 S-5 X-1 X-2"),
        ("!Sex=male", "S-1 S-3 S-5 X-1 X-2"),
        ("Disease=null", "S-2 S-4 X-1 X-2"),
        ("Disease != null", "S-1 S-3 S-5"),
        ('Disease="null"', ""),
        ("Disease=*", "S-1 S-3 S-5"),
        ('"Sample Name"="Köln 1"', "S-1 S-2"),
        ('"Sample Name"="köln 1"', ""),
        ("sex=male", ""),
        ("Unknown=1", ""),
        ("Unknown!=1", "S-1 S-2 S-3 S-4 S-5 X-1 X-2"),
        ("Sex=male AND Age<4 OR Tissue=lung", "S-3 S-4"),
        ("Sex=male && (Age<4 || Tissue=lung)", "S-4"),
        ("NOT (Sex=male OR Sex=female)", "S-3 S-5 X-1 X-2"),
        ('Age="about 50"', "S-5"),
        ("Age>0 AND Age<1000", "S-1 S-2 S-4"),
    ],
)
def test_a_filter_finds(shown, query, ids) -> None:
    assert found(shown, filter=query) == ids.split()


def test_a_filter_knows_the_accession_and_takes_hundreds_of_terms(shown) -> None:
    ids = shown.ids("sample", shown.id["samples"])
    terms = [f'"genestack:accession" = "GSF{number:06}"' for number in range(900000, 901000)]
    terms[500] = f"genestack:accession = {ids['S-3']}"
    assert found(shown, filter=" OR ".join(terms)) == ["S-3"]


@pytest.mark.parametrize(
    ("query", "ids", "with_narrower"),
    [
        ("LIVER", "S-1 S-2", None),
        ("köln", "S-1 S-2", None),
        ("koln", "", None),
        ("hepat", "", None),
        ("hepat*", "S-1", None),
        ("h?patitis", "S-1", None),
        ('"homo sapiens"', "S-1 S-2 S-3 S-5", None),
        ('"sapiens homo"', "", None),
        ('"liver kidney"', "", None),
        ("single-nuclei", "S-5", None),
        ("liver lung", "S-1 S-2 S-3", None),
        ("liver AND kidney", "S-2", None),
        ("NOT liver", "S-3 S-4 S-5 X-1 X-2", None),
        ("Tissue", "", None),
        ("female", "S-1 S-3", None),
        ("woman", "S-1 S-3", None),
        ("brain", "", "S-5"),
        ("52", "S-1", None),
        ("007", "S-1", None),
        ("λ", "S-4", None),
    ],
)
def test_full_text_finds_words_phrases_and_what_dictionaries_know(
    shown, query, ids, with_narrower
) -> None:
    assert found(shown, query=query) == ids.split()
    narrower = ids if with_narrower is None else with_narrower
    assert found(shown, query=query, searchSpecificTerms=True) == narrower.split()


def test_full_text_finds_accessions_alone_and_joined_by_commas(shown) -> None:
    ids = shown.ids("sample", shown.id["samples"])
    assert found(shown, query=ids["S-3"]) == ["S-3"]
    assert found(shown, query=f"{ids['S-4']},{ids['S-1']}") == ["S-1", "S-4"]


def test_filter_and_query_both_hold(shown) -> None:
    assert found(shown, filter="Sex = male", query="liver") == ["S-2"]


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("id", ALL),
        ("-id", ALL[::-1]),
        ("+id", ALL),
        (" id", ALL),
        ("name", ["S-1", "S-2", "S-5", "X-1", "X-2", "S-3", "S-4"]),
        ("-name", ["S-4", "S-3", "X-2", "X-1", "S-5", "S-1", "S-2"]),
        ("creation", ALL),
        ("-creation", ["X-1", "X-2", "S-1", "S-2", "S-3", "S-4", "S-5"]),
    ],
)
def test_records_are_sorted_and_what_is_equal_stays_by_accession(shown, sort, ids) -> None:
    assert found(shown, sort=sort) == ids


def test_the_last_changed_record_comes_first_when_asked_for(odm) -> None:
    accession = odm.ids("sample", odm.id["samples"])["S-3"]
    odm.ask("PATCH", f"as-curator/samples/{accession}", body={"Age": 1})
    assert found(odm, sort="-last_update")[0] == "S-3"
    assert found(odm, sort="last_update")[-1] == "S-3"


def test_term_ids_stand_beside_the_values_of_dictionaries_alone(shown) -> None:
    one, two = shown.get("as-user/samples", responseFormat="term_id", pageLimit=2)["data"]
    assert one["Tissue"]["value"] == "liver"
    assert one["Tissue"]["termId"] == "UBERON:0002107"
    assert one["Tissue"]["dictionary"]["name"] == "Uberon Anatomical Entities"
    assert one["Tissue"]["dictionary"]["accession"].startswith("GSF")
    assert [part["value"] for part in two["Tissue"]] == ["liver", "kidney"]
    assert one["Disease"]["termId"] is None  # hepatitis is not in the small dictionary
    assert (one["Cell Line"], one["Age"], one["Sample Source ID"]) == (None, 52, "S-1")


def test_a_table_of_records_has_the_form_of_an_import_file(shown, tmp_path) -> None:
    answer = shown.ask("GET", "as-curator/samples", headers={"accept": "text/tab-separated-values"})
    assert answer.headers["content-type"].startswith("text/tab-separated-values")
    path = tmp_path / "again.tsv"
    path.write_bytes(answer.body)
    table = read_metadata(path, name="again.tsv")
    records = shown.get("as-curator/samples")["data"]
    assert table.columns == ["genestack:accession", *TEMPLATE, "Batch", "BMI", "groupId"]
    assert [record["Tissue"] for record in table.records[:3]] == [
        "liver",
        ["liver", "kidney"],
        "lung",
    ]
    assert [record["genestack:accession"] for record in table.records] == [
        record["genestack:accession"] for record in records
    ]
    assert len(io.StringIO(answer.text).readlines()) == 1 + len(records)


def test_a_client_that_takes_both_gets_json(shown) -> None:
    accept = "text/tab-separated-values, application/json"
    answer = shown.ask("GET", "as-user/samples", headers={"accept": accept})
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("kind", ["studies", "samples", "libraries", "preparations"])
def test_what_is_not_there_is_404_with_its_id(shown, kind) -> None:
    other = shown.id["study"] if kind != "studies" else shown.id["samples"]
    for wrong in ("GSF999999", "x", other, "1"):
        for path in (wrong, f"{wrong}/versions", f"{wrong}/versions/1"):
            answer = shown.ask("GET", f"as-user/{kind}/{path}")
            assert answer.status == 404
            assert repr(wrong) in answer.error


def test_versions_can_be_asked_for_by_object_and_by_group(shown) -> None:
    accession = shown.ids("library", shown.id["libraries"])["L-1"]
    for wanted in (accession, shown.id["libraries"]):
        (version,) = shown.get(f"as-user/libraries/{wanted}/versions")
        assert set(version) == {"author", "message", "timestamp", "version"}
        assert (version["author"], version["message"]) == ("ann@example.org", "Imported")
        assert isinstance(version["timestamp"], int)
        at = shown.get(f"as-user/libraries/{wanted}/versions/{version['version']}")
        assert at["genestack:accession"] == wanted
    answer = shown.ask("GET", f"as-user/libraries/{accession}/versions/2")
    assert answer.status == 404


@pytest.mark.parametrize(
    "query",
    [
        {"filter": "Age ="},
        {"filter": "Age = 1 and Sex = 2"},
        {"query": "(liver"},
        {"sort": "size"},
        {"responseFormat": "ids"},
        {"returnedMetadataFields": "all"},
        {"unknown": "1"},
        {"searchSpecificTerms": "yes"},
    ],
    ids=str,
)
def test_a_parameter_that_makes_no_sense_is_400_and_named(shown, query) -> None:
    answer = shown.ask("GET", "as-user/samples", **query)
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("application/json")
    assert next(iter(query)) in answer.error or "position" in answer.error
