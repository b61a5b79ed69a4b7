"""A doctor whose hospitals are closed reads that first, and patients go on to their own pages."""

from __future__ import annotations

from django.urls import reverse

from hospitals.models import Hospital


def test_a_doctor_of_closed_hospitals_reads_it_on_the_first_page(world, client_of):
    dora = client_of(world.users.dora)
    assert "is closed." not in dora.get(reverse("dashboards:doctor")).content.decode()
    Hospital.objects.update(is_active=False)
    page = dora.get(reverse("dashboards:doctor")).content.decode()
    for hospital in (world.city, world.lakeside):
        assert f"{hospital.name} is closed." in page
    assert "Next: apply to a hospital" not in page


def test_a_patient_who_worked_at_a_closed_hospital_goes_to_the_own_pages(world, client_of):
    Hospital.objects.update(is_active=False)
    start = reverse("dashboards:start")
    assert client_of(world.users.paul).get(start)["Location"] == reverse("dashboards:patient")
