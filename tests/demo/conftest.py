"""The shipped demo files as tables, read with nothing but the standard library."""

from __future__ import annotations

import gzip
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from odm_shiny.demo import DemoMatrix, DemoStudy, demo_studies, demo_study

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Table:
    header: list[str]
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        at = self.header.index(name)
        return [row[at] for row in self.rows]


@dataclass(frozen=True)
class Values:
    """A matrix as shipped: feature columns as text, values (n_features, n_columns) float64."""

    features: dict[str, list[str]]
    columns: list[str]
    values: np.ndarray

    def at(self, feature: str, column: str) -> float:
        first = next(iter(self.features.values()))
        return float(self.values[first.index(feature), self.columns.index(column)])

    def rows_of(self, gene: str) -> np.ndarray:
        return self.values[[symbol == gene for symbol in self.features["gene"]]]


def _read(file: Traversable) -> Table:
    data = file.read_bytes()
    text = (gzip.decompress(data) if file.name.endswith(".gz") else data).decode()
    header, *rows = (line.split("\t") for line in text.removesuffix("\n").split("\n"))
    return Table(header, rows)


@pytest.fixture(scope="session")
def samples_of() -> Callable[[DemoStudy], Table]:
    return lambda study: _read(study.folder / study.samples_file)


@pytest.fixture(scope="session")
def record_of() -> Callable[[DemoStudy, str], dict[str, str]]:
    def record(study: DemoStudy, file: str) -> dict[str, str]:
        table = _read(study.folder / file)
        (row,) = table.rows
        return dict(zip(table.header, row, strict=True))

    return record


@pytest.fixture(scope="session")
def matrix_of() -> Callable[[str, int], Values]:
    tables: dict[tuple[str, int], Values] = {}

    def matrix(name: str, version: int) -> Values:
        if (name, version) not in tables:
            study = demo_study(name)
            tables[name, version] = _values(study, study.matrices[version])
        return tables[name, version]

    return matrix


def _values(study: DemoStudy, matrix: DemoMatrix) -> Values:
    table = _read(study.folder / matrix.file)
    n = matrix.number_of_feature_attributes
    return Values(
        features={name: table.column(name) for name in table.header[:n]},
        columns=table.header[n:],
        values=np.array([row[n:] for row in table.rows], dtype=float),
    )


@pytest.fixture(scope="session")
def build_part() -> Callable[[str], ModuleType]:
    """Import a module of tools/demo_data, which is no part of the installed package."""

    def load(name: str) -> ModuleType:
        package = "odm_shiny_tools_demo_data"
        folder = ROOT / "tools" / "demo_data"
        if package not in sys.modules:
            spec = importlib.util.spec_from_file_location(
                package, folder / "__init__.py", submodule_search_locations=[str(folder)]
            )
            assert spec is not None
            assert spec.loader is not None
            sys.modules[package] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[package])
        return importlib.import_module(f"{package}.{name}")

    return load


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for ``study`` or for ``version`` once a study, or once a matrix."""
    if {"study", "version"} <= set(metafunc.fixturenames):
        pairs = [(study, at) for study in demo_studies() for at in range(len(study.matrices))]
        ids = [f"{study.name}-v{at + 1}" for study, at in pairs]
        metafunc.parametrize(("study", "version"), pairs, ids=ids)
    elif "study" in metafunc.fixturenames:
        metafunc.parametrize("study", demo_studies(), ids=lambda study: study.name)
