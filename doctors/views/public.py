"""What anyone sees: joining as a doctor, a hospital's page, photos."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts.http import source_of
from accounts.throttles import require_mail_try
from core.http import errors_to, form_page, page_of, posted, require_form
from core.uploads import serve_private
from hospitals.models import Hospital
from hospitals.words import booking_sentences

from .. import operations, queries
from ..forms import BecomeDoctorForm, SignUpForm
from ..models import Doctor

PHOTO_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}
YEAR, SHORT = 31_536_000, 300  # seconds


@sensitive_post_parameters("password")
@require_form
def sign_up(request: HttpRequest) -> HttpResponse:
    """Join as a doctor; who has a log-in adds what is missing."""
    if request.user.is_authenticated:
        return _become(request)
    form = SignUpForm(request.POST, request.FILES) if request.method == "POST" else SignUpForm()
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            data = form.cleaned_data
            require_mail_try(data["email"], source_of(request, data["email"]), purpose="sign-up")
            password_hash = make_password(data["password"])
            operations.sign_up_doctor(
                details=form.details(), password_hash=password_hash, photo=data["photo"]
            )
            return render(request, "doctors/sign_up_done.html", {"email": data["email"]})
    return form_page(request, "doctors/sign_up.html", form)


def _become(request: HttpRequest) -> HttpResponse:
    if Doctor.objects.filter(user=request.user).exists():
        return redirect("doctors:workplaces")
    known = {"name": request.user.name, "phone": request.user.phone}
    form = BecomeDoctorForm(posted(request), request.FILES or None, initial=known)
    if request.method == "POST" and form.is_valid():
        with errors_to(form):
            operations.become_doctor(
                request.user, details=form.details(email=request.user.email), photo=form.cleaned_data["photo"]
            )
            return redirect("doctors:certificates")
    return form_page(request, "doctors/sign_up.html", form)


@require_safe
def hospital(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a hospital with its departments, services, rules and doctors."""
    hospital = get_object_or_404(Hospital.objects.public(), slug=slug)
    text, speciality = (request.GET.get(name, "").strip()[:100] for name in ("q", "speciality"))
    page = page_of(request, queries.doctors_on_page(hospital, text=text, speciality=speciality), size=30)
    context = {
        "hospital": hospital,
        "page_obj": page,
        "q": text,
        "speciality": speciality,
        "specialities": queries.specialities_on_page(hospital),
        "departments": queries.departments_on_page(hospital),
        "rules": booking_sentences(hospital),
        "map_url": _map_url(hospital),
    }
    return render(request, "doctors/hospital.html", context)


def _map_url(hospital: Hospital) -> str:
    place = ", ".join(
        part for part in (hospital.name, hospital.address, hospital.area, hospital.city) if part
    )
    if hospital.latitude is not None and hospital.longitude is not None:
        place = f"{hospital.latitude},{hospital.longitude}"
    return f"https://www.google.com/maps/search/?{urlencode({'api': 1, 'query': place})}"


@require_safe
def photo(request: HttpRequest, public_id: str) -> HttpResponse:
    """Serve a doctor's photo; its address changes with it, so browsers keep it for a year."""
    doctor = get_object_or_404(Doctor, public_id=public_id)
    if not doctor.photo:
        raise Http404
    extension = doctor.photo.name.rpartition(".")[2]
    content_type = PHOTO_TYPES.get(extension, "application/octet-stream")
    response = serve_private(doctor.photo, content_type, f"{public_id}.{extension}", inline=True)
    if request.GET.get("v") == doctor.photo_version:
        response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response["Cache-Control"] = f"public, max-age={SHORT}"
    return response
