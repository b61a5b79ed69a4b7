"""Words that differ with who reads them."""

from __future__ import annotations

from django.urls import reverse


def test_a_doctor_reads_about_hiding_as_you_and_the_admin_about_the_doctor(world, client_of):
    own = client_of(world.users.dora).get(reverse("appointments:calendar"), {"at": "city"}).content.decode()
    rules = reverse("appointments:doctor_rules", args=["city", world.at_city.public_id])
    admins = client_of(world.users.ada).get(rules).content.decode()
    assert ("you are hidden at this hospital" in own, "the doctor is hidden" in own) == (True, False)
    assert ("you are hidden at this hospital" in admins, "the doctor is hidden" in admins) == (False, True)
    assert f"All times are {world.city.city} time." in own
