"""Templates are found, copied and loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from odm_shiny.cli import templates as module
from odm_shiny.cli.templates import app_file, copy_template, load_app, template, templates
from odm_shiny.errors import FileError, OdmError

APP = "from shiny import App, ui\nfrom parts import title\n\napp = App(ui.h1(title), None)\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two templates and a stray file."""
    root = tmp_path / "apps"
    for name in ("odm-expression", "odm-überblick"):
        (root / name / "__pycache__").mkdir(parents=True)
        (root / name / "__pycache__" / "app.pyc").write_bytes(b"")
        (root / name / "app.py").write_text(APP)
        (root / name / "parts.py").write_text("title = 'Größe'\n", encoding="utf-8")
        said = {"type": "app", "id": name, "title": f"Title of {name}", "description": "Shows."}
        (root / name / "_template.json").write_text(json.dumps(said))
    (root / "README.md").write_text("# Templates\n")
    monkeypatch.setattr(module, "folder_of_templates", lambda: root)
    return root


def test_the_templates_are_listed_by_name(folder: Path) -> None:
    assert [found.name for found in templates()] == ["odm-expression", "odm-überblick"]
    assert templates()[0].title == "Title of odm-expression"


def test_an_unknown_template_names_the_nearest(folder: Path) -> None:
    with pytest.raises(OdmError, match=r"'odm-expresion'; did you mean odm-expression\?"):
        template("odm-expresion")


def test_a_copy_is_an_app_and_no_template(folder: Path, tmp_path: Path) -> None:
    path = copy_template(template("odm-expression"), tmp_path / "mine")
    assert path == tmp_path / "mine" / "app.py"
    assert {found.name for found in path.parent.iterdir()} == {"app.py", "parts.py"}


def test_a_copy_replaces_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileError, match="exists already"):
        copy_template(template("odm-expression"), tmp_path / "mine")


def test_an_app_is_named_by_template_folder_or_file(folder: Path) -> None:
    expected = folder / "odm-expression" / "app.py"
    assert app_file("odm-expression") == expected
    assert app_file(str(expected.parent)) == expected
    assert app_file(str(expected)) == expected


def test_an_app_in_r_is_named_and_copied_the_same_way(tmp_path: Path) -> None:
    path = copy_template(template("r-expression"), tmp_path / "mine")
    assert path == app_file(str(tmp_path / "mine")) == tmp_path / "mine" / "app.R"
    assert app_file(str(path)) == path
    assert app_file("r-expression").name == "app.R"
    assert {one.name for one in (tmp_path / "mine").iterdir()} == {
        *("app.R", "R", "www", "DESCRIPTION", "README.md", "test_app.R")
    }


@pytest.mark.parametrize("what", ["./nowhere", "nowhere/app.py", "app.py"])
def test_a_path_without_an_app_is_an_error_of_that_path(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError, match=r"there is no app here"):
        app_file(what)


def test_an_app_imports_its_neighbours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    assert load_app(folder / "odm-expression" / "app.py") is not None


def test_a_file_without_app_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", ["", *__import__("sys").path])
    (tmp_path / "app.py").write_text("application = 1\n")
    with pytest.raises(FileError, match=r"app\.py: makes no `app = App"):
        load_app(tmp_path / "app.py")
