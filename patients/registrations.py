"""What patients put into the registries of lower rooms."""

from hospitals.areas import register_area
from ledger import kinds

from .areas import enter_me

register_area("me", enter_me)

kinds.event("patients.signed_up", "Signed up")
kinds.event("patients.profile_changed", "Changed the profile")
kinds.event("patients.walk_in_registered", "Registered at the desk")
kinds.event("patients.walk_in_changed", "Details changed at the desk")
kinds.event("patients.registered", "Got a hospital number")
kinds.event("patients.care_opened", "Care began")
kinds.event("patients.care_ended", "Care ended")
