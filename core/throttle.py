"""Throttles: at most so many tries in a window, counted in the database so that every process sees them."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from .errors import Throttled
from .models import ThrottleWindow


def _key(scope: str, subject: str) -> str:
    # Hashed: a throttle table must not become a list of who tried to log in.
    return f"{scope}:{hashlib.sha256(subject.encode()).hexdigest()[:40]}"


def count_try(scope: str, subject: str, *, limit: int, seconds: int) -> bool:
    """Count one try of the subject and say whether it is still within the limit of the window."""
    key, now = _key(scope, subject), timezone.now()
    with transaction.atomic():
        rows = ThrottleWindow.objects.select_for_update(no_key=True, of=("self",))
        row, created = rows.get_or_create(
            key=key, defaults={"tries": 1, "resets_at": now + dt.timedelta(seconds=seconds)}
        )
        if created:
            return limit >= 1
        if row.resets_at <= now:
            row.tries, row.resets_at = 1, now + dt.timedelta(seconds=seconds)
            row.save(update_fields=["tries", "resets_at"])
            return limit >= 1
        ThrottleWindow.objects.filter(key=key).update(tries=F("tries") + 1)
        return row.tries + 1 <= limit


def is_exhausted(scope: str, subject: str, *, limit: int) -> bool:
    """Say whether the subject has used up its tries, without counting one."""
    return ThrottleWindow.objects.filter(
        key=_key(scope, subject), tries__gte=limit, resets_at__gt=timezone.now()
    ).exists()


def forget(scope: str, subject: str) -> None:
    """Start the subject's window anew, after a success."""
    ThrottleWindow.objects.filter(key=_key(scope, subject)).delete()


def require_try(scope: str, subject: str, *, limit: int, seconds: int) -> None:
    """Count one try; raises Throttled when the limit is passed."""
    if not count_try(scope, subject, limit=limit, seconds=seconds):
        minutes = max(1, seconds // 60)
        raise Throttled(
            _("That was tried too often. Please wait %(minutes)s minutes.") % {"minutes": minutes}
        )


def prune_windows() -> int:
    """Delete windows that have closed, and say how many."""
    return ThrottleWindow.objects.filter(resets_at__lt=timezone.now()).delete()[0]
