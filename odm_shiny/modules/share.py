"""A link to what is shown: in the address bar at every moment, and to copy."""

from __future__ import annotations

from collections.abc import Callable

from htmltools import Tag, tags
from shiny import Inputs, Outputs, Session, module, reactive, ui
from shiny.types import SilentException

from odm_shiny.modules.assets import page_assets, script


@module.ui
def share_ui(label: str = "Share") -> Tag:
    """Button that shows the link."""
    return tags.span(
        page_assets(),
        script("odm-copy.js"),
        ui.input_action_button("share", label, class_="btn-sm"),
    )


@module.server
def share_server(
    input: Inputs,
    output: Outputs,
    session: Session,
    *watched: Callable[[], object],
) -> None:
    """Keep the address bar up to date; the app needs ``App(..., bookmark_store="url")``.

    Parameters
    ----------
    watched
        Reactives whose change may change the link, such as the queries that are shown. What the
        link holds is what the modules keep (`bookmarks.keep`), not these.
    """
    root = session.root_scope()

    @root.bookmark.on_bookmark
    def _only_what_modules_keep(state: object) -> None:
        state.exclude.extend(dir(root.input))  # type: ignore[attr-defined]

    @reactive.effect
    async def _follow() -> None:
        for read in watched:
            try:
                read()
            except SilentException:
                return  # not whole yet: the link would forget what is still to come
        url = await root.bookmark.get_bookmark_url()
        if url is not None:
            await root.bookmark.update_query_string(url)

    @reactive.effect
    @reactive.event(input.share)
    async def _show() -> None:
        url = await root.bookmark.get_bookmark_url()
        ui.modal_show(_dialog(url or "", session.ns("link")))


def _dialog(url: str, link_id: str) -> Tag:
    return ui.modal(
        tags.p("This link opens the app with the same study, samples, gene and versions."),
        tags.div(
            tags.input(
                id=link_id,
                class_="form-control",
                value=url,
                readonly="",
                aria_label="Link to what is shown",
                onfocus="this.select()",
            ),
            tags.button("Copy", type="button", class_="btn btn-primary", data_copy=link_id),
            class_="input-group",
        ),
        tags.p("It holds no token: whoever opens it sees what they may see.", class_="odm-hint"),
        title="Link to what is shown",
        easy_close=True,
    )
