"""What can happen to an account. Passwords arrive hashed: nobody hashes inside a transaction."""

from .links import answer_link_request, ask_for_link, prune
from .onward import keep_next, take_next
from .passwords import change_password, reset_password
from .platform import make_platform_admin
from .profile import ask_for_email, change_email, change_profile
from .second_factor import (
    add_authenticator,
    ask_for_email_code,
    check_code,
    confirm_email_code,
    make_email_code,
    remake_backup_codes,
    remove_second_factor,
)
from .sessions import (
    end_session,
    end_sessions_of,
    forget_session,
    move_session,
    see_session,
    start_session,
)
from .sign_up import add_verified_user, mail_link_again, sign_up, verify_email

__all__ = [
    "add_authenticator",
    "add_verified_user",
    "answer_link_request",
    "ask_for_email",
    "ask_for_email_code",
    "ask_for_link",
    "change_email",
    "change_password",
    "change_profile",
    "check_code",
    "confirm_email_code",
    "end_session",
    "end_sessions_of",
    "forget_session",
    "keep_next",
    "mail_link_again",
    "make_platform_admin",
    "make_email_code",
    "move_session",
    "prune",
    "remake_backup_codes",
    "remove_second_factor",
    "reset_password",
    "see_session",
    "sign_up",
    "start_session",
    "take_next",
    "verify_email",
]
