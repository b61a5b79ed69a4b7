"""The tables keep to the rooms' order too, although string foreign keys escape the import checker."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import models

from . import house

# A lower room may point up at the person who acts and the hospital that owns, and at nothing else.
UPWARD_TARGETS = {settings.AUTH_USER_MODEL, "hospitals.Hospital"}
SIBLINGS = (
    {"doctors", "patients", "formulary"},
    {"dashboards", "api", "chatbot"},
    {"pharmacy", "labs", "wards", "chat"},
)


def _our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in house.rooms()]


def _is_below(label: str, other: str) -> bool:
    """Say whether the room `label` may know the room `other`."""
    rank = house.rooms().index
    are_siblings = any({label, other} <= row for row in SIBLINGS)
    return label == other or (rank(other) > rank(label) and not are_siblings)


def test_foreign_keys_point_downwards_or_at_the_user_and_the_hospital():
    upward = set()
    for model in _our_models():
        for field in model._meta.get_fields():
            target = field.related_model if field.concrete and field.is_relation else None
            if target is None or target._meta.app_label not in house.rooms():
                continue
            if not _is_below(model._meta.app_label, target._meta.app_label):
                upward.add((f"{model._meta.label}.{field.name}", target._meta.label))
    assert [link for link in sorted(upward) if link[1] not in UPWARD_TARGETS] == []


def test_models_do_not_import_gateways():
    reaching = [
        house.name(path)
        for path in house.modules()
        if "models" in (path.stem, path.parent.name) and "gateways" in house.text(path)
    ]
    assert reaching == []


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration():
    missing = StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=missing)
    except SystemExit:
        pytest.fail(missing.getvalue())
    assert "No changes detected" in missing.getvalue()


def test_money_is_never_a_float():
    floats = [
        f"{model._meta.label}.{field.name}"
        for model in _our_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.FloatField)
        and any(word in field.name for word in ("amount", "price", "fee", "tax", "total", "paid", "refund"))
    ]
    assert floats == []


def test_states_are_whole_words():
    short = [
        f"{model._meta.label}.{field.name}: {value}"
        for model in _our_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.CharField) and field.name in {"status", "state"} and field.choices
        for value, _ in field.flatchoices
        if len(str(value)) < 3
    ]
    assert short == []
