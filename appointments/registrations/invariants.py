"""What must hold of visits, their cells, numbers and money at any time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Count, Exists, F, OuterRef

from billing.models import InvoiceLine
from core.invariants import invariant

from ..models import PURPOSE, Appointment, Cell, Hold
from ..slots import cells_of


@invariant("appointments: no two live visits of a doctor or a patient overlap")
def no_visits_overlap() -> Iterator[str]:
    """Yield one sentence for each pair, whatever their cells say."""
    for person in ("doctor_id", "patient_id"):
        rows = (
            Appointment.objects.live()
            .order_by(person, "starts_at")
            .values_list(person, "public_id", "starts_at", "ends_at")
        )
        before: tuple[int, str, object] | None = None
        for key, reference, starts_at, ends_at in rows.iterator(chunk_size=2000):
            if before and before[0] == key and starts_at < before[2]:
                yield f"Visits {before[1]} and {reference} of {person} {key} overlap."
            before = (key, reference, ends_at)


@invariant(
    "appointments: a live visit has exactly its cells, for good; a held one until it lapses; others have none"
)
def cells_fit_visits() -> Iterator[str]:
    """Yield one sentence for each visit whose cells are not what its state asks for."""
    cells: dict[int, set[tuple]] = defaultdict(set)
    for cell in Cell.objects.iterator(chunk_size=2000):
        cells[cell.appointment_id].add((cell.starts_at, cell.doctor_id, cell.patient_id, cell.lapses_at))
    live = {*Appointment.LIVE}
    for visit in Appointment.objects.select_related("hold").iterator(chunk_size=2000):
        has = cells.pop(visit.pk, set())
        if visit.status in live:
            due = {
                (start, visit.doctor_id, visit.patient_id, None)
                for start in cells_of(visit.starts_at, visit.ends_at)
            }
            if has != due:
                lacks, more = len(due - has), len(has - due)
                yield f"Visit {visit.public_id} lacks {lacks} of its {len(due)} cells; not its own: {more}."
        elif visit.status == Appointment.Status.PROPOSED:
            if any(lapses_at is None for *_, lapses_at in has):
                yield f"The held time {visit.public_id} has cells that never lapse."
        elif has and visit.status == Appointment.Status.CANCELLED:
            yield f"The cancelled visit {visit.public_id} still takes time."
    for key in cells:
        yield f"Cells of the unknown visit {key}."


@invariant("appointments: a day's serial numbers are unique, and whoever was booked has one")
def serials_are_unique() -> Iterator[str]:
    """Yield one sentence for each number that was given twice or is missing."""
    numbered = Appointment.objects.made().exclude(status=Appointment.Status.CANCELLED).order_by()
    twice = numbered.values("affiliation", "day", "serial").annotate(found=Count("pk")).filter(found__gt=1)
    for row in twice:
        yield f"Number {row['serial']} of affiliation {row['affiliation']} on {row['day']} was given {row['found']} times."
    for reference in (
        Appointment.objects.live().filter(serial__isnull=True).values_list("public_id", flat=True)
    ):
        yield f"Visit {reference} has no serial number."


@invariant("appointments: a live visit was charged, and its hold was used")
def live_visits_are_charged() -> Iterator[str]:
    """Yield one sentence for each visit without a fulfilled line, or with a hold that was not used."""
    line = InvoiceLine.objects.filter(
        purpose=PURPOSE, reference=OuterRef("public_id"), status=InvoiceLine.Status.FULFILLED
    )
    for reference in Appointment.objects.live().exclude(Exists(line)).values_list("public_id", flat=True):
        yield f"Visit {reference} has no fulfilled invoice line."
    unused = Hold.objects.filter(appointment__status__in=Appointment.LIVE).exclude(status=Hold.Status.USED)
    for reference in unused.values_list("appointment__public_id", flat=True):
        yield f"The hold of the live visit {reference} was not used."


@invariant("appointments: a visit lies at its doctor's affiliation, on its local day")
def visits_fit_their_place() -> Iterator[str]:
    """Yield one sentence for each visit that names another doctor, hospital or day than it should."""
    rows = Appointment.objects.select_related("hospital", "affiliation")
    strays = rows.exclude(affiliation__doctor=F("doctor")) | rows.exclude(affiliation__hospital=F("hospital"))
    for reference in strays.values_list("public_id", flat=True):
        yield f"Visit {reference} is not at its affiliation."
    for visit in rows.iterator(chunk_size=2000):
        if visit.hospital.local(visit.starts_at).date() != visit.day:
            yield f"Visit {visit.public_id} is kept under {visit.day}."
