"""The base of everything that talks to an outside world."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connections

Method = TypeVar("Method", bound=Callable[..., Any])


class GatewayUnavailable(Exception):
    """The outcome is unknown: a time-out, a refused connection, a server error or an answer nobody can read."""


class GatewayRefused(Exception):
    """The gateway answered and said no; `str(error)` is its reason, not a sentence for people."""


class GatewayInTransaction(RuntimeError):
    """A gateway was called inside a database transaction: commit the intent first, then ask."""


class Gateway:
    """A way to an outside world; no public method of a subclass runs inside a database transaction.

    Raises GatewayInTransaction. Methods marked `@offline`, properties, class and static methods are left alone.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, member in list(vars(cls).items()):
            guarded = inspect.isfunction(member) and not name.startswith("_")
            if guarded and not getattr(member, "_works_offline", False):
                setattr(cls, name, _outside_transactions(member))


def offline(method: Method) -> Method:
    """Mark a method that only computes and may therefore run anywhere."""
    method._works_offline = True  # type: ignore[attr-defined]
    return method


def refuse_in_transaction(what: str) -> None:
    """Raise GatewayInTransaction when this thread has a transaction open on any database."""
    for connection in connections.all(initialized_only=True):
        blocks = connection.atomic_blocks
        # A test case's own outer block is no transaction of ours; `atomic(durable=True)` looks at the same flag.
        if connection.in_atomic_block and not (blocks and getattr(blocks[-1], "_from_testcase", False)):
            raise GatewayInTransaction(
                f"{what} was called inside a transaction: one 10 s time-out would hold the only write lock."
            )


def _outside_transactions(method: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def guarded_async(self: Gateway, *args: Any, **kwargs: Any) -> Any:
            refuse_in_transaction(f"{type(self).__name__}.{method.__name__}")
            return await method(self, *args, **kwargs)

        return guarded_async

    @functools.wraps(method)
    def guarded(self: Gateway, *args: Any, **kwargs: Any) -> Any:
        refuse_in_transaction(f"{type(self).__name__}.{method.__name__}")
        return method(self, *args, **kwargs)

    return guarded
