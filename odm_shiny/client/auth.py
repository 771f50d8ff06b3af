"""Tokens: never shown, and kept in the operating system's keyring.

A login profile has two halves. Which ODM and under which name goes to a small JSON file in the
user's configuration folder; the token goes to the keyring. Where no keyring works (a server
without a desktop, a container) the token goes to the same file, which then warns once and is
readable by its owner only. A file that others can read is refused, as ssh does with keys.
"""

from __future__ import annotations

import json
import os
import stat
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from odm_shiny.errors import FileError, QueryError

_SERVICE = "odm-shiny"


class Secret:
    """A token that does not show itself.

    ``repr``, ``str``, ``format``, ``vars`` and a debugger's list of attributes give ``***``;
    pickling and copying into JSON raise. `reveal` is the only way to the text.
    """

    __slots__ = ("reveal",)

    reveal: Callable[[], str]

    def __init__(self, text: str) -> None:
        cleaned = _cleaned(text)
        del text  # a traceback with local variables shows this frame
        if not cleaned:
            raise QueryError(
                "the token is empty or holds characters no token has (a line break, a quotation "
                "mark from a word processor): copy it again, whole"
            )
        object.__setattr__(self, "reveal", lambda: cleaned)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret does not change")

    def header(self, prefix: str = "") -> bytes:
        """Return the value of a header: `prefix`, then the token."""
        return HiddenBytes((prefix + self.reveal()).encode("ascii"))

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a token is never pickled or copied: open a new connection instead")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash((Secret, self.reveal()))


def _cleaned(text: str) -> str:
    stripped = text.strip()
    return stripped if stripped.isprintable() and stripped.isascii() else ""


class HiddenBytes(bytes):
    """Bytes of a header that a traceback with local variables shows as ``b'***'``."""

    def __repr__(self) -> str:
        return "b'***'"

    def __str__(self) -> str:
        return "b'***'"


class PlainTokenWarning(UserWarning):
    """A token was written to a plain file because no keyring works here."""


@dataclass(frozen=True, slots=True)
class Login:
    """A saved login: where, with what, and as whom if that is known."""

    url: str
    token: Secret
    name: str | None = None


def profile_path() -> Path:
    """Return the file of login profiles; it need not exist."""
    import platformdirs

    return Path(platformdirs.user_config_dir("odm-shiny")) / "logins.json"


def save_login(url: str, token: str | Secret, *, name: str | None = None) -> Login:
    """Save a login and make it the default one.

    Parameters
    ----------
    url
        Address of the ODM, as given to ``connect``.
    token
        Its API token. It goes to the keyring; without one, to the profile file (mode 0600) with a
        `PlainTokenWarning`.
    name
        Shown in lists of logins; usually the user's e-mail.
    """
    token = token if isinstance(token, Secret) else Secret(token)
    login = Login(_address(url), token, name)
    in_keyring = _keyring_set(login)
    problem = _store_login(login, with_token=not in_keyring)
    if problem:
        raise FileError(f"the login cannot be saved: {problem}", path=str(profile_path()))
    if not in_keyring:
        warnings.warn(
            f"no keyring works here: the token is kept in {profile_path()}, readable by you only",
            PlainTokenWarning,
            stacklevel=2,
        )
    return login


def load_login(url: str | None = None) -> Login | None:
    """Return the login saved for `url`, or the default one; ``None`` if there is none.

    Raises
    ------
    FileError
        The profile file holds a token and others can read it, or it is not JSON.
    """
    profiles = _read_profiles()
    address = _address(url) if url else profiles["default"]
    entry = profiles["logins"].get(address) if address else None
    if entry is None:
        return None
    token = entry.get("token") or _keyring_get(address)
    return Login(address, Secret(token), entry.get("name")) if token else None


def forget_login(url: str) -> bool:
    """Remove a saved login, its token included; ``False`` if there was none."""
    address = _address(url)
    profiles = _read_profiles()
    known = profiles["logins"].pop(address, None) is not None
    if profiles["default"] == address:
        profiles["default"] = next(iter(profiles["logins"]), None)
    if known:
        _write_profiles(profiles)
    _keyring_delete(address)
    return known


def saved_logins() -> list[str]:
    """Return the addresses with a saved login, the default one first."""
    profiles = _read_profiles()
    return sorted(profiles["logins"], key=lambda url: (url != profiles["default"], url))


def _address(url: str) -> str:
    return url.strip().rstrip("/")


def _read_profiles() -> dict[str, Any]:
    path = profile_path()
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read()
    except FileNotFoundError:
        return {"default": None, "logins": {}}
    try:
        profiles = json.loads(text)
        logins = {str(url): dict(entry) for url, entry in profiles["logins"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        message = "not a file of logins: remove it and log in again"
        raise FileError(message, path=str(path)) from exc
    if mode & 0o077 and any("token" in entry for entry in logins.values()):
        raise FileError(
            f"holds a token and others can read it (mode {mode:04o}): run chmod 600 on it, and "
            "revoke that token if the machine is shared",
            path=str(path),
        )
    return {"default": profiles.get("default"), "logins": logins}


def _store_login(login: Login, *, with_token: bool) -> str | None:
    # Says what went wrong instead of raising: a traceback would show the frames that hold the text.
    try:
        profiles = _read_profiles()
        entry = {"name": login.name} if login.name else {}
        if with_token:
            entry["token"] = login.token.reveal()
        profiles["logins"][login.url] = entry
        profiles["default"] = login.url
        _write_profiles(profiles)
    except (OSError, FileError) as exc:
        return str(exc)
    return None


def _write_profiles(profiles: dict[str, Any]) -> None:
    path = profile_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    # The mode is given at creation: a chmod afterwards would leave a moment to read it.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(profiles, file, indent=2)
    temporary.replace(path)


def _keyring_set(login: Login) -> bool:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_SERVICE, login.url, login.token.reveal())
        # The null backend accepts everything and keeps nothing.
        return bool(keyring.get_password(_SERVICE, login.url) == login.token.reveal())
    except (KeyringError, RuntimeError, OSError):
        return False


def _keyring_get(address: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(_SERVICE, address)
    except (KeyringError, RuntimeError, OSError):
        return None


def _keyring_delete(address: str) -> None:
    import contextlib

    import keyring
    from keyring.errors import KeyringError

    with contextlib.suppress(KeyringError, RuntimeError, OSError):
        keyring.delete_password(_SERVICE, address)
