"""What every new store begins with: people, the default template, small dictionaries."""

from __future__ import annotations

from importlib import resources
from typing import Any

import msgspec

from odm_shiny.store.dictionaries import add_dictionary
from odm_shiny.store.dictionary_format import parse_terms
from odm_shiny.store.engine import Tx
from odm_shiny.store.people import local_user
from odm_shiny.store.people_groups import install_groups
from odm_shiny.store.settings import get_setting, set_setting
from odm_shiny.store.templates import add_template

#: Setting that says that the defaults were put in; what was deleted since does not come back.
INSTALLED = "defaults installed"
TEMPLATE_NAME = "Default template"


def are_installed(tx: Tx) -> bool:
    """Whether the defaults were put in."""
    return bool(get_setting(tx, INSTALLED, False))


def install(tx: Tx) -> None:
    """Put the defaults in, once in the life of a store."""
    if are_installed(tx):
        return
    install_groups(tx)
    owner = local_user(tx)
    add_template(tx, TEMPLATE_NAME, template_items(), owner_id=owner.id, is_default=True)
    for item in dictionary_items():
        add_dictionary(
            tx,
            item["name"],
            parse_terms(item["terms"]),
            description=item["description"],
            is_complete=item["isComplete"],
        )
    set_setting(tx, INSTALLED, True)


def template_items() -> list[dict[str, Any]]:
    """The default template, as decoded JSON of a template file."""
    return msgspec.json.decode(_data("default_template.json"), type=list[dict[str, Any]])


def dictionary_items() -> list[dict[str, Any]]:
    """The dictionaries that come with the package, as decoded JSON."""
    return msgspec.json.decode(_data("dictionaries.json"), type=list[dict[str, Any]])


def _data(name: str) -> bytes:
    return resources.files("odm_shiny.store").joinpath("data", name).read_bytes()
