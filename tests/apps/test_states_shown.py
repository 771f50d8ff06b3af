"""What a person sees when the ODM refuses, is silent, or wants a token."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


class Moody(BaseHTTPRequestHandler):
    """An ODM in a bad mood: refuses, fails, or says nothing until it is let."""

    status = 403
    silence = threading.Event()

    def do_GET(self):
        if self.status == 0:
            Moody.silence.wait(60)
        status = self.status or 403
        body = b'{"error":{"message":"<b>mood</b>"}}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def moody():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Moody.silence.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    Moody.silence.set()
    server.shutdown()
    server.server_close()


def app_on(start_app, address):
    return start_app(
        "run odm-expression --port 0 --no-browser", ODM_URL=address, ODM_TOKEN="canary-token-9"
    )


def test_refused_failed_silent_and_cancelled_are_told_apart(page, start_app, moody):
    Moody.status = 403
    page.goto(app_on(start_app, moody))
    alert = page.locator("#study-state-shown .odm-error")
    expect(alert).to_contain_text("No permission")
    alert.locator("summary").click()
    expect(alert).to_contain_text("<b>mood</b>")
    Moody.status = 404
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_contain_text("Not found")
    Moody.status = 400
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_contain_text("cannot read this question")
    Moody.status = 0
    alert.get_by_role("button", name="Try again").click()
    loading = page.locator("#study-state-shown .odm-loading")
    expect(loading).to_contain_text("Loading studies")
    loading.get_by_role("button", name="Cancel").click()
    expect(page.locator("#study-state-shown")).to_contain_text("Cancelled")
    assert "canary-token-9" not in page.content()


def test_a_token_is_asked_for_and_lets_in(page, start_app, demo_store):
    address = start_app("serve --port 0 --store", str(demo_store))
    words = ["--store", str(demo_store), "--user", "reader@example.org"]
    made = subprocess.run(
        [sys.executable, "-m", "odm_shiny.cli.main", "token", "create", "--admin", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    token = made.stdout.strip()
    page.goto(app_on(start_app, address))
    form = page.locator("form.odm-sign-in")
    expect(form).to_contain_text(address)
    form.get_by_label("API token").fill("wrong-one")
    form.get_by_label("API token").press("Enter")
    expect(form).to_contain_text("does not accept the token")
    form.get_by_label("API token").fill(token)
    form.get_by_role("button", name="Sign in").click()
    expect(form).to_be_hidden()
    expect(page.locator(".odm-plotly")).to_have_attribute("aria-label", re.compile("CD19"))
    page.wait_for_url(re.compile("CD19"))
    page.get_by_role("tab", name="Code").click()
    expect(page.locator("#code-code")).to_contain_text(f'connect("{address}")')
    inputs = page.evaluate("JSON.stringify(Shiny.shinyapp.$inputValues)")
    for text in (page.url, page.content(), inputs):
        assert token not in text
        assert "wrong-one" not in text
        assert "canary-token-9" not in text
