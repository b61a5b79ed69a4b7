"""Addresses of doctors."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "doctors"

urlpatterns: list[URLPattern] = []
