"""Questions to the embedded ODM, reply bytes included.

The store is made by the store's own functions, as an import does: studies with 100 samples of 26
attributes each, and matrices linked to the samples of the first ones.
"""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case import Case
from odm_shiny.contract.messages import Request
from odm_shiny.server.service import Service
from odm_shiny.store import data_files, links, objects, people
from odm_shiny.store.store import Store

API = "/api/v1/as-user"
SAMPLES_A_STUDY = 100
N_MATRICES = 20


def cases(large: bool) -> Iterator[Case]:
    """Make a store and give the questions to it."""
    folder = Path(tempfile.mkdtemp(prefix="odm-shiny-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    n_studies = 1000 if large else 200
    n_features = 60_000 if large else 6_000
    store = Store.open(folder)
    fill(store, n_studies, n_features)
    service = Service(store)
    with store.read() as tx:
        user = people.local_user(tx)
    size = f"{n_studies:,} studies, {n_studies * SAMPLES_A_STUDY:,} samples"

    def ask(path: str, **parameters: Any) -> Callable[[], Any]:
        request = Request("GET", path, [(k, str(v)) for k, v in parameters.items()])

        def work() -> int:
            reply = service.handle(request, user=user)
            assert reply.status == 200, (reply.status, reply.body)
            if isinstance(reply.body, bytes):
                return len(reply.body)
            return sum(len(chunk) for chunk in reply.body)

        return work

    goal = "p50 <= 15 ms"
    three = "Tissue=liver AND Age>=40 AND Sex=female"
    yield Case(
        "in-process call (whoami)",
        ask("/api/odm-shiny/v1/whoami"),
        target="p50 <= 1 ms",
        repeats=50,
    )
    yield Case(
        f"three-term sample filter, page of 200; {size}",
        ask(f"{API}/samples", filter=three, pageLimit=200),
        target=goal,
        repeats=30,
    )
    yield Case(
        f"study and sample filter together, page of 200; {size}",
        ask(
            f"{API}/omics/samples",
            studyFilter='"Study Source"=GEO',
            sampleFilter="Tissue=liver",
            pageLimit=200,
        ),
        target=goal,
        repeats=30,
    )
    yield Case(
        f"full text, page of 200; {size}",
        ask(f"{API}/samples", query="liver", pageLimit=200),
        target=goal,
        repeats=30,
    )
    yield Case(
        f"page of 200 by name; {size}",
        ask(f"{API}/samples", sort="name", pageLimit=200),
        target=goal,
        repeats=10,
    )
    yield Case(
        f"facet counts of 10 attributes; {size}",
        ask_facets(service, user),
        target="<= 300 ms at 1,000,000 samples",
        repeats=20,
    )
    yield Case(
        f"samples with gene >= x in {N_MATRICES} matrices of {n_features:,} features",
        ask(f"{API}/omics/samples", exQuery="feature=G77 value>=9", pageLimit=200),
        target="p50 <= 60 ms",
        repeats=20,
    )
    yield Case(
        f"one gene of {N_MATRICES * SAMPLES_A_STUDY:,} runs, page of 2,000 items",
        ask(f"{API}/omics/expression/data", exQuery="feature=G77", pageLimit=2000),
        repeats=20,
    )
    group, values = stream_source(store, 2000, n_features)
    streamed = ask(f"{API}/omics/expression/streamed-data", groupAccession=group)
    yield Case(
        f"stream {n_features:,} x 2,000 as CSV",
        streamed,
        polars_csv(values),
        "polars write_csv of the values in memory",
        ">= 2x as fast as polars",
        2,
    )


def ask_facets(service: Service, user: Any) -> Callable[[], Any]:
    """Counts of ten attributes over all samples."""
    query = [("attribute", name) for name in ("Sex", "Age", "Tissue", "Disease", "Cell Type")]
    query += [("attribute", f"attribute {i}") for i in range(5)]
    request = Request("GET", "/api/odm-shiny/v1/facets", query)
    return lambda: service.handle(request, user=user)


def fill(store: Store, n_studies: int, n_features: int) -> None:
    """Store studies and samples, and matrices of the first studies."""
    rng = np.random.default_rng(1)
    with store.read() as tx:
        owner = people.local_user(tx)
    who = {"owner_id": owner.id, "author": owner.email}
    for number in range(n_studies):
        with store.write() as tx:
            study = objects.create(tx, "study", a_study(rng, number), **who)
            documents = [a_sample(rng, number, i) for i in range(SAMPLES_A_STUDY)]
            samples = objects.create_group(tx, "sample_group", {}, documents, **who)
            links.link_groups(tx, samples.group, study)
        if number < N_MATRICES:
            names = [str(document["Sample Source ID"]) for document in documents]
            values = rng.normal(6, 2, (n_features, SAMPLES_A_STUDY)).round(4)
            store_matrix(store, f"bench{number}", names, values, samples.group)


def store_matrix(
    store: Store, matrix_id: str, names: list[str], values: Any, samples: objects.Record | None
) -> str:
    """Store a matrix of features G0, G1, ... as a file; link it by its column names."""
    with store.matrices.writer(matrix_id, run_names=names) as writer:
        for first in range(0, len(values), 1000):
            block = values[first : first + 1000]
            features = {"gene": [f"G{first + i}" for i in range(len(block))]}
            writer.write_block(features, block[:, :, None])
        info = writer.finish({"gene": "string"})
    with store.write() as tx:
        owner = people.local_user(tx)
        group = objects.create_group(
            tx,
            "expression_group",
            {"Data Class": "Other"},
            [{} for _ in names],
            owner_id=owner.id,
            author=owner.email,
            run_sources=names,
        )
        data_files.add(
            tx,
            matrix_id,
            group.group.id,
            n_runs=info.n_runs,
            n_features=info.n_features,
            feature_columns=info.feature_columns,
            measurements=info.measurements,
        )
        if samples is not None:
            links.link_groups(tx, group.group, samples)
    return group.group.public_id


def stream_source(store: Store, n_runs: int, n_features: int) -> tuple[str, Any]:
    """A matrix to stream: accession of its file, and its values (features x runs)."""
    values = np.random.default_rng(2).normal(6, 2, (n_features, n_runs)).round(4)
    names = [f"R{i}" for i in range(n_runs)]
    return store_matrix(store, "stream", names, values, None), values


def polars_csv(values: Any) -> Callable[[], Any]:
    """The same CSV by polars, from memory."""
    import polars as pl

    frame = pl.DataFrame(values, schema=[f"R{i}" for i in range(values.shape[1])])
    frame = frame.insert_column(0, pl.Series("gene", [f"G{i}" for i in range(len(values))]))
    return lambda: frame.write_csv(io.BytesIO(), float_precision=4)


def a_study(rng: np.random.Generator, number: int) -> dict[str, Any]:
    """Metadata of a study."""
    source, area = rng.integers(3, size=2)
    return {
        "Study Title": f"Study {number}",
        "Study Source": ("GEO", "ArrayExpress", "ENA")[source],
        "Therapeutic Area": ("Oncology", "Immunology", "Cardiology")[area],
    }


def a_sample(rng: np.random.Generator, study: int, number: int) -> dict[str, Any]:
    """Metadata of a sample: six attributes of the default template, twenty others."""
    draws = rng.integers(100, size=25)
    known = {
        "Sample Source ID": f"S{study}_{number}",
        "Sex": ("male", "female")[draws[0] % 2],
        "Age": int(20 + draws[1] % 60),
        "Tissue": ("liver", "lung", "brain", "blood")[draws[2] % 4],
        "Disease": f"disease {draws[3] % 40}",
        "Cell Type": f"type {draws[4] % 60}",
    }
    return known | {f"attribute {i}": f"value {draw}" for i, draw in enumerate(draws[5:])}
