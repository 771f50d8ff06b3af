from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.contract.operations import operation, operations
from odm_shiny.server.parameters import check_names, check_path, check_query, shorten
from odm_shiny.server.wire import Problem

SAMPLES = operation("search_samples_as_user")
EXPRESSIONS = operation("get_expression_data_as_user")
AUDIT = operation("search_audit_events")
STREAM = operation("omics_search_streamed_expression_data_as_user")


def refusal(one, *pairs: tuple[str, str], status: int = 400) -> str:
    with pytest.raises(Problem) as caught:
        check_query(one, pairs)
    assert caught.value.status == status
    return caught.value.message


def test_values_get_their_types_and_missing_ones_their_defaults() -> None:
    pairs = [("filter", '"Größe" > 3'), ("pageLimit", "7"), ("searchSpecificTerms", "true")]
    assert check_query(SAMPLES, pairs) == {
        "filter": '"Größe" > 3',
        "pageLimit": 7,
        "pageOffset": 0,
        "returnedMetadataFields": "extended_data_included",
        "searchSpecificTerms": True,
        "sort": "id",
    }


def test_a_list_parameter_is_repeated() -> None:
    pairs = [("featureList", "TP53"), ("featureList", "a,b"), ("featureList", "")]
    assert check_query(EXPRESSIONS, pairs)["featureList"] == ["TP53", "a,b"]
    assert "featureList" not in check_query(EXPRESSIONS, [("featureList", "")])


def test_a_joined_list_parameter_is_split_at_commas() -> None:
    found = check_query(operation("delete_data"), [("accessions", "GSF1, GSF2,,GSF3")])
    assert found["accessions"] == ["GSF1", "GSF2", "GSF3"]


@pytest.mark.parametrize("one", [None, SAMPLES, EXPRESSIONS], ids=lambda one: one and one.name)
def test_empty_text_counts_as_missing(one) -> None:
    assert "filter" not in check_query(one or operation("find_users"), [("filter", "")])


@pytest.mark.parametrize(
    ("sent", "read"),
    [(" name", "+name"), ("+name", "+name"), ("-last_update", "-last_update"), ("id", "id")],
)
def test_a_plus_that_arrives_as_blank_still_sorts(sent: str, read: str) -> None:
    assert check_query(SAMPLES, [("sort", sent)])["sort"] == read


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (
            [("pageLimt", "5")],
            "unknown query parameter 'pageLimt'; the nearest known one is pageLimit",
        ),
        ([("PAGELIMIT", "5")], "the nearest known one is pageLimit"),
        ([("zzz", "5")], "unknown query parameter 'zzz'; known are responseFormat, filter"),
        ([("pageLimit", "2001")], "pageLimit is '2001'; it must be a whole number from 0 to 2000"),
        ([("pageLimit", "-1")], "pageLimit is '-1'; it must be a whole number from 0 to 2000"),
        ([("pageLimit", "1.5")], "pageLimit is '1.5'"),
        ([("pageLimit", "")], "pageLimit is ''"),
        ([("pageLimit", "１２")], "pageLimit is '１２'"),
        ([("pageLimit", "1_0")], "pageLimit is '1_0'"),
        ([("pageLimit", "9" * 30)], "pageLimit is '999"),
        ([("pageOffset", str(2**31))], "it must be a whole number from 0 to 2147483647"),
        ([("pageLimit", "5"), ("pageLimit", "5")], "pageLimit is given 2 times; once is allowed"),
        ([("searchSpecificTerms", "yes")], "is 'yes'; it must be true or false"),
        ([("sort", "age")], "sort is 'age'; it must be one of id, creation"),
        ([("sort", "")], "sort is ''"),
        (
            [("returnedMetadataFields", "all")],
            "it must be one of minimal_data, extended_data_included, original_data_included",
        ),
        ([("responseFormat", "term")], "it must be one of term_id"),
        ([("filter", "a\0b")], "filter holds a NUL character"),
        ([("filter", "\ud800")], "filter is not valid Unicode text"),
    ],
)
def test_a_bad_parameter_is_named_with_what_is_allowed(
    pairs: list[tuple[str, str]], message: str
) -> None:
    assert message in refusal(SAMPLES, *pairs)


@pytest.mark.parametrize("text", ["1e999", "nan", "inf", "0x1", "1_0", "", "one"])
def test_a_number_must_be_finite_and_decimal(text: str) -> None:
    assert "minExpressionLevel is" in refusal(EXPRESSIONS, ("minExpressionLevel", text))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_float_is_read_back(number: float) -> None:
    found = check_query(EXPRESSIONS, [("minExpressionLevel", repr(number))])
    assert found["minExpressionLevel"] == number


def test_a_missing_parameter_is_named() -> None:
    assert refusal(STREAM) == "parameter groupAccession must be given"
    assert refusal(STREAM, ("groupAccession", "")) == "parameter groupAccession must be given"


def test_times_are_utc() -> None:
    pairs = [("from", "2026-01-05T10:00:00"), ("to", "2026-01-05T10:00:00+02:00")]
    found = check_query(AUDIT, pairs)
    assert found["from"] == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert found["to"] == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert "such as 2026-01-05T10:00:00" in refusal(AUDIT, ("from", "yesterday"))
    assert "a UUID" in refusal(AUDIT, ("cursor", "12"))


def test_lenient_ignores_unknown_names_and_nothing_else() -> None:
    found = check_query(SAMPLES, [("colour", "red"), ("pageLimit", "3")], lenient=True)
    assert found["pageLimit"] == 3
    assert "colour" not in found
    with pytest.raises(Problem):
        check_query(SAMPLES, [("pageLimit", "x")], lenient=True)


def test_a_long_filter_passes_and_an_endless_one_does_not() -> None:
    long = " OR ".join(f'"genestack:accession"="GSF{n:06}"' for n in range(3000))
    assert len(long) > 100_000
    assert check_query(SAMPLES, [("filter", long)])["filter"] == long
    message = refusal(SAMPLES, ("filter", "x" * (2 << 20)), status=414)
    assert "at most 2097152 are read" in message


def test_a_long_value_is_shortened_in_the_message() -> None:
    message = refusal(SAMPLES, ("sort", "x" * 500))
    assert "x" * 59 + "…" in message
    assert "x" * 60 not in message


def test_control_characters_never_reach_a_message() -> None:
    assert shorten("a\nb\x1b[31m") == "a�b�[31m"


def test_a_path_number_must_be_one() -> None:
    check_path(operation("info"), {"jobExecId": "17"})
    with pytest.raises(Problem, match="jobExecId is 'last'"):
        check_path(operation("info"), {"jobExecId": "last"})
    with pytest.raises(Problem, match="holds a NUL"):
        check_path(operation("get_study_as_user"), {"id": "GSF\0"})


FORM = operation("start_import_samples_multipart").parameters_in("form")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["file", "templateID"], "unknown form field 'templateID'; the nearest known one is temp"),
        (["templateId"], "form field file must be given"),
        (["file", "file"], "form field file is given twice"),
    ],
)
def test_fields_of_a_form_are_known_complete_and_single(names: list[str], message: str) -> None:
    with pytest.raises(Problem) as caught:
        check_names(FORM, names)
    assert message in caught.value.message


def test_lenient_ignores_unknown_fields_of_a_form() -> None:
    check_names(FORM, ["file", "colour"], lenient=True)


def outcome(one, pairs: list[tuple[str, str]]) -> Problem | dict[str, object]:
    try:
        return check_query(one, pairs)
    except Problem as problem:
        return problem


WITH_QUERY = [one for one in operations() if one.parameters_in("query")]


@given(
    one=st.sampled_from(WITH_QUERY),
    data=st.data(),
)
def test_whatever_is_sent_is_typed_or_refused_with_400(one, data: st.DataObject) -> None:
    names = [parameter.name for parameter in one.parameters_in("query")]
    pairs = data.draw(
        st.lists(st.tuples(st.sampled_from([*names, "other"]), st.text(max_size=8)), max_size=5)
    )
    found = outcome(one, pairs)
    if isinstance(found, Problem):
        assert found.status == 400
        assert (found.location or "").startswith("query.")
    else:
        assert set(found) <= set(names)


def test_a_range_without_ends_is_that_of_the_format() -> None:
    wide = replace(operation("find_users").parameters_in("query")[1], format=None)
    assert wide.high == 2**63 - 1
