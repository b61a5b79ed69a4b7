"""The trail: what happened (Entry), what it said and about whom (EntrySecret), where it stands in the log (Leaf).

No foreign keys: the ledger outlives what it speaks of. Entry and Leaf hold nothing personal and refuse update and delete;
EntrySecret alone may be erased.
"""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One thing that happened; the leaf hash commits to the salted canonical entry."""

    id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=60)
    reference = models.CharField(max_length=40)
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["kind", "reference"], name="entry_of_record")]


class EntrySecret(models.Model):
    """The salt and the canonical entry, with indexed copies of who, about whom, where and when."""

    entry_id = models.CharField(max_length=32, primary_key=True)
    salt = models.BinaryField(max_length=32)
    body = models.BinaryField()
    kind = models.CharField(max_length=60)
    reference = models.CharField(max_length=40)
    actor_id = models.CharField(max_length=60)
    patient_id = models.CharField(max_length=40, blank=True)
    hospital_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    # Filled for reads only: one entry a reader, patient, hospital, part, purpose and day.
    read_part = models.CharField(max_length=80, blank=True)
    read_purpose = models.CharField(max_length=40, blank=True)
    read_day = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["patient_id", "-at"], name="secret_of_patient"),
            models.Index(fields=["hospital_id", "-at"], name="secret_of_hospital"),
            models.Index(fields=["actor_id", "-at"], name="secret_of_actor"),
            models.Index(fields=["kind", "reference", "-at"], name="secret_of_record"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["actor_id", "patient_id", "hospital_id", "read_part", "read_purpose", "read_day"],
                condition=models.Q(read_day__isnull=False),
                name="one_read_a_day",
            )
        ]


class Leaf(models.Model):
    """The place of an entry in the log, given in order by the one sealer."""

    index = models.BigIntegerField(primary_key=True)
    entry_id = models.CharField(max_length=32, unique=True)
