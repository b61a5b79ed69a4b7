"""What is lost when a hospital closes, a department goes or somebody leaves, said before it happens.

Rooms above say it for what is theirs (visits, doctors) without this room knowing them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models

Describe = Callable[[Any], Iterable[str]]

_losses: dict[type[models.Model], list[Describe]] = {}


def register_loss(model: type[models.Model], describe: Describe) -> None:
    """Let `describe(subject)` give sentences to the confirmation page of every subject of the model.

    It runs inside the scope of the subject's hospital.
    """
    _losses.setdefault(model, []).append(describe)


def losses_of(subject: models.Model) -> list[str]:
    """Return the sentences of all rooms, in the order in which the rooms are loaded."""
    return [line for describe in _losses.get(type(subject), []) for line in describe(subject)]
