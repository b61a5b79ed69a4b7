"""Every form of the house speaks in its own words when something is missing or wrong."""

from __future__ import annotations

import pytest
from django import forms

from tests.tenancy.test_inputs import form_modules

DJANGOS = (
    "This field",
    "Enter a",
    "Ensure ",
    "Select a valid",
    "The submitted file",
    "No file was submitted",
)
ONE_OR_TWO = [("a", "A"), ("b", "B")]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        (forms.CharField(), "", "Please fill this in."),
        (forms.CharField(max_length=3), "abcd", "This is too long: at most 3 characters fit, and it has 4."),
        (forms.CharField(min_length=2), "a", "This is too short: write at least 2 characters."),
        (forms.CharField(), "a\x00", "There is a sign in this that can’t be kept. Please type it anew."),
        (forms.IntegerField(), "x", "Write a whole number, like 20."),
        (forms.IntegerField(max_value=5), "6", "This can be 5 at most."),
        (forms.IntegerField(min_value=5), "4", "This has to be 5 at least."),
        (forms.DecimalField(), "x", "Write a number, like 1200 or 12.50."),
        (
            forms.DecimalField(decimal_places=1, max_digits=3),
            "0.25",
            "Write at most 1 digit after the point.",
        ),
        (forms.DateField(), "2026-02-31", "There is no such day. Write year, month, day, like 2026-11-25."),
        (forms.ChoiceField(choices=ONE_OR_TWO), "", "Choose one."),
        (forms.ChoiceField(choices=ONE_OR_TWO), "c", "Choose one of those on the list."),
        (forms.MultipleChoiceField(choices=ONE_OR_TWO), ["c"], "Choose one of those on the list."),
        (forms.BooleanField(), "", "Please tick this to go on."),
        (forms.FileField(), None, "Choose a file."),
    ],
)
def test_a_field_says_what_to_do(field, typed, sentence):
    with pytest.raises(forms.ValidationError) as refusal:
        field.clean(typed)
    assert refusal.value.messages == [sentence]


def _said(field: forms.Field) -> set[str]:
    """Return what the field can say; sentences in two numbers as in the plural."""
    shared = {
        "invalid_choice",
        "unique",
        "null",
        "blank",
        "unique_for_date",
    }  # what model fields say, not forms
    codes = field.error_messages.keys() - (set() if isinstance(field, forms.ChoiceField) else shared)
    return {str(field.error_messages[code]) for code in codes}


def test_no_form_keeps_a_word_of_django():
    found = {
        f"{module.__name__}.{name}.{field_name}: {said}"
        for module in form_modules()
        for name, form in vars(module).items()
        if isinstance(form, type) and issubclass(form, forms.BaseForm)
        for field_name, field in getattr(form, "base_fields", {}).items()
        for said in _said(field)
        if said.startswith(DJANGOS)
    }
    assert found == set()
