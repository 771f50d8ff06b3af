from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files

import pytest

from odm_shiny.contract.messages import Request
from odm_shiny.contract.openapi import group_names

FOLDER = files("odm_shiny.server") / "swagger"


@pytest.fixture
def get(service_with):
    service = service_with({})
    return lambda path: service.handle(Request("GET", path))


def test_the_start_page_leads_to_everything(get) -> None:
    page = get("/")
    assert page.status == 200
    links = re.findall(r'href="([^"]+)"', page.body.decode())
    assert "swagger/" in links
    for link in links:
        assert get(f"/{link}").status == 200, link


def test_health_needs_no_credentials(get) -> None:
    reply = get("/frontend/endpoint/actuator/health")
    assert json.loads(reply.body) == {"status": "UP"}


@pytest.mark.parametrize("path", ["/", "/swagger/"])
def test_pages_load_nothing_from_another_host(get, path: str) -> None:
    page = get(path)
    text = page.body.decode()
    for link in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert "//" not in link
    assert not re.search(r"<script(?![^>]*src=)", text), "inline script"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "http" not in policy
    assert "unsafe-eval" not in policy


def test_the_start_script_names_no_host_and_keeps_no_token() -> None:
    text = (FOLDER / "start.js").read_text()
    assert "://" not in text
    assert "validatorUrl: null" in text
    assert "persistAuthorization: false" in text


def test_every_file_of_the_page_is_served_with_its_type(get) -> None:
    page = get("/swagger/").body.decode()
    names = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(names) == 5
    kinds = {name: get(f"/swagger/{name}").headers["content-type"] for name in names}
    assert kinds["swagger-ui.css"].startswith("text/css")
    assert kinds["start.js"].startswith("text/javascript")
    assert kinds["favicon-32x32.png"] == "image/png"


def test_style_sheets_load_only_what_they_hold() -> None:
    text = (FOLDER / "swagger-ui.css").read_text()
    assert all(target.startswith("data:") for target in re.findall(r"url\([\"']?([^\"')]+)", text))
    assert "@import" not in text


def test_vendored_files_are_the_ones_that_the_page_about_them_names() -> None:
    table = re.findall(r"\| ([\w.-]+) \| ([0-9a-f]{64}) \|", (FOLDER / "README.md").read_text())
    assert len(table) == 4
    for name, digest in table:
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name
    assert "Apache License" in (FOLDER / "LICENSE").read_text()
    assert (FOLDER / "NOTICE").read_text().strip()


def test_each_group_can_be_chosen(get) -> None:
    groups = json.loads(get("/swagger/groups.json").body)
    assert [one["name"] for one in groups] == [*group_names(), "everything"]
    for one in groups[:-1]:
        document = json.loads(get(f"/swagger/{one['url']}").body)
        assert document["paths"], one
        assert document["servers"] == [{"url": "../"}]
    assert groups[-1]["url"] == "../openapi.json"
    assert json.loads(get("/openapi.json").body)["servers"] == [{"url": "./"}]


def test_swagger_without_its_slash_is_sent_there(get) -> None:
    reply = get("/swagger")
    assert (reply.status, reply.headers["location"]) == (308, "swagger/")


@pytest.mark.parametrize(
    "path", ["/swagger/LICENSE", "/swagger/..%2Fservice.py", "/swagger/x.json"]
)
def test_nothing_else_of_the_folder_is_served(get, path: str) -> None:
    assert get(path).status == 404
