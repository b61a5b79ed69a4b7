"""Form fields for whoever signs up or logs in; the rooms above reuse them."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from .models import User

MOST_LETTERS = 200
TURNING = frozenset(
    "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # turn the direction of writing


class EmailField(forms.EmailField):
    """An e-mail address, as it is stored: trimmed, in lower case."""

    def __init__(self, *, autocomplete: str = "email", **kwargs: Any) -> None:
        kwargs.setdefault("label", _("E-mail"))
        kwargs.setdefault("max_length", 254)
        kwargs.setdefault(
            "widget", forms.EmailInput(attrs={"autocomplete": autocomplete, "autocapitalize": "none"})
        )
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return User.objects.normalise(super().to_python(value) or "")


class PersonNameField(forms.CharField):
    """A person's full name."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Your name"))
        kwargs.setdefault("max_length", 120)
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "name"}))
        super().__init__(**kwargs)

    def validate(self, value: str) -> None:
        """Refuse what no name has, since it stands in mails to other people: addresses, line breaks, turned letters."""
        super().validate(value)
        odd = any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} or letter in TURNING for letter in value)
        if odd or re.search(r"://|www\.|@|[<>{}|\\]", value):
            raise ValidationError(_("Write the name only, like Paul Rahman."))


class ContactNumberField(PhoneNumberField):
    """A phone number; without a country code it is one of Bangladesh."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Contact number"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}))
        super().__init__(**kwargs)


class PasswordField(forms.CharField):
    """A password that the person has; it is never sent back to the page."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Password"))
        kwargs.setdefault("widget", forms.PasswordInput(attrs={"autocomplete": "current-password"}))
        super().__init__(strip=False, max_length=MOST_LETTERS, **kwargs)


class NewPasswordField(forms.CharField):
    """A password that the person chooses; `check_new_password` in the form's `clean` judges it with name and address."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("New password"))
        kwargs.setdefault(
            "help_text", _("At least 10 characters. A few words that only you would put together are good.")
        )
        kwargs.setdefault("widget", forms.PasswordInput(attrs={"autocomplete": "new-password"}))
        super().__init__(strip=False, max_length=MOST_LETTERS, **kwargs)


def check_new_password(form: forms.Form, field: str, user: User | None = None) -> None:
    """Add what is wrong with the new password to the form; without a user, the form's name and email stand for them."""
    data = form.cleaned_data
    if not data.get(field):
        return
    owner = user or User(email=data.get("email", ""), name=data.get("name", ""))
    try:
        validate_password(data[field], owner)
    except ValidationError as error:
        form.add_error(field, error)
