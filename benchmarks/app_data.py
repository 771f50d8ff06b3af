"""A store for the application to work on: simulated studies with expression, of chosen sizes.

Values are drawn at random, with a shift between the values of ``Tissue``; nothing here was
measured on any sample. The store is made by the store's own functions, as an import does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from odm_shiny.store import data_files, links, objects, people
from odm_shiny.store.store import Store

N_FEATURES = 200
TISSUES = ("blood", "brain", "kidney", "liver", "lung", "skin")
STATES = ("healthy", "disease")
BLOCK = 50
"""Features written at a time."""


def fill(folder: Path, sizes: dict[str, int]) -> dict[str, str]:
    """Store one study a name, with so many samples, each with one run of one matrix.

    Returns
    -------
    Name to the accession of the study.
    """
    with Store.open(folder) as store:
        return {
            title: _add_study(store, number, title, n_samples)
            for number, (title, n_samples) in enumerate(sizes.items())
        }


def gene(number: int) -> str:
    """Symbol of a feature."""
    return f"GENE{number:03d}"


def _add_study(store: Store, number: int, title: str, n_samples: int) -> str:
    rng = np.random.default_rng(number)
    with store.read() as tx:
        owner = people.local_user(tx)
    who: dict[str, Any] = {"owner_id": owner.id, "author": owner.email}
    tissue = rng.integers(len(TISSUES), size=n_samples)
    documents = _samples(rng, number, tissue)
    names = [str(document["Sample Source ID"]) for document in documents]
    matrix_id = f"app{number}"
    info = _write_matrix(store, matrix_id, names, rng, tissue)
    with store.write() as tx:
        about = {"Study Title": title, "Study Description": "Simulated for a benchmark."}
        study = objects.create(tx, "study", about, **who)
        samples = objects.create_group(tx, "sample_group", {}, documents, **who)
        links.link_groups(tx, samples.group, study)
        file = objects.create_group(
            tx,
            "expression_group",
            {"Name": f"Simulated expression of {title}", "Data Class": "Bulk transcriptomics"}
            | {"Scale": "log2", "Features (string)": ["id", "gene"]},
            [{} for _ in names],
            run_sources=names,
            **who,
        )
        data_files.add(
            tx,
            matrix_id,
            file.group.id,
            n_runs=info.n_runs,
            n_features=info.n_features,
            feature_columns=info.feature_columns,
            measurements=info.measurements,
        )
        links.link_groups(tx, file.group, samples.group)
    return study.public_id


def _samples(rng: np.random.Generator, study: int, tissue: Any) -> list[dict[str, Any]]:
    n = len(tissue)
    draws = rng.integers(1000, size=(n, 8))
    age = rng.integers(18, 90, size=n)
    return [
        {
            "Sample Source ID": f"S{study}_{i}",
            "Sex": ("female", "male")[draws[i, 0] % 2],
            "Age": int(age[i]),
            "Tissue": TISSUES[tissue[i]],
            "Disease": STATES[draws[i, 1] % 2],
            "Cell Type": f"cell type {draws[i, 2] % 12}",
        }
        | {f"attribute {j}": f"value {draws[i, j] % (4 + 6 * j)}" for j in range(3, 8)}
        | {"Donor": f"donor {i // 3}", "Score": round(float(draws[i, 7]) / 7, 2)}
        for i in range(n)
    ]


def _write_matrix(
    store: Store, matrix_id: str, names: list[str], rng: np.random.Generator, tissue: Any
) -> Any:
    shift = np.linspace(0, 1, len(TISSUES))[tissue]
    with store.matrices.writer(matrix_id, run_names=names) as writer:
        for first in range(0, N_FEATURES, BLOCK):
            values = rng.normal(7, 1.5, (BLOCK, len(names))) + shift
            features = {
                "id": [f"ID{first + i:05d}" for i in range(BLOCK)],
                "gene": [gene(first + i) for i in range(BLOCK)],
            }
            writer.write_block(features, values.round(4)[:, :, None])
        return writer.finish({"id": "string", "gene": "string"})
