"""Samples."""

from __future__ import annotations

from odm_shiny.client.entities import EntityMethods
from odm_shiny.client.twins import Async, Sync


class SampleMethods(EntityMethods):
    """Find, read and change samples."""

    plural = "samples"


class Samples(SampleMethods, Sync):
    """``client.samples``."""


class AsyncSamples(SampleMethods, Async):
    """``client.samples`` of an async client."""
