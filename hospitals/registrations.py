"""What hospitals put into lower rooms' registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.invariants import invariant
from ledger import kinds as ledger_kinds
from notifications import kinds as notification_kinds
from notifications.kinds import Bell, Content

from .losses import register_loss
from .models import Department, Hospital, Invitation, Membership, Role, Service
from .operations.invitations import invitation_token
from .queries import find_invitation, find_suspended

for _name, _label in {
    "hospital_created": gettext_lazy("Created a hospital"),
    "hospital_deactivated": gettext_lazy("Closed a hospital"),
    "hospital_reactivated": gettext_lazy("Opened a hospital again"),
    "profile_changed": gettext_lazy("Changed a hospital's profile"),
    "rules_changed": gettext_lazy("Changed the rules of booking and paying"),
    "second_factor_changed": gettext_lazy("Changed who needs a second factor"),
    "logo_changed": gettext_lazy("Changed a hospital's logo"),
    "department_added": gettext_lazy("Added a department"),
    "department_changed": gettext_lazy("Changed a department"),
    "department_removed": gettext_lazy("Removed a department"),
    "service_added": gettext_lazy("Added a service"),
    "service_changed": gettext_lazy("Changed a service"),
    "service_removed": gettext_lazy("Removed a service"),
    "staff_invited": gettext_lazy("Invited somebody to the staff"),
    "invitation_resent": gettext_lazy("Sent an invitation again"),
    "invitation_withdrawn": gettext_lazy("Withdrew an invitation"),
    "invitation_accepted": gettext_lazy("Accepted an invitation"),
    "membership_added": gettext_lazy("Joined the staff"),
    "role_changed": gettext_lazy("Changed somebody's role"),
    "membership_suspended": gettext_lazy("Suspended somebody's access"),
    "membership_reactivated": gettext_lazy("Gave somebody's access back"),
    "membership_removed": gettext_lazy("Removed somebody from the staff"),
}.items():
    ledger_kinds.event(f"hospitals.{_name}", _label)


def _invitation(reference: str) -> Invitation | None:
    hospital_id, _colon, invitation_id = reference.partition(":")
    return find_invitation(hospital_id, invitation_id)


def _may_still_be_accepted(reference: str, version: int) -> bool:
    invitation = _invitation(reference)
    return bool(invitation and invitation.status == Invitation.Status.OPEN and not invitation.is_expired)


def _invited(reference: str, version: int) -> Content:
    invitation = _invitation(reference)
    if invitation is None:
        raise LookupError(f"There is no invitation {reference}.")
    path = reverse("hospitals:accept_invitation", args=[invitation_token(invitation)])
    values = {
        "name": invitation.name,
        "hospital": invitation.hospital,
        "role": invitation.get_role_display(),
        "invited_by": invitation.invited_by.name,
        "until": invitation.expires_at,
        "action_url": f"{settings.PUBLIC_URL}{path}",
        "action_label": gettext_lazy("Open the invitation"),
    }
    return Content(values, hospital_name=invitation.hospital.name)


notification_kinds.register(
    notification_kinds.Kind(
        "hospitals.invited",
        gettext_lazy("Invitation to a hospital's staff"),
        _invited,
        still_true=_may_still_be_accepted,
    )
)


def _of_state(path: str, label: str, hospital: Hospital, **more: Any) -> Content:
    values = {
        "hospital": hospital,
        "action_url": f"{settings.PUBLIC_URL}{path}",
        "action_label": label,
        **more,
    }
    return Content(values, hospital_name=hospital.name)


def _closed(public_id: str, version: int) -> Content:
    return _of_state(
        reverse("dashboards:away"), _("See what you can do"), Hospital.objects.get(public_id=public_id)
    )


def _ring_closed(public_id: str, version: int) -> Bell:
    hospital = Hospital.objects.get(public_id=public_id)
    return Bell(_("%(hospital)s is closed") % {"hospital": hospital}, reverse("dashboards:away"))


def _reopened(public_id: str, version: int) -> Content:
    return _of_state(
        reverse("dashboards:start"), _("Open your pages"), Hospital.objects.get(public_id=public_id)
    )


def _ring_reopened(public_id: str, version: int) -> Bell:
    hospital = Hospital.objects.get(public_id=public_id)
    return Bell(_("%(hospital)s is open again") % {"hospital": hospital}, reverse("dashboards:start"))


def _is_open(public_id: str) -> bool:
    return Hospital.objects.public().filter(public_id=public_id).exists()


def _is_suspended(reference: str, version: int) -> bool:
    return find_suspended(*reference.split(":")) is not None


def _suspension(reference: str) -> Membership:
    membership = find_suspended(*reference.split(":"))
    if membership is None:
        raise LookupError(f"Nobody is suspended as {reference}.")
    return membership


def _suspended(reference: str, version: int) -> Content:
    membership = _suspension(reference)
    role = str(membership.get_role_display()).lower()
    return _of_state(reverse("dashboards:start"), _("Open your pages"), membership.hospital, role=role)


def _ring_suspended(reference: str, version: int) -> Bell:
    hospital = _suspension(reference).hospital
    return Bell(
        _("Your access at %(hospital)s is suspended") % {"hospital": hospital}, reverse("dashboards:start")
    )


for _kind in (
    notification_kinds.Kind(
        "hospitals.closed",
        gettext_lazy("A hospital where you work is closed"),
        _closed,
        bell=_ring_closed,
        still_true=lambda public_id, version: not _is_open(public_id),
    ),
    notification_kinds.Kind(
        "hospitals.reopened",
        gettext_lazy("A hospital where you work is open again"),
        _reopened,
        bell=_ring_reopened,
        still_true=lambda public_id, version: _is_open(public_id),
    ),
    notification_kinds.Kind(
        "hospitals.suspended",
        gettext_lazy("Your access is suspended"),
        _suspended,
        bell=_ring_suspended,
        still_true=_is_suspended,
    ),
):
    notification_kinds.register(_kind)


def _lost_with_hospital(hospital: Hospital) -> Iterable[str]:
    people = Membership.objects.active().filter(hospital=hospital).values("user").distinct().count()
    departments = Department.objects.filter(hospital=hospital, removed_at__isnull=True).count()
    invitations = Invitation.objects.filter(hospital=hospital, status=Invitation.Status.OPEN).count()
    if people:
        yield ngettext(
            "%(count)s person loses access to it at once.",
            "%(count)s people lose access to it at once.",
            people,
        ) % {"count": people}
    if departments:
        yield ngettext(
            "%(count)s department is no longer shown to patients.",
            "%(count)s departments are no longer shown to patients.",
            departments,
        ) % {"count": departments}
    if invitations:
        yield ngettext(
            "%(count)s open invitation can't be accepted.",
            "%(count)s open invitations can't be accepted.",
            invitations,
        ) % {"count": invitations}
    yield _("It disappears from the public list, and nobody can book there.")


def _lost_with_department(department: Department) -> Iterable[str]:
    names = list(
        Service.objects.filter(department=department, removed_at__isnull=True).values_list("name", flat=True)
    )
    if names:
        yield _("Its services go with it: %(names)s.") % {"names": ", ".join(names)}


register_loss(Hospital, _lost_with_hospital)
register_loss(Department, _lost_with_department)


@invariant("hospitals: every open hospital that ever had an admin has an active one")
def hospitals_have_admins() -> Iterator[str]:
    """Yield one sentence for each hospital that nobody can manage any more."""
    admins = Membership.objects.filter(role=Role.ADMIN)
    managed = set(admins.active().values_list("hospital_id", flat=True))
    ever = set(admins.values_list("hospital_id", flat=True))
    for hospital in Hospital.objects.public().filter(pk__in=ever - managed):
        yield f"{hospital.name} has no admin."


@invariant("hospitals: no service of a removed department is shown")
def services_go_with_departments() -> Iterator[str]:
    """Yield one sentence for each service that outlived its department."""
    for service in Service.objects.filter(removed_at__isnull=True, department__removed_at__isnull=False):
        yield f"{service.name} is shown, its department is removed."
