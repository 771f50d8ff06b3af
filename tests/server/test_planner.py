"""The planner's masks, against a plain walk over all objects and links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from odm_shiny.query.evaluate import evaluate, evaluate_row
from odm_shiny.server.conditions import Conditions, omics_conditions
from odm_shiny.server.data_rows import read_values
from odm_shiny.server.planner import Planner
from odm_shiny.store import documents, expansion, objects
from odm_shiny.store import links as link_store
from odm_shiny.store.expression_files import data_files
from odm_shiny.store.schema import links

KINDS = ("study", "sample", "library", "preparation", "expression")
USERS = ("ann", "ben", "cleo", "dora", "root")

POOLS = {
    "studyFilter": ['"Study Source" = GEO', '"Study Type" != Bulk', '"Funding Code" = 7'],
    "studyQuery": ["liver", "secret OR banana", "Ørsted"],
    "sampleFilter": [
        "Sex = male",
        "Age > 3 AND Age < 50",
        "NOT Tissue = liver",
        "Disease = null",
        '"Sample Source ID" = S-1 OR "Sample Source ID" = T-2',
    ],
    "sampleQuery": ["liver", "brain", "F", "homo AND NOT lung", "x", "banana"],
    "libraryFilter": ['"Read Length" = 150', "Kit = null", '"Library Type" = PE'],
    "libraryQuery": ["k1", "banana", "NOT k1"],
    "preparationFilter": ["Digestion = trypsin", "Scope != Targeted"],
    "preparationQuery": ["untargeted", "banana"],
    "exFilter": ['"Genome Version" = GRCh38', '"Data Class" != Other', "Name = null"],
    "exQuery": [
        "feature = TP53",
        "feature = TP53 value >= 9",
        "value.FC > 1 or feature = BANANA1",
        "not feature = TP53",
        "value = 0",
        "feature.length > 100",
    ],
    "useVersions": ["*", "v1", "v2,v0", "v9"],
    "searchSpecificTerms": [True],
}
queries = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(pool) for name, pool in POOLS.items()}
)


@dataclass
class Graph:
    """All objects and links of a store, as plain Python."""

    records: dict[str, dict[int, Any]]
    below: dict[tuple[str, str], set[tuple[int, int]]]
    rows: dict[int, list[tuple[dict[str, Any], dict[str, Any], str]]]
    files: list[Any]


@pytest.fixture(scope="module")
def graph(shown) -> Graph:
    with shown.store.read() as tx:
        records = {kind: {one.id: one for one in objects.iterate(tx, kind)} for kind in KINDS}
        below: dict[tuple[str, str], set[tuple[int, int]]] = {}
        for row in tx.conn.execute(select(links)):
            below.setdefault((row.source_kind, row.target_kind), set()).add(
                (row.source_id, row.target_id)
            )
        files = data_files(tx)
        rows = {}
        for file in files:
            matrix = shown.store.matrices.open(file.matrix_id)
            values = read_values(matrix, np.arange(matrix.n_features), None)
            columns = {name: matrix.feature_column(name) for name in matrix.feature_columns}
            first = next(iter(columns))
            for record in records["expression"].values():
                if record.group_id == file.object_id:
                    rows[record.id] = [
                        (
                            {name: column[i] for name, column in columns.items()},
                            {name: block[record.position, i] for name, block in values.items()},
                            first,
                        )
                        for i in range(matrix.n_features)
                    ]
    return Graph(records, below, rows, files)


class Oracle:
    """Sets of ids that meet conditions, by going through everything."""

    def __init__(self, graph: Graph, planner: Planner, shared: set[str]) -> None:
        self.graph = graph
        self.planner = planner
        self.conditions = planner.conditions
        self.visible = {kind: set[int]() for kind in KINDS}
        self._see(shared)

    def _see(self, shared: set[str]) -> None:
        user = self.planner.user
        for kind in KINDS:
            for key, record in self.graph.records[kind].items():
                own = user.is_admin or record.owner_id == user.id
                above = any(
                    target in self.visible[target_kind]
                    for (source_kind, target_kind), pairs in self.graph.below.items()
                    if source_kind == kind
                    for source, target in pairs
                    if source == key
                )
                if own or above or record.public_id in shared:
                    self.visible[kind].add(key)

    def own(self, kind: str) -> set[int]:
        condition = self.conditions.of(kind)
        return {key for key in self.visible[kind] if self._meets(kind, key, condition)}

    def _meets(self, kind: str, key: int, condition: Any) -> bool:
        record = self.graph.records[kind][key]
        accession = record.public_id
        if kind == "expression":
            group = next(f for f in self.graph.files if f.object_id == record.group_id)
            accession = group.accession
        document = documents.indexed(accession, record.document)
        if condition.filter is not None and not evaluate(condition.filter, document):
            return False
        return condition.text is None or evaluate(condition.text, document, self._expand)

    def _expand(self, term: str) -> list[str]:
        found = expansion.expand(self.planner.tx, term)
        more = expansion.narrower(self.planner.tx, term) if self.conditions.narrower else []
        return [*found, *more]

    def up(self, source: str, target: str, found: set[int]) -> set[int]:
        pairs = self.graph.below.get((source, target), set())
        return {two for one, two in pairs if one in found}

    def down(self, source: str, target: str, found: set[int]) -> set[int]:
        pairs = self.graph.below.get((source, target), set())
        return {one for one, two in pairs if two in found}

    def samples(self) -> set[int]:
        found = self.own("sample")
        if self.conditions.of("study"):
            found &= self.down("sample", "study", self.own("study"))
        for child in ("library", "preparation"):
            if self.conditions.of(child):
                found &= self.up(child, "sample", self.own(child))
        return found

    def linked_runs(self) -> set[int]:
        samples = self.samples()
        runs = self.down("expression", "sample", samples)
        for child in ("library", "preparation"):
            children = self.down(child, "sample", samples) & self.own(child)
            runs |= self.down("expression", child, children)
        chosen = {file.object_id for file in self.planner.selected_files}
        return {
            key
            for key in runs & self.visible["expression"]
            if self.graph.records["expression"][key].group_id in chosen
            and self._meets("expression", key, self.conditions.groups)
        }

    def matching_runs(self) -> set[int]:
        data = self.conditions.data
        if data is None:
            return self.linked_runs()
        return {
            key
            for key in self.linked_runs()
            if any(evaluate_row(data, *row) for row in self.graph.rows[key])
        }

    def samples_with_data(self) -> set[int]:
        if not self.conditions.on_data:
            return self.samples()
        runs = self.matching_runs()
        found = self.up("expression", "sample", runs)
        for child in ("library", "preparation"):
            found |= self.up(child, "sample", self.up("expression", child, runs))
        return self.samples() & found


def ids(graph: Graph, kind: str, mask: Any) -> set[int]:
    slots = set(np.flatnonzero(mask).tolist())
    return {key for key, record in graph.records[kind].items() if record.slot in slots}


@settings(max_examples=250)
@given(name=st.sampled_from(USERS), query=queries)
def test_masks_are_what_a_walk_over_everything_finds(shown, graph, name, query) -> None:
    user = shown.user(name)
    shared = {shown.id["study"]} if name == "cleo" else set()
    with shown.store.read() as tx:
        planner = Planner(shown.store, tx, user, omics_conditions(query))
        oracle = Oracle(graph, planner, shared)
        for kind in KINDS:
            assert ids(graph, kind, planner.visible(kind)) == oracle.visible[kind]
        assert ids(graph, "study", planner.studies) == oracle.own("study")
        assert ids(graph, "sample", planner.samples) == oracle.samples()
        assert ids(graph, "expression", planner.linked_runs) == oracle.linked_runs()
        assert ids(graph, "expression", planner.matching_runs) == oracle.matching_runs()
        assert ids(graph, "sample", planner.samples_with_data) == oracle.samples_with_data()


def test_runs_are_cut_by_file_with_their_columns(shown) -> None:
    with shown.store.read() as tx:
        planner = Planner(shown.store, tx, shown.user("ann"), Conditions())
        every = planner.visible("expression")
        cut = planner.runs_by_file(every)
        assert [file.accession for file, _, _ in cut] == [
            shown.id[name] for name in ("rna", "rna2", "gct", "folds")
        ]
        for file, slots, columns in cut:
            assert columns.tolist() == list(range(file.n_runs))
            assert slots.tolist() == list(range(file.first_slot, file.first_slot + file.n_runs))
        one = np.zeros_like(every)
        one[cut[1][1][2]] = True
        ((file, _, columns),) = planner.runs_by_file(one)
        assert (file.accession, columns.tolist()) == (shown.id["rna2"], [2])


def test_what_is_visible_is_worked_out_anew_while_links_are_made(odm) -> None:
    with odm.store.write() as tx:
        cleo = odm.user("cleo")

        def seen() -> int:
            return int(Planner(odm.store, tx, cleo, Conditions()).visible("sample").sum())

        before = seen()
        group = objects.get(tx, odm.id["loose"])
        link_store.link_groups(tx, group, objects.get(tx, odm.id["study"]))
        assert seen() == before + 2
