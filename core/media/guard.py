"""Doer: names and sockets that lead to allowed addresses alone, checked when they are used."""

from __future__ import annotations

import socket
from collections.abc import Callable

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from core.errors import AddressRefused


class Guard(AbstractResolver):
    """
    Stands between a connector and the network.

    A name with any address that is not allowed is refused, and no socket is made for such an
    address, however it was come by: what is connected to is what was checked.
    """

    def __init__(self, names: AbstractResolver, is_allowed: Callable[[str], bool]) -> None:
        self._names = names
        self._is_allowed = is_allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of `host`; raises AddressRefused."""
        found = await self._names.resolve(host, port, family)
        for result in found:
            self._check(result["host"])
        return found

    def make_socket(self, address: aiohttp.AddrInfoType) -> socket.socket:
        """Make the socket for one address; raises AddressRefused."""
        family, kind, protocol, _, place = address
        self._check(str(place[0]))
        return socket.socket(family=family, type=kind, proto=protocol)

    async def close(self) -> None:
        """Close the resolver behind."""
        await self._names.close()

    def _check(self, address: str) -> None:
        if not self._is_allowed(address):
            raise AddressRefused("the name leads to an address that is not public")
