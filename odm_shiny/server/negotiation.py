"""What form of answer the client would rather have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from odm_shiny.server.routes import Call

TSV = "text/tab-separated-values"
ARROW = "application/vnd.apache.arrow.stream"


def prefers(call: Call, media_type: str, *, over: str = "application/json") -> bool:
    """Whether the client ranks `media_type` above `over` in its ``Accept``.

    Equal ranks go to `over`: a client that accepts everything, or names both, gets the usual form.
    Without ``Accept`` nothing is preferred.
    """
    accept = call.request.headers.get("accept", "")
    return bool(accept) and quality(accept, media_type) > quality(accept, over)


def quality(accept: str, media_type: str) -> float:
    """Weight of `media_type` by its most specific range (RFC 9110, 12.5.1); 0 if not accepted.

    Examples
    --------
    >>> quality("text/csv, */*;q=0.1", "text/csv")
    1.0
    >>> quality("text/csv, */*;q=0.1", "application/json")
    0.1
    """
    main = media_type.partition("/")[0]
    ranges = {media_type: 3, f"{main}/*": 2, "*/*": 1}
    best, quality = 0, 0.0
    for entry in accept.split(","):
        name, *parameters = (word.strip().lower() for word in entry.split(";"))
        if ranges.get(name, 0) > best:
            best, quality = ranges[name], _weight(parameters)
    return quality


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
