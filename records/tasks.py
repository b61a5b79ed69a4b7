"""Papers, made by the worker."""

from __future__ import annotations

from core.background import task
from core.documents import find_document, store_document
from core.pdf import qr_png_data_uri, render_pdf
from core.tenancy import in_hospital

from .models import Prescription
from .queries import sheet_of

DOCUMENT = "records.prescription"


@task("records.render_prescription")
def render_prescription(prescription_id: int, hospital_id: int) -> None:
    """Make the present paper of a signed prescription, unless it is there: as signed, or stamped."""
    with in_hospital(hospital_id):
        prescription = Prescription.objects.with_people().get(pk=prescription_id)
        reference, version = prescription.public_id, prescription.document_version
        if find_document(DOCUMENT, reference, version) is None:
            pdf = _pdf(prescription)
            store_document(DOCUMENT, reference, version, hospital_id=hospital_id, pdf=pdf)


def _pdf(prescription: Prescription) -> bytes:
    sheet = sheet_of(prescription)
    qr = qr_png_data_uri(sheet.verify_url)
    return render_pdf("pdf/records/prescription.html", {"sheet": sheet, "letterhead": sheet.letterhead, "qr": qr})
