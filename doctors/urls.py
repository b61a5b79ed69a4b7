"""Addresses of doctors: public, the doctor's own, and those of a hospital's admin."""

from __future__ import annotations

from django.urls import path

from .views import own, public, staff

app_name = "doctors"

_certificates = "doctor/certificates/"
_hospitals = "doctor/hospitals/"
_applications = "h/<slug:slug>/applications/"
_doctors = "h/<slug:slug>/doctors/"

urlpatterns = [
    path("join/doctor/", public.sign_up, name="sign_up"),
    path("hospitals/<slug:slug>/", public.hospital, name="hospital"),
    path("doctors/<str:public_id>/photo/", public.photo, name="photo"),
    path("doctor/profile/", own.profile, name="profile"),
    path("doctor/profile/photo/", own.change_photo, name="change_photo"),
    path("doctor/profile/photo/remove/", own.remove_photo, name="remove_photo"),
    path(_certificates, own.certificates, name="certificates"),
    path(f"{_certificates}<str:public_id>/", own.certificate, name="certificate"),
    path(f"{_certificates}<str:public_id>/remove/", own.remove_certificate, name="remove_certificate"),
    path(_hospitals, own.workplaces, name="workplaces"),
    path(f"{_hospitals}find/", own.find_hospital, name="find_hospital"),
    path(f"{_hospitals}apply/<slug:slug>/", own.apply, name="apply"),
    path(f"{_hospitals}applications/<str:public_id>/withdraw/", own.withdraw, name="withdraw"),
    path(_applications, staff.applications, name="applications"),
    path(f"{_applications}certificates/<str:public_id>/", staff.certificate, name="staff_certificate"),
    path(f"{_applications}<str:public_id>/", staff.application, name="application"),
    path(f"{_applications}<str:public_id>/approve/", staff.approve, name="approve"),
    path(f"{_applications}<str:public_id>/reject/", staff.reject, name="reject"),
    path(_doctors, staff.staff_doctors, name="staff_doctors"),
    path(f"{_doctors}<str:public_id>/", staff.staff_doctor, name="staff_doctor"),
    path(f"{_doctors}<str:public_id>/department/", staff.change_department, name="change_department"),
    path(f"{_doctors}<str:public_id>/licence/", staff.confirm_licence, name="confirm_licence"),
]
