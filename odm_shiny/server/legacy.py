"""The older address of the API, still used by scripts.

``/frontend/rs/genestack/{app}/{version}/{rest}`` is another name of ``/api/v1/...``. Any version is
taken. The application's name says which part of the API is meant, and for whom.
"""

from __future__ import annotations

PREFIX = "/frontend/rs/genestack/"

ROLE_APPS = {
    f"{kind}{role.capitalize()}": f"/api/v1/as-{role}"
    for kind in (
        "study",
        "sample",
        "library",
        "preparation",
        "expression",
        "variant",
        "flowCytometry",
        "cell",
        "file",
        "integration",
    )
    for role in ("user", "curator")
}

# Applications whose paths may or may not repeat the first part of the path they stand for.
PLAIN_APPS = {
    "job": "jobs",
    "manage-data": "manage-data",
    "reference-data": "xrefsets",
    "reference-genome": "reference-genomes",
    "scim": "scim",
    "tasks": "tasks",
}


def rewrite(path: str) -> str:
    """Turn an older path into the one of ``/api/v1``; any other path is returned as it is.

    Examples
    --------
    >>> rewrite("/frontend/rs/genestack/studyUser/default-released/studies/GSF000010")
    '/api/v1/as-user/studies/GSF000010'
    >>> rewrite("/frontend/rs/genestack/job/v1/import/samples")
    '/api/v1/jobs/import/samples'
    """
    if not path.startswith(PREFIX):
        return path
    app, _, tail = path[len(PREFIX) :].partition("/")
    rest = tail.partition("/")[2]
    if app in ROLE_APPS:
        return f"{ROLE_APPS[app]}/{rest}"
    if app in PLAIN_APPS:
        root = PLAIN_APPS[app]
        repeats = rest == root or rest.startswith(f"{root}/")
        return f"/api/v1/{rest}" if repeats else f"/api/v1/{root}/{rest}"
    return path
