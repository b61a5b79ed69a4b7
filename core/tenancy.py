"""Which hospital? The one gate in front of every row that a hospital owns.

django-scopes does the filtering; its gaps are closed here: `None` never means "no filter", `exists()`, `create()` and
`bulk_create()` need a scope too, and a row can't be saved into a hospital that the scope does not name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.db import models
from django_scopes import ScopedManager, scope, scopes_disabled
from django_scopes.exceptions import ScopeError
from django_scopes.manager import DisabledQuerySet
from django_scopes.state import get_scope

__all__ = [
    "DirectoryOwned",
    "HospitalOwned",
    "ScopeError",
    "directory_manager",
    "everywhere",
    "in_hospital",
    "in_hospitals",
    "public_directory",
    "scoped_manager",
]


def _key(hospital: Any) -> int:
    key = getattr(hospital, "pk", hospital)
    if not isinstance(key, int):
        raise TypeError("A scope needs a saved hospital or its primary key.")
    return key


@contextmanager
def in_hospital(hospital: Any) -> Iterator[None]:
    """See and write the rows of one hospital (an instance or its primary key)."""
    with scope(hospital=[_key(hospital)], directory=False):
        yield


@contextmanager
def in_hospitals(hospitals: Iterable[Any]) -> Iterator[None]:
    """See and write the rows of these hospitals; of none, when there are none."""
    with scope(hospital=[_key(hospital) for hospital in hospitals], directory=False):
        yield


@contextmanager
def public_directory() -> Iterator[None]:
    """Read what anyone may read (departments, schedules, fees) of all hospitals, and nothing else; write nothing."""
    with scope(hospital=[], directory=True):
        yield


@contextmanager
def everywhere() -> Iterator[None]:
    """See all hospitals. For the system's own work (audit, sweeps, seeds); never for a person's page."""
    with scopes_disabled():
        yield


def _refuse_write_outside(hospital_ids: Iterable[int | None]) -> None:
    current = get_scope()
    if not current.get("_enabled", True):
        return
    allowed = current.get("hospital")
    if allowed is None:
        raise ScopeError("Writing a hospital's row needs a scope.")
    if any(hospital_id not in allowed for hospital_id in hospital_ids):
        raise ScopeError("This row belongs to a hospital outside the scope.")


class _NoScope(DisabledQuerySet):
    """Without a scope nothing answers, not even the calls that django-scopes lets through."""

    exists = create = bulk_create = bulk_update = contains = in_bulk = DisabledQuerySet.error


class ScopedQuerySet(models.QuerySet):
    """A queryset whose bulk writes stay inside the scope."""

    def for_hospital(self, hospital: Any) -> ScopedQuerySet:
        """Return what the hospital's own pages may fetch by id; a model may say that it is less than all."""
        return self.filter(hospital=hospital)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        rows = list(objs)
        _refuse_write_outside(row.hospital_id for row in rows)
        return super().bulk_create(rows, *args, **kwargs)


def scoped_manager(queryset: type[models.QuerySet] = ScopedQuerySet) -> Any:
    """Return the manager of a model that a hospital owns privately."""
    base = type(ScopedManager(models.Manager.from_queryset(queryset), hospital="hospital"))

    class Manager(base):  # type: ignore[misc, valid-type]
        def get_queryset(self) -> Any:
            rows = super().get_queryset()
            if isinstance(rows, DisabledQuerySet):
                return _NoScope(self.model, using=self._db, missing_scopes=rows.missing_scopes)
            return rows

    return Manager()


def directory_manager(queryset: type[models.QuerySet] = ScopedQuerySet) -> Any:
    """Return the manager of a model that a hospital owns and anyone may read in `public_directory()`."""
    scoped = type(scoped_manager(queryset))

    class Manager(scoped):  # type: ignore[misc, valid-type]
        def get_queryset(self) -> Any:
            if get_scope().get("directory"):
                return queryset(self.model, using=self._db)
            return super().get_queryset()

    return Manager()


class HospitalOwned(models.Model):
    """A row that belongs to one hospital and is seen only inside that hospital's scope."""

    hospital = models.ForeignKey("hospitals.Hospital", on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[Any] = scoped_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save inside the scope; a row of another hospital raises ScopeError."""
        _refuse_write_outside([self.hospital_id])
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete inside the scope; a row of another hospital raises ScopeError."""
        _refuse_write_outside([self.hospital_id])
        return super().delete(*args, **kwargs)


class DirectoryOwned(HospitalOwned):
    """A row that belongs to one hospital and may be read by anyone, like a department or a fee."""

    objects: ClassVar[Any] = directory_manager()

    class Meta:
        abstract = True
