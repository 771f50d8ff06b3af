"""People who ask, services that answer without a store, and a filled store to ask."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from odm_shiny.contract.messages import Request
from odm_shiny.contract.operations import Operation
from odm_shiny.server.fetch import ImportRules
from odm_shiny.server.routes import Call, Handler
from odm_shiny.server.service import Service
from odm_shiny.store import objects, people, people_groups, sharing
from odm_shiny.store.people import User
from odm_shiny.store.schema import metadata
from odm_shiny.store.store import Store


def _person(
    name: str, *, is_curator: bool = False, permissions: frozenset[str] = frozenset()
) -> User:
    return User(
        id=1,
        email=f"{name}@example.org",
        name=name,
        permissions=permissions,
        groups=frozenset({1}),
        is_curator=is_curator,
        is_admin=False,
    )


@pytest.fixture
def person() -> Callable[..., User]:
    """Make a user: ``person("zoë", is_curator=True, permissions=...)``."""
    return _person


@pytest.fixture
def curator() -> User:
    return _person("curator", is_curator=True)


@pytest.fixture
def reader() -> User:
    return _person("reader")


@pytest.fixture
def service_with() -> Callable[..., Service]:
    """Make a service whose handlers are given, and touch no store."""

    def make(handlers: Mapping[str, Handler], **options: Any) -> Service:
        return Service(cast(Any, None), handlers=handlers, **options)

    return make


@pytest.fixture
def call_of() -> Callable[..., Call]:
    """Make the call of an operation, with a request that has the given headers."""

    def make(operation: Operation, **headers: str) -> Call:
        lowered = {name.lower().replace("_", "-"): value for name, value in headers.items()}
        return Call(
            operation=operation,
            role=operation.role,
            user=_person("reader"),
            path={},
            query={},
            body=None,
            form={},
            request=Request(operation.method, operation.path, headers=lowered),
            service=cast(Any, None),
            request_id="0",
        )

    return make


class ClosingStream:
    """A body in pieces that remembers whether it was closed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.closed = False

    def __iter__(self) -> ClosingStream:
        return self

    def __next__(self) -> bytes:
        return next(self.chunks)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def closing_stream() -> Callable[[Iterator[bytes]], ClosingStream]:
    return ClosingStream


# ---- a filled store, asked in process -----------------------------------------------------------

STUDY = (
    "Study Title\tStudy Source\tStudy Source ID\tStudy Type\tTherapeutic Area\tContributor"
    "\tFunding Code\n"
    "Zoë's liver study\tGEO\tGSE1\tBulk\tOncology\tAnn Lee|Zoë Ørsted\t007\n"
)
SECRET_STUDY = (
    "Study Title\tStudy Source\tStudy Type\tHidden Attribute\n"
    "Secret banana study\tVault\tSecret type\tbanana\n"
)
SAMPLES = (
    "Sample Source ID\tSample Name\tSample Source\tOrganism\tSex\tAge\tAge Unit\tTissue\tDisease"
    "\tBatch\tBMI\n"
    "S-1\tKöln 1\tsite A\tHomo sapiens\tfemale\t52\tyear\tliver\thepatitis\t007\t33.9\n"
    "S-2\tKöln 1\tsite A\tHomo sapiens\tmale\t38.0\tyear\tliver|kidney\t\t8\t\n"
    "S-3\tlung_3\tsite B\tHomo sapiens\tF\t\t\tlung\tasthma\t7\t21\n"
    "S-4\tλ-4\tsite B\tMus musculus\tmale\t3.5\tmonth\tspleen\t\t\tNA\n"
    "S-5\t\tsite B\tHomo sapiens\tn.a.\tabout 50\tyear\tcerebellum\tsingle-nuclei\t7\t\n"
)
LIBRARIES = (
    "Library ID\tSample Source ID\tLibrary Type\tRead Length\tKit\n"
    "L-1\tS-1\tPaired-end\t150\tk1\n"
    "L-2\tS-1\tPE\t75\t\n"
    "L-3\tS-3\tSingle-end\t150\tk2\n"
)
PREPARATIONS = (
    "Preparation ID\tSample Source ID\tScope\tDigestion\n"
    "P-1\tS-2\tTargeted\ttrypsin\n"
    "P-2\tS-4\tuntargeted\t\n"
)
# TP53 stands there twice; one length is missing; a name holds a comma and a letter outside ASCII.
EXPRESSION = (
    "gene\tlength\tS-1\tS-2\tS-3\tS-4\n"
    "TP53\t100\t1.5\t0\t12\t4\n"
    "EGFR\t200\tNA\t2.25\t\t7.0595981\n"
    "ABCB1\t\t6.55906688284104\tnull\tInf\t0.5\n"
    "TP53\t300\t9\t8\t7\t6\n"
    "ERBB2, α\t50\t-1\t1e-3\t1000000\tNaN\n"
)
EXPRESSION_V2 = "gene\tlength\tS-1\tS-2\tS-3\nTP53\t100\t2.5\t1\t13\nMYC\t400\t0\t3\t\n"
GCT = (
    "#1.2\n4\t3\nName\tDescription\tL-1\tL-2\tL-3\n"
    "ENSG01\tna\t1\t2\t3\nENSG02\tother\t\t5\t6\nENSG03\tna\t7\t8\t\nENSG04\tna\t0\t0\t0\n"
)
# The accession is a number, as Entrez ids are.
FOLDS = (
    "entrez\tsymbol\tP-1:FC\tP-1:p\tP-2:FC\tP-2:p\n"
    "7157\tTP53\t1.7\t0.02\t\t0.5\n"
    "1956\tEGFR\t-2\t\t3\t0.001\n"
    "672\t\t\t\t0.1\t1\n"
)
SECRET_SAMPLES = (
    "Sample Source ID\tSample Name\tTissue\tHidden Attribute\n"
    "T-1\tbanana one\tcolon\tbanana\nT-2\tbanana two\tbrain\tbanana\nT-3\tbanana three\t\tbanana\n"
)
SECRET_LIBRARIES = "Library ID\tSample Source ID\tHidden Attribute\nM-1\tT-1\tbanana\n"
SECRET_PREPARATIONS = "Preparation ID\tSample Source ID\tHidden Attribute\nQ-1\tT-1\tbanana\n"
SECRET_EXPRESSION = "gene\tT-1\tT-2\tT-3\nBANANA1\t4711.5\t4712.5\t4713.5\nTP53\t1\t2\t3\n"

WAIT_S = 60.0


@dataclass
class Answer:
    """A reply with its body read."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def error(self) -> str:
        return str(self.json["error"]["message"])


class Odm:
    """A service on a store of its own, and how tests ask it.

    Paths are written without ``/api/v1/``, unless they begin with a slash. Who asks is named by
    `by`, the part of the address before the ``@``.
    """

    def __init__(self, folder: Path, *, lenient: bool = False) -> None:
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir(exist_ok=True)
        self.store = Store.open(folder / "store")
        rules = ImportRules(folders=(self.files,))
        self.service = Service(self.store, import_rules=rules, lenient=lenient)
        self.id: dict[str, str] = {}

    def person(self, name: str, *, curator: bool = False, admin: bool = False) -> User:
        with self.store.write() as tx:
            return people.ensure_user(tx, f"{name}@example.org", is_curator=curator, is_admin=admin)

    def user(self, name: str) -> User:
        with self.store.read() as tx:
            found = people.find_user(tx, f"{name}@example.org")
        assert found is not None
        return found

    def ask(
        self,
        method: str,
        path: str,
        *,
        by: str | None = "ann",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        pairs = [
            (name, str(one).lower() if isinstance(one, bool) else str(one))
            for name, value in query.items()
            for one in (value if isinstance(value, list | tuple) else [value])
        ]
        data = body if isinstance(body, bytes) else b"" if body is None else _json_bytes(body)
        place = path if path.startswith("/") else f"/api/v1/{path}"
        request = Request(method, place, pairs, dict(headers or {}), data)
        reply = self.service.handle(request, user=self.user(by) if by else None)
        content = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
        return Answer(reply.status, dict(reply.headers), content)

    def get(self, path: str, *, by: str = "ann", **query: Any) -> Any:
        """The JSON of a GET that must be answered with 200."""
        answer = self.ask("GET", path, by=by, **query)
        assert answer.status == 200, answer.text
        return answer.json

    def file(self, name: str, content: str | bytes) -> str:
        """Write a file that import links may name; the link."""
        path = self.files / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def start(self, word: str, *, by: str = "ann", allow_dups: bool = True, **body: Any) -> int:
        """Start an import by link; the number of its job."""
        answer = self.ask("POST", f"jobs/import/{word}", by=by, body=body, allow_dups=allow_dups)
        assert answer.status == 200, answer.text
        return int(answer.json["jobExecId"])

    def outcome(self, job: int, *, by: str = "ann") -> Any:
        """The output of a job that is over."""
        until = time.monotonic() + WAIT_S
        while True:
            output = self.get(f"jobs/{job}/output", by=by)
            if output["status"] not in ("STARTING", "RUNNING", "STOPPING"):
                return output
            assert time.monotonic() < until, f"job {job} does not end"
            time.sleep(0.01)

    def load(self, word: str, content: str | bytes, *, by: str = "ann", **body: Any) -> str:
        """Import a text as a file of its own; the accession."""
        name = body.pop("name", f"{word}-{secrets.token_hex(4)}.tsv")
        link = self.file(name, content)
        key = "dataLink" if word == "expression" else "metadataLink"
        output = self.outcome(self.start(word, by=by, **{key: link}, **body), by=by)
        assert output["status"] == "COMPLETED", output
        return str(next(iter(output["result"].values())))

    def link(self, path: str, *, by: str = "ann", **query: Any) -> int:
        """Make a link; the status."""
        answer = self.ask("POST", f"as-curator/integration/link/{path}", by=by, **query)
        assert answer.status in (200, 204), answer.text
        return answer.status

    def ids(self, kind: str, group: str, *, by: str = "root") -> dict[str, str]:
        """Accession of each object of a group by its name in the file."""
        names = {
            "sample": ("samples", "Sample Source ID"),
            "library": ("libraries", "Library ID"),
            "preparation": ("preparations", "Preparation ID"),
        }
        plural, key = names[kind]
        records = self.get(f"as-curator/{plural}", by=by)["data"]
        return {r[key]: r["genestack:accession"] for r in records if r["groupId"] == group}

    def runs(self, group: str, *, by: str = "root") -> dict[str, str]:
        """Number of each run of a file by its column."""
        data = self.get(f"as-curator/expressions/runs/by/group/{group}", by=by)["data"]
        return {one["itemOrigin"]["runSourceId"]: one["itemOrigin"]["runId"] for one in data}

    def close(self) -> None:
        self.store.close()


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def _fill(odm: Odm) -> None:
    """Two studies: Ann's, shared with Cleo's group, and Ben's, which nobody else may see."""
    odm.person("ann", curator=True)
    odm.person("ben", curator=True)
    odm.person("eve", curator=True)
    odm.person("dora")
    odm.person("root", curator=True, admin=True)
    cleo = odm.person("cleo")
    new = odm.id
    new["study"] = odm.load("study", STUDY, name="liver.study.tsv")
    new["samples"] = odm.load("samples", SAMPLES, name="liver.samples.tsv")
    new["libraries"] = odm.load("libraries", LIBRARIES)
    new["preparations"] = odm.load("preparations", PREPARATIONS)
    rna = odm.file(
        "rna.metadata.tsv",
        "Genome Version\tName\tPipeline\nGRCh38\tRNA of the liver\tp|q\n",
    )
    new["rna"] = odm.load(
        "expression",
        EXPRESSION,
        metadataLink=rna,
        numberOfFeatureAttributes="2",
        dataClass="Bulk transcriptomics",
    )
    new["rna2"] = odm.load(
        "expression", EXPRESSION_V2, numberOfFeatureAttributes=2, previousVersion=new["rna"]
    )
    new["gct"] = odm.load("expression", GCT, name="counts.gct")
    new["folds"] = odm.load(
        "expression",
        FOLDS,
        numberOfFeatureAttributes=2,
        measurementSeparator=":",
        dataClass="Differential abundance (FC, pval, etc.)",
    )
    new["loose"] = odm.load("samples", "Sample Source ID\tSample Source\nX-1\tx\nX-2\tx\n")
    odm.link(f"sample/group/{new['samples']}/to/study/{new['study']}")
    odm.link(f"library/group/{new['libraries']}/to/sample/group/{new['samples']}")
    odm.link(f"preparation/group/{new['preparations']}/to/sample/group/{new['samples']}")
    for version in ("rna", "rna2"):
        odm.link(f"expression/group/{new[version]}/to/sample/group/{new['samples']}")
    odm.link(f"expression/group/{new['gct']}/to/library/group/{new['libraries']}")
    odm.link(f"expression/group/{new['folds']}/to/preparation/group/{new['preparations']}")
    new["secret study"] = odm.load("study", SECRET_STUDY, by="ben")
    new["secret samples"] = odm.load("samples", SECRET_SAMPLES, by="ben")
    new["secret libraries"] = odm.load("libraries", SECRET_LIBRARIES, by="ben")
    new["secret preparations"] = odm.load("preparations", SECRET_PREPARATIONS, by="ben")
    new["secret rna"] = odm.load(
        "expression", SECRET_EXPRESSION, by="ben", numberOfFeatureAttributes=1
    )
    odm.link(f"sample/group/{new['secret samples']}/to/study/{new['secret study']}", by="ben")
    for kind in ("libraries", "preparations"):
        word = {"libraries": "library", "preparations": "preparation"}[kind]
        odm.link(
            f"{word}/group/{new[f'secret {kind}']}/to/sample/group/{new['secret samples']}",
            by="ben",
        )
    odm.link(
        f"expression/group/{new['secret rna']}/to/sample/group/{new['secret samples']}", by="ben"
    )
    with odm.store.write() as tx:
        group = people_groups.create_group(tx, "Liver people")
        people_groups.add_members(tx, group.accession, [cleo.id])
        sharing.share(tx, objects.get(tx, new["study"]), group)


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a filled store; copied, never used itself."""
    folder = tmp_path_factory.mktemp("filled")
    odm = Odm(folder)
    _fill(odm)
    odm.close()
    (folder / "ids.json").write_text(json.dumps(odm.id))
    return folder


def _copy(source: Path, target: Path, **options: Any) -> Odm:
    shutil.copytree(source, target)
    odm = Odm(target, **options)
    odm.id.update(json.loads((target / "ids.json").read_text()))
    return odm


@pytest.fixture(scope="session")
def shown(filled_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odm]:
    """The filled store, for tests that only read."""
    odm = _copy(filled_folder, tmp_path_factory.mktemp("shown") / "odm")
    yield odm
    odm.close()


@pytest.fixture
def odm(filled_folder: Path, tmp_path: Path) -> Iterator[Odm]:
    """The filled store, for tests that change it."""
    odm = _copy(filled_folder, tmp_path / "odm")
    yield odm
    odm.close()


@pytest.fixture
def empty_odm(tmp_path: Path) -> Iterator[Odm]:
    """A new store with one curator, Ann."""
    odm = Odm(tmp_path)
    odm.person("ann", curator=True)
    yield odm
    odm.close()


@pytest.fixture(scope="module")
def shown_copy(filled_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odm]:
    """The filled store, for a module to add to."""
    odm = _copy(filled_folder, tmp_path_factory.mktemp("copy") / "odm")
    yield odm
    odm.close()


def _dump(store: Store) -> dict[str, Any]:
    """Everything in a store but its jobs: rows of every table, names of matrices."""
    found: dict[str, Any] = {}
    with store.read() as tx:
        for table in metadata.sorted_tables:
            if table.name not in ("jobs", "counters"):
                rows = [tuple(row) for row in tx.conn.execute(select(table))]
                found[table.name] = sorted(rows, key=repr)
    found["matrices in place"] = sorted(store.matrices.ids())
    return found


@pytest.fixture
def dump() -> Callable[[Store], dict[str, Any]]:
    """Read everything that a store holds, to see whether it has changed."""
    return _dump
