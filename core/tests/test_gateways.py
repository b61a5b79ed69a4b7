from __future__ import annotations

import asyncio

import pytest
from django.db import transaction

from core.gateways import Gateway, GatewayInTransaction, offline


class Post(Gateway):
    """A gateway that counts what it sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, letter: str) -> str:
        """Send a letter."""
        self.sent.append(letter)
        return f"sent {letter}"

    async def send_slowly(self, letter: str) -> str:
        """Send a letter, later."""
        return self.send(letter)

    @offline
    def price(self) -> int:
        """What a letter costs."""
        return 5

    def _weigh(self) -> int:
        return 20


class Courier(Post):
    """Overrides what its base sends."""

    def send(self, letter: str) -> str:
        """Send a letter fast."""
        return super().send(letter) + " fast"


def test_a_call_inside_a_transaction_is_refused_and_not_made(db):
    post = Post()
    with (
        pytest.raises(GatewayInTransaction, match=r"^Post\.send was called inside a transaction"),
        transaction.atomic(),
    ):
        post.send("a")
    assert post.sent == []


def test_a_call_in_a_nested_block_is_refused(db):
    with transaction.atomic(), transaction.atomic(), pytest.raises(GatewayInTransaction):
        Post().send("a")


def test_the_test_cases_own_transaction_does_not_count(db):
    assert Post().send("a") == "sent a"


def test_a_call_after_the_block_is_made(db):
    with transaction.atomic():
        pass
    assert Post().send("a") == "sent a"


def test_a_call_without_any_transaction_is_made(transactional_db):
    assert Post().send("a") == "sent a"


def test_a_call_in_a_real_transaction_is_refused(transactional_db):
    with transaction.atomic(), pytest.raises(GatewayInTransaction):
        Post().send("a")


def test_an_overriding_method_is_guarded_and_may_call_its_base(db):
    courier = Courier()
    assert courier.send("a") == "sent a fast"
    with transaction.atomic(), pytest.raises(GatewayInTransaction, match=r"^Courier\.send "):
        courier.send("b")
    assert courier.sent == ["a"]


def test_offline_and_private_methods_run_anywhere(db):
    with transaction.atomic():
        assert (Post().price(), Post()._weigh()) == (5, 20)


def test_an_async_method_works_and_keeps_its_name():
    assert asyncio.run(Post().send_slowly("a")) == "sent a"
    assert (Post.send_slowly.__name__, Post.send.__doc__) == ("send_slowly", "Send a letter.")


def test_a_refusal_is_a_runtime_error():
    assert issubclass(GatewayInTransaction, RuntimeError)
