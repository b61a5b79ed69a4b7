"""Settings of HealthStack: one file, driven by the environment (see .env.example).

ENVIRONMENT is `demo` (default) or `production`. Production refuses to start when a setting is unsafe, and says what to set.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from .secrets import demo_secret

BASE_DIR = Path(__file__).resolve().parent.parent


class _Env(environ.Env):
    """The environment; what should be a number and is none is refused with a sentence."""

    def int(self, var: str, default: Any = environ.Env.NOTSET) -> Any:
        try:
            return super().int(var, default=default)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} is {self.str(var)!r}. Set it to a number.") from error


env = _Env()
env.read_env(env("ENV_FILE", default=str(BASE_DIR / ".env")))
VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var")))

ENVIRONMENT = env("ENVIRONMENT", default="demo")
if ENVIRONMENT not in {"demo", "production"}:
    raise ImproperlyConfigured(f"ENVIRONMENT is {ENVIRONMENT!r}. Set it to demo or production.")
PRODUCTION = ENVIRONMENT == "production"
DEMO = not PRODUCTION
PORT = env.int("PORT", default=8000)
DEBUG = env.bool("DEBUG", default=False)

SECRET_KEY = env("SECRET_KEY", default="") or (
    "" if PRODUCTION else demo_secret(VAR_DIR / "keys", "SECRET_KEY")
)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
JWT_SECRET = env("JWT_SECRET", default="") or (
    "" if PRODUCTION else demo_secret(VAR_DIR / "keys", "JWT_SECRET")
)
PUBLIC_URL = env("PUBLIC_URL", default="" if PRODUCTION else f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []

INSTALLED_APPS = [
    "healthstack.apps.HealthStackConfig",
    "dashboards",
    "records",
    "appointments",
    "billing",
    "doctors",
    "patients",
    "formulary",
    "hospitals",
    "accounts",
    "notifications",
    "ledger",
    "core",
    "healthstack.apps.ReadOnlyAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_otp",
    "django_scopes",
    "rules.apps.AutodiscoverRulesConfig",
    "widget_tweaks",
    "template_partials",
    "django_htmx",
    "phonenumber_field",
    "django_tasks",
    "django_tasks_db",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.ErrorMiddleware",
    "accounts.middleware.LoginSessionMiddleware",
    "hospitals.middleware.AreaMiddleware",
]

ROOT_URLCONF = "healthstack.urls"
ASGI_APPLICATION = "healthstack.asgi.application"
WSGI_APPLICATION = "healthstack.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboards.navigation.navigation",
            ],
            "builtins": ["core.templatetags.look", "core.templatetags.permission"],
        },
    }
]

SQLITE_URL = f"sqlite:///{VAR_DIR / 'healthstack.sqlite3'}"
DATABASES = {"default": env.db_url_config(env("DATABASE_URL", default="") or SQLITE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    VAR_DIR.mkdir(exist_ok=True)
    # IMMEDIATE takes the one write lock at BEGIN, so racing bookings queue instead of failing with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA cache_size=-20000; PRAGMA mmap_size=134217728;",
    }
else:
    # A pool instead of CONN_MAX_AGE: under ASGI every request thread would keep a connection of its own.
    DATABASES["default"]["OPTIONS"] = {
        "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=8)}
    }

REDIS_URL = env("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
CACHES["memory"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "memory"}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
TASK_LOST_AFTER = (
    60  # seconds a task may run before its worker counts as killed; the longest task takes a few
)

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "dashboards:start"
LOGOUT_REDIRECT_URL = "dashboards:home"
STEP_UP_URL = "accounts:step_up"
PASSWORD_RESET_TIMEOUT = 24 * 3600
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
OTP_TOTP_ISSUER = "HealthStack"

SECURE_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = SECURE_HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1 if SECURE_PROXY_SSL_HEADER else 0)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
PLATFORM_ZONE = "Asia/Dhaka"  # for what people read that belongs to no hospital
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = "BD"
PHONENUMBER_DEFAULT_FORMAT = "INTERNATIONAL"
EMERGENCY_NUMBER = env("EMERGENCY_NUMBER", default="999")
SUPPORT_PHONE = env("SUPPORT_PHONE", default="")

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
PRIVATE_ROOT = Path(env("PRIVATE_ROOT", default=str(VAR_DIR / "private")))
X_ACCEL_PREFIX = env("X_ACCEL_PREFIX", default="")
PUBLIC_MEDIA_ROOT = Path(env("PUBLIC_MEDIA_ROOT", default=str(VAR_DIR / "public")))
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": PRIVATE_ROOT},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# One certificate is 10 MB at most, so a form with five fits; larger bodies are refused before they are read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

EMAIL_HOST = env("EMAIL_HOST", default="")
EMAIL_PORT = env.int("EMAIL_PORT", default=587)
EMAIL_HOST_USER = env("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="HealthStack <no-reply@demo.test>")
if EMAIL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
else:
    EMAIL_BACKEND = "notifications.mailbox.MailboxBackend"
MAILBOX_PAGE = DEMO and not EMAIL_HOST

SSLCOMMERZ_STORE_ID = env("SSLCOMMERZ_STORE_ID", default="" if PRODUCTION else "demo-store")
SSLCOMMERZ_STORE_PASSWORD = env("SSLCOMMERZ_STORE_PASSWORD", default="") or (
    "" if PRODUCTION else demo_secret(VAR_DIR / "keys", "SSLCOMMERZ_STORE_PASSWORD")
)
SSLCOMMERZ_SANDBOX = env.bool("SSLCOMMERZ_SANDBOX", default=False)
SIMULATOR_PORT = env.int("SIMULATOR_PORT", default=PORT + 1)
# Empty means the real gateway; in the demo the simulator answers on loopback.
SSLCOMMERZ_BASE_URL = env(
    "SSLCOMMERZ_BASE_URL", default="" if PRODUCTION else f"http://127.0.0.1:{SIMULATOR_PORT}"
)
PAYMENT_GATEWAY = "billing.gateways.sslcommerz.SSLCommerzGateway"
ETHEREUM_RPC_URL = env("ETHEREUM_RPC_URL", default="")

# The real gateway shows its pay page on one of several hosts.
_gateway_host = SSLCOMMERZ_BASE_URL or "https://*.sslcommerz.com"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        # form-action governs where a form's redirect may go too: the pay button ends at the gateway.
        "form-action": [SELF, _gateway_host],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"mask": {"()": "core.logs.MaskSecrets"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["mask"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Their lines carry whole URLs, and the gateway's carry the store password.
        "urllib3": {"level": "WARNING"},
        # Its layout errors quote the document.
        "xhtml2pdf": {"level": "CRITICAL"},
        "django.request": {"level": "ERROR"},
        # What anybody can send, and what is refused before it is read, must not fill the log with tracebacks.
        **{
            f"django.security.{name}": {"level": "CRITICAL"}
            for name in ("DisallowedHost", "RequestDataTooBig", "TooManyFieldsSent", "TooManyFilesSent")
        },
    },
}

if PRODUCTION:
    from .production import refuse_unsafe_settings

    refuse_unsafe_settings(globals())
