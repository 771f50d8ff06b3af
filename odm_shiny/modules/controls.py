"""Controls with names that screen readers find."""

from __future__ import annotations

import json
from typing import Any

from htmltools import Tag, TagChild, head_content, tags
from shiny import ui
from shiny.module import resolve_id

from odm_shiny.modules.assets import page_assets, script

# Three boxes; inside the page, as a browser asks for /favicon.ico otherwise.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M1 6h4v8H1zM6 2h4v9H6zM11 5h4v6h-4z' fill='%230072B2'/%3E%3C/svg%3E"
)


def labelled_selectize(id: str, label: str, **options: Any) -> Tag:
    """Select with a search field, which takes the label: selectize itself leaves it nameless."""
    name = json.dumps(label)
    on_start = ui.js_eval(f"function() {{ this.$control_input.attr('aria-label', {name}); }}")
    settings: dict[str, Any] = {"onInitialize": on_start, "plugins": ["selectize-plugin-a11y"]}
    return ui.input_selectize(id, label, {}, options=settings, **options)


def combobox(id: str, label: str, *, placeholder: str = "") -> Tag:
    """Text field with suggestions from the server; see ``odm-combobox.js``."""
    name = resolve_id(id)
    field_id, list_id = f"{name}-field", f"{name}-list"
    return tags.div(
        page_assets(),
        script("odm-combobox.js"),
        tags.label(label, class_="control-label", for_=field_id),
        tags.input(
            id=field_id,
            type="text",
            class_="form-control",
            role="combobox",
            autocomplete="off",
            spellcheck="false",
            placeholder=placeholder,
            aria_autocomplete="list",
            aria_expanded="false",
            aria_controls=list_id,
        ),
        tags.ul(id=list_id, class_="dropdown-menu", role="listbox", aria_label=label),
        tags.div(class_="visually-hidden", role="status"),
        tags.div(class_="odm-picks", hidden="", role="group", aria_label=f"{label}: examples"),
        id=name,
        class_="odm-combobox form-group shiny-input-container",
    )


def facets(id: str, label: str) -> Tag:
    """Checkboxes with counts, filled by the server; see ``odm-facets.js``."""
    return tags.div(
        page_assets(),
        script("odm-facets.js"),
        id=resolve_id(id),
        class_="odm-facets",
        role="group",
        aria_label=label,
    )


def described_by(control: Tag, *, field: str, text_id: str) -> Tag:
    """Say that the text with `text_id` describes the field of a control, such as its error."""
    for tag in _tags_in(control):
        if tag.attrs.get("id") == field:
            tag.attrs.update({"aria-describedby": text_id})
    return control


def page_title(title: str, *right: TagChild) -> Tag:
    """Head of a page: its title, and small controls on the right; for ``ui.page_sidebar``."""
    return tags.div(
        page_assets(),
        head_content(tags.link(rel="icon", href=_ICON)),
        tags.h1(title, class_="bslib-page-title navbar-brand"),
        tags.div(*right, class_="odm-page-controls"),
        class_="odm-page-title",
    )


def main(*children: TagChild) -> Tag:
    """Results below each other, with room between them."""
    return tags.div(*children, class_="odm-main")


def hint(*children: TagChild) -> Tag:
    """Small text under a control."""
    return tags.div(*children, class_="odm-hint")


def _tags_in(tag: Tag) -> list[Tag]:
    inner = [child for child in tag.children if isinstance(child, Tag)]
    return [tag, *(found for child in inner for found in _tags_in(child))]
