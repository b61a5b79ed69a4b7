"""Shape of input about hospitals, departments and staff, and its messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from phonenumber_field.formfields import PhoneNumberField

from accounts.models import User
from core.uploads import UploadError, read_image

from .models import INVITABLE_ROLES, Hospital, Role
from .operations import HospitalProfile, HospitalRules

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LOGO_SIDE = 512  # pixels
CURRENCIES = [("BDT", _("Bangladeshi taka (৳)")), ("USD", _("US dollar ($)"))]
_REGIONS = {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}


def _zones() -> list[tuple[str, str]]:
    zones = sorted(zone for zone in available_timezones() if zone.split("/")[0] in _REGIONS)
    return [(zone, zone.replace("_", " ")) for zone in [*zones, "UTC"]]


PROFILE_FIELDS = [
    "name", "name_bn", "about", "address", "area", "city", "phone", "email", "latitude", "longitude", "zone", "currency",
]  # fmt: skip


class ProfileForm(forms.ModelForm):
    """What patients read about a hospital."""

    zone = forms.ChoiceField(label=_("Time zone"), choices=_zones, initial="Asia/Dhaka")
    currency = forms.ChoiceField(label=_("Currency"), choices=CURRENCIES, initial="BDT")

    class Meta:
        model = Hospital
        fields = PROFILE_FIELDS
        labels = {
            "name": _("Name"),
            "name_bn": _("Name in Bangla"),
            "about": _("About the hospital"),
            "address": _("Street and number"),
            "area": _("Area"),
            "city": _("City"),
            "phone": _("Phone"),
            "email": _("E-mail"),
            "latitude": _("Latitude"),
            "longitude": _("Longitude"),
        }
        help_texts = {
            "about": _("Two or three sentences that help a patient to choose."),
            "phone": _("Where patients call, like 02 961 0000."),
            "latitude": _("In degrees, like 23.7515. With the longitude it puts you on the map."),
            "longitude": _("In degrees, like 90.3760."),
        }
        widgets = {
            "name_bn": forms.TextInput(attrs={"lang": "bn"}),
            "about": forms.Textarea(attrs={"rows": 4}),
            "address": forms.TextInput(attrs={"autocomplete": "street-address"}),
            "latitude": forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
            "longitude": forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        }

    def __init__(self, *args: Any, keeps_currency: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if keeps_currency:
            currency = self.fields["currency"]
            currency.disabled = True  # what is sent for it is not looked at
            currency.help_text = _("It stays as it is: fees and bills are in it already.")

    def clean(self) -> dict[str, Any]:
        """A position is both numbers or none."""
        values = super().clean() or {}
        north, east = values.get("latitude"), values.get("longitude")
        if north is None and east is not None and "latitude" not in self.errors:
            self.add_error("latitude", _("Write the latitude too, or leave both empty."))
        if east is None and north is not None and "longitude" not in self.errors:
            self.add_error("longitude", _("Write the longitude too, or leave both empty."))
        return values

    def profile(self) -> HospitalProfile:
        """Return what was typed, as the operation takes it."""
        values = {name: self.cleaned_data[name] for name in PROFILE_FIELDS}
        return HospitalProfile(**{**values, "phone": str(values["phone"] or "")})


class HospitalForm(ProfileForm):
    """A new hospital and who is invited as its first admin."""

    admin_name = forms.CharField(label=_("Name of the first admin"), max_length=120)
    admin_email = forms.EmailField(
        label=_("E-mail of the first admin"), help_text=_("We send an invitation that is good for a week.")
    )

    class Meta(ProfileForm.Meta):
        fields = ["name", "slug", *PROFILE_FIELDS[1:]]
        labels = {**ProfileForm.Meta.labels, "slug": _("Short name in addresses")}
        help_texts = {
            **ProfileForm.Meta.help_texts,
            "slug": _("Small letters, digits and hyphens, like city-general. It stays as it is later."),
        }
        error_messages = {
            "slug": {"unique": _("Another hospital has this short name. Choose a different one.")}
        }

    def clean_slug(self) -> str:
        """Addresses are written in small letters."""
        return str(self.cleaned_data["slug"]).lower()


class LogoForm(forms.Form):
    """A new logo."""

    logo = forms.FileField(
        label=_("Logo"),
        help_text=_("JPEG, PNG or WebP, 5 MB at most. A square picture looks best."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def clean_logo(self) -> ContentFile[bytes]:
        """The picture is drawn anew, small."""
        try:
            return read_image(self.cleaned_data["logo"], max_side=LOGO_SIDE)
        except UploadError as error:
            raise ValidationError(error.message) from error


class RulesForm(forms.ModelForm):
    """Rules of booking and paying."""

    class Meta:
        model = Hospital
        fields = [
            "accepts_at_once", "pays_online", "pays_at_desk", "hold_minutes", "full_refund_hours", "half_refund_hours",
            "number_prefix",
        ]  # fmt: skip
        labels = {
            "accepts_at_once": _("Bookings stand at once"),
            "pays_online": _("Patients can pay online"),
            "pays_at_desk": _("Patients can pay at the desk"),
            "hold_minutes": _("Minutes a time is kept while somebody pays"),
            "full_refund_hours": _("All money back, hours before the visit"),
            "half_refund_hours": _("Half back, hours before the visit"),
            "number_prefix": _("Letters before hospital numbers"),
        }
        help_texts = {
            "accepts_at_once": _("If not, the doctor confirms each booking first."),
            "hold_minutes": _("From 5 to 60."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        number = f"{self.instance.number_prefix}-000123"
        self.fields["number_prefix"].help_text = _("A new patient gets a number like %(number)s.") % {
            "number": number
        }
        for name in ("full_refund_hours", "half_refund_hours"):
            self.fields[name].validators.append(_at_most_a_month)
            self.fields[name].widget.attrs["max"] = 720

    def clean_number_prefix(self) -> str:
        """Letters are written large."""
        prefix = str(self.cleaned_data["number_prefix"]).upper()
        if not (prefix.isascii() and prefix.isalpha()):
            raise ValidationError(_("Write one to five letters, like CG."))
        return prefix

    def clean(self) -> dict[str, Any]:
        """Numbers that fit together, and at least one way to pay."""
        values = super().clean() or {}
        full, half = values.get("full_refund_hours"), values.get("half_refund_hours")
        if full is not None and half is not None and full < half:
            self.add_error(
                "full_refund_hours",
                _("All money comes back earlier than half of it, so this number is the larger one."),
            )
        if not (values.get("pays_online") or values.get("pays_at_desk")):
            self.add_error("pays_at_desk", _("Patients need at least one way to pay."))
        return values

    def rules(self) -> HospitalRules:
        """Return what was typed, as the operation takes it."""
        return HospitalRules(**self.cleaned_data)


def _at_most_a_month(hours: int) -> None:
    if hours > 720:
        raise ValidationError(_("At most 720 hours, which is 30 days."))


class SecurityForm(forms.Form):
    """Which roles need a second factor."""

    roles = forms.MultipleChoiceField(
        label=_("Who needs a second factor"),
        help_text=_(
            "A code from their phone or mail besides the password, before they can do anything here."
        ),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, have_one: Mapping[str, tuple[int, int]], **kwargs: Any) -> None:
        """Tell beside each role how many have one already, from `queries.second_factor_counts`."""
        super().__init__(*args, **kwargs)
        self.fields["roles"].choices = [
            (role.value, _with_count(role.label, *have_one.get(role.value, (0, 0)))) for role in Role
        ]


def _with_count(label: StrOrPromise, ready: int, people: int) -> str:
    if not people:
        return str(label)
    told = ngettext("%(ready)s of %(people)s has one", "%(ready)s of %(people)s have one", ready)
    return f"{label}: {told}" % {"ready": ready, "people": people}


class ReasonForm(forms.Form):
    """Why something is done."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("It is kept in the platform’s activity log. Staff and patients don’t read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DepartmentForm(forms.Form):
    """A department."""

    name = forms.CharField(label=_("Name"), max_length=100)
    about = forms.CharField(
        label=_("What it does"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    location = forms.CharField(
        label=_("Where it is"), max_length=100, required=False, help_text=_("Like 3rd floor, block B.")
    )


class ServiceForm(forms.Form):
    """Something a department does."""

    name = forms.CharField(label=_("Name"), max_length=100)
    about = forms.CharField(
        label=_("What it is"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


def _roles() -> list[tuple[str, str]]:
    return [(role.value, str(role.label)) for role in INVITABLE_ROLES]


class InviteAdminForm(forms.Form):
    """Somebody who is invited to the staff."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"))


class InviteForm(InviteAdminForm):
    """Somebody who is invited to the staff, and as what."""

    role = forms.ChoiceField(
        label=_("Role"), choices=_roles, widget=forms.RadioSelect, initial=Role.RECEPTIONIST.value
    )


class RoleForm(forms.Form):
    """Another role."""

    role = forms.ChoiceField(label=_("Role"), choices=_roles, widget=forms.RadioSelect)


class JoinForm(forms.Form):
    """The log-in of somebody who was invited."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = PhoneNumberField(
        label=_("Contact number"), required=False, widget=forms.TextInput(attrs={"autocomplete": "tel"})
    )
    password = forms.CharField(
        label=_("Choose a password"),
        help_text=_("At least ten characters. Three unusual words do well."),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        """A password that is hard to guess, also for who knows the name."""
        values = super().clean() or {}
        if values.get("password"):
            person = User(email=self.email, name=values.get("name", ""))
            try:
                validate_password(values["password"], person)
            except ValidationError as error:
                self.add_error("password", error)
        return values
