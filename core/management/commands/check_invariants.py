"""Ask every invariant; tests, seeds and operators share this command."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.invariants import breaks_of, invariant_names


class Command(BaseCommand):
    help = (
        "Check what must hold in the data at any time; exits 1 and lists the breaks when something does not."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        breaks = 0
        for name in invariant_names():
            found = breaks_of(name)
            breaks += len(found)
            self.stdout.write(f"{'ok  ' if not found else 'BREAK'} {name}")
            for sentence in found[:50]:
                self.stdout.write(f"      {sentence}")
        if breaks:
            counted = "1 break" if breaks == 1 else f"{breaks} breaks"
            raise CommandError(
                f"{counted}. Nothing was changed; the lines below each BREAK say what is wrong."
            )
        self.stdout.write(f"All {len(invariant_names())} invariants hold.")
