"""What people type about their account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .fields import (
    ContactNumberField,
    EmailField,
    NewPasswordField,
    PasswordField,
    PersonNameField,
    check_new_password,
)
from .models import Method, User


class LogInForm(forms.Form):
    """Address and password."""

    email = EmailField(autocomplete="username")
    password = PasswordField()


class EmailForm(forms.Form):
    """An address to which a link is sent."""

    email = EmailField()


class PasswordForm(forms.Form):
    """The person's password, once more."""

    password = PasswordField()


class NewPasswordForm(forms.Form):
    """A new password for somebody who holds a link."""

    password = NewPasswordField()

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> None:
        check_new_password(self, "password", self.user)


class ChangePasswordForm(forms.Form):
    """The present password and a new one."""

    old_password = PasswordField(label=_("Present password"))
    password = NewPasswordField()

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> None:
        check_new_password(self, "password", self.user)


class CodeForm(forms.Form):
    """A code of the second factor, typed with or without spaces."""

    code = forms.CharField(label=_("Code"), max_length=20)

    def __init__(self, method: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.method = method
        attrs = self.fields["code"].widget.attrs
        attrs["autocomplete"] = "one-time-code"
        if method != Method.BACKUP:
            attrs["inputmode"] = "numeric"

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split())


class ProfileForm(forms.Form):
    """Name and contact number."""

    name = PersonNameField()
    phone = ContactNumberField(required=False)
