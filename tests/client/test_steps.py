from __future__ import annotations

import asyncio
import inspect
import threading
import time

import pytest

from odm_shiny.client.client import AsyncClient, Client
from odm_shiny.client.clock import SystemClock
from odm_shiny.client.samples import AsyncSamples, Samples
from odm_shiny.client.steps import (
    AsyncDriver,
    Blocking,
    Close,
    Driver,
    Join,
    Open,
    Read,
    Sleep,
    Start,
    Together,
    blocking,
)
from odm_shiny.client.twins import Async, Sync, lazy_method, steps_method


class Echo:
    """A transport that remembers."""

    def __init__(self):
        self.seen = []

    def open(self, request, limits):
        self.seen.append(("open", request))
        return "opened"

    def read(self, opened, limits):
        if request_fails(opened):
            raise ValueError("broken")
        self.seen.append(("read", opened))
        return b"data"

    def close(self, opened):
        self.seen.append(("close", opened))


class AsyncEcho(Echo):
    async def open(self, request, limits):
        return Echo.open(self, request, limits)

    async def read(self, opened, limits):
        return Echo.read(self, opened, limits)

    async def close(self, opened):
        return Echo.close(self, opened)


def request_fails(opened):
    return opened == "bad"


@pytest.fixture(params=["sync", "async"])
def run(request, clock):
    def go(steps, transport=None):
        if request.param == "sync":
            return Driver(transport or Echo(), clock).run(steps)
        return asyncio.run(AsyncDriver(transport or AsyncEcho(), clock).run(steps))

    go.echo = Echo if request.param == "sync" else AsyncEcho
    return go


def test_steps_reach_the_transport_and_their_outcomes_come_back(run, clock):
    echo = run.echo()

    def work():
        opened = yield Open("request", "limits")
        data = yield Read(opened, "limits")
        yield Close(opened)
        yield Sleep(3.0)
        more = yield Blocking(lambda: 7)
        return data, more, (yield from blocking(lambda: 8))

    assert run(work(), echo) == (b"data", 7, 8)
    assert echo.seen == [("open", "request"), ("read", "opened"), ("close", "opened")]
    assert clock.slept == [3.0]


def test_an_error_of_a_step_can_be_caught_where_it_was_asked_for(run):
    echo = run.echo()

    def work():
        try:
            yield Read("bad", "limits")
        except ValueError as exc:
            return str(exc)
        finally:
            yield Close("bad")

    assert run(work(), echo) == "broken"
    assert echo.seen == [("close", "bad")]


def test_things_done_together_come_back_in_order_and_never_too_many(run):
    running, most = set(), []

    def job(number):
        def work():
            def busy():
                running.add(number)
                most.append(len(running))
                time.sleep(0.01)
                running.discard(number)

            yield Blocking(busy)
            return number * 10

        return work

    def work():
        return (yield Together([job(number) for number in range(9)], 3))

    assert run(work()) == [number * 10 for number in range(9)]
    assert 1 < max(most) <= 3


def test_an_error_of_one_of_several_is_raised(run):
    def bad():
        yield Blocking(lambda: 1 / 0)

    def good():
        yield Sleep(0)

    def work():
        yield Together([good, bad, good], 2)

    with pytest.raises(ZeroDivisionError):
        run(work())


def test_what_was_started_is_waited_for(run):
    def job():
        return (yield Blocking(lambda: 42))

    def work():
        running = yield Start(job)
        return (yield Join(running))

    assert run(work()) == 42


def test_an_error_of_what_was_started_is_raised_where_it_is_waited_for(run):
    def job():
        yield Blocking(lambda: 1 / 0)

    def work():
        running = yield Start(job)
        yield Sleep(0)
        try:
            yield Join(running)
        except ZeroDivisionError:
            return "caught"

    assert run(work()) == "caught"


def test_what_is_no_step_is_refused(run):
    def work():
        yield 3

    with pytest.raises(TypeError, match="not a step"):
        run(work())


def test_an_interrupt_reaches_the_steps_and_the_driver_can_be_used_again():
    echo = Echo()
    driver = Driver(echo, SystemClock())

    def interrupted():
        raise KeyboardInterrupt

    def work():
        try:
            yield Blocking(interrupted)
        finally:
            yield Close("x")

    with pytest.raises(KeyboardInterrupt):
        driver.run(work())
    assert echo.seen == [("close", "x")]
    assert driver.run(blocking(lambda: 1)) == 1


def test_a_cancelled_task_gives_its_connection_back():
    echo = AsyncEcho()
    entered = threading.Event()

    def work():
        try:
            entered.set()
            yield Sleep(60)
        finally:
            yield Close("x")

    async def main():
        task = asyncio.ensure_future(AsyncDriver(echo, SystemClock()).run(work()))
        while not entered.is_set():
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert echo.seen == [("close", "x")]


class Methods:
    def __init__(self, driver):
        self.driver = driver

    @steps_method
    def double(self, number: int, *, plus: int = 0) -> Steps[int]:  # noqa: F821
        """Double it."""
        return (yield Blocking(lambda: number * 2 + plus))

    listed = lazy_method(
        lambda self, n: list(range(n)),
        lambda found, driver: found,
        lambda found, driver: found[::-1],
    )


class Now(Methods, Sync):
    pass


class Later(Methods, Async):
    pass


def test_a_method_is_called_on_one_twin_and_awaited_on_the_other(clock):
    now, later = Now(Driver(None, clock)), Later(AsyncDriver(None, clock))
    assert now.double(3, plus=1) == 7
    assert asyncio.run(later.double(3, plus=1)) == 7
    assert inspect.iscoroutinefunction(later.double)
    assert now.listed(3) == [0, 1, 2]
    assert later.listed(3) == [2, 1, 0]


def test_a_method_shows_its_own_signature_and_text(clock):
    now = Now(Driver(None, clock))
    assert str(inspect.signature(now.double)) == "(number: 'int', *, plus: 'int' = 0) -> 'int'"
    assert now.double.__doc__ == "Double it."
    assert now.double.__name__ == "double"


def public(kind):
    return {name for name in dir(kind) if not name.startswith("_")} - {"driver"}


def test_both_clients_have_the_same_methods():
    only_sync = {"run"}
    assert public(Client) - public(AsyncClient) <= only_sync
    assert public(AsyncClient) - public(Client) <= {"arun"}
    assert public(Samples) == public(AsyncSamples)


def test_every_public_method_of_a_client_says_what_it_does(stub):
    from odm_shiny.connect import connect

    with connect(stub.url, "token-1", cache=False) as client:
        for name in public(type(client)):
            assert getattr(client, name).__doc__, name
        for part in vars(client).values():
            if type(part).__module__.startswith("odm_shiny.client"):
                assert type(part).__doc__
                for name in public(type(part)):
                    assert getattr(part, name).__doc__ or not callable(getattr(part, name)), name
