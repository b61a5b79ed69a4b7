"""Dates and times as people read them: pure functions of a moment, a zone and the language that is active."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def zone_of(zone: ZoneInfo | str) -> ZoneInfo:
    """Return the zone of an IANA name such as Asia/Dhaka."""
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)


def local(value: datetime, zone: ZoneInfo | str) -> datetime:
    """Return the moment on the clocks of the zone. ValueError for a moment that knows no zone of its own."""
    if timezone.is_naive(value):
        raise ValueError("A moment without a zone cannot be shown.")
    return value.astimezone(zone_of(zone))


def today_in(zone: ZoneInfo | str) -> date:
    """Return today's date in the zone."""
    return timezone.now().astimezone(zone_of(zone)).date()


def _dated(value: date, zone: ZoneInfo | str | None) -> date:
    """Return the day of a plain date, or of a moment in a zone."""
    if not isinstance(value, datetime):
        return value
    if not zone:
        raise ValueError("A moment is shown in a zone: give one.")
    return local(value, zone).date()


def _with_year(text: str, value: date, zone: ZoneInfo | str | None) -> str:
    """Add the year when it is not the current one."""
    this_year = (today_in(zone) if zone else timezone.now().date()).year
    return text if value.year == this_year else f"{text} {value.year}"


def clock(value: datetime, zone: ZoneInfo | str) -> str:
    """Return the time of day: 6:20 pm."""
    here = local(value, zone)
    half = pgettext("time of day", "am") if here.hour < 12 else pgettext("time of day", "pm")
    return f"{here.hour % 12 or 12}:{here.minute:02d} {half}"


def day(value: date, zone: ZoneInfo | str | None = None) -> str:
    """Return Wednesday 25 November; with the year when it is another one."""
    here = _dated(value, zone)
    text = f"{WEEKDAYS[here.weekday()]} {here.day} {MONTHS[here.month]}"
    return _with_year(text, here, zone)


def moment(value: datetime, zone: ZoneInfo | str) -> str:
    """Return Wednesday 25 November, 6:20 pm."""
    return f"{day(value, zone)}, {clock(value, zone)}"


def short_day(value: date, zone: ZoneInfo | str | None = None) -> str:
    """Return Today, Tomorrow, or Thu 26 Nov; with the year when it is another one."""
    return _near_day(value, zone, {0: _("Today"), 1: _("Tomorrow")})


def inside_day(value: date, zone: ZoneInfo | str | None = None) -> str:
    """Return what `short_day` does for the middle of a sentence: until tomorrow, until Thu 26 Nov."""
    words = {0: pgettext("inside a sentence", "today"), 1: pgettext("inside a sentence", "tomorrow")}
    return _near_day(value, zone, words)


def _near_day(value: date, zone: ZoneInfo | str | None, words: dict[int, str]) -> str:
    """Return the word for a day by how many days ahead it is, else the short date."""
    here = _dated(value, zone)
    today = today_in(zone) if zone else timezone.now().date()
    word = words.get((here - today).days)
    if word:
        return word
    text = f"{WEEKDAYS_ABBR[here.weekday()]} {here.day} {MONTHS_3[here.month].capitalize()}"
    return _with_year(text, here, zone)
