"""Addresses of patients."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "patients"

urlpatterns = [
    path("join/", views.sign_up, name="sign_up"),
    path("join/patient/", views.become, name="become"),
    path("me/profile/", views.profile, name="profile"),
    path("me/access/", views.access_log, name="access_log"),
    path("h/<slug:slug>/patients/", views.index, name="index"),
    path("h/<slug:slug>/patients/new/", views.register, name="register"),
    path("h/<slug:slug>/patients/<str:public_id>/edit/", views.edit, name="edit"),
]
