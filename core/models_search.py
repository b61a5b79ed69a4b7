"""The table behind typo-tolerant search: which object's text holds which three letters."""

from __future__ import annotations

from django.db import models


class SearchGram(models.Model):
    """One gram of one object's searchable text; rows are written and read by `core.search` only."""

    kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    gram = models.CharField(max_length=3)
    # Number of grams the whole text has, copied to each row: a query scores short texts without a second look.
    size = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id", "gram"], name="core_searchgram_once"),
        ]
        indexes = [
            models.Index(fields=["kind", "gram", "object_id", "size"], name="core_searchgram_covering"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.gram!r}"
