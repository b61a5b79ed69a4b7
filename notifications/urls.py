"""Addresses of notifications."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "notifications"

urlpatterns = [
    path("bell/", views.bell, name="bell"),
    path("bell/read-all/", views.read_all, name="read_all"),
    path("bell/<str:public_id>/", views.open_notice, name="open_notice"),
    path("mailbox/", views.mailbox, name="mailbox"),
    path("mailbox/<str:public_id>/", views.mailbox_mail, name="mailbox_mail"),
    path("mailbox/<str:public_id>/html/", views.mailbox_html, name="mailbox_html"),
    path("mailbox/<str:public_id>/<int:number>/", views.mailbox_attachment, name="mailbox_attachment"),
]
