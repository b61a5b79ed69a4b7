"""A visit as a calendar entry (RFC 5545, 5546)."""

from __future__ import annotations

import datetime as dt

import icalendar
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Appointment

PUBLISH, REQUEST, CANCEL = "PUBLISH", "REQUEST", "CANCEL"


def ics_of(visit: Appointment, method: str = PUBLISH) -> bytes:
    """Return the entry; the visit comes with doctor, hospital, patient and affiliation.

    Its id stays the same for good and its sequence goes up with each new time, so that calendars replace what they have.
    It says who and where, and nothing of what the visit is about.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//HealthStack//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_event(visit, method))
    content: bytes = calendar.to_ical()
    return content


def _event(visit: Appointment, method: str) -> icalendar.Event:
    cancelled = visit.status == Appointment.Status.CANCELLED
    event = icalendar.Event()
    event.add("uid", f"{visit.public_id}@{_domain()}")
    event.add("sequence", visit.version + cancelled)
    event.add("dtstamp", timezone.now())
    event.add("dtstart", visit.starts_at.astimezone(dt.UTC))
    event.add("dtend", visit.ends_at.astimezone(dt.UTC))
    event.add("summary", _("Visit with %(doctor)s") % {"doctor": visit.doctor.name})
    event.add("location", ", ".join(_place(visit)))
    event.add("status", _state(visit))
    event.add("url", f"{settings.PUBLIC_URL}/me/visits/{visit.public_id}/")
    if method != PUBLISH:
        _add_people(event, visit)
    return event


def _state(visit: Appointment) -> str:
    if visit.status == Appointment.Status.CANCELLED:
        return "CANCELLED"
    return "TENTATIVE" if visit.status == Appointment.Status.PENDING else "CONFIRMED"


def _place(visit: Appointment) -> list[str]:
    hospital = visit.hospital
    parts = [hospital.name, visit.affiliation.room, hospital.address, hospital.area, hospital.city]
    return [part for part in parts if part]


def _add_people(event: icalendar.Event, visit: Appointment) -> None:
    organizer = icalendar.vCalAddress(f"MAILTO:{_address()}")
    organizer.params["cn"] = icalendar.vText(visit.hospital.name)
    event["organizer"] = organizer
    email = getattr(visit.patient.recipient, "email", "")
    if email:
        attendee = icalendar.vCalAddress(f"MAILTO:{email}")
        attendee.params["cn"] = icalendar.vText(visit.patient.name)
        attendee.params["partstat"] = icalendar.vText("ACCEPTED")
        attendee.params["rsvp"] = icalendar.vText("FALSE")
        event.add("attendee", attendee, encode=False)


def _address() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].strip("> ")


def _domain() -> str:
    return _address().rpartition("@")[2] or "localhost"
