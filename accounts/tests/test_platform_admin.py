"""The first platform admin: made by a command, once with a terminal, once without."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.models import User

from .factories import UnverifiedUserFactory, UserFactory

pytestmark = pytest.mark.django_db
EMAIL = "root@hospital.example"


def create(monkeypatch: pytest.MonkeyPatch, password: str, email: str = EMAIL) -> str:
    monkeypatch.setenv("PLATFORM_ADMIN_PASSWORD", password)
    out = io.StringIO()
    call_command("create_platform_admin", email, stdout=out)
    return out.getvalue()


def test_the_password_of_the_environment_makes_a_log_in(monkeypatch, client):
    assert (
        create(monkeypatch, "seven green boats", " Root@Hospital.example")
        == f"{EMAIL} runs the platform now.\n"
    )
    assert User.objects.get(email=EMAIL).is_platform_admin
    assert client.login(username=EMAIL, password="seven green boats")


def test_somebody_with_a_log_in_keeps_their_password(client):
    user = UserFactory(email=EMAIL)
    call_command("create_platform_admin", EMAIL, stdout=io.StringIO())
    kept = user.password
    user.refresh_from_db()
    assert (user.is_platform_admin, user.password) == (True, kept)


def test_a_sign_up_that_nobody_confirmed_gets_the_new_password(monkeypatch, client):
    UnverifiedUserFactory(email=EMAIL)
    create(monkeypatch, "seven green boats")
    assert client.login(username=EMAIL, password="seven green boats")


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [
        ("notanaddress", "seven green boats", "Enter a valid email address."),
        (EMAIL, "short", "This password is too short. It must contain at least 10 characters."),
        (EMAIL, "root@hospital.example", "The password is too similar to the e-mail."),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(monkeypatch, email, password, sentence):
    with pytest.raises(CommandError) as refused:
        create(monkeypatch, password, email)
    assert str(refused.value) == sentence
    assert not User.objects.exists()


def test_without_a_terminal_it_says_what_to_do(tmp_path):
    with _command(tmp_path, stdin=subprocess.DEVNULL) as done:
        answer = done.stdout.read().decode()
    assert done.returncode == 1
    assert "Give it in the environment as PLATFORM_ADMIN_PASSWORD." in answer
    assert "Traceback" not in answer


def test_two_different_passwords_are_refused(tmp_path):
    ours, theirs = pty.openpty()
    with _command(tmp_path, stdin=theirs) as done:
        for word in ("seven green boats", "eight green boats"):
            # What is typed before the question is thrown away.
            while done.stdout.read(1) != b":":
                pass
            time.sleep(0.1)
            os.write(ours, f"{word}\n".encode())
        answer = done.stdout.read().decode()
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 1
    assert "The two passwords differ." in answer


def _command(tmp_path, stdin) -> subprocess.Popen[bytes]:
    """Run the command with a database of its own, in a session that has no terminal but `stdin`."""
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "healthstack.settings", "ENV_FILE": os.devnull,
        "VAR_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
    }  # fmt: skip
    run = [sys.executable, "manage.py"]
    subprocess.run([*run, "migrate", "accounts", "-v0"], cwd=settings.BASE_DIR, env=environment, check=True)
    return subprocess.Popen(
        [*run, "create_platform_admin", EMAIL], cwd=settings.BASE_DIR, env=environment, stdin=stdin,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
