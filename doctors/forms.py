"""Shape of input about doctors, and its messages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from accounts.fields import (
    ContactNumberField,
    EmailField,
    NewPasswordField,
    PersonNameField,
    check_new_password,
)
from core.uploads import StoredUpload, UploadError, read_document, read_image
from hospitals.models import Department

from .models import Doctor, Speciality, licence_day
from .operations import DoctorDetails

PHOTO_SIDE = 512  # pixels
DAYS = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y", "%d %b %Y", "%d %B %Y"]
PICTURES = "image/jpeg,image/png,image/webp"
PAPERS = "application/pdf,image/jpeg,image/png"


class DayField(forms.DateField):
    """A day, typed or picked."""

    default_error_messages = {
        "invalid": _("This date does not exist. Write day, month, year, like 3 5 2028.")
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=DAYS, widget=widget, **kwargs)


class PhotoField(forms.FileField):
    """A picture of a person, drawn anew and small."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Photo"))
        kwargs.setdefault(
            "help_text", _("JPEG, PNG or WebP, 5 MB at most. Patients see it beside your name.")
        )
        super().__init__(widget=forms.FileInput(attrs={"accept": PICTURES}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> ContentFile[bytes] | None:
        upload = super().clean(data, initial)
        if not upload:
            return None
        try:
            return read_image(upload, max_side=PHOTO_SIDE)
        except UploadError as error:
            raise ValidationError(error.message) from error


class DetailsForm(forms.Form):
    """Who a doctor is; `years` of experience are kept as the year in which they began."""

    name = PersonNameField(help_text=_("With the title, like Dr Dora Sen."))
    name_bn = forms.CharField(
        label=_("Name in Bangla"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"lang": "bn"}),
    )
    gender = forms.ChoiceField(
        label=_("Gender"), choices=Doctor.Gender.choices, initial=Doctor.Gender.UNKNOWN
    )
    phone = ContactNumberField()
    speciality = forms.ModelChoiceField(
        label=_("Speciality"),
        queryset=Speciality.objects.order_by("name"),
        to_field_name="slug",
        empty_label=_("Choose one"),
    )
    qualifications = forms.CharField(
        label=_("Qualifications"), max_length=200, help_text=_("Like MBBS, FCPS (Cardiology).")
    )
    years = forms.IntegerField(label=_("Years of experience"), min_value=0, max_value=70)
    city = forms.CharField(
        label=_("City"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    )
    languages = forms.CharField(
        label=_("Languages"),
        max_length=120,
        initial="Bangla, English",
        help_text=_("That you speak with patients."),
    )
    licence_number = forms.CharField(
        label=_("Licence number"),
        max_length=40,
        help_text=_("As it stands on the council's certificate, like A-51920."),
    )
    licence_expires = DayField(label=_("Licence valid until"))
    about = forms.CharField(
        label=_("About you"),
        max_length=1500,
        required=False,
        help_text=_("What you treat most, in words that patients use."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def details(self, **more: Any) -> DoctorDetails:
        """Return what was typed, as the operation takes it."""
        known = DoctorDetails.__dataclass_fields__
        data = {name: value for name, value in self.cleaned_data.items() if name in known}
        since = licence_day().year - self.cleaned_data["years"]
        return DoctorDetails(**{**data, "phone": str(data["phone"]), "practising_since": since, **more})

    @staticmethod
    def values_of(doctor: Doctor) -> dict[str, Any]:
        """Return a doctor's details as the form's initial values."""
        return {name: getattr(doctor, name) for name in DetailsForm.base_fields}


class BecomeDoctorForm(DetailsForm):
    """What a person who has a log-in adds to become a doctor."""

    photo = PhotoField(required=False)


class SignUpForm(BecomeDoctorForm):
    """A doctor's sign-up: details, address and password."""

    email = EmailField()
    password = NewPasswordField(label=_("Password"))
    field_order = ["name", "name_bn", "email", "password", "phone", "gender"]

    def clean(self) -> dict[str, Any]:
        """A password that is hard to guess, also for who knows the name."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        check_new_password(self, "password")
        return values


class PhotoForm(forms.Form):
    """Another photo."""

    photo = PhotoField()


class CertificateForm(forms.Form):
    """A paper and what it is."""

    title = forms.CharField(
        label=_("What it is"), max_length=100, help_text=_("Like licence, or FCPS certificate.")
    )
    file = forms.FileField(
        label=_("File"),
        help_text=_("PDF, JPEG or PNG, 10 MB at most."),
        widget=forms.FileInput(attrs={"accept": PAPERS}),
    )

    def clean_file(self) -> StoredUpload:
        """A PDF is checked, a picture drawn anew."""
        try:
            return read_document(self.cleaned_data["file"])
        except UploadError as error:
            raise ValidationError(error.message) from error


class ApplyForm(forms.Form):
    """A word to the hospital."""

    message = forms.CharField(
        label=_("Message to the hospital"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DepartmentField(forms.ModelChoiceField):
    """A department of one hospital; the form gives the rows."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Department"))
        kwargs.setdefault("empty_label", _("None"))
        super().__init__(queryset=None, required=False, to_field_name="public_id", **kwargs)


class ApproveForm(forms.Form):
    """What a hospital decides when it takes a doctor."""

    department = DepartmentField()
    fee = forms.DecimalField(label=_("Fee for a visit"), min_value=0, max_digits=12, decimal_places=2)
    slot_minutes = forms.TypedChoiceField(
        label=_("Minutes a visit"),
        coerce=int,
        choices=[(minutes, str(minutes)) for minutes in (5, 10, 15, 20, 25, 30, 40, 45, 60, 90, 120)],
        initial=20,
    )
    # The licence that the admin looked at, so that no other one counts as checked.
    seen = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, departments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments
        self.fields["fee"].widget.attrs["inputmode"] = "decimal"


class LicenceForm(forms.Form):
    """The licence that the admin looked at and has checked."""

    seen = forms.CharField(max_length=60, widget=forms.HiddenInput)


class RejectForm(forms.Form):
    """Why a hospital says no."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class DepartmentForm(forms.Form):
    """Another department for a doctor."""

    department = DepartmentField()

    def __init__(self, *args: Any, departments: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = departments


def departments_to_choose(hospital: Any) -> Any:
    """Return the departments that a form may offer; inside the hospital's scope."""
    return Department.objects.filter(hospital=hospital, removed_at__isnull=True).order_by("name")
