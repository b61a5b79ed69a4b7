"""What the test asks of a running portal from inside: `python -m tests.soak.inside people 6`, in the portal's environment.

Answers with one line of JSON. Reads, and makes people; it settles nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import Counter
from typing import Any

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_tasks_db.models import DBTaskResult  # noqa: E402

from accounts.operations import add_verified_user  # noqa: E402
from appointments.models import Appointment  # noqa: E402
from appointments.queries import free_by_day  # noqa: E402
from billing.models import Attempt, Payment, Refund  # noqa: E402
from core.actors import SEED  # noqa: E402
from core.models import PeriodicRun  # noqa: E402
from core.tenancy import everywhere, in_hospital  # noqa: E402
from doctors.models import Affiliation  # noqa: E402
from notifications.models import MailboxMail, Message  # noqa: E402
from patients.operations import PatientDetails, become_patient  # noqa: E402

OPEN_TASKS = ("READY", "RUNNING")
OPEN_MAILS = (Message.Status.QUEUED, Message.Status.SENDING)


def people(number: str, password: str) -> dict[str, Any]:
    """Make so many patients, and return their addresses and every free time to book."""
    password_hash = make_password(password)
    emails = []
    for place in range(int(number)):
        email = f"soak{place}@demo.test"
        user = add_verified_user(
            email=email, name=f"Soak {place}", phone="", password_hash=password_hash, by=SEED
        )
        details = PatientDetails(name=user.name, birth_date=dt.date(1990, 1, 1), email=email)
        become_patient(user, details=details)
        emails.append(email)
    with everywhere():
        places = list(Affiliation.objects.bookable().select_related("hospital", "doctor"))
    times = []
    for place in places:
        with in_hospital(place.hospital):
            days = free_by_day(place, days=21)
        times += [(place.public_id, start.isoformat()) for day in sorted(days) for start in days[day][2:]]
    return {"emails": emails, "times": times}


def open_work() -> dict[str, int]:
    """Return what is not finished yet: tasks, mails, and payments that the gateway has to be asked about."""
    with everywhere():
        return {
            "tasks": DBTaskResult.objects.filter(status__in=OPEN_TASKS).count(),
            "mails": Message.objects.filter(status__in=OPEN_MAILS).count(),
        }


def hurry() -> dict[str, int]:
    """Let what waits for the clock be due now: lost tasks, mails' leases, questions to the gateway."""
    past = timezone.now() - dt.timedelta(hours=1)
    DBTaskResult.objects.filter(status="RUNNING").update(started_at=past)
    Message.objects.filter(status__in=OPEN_MAILS).update(next_attempt_at=past, requeued_at=None)
    PeriodicRun.objects.all().delete()
    with everywhere():
        Attempt.objects.filter(next_check_at__isnull=False).update(next_check_at=past)
    return open_work()


def report() -> dict[str, Any]:
    """Return what there is: visits, attempts with their money, mails, tasks."""
    with everywhere():
        visits = dict(Appointment.objects.values_list("public_id", "status"))
        attempts = [
            _attempt(row) for row in Attempt.objects.filter(method="online").select_related("invoice")
        ]
    sent = set(Message.objects.filter(status=Message.Status.SENT).values_list("public_id", flat=True))
    mails = Counter(MailboxMail.objects.values_list("public_id", flat=True))
    return {
        "visits": visits,
        "attempts": attempts,
        "mails": dict(Counter(Message.objects.values_list("status", flat=True))),
        "sent twice": sum(count > 1 for count in mails.values()),
        "sent and not in the mailbox": len(sent - mails.keys()),
        "in the mailbox and not sent": len(mails.keys() - sent),
        "tried again": Message.objects.filter(attempts__gt=1).count(),
        "tasks": dict(Counter(DBTaskResult.objects.values_list("status", flat=True))),
        "tasks tried again": sum(
            len(ids) > 1 for ids in DBTaskResult.objects.values_list("worker_ids", flat=True)
        ),
    }


def _attempt(row: Attempt) -> dict[str, Any]:
    payment = Payment.objects.filter(attempt=row).first()
    refunds = Refund.objects.filter(payment=payment) if payment else ()
    return {
        "tran_id": row.tran_id,
        "session_key": row.session_key,
        "status": row.status,
        "captured": str(payment.amount) if payment else "",
        "applied": payment is not None
        and row.invoice.status == "paid"
        and payment.applied == row.invoice.total,
        "refund": bool(payment) and sum(refund.amount for refund in refunds) == payment.amount,
    }


COMMANDS = {"people": people, "open_work": open_work, "hurry": hurry, "report": report}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:])) + "\n")
