"""Shape of input about a doctor's calendar, and its messages."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django import forms
from django.forms import BoundField
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from doctors.models import Affiliation
from doctors.operations import BookingRules

MOST_ROWS, FEWEST_ROWS = 8, 2
LEAD_MINUTES = [0, 15, 30, 60, 120, 240, 720, 1440, 2880, 10080]
DAYS = ["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y", "%d %b %Y", "%d %B %Y"]
TIMES = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I %p", "%H.%M"]


class TimeField(forms.TimeField):
    """A time of day in steps of five minutes."""

    default_error_messages = {"invalid": gettext_lazy("This is no time. Write it like 17:30 or 5:30 pm.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        widget = forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": 300})
        super().__init__(input_formats=TIMES, widget=widget, **kwargs)

    def clean(self, value: Any) -> dt.time | None:
        time: dt.time | None = super().clean(value)
        if time and (time.minute % 5 or time.second):
            raise forms.ValidationError(_("Times are in steps of five minutes, like 9:00 or 9:05."))
        return time


class DayField(forms.DateField):
    """A day, typed or picked."""

    default_error_messages = {
        "invalid": gettext_lazy("This date does not exist. Write day, month, year, like 3 5 2027.")
    }

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=DAYS, widget=widget, **kwargs)


class WeekRow(NamedTuple):
    """One span of hours on the page."""

    starts: BoundField
    ends: BoundField


class WeekForm(forms.Form):
    """The hours of a week: several rows a day, empty ones count for nothing."""

    def __init__(self, *args: Any, week: dict[int, list[tuple[dt.time, dt.time]]], **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "week_%s")
        super().__init__(*args, **kwargs)
        self._count = {day: self._rows_on(day, len(week.get(day, []))) for day in range(7)}
        for day, row in self._cells():
            spans = week.get(day, [])
            stored = spans[row] if row < len(spans) else (None, None)
            said = {"day": WEEKDAYS[day], "number": row + 1}
            starts, ends = _("%(day)s, row %(number)s, from"), _("%(day)s, row %(number)s, until")
            self.fields[f"d{day}_{row}_from"] = TimeField(label=starts % said, initial=stored[0])
            self.fields[f"d{day}_{row}_until"] = TimeField(label=ends % said, initial=stored[1])

    def _rows_on(self, day: int, stored: int) -> int:
        typed = [
            int(found[1]) + 1
            for name in self.data
            if (found := re.fullmatch(rf"d{day}_(\d)_(?:from|until)", name))
        ]
        return min(MOST_ROWS, max([FEWEST_ROWS, stored + 1, *typed]))

    def _cells(self) -> list[tuple[int, int]]:
        return [(day, row) for day in range(7) for row in range(self._count[day])]

    def days(self) -> list[tuple[str, str, list[WeekRow]]]:
        """Return the days by name and short name with their rows, for the page."""
        return [
            (
                str(WEEKDAYS[day]),
                str(WEEKDAYS_ABBR[day]),
                [WeekRow(self[f"d{day}_{row}_from"], self[f"d{day}_{row}_until"]) for row in range(rows)],
            )
            for day, rows in self._count.items()
        ]

    def clean(self) -> dict[str, Any]:
        """Both times or none, the second one later, no two rows at once."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for day in range(7):
            names = [(f"d{day}_{row}_from", f"d{day}_{row}_until", row) for row in range(self._count[day])]
            self._check_day(day, [(values.get(starts), values.get(ends), row) for starts, ends, row in names])
        return values

    def _check_day(self, day: int, rows: list[tuple[dt.time | None, dt.time | None, int]]) -> None:
        whole = sorted((starts, ends, row) for starts, ends, row in rows if starts and ends)
        for starts, ends, row in rows:
            name = f"d{day}_{row}"
            if f"{name}_from" in self.errors or f"{name}_until" in self.errors:
                continue
            if bool(starts) != bool(ends):
                self.add_error(
                    f"{name}_{'until' if starts else 'from'}", _("Write both times, or leave both empty.")
                )
            elif starts and ends and ends <= starts:
                self.add_error(f"{name}_until", _("This is not later than the beginning."))
        for (_starts, ends, _row), (starts, _ends, row) in zip(whole, whole[1:], strict=False):
            if starts < ends:
                self.add_error(f"d{day}_{row}_from", _("This overlaps with other hours of the day."))

    def hours(self) -> list[tuple[int, dt.time, dt.time]]:
        """Return what was typed, as the operation takes it."""
        data = self.cleaned_data
        spans = [(day, data[f"d{day}_{row}_from"], data[f"d{day}_{row}_until"]) for day, row in self._cells()]
        return [(day, starts, ends) for day, starts, ends in spans if starts and ends]


class ExceptionForm(forms.Form):
    """A day that differs from the week."""

    CLOSED, OPEN = "closed", "open"

    day = DayField(label=gettext_lazy("Day"))
    what = forms.ChoiceField(
        label=gettext_lazy("On this day you are"),
        choices=[(CLOSED, gettext_lazy("Not there")), (OPEN, gettext_lazy("There at these times instead"))],
        initial=CLOSED,
        widget=forms.RadioSelect,
    )
    starts = TimeField(label=gettext_lazy("From"))
    ends = TimeField(label=gettext_lazy("Until"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "exception_%s")
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Times exactly when the day is open."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("what") != self.OPEN:
            return {**values, "starts": None, "ends": None}
        for name in ("starts", "ends"):
            if not values.get(name) and name not in self.errors:
                self.add_error(name, _("Write the time."))
        if values.get("starts") and values.get("ends") and values["ends"] <= values["starts"]:
            self.add_error("ends", _("This is not later than the beginning."))
        return values


class TimeOffForm(forms.Form):
    """Days, or hours of days, in which a doctor works nowhere; in the zone of the hospital that the page is about."""

    first_day = DayField(label=gettext_lazy("First day"))
    first_time = TimeField(label=gettext_lazy("From"), help_text=gettext_lazy("Empty: the whole day."))
    last_day = DayField(label=gettext_lazy("Last day"))
    last_time = TimeField(label=gettext_lazy("Until"), help_text=gettext_lazy("Empty: the whole day."))

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "time_off_%s")
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        """The end comes after the beginning."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("first_day") and values.get("last_day") and not self.errors:
            starts_at, ends_at = self.span()
            if ends_at <= starts_at:
                name = "last_day" if values["last_day"] < values["first_day"] else "last_time"
                self.add_error(name, _("Time off ends later than it begins."))
        return values

    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """Return beginning and end in UTC; a last day without a time is over at midnight."""
        data = self.cleaned_data
        last_day, last_time = data["last_day"], data.get("last_time")
        if last_time is None:
            last_day, last_time = last_day + dt.timedelta(days=1), dt.time()
        starts = dt.datetime.combine(data["first_day"], data.get("first_time") or dt.time(), tzinfo=self.zone)
        ends = dt.datetime.combine(last_day, last_time, tzinfo=self.zone)
        return starts.astimezone(dt.UTC), ends.astimezone(dt.UTC)


def lead_words(minutes: int) -> str:
    """Return a lead time in words."""
    if minutes == 0:
        return _("Until it begins")
    if minutes % 1440 == 0:
        count = minutes // 1440
        return ngettext("%(count)s day before", "%(count)s days before", count) % {"count": count}
    if minutes % 60 == 0:
        count = minutes // 60
        return ngettext("%(count)s hour before", "%(count)s hours before", count) % {"count": count}
    return ngettext("%(count)s minute before", "%(count)s minutes before", minutes) % {"count": minutes}


class BookingRulesForm(forms.Form):
    """Fee, length and limits of a doctor's visits at one hospital."""

    fee = forms.DecimalField(
        label=gettext_lazy("Fee for a visit"), min_value=0, max_digits=12, decimal_places=2
    )
    slot_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes a visit"),
        min_value=5,
        max_value=240,
        step_size=5,
        help_text=gettext_lazy("In steps of five."),
    )
    lead_minutes = forms.TypedChoiceField(label=gettext_lazy("Can be booked until"), coerce=int)
    daily_cap = forms.IntegerField(
        label=gettext_lazy("Most visits a day"), min_value=1, max_value=500, required=False
    )
    room = forms.CharField(label=gettext_lazy("Room"), max_length=60, required=False)
    takes_bookings = forms.BooleanField(
        label=gettext_lazy("Patients can book"),
        required=False,
        help_text=gettext_lazy("If not, the doctor is hidden at this hospital; visits already booked stay."),
    )

    def __init__(self, *args: Any, affiliation: Affiliation, **kwargs: Any) -> None:
        names = BookingRules.__dataclass_fields__
        kwargs.setdefault("initial", {name: getattr(affiliation, name) for name in names})
        kwargs.setdefault("auto_id", "rules_%s")
        super().__init__(*args, **kwargs)
        leads = sorted({*LEAD_MINUTES, affiliation.lead_minutes})
        self.fields["lead_minutes"].choices = [(minutes, lead_words(minutes)) for minutes in leads]
        self.fields["fee"].widget.attrs["inputmode"] = "decimal"
        self.fields["fee"].label = _("Fee for a visit (%(currency)s)") % {
            "currency": affiliation.hospital.currency
        }

    def rules(self) -> BookingRules:
        """Return what was typed, as the operation takes it."""
        return BookingRules(**self.cleaned_data)
