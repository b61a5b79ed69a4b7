"""What the public list finds a hospital by."""

from __future__ import annotations

from core.search import index_text
from core.tenancy import in_hospital

from ..models import Department, Hospital

SEARCH_KIND = "hospitals.hospital"


def index_hospital(hospital: Hospital) -> None:
    """Make the hospital findable by its names, its place and its departments; three queries."""
    with in_hospital(hospital):
        departments = Department.objects.filter(removed_at__isnull=True).values_list("name", flat=True)
        words = [hospital.name, hospital.name_bn, hospital.city, hospital.area, *departments]
    index_text(SEARCH_KIND, hospital.pk, " ".join(word for word in words if word))
