"""Every try that the table of routes means: address, person, method, and the answer that is expected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.canaries import ABSENT, DOCTOR, HOME, NOBODY, OTHER, OWN, PATIENT, SAME, STAFF, Cast

from .routes import ELSEWHERE, ROUTES, Route

ANONYMOUS = "anonymous"
ROLES = ("anonymous", "nadia", "paul", "pia", "omar", "dora", "dana", "deb", "rita", "ada", "mallory", "root")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NOWHERE = "nowhere"
MIXED = "mixed"  # an own record first, somebody else's behind it
WITNESSES = frozenset({"anonymous", "ada", "paul", "dora", "root"})
PATIENTS, DOCTORS = set(PATIENT.values()), set(DOCTOR.values())
ROLE_IN: dict[str, dict[str, str]] = {slug: dict(people) for slug, people in STAFF.items()}
for _variant, _login in DOCTOR.items():
    ROLE_IN[HOME[_variant]][_login] = "doctor"


@dataclass(frozen=True)
class Target:
    """One address of a route: the hospital in it (below /h/), and whose record its id names."""

    slug: str = ""
    variant: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Try:
    """One request and its expected answer."""

    name: str
    role: str
    method: str
    target: Target
    expected: int

    def __str__(self) -> str:
        where = " ".join(part for part in (self.target.slug, self.target.kind, self.target.variant) if part)
        return f"{self.role} {self.method} {self.name} [{where}]"


def all_route_names(resolver: URLResolver | None = None, space: str = "") -> Iterator[str]:
    """Yield the full name of each address that the resolver knows; one without a name by its pattern."""
    resolver = resolver or get_resolver()
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}" if pattern.name else f"{space}{pattern.pattern}"
        else:
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            if inner.rstrip(":") not in ELSEWHERE:
                yield from all_route_names(pattern, inner)


def variants_of(cast: Cast, kind: str) -> list[str]:
    """Return whose records of the kind there are."""
    return [
        variant
        for variant in (OWN, SAME, OTHER)
        if variant in cast.rows[kind] or PATIENT[variant] in cast.rows[kind]
    ]


def _row_key(cast: Cast, kind: str, variant: str) -> str:
    """Rows of a person (a notice, a session) are kept by log-in."""
    return variant if variant in cast.rows[kind] else PATIENT[variant]


def targets_of(cast: Cast, route: Route) -> list[Target]:
    """Return every address of a route: own, same hospital, other hospital and nonexistent ids, at each hospital."""
    first = next(iter(route.ids.values()), "")
    found = [("", "")]
    if first:
        found = [(first, variant) for variant in [*variants_of(cast, first), NOBODY]]
        found += [(kind, variant) for kind in route.never for variant in variants_of(cast, kind)]
    if len(route.ids) > 1:
        found.append((first, MIXED))
    slugs = ["own", "other"] if route.area == "h" else [""]
    targets = [Target(slug, variant, kind) for slug in slugs for kind, variant in found]
    return [*targets, Target(NOWHERE, found[0][1], found[0][0])] if route.area == "h" else targets


def _id(cast: Cast, kind: str, variant: str) -> str:
    return ABSENT if variant == NOBODY else cast.id_of(kind, _row_key(cast, kind, variant))


def arguments_of(cast: Cast, route: Route, target: Target) -> dict[str, Any]:
    """Return the values of the address's parameters."""
    values: dict[str, Any] = dict(route.fixed)
    if target.slug:
        values["slug"] = target.slug
    for number, (param, kind) in enumerate(route.ids.items()):
        variant = target.variant
        if variant == MIXED:
            variant = OWN if number == 0 else OTHER
        values[param] = _id(cast, target.kind if number == 0 and target.kind else kind, variant)
    return values


def address_of(cast: Cast, name: str, target: Target, urlconf: str | None = None) -> str:
    """Return the address of a route for a target."""
    return reverse(name, kwargs=arguments_of(cast, ROUTES[name], target), urlconf=urlconf)


def enters(route: Route, role: str, slug: str) -> int:
    """Return 0 when the person may enter the area, else the answer at its door."""
    if route.area == "public":
        return 0
    if role == ANONYMOUS:
        return 302
    if route.area == "me":
        return 0 if role in PATIENTS else 302
    if route.area == "doctor":
        return 0 if role in DOCTORS else 403
    if route.area == "platform":
        return 0 if role == "root" else 403
    if route.area == "h":
        found = ROLE_IN.get(slug, {}).get(role)
        return 403 if found == "doctor" else 0 if found else 404
    return 0


def is_open(route: Route, role: str, target: Target) -> bool:
    """Say whether the record of the target exists for the person in this area."""
    if not route.ids:
        return True
    if target.variant == NOBODY or target.variant == MIXED or target.kind in route.never:
        return False
    if route.shared:
        return True
    owner = {"me": PATIENT, "person": PATIENT, "doctor": DOCTOR}.get(route.area)
    return owner[target.variant] == role if owner else HOME[target.variant] == target.slug


def expected(name: str, role: str, target: Target, method: str) -> int:
    """Return the one status code that this try must have."""
    route = ROUTES[name]
    at_door = enters(route, role, target.slug)
    if at_door:
        return at_door
    if method not in route.methods:
        return 405
    has_right = route.area != "h" or ROLE_IN[target.slug][role] in route.roles
    if route.rule_first and not has_right:
        return 403
    if not is_open(route, role, target):
        return 404
    if not has_right:
        return 403
    get, post = route.special.get(role, (route.get, route.post))
    return post if method == "POST" else get


def tries_of(cast: Cast, name: str, methods: tuple[str, ...]) -> Iterator[Try]:
    """Yield every try of a route: each target, person and method."""
    for target in targets_of(cast, ROUTES[name]):
        for role in ROLES:
            for method in methods:
                yield Try(name, role, method, target, expected(name, role, target, method))


def is_telling(attempt: Try) -> bool:
    """Say whether a try tells something that others don't; `make soak AREA=tenancy` makes them all.

    At a closed door the id behind it makes no difference, and a method that an address doesn't take is refused before it
    looks at anything: a few people and records stand for all.
    """
    route, target = ROUTES[attempt.name], attempt.target
    is_first = target.kind not in route.never and target.variant in {
        "",
        OTHER if target.slug == "other" else OWN,
    }
    if target.slug == NOWHERE:
        return attempt.role in {ANONYMOUS, "ada", "root"} and attempt.method == "GET"
    if attempt.method not in {"GET", "POST"} or attempt.method not in route.methods:
        return attempt.role in WITNESSES and is_first
    if not enters(route, attempt.role, target.slug):
        return True
    return is_first and (attempt.method == "GET" or attempt.role in WITNESSES)
