"""Filters, full text, facets and changes of sample metadata: 100,000 or 1,000,000 x 30 attributes.

The peers answer the same questions with the same result sizes (checked before anything is timed):
JSON documents in SQLite with an index for each attribute that is asked for, and polars over columns
in memory, which has no documents, no transactions and nothing to read from a disk.
"""

from __future__ import annotations

import atexit
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.case import Case
from odm_shiny.query.filter_text import parse_filter
from odm_shiny.query.full_text import parse_text
from odm_shiny.store.engine import Database
from odm_shiny.store.search import Change, Search
from odm_shiny.store.search_schema import create_text_index, metadata

KIND = "sample"
BATCH = 100_000
WORDS = [f"word{i}" for i in range(5_000)]
#: Name and number of distinct values of the attributes with few.
FEW = {
    "Organism": 3, "Sex": 3, "Tissue": 40, "Disease": 120, "Cell Type": 300, "Treatment": 60,
    "Platform": 12, "Batch": 200, "Country": 50, "Site": 80, "Stage": 5, "Grade": 4, "Library": 6,
    "Protocol": 15, "Strain": 25, "Genotype": 30, "Diet": 8, "Ethnicity": 9, "Smoking": 4,
    "Response": 4, "Cohort": 35,
}  # fmt: skip
FACETS = list(FEW)[:10]
FILTER = 'Tissue="Tissue 3" AND Age>=40 AND Disease!="Disease 7"'


def documents(start: int, stop: int) -> list[dict[str, Any]]:
    """Make documents of 30 attributes; the same slot always gives the same."""
    rng = np.random.default_rng(start)
    n = stop - start
    few = {name: (rng.random(n) ** 2 * size).astype(int) for name, size in FEW.items()}
    ages, months = rng.integers(0, 100, n), rng.integers(1, 13, n)
    scores = rng.normal(5, 2, n).round(2)
    words = (rng.random((n, 6)) ** 3 * len(WORDS)).astype(int)
    drugs = rng.integers(0, 30, (n, 2))
    made = []
    for i in range(n):
        document: dict[str, Any] = {"genestack:accession": f"GSF{start + i:07d}"}
        document.update((name, f"{name} {few[name][i]}") for name in FEW)
        document["Age"] = int(ages[i])
        document["Score"] = str(scores[i]) if i % 5 else None
        document["Date"] = f"2024-{months[i]:02d}-15"
        document["Sample Source ID"] = f"S-{start + i}"
        document["Sample Name"] = f"donor {(start + i) // 4} part {i % 4}"
        document["Description"] = " ".join(WORDS[j] for j in words[i])
        document["Drug"] = [f"drug {drugs[i, 0]}", f"drug {drugs[i, 1]}"] if i % 3 else None
        document["groupId"] = f"GSF9{start // 500:06d}"
        made.append(document)
    return made


class Ours:
    """The index under test, filled."""

    def __init__(self, folder: Path, n_samples: int) -> None:
        self.path = folder / "ours.sqlite"
        self.open()
        with self.database.write() as tx:
            tables = [t for t in metadata.sorted_tables if t.name.startswith("search_")]
            metadata.create_all(tx.conn, tables)
            create_text_index(tx.conn)
            studies = [Change(i, None, {"Number": i}) for i in range(n_samples // 500)]
            self.search.update(tx, "study", studies)
        for start in range(0, n_samples, BATCH):
            self.add(start, documents(start, min(start + BATCH, n_samples)))

    def open(self) -> None:
        """Open as a new process does: nothing in memory."""
        self.search = Search()
        self.database = Database(f"sqlite:///{self.path}")

    def add(self, start: int, new: list[dict[str, Any]]) -> None:
        with self.database.write() as tx:
            changes = (Change(start + i, None, document) for i, document in enumerate(new))
            self.search.update(tx, KIND, changes)
            links = {start + i: [(start + i) // 500] for i in range(len(new))}
            self.search.set_links(tx, KIND, "study", links)

    def join(self, n_studies: int) -> int:
        """From some studies to their samples and back."""
        with self.database.read() as tx:
            studies = np.arange(n_studies) % 10 == 0
            samples = self.search.sources(tx, KIND, "study", studies)
            self.search.targets(tx, KIND, "study", samples)
            return int(samples.sum())

    def filter(self, text: str) -> int:
        with self.database.read() as tx:
            return int(self.search.filter(tx, KIND, parse_filter(text)).sum())

    def filter_cold(self, text: str) -> int:
        self.database.close()
        self.open()
        return self.filter(text)

    def text(self, text: str) -> int:
        with self.database.read() as tx:
            return int(self.search.text(tx, KIND, parse_text(text)).sum())

    def facets(self, text: str | None) -> list[int]:
        with self.database.read() as tx:
            mask = text and self.search.filter(tx, KIND, parse_filter(text))
            found = self.search.facets(tx, KIND, mask or None if text is None else mask, FACETS, 50)
            return [facet.n_values for facet in found.values()]

    def patch(self, slot: int, old: dict[str, Any], new: dict[str, Any]) -> None:
        with self.database.write() as tx:
            self.search.update(tx, KIND, [Change(slot, old, new)])


class Json:
    """JSON documents in SQLite, with an index on what is asked for."""

    def __init__(self, folder: Path, n_samples: int) -> None:
        self.conn = sqlite3.connect(folder / "json.sqlite", isolation_level=None)
        self.conn.execute("PRAGMA journal_mode = WAL")
        self.conn.execute("PRAGMA synchronous = FULL")
        self.conn.execute("CREATE TABLE sample (slot INTEGER PRIMARY KEY, document TEXT)")
        for start in range(0, n_samples, BATCH):
            self.add(start, documents(start, min(start + BATCH, n_samples)))
        for number, name in enumerate(("Tissue", "Age", "Disease", "genestack:accession")):
            self.conn.execute(f"CREATE INDEX by_{number} ON sample ({self.value(name)})")

    def value(self, name: str) -> str:
        return f"""json_extract(document, '$."{name}"')"""

    def add(self, start: int, new: list[dict[str, Any]]) -> None:
        rows = ((start + i, json.dumps(one)) for i, one in enumerate(new))
        self.conn.execute("BEGIN IMMEDIATE")
        self.conn.executemany("INSERT OR REPLACE INTO sample VALUES (?, ?)", rows)
        self.conn.execute("COMMIT")

    def filter(self) -> int:
        where = (
            f"{self.value('Tissue')} = 'Tissue 3' AND {self.value('Age')} >= 40"
            f" AND {self.value('Disease')} IS NOT 'Disease 7'"
        )
        return len(self.conn.execute(f"SELECT slot FROM sample WHERE {where}").fetchall())

    def accessions(self, wanted: list[str]) -> int:
        marks = ", ".join("?" * len(wanted))
        where = f"{self.value('genestack:accession')} IN ({marks})"
        rows = self.conn.execute(f"SELECT slot FROM sample WHERE {where}", wanted)
        return len(rows.fetchall())


class Frame:
    """Columns of polars, in memory."""

    def __init__(self, n_samples: int) -> None:
        wanted = [*FACETS, "Age", "Description"]
        parts = []
        for start in range(0, n_samples, BATCH):
            made = documents(start, min(start + BATCH, n_samples))
            parts.append(pl.DataFrame({name: [one[name] for one in made] for name in wanted}))
        few = pl.col(FACETS).cast(pl.Categorical)
        self.frame = pl.concat(parts).with_columns(few).with_row_index("slot")

    def chosen(self) -> pl.DataFrame:
        tissue, age, disease = pl.col("Tissue"), pl.col("Age"), pl.col("Disease")
        where = (tissue == "Tissue 3") & (age >= 40) & (disease != "Disease 7")
        return self.frame.filter(where)

    def facets(self, frame: pl.DataFrame) -> list[int]:
        return [frame[name].value_counts(sort=True).height for name in FACETS]

    def phrase(self, text: str) -> int:
        return self.frame.filter(pl.col("Description").str.contains(text, literal=True)).height


def cases(large: bool) -> Iterator[Case]:
    """Compare with JSON in SQLite and with polars; `large` has the million of the targets."""
    n_samples = 1_000_000 if large else 100_000
    folder = Path(tempfile.mkdtemp(prefix="odm-shiny-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ours, peer, frame = Ours(folder, n_samples), Json(folder, n_samples), Frame(n_samples)
    yield from questions(ours, peer, frame, n_samples)
    yield from changes(ours, peer, n_samples)


def questions(ours: Ours, peer: Json, frame: Frame, n_samples: int) -> Iterator[Case]:
    """What is asked of a store that nobody changes."""
    scale = f"{n_samples:,} samples"
    assert ours.filter(FILTER) == peer.filter() == frame.chosen().height
    assert ours.facets(FILTER) == frame.facets(frame.chosen())
    yield Case(
        f"filter of three terms, {scale}, all columns read from disk",
        lambda: ours.filter_cold(FILTER),
        peer.filter,
        peer_name="SQLite, JSON, indexed",
        target="<= 60 ms",
        repeats=15,
    )
    yield Case(
        "the same, columns in memory",
        lambda: ours.filter(FILTER),
        lambda: frame.chosen()["slot"].to_numpy(),
        peer_name="polars, in memory",
        target="<= 60 ms",
        repeats=15,
    )
    yield Case(
        "facets of 10 attributes, all objects",
        lambda: ours.facets(None),
        lambda: frame.facets(frame.frame),
        peer_name="polars, in memory",
        target="<= 300 ms",
    )
    yield Case(
        "facets of 10 attributes, filtered",
        lambda: ours.facets(FILTER),
        lambda: frame.facets(frame.chosen()),
        peer_name="polars, in memory",
        target="<= 300 ms",
    )
    wanted = [f"GSF{i:07d}" for i in range(0, n_samples, n_samples // 2_000)]
    either = " OR ".join(f'"genestack:accession"="{one}"' for one in wanted)
    assert ours.filter(either) == peer.accessions(wanted) == len(wanted)
    expr = parse_filter(either)

    def by_accession() -> None:
        with ours.database.read() as tx:
            ours.search.filter(tx, KIND, expr)

    yield Case(
        "one of 2,000 accessions, parsed",
        by_accession,
        lambda: peer.accessions(wanted),
        peer_name="SQLite, JSON, indexed",
        target="about 10 ms",
    )
    yield Case("one of 2,000 accessions, as text", lambda: ours.filter(either))
    n_studies = n_samples // 500
    assert ours.join(n_studies) == n_samples // 10
    yield Case(
        f"from {n_studies // 10} studies to their samples and back", asked(ours.join, n_studies)
    )
    phrase = "word0 word1"
    assert ours.text(f'"{phrase}"') >= frame.phrase(f"{phrase} ") > 0
    yield Case(
        "full text, a phrase",
        lambda: ours.text(f'"{phrase}"'),
        lambda: frame.phrase(phrase),
        peer_name="polars, one column, contains",
    )
    for name, text in {
        "a frequent word": "word0",
        "two words": "word1 AND word2",
        "the word of a frequent value": "tissue",
        "a prefix": "word12*",
        "a suffix": "*d4999",
    }.items():
        yield Case(f"full text, {name}", asked(ours.text, text))


def changes(ours: Ours, peer: Json, n_samples: int) -> Iterator[Case]:
    """What changes, durably."""
    middle = n_samples // 2
    state = {"document": documents(middle, middle + 1)[0], "round": 0}

    def patch(**edits: Any) -> Callable[[], None]:
        def one() -> None:
            state["round"] += 1
            old = state["document"]
            edited = {name: f"{text} {state['round']}" for name, text in edits.items()}
            state["document"] = {**old, **edited, "Age": state["round"] % 90}
            ours.patch(middle, old, state["document"])

        return one

    def patch_json() -> None:
        state["round"] += 1
        peer.add(middle, [{**state["document"], "Age": state["round"] % 90}])

    yield Case(
        "change one value of one sample",
        patch(),
        patch_json,
        peer_name="SQLite, JSON, indexed",
        target="about 1 ms",
        repeats=30,
    )
    yield Case("change two values, one of them new", patch(Batch="batch"), repeats=30)
    new = documents(n_samples, n_samples + BATCH)
    yield Case(
        "add 100,000 samples",
        lambda: ours.add(n_samples, new),
        lambda: peer.add(n_samples, new),
        peer_name="SQLite, JSON, indexed",
        target="seconds",
        repeats=1,
    )


def asked(ask: Callable[[Any], int], question: object) -> Callable[[], int]:
    """Ask later."""
    return lambda: ask(question)
