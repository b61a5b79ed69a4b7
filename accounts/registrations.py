"""What accounts put into the registries: kinds of entries and of mails, sessions on log-in and log-out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.http import client_address
from ledger import kinds as ledger_kinds
from notifications.kinds import Content, Kind, register

from . import operations, queries, tasks, tokens  # noqa: F401
from .models import EmailChange, EmailCodeDevice, User

for _name, _label in {
    "accounts.signed_up": _("Signed up"),
    "accounts.email_verified": _("Confirmed the e-mail address"),
    "accounts.logged_in": _("Logged in"),
    "accounts.session_ended": _("Session ended"),
    "accounts.password_changed": _("Changed the password"),
    "accounts.password_reset": _("Set a new password by mail"),
    "accounts.profile_changed": _("Changed name or contact number"),
    "accounts.email_change_asked": _("Asked for another e-mail address"),
    "accounts.email_changed": _("Changed the e-mail address"),
    "accounts.second_factor_added": _("Added a second factor"),
    "accounts.second_factor_removed": _("Removed a second factor"),
    "accounts.backup_codes_made": _("Made new backup codes"),
    "accounts.backup_code_used": _("Used a backup code"),
    "accounts.platform_admin_made": _("Became a platform admin"),
}.items():
    ledger_kinds.event(_name, _label)


def _link(name: str, **kwargs: str) -> str:
    return settings.PUBLIC_URL + reverse(f"accounts:{name}", kwargs=kwargs)


def _button(link: str, label: Any) -> dict[str, Any]:
    return {"action_url": link, "action_label": label}


def _user(public_id: str) -> User:
    return User.objects.get(public_id=public_id)


def _name_of(user: User) -> str:
    """Return how a mail greets: a name that a stranger may have typed stands in no mail to an unconfirmed address."""
    return user.name if user.email_verified_at else str(_("there"))


def _verify_email(public_id: str, version: int) -> Content:
    user = _user(public_id)
    link = _link("verify_email", token=tokens.make_verify_token(user))
    return Content({"days": tokens.VERIFY_DAYS, **_button(link, _("Confirm my address"))})


def _sign_up_again(public_id: str, version: int) -> Content:
    button = _button(_link("login"), _("Log in"))
    return Content({"name": _name_of(_user(public_id)), "reset_url": _link("reset_password"), **button})


def _reset_password(public_id: str, version: int) -> Content:
    user = _user(public_id)
    link = _link("reset_password_confirm", public_id=public_id, token=tokens.reset_tokens.make_token(user))
    button = _button(link, _("Choose a new password"))
    return Content({"name": _name_of(user), "hours": queries.reset_hours(), **button})


def _log_in_code(public_id: str, version: int) -> Content:
    user = _user(public_id)
    code = operations.make_email_code(user, request=version)
    return Content({"name": _name_of(user), "code": code, "minutes": operations.second_factor.CODE_MINUTES})


def _code_is_wanted(public_id: str, version: int) -> bool:
    since = timezone.now() - dt.timedelta(minutes=operations.second_factor.CODE_MINUTES)
    return EmailCodeDevice.objects.filter(
        user__public_id=public_id, asked=version, asked_at__gt=since
    ).exists()


def _confirm_email(public_id: str, version: int) -> Content:
    change = EmailChange.objects.select_related("user").get(public_id=public_id)
    link = _link("confirm_email", token=tokens.make_change_token(change))
    return Content({"days": tokens.CHANGE_EMAIL_DAYS, **_button(link, _("Confirm the new address"))})


def _news(public_id: str, version: int) -> Content:
    return Content({"name": _name_of(_user(public_id)), "reset_url": _link("reset_password")})


def _is_unverified(public_id: str, version: int) -> bool:
    return User.objects.filter(public_id=public_id, is_active=True, email_verified_at__isnull=True).exists()


def _is_active(public_id: str, version: int) -> bool:
    return User.objects.filter(public_id=public_id, is_active=True).exists()


def _is_open(public_id: str, version: int) -> bool:
    return EmailChange.objects.filter(public_id=public_id).exists()


register(Kind("accounts.verify_email", _("Confirm your address"), _verify_email, still_true=_is_unverified))
register(Kind("accounts.sign_up_again", _("Somebody signed up with your address"), _sign_up_again))
register(Kind("accounts.reset_password", _("Choose a new password"), _reset_password, still_true=_is_active))
register(Kind("accounts.password_changed", _("Your password was changed"), _news))
register(Kind("accounts.log_in_code", _("Your code"), _log_in_code, still_true=_code_is_wanted))
register(Kind("accounts.second_factor_changed", _("Your second factor was changed"), _news))
register(Kind("accounts.confirm_email", _("Confirm your new address"), _confirm_email, still_true=_is_open))
register(Kind("accounts.email_change_asked", _("Another address was asked for"), _news))
register(Kind("accounts.email_changed", _("Your address was changed"), _news))


@receiver(user_logged_in, dispatch_uid="accounts.keep_session")
def keep_session(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Keep where the person logged in; the session remembers which row is its own."""
    if request is None or not hasattr(request, "session"):
        return
    if not request.session.session_key:
        request.session.create()
    session = operations.start_session(
        user,
        session_key=request.session.session_key or "",
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
        address=client_address(request),
    )
    request.session["login_session"] = session.public_id
    request.session["seen_at"] = int(timezone.now().timestamp())


@receiver(user_logged_out, dispatch_uid="accounts.forget_session")
def forget_session(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """Forget the session that is being left."""
    if user is not None and request.session.session_key:
        operations.forget_session(user, session_key=request.session.session_key)
