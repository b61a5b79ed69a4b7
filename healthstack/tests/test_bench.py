"""The bare page that all others are measured against stays what it is, and never gets into the portal itself."""

from __future__ import annotations

import gzip
from random import Random

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from bench.measure import Result
from bench.middleware import ASK, QueryCountMiddleware
from bench.pages import Page, _misspelt, all_pages
from bench.report import table
from bench.server import TOKEN
from core.tenancy import everywhere
from patients.models import Registration

BARE, BARE_JSON = "/h/bulk-main/bare/", "/h/bulk-main/bare.json"


@pytest.fixture
def filled(db):
    call_command(
        "seed_bulk", hospitals=1, doctors=6, patients=30, appointments=120, medicines=310, verbosity=0
    )


@pytest.fixture
def admin(filled, client):
    client.force_login(User.objects.get(email="bulk-admin@demo.test"))
    return client


@pytest.mark.urls("bench.urls")
def test_the_bare_page_takes_six_queries_and_lists_twenty_rows(admin, django_assert_num_queries):
    admin.get(BARE)  # the first page of an area writes the session
    with django_assert_num_queries(6):
        page = admin.get(BARE)
    with everywhere():
        numbers = list(Registration.objects.order_by("pk").values_list("number", flat=True)[:21])
    assert page.status_code == 200
    assert [number in page.content.decode() for number in numbers] == [True] * 20 + [False]


@pytest.mark.urls("bench.urls")
def test_the_bare_pages_weight_stays_what_it_was(admin):
    content = admin.get(BARE).content
    assert 6_000 < len(content) < 16_000
    assert 1_500 < len(gzip.compress(content)) < 4_000


@pytest.mark.urls("bench.urls")
def test_the_bare_page_is_for_the_hospitals_own_staff(filled, client):
    client.force_login(User.objects.get(email="bulk-patient@demo.test"))
    assert client.get(BARE).status_code == 404


@pytest.mark.urls("bench.urls")
def test_the_bare_answer_is_a_post_that_is_throttled(admin, django_assert_num_queries):
    assert admin.get(BARE_JSON).status_code == 405
    admin.post(BARE_JSON)  # opens the window of the throttle
    with django_assert_num_queries(9):
        answer = admin.post(BARE_JSON)
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 20


@pytest.mark.urls("bench.urls")
def test_the_bare_answer_wants_the_token(filled):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(email="bulk-admin@demo.test"))
    assert client.post(BARE_JSON).status_code == 403
    token = TOKEN.search(client.get(BARE).content.decode())[1]
    assert client.post(BARE_JSON, headers={"X-CSRFToken": token}).status_code == 200


def test_the_portal_itself_has_no_bare_page(admin):
    assert admin.get(BARE).status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("bare", args=["bulk-main"])


def test_a_request_is_counted_only_when_it_asks(rf, db):
    def view(request):
        User.objects.count()
        User.objects.count()
        from django.http import HttpResponse

        return HttpResponse()

    middleware = QueryCountMiddleware(view)
    assert ASK not in middleware(rf.get("/"))
    assert middleware(rf.get("/", headers={ASK: "1"}))[ASK] == "2"


def test_every_page_has_addresses_that_answer(filled, client):
    pages = all_pages()
    assert len({page.name for page in pages}) == len(pages) >= 20
    for page in pages:
        client.force_login(User.objects.get(email=f"{page.login}@demo.test"))
        assert page.paths, page.name
        assert client.get(page.paths[0]).status_code == 200, page.name


def test_a_misspelt_word_differs_from_the_right_one_by_one_slip():
    random = Random(1)
    slips = {_misspelt("Choudhury", random) for _ in range(50)}
    assert len(slips) > 5
    assert all(abs(len(slip) - 9) <= 1 for slip in slips)


def test_the_table_names_what_a_page_misses():
    page, costs = Page("chart", "bulk-doctor", ["/"]), {"bare": 10.0, "page": 25.0}
    slow = Result(
        page, queries=12, kilobytes=40, rates={"bare": 100.0, "page": 20.0, "large": 10.0}, costs=costs
    )
    well = Result(
        page, queries=9, kilobytes=40, rates={"bare": 100.0, "page": 60.0, "large": 55.0}, costs=costs
    )
    assert slow.misses == ["0.20 of the bare page", "12 queries", "2.00 times slower with ten times the rows"]
    assert well.misses == []
    lines = table([slow, well], with_large=True).splitlines()
    assert len(lines) == 4
    assert lines[2].rstrip("| ").endswith("no: " + "; ".join(slow.misses))
    assert slow.by_processor == well.by_processor == 0.4
