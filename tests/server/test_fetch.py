"""Where import links may point: everything else is refused before a connection is made."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odm_shiny.errors import FileError
from odm_shiny.server.fetch import ImportRules, fetch, keep_upload, resolve_host

PUBLIC = "93.184.216.34"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)

ADDRESSES = {
    "127.0.0.1": False,
    "127.1.2.3": False,
    "0.0.0.0": False,
    "10.0.0.1": False,
    "172.16.0.1": False,
    "172.31.255.255": False,
    "192.168.1.1": False,
    "169.254.169.254": False,
    "169.254.0.1": False,
    "100.64.0.1": False,
    "192.0.0.1": False,
    "192.0.2.1": False,
    "198.18.0.1": False,
    "224.0.0.1": False,
    "240.0.0.1": False,
    "255.255.255.255": False,
    "::": False,
    "::1": False,
    "::127.0.0.1": False,
    "::ffff:127.0.0.1": False,
    "::ffff:10.0.0.1": False,
    "::ffff:169.254.169.254": False,
    "64:ff9b::127.0.0.1": False,
    "64:ff9b::10.0.0.1": False,
    "64:ff9b:1::1": False,
    "2002:7f00:1::": False,
    "2002:a00:1::": False,
    "2001:0:4136:e378:8000:63bf:80ff:fffe": False,
    "fc00::1": False,
    "fd12:3456::1": False,
    "fe80::1": False,
    "fe80::1%eth0": False,
    "fec0::1": False,
    "ff02::1": False,
    "2001:db8::1": False,
    PUBLIC: True,
    "1.1.1.1": True,
    "172.32.0.1": True,
    "2606:2800:220:1:248:1893:25c8:1946": True,
    "::ffff:93.184.216.34": True,
    "64:ff9b::93.184.216.34": True,
}


@dataclass
class Resolver:
    """Answers from a table, in turn, and remembers what was asked."""

    answers: dict[str, list[Sequence[str]]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        found = self.answers.get(host)
        if found is None:
            return resolve_host(host, port)
        return found.pop(0) if len(found) > 1 else found[0]


@pytest.mark.parametrize(("address", "is_allowed"), ADDRESSES.items(), ids=ADDRESSES)
def test_only_public_addresses_are_reached(address, is_allowed, tmp_path, no_connection) -> None:
    rules = ImportRules(resolve=Resolver({"files.example.org": [[address]]}))
    with pytest.raises(FileError) as refused:
        fetch("http://files.example.org/s.tsv", tmp_path, rules)
    assert ("loopback or link-local" in str(refused.value)) != is_allowed
    assert bool(no_connection) == is_allowed


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1/x",
        "http://127.1/x",
        "http://2130706433/x",
        "http://0x7f000001/x",
        "http://017700000001/x",
        "http://0/x",
        "http://[::1]/x",
        "http://[::ffff:7f00:1]/x",
        "http://[0:0:0:0:0:ffff:127.0.0.1]/x",
        "http://localhost/x",
        "http://user:secret@127.0.0.1/x",
        "http://93.184.216.34@127.0.0.1/x",
        "http://127.0.0.1:80/x",
        "HTTP://127.0.0.1/x",
        "https://127.0.0.1/x",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.1/x",
        "http://3232235777/x",
    ],
)
def test_no_spelling_of_a_private_address_gets_through(link, tmp_path, no_connection) -> None:
    with pytest.raises(FileError, match="private, loopback or link-local"):
        fetch(link, tmp_path, ImportRules())
    assert no_connection == []


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("http://", "names no host"),
        ("http:///x", "names no host"),
        ("http://[::1", "not a usable link"),
        ("http://a:99999/", "not a usable link"),
        ("http://a:b/", "not a usable link"),
        ("ftp://example.org/x", "scheme 'ftp'"),
        ("s3://bucket/x", "scheme 's3'"),
        ("gopher://example.org/x", "scheme 'gopher'"),
        ("data:text/plain,x", "scheme 'data'"),
        ("javascript:alert(1)", "scheme 'javascript'"),
        ("relative.tsv", "needs a scheme"),
        ("", "needs a scheme"),
        ("http://exa\0mple.org/", "control characters"),
        ("\x01http://example.org/", "control characters"),
        ("http://example.org/\r\nHost: evil", "control characters"),
        ("file://example.org/etc/passwd", "path of this machine"),
        ("file:///etc/passwd", "folders that the server allows"),
        ("FILE:///etc/passwd", "folders that the server allows"),
        ("file:/etc/passwd", "folders that the server allows"),
        ("file://localhost/etc/passwd", "folders that the server allows"),
        ("/etc/passwd", "folders that the server allows"),
        ("//etc/passwd", "folders that the server allows"),
        ("/proc/self/environ", "folders that the server allows"),
        ("/tmp/\0x", "no usable path"),
    ],
)
def test_what_is_no_link_is_refused_at_once(link, reason, tmp_path, no_connection) -> None:
    rules = ImportRules()
    with pytest.raises(FileError, match=reason):
        rules.checked(link)
    with pytest.raises(FileError, match=reason):
        fetch(link, tmp_path, rules)
    assert no_connection == []


def test_one_private_address_among_several_is_enough_to_refuse(tmp_path, no_connection) -> None:
    resolver = Resolver({"two.example.org": [[PUBLIC, "127.0.0.1"]]})
    with pytest.raises(FileError, match=r"127\.0\.0\.1"):
        fetch("http://two.example.org/", tmp_path, ImportRules(resolve=resolver))
    assert no_connection == []


def test_an_allowed_network_is_reached_others_are_not(tmp_path, no_connection) -> None:
    rules = ImportRules(networks=(ipaddress.ip_network("10.1.0.0/16"),))
    assert rules.allows_address(ipaddress.ip_address("10.1.2.3"))
    assert rules.allows_address(ipaddress.ip_address("::ffff:10.1.2.3"))
    assert not rules.allows_address(ipaddress.ip_address("10.2.0.1"))
    assert not rules.allows_address(ipaddress.ip_address("127.0.0.1"))


# ---- local files --------------------------------------------------------------------------------


@pytest.fixture
def allowed(tmp_path: Path) -> ImportRules:
    folder = tmp_path / "allowed ä"
    (folder / "sub").mkdir(parents=True)
    (folder / "s.tsv").write_text("a\n")
    (tmp_path / "secret.tsv").write_text("b\n")
    (folder / "link.tsv").symlink_to(tmp_path / "secret.tsv")
    (folder / "inside.tsv").symlink_to(folder / "s.tsv")
    (folder / "up").symlink_to(tmp_path)
    (tmp_path / "allowed ä2").mkdir()
    (tmp_path / "allowed ä2" / "s.tsv").write_text("c\n")
    return ImportRules.from_words([str(folder)])


@pytest.mark.parametrize("name", ["s.tsv", "sub/../s.tsv", "./s.tsv", "inside.tsv", "/s.tsv"])
def test_files_of_an_allowed_folder_are_read(allowed, tmp_path, name) -> None:
    for link in (f"{allowed.folders[0]}/{name}", f"file://{allowed.folders[0]}/{name}"):
        found = fetch(link, tmp_path / "work", allowed)
        assert found.path.read_text() == "a\n"
        assert found.name == "s.tsv"
    quoted = str(allowed.folders[0]).replace(" ", "%20").replace("ä", "%C3%A4")
    assert fetch(f"file://{quoted}/{name}", tmp_path, allowed).path.read_text() == "a\n"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.tsv",
        "sub/../../secret.tsv",
        "%2e%2e/secret.tsv",
        "..%2fsecret.tsv",
        "link.tsv",
        "up/secret.tsv",
        "../allowed ä2/s.tsv",
        "/../secret.tsv",
    ],
)
def test_files_outside_are_not_read_however_they_are_named(allowed, tmp_path, name) -> None:
    for prefix in ("", "file://"):
        with pytest.raises(FileError, match=r"folders that the server allows|no such file"):
            fetch(f"{prefix}{allowed.folders[0]}/{name}", tmp_path, allowed)


@pytest.mark.parametrize("name", ["none.tsv", "sub", "x" * 300, "s.tsv/x"])
def test_what_is_no_file_is_said_so(allowed, tmp_path, name) -> None:
    with pytest.raises(FileError, match="no such file"):
        fetch(f"{allowed.folders[0]}/{name}", tmp_path, allowed)


@given(
    st.lists(st.sampled_from(["..", ".", "sub", "up", "", "%2e%2e", "s.tsv", "etc"]), max_size=8)
)
def test_no_path_leaves_the_allowed_folder(tmp_path_factory, parts) -> None:
    base = tmp_path_factory.getbasetemp() / "paths"
    (base / "in" / "sub").mkdir(parents=True, exist_ok=True)
    (base / "in" / "sub" / "s.tsv").write_text("a")
    rules = ImportRules(folders=((base / "in").resolve(),))
    try:
        found = rules.local_path(f"{base}/in/{'/'.join(parts)}")
    except FileError:
        return
    assert found.is_relative_to(base.resolve() / "in")


def test_the_allow_list_takes_networks_and_folders_and_nothing_else(tmp_path) -> None:
    rules = ImportRules.from_words(["127.0.0.0/8", "10.0.0.1", "fd00::/8", str(tmp_path)])
    assert [str(network) for network in rules.networks] == [
        "127.0.0.0/8",
        "10.0.0.1/32",
        "fd00::/8",
    ]
    assert rules.folders == (tmp_path.resolve(),)
    with pytest.raises(ValueError, match="neither a network"):
        ImportRules.from_words([str(tmp_path / "none")])


# ---- downloads ----------------------------------------------------------------------------------

Script = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """A server of this machine that does what a script says, and remembers the requests."""

    port: int
    scripts: dict[str, Script]
    seen: list[tuple[str, str | None]]


@pytest.fixture
def site() -> Iterator[Site]:
    scripts: dict[str, Script] = {}
    seen: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers["Host"]))
            scripts[self.path](self)

        def log_message(self, *words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield Site(httpd.server_address[1], scripts, seen)
        httpd.shutdown()
        thread.join()


def sends(content: bytes, *, length: int | None = None) -> Script:
    def script(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        handler.wfile.write(content)

    return script


def redirects(target: str, status: int = 302) -> Script:
    def script(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Location", target)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return script


def test_a_file_is_fetched_under_its_name_with_the_host_it_was_asked_of(site, tmp_path) -> None:
    site.scripts["/a/proben%20%C3%BC.tsv?x=1"] = sends(b"abc")
    rules = ImportRules(LOOPBACK, resolve=Resolver({"files.example.org": [["127.0.0.1"]]}))
    link = f"http://files.example.org:{site.port}/a/proben%20%C3%BC.tsv?x=1"
    found = fetch(link, tmp_path / "work", rules)
    assert (found.name, found.path.read_bytes()) == ("proben ü.tsv", b"abc")
    assert found.path.parent == tmp_path / "work"
    assert site.seen == [("/a/proben%20%C3%BC.tsv?x=1", f"files.example.org:{site.port}")]


def test_a_name_is_resolved_once_and_the_connection_goes_there(site, tmp_path) -> None:
    """A second answer of the resolver, as in DNS rebinding, is never asked for."""
    site.scripts["/s"] = sends(b"abc")
    resolver = Resolver({"rebind.example.org": [["127.0.0.1"], ["169.254.169.254"]]})
    rules = ImportRules(LOOPBACK, resolve=resolver)
    fetch(f"http://rebind.example.org:{site.port}/s", tmp_path, rules)
    assert resolver.asked == ["rebind.example.org"]


def test_a_redirect_passes_the_same_door(site, tmp_path) -> None:
    """The first host is allowed; where it sends us is looked at anew, by name and by address."""
    port = site.port
    resolver = Resolver({"ok.example.org": [["127.0.0.1"]], "inner.example.org": [["127.8.8.8"]]})
    rules = ImportRules((ipaddress.ip_network("127.0.0.1"),), resolve=resolver)
    targets = [
        f"http://inner.example.org:{port}/s",
        f"http://127.8.8.8:{port}/s",
        "http://169.254.169.254/latest/",
        f"//127.8.8.8:{port}/s",
        "file:///etc/passwd",
        "ftp://ok.example.org/s",
    ]
    site.scripts["/s"] = sends(b"secret")
    for target in targets:
        site.scripts["/go"] = redirects(target)
        with pytest.raises(FileError, match=r"loopback or link-local|redirected to the scheme"):
            fetch(f"http://ok.example.org:{port}/go", tmp_path, rules)
    assert {path for path, _ in site.seen} == {"/go"}
    site.scripts["/go"] = redirects("/s", 308)
    assert fetch(f"http://ok.example.org:{port}/go", tmp_path, rules).path.read_bytes() == b"secret"


def test_a_loop_of_redirects_ends(site, tmp_path) -> None:
    site.scripts["/loop"] = redirects("/loop")
    with pytest.raises(FileError, match="more than 5 redirects"):
        fetch(f"http://127.0.0.1:{site.port}/loop", tmp_path, ImportRules(LOOPBACK))


def test_half_a_file_is_no_file(site, tmp_path) -> None:
    site.scripts["/half"] = sends(b"abc", length=10)
    with pytest.raises(FileError, match=r"cannot be fetched|cut off"):
        fetch(f"http://127.0.0.1:{site.port}/half", tmp_path, ImportRules(LOOPBACK))


def test_an_error_of_the_other_side_is_told(site, tmp_path) -> None:
    site.scripts["/gone"] = lambda handler: handler.send_error(410)
    with pytest.raises(FileError, match="answered 410"):
        fetch(f"http://127.0.0.1:{site.port}/gone", tmp_path, ImportRules(LOOPBACK))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(FileError, match="cannot be fetched"):
        fetch(f"http://127.0.0.1:{port}/", tmp_path, ImportRules(LOOPBACK))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/..%2f..%2fetc%2fpasswd", "passwd"),
        ("/", "download"),
        ("/%00x", "x"),
        ("/..", "download"),
        ("/%2e%2e", "download"),
        ("/a%5c..%5cb.tsv", "a\\..\\b.tsv"),
    ],
)
def test_the_name_of_a_download_is_a_name_and_never_a_path(site, tmp_path, path, name) -> None:
    site.scripts[path] = site.scripts["/"] = sends(b"x")  # httpx takes "/.." for "/"
    folder = tmp_path / "work"
    found = fetch(f"http://127.0.0.1:{site.port}{path}", folder, ImportRules(LOOPBACK))
    assert found.name == name
    assert found.path.parent == folder


@pytest.mark.parametrize("name", ["../../x.tsv", "/etc/passwd", "", "..", "a\\b.tsv", "x" * 5000])
def test_an_upload_is_kept_in_the_folder_of_its_job(tmp_path, name) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abc")
    folder = tmp_path / "work"
    with source.open("rb") as file:
        kept = keep_upload(file, name, folder)
    assert kept.path.parent == folder
    assert "/" not in kept.name
    assert kept.name not in ("", "..")
    assert kept.path.read_bytes() == b"abc"


@pytest.fixture
def no_connection(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Refuse every connection, and remember where it would have gone."""
    tried: list[Any] = []

    def connect(address: Any, *args: Any, **options: Any) -> Any:
        tried.append(address)
        raise ConnectionRefusedError("no connection is made in this test")

    monkeypatch.setattr(socket, "create_connection", connect)
    return tried
