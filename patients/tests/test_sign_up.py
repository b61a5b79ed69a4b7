"""The way of a visitor who becomes a patient: what is asked, and where it ends."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client

from accounts.tests.factories import PASSWORD, UserFactory
from accounts.tests.world import link_in, mails_to
from patients.models import Patient

from .test_pages import SIGN_UP

pytestmark = pytest.mark.django_db
GOAL = "/me/profile/?from=a-slot"
NEXT = f"?next={quote(GOAL, safe='')}"


def test_a_visitor_ends_where_the_way_began(client):
    login = client.get(GOAL)["Location"]
    assert login == f"/accounts/log-in/?next={quote(GOAL, safe='/')}"
    assert f'href="/join/{NEXT}"' in client.get(login).content.decode()

    page = client.get(f"/join/{NEXT}").content.decode()
    assert f'href="/accounts/log-in/{NEXT}"' in page
    done = client.post(f"/join/{NEXT}", SIGN_UP).content.decode()
    assert "Then you go on where you were." in done
    assert f'href="/join/{NEXT}"' in done and f'href="/accounts/confirm/{NEXT}"' in done

    [mail] = mails_to("paul@demo.test")
    assert "next" not in link_in(mail) and "a-slot" not in mail.body
    confirmed = Client().post(link_in(mail), {"password": SIGN_UP["password"]})
    assert (confirmed.status_code, confirmed["Location"]) == (302, GOAL)


def test_bad_input_on_the_way_keeps_the_goal(client):
    page = client.post(f"/join/{NEXT}", SIGN_UP | {"name": ""})
    assert page.status_code == 422
    assert f'action="/join/{NEXT}"' in page.content.decode()


@pytest.mark.parametrize(
    "elsewhere", ["https://elsewhere.test/", "//elsewhere.test/me/", "javascript:alert(1)"]
)
def test_another_sites_address_is_not_carried(client, elsewhere):
    done = client.post(f"/join/?next={quote(elsewhere)}", SIGN_UP).content.decode()
    assert "Then you go on where you were." not in done and "elsewhere" not in done
    link = link_in(mails_to("paul@demo.test")[0])
    assert client.post(link, {"password": SIGN_UP["password"]})["Location"] == "/start/"


def test_somebody_with_a_log_in_becomes_a_patient_on_the_way(client):
    user = UserFactory(email="dora@demo.test")
    login = client.get(GOAL)["Location"]
    assert client.post(login, {"email": user.email, "password": PASSWORD})["Location"] == GOAL
    become = client.get(GOAL)["Location"]
    assert become == f"/join/patient/{NEXT}"
    details = {"name": "Dora Sen", "birth_date": "1980-02-01", "phone": "01711000300", "address": "Road 5"}
    assert client.post(become, details)["Location"] == GOAL


@pytest.mark.parametrize(
    ("answer", "sex"), [("female", "female"), ("other", "other"), ("unknown", "unknown"), (None, "unknown")]
)
def test_sign_up_asks_the_sex_and_takes_no_answer_too(client, answer, sex):
    page = client.get("/join/").content.decode()
    for word in ("Woman", "Man", "Other", "Prefer not to say"):
        assert f"<span>{word}</span>" in page
    client.post("/join/", SIGN_UP | ({"sex": answer} if answer else {}))
    assert Patient.objects.get().sex == sex
