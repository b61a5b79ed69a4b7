"""One code, many requests at once: it is accepted once."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone
from django_otp import verify_token

from accounts.keys import seal
from accounts.models import AuthenticatorDevice, BackupCodeDevice, EmailCodeDevice

from .factories import UserFactory
from .world import KEY, totp

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]
THREADS = 8


def _race(user, device, code: str) -> int:
    barrier = threading.Barrier(THREADS)
    accepted = []

    def give() -> None:
        barrier.wait()
        try:
            accepted.append(verify_token(user, device.persistent_id, code) is not None)
        finally:
            connection.close()

    threads = [threading.Thread(target=give) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accepted) == THREADS
    return sum(accepted)


def test_a_code_of_the_app_is_accepted_once():
    user = UserFactory()
    sealed = seal(KEY, purpose="authenticator", owner=user.public_id)
    device = AuthenticatorDevice.objects.create(user=user, name="app", sealed_key=sealed)

    assert _race(user, device, totp()) == 1


def test_a_code_by_mail_is_accepted_once():
    user = UserFactory()
    device = EmailCodeDevice.objects.create(
        user=user, name="mail", valid_until=timezone.now() + dt.timedelta(minutes=5)
    )
    EmailCodeDevice.objects.filter(pk=device.pk).update(code_hash=device.hashes_of("123456")[0])

    assert _race(user, device, "123456") == 1


def test_a_backup_code_is_accepted_once():
    user = UserFactory()
    device = BackupCodeDevice.objects.create(user=user, name="backup")
    device.codes.create(code_hash=device.hashes_of("abcde12345")[0])

    assert _race(user, device, "abcde-12345") == 1
