"""Fill the demonstration; repeatable."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from healthstack.demo import seed


class Command(BaseCommand):
    help = "Seed the demonstration's hospitals and people; what is there already stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("This is production. The demonstration's known passwords must not be here.")
        counts = seed()
        self.stdout.write("Demo: " + ", ".join(f"{number} {what}" for what, number in counts.items()))
