"""What the pages of visits share: where they lead, days to choose from, cancelling and moving."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.formats import moment
from core.http import errors_to, form_page, posted
from core.money import format_money, round_money
from doctors.models import Affiliation

from .. import operations, queries
from ..forms.visits import MoveForm, ReasonForm, RescheduleForm, read_day
from ..models import Appointment


@dataclass(frozen=True)
class Pages:
    """Whose pages these are: the first part of their route names, and how their addresses begin."""

    prefix: str
    side: Appointment.Side = Appointment.Side.HOSPITAL

    def url(self, name: str, visit: Appointment) -> str:
        """Return the address of the visit's page of that name."""
        args = [visit.hospital.slug, visit.public_id] if self.prefix == "desk_" else [visit.public_id]
        return reverse(f"appointments:{self.prefix}{name}", args=args)

    def urls(self, visit: Appointment) -> dict[str, str]:
        """Return the addresses of all acts on the visit in this area."""
        acts = ["visit", "cancel", "reschedule"]
        is_own = self.side == Appointment.Side.PATIENT
        acts += ["release", "calendar_file"] if is_own else ["accept", "decline", "no_show"]
        return {name: self.url(name, visit) for name in acts}


MINE = Pages("", Appointment.Side.PATIENT)
DOCTORS = Pages("doctor_")
DESKS = Pages("desk_")


# Days and times


@dataclass(frozen=True)
class Day:
    """One day of the two weeks: how many times are free on it."""

    date: dt.date
    free: int
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """Two weeks of days, and the free times of one of them by the part of the day."""

    days: list[Day]
    chosen: dt.date
    parts: list[tuple[str, list[dt.datetime]]]
    earlier: dt.date | None
    later: dt.date | None


def day_choice(affiliation: Affiliation, wanted: str, *, or_next: bool = False) -> Choice:
    """Return the days to choose from: the two weeks that hold the wanted day, else from today on.

    With `or_next` a wanted day without a free time gives way to the next one that has some.
    """
    today = affiliation.hospital.local(timezone.now()).date()
    day = read_day(wanted)
    last = today + dt.timedelta(days=queries.HORIZON_DAYS - 1)
    day = day if day and today <= day <= last else None
    step = queries.PROFILE_DAYS
    first = today + dt.timedelta(days=((day or today) - today).days // step * step)
    free = queries.free_by_day(affiliation, days=min(step, (last - first).days + 1), first=first)
    open_days = [date for date, starts in free.items() if starts]
    chosen = day or next(iter(open_days), first)
    if or_next:
        chosen = next((date for date in open_days if date >= chosen), chosen)
    later = first + dt.timedelta(days=step)
    return Choice(
        days=[Day(date, len(starts), date == chosen) for date, starts in free.items()],
        chosen=chosen,
        parts=_parts(affiliation, free[chosen]),
        earlier=first - dt.timedelta(days=step) if first > today else None,
        later=later if later <= last else None,
    )


def _parts(affiliation: Affiliation, starts: list[dt.datetime]) -> list[tuple[str, list[dt.datetime]]]:
    parts: dict[str, list[dt.datetime]] = {_("Morning"): [], _("Afternoon"): [], _("Evening"): []}
    names = list(parts)
    for start in starts:
        hour = affiliation.hospital.local(start).hour
        parts[names[0 if hour < 12 else 1 if hour < 17 else 2]].append(start)
    return [(name, found) for name, found in parts.items() if found]


# Money


def loss_in_words(visit: Appointment) -> str:
    """Say what the patient gets back when the patient cancels now."""
    refund, currency = queries.refund_if_cancelled(visit), visit.hospital.currency
    if refund.paid == 0:
        return _("Nothing was paid, so there is nothing to give back.")
    words = {"back": format_money(refund.back, currency), "paid": format_money(refund.paid, currency)}
    if refund.back == 0:
        return _("It is too late for money back: none of the %(paid)s returns.") % words
    return _("%(back)s of %(paid)s goes back.") % words


# Acts


def say_done(request: HttpRequest, visit: Appointment, words: str) -> None:
    """Say to staff what was done, and that the patient is told; who has to be called, the visit's page says."""
    told = _("%(name)s is told.") % {"name": visit.patient.name} if visit.patient.is_reached else ""
    messages.success(request, f"{words} {told}".strip())


def _say(request: HttpRequest, visit: Appointment, pages: Pages, words: str) -> None:
    if pages.side == Appointment.Side.PATIENT:
        messages.success(request, words)
    else:
        say_done(request, visit, words)


def move_page(request: HttpRequest, visit: Appointment, pages: Pages) -> HttpResponse:
    """Show the free times of the visit's doctor; a chosen one becomes the visit's."""
    form = (RescheduleForm if pages.side == Appointment.Side.PATIENT else MoveForm)(posted(request))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            new = form.cleaned_data
            start, reason = new["start"], new.get("reason", "")
            operations.reschedule_appointment(
                visit, starts_at=start, side=pages.side, reason=reason, by=request.user
            )
            words = _("Moved to %(time)s.") % {"time": moment(start, visit.hospital.tz)}
            _say(request, visit, pages, words)
            return redirect(pages.url("visit", visit))
    context = {"visit": visit, "hospital": visit.hospital, "urls": pages.urls(visit), "pages": pages}
    context["choice"] = day_choice(visit.affiliation, request.GET.get("day", ""))
    if pages.side == Appointment.Side.PATIENT:
        share = queries.own_share(visit)
        context |= {"too_late": share == 0, "share": share, "most": round_money(visit.fee * share)}
    return form_page(request, "appointments/reschedule.html", form, context)


def ask_page(
    request: HttpRequest,
    template: str,
    visit: Appointment,
    pages: Pages,
    form: BaseForm,
    act: Callable[[Any], str],
    **shown: Any,
) -> HttpResponse:
    """Ask before an act; done, say so and go back to the visit. `act` gets the form's values and returns the words."""
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            _say(request, visit, pages, act(form.cleaned_data))
            return redirect(pages.url("visit", visit))
    context = {"visit": visit, "hospital": visit.hospital, "urls": pages.urls(visit), "pages": pages}
    return form_page(request, template, form, {**context, **shown})


def back_words(back: Decimal, visit: Appointment) -> str:
    """Say to staff what goes back to the patient of a visit that they called off."""
    if not back:
        return _("Nothing was paid.")
    return _("%(back)s goes back to the patient.") % {"back": format_money(back, visit.hospital.currency)}


def decline_page(request: HttpRequest, visit: Appointment, pages: Pages) -> HttpResponse:
    """Decline a visit that waits, with a reason."""

    def act(values: dict[str, Any]) -> str:
        back = operations.decline_appointment(visit, reason=values["reason"], by=request.user)
        return _("Declined.") + " " + back_words(back, visit)

    form, paid = ReasonForm(posted(request)), queries.refund_if_cancelled(visit).paid
    return ask_page(request, "appointments/decline.html", visit, pages, form, act, paid=paid)


def accept_and_return(request: HttpRequest, visit: Appointment, pages: Pages) -> HttpResponse:
    """Accept a visit that waits."""
    operations.accept_appointment(visit, by=request.user)
    say_done(request, visit, _("Accepted."))
    return redirect(pages.url("visit", visit))


def no_show_page(request: HttpRequest, visit: Appointment, pages: Pages) -> HttpResponse:
    """Note that the patient did not come, after asking."""
    if request.method == "POST":
        operations.mark_no_show(visit, by=request.user)
        messages.success(request, _("Noted that %(name)s did not come.") % {"name": visit.patient.name})
        return redirect(pages.url("visit", visit))
    context = {"visit": visit, "hospital": visit.hospital, "urls": pages.urls(visit)}
    return render(request, "appointments/no_show.html", context)
