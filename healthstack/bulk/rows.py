"""Inserting many rows quickly: no model's own saving, no query to compile for each batch, primary keys given here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Max
from django.utils import timezone

Row = TypeVar("Row", bound=models.Model)
AS_THEY_ARE = (
    models.CharField, models.TextField, models.IntegerField, models.BooleanField, models.BinaryField, models.ForeignKey,
)  # fmt: skip


@dataclass(frozen=True)
class _Table:
    """How rows of a model become parameters: the columns' attributes, and what has to be adapted at which place."""

    statement: str
    names: list[str]
    adapted: list[tuple[int, Callable[[Any], Any]]]
    parents: list[Any]
    key: str  # empty when the rows bring their own
    made: list[str]  # attributes that are now where nothing else is said


def insert(rows: Sequence[Row]) -> Sequence[Row]:
    """Insert rows of one model in the order given; they have their primary keys afterwards.

    What `auto_now_add` would write is written only where the row says nothing else, so a row can lie in the past.
    """
    if not rows:
        return rows
    model = type(rows[0])
    table = _table(model)
    if table.key:
        last = model._base_manager.aggregate(last=Max("pk"))["last"] or 0
        for number, row in enumerate(rows, last + 1):
            row.__dict__[table.key] = number
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.executemany(table.statement, [_values(table, row, now) for row in rows])
        for reset in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(reset)
    return rows


def _values(table: _Table, row: models.Model, now: Any) -> list[Any]:
    state = row.__dict__
    for name in table.made:
        state[name] = state[name] or now
    for field in table.parents:
        # A parent that was inserted after the row had been made; set so that Django keeps the parent that it knows.
        if state[field.attname] is None and field.is_cached(row):
            state[field.attname] = getattr(field.get_cached_value(row), "pk", None)
    values = [state[name] for name in table.names]
    for place, adapt in table.adapted:
        values[place] = adapt(values[place])
    return values


@cache
def _table(model: type[models.Model]) -> _Table:
    quote, key = connection.ops.quote_name, model._meta.pk
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    return _Table(
        statement=f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})",
        names=[field.attname for field in fields],
        adapted=[
            (place, adapt) for place, field in enumerate(fields) if (adapt := _adapter(field)) is not None
        ],
        parents=[field for field in fields if field.is_relation],
        key=key.attname if isinstance(key, models.AutoField) else "",
        made=[
            field.attname
            for field in fields
            if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False)
        ],
    )


def _adapter(field: Any) -> Callable[[Any], Any] | None:
    """Return what a value needs before the database takes it; None when it is taken as it is."""
    if isinstance(field, models.DateTimeField):
        adapt: Callable[[Any], Any] = connection.ops.adapt_datetimefield_value
        return adapt
    if isinstance(field, AS_THEY_ARE) and type(field).__module__.startswith("django."):
        return None
    return lambda value: field.get_db_prep_save(value, connection)
