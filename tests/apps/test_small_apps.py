"""The app of the examples, the template's own test, and what a template must bring."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "app_in_15_lines.py"
TEMPLATES = sorted(path.parent for path in (ROOT / "apps").glob("*/_template.json"))
IN_PYTHON = [path for path in TEMPLATES if (path / "app.py").exists()]
FILES = {
    "app.py": ("README.md", "requirements.txt", "test_app.py"),
    "app.R": ("README.md", "DESCRIPTION", "test_app.R"),
}


def lines_of_code(path: Path) -> int:
    """Count lines that are neither blank, nor comment, nor the docstring."""
    source = path.read_text(encoding="utf-8")
    first = ast.parse(source).body[0]
    assert isinstance(first, ast.Expr)
    rest = source.splitlines()[first.end_lineno :]
    return sum(1 for line in rest if line.strip() and not line.strip().startswith("#"))


def test_an_app_from_modules_takes_15_lines():
    assert lines_of_code(EXAMPLE) <= 15
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--check", str(EXAMPLE)], check=False
    )
    assert formatted.returncode == 0


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_that_app_shows_a_gene_when_it_is_typed(page, start_app, demo_store):
    command = "run --port 0 --no-browser"
    page.goto(start_app(f"{command} {EXAMPLE}", ODM_SHINY_STORE=str(demo_store)))
    expect(page.locator("#plot-state-shown")).to_contain_text("Choose a gene")
    gene = page.get_by_role("combobox", name="Gene")
    gene.fill("CD3D")
    gene.press("Enter")
    expect(page.locator("#plot-said")).to_contain_text("p = ")
    expect(page.locator(".odm-plotly .plot-container")).to_be_visible()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_is_complete(template):
    about = json.loads((template / "_template.json").read_text(encoding="utf-8"))
    assert set(about) == {"id", "title", "description", "next_steps", "follow_up"}
    assert about["id"] == template.name
    (app,) = (name for name in FILES if (template / name).exists())
    for name in (app, *FILES[app]):
        assert (template / name).stat().st_size > 0


@pytest.mark.parametrize("template", IN_PYTHON, ids=lambda path: path.name)
def test_the_test_of_a_template_passes(template, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_app.py"],
        cwd=template,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
