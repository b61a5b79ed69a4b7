"""What production refuses to start with, each with the sentence that says what to set."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.http.request import split_domain_port


def unsafe_settings(settings: dict[str, Any]) -> list[str]:
    """Return one sentence for each unsafe setting; an empty list means safe to start."""
    wrong = []
    if len(settings["SECRET_KEY"]) < 50 or len(set(settings["SECRET_KEY"])) < 5:
        wrong.append("SECRET_KEY is missing or short. Set it to at least 50 random characters.")
    if len(settings["JWT_SECRET"]) < 32 or settings["JWT_SECRET"] == settings["SECRET_KEY"]:
        wrong.append(
            "JWT_SECRET is missing, short or the same as SECRET_KEY. Set it to 32 other random characters."
        )
    if settings["DEBUG"]:
        wrong.append("DEBUG is on. Set DEBUG=false: error pages would show patients' data.")
    hosts = settings["ALLOWED_HOSTS"]
    if not hosts or any("*" in host or host.startswith(".") for host in hosts):
        wrong.append(
            "ALLOWED_HOSTS is empty or has a wildcard. Set it to the names that people type, comma separated."
        )
    host = split_domain_port(urlsplit(settings["PUBLIC_URL"]).netloc)[0]
    if not settings["PUBLIC_URL"].startswith("https://"):
        wrong.append("PUBLIC_URL does not start with https://. Set it to the address of the portal.")
    elif host not in map(str.lower, hosts):
        wrong.append(
            f"PUBLIC_URL is at {host!r}, which is not in ALLOWED_HOSTS: links in mails would open nothing. Add it there."
        )
    if not settings["EMAIL_HOST"]:
        wrong.append("EMAIL_HOST is empty. Set it: the mailbox page is for demonstrations only.")
    base = settings["SSLCOMMERZ_BASE_URL"]
    if base:
        wrong.append(
            "SSLCOMMERZ_BASE_URL is set. Remove it: it is for the payment simulator, where no money moves."
        )
    if not settings["SSLCOMMERZ_STORE_ID"] or not settings["SSLCOMMERZ_STORE_PASSWORD"]:
        wrong.append(
            "SSLCOMMERZ_STORE_ID or SSLCOMMERZ_STORE_PASSWORD is empty. Set both as your gateway gave them."
        )
    if settings["EMAIL_HOST"] and not settings["EMAIL_USE_TLS"]:
        wrong.append("EMAIL_USE_TLS is off. Set EMAIL_USE_TLS=true: mail holds log-in links.")
    return wrong


def refuse_unsafe_settings(settings: dict[str, Any]) -> None:
    """Raise ImproperlyConfigured with every sentence at once, so that one start tells all that is wrong."""
    wrong = unsafe_settings(settings)
    if wrong:
        raise ImproperlyConfigured("Production does not start with these settings:\n- " + "\n- ".join(wrong))
