"""A test to start from: the app shows a plot of the demo study. Run it with `pytest`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from shiny.testserver import test_server_async

from odm_shiny import connect
from odm_shiny.demo import demo_study
from odm_shiny.demo.load import load_study


def test_the_app_shows_a_gene_by_groups(tmp_path, monkeypatch):
    monkeypatch.delenv("ODM_URL", raising=False)
    monkeypatch.setenv("ODM_SHINY_STORE", str(tmp_path / "store"))
    with connect() as client:
        load_study(client, demo_study("golub-leukemia"))
    figure = asyncio.run(first_plot(Path(__file__).with_name("app.py")))
    assert [trace["name"] for trace in figure["data"]] == ["ALL<br>n = 27", "AML<br>n = 11"]


async def first_plot(app):
    async with test_server_async(app, timeout_secs=60) as session:
        for _ in range(600):
            await asyncio.sleep(0.05)
            await session.flush()
            assert session.error is None
            plot = session.get_output("plot-plot")
            if plot.status == "ok":
                return plot.value
    raise AssertionError("no plot came")
