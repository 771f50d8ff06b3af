"""R's calls, as the package makes them, and what comes back."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from odm_shiny.errors import NotFound, OdmError, QueryError

pytestmark = pytest.mark.r

# What the R package does, in short.
CLIENT = """function(mailbox) function(name, ...) {
    mailbox$.name <- name
    mailbox$.args <- list(...)
    if (mailbox$.call()) mailbox$.value else structure(mailbox$.value, class = "problem")
}"""


def fail(kind: str) -> None:
    raise {
        "not found": NotFound("no study “GSFβ”", status=404, request_id="r-1"),
        "query": QueryError("unknown field"),
        "odm": OdmError("nul \0 and \ud800"),
        "key": KeyError("nokey"),
        "exit": SystemExit(3),
        "interrupt": KeyboardInterrupt(),
    }[kind]


def warn() -> int:
    warnings.warn("half of it is missing", stacklevel=1)
    return 1


def shout(text: str) -> bool:
    from odm_shiny.rbridge import mailbox

    mailbox.notify("progress", text)
    return True


def show(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"args": [repr(one) for one in args], "kwargs": {k: repr(v) for k, v in kwargs.items()}}


def frame() -> pd.DataFrame:
    return pd.DataFrame({"a": [1, 2]})


def two(one: int, *, other: str = "x") -> str:
    return f"{one}{other}"


FUNCTIONS: dict[str, Callable[..., Any]] = {
    one.__name__: one for one in (fail, warn, shout, show, frame, two)
} | {"unknown_type": lambda: {1, 2}, "echo": lambda x: x}


@pytest.fixture(scope="session")
def environment(r: Callable[[str], Any]) -> Any:
    from odm_shiny.rbridge import mailbox

    made = r("new.env(parent = emptyenv())")
    mailbox.install(made, FUNCTIONS)
    return made


@pytest.fixture
def call(r: Callable[[str], Any], environment: Any) -> Callable[[str], Any]:
    """Give a function: evaluates R code in which ``odm(name, ...)`` asks Python."""
    from odm_shiny.rbridge import session
    from odm_shiny.rbridge.from_r import from_r

    odm = session.apply(r(CLIENT), environment)
    return lambda code: from_r(session.apply(r(f"function(odm, mailbox) {code}"), odm, environment))


def test_arguments_arrive_by_position_and_by_name(call: Callable[[str], Any]) -> None:
    found = call("odm('show', 1L, c('a', NA), x = NULL, `genestack:accession` = list(b = TRUE))")
    assert found == {
        "args": ["1", "['a', None]"],
        "kwargs": {"x": "None", "genestack:accession": "{'b': True}"},
    }
    assert call("odm('two', 1L, other = 'b')") == "1b"


def test_a_frame_comes_back_native(call: Callable[[str], Any]) -> None:
    assert call("identical(odm('frame'), data.frame(a = 1:2))") is True


def test_a_null_result_is_a_success(call: Callable[[str], Any]) -> None:
    assert call("is.null(odm('echo', NULL))") is True


PROBLEMS = [
    ("fail', 'not found", ["odm_not_found", "odm_http", "odm_error"], "no study “GSFβ”"),
    ("fail', 'query", ["odm_query_error", "odm_error"], "unknown field"),
    ("fail', 'odm", ["odm_error"], r"nul \0 and \ud800"),
    ("fail', 'key", ["odm_python_error", "odm_error"], "KeyError: 'nokey'"),
    ("fail', 'exit", ["odm_python_error", "odm_error"], "SystemExit: 3"),
    ("nope", ["odm_query_error", "odm_error"], "there is no function 'nope'"),
    ("two", ["odm_usage_error", "odm_error"], "two: missing a required argument: 'one'"),
    ("unknown_type", ["odm_frame_error", "odm_error"], "builtins.set has no R form"),
    ("echo', sum)#", ["odm_frame_error", "odm_error"], "argument 1: an R function"),
    ("two', 1, wrong = 2)#", ["odm_usage_error", "odm_error"], "unexpected keyword"),
]


@pytest.mark.parametrize(("code", "classes", "words"), PROBLEMS, ids=[p[0] for p in PROBLEMS])
def test_what_goes_wrong_is_a_condition_and_the_next_call_works(
    call: Callable[[str], Any], code: str, classes: list[str], words: str
) -> None:
    problem = f"x <- odm('{code}')\n".replace(")#')", ")")
    assert call(f"{{ {problem}; class(x) }}") == "problem"
    found = call(f"{{ {problem}; unclass(x)[c('class', 'message', 'hint', 'python')] }}")
    given = found["class"]
    assert ([given] if isinstance(given, str) else given) == classes
    assert words in found["message"]
    assert "Traceback" in found["python"]
    assert call("odm('echo', 1L)") == 1


def test_a_status_and_a_request_id_come_along(call: Callable[[str], Any]) -> None:
    code = "{ x <- odm('fail', 'not found'); list(x$status, x$request_id) }"
    assert call(code) == [404, "r-1"]


def test_warnings_of_python_are_handed_over(call: Callable[[str], Any]) -> None:
    assert call("{ odm('warn'); mailbox$.warnings }") == "half of it is missing"
    assert call("{ odm('echo', 1L); mailbox$.warnings }") == []


def test_python_can_speak_while_it_works(call: Callable[[str], Any]) -> None:
    code = """{
        heard <- character()
        mailbox$.notify <- function(kind, text) heard <<- c(heard, kind, text)
        odm('shout', '3 of 7 \\u03b2')
        rm('.notify', envir = mailbox)
        odm('shout', 'nobody listens')
        heard }"""
    assert call(code) == ["progress", "3 of 7 β"]


def test_an_error_of_the_listener_is_a_condition(call: Callable[[str], Any]) -> None:
    code = """{
        mailbox$.notify <- function(kind, text) stop('deaf')
        x <- odm('shout', 'a')
        rm('.notify', envir = mailbox)
        list(x$class, x$message) }"""
    assert call(code) == [["odm_bridge_error", "odm_error"], "deaf"]


def test_a_call_within_a_call_is_answered(call: Callable[[str], Any]) -> None:
    code = """{
        mailbox$.notify <- function(kind, text) inner <<- odm('echo', 'inner')
        inner <- NULL
        outer <- odm('shout', 'a')
        rm('.notify', envir = mailbox)
        list(inner, outer) }"""
    assert call(code) == ["inner", True]


def test_ctrl_c_in_python_is_an_interrupt_of_r(call: Callable[[str], Any]) -> None:
    code = """tryCatch({
        x <- odm('fail', 'interrupt')
        Sys.sleep(20)
        'slept'
    }, interrupt = function(e) 'interrupted')"""
    assert call(code) == "interrupted"
    assert call("odm('echo', 1L)") == 1


def test_a_fork_is_told_what_to_do(call: Callable[[str], Any]) -> None:
    code = """{
        child <- parallel::mcparallel({ x <- odm('echo', 1L); list(x$class, x$message) })
        parallel::mccollect(child)[[1]] }"""
    classes, message = call(code)
    assert classes == ["odm_fork_error", "odm_bridge_error", "odm_error"]
    assert "parallel::makeCluster()" in message
    assert call("odm('echo', 1L)") == 1


def test_handles_live_until_r_lets_them_go(call: Callable[[str], Any]) -> None:
    from odm_shiny.rbridge import handles

    thing = object()
    number = handles.keep("connection", thing).number
    as_list = f"list(kind = 'connection', number = {number}, session = '{handles.SESSION}')"
    for form in (as_list, f"list2env({as_list})"):
        assert call(f"odm('show', structure({form}, class = 'odm_handle'))$args") == repr(thing)
    assert call(f"odm('release', c({number}, 12345))") == 2
    found = call(f"odm('echo', structure({as_list}, class = 'odm_handle'))$message")
    assert found == "this connection was closed: open it again"


PAYLOADS = [
    "system('touch {0}')",
    "'); file.create('{0}'); ('",
    "`; file.create('{0}'); `",
    "$(touch {0})",
    "__import__('pathlib').Path('{0}').touch()",
    "\\x27); file.create('{0}') #",
    "{{file.create('{0}')}}",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_code_in_names_and_values_is_data(
    r: Callable[[str], Any], environment: Any, tmp_path: Path, payload: str
) -> None:
    from odm_shiny.rbridge import session
    from odm_shiny.rbridge.from_r import from_r
    from odm_shiny.rbridge.to_r import to_r

    canary = tmp_path / "canary"
    text = payload.format(canary)
    evil = pd.DataFrame({text: [text, "b"], "f": pd.Categorical([text, None])}, index=[text, "x"])
    through = session.apply(session.apply(r(CLIENT), environment), to_r("echo"), to_r(evil))
    pd.testing.assert_frame_equal(from_r(through), evil)
    nested = {text: [text, {text: text}]}
    assert from_r(to_r(nested)) == nested
    missing = session.apply(session.apply(r(CLIENT), environment), to_r(text))
    assert text in from_r(session.apply(r("function(x) x$message"), missing))
    assert not canary.exists()


def test_language_in_arguments_is_not_evaluated(call: Callable[[str], Any], tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    code = f"odm('echo', list(quote(file.create('{canary}'))))$message"
    assert "R code has no Python form" in call(code)
    code = f"odm('echo', structure(list(1), names = c('a'), f = quote(file.create('{canary}'))))"
    assert call(code) == {"a": 1.0}
    assert not canary.exists()


def test_150_calls_while_r_collects_its_garbage_all_the_time(call: Callable[[str], Any]) -> None:
    code = """{
        value <- data.frame(t = c('\\u00e9', NA), n = c(1.5, NA), f = factor(c('a', NA)))
        value$l <- list(1:3, NULL)
        gctorture2(200)
        on.exit(gctorture2(0))
        for (i in 1:150) {
            if (i %% 3 == 0) odm('fail', 'not found') else {
                back <- odm('echo', value)
                if (!identical(back, value)) stop('changed at ', i)
            }
        }
        i }"""
    assert call(code) == 150


def test_many_calls_leave_nothing_behind(call: Callable[[str], Any]) -> None:
    import psutil

    call("for (i in 1:300) odm('echo', 1:1000)")
    before = psutil.Process().memory_info().rss
    call("for (i in 1:2000) odm('echo', 1:1000)")
    assert psutil.Process().memory_info().rss - before < 20e6
