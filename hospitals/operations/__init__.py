"""Writes of the tenants: hospitals, departments, staff and invitations."""

from .departments import (
    add_department,
    add_service,
    change_department,
    change_service,
    remove_department,
    remove_service,
)
from .hospitals import (
    HospitalProfile,
    HospitalRules,
    change_profile,
    change_rules,
    create_hospital,
    deactivate_hospital,
    reactivate_hospital,
    remove_logo,
    require_second_factor,
    set_logo,
)
from .invitations import (
    accept_invitation,
    accept_invitation_as_new_person,
    invite_staff,
    resend_invitation,
    withdraw_invitation,
)
from .searching import index_hospital
from .staff import (
    add_membership,
    change_role,
    end_membership,
    reactivate_membership,
    remove_membership,
    suspend_membership,
)

__all__ = [
    "HospitalProfile",
    "HospitalRules",
    "accept_invitation",
    "accept_invitation_as_new_person",
    "add_department",
    "add_membership",
    "add_service",
    "change_department",
    "change_profile",
    "change_role",
    "change_rules",
    "change_service",
    "create_hospital",
    "deactivate_hospital",
    "end_membership",
    "index_hospital",
    "invite_staff",
    "reactivate_hospital",
    "reactivate_membership",
    "remove_department",
    "remove_logo",
    "remove_membership",
    "remove_service",
    "require_second_factor",
    "resend_invitation",
    "set_logo",
    "suspend_membership",
    "withdraw_invitation",
]
