"""Tables that every room needs and no department owns."""

from __future__ import annotations

from django.db import models

from .documents import StoredDocument
from .models_search import SearchGram

__all__ = ["Lease", "PeriodicRun", "SearchGram", "StoredDocument", "ThrottleWindow"]


class Lease(models.Model):
    """Who may do a job that only one process may do, and until when."""

    name = models.CharField(max_length=50, primary_key=True)
    holder = models.CharField(max_length=100)
    until = models.DateTimeField()


class PeriodicRun(models.Model):
    """When a periodic command last ran, and how that went."""

    name = models.CharField(max_length=100, primary_key=True)
    last_run = models.DateTimeField()
    last_error = models.TextField(blank=True)


class ThrottleWindow(models.Model):
    """How often something was tried since its window opened."""

    key = models.CharField(max_length=100, primary_key=True)
    tries = models.PositiveIntegerField()
    resets_at = models.DateTimeField(db_index=True)
