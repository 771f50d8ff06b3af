"""``templates``, ``new``, ``run``: apps from templates."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from odm_shiny.cli.options import AsJson, EmbeddedStore, Url, examples, needs
from odm_shiny.cli.output import answer, answer_json, answer_table, say
from odm_shiny.cli.templates import app_file, copy_template, load_app, template, templates

Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="PORT",
        min=0,
        max=65535,
        help="Port to listen on, 0 for any; else the first from 8000.",
    ),
]
Host = Annotated[str, typer.Option("--host", metavar="HOST", help="Address to listen on.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")]

FIRST_PORT = 8000


def list_templates(as_json: AsJson = False) -> None:
    """List the app templates."""
    rows = [
        {"name": found.name, "title": found.title, "description": found.description}
        for found in templates()
    ]
    answer_table(rows, ("name", "title", "description"), as_json=as_json)


def new(
    name: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder to make; it must not exist.")
    ],
    template_name: Annotated[
        str,
        typer.Option(
            "--template", "-t", metavar="NAME", help="Template to copy; see `odm-shiny templates`."
        ),
    ] = "odm-expression",
    as_json: AsJson = False,
) -> None:
    """Copy a template to a folder of your own, ready to change."""
    path = copy_template(template(template_name), name)
    if as_json:
        answer_json({"app": str(path), "template": template_name})
        return
    answer(str(path))
    say(f"run it with: odm-shiny run {name}")


def run(
    what: Annotated[
        str,
        typer.Argument(
            metavar="APP", help="Template, folder with an app.py or app.R, or that file."
        ),
    ],
    url: Url = None,
    store: EmbeddedStore = None,
    host: Host = "127.0.0.1",
    port: Port = None,
    no_browser: NoBrowser = False,
) -> None:
    """Run an app: a template as it is, or your own, in Python or in R."""
    path = app_file(what)
    run_app(path, url=url, store=store, host=host, port=port, open_browser=not no_browser)


def run_app(
    path: Path,
    *,
    url: str | None,
    store: str | None,
    host: str,
    port: int | None,
    open_browser: bool,
) -> None:
    """Serve the app of a file until a signal comes; its ``connect()`` leads to `url` or `store`."""
    from odm_shiny.cli.serving import listen, listen_near, serve

    point_connect_at(url, store)
    when_ready = _open_browser if open_browser else None
    if path.suffix == ".R":
        from odm_shiny.cli.r_apps import run_r_app

        run_r_app(path, host=host, port=port, first_port=FIRST_PORT, when_ready=when_ready)
        return
    bound = listen_near(host, FIRST_PORT) if port is None else listen(host, port)
    with needs("server,shiny"), bound as sock:
        app = load_app(path)
        serve(
            app,
            sock,
            ready="App ready at {url}",
            when_ready=when_ready,
        )


def point_connect_at(url: str | None, store: str | None) -> None:
    """Let ``connect()`` in this process lead to `url` or `store`; without both, leave it."""
    if url is not None:
        os.environ["ODM_URL"] = url
    if store is not None:
        # An address in the environment would win over the store.
        os.environ.pop("ODM_URL", None)
        os.environ["ODM_SHINY_STORE"] = store


def _open_browser(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        say(f"no browser opens here: go to {url}")


def register(app: typer.Typer) -> None:
    """Add these commands to `app`."""
    app.command("templates", epilog=examples("odm-shiny templates"))(list_templates)
    app.command(
        epilog=examples(
            "odm-shiny new my-app --template odm-expression",
            "odm-shiny new my-r-app --template r-expression",
            "odm-shiny run my-app",
        )
    )(new)
    app.command(
        epilog=examples(
            "odm-shiny run odm-expression",
            "odm-shiny run r-expression",
            "odm-shiny run my-app --url https://odm.example.org",
            "odm-shiny run my-app/app.py --port 0 --no-browser",
        )
    )(run)
