from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import FileError
from odm_shiny.formats.tsv import join_values, read_metadata, split_values, write_metadata


def read(text: str | bytes, **options):
    content = text.encode() if isinstance(text, str) else text
    return read_metadata(content, name="a.tsv", **options)


def test_table_is_read_as_text_in_file_order():
    table = read("Sample Source ID\tAge\tGröße\nS-01\t007\t1,80\nS-02\t\t NA \n")
    assert table.columns == ["Sample Source ID", "Age", "Größe"]
    assert table.records == [
        {"Sample Source ID": "S-01", "Age": "007", "Größe": "1,80"},
        {"Sample Source ID": "S-02", "Größe": "NA"},
    ]
    assert table.lines == [2, 3]
    assert table.warnings == []


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=["LF", "CR", "CRLF"])
def test_each_line_end_is_read(end):
    assert read(f"A\tB{end}1\t2{end}3\t4").records == [{"A": "1", "B": "2"}, {"A": "3", "B": "4"}]


@pytest.mark.parametrize("compression", ["gzip", "zip", "lz4"])
def test_packed_table_is_read(packed, compression):
    assert read(packed(b"A\n1\n", compression)).records == [{"A": "1"}]


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("liver", ["liver"]),
        ("liver | lung", ["liver", "lung"]),
        ("a||b", ["a|b"]),
        ("a|||b", ["a|", "b"]),
        ("a| |b|", ["a", "b"]),
        ("||", ["|"]),
        ("|", []),
        ("  ", []),
    ],
)
def test_pipes_separate_values_and_double_pipes_are_text(cell, values):
    assert split_values(cell) == values


def test_several_values_become_a_list_and_one_stays_text():
    assert read("A\tB\nx|y\tz|\n").records == [{"A": ["x", "y"], "B": "z"}]


def test_trailing_tabs_are_tolerated():
    table = read("A\tB\t\t\n1\t2\t\t\n3\t4\n")
    assert table.columns == ["A", "B"]
    assert table.records == [{"A": "1", "B": "2"}, {"A": "3", "B": "4"}]
    assert table.warnings == []


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        pytest.param("1\t2\n", "line 2, column 3: has 2 cells", id="last cell"),
        pytest.param("1\t2\t3\n\n4\n", "line 4, column 2: has 1 cell", id="after a blank line"),
        pytest.param('"x\ny"\t2\t3\n1\t\n', "line 4, column 3: has 2 cells", id="after line ends"),
    ],
)
def test_a_record_of_many_that_is_too_short_names_the_first_missing_cell(rows, place):
    with pytest.raises(FileError) as caught:
        read("A\tB\tC\n" + rows)
    assert f"a.tsv, {place} where the header has 3; complete the row" in str(caught.value)


def test_the_record_of_one_object_may_end_early_with_a_warning():
    table = read("A\tB\tC\n1\t2\n", single_record=True)
    assert table.records == [{"A": "1", "B": "2"}]
    assert table.warnings == ["a.tsv, line 2: 2 of 3 cells; the others are taken as empty"]


def test_blank_lines_are_no_records():
    table = read("A\tB\n\n1\t2\n \t\n3\t4\n\n")
    assert table.lines == [3, 5]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, None, "no header"),
        ("\n1\t2\n", 1, None, "no header"),
        ("A\tB\n", 2, None, "no record"),
        ("A\tB\n\t\n", 2, None, "no record"),
        ("A\t\tC\n1\t2\t3\n", 1, 2, "without a name"),
        ("A\tB\tA \n1\t2\t3\n", 1, 3, "repeats the attribute 'A' of column 1"),
        ("A\t" + "x" * 256 + "\n1\t2\n", 1, 2, "256 characters; at most 255"),
        ("\t".join(f"A{i}" for i in range(10_001)), 1, None, "10,001 attributes; at most 10,000"),
        ("A\tB\n1\t2\n1\t2\t3\n", 3, 3, "value '3' but the header names only 2 columns"),
        ("A\t\n1\t2\n", 2, 2, "value '2' but the header names only 1 columns"),
    ],
    ids=[
        "empty file",
        "blank header",
        "header only",
        "blank records",
        "unnamed",
        "repeated",
        "too long",
        "too many attributes",
        "too many cells",
        "unnamed last column with a value",
    ],
)
def test_fault_is_told_with_line_and_column(text, line, column, message):
    with pytest.raises(FileError, match=message) as caught:
        read(text)
    assert (caught.value.path, caught.value.line, caught.value.column) == ("a.tsv", line, column)


def test_names_of_255_characters_are_accepted():
    assert read("é" * 255 + "\n1\n").columns == ["é" * 255]


def test_single_record_refuses_a_second_one():
    assert read("A\n1\n", single_record=True).records == [{"A": "1"}]
    with pytest.raises(FileError, match="one record only") as caught:
        read("A\n1\n\n2\n", single_record=True)
    assert caught.value.line == 4


def test_wrong_encoding_is_told_with_its_line():
    with pytest.raises(FileError, match="not UTF-8") as caught:
        read(b"A\nM\xf6lndal\n")
    assert caught.value.line == 2


def test_size_limit_holds():
    with pytest.raises(FileError, match="more than the allowed 5 bytes"):
        read("A\n1234\n", max_bytes=5)


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ('"a\tb"\tc', ["a\tb", "c"]),
        ('"say ""hi"""\tc', ['say "hi"', "c"]),
        ('5" end\tc', ['5" end', "c"]),
        ('"lung" biopsy\tc', ['"lung" biopsy', "c"]),
        ('"open\tc', ['"open', "c"]),
        ('"x\ty"', ['"x', 'y"']),
        ('""\tc', [None, "c"]),
        ('"a, b"\t"c"', ["a, b", "c"]),
    ],
    ids=["tab", "quotes", "inch", "first word", "not closed", "stray", "empty", "comma"],
)
def test_quotes_around_a_whole_cell_are_taken_off_and_others_kept(row, cells):
    record = read(f"A\tB\n{row}\n").records[0]
    assert [record.get("A"), record.get("B")] == cells


def test_quoted_cell_may_span_lines():
    table = read('A\tB\tC\n1\t"two\nlines"\t3\nx\ty\tz\n')
    assert table.records[0] == {"A": "1", "B": "two\nlines", "C": "3"}
    assert table.lines == [2, 4]


def test_several_cells_of_a_record_may_span_lines():
    table = read('A\tB\n"1\n\n2"\t"say ""a""\nor b"\nx\ty\n')
    assert table.records[0] == {"A": "1\n\n2", "B": 'say "a"\nor b'}
    assert table.lines == [2, 6]


def test_stray_quotes_never_join_records():
    table = read('A\tB\n"x\t1\ny\t2\nz"\t3\n')
    assert [record["A"] for record in table.records] == ['"x', "y", 'z"']


def test_stray_quotes_cost_linear_time():
    rows = "\n".join('"open\t1' for _ in range(3000))
    assert len(read(f"A\tB\n{rows}\n").records) == 3000


def cells(space: str) -> st.SearchStrategy[list[str]]:
    signs = st.sampled_from(f"ab|\"'{space} é,\u2028#=0")
    value = st.text(signs, min_size=1, max_size=6).map(lambda text: text.strip(" \t\r\n"))
    return st.lists(value.filter(bool), min_size=1, max_size=3)


CELL = cells("\t") | cells("\n")
NAME = (
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
    .map(lambda text: text.strip(" \t\r\n"))
    .filter(bool)
)


@given(
    st.lists(NAME, min_size=1, max_size=4, unique=True).flatmap(
        lambda names: st.tuples(
            st.just(names),
            st.lists(
                st.dictionaries(st.sampled_from(names), CELL, min_size=1),
                min_size=1,
                max_size=4,
            ),
        )
    )
)
def test_written_table_is_read_back(table):
    names, rows = table
    records = [
        {name: values[0] if len(values) == 1 else values for name, values in row.items()}
        for row in rows
    ]
    back = read(write_metadata(records, names))
    assert back.columns == names
    assert back.records == [
        {name: record[name] for name in names if name in record} for record in records
    ]
    assert back.warnings == []


@given(st.lists(st.text("a| b", min_size=1).map(str.strip).filter(bool), max_size=5))
def test_joined_values_are_split_again(values):
    assert split_values(join_values(values)) == values


def test_typed_values_are_written_as_json_writes_them():
    text = write_metadata([{"A": 52, "B": 12.5, "C": True, "D": None, "E": [1, "x"]}])
    assert text == "A\tB\tC\tD\tE\n52\t12.5\ttrue\t\t1|x\n"


def test_columns_are_chosen_in_order_and_absent_ones_are_empty():
    assert write_metadata([{"A": "1", "B": "2"}, {"B": "3"}], ["B", "A"]) == "B\tA\n2\t1\n3\t\n"
