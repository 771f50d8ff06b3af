"""From method and path to an operation, and from an operation to its handler.

Handlers register by key (``@handles("GET /samples/{id}")``), so the as-user and the as-curator form
of an operation share one; the role is in the `Call`. What lies outside the operations table (start
page, health, Swagger) registers as a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import unquote_to_bytes

from odm_shiny.contract.messages import Reply, Request
from odm_shiny.contract.operations import Operation, by_key, operations
from odm_shiny.server.wire import Problem

if TYPE_CHECKING:
    from odm_shiny.server.multipart import FormPart
    from odm_shiny.server.service import Service
    from odm_shiny.store.people import User

# How much of an unknown path is compared with the known ones, and shown.
SHOWN_PATH = 200


@dataclass(slots=True)
class Call:
    """One request that was routed, authenticated and checked.

    Attributes
    ----------
    operation
        What is asked.
    role
        ``"user"``, ``"curator"``, or ``None`` where the path names no role.
    user
        Who asks.
    path
        Decoded path parameters; those declared as integers are whole numbers in text form.
    query
        Checked query parameters with the type they are declared with; defaults are filled in, other
        missing ones are absent.
    body
        Decoded and checked JSON; ``None`` where the operation takes none.
    form
        Parts of a multipart request by name. A part is deleted after the call unless it is taken.
    request
        The request as it came.
    service
        The service that answers, with its store.
    request_id
        Identifier of this request, in the log and in the reply's ``x-request-id``.
    """

    operation: Operation
    role: str | None
    user: User
    path: dict[str, str]
    query: dict[str, Any]
    body: Any
    form: dict[str, FormPart]
    request: Request
    service: Service
    request_id: str


Handler: TypeAlias = Callable[[Call], Any]
Page: TypeAlias = "Callable[[Request, Service], Reply]"
H = TypeVar("H", bound=Handler)
P = TypeVar("P", bound="Callable[..., Reply]")

HANDLERS: dict[str, Handler] = {}
PAGES: dict[str, Page] = {}


def handles(*keys: str) -> Callable[[H], H]:
    """Register a function as the handler of the operations with these keys.

    The function takes a `Call` and returns a `Reply`, or any value, which is then sent as JSON with
    status 200.

    Raises
    ------
    QueryError
        No operation has the key.
    ValueError
        The key has a handler already.
    """

    def register(function: H) -> H:
        for key in keys:
            by_key(key)
            if key in HANDLERS:
                raise ValueError(f"{key} is handled by {HANDLERS[key].__qualname__} already")
            HANDLERS[key] = function
        return function

    return register


def serves(*keys: str) -> Callable[[P], P]:
    """Register a function for ``"METHOD /path"``, or ``"METHOD /path/*"`` for all below it.

    Pages need no credentials, and see the request as it came.
    """

    def register(function: P) -> P:
        for key in keys:
            if key in PAGES:
                raise ValueError(f"{key} is served already")
            PAGES[key] = function
        return function

    return register


def find_page(method: str, path: str, pages: Mapping[str, Page] = PAGES) -> Page | None:
    """The page for a path, the longest prefix first; HEAD asks as GET does."""
    method = "GET" if method == "HEAD" else method
    found = pages.get(f"{method} {path}")
    while found is None and path:
        path = path.rpartition("/")[0]
        found = pages.get(f"{method} {path}/*")
    return found


def unhandled(handlers: Mapping[str, Handler] = HANDLERS) -> tuple[Operation, ...]:
    """Operations that no handler answers."""
    return tuple(one for one in operations() if one.key not in handlers)


def collapse(path: str) -> str:
    """Drop repeated and trailing slashes.

    Examples
    --------
    >>> collapse("//api/v1//as-user/samples/")
    '/api/v1/as-user/samples'
    """
    if "//" not in path and not (path.endswith("/") and len(path) > 1):
        return path if path.startswith("/") else f"/{path}"
    return "/" + "/".join(part for part in path.split("/") if part)


@dataclass(slots=True)
class _Node:
    """A place in the tree of path parts."""

    children: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    operations: dict[str, tuple[Operation, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """Finds the operation of a path in time that does not grow with their number.

    Paths without parameters are one dictionary look-up; the others walk a tree by path part, in
    which a fixed part wins over a parameter.
    """

    def __init__(self, known: Iterable[Operation] | None = None) -> None:
        self._fixed: dict[str, _Node] = {}
        self._root = _Node()
        self._paths: list[str] = []
        for one in operations() if known is None else known:
            self._add(one)

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """Find the operation and the decoded path parameters of a collapsed path.

        A HEAD request finds the GET operation where HEAD itself is not declared.

        Raises
        ------
        Problem
            404, with the nearest known path; 405, with ``Allow``; 400 for a path that is not UTF-8.
        """
        node, values = self._find(path)
        if node is None:
            raise Problem(404, self._not_found(path))
        found = node.operations.get(method)
        if found is None and method == "HEAD":
            found = node.operations.get("GET")
        if found is None:
            raise _wrong_method(method, path, node)
        one, names = found
        return one, dict(zip(names, values, strict=True))

    def _add(self, one: Operation) -> None:
        node, names = self._root, []
        for part in one.path.split("/")[1:]:
            if part.startswith("{"):
                names.append(part[1:-1])
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(part, _Node())
        node.operations[one.method] = (one, tuple(names))
        if not names:
            self._fixed[one.path] = node
        if one.path not in self._paths:
            self._paths.append(one.path)

    def _find(self, path: str) -> tuple[_Node | None, list[str]]:
        if node := self._fixed.get(path):
            return node, []
        parts = [_decoded(part) for part in path.split("/")[1:]]
        return _walk(self._root, parts, 0)

    def _not_found(self, path: str) -> str:
        shown = path[:SHOWN_PATH]
        near = get_close_matches(shown, self._paths, n=1)
        return f"nothing is at {shown}" + (f"; the nearest path is {near[0]}" if near else "")


def _walk(node: _Node, parts: list[str], at: int) -> tuple[_Node | None, list[str]]:
    if at == len(parts):
        return (node if node.operations else None), []
    part = parts[at]
    if child := node.children.get(part):
        found, values = _walk(child, parts, at + 1)
        if found:
            return found, values
    if node.parameter and part:
        found, values = _walk(node.parameter, parts, at + 1)
        if found:
            return found, [part, *values]
    return None, []


def _decoded(part: str) -> str:
    if "%" not in part:
        return part
    try:
        return unquote_to_bytes(part).decode()
    except UnicodeDecodeError as exc:
        shown = part[:SHOWN_PATH]
        raise Problem(400, f"the path part {shown!r} is not percent-encoded UTF-8") from exc


def _wrong_method(method: str, path: str, node: _Node) -> Problem:
    allowed = set(node.operations)
    if "GET" in allowed:
        allowed.add("HEAD")
    listed = ", ".join(sorted(allowed))
    message = f"{method[:20]} is not possible at {path[:SHOWN_PATH]}, only {listed}"
    return Problem(405, message, headers={"allow": listed})
