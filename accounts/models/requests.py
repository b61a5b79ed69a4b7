"""What was asked for and is answered by mail; links are made when the mail is sent and never stored."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from core.ids import public_id


class LinkRequest(models.Model):
    """Somebody typed an address to get a link. Whether it has an account is looked up later, out of the visitor's sight."""

    class Purpose(models.TextChoices):
        RESET_PASSWORD = "reset_password"
        VERIFY_EMAIL = "verify_email"

    purpose = models.CharField(max_length=20, choices=Purpose)
    email = models.EmailField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)


class EmailChange(models.Model):
    """A person's wish for another address, until its owner confirms it; at most one open wish a person."""

    public_id = models.CharField(max_length=16, unique=True, default=public_id, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="email_change"
    )
    new_email = models.EmailField()
    created_at = models.DateTimeField(auto_now_add=True)
