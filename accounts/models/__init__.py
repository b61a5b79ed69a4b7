"""Tables of accounts: people who log in, their sessions and their second factors."""

from .devices import (
    AuthenticatorDevice,
    BackupCode,
    BackupCodeDevice,
    EmailCodeDevice,
    Method,
    ThrottledDevice,
)
from .requests import EmailChange, LinkRequest
from .sessions import LoginSession
from .user import User, UserManager

__all__ = [
    "AuthenticatorDevice",
    "BackupCode",
    "BackupCodeDevice",
    "EmailChange",
    "EmailCodeDevice",
    "LinkRequest",
    "LoginSession",
    "Method",
    "ThrottledDevice",
    "User",
    "UserManager",
]
