"""Studies."""

from __future__ import annotations

from odm_shiny.client import decode
from odm_shiny.client.decode import Record
from odm_shiny.client.entities import EntityMethods
from odm_shiny.client.session import curator_path
from odm_shiny.client.steps import Steps
from odm_shiny.client.twins import Async, Sync, steps_method


class StudyMethods(EntityMethods):
    """Find, read and change studies."""

    plural = "studies"

    @steps_method
    def publish(self, accession: str, *, message: str | None = None) -> Steps[Record]:
        """Publish the drafts of a study and of everything in it.

        Returns
        -------
        The task that does it: ``id``, ``status`` and times.
        """
        path = curator_path("/integration/studies/{}/tasks/publish-versions", accession)
        parameters = {"versionMessage": message}
        return (yield from self.session.send("POST", path, decode.record, parameters=parameters))


class Studies(StudyMethods, Sync):
    """``client.studies``."""


class AsyncStudies(StudyMethods, Async):
    """``client.studies`` of an async client."""
