"""Who may see which first page; what it shows is asked again by its rooms' own rules."""

from __future__ import annotations

import rules

from doctors.rules import is_doctor
from hospitals.rules import is_desk, is_platform_admin
from patients.rules import is_patient

rules.add_perm("dashboards.view_patient", is_patient)
rules.add_perm("dashboards.view_doctor", is_doctor)
rules.add_perm("dashboards.view_hospital", is_desk)
rules.add_perm("dashboards.view_platform", is_platform_admin)
