"""Values into R and back, against rpy2's own converters, a CSV file, and copying memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from benchmarks.case import Case


def mixed_frame(n: int) -> pd.DataFrame:
    """Ten columns as samples have them: an identifier, attributes, numbers, missing values."""
    rng = np.random.default_rng(1)
    tissues = np.array(["liver", "lung", "Gehirn β", "kidney"], dtype=object)
    text = tissues[rng.integers(0, 4, n)]
    text[::50] = None
    age = rng.uniform(0, 90, n)
    age[::20] = np.nan
    return pd.DataFrame(
        {
            "genestack:accession": [f"GSF{i:09d}" for i in range(n)],
            "Tissue": text,
            "Sex": pd.Categorical.from_codes(rng.integers(-1, 2, n), ["f", "m"]),
            "Batch": np.array([f"batch {i}" for i in range(5000)], object)[
                rng.integers(0, 5000, n)
            ],
            "Age": age,
            "Dose": pd.array(rng.integers(0, 9, n), dtype="Int64"),
            "Reads": rng.integers(2**31, 2**40, n),
            "Treated": rng.random(n) < 0.5,
            "Taken": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 10**7, n), "s"),
            "value": rng.normal(size=n),
        }
    )


def numbers_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of numbers."""
    return frame[["Age", "Reads", "Treated", "value"]]


def cases(large: bool) -> Iterator[Case]:
    """Compare the bridge with its peers."""
    from odm_shiny.rbridge import session

    session.start()
    frame = mixed_frame(1_000_000 if large else 50_000)
    shape = (20_000, 2_000) if large else (5_000, 500)
    n_stored = 2_000_000 if large else 200_000
    yield from frame_cases(frame, repeats=1 if large else 3)
    yield from matrix_cases(shape, repeats=3)
    yield sparse_case(n_stored)


def frame_cases(frame: pd.DataFrame, repeats: int) -> Iterator[Case]:
    """A frame to R and back."""
    from odm_shiny.rbridge.from_r import from_r
    from odm_shiny.rbridge.to_r import to_r

    def case(name: str, ours: Callable[[], Any], **more: Any) -> Case:
        return Case(f"{len(frame):,} x 10 {name}", ours, cpu=True, repeats=repeats, **more)

    by_csv = "CSV and data.table's fread"
    yield case(
        "frame to R", lambda: to_r(frame), peer=csv(frame), peer_name=by_csv, target="<= 0.3x"
    )
    if (convert := pandas2ri()) is not None:
        yield case(
            "frame to R",
            lambda: to_r(frame),
            peer=lambda: convert(frame),
            peer_name="pandas2ri",
            target="<= 0.04x",
        )
    in_r = to_r(frame)
    yield case("frame back", lambda: from_r(in_r), target="<= 0.5 s for 1,000,000 rows")
    numbers = numbers_of(frame)
    numbers_in_r = to_r(numbers)
    arrays = [numbers[name].to_numpy() for name in numbers]
    copy = {"peer": lambda: [array.copy() for array in arrays], "peer_name": "copies by numpy"}
    yield case("numeric columns to R", lambda: to_r(numbers), **copy)
    yield case("numeric columns back", lambda: from_r(numbers_in_r), target="<= 2x", **copy)


def matrix_cases(shape: tuple[int, int], repeats: int) -> Iterator[Case]:
    """A matrix with names, in both orders in memory."""
    from odm_shiny.rbridge.matrices import Matrix
    from odm_shiny.rbridge.to_r import to_r

    values = np.random.default_rng(2).gamma(1, size=shape)
    rows = [f"ENSG{i:011d}" for i in range(shape[0])]
    columns = [f"GSF{i}" for i in range(shape[1])]
    convert = numpy2ri()
    for order, held in (("by rows", values), ("by columns", np.asfortranarray(values))):
        yield Case(
            f"{shape[0]:,} x {shape[1]:,} matrix {order}, names included, to R",
            lambda held=held: to_r(Matrix(held, rows, columns)),
            peer=(lambda held=held: convert(held)) if convert else held.copy,
            peer_name="numpy2ri, without names" if convert else "a copy by numpy",
            target="<= 0.4x of numpy2ri",
            repeats=repeats,
            cpu=True,
        )


def sparse_case(n_stored: int) -> Case:
    """A sparse matrix to dgCMatrix."""
    from odm_shiny.rbridge.to_r import to_r

    matrix = sp.random(20_000, n_stored // 1000, 0.05, format="csc", random_state=3)
    parts = (matrix.data, matrix.indices, matrix.indptr)
    return Case(
        f"sparse matrix, {matrix.nnz:,} values, to dgCMatrix",
        lambda: to_r(matrix),
        peer=lambda: [part.copy() for part in parts],
        peer_name="copies by numpy",
        target="<= 5x",
    )


def csv(frame: pd.DataFrame) -> Callable[[], Any]:
    """Write a CSV file with pandas and read it with data.table."""
    from odm_shiny.rbridge import r_memory, session
    from odm_shiny.rbridge.to_r import to_r

    read = r_memory.evaluate("function(path) data.table::fread(path, data.table = FALSE)")

    def through_a_file() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "frame.csv"))
            frame.to_csv(path, index=False)
            return session.apply(read, to_r(path))

    return through_a_file


def pandas2ri() -> Callable[[Any], Any] | None:
    """Return rpy2's converter of frames, where ``rpy2-robjects`` is installed."""
    if find_spec("rpy2.robjects") is None:
        return None
    from rpy2.robjects import default_converter, pandas2ri

    return within(default_converter + pandas2ri.converter)


def numpy2ri() -> Callable[[Any], Any] | None:
    """Return rpy2's converter of arrays, where ``rpy2-robjects`` is installed."""
    if find_spec("rpy2.robjects") is None:
        return None
    from rpy2.robjects import default_converter, numpy2ri

    return within(default_converter + numpy2ri.converter)


def within(converter: Any) -> Callable[[Any], Any]:
    """Convert with a converter of rpy2, which looks for itself in its context."""
    from rpy2.robjects.conversion import localconverter

    def convert(value: Any) -> Any:
        with localconverter(converter):
            return converter.py2rpy(value)

    return convert
