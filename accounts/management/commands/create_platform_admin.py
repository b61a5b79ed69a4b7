"""Make the first platform admin of a new installation."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.operations import add_verified_user, make_platform_admin
from core.actors import System
from core.errors import DomainError


class Command(BaseCommand):
    help = "Create a platform admin, or make one of somebody who has a log-in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="Platform admin")

    def handle(self, *args: Any, **options: Any) -> None:
        operator = System("operator")
        user = User.objects.filter(email=User.objects.normalise(options["email"])).first()
        if user is None:
            password = getpass.getpass("Password: ")
            try:
                validate_password(password)
                user = add_verified_user(
                    email=options["email"],
                    name=options["name"],
                    phone="",
                    password_hash=make_password(password),
                    by=operator,
                )
            except (ValidationError, DomainError) as error:
                raise CommandError(str(error)) from error
        make_platform_admin(user, by=operator)
        self.stdout.write(f"{user.email} runs the platform now.")
