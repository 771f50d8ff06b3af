"""The app templates: where they are, what they say of themselves, and copies of them."""

from __future__ import annotations

import difflib
import importlib.util
import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odm_shiny.errors import FileError, OdmError

if TYPE_CHECKING:
    from shiny import App

NOT_COPIED = ("__pycache__", "*.pyc", ".*")
APP_FILES = ("app.py", "app.R")


@dataclass(frozen=True, slots=True)
class Template:
    """An app template: its name, its folder, and what ``_template.json`` says of it."""

    name: str
    folder: Path
    title: str
    description: str


def folder_of_templates() -> Path:
    """Return the folder of the templates: inside the installed package, or of the clone."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_apps"
    return installed if installed.is_dir() else package.parent / "apps"


def templates() -> list[Template]:
    """List the templates by name."""
    return [_read(path) for path in sorted(folder_of_templates().glob("*/_template.json"))]


def template(name: str) -> Template:
    """Find a template by its name.

    Raises
    ------
    OdmError
        There is none of that name; the message names the nearest.
    """
    known = {found.name: found for found in templates()}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known) or 'none'}"
        raise OdmError(f"no template is called {name!r}; {hint}")
    return known[name]


def copy_template(source: Template, target: Path) -> Path:
    """Copy a template to `target`, a folder that must not exist, and return its app's file.

    What only a template has, ``_template.json``, stays behind.

    Raises
    ------
    FileError
        `target` exists.
    """
    if target.exists():
        raise FileError("exists already: choose another name, or remove it first", path=str(target))
    ignored = shutil.ignore_patterns(*NOT_COPIED, "_template.json")
    shutil.copytree(source.folder, target, ignore=ignored)
    return _app_in(target)


def app_file(what: str) -> Path:
    """Find the ``app.py`` or ``app.R`` of a template's name, a folder or a file.

    Raises
    ------
    FileError
        It names a path without an app.
    OdmError
        It is neither a path nor a template.
    """
    path = Path(what)
    if path.is_dir():
        path = _app_in(path)
    if path.suffix in (".py", ".R") or path.exists() or re.search(r"[/\\]", what):
        if not path.is_file():
            raise FileError("there is no app here: it needs an app.py or app.R", path=str(path))
        return path.resolve()
    return _app_in(template(what).folder)


def _app_in(folder: Path) -> Path:
    """Return the app of a folder; where there is none, what it would be called."""
    found = [path for name in APP_FILES if (path := folder / name).is_file()]
    return found[0] if found else folder / APP_FILES[0]


def load_app(path: Path) -> App:
    """Import an ``app.py`` and return its Shiny app, as ``shiny run`` does.

    Raises
    ------
    FileError
        The file makes no ``app``.
    """
    from shiny import App
    from shiny.express import is_express_app, wrap_express_app

    # An app imports its neighbours by their plain names.
    sys.path.insert(0, str(path.parent))
    if is_express_app(path.name, str(path.parent)):
        return wrap_express_app(path)
    module = _import(path)
    app = getattr(module, "app", None)
    if not isinstance(app, App):
        raise FileError("makes no `app = App(...)`", path=str(path))
    return app


def _import(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("app", path)
    if spec is None or spec.loader is None:
        raise FileError("is not a Python file", path=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules["app"] = module
    spec.loader.exec_module(module)
    return module


def _read(path: Path) -> Template:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        title, description = str(said["title"]), str(said["description"])
    except (ValueError, KeyError, TypeError) as exc:
        raise FileError("must be JSON with `title` and `description`", path=str(path)) from exc
    return Template(path.parent.name, path.parent, title, description)
