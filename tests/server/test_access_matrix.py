"""Every handled operation, asked by everybody, about a study that is Ben's and not shared with all.

The matrix is made from the contract: an operation that is handled one day is in it without a line
here. Whoever may not see the study gets what they would get if it did not exist, and no reply holds
a word, a number or an accession of it.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from odm_shiny.contract.operations import Operation, operations
from odm_shiny.server.routes import HANDLERS
from odm_shiny.server.service import load_handlers
from odm_shiny.store import objects, people_groups, sharing

load_handlers()
HANDLED = [one for one in operations() if one.key in HANDLERS]

#: Words and numbers that stand in the hidden study alone.
SECRETS = ("banana", "BANANA1", "4711.5", "4712.5", "Vault", "Secret type", "Hidden Attribute")

SEERS = ("ben", "mia", "max", "root")
STRANGERS = ("dora", "eve")
PLAIN = ("dora", "mia")

# What a path parameter means, by "METHOD /path#parameter"; the first that fits.
TARGETS = (
    (r"/jobs/", "job"),
    (r"/scim/Groups/", "people group"),
    (r"/scim/Users/", "person"),
    (r"#version$", "version"),
    (r"/by/study/|/studies/\{id\}", "study"),
    (r"/to/(\w+)/group/\{targetId\}#targetId", r"\1 group"),
    (r"/to/(\w+)/\{targetId\}#targetId", r"\1"),
    (r"/expression/group/\{sourceId\}/to/(\w+)/", r"\1 run file"),
    (r"/expression/\{sourceId\}/to/(\w+)/", r"\1 run"),
    (r"/(\w+)/group/\{sourceId\}", r"\1 group"),
    (r"/(\w+)/\{sourceId\}", r"\1"),
    (r"/run-to-samples/", "sample run file"),
    (r"/run-to-libraries/", "library run file"),
    (r"/run-to-preparations/", "preparation run file"),
    (r"/libraries-to-samples/|/libraries/by/group/", "library group"),
    (r"/preparations-to-samples/|/preparations/by/group/", "preparation group"),
    (r"/by/(sample|library|preparation)/\{id\}", r"\1"),
    (r"/samples/\{id\}", "sample"),
    (r"/libraries/\{id\}", "library"),
    (r"/preparations/\{id\}", "preparation"),
    (r"/group/by/run/\{id\}", "sample run"),
    (r"/expressions/(group|runs/by/group)/\{id\}", "sample run file"),
    (r"GET .*/expressions/\{id\}#", "item"),
    (r"/expressions/\{id\}", "sample run"),
)


@dataclass
class Hidden:
    """The ids of the hidden study, or ids that nobody has ever had."""

    ids: dict[str, str]

    def path(self, one: Operation) -> str:
        """The path of an operation with these ids in it, below ``/api/v1``."""
        found = one.path
        for parameter in one.parameters_in("path"):
            value = self.ids[_target(one, parameter.name)]
            found = found.replace(f"{{{parameter.name}}}", value, 1)
        return found

    def query(self, one: Operation) -> dict[str, Any]:
        known = {
            "groupAccession": self.ids["sample run file"],
            "firstId": self.ids["sample group"],
            "secondId": self.ids["study"],
        }
        names = {parameter.name: parameter for parameter in one.parameters_in("query")}
        found = {name: known[name] for name in known if name in names}
        if one.method == "GET" and "secondId" in found:
            del found["secondId"]
        if "exQuery" in names and "omics" in one.path:
            found["exQuery"] = "value != null"
        if "useVersions" in names:
            found["useVersions"] = "*"
        return found

    def body(self, one: Operation) -> Any:
        if one.path.endswith("/links") and one.method == "POST":
            return [{"firstId": self.ids["sample group"], "secondId": self.ids["study"]}]
        if one.path.endswith("/get-batch"):
            return {"firstType": "study", "firstIds": [self.ids["study"]]}
        if one.path.endswith("/search/studies"):
            return {}
        if is_for_managers(one) and one.method == "PATCH":
            return {"schemas": [], "Operations": [{"op": "remove", "path": "members"}]}
        return {"Remark": "x"} if one.method == "PATCH" else None


def _target(one: Operation, name: str) -> str:
    """Name of the id that a path parameter of an operation stands for."""
    asked = f"{one.method} {one.path}#{name}"
    for pattern, meaning in TARGETS:
        if match := re.search(pattern, asked):
            return match.expand(meaning)
    raise AssertionError(f"nothing is known about {asked}")


@dataclass
class World:
    """The filled store, with more people, and the hidden study's ids."""

    odm: Any
    hidden: Hidden
    missing: Hidden
    accessions: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def world(shown_copy) -> World:
    odm = shown_copy
    mia = odm.person("mia")
    max_ = odm.person("max", curator=True)
    with odm.store.write() as tx:
        group_of_ben = people_groups.create_group(tx, "Friends of Ben")
        people_groups.add_members(tx, group_of_ben.accession, [mia.id, max_.id])
        sharing.share(tx, objects.get(tx, odm.id["secret study"]), group_of_ben)
    odm.id["secret sample run file"] = odm.id["secret rna"]
    for kind, plural, column in (
        ("library", "libraries", "M-1"),
        ("preparation", "preparations", "Q-1"),
    ):
        table = f"gene\t{column}\nBANANA1\t4711.5\n"
        file = odm.load("expression", table, by="ben", numberOfFeatureAttributes=1)
        group = odm.id[f"secret {plural}"]
        odm.link(f"expression/group/{file}/to/{kind}/group/{group}", by="ben")
        odm.id[f"secret {kind} run file"] = file
    runs = {
        f"{kind} run": odm.runs(odm.id[f"secret {kind} run file"])[column]
        for kind, column in (("sample", "T-1"), ("library", "M-1"), ("preparation", "Q-1"))
    }
    files = {f"{name} file": odm.id[f"secret {name} file"] for name in runs}
    job = odm.start("samples", by="ben", metadataLink=odm.file("b.tsv", "Sample Source ID\nU-1\n"))
    odm.outcome(job, by="ben")
    members = {
        kind: odm.ids(kind, odm.id[f"secret {plural}"])
        for kind, plural in (
            ("sample", "samples"),
            ("library", "libraries"),
            ("preparation", "preparations"),
        )
    }
    hidden = {
        "job": str(job),
        "people group": group_of_ben.accession,
        "person": str(odm.user("ben").id),
        "version": "1",
        "study": odm.id["secret study"],
        "sample": members["sample"]["T-1"],
        "library": members["library"]["M-1"],
        "preparation": members["preparation"]["Q-1"],
        "item": f"{runs['sample run']}-BANANA1",
        "sample group": odm.id["secret samples"],
        "library group": odm.id["secret libraries"],
        "preparation group": odm.id["secret preparations"],
        **runs,
        **files,
    }
    missing = dict.fromkeys(hidden, "GSF999999") | {
        "job": "999999",
        "version": "1",
        "item": "999999-BANANA1",
        **dict.fromkeys(runs, "999999"),
    }
    accessions = [hidden["study"], *(odm.id[name] for name in odm.id if name.startswith("secret"))]
    accessions += [one for ids in members.values() for one in ids.values()]
    return World(odm, Hidden(hidden), Hidden(missing), accessions)


def ask(world: World, one: Operation, by: str | None, about: Hidden) -> Any:
    body = about.body(one)
    if one.path.startswith("/api/v1/jobs/import"):
        if "multipart" in one.path:
            part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f.tsv"\r\n\r\n'
            content = b"gene\tA\nx\t1\n" if "expression" in one.path else _table(one).encode()
            body = part + content + b"\r\n--x--\r\n"
            headers = {"content-type": "multipart/form-data; boundary=x"}
            return world.odm.ask(one.method, one.path, by=by, body=body, headers=headers)
        link = world.odm.file(f"{by}.tsv", _table(one))
        key = "dataLink" if "expression" in one.path else "metadataLink"
        body = {key: link}
        about_query = {"allow_dups": True}
        return world.odm.ask(one.method, one.path, by=by, body=body, **about_query)
    return world.odm.ask(one.method, about.path(one), by=by, body=body, **about.query(one))


def _table(one: Operation) -> str:
    first = {"librar": "Library ID\t", "preparation": "Preparation ID\t"}
    more = next((column for word, column in first.items() if word in one.path), "")
    if one.path.endswith("/study"):
        return "Study Title\nZ\n"
    return f"{more}Sample Source ID\n" + ("Z\tZ\n" if more else "Z\n")


def is_for_curators(one: Operation) -> bool:
    return "/as-curator/" in one.path or one.path.startswith("/api/v1/jobs")


def is_for_managers(one: Operation) -> bool:
    return "/scim/" in one.path


def is_about_one(one: Operation) -> bool:
    """Whether the operation names an object of the hidden study."""
    names = {parameter.name for parameter in one.parameters}
    return bool(
        one.parameters_in("path")
        or names & {"firstId", "groupAccession"}
        or (one.body and "array" in one.body.type)
        or one.path.endswith("get-batch")
    )


def test_the_matrix_covers_what_is_handled() -> None:
    assert len(HANDLED) > 150
    for one in HANDLED:
        for parameter in one.parameters_in("path"):
            _target(one, parameter.name)


@pytest.mark.parametrize("one", HANDLED, ids=lambda one: one.name)
def test_nobody_gets_in_without_credentials(world, one) -> None:
    for headers in ({}, {"genestack-api-token": "x"}, {"authorization": "Bearer x"}):
        answer = world.odm.ask(one.method, world.hidden.path(one), by=None, headers=headers)
        assert answer.status == 401
        assert "www-authenticate" in answer.headers


@pytest.mark.parametrize("one", HANDLED, ids=lambda one: one.name)
def test_strangers_find_what_they_would_find_if_it_did_not_exist(world, dump, one) -> None:
    before = None if "/jobs/import" in one.path else dump(world.odm.store)
    for by in STRANGERS:
        answer = ask(world, one, by, world.hidden)
        if is_for_managers(one) or (is_for_curators(one) and by in PLAIN):
            assert answer.status == 403
        elif is_about_one(one):
            assert answer.status == 404, answer.text
            missing = ask(world, one, by, world.missing)
            assert _neutral(answer, world.hidden) == _neutral(missing, world.missing)
        else:
            assert 200 <= answer.status < 300, answer.text
        _holds_no_secret(world, one, answer)
        if by == "dora" and answer.status == 200:
            _holds_nothing(answer)
    assert before is None or dump(world.odm.store) == before


def _neutral(answer: Any, about: Hidden) -> tuple[int, str]:
    text = answer.error
    for wanted in sorted(set(about.ids.values()), key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(wanted)}\b", "ID", text)
    return answer.status, text


def _holds_no_secret(world: World, one: Operation, answer: Any) -> None:
    text = answer.text
    for secret in SECRETS:
        assert secret not in text
    # An error may repeat the id that was asked for; a reply holds none.
    for accession in world.accessions if answer.status < 300 else ():
        assert accession not in text


def _holds_nothing(answer: Any) -> None:
    """Dora has no data: every count and every list of hers is empty."""
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return
    for name, value in _leaves(answer.json):
        if name in ("total", "count", "filteredCount", "nValues"):
            assert value == 0
        if name in ("data", "content", "features", "values"):
            assert value == []
        if name == "log":
            assert all(line.startswith(("Found 0 ", "Filtering", "Search took")) for line in value)


def _leaves(value: Any) -> Any:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, inner
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)


@pytest.mark.parametrize(
    "one", [one for one in HANDLED if not is_for_managers(one)], ids=lambda one: one.name
)
def test_owner_members_and_administrators_are_served(world, one) -> None:
    for by in SEERS:
        answer = ask(world, one, by, world.hidden)
        if is_for_curators(one) and by in PLAIN:
            assert answer.status == 403
        elif "{jobExecId}" in one.path and by not in ("ben", "root"):
            assert answer.status == 404  # a job is of who started it, whatever it brought
        elif one.path.endswith(("/stop", "/restart")):
            assert answer.status == 409  # it is over
        else:
            assert 200 <= answer.status < 300, f"{by}: {answer.text}"
        if one.method == "DELETE" and answer.status == 204:
            _link_again(world, one)


def _link_again(world: World, one: Operation) -> None:
    if one.path.endswith("/links"):
        body = [
            {"firstId": world.hidden.ids["sample group"], "secondId": world.hidden.ids["study"]}
        ]
        answer = world.odm.ask("POST", one.path, by="ben", body=body)
    else:
        answer = world.odm.ask("POST", world.hidden.path(one), by="ben")
    assert answer.status in (200, 201, 204), answer.text


def test_a_link_that_a_stranger_guesses_is_not_made(odm) -> None:
    """Eve owns samples; neither direction of a link to Ben's study is hers to make."""
    mine = odm.load("samples", "Sample Source ID\nT-1\n", by="eve")
    hidden = odm.id
    for body in (
        {"firstId": mine, "secondId": hidden["secret study"]},
        {"firstId": hidden["secret libraries"], "secondId": mine},
        {
            "firstId": odm.runs(hidden["secret rna"])["T-1"],
            "secondId": odm.ids("sample", mine)["T-1"],
        },
    ):
        assert odm.ask("POST", "as-curator/links", by="eve", body=[body]).status == 404
    path = f"expression/group/{hidden['secret rna']}/to/sample/group/{mine}"
    assert odm.ask("POST", f"as-curator/integration/link/{path}", by="eve").status == 404


CONDITIONS = [
    {"studyFilter": '"Study Source" = Vault'},
    {"studyQuery": "banana"},
    {"sampleFilter": '"Hidden Attribute" = banana'},
    {"sampleFilter": '"Sample Source ID" = T-1 OR Tissue = colon'},
    {"sampleQuery": "banana OR T-1"},
    {"libraryQuery": "banana"},
    {"preparationFilter": '"Preparation ID" = Q-1'},
    {"exQuery": "feature = BANANA1"},
    {"exQuery": "value = 4711.5"},
    {"exFilter": '"Features (string)" = gene', "exQuery": "feature = BANANA1"},
    {"sampleFilter": "groupId = {secret samples}"},
    {"libraryFilter": "groupId = {secret libraries}"},
    {"exFilter": "groupId = {secret rna}", "exQuery": "feature = TP53"},
    {"exFilter": "groupId = {secret rna}", "useVersions": "*"},
    {"studyFilter": "genestack:accession = {secret study}"},
]


@pytest.mark.parametrize("query", CONDITIONS, ids=str)
@pytest.mark.parametrize("by", STRANGERS)
def test_no_condition_tells_a_stranger_that_something_matches(world, by, query) -> None:
    odm = world.odm
    query = {name: text.format(**odm.id) for name, text in query.items()}
    paths = ["as-user/omics/samples", "as-user/omics/expression/group"]
    paths += [f"/api/odm-shiny/v1/{name}" for name in ("facets", "funnel")]
    if "exQuery" in query:
        paths.append("as-user/omics/expression/data")
    for path in paths:
        answer = odm.ask("GET", path, by=by, **query)
        assert answer.status == 200
        _holds_no_secret(world, HANDLED[0], answer)
        found = answer.json
        if "data" in found:
            assert (found["data"], found["resultsExhausted"]) == ([], True)
        elif "total" in found:
            assert found["total"] == 0
        else:
            assert found["steps"][-1]["count"] == 0


@pytest.mark.parametrize("by", STRANGERS)
@pytest.mark.parametrize("kind", ["study", "sample", "library", "preparation"])
def test_an_attribute_of_hidden_objects_is_as_one_that_nobody_has(world, by, kind) -> None:
    """Named in facets, in filters and as a linking attribute."""
    path = "/api/odm-shiny/v1/facets"
    told = [
        world.odm.get(path, by=by, kind=kind, attribute=name)["facets"][name]
        for name in ("Hidden Attribute", "No Such Attribute")
    ]
    assert told[0] == told[1]
    assert told[0]["values"] == []
    plural = {"study": "studies", "library": "libraries"}.get(kind, f"{kind}s")
    lists = [
        world.odm.get(f"as-user/{plural}", by=by, filter=f'"{name}" != x')["data"]
        for name in ("Hidden Attribute", "No Such Attribute")
    ]
    assert lists[0] == lists[1]


@pytest.mark.parametrize("by", STRANGERS)
@pytest.mark.parametrize(
    "filters",
    [
        [{"type": "FULL_TEXT", "match": "banana"}],
        [{"type": "FULL_TEXT", "match": "ban* OR Vault", "mode": "USE_NARROWER_TERMS"}],
        [{"type": "FULL_TEXT", "match": "{secret study}"}],
        [{"type": "SELECT", "filterOptionId": "METADATA_Study_Source:Vault"}],
        [{"type": "SELECT", "filterOptionId": "METADATA_Study_Type:Secret type"}],
    ],
    ids=str,
)
def test_the_search_of_studies_tells_a_stranger_nothing(world, by, filters) -> None:
    filled = []
    for one in filters:
        told = {name: text.format(**world.odm.id) for name, text in one.items()}
        if option := told.get("filterOptionId"):
            told["filterOptionId"] = base64.b64encode(option.encode()).decode()
        filled.append(told)
    path = "as-user/integration/fulltext/search/studies"
    answer = world.odm.ask("POST", path, by=by, body={"filters": filled})
    assert answer.status == 200
    assert answer.json["objectsPage"]["filteredCount"] == 0
    shown = world.odm.ask("POST", path, by="ben", body={"filters": filled}).json
    assert shown["objectsPage"]["filteredCount"] == 1
    # An option that somebody makes up is repeated nowhere; what is offered has been counted.
    for group in answer.json["filterOptionGroups"]:
        for option in group["options"]:
            assert option["name"] not in SECRETS


@pytest.mark.parametrize("by", STRANGERS)
def test_versions_and_orders_tell_a_stranger_nothing(world, by) -> None:
    odm = world.odm
    again = odm.load(
        "expression",
        "gene\tT-1\nBANANA1\t4712.5\n",
        by="ben",
        numberOfFeatureAttributes=1,
        previousVersion=odm.id["secret rna"],
    )
    group = odm.get(f"as-user/expressions/group/{again}", by="ben")
    chain = group["metadata"]["genestack:chain"]
    for path in ("as-user/expressions/group", "as-user/omics/expression/group"):
        for rule in (f"{chain}:v1", f"{chain}:{again}", "v2", "*"):
            name = "exFilter" if "omics" in path else "filter"
            condition = {name: f"genestack:chain = {chain}"}
            assert odm.get(path, by=by, useVersions=rule, **condition)["data"] == []
    for order in ("name", "-creation", "last_update"):
        for headers in ({}, {"accept": "text/tab-separated-values"}):
            answer = odm.ask("GET", "as-user/samples", by=by, sort=order, headers=headers)
            _holds_no_secret(world, HANDLED[0], answer)
    if by in PLAIN:
        return
    link = odm.file("v.tsv", "gene\tZ\nTP53\t1\n")
    told = [
        odm.ask(
            "POST",
            "jobs/import/expression",
            by=by,
            body={"dataLink": link, "numberOfFeatureAttributes": 1, "previousVersion": previous},
            allow_dups=True,
        )
        for previous in (chain, again, "GSVC999999", "GSF999999")
    ]
    assert {answer.status for answer in told} == {404}
    names = (chain, again, "GSVC999999", "GSF999999")
    texts = {one.error.replace(name, "ID") for one, name in zip(told, names, strict=True)}
    assert len(texts) == 1


@pytest.mark.parametrize("by", STRANGERS)
def test_a_cursor_of_the_owner_shows_a_stranger_nothing(world, by) -> None:
    odm = world.odm
    for path, query in (
        ("omics/samples", {}),
        ("omics/expression/data", {"exQuery": "value != null"}),
        ("expressions", {}),
    ):
        cursor = odm.get(f"as-user/{path}", by="ben", pageLimit=1, **query)["cursor"]
        answer = odm.ask("GET", f"as-user/{path}", by=by, cursor=cursor, **query)
        _holds_no_secret(world, HANDLED[0], answer)
        assert answer.status == 200
        assert by == "eve" or answer.json["data"] == []


def test_a_study_that_is_not_shared_any_more_is_gone_at_once(odm) -> None:
    with odm.store.write() as tx:
        study = objects.get(tx, odm.id["study"])
        (group,) = sharing.groups_sharing(tx, study)
        sharing.unshare(tx, study, group)
    assert odm.get("as-user/samples", by="cleo")["data"] == []
    assert odm.ask("GET", f"as-user/studies/{odm.id['study']}", by="cleo").status == 404


def test_somebody_who_leaves_a_group_sees_its_studies_no_more(odm) -> None:
    assert odm.get("as-user/samples", by="cleo")["meta"]["pagination"]["total"] == 5
    cleo = odm.user("cleo")
    with odm.store.write() as tx:
        (group,) = sharing.groups_sharing(tx, objects.get(tx, odm.id["study"]))
        people_groups.remove_members(tx, group.accession, [cleo.id])
    assert odm.get("as-user/samples", by="cleo")["meta"]["pagination"]["total"] == 0
