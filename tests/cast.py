"""The whole cast at two hospitals, for tests that cross rooms; made through the rooms' operations.

Every text that belongs to one tenant or one person is a canary: a word that occurs nowhere else, so that a leak is seen by
its text. Variants name whose a record is: `own` is Paul's with Dora at Own Hospital, `same` is Pia's with Dana in the same
hospital, `other` is Omar's with Deb at Other Hospital.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from accounts.models import User
from accounts.operations import add_verified_user, make_platform_admin, start_session
from accounts.tests.factories import password_hash
from appointments.models import Appointment
from appointments.operations import (
    accept_appointment,
    add_exception,
    book_appointment,
    cancel_appointment,
    set_weekly_hours,
    take_time_off,
)
from billing.models import Attempt, Invoice, Payment, Refund
from billing.operations import take_desk_payment
from core.actors import SEED
from core.tenancy import in_hospital
from django.core.files.base import ContentFile
from django.utils import timezone
from doctors.models import Affiliation, Doctor, Speciality
from doctors.operations import (
    DoctorDetails,
    add_certificate,
    apply_to_hospital,
    approve_application,
    become_doctor,
)
from formulary.models import Generic, Medicine
from hospitals.models import Hospital, Membership, Role
from hospitals.operations import (
    HospitalProfile,
    add_department,
    add_membership,
    add_service,
    create_hospital,
    invite_staff,
)
from notifications.models import Notice
from patients.models import Patient
from patients.operations import PatientDetails, become_patient
from records.operations import (
    LineText,
    NoteText,
    cancel_prescription,
    draft_prescription,
    finish_visit,
    set_allergies,
    sign_prescription,
    start_visit,
    write_note,
)

from core.uploads import StoredUpload

NOW = dt.datetime(2026, 11, 21, 6, 0, tzinfo=dt.UTC)  # a Saturday, noon in Dhaka
PDF = b"%PDF-1.4\n%%EOF\n"
OWN, SAME, OTHER, NOBODY = "own", "same", "other", "nobody"
HOME = {OWN: "own", SAME: "own", OTHER: "other"}
PATIENT = {OWN: "paul", SAME: "pia", OTHER: "omar"}
DOCTOR = {OWN: "dora", SAME: "dana", OTHER: "deb"}
DESK = {"own": "rita", "other": "sam"}
STAFF = {
    "own": {"ada": Role.ADMIN, "rita": Role.RECEPTIONIST},
    "other": {"mallory": Role.ADMIN, "sam": Role.RECEPTIONIST},
}
NAMES = {
    "ada": "Ada Hoque", "rita": "Rita Saha", "mallory": "Mallory Khan", "sam": "Sam Dey", "root": "Root Ahmed",
    "nadia": "Nadia Islam", "paul": "Paul Rahman", "pia": "Pia Sarkar", "omar": "Omar Faruk", "dora": "Dr Dora Sen",
    "dana": "Dr Dana Bose", "deb": "Dr Deb Roy", "tess": "Dr Tess Yasmin", "toby": "Dr Toby Das",
}  # fmt: skip
ABSENT = "zzzzzzzzzzzzzzzz"  # a public id that nothing has


@dataclass(frozen=True)
class Canary:
    """A text that may be shown to these people and to nobody else."""

    text: str
    seen_by: frozenset[str]
    what: str


@dataclass
class Cast:
    """Everybody, both hospitals, the ids of their records by kind and variant, and the canaries."""

    people: dict[str, User] = field(default_factory=dict)
    hospitals: dict[str, Hospital] = field(default_factory=dict)
    patients: dict[str, Patient] = field(default_factory=dict)
    doctors: dict[str, Doctor] = field(default_factory=dict)
    affiliations: dict[str, Affiliation] = field(default_factory=dict)
    medicine: Any = None
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    canaries: list[Canary] = field(default_factory=list)

    def keep(self, kind: str, variant: str, row: Any) -> Any:
        """Remember the first row of its kind and variant."""
        self.rows.setdefault(kind, {}).setdefault(variant, row)
        return row

    def row(self, kind: str, variant: str) -> Any:
        """Return that row."""
        return self.rows[kind][variant]

    def id_of(self, kind: str, variant: str) -> str:
        """Return that row's public id; `nobody` has one that does not exist."""
        return ABSENT if variant == NOBODY else str(self.rows[kind][variant].public_id)

    def canary(self, text: str, *seen_by: str, what: str = "") -> str:
        """Remember a text and who may see it, and return it."""
        self.canaries.append(Canary(text, frozenset(seen_by), what or text))
        return text


def make_cast(*, rows: int = 1) -> Cast:
    """Make everybody; `rows` says how many of each repeatable record there are. The clock stands at NOW."""
    cast = Cast()
    for login, name in NAMES.items():
        email = f"zq{login}mail@demo.test"
        word = name if login in {"dora", "dana", "deb"} else f"{name} Zq{login}name"
        cast.people[login] = add_verified_user(
            email=email, name=word, phone="", password_hash=password_hash(), by=SEED
        )
    make_platform_admin(cast.people["root"], by=SEED)
    speciality = Speciality.objects.create(
        slug="cardiology", name="Cardiology", lay_name="Heart", practitioner="Cardiologist"
    )
    cast.medicine = _medicine()
    for slug in ("own", "other"):
        _hospital(cast, slug, speciality, rows)
    for variant in (OWN, SAME, OTHER):
        _doctor(cast, variant, speciality, rows)
    for variant in (OWN, SAME, OTHER):
        _patient(cast, variant)
        with in_hospital(cast.hospitals[HOME[variant]]):
            _care(cast, variant, rows)
    _staff_canaries(cast, rows)
    _notices_and_sessions(cast, rows)
    _other_names(cast)
    return cast


def _medicine() -> Medicine:
    generic = Generic.objects.create(name="Paracetamol", therapeutic_class="Analgesics")
    return Medicine.objects.create(
        code="T-1", generic=generic, brand="Testamol", form="tablet", strength="500 mg", route="oral",
        dose_unit="tablet", manufacturer="Test Pharma", pack_size="10 x 10",
    )  # fmt: skip


def _hospital(cast: Cast, slug: str, speciality: Speciality, rows: int) -> None:
    profile = HospitalProfile(
        name=f"{slug.title()} Hospital", address="1 Green Road", city="Dhaka", email=f"desk.{slug}@demo.test"
    )
    hospital = create_hospital(slug=slug, profile=profile, by=SEED)
    cast.hospitals[slug] = cast.keep("hospital", slug, hospital)
    admin = "ada" if slug == "own" else "mallory"
    with in_hospital(hospital):
        for login, role in STAFF[slug].items():
            membership = add_membership(hospital, user=cast.people[login], role=role, by=SEED)
            cast.keep("member", slug, membership) if role == Role.RECEPTIONIST else None
        for number in range(rows):
            department = add_department(
                hospital, name=f"Heart {slug} {number}", about="", location="", by=SEED
            )
            service = add_service(department, name=f"Test {slug} {number}", by=SEED)
            cast.keep("department", slug, department)
            cast.keep("service", slug, service)
            _invite(cast, slug, admin, number)
            _apply(cast, slug, speciality, number)


def _invite(cast: Cast, slug: str, admin: str, number: int) -> None:
    email = f"zq{slug}invited{number}@demo.test"
    cast.canary(email, admin, "root", email)
    name = cast.canary(f"Zq{slug}invited{number}name", admin, "root", email)
    role = Role.ADMIN if number == 0 else Role.RECEPTIONIST
    invitation = invite_staff(cast.hospitals[slug], email=email, name=name, role=role, by=cast.people[admin])
    cast.keep("invitation", slug, invitation)


def _details(login: str, speciality: Speciality, number: int) -> DoctorDetails:
    digits = f"{sum(map(ord, login)):04d}{number}"
    return DoctorDetails(
        name=NAMES.get(login, login), phone=f"+88017113{digits}", speciality=speciality, qualifications="MBBS",
        practising_since=2010, city="Dhaka", licence_number=f"ZQ{login}{number}LICENCE", licence_expires=dt.date(2029, 6, 30),
    )  # fmt: skip


def _paper(cast: Cast, login: str, doctor: Doctor, *seen_by: str) -> Any:
    title = cast.canary(f"Zq{login}paper", login, *seen_by)
    upload = StoredUpload(ContentFile(PDF, name="paper.pdf"), "application/pdf", ".pdf")
    return add_certificate(doctor, title=title, upload=upload, by=cast.people.get(login) or SEED)


def _apply(cast: Cast, slug: str, speciality: Speciality, number: int) -> None:
    login = "tess" if slug == "own" else "toby"
    user = cast.people[login]
    if number:
        user = add_verified_user(
            email=f"zq{login}{number}@demo.test",
            name=f"Dr {login} {number}",
            phone="",
            password_hash=password_hash(),
            by=SEED,
        )
    doctor = become_doctor(user, details=_details(login, speciality, number))
    admin = "ada" if slug == "own" else "mallory"
    message = cast.canary(f"Zq{slug}application{number}message", admin, login)
    application = apply_to_hospital(doctor, hospital=cast.hospitals[slug], message=message, by=user)
    cast.keep("application", slug, application)
    if not number:
        cast.doctors[login] = doctor
        cast.keep("applicant_paper", slug, _paper(cast, login, doctor, admin))


def _doctor(cast: Cast, variant: str, speciality: Speciality, rows: int) -> None:
    login, slug = DOCTOR[variant], HOME[variant]
    hospital, user = cast.hospitals[slug], cast.people[login]
    admin = "ada" if slug == "own" else "mallory"
    doctor = cast.doctors[login] = cast.keep(
        "doctor", variant, become_doctor(user, details=_details(login, speciality, 0))
    )
    for _number in range(rows):
        # Both admins: the doctor works for one and has applied to the other.
        cast.keep("paper", variant, _paper(cast, login, doctor, "ada", "mallory"))
    with in_hospital(hospital):
        application = apply_to_hospital(doctor, hospital=hospital, by=user)
        approved = approve_application(
            application,
            department=cast.row("department", slug),
            fee=Decimal("800.00"),
            slot_minutes=20,
            by=cast.people[admin],
        )
        affiliation = Affiliation.objects.select_related("hospital", "doctor__user", "membership").get(
            pk=approved.pk
        )
        cast.affiliations[login] = cast.keep("affiliation", variant, affiliation)
        set_weekly_hours(affiliation, hours=[(day, dt.time(9), dt.time(21)) for day in range(7)], by=user)
        for number in range(rows):
            day = timezone.now().date() + dt.timedelta(days=30 + number)
            cast.keep(
                "exception", variant, add_exception(affiliation, day=day, starts=None, ends=None, by=user)
            )
    for number in range(rows):
        starts = timezone.now() + dt.timedelta(days=40 + 2 * number)
        off = take_time_off(doctor, starts_at=starts, ends_at=starts + dt.timedelta(days=1), by=user)
        cast.keep("time_off", variant, off)
    # Somebody who works at Own and asked Other, so that their own list has a line that can be withdrawn.
    elsewhere = cast.hospitals["other" if slug == "own" else "own"]
    with in_hospital(elsewhere):
        text = cast.canary(f"Zq{login}applies", login, "mallory" if slug == "own" else "ada")
        cast.keep(
            "own_application", variant, apply_to_hospital(doctor, hospital=elsewhere, message=text, by=user)
        )


def _patient(cast: Cast, variant: str) -> None:
    login, slug = PATIENT[variant], HOME[variant]
    user, desk = cast.people[login], [login, *STAFF[slug], DOCTOR[variant]]
    cast.canary(f"Zq{login}name", *desk)
    details = PatientDetails(
        name=user.name, birth_date=dt.date(1988, 5, 3), email=user.email, phone=f"+8801712{sum(map(ord, login)):06d}",
        address=cast.canary(f"Zq{login}address", *desk), city="Dhaka",
    )  # fmt: skip
    cast.canary(user.email, *desk)
    patient = cast.patients[login] = cast.keep("patient", variant, become_patient(user, details=details))
    cast.canary(patient.public_id, *desk, what=f"{login}'s id")
    doctor = DOCTOR[variant]
    text = cast.canary(f"Zq{login}allergy", login, doctor)
    set_allergies(patient, answer="listed", text=text, by=cast.people[doctor])


class _Clock:
    """Gives each visit of the story its own time: today's from 14:00 in Dhaka on, later ones at 10:00."""

    def __init__(self) -> None:
        self.taken: dict[int, int] = {}

    def next(self, days: int) -> dt.datetime:
        number = self.taken[days] = self.taken.get(days, -1) + 1
        first = NOW + (dt.timedelta(hours=2) if days == 0 else dt.timedelta(days=days, hours=-2))
        return first + dt.timedelta(minutes=20 * number)


def _care(cast: Cast, variant: str, rows: int) -> None:
    clock = _Clock()
    for _number in range(rows):
        _seen(cast, variant, clock)
        _keep_visit(cast, "visit", variant, _book(cast, variant, clock.next(2), accepted=True))
        _keep_visit(cast, "visit.pending", variant, _book(cast, variant, clock.next(3)))
        _cancelled(cast, variant, clock)
    _open(cast, variant, clock)
    held = _book(cast, variant, clock.next(5), pay="online")
    cast.keep("visit.held", variant, held)
    cast.canary(held.public_id, PATIENT[variant], what=f"the id of what {PATIENT[variant]} holds")
    cast.keep("bill.held", variant, Invoice.objects.get(lines__reference=held.public_id))
    _money_to_check(cast, variant)


def _ids(cast: Cast, variant: str, *rows: Any) -> None:
    desk = [PATIENT[variant], *STAFF[HOME[variant]], DOCTOR[variant]]
    for row in rows:
        what = f"the id of {PATIENT[variant]}'s {type(row).__name__.lower()}"
        cast.canary(row.public_id, *desk, what=what)


def _keep_visit(cast: Cast, kind: str, variant: str, visit: Appointment) -> Appointment:
    invoice = Invoice.objects.get(lines__reference=visit.public_id, kind=Invoice.Kind.INVOICE)
    cast.keep(kind, variant, visit)
    cast.keep(kind.replace("visit", "bill"), variant, invoice)
    _ids(cast, variant, visit, invoice)
    return visit


def _book(
    cast: Cast, variant: str, starts_at: dt.datetime, *, accepted: bool = False, pay: str = "desk"
) -> Appointment:
    login, doctor = PATIENT[variant], DOCTOR[variant]
    reason = f"Zq{login}reason"
    cast.canary(reason, login, doctor)
    visit = book_appointment(
        cast.affiliations[doctor],
        patient=cast.patients[login],
        starts_at=starts_at,
        pay=pay,
        reason=reason,
        by=cast.people[login],
    )
    if accepted:
        accept_appointment(visit, by=cast.people[doctor])
        visit.refresh_from_db()
    return visit


def _note(cast: Cast, variant: str) -> NoteText:
    login, doctor = PATIENT[variant], DOCTOR[variant]
    both = {name: cast.canary(f"Zq{login}{name}", login, doctor) for name in ("diagnosis", "plan")}
    own = {name: cast.canary(f"Zq{login}{name}", doctor) for name in ("complaint", "findings")}
    return NoteText(**both, **own)


def _line(cast: Cast, variant: str, word: str, *seen_by: str) -> LineText:
    text = cast.canary(f"Zq{PATIENT[variant]}{word}", *seen_by)
    return LineText(cast.medicine.public_id, Decimal(1), "1+0+1", days=5, indication=text, instructions=text)


def _seen(cast: Cast, variant: str, clock: _Clock) -> None:
    login, doctor = PATIENT[variant], DOCTOR[variant]
    by = cast.people[doctor]
    appointment = _keep_visit(cast, "visit.seen", variant, _book(cast, variant, clock.next(0), accepted=True))
    visit = cast.keep("note", variant, start_visit(appointment, by=by))
    cast.canary(visit.public_id, login, doctor, what=f"the id of {login}'s visit notes")
    write_note(visit, note=_note(cast, variant), expected_number=0, by=by)
    for kind in ("prescription.cancelled", "prescription"):
        line = _line(cast, variant, "instruction", login, doctor)
        advice = cast.canary(f"Zq{login}advice", login, doctor)
        draft = draft_prescription(visit, lines=[line], advice=advice, by=by)
        signed = cast.keep(kind, variant, sign_prescription(draft, by=by))
        cast.canary(signed.public_id, login, doctor, what=f"the id of {login}'s prescription")
        if kind == "prescription.cancelled":
            cancel_prescription(signed, reason=cast.canary(f"Zq{login}cancelsrx", login, doctor), by=by)
        cast.canary(signed.verify_code, login, doctor, what=f"the code of {login}'s prescription")
    finish_visit(visit, by=by)
    invoice = Invoice.objects.get(lines__reference=appointment.public_id)
    payment = take_desk_payment(invoice, method="cash", by=cast.people[DESK[HOME[variant]]])
    cast.keep("payment", variant, payment)
    _ids(cast, variant, payment)


def _cancelled(cast: Cast, variant: str, clock: _Clock) -> None:
    login, desk = PATIENT[variant], cast.people[DESK[HOME[variant]]]
    visit = _keep_visit(cast, "visit.cancelled", variant, _book(cast, variant, clock.next(4), accepted=True))
    invoice = Invoice.objects.get(lines__reference=visit.public_id)
    payment = take_desk_payment(invoice, method="cash", by=desk)
    why = cast.canary(f"Zq{login}cancels", login, *STAFF[HOME[variant]], DOCTOR[variant])
    cancel_appointment(visit, side=Appointment.Side.HOSPITAL, reason=why, by=desk)
    refund = cast.keep("refund", variant, Refund.objects.get(payment=payment))
    note = cast.keep("bill.credit", variant, Invoice.objects.get(corrects=invoice))
    _ids(cast, variant, payment, refund, note)


def _open(cast: Cast, variant: str, clock: _Clock) -> None:
    doctor = DOCTOR[variant]
    by = cast.people[doctor]
    appointment = _keep_visit(cast, "visit.open", variant, _book(cast, variant, clock.next(0), accepted=True))
    visit = start_visit(appointment, by=by)
    line = _line(cast, variant, "draftline", doctor)
    advice = cast.canary(f"Zq{PATIENT[variant]}draftadvice", doctor)
    draft = cast.keep(
        "prescription.draft", variant, draft_prescription(visit, lines=[line], advice=advice, by=by)
    )
    cast.canary(draft.public_id, doctor, what="the id of a draft")
    cast.canary(draft.verify_code, doctor, what="the code of a draft")


def _money_to_check(cast: Cast, variant: str) -> None:
    """A payment in review and an unclear refund: what only a gateway's odd answer makes."""
    hospital = cast.hospitals[HOME[variant]]
    bill = cast.row("bill", variant)
    common = {"hospital": hospital, "currency": "BDT"}
    attempt = Attempt.objects.create(
        invoice=bill, method=Attempt.Method.ONLINE, status=Attempt.Status.REVIEW, amount=bill.total, **common
    )
    cast.keep("attempt", variant, attempt)
    paid = Attempt.objects.create(
        invoice=cast.row("bill.seen", variant),
        method=Attempt.Method.ONLINE,
        status=Attempt.Status.PAID,
        amount=Decimal(50),
        **common,
    )
    payment = Payment.objects.create(
        attempt=paid,
        invoice=paid.invoice,
        amount=Decimal(50),
        refund_total=Decimal(50),
        captured_at=timezone.now(),
        **common,
    )
    refund = Refund.objects.create(
        payment=payment, amount=Decimal(50), reason="Paid twice", status=Refund.Status.UNCLEAR, **common
    )
    cast.keep("refund.unclear", variant, refund)
    _ids(cast, variant, attempt, payment, refund)


def _staff_canaries(cast: Cast, rows: int) -> None:
    for slug, admin in (("own", "ada"), ("other", "mallory")):
        people = [*STAFF[slug], *(DOCTOR[variant] for variant in DOCTOR if HOME[variant] == slug)]
        patients = [PATIENT[variant] for variant in PATIENT if HOME[variant] == slug]
        for login in STAFF[slug]:
            cast.canary(f"zq{login}mail@demo.test", *people, "root")
            # By name they stand in the history of their patients' visits.
            invited = [f"zq{slug}invited{number}@demo.test" for number in range(rows)]
            cast.canary(f"Zq{login}name", *people, *patients, *invited, "root")
        with in_hospital(cast.hospitals[slug]):
            for membership in Membership.objects.all():
                cast.canary(membership.public_id, admin, "root", what="the id of a membership")
    cast.canary("zqnadiamail@demo.test", "nadia")
    cast.canary("zqrootmail@demo.test", "root")


def _notices_and_sessions(cast: Cast, rows: int) -> None:
    for login, user in cast.people.items():
        for number in range(rows):
            title = cast.canary(f"Zq{login}notice{number}", login)
            cast.keep(
                "notice",
                login,
                Notice.objects.create(user=user, kind="tests.notice", title=title, url="/start/"),
            )
            key = f"{login}{number}".ljust(32, "0")
            session = start_session(user, session_key=key, user_agent="", address="127.0.0.1")
            cast.keep("session", login, session)
            cast.canary(session.public_id, login, what=f"the id of {login}'s session")


def _other_names(cast: Cast) -> None:
    """Rows by what stands in an address instead of a public id."""
    for slug, hospital in cast.hospitals.items():
        cast.keep("hospital_slug", slug, SimpleNamespace(public_id=hospital.slug))
    for variant in PATIENT:
        cast.keep(
            "rx_code", variant, SimpleNamespace(public_id=cast.row("prescription", variant).verify_code)
        )
