"""A day's work: a doctor's own, and a hospital's."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.http import page_of, permit

from .. import queries
from ..forms.visits import read_day
from ..models import Appointment

PAGE = 20
STATES = [
    Appointment.Status.PENDING,
    Appointment.Status.BOOKED,
    Appointment.Status.ARRIVED,
    Appointment.Status.FULFILLED,
    Appointment.Status.NOSHOW,
    Appointment.Status.CANCELLED,
]


def _label(state: str) -> str:
    """Return what a state is called on the pages of those who answer."""
    if state == Appointment.Status.PENDING:
        return _("Waiting for your answer")
    return str(Appointment.Status(state).label)


def _day(request: HttpRequest, today: dt.date) -> dict[str, Any]:
    day = read_day(request.GET.get("day", "")) or today
    # A year that no date has, one step further on
    day = min(max(day, dt.date(2000, 1, 1)), dt.date(2199, 1, 1))
    one = dt.timedelta(days=1)
    return {"day": day, "today": today, "before": day - one, "after": day + one}


@require_safe
@permit("appointments.view_own_day")
def doctor_day(request: HttpRequest) -> HttpResponse:
    """The doctor's visits of a day in all hospitals, and what waits for an answer on other days."""
    today = timezone.now().astimezone(queries.zone_of_hospitals(request.area.hospital_ids)).date()
    days = _day(request, today)
    visits = list(queries.day_of_doctor(request.doctor, days["day"]))
    states = [visit.status for visit in visits]
    own = Appointment.objects.for_doctor(request.doctor).not_over()
    context = {
        **days,
        "visits": visits,
        "figures": [(_label(state), states.count(state)) for state in STATES if state in states],
        "waiting": queries.waiting_visits(own, but_on=days["day"])[:20],
    }
    return render(request, "appointments/doctor_day.html", context)


@require_safe
@permit("appointments.view_day")
def hospital_day(request: HttpRequest, slug: str) -> HttpResponse:
    """A hospital's visits of a day: figures, search, one doctor's only; what waits on other days."""
    hospital = request.hospital
    days = _day(request, hospital.local(timezone.now()).date())
    doctor, text, state = (request.GET.get(name, "").strip()[:100] for name in ("doctor", "q", "status"))
    state = state if state in STATES else ""
    figures = queries.day_figures(queries.all_of_day(hospital, days["day"]))
    rows = queries.day_of_hospital(hospital, days["day"], doctor_id=doctor, text=text, status=state)
    page = page_of(request, rows, size=PAGE)
    coming = Appointment.objects.filter(hospital=hospital).not_over()
    context = {
        **days,
        "page_obj": page,
        "rows": _with_payment(page),
        "figures": figures,
        "states": [(each.value, _label(each), figures.by_status.get(each, 0)) for each in STATES],
        "doctor": doctor,
        "q": text,
        "state": state,
        "waiting": queries.waiting_visits(coming, but_on=days["day"])[:20],
    }
    return render(request, "appointments/day.html", context)


def _with_payment(page: Any) -> list[tuple[Appointment, Any]]:
    visits = list(page)
    invoices = queries.payment_states(visits) if visits else {}
    return [(visit, invoices.get(visit.pk)) for visit in visits]
