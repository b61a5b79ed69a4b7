"""Second factors: an authenticator app, a code by mail, and backup codes. One of each a person, at most.

Codes are checked only through `django_otp.verify_token`, which locks the row; where the database has no row locks the
conditional updates below still accept a code once.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from ..keys import keyed_hashes, unseal

STEP = 30  # seconds an authenticator's code stays on the screen
# 2 ** 10 seconds: wrong codes slow down guessing to 85 tries a day, and keep nobody out for more than 17 minutes.
MOST_FAILURES = 11


class Method(models.TextChoices):
    """The ways to give a second factor, in the order in which they are offered."""

    AUTHENTICATOR = "authenticator", _("Authenticator app")
    EMAIL = "email", _("Code by e-mail")
    BACKUP = "backup", _("Backup code")


class ThrottledDevice(ThrottlingMixin, Device):
    """A device that waits longer after each wrong code, up to a limit, and writes only the columns it means."""

    method: ClassVar[Method]

    class Meta:
        abstract = True

    def get_throttle_factor(self) -> float:
        """Return the seconds to wait after the first wrong code."""
        return 1

    def throttle_increment(self, commit: bool = True) -> None:
        """Count a wrong code."""
        self._write_throttle(min(self.throttling_failure_count + 1, MOST_FAILURES), timezone.now())

    def throttle_reset(self, commit: bool = True) -> None:
        """Forget wrong codes."""
        self._write_throttle(0, None)

    def _write_throttle(self, failures: int, last: dt.datetime | None) -> None:
        self.throttling_failure_count: int = failures
        self.throttling_failure_timestamp: Any = last
        self.save(update_fields=["throttling_failure_count", "throttling_failure_timestamp"])

    def verify_token(self, token: str) -> bool:
        """Say whether the code is right, and use it up. Call it through `django_otp.verify_token`."""
        allowed, _reason = self.verify_is_allowed()
        if not allowed:
            return False
        if self._use_up(token):
            self.throttle_reset()
            return True
        self.throttle_increment()
        return False

    def _use_up(self, token: str) -> bool:
        raise NotImplementedError


class AuthenticatorDevice(ThrottledDevice):
    """An app that shows a new code every 30 seconds (RFC 6238). Its key is stored sealed for its owner."""

    method = Method.AUTHENTICATOR

    sealed_key = models.BinaryField()
    last_t = models.BigIntegerField(default=-1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="one_authenticator_a_person")]

    @property
    def key(self) -> bytes:
        """The shared key in clear."""
        return unseal(bytes(self.sealed_key), purpose="authenticator", owner=self.user.public_id)

    def _use_up(self, token: str) -> bool:
        if not (token.isascii() and token.isdecimal() and len(token) == 6):
            return False
        clock = TOTP(self.key, STEP)
        clock.time = time.time()
        if not clock.verify(int(token), tolerance=1, min_t=self.last_t + 1):
            return False
        newer = type(self)._default_manager.filter(pk=self.pk, last_t__lt=clock.t())
        return newer.update(last_t=clock.t()) == 1


class EmailCodeDevice(ThrottledDevice):
    """A code sent to the person's address. It is made when the mail is sent; only its keyed hash is kept."""

    method = Method.EMAIL

    # Each request has a number, so that a mail delayed on its way out can't replace a newer code.
    asked = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)
    code_hash = models.CharField(max_length=64, blank=True)
    valid_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="one_email_code_a_person")]

    def hashes_of(self, token: str) -> list[str]:
        """Return the keyed hashes of a code of this device, the present key's first."""
        return keyed_hashes(f"{self.pk} {token}", purpose="email code")

    def _use_up(self, token: str) -> bool:
        waiting = type(self)._default_manager.filter(
            pk=self.pk, code_hash__in=self.hashes_of(token), valid_until__gt=timezone.now()
        )
        return waiting.update(code_hash="", valid_until=None) == 1


class BackupCodeDevice(ThrottledDevice):
    """The person's set of backup codes."""

    method = Method.BACKUP

    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user"], name="one_backup_set_a_person")]

    @staticmethod
    def hashes_of(code: str) -> list[str]:
        """Return the keyed hashes of a code as it was typed, the present key's first."""
        plain = "".join(letter for letter in code.lower() if letter.isalnum())
        # The alphabet has no o, i and l: whoever reads them from paper means 0 and 1.
        return keyed_hashes(plain.translate(str.maketrans("oil", "011")), purpose="backup code")

    def _use_up(self, token: str) -> bool:
        unused = self.codes.filter(code_hash__in=self.hashes_of(token), used_at__isnull=True)
        return unused.update(used_at=timezone.now()) == 1


class BackupCode(models.Model):
    """The keyed hash of one backup code."""

    device = models.ForeignKey(BackupCodeDevice, on_delete=models.CASCADE, related_name="codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "code_hash"], name="one_backup_code_a_hash")]


DEVICES: dict[Method, Any] = {
    device.method: device for device in (AuthenticatorDevice, EmailCodeDevice, BackupCodeDevice)
}
