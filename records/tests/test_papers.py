"""The PDF, the public page behind its code, and the mail: what they say and what they never say."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from io import BytesIO

import pypdfium2
import pytest
import time_machine
from django.urls import reverse

from core.documents import find_document
from core.tenancy import in_hospital
from notifications.models import Message
from notifications.operations import deliver
from records import operations, queries, tasks
from records.models import Prescription

from .factories import PatientFactory, book, drafted, line, medicine, noted, signed

NEEDED = "শ্বাসকষ্ট হলে ২ চাপ, দিনে সর্বোচ্চ ৮ চাপ"
ADVICE = "প্রচুর পানি পান করুন। ধূমপান করবেন না।"
SECRETS = ("Paul", "Rahman", "পল", "1988", "P-000001", "CANARYNE", "CANARYREASON", "paul@demo.test")


@pytest.fixture
def prescription(world):
    canary = medicine(
        "CANARYNE", form="inhaler", dose_unit="puff", strength="100 micrograms", route="inhalation"
    )
    needed = {"dose": Decimal(2), "frequency": "needed", "max_daily": Decimal(8), "days": None}
    lines = [line(medicine("Paracetamol", form="tablet", dose_unit="tablet", strength="500 mg"))]
    return signed(world.visit, *lines, line(canary, instructions=NEEDED, **needed), advice=ADVICE)


def render(prescription):
    tasks.render_prescription(prescription.pk, prescription.hospital_id)
    with in_hospital(prescription.hospital):
        fresh = Prescription.objects.get(pk=prescription.pk)
        return queries.document_of(fresh)


def pages_of(document):
    with document.file.open("rb") as file:
        pdf = pypdfium2.PdfDocument(BytesIO(file.read()))
    return [page.get_textpage().get_text_bounded() for page in pdf]


def test_the_pdf_says_everything_and_its_bangla_reads_back(prescription):
    text = "\n".join(pages_of(render(prescription)))
    said = (
        "City General Hospital", "সিটি জেনারেল হাসপাতাল", "Dr Dora Sen", "MBBS, FCPS (Cardiology)", "Paul Rahman", "পল রহমান",
        "3 May 1988", "P-000001", "Paracetamol 500 mg tablet", "1 tablet by mouth, 3 times a day (1+1+1), 5 days",
        "15 tablets", "2 puffs breathed in, when needed, at most 8 puffs a day", "1 inhaler",
        "Allergies: not asked", NEEDED, ADVICE, "Page 1 of 1", "demonstration data", "Version 1",
    )  # fmt: skip
    assert [words for words in said if words not in text] == []
    assert re.sub(r"[^0-9a-z]", "", text.split("/rx/")[1])[:26] == prescription.verify_code


def test_the_pdf_is_made_once_a_version(prescription):
    first = render(prescription)
    assert render(prescription) == first
    assert find_document(queries.DOCUMENT, prescription.public_id, 2) is None


def test_a_long_prescription_never_splits_a_medicine(world):
    chosen = [medicine(f"Medicine{n:02}", form="tablet", dose_unit="tablet") for n in range(12)]
    words = {"indication": "Indication that ends", "instructions": "খাবার পরে, এক গ্লাস পানি দিয়ে"}
    pages = pages_of(render(signed(world.visit, *[line(one, **words) for one in chosen])))
    assert len(pages) == 2
    starts = [[n for n in range(12) if f"Medicine{n:02}" in page] for page in pages]
    ends = [page.count("any brand") for page in pages]
    assert starts[0] + starts[1] == list(range(12))
    assert ends == [len(starts[0]), len(starts[1])]


def test_the_pdf_is_waited_for_and_then_served(world, as_person, prescription):
    paul, address = (
        as_person(world.paul.user),
        reverse("records:prescription_pdf", args=[prescription.public_id]),
    )
    waiting = paul.get(address)
    assert (waiting.status_code, waiting["Refresh"]) == (202, "3")
    render(prescription)
    served = paul.get(address)
    assert (served.status_code, served["Content-Type"], served.content[:4]) == (
        200,
        "application/pdf",
        b"%PDF",
    )
    assert "attachment" in served["Content-Disposition"]


@pytest.mark.parametrize(("what", "stamp"), [("cancel", "CANCELLED"), ("replace", "REPLACED")])
def test_a_paper_that_no_longer_counts_is_stamped(world, as_person, prescription, what, stamp):
    render(prescription)
    with in_hospital(world.city):
        if what == "cancel":
            operations.cancel_prescription(prescription, reason="CANARYREASON", by=world.dora.user)
        else:
            new = operations.replace_prescription(prescription, by=world.dora.user)
            operations.sign_prescription(new, by=world.dora.user)
    paul, address = (
        as_person(world.paul.user),
        reverse("records:prescription_pdf", args=[prescription.public_id]),
    )
    assert paul.get(address).status_code == 202
    document = render(prescription)
    assert document.version == 2
    assert stamp in pages_of(document)[0]
    assert paul.get(address).status_code == 200


def verify(client, prescription):
    return client.get(reverse("records:verify", args=[prescription.verify_code]))


def test_the_public_page_says_valid_and_nothing_personal(as_person, prescription):
    answer = verify(as_person(), prescription)
    html = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"], answer["X-Robots-Tag"]) == (
        200,
        "no-store",
        "noindex",
    )
    assert all(
        text in html for text in ("This prescription is valid", "City General Hospital", "Dr Dora Sen")
    )
    assert [secret for secret in (*SECRETS, NEEDED, prescription.public_id) if secret in html] == []


@pytest.mark.parametrize(
    ("act", "said"),
    [("cancel", "This prescription was cancelled"), ("replace", "was replaced"), ("wait", "has ended")],
)
def test_the_public_page_says_what_became_of_it(world, as_person, prescription, act, said):
    with in_hospital(world.city):
        if act == "cancel":
            operations.cancel_prescription(prescription, reason="CANARYREASON", by=world.dora.user)
        if act == "replace":
            operations.sign_prescription(
                operations.replace_prescription(prescription, by=world.dora.user), by=world.dora.user
            )
    later = dt.timedelta(days=31 if act == "wait" else 0)
    with time_machine.travel(prescription.signed_at + later):
        html = verify(as_person(), prescription).content.decode()
    assert said in html
    assert [secret for secret in SECRETS if secret in html] == []


def test_the_last_day_is_the_hospitals(world, as_person):
    with time_machine.travel("2026-11-21T12:00:00Z"):
        prescription = signed(book(world.at_city, world.pia))
    # The 21st of December is over in Dhaka at 18:00 UTC.
    for moment, said in {"2026-12-21T17:59:00Z": "is valid", "2026-12-21T18:01:00Z": "has ended"}.items():
        with time_machine.travel(moment):
            assert said in verify(as_person(), prescription).content.decode()


def test_codes_are_forgiving_to_those_who_type_them(as_person, prescription):
    code = prescription.verify_code
    spoken = code.upper().replace("0", "O").replace("1", "I")
    grouped = "-".join(spoken[start : start + 4] for start in range(0, 26, 4))
    answer = as_person().get(reverse("records:check"), {"code": f" {grouped} "}, follow=True)
    assert "This prescription is valid" in answer.content.decode()


@pytest.mark.parametrize("code", ["0" * 26, "x", "পল", "0" * 300])
def test_an_unknown_code_says_what_to_do(world, as_person, code):
    answer = as_person().get(f"/rx/{code}/")
    html = answer.content.decode()
    assert answer.status_code == 404
    assert "Compare it with the paper" in html


def test_a_draft_has_no_public_page(world, as_person):
    assert verify(as_person(), drafted(world.visit)).status_code == 404


def test_the_public_page_is_throttled_by_address(world, as_person):
    client = as_person()
    codes = [client.get("/rx/x/").status_code for _ in range(61)]
    assert (codes[59], codes[60]) == (404, 429)


def test_check_without_a_code_asks_again(world, as_person):
    assert as_person().get(reverse("records:check")).status_code == 200
    assert as_person().get(reverse("records:check"), {"code": ""}).status_code == 422


def test_the_mail_says_that_it_is_ready_and_nothing_more(world, prescription, mailoutbox):
    message = Message.objects.get(kind="records.prescription_ready")
    deliver(message.pk)
    mail = mailoutbox[0]
    assert mail.subject == "A prescription is ready"
    assert "A prescription is ready. Log in to read it." in mail.body
    text = mail.subject + mail.body + str(mail.alternatives[0][0])
    assert reverse("records:prescription", args=[prescription.public_id]) in text
    hidden = ("CANARYNE", "Paracetamol", "1988", NEEDED, ADVICE, prescription.verify_code)
    assert [secret for secret in hidden if secret in text] == []


def test_the_mail_about_a_new_prescription_says_which_one_no_longer_counts(world, mailoutbox):
    with time_machine.travel("2026-11-21T19:30:00Z"):
        old = signed(world.visit, line(medicine("CANARYNE", form="tablet", dose_unit="tablet")))
    with time_machine.travel("2026-11-21T19:50:00Z"):
        with in_hospital(world.city):
            new = operations.replace_prescription(old, by=world.dora.user)
            operations.sign_prescription(new, by=world.dora.user)
        deliver(Message.objects.get(kind="records.prescription_ready", reference=new.public_id).pk)
    mail = mailoutbox[0]
    # It was the 22nd already in Dhaka.
    said = "A new prescription is ready. Log in to read it. The one of 22 November 2026, 1:30 am no longer counts."
    assert [said in text for text in (mail.body, mail.alternatives[0][0])] == [True, True]
    text = mail.subject + mail.body + str(mail.alternatives[0][0])
    assert [secret for secret in ("CANARYNE", "1988", new.verify_code) if secret in text] == []


DIAGNOSED = "Acute bronchitis (J20.9)"


def test_the_diagnosis_is_frozen_when_it_is_signed(world, as_person, mailoutbox):
    visit = noted(world.visit)
    prescription = signed(world.visit)
    with in_hospital(world.city):
        note = operations.NoteText(complaint="Cough", diagnosis="Pneumonia", diagnosis_code="J18.9")
        operations.write_note(visit, note=note, seen=1, by=world.dora.user, reason="X-ray came back")
    text = pages_of(render(prescription))[0]
    assert (DIAGNOSED in text, "Pneumonia" in text) == (True, False)
    for person, name in ((world.paul, "prescription"), (world.dora, "doctor_prescription")):
        html = as_person(person.user).get(reverse(f"records:{name}", args=[prescription.public_id]))
        assert (DIAGNOSED in html.content.decode(), b"Pneumonia" in html.content) == (True, False)
    with in_hospital(world.city):
        frozen = queries.content_of(Prescription.objects.get())["letterhead"]
    assert (frozen["diagnosis"], frozen["diagnosis_code"]) == ("Acute bronchitis", "J20.9")
    deliver(Message.objects.get(kind="records.prescription_ready").pk)
    outside = (
        verify(as_person(), prescription).content.decode()
        + mailoutbox[0].body
        + str(mailoutbox[0].alternatives[0][0])
    )
    assert [secret for secret in ("bronchitis", "J20.9", "Pneumonia") if secret in outside] == []


def test_a_draft_shows_the_diagnosis_it_will_bear(world, as_person):
    noted(world.visit, finished=False)
    draft = drafted(world.visit)
    html = as_person(world.dora.user).get(reverse("records:sign", args=[draft.public_id])).content.decode()
    assert DIAGNOSED in html


def test_without_notes_there_is_no_diagnosis(world, as_person, prescription):
    address = reverse("records:prescription", args=[prescription.public_id])
    html = as_person(world.paul.user).get(address).content.decode()
    assert ("Diagnosis" in html, "Diagnosis" in pages_of(render(prescription))[0]) == (False, False)


def test_the_mail_about_a_cancelled_prescription_names_day_and_doctor_and_nothing_more(world, mailoutbox):
    with time_machine.travel("2026-11-21T19:30:00Z"):
        prescription = signed(world.visit, line(medicine("CANARYNE", form="tablet", dose_unit="tablet")))
        with in_hospital(world.city):
            operations.cancel_prescription(prescription, reason="CANARYREASON", by=world.dora.user)
        deliver(Message.objects.get(kind="records.prescription_cancelled").pk)
    mail = mailoutbox[0]
    assert (mail.subject, mail.to) == ("A prescription no longer counts", ["paul@demo.test"])
    # It was the 22nd already in Dhaka.
    said = "The prescription of 22 November 2026 by Dr Dora Sen was cancelled and no longer counts."
    assert [said in text for text in (mail.body, mail.alternatives[0][0])] == [True, True]
    assert "Ask Dr Dora Sen what to do now." in mail.body
    text = mail.subject + mail.body + str(mail.alternatives[0][0])
    assert reverse("records:prescription", args=[prescription.public_id]) in text
    hidden = ("CANARYNE", "CANARYREASON", "1988", prescription.verify_code)
    assert [secret for secret in hidden if secret in text] == []


def test_a_patient_without_a_log_in_is_told_by_mail_too(world):
    walk_in = PatientFactory(user=None, name="Wanda", email="wanda@demo.test")
    prescription = signed(book(world.at_city, walk_in))
    with in_hospital(world.city):
        operations.cancel_prescription(prescription, reason="x", by=world.dora.user)
    assert Message.objects.get(kind="records.prescription_cancelled").email == "wanda@demo.test"


def test_the_mail_that_it_is_ready_is_dropped_once_it_is_cancelled(world, prescription):
    with in_hospital(world.city):
        operations.cancel_prescription(prescription, reason="x", by=world.dora.user)
    message = Message.objects.get(kind="records.prescription_ready")
    deliver(message.pk)
    message.refresh_from_db()
    assert message.status == Message.Status.DROPPED
