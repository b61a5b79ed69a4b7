"""How often somebody may try, so that guessing is slow and a stranger can keep nobody out.

A browser in which a person has logged in before carries a signed cookie (a known device) and has a counter of its own: what
others do with that person's address elsewhere does not reach it. Everybody else shares the counters of network and address.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.errors import Throttled
from core.throttle import count_try, forget, is_exhausted, require_try

from .models import Method, ThrottledDevice

QUARTER = 15 * 60  # seconds
HOUR = 60 * 60

TRIES_OF_DEVICE = 10  # a quarter of an hour, for one address
TRIES_OF_NETWORK_FOR_ADDRESS = 5  # a quarter of an hour
FAILURES_OF_NETWORK = 50  # an hour, over all addresses
TRIES_FOR_ADDRESS = 30  # an hour, over all networks
MAILS_FOR_ADDRESS = 5  # an hour
MAILS_OF_NETWORK = 30  # an hour


@dataclass(frozen=True)
class Source:
    """Where a try comes from: its network and, for the typed address, the id of the known device, if it is one."""

    network: str
    device: str = ""


def network_of(address: str) -> str:
    """Return the network that one person usually controls: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def require_password_try(email: str, source: Source) -> None:
    """Count one try to give a password; raises Throttled."""
    if source.device:
        require_try("password-device", f"{source.device} {email}", limit=TRIES_OF_DEVICE, seconds=QUARTER)
        return
    if is_exhausted("password-network", source.network, limit=FAILURES_OF_NETWORK):
        raise Throttled(
            _("That was tried too often. Please wait %(minutes)s minutes.") % {"minutes": HOUR // 60}
        )
    pair = f"{source.network} {email}"
    require_try("password-pair", pair, limit=TRIES_OF_NETWORK_FOR_ADDRESS, seconds=QUARTER)
    require_try("password-address", email, limit=TRIES_FOR_ADDRESS, seconds=HOUR)


def password_was_wrong(source: Source) -> None:
    """Count a failure of the network; successes there cost nothing, so a hospital's people don't stop each other."""
    if not source.device:
        count_try("password-network", source.network, limit=FAILURES_OF_NETWORK, seconds=HOUR)


def password_was_right(email: str, source: Source) -> None:
    """Forget the tries of this device, or of this address in this network."""
    if source.device:
        forget("password-device", f"{source.device} {email}")
        return
    forget("password-pair", f"{source.network} {email}")
    forget("password-address", email)


def require_mail_try(email: str, source: Source, *, purpose: str) -> None:
    """Count one mail that a visitor wants sent to an address; raises Throttled.

    Each purpose (sign-up, confirm, reset) has its own count, so that a stranger's sign-ups with somebody's address do not
    keep that person from choosing a new password.
    """
    if source.device:
        known = f"{source.device} {purpose} {email}"
        require_try("mail-device", known, limit=MAILS_FOR_ADDRESS, seconds=HOUR)
        return
    require_try("mail-network", source.network, limit=MAILS_OF_NETWORK, seconds=HOUR)
    require_try("mail-address", f"{purpose} {email}", limit=MAILS_FOR_ADDRESS, seconds=HOUR)


def may_mail_again(email: str) -> bool:
    """Count one more mail with the link to confirm an address, and say whether it is still within bounds."""
    return count_try("mail-again", email, limit=MAILS_FOR_ADDRESS, seconds=HOUR)


def require_code_mail_try(user_id: str) -> None:
    """Count one mail with a code, for somebody who has given the password; raises Throttled."""
    require_try("mail-code", user_id, limit=MAILS_FOR_ADDRESS, seconds=QUARTER)


def require_confirmation_try(session_id: str) -> None:
    """Count one try to give the password again inside a session; raises Throttled."""
    require_try("confirm", session_id, limit=TRIES_OF_DEVICE, seconds=QUARTER)


def require_patience(device: ThrottledDevice) -> None:
    """Raise Throttled while the device still waits after a wrong code."""
    allowed, reason = device.verify_is_allowed()
    if allowed or not reason:
        return
    wait = reason["locked_until"] - (device.throttling_failure_timestamp or reason["locked_until"])
    seconds = max(1, int(wait.total_seconds()))
    if seconds < 60:
        raise Throttled(
            _("The last code did not match. Please wait %(n)s seconds.") % {"n": seconds}, field="code"
        )
    minutes = -(-seconds // 60)
    if device.method == Method.BACKUP:
        raise Throttled(
            _("Too many codes did not match. Please wait %(n)s minutes.") % {"n": minutes}, field="code"
        )
    raise Throttled(
        _("Too many codes did not match. Please wait %(n)s minutes, or use another way.") % {"n": minutes},
        field="code",
    )
