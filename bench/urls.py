"""The portal's addresses and those of the bare pages."""

from __future__ import annotations

from django.urls import path

from healthstack.urls import urlpatterns as portal

from . import views

urlpatterns = [
    path("h/<slug:slug>/bare/", views.bare, name="bare"),
    path("h/<slug:slug>/bare.json", views.bare_json, name="bare_json"),
    *portal,
]
