"""What doctors put into the registries of lower rooms."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.tenancy import everywhere
from hospitals.areas import register_area
from hospitals.losses import register_loss
from hospitals.models import Department
from ledger import kinds as ledger_kinds
from notifications.kinds import Bell, Content, Kind, register

from .areas import enter_doctor
from .models import Affiliation, Application
from .queries import find_affiliation

register_area("doctor", enter_doctor)

for _name, _label in {
    "signed_up": gettext_lazy("Signed up as a doctor"),
    "sign_up_dropped": gettext_lazy("Dropped a doctor's sign-up that nobody confirmed"),
    "profile_changed": gettext_lazy("Changed a doctor's profile"),
    "licence_changed": gettext_lazy("Changed a doctor's licence"),
    "licence_checked": gettext_lazy("Checked a doctor's new licence"),
    "photo_changed": gettext_lazy("Changed a doctor's photo"),
    "certificate_added": gettext_lazy("Added a certificate"),
    "certificate_removed": gettext_lazy("Removed a certificate"),
    "certificate_opened": gettext_lazy("Opened a doctor's certificate"),
    "applied": gettext_lazy("Applied to a hospital"),
    "application_withdrawn": gettext_lazy("Withdrew an application"),
    "application_approved": gettext_lazy("Approved a doctor"),
    "application_rejected": gettext_lazy("Rejected a doctor's application"),
    "weekly_hours_written": gettext_lazy("Changed a doctor's weekly hours"),
    "exception_written": gettext_lazy("Changed a doctor's hours on a day"),
    "exception_deleted": gettext_lazy("Took back a change of a doctor's day"),
    "time_off_written": gettext_lazy("Took time off"),
    "time_off_deleted": gettext_lazy("Took back time off"),
    "booking_rules_written": gettext_lazy("Changed a doctor's fee or rules of booking"),
    "department_changed": gettext_lazy("Put a doctor into another department"),
    "affiliation_ended": gettext_lazy("Ended a doctor's work at a hospital"),
}.items():
    ledger_kinds.event(f"doctors.{_name}", _label)


def _lost_with_department(department: Department) -> Iterator[str]:
    rows = Affiliation.objects.current().filter(department=department).order_by("doctor__name", "pk")
    names = list(rows.values_list("doctor__name", flat=True))
    if names:
        words = ngettext(
            "%(names)s works in it, stays at the hospital, and needs another department.",
            "%(names)s work in it, stay at the hospital, and need another department.",
            len(names),
        )
        yield words % {"names": ", ".join(names)}


register_loss(Department, _lost_with_department)


def _application(public_id: str) -> Application:
    with everywhere():
        rows = Application.objects.select_related("doctor__speciality", "hospital")
        application: Application = rows.get(public_id=public_id)
    return application


def _has_status(status: str, public_id: str) -> bool:
    with everywhere():
        return bool(Application.objects.filter(public_id=public_id, status=status).exists())


def _content(public_id: str, path: str, label: str) -> Content:
    application = _application(public_id)
    values = {
        "application": application,
        "doctor": application.doctor,
        "hospital": application.hospital,
        "action_url": f"{settings.PUBLIC_URL}{path}",
        "action_label": label,
    }
    return Content(values, hospital_name=application.hospital.name)


def _to_application(public_id: str) -> str:
    return reverse("doctors:application", args=[_application(public_id).hospital.slug, public_id])


def _to_calendar(public_id: str) -> str:
    return f"{reverse('appointments:calendar')}?at={_application(public_id).hospital.slug}"


def _applied(public_id: str, version: int) -> Content:
    return _content(public_id, _to_application(public_id), _("Open the application"))


def _approved(public_id: str, version: int) -> Content:
    return _content(public_id, _to_calendar(public_id), _("Open your schedule"))


def _rejected(public_id: str, version: int) -> Content:
    return _content(public_id, reverse("doctors:workplaces"), _("See your applications"))


def _ring_applied(public_id: str, version: int) -> Bell:
    name = _application(public_id).doctor.name
    return Bell(_("%(name)s applies to work here") % {"name": name}, _to_application(public_id))


def _ring_approved(public_id: str, version: int) -> Bell:
    hospital = _application(public_id).hospital.name
    return Bell(_("%(hospital)s takes you as a doctor") % {"hospital": hospital}, _to_calendar(public_id))


def _ring_rejected(public_id: str, version: int) -> Bell:
    hospital = _application(public_id).hospital.name
    return Bell(
        _("%(hospital)s answered your application") % {"hospital": hospital}, reverse("doctors:workplaces")
    )


def _waits(public_id: str, version: int) -> bool:
    return _has_status(Application.Status.SUBMITTED, public_id)


def _to_doctor(affiliation: Affiliation) -> str:
    return reverse("doctors:staff_doctor", args=[affiliation.hospital.slug, affiliation.public_id])


def _to_check(public_id: str) -> Affiliation:
    affiliation = find_affiliation(public_id)
    if affiliation is None:
        raise LookupError(f"Nobody works at {public_id}.")
    return affiliation


def _licence_changed(public_id: str, version: int) -> Content:
    affiliation = _to_check(public_id)
    values = {
        "doctor": affiliation.doctor,
        "hospital": affiliation.hospital,
        "until": affiliation.licensed_until,
        "action_url": f"{settings.PUBLIC_URL}{_to_doctor(affiliation)}",
        "action_label": _("Look at the licence"),
    }
    return Content(values, hospital_name=affiliation.hospital.name)


def _ring_licence_changed(public_id: str, version: int) -> Bell:
    affiliation = _to_check(public_id)
    words = _("%(name)s has changed the licence. Please check it") % {"name": affiliation.doctor.name}
    return Bell(words, _to_doctor(affiliation))


def _is_to_check(public_id: str, version: int) -> bool:
    affiliation = find_affiliation(public_id)
    return affiliation is not None and not affiliation.is_licence_checked


register(
    Kind("doctors.applied", gettext_lazy("A doctor applies"), _applied, bell=_ring_applied, still_true=_waits)
)
register(
    Kind("doctors.approved", gettext_lazy("Your application is approved"), _approved, bell=_ring_approved)
)
register(
    Kind("doctors.rejected", gettext_lazy("Your application is answered"), _rejected, bell=_ring_rejected)
)
register(
    Kind(
        "doctors.licence_changed",
        gettext_lazy("A doctor's licence has changed"),
        _licence_changed,
        bell=_ring_licence_changed,
        still_true=_is_to_check,
    )
)
