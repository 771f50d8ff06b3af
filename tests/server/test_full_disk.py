"""A disk that is full: clear errors, and a store that is whole afterwards."""

from __future__ import annotations

import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager

from odm_shiny.store.check import check


@contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """No file of this process grows beyond `n_bytes`, as if there were no room for it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def table(n_rows: int, n_runs: int) -> str:
    """Numbers that no compression makes small."""
    chance = random.Random(1)
    header = "gene\t" + "\t".join(f"S-{i}" for i in range(n_runs))
    rows = (
        f"G{g}\t" + "\t".join(repr(chance.random()) for _ in range(n_runs)) for g in range(n_rows)
    )
    return "\n".join((header, *rows)) + "\n"


def test_a_table_that_does_not_fit_fails_and_can_be_imported_later(odm, dump) -> None:
    link = odm.file("big.tsv", table(4000, 120))
    before = dump(odm.store)
    with largest_file(2_000_000):
        job = odm.start("expression", dataLink=link, numberOfFeatureAttributes=1)
        output = odm.outcome(job)
    assert output["status"] == "FAILED"
    message = output["errors"][0]["stack"][0]["message"]
    assert "File too large" in message or "space" in message
    assert dump(odm.store) == before
    assert check(odm.store) == []
    odm.ask("PUT", f"jobs/{job}/restart")
    assert odm.outcome(job)["status"] == "COMPLETED"
    assert check(odm.store) == []


def test_a_database_that_cannot_grow_is_503_and_nothing_is_changed(odm) -> None:
    path = f"as-curator/samples/{odm.ids('sample', odm.id['samples'])['S-1']}"
    before = odm.get(path)
    with largest_file(500_000):
        for i in range(100):
            answer = odm.ask("PATCH", path, body={"Note": f"{i} {'x' * 50_000}"})
            if answer.status != 200:
                break
            before = answer.json
        assert answer.status == 503
        assert "disk" in answer.error
        assert odm.get(path) == before
    assert check(odm.store) == []
    assert odm.ask("PATCH", path, body={"Note": "short"}).status == 200
