"""Draw the data model: one Mermaid diagram a room, written to docs/entities.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import models

PAGE = Path(settings.BASE_DIR) / "docs" / "entities.md"
ROOMS = (
    "records", "appointments", "billing", "doctors", "patients", "formulary", "hospitals", "accounts", "notifications",
    "ledger", "core",
)  # fmt: skip


def draw() -> str:
    """Return the page: what each room's tables hold, and what they point at."""
    parts = [
        "# Entities",
        "",
        "Made by `python manage.py draw_entities` from the models; a test compares.",
        "",
    ]
    for room in ROOMS:
        config = apps.get_app_config(room)
        parts += [f"## {room}", "", "```mermaid", "erDiagram"]
        for model in sorted(config.get_models(), key=lambda one: one.__name__):
            parts += _entity(model)
        parts += ["```", ""]
        for model in sorted(config.get_models(), key=lambda one: one.__name__):
            parts.append(f"- **{model.__name__}**: {_sentence(model)}")
        parts.append("")
    return "\n".join(parts)


def _entity(model: type[models.Model]) -> list[str]:
    lines = [f"  {model.__name__} {{"]
    lines += [f"    {type(field).__name__} {field.name}" for field in _own_fields(model)]
    lines.append("  }")
    for field in model._meta.get_fields():
        if isinstance(field, models.ForeignKey):
            target: Any = field.related_model
            ends = "||--o|" if field.unique else "||--o{"
            lines.append(f"  {target.__name__} {ends} {model.__name__} : {field.name}")
    return lines


def _own_fields(model: type[models.Model]) -> list[models.Field]:
    return [field for field in model._meta.concrete_fields if not field.is_relation and field.name != "id"]


def _sentence(model: type[models.Model]) -> str:
    return " ".join((model.__doc__ or "").split()).split(". ")[0].rstrip(".") + "."


class Command(BaseCommand):
    help = "Write docs/entities.md from the models."

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(draw(), encoding="utf-8")
        self.stdout.write(f"Wrote {PAGE.relative_to(settings.BASE_DIR)}.")
