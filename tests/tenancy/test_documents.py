"""Letters and papers as PDF: whoever may not open the record does not get its paper, and a paper names nobody else."""

from __future__ import annotations

import io

import pypdf
import pytest

from billing.documents import render_invoice, render_receipt
from records.tasks import render_prescription

from .checker import tokens
from .matrix import ROLES, expected, targets_of
from .routes import ROUTES

pytestmark = pytest.mark.django_db
PAPERS = {
    "billing:invoice_pdf": "bill", "billing:receipt_pdf": "payment", "billing:desk_invoice_pdf": "bill",
    "billing:desk_receipt_pdf": "payment", "records:prescription_pdf": "prescription",
    "records:doctor_prescription_pdf": "prescription",
}  # fmt: skip


@pytest.fixture(scope="module")
def rendered(checker):
    """All papers of Paul and Omar, as the worker makes them."""
    cast = checker.cast
    for variant in ("own", "other"):
        render_invoice(cast.row("bill", variant).pk)
        render_receipt(cast.row("payment", variant).pk)
        row = cast.row("prescription", variant)
        render_prescription(prescription_id=row.pk, hospital_id=row.hospital_id)
    return checker


def test_every_pdf_is_listed_here():
    assert {name for name in ROUTES if name.endswith("pdf")} == PAPERS.keys()


@pytest.mark.parametrize("name", sorted(PAPERS))
def test_a_paper_opens_for_its_people_and_shows_nobody_else(rendered, name):
    opened = 0
    for target in targets_of(rendered.cast, ROUTES[name]):
        if target.variant not in {"own", "other"} or target.kind != PAPERS[name]:
            continue
        for role in ROLES:
            wanted = (
                200 if expected(name, role, target, "GET") == 202 else expected(name, role, target, "GET")
            )
            url = rendered.url(name, target)
            answer = rendered.ask(role, "GET", url)
            assert answer.status == wanted, (role, url)
            if wanted == 200:
                opened += 1
                text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.body)).pages)
                assert tokens(text), "the text of the paper can be read"
                assert not tokens(text) & rendered.forbidden[role].keys()
                assert not rendered.leaks(role, answer, url)
                assert "private" in answer.headers.get("Cache-Control", "private")
    assert opened
