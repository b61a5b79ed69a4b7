"""A hasher that counts, to compare what two branches cost."""

from __future__ import annotations

from typing import ClassVar

from healthstack.settings_test import QuickArgon2


class CountingArgon2(QuickArgon2):
    """Counts every password that is hashed, to store it or to compare it."""

    count: ClassVar[int] = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).count += 1
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        type(self).count += 1
        return super().verify(password, encoded)
