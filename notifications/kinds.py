"""The registry of what people are told. Rooms fill it in `registrations.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a mail, for example a calendar entry."""

    filename: str
    content: bytes
    content_type: str


@dataclass(frozen=True)
class Content:
    """What a template needs, made when the mail is sent: values, attachments, and the hospital whose name it bears."""

    values: dict[str, Any]
    hospital_name: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Bell:
    """One line on the bell page and where it leads."""

    title: str
    url: str


@dataclass(frozen=True)
class Kind:
    """A kind of message.

    `context(reference, version)` gives the mail's content; `bell(reference, version)` the line on the bell page, or None
    when the kind is mail only; `mail=False` makes it bell only. `still_true(reference, version)` is asked just before
    sending: a mail about a visit that has moved since is dropped. The mail's templates are
    `emails/<app>/<verb>.{subject.txt,txt,html}`, from the name `app.verb`.
    """

    name: str
    label: StrOrPromise
    context: Callable[[str, int], Content] = field(default=lambda reference, version: Content({}))
    bell: Callable[[str, int], Bell] | None = None
    still_true: Callable[[str, int], bool] = field(default=lambda reference, version: True)
    mail: bool = True

    @property
    def template(self) -> str:
        return "emails/" + self.name.replace(".", "/")


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Add a kind; a second one of the same name is an error."""
    if kind.name in _kinds:
        raise ValueError(f"Two kinds of notification are called {kind.name}.")
    _kinds[kind.name] = kind
    return kind


def get(name: str) -> Kind:
    """Return the kind; LookupError when no room registered it."""
    if name not in _kinds:
        raise LookupError(f"No kind of notification is called {name}.")
    return _kinds[name]


def names() -> list[str]:
    """Return all registered names, sorted."""
    return sorted(_kinds)
