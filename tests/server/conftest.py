"""People who ask, and services that answer without a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import pytest

from odm_shiny.contract.messages import Request
from odm_shiny.contract.operations import Operation
from odm_shiny.server.routes import Call, Handler
from odm_shiny.server.service import Service
from odm_shiny.store.people import User


def _person(
    name: str, *, is_curator: bool = False, permissions: frozenset[str] = frozenset()
) -> User:
    return User(
        id=1,
        email=f"{name}@example.org",
        name=name,
        permissions=permissions,
        groups=frozenset({1}),
        is_curator=is_curator,
        is_admin=False,
    )


@pytest.fixture
def person() -> Callable[..., User]:
    """Make a user: ``person("zoë", is_curator=True, permissions=...)``."""
    return _person


@pytest.fixture
def curator() -> User:
    return _person("curator", is_curator=True)


@pytest.fixture
def reader() -> User:
    return _person("reader")


@pytest.fixture
def service_with() -> Callable[..., Service]:
    """Make a service whose handlers are given, and touch no store."""

    def make(handlers: Mapping[str, Handler], **options: Any) -> Service:
        return Service(cast(Any, None), handlers=handlers, **options)

    return make


@pytest.fixture
def call_of() -> Callable[..., Call]:
    """Make the call of an operation, with a request that has the given headers."""

    def make(operation: Operation, **headers: str) -> Call:
        lowered = {name.lower().replace("_", "-"): value for name, value in headers.items()}
        return Call(
            operation=operation,
            role=operation.role,
            user=_person("reader"),
            path={},
            query={},
            body=None,
            form={},
            request=Request(operation.method, operation.path, headers=lowered),
            service=cast(Any, None),
            request_id="0",
        )

    return make


class ClosingStream:
    """A body in pieces that remembers whether it was closed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.closed = False

    def __iter__(self) -> ClosingStream:
        return self

    def __next__(self) -> bytes:
        return next(self.chunks)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def closing_stream() -> Callable[[Iterator[bytes]], ClosingStream]:
    return ClosingStream
