"""The settings are all documented, and production starts only when it is safe."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from . import house

NAME = re.compile(r"^#?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
READ = re.compile(r"\benv(?:\.\w+)?\(\s*\"([A-Z][A-Z0-9_]*)\"")
# Where settings look for .env, and where data lies; nobody needs them but tests and scripts/run.py.
INTERNAL = {"ENV_FILE", "VAR_DIR"}

SAFE = {
    "ENVIRONMENT": "production",
    "DEBUG": "false",
    "SECRET_KEY": "k3yf0rth1st3st-" + "abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJ",
    "JWT_SECRET": "an0th3rk3y-" + "zyxwvutsrqponmlkjihgfedcba9876543210-JIHGFEDCBA",
    "PUBLIC_URL": "https://portal.example.org",
    "ALLOWED_HOSTS": "portal.example.org",
    "EMAIL_HOST": "mail.example.org",
    "EMAIL_USE_TLS": "true",
    "SSLCOMMERZ_STORE_ID": "store",
    "SSLCOMMERZ_STORE_PASSWORD": "a-store-password",
    "DATABASE_URL": "",
}


def _manage(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py in production with these settings and no others."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    database = f"sqlite:///{os.environ['HEALTHSTACK_TEST_DIR']}/production.sqlite3"
    environment = {**kept, **SAFE, "DATABASE_URL": database, "ENV_FILE": os.devnull, **changed}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=house.ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_every_setting_of_the_environment_is_in_the_example_and_the_other_way_round():
    documented = set(NAME.findall(house.text(house.ROOT / ".env.example")))
    settings = [house.ROOT / "healthstack" / name for name in ("settings.py", "production.py")]
    read = {name for path in settings for name in READ.findall(house.text(path))} - INTERNAL
    assert documented == read


def test_the_example_holds_no_key():
    example = house.text(house.ROOT / ".env.example")
    assert re.findall(r"^#?\w*(?:SECRET|PASSWORD|KEY)\w*=.+$", example, re.MULTILINE) == []


def test_the_deployment_check_is_clean_with_safe_settings():
    done = _manage("check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"SECRET_KEY": ""}, "Set it to at least 50 random characters."),
        ({"SECRET_KEY": "short"}, "Set it to at least 50 random characters."),
        ({"JWT_SECRET": ""}, "Set it to 32 other random characters."),
        ({"JWT_SECRET": SAFE["SECRET_KEY"]}, "Set it to 32 other random characters."),
        ({"DEBUG": "true"}, "Set DEBUG=false"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS is empty or has a wildcard."),
        ({"ALLOWED_HOSTS": ".example.org"}, "ALLOWED_HOSTS is empty or has a wildcard."),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is empty or has a wildcard."),
        ({"PUBLIC_URL": "http://portal.example.org"}, "PUBLIC_URL does not start with https://."),
        (
            {"PUBLIC_URL": "https://elsewhere.example.org:8443"},
            "PUBLIC_URL is at 'elsewhere.example.org', which is not in ALLOWED_HOSTS",
        ),
        ({"EMAIL_PORT": "x"}, "EMAIL_PORT is 'x'. Set it to a number."),
        ({"TRUSTED_PROXIES": "two"}, "TRUSTED_PROXIES is 'two'. Set it to a number."),
        ({"EMAIL_HOST": ""}, "the mailbox page is for demonstrations only"),
        ({"EMAIL_USE_TLS": "false"}, "Set EMAIL_USE_TLS=true"),
        ({"SSLCOMMERZ_BASE_URL": "http://127.0.0.1:8001"}, "it is for the payment simulator"),
        ({"SSLCOMMERZ_STORE_PASSWORD": ""}, "Set both as your gateway gave them."),
        ({"ENVIRONMENT": "prod"}, "Set it to demo or production."),
    ],
    ids=lambda value: (
        "-".join(f"{key}={text[:8]}" for key, text in value.items()) if isinstance(value, dict) else ""
    ),
)
def test_production_refuses_to_start_and_says_what_to_set(changed, sentence):
    done = _manage("check", **changed)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_public_address_may_have_a_port_and_large_letters():
    changed = {
        "PUBLIC_URL": "https://Portal.example.org:8443",
        "ALLOWED_HOSTS": "other.example.org,Portal.example.org",
    }
    assert _manage("check", **changed).returncode == 0


def test_a_refusal_shows_where_it_was_raised_only_when_asked_to():
    done = _manage("check", "--traceback", DEBUG="true")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_production_refuses_to_seed_the_demo():
    done = _manage("seed_demo")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "demo" in done.stderr.lower()
