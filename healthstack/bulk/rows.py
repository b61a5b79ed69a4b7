"""Inserting many rows quickly: no model's own saving, no query to compile for each batch, primary keys given here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    table = _table(type(rows[0]))
    for row in rows:
        for field in table.parents:
            # A parent that was inserted after the row had been made; set so that Django keeps the parent that it knows.
            if row.__dict__[field.attname] is None and field.is_cached(row):
                row.__dict__[field.attname] = getattr(field.get_cached_value(row), "pk", None)
    _insert(type(rows[0]), [row.__dict__ for row in rows])
    return rows


def insert_values(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows that nothing is asked of afterwards, each the values of its columns: making models of them takes longer.

    What a row leaves out gets the field's default; the same one for all rows.
    """
    defaults = {field.attname: field.get_default() for field in model._meta.concrete_fields}
    _insert(model, [{**defaults, **row} for row in rows])


def _insert(model: type[models.Model], states: list[dict[str, Any]]) -> None:
    table, now = _table(model), timezone.now()
    if not states:
        return
    if table.key:
        last = model._base_manager.aggregate(last=Max("pk"))["last"] or 0
        for number, state in enumerate(states, last + 1):
            state[table.key] = number
    with connection.cursor() as cursor:
        cursor.executemany(table.statement, [_values(table, state, now) for state in states])
        for reset in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(reset)


def _values(table: _Table, state: dict[str, Any], now: Any) -> list[Any]:
    for name in table.made:
        state[name] = state[name] or now
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
    if isinstance(field, models.DateField):
        return connection.ops.adapt_datefield_value
    if isinstance(field, models.DecimalField):
        digits, places = field.max_digits, field.decimal_places
        return lambda value: connection.ops.adapt_decimalfield_value(value, digits, places)
    if isinstance(field, AS_THEY_ARE) and type(field).__module__.startswith("django."):
        return None
    return lambda value: field.get_db_prep_save(value, connection)
