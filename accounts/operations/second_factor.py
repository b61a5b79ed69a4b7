"""Second factors: adding and removing them, sending and checking codes."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_otp import verify_token

from core.errors import Conflict, DomainError
from core.ids import ALPHABET
from ledger.operations import record
from notifications.operations import notify

from .. import queries
from ..keys import seal
from ..models import (
    AuthenticatorDevice,
    BackupCode,
    BackupCodeDevice,
    EmailCodeDevice,
    Method,
    ThrottledDevice,
    User,
)
from ..models.devices import DEVICES
from ..throttles import require_patience

CODE_MINUTES = 10
BACKUP_CODES = 10
BACKUP_LETTERS = 10


def check_code(user: User, *, method: str, code: str) -> ThrottledDevice:
    """Use up a code and return its device. Not atomic, so that a wrong code stays counted.

    Ledger, for a backup code: accounts.backup_code_used. Raises DomainError, or Throttled after wrong codes.
    """
    device = queries.device_of(user, method)
    if device is not None:
        require_patience(device)
    verified: ThrottledDevice | None = device and verify_token(user, device.persistent_id, code)
    if verified is None:
        raise DomainError(_("This code does not match, is too old, or was used before."), field="code")
    if verified.method == Method.BACKUP:
        with transaction.atomic():
            record("accounts.backup_code_used", user.public_id, by=user)
    return verified


@transaction.atomic
def add_authenticator(user: User, *, key: bytes, code: str, by: User) -> list[str]:
    """Add the app that holds this key, proved by a code of it; return new backup codes if there were none yet.

    Mails the person. Ledger: accounts.second_factor_added. Raises DomainError, and Conflict when there is an app already.
    """
    _lock(user)
    if queries.device_of(user, Method.AUTHENTICATOR):
        raise Conflict(_("You have an authenticator app already. Remove it first."))
    sealed = seal(key, purpose="authenticator", owner=user.public_id)
    device = AuthenticatorDevice.objects.create(
        user=user, name=Method.AUTHENTICATOR.label, confirmed=False, sealed_key=sealed
    )
    if verify_token(user, device.persistent_id, code) is None:
        raise DomainError(
            _("This code does not match. Wait for the next one in the app and type that."), field="code"
        )
    return _confirm(device, user, by=by)


@transaction.atomic
def ask_for_email_code(user: User, *, by: User) -> None:
    """Mail a code, made when the mail is sent; the one before it is void. Sets the device up when it is the first."""
    _lock(user)
    device, _created = EmailCodeDevice.objects.get_or_create(
        user=user, defaults={"name": Method.EMAIL.label, "confirmed": False}
    )
    device.asked += 1
    device.asked_at = timezone.now()
    device.code_hash = ""
    device.save(update_fields=["asked", "asked_at", "code_hash"])
    notify(user, "accounts.log_in_code", user.public_id, version=device.asked)


@transaction.atomic
def make_email_code(user: User, *, request: int) -> str:
    """Make the code of this request, keep its hash for ten minutes and return it for the mail."""
    devices = EmailCodeDevice.objects.select_for_update(no_key=True, of=("self",))
    device = devices.get(user=user, asked=request)
    code = f"{secrets.randbelow(10**6):06d}"
    device.code_hash = device.hashes_of(code)[0]
    device.valid_until = timezone.now() + dt.timedelta(minutes=CODE_MINUTES)
    device.save(update_fields=["code_hash", "valid_until"])
    return code


def confirm_email_code(user: User, *, code: str, by: User) -> list[str]:
    """Turn codes by mail on, proved by one; return new backup codes if there were none yet.

    Not atomic, so that a wrong code stays counted. Mails the person. Ledger: accounts.second_factor_added. Raises
    DomainError.
    """
    device = EmailCodeDevice.objects.filter(user=user).first()
    if device is None:
        raise DomainError(_("Have a code sent to you first."))
    if device.confirmed:
        raise Conflict(_("Codes by e-mail are on already."))
    require_patience(device)
    if verify_token(user, device.persistent_id, code) is None:
        raise DomainError(_("This code does not match, or is too old."), field="code")
    with transaction.atomic():
        _lock(user)
        device.refresh_from_db()
        return _confirm(device, user, by=by)


@transaction.atomic
def remake_backup_codes(user: User, *, by: User) -> list[str]:
    """Replace the backup codes and return the new ones, which nobody can read again.

    Ledger: accounts.backup_codes_made. Raises DomainError without a second factor that they could back up.
    """
    _lock(user)
    if not queries.main_methods(queries.methods_of(user)):
        raise DomainError(_("Set up a second factor first."))
    return _make_backup_codes(user, by=by)


@transaction.atomic
def remove_second_factor(user: User, *, method: str, by: User) -> None:
    """Remove an app or the codes by mail; with the last of them the backup codes go too.

    Mails the person. Ledger: accounts.second_factor_removed. Raises DomainError when it is not set up.
    """
    _lock(user)
    device = queries.device_of(user, method)
    if device is None or method == Method.BACKUP:
        raise DomainError(_("This is not set up."))
    device.delete()
    if not queries.main_methods(queries.methods_of(user)):
        BackupCodeDevice.objects.filter(user=user).delete()
    record("accounts.second_factor_removed", user.public_id, by=by, body={"method": str(method)})
    notify(user, "accounts.second_factor_changed", user.public_id)


def _lock(user: User) -> None:
    User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)


def _confirm(device: ThrottledDevice, user: User, *, by: User) -> list[str]:
    DEVICES[device.method].objects.filter(pk=device.pk).update(confirmed=True)
    record("accounts.second_factor_added", user.public_id, by=by, body={"method": str(device.method)})
    notify(user, "accounts.second_factor_changed", user.public_id)
    return [] if queries.count_backup_codes(user) else _make_backup_codes(user, by=by)


def _make_backup_codes(user: User, *, by: User) -> list[str]:
    device, _created = BackupCodeDevice.objects.get_or_create(
        user=user, defaults={"name": Method.BACKUP.label}
    )
    device.codes.all().delete()
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(BACKUP_LETTERS)) for _ in range(BACKUP_CODES)]
    BackupCode.objects.bulk_create(
        BackupCode(device=device, code_hash=device.hashes_of(code)[0]) for code in codes
    )
    record("accounts.backup_codes_made", user.public_id, by=by)
    return [f"{code[:5]}-{code[5:]}" for code in codes]
