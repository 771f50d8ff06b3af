"""The demo's store is made once, whole or not at all, and only it is removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from odm_shiny.cli.demo import fill, prepare, remove
from odm_shiny.connect import connect
from odm_shiny.demo import demo_studies
from odm_shiny.demo import load as loading
from odm_shiny.demo.load import missing_studies
from odm_shiny.errors import OdmError


@pytest.fixture
def one_study(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the demo of one study, the smallest: it is the way that is tested."""
    smallest = demo_studies()[-1:]
    monkeypatch.setattr(loading, "demo_studies", lambda: smallest)


def test_every_study_of_the_demo_is_loaded_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path / "odm")
    assert "importing 3 studies, once" in capsys.readouterr().err
    prepare(tmp_path / "odm")
    assert capsys.readouterr().err == ""
    with connect(store=tmp_path / "odm") as client:
        titles = {study["Study Title"] for study in client.studies.find().to_list()}
        assert titles == {study.title for study in demo_studies()}
        for study in demo_studies():
            gene = study.genes[0].symbol
            query = client.query().where(study=f'"Study Title" = "{study.title}"')
            found = query.expression().data(f'feature.gene = "{gene}"').limited_to(5).run()
            assert len(found) == 5
            files = query.expression_groups().versions("*").run().to_list()
            assert len(files) == len(study.matrices)
    assert [path.name for path in tmp_path.iterdir()] == ["odm"]


def test_an_import_that_stops_in_the_middle_leaves_nothing(
    one_study: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **options: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(loading, "load_study", broken)
        with pytest.raises(KeyboardInterrupt):
            prepare(tmp_path / "odm")
    assert list(tmp_path.iterdir()) == []
    prepare(tmp_path / "odm")
    with connect(store=tmp_path / "odm") as client:
        assert missing_studies(client) == ()


def test_a_store_that_is_there_gets_what_it_lacks(
    one_study: None, tmp_path: Path, study_folder: Path
) -> None:
    with connect(store=tmp_path / "odm") as client:
        client.import_folder(study_folder)
    prepare(tmp_path / "odm")
    with connect(store=tmp_path / "odm") as client:
        assert len(client.studies.find()) == 2


def test_reset_removes_the_demo_and_refuses_anything_else(
    one_study: None, tmp_path: Path, study_folder: Path
) -> None:
    fill(tmp_path / "odm")
    remove(tmp_path / "odm")
    assert not (tmp_path / "odm").exists()
    remove(tmp_path / "odm")
    with connect(store=tmp_path / "odm") as client:
        client.import_folder(study_folder)
    with pytest.raises(OdmError, match=r"holds 1 studies .*'Lunge und Leber'"):
        remove(tmp_path / "odm")
    assert (tmp_path / "odm").exists()
