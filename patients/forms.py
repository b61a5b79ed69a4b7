"""What people write about themselves, and what the desk writes about a walk-in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.fields import (
    ContactNumberField,
    EmailField,
    NewPasswordField,
    PersonNameField,
    check_new_password,
)

from .models import Patient
from .operations import PatientDetails

DAYS = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y", "%d %b %Y", "%d %B %Y"]


class BirthDateField(forms.DateField):
    """A date of birth, typed or picked."""

    default_error_messages = {
        "invalid": _("This date does not exist. Write day, month, year, like 3 5 1988."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Date of birth"))
        attributes = {"type": "date", "autocomplete": "bday"}
        super().__init__(
            input_formats=DAYS, widget=forms.DateInput(format="%Y-%m-%d", attrs=attributes), **kwargs
        )


class DetailsForm(forms.Form):
    """A person's details."""

    name = PersonNameField()
    name_bn = forms.CharField(label=_("Name in Bangla"), max_length=120, required=False)
    birth_date = BirthDateField()
    sex = forms.ChoiceField(label=_("Sex"), choices=Patient.Sex.choices, initial=Patient.Sex.UNKNOWN)
    phone = ContactNumberField()
    address = forms.CharField(
        label=_("Address"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "street-address"})
    )
    city = forms.CharField(
        label=_("City"),
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )

    def details(self, **more: Any) -> PatientDetails:
        """Return what was typed as the operation takes it."""
        data = {
            name: self.cleaned_data[name]
            for name in PatientDetails.__dataclass_fields__
            if name in self.cleaned_data
        }
        return PatientDetails(**{**data, **more, "phone": str(self.cleaned_data.get("phone") or "")})

    @staticmethod
    def values_of(patient: Patient) -> dict[str, Any]:
        """Return a patient's details as the form's initial values."""
        return {name: getattr(patient, name) for name in PatientDetails.__dataclass_fields__}


class SignUpForm(DetailsForm):
    """A patient's sign-up: details, address and password."""

    email = EmailField()
    password = NewPasswordField(label=_("Password"))
    field_order = ["name", "email", "phone", "birth_date", "address", "password"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name_bn", "sex", "city"):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        check_new_password(self, "password")
        return data


class WalkInForm(DetailsForm):
    """Somebody at the desk: address and e-mail may be missing."""

    email = EmailField(required=False)
    field_order = ["name", "name_bn", "birth_date", "sex", "phone", "email", "address", "city"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("phone", "address"):
            self.fields[name].required = False


class SearchForm(forms.Form):
    """What the desk looks for: a name, a hospital number, a phone."""

    q = forms.CharField(required=False, max_length=100)

    def text(self) -> str:
        """Return the trimmed text, empty when it is too long to be meant."""
        return self.cleaned_data["q"].strip() if self.is_valid() else ""
