"""The real client, and payments to make with it, for tests against the simulator."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from billing.gateways import SessionRequest
from billing.gateways.sslcommerz import SSLCommerzGateway
from billing.simulator.testing import STORE_ID, STORE_PASSWORD

SHOP = "http://127.0.0.1:9"


def client_for(base_url, **changes):
    given = {
        "store_id": STORE_ID,
        "store_password": STORE_PASSWORD,
        "base_url": base_url,
        "read_s": 5.0,
        **changes,
    }
    return SSLCommerzGateway(**given)


def request_for(tran_id="T1", amount="1200.50", **changes):
    request = SessionRequest(
        tran_id=tran_id,
        amount=Decimal(amount),
        currency="BDT",
        title="Visit with Dr. Dora",
        customer_name="Paul Gomes",
        customer_email="paul@demo.test",
        customer_phone="+8801700000000",
        customer_address="Road 1",
        customer_city="Dhaka",
        success_url=f"{SHOP}/success",
        fail_url=f"{SHOP}/fail",
        cancel_url=f"{SHOP}/cancel",
        ipn_url="",
    )
    return replace(request, **changes)


def paid(simulator, gateway, tran_id="T1", amount="1200.50"):
    gateway.open_session(request_for(tran_id, amount))
    simulator.pay(tran_id)
    return gateway.find_payment(tran_id)
