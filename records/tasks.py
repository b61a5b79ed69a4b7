"""Papers, made by the worker."""

from __future__ import annotations

from core.background import task
from core.documents import store_document
from core.pdf import qr_png_data_uri, render_pdf
from core.tenancy import in_hospital

from .models import Prescription
from .queries import DOCUMENT, document_of, sheet_of


@task("records.render_prescription")
def render_prescription(prescription_id: int, hospital_id: int) -> None:
    """Make the present paper of a signed prescription, unless it is there: as signed, or stamped."""
    with in_hospital(hospital_id):
        prescription = Prescription.objects.with_people().get(pk=prescription_id)
        if document_of(prescription) is None:
            version, pdf = prescription.document_version, _pdf(prescription)
            store_document(DOCUMENT, prescription.public_id, version, hospital_id=hospital_id, pdf=pdf)


def _pdf(prescription: Prescription) -> bytes:
    sheet = sheet_of(prescription)
    qr = qr_png_data_uri(sheet.verify_url)
    return render_pdf(
        "pdf/records/prescription.html", {"sheet": sheet, "letterhead": sheet.letterhead, "qr": qr}
    )
