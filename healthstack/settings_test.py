"""Settings for tests: the demo's, made quick, and deaf to this machine's .env and environment.

tests/services.py has prepared the run's folder and, for the engines' run, the addresses of PostgreSQL and Redis.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from django.contrib.auth.hashers import Argon2PasswordHasher

_EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"
_FOLDER = Path(os.environ.get("HEALTHSTACK_TEST_DIR") or tempfile.mkdtemp(prefix="healthstack-"))

for _name in re.findall(r"^#?([A-Z][A-Z0-9_]*)=", _EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE):
    os.environ.pop(_name, None)
os.environ.update(
    ENV_FILE=os.devnull,
    SECRET_KEY="tests-only-" + "0123456789abcdef" * 4,
    JWT_SECRET="tests-only-" + "fedcba9876543210" * 4,
    SSLCOMMERZ_STORE_PASSWORD="tests-only-store-password",
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{_FOLDER / 'unused.sqlite3'}",
    REDIS_URL=os.environ.get("TEST_REDIS_URL", ""),
    PRIVATE_ROOT=str(_FOLDER / "private"),
    PUBLIC_MEDIA_ROOT=str(_FOLDER / "public"),
)

from .settings import *  # noqa: E402, F403
from .settings import CACHES, DATABASES, STORAGES  # noqa: E402


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 at its smallest cost: the same code and the same hashes to read, in a tenth of a millisecond."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1


PASSWORD_HASHERS = ["healthstack.settings_test.QuickArgon2"]

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file and not memory: races need a connection a thread, and a shared cache would lock whole tables.
    DATABASES["default"]["TEST"] = {"NAME": str(_FOLDER / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
else:
    # No pool: a race of forty threads that wait for each other needs forty connections.
    DATABASES["default"]["OPTIONS"] = {}

STATIC_ROOT = _FOLDER / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Served from where they lie, without scanning them for every test client.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# Tests see each change at once, and count the queries of a page that remembers nothing.
CACHES["memory"] = {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}
