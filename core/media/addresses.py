"""Decider: which URLs and which network addresses pictures may be fetched from."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import SplitResult, urlsplit

from core.errors import AddressRefused

URL_CHARACTERS = 8192
"""Longest URL that is looked at."""

_DEFAULT_PORTS = {"http": 80, "https": 443}

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""Source: RFC 6052 (the well-known prefix) and RFC 8215 (the local-use prefix)."""

_COMPATIBLE = IPv6Network("::/96")
"""Source: RFC 4291, 2.5.5.1: the deprecated IPv4-compatible addresses."""

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""Source: RFC 4291, 2.4 and the IANA registry: the only IPv6 space that is handed out."""

_SPECIAL = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("168.63.129.16/32"),
    IPv6Network("3fff::/20"),
)
"""
Not private by the standard library's older tables, and no file host's either.

Source: RFC 6890 (protocol assignments; a cloud answers metadata at 192.0.0.192), RFC 7526 (6to4
relays), RFC 9637 (documentation), and learn.microsoft.com, "What is IP address 168.63.129.16?"
(a cloud's own host, seen from inside).
"""

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
"""Source: RFC 1123, 2.1, and the underscore that some hosts use all the same."""

_LOCAL_NAMES = ("localhost", "local", "internal", "localdomain", "home.arpa", "lan", "intranet")
"""Source: RFC 6761, 6762 and 8375, and the names cloud and home networks use for themselves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a URL leads: scheme, host and port, exactly."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """Write it as a URL without path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def origin_of(url: str) -> Origin:
    """Return the origin of `url`, with its default port filled in; raises AddressRefused."""
    parts, port = _split(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in _DEFAULT_PORTS:
        raise AddressRefused(f"scheme {parts.scheme[:20] or 'missing'} is not fetched")
    if not host:
        raise AddressRefused("the URL names no host")
    usual = _DEFAULT_PORTS[parts.scheme]
    return Origin(scheme=parts.scheme, host=host, port=usual if port is None else port)


def origins(urls: frozenset[str]) -> frozenset[Origin]:
    """Return the origins of several URLs; raises AddressRefused for one that is none."""
    return frozenset(origin_of(url) for url in urls)


def check_url(url: str, *, trusted_origins: frozenset[str] = frozenset()) -> None:
    """
    Raise AddressRefused unless `url` may be asked for a picture.

    A URL whose origin is exactly one of `trusted_origins` (scheme, host and port) may; any other
    must be `https` on port 443, name a public host in the usual form, and carry no user name.
    What the host's name resolves to is checked when the connection is made, not here.
    """
    origin = origin_of(url)
    if _split(url)[0].username is not None:
        raise AddressRefused("URLs with a user name are not fetched")
    if origin in origins(trusted_origins):
        return
    if (origin.scheme, origin.port) != ("https", _DEFAULT_PORTS["https"]):
        raise AddressRefused(f"only https on its usual port is fetched, not {origin}")
    _check_host(origin.host)


def is_public(address: IPv4Address | IPv6Address | str) -> bool:
    """
    Whether `address` is an ordinary public unicast address.

    IPv6 addresses that carry an IPv4 address inside (mapped, compatible, 6to4, NAT64, Teredo)
    are not: no public file host needs them, and a router may unpack them.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and (ip not in _GLOBAL_UNICAST or _carries_ipv4(ip)):
        return False
    if any(ip in network for network in _SPECIAL):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _carries_ipv4(ip: IPv6Address) -> bool:
    return (
        ip.ipv4_mapped is not None
        or ip.sixtofour is not None
        or ip.teredo is not None
        or ip in _COMPATIBLE
        or any(ip in network for network in _NAT64)
    )


def _split(url: str) -> tuple[SplitResult, int | None]:
    """Take a URL apart the strict way: what parsers disagree about is refused."""
    if len(url) > URL_CHARACTERS:
        raise AddressRefused(f"the URL is longer than {URL_CHARACTERS} characters")
    if "\\" in url or any(letter.isspace() or not letter.isprintable() for letter in url):
        raise AddressRefused("the URL has a character that does not belong into one")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise AddressRefused("the URL cannot be taken apart") from exc
    return parts, port


def _check_host(host: str) -> None:
    if ":" in host or _is_ipv4(host):
        if not is_public(host):
            raise AddressRefused("the address is not a public one")
        return
    host = host.removesuffix(".")
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefused("the host is not named in the usual form")
    if len(labels) == 1 or any(host == name or host.endswith(f".{name}") for name in _LOCAL_NAMES):
        raise AddressRefused("the name is one of a local network")
    if _is_number(labels[-1]):
        raise AddressRefused("the host is a number in an unusual form")


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _is_number(label: str) -> bool:
    """Whether resolvers may read `label` as the end of an IPv4 address: decimal, octal or hex."""
    return label.isdigit() or label.startswith("0x")
