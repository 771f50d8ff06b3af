"""The service: a request goes in, a reply comes out.

It knows no socket and no web framework. The embedded client calls it directly; `asgi` puts it
behind a port.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from odm_shiny.contract.messages import Reply, Request
from odm_shiny.contract.operations import Parameter
from odm_shiny.errors import OdmError
from odm_shiny.server import (
    access,
    pages,  # noqa: F401 - registers the pages
)
from odm_shiny.server.bodies import read_body
from odm_shiny.server.fetch import ImportRules
from odm_shiny.server.legacy import rewrite
from odm_shiny.server.multipart import FormPart, read_form
from odm_shiny.server.negotiation import prefers
from odm_shiny.server.parameters import (
    check_names,
    check_path,
    check_query,
    check_text,
    shorten,
)
from odm_shiny.server.routes import HANDLERS, Call, Handler, Router, collapse, find_page
from odm_shiny.server.wire import Problem, json_reply, problem_from, problem_reply
from odm_shiny.store import people, tokens
from odm_shiny.store.people import User

if TYPE_CHECKING:
    from odm_shiny.server.job_runner import JobRunner
    from odm_shiny.store.store import Store

__all__ = ["Service", "load_handlers", "prefers"]

log = logging.getLogger(__name__)

HIDDEN = "[hidden]"


class Service:
    """Answers requests from one store.

    Parameters
    ----------
    store
        Where everything is kept; whoever opened it closes it.
    lenient
        Ignore query parameters and body fields that an operation does not know.
    import_rules
        Where import links may point; by default to public addresses only.
    local_user
        E-mail of the user that in-process requests without credentials act as.
    handlers
        Handlers by key; by default those of ``odm_shiny.server.handlers``.
    """

    def __init__(
        self,
        store: Store,
        *,
        lenient: bool = False,
        import_rules: ImportRules | None = None,
        local_user: str | None = None,
        handlers: Mapping[str, Handler] | None = None,
    ) -> None:
        self.store = store
        self.lenient = lenient
        self.import_rules = import_rules or ImportRules()
        self.local_user = local_user
        self._handlers = load_handlers() if handlers is None else handlers
        self._router = Router()

    def handle(self, request: Request, *, user: User | None = None) -> Reply:
        """Answer one request; never raises for what a request holds.

        Parameters
        ----------
        request
            As it came. A body that is a file is read, not closed.
        user
            Who asks, for a call within the process; no credentials are looked at then.

        Returns
        -------
        With ``x-request-id``, which the log has too.
        """
        request_id = secrets.token_hex(8)
        path = rewrite(collapse(request.path))
        try:
            reply = self._answer(request, path, user, request_id)
        except Exception as error:
            reply = self._failed(error, request, path, request_id)
        reply.headers["x-request-id"] = request_id
        if request.method == "HEAD":
            _drop_body(reply)
        return reply

    @cached_property
    def job_runner(self) -> JobRunner:
        """Runs the import jobs that are asked of this service."""
        from odm_shiny.server.job_runner import JobRunner

        return JobRunner(self.store, self.import_rules)

    def clean_up(self) -> None:
        """Put in order what processes that died have left; a server does it when it starts."""
        from odm_shiny.store.sweep import sweep

        try:
            self.job_runner.recover()
            self.job_runner.sweep()
            sweep(self.store)
        except OdmError as exc:  # a store that only this cannot be done to can still answer
            log.warning("what earlier processes left behind stays: %s", exc)

    def find_user(self, token: str) -> User | None:
        """Owner of a valid API token."""
        with self.store.read() as tx:
            return tokens.user_by_token(tx, token)

    def _answer(self, request: Request, path: str, user: User | None, request_id: str) -> Reply:
        if page := find_page(request.method, path):
            return page(request, self)
        operation, path_values = self._router.match(request.method, path)
        caller = user or self._caller(request)
        access.authorize(operation, caller)
        check_path(operation, path_values)
        call = Call(
            operation=operation,
            role=operation.role,
            user=caller,
            path=path_values,
            query=check_query(operation, request.query, lenient=self.lenient),
            body=read_body(operation, request, lenient=self.lenient),
            form={},
            request=request,
            service=self,
            request_id=request_id,
        )
        handler = self._handlers.get(operation.key)
        if handler is None:
            raise Problem(501, f"{operation.name} is not available on this server")
        if form := operation.parameters_in("form"):
            return self._with_form(handler, call, form)
        return _as_reply(handler(call))

    def _caller(self, request: Request) -> User:
        """Who sent a request: its token's owner, or the local user for one from this process."""
        if self.local_user and _is_bare(request):
            return self._local_user(self.local_user)
        return access.authenticate(request.headers, self.find_user)

    def _local_user(self, email: str) -> User:
        with self.store.read() as tx:
            user = people.find_user(tx, email)
        if user is None:
            raise Problem(401, f"the local user {email} is not in the store; create it first")
        return user

    def _with_form(self, handler: Handler, call: Call, known: tuple[Parameter, ...]) -> Reply:
        with read_form(call.request) as parts:
            check_names(known, [part.name for part in parts], lenient=self.lenient)
            call.form = {part.name: part for part in parts}
            for parameter in known:
                if part := call.form.get(parameter.name):
                    _check_part(parameter, part)
            return _as_reply(handler(call))

    def _failed(self, error: Exception, request: Request, path: str, request_id: str) -> Reply:
        problem = problem_from(error, local=request.client_host is None)
        if problem is None:
            problem = Problem(
                500, f"the server failed; its log says more under the request id {request_id}"
            )
        if problem.status >= 500 and problem.status != 501:
            log.error("%s %s %s", request_id, request.method, shorten(path), exc_info=error)
        token = access.token_of(request.headers)
        if token and token in problem.message:
            problem.message = problem.message.replace(token, HIDDEN)
        return problem_reply(problem, path=path)


def load_handlers() -> Mapping[str, Handler]:
    """Import every module of ``odm_shiny.server.handlers``; each registers what it handles."""
    package = import_module("odm_shiny.server.handlers")
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    return HANDLERS


def _is_bare(request: Request) -> bool:
    headers = request.headers
    return (
        request.client_host is None
        and access.token_of(headers) is None
        and "authorization" not in headers
    )


def _check_part(parameter: Parameter, part: FormPart) -> None:
    if parameter.type == "file":
        if part.filename is None:
            raise Problem(
                400,
                f"form field {parameter.name} must be a file: its part needs a filename",
                location=f"form.{parameter.name}",
            )
    else:
        check_text(parameter, part.text)


def _as_reply(answer: Any) -> Reply:
    return answer if isinstance(answer, Reply) else json_reply(answer)


def _drop_body(reply: Reply) -> None:
    """Keep the headers of an answer to HEAD, and the length that its body would have."""
    if isinstance(reply.body, bytes):
        if reply.body:
            reply.headers.setdefault("content-length", str(len(reply.body)))
    elif close := getattr(reply.body, "close", None):
        close()
    reply.body = b""
