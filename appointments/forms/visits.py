"""Shape of input about visits."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hospitals.models import Hospital
from patients.models import Patient

from ..models import Appointment, Pay


def read_moment(text: str) -> dt.datetime | None:
    """Return the moment that an address or a button names (ISO 8601 with its offset) in UTC; None if it names none."""
    try:
        moment = dt.datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        return None
    # The first and last years of the calendar can't be told in every zone.
    return moment.astimezone(dt.UTC) if moment.tzinfo and 2000 <= moment.year < 2200 else None


def read_day(text: str) -> dt.date | None:
    """Return the day that an address names, like 2026-11-25; None if it names none."""
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        return None


class MomentField(forms.CharField):
    """A moment that a button or a hidden field carries."""

    default_error_messages = {"invalid": _("Choose one of the times.")}

    def clean(self, value: Any) -> Any:
        """Return the moment in UTC."""
        text = super().clean(value)
        moment = read_moment(text) if text else None
        if moment is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class BookForm(forms.Form):
    """How somebody pays for a visit, and what it is about."""

    pay = forms.TypedChoiceField(label=_("How do you want to pay?"), coerce=Pay, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("What is it about?"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, hospital: Hospital, fee: Decimal, doctor: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taken = {Pay.ONLINE: hospital.pays_online, Pay.DESK: hospital.pays_at_desk}
        choices = [(pay.value, pay.label) for pay, is_taken in taken.items() if is_taken]
        self.fields["pay"].choices = choices if fee else choices[:1]
        self.fields["pay"].initial = choices[0][0]
        self.fields["reason"].help_text = _("Only %(doctor)s reads this.") % {"doctor": doctor}


class RescheduleForm(forms.Form):
    """The new time."""

    start = MomentField(label=_("New time"))


class MoveForm(RescheduleForm):
    """The new time, and why the hospital moves the visit, if it wants to say."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("The patient reads this, also in the mail."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ReasonForm(forms.Form):
    """Why something is done; the patient reads it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The patient reads this."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class OwnCancelForm(forms.Form):
    """Why a patient cancels, if they want to say."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("The hospital reads this."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DeskCancelForm(ReasonForm):
    """Who wanted it, which decides what comes back, and why; without `own_loss` only the hospital can."""

    side = forms.TypedChoiceField(label=_("Who cancels?"), coerce=Appointment.Side, widget=forms.RadioSelect)
    field_order = ("side", "reason")

    def __init__(self, *args: Any, own_loss: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sides = [(Appointment.Side.HOSPITAL, _("The hospital. If something was paid, all of it goes back."))]
        if own_loss:
            words = _("The patient asked for it. %(loss)s") % {"loss": own_loss}
            sides.append((Appointment.Side.PATIENT, words))
        self.fields["side"].choices = sides
        self.fields["side"].initial = Appointment.Side.HOSPITAL


class DeskBookForm(forms.Form):
    """A time for a patient of the hospital, by public id."""

    patient = forms.CharField(label=_("Patient"), widget=forms.HiddenInput)
    start = MomentField(label=_("Time"))

    def __init__(self, *args: Any, patients: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patients = patients

    def clean_patient(self) -> Patient:
        """Return the patient, who is registered here."""
        patient: Patient | None = self.patients.filter(public_id=self.cleaned_data["patient"]).first()
        if patient is None:
            raise forms.ValidationError(_("Choose one of the hospital's patients."))
        return patient


class SearchForm(forms.Form):
    """What somebody types to find a doctor; what can't be read is left out."""

    q = forms.CharField(max_length=100, required=False)
    city = forms.CharField(max_length=80, required=False)
    speciality = forms.SlugField(max_length=40, required=False)
    hospital = forms.SlugField(max_length=40, required=False)
    max_fee = forms.DecimalField(max_digits=10, decimal_places=2, min_value=0, required=False)
    sort = forms.ChoiceField(choices=[("soonest", ""), ("fee", "")], required=False)
