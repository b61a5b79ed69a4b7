"""The forms of a rendered page, and how a careful person fills them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import lxml.html
from django.core.files.uploadedfile import SimpleUploadedFile

from .hostile import GOOD_PDF, GOOD_PNG

BY_TYPE = {
    "email": "somebody@demo.test", "tel": "01711 000299", "number": "10", "date": "2026-12-01", "time": "10:00", "url": "https://demo.test/",
    "password": "seven green boats", "datetime-local": "2026-12-01T10:00", "search": "dora",
}  # fmt: skip
BY_NAME = {
    "birth_date": "1988-05-03",
    "code": "123456",
    "longitude": "90.4",
    "latitude": "23.7",
    "currency": "BDT",
    "slug": "some-slug",
}
SILENT = {"submit", "button", "reset", "image"}


@dataclass(frozen=True)
class Field:
    """One field: the kind of its input, and a value that fits."""

    name: str
    kind: str
    value: Any


@dataclass(frozen=True)
class Form:
    """One form as a person sees it: who, on which page, where it goes."""

    role: str
    page: str
    method: str
    action: str
    fields: tuple[Field, ...]

    def filled(self) -> dict[str, Any]:
        """Return what a careful person would send."""
        data: dict[str, Any] = {}
        for field in self.fields:
            value = field.value
            if isinstance(value, tuple):
                value = SimpleUploadedFile(*value)
            if value is not None:
                data.setdefault(field.name, value)
        return data


def forms_of(role: str, page: str, html: str) -> Iterator[Form]:
    """Yield the page's forms that lead to the portal."""
    for form in lxml.html.document_fromstring(html).forms:
        address = urlsplit(urljoin(f"http://testserver{page}", form.get("action") or page))
        if address.netloc != "testserver":
            continue
        action = f"{address.path}?{address.query}" if address.query else address.path
        fields = tuple(_fields(form))
        yield Form(role, page, (form.get("method") or "get").lower(), action, fields)


def _fields(form: Any) -> Iterator[Field]:
    for element in form.iter("input", "select", "textarea", "button"):
        name, kind = element.get("name"), (element.get("type") or element.tag).lower()
        if name and name != "csrfmiddlewaretoken" and kind not in SILENT:
            yield Field(name, kind, _value(element, name, kind))
        elif name and element.tag == "button":
            yield Field(name, "button", element.get("value", ""))


def _value(element: Any, name: str, kind: str) -> Any:
    if kind == "file":
        wants_pdf = "pdf" in (element.get("accept") or "")
        return ("a.pdf", GOOD_PDF, "application/pdf") if wants_pdf else ("a.png", GOOD_PNG, "image/png")
    if element.tag == "select":
        chosen = [value for value in element.value_options if value]
        return (
            element.value
            if isinstance(element.value, str) and element.value
            else (chosen[0] if chosen else "")
        )
    if element.tag == "textarea":
        return (element.text or "").strip() or "Some words"
    value = element.get("value")
    if kind in {"checkbox", "radio"}:
        return (value or "on") if kind == "radio" or element.get("checked") is not None else None
    fitting = BY_NAME.get(name.rpartition("-")[2]) or BY_TYPE.get(kind) or "Some words"
    return value or ("" if kind == "hidden" else fitting)
