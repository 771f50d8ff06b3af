"""Connections: opened, asked about, closed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from odm_shiny.client.client import Client
from odm_shiny.connect import connect as open_client
from odm_shiny.demo.load import load_study, missing_studies
from odm_shiny.rbridge import handles
from odm_shiny.rbridge.functions.arguments import client_of, named, single, text, whole
from odm_shiny.rbridge.functions.telling import tell

_TEXTS = ("url", "token", "store", "objects", "access_token", "role", "metadata", "proxy")
_NUMBERS = ("timeout_s", "deadline_s")
_FLAGS = ("cache", "extensions", "allow_insecure")
# The same names as in connect.R.
_OF_CONNECTIONS = re.compile(r"^ODM_|^XDG_|^SSL_CERT_|_proxy$", re.IGNORECASE)


def connect(**said: Any) -> dict[str, Any]:
    """Open an ODM; arguments as for `odm_shiny.connect`, those that were not said left out.

    ``environment`` are the variables of R that say which ODM it is, by their names: what R has set
    or removed since Python started is done here, too.

    Returns
    -------
    ``handle``, and ``url`` (``None`` for an embedded ODM), ``where``, ``role`` and ``metadata``.
    """
    if "environment" in said:
        _take_environment(named(said.pop("environment")))
    options = {name: _option(name, value) for name, value in said.items()}
    return _described(open_client(**options))


def demo(folder: Any) -> dict[str, Any]:
    """Open an embedded ODM with the demo studies, imported if they are not there."""
    client = open_client(store=Path(text(folder)))
    try:
        missing = missing_studies(client)
        for study in missing:
            load_study(client, study, tell=tell)
    except BaseException:
        client.close()
        raise
    return _described(client)


def about(connection: Any) -> dict[str, Any]:
    """Count what an ODM holds: ``studies``, ``samples``, ``libraries``, ``preparations``."""
    client = client_of(connection)
    kinds = ("studies", "samples", "libraries", "preparations")
    return {kind: int(getattr(client, kind).find(page_limit=1).total()) for kind in kinds}


def close(connection: Any) -> bool:
    """Close a connection; a second time does nothing."""
    client_of(connection).close()
    return True


def release(numbers: Any) -> bool:
    """Forget objects that R has let go, by the numbers of their handles."""
    found = numbers if isinstance(numbers, Iterable) else [numbers]
    handles.release(int(number) for number in found)
    return True


def _described(client: Client) -> dict[str, Any]:
    session = client.samples.session
    return {
        "handle": handles.keep("connection", client),
        "url": None if session.local else session.wire.url,
        "where": session.wire.url,
        "role": session.role,
        "metadata": session.metadata,
    }


def _take_environment(variables: Mapping[str, Any]) -> None:
    for name in [name for name in os.environ if _OF_CONNECTIONS.search(name)]:
        if name not in variables:
            del os.environ[name]
    os.environ.update({name: text(value) for name, value in variables.items()})


def _option(name: str, value: Any) -> Any:
    if name in _TEXTS:
        return text(value)
    if name in _NUMBERS:
        return float(single(value))
    if name == "retries":
        return whole(value)
    if name in _FLAGS:
        return bool(single(value))
    return single(value)
