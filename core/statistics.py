"""Statistics of the tables, without which a planner picks the wrong index."""

from __future__ import annotations

from django.db import connection


def refresh_statistics() -> None:
    """Let the database look at its tables anew; on SQLite, which never does by itself, at a sample of each index."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA analysis_limit=1000")
        cursor.execute("ANALYZE")
