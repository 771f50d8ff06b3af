"""Run a command as a person does, and see what it printed and how it ended."""

from __future__ import annotations

import shutil
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from odm_shiny.cli.main import main
from odm_shiny.connect import connect


@dataclass(frozen=True)
class Ended:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Call the command line in this process."""

    def call(*words: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["odm-shiny", *map(str, words)])
        capsys.readouterr()
        code = 0
        with warnings.catch_warnings():
            try:
                main()
            except SystemExit as exit_:
                code = exit_.code if isinstance(exit_.code, int) else 1
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call


STUDY = "Study Title\tStudy Source\nLunge und Leber\tlab 7\n"
SAMPLES = (
    "Sample Source ID\tSample Name\tTissue\tAge\tBatch\n"
    "S-1\tprobe ä\tliver\t52\tB1|B2\n"
    "S-2\t\tlung\t33.9\tB1\n"
    "S-3\t007\tliver\t\t\n"
)
LIBRARIES = "Library ID\tSample Source ID\nL1\tS-1\nL2\tS-2\n"
GCT = (
    "#1.2\n5\t3\nName\tDescription\tS-1\tS-2\tS-3\n"
    "TP53\tp53\t12.5\t3.25\t0\nCD19\t\t1\t\t7\nABL1\t\t4\t5\t6\nMYC\t\t0.5\t2\t8\nAPP\t\t9\t1\t3\n"
)
GCT_METADATA = "Genome Version\tData Processing Method\nGRCh38\tRMA\n"


@dataclass(frozen=True)
class Filled:
    """A store with one study, and what is in it."""

    folder: Path
    study: str
    samples: str
    libraries: str
    data: str


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a study of 3 samples and 5 genes; a missing value, a name that is a number."""
    folder = tmp_path_factory.mktemp("study")
    for name, text in {
        "T.study.tsv": STUDY,
        "T.samples.tsv": SAMPLES,
        "T.libraries.tsv": LIBRARIES,
        "T.gct": GCT,
        "T.gct.tsv": GCT_METADATA,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def _filled(tmp_path_factory: pytest.TempPathFactory, study_folder: Path) -> Filled:
    folder = tmp_path_factory.mktemp("filled") / "odm"
    with connect(store=folder) as client:
        done = client.import_folder(study_folder)
    assert done.study is not None
    return Filled(
        folder,
        done.study,
        done.groups["T.samples.tsv"],
        done.groups["T.libraries.tsv"],
        done.groups["T.gct"],
    )


@pytest.fixture
def filled(_filled: Filled, tmp_path: Path) -> Filled:
    """A store of the test's own with the study in it."""
    shutil.copytree(_filled.folder, tmp_path / "filled")
    return replace(_filled, folder=tmp_path / "filled")
