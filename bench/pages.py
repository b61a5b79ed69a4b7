"""The pages that are measured, with ids and words drawn from the database: `python -m bench.pages` prints them as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from .database import SEED

HOSPITAL = "bulk-main"
DRAWN = 40  # addresses of a page that are asked for in turn
LEAST, HOME = 0.35, 0.5  # shares of the bare page's rate
SLOWER, FORGIVING = 1.2, 1.6  # how many times slower with ten times the rows
PATIENT, DOCTOR, ADMIN, ROOT = "bulk-patient", "bulk-doctor", "bulk-admin", "bulk-root"


@dataclass(frozen=True)
class Page:
    """A page: who asks for it, at which addresses, and what it has to reach."""

    name: str
    login: str
    paths: list[str]
    goal: float = LEAST
    slower: float = SLOWER


def _misspelt(word: str, random: Random) -> str:
    """Return the word with one slip: a letter left out, doubled, or two of them swapped."""
    at = random.randrange(1, len(word) - 1)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return random.choice((word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:], swapped))


def _drawn(rows: Iterable[Any], random: Random) -> list[Any]:
    found = list(rows)
    return random.sample(found, min(DRAWN, len(found)))


def _with(path: str, name: str, words: Iterable[str]) -> list[str]:
    from django.utils.http import urlencode

    return [f"{path}?{urlencode({name: word})}" for word in words]


def _public(random: Random) -> list[Page]:
    from django.urls import reverse

    from core.tenancy import public_directory
    from doctors.models import Affiliation, Speciality

    with public_directory():
        bookable = Affiliation.objects.bookable().order_by("pk")
        doctors = list(bookable.values_list("doctor__public_id", "doctor__name").distinct())
    names = [name.removeprefix("Dr ") for _, name in _drawn(doctors, random)]
    search = reverse("appointments:search")
    slugs = Speciality.objects.order_by("slug").values_list("slug", flat=True)
    ids = [public_id for public_id, _ in _drawn(doctors, random)]
    slips = [_misspelt(name.split()[-1], random) for name in names if len(name.split()[-1]) > 4]
    return [
        Page("home", PATIENT, [reverse("dashboards:home")], HOME),
        Page("search by speciality", PATIENT, _with(search, "speciality", slugs)),
        Page("search by name", PATIENT, _with(search, "q", names)),
        Page("search by misspelt name", PATIENT, _with(search, "q", slips), slower=FORGIVING),
        Page("doctor profile", PATIENT, [reverse("appointments:doctor", args=[one]) for one in ids]),
    ]


def _of_patient(random: Random) -> list[Page]:
    from django.urls import reverse

    from core.tenancy import in_hospital
    from hospitals.models import Hospital
    from records.models import Prescription

    with in_hospital(Hospital.objects.get(slug=HOSPITAL)):
        own = Prescription.objects.signed().filter(patient__user__email=f"{PATIENT}@demo.test").order_by("pk")
        ids = _drawn(own.values_list("public_id", flat=True), random)
    return [
        Page("patient dashboard", PATIENT, [reverse("dashboards:patient")]),
        Page(
            "visits list",
            PATIENT,
            [reverse("appointments:visits"), f"{reverse('appointments:visits')}?when=past"],
        ),
        Page("bills list", PATIENT, [reverse("billing:invoices")]),
        Page("prescriptions list", PATIENT, [reverse("records:prescriptions")]),
        Page("prescription", PATIENT, [reverse("records:prescription", args=[one]) for one in ids]),
    ]


def _of_doctor(random: Random) -> list[Page]:
    from django.urls import reverse

    from accounts.models import User
    from patients.models import Patient

    doctor = User.objects.get(email="bulk-doctor@demo.test")
    ids = _drawn(
        Patient.objects.cared_for_by(doctor).order_by("pk").values_list("public_id", flat=True), random
    )
    return [
        Page("doctor dashboard", DOCTOR, [reverse("dashboards:doctor")]),
        Page("doctor day", DOCTOR, [reverse("appointments:doctor_day")]),
        Page("chart", DOCTOR, [reverse("records:chart", args=[one]) for one in ids]),
    ]


def _of_staff(random: Random) -> list[Page]:
    from django.urls import reverse

    from hospitals.models import Hospital
    from patients.models import Patient

    here = [HOSPITAL]
    patients = Patient.objects.for_hospital(Hospital.objects.get(slug=HOSPITAL).pk).order_by("pk")
    names = _drawn(patients.values_list("name", flat=True), random)
    index = reverse("patients:index", args=here)
    lists = {
        "hospital dashboard": "dashboards:hospital",
        "day list": "appointments:day",
        "patients list": "patients:index",
        "cash desk": "billing:desk",
        "applications": "doctors:applications",
        "doctors of the hospital": "doctors:staff_doctors",
        "staff list": "hospitals:staff",
    }
    return [
        *(Page(name, ADMIN, [reverse(route, args=here)]) for name, route in lists.items()),
        Page("patients search", ADMIN, _with(index, "q", names)),
        Page("platform dashboard", ROOT, [reverse("dashboards:platform")]),
        Page("platform hospital list", ROOT, [reverse("hospitals:platform_list")]),
    ]


def all_pages() -> list[Page]:
    """Return every page, in the order of the table; needs Django and a filled database."""
    random = Random(SEED)
    return [*_public(random), *_of_patient(random), *_of_doctor(random), *_of_staff(random)]


def main() -> None:
    """Print the pages of the database that the environment names."""
    import django

    django.setup()
    json.dump([asdict(page) for page in all_pages()], sys.stdout)


if __name__ == "__main__":
    main()
