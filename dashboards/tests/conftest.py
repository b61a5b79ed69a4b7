"""The cast of appointments, with a clock that stands and a gateway that does as told."""

from appointments.tests.conftest import client_of, clock, counted, world

__all__ = ["client_of", "clock", "counted", "world"]
