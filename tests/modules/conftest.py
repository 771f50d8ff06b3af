from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from shiny import App, ui
from shiny.testserver import test_server_async

from odm_shiny import Client, connect

STUDY = "Study Title\tStudy Source\nLeukemia, 7 people é\tlocal\n"
OTHER_STUDY = "Study Title\tStudy Source\nLibraries & <b>bulk</b>\tlocal\n"
SAMPLES = """Sample Source ID\tSample Name\tSex\tCell Type\tAge\tBatch\tNote
s1\tann\tfemale\tB cell\t31\t01\tplain
s2\tbob\tmale\tB cell\t47\t01\t=1+2
s3\tcäsar\tmale\tB cell\t52\t02\t
s4\tdot\tfemale\tT cell\t18\t02\t<img src=x onerror=alert(1)>
s5\teve\tfemale\tT cell\t64\t02\t
s6\tfay\t\tT cell\t\t01\tα
s7\tgus\tmale\tT cell\t47\t01\t@cmd
"""
OTHER_SAMPLES = "Sample Source ID\tSex\nx1\tmale\nx2\tfemale\nx3\tmale\n"
LIBRARIES = "Library ID\tSample Source ID\nL1\tx1\nL2\tx2\nL3\tx2\n"
BY_PROBE = """probe\tgene\ts1\ts2\ts3\ts4\ts5\ts6\ts7
p1_at\tG1\t1.0\t2.0\t3.0\t7.0\t8.0\t9.5\t8.25
p2_at\tG1\t5.0\t5.0\t5.5\t5.0\t5.25\t5.0\t
p3_at\tG2\t0.5\t\t0.75\t0.25\t0.5\t1.0\t0.125
p4_at\tgène\t4\t4\t4\t4\t4\t4\t4
p5_at\t\t2\t3\t4\t5\t6\t7\t8
"""
BY_GENE = """probe\tgene\ts1\ts2\ts3\ts4\ts5\ts6\ts7
p1_at\tG1\t1.0\t2.0\t3.0\t7.0\t8.0\t9.5\t8.25
p3_at\tG2\t0.5\t\t0.75\t0.25\t0.5\t1.0\t0.125
"""
BY_LIBRARY = """symbol\tL1:count\tL1:tpm\tL2:count\tL2:tpm\tL3:count\tL3:tpm
TP53\t10\t1.5\t20\t2.5\t30\t3.5
MYC\t0\t0\t7\t0.7\t\t
"""


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _import_leukemia(client: Client, folder: Path) -> None:
    study = client.imports.study(_file(folder, "a.study.tsv", STUDY)).accession
    samples = client.imports.samples(_file(folder, "a.samples.tsv", SAMPLES)).accession
    client.links.create_groups("sample", samples, "study", study)
    previous = None
    for name, text in (("by probe", BY_PROBE), ("by gene", BY_GENE)):
        about = f"Name\tData Class\tScale\n{name}\tBulk transcriptomics\tlog2\n"
        previous = client.imports.expression(
            _file(folder, f"{name}.tsv", text),
            metadata=_file(folder, f"{name}.tsv.tsv", about),
            previous_version=previous,
            n_feature_columns=2,
        ).accession
        client.links.create_groups("expression", previous, "sample", samples)


def _import_libraries(client: Client, folder: Path) -> None:
    study = client.imports.study(_file(folder, "b.study.tsv", OTHER_STUDY)).accession
    samples = client.imports.samples(_file(folder, "b.samples.tsv", OTHER_SAMPLES)).accession
    libraries = client.imports.libraries(_file(folder, "b.libraries.tsv", LIBRARIES)).accession
    client.links.create_groups("sample", samples, "study", study)
    client.links.create_groups("library", libraries, "sample", samples)
    group = client.imports.expression(
        _file(folder, "bulk.tsv", BY_LIBRARY), n_feature_columns=1, measurement_separator=":"
    ).accession
    client.links.create_groups("expression", group, "library", libraries)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("modules")
    with connect(store=folder / "store") as client:
        _import_leukemia(client, folder)
        _import_libraries(client, folder)
    return folder / "store"


@pytest.fixture(scope="session", params=[True, False], ids=["extensions", "any-odm"])
def client(request: pytest.FixtureRequest, store: Path) -> Iterator[Client]:
    """A client with and without what only this project's own server has."""
    with connect(store=store, extensions=request.param) as opened:
        yield opened


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    # Shiny's reactive lock belongs to the first loop that had to wait for it: there is only one.
    # It has a thread of its own, as Playwright leaves a loop running in the main one.
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever, daemon=True)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.close()


class Page:
    """A session without a browser: set inputs, wait for outputs."""

    def __init__(self, session: Any) -> None:
        self.session = session

    async def set(self, **inputs: object) -> None:
        await self.session.set_inputs(**{k.replace("__", "-"): v for k, v in inputs.items()})

    async def message(self, method: str, *arguments: object) -> None:
        """Send what the page sends by ``Shiny.shinyapp.makeRequest``."""
        sent = {"method": method, "args": arguments, "tag": 1}
        self.session._conn.cause_receive(json.dumps(sent))
        await asyncio.sleep(0.05)

    def output(self, name: str) -> Any:
        found = self.session.get_output(name.replace("__", "-"))
        return found.value if found.status == "ok" else None

    def html(self, name: str) -> str:
        value = self.output(name)
        return value["html"] if isinstance(value, dict) else str(value or "")

    async def until(self, condition: Callable[[Page], object], timeout_s: float = 30.0) -> Any:
        """Wait until something holds, and return it."""
        end = time.monotonic() + timeout_s
        while True:
            await asyncio.sleep(0.02)
            await self.session.flush()
            assert self.session.error is None, self.session.error
            found = condition(self)
            if found:
                return found
            assert time.monotonic() < end, "it did not come"


@pytest.fixture
def on_page(loop: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    """Run an async function with a page whose session runs `server`."""

    def run(server: Callable[..., Any], steps: Callable[[Page], Any], **client_data: Any) -> Any:
        async def main() -> Any:
            app = App(lambda request: ui.page_fluid(), server, bookmark_store="url")
            async with test_server_async(app, client_data=client_data, timeout_secs=60) as session:
                return await steps(Page(session))

        return asyncio.run_coroutine_threadsafe(main(), loop).result()

    return run


@pytest.fixture(scope="session")
def served(store: Path) -> Iterator[tuple[str, str]]:
    """A real server on the same studies, with its address and a token of a reader."""
    command = [sys.executable, "-m", "odm_shiny.cli.main"]
    made = subprocess.run(
        [*command, "token", "create", "--store", str(store), "--user", "a@example.org", "--admin"],
        capture_output=True,
        text=True,
        check=True,
    )
    with subprocess.Popen(
        [*command, "serve", "--store", str(store), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("ODM ready at "), line
        yield line.split()[-1], made.stdout.strip()
        server.terminate()
        server.stdout.read()
