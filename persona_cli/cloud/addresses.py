"""Where a host name leads: into the public network, or to this machine and the networks around it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Final

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) -> its addresses, the best one first. Raises OSError for a name that nobody knows."""

# All that was ever given to the public network; around it are translators to IPv4 and the private networks of old.
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
# Networks whose addresses hold one of IPv4 in their last bits.
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int) -> tuple[str, ...]:
    """What the system's name service says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(place[0]) for *_, place in found))


def is_public(address: str) -> bool:
    """Whether anybody's machine may be at `address`: no loopback, private, link-local, shared or reserved one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            inside = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
        if ip not in _UNICAST:
            return False
    return ip.is_global and not ip.is_multicast
