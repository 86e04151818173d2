"""Which addresses a URL that anybody may have written can lead to: those of the public internet.

Source: the special-purpose registries of IANA, which `ipaddress` knows as `is_global`; an IPv6
address that carries an IPv4 one is judged by that as well (RFC 4291, 3056, 6052).
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from creditctl.adapters.channels.connection import Address
from creditctl.adapters.channels.interface import DeliveryFailed
from creditctl.errors import InvalidInput

_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_DOCUMENTATION = IPv6Network("3fff::/20")
"""RFC 9637, which is newer than what Python 3.11 knows."""


@dataclass(frozen=True, slots=True)
class AddressGuard:
    """Lets public addresses pass, and those of the networks that were named."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def permits(self, text: str) -> bool:
        """Whether that numeric address may be connected to."""
        address = ip_address(text)
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address in network for network in self.networks):
            return True
        carried = _carried(address)
        return _is_public(address) and (carried is None or _is_public(carried))

    def check_host(self, host: str) -> None:
        """Raise InvalidInput for a host that is an address, and not a permitted one."""
        try:
            permitted = self.permits(host)
        except ValueError:
            # 2130706433 and 0x7f.1 are 127.0.0.1 to a resolver: nobody means well with them.
            if _is_encoded(host):
                raise InvalidInput(
                    f"{host} is an address in disguise", hint="write a host name"
                ) from None
            return
        if not permitted:
            raise InvalidInput(
                f"{host} is not a public address",
                hint="add its network to allow_networks if it is your own",
            )

    def check_addresses(self, host: str, addresses: Sequence[Address]) -> None:
        """Raise DeliveryFailed unless all may be connected to; names are mended, so for now."""
        for address in addresses:
            if not self.permits(address.host):
                raise DeliveryFailed(f"{host} leads to {address.host}, which is not public")


def read_networks(name: str, text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks such as `10.0.0.0/8, fd00::/8`; raises InvalidInput naming the bad one."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.append(ip_network(part))
        except ValueError as problem:
            raise InvalidInput(f"{name}: {problem}", hint="write it like 10.0.0.0/8") from None
    return tuple(found)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved)
    if address in _NAT64:
        return True  # of itself; what it carries is asked about too
    return address in _UNICAST and address.is_global and address not in _DOCUMENTATION


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one end up at."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour


def _is_encoded(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True
