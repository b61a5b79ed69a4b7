"""What happens to visits, as the ledger knows it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ledger import kinds

for _name, _label in {
    "booked": _("Booked a visit"),
    "accepted": _("Accepted a visit"),
    "declined": _("Declined a visit"),
    "moved": _("Moved a visit"),
    "cancelled": _("Cancelled a visit"),
    "arrived": _("Began the visit"),
    "fulfilled": _("Saw the patient"),
    "undone": _("Took back that the visit had begun"),
    "noshow": _("Noted that the patient did not come"),
}.items():
    kinds.event(f"appointments.{_name}", _label)
