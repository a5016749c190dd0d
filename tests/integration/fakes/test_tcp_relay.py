"""The relay passes on what both ends do, also that one of them is gone."""

from __future__ import annotations

import asyncio
import socket
import struct

from tests.fakes.tcp import listener
from tests.fakes.tcp_relay import relay

PATIENCE_S = 30.0


async def test_bytes_pass_until_it_is_cut_and_again_once_it_is_mended() -> None:
    """While it is cut every connection breaks."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(100):
            writer.write(piece)

    async with listener(echo) as port, relay(port) as wire:
        before = await _said(wire.port)
        wire.cut()
        cut = await _said(wire.port)
        wire.mend()
        after = await _said(wire.port)

    assert (before, cut, after) == (b"hello", b"", b"hello")


async def test_an_end_that_is_gone_without_a_goodbye_is_gone_for_the_other() -> None:
    """What a killed process held at a server is let go there, not held for ever."""
    came, ended = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        try:
            await reader.read(100)
        finally:
            ended.set()

    async with listener(wait) as port, relay(port) as wire:
        _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
        async with asyncio.timeout(PATIENCE_S):
            await came.wait()
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        async with asyncio.timeout(PATIENCE_S):
            await ended.wait()


async def _said(port: int) -> bytes:
    """Return what comes back of a word; nothing when the connection breaks."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello")
        async with asyncio.timeout(PATIENCE_S):
            found = await reader.read(100)
        writer.transport.abort()
    except OSError:
        return b""
    return found
