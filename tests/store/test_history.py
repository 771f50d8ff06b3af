"""Metadata versions."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from odm_shiny.store import edits, history, objects
from odm_shiny.store.refusals import VersionNotFound
from odm_shiny.store.store import Store


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock is one second later."""
    ticks = itertools.count(1_000, 1_000)
    for module in (edits, objects):
        monkeypatch.setattr(module, "now_ms", lambda: next(ticks))


def test_versions_are_listed_newest_first_with_who_and_why(
    store: Store, make: Any, clock: None
) -> None:
    with store.write() as tx:
        public_id = make.samples(tx).public_ids[0]
        edits.patch(tx, public_id, {"Age": 53}, author="ann@example.org")
        edits.patch(tx, public_id, {"Age": 54}, author="bob@example.org", message="Ärger")
        listed = history.versions(tx, objects.get(tx, public_id))
    assert [(v.author, v.message) for v in listed] == [
        ("bob@example.org", "Ärger"),
        ("ann@example.org", "Edited via API"),
        (make.user.email, "Imported"),
    ]
    assert [v.timestamp for v in listed] == sorted((v.timestamp for v in listed), reverse=True)
    assert len({v.version for v in listed}) == 3


def test_every_version_reads_as_it_was(store: Store, make: Any) -> None:
    with store.write() as tx:
        public_id = make.samples(tx).public_ids[0]
        for age in (53, 54):
            edits.patch(tx, public_id, {"Age": age}, author="a@example.org")
        record = objects.get(tx, public_id)
        ages = [
            history.document_at(tx, record, version.version)["Age"]
            for version in history.versions(tx, record)
        ]
    assert ages == [54, 53, 52]


@pytest.mark.parametrize("version", ["0", "3", "-1", "01", "1.0", "", "x", "²", "9" * 40])
def test_an_unknown_version_is_not_found(store: Store, make: Any, version: str) -> None:
    with store.write() as tx:
        public_id = make.samples(tx).public_ids[0]
        edits.patch(tx, public_id, {"Age": 53}, author="a@example.org")
        with pytest.raises(VersionNotFound, match=public_id):
            history.document_at(tx, objects.get(tx, public_id), version)


def test_an_old_version_of_a_run_stands_over_its_file_as_it_was_then(
    store: Store, make: Any, clock: None
) -> None:
    with store.write() as tx:
        runs = make.expression(tx)
        edits.patch(tx, runs.group.public_id, {"Scale": "log10"}, author="a@example.org")
        edits.patch(tx, runs.public_ids[0], {"Lane": 3}, author="a@example.org")
        edits.patch(tx, runs.group.public_id, {"Scale": "linear"}, author="a@example.org")
        edits.patch(tx, runs.public_ids[0], {"Lane": 4}, author="a@example.org")
        run = objects.get(tx, runs.public_ids[0])
        seen = [history.document_at(tx, run, version) for version in ("1", "2", "3")]
    assert [(d["Scale"], d.get("Lane")) for d in seen] == [
        ("log2", None),
        ("log10", 3),
        ("linear", 4),
    ]
