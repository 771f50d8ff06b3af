from __future__ import annotations

import threading
from functools import partial

import pytest
from shiny import reactive, render

from odm_shiny.errors import DeadlineExceeded, NotAuthenticated, QueryError
from odm_shiny.modules.work import MAX_THREADS, Together, latest, refusals, same_call


class Gate:
    """Slow work that waits until it is let through, and knows what was asked."""

    def __init__(self):
        self.asked = []
        self.running = 0
        self.most = 0
        self.open = {}

    def __call__(self, name):
        self.asked.append(name)
        self.running += 1
        self.most = max(self.most, self.running)
        self.open.setdefault(name, threading.Event()).wait(20)
        self.running -= 1
        return f"answer to {name}"

    def let(self, name):
        self.open.setdefault(name, threading.Event()).set()


def follow(plan, made, **options):
    """A server whose one output shows how the work of `plan` stands."""

    def server(input, output, session):
        work = latest(lambda: plan(input), **options)
        made.append(work)

        @render.text
        def status():
            return work.status()

        @render.text
        def result():
            return str(work.result())

    return server


def test_the_newest_call_wins_and_an_older_answer_is_dropped(on_page):
    gate, made = Gate(), []

    async def steps(page):
        await page.set(name="first")
        await page.until(lambda p: "first" in gate.asked)
        await page.set(name="second")
        await page.until(lambda p: "second" in gate.asked)
        gate.let("second")
        await page.until(lambda p: p.output("result") == "answer to second")
        gate.let("first")
        for _ in range(10):
            await page.until(lambda p: True)
        assert page.output("result") == "answer to second"
        assert page.output("status") == "done"

    on_page(follow(lambda input: partial(gate, input.name()), made), steps)


def test_few_threads_run_however_often_the_question_changes(on_page):
    gate, made = Gate(), []

    async def steps(page):
        for name in "abcdefgh":
            await page.set(name=name)
        await page.until(lambda p: len(gate.asked) == MAX_THREADS)
        for name in "abcdefgh":
            gate.let(name)
        await page.until(lambda p: p.output("result") == "answer to h")
        assert gate.most <= MAX_THREADS
        assert len(gate.asked) < 8  # those in between were never started

    on_page(follow(lambda input: partial(gate, input.name()), made), steps)


def test_the_same_call_is_not_made_twice_but_a_retry_is(on_page):
    calls, made = [], []

    def answer(name):
        calls.append(name)
        return name

    async def steps(page):
        await page.set(name="x", other=1)
        await page.until(lambda p: p.output("result") == "x")
        await page.set(other=2)
        await page.until(lambda p: p.output("status") == "done")
        assert calls == ["x"]
        made[0].retry()
        await page.set(other=3)
        await page.until(lambda p: len(calls) == 2)

    def plan(input):
        input.other()
        return partial(answer, input.name())

    on_page(follow(plan, made), steps)


def test_cancelled_work_says_so_and_can_be_asked_again(on_page):
    gate, made = Gate(), []

    async def steps(page):
        await page.set(name="x", go=0)
        await page.until(lambda p: p.output("status") == "running" and gate.asked)
        made[0].cancel()
        await page.until(lambda p: p.output("status") == "cancelled")
        gate.let("x")
        made[0].retry()
        await page.set(go=1)
        await page.until(lambda p: p.output("result") == "answer to x")

    on_page(follow(lambda input: partial(gate, input.name()), made), steps)


@pytest.mark.parametrize(
    "error", [DeadlineExceeded("late"), ZeroDivisionError("a fault")], ids=["expected", "fault"]
)
def test_an_error_is_kept_and_outputs_go_blank(on_page, error, caplog):
    made = []

    def fail(name):
        raise error

    async def steps(page):
        await page.set(name="x")
        await page.until(lambda p: p.output("status") == "failed")
        assert page.output("result") is None
        with reactive.isolate():
            assert made[0].error() is error

    on_page(follow(lambda input: partial(fail, input.name()), made), steps)
    logged = isinstance(error, ZeroDivisionError)
    assert ("a fault" in caplog.text) == logged


def test_a_question_that_cannot_be_asked_fails_without_a_call(on_page):
    made = []

    def plan(input):
        raise QueryError(f"no {input.name()}")

    async def steps(page):
        await page.set(name="such field")
        await page.until(lambda p: p.output("status") == "failed")
        with reactive.isolate():
            assert str(made[0].error()) == "no such field"

    on_page(follow(plan, made), steps)


def test_work_waits_for_what_it_needs_and_shows_its_error_and_retries_it(on_page):
    gate, calls = Gate(), []

    def first(name):
        calls.append(name)
        if len(calls) == 1:
            raise DeadlineExceeded("late")
        return gate(name)

    works = []

    def server(input, output, session):
        one = latest(lambda: partial(first, input.name()))
        two = latest(lambda: partial(str.upper, one.result()), after=[one])
        both = Together(one, two)
        works.extend([one, two, both])

        @render.text
        def status():
            return f"{one.status()} {two.status()} {both.status()}"

        @render.text
        def result():
            return str(both.result())

    async def steps(page):
        await page.set(name="x", go=0)
        await page.until(lambda p: p.output("status") == "failed failed failed")
        works[1].retry()
        await page.set(go=1)
        await page.until(lambda p: p.output("status") == "running running running")
        gate.let("x")
        await page.until(lambda p: p.output("result") == "('answer to x', 'ANSWER TO X')")
        assert page.output("status") == "done done done"

    on_page(server, steps)


def test_refusals_are_counted_for_the_session(on_page):
    def refuse(name):
        raise NotAuthenticated("no", status=401)

    def server(input, output, session):
        latest(lambda: partial(refuse, input.name()))

        @render.text
        def count():
            return str(refusals(session)())

    async def steps(page):
        await page.set(name="x")
        await page.until(lambda p: p.output("count") == "1")
        await page.set(name="y")
        await page.until(lambda p: p.output("count") == "2")

    on_page(server, steps)


def test_calls_compare_by_function_and_arguments():
    assert same_call(partial(int, "1", base=2), partial(int, "1", base=2))
    assert not same_call(partial(int, "1"), partial(int, "2"))
    assert not same_call(partial(int, "1"), partial(float, "1"))
    assert not same_call(partial(int, "1"), None)


def test_waiting_and_then_running_is_drawn_once(on_page):
    gate, drawn = Gate(), []

    def server(input, output, session):
        one = latest(lambda: partial(gate, input.name()))
        two = latest(lambda: partial(gate, f"more of {one.result()}"), after=[one])

        @render.text
        def result():
            drawn.append(two.status())
            return two.result()

    async def steps(page):
        await page.set(name="x")
        await page.until(lambda p: drawn[-1:] == ["running"])
        gate.let("x")
        await page.until(lambda p: "more of answer to x" in gate.asked)
        gate.let("more of answer to x")
        await page.until(lambda p: p.output("result") == "answer to more of answer to x")
        assert drawn[drawn.index("running") :] == ["running", "done"]

    on_page(server, steps)
