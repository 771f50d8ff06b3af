from __future__ import annotations

import pytest

from odm_shiny.contract.operations import operations
from odm_shiny.server.legacy import rewrite
from odm_shiny.server.routes import Router


@pytest.mark.parametrize(
    ("older", "path"),
    [
        ("job/default-released/import/study", "/api/v1/jobs/import/study"),
        ("job/v1/17/info", "/api/v1/jobs/17/info"),
        ("job/v1/jobs/17/stop", "/api/v1/jobs/17/stop"),
        ("studyUser/x/studies/GSF1", "/api/v1/as-user/studies/GSF1"),
        ("sampleCurator/x/samples", "/api/v1/as-curator/samples"),
        ("flowCytometryUser/x/flow-cytometries", "/api/v1/as-user/flow-cytometries"),
        ("integrationCurator/x/links", "/api/v1/as-curator/links"),
        (
            "integrationCurator/x/integration/link/sample/group/A/to/study/B",
            "/api/v1/as-curator/integration/link/sample/group/A/to/study/B",
        ),
        ("integrationUser/x/omics/samples", "/api/v1/as-user/omics/samples"),
        ("reference-data/x/xrefsets", "/api/v1/xrefsets"),
        ("reference-data/x/xrefsets/GSF1/metadata", "/api/v1/xrefsets/GSF1/metadata"),
        ("manage-data/x/data", "/api/v1/manage-data/data"),
        ("manage-data/x/manage-data/data", "/api/v1/manage-data/data"),
        ("tasks/x/GSF1", "/api/v1/tasks/GSF1"),
        ("scim/x/Users", "/api/v1/scim/Users"),
        ("reference-genome/x/reference-genomes/GSF1", "/api/v1/reference-genomes/GSF1"),
    ],
    ids=lambda value: value,
)
def test_an_older_path_stands_for_one_of_api_v1(older: str, path: str) -> None:
    assert rewrite(f"/frontend/rs/genestack/{older}") == path
    assert Router().match(_method(path), path)


def _method(path: str) -> str:
    """Some method that the path has."""
    for method in ("GET", "POST", "PUT", "DELETE"):
        if any(one.method == method and _fits(one.path, path) for one in operations()):
            return method
    raise AssertionError(f"no operation at {path}")


def _fits(template: str, path: str) -> bool:
    parts, given = template.split("/"), path.split("/")
    return len(parts) == len(given) and all(
        part.startswith("{") or part == one for part, one in zip(parts, given, strict=True)
    )


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/as-user/samples",
        "/frontend/endpoint/actuator/health",
        "/frontend/rs/genestack/unknownApp/x/studies",
        "/frontend/rs/genestack/studyAdmin/x/studies",
        "/frontend/rs/other/studyUser/x/studies",
    ],
)
def test_other_paths_stay(path: str) -> None:
    assert rewrite(path) == path
