"""Setting up an authenticator app: the new key travels sealed in the form, so nothing is stored before it is proved."""

from __future__ import annotations

import base64
import io
import secrets
import time
from urllib.parse import quote, urlencode

import segno
from django.conf import settings

from .keys import seal, unseal
from .models import User

KEY_BYTES = 20
SETUP_SECONDS = 30 * 60
_PURPOSE = "authenticator set-up"


def new_setup(user: User) -> str:
    """Return a fresh key, sealed for this person and for half an hour."""
    content = int(time.time()).to_bytes(8) + secrets.token_bytes(KEY_BYTES)
    return base64.urlsafe_b64encode(seal(content, purpose=_PURPOSE, owner=user.public_id)).decode()


def key_of_setup(user: User, setup: str) -> bytes | None:
    """Return the key of a set-up, or None when it is another person's, too old or made up."""
    try:
        content = unseal(base64.urlsafe_b64decode(setup.encode()), purpose=_PURPOSE, owner=user.public_id)
    except ValueError:
        return None
    made = int.from_bytes(content[:8])
    return content[8:] if time.time() - made <= SETUP_SECONDS else None


def manual_key(key: bytes) -> str:
    """Return the key as people type it: base 32 in groups of four."""
    text = base64.b32encode(key).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def setup_address(user: User, key: bytes) -> str:
    """Return the otpauth:// address that an authenticator app reads."""
    issuer = settings.OTP_TOTP_ISSUER
    values = {
        "secret": base64.b32encode(key).decode(),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": 6,
        "period": 30,
    }
    return f"otpauth://totp/{quote(issuer)}:{quote(user.email)}?{urlencode(values, quote_via=quote)}"


def setup_picture(user: User, key: bytes) -> bytes:
    """Return the address as a QR code in SVG, black on white."""
    picture = io.BytesIO()
    code = segno.make(setup_address(user, key), error="m", micro=False)
    code.save(picture, kind="svg", scale=5, border=4, dark="#000", light="#fff")
    return picture.getvalue()
