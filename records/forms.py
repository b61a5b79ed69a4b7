"""Shape of input for notes, allergies and prescriptions, and its messages."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from formulary.models import Medicine

from .models import PIECES, Allergies, Prescription, PrescriptionLine, VisitNote, plain_number
from .operations import LineText, NoteText, problems_of, words_to_avoid
from .operations.lines import MOST_LINES, quantity_unit, typed_quantity
from .queries import medicines_by_id

ICD10 = re.compile(r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?")
LINE = "line"  # prefix of the lines' fields


class NoteForm(forms.Form):
    """What a doctor writes about a visit."""

    complaint = forms.CharField(
        label=_("What the patient came with"),
        max_length=4000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )
    findings = forms.CharField(
        label=_("What you found"), max_length=4000, required=False, widget=forms.Textarea({"rows": 4})
    )
    diagnosis = forms.CharField(label=_("Diagnosis"), max_length=300, required=False)
    diagnosis_code = forms.CharField(
        label=_("ICD-10 code"), max_length=8, required=False, help_text=_("Like J20.9.")
    )
    plan = forms.CharField(
        label=_("Plan and advice"), max_length=4000, required=False, widget=forms.Textarea({"rows": 3}),
        help_text=_("The patient reads the diagnosis and this."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Why the notes change"), max_length=300, required=False,
        help_text=_("The visit is finished: the old version stays, this one is added."),
    )  # fmt: skip

    def __init__(self, *args: Any, finished: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if finished:
            self.fields["reason"].required = True
        else:
            del self.fields["reason"]

    def clean_diagnosis_code(self) -> str:
        """Take small letters too; refuse what has not the shape of a code."""
        code: str = self.cleaned_data["diagnosis_code"].strip().upper()
        if code and not ICD10.fullmatch(code):
            raise forms.ValidationError(_("This is not the shape of an ICD-10 code. Write it like J20.9."))
        return code

    @property
    def note(self) -> NoteText:
        """What was written."""
        names = ("complaint", "findings", "diagnosis", "diagnosis_code", "plan")
        return NoteText(**{name: self.cleaned_data[name] for name in names})


def note_values(note: VisitNote | None) -> dict[str, str]:
    """Return the fields of stored notes."""
    names = ("complaint", "findings", "diagnosis", "diagnosis_code", "plan")
    return {name: getattr(note, name) for name in names} if note else {}


class AllergiesForm(forms.Form):
    """The patient's answer."""

    answer = forms.ChoiceField(
        label=_("What did the patient say?"), choices=Allergies.Answer, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=_("Allergies"), max_length=500, required=False, widget=forms.Textarea({"rows": 2}),
        help_text=_("What it is, what happens, since when: Penicillin: rash, breathing (2019)."),
    )  # fmt: skip
    seen = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def show_again(self, seen: str) -> None:
        """Make the page that is shown with errors one of the present answer."""
        data: Any = self.data.copy()
        data["seen"] = seen
        self.data = data


def allergies_values(stored: Allergies | None) -> dict[str, str]:
    """Return the fields of the stored answer; `seen` says which one the page shows."""
    if stored is None:
        return {"seen": ""}
    return {"answer": stored.answer, "text": stored.text, "seen": stored.mark}


class ReasonForm(forms.Form):
    """Why a prescription is cancelled."""

    reason = forms.CharField(
        label=_("Why is it cancelled?"),
        max_length=300,
        help_text=_("You and other doctors read this. The patient does too."),
    )


class SignForm(forms.Form):
    """Which draft the page showed."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def show_again(self, seen: str) -> None:
        """Make the page that is shown with errors one of the present draft."""
        self.data = {**self.data, "seen": seen}


class CodeForm(forms.Form):
    """The code on a prescription."""

    code = forms.CharField(
        label=_("Code on the prescription"),
        max_length=60,
        help_text=_("The letters and digits at the end of the printed address."),
    )


class PrescriptionForm(forms.Form):
    """What belongs to no single line; `draft` and `seen` say which draft the page was opened with."""

    advice = forms.CharField(
        label=_("Advice for the patient"), max_length=2000, required=False, widget=forms.Textarea({"rows": 3}),
        help_text=_("In Bangla or English. It stands under the medicines."),
    )  # fmt: skip
    draft = forms.CharField(max_length=16, required=False, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def clean_advice(self) -> str:
        """Refuse abbreviations that are misread."""
        advice: str = self.cleaned_data["advice"]
        if sentences := words_to_avoid(advice):
            raise forms.ValidationError(sentences)
        return advice


def often_choices(*, is_counted: bool) -> list[tuple[str, Any]]:
    """Return how often, in words; for what is counted with the shorthand, whose 1 is one dose and not one piece."""
    shorthand = _("{pattern} × dose: {words}")
    return [
        ("", _("Choose how often")),
        *(
            (code, format_lazy(shorthand, words=words, pattern=code) if is_counted and "+" in code else words)
            for code, words in PrescriptionLine.Frequency.choices
        ),
    ]


class LineForm(forms.Form):
    """One medicine and how to take it."""

    medicine = forms.CharField(max_length=16, widget=forms.HiddenInput)
    dose = forms.DecimalField(
        label=_("Dose"),
        max_digits=7,
        decimal_places=3,
        min_value=0,
        widget=forms.TextInput({"inputmode": "decimal"}),
        error_messages={
            "required": _("Write the dose."),
            "invalid": _("Write the dose as a number, like 1 or 0.5."),
        },
    )
    frequency = forms.ChoiceField(
        label=_("How often"),
        choices=often_choices(is_counted=False),
        error_messages={"required": _("Choose how often.")},
    )
    days = forms.IntegerField(
        label=_("Days"), required=False, widget=forms.TextInput({"inputmode": "numeric"})
    )
    max_daily = forms.DecimalField(
        label=_("Most a day, when needed"),
        max_digits=7,
        decimal_places=3,
        min_value=0,
        required=False,
        widget=forms.TextInput({"inputmode": "decimal"}),
        error_messages={"invalid": _("Write the most a day as a number, like 8 or 0.5.")},
    )
    quantity = forms.IntegerField(
        label=_("Quantity"),
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "placeholder": _("counted")}),
    )
    repeats = forms.IntegerField(
        label=_("Repeats"), required=False, initial=0, widget=forms.TextInput({"inputmode": "numeric"})
    )
    indication = forms.CharField(label=_("What for"), max_length=120, required=False)
    instructions = forms.CharField(label=_("Instructions for the patient"), max_length=300, required=False)
    substitution_allowed = forms.BooleanField(label=_("Another brand may be given"), required=False)

    def __init__(self, *args: Any, medicines: dict[str, Medicine] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chosen: Medicine | None = (medicines or {}).get(str(self["medicine"].value()))
        self.given_in = quantity_unit(self.chosen) if self.chosen else ""
        if self.chosen and self.chosen.dose_unit in PIECES:
            self.fields["frequency"].choices = often_choices(is_counted=True)

    @property
    def line(self) -> LineText:
        """What was written."""
        cleaned = dict(self.cleaned_data)
        cleaned["repeats"] = cleaned["repeats"] or 0
        return LineText(**cleaned)

    def clean(self) -> None:
        """Ask the same questions as signing does, so that each answer stands at its field."""
        if self.chosen is None:
            raise forms.ValidationError(
                _("This medicine is not in the formulary. Remove it and choose another.")
            )
        if not self.errors:
            for problem in problems_of(self.line, self.chosen):
                self.add_error(problem.field, problem.message)
            return
        for name in ("instructions", "indication"):
            if sentences := words_to_avoid(self.cleaned_data.get(name, "")):
                self.add_error(name, sentences)


class BaseLineFormSet(BaseFormSet):
    """The lines; their medicines are fetched in one query."""

    @cached_property
    def medicines(self) -> dict[str, Medicine]:
        """The medicines of all lines by public id."""
        if self.is_bound:
            ids = [
                self.data.get(f"{LINE}-{number}-medicine", "") for number in range(self.total_form_count())
            ]
        else:
            ids = [values["medicine"] for values in self.initial or []]
        return medicines_by_id(ids)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {"medicines": self.medicines if index is not None else {}}

    @property
    def line_texts(self) -> list[LineText]:
        """What was written, line by line."""
        return [form.line for form in self.forms]


LineFormSet = formset_factory(
    LineForm,
    formset=BaseLineFormSet,
    extra=0,
    min_num=1,
    max_num=MOST_LINES,
    absolute_max=MOST_LINES,
    validate_min=True,
    validate_max=True,
)
EditedLineFormSet = formset_factory(
    LineForm, formset=BaseLineFormSet, extra=0, max_num=MOST_LINES, absolute_max=MOST_LINES
)


def typed_lines(data: QueryDict) -> list[dict[str, Any]]:
    """Return what stands in the lines' fields, right or wrong, to show it again."""
    total = data.get(f"{LINE}-TOTAL_FORMS", "0")
    count = min(int(total), MOST_LINES) if total.isascii() and total.isdigit() and len(total) < 5 else 0
    lines = []
    for number in range(count):
        line: dict[str, Any] = {
            name: data.get(f"{LINE}-{number}-{name}", "") for name in LineForm.base_fields
        }
        line["substitution_allowed"] = bool(line["substitution_allowed"])
        lines.append(line)
    return lines


def new_line(medicine_id: str) -> dict[str, Any]:
    """Return the fields of a line just added: nothing is suggested that a doctor has to decide."""
    return {"medicine": medicine_id, "repeats": 0, "substitution_allowed": True}


def line_values(line: PrescriptionLine) -> dict[str, Any]:
    """Return the fields of a stored line."""
    values = {name: getattr(line, name) for name in LineForm.base_fields if name != "medicine"}
    most = plain_number(line.max_daily) if line.max_daily else ""
    return {
        **values,
        "medicine": line.medicine.public_id,
        "dose": plain_number(line.dose),
        "max_daily": most,
        "quantity": typed_quantity(line),
    }


def draft_values(draft: Prescription | None, seen: str) -> dict[str, str]:
    """Return the fields of a stored draft beside its lines."""
    return {"advice": draft.advice, "draft": draft.public_id, "seen": seen} if draft else {}
