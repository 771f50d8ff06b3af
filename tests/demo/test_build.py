"""The rules of tools/demo_data that decide what the shipped files say."""

from __future__ import annotations

import gzip

import pytest

KNOWN = {"AR", "BRCA2", "CD19", "CD83", "CDC42", "FAH", "LARGE", "LGALS1", "PLK", "TNF", "VRK1"}


@pytest.mark.parametrize(
    ("description", "symbol"),
    [
        ("FAH Fumarylacetoacetate", "FAH"),
        ("CD19 gene", "CD19"),
        ("PLK mRNA", "PLK"),
        ("CD83 ANTIGEN PRECURSOR", "CD83"),
        ("VRK1", "VRK1"),
        ("TNF receptor associated factor 6 (TRAF6) mRNA", ""),
        ("LARGE PROLINE-RICH PROTEIN BAT2", ""),
        ("BRCA2 region, mRNA sequence CG037", ""),
        ("Amphiregulin (AR) gene", ""),
        ("LGALS1 Ubiquinol-cytochrome c reductase core protein II", ""),
        ("CDC42 GTPase-activating protein mRNA, partial cds", ""),
        ("XYZ1 Unheard of", ""),
        ("", ""),
    ],
)
def test_symbol_of_a_description(description, symbol, build_part):
    assert build_part("golub").symbol_of(description, KNOWN) == symbol


@pytest.mark.parametrize(
    ("source", "iso"),
    [
        ("5/21/1997", "1997-05-21"),
        ("12/3/1998", "1998-12-03"),
        ("00/09/01", "2000-09-01"),
        ("00/09/20+T12501", "2000-09-20"),
        ("not known", ""),
        ("", ""),
    ],
)
def test_dates_become_iso(source, iso, build_part):
    assert build_part("chiaretti").iso_date(source) == iso


def test_a_date_of_another_form_stops_the_build(build_part):
    with pytest.raises(SystemExit, match=r"21\.5\.1997"):
        build_part("chiaretti").iso_date("21.5.1997")


def test_the_probe_that_varies_most_stands_for_its_gene(build_part):
    rows = [
        ["a_at", "G1", "9", "9", "9", "10"],
        ["b_at", "G1", "1", "2", "3", "4"],
        ["c_at", "G1", "2", "3", "4", "5"],
        ["AFFX-G1_at", "G1", "0", "0", "50", "99"],
        ["d_at", "", "0", "9", "0", "9"],
        ["e_at", "Gé2", "1", "1", "1", "1"],
    ]
    chosen = build_part("chiaretti").most_variable_probes(rows)
    assert chosen == {"G1": ["b_at", "1", "2", "3", "4"], "Gé2": ["e_at", "1", "1", "1", "1"]}


@pytest.mark.parametrize(
    ("text", "digits", "printed"),
    [
        ("7.597322981164", 4, "7.5973"),
        ("7.50004", 4, "7.5"),
        ("10", 4, "10"),
        ("-0.00001", 4, "0"),
        ("0", 2, "0"),
        ("-1.3942000000000001", 5, "-1.3942"),
    ],
)
def test_numbers_are_rounded_without_needless_zeros(text, digits, printed, build_part):
    assert build_part("tables").number(text, digits) == printed


def test_a_matrix_is_written_the_same_twice(tmp_path, build_part):
    tables = build_part("tables")
    for name in ("one.tsv.gz", "two.tsv.gz"):
        tables.write_matrix(tmp_path / name, ["gene"], ["s1", "s2"], [["TNFα", "1", "2.5"]])
    first, second = ((tmp_path / name).read_bytes() for name in ("one.tsv.gz", "two.tsv.gz"))
    assert first == second
    assert first[3:8] == bytes(5)  # neither a name nor a time in the gzip header
    assert gzip.decompress(first).decode() == "gene\ts1\ts2\nTNFα\t1\t2.5\n"


@pytest.mark.parametrize(
    ("columns", "rows", "reason"),
    [
        (["s 1"], [["A", "1"]], "blank"),
        (["s1"], [["A", "1"], ["A", "2"]], "repeats"),
        (["s1"], [["NaN", "1"]], "missing"),
        (["s1"], [["A", "1", "2"]], "lengths"),
        (["s1"], [["A\tB", "1"]], "tab"),
    ],
)
def test_what_odm_would_misread_stops_the_build(columns, rows, reason, tmp_path, build_part):
    with pytest.raises(SystemExit, match=reason):
        build_part("tables").write_matrix(tmp_path / "m.tsv.gz", ["gene"], columns, rows)


def test_a_record_without_any_value_of_an_attribute_stops_the_build(tmp_path, build_part):
    records = [{"Sample Source ID": "1", "Sex": ""}, {"Sample Source ID": "2", "Sex": ""}]
    with pytest.raises(SystemExit, match="Sex"):
        build_part("tables").write_records(tmp_path / "samples.tsv", records)


def test_the_manifest_lists_files_of_subfolders_but_not_itself(tmp_path, build_part):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.tsv").write_bytes(b"abc")
    for _ in range(2):
        build_part("tables").write_manifest(tmp_path)
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b/x.tsv\n"
    assert (tmp_path / "SHA256SUMS").read_text() == expected
