"""What people are told about visits, with the calendar entry that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.formats import moment
from core.tenancy import in_hospital
from notifications import kinds
from notifications.kinds import Attachment, Bell, Content

from ..models import Appointment
from ..queries import CANCEL, REQUEST, affiliation_to_book, find_visit, ics_of, invoice_of, last_move

Status = Appointment.Status


def _when_and_with_whom(visit: Appointment) -> dict[str, str]:
    # What a bell line says is stored in clear, so it never names a patient.
    return {
        "time": moment(visit.starts_at, visit.hospital.tz),
        "doctor": visit.doctor.name,
        "hospital": visit.hospital.name,
    }


def _content(method: str | None) -> Callable[[str, int], Content]:
    def context(reference: str, version: int) -> Content:
        visit = find_visit(reference)
        with in_hospital(visit.hospital_id):
            values: dict[str, Any] = {
                "visit": visit,
                "hospital": visit.hospital,
                "name": visit.patient.name,
                "doctor": visit.doctor.name,
                "invoice": invoice_of(visit),
                "move": last_move(visit),
                "other_times_url": _other_times(visit),
            }
        if visit.patient.user_id:
            path = reverse("appointments:visit", args=[visit.public_id])
            values |= {
                "action_url": f"{settings.PUBLIC_URL}{path}",
                "action_label": gettext_lazy("See the visit"),
            }
        files = (_calendar(visit, method),) if method else ()
        return Content(values, hospital_name=visit.hospital.name, attachments=files)

    return context


def _other_times(visit: Appointment) -> str:
    """Return where the patient finds another time, after the hospital called the visit off."""
    if visit.status != Status.CANCELLED or visit.cancelled_by == Appointment.Side.PATIENT:
        return ""
    path = reverse("appointments:search")
    if affiliation_to_book(visit.affiliation.public_id):
        path = f"{reverse('appointments:doctor', args=[visit.doctor.public_id])}?at={visit.hospital.slug}"
    return f"{settings.PUBLIC_URL}{path}"


def _calendar(visit: Appointment, method: str) -> Attachment:
    return Attachment("visit.ics", ics_of(visit, method), f"text/calendar; method={method}")


def _line(words: Any, *, while_asked: Any = "") -> Callable[[str, int], Bell]:
    def bell(reference: str, version: int) -> Bell:
        visit = find_visit(reference)
        is_asked = while_asked and visit.status == Status.PENDING
        title = str(while_asked if is_asked else words) % _when_and_with_whom(visit)
        return Bell(title, reverse("appointments:visit", args=[visit.public_id]))

    return bell


def _while(*states: str) -> Callable[[str, int], bool]:
    def still_true(reference: str, version: int) -> bool:
        visit = find_visit(reference)
        return visit.version == version and visit.status in states

    return still_true


def _new_visit(reference: str, version: int) -> Bell:
    visit = find_visit(reference)
    words = _("New visit: %(time)s, %(hospital)s")
    if visit.status == Status.PENDING:
        words = _("Waiting for your answer: %(time)s, %(hospital)s")
    elif visit.version > 1:
        words = _("Moved to %(time)s, %(hospital)s")
    return _doctors_line(visit, words)


def _visit_cancelled(reference: str, version: int) -> Bell:
    visit = find_visit(reference)
    words = _("Cancelled by the hospital: %(time)s, %(hospital)s")
    if visit.cancelled_by == Appointment.Side.PATIENT:
        words = _("Cancelled by the patient: %(time)s, %(hospital)s")
    return _doctors_line(visit, words)


def _doctors_line(visit: Appointment, words: str) -> Bell:
    path = reverse("appointments:doctor_visit", args=[visit.public_id])
    return Bell(words % _when_and_with_whom(visit), path)


kinds.register(
    kinds.Kind(
        "appointments.booked",
        gettext_lazy("A visit was booked"),
        _content(REQUEST),
        bell=_line(
            gettext_lazy("Booked: %(time)s with %(doctor)s"),
            while_asked=gettext_lazy("You asked for %(time)s with %(doctor)s"),
        ),
        still_true=_while(*Appointment.LIVE),
    )
)
kinds.register(
    kinds.Kind(
        "appointments.accepted",
        gettext_lazy("A visit was accepted"),
        _content(REQUEST),
        bell=_line(gettext_lazy("Accepted: %(time)s with %(doctor)s")),
        still_true=_while(Status.BOOKED, Status.ARRIVED),
    )
)
kinds.register(
    kinds.Kind(
        "appointments.moved",
        gettext_lazy("A visit was moved"),
        _content(REQUEST),
        bell=_line(gettext_lazy("Moved to %(time)s with %(doctor)s")),
        still_true=_while(*Appointment.LIVE),
    )
)
kinds.register(
    kinds.Kind(
        "appointments.declined",
        gettext_lazy("A visit was declined"),
        _content(CANCEL),
        bell=_line(gettext_lazy("Declined: %(time)s with %(doctor)s")),
        still_true=_while(Status.CANCELLED),
    )
)
kinds.register(
    kinds.Kind(
        "appointments.cancelled",
        gettext_lazy("A visit was cancelled"),
        _content(CANCEL),
        bell=_line(gettext_lazy("Cancelled: %(time)s with %(doctor)s")),
        still_true=_while(Status.CANCELLED),
    )
)
kinds.register(
    kinds.Kind(
        "appointments.new_visit",
        gettext_lazy("A visit was booked with you, or moved"),
        bell=_new_visit,
        mail=False,
    )
)
kinds.register(
    kinds.Kind(
        "appointments.visit_cancelled",
        gettext_lazy("A visit with you was cancelled"),
        bell=_visit_cancelled,
        mail=False,
    )
)
