"""Reads about doctors: where they work and apply, a hospital's page, its applications and its doctors."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from core.search import queryset_matches
from core.tenancy import everywhere, public_directory
from hospitals.models import Department, Hospital
from hospitals.queries import departments_of, public_hospitals

from .models import Affiliation, Application, Certificate, Doctor, Speciality

SEARCH_KIND = "doctors.doctor"
TABS = {
    "waiting": Application.Status.SUBMITTED,
    "approved": Application.Status.APPROVED,
    "rejected": Application.Status.REJECTED,
}


def hospitals_of(doctor: Doctor) -> list[int]:
    """Return the primary keys of the hospitals where the doctor works or waits for an answer."""
    with everywhere():
        works = Affiliation.objects.current().filter(doctor=doctor).values_list("hospital_id", flat=True)
        waits = Application.objects.for_doctor(doctor).open().values_list("hospital_id", flat=True)
        return sorted({*works, *waits})


def licences_to_check(doctor: Doctor) -> list[Affiliation]:
    """Return where the doctor works and the hospital has checked another licence, in all hospitals."""
    with everywhere():
        return list(Affiliation.objects.current().filter(doctor=doctor).to_check().order_by("pk"))


def find_affiliation(public_id: str) -> Affiliation | None:
    """Return a doctor's work at a hospital by its public id, unless it has ended: for mails, never for a page."""
    with everywhere():
        rows = Affiliation.objects.current().select_related("doctor", "hospital", "membership")
        found: Affiliation | None = rows.filter(public_id=public_id).first()
    return found


def specialities_matching(text: str) -> QuerySet[Speciality]:
    """Return the specialities whose name, patients' word, practitioner or search words hold every word of the text."""
    rows = Speciality.objects.order_by("name")
    for word in text.split()[:6]:
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(lay_name__icontains=word)
            | Q(practitioner__icontains=word)
            | Q(search_words__icontains=word)
        )
    return rows


def applications_of_hospital(hospital: Hospital, *, tab: str, text: str = "") -> QuerySet[Application]:
    """Return the hospital's applications of a tab: those that wait by age, decided ones by the latest decision."""
    rows: QuerySet[Application] = Application.objects.filter(hospital=hospital, status=TABS[tab])
    if text:
        found = _found(text)
        rows = rows.filter(
            Q(doctor__in=found)
            | Q(doctor__licence_number__icontains=text)
            | Q(doctor__speciality__name__icontains=text)
        )
    order = ["created_at", "pk"] if tab == "waiting" else ["-decided_at", "-pk"]
    return rows.select_related("doctor__speciality", "doctor__user", "decided_by").order_by(*order)


def find_application(hospital: Hospital, public_id: str) -> Application | None:
    """Return one of the hospital's applications with what its page shows."""
    rows: QuerySet[Application] = Application.objects.filter(hospital=hospital, public_id=public_id)
    return rows.select_related("doctor__speciality", "doctor__user", "decided_by").first()


def application_counts(hospital: Hospital) -> dict[str, int]:
    """Return how many applications each tab holds; one query."""
    rows = Application.objects.filter(hospital=hospital).order_by()
    counts = dict(rows.values_list("status").annotate(number=Count("pk")))
    return {tab: counts.get(status, 0) for tab, status in TABS.items()}


def oldest_waiting(hospital: Hospital) -> Application | None:
    """Return the application that has waited longest."""
    row: Application | None = (
        Application.objects.filter(hospital=hospital).open().order_by("created_at").first()
    )
    return row


def other_workplaces(doctor: Doctor, *, but: int) -> list[str]:
    """Return the names of the other hospitals where patients can find the doctor."""
    with public_directory():
        rows = Affiliation.objects.active().filter(doctor=doctor).exclude(hospital=but)
        return list(rows.order_by("hospital__name").values_list("hospital__name", flat=True))


def certificates_of(doctor: Doctor) -> QuerySet[Certificate]:
    """Return the doctor's papers, the oldest first."""
    rows: QuerySet[Certificate] = Certificate.objects.for_doctor(doctor)
    return rows


def papers_for(doctor: Doctor, hospital: Hospital) -> QuerySet[Certificate]:
    """Return the doctor's papers that the hospital may open now."""
    rows: QuerySet[Certificate] = Certificate.objects.for_hospital(hospital).filter(doctor=doctor)
    return rows


def own_applications(doctor: Doctor) -> QuerySet[Application]:
    """Return the doctor's applications to all hospitals, the latest first; withdrawn ones are left out."""
    rows = Application.of_doctor(doctor).exclude(status=Application.Status.WITHDRAWN)
    return rows.select_related("hospital").order_by("-created_at", "-pk")


def waiting_at(doctor: Doctor) -> list[str]:
    """Return the names of the hospitals that have not answered the doctor's application yet."""
    rows = Application.of_doctor(doctor).open().order_by("hospital__name")
    return list(rows.values_list("hospital__name", flat=True))


def workplaces_of_doctor(doctor: Doctor) -> QuerySet[Affiliation]:
    """Return where the doctor works now, by the hospital's name; inside the doctor's scope."""
    rows = Affiliation.objects.active().for_doctor(doctor).select_related("doctor", "hospital", "department")
    return rows.order_by("hospital__name", "pk")


def hospitals_to_apply_to(doctor: Doctor, *, text: str = "") -> QuerySet[Hospital]:
    """Return the open hospitals where the doctor neither works nor waits for an answer."""
    return public_hospitals(text=text).exclude(pk__in=hospitals_of(doctor))


def affiliation_in_full(affiliation: Affiliation) -> Affiliation:
    """Read an affiliation again with all that pages show about it."""
    rows = Affiliation.objects.select_related(
        "doctor__speciality", "doctor__user", "department", "membership", "hospital"
    )
    found: Affiliation = rows.get(pk=affiliation.pk)
    return found


def doctors_of_hospital(hospital: Hospital, *, text: str = "", department: str = "") -> QuerySet[Affiliation]:
    """Return who works at the hospital as a doctor, by name, for its admins; suspended ones too."""
    rows: QuerySet[Affiliation] = Affiliation.objects.current().filter(hospital=hospital)
    if department:
        rows = rows.filter(department__public_id=department)
    if text:
        rows = rows.filter(_named(text) | Q(doctor__licence_number__icontains=text))
    related = rows.select_related("doctor__speciality", "doctor__user", "department", "membership")
    return related.order_by("doctor__name", "pk")


def _named(text: str) -> Q:
    found = _found(text)
    return Q(doctor__in=found) | Q(doctor__speciality__in=specialities_matching(text).order_by().values("pk"))


def _found(text: str) -> Any:
    """Return the primary keys of doctors whose name is like the text, as a subquery."""
    matches: Any = queryset_matches(SEARCH_KIND, text).order_by()
    return matches.values("match")


def doctors_on_page(hospital: Hospital, *, text: str = "", speciality: str = "") -> QuerySet[Affiliation]:
    """Return the doctors whom patients can book at the hospital, by department and name; for the public page."""
    with public_directory():
        rows: QuerySet[Affiliation] = Affiliation.objects.bookable().filter(hospital=hospital)
    if speciality:
        rows = rows.filter(doctor__speciality__slug=speciality)
    if text:
        rows = rows.filter(_named(text))
    return rows.select_related("doctor__speciality", "department").order_by(
        "department__name", "department_id", "doctor__name", "pk"
    )


def specialities_on_page(hospital: Hospital) -> list[tuple[str, str, int]]:
    """Return slug, name and number of doctors of each speciality at the hospital, by name."""
    with public_directory():
        rows = Affiliation.objects.bookable().filter(hospital=hospital).order_by("doctor__speciality__name")
        named = rows.values_list("doctor__speciality__slug", "doctor__speciality__name")
        return list(named.annotate(doctors=Count("pk")))


def departments_on_page(hospital: Hospital) -> list[Department]:
    """Return the hospital's departments with their `shown_services`; two queries, for the public page."""
    with public_directory():
        return list(departments_of(hospital))
