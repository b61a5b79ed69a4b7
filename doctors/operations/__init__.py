"""Writes about doctors: who they are, their papers, where they apply and work, their hours."""

from .affiliations import (
    BookingRules,
    Hours,
    delete_exception,
    delete_time_off,
    end_affiliation,
    move_to_department,
    write_booking_rules,
    write_exception,
    write_time_off,
    write_weekly_hours,
)
from .applications import apply_to_hospital, approve_application, reject_application, withdraw_application
from .certificates import add_certificate, note_opening, remove_certificate
from .licences import confirm_licence
from .people import (
    DoctorDetails,
    become_doctor,
    change_profile,
    clean_licence,
    remove_photo,
    set_photo,
    sign_up_doctor,
)
from .specialities import load_specialities

__all__ = [
    "BookingRules",
    "DoctorDetails",
    "Hours",
    "add_certificate",
    "apply_to_hospital",
    "approve_application",
    "become_doctor",
    "change_profile",
    "clean_licence",
    "confirm_licence",
    "delete_exception",
    "delete_time_off",
    "end_affiliation",
    "load_specialities",
    "move_to_department",
    "note_opening",
    "reject_application",
    "remove_certificate",
    "remove_photo",
    "set_photo",
    "sign_up_doctor",
    "withdraw_application",
    "write_booking_rules",
    "write_exception",
    "write_time_off",
    "write_weekly_hours",
]
