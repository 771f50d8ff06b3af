"""Validation: where a study's metadata does not fit its template."""

from __future__ import annotations

from odm_shiny.client import decode
from odm_shiny.client.decode import Record
from odm_shiny.client.resource import Resource
from odm_shiny.client.session import curator_path
from odm_shiny.client.steps import Steps
from odm_shiny.client.twins import Async, Sync, steps_method


class ValidationMethods(Resource):
    """Ask what is invalid."""

    @steps_method
    def summary(self, study: str) -> Steps[Record]:
        """Return the invalid values of a study's samples, with their counts and reasons.

        Returns
        -------
        ``{"samples": [{"groupAccession", "attributes": [{"attributeName",
        "attributeInvalidValues": [{"value", "count", "errors": [{"errorType", ...}]}]}]}]}``
        """
        path = curator_path("/integration/studies/{}/validation-summary", study)
        return (yield from self.session.get_at(path, decode.record))

    @steps_method
    def problems(self, study: str) -> Steps[list[Record]]:
        """Return the same as rows: ``group, attribute, value, count, error, message``."""
        path = curator_path("/integration/studies/{}/validation-summary", study)
        summary = yield from self.session.get_at(path, decode.record)
        return [
            {
                "group": group.get("groupAccession"),
                "attribute": attribute.get("attributeName"),
                "value": invalid.get("value"),
                "count": invalid.get("count"),
                "error": error.get("errorType"),
                "message": error.get("errorMessage"),
            }
            for group in summary.get("samples") or ()
            for attribute in group.get("attributes") or ()
            for invalid in attribute.get("attributeInvalidValues") or ()
            for error in invalid.get("errors") or ()
        ]


class Validation(ValidationMethods, Sync):
    """``client.validation``."""


class AsyncValidation(ValidationMethods, Async):
    """``client.validation`` of an async client."""
