"""Write the list of specialities into the database."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from doctors.operations import load_specialities


class Command(BaseCommand):
    """Load what doctors and patients choose from; harmless to repeat."""

    help = "Write the list of specialities into the database, or bring it up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{load_specialities()} specialities.")
