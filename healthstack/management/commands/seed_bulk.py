"""Fill a database for measurements."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from dataclasses import fields
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from core.statistics import refresh_statistics
from healthstack.bulk import DoesNotFit, Size, fill, what_is_there

EMPTY = "Name an empty one in DATABASE_URL, such as sqlite:///var/bulk.sqlite3, and run migrate and createcachetable there."
STOP = "If HealthStack runs on it, stop that with Ctrl-C first."


class Command(BaseCommand):
    help = "Fill an empty database with made-up people and visits, for measurements, and check what must hold in it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how many of each; the same seed gives the same names and ids."""
        for one in fields(Size):
            parser.add_argument(f"--{one.name}", type=int, default=one.default, help=f"default {one.default}")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("This is production. Made-up people with a known password must not be here.")
        size = Size(**{one.name: options[one.name] for one in fields(Size)})
        if min(size.hospitals, size.doctors, size.patients) < 1 or size.appointments < 0:
            raise CommandError("There must be at least one hospital, one doctor and one patient.")
        if found := what_is_there():
            raise CommandError(f"This database {found}, so nothing was changed. {EMPTY}")
        started = time.monotonic()
        try:
            counts = fill(size, self.stdout.write)
            refresh_statistics()
        except DoesNotFit as reason:
            raise CommandError(f"{reason} Ask for fewer visits. Nothing was changed.") from reason
        except OperationalError as error:
            raise CommandError(
                f"The database could not be filled ({error}). {STOP} Nothing was changed."
            ) from error
        for what, number in counts.items():
            self.stdout.write(f"{number:>9,} {what}")
        if counts["medicines"] > size.medicines:
            self.stdout.write(
                "The shipped medicines are always loaded, so there are more than were asked for."
            )
        self.stdout.write(f"filled in {time.monotonic() - started:.0f} s")
        call_command("check_invariants", stdout=self.stdout)
        self.stdout.write(f"seed_bulk took {time.monotonic() - started:.0f} s")
