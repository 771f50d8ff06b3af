"""The check finds damage, and is silent about a healthy store."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from odm_shiny.store import chains, data_files
from odm_shiny.store.check import check
from odm_shiny.store.store import Store


@pytest.fixture
def full(store: Store, make: Any) -> Store:
    """A store with something of everything."""
    with store.write() as tx:
        world = make.whole_study(tx)
        chains.append(tx, world["on_samples"].group.public_id, make.expression(tx).group)
    return store


def test_a_healthy_store_has_no_findings(full: Store) -> None:
    assert check(full) == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE counters SET value = 2 WHERE name = 'object'", "counter 'object' stands at 2"),
        ("UPDATE counters SET value = 2 WHERE name = 'accession'", "counter 'accession'"),
        ("UPDATE counters SET value = 1 WHERE name = 'run'", "counter 'run' stands at 1, but 7"),
        ("UPDATE counters SET value = 1 WHERE name = 'slot:sample'", "counter 'slot:sample'"),
        ("DELETE FROM counters WHERE name = 'slot:study'", "counter 'slot:study' stands at 0"),
        ("UPDATE chains SET last_number = 1", "GSVC000001 has a member above"),
        ("UPDATE unit_links SET n_links = 9", "number of links between the groups"),
        ("DELETE FROM unit_links", "number of links between the groups"),
        ("DELETE FROM objects WHERE kind = 'study'", "of links points to a row of objects"),
        (
            "UPDATE objects SET kind = 'preparation' WHERE public_id = '1'",
            "the search index differs",
        ),
    ],
)
def test_what_is_broken_is_found(full: Store, statement: str, finding: str) -> None:
    raw: Any = full.engine.raw_connection()
    try:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute(statement)
    finally:
        raw.invalidate()
    found = [one.what for one in check(full)]
    assert any(finding in what for what in found), found


def test_matrices_without_values_and_values_without_a_file_are_found(
    full: Store, make: Any
) -> None:
    with full.write() as tx:
        group = make.expression(tx).group
        data_files.add(
            tx,
            "lost",
            group.id,
            n_runs=2,
            n_features=5,
            feature_columns={"gene": "string", "pos": "number"},
            measurements=["FC", "p"],
        )
        record = data_files.of_groups(tx, [group.id, -1])[group.id]
    assert record.feature_columns == {"gene": "string", "pos": "number"}
    assert (record.measurements, record.n_runs, record.n_features) == (["FC", "p"], 2, 5)
    (full.matrix_folder / "orphan").mkdir(parents=True)
    lost, orphan = check(full)
    assert "matrix lost are gone" in lost.what
    assert not lost.is_harmless
    assert "orphan belongs to no data file" in orphan.what
    assert orphan.is_harmless


def test_every_finding_says_what_to_do(full: Store) -> None:
    with full.write() as tx:
        tx.conn.execute(text("UPDATE counters SET value = 0"))
    findings = check(full)
    assert len(findings) > 5
    assert all(finding.cure for finding in findings)
