"""Keys derived from SECRET_KEY: secrets that are stored are sealed, codes are kept only as keyed hashes.

Both work on after SECRET_KEY was changed, as long as the old one stands in SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE = 12  # bytes


@functools.lru_cache(maxsize=32)
def _derive(secret: str, purpose: str) -> bytes:
    info = f"healthstack accounts {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())


def _keys(purpose: str) -> list[bytes]:
    return [_derive(secret, purpose) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def seal(content: bytes, *, purpose: str, owner: str) -> bytes:
    """Encrypt with AES-256-GCM; only the same purpose and owner can open it."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(_keys(purpose)[0]).encrypt(nonce, content, owner.encode())


def unseal(sealed: bytes, *, purpose: str, owner: str) -> bytes:
    """Decrypt what `seal` made; raises ValueError for anything else."""
    for key in _keys(purpose):
        try:
            return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], owner.encode())
        except (InvalidTag, ValueError):
            continue
    raise ValueError("This was not sealed here, or not for this.")


def keyed_hashes(text: str, *, purpose: str) -> list[str]:
    """Return the hashes of the text under each key, the present key's first: store that one, look for all."""
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in _keys(purpose)]
