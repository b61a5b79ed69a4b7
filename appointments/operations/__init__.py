"""What changes visits: booking, holds, decisions, moves, and the doctor's calendar. Other modules import from here."""

from .booking import book_appointment
from .calendar import (
    BookingsHit,
    add_exception,
    change_booking_rules,
    leave_hospital,
    remove_exception,
    remove_time_off,
    set_weekly_hours,
    take_time_off,
)
from .cells import SlotTaken, lock_visit, visit_locks
from .changes import (
    accept_appointment,
    begin_visit,
    cancel_appointment,
    decline_all_unanswered,
    decline_appointment,
    decline_unanswered,
    fulfil_appointment,
    mark_no_show,
    reschedule_appointment,
    undo_begin,
)
from .closing import cancel_decided_visits, cancel_visits, cancel_visits_of_hospital, finish_cancellations
from .holds import flip_lapsed_holds, fulfil_visit, release_hold, release_visit, reserve_visit
from .next_free import refresh_doctor, refresh_next_free, refresh_stale

__all__ = [
    "BookingsHit",
    "SlotTaken",
    "accept_appointment",
    "add_exception",
    "begin_visit",
    "book_appointment",
    "cancel_appointment",
    "cancel_decided_visits",
    "cancel_visits",
    "cancel_visits_of_hospital",
    "change_booking_rules",
    "decline_all_unanswered",
    "decline_appointment",
    "decline_unanswered",
    "finish_cancellations",
    "flip_lapsed_holds",
    "fulfil_appointment",
    "fulfil_visit",
    "leave_hospital",
    "lock_visit",
    "mark_no_show",
    "refresh_doctor",
    "refresh_next_free",
    "refresh_stale",
    "release_hold",
    "release_visit",
    "remove_exception",
    "remove_time_off",
    "reschedule_appointment",
    "reserve_visit",
    "set_weekly_hours",
    "take_time_off",
    "undo_begin",
    "visit_locks",
]
