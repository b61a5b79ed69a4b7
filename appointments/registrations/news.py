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
from ..queries import CANCEL, REQUEST, calendar_of, find_visit, moved_from

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
        values: dict[str, Any] = {
            "visit": visit,
            "hospital": visit.hospital,
            "name": visit.patient.name,
            "doctor": visit.doctor.name,
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


def _calendar(visit: Appointment, method: str) -> Attachment:
    return Attachment("visit.ics", calendar_of(visit, method), f"text/calendar; method={method}")


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


def _moved(reference: str, version: int) -> Content:
    content = _content(REQUEST)(reference, version)
    visit = content.values["visit"]
    with in_hospital(visit.hospital_id):
        content.values["moved_from"] = moved_from(visit)
    return content


def _new_visit(reference: str, version: int) -> Bell:
    visit = find_visit(reference)
    words = _("New visit: %(time)s, %(hospital)s")
    if visit.status == Status.PENDING:
        words = _("Waiting for your answer: %(time)s, %(hospital)s")
    return Bell(
        words % _when_and_with_whom(visit), reverse("appointments:doctor_visit", args=[visit.public_id])
    )


kinds.register(
    kinds.Kind(
        "appointments.booked",
        gettext_lazy("A visit was booked"),
        _content(REQUEST),
        bell=_line(
            gettext_lazy("Booked: %(time)s with %(doctor)s"),
            while_asked=gettext_lazy("Asked for: %(time)s with %(doctor)s"),
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
        _moved,
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
        gettext_lazy("A patient booked or moved a visit"),
        bell=_new_visit,
        mail=False,
    )
)
