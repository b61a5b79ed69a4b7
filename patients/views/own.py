"""A patient's own pages: sign-up, profile, who has seen the record."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import given_next, safe_next, source_of
from accounts.operations import keep_next
from accounts.throttles import require_mail_try
from core.http import errors_to, form_page, page_of, permit, posted, require_form

from .. import operations, queries
from ..forms import DetailsForm, SignUpForm
from ..models import Patient


@require_form
def sign_up(request: HttpRequest) -> HttpResponse:
    """Create an account; the page says the same whether or not the address had one."""
    form = SignUpForm(posted(request))
    next_url = given_next(request)
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            email = form.cleaned_data["email"]
            require_mail_try(email, source_of(request, email), purpose="sign-up")
            password_hash = make_password(form.cleaned_data["password"])
            operations.sign_up_patient(details=form.details(), password_hash=password_hash)
            keep_next(email, next_url=next_url)
            return render(request, "patients/sign_up_done.html", {"email": email, "next": next_url})
    return form_page(request, "patients/sign_up.html", form, {"next": next_url})


@login_required
@require_form
def become(request: HttpRequest) -> HttpResponse:
    """Ask somebody who has a log-in for what a patient's record needs; a patient goes straight on."""
    if Patient.objects.filter(user=request.user).exists():
        return redirect(safe_next(request, "dashboards:patient"))
    form = DetailsForm(posted(request), initial={"name": request.user.name, "phone": request.user.phone})
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.become_patient(request.user, details=form.details(email=request.user.email))
            return redirect(safe_next(request, "dashboards:patient"))
    return form_page(request, "patients/become.html", form)


@require_form
@permit("patients.change_own")
def profile(request: HttpRequest) -> HttpResponse:
    """See and change one's own details."""
    patient = request.patient
    form = DetailsForm(posted(request), initial=DetailsForm.values_of(patient))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.change_profile(patient, details=form.details(email=patient.email), by=request.user)
            messages.success(request, _("Your details are saved."))
            return redirect("patients:profile")
    return form_page(request, "patients/profile.html", form, {"patient": patient})


@require_safe
@permit("patients.view_own")
def access_log(request: HttpRequest) -> HttpResponse:
    """Who has seen my record: who, which part, when, why, where."""
    page = page_of(request, queries.reads_of(request.patient))
    readings = queries.readings_of(list(page.object_list))
    return render(
        request,
        "patients/access_log.html",
        {"page_obj": page, "readings": readings, "zone": settings.PLATFORM_ZONE},
    )
