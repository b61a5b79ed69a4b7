"""All addresses: each room brings its own; the first part of an address says whose pages they are (see hospitals.areas)."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from . import views

handler400 = "healthstack.views.bad_request"
handler403 = "healthstack.views.permission_denied"
handler404 = "healthstack.views.page_not_found"
handler500 = "healthstack.views.server_error"

urlpatterns = [
    path("favicon.ico", views.favicon, name="favicon"),
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("", include("dashboards.urls")),
    # Before appointments: the desk's patients/new/ is no patient's page.
    path("", include("patients.urls")),
    path("", include("appointments.urls")),
    path("", include("billing.urls")),
    path("", include("records.urls")),
    path("", include("doctors.urls")),
    path("", include("hospitals.urls")),
    path("", include("notifications.urls")),
]
