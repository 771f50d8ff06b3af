"""Preparations."""

from __future__ import annotations

from odm_shiny.client.entities import GroupedMethods
from odm_shiny.client.twins import Async, Sync


class PreparationMethods(GroupedMethods):
    """Find, read and change preparations."""

    plural = "preparations"


class Preparations(PreparationMethods, Sync):
    """``client.preparations``."""


class AsyncPreparations(PreparationMethods, Async):
    """``client.preparations`` of an async client."""
