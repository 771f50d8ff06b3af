"""Type checkers know what a query's answer is, without a cast."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SNIPPET = """
from odm_shiny.connect import aconnect, connect
from odm_shiny.query.query import Query

with connect() as odm:
    asked = odm.query().where(study="a=b")
    reveal_type(asked.run())
    reveal_type(asked.genes("TP53").expression().at_least(4).versions("v1").run())
    reveal_type(asked.matrix("GSF1").limited_to(3).run())
    reveal_type(odm.run(asked.studies().sorted_by("name")))
    reveal_type(odm.run(asked.expression()))
    reveal_type(odm.run(asked.matrix("GSF1")))
    reveal_type(asked.explain())
    reveal_type(odm.run(Query()))
    asked.expression().run().to_matrix().to_pandas()
    unbound: Query = asked


async def main() -> None:
    async with await aconnect() as odm:
        reveal_type(await odm.run(odm.query().expression()))
        reveal_type(await odm.query().where(sample="a=b").arun())
        reveal_type(await odm.query().matrix("GSF1").arun())
"""
WANTED = [
    "Records",
    "ExpressionTable",
    "MatrixStream",
    "Records",
    "ExpressionTable",
    "MatrixStream",
    "Funnel",
    "Any",
    "AsyncExpressionTable",
    "AsyncRecords",
    "AsyncMatrixStream",
]


@pytest.mark.timeout(300)  # without a cache mypy reads the whole package
def test_the_type_of_an_answer_follows_the_query(tmp_path):
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(snippet)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    types = re.findall(r'Revealed type is "([^"]*)"', done.stdout)
    assert [one.rpartition(".")[2].rstrip("?") for one in types] == WANTED
    assert done.returncode == 0, done.stdout
