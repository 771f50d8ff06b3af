from __future__ import annotations

import stat

import keyring
import keyring.backend
import keyring.errors
import pytest

from odm_shiny.client import auth
from odm_shiny.client.auth import (
    PlainTokenWarning,
    Secret,
    forget_login,
    load_login,
    profile_path,
    save_login,
    saved_logins,
)
from odm_shiny.errors import FileError

URL = "https://odm.example.org"


class MemoryKeyring(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def delete_password(self, service, username):
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("not found")


class NullKeyring(MemoryKeyring):
    """Takes everything, keeps nothing."""

    def get_password(self, service, username):
        return None


class FailingKeyring(MemoryKeyring):
    def set_password(self, service, username, password):
        raise keyring.errors.NoKeyringError("no recommended backend")

    def get_password(self, service, username):
        raise keyring.errors.NoKeyringError("no recommended backend")

    def delete_password(self, service, username):
        raise keyring.errors.NoKeyringError("no recommended backend")


@pytest.fixture
def use_keyring():
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_with_a_keyring_the_token_is_in_no_file(use_keyring):
    ring = MemoryKeyring()
    use_keyring(ring)
    save_login(f"{URL}/", "token-1", name="ann@example.org")
    assert ring.kept == {("odm-shiny", URL): "token-1"}
    assert b"token-1" not in profile_path().read_bytes()
    login = load_login()
    assert (login.url, login.token.reveal(), login.name) == (URL, "token-1", "ann@example.org")


@pytest.mark.parametrize("ring", [NullKeyring, FailingKeyring])
def test_without_one_it_is_in_a_file_for_its_owner_and_that_is_said(use_keyring, ring):
    use_keyring(ring())
    with pytest.warns(PlainTokenWarning, match="readable by you only") as warned:
        save_login(URL, Secret("token-1"))
    assert "token-1" not in str(warned[0].message)
    assert stat.S_IMODE(profile_path().stat().st_mode) == 0o600
    assert load_login(URL).token.reveal() == "token-1"
    assert load_login("https://other.example.org") is None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_token_that_others_can_read_is_refused(use_keyring, mode):
    use_keyring(FailingKeyring())
    with pytest.warns(PlainTokenWarning):
        save_login(URL, "token-1")
    profile_path().chmod(mode)
    with pytest.raises(FileError, match="chmod 600"):
        load_login(URL)


def test_a_file_without_a_token_may_be_readable(use_keyring):
    use_keyring(MemoryKeyring())
    save_login(URL, "token-1")
    profile_path().chmod(0o644)
    assert load_login().token.reveal() == "token-1"


def test_the_last_login_is_the_default_and_another_follows_when_it_is_forgotten(use_keyring):
    ring = MemoryKeyring()
    use_keyring(ring)
    save_login(URL, "token-1")
    save_login("https://b.example.org", "token-2")
    assert saved_logins() == ["https://b.example.org", URL]
    assert load_login().token.reveal() == "token-2"
    assert forget_login("https://b.example.org/") is True
    assert load_login().url == URL
    assert forget_login("https://b.example.org") is False
    assert ("odm-shiny", "https://b.example.org") not in ring.kept


def test_no_login_is_none():
    assert load_login() is None
    assert load_login(URL) is None
    assert saved_logins() == []


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"logins": 3}', '{"default": 1}'])
def test_a_damaged_file_of_logins_is_told(text):
    profile_path().parent.mkdir(parents=True)
    profile_path().write_text(text)
    with pytest.raises(FileError, match="log in again"):
        load_login()


def test_a_login_whose_token_is_gone_from_the_keyring_is_none(use_keyring):
    ring = MemoryKeyring()
    use_keyring(ring)
    save_login(URL, "token-1")
    ring.kept.clear()
    assert load_login() is None


def test_a_folder_that_cannot_be_written_is_an_error_without_the_token(use_keyring, monkeypatch):
    use_keyring(FailingKeyring())

    def full(profiles):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(auth, "_write_profiles", full)
    with pytest.raises(FileError, match="No space left") as caught:
        save_login(URL, "token-1")
    assert "token-1" not in str(caught.value)
