"""Open a client: the only place that knows both the client and the embedded server.

Which ODM, in this order: the arguments; ``ODM_URL`` with ``ODM_TOKEN``; ``ODM_SHINY_STORE``; the
saved login; else the embedded store in the user's data folder, which is said once on the standard
error, so that nobody takes demo data for production.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from odm_shiny.client.address import Address
from odm_shiny.client.auth import Secret, load_login
from odm_shiny.client.client import AsyncClient, Client
from odm_shiny.client.clock import Clock, SystemClock
from odm_shiny.errors import MissingDependency, QueryError

if TYPE_CHECKING:
    from odm_shiny.client.cache import ReplyCache
    from odm_shiny.server.service import Service

_SERVER_LIBRARIES = (
    "alembic",
    "multipart",
    "numba",
    "python_multipart",
    "sqlalchemy",
    "starlette",
    "tensorstore",
    "zarr",
)
_said: set[str] = set()


def connect(
    url: str | None = None,
    token: str | Secret | None = None,
    *,
    store: str | Path | None = None,
    objects: str | None = None,
    access_token: str | Secret | None = None,
    role: str = "user",
    metadata: str = "all",
    timeout_s: float = 60.0,
    deadline_s: float = 300.0,
    retries: int = 2,
    cache: bool = True,
    extensions: bool = True,
    verify: bool | str = True,
    proxy: str | None = None,
    allow_insecure: bool = False,
    clock: Clock | None = None,
) -> Client:
    """Open an ODM.

    Parameters
    ----------
    url
        ``https://odm.example.org``. None: see the order above.
    token
        API token of that ODM; none: ``ODM_TOKEN`` if it belongs to `url`, else the saved login.
    store
        Folder (or database URL) of an embedded ODM; made if it is not there.
    objects
        Folder of its matrices, where they are not beside the database.
    access_token
        Token of an identity provider instead of an API token.
    role
        Routes that reads take: ``"user"`` or ``"curator"``. What changes something is always done
        as a curator.
    metadata
        Which attributes records show: ``"all"``, ``"template"`` (those of the study's template) or
        ``"default"``.
    timeout_s
        Longest silence of the server.
    deadline_s
        Longest time of one call, its repetitions included.
    retries
        How often a read is repeated after a fault that may pass.
    cache
        Keep whole matrices on disk, in the user's cache folder: a version of a file never changes.
    extensions
        Use what only this project's own server has. ``False`` gives the same answers, slower.
    verify
        Path of the company's certificates; ``False`` checks none.
    proxy
        ``http://host:port``; none: ``HTTPS_PROXY`` and its kin.
    allow_insecure
        Send the token over ``http://`` to another machine.
    clock
        Where the time is read; for tests.

    Returns
    -------
    A client; close it, or use it in a ``with`` block.

    Raises
    ------
    QueryError
        An address or option that makes no sense.
    MissingDependency
        The embedded ODM is not installed.
    """
    token, access_token = _secret(token), _secret(access_token)
    used = clock or SystemClock()
    options: dict[str, Any] = {
        "role": role,
        "metadata": metadata,
        "timeout_s": timeout_s,
        "deadline_s": deadline_s,
        "retries": retries,
        "extensions": extensions,
        "clock": used,
    }
    target = _target(url, token, access_token, store, allow_insecure=allow_insecure)
    if isinstance(target, Address):
        from odm_shiny.client.http import HttpTransport, Network

        transport = HttpTransport(target, used, Network(verify, proxy))
        return Client(transport, cache=_cache(target) if cache else None, **options)
    from odm_shiny.client.embedded import EmbeddedTransport

    service, close = _embedded(target, objects)
    return Client(EmbeddedTransport(service, None, str(target)), on_close=close, **options)


async def aconnect(
    url: str | None = None,
    token: str | Secret | None = None,
    *,
    store: str | Path | None = None,
    objects: str | None = None,
    access_token: str | Secret | None = None,
    role: str = "user",
    metadata: str = "all",
    timeout_s: float = 60.0,
    deadline_s: float = 300.0,
    retries: int = 2,
    cache: bool = True,
    extensions: bool = True,
    verify: bool | str = True,
    proxy: str | None = None,
    allow_insecure: bool = False,
    clock: Clock | None = None,
) -> AsyncClient:
    """Open an ODM for an event loop; arguments as for `connect`."""
    token, access_token = _secret(token), _secret(access_token)
    used = clock or SystemClock()
    options: dict[str, Any] = {
        "role": role,
        "metadata": metadata,
        "timeout_s": timeout_s,
        "deadline_s": deadline_s,
        "retries": retries,
        "extensions": extensions,
        "clock": used,
    }
    target = _target(url, token, access_token, store, allow_insecure=allow_insecure)
    if isinstance(target, Address):
        from odm_shiny.client.http import AsyncHttpTransport, Network

        transport = AsyncHttpTransport(target, used, Network(verify, proxy))
        return AsyncClient(transport, cache=_cache(target) if cache else None, **options)
    import asyncio

    from odm_shiny.client.embedded import AsyncEmbeddedTransport

    service, close = await asyncio.to_thread(_embedded, target, objects)
    embedded = AsyncEmbeddedTransport(service, None, str(target))
    return AsyncClient(embedded, on_close=close, **options)


def default_store() -> Path:
    """Return the folder of the embedded store that is used when nothing else is said."""
    import platformdirs

    return Path(platformdirs.user_data_dir("odm-shiny")) / "store"


@dataclass(frozen=True, slots=True)
class _Place:
    """Folder or database URL of an embedded store."""

    where: str

    def __str__(self) -> str:
        return self.where


def _target(
    url: str | None,
    token: Secret | None,
    access_token: Secret | None,
    store: str | Path | None,
    *,
    allow_insecure: bool,
) -> Address | _Place:
    if url is not None and store is not None:
        raise QueryError("url is a remote ODM, store an embedded one: give one of them")
    if store is not None:
        return _Place(str(store))
    if url is not None and not url.lower().startswith(("http://", "https://")):
        if _HOST.fullmatch(url) and not Path(url).exists():
            raise QueryError(
                f"{url} looks like a host: write https://{url} for an ODM there, or store={url!r} "
                "for a folder of that name"
            )
        return _Place(url)
    address = url or os.environ.get("ODM_URL")
    if address:
        if token is None and access_token is None:
            token = _token_for(address)
        return Address.parse(address, token, access_token, allow_insecure=allow_insecure)
    if token is not None or access_token is not None:
        raise QueryError("a token was given, but no address: connect(url, token)")
    if folder := os.environ.get("ODM_SHINY_STORE"):
        return _Place(folder)
    login = load_login()
    if login is not None:
        return Address.parse(login.url, login.token, allow_insecure=allow_insecure)
    _say_once(f"odm-shiny: no ODM was named, using the embedded one in {default_store()}")
    return _Place(str(default_store()))


#: A host name with a dot in it or four numbers, a port, and nothing that only paths have in front.
_HOST = re.compile(
    r"([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}|[0-9]{1,3}(\.[0-9]{1,3}){3})(:[0-9]+)?(/.*)?"
    r"|localhost:[0-9]+(/.*)?"
)


def _token_for(address: str) -> Secret | None:
    """Return ``ODM_TOKEN`` if it is meant for this address, else the saved token."""
    meant = os.environ.get("ODM_URL")
    if os.environ.get("ODM_TOKEN") and (not meant or _same(meant, address)):
        return Secret(os.environ["ODM_TOKEN"])
    login = load_login(address)
    return login.token if login is not None else None


def _same(one: str, other: str) -> bool:
    return Address.parse(one).origin == Address.parse(other).origin


def _embedded(place: _Place, objects: str | None) -> tuple[Service, Callable[[], None]]:
    try:
        from odm_shiny.server.fetch import ImportRules
        from odm_shiny.server.service import Service
        from odm_shiny.store import people
        from odm_shiny.store.store import Store
    except ImportError as exc:
        if (exc.name or "").partition(".")[0] not in _SERVER_LIBRARIES:
            raise
        raise MissingDependency(
            f'the embedded ODM needs {exc.name}: pip install "odm-shiny[server]", or name an ODM '
            "with connect(url, token)"
        ) from exc
    store = Store.open(place.where, objects=objects)
    try:
        with store.write() as tx:
            user = people.local_user(tx)
        rules = ImportRules(any_local_file=True)
        service = Service(store, import_rules=rules, local_user=user.email)
    except BaseException:
        store.close()
        raise
    return service, store.close


def _cache(address: Address) -> ReplyCache | None:
    import platformdirs

    from odm_shiny.client.cache import ReplyCache

    folder = Path(platformdirs.user_cache_dir("odm-shiny")) / "matrices"
    try:
        return ReplyCache(folder, address.url, address.access_token or address.token)
    except OSError:
        return None  # a read-only home is no reason to fail


def _secret(token: str | Secret | None) -> Secret | None:
    if token is None or token == "":
        return None
    return token if isinstance(token, Secret) else Secret(token)


def _say_once(line: str) -> None:
    if line not in _said:
        _said.add(line)
        sys.stderr.write(f"{line}\n")


class _CallableModule(ModuleType):
    """Let the module be called: once imported, it stands in the place of the function."""

    def __call__(self, *arguments: Any, **options: Any) -> Client:
        return connect(*arguments, **options)


sys.modules[__name__].__class__ = _CallableModule
