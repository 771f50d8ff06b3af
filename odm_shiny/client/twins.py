"""Each method written once, typed and callable twice: at once, or awaited.

A method of the client is a generator of steps (see `odm_shiny.client.steps`). `steps_method` makes
it a plain method on a class that derives from `Sync` and a coroutine on one that derives from
`Async`; type checkers and ``help()`` see the right one.

::

    class SampleMethods(Resource):
        @steps_method
        def get(self, accession: str) -> Steps[Record]: ...

    class Samples(SampleMethods, Sync): ...             # samples.get("GSF1")
    class AsyncSamples(SampleMethods, Async): ...       # await samples.get("GSF1")
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from functools import wraps
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from odm_shiny.client.steps import AsyncDriver, Driver, Steps

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")
A = TypeVar("A")


class Sync:
    """Something whose methods return their result."""

    driver: Driver


class Async:
    """Something whose methods are awaited."""

    driver: AsyncDriver


class steps_method(Generic[P, T]):  # noqa: N801 - a decorator
    """Decorator: turn a generator of steps into a method and its awaited twin."""

    def __init__(self, function: Callable[Concatenate[Any, P], Steps[T]]) -> None:
        self.steps = function
        self.__doc__ = function.__doc__
        signature = _signature(function)

        @wraps(function)
        def now(instance: Sync, /, *args: P.args, **options: P.kwargs) -> T:
            return instance.driver.run(function(instance, *args, **options))

        @wraps(function)
        async def awaited(instance: Async, /, *args: P.args, **options: P.kwargs) -> T:
            return await instance.driver.run(function(instance, *args, **options))

        for twin in (now, awaited):
            setattr(twin, "__signature__", signature)  # noqa: B010 - unknown to type checkers
        self._now = now
        self._awaited = awaited

    @overload
    def __get__(self, instance: None, owner: type) -> steps_method[P, T]: ...

    @overload
    def __get__(self, instance: Sync, owner: type) -> Callable[P, T]: ...

    @overload
    def __get__(self, instance: Async, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        return MethodType(self._now if isinstance(instance, Sync) else self._awaited, instance)


class lazy_method(Generic[P, S, A]):  # noqa: N801 - a decorator
    """Decorator: turn a description of a result into the result, on either kind of client.

    Parameters
    ----------
    function
        Returns a description, without I/O.
    now, awaited
        ``(description, driver)`` -> the result on a `Sync` and on an `Async`.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Any, P], Any],
        now: Callable[[Any, Any], S],
        awaited: Callable[[Any, Any], A],
    ) -> None:
        self.__doc__ = function.__doc__
        signature = inspect.signature(function).replace(return_annotation=now)

        @wraps(function)
        def made(instance: Any, /, *args: P.args, **options: P.kwargs) -> S | A:
            make = now if isinstance(instance, Sync) else awaited
            return make(function(instance, *args, **options), instance.driver)

        setattr(made, "__signature__", signature)  # noqa: B010 - unknown to type checkers
        self._made = made
        self.describe = function

    @overload
    def __get__(self, instance: None, owner: type) -> lazy_method[P, S, A]: ...

    @overload
    def __get__(self, instance: Sync, owner: type) -> Callable[P, S]: ...

    @overload
    def __get__(self, instance: Async, owner: type) -> Callable[P, A]: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else MethodType(self._made, instance)


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(function)
    returned = signature.return_annotation
    if isinstance(returned, str) and returned.startswith("Steps["):
        signature = signature.replace(return_annotation=returned[len("Steps[") : -1])
    return signature
