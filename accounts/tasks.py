"""Accounts' work after commit and by the clock."""

from __future__ import annotations

from core.background import periodic, task

from . import operations


@task("accounts.answer_link_request")
def answer_link_request(request_id: int) -> None:
    """Mail the link that somebody asked for, if the address has an account."""
    operations.answer_link_request(request_id)


@periodic("accounts.prune", every=3600)
def prune() -> int:
    """Delete what has expired."""
    return operations.prune()
