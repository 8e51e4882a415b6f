"""Addresses and networks as a person writes them and as connections come from them."""

import ipaddress

from chatroom.tcp import packed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_IPV4_PREFIX = 96
"""How many bits of an IPv6 address stand before the IPv4 address that it carries."""

_SITE_PREFIX = 64


def network_of(text: str) -> Network | None:
    """Return the network that `text` means, None if it is neither an address nor a network.

    A plain IPv6 address means its /64, as whoever can have one of them can have all of them (RFC
    6177); written with /128 it means itself. IPv4 in IPv6 (RFC 4291, section 2.5.5.2) means IPv4.
    Bits behind the prefix do not matter.
    """
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if network.version == 4:  # noqa: PLR2004
        return network
    carried = network.network_address.ipv4_mapped
    if carried is not None and network.prefixlen >= _IPV4_PREFIX:
        return ipaddress.IPv4Network((carried, network.prefixlen - _IPV4_PREFIX))
    return network if "/" in text else network.supernet(new_prefix=_SITE_PREFIX)


def address_of(text: str) -> Address | None:
    """Return the address that a connection comes from, None for what is none.

    Args:
        text: as `accept` gives it, perhaps with the zone of a link.
    """
    bits = packed(text)
    return ipaddress.ip_address(bits) if bits else None
