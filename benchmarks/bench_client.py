"""The client against the official one, on a loopback server of ready-made ODM bytes.

The two real ways of the official client are its typed call, and its untyped one with the few lines
that its notebooks use to make a table of the items.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import msgspec

from benchmarks.case import Case
from benchmarks.stub import CSV_RUNS, csv_body, running
from odm_shiny.client.auth import Secret
from odm_shiny.connect import connect
from odm_shiny.query.expr import feature

TYPED = "odm-api, typed items, the notebooks' table"
RAW = "odm-api, untyped items, the notebooks' table"


def cases(large: bool) -> Iterator[Case]:
    """Start the stub and compare."""
    with running() as url:
        ours = connect(url, Secret("token"), cache=False)
        official = Official(url)
        yield from items(ours, official, large)
        yield from floor(ours, url)
        yield from paged(ours, official, large)
        yield from streams(ours, official, large)
        yield from embedded(official, large)
        slow = connect(f"{url}/slow", Secret("token"), cache=False)
        yield from latency(slow, Official(f"{url}/slow"), large)


class Official:
    """The calls of the official client that are compared with."""

    def __init__(self, url: str) -> None:
        import odm_api
        import pandas as pd

        configuration = odm_api.Configuration(host=url, api_key={"Genestack-API-Token": "token"})
        client = odm_api.ApiClient(configuration)
        self.pd = pd
        self.omics = odm_api.OmicsQueriesAsUserApi(client)
        self.expression = odm_api.ExpressionSPoTAsUserApi(client)
        self.samples = odm_api.SampleSPoTAsUserApi(client)

    def typed(self, n: int) -> Any:
        """Typed items to a table."""
        found = self.expression.get_expression_data_as_user(run_filter=[str(n)])
        rows = [
            {
                **(item.metadata or {}),
                **(item.feature.to_dict() if item.feature else {}),
                **(item.value if isinstance(item.value, dict) else item.value.to_dict()),
            }
            for item in found.data
        ]
        return self.pd.DataFrame(rows)

    def raw(self, n: int, page: int | None = None) -> Any:
        """Untyped items to a table, as the notebooks do."""
        rows: list[dict[str, Any]] = []
        cursor = None
        while True:
            found = self.omics.omics_search_expression_data_as_user(
                ex_query=f"feature={n}", page_limit=page or n, cursor=cursor
            )
            rows += [
                item["metadata"] | item["feature"] | item["value"] | item["relationships"]
                for item in found.data
            ]
            cursor = found.cursor
            if found.results_exhausted:
                return self.pd.DataFrame(rows)

    def csv(self, n: int) -> Any:
        """A streamed matrix to a table."""
        text = self.omics.omics_search_streamed_expression_data_as_user(group_accession=str(n))
        return self.pd.read_csv(StringIO(text))

    def all_samples(self, page: int) -> Any:
        """All pages of samples, one after the other."""
        records: list[Any] = []
        while True:
            found = self.samples.search_samples_as_user(page_limit=page, page_offset=len(records))
            records += found.data
            if len(records) >= found.meta.pagination.total:
                return self.pd.DataFrame(records)


def items(ours: Any, official: Official, large: bool) -> Iterator[Case]:
    """One page of items to pandas, every attribute."""
    for n, typed, raw, repeats in ((2000, 0.08, 0.6, 9), (20_000, 0.05, 0.4, 5 if large else 3)):
        work = to_pandas(ours, n, n)
        name = f"{n:,} expression items (one page) to pandas"
        yield Case(
            name,
            work,
            lambda n=n: official.typed(n),
            TYPED,
            f"<= {typed}x",
            repeats if n == 2000 or large else 1,
            cpu=True,
        )
        yield Case(name, work, lambda n=n: official.raw(n), RAW, f"<= {raw}x", repeats, cpu=True)


def floor(ours: Any, url: str) -> Iterator[Case]:
    """The cheapest that could be: read the bytes, scan the JSON."""
    client = httpx.Client(timeout=60)
    address = f"{url}/api/v1/as-user/omics/expression/data?exQuery=feature=2000&pageLimit=2000"
    decoder = msgspec.json.Decoder(Scan)
    yield Case(
        "2,000 items to pandas against the floor",
        to_pandas(ours, 2000, 2000),
        lambda: decoder.decode(client.get(address).content),
        "httpx reads, msgspec scans",
        "<= 2.5x",
        9,
        cpu=True,
    )


class ScanItem(msgspec.Struct, gc=False):
    """An item, its parts not looked into."""

    itemId: str  # noqa: N815 - the wire's name
    itemOrigin: msgspec.Raw  # noqa: N815
    metadata: msgspec.Raw
    feature: msgspec.Raw
    value: msgspec.Raw
    relationships: msgspec.Raw


class Scan(msgspec.Struct):
    """A page of them."""

    data: list[ScanItem]


def paged(ours: Any, official: Official, large: bool) -> Iterator[Case]:
    """Many pages of items."""
    n = 200_000 if large else 20_000
    yield Case(
        f"{n:,} items in pages of 2,000 to pandas",
        to_pandas(ours, n, 2000),
        lambda: official.raw(n, 2000),
        RAW,
        "<= 0.4x",
        3,
        cpu=True,
    )


def streams(ours: Any, official: Official, large: bool) -> Iterator[Case]:
    """A streamed matrix."""
    n = n_streamed(large)
    yield Case(
        f"streamed CSV, {n:,} genes x {CSV_RUNS} runs, to pandas",
        lambda: ours.expressions.stream(str(n)).to_pandas(),
        lambda: official.csv(n),
        "odm-api, pandas.read_csv",
        "<= 1.05x",
        3,
        cpu=True,
    )


def latency(ours: Any, official: Official, large: bool) -> Iterator[Case]:
    """Pages of a server that is far away."""
    size = 2000 if large else 200
    yield Case(
        f"25 offset pages of {size} samples, 50 ms latency, to pandas",
        lambda: ours.samples.find(page_limit=size).to_pandas(),
        lambda: official.all_samples(size),
        "odm-api, page after page",
        "<= 0.3x",
        3,
    )


def embedded(official: Official, large: bool) -> Iterator[Case]:
    """The embedded ODM in this process, which answers as Arrow; its own work counts, too."""
    n = n_streamed(large)
    with tempfile.TemporaryDirectory() as folder, connect(store=f"{folder}/store") as client:
        yield Case(
            "one in-process call through the client",
            client.whoami,
            target="p50 <= 1 ms",
            repeats=50,
        )
        group = import_matrix(client, Path(folder, "study"), n)
        genes = feature().is_in([f"ENSG{number:011}" for number in range(20_000 // CSV_RUNS)])
        yield Case(
            "20,000 items from the embedded server, as Arrow, to pandas",
            lambda: client.omics.expression(ex_query=genes, page_limit=20_000).to_pandas(),
            lambda: official.typed(20_000),
            TYPED,
            "<= 0.08x",
            3 if large else 1,
            cpu=True,
        )
        yield Case(
            f"{n:,} genes x {CSV_RUNS} runs from the embedded server, as Arrow, to pandas",
            lambda: client.expressions.stream(group).to_pandas(),
            lambda: official.csv(n),
            "odm-api, pandas.read_csv of CSV",
            "<= 0.4x",
            3,
            cpu=True,
        )


def n_streamed(large: bool) -> int:
    """Return how many genes a streamed matrix has."""
    return 20_000 if large else 5_000


def import_matrix(client: Any, folder: Path, n_genes: int) -> str:
    """Import what the stub streams; return the accession of the file."""
    names, *rows = csv_body(n_genes).decode().splitlines()
    runs = names.split(",")[1:]
    folder.mkdir()
    Path(folder, "B.study.tsv").write_text("Study Title\nBenchmark\n")
    Path(folder, "B.samples.tsv").write_text("\n".join(["Sample Source ID", *runs, ""]))
    with Path(folder, "B.gct").open("w") as file:
        file.write(f"#1.2\n{n_genes}\t{len(runs)}\n")
        file.write("\t".join(["Name", "Description", *runs]) + "\n")
        file.writelines(row.replace(",", "\t\t", 1).replace(",", "\t") + "\n" for row in rows)
    accession: str = client.import_folder(folder).groups["B.gct"]
    return accession


def to_pandas(client: Any, n: int, page: int) -> Callable[[], Any]:
    """Read `n` items in pages of a size."""
    return lambda: client.omics.expression(ex_query=f"feature={n}", page_limit=page).to_pandas()
