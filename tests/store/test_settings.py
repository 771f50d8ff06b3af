"""Settings of a store."""

from __future__ import annotations

from odm_shiny.store.settings import get_setting, set_setting
from odm_shiny.store.store import Store


def test_a_setting_holds_any_json_and_is_replaced(store: Store) -> None:
    with store.write() as tx:
        assert get_setting(tx, "facets", []) == []
        set_setting(tx, "facets", {"sample": ["Tissue", "Âge"], "limit": 5, "on": None})
        set_setting(tx, "facets", {"sample": ["Tissue"], "limit": 5.5})
        assert get_setting(tx, "facets") == {"sample": ["Tissue"], "limit": 5.5}
        set_setting(tx, "facets", None)
        assert get_setting(tx, "facets", "default") is None
