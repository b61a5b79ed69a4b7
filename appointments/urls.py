"""Addresses of appointments: search and profile, the patient's, the doctor's and the desk's visits, the calendar."""

from __future__ import annotations

from django.urls import path

from .views import booking, calendar, closing, day, desk, desk_patient, doctor, public, visits

app_name = "appointments"

_mine = "me/visits/<str:public_id>/"
_doctors = "doctor/visits/<str:public_id>/"
_desks = "h/<slug:slug>/visits/<str:public_id>/"

urlpatterns = [
    path("doctors/", public.search, name="search"),
    path("doctors/<str:public_id>/", public.doctor, name="doctor"),
    path("me/book/<str:affiliation_id>/", booking.book, name="book"),
    path("me/visits/", visits.visit_list, name="visits"),
    path(_mine, visits.visit, name="visit"),
    path(f"{_mine}cancel/", visits.cancel, name="cancel"),
    path(f"{_mine}reschedule/", visits.reschedule, name="reschedule"),
    path(f"{_mine}release/", visits.release, name="release"),
    path(f"{_mine}calendar.ics", visits.calendar_file, name="calendar_file"),
    path("doctor/day/", day.doctor_day, name="doctor_day"),
    path(_doctors, doctor.visit, name="doctor_visit"),
    path(f"{_doctors}accept/", doctor.accept, name="doctor_accept"),
    path(f"{_doctors}decline/", doctor.decline, name="doctor_decline"),
    path(f"{_doctors}cancel/", doctor.cancel, name="doctor_cancel"),
    path(f"{_doctors}reschedule/", doctor.reschedule, name="doctor_reschedule"),
    path(f"{_doctors}no-show/", doctor.no_show, name="doctor_no_show"),
    path("h/<slug:slug>/day/", day.hospital_day, name="day"),
    path(_desks, desk.visit, name="desk_visit"),
    path(f"{_desks}accept/", desk.accept, name="desk_accept"),
    path(f"{_desks}decline/", desk.decline, name="desk_decline"),
    path(f"{_desks}cancel/", desk.cancel, name="desk_cancel"),
    path(f"{_desks}reschedule/", desk.reschedule, name="desk_reschedule"),
    path(f"{_desks}no-show/", desk.no_show, name="desk_no_show"),
    path("h/<slug:slug>/patients/<str:public_id>/", desk_patient.desk_patient, name="desk_patient"),
    path("h/<slug:slug>/book/", booking.desk_search, name="desk_search"),
    path("h/<slug:slug>/book/<str:affiliation_id>/", booking.desk_book, name="desk_book"),
]

# The doctor's calendar: weekly hours, exceptions, time off, booking rules
_calendar = "doctor/calendar/"
_one_calendar = f"{_calendar}<str:public_id>/"
_staff_doctor = "h/<slug:slug>/doctors/<str:public_id>/"
urlpatterns += [
    path(_calendar, calendar.calendar, name="calendar"),
    path(f"{_calendar}time-off/<str:time_off_id>/remove/", calendar.remove_time_off, name="remove_time_off"),
    path(f"{_one_calendar}free/", calendar.free, name="calendar_free"),
    path(f"{_one_calendar}hours/", calendar.save_hours, name="save_hours"),
    path(f"{_one_calendar}rules/", calendar.save_rules, name="save_rules"),
    path(f"{_one_calendar}exceptions/", calendar.add_exception, name="add_exception"),
    path(
        f"{_one_calendar}exceptions/<str:exception_id>/remove/",
        calendar.remove_exception,
        name="remove_exception",
    ),
    path(f"{_one_calendar}time-off/", calendar.take_time_off, name="take_time_off"),
    path("doctor/hospitals/<str:public_id>/leave/", calendar.leave_hospital, name="leave_hospital"),
    path(f"{_staff_doctor}end/", calendar.end_affiliation, name="end_affiliation"),
    path(f"{_staff_doctor}rules/", calendar.doctor_rules, name="doctor_rules"),
    path(
        "doctor/hospitals/<str:public_id>/cancel-visits/", closing.cancel_own_visits, name="cancel_own_visits"
    ),
    path(f"{_staff_doctor}cancel-visits/", closing.cancel_visits, name="cancel_visits"),
]
