"""The four questions of ODM's training, asked in Python and by curl, of files as people have them.

80 samples of four cell populations, with the line ends of an old Mac and tabs at the end of every
line; a matrix whose head counts more rows than there are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from odm_shiny import Query, connect, field
from odm_shiny.client.client import Client

pytestmark = pytest.mark.timeout(300)

CELLS = ("CD14+", "CD19+", "CD4+", "CD8+")
NAMES = tuple(f"D{donor:02}_{cells[:-1]}" for donor in range(1, 21) for cells in CELLS)
COMMAND = (sys.executable, "-m", "odm_shiny.cli.main")


def study_table() -> str:
    return "Study Title\tStudy Source\tStudy Description\nSorted blood cells\tlab 7\tTräger\n"


def samples_table() -> str:
    """80 samples; an age that is missing, one as a decimal, names that differ from the ids."""
    rows = [["Sample Source ID", "Name", "Cells", "Donor", "Age", "Sex"]]
    for number, name in enumerate(NAMES):
        donor = number // 4 + 1
        age = {3: "", 4: "33.5"}.get(donor, str(20 + donor))
        rows.append([name, f"probe {number:03} ß", CELLS[number % 4], f"{donor:03}", age, "F"])
    return "".join("\t".join(row) + "\t\t\r" for row in rows)


def level(gene: int, column: int) -> str:
    """One value of the matrix: A01 is 200 or more in two CD14+ samples and in all CD19+ ones."""
    cells, donor = CELLS[column % 4], column // 4 + 1
    if gene == 1 and cells == "CD19+":
        return "512.25"
    if gene == 1 and cells == "CD14+":
        return {5: "200", 17: "1234.5"}.get(donor, f"{100 + donor}.125")
    if gene == 2 and column == 6:
        return ""
    return "0" if (gene + column) % 3 else f"{gene}.{column:02}"


def matrix() -> str:
    """5 genes, while the head says 23686; the samples stand in reverse order."""
    columns = range(len(NAMES) - 1, -1, -1)
    tail = "\t" * len(NAMES)
    lines = [f"#1.2{tail}", f"23686\t80{tail}", "\t".join(["NAME", "Description", *NAMES[::-1]])]
    for gene in range(1, 6):
        values = [level(gene, column) for column in columns]
        lines.append("\t".join([f"A{gene:02}", "", *values]))
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Training:
    """A server with the study on it, and a curator's token."""

    url: str
    token: str
    study: str

    def query(self) -> Query:
        return Query().where(study=field("genestack:accession") == self.study)

    def connect(self) -> Client:
        return connect(self.url, self.token)

    def curl(self, query: Query, *more: str) -> Any:
        """Run the line that the query prints as it is, in a shell, and read the reply."""
        line = " ".join([query.to_curl(self.url).rstrip("\n"), "--silent", "--show-error", *more])
        done = subprocess.run(
            ["bash", "-c", line],
            env={**os.environ, "ODM_TOKEN": self.token},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)


def command(*words: object) -> str:
    done = subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Training]:
    """Import the folder by the command line, and serve it."""
    folder = tmp_path_factory.mktemp("training")
    for name, text in {
        "Example.study.tsv": study_table(),
        "Example.samples.tsv": samples_table(),
        "Example.expression.gct": matrix(),
        "Example.expression.gct.tsv": "Scale\tGenome Version\t\r\nTPM\tGRCh37\t\r\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    store = tmp_path_factory.mktemp("odm") / "store"
    done = json.loads(command("import", folder, "--store", store, "--json"))
    assert done["problems"] == done["left_out"] == []
    token = command("token", "create", "--store", store, "--user", "ann@example.org", "--admin")
    words = [*COMMAND, "serve", "--store", str(store), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().removeprefix("ODM ready at ").strip()
            yield Training(url, token.strip(), done["study"])
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def monocytes(training: Training) -> Query:
    """Name the cell type of the CD14+ samples, as the training does, and ask for them by it."""
    with training.connect() as odm:
        found = odm.run(training.query().where(sample=field("Cells") == "CD14+")).to_pandas()
        table = found[["genestack:accession"]].assign(**{"Cell Type": "CD14-positive monocyte"})
        edit = odm.patch_samples(table)
        assert (len(edit.done), edit.unchanged) == (20, 0)
    return training.query().where(sample=field("Cell Type") == "CD14-positive monocyte")


def names_of(records: list[dict[str, Any]]) -> set[str]:
    return {str(record["Sample Source ID"]) for record in records}


def of_monocytes() -> set[str]:
    return {name for name in NAMES if name.endswith("_CD14")}


def test_all_samples_of_the_study_come_in_pages_of_ten(training: Training) -> None:
    with training.connect() as odm:
        found = odm.run(training.query(), page_limit=10).to_list()
    assert [sample["Sample Source ID"] for sample in found] == list(NAMES)
    assert found[1]["Name"] == "probe 001 ß"
    assert found[0]["Donor"] == "001"
    assert {"Age": found[8]["Age"], "then": found[12]["Age"]} == {"Age": None, "then": 33.5}


@pytest.mark.peer
def test_curl_gets_the_first_ten_samples_and_a_cursor_for_the_next(training: Training) -> None:
    query = training.query().limited_to(10)
    page = training.curl(query)
    following = training.curl(query, "--data-urlencode", f"cursor={page['cursor']}")
    names = [one["metadata"]["Sample Source ID"] for one in (*page["data"], *following["data"])]
    assert names == list(NAMES[:20])


def test_a_filter_on_samples_leaves_one_population(training: Training) -> None:
    query = training.query().where(sample=field("Cells") == "CD14+")
    with training.connect() as odm:
        assert names_of(odm.run(query).to_list()) == of_monocytes()
        assert odm.explain(query)["samplesInStudies"] == 80
        assert odm.explain(query)["samplesMatching"] == 20


@pytest.mark.peer
def test_curl_filters_samples(training: Training) -> None:
    page = training.curl(training.query().where(sample=field("Cells") == "CD14+"))
    assert names_of([one["metadata"] for one in page["data"]]) == of_monocytes()


def test_samples_are_found_by_the_cell_type_that_was_given_them(
    training: Training, monocytes: Query
) -> None:
    with training.connect() as odm:
        assert names_of(odm.run(monocytes).to_list()) == of_monocytes()


@pytest.mark.peer
def test_curl_finds_samples_by_the_cell_type_that_was_given_them(
    training: Training, monocytes: Query
) -> None:
    page = training.curl(monocytes)
    assert names_of([one["metadata"] for one in page["data"]]) == of_monocytes()


def test_a_feature_of_these_samples_comes_in_two_pages_of_ten(
    training: Training, monocytes: Query
) -> None:
    query = monocytes.expression().data("Feature=A01")
    with training.connect() as odm:
        found = odm.run(query, page_limit=10)
        next(iter(found))
        assert len(found.items) == 10
        table = found.to_pandas()
    assert set(table["runSourceId"]) == of_monocytes()
    assert set(table["feature"]) == {"A01"}
    assert table.set_index("runSourceId")["value"]["D02_CD14"] == 102.125


@pytest.mark.peer
def test_curl_gets_the_feature_in_two_pages_of_ten(training: Training, monocytes: Query) -> None:
    query = monocytes.expression().data("Feature=A01").limited_to(10)
    pages = [training.curl(query)]
    while not pages[-1]["resultsExhausted"]:
        cursor = pages[-1]["cursor"]
        pages.append(training.curl(query, "--data-urlencode", f"cursor={cursor}"))
    runs = [[item["itemOrigin"]["runSourceId"] for item in page["data"]] for page in pages]
    assert [len(page) for page in runs] == [10, 10]
    assert {run for page in runs for run in page} == of_monocytes()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Feature=A01 MinValue=200", id="as in the training"),
        pytest.param("feature = A01 AND value >= 200", id="as in today's documentation"),
    ],
)
def test_a_smallest_value_leaves_two(training: Training, monocytes: Query, text: str) -> None:
    with training.connect() as odm:
        found = odm.run(monocytes.expression().data(text)).to_pandas()
        asked = odm.omics.expression(
            study_filter=field("genestack:accession") == training.study,
            sample_filter=field("Cell Type") == "CD14-positive monocyte",
            ex_query=text,
        ).to_pandas()
    assert dict(zip(found["runSourceId"], found["value"], strict=True)) == {
        "D05_CD14": 200.0,
        "D17_CD14": 1234.5,
    }
    assert found.equals(asked)


@pytest.mark.peer
def test_curl_gets_the_two_values(training: Training, monocytes: Query) -> None:
    page = training.curl(monocytes.expression().data("Feature=A01 MinValue=200"))
    values = {item["itemOrigin"]["runSourceId"]: item["value"] for item in page["data"]}
    assert values == {"D05_CD14": {"value": 200}, "D17_CD14": {"value": 1234.5}}


def test_a_missing_value_is_no_item(training: Training) -> None:
    with training.connect() as odm:
        found = odm.run(training.query().expression().genes("A02")).to_pandas()
    assert len(found) == 79
    assert NAMES[6] not in set(found["runSourceId"])
