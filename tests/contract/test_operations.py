from __future__ import annotations

import re
import subprocess
import sys

import pytest

from odm_shiny.contract.operations import (
    by_key,
    groups,
    key_of,
    models,
    operation,
    operations,
)
from odm_shiny.errors import QueryError

OWN = "odm-shiny"


def test_the_whole_api_is_in_the_table() -> None:
    official = [one for one in operations() if one.group != OWN]
    assert len(official) == 298
    assert len({one.path for one in official}) == 262
    assert len({(one.method, one.path) for one in operations()}) == len(operations())


def test_extensions_lie_apart_from_the_official_paths() -> None:
    own = [one for one in operations() if one.group == OWN]
    assert {one.key for one in own} == {
        "GET /odm-shiny/facets",
        "GET /odm-shiny/features",
        "GET /odm-shiny/funnel",
        "GET /odm-shiny/templates/by/study/{id}",
        "GET /odm-shiny/templates/default",
        "GET /odm-shiny/whoami",
    }
    assert all(one.path.startswith("/api/odm-shiny/v1/") for one in own)


def test_names_are_unique() -> None:
    names = [one.name for one in operations()]
    assert len(set(names)) == len(names)


def test_both_roles_of_an_operation_have_the_same_parameters_and_answers() -> None:
    pairs = [forms for key in {one.key for one in operations()} if len(forms := by_key(key)) == 2]
    assert len(pairs) == 98
    for one, other in pairs:
        assert {one.role, other.role} == {"user", "curator"}
        assert [p.name for p in one.parameters] == [p.name for p in other.parameters]
        assert one.responses == other.responses
        assert one.body == other.body


def test_path_parameters_are_those_of_the_path() -> None:
    for one in operations():
        assert re.findall(r"\{(\w+)\}", one.path) == [
            p.name for p in sorted(one.parameters_in("path"), key=lambda p: one.path.index(p.name))
        ]
        assert all(p.required for p in one.parameters_in("path"))


def test_every_type_is_known() -> None:
    plain = {"string", "integer", "number", "boolean", "object", "any", "bytes"}
    used = [one.body.type for one in operations() if one.body]
    used += [name for one in operations() for name in one.responses.values() if name]
    used += [field.type for model in models().values() for field in model.fields]
    for text in used:
        words = set(re.findall(r"\w+", re.sub(r"\([\w-]+\)", "", text))) - {"array"}
        assert words <= plain | set(models()), text


@pytest.mark.parametrize("one", operations(), ids=lambda one: one.name)
def test_every_operation_and_parameter_is_described(one) -> None:
    assert one.summary[0].isupper()
    assert not one.summary.endswith(".")
    assert one.description.endswith(".")
    assert one.group in groups()
    for parameter in one.parameters:
        assert parameter.description.endswith("."), parameter.name


def test_every_group_has_operations() -> None:
    assert set(groups()) == {one.group for one in operations()}


def test_pages_have_a_largest_size_everywhere() -> None:
    limits = [p for one in operations() for p in one.parameters if p.name in {"pageLimit", "limit"}]
    assert len(limits) > 90
    assert all(p.maximum is not None and p.minimum is not None for p in limits)
    assert all(isinstance(p.default, int) and p.low <= p.default <= p.high for p in limits)


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("search_samples_as_user", "extended_data_included"),
        ("search_samples_as_curator", "original_data_included"),
    ],
)
def test_the_default_metadata_detail_depends_on_the_role(name: str, default: str) -> None:
    found = {p.name: p for p in operation(name).parameters}
    assert found["returnedMetadataFields"].default == default


def test_integer_ranges_follow_the_format_where_none_is_declared() -> None:
    found = {p.name: p for p in operation("find_users").parameters}
    assert (found["startIndex"].low, found["startIndex"].high) == (-(2**31), 2**31 - 1)
    found = {p.name: p for p in operation("info").parameters}
    assert found["jobExecId"].high == 2**63 - 1


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(QueryError, match="the nearest is 'get_sample_as_user'"):
        operation("get_samples_as_user")
    with pytest.raises(QueryError, match=r"the nearest is 'GET /samples/\{id\}'"):
        by_key("GET /sample/{id}")


def test_keys_drop_prefix_and_role() -> None:
    assert operation("update_sample_as_curator").key == "PATCH /samples/{id}"
    assert key_of("POST", "/api/v1/jobs/import/study") == "POST /jobs/import/study"


def test_the_table_loads_without_heavy_libraries() -> None:
    heavy = ("httpx", "numpy", "pandas", "sqlalchemy", "starlette")
    code = (
        "import sys, odm_shiny.contract.operations as o; o.operations();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
