from __future__ import annotations

import numpy as np
import pytest

from odm_shiny.errors import FileError
from odm_shiny.formats.gct import open_gct

ROWS = b"TP53\ttumor protein\t1.5\t\t0\nBRCA1\t\t2\t-3e2\tNA\n"
PLAIN = b"#1.2\n2\t3\nName\tDescription\tS-01\tS-02\tM\xc3\xb6l\n" + ROWS


def read(content: bytes):
    with open_gct(content, name="a.gct") as blocks:
        parts = list(blocks)
    return blocks, parts


def values_of(parts) -> np.ndarray:
    return np.concatenate([part.values for part in parts])[:, :, 0]


def test_plain_file_is_read():
    blocks, (block,) = read(PLAIN)
    assert blocks.header.run_names == ("S-01", "S-02", "Möl")
    assert blocks.header.measurements == ("value",)
    assert block.features == {"feature": ["TP53", "BRCA1"], "Description": ["tumor protein", None]}
    np.testing.assert_array_equal(
        block.values, np.array([[1.5, np.nan, 0], [2, -300, np.nan]])[:, :, None]
    )
    assert blocks.feature_kinds == {"feature": "string", "Description": "string"}
    assert blocks.warnings == []


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.replace(b"\n", b"\r"),
        PLAIN.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"#1.2\n2\t3\n", b"#1.2\t\t\t\n2\t3\t\t\n"),
        PLAIN.replace(b"Name\tDescription", b"NAME\tdescription"),
        PLAIN.replace(b"\n", b"\t\t\n"),
        PLAIN.replace(b"Name\tDescription\tS-01", b'"Name"\t"Description"\t"S-01"'),
        PLAIN.replace(b"TP53", b'"TP53"'),
        PLAIN.replace(b"BRCA1", b"\n\nBRCA1") + b"\n\n",
        PLAIN[:-1],
    ],
    ids=[
        "CR",
        "CRLF",
        "byte order mark",
        "tabs after the size",
        "case of the header",
        "tabs after every line",
        "quoted header",
        "quoted feature",
        "blank lines",
        "no last line end",
    ],
)
def test_oddities_of_real_files_are_tolerated(content):
    blocks, parts = read(content)
    assert blocks.header.run_names == ("S-01", "S-02", "Möl")
    assert [text for part in parts for text in part.features["feature"]] == ["TP53", "BRCA1"]
    np.testing.assert_array_equal(values_of(parts), values_of(read(PLAIN)[1]))
    assert blocks.warnings == []


@pytest.mark.parametrize("promised", [0, 1, 23686])
def test_wrong_number_of_rows_is_a_warning_with_both_numbers(promised):
    blocks, _ = read(PLAIN.replace(b"2\t3\n", b"%d\t3\n" % promised, 1))
    assert blocks.n_rows == 2
    assert blocks.warnings == [
        f"a.gct, line 2: the header says {promised:,} rows, the file has 2; all of them were read"
    ]


HEAD = b"#1.2\n2\t2\nName\tDescription\tS1\tS2\n"


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        (b"", 1, None, "ends before its version"),
        (b"#1.2\n", 2, None, "ends before the numbers"),
        (b"#1.2\n2\t2\n", 3, None, "ends before the column ids"),
        (b"Name\tDescription\tS1\n", 1, None, "not with #1.2 or #1.3"),
        (b"#1.1\n2\t2\n", 1, None, "not with #1.2"),
        (b"#1.2\n2\n", 2, None, "must hold 2 whole numbers"),
        (b"#1.2\ntwo\t2\n", 2, None, "must hold 2 whole numbers"),
        (b"#1.2\n-2\t2\n", 2, None, "must hold 2 whole numbers"),
        (b"#1.2\n2\t2\nGene\tDescription\tS1\tS2\n", 3, 1, "must start with Name"),
        (b"#1.2\n2\t2\nName\tS1\tS2\n", 3, 2, "must start with Name and Description"),
        (b"#1.2\n2\t3\nName\tDescription\tS1\tS2\n", 3, 5, "names 2 columns, line 2 says 3"),
        (b"#1.2\n2\t1\nName\tDescription\tS1\tS2\n", 3, 4, "names 2 columns, line 2 says 1"),
        (b"#1.2\n2\t0\nName\tDescription\n", 3, 3, "names 0 columns"),
        (HEAD.replace(b"S2", b"S1"), 3, 4, "repeats the column id 'S1' of column 3"),
        (HEAD.replace(b"S2", b"S 2"), 3, 4, "holds a blank"),
        (b"#1.2\n2\t3\nName\tDescription\tS1\t\tS3\n", 3, 4, "without id"),
        (HEAD, None, None, "no data row"),
        (HEAD + b"a\t\t1\t2\nb\t\t1\n", 5, 4, "has 3 cells where the header has 4; complete"),
        (HEAD + b"a\t\t1\t2\t3\n", 4, 5, "has 5 cells where the header has 4; delete"),
        (HEAD + b"a\t\t1\t2\n\nb\t\t1\tx1\n", 6, 4, "'x1' is not a number"),
        (HEAD + b"a\t\t1\t2,5\n", 4, 4, "decimal comma; write 2.5"),
        (HEAD + b"a\t\t1\t1e999\n", 4, 4, "outside the range"),
        (HEAD + b"a\t\t1\t2\nb\t\t1\t2\na\t\t1\t2\n", 6, 1, "repeats the row id 'a' of data row 1"),
        (HEAD + b"\td\t1\t2\n", 4, 1, "without feature accession"),
        (HEAD + b"a\tM\xf6l\t1\t2\n", 4, None, "byte 0xf6 at offset 35 is not UTF-8"),
        (HEAD + b"a\t\t1\t\x00\n", 4, None, "NUL byte"),
        (HEAD.decode().encode("utf-16"), None, None, "UTF-16"),
    ],
)
def test_fault_is_told_with_file_line_and_column(content, line, column, message):
    with pytest.raises(FileError, match=message) as caught:
        read(content)
    assert (caught.value.path, caught.value.line, caught.value.column) == ("a.gct", line, column)


def test_row_ids_that_look_like_missing_codes_are_kept():
    _, (block,) = read(HEAD + b"NA\tnull\t1\t2\nnan\t7\t1\t2\n")
    assert block.features == {"feature": ["NA", "nan"], "Description": ["null", "7"]}


V13 = (
    b"#1.3\n2\t2\t2\t2\nid\tchrom\tstart\tS1\tS2\n"
    b"tissue\tna\tna\tliver\tNA\ndose\tna\tna\t10\t\n"
    b"g1\tchr1\t100\t1\t2\ng2\tNA\t200\t3\t\n"
)


def test_version_1_3_has_row_attributes_as_feature_columns_and_reports_column_attributes():
    blocks, (block,) = read(V13)
    assert block.features == {
        "feature": ["g1", "g2"],
        "chrom": ["chr1", None],
        "start": ["100", "200"],
    }
    assert blocks.feature_kinds == {"feature": "string", "chrom": "string", "start": "number"}
    assert blocks.column_attributes == {"tissue": ["liver", None], "dose": ["10", None]}
    np.testing.assert_array_equal(values_of([block]), [[1, 2], [3, np.nan]])


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (V13.replace(b"2\t2\t2\t2", b"2\t2"), 2, "must hold 4 whole numbers"),
        (V13.replace(b"id\t", b"Name\t"), 3, "must start with id"),
        (V13.replace(b"chrom\tstart", b"chrom\tchrom"), 3, "repeats the name 'chrom'"),
        (V13.replace(b"\tstart\t", b"\t\t"), 3, "has no name"),
        (V13.replace(b"dose\t", b"tissue\t"), 5, "is not a column attribute"),
        (V13.replace(b"2\t2\t2\t2", b"2\t2\t2\t9"), 8, "ends before its 9 column attributes"),
    ],
    ids=["sizes", "id", "repeated attribute", "unnamed", "repeated column attribute", "too few"],
)
def test_faults_of_version_1_3(content, line, message):
    with pytest.raises(FileError, match=message) as caught:
        read(content)
    assert caught.value.line == line
