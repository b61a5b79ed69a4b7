"""Shape of input about cancelling many visits at once."""

from __future__ import annotations

from django import forms

from .visits import ReasonForm


class CancelVisitsForm(ReasonForm):
    """Why all of them are cancelled, and which ones the page showed."""

    seen = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput)
