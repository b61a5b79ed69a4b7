"""The network that tests may use: this machine."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any


class NetworkForbidden(RuntimeError):
    """A test tried to leave this machine. Not an OSError, so that no client takes it for an ordinary failure."""


def _is_this_machine(host: str) -> bool:
    if host in {"", "localhost", socket.gethostname()}:
        return True
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def guard_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what reaches for another machine; an audit hook."""
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        if isinstance(address, tuple) and not _is_this_machine(str(address[0])):
            raise NetworkForbidden(f"tests stay on this machine, and this one reached for {address[0]}")
    elif event == "socket.getaddrinfo":
        host = arguments[0]
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        if not _is_this_machine(name) and not name.replace(".", "").isdigit() and ":" not in name:
            raise NetworkForbidden(f"tests stay on this machine, and this one asked where {name} is")
