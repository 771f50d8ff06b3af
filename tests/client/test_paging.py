from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.client.clock import SystemClock
from odm_shiny.client.decode import Meta, Page, Pagination
from odm_shiny.client.paging import CursorPager, JoinedPager, OffsetPager, by_accession, row_id
from odm_shiny.client.steps import Driver
from odm_shiny.errors import MalformedResponse, QueryError


def driver():
    return Driver(None, SystemClock())


def read(pager, *, ahead=16):
    rows, used = [], driver()
    while not pager.done:
        for page in used.run(pager.batch(ahead=ahead)):
            rows += page.data
    return rows


class Lister:
    """A list behind offset pages, with the faults of real ones."""

    def __init__(self, n, *, most=10**9, hidden=(), totals=None):
        self.rows = [{"genestack:accession": f"GSF{number:06}"} for number in range(n)]
        self.most = most
        self.hidden = set(hidden)
        self.totals = totals
        self.asked = []

    def fetch(self, offset, limit):
        self.asked.append((offset, limit))
        window = self.rows[offset : offset + min(limit, self.most)]
        data = [row for row in window if row["genestack:accession"] not in self.hidden]
        told = self.totals or [len(self.rows)]
        total = told[min(len(self.asked), len(told)) - 1]
        meta = Meta(Pagination(len(data), total, offset, limit))
        return Page(data, meta)
        yield


@given(
    st.integers(0, 60),
    st.integers(1, 20),
    st.integers(1, 25),
    st.none() | st.integers(0, 70),
    st.sampled_from([16, 4, 1]),
)
def test_every_record_comes_once_and_in_order(n, page_limit, most, limit, ahead):
    lister = Lister(n, most=most)
    pager = OffsetPager(lister.fetch, page_limit=page_limit, limit=limit)
    rows = read(pager, ahead=ahead)
    assert rows == lister.rows[: n if limit is None else limit]
    assert pager.total == len(rows)


@given(
    st.integers(0, 40), st.integers(1, 12), st.sets(st.integers(0, 39)), st.sampled_from([16, 1])
)
def test_pages_that_come_short_lose_and_repeat_nothing(n, page_limit, hidden, ahead):
    names = {f"GSF{number:06}" for number in hidden}
    lister = Lister(n, hidden=names)
    rows = read(OffsetPager(lister.fetch, page_limit=page_limit), ahead=ahead)
    accessions = [row["genestack:accession"] for row in rows]
    assert len(set(accessions)) == len(accessions)
    # Where a whole page is hidden nobody can tell it from the end, but what came is in order.
    assert accessions == sorted(accessions)


def test_the_recorded_short_page_is_continued_where_it_ended():
    lister = Lister(2536, most=1990)
    rows = read(OffsetPager(lister.fetch, page_limit=2000))
    assert len(rows) == 2536
    assert lister.asked == [(0, 2000), (1990, 546)]


def test_a_page_in_the_middle_that_comes_short_is_filled_up():
    lister = Lister(50)
    seen = []

    def fetch(offset, limit):
        page = yield from lister.fetch(offset, limit)
        if offset == 20 and limit == 10:
            del page.data[7:]
        seen.append((offset, limit))
        return page

    assert read(OffsetPager(fetch, page_limit=10)) == lister.rows
    assert (27, 3) in seen


def test_a_list_that_grows_is_read_to_its_new_end():
    lister = Lister(30, totals=[20, 30])
    assert len(read(OffsetPager(lister.fetch, page_limit=10), ahead=1)) == 30


def test_a_list_that_shrinks_ends_where_it_ends():
    lister = Lister(15, totals=[40, 15])
    pager = OffsetPager(lister.fetch, page_limit=10)
    assert len(read(pager)) == 15
    assert pager.total == 15


def test_a_total_that_is_wrong_does_not_go_round_for_ever():
    lister = Lister(5, totals=[1000])
    assert len(read(OffsetPager(lister.fetch, page_limit=5))) == 5
    assert len(lister.asked) < 30


def test_a_list_without_a_total_ends_with_a_short_page():
    lister = Lister(25)

    def fetch(offset, limit):
        page = yield from lister.fetch(offset, limit)
        return Page(page.data)

    pager = OffsetPager(fetch, page_limit=10)
    assert read(pager) == lister.rows
    assert pager.total == 25


def test_the_first_page_is_alone_and_then_as_many_come_as_are_wanted():
    lister = Lister(100)
    pager = OffsetPager(lister.fetch, page_limit=10)
    used = driver()
    used.run(pager.batch(ahead=4))
    assert lister.asked == [(0, 10)]
    used.run(pager.batch(ahead=4))
    assert sorted(lister.asked[1:]) == [(10, 10), (20, 10), (30, 10), (40, 10)]
    used.run(pager.batch(ahead=1))
    assert lister.asked[5:] == [(50, 10)]


class Cursors:
    """A list behind cursors: each page has these sizes."""

    def __init__(self, *sizes, says_exhausted=True, loop_to=None):
        numbers = iter(range(sum(sizes)))
        self.pages = [[{"itemId": f"i{next(numbers)}"} for _ in range(size)] for size in sizes]
        self.says_exhausted = says_exhausted
        self.loop_to = loop_to
        self.asked = []

    def fetch(self, cursor, limit):
        self.asked.append((cursor, limit))
        number = int(cursor or 0)
        last = number == len(self.pages) - 1
        following = str(number + 1) if not last else self.loop_to
        page = Page(list(self.pages[number]), cursor=following, log=[f"page {number}"])
        if self.says_exhausted:
            page.resultsExhausted = last and self.loop_to is None
        return page
        yield


@pytest.mark.parametrize("ahead", [16, 4, 1])
@pytest.mark.parametrize("says", [True, False])
def test_cursors_are_followed_to_the_end(ahead, says):
    cursors = (
        Cursors(3, 3, 0, 2, 0, says_exhausted=True)
        if says
        else Cursors(3, 3, 0, says_exhausted=False)
    )
    pager = CursorPager(cursors.fetch, page_limit=3)
    rows = read(pager, ahead=ahead)
    assert [row["itemId"] for row in rows] == [f"i{n}" for n in range(8 if says else 6)]
    assert pager.total == len(rows)
    assert pager.log == [f"page {n}" for n in range(len(cursors.pages))]


def test_the_next_page_is_asked_for_while_one_is_worked_on():
    cursors = Cursors(2, 2, 2)
    pager = CursorPager(cursors.fetch, page_limit=2)
    used = driver()
    used.run(pager.batch(ahead=1))
    assert len(cursors.asked) == 1
    used.run(pager.batch(ahead=4))
    for thread in __import__("threading").enumerate():
        if thread.name == "odm-shiny-ahead":
            thread.join()
    assert len(cursors.asked) == 3


@pytest.mark.parametrize("ahead", [16, 4, 1])
@pytest.mark.parametrize("loop_to", ["1", "0"])
def test_a_cursor_that_comes_back_is_an_error(ahead, loop_to):
    cursors = Cursors(2, 2, 2, loop_to=loop_to)
    with pytest.raises(MalformedResponse, match="second time"):
        read(CursorPager(cursors.fetch, page_limit=2), ahead=ahead)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(0, 40), st.sampled_from([4, 1])
)
def test_a_limit_cuts_cursor_pages(sizes, limit, ahead):
    cursors = Cursors(*sizes)
    rows = read(CursorPager(cursors.fetch, page_limit=5, limit=limit), ahead=ahead)
    everything = [row for page in cursors.pages for row in page]
    assert rows == everything[:limit]


def test_joined_results_hold_each_row_once():
    one, two = Lister(7), Lister(12)
    pagers = [OffsetPager(lister.fetch, page_limit=5) for lister in (one, two)]
    pager = JoinedPager(pagers)
    assert read(pager) == two.rows
    assert pager.total == 12


def test_joined_results_can_be_put_in_the_order_of_accessions():
    lister = Lister(9)
    later = Lister(9)
    later.rows = later.rows[5:]
    lister.rows = lister.rows[:5][::-1]
    pagers = [OffsetPager(one.fetch, page_limit=2) for one in (later, lister)]
    rows = read(JoinedPager(pagers, limit=7, in_order=True))
    assert [row["genestack:accession"] for row in rows] == [f"GSF{n:06}" for n in range(7)]


def test_a_limit_holds_for_joined_results():
    pagers = [
        OffsetPager(Lister(9).fetch, page_limit=4),
        OffsetPager(Lister(20).fetch, page_limit=4),
    ]
    assert len(read(JoinedPager(pagers, limit=11))) == 11


def test_accessions_are_ordered_by_their_number():
    rows = [{"genestack:accession": name} for name in ("GSF1000000", "GSF000020", "GSF000003")]
    assert [row_id(row) for row in by_accession(rows)] == ["GSF000003", "GSF000020", "GSF1000000"]


def records(names):
    return [{"genestack:accession": name} for name in names]


def listing(names, total=None):
    meta = {"pagination": {"count": len(names), "total": len(names) if total is None else total}}
    return {"data": records(names), "meta": meta}


def test_pages_of_a_client_are_asked_for_by_offset(stub, ask, replies):
    everything = [f"GSF{n:06}" for n in range(7)]

    def script(request):
        start = int(request.query["pageOffset"])
        size = int(request.query["pageLimit"])
        return replies.http(200, listing(everything[start : start + size], 7))

    stub.script = script
    found = ask(stub.url, lambda client: client.samples.find(page_limit=2).to_list())
    assert found == records(everything)
    offsets = sorted(int(request.query["pageOffset"]) for request in stub.requests)
    assert offsets == [0, 2, 4, 6]


def test_nothing_is_asked_before_a_result_is_looked_at(stub, ask):
    def work(client):
        return repr(client.samples.find()) + repr(client.omics.samples())

    assert "not asked yet" in ask(stub.url, work)
    assert stub.requests == []


@pytest.mark.parametrize("limits", [{"page_limit": 0}, {"page_limit": 2001}, {"limit": -1}])
def test_limits_that_no_odm_takes_are_refused(stub, ask, limits):
    with pytest.raises(QueryError, match="limit="):
        ask(stub.url, lambda client: client.samples.find(**limits).to_list())
    assert stub.requests == []
