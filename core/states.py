"""States: whole words, one table of transitions, one way to move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext as _

from .errors import IllegalTransition

Transitions = Mapping[str, frozenset[str]]


class HasStates:
    """Mixin of a model with a `status` field and a `TRANSITIONS` table of the states each state may move to."""

    TRANSITIONS: ClassVar[Transitions]
    status: str

    def may_move_to(self, status: str) -> bool:
        """Say whether the table allows the move from the present state."""
        return status in self.TRANSITIONS.get(self.status, frozenset())

    def move_to(self, status: str) -> None:
        """Set the state in memory; the operation saves. Raises IllegalTransition."""
        if not self.may_move_to(status):
            raise IllegalTransition(
                _("This is %(now)s, so it can't become %(new)s.")
                % {"now": self._label(self.status), "new": self._label(status)}
            )
        self.status = status

    def _label(self, status: str) -> str:
        choices: dict[str, str] = dict(self._meta.get_field("status").flatchoices)  # type: ignore[attr-defined]
        return str(choices.get(status, status)).lower()
