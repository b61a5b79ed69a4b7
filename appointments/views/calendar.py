"""A doctor's calendar at each hospital; fee and rules, and the end of the work there, also for the hospital's admin."""

from __future__ import annotations

from typing import Any

import rules
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core.formats import day as day_words
from core.http import errors_to, form_page, permit, posted, require_form
from doctors.models import Affiliation, ScheduleException, TimeOff
from doctors.queries import affiliation_in_full, workplaces_of_doctor

from .. import operations
from ..forms.calendar import BookingRulesForm, ExceptionForm, TimeOffForm, WeekForm
from ..operations import BookingsHit
from ..queries import PROFILE_DAYS, calendar_of, free_by_day

LONGEST_SLUG = 40  # characters of a hospital's short name
manage = "appointments.manage_calendar"
manage_doctor = "doctors.manage_affiliation"


@require_safe
@permit("appointments.view_own_day")
def calendar(request: HttpRequest) -> HttpResponse:
    """Show the calendar at one of the doctor's hospitals, the first one unless `?at=` names another."""
    affiliations = _own_affiliations(request)
    wanted = request.GET.get("at", "")
    if not affiliations:
        return render(request, "appointments/calendar_none.html", {"doctor": request.doctor})
    found = [row for row in affiliations if row.hospital.slug == wanted] if wanted else affiliations
    if not found:
        raise Http404
    return _page(request, found[0], affiliations)


@require_safe
@permit("appointments.view_own_day")
def free(request: HttpRequest, public_id: str) -> HttpResponse:
    """Count the free times of the next two weeks, as patients see them."""
    affiliation = next((row for row in _own_affiliations(request) if row.public_id == public_id), None)
    if affiliation is None:
        raise Http404
    days = [(day, len(starts)) for day, starts in free_by_day(affiliation).items()]
    context = {
        "affiliation": affiliation,
        "days": days,
        "total": sum(count for _day, count in days),
        "span": PROFILE_DAYS,
    }
    template = "appointments/calendar_free.html"
    return render(request, f"{template}#days" if request.htmx else template, context)


@require_form
@permit(manage, Affiliation)
def save_hours(request: HttpRequest, affiliation: Affiliation) -> HttpResponse:
    """Save the hours of the week and say how many booked visits lie outside of them."""
    if request.method != "POST":
        return _back(affiliation)
    form = WeekForm(request.POST, week={})
    if form.is_valid():
        with errors_to(form):
            outside = operations.set_weekly_hours(affiliation, hours=form.hours(), by=request.user)
            messages.success(request, _("Your hours are saved."))
            if outside:
                messages.warning(request, outside_words(outside))
            return _back(affiliation)
    return _page(request, affiliation, week_form=form)


def outside_words(count: int) -> str:
    """Say how many booked visits lie outside of the hours."""
    return ngettext(
        "%(count)s booked visit lies outside of these hours. It stays booked.",
        "%(count)s booked visits lie outside of these hours. They stay booked.",
        count,
    ) % {"count": count}


@require_form
@permit(manage, Affiliation)
def save_rules(request: HttpRequest, affiliation: Affiliation) -> HttpResponse:
    """Save fee, length of a visit and limits."""
    if request.method != "POST":
        return _back(affiliation)
    form = BookingRulesForm(request.POST, affiliation=affiliation)
    if form.is_valid():
        with errors_to(form):
            operations.change_booking_rules(affiliation, rules=form.rules(), by=request.user)
            messages.success(request, _("The rules are saved. They count for new bookings."))
            return _back(affiliation)
    return _page(request, affiliation, rules_form=form)


@require_form
@permit(manage, Affiliation)
def add_exception(request: HttpRequest, affiliation: Affiliation) -> HttpResponse:
    """Add a day that differs from the week."""
    if request.method != "POST":
        return _back(affiliation)
    form = ExceptionForm(request.POST)
    hit: list[Any] = []
    if form.is_valid():
        data = {name: form.cleaned_data[name] for name in ("day", "starts", "ends")}
        with errors_to(form), collecting(hit):
            operations.add_exception(affiliation, **data, by=request.user)
            messages.success(request, _("%(day)s is saved.") % {"day": day_words(data["day"])})
            return _back(affiliation)
    return _page(request, affiliation, exception_form=form, exception_hit=hit)


@require_POST
@permit(manage, Affiliation)
def remove_exception(request: HttpRequest, affiliation: Affiliation, exception_id: str) -> HttpResponse:
    """Let a day be like its weekday again."""
    exception = get_object_or_404(ScheduleException, affiliation=affiliation, public_id=exception_id)
    operations.remove_exception(exception, by=request.user)
    messages.success(request, _("%(day)s is like every week again.") % {"day": day_words(exception.day)})
    return _back(affiliation)


@require_form
@permit(manage, Affiliation)
def take_time_off(request: HttpRequest, affiliation: Affiliation) -> HttpResponse:
    """Take time off, in all hospitals; the times are those of this hospital's zone."""
    if request.method != "POST":
        return _back(affiliation)
    form = TimeOffForm(request.POST, zone=affiliation.hospital.tz)
    hit: list[Any] = []
    if form.is_valid():
        starts_at, ends_at = form.span()
        with errors_to(form), collecting(hit):
            operations.take_time_off(request.doctor, starts_at=starts_at, ends_at=ends_at, by=request.user)
            messages.success(request, _("Your time off is saved. Nobody can book you then."))
            return _back(affiliation)
    return _page(request, affiliation, time_off_form=form, time_off_hit=hit)


@require_POST
@permit("appointments.remove_time_off")
def remove_time_off(request: HttpRequest, time_off_id: str) -> HttpResponse:
    """Take time off back."""
    time_off = get_object_or_404(TimeOff, doctor=request.doctor, public_id=time_off_id)
    operations.remove_time_off(time_off, by=request.user)
    messages.success(request, _("Patients can book you in that time again."))
    page = reverse("appointments:calendar")
    # No longer than a hospital's short name: an address that is too long would be refused after the deed.
    at = request.POST.get("at", "")[:LONGEST_SLUG]
    return redirect(f"{page}?{urlencode({'at': at})}" if at else page)


@require_form
@permit(manage, Affiliation)
def leave_hospital(request: HttpRequest, affiliation: Affiliation) -> HttpResponse:
    """Let a doctor leave a hospital, after asking; refused while visits are to come."""
    return _end(request, affiliation, "appointments/calendar_leave.html", "doctors:workplaces")


@require_form
@permit(manage_doctor, Affiliation)
def end_affiliation(request: HttpRequest, affiliation: Affiliation, slug: str) -> HttpResponse:
    """Let a hospital's admin end a doctor's work there, after asking; refused while visits are to come."""
    affiliation = _not_ended(affiliation)
    back = reverse("doctors:staff_doctors", args=[slug])
    return _end(request, affiliation, "appointments/calendar_end.html", back)


@require_form
@permit(manage_doctor, Affiliation)
def doctor_rules(request: HttpRequest, affiliation: Affiliation, slug: str) -> HttpResponse:
    """Let a hospital's admin change a doctor's fee and rules of booking."""
    affiliation = _not_ended(affiliation)
    form = BookingRulesForm(posted(request), affiliation=affiliation)
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.change_booking_rules(affiliation, rules=form.rules(), by=request.user)
            messages.success(request, _("The rules are saved. They count for new bookings."))
            return redirect("doctors:staff_doctor", slug, affiliation.public_id)
    return form_page(request, "appointments/calendar_rules.html", form, {"affiliation": affiliation})


class collecting:  # noqa: N801 - used like a function
    """Keep the visits of a BookingsHit that leaves the block, which goes on to the form."""

    def __init__(self, visits: list[Any]) -> None:
        self.visits = visits

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, BookingsHit):
            self.visits.extend(error.visits)


def _end(request: HttpRequest, affiliation: Affiliation, template: str, back: str) -> HttpResponse:
    hit: list[Any] = []
    status = 200
    if request.method == "POST":
        try:
            operations.leave_hospital(affiliation, by=request.user)
        except BookingsHit as error:
            hit, status = error.visits, 409
        else:
            told = {"doctor": affiliation.doctor.name, "hospital": affiliation.hospital.name}
            messages.success(request, _("%(doctor)s does not work at %(hospital)s any more.") % told)
            return redirect(back)
    return render(request, template, {"affiliation": affiliation, "hit": hit}, status=status)


def _not_ended(affiliation: Affiliation) -> Affiliation:
    found = affiliation_in_full(affiliation)
    if found.has_ended:
        raise Http404
    return found


def _own_affiliations(request: HttpRequest) -> list[Affiliation]:
    rows = list(workplaces_of_doctor(request.doctor))
    for row in rows:
        row.doctor = request.doctor
    return rows


def _page(
    request: HttpRequest,
    affiliation: Affiliation,
    affiliations: list[Affiliation] | None = None,
    **shown: Any,
) -> HttpResponse:
    if not rules.has_perm(manage, request.user, affiliation):
        raise PermissionDenied
    affiliations = affiliations or _own_affiliations(request)
    calendar = calendar_of(affiliation, affiliations)
    context = {
        "affiliation": affiliation,
        "affiliations": affiliations,
        "calendar": calendar,
        "doctor": request.doctor,
        "outside": outside_words(calendar.outside) if calendar.outside else "",
        "week_form": WeekForm(week=calendar.week),
        "rules_form": BookingRulesForm(affiliation=affiliation),
        "exception_form": ExceptionForm(),
        "time_off_form": TimeOffForm(zone=affiliation.hospital.tz),
        **shown,
    }
    return render(request, "appointments/calendar.html", context, status=422 if shown else 200)


def _back(affiliation: Affiliation) -> HttpResponse:
    return redirect(f"{reverse('appointments:calendar')}?at={affiliation.hospital.slug}")
