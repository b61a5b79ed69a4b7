"""The scheduler: one process holds the lease and runs the table of periodic commands."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import socket
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections, transaction
from django.utils import timezone

from core.background import Periodic, periodic_commands
from core.models import Lease, PeriodicRun

logger = logging.getLogger(__name__)
LEASE_SECONDS = 5


def take_lease(holder: str) -> bool:
    """Take or renew the scheduler's lease; False while another process holds it."""
    now = timezone.now()
    until = now + dt.timedelta(seconds=LEASE_SECONDS)
    with transaction.atomic():
        leases = Lease.objects.select_for_update(no_key=True, of=("self",))
        lease, created = leases.get_or_create(name="scheduler", defaults={"holder": holder, "until": until})
        if not created and lease.holder != holder and lease.until > now:
            return False
        lease.holder, lease.until = holder, until
        lease.save(update_fields=["holder", "until"])
        return True


def run_due(command: Periodic) -> bool:
    """Run the command if its interval has passed; its failure is kept in its row and does not stop the others."""
    now = timezone.now()
    row = PeriodicRun.objects.filter(name=command.name).first()
    if row and row.last_run > now - dt.timedelta(seconds=command.every):
        return False
    error = ""
    try:
        command.run()
    except Exception as problem:
        logger.exception("Periodic command %s failed", command.name)
        error = f"{type(problem).__name__}: {problem}"[:2000]
    PeriodicRun.objects.update_or_create(name=command.name, defaults={"last_run": now, "last_error": error})
    return True


class Command(BaseCommand):
    help = "Run the periodic commands, one process at a time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Run what is due and stop.")

    def handle(self, *args: Any, **options: Any) -> None:
        holder = f"{socket.gethostname()}:{os.getpid()}"
        stop = threading.Event()
        if not options["once"]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            close_old_connections()
            for command in periodic_commands():
                if stop.is_set() or not take_lease(holder):
                    break
                run_due(command)
            if options["once"]:
                return
            stop.wait(1)
