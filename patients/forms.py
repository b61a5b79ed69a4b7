"""What people write about themselves, and what the desk writes about a walk-in."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.translation import gettext
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
YEAR_FIRST = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
DAY_FIRST = re.compile(r"(?P<day>\d{1,2})[ /.-](?P<month>\d{1,2})[ /.-](?P<year>\d{4})")
# As the person would say it; the desk writes the record's own words.
OWN_SEXES = [
    (Patient.Sex.FEMALE, _("Woman")),
    (Patient.Sex.MALE, _("Man")),
    (Patient.Sex.OTHER, _("Other")),
    (Patient.Sex.UNKNOWN, _("Prefer not to say")),
]


class BirthDateField(forms.DateField):
    """A date of birth, typed or picked."""

    default_error_messages = {
        "invalid": _("This is no date. Write day, month, year, like 3 5 1988."),
        "no_such_day": _("%(day)s does not exist. Write day, month, year, like 3 5 1988."),
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Date of birth"))
        attributes = {"type": "date", "autocomplete": "bday"}
        super().__init__(
            input_formats=DAYS, widget=forms.DateInput(format="%Y-%m-%d", attrs=attributes), **kwargs
        )

    def to_python(self, value: Any) -> dt.date | None:
        try:
            return super().to_python(value)
        except ValidationError:
            typed = str(value).strip()
            found = YEAR_FIRST.fullmatch(typed) or DAY_FIRST.fullmatch(typed)
            month = MONTHS.get(int(found["month"])) if found else None
            if not found or month is None:
                raise
            day = f"{int(found['day'])} {month} {found['year']}"
            text = self.error_messages["no_such_day"] % {"day": day}
            raise ValidationError(text, code="no_such_day") from None


class DetailsForm(forms.Form):
    """A person's details."""

    name = PersonNameField()
    name_bn = forms.CharField(label=_("Name in Bangla"), max_length=120, required=False)
    birth_date = BirthDateField()
    sex = forms.ChoiceField(
        label=_("Sex"),
        choices=OWN_SEXES,
        required=False,
        widget=forms.RadioSelect(attrs={"autocomplete": "off"}),
    )
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

    def clean_sex(self) -> str:
        return self.cleaned_data["sex"] or Patient.Sex.UNKNOWN

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
    field_order = ["name", "email", "phone", "birth_date", "sex", "address", "password"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name_bn", "city"):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        check_new_password(self, "password")
        return data


class WalkInForm(DetailsForm):
    """Somebody at the desk: phone, address and e-mail may be missing."""

    name = PersonNameField(label=_("Name"))
    sex = forms.ChoiceField(
        label=_("Sex"), choices=Patient.Sex.choices, initial=Patient.Sex.UNKNOWN, required=False
    )
    email = EmailField(required=False)
    field_order = ["name", "name_bn", "birth_date", "sex", "phone", "email", "address", "city"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name_bn", "phone", "email", "address", "city"):
            self.fields[name].required = False
            self.fields[name].label = gettext("%(what)s (if known)") % {"what": self.fields[name].label}
        for field in self.fields.values():
            # The browser at the desk knows the receptionist's own name and address.
            field.widget.attrs["autocomplete"] = "off"


class SearchForm(forms.Form):
    """What the desk looks for: a name, a hospital number, a phone."""

    q = forms.CharField(required=False, max_length=100)

    def text(self) -> str:
        """Return the trimmed text, empty when it is too long to be meant."""
        return self.cleaned_data["q"].strip() if self.is_valid() else ""
