"""Signs messages as the gateway does; written apart from the portal's check, so that each tests the other."""

from __future__ import annotations

import hashlib


def signed(fields: dict[str, str], store_password: str) -> dict[str, str]:
    """The fields with verify_key, verify_sign (MD5) and verify_sign_sha2 (SHA-256) added."""
    names = sorted(fields)
    return {
        **fields,
        "verify_key": ",".join(names),
        "verify_sign": _digest("md5", fields, store_password),
        "verify_sign_sha2": _digest("sha256", fields, store_password),
    }


def _digest(algorithm: str, fields: dict[str, str], store_password: str) -> str:
    hashed = hashlib.new(algorithm, store_password.encode(), usedforsecurity=False).hexdigest()
    with_password = dict(fields, store_passwd=hashed)
    text = "&".join(f"{name}={with_password[name]}" for name in sorted(with_password))
    return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()
