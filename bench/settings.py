"""The portal's own settings, with the bare pages beside its own; for measurements only."""

from __future__ import annotations

from healthstack.settings import *  # noqa: F403
from healthstack.settings import MIDDLEWARE, VAR_DIR

ROOT_URLCONF = "bench.urls"
MIDDLEWARE = ["bench.middleware.QueryCountMiddleware", *MIDDLEWARE]
STATIC_ROOT = VAR_DIR / "bench" / "static"
