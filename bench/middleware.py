"""Counts the queries of a request that asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

ASK = "X-Bench-Queries"
NO_QUESTION = ("PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")
LEDGER = "ledger_entry"


class QueryCountMiddleware:
    """Answers a request that bears the header with how many queries it took; all others pass untouched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if ASK not in request.headers:
            return self.get_response(request)
        statements: list[str] = []

        def count(
            execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
        ) -> Any:
            # Opening the connection is no question that a page asks, and who has read a record is counted apart.
            if not sql.startswith(NO_QUESTION) and LEDGER not in sql:
                statements.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(count):
            response = self.get_response(request)
        response[ASK] = str(len(statements))
        return response
