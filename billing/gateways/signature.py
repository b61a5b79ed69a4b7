"""The signature on the gateway's messages: a first filter, because it passes through the payer's browser."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

ALGORITHMS = {"verify_sign": "md5", "verify_sign_sha2": "sha256"}
# The message itself says which fields are signed, so these must be among them.
MUST_BE_SIGNED = frozenset(
    {"tran_id", "amount", "currency", "status", "store_id", "currency_amount", "currency_type"}
)
# (?) Messages about payments that did not happen carry no val_id and no risk.
MUST_BE_SIGNED_WHEN_PAID = MUST_BE_SIGNED | {"val_id", "risk_level"}
UNPAID = {"FAILED", "CANCELLED", "UNATTEMPTED", "EXPIRED", "PENDING"}
MAX_KEYS, MAX_TEXT = 100, 4096
KEY = re.compile(r"[A-Za-z0-9_]{1,64}")
# Values are joined without escaping, so a value that looks like "...&status=VALID" could stand for another field.
SMUGGLED_FIELD = re.compile(r"&[A-Za-z0-9_]+=")


def signature_is_valid(fields: Mapping[str, str], store_password: str) -> bool:
    """Check both signatures of a message in constant time; False for anything odd, never an exception."""
    listed = _text(fields, "verify_key")
    keys = set(listed.split(",")) if listed else set()
    needed = MUST_BE_SIGNED if _text(fields, "status") in UNPAID else MUST_BE_SIGNED_WHEN_PAID
    if len(keys) > MAX_KEYS or not needed <= keys:
        return False
    signed: dict[str, str] = {}
    for key in keys:
        value = _text(fields, key)
        if value is None or not KEY.fullmatch(key) or SMUGGLED_FIELD.search(value):
            return False
        signed[key] = value
    results = [
        _same(_sign(signed, store_password, algorithm), _text(fields, name))
        for name, algorithm in ALGORITHMS.items()
    ]
    return all(results)


def _sign(signed: Mapping[str, str], store_password: str, algorithm: str) -> str:
    password = hashlib.new(algorithm, store_password.encode(), usedforsecurity=False).hexdigest()
    parts = sorted({**signed, "store_passwd": password}.items())
    text = "&".join(f"{key}={value}" for key, value in parts)
    return hashlib.new(algorithm, text.encode(errors="replace"), usedforsecurity=False).hexdigest()


def _same(expected: str, given: str | None) -> bool:
    return hmac.compare_digest(expected.encode(), (given or "").encode(errors="replace"))


def _text(fields: Mapping[str, str], key: str) -> str | None:
    value = fields.get(key)
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else None
