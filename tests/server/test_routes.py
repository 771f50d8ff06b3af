from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import QueryError
from odm_shiny.server.routes import Router, collapse, find_page, handles, serves
from odm_shiny.server.wire import Problem

ROUTER = Router()


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/api/v1/as-user/expressions/group", "search_expression_groups_as_user"),
        ("GET", "/api/v1/as-user/expressions/7-TP53", "get_expression_as_user"),
        ("GET", "/api/v1/xrefsets/entries", "search_entries"),
        ("GET", "/api/v1/xrefsets/GSF1/entries", "search_entries_within_file"),
        ("GET", "/api/v1/xrefsets/entries/metadata", "get_details_by_accession"),
        ("GET", "/api/v1/jobs/import/info", "info"),
        ("HEAD", "/api/v1/as-user/files/GSF1/download", "head_file_as_user"),
        ("HEAD", "/api/v1/as-user/studies", "search_studies_as_user"),
    ],
)
def test_a_fixed_part_wins_over_a_parameter(method: str, path: str, name: str) -> None:
    assert ROUTER.match(method, path)[0].name == name


@given(st.text(min_size=1).filter(lambda text: text not in {"group", "runs"}))
def test_any_id_comes_back_decoded(text: str) -> None:
    path = f"/api/v1/as-user/expressions/{quote(text, safe='')}"
    assert ROUTER.match("GET", path)[1] == {"id": text}


def test_an_encoded_slash_stays_inside_its_part() -> None:
    one, values = ROUTER.match("GET", "/api/v1/as-user/samples/a%2Fversions/versions/v%2F1")
    assert one.name == "get_sample_by_version_as_user"
    assert values == {"id": "a/versions", "version": "v/1"}


def test_a_path_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(Problem, match="'%FF%FE' is not percent-encoded UTF-8") as caught:
        ROUTER.match("GET", "/api/v1/as-user/samples/%FF%FE")
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/api/v1/as-user/sample", "/api/v1/as-user/samples"),
        ("/api/v1/as-user/samples/GSF1/version", "/api/v1/as-user/samples/{id}/versions"),
        ("/api/v1/job/import/study", "/api/v1/jobs/import/study"),
    ],
)
def test_an_unknown_path_is_answered_with_the_nearest(path: str, near: str) -> None:
    with pytest.raises(Problem) as caught:
        ROUTER.match("GET", path)
    assert caught.value.status == 404
    assert caught.value.message == f"nothing is at {path}; the nearest path is {near}"


def test_a_very_long_path_is_shortened_in_the_message() -> None:
    with pytest.raises(Problem) as caught:
        ROUTER.match("GET", "/" + "x" * 100_000)
    assert caught.value.status == 404
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("path", ["/api/v1/as-user/samples//", "/api/v1/as-user/expressions/"])
def test_an_empty_part_is_no_id(path: str) -> None:
    with pytest.raises(Problem) as caught:
        ROUTER.match("GET", path)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/as-user/samples/GSF1", "GET, HEAD"),
        ("GET", "/api/v1/jobs/import/study", "POST"),
        ("PUT", "/api/v1/as-curator/links", "DELETE, GET, HEAD, POST"),
        # A fixed path is not an id: it does not reach PATCH /expressions/{id}.
        ("PATCH", "/api/v1/as-curator/expressions/group", "GET, HEAD"),
    ],
)
def test_a_wrong_method_is_answered_with_the_right_ones(
    method: str, path: str, allowed: str
) -> None:
    with pytest.raises(Problem) as caught:
        ROUTER.match(method, path)
    assert caught.value.status == 405
    assert caught.value.headers == {"allow": allowed}
    assert allowed in caught.value.message


@pytest.mark.parametrize(
    ("path", "collapsed"),
    [
        ("//api/v1///as-user//samples", "/api/v1/as-user/samples"),
        ("/api/v1/as-user/samples/", "/api/v1/as-user/samples"),
        ("/a%2F%2Fb", "/a%2F%2Fb"),
        ("/", "/"),
        ("", "/"),
        ("//", "/"),
        ("api", "/api"),
    ],
)
def test_repeated_slashes_count_once(path: str, collapsed: str) -> None:
    assert collapse(path) == collapsed


@given(st.text(alphabet="/a%b", max_size=20))
def test_collapsing_again_changes_nothing(path: str) -> None:
    once = collapse(path)
    assert collapse(once) == once
    assert "//" not in once
    assert once.startswith("/")


def test_a_handler_needs_a_key_of_the_table() -> None:
    with pytest.raises(QueryError, match=r"the nearest is 'GET /samples'"):
        handles("GET /sampels")(lambda call: None)


def test_a_page_cannot_be_taken_twice() -> None:
    with pytest.raises(ValueError, match="GET / is served already"):
        serves("GET /")(lambda request, service: None)


def test_the_longest_prefix_finds_the_page() -> None:
    pages = {"GET /a/*": "all of a", "GET /a/b/*": "all of b", "GET /a/b": "b", "GET /": "start"}
    assert find_page("GET", "/a/b", pages) == "b"
    assert find_page("GET", "/a/b/c/d", pages) == "all of b"
    assert find_page("HEAD", "/a/c", pages) == "all of a"
    assert find_page("GET", "/a", pages) is None
    assert find_page("GET", "/", pages) == "start"
    assert find_page("POST", "/a/b", pages) is None
    assert find_page("GET", "/ab", pages) is None
