"""Addresses of the first pages."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "dashboards"

urlpatterns = [
    path("", views.home, name="home"),
    path("start/", views.start, name="start"),
    path("start/away/", views.away, name="away"),
    path("me/", views.patient, name="patient"),
    path("doctor/", views.doctor, name="doctor"),
    path("h/<slug:slug>/", views.hospital, name="hospital"),
    path("platform/", views.platform, name="platform"),
]
