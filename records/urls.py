"""Addresses of records."""

from __future__ import annotations

from django.urls import path

from .views import charts, patient, prescribing, prescriptions, public

app_name = "records"

_mine = "me/prescriptions/"
_patients = "doctor/patients/"
_visit = "doctor/visits/<str:public_id>/"
_prescription = "doctor/prescriptions/<str:public_id>/"

urlpatterns = [
    path("rx/", public.check, name="check"),
    path("rx/<str:code>/", public.verify, name="verify"),
    path(_mine, patient.prescriptions, name="prescriptions"),
    path(f"{_mine}<str:public_id>/", patient.prescription, name="prescription"),
    path(f"{_mine}<str:public_id>/pdf/", patient.prescription_pdf, name="prescription_pdf"),
    path("me/visits/<str:public_id>/summary/", patient.visit_summary, name="visit_summary"),
    path(_patients, charts.patients, name="patients"),
    path(f"{_patients}<str:public_id>/", charts.chart, name="chart"),
    path(f"{_patients}<str:public_id>/allergies/", charts.allergies, name="allergies"),
    path("doctor/notes/<str:public_id>/", charts.notes, name="notes"),
    path("doctor/medicines/", prescribing.medicines, name="medicines"),
    path(f"{_visit}see/", charts.see, name="see"),
    path(f"{_visit}begin/", charts.begin, name="begin"),
    path(f"{_visit}undo/", charts.undo, name="undo"),
    path(f"{_visit}prescribe/", prescribing.prescribe, name="prescribe"),
    path(_prescription, prescriptions.doctor_prescription, name="doctor_prescription"),
    path(f"{_prescription}pdf/", prescriptions.doctor_prescription_pdf, name="doctor_prescription_pdf"),
    path(f"{_prescription}sign/", prescriptions.sign, name="sign"),
    path(f"{_prescription}cancel/", prescriptions.cancel, name="cancel"),
    path(f"{_prescription}discard/", prescriptions.discard, name="discard"),
    path(f"{_prescription}replace/", prescriptions.replace, name="replace"),
]
