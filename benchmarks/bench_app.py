"""The expression app in a browser: from a change of an input to the plot that is drawn.

The real app runs in a process of its own on an embedded store with simulated studies
(`benchmarks.app_data`), and Debian's Chromium opens it, headless. Time is taken in the page: from
the event that a person would cause until the new plot is drawn and the browser has had a moment to
paint it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.app_data import fill, gene
from benchmarks.case import Seen

LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", "about:")
SETTLE_MS = 400
"""Between two changes, so that one does not meet what the other left behind."""
REST_MS = 2_000
"""After the first plot, until the rest of the page is there."""
MANY = 100_000

# Does something in the page and waits until the first line of `probe` has changed and its text
# includes `text`.
MEASURE = """([act, probe, text]) => new Promise((done, fail) => {
  const look = new Function("return String(" + probe + ")");
  const first = (said) => said.split("\\n")[0];
  const before = first(look());
  const late = setTimeout(() => fail(new Error(`nothing new at ${probe}`)), 60000);
  const observer = new MutationObserver(() => {
    const now = look();
    if (first(now) === before || !now.includes(text)) return;
    observer.disconnect();
    clearTimeout(late);
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0));
  });
  const all = { subtree: true, childList: true, attributes: true, characterData: true };
  observer.observe(document.body, all);
  const start = performance.now();
  new Function(act)();
})"""
# How often it was drawn, which is counted behind the drawing; then what it shows.
PLOT = """(() => {
  const plot = document.querySelector(".odm-plotly");
  return plot.dataset.rendered + "\\n" + plot.getAttribute("aria-label");
})()"""
ROW = "(document.querySelector('#table-grid td') || document.body).textContent"
SAID = "document.querySelector('#table-said').textContent"


def cases(large: bool) -> Iterator[Seen]:
    """Make a store, open the app on it, and give what is seen."""
    folder = Path(tempfile.mkdtemp(prefix="odm-shiny-bench-app-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sizes = {"ten": 10_000, "twenty": 20_000} | ({"many": MANY} if large else {})
    studies = fill(folder, sizes)
    with browser() as chromium, app(folder) as address:
        visit = Visit(chromium, address)
        yield from opening(visit, studies["ten"], 5 if large else 2)
        yield from genes(visit, 25 if large else 10)
        yield from interactions(visit, studies["twenty"], 20 if large else 5)
        if large:
            yield from box_plot(visit, studies["many"], 20)
        yield Seen("app: requests to other hosts", str(len(visit.outside)), "0")


class Visit:
    """A browser at the app.

    Attributes
    ----------
    outside
        Addresses on other hosts that a page asked for.
    received
        Bytes of each message that the present page got through its socket, before compression.
    """

    def __init__(self, chromium: Any, address: str) -> None:
        self.address = address
        self.outside: list[str] = []
        self.received: list[int] = []
        self._context = chromium.new_context(viewport={"width": 1400, "height": 1200})
        self.page: Any = None

    def open(self, study: str) -> float:
        """Open the app at a study and a gene; gives the seconds until the plot is there."""
        if self.page is not None:
            self.page.close()
        self.page = self._context.new_page()
        self.page.set_default_timeout(120_000)
        self.page.on("request", self._check)
        self.page.on("websocket", self._listen)
        link = f'{self.address}/?_values_&study-study="{study}"&gene-gene="{gene(1)}"'
        started = time.perf_counter()
        self.page.goto(link.replace('"', "%22"))
        self.page.wait_for_selector(".odm-plotly[data-rendered] .plot-container")
        return time.perf_counter() - started

    def time(self, act: str, probe: str = PLOT, text: str = "") -> float:
        """Do something in the page; gives the milliseconds until what `probe` reads is new."""
        taken = float(self.page.evaluate(MEASURE, [act, probe, text]))
        self.page.wait_for_timeout(SETTLE_MS)
        return taken

    def _check(self, request: Any) -> None:
        if not request.url.startswith(LOCAL):
            self.outside.append(request.url)

    def _listen(self, socket: Any) -> None:
        socket.on("framereceived", lambda frame: self.received.append(len(frame)))


def opening(visit: Visit, study: str, n: int) -> Iterator[Seen]:
    """Time from the address to the first plot, in a new process and then again."""
    target = "<= 3 s"
    cold = visit.open(study)
    yield Seen("app: open to first plot, 10,000 samples, new process", f"{cold:.2f} s", target)
    warm = [visit.open(study) for _ in range(n)]
    yield Seen("the same, second visit and later", spread_s(warm), target)


def genes(visit: Visit, n: int) -> Iterator[Seen]:
    """Time and bytes of a change of the gene, at the study that is open."""
    visit.page.wait_for_timeout(REST_MS)
    taken, sizes = [], []
    for number in range(2, n + 3):
        visit.received.clear()
        taken.append(visit.time(type_gene(gene(number)), text=gene(number)))
        sizes.append(sum(visit.received))
    points = "10,000 points"
    yield Seen(f"app: gene change to new plot, {points}", spread(taken[1:]), "<= 500 ms")
    yield Seen(f"app: bytes of a gene change, {points}", f"{max(sizes):,}", "<= 150,000")


def interactions(visit: Visit, study: str, n: int) -> Iterator[Seen]:
    """Time other things that a person does with 20,000 samples."""
    visit.open(study)
    visit.page.wait_for_timeout(REST_MS)
    target = "p95 <= 1,000 ms"
    size = "20,000 samples"
    box = """document.querySelector(".odm-facet input[type=checkbox]").click()"""
    level = """(() => {
      const levels = [...document.querySelectorAll("#metadata-level input")];
      levels[levels[0].checked ? 2 : 0].click();
    })()"""
    works: dict[str, Sequence[tuple[str, str]]] = {
        "filter by a value, to the new plot": [(box, PLOT)],
        "group by another attribute": [(group_by("Disease"), PLOT), (group_by("Tissue"), PLOT)],
        "other page of the table": [(table_page(3), ROW), (table_page(2), ROW)],
        "other metadata, to the new table": [(level, SAID)],
    }
    for name, steps in works.items():
        taken = [visit.time(*steps[i % len(steps)]) for i in range(n + 1)]
        yield Seen(f"app: {name}, {size}", spread(taken[1:]), target)


def box_plot(visit: Visit, study: str, n: int) -> Iterator[Seen]:
    """Time a box plot of very many values, which are there already or have to be read."""
    visit.open(study)
    visit.page.wait_for_timeout(3 * REST_MS)
    steps = [group_by("Disease"), group_by("Tissue")]
    taken = [visit.time(steps[i % 2]) for i in range(n + 1)]
    points = f"{MANY:,} points"
    yield Seen(f"app: box plot by another attribute, {points}", spread(taken[1:]), "<= 400 ms")
    taken = [visit.time(type_gene(gene(i)), text=gene(i)) for i in range(2, n + 3)]
    yield Seen(f"app: gene change to new plot, {points}", spread(taken[1:]), "p95 <= 1,000 ms")


def type_gene(name: str) -> str:
    """Script that types a gene and confirms it."""
    return f"""
      const field = document.querySelector(".odm-combobox input");
      field.value = "{name}";
      field.dispatchEvent(new KeyboardEvent("keydown", {{ key: "Enter", bubbles: true }}));
    """


def group_by(attribute: str) -> str:
    """Script that groups the plot by an attribute."""
    return _choose("#plot-attribute", attribute)


def table_page(number: int) -> str:
    """Script that turns to a page of the table."""
    return _choose("#table-page", str(number))


def _choose(selector: str, value: str) -> str:
    return f"""
      const control = document.querySelector("{selector}");
      control.value = "{value}";
      control.dispatchEvent(new Event("change", {{ bubbles: true }}));
    """


def spread(taken_ms: Sequence[float]) -> str:
    """Median, 95th percentile and range of times."""
    p95 = np.quantile(taken_ms, 0.95)
    return (
        f"{np.median(taken_ms):.0f} ms, p95 {p95:.0f} ({min(taken_ms):.0f} to {max(taken_ms):.0f})"
    )


def spread_s(taken_s: Sequence[float]) -> str:
    """Median and range of longer times."""
    return f"{np.median(taken_s):.2f} s ({min(taken_s):.2f} to {max(taken_s):.2f})"


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()


@contextmanager
def app(store: Path) -> Iterator[str]:
    """The app as a person starts it; gives its address."""
    settings = {name: text for name, text in os.environ.items() if not name.startswith("ODM_")}
    words = "run odm-expression --port 0 --no-browser"
    with subprocess.Popen(
        [sys.executable, "-m", "odm_shiny.cli.main", *words.split()],
        stdout=subprocess.PIPE,
        text=True,
        env={**settings, "ODM_SHINY_STORE": str(store)},
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()
