"""What went wrong in Python, as an R condition."""

from __future__ import annotations

import traceback
from typing import Any

from odm_shiny import errors
from odm_shiny.errors import BridgeError, OdmError, StatusError

# From the most to the least special; R's handlers choose by these.
_CLASSES: tuple[tuple[type[BaseException], tuple[str, ...]], ...] = (
    (errors.BadRequest, ("odm_bad_request", "odm_http")),
    (errors.NotAuthenticated, ("odm_not_authenticated", "odm_http")),
    (errors.Forbidden, ("odm_forbidden", "odm_http")),
    (errors.NotFound, ("odm_not_found", "odm_http")),
    (errors.Conflict, ("odm_conflict", "odm_http")),
    (errors.RateLimited, ("odm_rate_limited", "odm_http")),
    (errors.ServerFault, ("odm_server_fault", "odm_http")),
    (errors.StatusError, ("odm_http",)),
    (errors.DeadlineExceeded, ("odm_deadline", "odm_transport_error")),
    (errors.RedirectRefused, ("odm_redirect", "odm_transport_error")),
    (errors.MalformedResponse, ("odm_malformed", "odm_transport_error")),
    (errors.IncompleteStream, ("odm_incomplete", "odm_transport_error")),
    (errors.TransportError, ("odm_transport_error",)),
    (errors.QuerySyntaxError, ("odm_query_syntax", "odm_query_error")),
    (errors.QueryError, ("odm_query_error",)),
    (errors.JobFailed, ("odm_job_failed",)),
    (errors.FileError, ("odm_file_error",)),
    (errors.FrameError, ("odm_frame_error",)),
    (errors.StoreError, ("odm_store_error",)),
    (errors.BridgeError, ("odm_bridge_error",)),
    (errors.MissingDependency, ("odm_missing_dependency",)),
    (errors.OdmError, ()),
    (TypeError, ("odm_usage_error",)),
)
_OTHERS = ("odm_python_error",)

INTERRUPT = "interrupt"


def condition(error: BaseException) -> dict[str, Any]:
    """Describe an exception for R.

    Returns
    -------
    ``class``: the condition's classes, the most special first, ``odm_error`` last; ``interrupt``
    alone for Ctrl-C. ``message``: one text. ``hint``: what to do, or "". ``status`` (int) and
    ``request_id`` (text): of an HTTP reply, else ``None``. ``python``: the traceback as text.
    """
    if isinstance(error, KeyboardInterrupt):
        classes, message = [INTERRUPT], "interrupted"
    else:
        classes, message = classes_of(error), _message(error)
    status = error.status if isinstance(error, StatusError) else None
    request_id = error.request_id if isinstance(error, StatusError) else None
    return {
        "class": classes,
        "message": message,
        "hint": "\n".join(getattr(error, "__notes__", [])),
        "status": status,
        "request_id": request_id,
        "python": _printable("".join(traceback.format_exception(error))),
    }


def classes_of(error: BaseException) -> list[str]:
    """Name the R classes of an exception, ``odm_error`` last.

    >>> from odm_shiny.errors import NotFound
    >>> classes_of(NotFound("no such study", status=404))
    ['odm_not_found', 'odm_http', 'odm_error']
    """
    found = next((names for kind, names in _CLASSES if isinstance(error, kind)), _OTHERS)
    own: tuple[str, ...] = ()
    if isinstance(error, BridgeError):
        own = tuple(name for name in getattr(error, "r_class", ()) if name.startswith("odm_"))
    return [*own, *found, "odm_error"]


def _message(error: BaseException) -> str:
    text = _printable(str(error)).strip()
    if isinstance(error, OdmError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _printable(text: str) -> str:
    # An R string holds neither of the two, and an error must get through.
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()
