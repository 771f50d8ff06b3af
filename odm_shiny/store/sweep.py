"""Remove what crashes leave."""

from __future__ import annotations

from typing import Final

from odm_shiny.store import data_files
from odm_shiny.store.store import Store

#: A finished matrix younger than this may belong to an import that is about to commit.
GRACE_S: Final = 3600.0


def sweep(store: Store, *, grace_s: float = GRACE_S) -> int:
    """Remove matrices that no file needs, and what dead writers left; how many.

    Parameters
    ----------
    grace_s
        Seconds that a finished matrix without a file is left alone: its import may be about to
        commit. What a living writer is writing is left alone anyhow.
    """
    removed = store.matrices.sweep()
    # Ids before rows: a matrix that is finished and committed in between is not seen as an orphan.
    present = store.matrices.ids()
    with store.read() as tx:
        orphans = present - data_files.all_ids(tx)
    for matrix_id in sorted(orphans):
        if store.matrices.age_s(matrix_id) >= grace_s:
            store.matrices.delete(matrix_id)
            removed += 1
    return removed
