"""How pages show icons, badges, names, money and time. Built in: templates need no load for it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django import template
from django.forms import BaseForm
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import formats
from core.money import format_money

register = template.Library()

ICONS: Final = frozenset(
    """
    bed bell box building cal card chart chat check clipboard clock door down download eye file filter flask gear
    globe heart help history home id image info key left link list lock logout mail menu money pencil phone pill
    pin plus print pulse qr refresh right rx search send shield sort star stop swap trash undo up upload user users
    warn x
    """.split()
)
BADGES: Final = {
    "neutral": "badge",
    "info": "badge text-bg-info",
    "success": "badge text-bg-success",
    "warning": "badge text-bg-warning",
    "danger": "badge text-bg-danger",
    "solid": "badge solid",
}
TITLES: Final = frozenset({"dr", "prof", "mr", "mrs", "ms", "mst", "md"})


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon of the sprite; it repeats a word beside it. ValueError for a name the sprite has not."""
    if name not in ICONS:
        raise ValueError(f"There is no icon {name!r}. The sprite has: {', '.join(sorted(ICONS))}.")
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#i-{}"/></svg>', static("img/icons.svg"), name
    )


@register.simple_tag
def badge(kind: str, icon_name: str, text: str) -> SafeString:
    """Show a status in one to three words; kind: neutral, info, success, warning, danger or solid."""
    return format_html('<span class="{}">{}{}</span>', BADGES[kind or "neutral"], icon(icon_name), text)


@register.filter
def error_count(form: BaseForm) -> int:
    """Return how many messages the form's fields have."""
    return sum(map(len, form.errors.values()))


@register.filter
def initials(name: object) -> str:
    """Return the first letters of the first two words of a name, titles left out: DS for Dr Dora Sen."""
    words = [word for word in str(name or "").split() if word.strip(".").lower() not in TITLES]
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """Return ৳1,200.00; nothing for no amount."""
    return "" if amount is None else format_money(amount, currency)


@register.filter
def money_short(amount: Decimal | None, currency: str) -> str:
    """Return ৳1,200 for running text; nothing for no amount."""
    return "" if amount is None else format_money(amount, currency, short=True)


@register.filter
def clock(value: datetime | None, zone: ZoneInfo | str) -> str:
    """Return 6:20 pm in the zone."""
    return formats.clock(value, zone) if value else ""


@register.filter
def day(value: date | None, zone: ZoneInfo | str | None = None) -> str:
    """Return Wednesday 25 November; a moment needs the zone."""
    return formats.day(value, zone) if value else ""


@register.filter
def moment(value: datetime | None, zone: ZoneInfo | str) -> str:
    """Return Wednesday 25 November, 6:20 pm in the zone."""
    return formats.moment(value, zone) if value else ""


@register.filter
def short_day(value: date | None, zone: ZoneInfo | str | None = None) -> str:
    """Return Today, Tomorrow or Thu 26 Nov; a moment needs the zone."""
    return formats.short_day(value, zone) if value else ""


@register.filter
def inside_day(value: date | None, zone: ZoneInfo | str | None = None) -> str:
    """Return today, tomorrow or Thu 26 Nov, for the middle of a sentence; a moment needs the zone."""
    return formats.inside_day(value, zone) if value else ""
