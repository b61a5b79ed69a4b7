"""Pages of accounts, by noun."""

from .entry import enter_code, login, logout, send_code
from .passwords import change_password, reset_password, reset_password_confirm
from .profile import change_email, confirm_email, profile
from .second_factor import (
    add_authenticator,
    add_email_code,
    authenticator_qr,
    backup_codes,
    remove_second_factor,
    second_factor,
)
from .sessions import revoke_other_sessions, revoke_session, sessions
from .step_up import step_up
from .verification import resend, verify_email

__all__ = [
    "add_authenticator",
    "add_email_code",
    "authenticator_qr",
    "backup_codes",
    "change_email",
    "change_password",
    "confirm_email",
    "enter_code",
    "login",
    "logout",
    "profile",
    "remove_second_factor",
    "resend",
    "reset_password",
    "reset_password_confirm",
    "revoke_other_sessions",
    "revoke_session",
    "second_factor",
    "send_code",
    "sessions",
    "step_up",
    "verify_email",
]
