"""Authenticator app, codes by mail and backup codes."""

from __future__ import annotations

import datetime as dt
import re
import time

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django_otp import verify_token

from accounts import authenticator
from accounts.models import AuthenticatorDevice, BackupCode, EmailCodeDevice
from accounts.operations import ask_for_email_code, check_code, remake_backup_codes
from core.errors import DomainError, Throttled
from ledger.models import EntrySecret

from .factories import UserFactory
from .world import KEY, code_in, give_authenticator, is_logged_in, log_in, mails_to, totp, url

pytestmark = pytest.mark.django_db


def _give_email_code(client, user):
    client.post(url("send_code"), {"for": "add_email_code"})
    return client.post(url("add_email_code"), {"code": code_in(mails_to(user.email)[-1])})


# Setting up


def test_set_up_an_authenticator_with_the_code_of_the_shown_key(client):
    user = UserFactory()
    log_in(client, user)
    page = client.get(url("add_authenticator"))
    setup = page.context["setup"]
    key = authenticator.key_of_setup(user, setup)
    assert authenticator.manual_key(key) in page.content.decode()

    answer = client.post(url("add_authenticator"), {"setup": setup, "code": totp(key)})

    codes = re.findall(r">([0-9a-z]{5}-[0-9a-z]{5})<", answer.content.decode())
    assert len(set(codes)) == 10
    assert check_code(user, method="backup", code=codes[0]).method == "backup"
    assert "no-store" in answer["Cache-Control"]
    assert client.get(url("second_factor")).status_code == 200
    assert mails_to(user.email)[-1].subject == "Your second factor was changed"
    assert EntrySecret.objects.filter(kind="accounts.second_factor_added").count() == 1


def test_a_wrong_first_code_sets_nothing_up_and_keeps_the_key(client):
    user = UserFactory()
    log_in(client, user)
    setup = client.get(url("add_authenticator")).context["setup"]

    answer = client.post(url("add_authenticator"), {"setup": setup, "code": "000000"})

    assert answer.status_code == 422
    assert answer.context["setup"] == setup
    assert AuthenticatorDevice.objects.count() == 0


def test_a_second_authenticator_is_refused(client):
    user = UserFactory()
    log_in(client, user)
    setup = client.get(url("add_authenticator")).context["setup"]
    give_authenticator(user)

    answer = client.post(url("add_authenticator"), {"setup": setup, "code": totp()})

    assert answer.status_code == 422
    assert AuthenticatorDevice.objects.count() == 1


def test_the_qr_code_is_a_picture_for_its_owner_only(client):
    user = UserFactory()
    log_in(client, user)
    setup = authenticator.new_setup(user)

    answer = client.get(url("authenticator_qr"), {"setup": setup})
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer.content.startswith(b"<?xml")
    assert b"style=" not in answer.content

    stranger = Client()
    log_in(stranger, UserFactory())
    assert stranger.get(url("authenticator_qr"), {"setup": setup}).status_code == 404
    assert client.get(url("authenticator_qr"), {"setup": "made-up"}).status_code == 404
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=31)):
        assert authenticator.key_of_setup(user, setup) is None


def test_the_setup_address_is_what_apps_read():
    user = UserFactory(email="paul@demo.test")

    assert authenticator.setup_address(user, KEY) == (
        "otpauth://totp/HealthStack:paul%40demo.test"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=HealthStack&algorithm=SHA1&digits=6&period=30"
    )


def test_the_key_is_stored_sealed_for_its_owner():
    user, other = UserFactory(), UserFactory()
    give_authenticator(user)

    device = AuthenticatorDevice.objects.get()
    assert KEY not in bytes(device.sealed_key)
    assert device.key == KEY
    device.user = other
    with pytest.raises(ValueError, match="not sealed here"):
        _ = device.key


def test_keys_and_backup_codes_outlive_a_change_of_the_secret_key(settings):
    user = UserFactory()
    codes = give_authenticator(user)

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-" + "x" * 40

    assert check_code(user, method="authenticator", code=totp()).method == "authenticator"
    assert check_code(user, method="backup", code=codes[0]).method == "backup"


def test_set_up_codes_by_email(client):
    user = UserFactory()
    log_in(client, user)

    answer = _give_email_code(client, user)

    assert answer.status_code == 200
    assert "Keep these backup codes" in answer.content.decode()
    assert EmailCodeDevice.objects.get().confirmed is True


def test_backup_codes_are_not_replaced_by_a_second_method(client):
    user = UserFactory()
    log_in(client, user)
    codes = give_authenticator(user)
    client.post(url("step_up"), {"code": totp()})

    assert _give_email_code(client, user).status_code == 302
    assert check_code(user, method="backup", code=codes[9]).method == "backup"


# Logging in


def test_the_password_alone_does_not_log_in(client):
    user = UserFactory()
    give_authenticator(user)

    answer = log_in(client, user)

    assert answer["Location"] == url("enter_code")
    assert not is_logged_in(client)


def test_log_in_with_the_app(client):
    user = UserFactory()
    give_authenticator(user)
    client.post(
        f"{url('login')}?next=/accounts/sessions/", {"email": user.email, "password": "Demo-pass-2026!"}
    )

    answer = client.post(url("enter_code"), {"code": f"{totp()[:3]} {totp()[3:]}"})

    assert answer["Location"] == "/accounts/sessions/"
    assert is_logged_in(client)
    assert client.session["otp_device_id"] == AuthenticatorDevice.objects.get().persistent_id


def test_a_code_of_the_app_works_once():
    user = UserFactory()
    give_authenticator(user)
    code = totp()

    assert check_code(user, method="authenticator", code=code).method == "authenticator"
    with pytest.raises(DomainError, match="was used before"):
        check_code(user, method="authenticator", code=code)


def test_an_older_code_of_the_app_is_refused_after_a_newer_one():
    user = UserFactory()
    give_authenticator(user)
    now = time.time()

    check_code(user, method="authenticator", code=totp(at=now))
    with pytest.raises(DomainError):
        check_code(user, method="authenticator", code=totp(at=now - 30))


def test_the_app_may_be_half_a_minute_off_and_no_more():
    user = UserFactory()
    give_authenticator(user)

    with pytest.raises(DomainError):
        check_code(user, method="authenticator", code=totp(at=time.time() - 90))
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=2)):
        assert check_code(user, method="authenticator", code=totp(at=time.time() - 30))


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "+12345", "١٢٣٤٥٦", "1e5000"])
def test_what_is_no_code_is_refused(code):
    user = UserFactory()
    give_authenticator(user)

    with pytest.raises(DomainError):
        check_code(user, method="authenticator", code=code)


def test_wrong_codes_make_the_app_wait_longer_and_never_more_than_17_minutes():
    user = UserFactory()
    give_authenticator(user)
    device = AuthenticatorDevice.objects.get()
    for tries in (1, 2, 3):
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=20 * tries)):
            assert verify_token(user, device.persistent_id, "000000") is None

    too_early = time_machine.travel(timezone.now() + dt.timedelta(minutes=60, seconds=1))
    with too_early, pytest.raises(Throttled, match="Please wait 4 seconds."):
        check_code(user, method="authenticator", code=totp())
    AuthenticatorDevice.objects.update(throttling_failure_count=11)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=60 + 18)):
        assert check_code(user, method="authenticator", code=totp())
    device.refresh_from_db()
    assert device.throttling_failure_count == 0


def test_a_wrong_code_stays_counted_and_the_page_keeps_the_person(client):
    user = UserFactory()
    give_authenticator(user)
    log_in(client, user)

    assert client.post(url("enter_code"), {"code": "000000"}).status_code == 422
    assert client.post(url("enter_code"), {"code": "000000"}).status_code == 429
    assert AuthenticatorDevice.objects.get().throttling_failure_count == 1
    assert not is_logged_in(client)


def test_the_code_page_closes_after_ten_minutes(client):
    user = UserFactory()
    give_authenticator(user)
    log_in(client, user)

    with time_machine.travel(timezone.now() + dt.timedelta(minutes=10, seconds=1)):
        answer = client.post(url("enter_code"), {"code": totp()})

    assert answer["Location"] == url("login")
    assert not is_logged_in(client)


def test_the_code_page_closes_when_the_password_changes(client):
    user = UserFactory()
    give_authenticator(user)
    log_in(client, user)
    user.set_password("another-lotus-7-sky")
    user.save()

    assert client.post(url("enter_code"), {"code": totp()})["Location"] == url("login")
    assert not is_logged_in(client)


def test_the_code_page_without_a_password_leads_to_the_log_in(client):
    assert client.get(url("enter_code"))["Location"] == url("login")
    assert client.post(url("send_code"))["Location"] == url("login")


def test_another_persons_code_does_not_open(client):
    user, other = UserFactory(), UserFactory()
    give_authenticator(user)
    codes = give_authenticator(other)
    log_in(client, user)

    assert client.post(f"{url('enter_code')}?method=backup", {"code": codes[0]}).status_code == 422


# Codes by mail


def test_log_in_with_a_code_by_mail(client):
    user = UserFactory()
    log_in(client, user)
    _give_email_code(client, user)
    client.post(url("logout"))

    log_in(client, user)
    code = code_in(mails_to(user.email)[-1])
    assert client.post(url("enter_code"), {"code": code}).status_code == 302
    assert is_logged_in(client)

    again = Client()
    log_in(again, user)
    mails_to(user.email)
    assert again.post(url("enter_code"), {"code": code}).status_code == 422


def test_a_code_by_mail_is_made_when_sent_and_kept_only_as_a_hash():
    user = UserFactory()
    ask_for_email_code(user, by=user)
    assert EmailCodeDevice.objects.get().code_hash == ""

    code = code_in(mails_to(user.email)[-1])

    device = EmailCodeDevice.objects.get()
    assert len(device.code_hash) == 64
    assert code not in device.code_hash


def test_a_code_by_mail_dies_after_ten_minutes():
    user = UserFactory()
    ask_for_email_code(user, by=user)
    code = code_in(mails_to(user.email)[-1])
    device = EmailCodeDevice.objects.get()

    with time_machine.travel(timezone.now() + dt.timedelta(minutes=10, seconds=1)):
        assert verify_token(user, device.persistent_id, code) is None


def test_a_newer_code_by_mail_voids_the_older_and_a_late_mail_is_dropped():
    user = UserFactory()
    ask_for_email_code(user, by=user)
    first = code_in(mails_to(user.email)[-1])
    ask_for_email_code(user, by=user)
    ask_for_email_code(user, by=user)

    mails = mails_to(user.email)

    assert len(mails) == 2
    device = EmailCodeDevice.objects.get()
    assert verify_token(user, device.persistent_id, first) is None
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=2)):
        assert verify_token(user, device.persistent_id, code_in(mails[1])) == device


def test_mails_with_codes_are_limited(client):
    user = UserFactory()
    log_in(client, user)
    for _ in range(7):
        client.post(url("send_code"))

    assert len([m for m in mails_to(user.email) if m.subject == "Your HealthStack code"]) == 1
    assert EmailCodeDevice.objects.get().asked == 5


# Backup codes


def test_a_backup_code_works_once_however_it_is_typed():
    user = UserFactory()
    codes = give_authenticator(user)

    assert (
        check_code(user, method="backup", code=f" {codes[0].upper().replace('-', ' ')} ").method == "backup"
    )
    with pytest.raises(DomainError):
        check_code(user, method="backup", code=codes[0])
    assert BackupCode.objects.filter(used_at__isnull=True).count() == 9
    assert EntrySecret.objects.filter(kind="accounts.backup_code_used").count() == 1


def test_backup_codes_are_kept_only_as_hashes():
    codes = give_authenticator(UserFactory())

    stored = "".join(BackupCode.objects.values_list("code_hash", flat=True))
    assert all(code.replace("-", "") not in stored for code in codes)


def test_log_in_with_a_backup_code(client):
    user = UserFactory()
    codes = give_authenticator(user)
    log_in(client, user)

    assert client.post(f"{url('enter_code')}?method=backup", {"code": codes[3]}).status_code == 302
    assert is_logged_in(client)


def test_new_backup_codes_void_the_old_ones(client):
    user = UserFactory()
    old = give_authenticator(user)

    new = remake_backup_codes(user, by=user)

    assert len(new) == 10
    assert not set(new) & set(old)
    with pytest.raises(DomainError):
        check_code(user, method="backup", code=old[0])


def test_backup_codes_need_something_to_back_up():
    user = UserFactory()
    with pytest.raises(DomainError):
        remake_backup_codes(user, by=user)


# Removing, and the page itself


def test_removing_the_last_factor_removes_the_backup_codes_too(client):
    user = UserFactory()
    give_authenticator(user)
    log_in(client, user)
    client.post(url("enter_code"), {"code": totp()})

    question = client.get(url("remove_second_factor", "authenticator"))
    assert "Your backup codes stop working too." in question.content.decode()
    assert client.post(url("remove_second_factor", "authenticator")).status_code == 302

    assert AuthenticatorDevice.objects.count() == BackupCode.objects.count() == 0
    client.post(url("logout"))
    assert log_in(client, user).status_code == 302
    assert is_logged_in(client)
    assert mails_to(user.email)[-1].subject == "Your second factor was changed"


@pytest.mark.parametrize("method", ["email", "backup", "nonsense"])
def test_removing_what_is_not_set_up_answers_404(client, method):
    user = UserFactory()
    give_authenticator(user)
    log_in(client, user)
    client.post(url("enter_code"), {"code": totp()})

    assert client.post(url("remove_second_factor", method)).status_code == 404


def test_the_page_says_why_a_second_factor_is_wanted_and_leads_on(client):
    user = UserFactory()
    log_in(client, user)

    page = client.get(url("second_factor"), {"next": "/h/city/"}).content.decode()

    assert "The page that you opened asks for a second factor" in page
    assert f'href="{url("add_authenticator")}?next=%2Fh%2Fcity%2F"' in page


def test_the_page_asks_for_the_code_in_a_session_from_before(client):
    user = UserFactory()
    log_in(client, user)
    give_authenticator(user)

    answer = client.get(url("second_factor"), {"next": "/h/city/"})
    assert answer["Location"] == f"{url('step_up')}?next=%2Fh%2Fcity%2F"

    answer = client.post(answer["Location"], {"code": totp()})
    assert answer["Location"] == "/h/city/"
    assert client.get(url("second_factor")).status_code == 200
