"""The page about modules names them all, and its app is the one of the examples."""

from __future__ import annotations

import re
from pathlib import Path

from odm_shiny import modules

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "modules.md").read_text(encoding="utf-8")


def test_every_public_name_is_on_the_page():
    assert [name for name in modules.__all__ if f"`{name}`" not in PAGE] == []


def test_every_public_name_is_there():
    assert [name for name in modules.__all__ if not hasattr(modules, name)] == []


def test_the_app_of_the_page_is_the_example():
    example = (ROOT / "examples" / "app_in_15_lines.py").read_text(encoding="utf-8")
    first = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    assert first.strip() == example.split('"""', 2)[2].strip()
