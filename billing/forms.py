"""What people fill in about money."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Attempt


class PayForm(forms.Form):
    """One button: the payment itself happens on the gateway's page."""


class DeskPayForm(forms.Form):
    """Money taken at the desk; `amount` is what the page showed, so that nobody takes another amount unseen."""

    method = forms.ChoiceField(
        label=_("How was it paid?"),
        choices=[(Attempt.Method.CASH, _("Cash")), (Attempt.Method.TERMINAL, _("Card, on the terminal"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose cash or card."), "invalid_choice": _("Choose cash or card.")},
    )
    amount = forms.DecimalField(max_digits=12, decimal_places=2, widget=forms.HiddenInput)

    def __init__(self, *args: Any, owed: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, initial={"amount": owed}, **kwargs)


class _DecisionForm(forms.Form):
    """A choice of two with a consequence each."""

    decision = forms.ChoiceField(label=_("What did you find?"), widget=forms.RadioSelect)
    choices: tuple[tuple[str, Any], ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = self.choices
        missing = _("Choose what you found.")
        self.fields["decision"].error_messages |= {"required": missing, "invalid_choice": missing}

    @property
    def is_yes(self) -> bool:
        """Whether the first of the two was chosen."""
        return bool(self.cleaned_data["decision"] == "yes")


class ResolveRefundForm(_DecisionForm):
    """Whether an unclear refund was paid."""

    choices = (
        ("yes", _("The gateway shows it as paid back: close it")),
        ("no", _("The gateway does not know it, or refused it: send it again")),
    )


class ResolveAttemptForm(_DecisionForm):
    """Whether a risky payment is accepted."""

    choices = (
        ("yes", _("It is in order: accept the payment")),
        ("no", _("It is not in order: send all of it back")),
    )
