"""Where an ODM is and what lets one in; no network library needed."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from odm_shiny.client.auth import Secret
from odm_shiny.contract.messages import Request
from odm_shiny.errors import QueryError


@dataclass(frozen=True, slots=True)
class Address:
    """An ODM's address and what is needed to be let in.

    Attributes
    ----------
    url
        ``https://host[:port][/prefix]``, without ``/api/v1`` and without a slash at the end.
    token
        API token, sent as ``Genestack-API-Token``.
    access_token
        Token of an identity provider, sent as ``Authorization: Bearer``; ODM prefers it.
    """

    url: str
    token: Secret | None = None
    access_token: Secret | None = None

    @classmethod
    def parse(
        cls,
        url: str,
        token: Secret | None = None,
        access_token: Secret | None = None,
        *,
        allow_insecure: bool = False,
    ) -> Address:
        """Check an address.

        Raises
        ------
        QueryError
            It is no ``http(s)`` address, holds a password, or would send a token unencrypted to
            another machine.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise QueryError(f"{url!r} is not the address of an ODM: write https://odm.example.org")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise QueryError(
                "the address of an ODM holds no user, password or parameters: give the token as "
                "token=... or in ODM_TOKEN"
            )
        unsafe = parts.scheme == "http" and not (is_loopback(parts.hostname) or allow_insecure)
        if unsafe and (token or access_token):
            raise QueryError(
                f"http:// to {parts.hostname} would send the token unencrypted: use https://, or "
                "allow_insecure=True if you know the network"
            )
        path = parts.path.rstrip("/").removesuffix("/api/v1").rstrip("/")
        return cls(f"{parts.scheme}://{parts.netloc}{path}", token, access_token)

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return origin_of(self.url)

    @property
    def host(self) -> str:
        """Name of the host."""
        return urlsplit(self.url).hostname or ""

    def credentials(self) -> list[tuple[str, bytes]]:
        """Return the headers that carry the tokens."""
        headers = []
        if self.token:
            headers.append(("Genestack-API-Token", self.token.header()))
        if self.access_token:
            headers.append(("Authorization", self.access_token.header("Bearer ")))
        return headers

    def url_of(self, request: Request) -> str:
        """Return the whole address of a request."""
        query = "&".join(f"{_escaped(name)}={_escaped(value)}" for name, value in request.query)
        return f"{self.url}{request.path}{'?' if query else ''}{query}"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name, 127.evil.example among them
        return False


def origin_of(url: str) -> str:
    """Return ``scheme://host:port`` of an address, the port always written."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def _escaped(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")
