"""What anyone sees: the list of hospitals, and their logos."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from core.http import page_of
from core.uploads import serve_private

from .. import queries
from ..models import Hospital

LOGO_TYPES = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


@require_safe
def hospital_list(request: HttpRequest) -> HttpResponse:
    """List open hospitals; the filters are links, each with how many it would leave."""
    text, city, department = (request.GET.get(name, "").strip()[:100] for name in ("q", "city", "department"))
    page = page_of(request, queries.public_hospitals(text=text, city=city, department=department), size=12)
    names = queries.department_names(page)
    context = {
        "page_obj": page,
        "hospitals": [(hospital, names.get(hospital.pk, [])) for hospital in page],
        "q": text,
        "city": city,
        "department": department,
        "cities": queries.cities_with_counts(queries.public_hospitals(text=text, department=department)),
        "departments": queries.departments_with_counts(queries.public_hospitals(text=text, city=city)),
    }
    return render(request, "hospitals/list.html", context)


@require_safe
def logo(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Serve the logo; its address changes with it, so browsers keep it for a year."""
    hospital = get_object_or_404(Hospital.objects.public(), slug=slug)
    if not hospital.logo or hospital.logo_version != version:
        raise Http404
    extension = (hospital.logo.name or "").rpartition(".")[2]
    content_type = LOGO_TYPES.get(extension, "application/octet-stream")
    response = serve_private(hospital.logo, content_type, f"{slug}.{extension}", inline=True)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
