"""The payment gateway of this installation."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from core.gateways import GatewayInTransaction, GatewayRefused, GatewayUnavailable

from .base import (
    Capture,
    Outcome,
    PaymentAnswer,
    PaymentGateway,
    RefundAnswer,
    RefundState,
    SessionOpened,
    SessionRequest,
)

__all__ = [
    "Capture",
    "GatewayInTransaction",
    "GatewayRefused",
    "GatewayUnavailable",
    "Outcome",
    "PaymentAnswer",
    "PaymentGateway",
    "RefundAnswer",
    "RefundState",
    "SessionOpened",
    "SessionRequest",
    "get_gateway",
]


def get_gateway() -> PaymentGateway:
    """The gateway that settings.PAYMENT_GATEWAY names; cheap, so ask again instead of keeping it."""
    return cast(type[PaymentGateway], import_string(settings.PAYMENT_GATEWAY)).from_settings()
