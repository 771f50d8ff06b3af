"""From the conditions of a request to the objects that meet them.

Everything is a mask over the slots of a kind. Conditions on different kinds meet through the link
graph: study <- sample <- library, preparation; run -> sample, library or preparation. What the
user may not see is never part of a mask, so nothing can leak through counts, facets or cursors.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from odm_shiny.query.versions import ChainFile
from odm_shiny.server.conditions import Conditions, KindCondition
from odm_shiny.server.data_rows import runs_with_match
from odm_shiny.store import expansion, people, sharing
from odm_shiny.store.expression_files import DataFile, data_files

if TYPE_CHECKING:
    from odm_shiny.store.engine import Tx
    from odm_shiny.store.people import User
    from odm_shiny.store.store import Store

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

PARENTS: dict[str, tuple[str, ...]] = {
    "study": (),
    "sample": ("study",),
    "library": ("sample",),
    "preparation": ("sample",),
    "expression": ("sample", "library", "preparation"),
}
CHILDREN_OF_SAMPLE = ("library", "preparation")


class Planner:
    """Evaluates one request inside one read transaction.

    Parameters
    ----------
    store, tx
        Where to look.
    user
        Who asks.
    conditions
        What is asked.
    """

    def __init__(self, store: Store, tx: Tx, user: User, conditions: Conditions) -> None:
        self.store = store
        self.tx = tx
        self.user = user
        self.conditions = conditions
        # What is visible changes while links are made, so only a reader may keep it.
        known = {} if tx.is_write else tx.memo.setdefault(f"visible to {user.id}", {})
        self._visible: dict[str, Mask] = known

    # ---- what the user may see -------------------------------------------------------------

    def visible(self, kind: str) -> Mask:
        """Objects that the user may see: own ones, and what hangs under a visible study."""
        if kind not in self._visible:
            self._visible[kind] = self._find_visible(kind)
        return self._visible[kind]

    @property
    def sees_all(self) -> bool:
        """Whether sharing does not limit this user."""
        return self.user.is_admin or people.ACCESS_ALL_DATA in self.user.permissions

    def _find_visible(self, kind: str) -> Mask:
        search, tx = self.store.search, self.tx
        alive = search.alive(tx, kind)
        if self.sees_all:
            return alive
        seen = search.numbers(tx, kind, "#owner") == self.user.id
        if kind == "study":
            seen[sharing.visible_study_slots(tx, self.user)] = True
        for parent in PARENTS[kind]:
            seen |= search.sources(tx, kind, parent, self.visible(parent))
        return np.asarray(seen & alive)

    # ---- records ---------------------------------------------------------------------------

    def own(self, kind: str) -> Mask:
        """Visible objects that meet the conditions on their own kind alone."""
        return self.meeting(kind, self.conditions.of(kind), self.visible(kind))

    def meeting(self, kind: str, condition: KindCondition, mask: Mask) -> Mask:
        """Narrow `mask` to the objects of `kind` that meet a filter and a text."""
        if condition.filter is not None:
            mask = mask & self.store.search.filter(self.tx, kind, condition.filter)
        if condition.text is not None:
            mask = mask & self.store.search.text(self.tx, kind, condition.text, expand=self._expand)
        return mask

    def _expand(self, term: str) -> Iterable[str]:
        if self.conditions.narrower:
            return [*expansion.expand(self.tx, term), *expansion.narrower(self.tx, term)]
        return expansion.expand(self.tx, term)

    @cached_property
    def studies(self) -> Mask:
        """Studies that meet the study conditions."""
        return self.own("study")

    @cached_property
    def samples(self) -> Mask:
        """Samples that meet every record condition; those on data are not applied."""
        search, tx = self.store.search, self.tx
        mask = self.own("sample")
        if self.conditions.of("study"):
            mask = mask & search.sources(tx, "sample", "study", self.studies)
        for child in CHILDREN_OF_SAMPLE:
            if self.conditions.of(child):
                mask = mask & search.targets(tx, child, "sample", self.own(child))
        return mask

    @cached_property
    def samples_with_data(self) -> Mask:
        """Samples that meet every condition, those on data included."""
        if not self.conditions.on_data:
            return self.samples
        return self.samples & self.samples_of_runs(self.matching_runs)

    @property
    def on_records(self) -> bool:
        """Whether any condition on study, sample, library or preparation was given."""
        return bool(self.conditions.kinds)

    # ---- runs ------------------------------------------------------------------------------

    def runs_of_samples(self, samples: Mask) -> Mask:
        """Runs linked to the samples, directly or through a library or preparation.

        A run under a library counts only if that library meets the library condition itself.
        """
        search, tx = self.store.search, self.tx
        runs = search.sources(tx, "expression", "sample", samples)
        for child in CHILDREN_OF_SAMPLE:
            children = search.sources(tx, child, "sample", samples) & self.own(child)
            runs = runs | search.sources(tx, "expression", child, children)
        return runs

    def samples_of_runs(self, runs: Mask) -> Mask:
        """Samples to which the runs are linked, directly or through a library or preparation."""
        search, tx = self.store.search, self.tx
        samples = search.targets(tx, "expression", "sample", runs)
        for child in CHILDREN_OF_SAMPLE:
            children = search.targets(tx, "expression", child, runs)
            samples = samples | search.targets(tx, child, "sample", children)
        return samples

    @cached_property
    def linked_runs(self) -> Mask:
        """Visible runs linked to matching samples, in files that the versions select."""
        runs = self.visible("expression") & self.runs_of_samples(self.samples)
        return runs & self.selected_runs

    @cached_property
    def files(self) -> list[DataFile]:
        """Data files of which the user may see at least one run, or that are the user's own."""
        return data_files(self.tx)

    @cached_property
    def selected_files(self) -> list[DataFile]:
        """Files that ``useVersions`` takes: by default the unchained and the active ones."""
        chained = [
            ChainFile(file.accession, file.chain, file.number, file.is_active)
            for file in self.files
        ]
        versions = self.conditions.versions
        if versions is None:
            return [
                file
                for file, link in zip(self.files, chained, strict=True)
                if link.chain is None or link.active
            ]
        chosen = versions.select(chained)
        return [file for file, taken in zip(self.files, chosen, strict=True) if taken]

    @cached_property
    def selected_runs(self) -> Mask:
        """Runs of the selected files whose file or own metadata meets the group conditions."""
        group_of = self.store.search.numbers(self.tx, "expression", "#group")
        chosen = np.asarray([file.object_id for file in self.selected_files], dtype=np.int64)
        return self.meeting("expression", self.conditions.groups, np.isin(group_of, chosen))

    @cached_property
    def matching_runs(self) -> Mask:
        """Linked runs that have at least one row matching the data query."""
        runs = self.linked_runs
        if self.conditions.data is None:
            return runs
        found = np.zeros_like(runs)
        for file, slots, columns in self.runs_by_file(runs):
            matrix = self.store.matrices.open(file.matrix_id)
            hits = runs_with_match(matrix, self.conditions.data, columns)
            found[slots[hits]] = True
        return found

    def runs_by_file(self, runs: Mask) -> list[tuple[DataFile, Ints, Ints]]:
        """Cut a mask of runs by file.

        Returns
        -------
        For each file with runs, ordered by run number: the file, the slots of its runs, and their
        columns in its matrix.
        """
        slots = np.flatnonzero(runs)
        group_of = self.store.search.numbers(self.tx, "expression", "#group")[slots]
        by_id = {file.object_id: file for file in self.files}
        cut: list[tuple[DataFile, Ints, Ints]] = []
        for group in np.unique(group_of):
            file = by_id[int(group)]
            own = slots[group_of == group]
            cut.append((file, own, own - file.first_slot))
        return sorted(cut, key=_by_first_run)


def _by_first_run(part: tuple[DataFile, Ints, Ints]) -> int:
    return part[0].first_run
