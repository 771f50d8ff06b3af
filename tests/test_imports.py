"""The rules of imports hold, and the check that watches them sees what breaks them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "check_imports", ROOT / "tools" / "check_imports.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks its own module up
    spec.loader.exec_module(module)
    return module


def package(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "odm_shiny" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_the_package_imports_in_one_direction(check: ModuleType) -> None:
    assert check.problems(ROOT) == []


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        pytest.param(
            {"client/a.py": "import odm_shiny.server.b", "server/b.py": ""},
            "client may not import odm_shiny.server.b",
            id="client imports server",
        ),
        pytest.param(
            {"store/a.py": "def f():\n    from ..client import b", "client/b.py": ""},
            "store may not import odm_shiny.client.b",
            id="store imports client in a function, relatively",
        ),
        pytest.param(
            {"analysis/a.py": "def f():\n    import odm_shiny.rbridge.b", "rbridge/b.py": ""},
            "analysis may not import odm_shiny.rbridge.b",
            id="statistics that are no door to R",
        ),
        pytest.param(
            {"rbridge/a.py": "import odm_shiny.analysis.b", "analysis/b.py": ""},
            "rbridge may not import odm_shiny.analysis.b",
            id="the bridge imports statistics",
        ),
        pytest.param(
            {"client/a.py": "from rpy2.rinterface import NULL"},
            "rpy2 is imported only in rbridge",
            id="rpy2 outside the bridge",
        ),
        pytest.param(
            {"query/a.py": "class A:\n    import pandas as pd"},
            "import pandas in the function that uses it",
            id="pandas at the top of the query",
        ),
        pytest.param(
            {"store/a.py": "from . import b", "store/b.py": "from odm_shiny.store import a"},
            "import circle: odm_shiny.store.a <-> odm_shiny.store.b",
            id="two files import each other",
        ),
        pytest.param(
            {"store/a.py": "from .b import f", "store/b.py": "def f():\n    from . import a"},
            "circle through a function's import: odm_shiny.store.a <-> odm_shiny.store.b",
            id="a circle through a function",
        ),
        pytest.param(
            {"novel/a.py": "import odm_shiny.errors", "errors.py": ""},
            "part 'novel' has no rule",
            id="a new part",
        ),
    ],
)
def test_a_wrong_import_is_named(
    check: ModuleType, tmp_path: Path, files: dict[str, str], problem: str
) -> None:
    found = check.problems(package(tmp_path, files))
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import odm_shiny.server.b",
            id="for type checkers alone",
        ),
        pytest.param("from odm_shiny.query import expr", id="the query"),
        pytest.param("def f():\n    import pandas", id="pandas in a function"),
    ],
)
def test_a_right_import_is_left_alone(check: ModuleType, tmp_path: Path, text: str) -> None:
    files = {"client/a.py": text, "server/b.py": "", "query/expr.py": ""}
    assert check.problems(package(tmp_path, files)) == []
