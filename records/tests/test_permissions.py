"""Who may open what: every route, every person, exact codes."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from appointments.models import Appointment
from core.tenancy import in_hospital
from hospitals.models import Membership
from patients.models import CareRelation
from records import operations

from .factories import begun, book, drafted, noted, signed

LOGIN = 302  # /me/ sends somebody without a record of their own away too, to begin one
PEOPLE = ("paul", "pia", "dora", "deb", "rita", "ada", "mallory", "root", None)


@pytest.fixture
def routes(world):
    """Paul's records: a finished visit with a signed prescription, and one begun today with a draft."""
    seen = book(world.at_city, world.paul, starts_at=timezone.now() - dt.timedelta(days=3))
    visit, prescription = noted(seen), signed(seen)
    draft = drafted(world.visit)
    return {
        "records:prescriptions": [],
        "records:prescription": [prescription.public_id],
        "records:prescription_pdf": [prescription.public_id],
        "records:visit_summary": [seen.public_id],
        "records:patients": [],
        "records:medicines": [],
        "records:chart": [world.paul.public_id],
        "records:allergies": [world.paul.public_id],
        "records:notes": [visit.public_id],
        "records:see": [world.visit.public_id],
        "records:prescribe": [world.visit.public_id],
        "records:doctor_prescription": [prescription.public_id],
        "records:doctor_prescription_pdf": [prescription.public_id],
        "records:sign": [draft.public_id],
        "records:discard": [draft.public_id],
        "records:cancel": [prescription.public_id],
    }


#                                  paul pia dora  deb rita  ada mallory root nobody
MATRIX = {
    "records:prescriptions":           (200, 200, 302, 302, 302, 302, 302, 302, LOGIN),
    "records:prescription":            (200, 404, 302, 302, 302, 302, 302, 302, LOGIN),
    "records:prescription_pdf":        (202, 404, 302, 302, 302, 302, 302, 302, LOGIN),
    "records:visit_summary":           (200, 404, 302, 302, 302, 302, 302, 302, LOGIN),
    "records:patients":                (403, 403, 200, 200, 403, 403, 403, 403, LOGIN),
    "records:medicines":               (403, 403, 200, 200, 403, 403, 403, 403, LOGIN),
    "records:chart":                   (403, 403, 200, 404, 403, 403, 403, 403, LOGIN),
    "records:allergies":               (403, 403, 200, 404, 403, 403, 403, 403, LOGIN),
    "records:notes":                   (403, 403, 200, 404, 403, 403, 403, 403, LOGIN),
    "records:see":                     (403, 403, 200, 404, 403, 403, 403, 403, LOGIN),
    "records:prescribe":               (403, 403, 200, 404, 403, 403, 403, 403, LOGIN),
    "records:doctor_prescription":     (403, 403, 200, 404, 403, 403, 403, 403, LOGIN),
    "records:doctor_prescription_pdf": (403, 403, 202, 404, 403, 403, 403, 403, LOGIN),
    "records:sign":                    (403, 403, 200, 404, 403, 403, 403, 403, LOGIN),
    "records:discard":                 (403, 403, 200, 404, 403, 403, 403, 403, LOGIN),
    "records:cancel":                  (403, 403, 200, 404, 403, 403, 403, 403, LOGIN),
}  # fmt: skip


def person(world, name):
    found = getattr(world, name) if name else None
    return getattr(found, "user", found)


@pytest.mark.parametrize("name", MATRIX)
def test_reading(world, routes, as_person, name):
    address = reverse(name, args=routes[name])
    codes = tuple(as_person(person(world, who)).get(address).status_code for who in PEOPLE)
    assert codes == MATRIX[name]


WRITES = {
    "records:allergies": {"answer": "none", "text": ""},
    "records:see": {"complaint": "x", "seen": "0", "act": "save"},
    "records:prescribe": {"act": "save"},
    "records:sign": {"seen": ""},
    "records:discard": {},
    "records:cancel": {"reason": "x"},
}


def test_writing_is_refused_like_reading(world, routes, as_person):
    for who in PEOPLE:
        client = as_person(person(world, who))
        for name, sent in WRITES.items():
            if who != "dora":
                answer = client.post(reverse(name, args=routes[name]), sent)
                assert (who, name, answer.status_code) == (who, name, MATRIX[name][PEOPLE.index(who)])


def test_replacing(world, routes, as_person):
    address = reverse("records:replace", args=routes["records:cancel"])
    codes = tuple(as_person(person(world, who)).post(address).status_code for who in PEOPLE)
    assert codes == (403, 403, 302, 404, 403, 403, 403, 403, LOGIN)
    assert as_person(world.dora.user).get(address).status_code == 405


@pytest.mark.parametrize(("name", "method"), [("begin", "post"), ("undo", "get"), ("undo", "post")])
def test_beginning_and_taking_back(world, as_person, name, method):
    address = reverse(f"records:{name}", args=[begun(world.visit).appointment.public_id])
    codes = tuple(getattr(as_person(person(world, who)), method)(address).status_code for who in PEOPLE)
    own = 200 if method == "get" else 302
    assert codes == (403, 403, own, 404, 403, 403, 403, 403, LOGIN)


def test_ids_that_do_not_exist_answer_like_those_of_others(world, routes, as_person):
    for name, args in routes.items():
        if args:
            who = (
                world.paul
                if name in {n for n in routes if "me/" in reverse(n, args=routes[n])}
                else world.dora
            )
            assert as_person(who.user).get(reverse(name, args=["0" * 16])).status_code == 404


OF_DOCTOR = ("records:chart", "records:notes", "records:doctor_prescription", "records:allergies")


def test_when_care_has_ended_the_chart_is_closed(world, routes, as_person):
    with in_hospital(world.city):
        CareRelation.objects.update(ends_at=timezone.now())
    dora = as_person(world.dora.user)
    assert [dora.get(reverse(name, args=routes[name])).status_code for name in OF_DOCTOR] == [404] * 4
    assert dora.get(reverse("records:see", args=routes["records:see"])).status_code == 403
    assert "Paul Rahman" not in dora.get(reverse("records:patients")).content.decode()


def test_when_the_doctor_has_left_the_hospital_the_chart_is_closed(world, routes, as_person):
    with in_hospital(world.city):
        Membership.objects.filter(user=world.dora.user).update(status="removed")
    dora = as_person(world.dora.user)
    assert [dora.get(reverse(name, args=routes[name])).status_code for name in OF_DOCTOR] == [404] * 4


def test_a_colleague_with_care_reads_and_does_not_write(world, routes, as_person):
    book(world.at_lakeside, world.paul)
    deb = as_person(world.deb.user)
    chart = deb.get(reverse("records:chart", args=[world.paul.public_id]))
    assert chart.status_code == 200
    # Care at Lakeside opens nothing of City General.
    assert "J20.9" not in chart.content.decode()
    names = OF_DOCTOR[1:3]
    assert [deb.get(reverse(name, args=routes[name])).status_code for name in names] == [404, 404]


def test_working_in_two_hospitals_does_not_join_their_records(world, as_person):
    at_lakeside = book(world.at_lakeside, world.paul)
    noted(at_lakeside, diagnosis="CANARY diagnosis")
    dora = as_person(world.dora.user)  # works at Lakeside too, and cares for Paul at City General only
    for part in ("timeline", "visits", "medicines"):
        page = dora.get(reverse("records:chart", args=[world.paul.public_id]), {"part": part})
        assert "CANARY" not in page.content.decode()


def test_drafts_are_their_writers_alone(world, routes, as_person):
    draft = routes["records:sign"][0]
    assert as_person(world.paul.user).get(reverse("records:prescription", args=[draft])).status_code == 404
    assert (
        as_person(world.dora.user).get(reverse("records:doctor_prescription", args=[draft])).status_code
        == 200
    )
    pdf = reverse("records:doctor_prescription_pdf", args=[draft])
    assert as_person(world.dora.user).get(pdf).status_code == 404


def test_summary_opens_when_the_visit_is_finished(world, as_person):
    noted(world.visit, finished=False)
    paul, address = as_person(world.paul.user), reverse("records:visit_summary", args=[world.visit.public_id])
    assert paul.get(address).status_code == 404
    with in_hospital(world.city):
        operations.finish_visit(Appointment.objects.get(pk=world.visit.pk).visit, by=world.dora.user)
    page = paul.get(address).content.decode()
    assert "Acute bronchitis" in page
    assert "Cough" not in page
