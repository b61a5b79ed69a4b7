"""Public ids: random, short enough to read aloud, never the primary key."""

from __future__ import annotations

import secrets

# Crockford's alphabet in lower case: no i, l, o, u, so a code read over the phone is not misheard.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def public_id() -> str:
    """Return 16 random characters (80 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(16))


def long_code() -> str:
    """Return 26 random characters (130 bits) for codes that open something by themselves."""
    return "".join(secrets.choice(ALPHABET) for _ in range(26))
