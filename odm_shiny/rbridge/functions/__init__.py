"""What R may call: plain functions over the public client, found by name in `table`."""

from __future__ import annotations

from odm_shiny.rbridge.functions.named import table as table
