"""A doctor's own pages: profile, papers, hospitals."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.http import confirm_page, errors_to, form_page, page_of, permit, posted, require_form
from core.uploads import serve_private
from hospitals.models import Hospital

from .. import operations, queries
from ..forms import ApplyForm, CertificateForm, DetailsForm, PhotoForm
from ..models import Application, Certificate

own = "doctors.manage_own_profile"


@require_form
@permit(own)
def profile(request: HttpRequest) -> HttpResponse:
    """See and change what patients and hospitals read."""
    form = DetailsForm(posted(request), initial=DetailsForm.values_of(request.doctor))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            before = request.doctor.licence
            changed = operations.change_profile(request.doctor, details=form.details(), by=request.user)
            messages.success(request, _("Your profile is saved. Patients see it now."))
            if changed.licence != before and request.area.hospital_ids:
                messages.info(request, _("Your hospitals are asked to check the changed licence."))
            return redirect("doctors:profile")
    context = {"doctor": request.doctor, **_first_steps(request)}
    return form_page(request, "doctors/profile.html", form, context)


def _first_steps(request: HttpRequest) -> dict[str, Any]:
    """What the doctor waits for: a first hospital's answer, or hospitals that check a changed licence."""
    if not request.area.hospital_ids:
        return {"applied": queries.waiting_at(request.doctor)}
    places = queries.workplaces_of_doctor(request.doctor)
    return {"to_check": [place.hospital.name for place in places if not place.is_licence_checked]}


@require_form
@permit(own)
def change_photo(request: HttpRequest) -> HttpResponse:
    """Show another photo."""
    form = PhotoForm(request.POST, request.FILES) if request.method == "POST" else PhotoForm()
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.set_photo(request.doctor, photo=form.cleaned_data["photo"], by=request.user)
            messages.success(request, _("Your photo is saved. Patients see it now."))
            return redirect("doctors:profile")
    return form_page(request, "doctors/photo.html", form, {"doctor": request.doctor})


@require_POST
@permit(own)
def remove_photo(request: HttpRequest) -> HttpResponse:
    """Show no photo any more."""
    operations.remove_photo(request.doctor, by=request.user)
    messages.success(request, _("Your photo is gone. Patients see the first letters of your name."))
    return redirect("doctors:profile")


@require_form
@permit(own)
def certificates(request: HttpRequest) -> HttpResponse:
    """List one's papers and add one."""
    form = CertificateForm(request.POST, request.FILES) if request.method == "POST" else CertificateForm()
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            data = form.cleaned_data
            operations.add_certificate(
                request.doctor, title=data["title"], upload=data["file"], by=request.user
            )
            messages.success(request, _("%(title)s is kept.") % data)
            return redirect("doctors:certificates")
    return form_page(
        request, "doctors/certificates.html", form, {"certificates": queries.certificates_of(request.doctor)}
    )


@require_safe
@permit("doctors.manage_certificate", Certificate)
def certificate(request: HttpRequest, certificate: Certificate) -> HttpResponse:
    """Open one of one's own papers."""
    return serve_private(certificate.file, certificate.content_type, certificate.filename, inline=True)


@require_form
@permit("doctors.manage_certificate", Certificate)
def remove_certificate(request: HttpRequest, certificate: Certificate) -> HttpResponse:
    """Delete a paper, after asking."""

    def act() -> HttpResponse:
        operations.remove_certificate(certificate, by=request.user)
        messages.success(request, _("%(title)s is deleted.") % {"title": certificate.title})
        return redirect("doctors:certificates")

    return confirm_page(request, "doctors/remove_certificate.html", {"certificate": certificate}, act)


@require_safe
@permit(own)
def workplaces(request: HttpRequest) -> HttpResponse:
    """List where one works and what became of one's applications."""
    context = {
        "doctor": request.doctor,
        "affiliations": queries.workplaces_of_doctor(request.doctor),
        "page_obj": page_of(request, queries.own_applications(request.doctor), size=10),
    }
    return render(request, "doctors/workplaces.html", context)


@require_safe
@permit(own)
def find_hospital(request: HttpRequest) -> HttpResponse:
    """Choose a hospital to apply to."""
    text = request.GET.get("q", "").strip()[:100]
    rows = queries.hospitals_to_apply_to(request.doctor, text=text)
    return render(request, "doctors/find_hospital.html", {"page_obj": page_of(request, rows), "q": text})


@require_form
@permit(own)
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Apply to a hospital; the page says what its admins will see."""
    hospital = get_object_or_404(Hospital.objects.public(), slug=slug)
    form = ApplyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            message = form.cleaned_data["message"]
            operations.apply_to_hospital(request.doctor, hospital=hospital, message=message, by=request.user)
            messages.success(request, _("%(name)s has your application.") % {"name": hospital.name})
            return redirect("doctors:workplaces")
    papers = list(queries.certificates_of(request.doctor))
    context = {"hospital": hospital, "doctor": request.doctor, "certificates": papers}
    return form_page(request, "doctors/apply.html", form, context)


@require_form
@permit("doctors.withdraw_application", Application)
def withdraw(request: HttpRequest, application: Application) -> HttpResponse:
    """Take an application back, after asking; the list of one's applications says which are decided."""
    if request.method != "POST" and not application.may_move_to(Application.Status.WITHDRAWN):
        return redirect("doctors:workplaces")

    def act() -> HttpResponse:
        operations.withdraw_application(application, by=request.user)
        messages.success(request, _("Your application is withdrawn."))
        return redirect("doctors:workplaces")

    return confirm_page(request, "doctors/withdraw.html", {"application": application}, act)
