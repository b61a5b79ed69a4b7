"""Addresses of appointments: search and profile, the patient's, the doctor's and the desk's visits, the calendar."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "appointments"

urlpatterns: list[URLPattern] = []

# The doctor's calendar: weekly hours, exceptions, time off, booking rules
urlpatterns += []
