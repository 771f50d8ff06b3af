"""The documents are in order, and the check that watches them sees what is not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def check() -> ModuleType:
    return tool("check_docs")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A small tree of documents in order."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# Größe\n\nSee [docs](docs/index.md).\n")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n")
    (tmp_path / "docs" / "index.md").write_text("# Docs\n\n## A part: two\n\n[up](../README.md)\n")
    return tmp_path


def test_the_documents_are_in_order(check: ModuleType) -> None:
    assert check.problems(ROOT) == []


def test_a_tree_in_order_has_no_problems(check: ModuleType, docs: Path) -> None:
    assert check.problems(docs) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("[a](nowhere.md)", "link to nowhere.md: no such file", id="file"),
        pytest.param("[a](docs/index.md#a-part-2)", "no such heading", id="heading"),
        pytest.param("```python\nx = = 1\n```", "Python that does not compile", id="python"),
        pytest.param("```sh\nodm-shiny sing\n```", "`odm-shiny sing`: no such", id="command"),
        pytest.param("```sh\n$ make tea\n```", "`make tea`: no such command", id="target"),
    ],
)
def test_what_is_wrong_is_named(check: ModuleType, docs: Path, text: str, problem: str) -> None:
    page = docs / "README.md"
    page.write_text(f"{page.read_text()}\n{text}\n")
    (found,) = check.problems(docs)
    assert found.startswith("README.md: ")
    assert problem in found


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs/index.md#a-part-two)",
        "[a](https://example.org/nowhere.md)",
        "```text\n[a](nowhere.md)\n```",
        "```sh\nmake demo\n# make tea\n```",
        "```python\n>>> 1 +\n```",
    ],
    ids=["heading", "another host", "in a block", "commands", "a session"],
)
def test_what_is_right_is_left_alone(check: ModuleType, docs: Path, text: str) -> None:
    page = docs / "README.md"
    page.write_text(f"{page.read_text()}\n{text}\n")
    check.anchors.cache_clear()
    assert check.problems(docs) == []


def test_a_page_that_nothing_leads_to_is_named(check: ModuleType, docs: Path) -> None:
    (docs / "docs" / "lonely.md").write_text("# Alone\n\n[myself](lonely.md)\n")
    assert check.problems(docs) == ["docs/lonely.md: no page leads here"]


def test_a_changelog_without_unreleased_part_is_named(check: ModuleType, docs: Path) -> None:
    (docs / "CHANGELOG.md").write_text("# Changelog\n\n## 1.0\n")
    assert check.problems(docs) == ["CHANGELOG.md: has no part '## [Unreleased]'"]


def test_the_page_of_commands_is_what_the_commands_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool("write_cli_docs").main(["--check"]) == 0, capsys.readouterr().out
