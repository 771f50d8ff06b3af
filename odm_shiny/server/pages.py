"""What is served beside the API: start page, health, OpenAPI documents and Swagger UI.

Pages need no credentials, and nothing on them is loaded from another host.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from odm_shiny import __version__
from odm_shiny.contract.messages import Reply, Request
from odm_shiny.contract.openapi import document, group_names
from odm_shiny.server.routes import collapse, serves
from odm_shiny.server.wire import JSON, Problem, json_bytes, json_reply

if TYPE_CHECKING:
    from odm_shiny.server.service import Service

EVERYTHING = "everything"
CONTENT_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
ASSETS = {
    "favicon-32x32.png": "image/png",
    "index.html": "text/html;charset=UTF-8",
    "start.js": "text/javascript;charset=UTF-8",
    "swagger-ui-bundle.js": "text/javascript;charset=UTF-8",
    "swagger-ui-standalone-preset.js": "text/javascript;charset=UTF-8",
    "swagger-ui.css": "text/css;charset=UTF-8",
}

START_PAGE = f"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>odm-shiny</title>
    <link rel="icon" type="image/png" href="favicon.ico">
  </head>
  <body>
    <h1>odm-shiny {__version__}</h1>
    <p>This is an Open Data Manager. Its API lies under <code>/api/v1</code>.</p>
    <ul>
      <li><a href="swagger/">Try the API</a></li>
      <li><a href="openapi.json">OpenAPI document</a></li>
      <li><a href="frontend/endpoint/actuator/health">Health</a></li>
    </ul>
  </body>
</html>
"""


@serves("GET /")
def start_page(request: Request, service: Service) -> Reply:
    """Say what this server is, with links to its documentation."""
    return _html(START_PAGE.encode())


@serves("GET /favicon.ico")
def favicon(request: Request, service: Service) -> Reply:
    """Serve the icon of the browser's tab."""
    return _asset("favicon-32x32.png")


@serves("GET /frontend/endpoint/actuator/health")
def health(request: Request, service: Service) -> Reply:
    """Say that the server answers; scripts ask this before they sign in."""
    return json_reply({"status": "UP"})


@serves("GET /openapi.json")
def openapi(request: Request, service: Service) -> Reply:
    """Serve the OpenAPI document of all operations."""
    return _document(None)


@serves("GET /swagger", "GET /swagger/*")
def swagger(request: Request, service: Service) -> Reply:
    """Serve Swagger UI, its list of groups, and their documents.

    The page works under any prefix, since all its addresses are relative; that is why it needs its
    trailing slash.
    """
    if request.path.endswith("/swagger"):
        return Reply(308, {"location": "swagger/"})
    name = collapse(request.path).removeprefix("/swagger").lstrip("/") or "index.html"
    if name in ASSETS:
        return _asset(name)
    if name == "groups.json":
        return json_reply(_groups())
    if name.removesuffix(".json") in group_names():
        return _document(name.removesuffix(".json"))
    raise Problem(404, f"Swagger has no page {name[:100]!r}; start at /swagger/")


def _groups() -> list[dict[str, str]]:
    found = [{"name": name, "url": f"{name}.json"} for name in group_names()]
    return [*found, {"name": EVERYTHING, "url": "../openapi.json"}]


@cache
def _encoded(group: str | None) -> bytes:
    return json_bytes(document(group))


def _document(group: str | None) -> Reply:
    headers = {"content-type": JSON, "cache-control": "no-cache"}
    return Reply(200, headers, _encoded(group))


def _asset(name: str) -> Reply:
    data = files("odm_shiny.server").joinpath("swagger", name).read_bytes()
    if name.endswith(".html"):
        return _html(data)
    headers = {"content-type": ASSETS[name], "cache-control": "public, max-age=86400"}
    return Reply(200, headers, data)


def _html(data: bytes) -> Reply:
    headers = {
        "content-type": "text/html;charset=UTF-8",
        "cache-control": "no-cache",
        "content-security-policy": CONTENT_POLICY,
        "referrer-policy": "no-referrer",
    }
    return Reply(200, headers, data)
