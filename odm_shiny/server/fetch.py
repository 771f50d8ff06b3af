"""Fetch what an import link points to, without being made to reach what it must not.

A link comes from a user, so it may point anywhere: into the private network, at the metadata
service of a cloud, at ``file:///etc/passwd``, or at a name that resolves to something else the
second time. Hence: a host is resolved once, every address is checked against `ImportRules`, and
the connection goes to the checked address (the name only stays in ``Host`` and in TLS). Each
redirect is a new link and passes the same door.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from odm_shiny.errors import FileError
from odm_shiny.server.parameters import shorten

if TYPE_CHECKING:
    import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], Sequence[str]]

MAX_REDIRECTS = 5
MAX_BYTES = 64 * 2**30
CHUNK_BYTES = 1 << 20


def resolve_host(host: str, port: int) -> Sequence[str]:
    """All addresses of `host`, as the system's resolver gives them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class ImportRules:
    """Where import links may point.

    Attributes
    ----------
    networks
        Networks that are allowed although they are private, loopback or link-local.
    folders
        Folders from which ``file://`` links and absolute paths may be read.
    any_local_file
        Every file that this process can read: only for an embedded ODM in the user's own process.
    resolve
        Name resolution; a parameter so that tests can put a hostile one in its place.
    """

    networks: tuple[Network, ...] = ()
    folders: tuple[Path, ...] = ()
    any_local_file: bool = False
    resolve: Resolver = field(default=resolve_host, compare=False)

    @classmethod
    def from_words(cls, words: Sequence[str]) -> ImportRules:
        """Read the values of ``--allow-import-from``: networks in CIDR form, or folders.

        Raises
        ------
        ValueError
            A word is neither a network nor an existing folder.
        """
        networks: list[Network] = []
        folders: list[Path] = []
        for word in words:
            try:
                networks.append(ipaddress.ip_network(word, strict=False))
            except ValueError:
                folder = Path(word).expanduser()
                if not folder.is_dir():
                    raise ValueError(
                        f"--allow-import-from {word}: neither a network such as 127.0.0.0/8 "
                        "nor an existing folder"
                    ) from None
                folders.append(folder.resolve())
        return cls(tuple(networks), tuple(folders))

    def allows_address(self, address: Address) -> bool:
        """Whether an import may connect to `address`."""
        plain = _unmapped(address)
        if any(plain.version == net.version and plain in net for net in self.networks):
            return True
        if plain.is_multicast or plain.is_reserved or getattr(plain, "is_site_local", False):
            return False
        return plain.is_global

    def checked(self, link: str) -> str:
        """Check a link as far as that is possible without reaching out.

        Returns
        -------
        The link, a local path resolved.

        Raises
        ------
        FileError
            Malformed, of a scheme that is not read, or a local file outside the allowed folders.
        """
        if link.startswith("/"):
            return str(self.local_path(link))
        parts = _split(link)
        if parts.scheme == "file":
            return str(self.local_path(_path_of(parts, link)))
        if parts.scheme not in ("http", "https"):
            raise _other_scheme(parts, link)
        if not parts.hostname:
            raise FileError("the link names no host", path=link)
        return link

    def local_path(self, path: str) -> Path:
        """Resolve a local path, links followed, and check that it lies in an allowed folder.

        Raises
        ------
        FileError
            The path is outside the allowed folders, or is no readable file.
        """
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError) as exc:
            raise FileError(f"no usable path: {exc}", path=path) from exc
        inside = any(real.is_relative_to(folder) for folder in self.folders)
        if not (self.any_local_file or inside):
            raise FileError(
                "local files can be imported only from the folders that the server allows "
                "(serve --allow-import-from FOLDER)",
                path=path,
            )
        if not _is_file(real):
            raise FileError("no such file", path=path)
        return real


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be read
        return False


@dataclass(frozen=True)
class Fetched:
    """A link's content on disk.

    Attributes
    ----------
    name
        File name by which the format and compression are told.
    path
        Where the bytes are: the original for local files, else the copy in the work folder.
    """

    name: str
    path: Path


def fetch(link: str, folder: Path, rules: ImportRules, *, timeout_s: float = 60.0) -> Fetched:
    """Bring the content of `link` to disk.

    Parameters
    ----------
    link
        ``http(s)://``, ``file://`` or an absolute path.
    folder
        Where a download is written.
    rules
        What may be reached.
    timeout_s
        Longest silence of the other side, in seconds.

    Raises
    ------
    FileError
        The link is malformed, of another scheme, refused by the rules, or cannot be read.
    """
    if link.startswith("/"):
        path = rules.local_path(link)
        return Fetched(path.name, path)
    parts = _split(link)
    if parts.scheme == "file":
        path = rules.local_path(_path_of(parts, link))
        return Fetched(path.name, path)
    if parts.scheme in ("http", "https"):
        return _download(link, folder, rules, timeout_s)
    raise _other_scheme(parts, link)


def _path_of(parts: SplitResult, link: str) -> str:
    if parts.netloc not in ("", "localhost"):
        raise FileError("a file:// link must name a path of this machine", path=link)
    return unquote(parts.path)


def _other_scheme(parts: SplitResult, link: str) -> FileError:
    return FileError(
        f"links of the scheme {parts.scheme!r} cannot be imported here; "
        "give http://, https:// or an allowed file",
        path=link,
    )


def _split(link: str) -> SplitResult:
    # urlsplit drops some control characters without a word; no link has any.
    if any(unicodedata.category(char) == "Cc" for char in link):
        raise FileError("a link must not hold control characters", path=shorten(link))
    try:
        parts = urlsplit(link)
        _ = parts.port
    except ValueError as exc:
        raise FileError(f"not a usable link: {exc}", path=link) from exc
    if not parts.scheme:
        raise FileError("a link needs a scheme, such as https://", path=link)
    return parts


def _unmapped(address: Address) -> Address:
    """Take the IPv4 address out of the IPv6 forms that only wrap one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo:
            inner = address.teredo[1]
        if inner is None and address in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


def _pinned_address(parts: SplitResult, rules: ImportRules, link: str) -> str:
    host = parts.hostname
    if not host:
        raise FileError("the link names no host", path=link)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = rules.resolve(host, port)
    except (OSError, UnicodeError) as exc:
        raise FileError(f"the host {host!r} cannot be resolved: {exc}", path=link) from exc
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
    if not addresses:
        raise FileError(f"the host {host!r} has no address", path=link)
    for address in addresses:
        if not rules.allows_address(address):
            raise FileError(
                f"the host {host!r} has the address {address}, which is private, loopback or "
                "link-local; the server's administrator can allow it with "
                "serve --allow-import-from NETWORK",
                path=link,
            )
    return str(addresses[0])


def _download(link: str, folder: Path, rules: ImportRules, timeout_s: float) -> Fetched:
    import httpx  # costs 0.2 s, and most processes fetch nothing

    current = link
    timeout = httpx.Timeout(timeout_s, connect=10.0)
    with httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False) as client:
        for _ in range(MAX_REDIRECTS + 1):
            parts = _split(current)
            if parts.scheme not in ("http", "https"):
                raise FileError(f"redirected to the scheme {parts.scheme!r}", path=link)
            address = _pinned_address(parts, rules, current)
            try:
                request = _pinned_request(client, parts, address)
                response = client.send(request, stream=True)
                try:
                    target = response.headers.get("location")
                    if response.is_redirect and target:
                        current = urljoin(current, target)
                        continue
                    if response.status_code != 200:
                        raise FileError(
                            f"the other side answered {response.status_code}", path=link
                        )
                    return _save(response, current, folder, link)
                finally:
                    response.close()
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as exc:
                raise FileError(f"cannot be fetched: {exc}", path=link) from exc
    raise FileError(f"more than {MAX_REDIRECTS} redirects", path=link)


def _pinned_request(client: httpx.Client, parts: SplitResult, address: str) -> httpx.Request:
    host = f"[{address}]" if ":" in address else address
    netloc = f"{host}:{parts.port}" if parts.port else host
    pinned = urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, ""))
    name = parts.hostname or ""
    header = f"{name}:{parts.port}" if parts.port else name
    return client.build_request(
        "GET",
        pinned,
        headers={"Host": header, "Accept-Encoding": "identity"},
        extensions={"sni_hostname": name},
    )


def _save(response: httpx.Response, url: str, folder: Path, link: str) -> Fetched:
    name = _base_name(unquote(urlsplit(url).path), "download")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"link-{len(list(folder.iterdir()))}"
    received = 0
    with path.open("wb") as file:
        for chunk in response.iter_raw(CHUNK_BYTES):
            received += len(chunk)
            if received > MAX_BYTES:
                raise FileError(f"larger than {MAX_BYTES} bytes", path=link)
            file.write(chunk)
    expected = response.headers.get("content-length")
    if expected is not None and expected.isdigit() and int(expected) != received:
        raise FileError(f"cut off after {received} of {expected} bytes", path=link)
    return Fetched(name, path)


def keep_upload(source: IO[bytes], name: str, folder: Path) -> Fetched:
    """Keep an uploaded file in the work folder of its job, so that the job can be restarted."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"upload-{len(list(folder.iterdir()))}"
    with path.open("wb") as file:
        shutil.copyfileobj(source, file, CHUNK_BYTES)
    return Fetched(_base_name(name, "upload"), path)


def _base_name(path: str, otherwise: str) -> str:
    """Last part of a path that somebody else wrote; only shown, and asked for its suffix."""
    name = Path(path.replace("\0", "")).name
    return otherwise if name in ("", ".", "..") else name
