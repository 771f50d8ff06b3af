from __future__ import annotations

import subprocess
import sys

import pytest

WARM = """
import gc, sys, types
before = gc.get_freeze_count()
{first}
from odm_shiny.modules import warm_up
warm_up()
assert gc.get_freeze_count() > before
assert {{"pandas", "pyarrow", "scipy.stats"}} <= set(sys.modules)
from shiny.otel._core import is_otel_tracing_enabled
assert is_otel_tracing_enabled() is False
print(sys.modules["opentelemetry.sdk"])
"""
THERE = 'sys.modules["opentelemetry.sdk"] = types.ModuleType("opentelemetry.sdk")'


@pytest.mark.parametrize(
    ("first", "left"), [("", "None"), (THERE, "<module 'opentelemetry.sdk'>")], ids=["not", "there"]
)
def test_an_app_is_warmed_up_and_tracing_stays_possible_where_it_is_installed(first, left):
    said = subprocess.run(
        [sys.executable, "-c", WARM.format(first=first)], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == left
