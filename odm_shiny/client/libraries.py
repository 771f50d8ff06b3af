"""Libraries."""

from __future__ import annotations

from odm_shiny.client.entities import GroupedMethods
from odm_shiny.client.twins import Async, Sync


class LibraryMethods(GroupedMethods):
    """Find, read and change libraries."""

    plural = "libraries"


class Libraries(LibraryMethods, Sync):
    """``client.libraries``."""


class AsyncLibraries(LibraryMethods, Async):
    """``client.libraries`` of an async client."""
