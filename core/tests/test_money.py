from __future__ import annotations

from decimal import Decimal

import pytest

from core.money import format_money, parse_money, round_money


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0.005", "0.01"),
        ("0.004999", "0.00"),
        ("1.015", "1.02"),
        ("2.675", "2.68"),
        ("-0.005", "-0.01"),
        ("1200", "1200.00"),
        ("9999999999.994", "9999999999.99"),
    ],
)
def test_round_money_rounds_half_up(amount: str, rounded: str) -> None:
    assert str(round_money(Decimal(amount))) == rounded


@pytest.mark.parametrize("amount", [1.5, 12, "12", None, True])
def test_round_money_of_anything_but_decimal_is_refused(amount: object) -> None:
    with pytest.raises(TypeError):
        round_money(amount)  # type: ignore[arg-type]


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_round_money_of_no_number_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        round_money(Decimal(amount))


@pytest.mark.parametrize(
    ("amount", "currency", "short", "text"),
    [
        ("1200", "BDT", False, "৳1,200.00"),
        ("1200", "BDT", True, "৳1,200"),
        ("1200.5", "BDT", True, "৳1,200.50"),
        ("1234567.891", "USD", False, "$1,234,567.89"),
        ("-600", "BDT", False, "−৳600.00"),
        ("-600", "EUR", False, "EUR −600.00"),
        ("0", "BDT", True, "৳0"),
        ("12", "EUR", True, "EUR 12"),
    ],
)
def test_format_money(amount: str, currency: str, short: bool, text: str) -> None:
    assert format_money(Decimal(amount), currency, short=short) == text


def test_format_money_of_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        format_money(12.5, "BDT")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1200", "1200.00"),
        (" 1,200.5 ", "1200.50"),
        ("৳1,200.00", "1200.00"),
        ("৳ 800", "800.00"),
        ("1,00,000", "100000.00"),
        ("১২০০", "1200.00"),
        ("0", "0.00"),
        ("9999999999.99", "9999999999.99"),
    ],
)
def test_parse_money(text: str, amount: str) -> None:
    assert str(parse_money(text)) == amount


@pytest.mark.parametrize(
    "text", ["", "abc", "-5", "1,2", "12.345", "1e3", "NaN", "12 50", "1.200,00", "10000000000", "৳"]
)
def test_parse_money_of_something_else_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="Write"):
        parse_money(text)


def test_parse_money_of_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        parse_money(12.5)  # type: ignore[arg-type]
