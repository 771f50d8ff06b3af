"""Malformed files: the job fails with file, line and column, and nothing is imported."""

from __future__ import annotations

import gzip
import re

import pytest

from odm_shiny.store.check import check

ID = "Sample Source ID"
SAMPLES = f"{ID}\tAge\nA\t1\nB\t2\n"
TABLE = "gene\tA\tB\nTP53\t1\t2\nEGFR\t3\t4\n"
GCT = "#1.2\n2\t2\nName\tDescription\tA\tB\nTP53\tna\t1\t2\nEGFR\tna\t3\t4\n"

# name -> (kind, content, file name, text of the error)
FAULTS = {
    "a record longer than the header": (
        "samples",
        f"{ID}\tAge\nA\t1\t2\n",
        "f.tsv, line 2, column 3: has the value '2'",
    ),
    "an attribute twice": (
        "samples",
        f"{ID}\tAge\tAge\nA\t1\t2\n",
        "f.tsv, line 1, column 3: repeats the attribute 'Age' of column 2",
    ),
    "an attribute without name": (
        "samples",
        f"{ID}\t\tAge\nA\t1\t2\n",
        "f.tsv, line 1, column 2:",
    ),
    "an attribute with a very long name": (
        "samples",
        f"{ID}\t{'x' * 256}\nA\t1\n",
        "f.tsv, line 1, column 2: is an attribute name of 256 characters",
    ),
    "no column of ids": ("samples", "Age\n1\n", f"f.tsv, line 1: has no column '{ID}'"),
    "a record without id": (
        "samples",
        f"Age\t{ID}\n1\tA\n2\t \n",
        f"f.tsv, line 3, column 2: '{ID}' is empty",
    ),
    "an id twice": (
        "samples",
        f"Age\t{ID}\n1\tA\n2\tB\n3\tA\n",
        f"f.tsv, line 4, column 2: '{ID}' 'A' stands in line 2 already",
    ),
    "several ids in one": (
        "samples",
        f"{ID}\nA\nB|C\n",
        f"f.tsv, line 3, column 1: '{ID}' has 2 values",
    ),
    "no header": ("samples", "", "f.tsv, line 1: has no header"),
    "no record": ("samples", f"{ID}\tAge\n", "f.tsv, line 2: has no record"),
    "commas for tabs": ("samples", f"{ID},Age\nA,1\n", f"line 1: has no column '{ID}'"),
    "Latin-1": (
        "samples",
        f"{ID}\nA\nKöln\n".encode("latin-1"),
        "f.tsv, line 3: byte 0xf6 at offset 20 is not UTF-8",
    ),
    "UTF-16": ("samples", SAMPLES.encode("utf-16"), "f.tsv: is UTF-16 text"),
    "a NUL byte": ("samples", f"{ID}\nA\0\n", "f.tsv, line 2: has a NUL byte"),
    "libraries without ids": (
        "libraries",
        f"{ID}\nA\n",
        "f.tsv, line 1: has no column 'Library ID'",
    ),
    "a library without sample": (
        "libraries",
        f"Library ID\t{ID}\nL\t\n",
        f"f.tsv, line 2, column 2: '{ID}' is empty",
    ),
    "a preparation twice": (
        "preparations",
        f"Preparation ID\t{ID}\nP\tA\nP\tB\n",
        "f.tsv, line 3, column 1: 'Preparation ID' 'P' stands in line 2 already",
    ),
    "a sample too short": (
        "samples",
        f"{ID}\tTissue\tAge\nA\tliver\t1\nB\tliver\n",
        "f.tsv, line 3, column 3: has 2 cells where the header has 3; complete the row",
    ),
    "a library too short": (
        "libraries",
        f"Library ID\t{ID}\tKit\nL\tA\n",
        "f.tsv, line 2, column 3: has 2 cells where the header has 3",
    ),
    "a preparation too short": (
        "preparations",
        f"Preparation ID\t{ID}\nP\n",
        "f.tsv, line 2, column 2: has 1 cell where the header has 2",
    ),
    "two studies": ("study", "Study Title\nA\nB\n", "f.tsv, line 3: must hold one record only"),
    "a row too short": (
        "expression",
        "gene\tA\tB\nTP53\t1\n",
        "f.tsv, line 2, column 3: has 2 cells where the header has 3",
    ),
    "a row too long": (
        "expression",
        "gene\tA\nTP53\t1\t2\n",
        "f.tsv, line 2, column 3: has 3 cells where the header has 2",
    ),
    "a value that is no number": (
        "expression",
        "gene\tA\tB\nTP53\t1\t2\nEGFR\t1\tabc\n",
        "f.tsv, line 3, column 3: 'abc' is not a number",
    ),
    "a decimal comma": (
        "expression",
        "gene\tA\nTP53\t1,5\n",
        "f.tsv, line 2, column 2: '1,5' has a decimal comma; write 1.5",
    ),
    "a number out of range": (
        "expression",
        "gene\tA\nTP53\t1e400\n",
        "f.tsv, line 2, column 2: '1e400' is outside the range",
    ),
    "a column twice": (
        "expression",
        "gene\tA\tA\nTP53\t1\t2\n",
        "f.tsv, line 1, column 3: repeats the column 'A' of column 2",
    ),
    "a feature without accession": (
        "expression",
        "gene\tA\nTP53\t1\n\t2\n",
        "f.tsv, line 3, column 1: is a row without feature accession",
    ),
    "no values": ("expression", "gene\nTP53\n", "f.tsv, line 1: has 1 columns"),
    "no rows": ("expression", "gene\tA\n", "f.tsv: has no data row"),
    "an empty table": ("expression", "", "f.tsv, line 1: has no header"),
    "a table in Latin-1": (
        "expression",
        "gene\tA\nK\xf6ln\t1\n".encode("latin-1"),
        "f.tsv, line 2: byte 0xf6 at offset 8 is not UTF-8",
    ),
}
GCT_FAULTS = {
    "a row too short": ("EGFR\tna\t3\t4", "EGFR\tna\t3", "line 5, column 4: has 3 cells"),
    "a row too long": ("EGFR\tna\t3\t4", "EGFR\tna\t3\t4\t5", "line 5, column 5: has 5 cells"),
    "a wrong number of columns": ("2\t2", "2\t3", "line 3, column 5: names 2 columns, line 2"),
    "a size that is no number": ("2\t2", "many\tfew", "line 2: must hold 2 whole numbers"),
    "a row id twice": ("EGFR", "TP53", "line 5, column 1: repeats the row id 'TP53'"),
    "a row without id": ("EGFR", "", "line 5, column 1: is a row without feature accession"),
    "a column id twice": ("A\tB", "A\tA", "line 3, column 4: repeats the column id 'A'"),
    "a blank in a column id": ("A\tB", "A\tB b", "line 3, column 4: is the column id 'B b'"),
    "no Description": ("Description", "Text", "line 3, column 2: must start with Name and"),
    "a value that is no number": ("\t4", "\tfour", "line 5, column 4: 'four' is not a number"),
    "an end too early": (GCT[9:], "", "line 3: ends before the column ids"),
}


def imported(odm, word, content, name="f.tsv", **options):
    """The output of a job that imports `content`."""
    key = "dataLink" if word == "expression" else "metadataLink"
    options = {"numberOfFeatureAttributes": 1, **options} if word == "expression" else options
    return odm.outcome(odm.start(word, **{key: odm.file(name, content)}, **options))


def error_of(output):
    assert output["status"] == "FAILED", output
    (error,) = output["errors"]
    assert error["stage"] == "LOAD"
    assert error["stack"][0]["type"] == "FileError"
    return error["stack"][0]["message"]


@pytest.mark.parametrize(("word", "content", "text"), FAULTS.values(), ids=FAULTS)
def test_a_malformed_table_is_refused_at_its_place(shown_copy, dump, word, content, text) -> None:
    before = dump(shown_copy.store)
    message = error_of(imported(shown_copy, word, content))
    assert text in message
    assert re.search(r"[;(]|must|has no|is ", message)  # says what to do, or what is wanted
    assert dump(shown_copy.store) == before


@pytest.mark.parametrize(("old", "new", "text"), GCT_FAULTS.values(), ids=GCT_FAULTS)
def test_a_malformed_gct_is_refused_at_its_place(shown_copy, dump, old, new, text) -> None:
    before = dump(shown_copy.store)
    assert GCT.count(old) >= 1
    place = GCT.rindex(old)
    broken = GCT[:place] + new + GCT[place + len(old) :]
    message = error_of(imported(shown_copy, "expression", broken, "f.gct"))
    assert message.startswith(f"f.gct, {text}")
    assert dump(shown_copy.store) == before
    assert check(shown_copy.store) == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (gzip.compress(SAMPLES.encode() * 500)[:-20], "the gzip content is cut short or damaged"),
        (gzip.compress(SAMPLES.encode())[:5], "the gzip content is cut short or damaged"),
        (b"\x1f\x8bnonsense", "the gzip content is cut short or damaged"),
    ],
    ids=["cut", "cut in the header", "junk"],
)
def test_damaged_gzip_is_refused(shown_copy, content, text) -> None:
    for word, name in (("samples", "f.tsv.gz"), ("expression", "f.tsv.gz")):
        message = error_of(imported(shown_copy, word, content, name))
        assert message.startswith("f.tsv.gz: ")
        assert text in message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_all_line_ends_are_read(empty_odm, end) -> None:
    odm = empty_odm
    for word, content, name in (
        ("samples", SAMPLES, "f.tsv"),
        ("expression", TABLE, "f.tsv"),
        ("expression", GCT, "f.gct"),
    ):
        for text in (content, content.rstrip("\n")):
            output = imported(odm, word, text.replace("\n", end), name, allow_dups=True)
            assert output["status"] == "COMPLETED", output
            assert "warnings" not in output["result"]
    assert [one["Age"] for one in odm.get("as-user/samples")["data"]] == [1, 2, 1, 2]
    values = odm.get("as-user/expressions", useVersions="*")["data"]
    assert [one["value"]["value"] for one in values] == [3.0, 1.0, 4.0, 2.0] * 4


def test_what_is_tolerated_is_a_warning_in_the_output(empty_odm) -> None:
    odm = empty_odm
    output = imported(odm, "expression", GCT.replace("2\t2", "9\t2", 1), "f.gct")
    assert output["status"] == "COMPLETED"
    (warning,) = output["result"]["warnings"]
    assert warning.startswith("f.gct, line 2: the header says 9 rows, the file has 2")
    # Of one record the last cells may be missing, as in an example that is published with ODM.
    output = imported(odm, "study", "Study Title\tStudy Source\nA\n")
    (warning,) = output["result"]["warnings"]
    assert warning.startswith("f.tsv, line 2: 1 of 2 cells")
    metadata = odm.file("g.tsv", "Name\tScale\tPipeline\nRNA\tlog2\n")
    output = imported(odm, "expression", GCT, "f.gct", metadataLink=metadata)
    assert output["result"]["warnings"] == [
        "g.tsv, line 2: 2 of 3 cells; the others are taken as empty"
    ]
    group = odm.get(f"as-curator/expressions/group/{output['result']['groupAccession']}")
    assert group["metadata"]["Scale"] == "log2"
    assert "Pipeline" not in group["metadata"]
    own = f"genestack:accession\t{ID}\tgroupId\nGSF000001\tC\tGSF000002\n"
    output = imported(odm, "samples", own)
    assert len(output["result"]["warnings"]) == 2
    record = odm.get("as-curator/samples", filter=f'"{ID}" = C')["data"][0]
    assert record["genestack:accession"] != "GSF000001"
    assert odm.get("as-user/samples", filter="genestack:accession = GSF000001")["data"] == []


def test_a_missing_title_or_sample_source_is_for_validation_to_report(empty_odm) -> None:
    odm = empty_odm
    study = odm.load("study", "Study Source\nlab\n")
    group = odm.load("samples", f"{ID}\nA\n")
    odm.link(f"sample/group/{group}/to/study/{study}")
    summary = odm.get(f"as-curator/integration/studies/{study}/validation-summary")
    names = [one["attributeName"] for one in summary["samples"][0]["attributes"]]
    assert names == ["Sample Source"]


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("gene\tA:FC\tB", "f.tsv, line 1, column 3: is named 'B', which is no run and measurement"),
        ("gene\t:FC\tA:p", "f.tsv, line 1, column 2: is named ':FC'"),
        ("gene\tA:FC\tB:p", "f.tsv, line 1, column 3: gives run 'B' the measurements p"),
        ("gene\tA:FC\tA:FC", "f.tsv, line 1, column 3: repeats the column 'A:FC'"),
    ],
)
def test_measurements_must_be_named_and_the_same_for_all_runs(empty_odm, header, text) -> None:
    content = f"{header}\nTP53\t1\t2\n"
    output = imported(empty_odm, "expression", content, measurementSeparator=":")
    assert text in error_of(output)


def test_a_table_needs_the_number_of_its_feature_columns(empty_odm) -> None:
    link = empty_odm.file("f.tsv", TABLE)
    message = error_of(empty_odm.outcome(empty_odm.start("expression", dataLink=link)))
    assert message.startswith("f.tsv: is read as a data frame and numberOfFeatureAttributes")
    output = imported(empty_odm, "expression", TABLE, numberOfFeatureAttributes=3)
    assert "3 of them are to be feature columns" in error_of(output)
