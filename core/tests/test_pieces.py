"""Small pieces that every room uses: throttles, states, documents, ids, client address, error answers."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import RequestFactory
from django.utils import timezone

from core.documents import find_document, store_document
from core.errors import DomainError, IllegalTransition, Throttled
from core.http import client_address
from core.ids import long_code, public_id
from core.throttle import count_try, forget, is_exhausted, prune_windows, require_try
from notifications.models import Message


@pytest.mark.django_db
def test_throttle_counts_to_its_limit_and_opens_again():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert [count_try("test", "paul", limit=2, seconds=60) for _ in range(3)] == [True, True, False]
        assert is_exhausted("test", "paul", limit=2) is True
        assert count_try("test", "pia", limit=2, seconds=60) is True
        clock.shift(61)
        assert is_exhausted("test", "paul", limit=2) is False
        assert count_try("test", "paul", limit=2, seconds=60) is True


@pytest.mark.django_db
def test_throttle_forgets_after_success():
    count_try("test", "paul", limit=1, seconds=60)
    forget("test", "paul")
    assert count_try("test", "paul", limit=1, seconds=60) is True


@pytest.mark.django_db
def test_require_try_says_how_long_to_wait():
    require_try("test", "paul", limit=1, seconds=900)
    with pytest.raises(Throttled, match="wait 15 minutes"):
        require_try("test", "paul", limit=1, seconds=900)


@pytest.mark.django_db
def test_closed_windows_are_pruned():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        count_try("test", "paul", limit=1, seconds=60)
        clock.shift(61)
        assert prune_windows() == 1


def test_move_along_the_table_and_not_otherwise():
    message = Message(status=Message.Status.SENDING)
    message.move_to(Message.Status.SENT)
    assert message.status == "sent"
    with pytest.raises(IllegalTransition, match="This is sent, so it can't become waiting."):
        message.move_to(Message.Status.QUEUED)
    assert message.status == "sent"


@pytest.mark.django_db
def test_document_is_stored_once_a_version():
    first = store_document("test", "abc", 1, hospital_id=1, pdf=b"%PDF-one")
    again = store_document("test", "abc", 1, hospital_id=1, pdf=b"%PDF-two")
    assert again.pk == first.pk
    found = find_document("test", "abc", 1)
    assert found is not None
    with found.file.open("rb") as file:
        assert file.read() == b"%PDF-one"
    assert find_document("test", "abc", 2) is None
    assert "abc" not in found.file.name


def test_ids_are_random_and_readable():
    assert len({public_id() for _ in range(1000)}) == 1000
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{16}", public_id())
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{26}", long_code())


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "6.6.6.6", "127.0.0.1"),
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (1, "", "127.0.0.1"),
    ],
)
def test_client_address_trusts_only_its_own_proxies(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded} if forwarded else {})
    assert client_address(request) == address


def test_domain_error_carries_its_sentence_and_field():
    error = DomainError("Choose another time.", field="starts_at")
    assert (str(error), error.message, error.field, error.code) == (
        "Choose another time.", "Choose another time.", "starts_at", "refused",
    )  # fmt: skip
