"""Which addresses nobody but this machine reaches."""

from __future__ import annotations

import ipaddress

LOCAL = "localhost"


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches an address."""
    if host.lower() == LOCAL:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name: what it stands for may change
        return False
