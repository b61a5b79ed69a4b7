"""Who gets which answer on every address of billing."""

from __future__ import annotations

import pytest
from django.core import signing
from django.urls import reverse

from billing import urls
from billing.models import Invoice, Payment
from core.tenancy import in_hospital

from .factories import draft, in_review, issued, owed_at_desk, paid_online, unclear_refund

PEOPLE = ("paul", "pia", "dora", "rita", "ada", "mallory", "root", None)
LISTS = {"invoices", "desk", "refunds", "checks"}
LOG_IN = 302
NO_PATIENT = "becomes"  # somebody without a patient's record is asked to make one, or refused

# name: method, and the status for paul (payer), pia (another patient), dora (doctor), rita (receptionist), ada (admin),
# mallory (admin elsewhere), root (platform admin) and nobody.
MATRIX = {
    "invoices": [("get", 200, 200, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, LOG_IN)],
    "invoice": [("get", 200, 404, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, LOG_IN)],
    "pay": [
        ("get", 200, 404, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, LOG_IN),
        ("post", 302, 404, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, LOG_IN),
    ],
    "invoice_pdf": [("get", 202, 404, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, LOG_IN)],
    "receipt_pdf": [("get", 202, 404, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, NO_PATIENT, LOG_IN)],
    "desk": [("get", 404, 404, 403, 200, 200, 404, 404, LOG_IN)],
    "refunds": [("get", 404, 404, 403, 200, 200, 404, 404, LOG_IN)],
    "checks": [("get", 404, 404, 403, 200, 200, 404, 404, LOG_IN)],
    "desk_invoice": [("get", 404, 404, 403, 200, 200, 404, 404, LOG_IN)],
    "desk_pay": [
        ("get", 404, 404, 403, 200, 200, 404, 404, LOG_IN),
        ("post", 404, 404, 403, 422, 422, 404, 404, LOG_IN),
    ],
    "desk_invoice_pdf": [("get", 404, 404, 403, 202, 202, 404, 404, LOG_IN)],
    "desk_receipt_pdf": [("get", 404, 404, 403, 202, 202, 404, 404, LOG_IN)],
    "pay_refund": [
        ("get", 404, 404, 403, 200, 200, 404, 404, LOG_IN),
        ("post", 404, 404, 403, 302, 302, 404, 404, LOG_IN),
    ],
    "resolve_refund": [
        ("get", 404, 404, 403, 403, 200, 404, 404, LOG_IN),
        ("post", 404, 404, 403, 403, 422, 404, 404, LOG_IN),
    ],
    "resolve_attempt": [
        ("get", 404, 404, 403, 403, 200, 404, 404, LOG_IN),
        ("post", 404, 404, 403, 403, 422, 404, 404, LOG_IN),
    ],
    "result": [("get", 200, 200, 200, 200, 200, 200, 200, 200)],
}
ELSEWHERE = {"ipn", "gateway_return"}  # the gateway's; test_callbacks holds their answers
CASES = [
    (name, row[0], person, status)
    for name, rows in MATRIX.items()
    for row in rows
    for person, status in zip(PEOPLE, row[1:], strict=True)
]


def address(name, cast):
    """Return the address of a row that is paul's, at city."""
    if name in LISTS:
        return reverse(f"billing:{name}", args=[] if name == "invoices" else ["city"])
    if name == "result":
        attempt = paid_online(draft(cast.city, cast.payer))
        return reverse("billing:result", args=[signing.dumps(attempt.public_id, salt="billing.result")])
    subject = {
        "receipt_pdf": _payment,
        "desk_receipt_pdf": _payment,
        "pay_refund": lambda cast: owed_at_desk(cast.city, cast.payer),
        "resolve_refund": lambda cast: unclear_refund(cast.city, cast.payer),
        "resolve_attempt": lambda cast: in_review(draft(cast.city, cast.payer)),
    }.get(name, lambda cast: issued(cast.city, cast.payer))(cast)
    own = name in {"invoice", "pay", "invoice_pdf", "receipt_pdf"}
    return reverse(f"billing:{name}", args=[subject.public_id] if own else ["city", subject.public_id])


def _payment(cast):
    paid_online(draft(cast.city, cast.payer))
    with in_hospital(cast.city):
        return Payment.objects.get()


@pytest.mark.parametrize(("name", "method", "person", "status"), CASES)
def test_answer_of_each_address_to_each_person(cast, as_person, name, method, person, status):
    browser = as_person(getattr(cast, person) if person else None)
    answer = getattr(browser, method)(address(name, cast))
    if status == NO_PATIENT:
        assert answer.status_code == 403 or answer["Location"].startswith("/join/patient/")
    else:
        assert answer.status_code == status


def test_matrix_names_every_address():
    assert {pattern.name for pattern in urls.urlpatterns} == set(MATRIX) | ELSEWHERE


@pytest.mark.parametrize("name", sorted(set(MATRIX) - LISTS - {"result"}))
def test_row_of_another_hospital_is_like_none(cast, as_person, name):
    own = name in {"invoice", "pay", "invoice_pdf", "receipt_pdf"}
    browser = as_person(cast.paul if own else cast.mallory)
    url = address(name, cast)
    if own:
        parts = url.split("/")
        nowhere = url.replace(parts[3], "0" * 16)
        foreign = issued(cast.lakeside, cast.other)
        answers = [browser.get(nowhere), browser.get(url.replace(parts[3], foreign.public_id))]
    else:
        there = url.replace("/h/city/", "/h/lakeside/")
        answers = [browser.get(there), browser.get(there.replace(there.split("/")[4], "0" * 16))]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_draft_has_no_letter(cast, as_person):
    invoice = draft(cast.city, cast.payer)
    assert as_person(cast.paul).get(f"/me/bills/{invoice.public_id}/pdf/").status_code == 404
    assert as_person(cast.rita).get(f"/h/city/bills/{invoice.public_id}/pdf/").status_code == 404
    with in_hospital(cast.city):
        assert Invoice.objects.get().number is None
