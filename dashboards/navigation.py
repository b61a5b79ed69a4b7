"""Who is where and where they can go: the context of the base template's bar and rail.

Costs one query for a person who is logged in (the unread count); workplaces are asked by the area's rules anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from core.http import PUBLIC, Area
from hospitals.models import Role
from hospitals.rules import Workplace, workplaces_of
from notifications.queries import count_unread


@dataclass(frozen=True)
class Item:
    """One way in the bar or rail."""

    label: str
    url: str
    icon: str = ""
    current: bool = False
    count: int = 0


@dataclass(frozen=True)
class Place:
    """A hospital and role that the person can switch to."""

    name: str
    role: str
    url: str
    current: bool


@dataclass(frozen=True)
class Nav:
    """What the base template reads."""

    area: str
    items: list[Item]
    urls: dict[str, str]
    emergency: str
    hospital: Any = None
    person: dict[str, str] | None = None
    switch: list[Place] = field(default_factory=list)
    bell: int = 0


def navigation(request: HttpRequest) -> dict[str, Nav]:
    """The context processor."""
    area: Area = getattr(request, "area", PUBLIC)
    user = getattr(request, "user", None)
    logged_in = bool(user and user.is_authenticated)
    shown = _shown_area(request, area, logged_in)
    links = _links(request, area, shown)
    here = _here(request, links)
    items = [Item(label, url, icon, current=url == here) for label, url, icon in links]
    return {
        "nav": Nav(
            area=shown,
            items=items,
            urls=_urls(request, logged_in),
            emergency=settings.EMERGENCY_NUMBER,
            hospital=getattr(request, "hospital", None),
            person={"name": user.name, "role_label": _role_label(area)} if user and logged_in else None,
            switch=_places(request, area) if logged_in else [],
            bell=count_unread(user) if logged_in else 0,
        )
    }


def _here(request: HttpRequest, links: list[tuple[str, str, str]]) -> str:
    """Return the link that the page belongs to: the longest that begins its address, else the first of its room."""
    home = links[0][1]
    beginning = [
        url for __, url, __ in links if request.path.startswith(url) and (url != home or request.path == home)
    ]
    if beginning or request.resolver_match is None:
        return max(beginning, key=len, default="")
    room = request.resolver_match.namespace
    return next((url for __, url, __ in links if resolve(url).namespace == room), "")


def _shown_area(request: HttpRequest, area: Area, logged_in: bool) -> str:
    if area.name == "public":
        # A patient who looks for a doctor keeps the patient's bar; see AreaMiddleware.
        return "patient" if logged_in and request.session.get("area") == "me" else "public"
    return {"me": "patient", "h": "staff"}.get(area.name, area.name)


def _urls(request: HttpRequest, logged_in: bool) -> dict[str, str]:
    urls = {
        "home": reverse("dashboards:start" if logged_in else "dashboards:home"),
        "search": reverse("appointments:search"),
        "hospitals": reverse("hospitals:list"),
        "verify": reverse("records:check"),
    }
    if settings.MAILBOX_PAGE:
        urls["mailbox"] = reverse("notifications:mailbox")
    if logged_in:
        return urls | {
            "logout": reverse("accounts:logout"),
            "profile": reverse("accounts:profile"),
            "bell": reverse("notifications:bell"),
        }
    return urls | {"login": _login_url(request), "register": reverse("patients:sign_up")}


def _login_url(request: HttpRequest) -> str:
    """Lead back to what a visitor was looking at: a doctor, a search, a hospital."""
    url = reverse("accounts:login")
    looks_at = request.resolver_match.namespace if request.resolver_match else ""
    if request.method != "GET" or looks_at not in {"appointments", "doctors", "hospitals"}:
        return url
    return f"{url}?{urlencode({'next': request.get_full_path()})}"


def _role_label(area: Area) -> str:
    if area.name == "h":
        return str(Role.ADMIN.label if Role.ADMIN in area.roles else Role(min(area.roles)).label)
    return {"doctor": _("Doctor"), "platform": _("Platform admin"), "me": _("Patient")}.get(area.name, "")


def _places(request: HttpRequest, area: Area) -> list[Place]:
    if area.name in {"me", "public"}:
        # Costs no query: whoever was at work in this session finds the way back.
        at_work = request.session.get("at_work")
        return [Place(_("My work"), "", at_work, current=False)] if at_work else []
    places = []
    for workplace in workplaces_of(request.user):
        places += _places_of(workplace, request, area)
    if request.user.is_platform_admin:
        places.append(
            Place("HealthStack", _("Platform admin"), reverse("dashboards:platform"), area.name == "platform")
        )
    if places:
        places.append(Place(_("My own health"), _("Patient"), reverse("patients:become"), current=False))
    return places


def _places_of(workplace: Workplace, request: HttpRequest, area: Area) -> list[Place]:
    places = []
    desk_roles = workplace.roles - {Role.DOCTOR}
    if desk_roles:
        here = area.name == "h" and workplace.hospital_id in area.hospital_ids
        role = Role.ADMIN if Role.ADMIN in desk_roles else Role(min(desk_roles))
        places.append(
            Place(
                workplace.name, str(role.label), reverse("dashboards:hospital", args=[workplace.slug]), here
            )
        )
    if Role.DOCTOR in workplace.roles:
        url = f"{reverse('dashboards:doctor')}?at={workplace.slug}"
        places.append(Place(workplace.name, str(Role.DOCTOR.label), url, area.name == "doctor"))
    return places


def _links(request: HttpRequest, area: Area, shown: str) -> list[tuple[str, str, str]]:
    if shown == "patient":
        return [
            (_("Home"), reverse("dashboards:patient"), "home"),
            (_("Find"), reverse("appointments:search"), "search"),
            (_("Visits"), reverse("appointments:visits"), "cal"),
            (_("Records"), reverse("records:prescriptions"), "rx"),
            (_("Bills"), reverse("billing:invoices"), "card"),
        ]
    if shown == "doctor":
        return [
            (_("Overview"), reverse("dashboards:doctor"), "home"),
            (_("Today"), reverse("appointments:doctor_day"), "list"),
            (_("Patients"), reverse("records:patients"), "users"),
            (_("Calendar"), reverse("appointments:calendar"), "cal"),
            (_("Profile"), reverse("doctors:profile"), "user"),
            (_("Hospitals"), reverse("doctors:workplaces"), "building"),
        ]
    if shown == "staff":
        return _staff_links(request.hospital.slug, area.roles)
    if shown == "platform":
        return [
            (_("Overview"), reverse("dashboards:platform"), "home"),
            (_("Hospitals"), reverse("hospitals:platform_list"), "building"),
        ]
    return [
        (_("Find a doctor"), reverse("appointments:search"), ""),
        (_("Hospitals"), reverse("hospitals:list"), ""),
        (_("Check a prescription"), reverse("records:check"), ""),
    ]


def _staff_links(slug: str, roles: frozenset[str]) -> list[tuple[str, str, str]]:
    links = [
        (_("Overview"), reverse("dashboards:hospital", args=[slug]), "home"),
        (_("Today"), reverse("appointments:day", args=[slug]), "list"),
        (_("Patients"), reverse("patients:index", args=[slug]), "users"),
        (_("Cash desk"), reverse("billing:desk", args=[slug]), "card"),
    ]
    if Role.ADMIN in roles:
        links += [
            (_("Applications"), reverse("doctors:applications", args=[slug]), "clipboard"),
            (_("Doctors"), reverse("doctors:staff_doctors", args=[slug]), "user"),
            (_("Departments"), reverse("hospitals:departments", args=[slug]), "building"),
            (_("Staff"), reverse("hospitals:staff", args=[slug]), "id"),
            (_("Settings"), reverse("hospitals:profile", args=[slug]), "gear"),
        ]
    return links
