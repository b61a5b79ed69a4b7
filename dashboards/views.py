"""The first page of each role, and the public home."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.http import permit
from doctors.models import Doctor
from doctors.queries import waiting_at
from hospitals.models import Role
from hospitals.queries import places_without_access
from hospitals.rules import workplaces_of
from patients.models import Patient

from . import queries


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The public home: search first, then who is free next."""
    context = {
        "cards": queries.next_free_cards(limit=3),
        "hospitals": queries.hospitals_with_counts(),
        "specialities": queries.popular_specialities(),
    }
    return render(request, "dashboards/home.html", context)


@login_required
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Send a person to the first page of what they do here."""
    if request.user.is_platform_admin:
        return redirect("dashboards:platform")
    places = workplaces_of(request.user)
    for place in places:
        if place.roles - {Role.DOCTOR}:
            return redirect("dashboards:hospital", slug=place.slug)
    if places or Doctor.objects.filter(user=request.user).exists():
        return redirect("dashboards:doctor")
    if Patient.objects.filter(user=request.user).exists():
        return redirect("dashboards:patient")
    return redirect("dashboards:away" if places_without_access(request.user) else "patients:become")


@login_required
@require_safe
def away(request: HttpRequest) -> HttpResponse:
    """Say where the person can't work any more and why, and what to do; whoever lost nothing goes to the first page."""
    places = places_without_access(request.user)
    if not places:
        return redirect("dashboards:start")
    return render(request, "dashboards/away.html", {"places": places, "works": workplaces_of(request.user)})


@require_safe
@permit("dashboards.view_patient")
def patient(request: HttpRequest) -> HttpResponse:
    """A patient's first page: the next visit, then what waits."""
    overview = queries.patient_overview(request.patient)
    return render(request, "dashboards/patient.html", {"patient": request.patient, **overview})


@require_safe
@permit("dashboards.view_doctor")
def doctor(request: HttpRequest) -> HttpResponse:
    """A doctor's first page: what waits for a decision, then the next visits."""
    overview = queries.doctor_overview(request.doctor)
    if not request.area.hospital_ids:
        overview["applied"] = waiting_at(request.doctor)
        overview["places"] = places_without_access(request.user)
    return render(request, "dashboards/doctor.html", {"doctor": request.doctor, **overview})


@require_safe
@permit("dashboards.view_hospital")
def hospital(request: HttpRequest, slug: str) -> HttpResponse:
    """The first page of a hospital's staff; admins see more."""
    overview = queries.hospital_overview(request.hospital)
    is_admin = Role.ADMIN in request.area.roles
    if is_admin:
        overview |= queries.admin_overview(request.hospital)
    today = request.hospital.local(timezone.now())
    context = {"hospital": request.hospital, "is_admin": is_admin, "today": today, **overview}
    return render(request, "dashboards/hospital.html", context)


@require_safe
@permit("dashboards.view_platform")
def platform(request: HttpRequest) -> HttpResponse:
    """The platform admin's first page."""
    context = {"zone": settings.PLATFORM_ZONE, **queries.platform_overview()}
    return render(request, "dashboards/platform.html", context)
