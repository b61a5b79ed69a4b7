"""Make the first platform admin of a new installation."""

from __future__ import annotations

import getpass
import os
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from accounts.models import User
from accounts.operations import add_verified_user, make_platform_admin
from core.actors import System
from core.errors import DomainError

VARIABLE = "PLATFORM_ADMIN_PASSWORD"


class Command(BaseCommand):
    help = (
        "Create a platform admin, or make one of somebody who has a log-in. Asks for the password of a new one; without "
        f"a terminal it is read from {VARIABLE} in the environment."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="Platform admin")

    def handle(self, *args: Any, **options: Any) -> None:
        operator = System("operator")
        email = User.objects.normalise(options["email"])
        # Of an address that nobody has confirmed, anybody may have chosen the password.
        user = User.objects.filter(email=email, email_verified_at__isnull=False).first()
        try:
            validate_email(email)
            if user is None:
                password = _password()
                validate_password(password, User(email=email, name=options["name"]))
                hashed = make_password(password)
                user = add_verified_user(
                    email=email, name=options["name"], phone="", password_hash=hashed, by=operator
                )
        except (ValidationError, DomainError) as error:
            sentences = error.messages if isinstance(error, ValidationError) else [error.message]
            raise CommandError(" ".join(sentences)) from error
        make_platform_admin(user, by=operator)
        self.stdout.write(f"{user.email} runs the platform now.")


def _password() -> str:
    """Return the password from the environment, else as it was typed twice."""
    if VARIABLE in os.environ:
        return os.environ[VARIABLE]
    try:
        password = getpass.getpass("Password: ")
        again = getpass.getpass("The same once more: ")
    except EOFError as error:
        raise CommandError(
            f"There is no terminal to ask for the password. Give it in the environment as {VARIABLE}."
        ) from error
    if password != again:
        raise CommandError("The two passwords differ. Nothing was changed: start again.")
    return password
