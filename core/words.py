"""What forms say when something is missing or does not fit: the house's words in place of Django's, once for all forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from phonenumber_field.formfields import PhoneNumberField

_CHOICE = {
    "required": _("Choose one."),
    "invalid_choice": _("Choose one of those on the list."),
    "invalid_list": _("Choose from the list."),
    "invalid_pk_value": _("Choose from the list."),
}
_WORDS: dict[Any, dict[str, Any]] = {
    forms.Field: {
        "required": _("Please fill this in."),
        "max_length": ngettext_lazy(
            "This is too long: at most %(limit_value)d character fits, and it has %(show_value)d.",
            "This is too long: at most %(limit_value)d characters fit, and it has %(show_value)d.",
            "limit_value",
        ),
        "min_length": ngettext_lazy(
            "This is too short: write at least %(limit_value)d character.",
            "This is too short: write at least %(limit_value)d characters.",
            "limit_value",
        ),
        "max_value": _("This can be %(limit_value)s at most."),
        "min_value": _("This has to be %(limit_value)s at least."),
        "max_digits": ngettext_lazy(
            "Write at most %(max)s digit.", "Write at most %(max)s digits in all.", "max"
        ),
        "max_whole_digits": ngettext_lazy(
            "Write at most %(max)s digit before the point.",
            "Write at most %(max)s digits before the point.",
            "max",
        ),
        "max_decimal_places": ngettext_lazy(
            "Write at most %(max)s digit after the point.",
            "Write at most %(max)s digits after the point.",
            "max",
        ),
        "null_characters_not_allowed": _("There is a sign in this that can’t be kept. Please type it anew."),
    },
    forms.IntegerField: {"invalid": _("Write a whole number, like 20.")},
    forms.DecimalField: {"invalid": _("Write a number, like 1200 or 12.50.")},
    forms.DateField: {"invalid": _("There is no such day. Write year, month, day, like 2026-11-25.")},
    forms.TimeField: {"invalid": _("There is no such time. Write it like 14:30.")},
    forms.DateTimeField: {"invalid": _("There is no such time. Write it like 2026-11-25 14:30.")},
    forms.EmailField: {"invalid": _("This is no e-mail address. Write it like name@example.com.")},
    PhoneNumberField: {
        "invalid": _("This is no phone number. Write it like 01712 345678 or +880 1712 345678.")
    },
    forms.URLField: {"invalid": _("This is no web address. Write it like https://example.com.")},
    forms.BooleanField: {"required": _("Please tick this to go on.")},
    forms.ChoiceField: _CHOICE,
    forms.MultipleChoiceField: _CHOICE,
    forms.ModelChoiceField: _CHOICE,
    forms.ModelMultipleChoiceField: _CHOICE,
    forms.FileField: {
        "required": _("Choose a file."),
        "invalid": _("No file arrived. Choose it once more."),
        "missing": _("No file arrived. Choose it once more."),
        "empty": _("This file is empty. Choose another one."),
        "max_length": ngettext_lazy(
            "The file’s name is too long: at most %(max)d character, and it has %(length)d.",
            "The file’s name is too long: at most %(max)d characters, and it has %(length)d.",
            "max",
        ),
        "contradiction": _("Either choose a file or tick the box, not both."),
    },
    forms.ImageField: {"invalid_image": _("This is no picture that we can read. Choose a JPEG or PNG.")},
    BaseFormSet: {
        "missing_management_form": _("A part of the page did not arrive. Load the page again, please.")
    },
}


def use_house_words() -> None:
    """Give Django's form fields these words. A field takes them when it is made, so this comes before any room's forms."""
    for owner, words in _WORDS.items():
        own = owner.__dict__.get("default_error_messages", {})
        owner.default_error_messages = {**own, **words}
