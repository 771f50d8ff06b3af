"""What `import odm_shiny` gives, and what it must not cost."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import odm_shiny

ROOT = Path(__file__).parent.parent

HEAVY = ["anndata", "httpx", "numba", "numpy", "pandas", "plotly", "polars", "pyarrow", "rpy2"]
HEAVY += ["scipy", "shiny", "sqlalchemy", "starlette", "tensorstore", "uvicorn", "zarr"]


def loaded_by(code: str) -> set[str]:
    """Run `code` in a new Python and name the top-level modules that it has loaded."""
    report = "import sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import odm_shiny", id="the package"),
        pytest.param("import odm_shiny.contract.operations", id="the contract"),
        pytest.param("from odm_shiny import Query, field, feature, value", id="the query"),
        pytest.param("import odm_shiny.cli.main", id="the command line"),
    ],
)
def test_importing_loads_no_heavy_library(code: str) -> None:
    assert loaded_by(code).isdisjoint(HEAVY)


@pytest.mark.parametrize("name", odm_shiny.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(odm_shiny, name) is not None
    assert name in dir(odm_shiny)


def test_type_checkers_take_the_public_names_for_public() -> None:
    tree = ast.parse(Path(odm_shiny.__file__).read_text(encoding="utf-8"))
    imported = [
        name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names
    ]
    public = [name.name for name in imported if name.name == name.asname]
    assert sorted(public) == sorted(odm_shiny.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        odm_shiny.conect  # noqa: B018


def test_the_installed_version_is_the_package_version() -> None:
    assert version("odm-shiny") == odm_shiny.__version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of the files in the wheel, built offline."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path).namelist()


@pytest.mark.parametrize(
    ("folder", "inside", "suffixes"),
    [
        pytest.param("odm_shiny", "odm_shiny", {".py", ".json", ".typed"}, id="code and contract"),
        pytest.param("odm_shiny/demo", "odm_shiny/demo", None, id="demo data"),
        pytest.param("odm_shiny/server/swagger", "odm_shiny/server/swagger", None, id="swagger"),
        pytest.param("apps", "odm_shiny/_apps", None, id="app templates"),
        pytest.param("r", "odm_shiny/_r", None, id="R package"),
    ],
)
def test_the_wheel_holds_every_file_that_is_used(
    wheel: list[str], folder: str, inside: str, suffixes: set[str] | None
) -> None:
    wanted = {
        f"{inside}/{path.relative_to(ROOT / folder).as_posix()}"
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and (suffixes is None or path.suffix in suffixes)
    }
    assert wanted
    assert wanted <= set(wheel)


def test_the_wheel_holds_nothing_else(wheel: list[str]) -> None:
    strangers = [name for name in wheel if not name.startswith(("odm_shiny/", "odm_shiny-"))]
    assert strangers == []
    assert not [name for name in wheel if "__pycache__" in name]
