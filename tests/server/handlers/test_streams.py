"""Expression data of one file as CSV and as Arrow."""

from __future__ import annotations

import csv
import io
import itertools
import math

import pyarrow as pa
import pytest

from odm_shiny.server.handlers import streams
from odm_shiny.store.matrices import Matrix

PATH = "as-user/omics/expression/streamed-data"
ARROW = "application/vnd.apache.arrow.stream"


def rows(shown, name, **query):
    answer = shown.ask("GET", PATH, groupAccession=shown.id[name], **query)
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "text/csv;charset=UTF-8"
    return list(csv.reader(io.StringIO(answer.text)))


def test_feature_columns_come_first_sorted_by_bytes_then_the_runs_of_the_file(odm) -> None:
    new = odm.load(
        "expression",
        "gene\tchrom\tÄnsembl\tEnsembl_ID\tZ-2\tA-1\nTP53\tchr17\tx\tENSG01\t1\t2\n",
        numberOfFeatureAttributes=4,
    )
    answer = odm.ask("GET", PATH, groupAccession=new)
    assert answer.text == ("Ensembl_ID,chrom,gene,Änsembl,Z-2,A-1\nENSG01,chr17,TP53,x,1.0,2.0\n")


def test_the_whole_file_in_its_order_with_gaps_and_four_digits(shown) -> None:
    assert rows(shown, "rna") == [
        ["gene", "length", "S-1", "S-2", "S-3", "S-4"],
        ["TP53", "100", "1.5", "0.0", "12.0", "4.0"],
        ["EGFR", "200", "", "2.25", "", "7.0596"],
        ["ABCB1", "", "6.5591", "", "", "0.5"],
        ["TP53", "300", "9.0", "8.0", "7.0", "6.0"],
        ["ERBB2, α", "50", "-1.0", "0.001", "1000000.0", ""],
    ]


@pytest.mark.parametrize(
    ("digits", "cell"),
    [
        (0, "7"),
        (1, "6.6"),
        (2, "6.56"),
        (14, "6.55906688284104"),
        (400, "6.55906688284104"),
        (401, None),
    ],
)
def test_numbers_are_rounded_to_the_digits_asked_for(shown, digits, cell) -> None:
    if cell is None:
        answer = shown.ask("GET", PATH, groupAccession=shown.id["rna"], roundDigits=digits)
        assert answer.status == 400
        return
    assert rows(shown, "rna", roundDigits=digits)[3][2] == cell


def test_a_gct_has_one_feature_column(shown) -> None:
    assert rows(shown, "gct")[:3] == [
        ["feature", "L-1", "L-2", "L-3"],
        ["ENSG01", "1.0", "2.0", "3.0"],
        ["ENSG02", "", "5.0", "6.0"],
    ]


def test_several_measurements_have_a_column_each_named_as_in_the_file(shown) -> None:
    assert rows(shown, "folds") == [
        ["entrez", "symbol", "P-1:FC", "P-1:p", "P-2:FC", "P-2:p"],
        ["7157", "TP53", "1.7", "0.02", "", "0.5"],
        ["1956", "EGFR", "-2.0", "", "3.0", "0.001"],
        ["672", "", "", "", "0.1", "1.0"],
    ]


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ({"sampleFilter": "Age > 0"}, "S-1 S-2 S-4"),
        ({"sampleQuery": "liver"}, "S-1 S-2"),
        ({"sampleFilter": "Sex = none"}, ""),
        ({"libraryFilter": "Kit = *"}, "S-1 S-3"),
        ({"preparationQuery": "trypsin"}, "S-2"),
        ({"sampleQuery": "brain"}, ""),
    ],
    ids=str,
)
def test_conditions_on_records_choose_the_columns(shown, query, runs) -> None:
    header = rows(shown, "rna", **query)[0]
    assert header == ["gene", "length", *runs.split()]


def test_unlinked_runs_are_left_out_only_when_records_are_asked_about(odm) -> None:
    new = odm.load("expression", "gene\tS-1\tnobody\nTP53\t1\t2\n", numberOfFeatureAttributes=1)
    assert odm.link(f"expression/group/{new}/to/sample/group/{odm.id['samples']}") == 200
    odm.id["new"] = new
    assert rows(odm, "new")[0] == ["gene", "S-1", "nobody"]
    assert rows(odm, "new", sampleFilter="Unknown = null")[0] == ["gene", "S-1"]


@pytest.mark.parametrize(
    ("query", "features"),
    [
        ({"exQuery": "feature = TP53"}, ["TP53", "TP53"]),
        ({"featureList": ["EGFR", "ABCB1"]}, ["EGFR", "ABCB1"]),
        ({"featureList": ["EGFR", "TP53"], "exQuery": "feature.length > 200"}, ["TP53"]),
        ({"exQuery": "features.length < 200 and values > 4"}, ["TP53", "ERBB2, α"]),
        ({"exQuery": "value > 10"}, ["TP53", "ERBB2, α"]),
        ({"exQuery": "value > 10", "sampleQuery": "liver"}, []),
        ({"exQuery": "value = 8 or feature = EGFR"}, ["EGFR", "TP53"]),
        ({"exQuery": "feature = none"}, []),
    ],
    ids=str,
)
def test_a_data_query_chooses_the_rows_and_keeps_their_other_cells(shown, query, features) -> None:
    header, *found = rows(shown, "rna", **query)
    assert [row[0] for row in found] == features
    assert {len(row) for row in found} <= {len(header)}


@pytest.mark.parametrize("size", [1, 8, 10_000])
def test_blocks_of_any_size_give_the_same_stream(shown, size, monkeypatch) -> None:
    whole = rows(shown, "folds", exQuery="value.p < 2")
    plain = Matrix.blocks
    monkeypatch.setattr(
        Matrix,
        "blocks",
        lambda self, runs, features, **more: plain(self, runs, features, size, **more),
    )
    assert rows(shown, "folds", exQuery="value.p < 2") == whole


def test_arrow_holds_the_same_numbers(shown) -> None:
    for name, digits in (("rna", 4), ("folds", 17)):
        header, *plain = rows(shown, name, roundDigits=digits)
        answer = shown.ask(
            "GET",
            PATH,
            headers={"accept": ARROW},
            groupAccession=shown.id[name],
            roundDigits=digits,
        )
        assert answer.headers["content-type"] == ARROW
        table = pa.ipc.open_stream(answer.body).read_all()
        assert table.column_names == header
        for column in header[2:]:
            texts = [row[header.index(column)] for row in plain]
            numbers = [float(text) if text else None for text in texts]
            assert table.column(column).to_pylist() == numbers
        for column in header[:2]:
            for cell, row in zip(table.column(column).to_pylist(), plain, strict=True):
                text = row[header.index(column)]
                is_missing = cell is None or (isinstance(cell, float) and math.isnan(cell))
                assert is_missing == (text == "")
                assert is_missing or cell in (text, float(text) if text.isdigit() else text)


@pytest.mark.parametrize("name", ["GSF999999", "x", "secret rna", "samples"])
def test_what_is_no_file_of_the_caller_is_404_in_odms_words(shown, name) -> None:
    accession = shown.id.get(name, name)
    answer = shown.ask("GET", PATH, groupAccession=accession)
    assert answer.status == 404
    assert answer.error == f"Group '{accession}' could not be found"


def test_the_file_must_be_named(shown) -> None:
    answer = shown.ask("GET", PATH)
    assert answer.status == 400
    assert "groupAccession" in answer.error


def test_a_stream_that_breaks_off_says_so_in_its_last_line(caplog) -> None:
    def broken():
        yield b"gene,S-1\nTP53,1.0\n"
        raise OSError("the disk is gone")

    text = b"".join(streams._ending_well(broken(), "abc123")).decode()
    *_, last = text.splitlines()
    assert last.startswith("#")
    assert "abc123" in last
    assert "disk" not in text
    assert list(itertools.takewhile(lambda line: line, text.splitlines()))[:2] == [
        "gene,S-1",
        "TP53,1.0",
    ]
    assert "the disk is gone" in caplog.text
