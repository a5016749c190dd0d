"""Passes bytes to a server on this machine, until the connection between is cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

PIECE_BYTES = 64 * 1024


class Relay:
    """A port that leads to another one; while it is cut, every connection breaks at once."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._left_bytes: int | None = None
        self._stays_cut = False
        self.port = 0
        self.connections = 0
        """How many were let through."""
        self.refused = 0
        """How many were broken at once."""

    def cut(self) -> None:
        """Break what is connected, and whatever connects from now on."""
        self._is_cut = True
        self._break()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def break_after(self, to_server_bytes: int, *, and_stay_cut: bool = False) -> None:
        """Break every connection when so many more bytes have gone to the server."""
        self._left_bytes = to_server_bytes
        self._stays_cut = and_stay_cut

    def _break(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        if self._is_cut:
            self.refused += 1
            writer.transport.abort()
            return
        self.connections += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        both = {writer, far_writer}
        self._writers |= both
        try:
            await asyncio.gather(
                self._pass(reader, far_writer, counts=True),
                self._pass(far_reader, writer, counts=False),
            )
        finally:
            self._writers -= both
            for end in both:
                end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool
    ) -> None:
        try:
            while piece := await reader.read(PIECE_BYTES):
                if counts and self._is_spent(len(piece)):
                    self._is_cut = self._stays_cut
                    self._break()
                    return
                writer.write(piece)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except (
            OSError
        ):  # one end is gone without a goodbye, as a killed process is: so is the other
            writer.transport.abort()

    def _is_spent(self, size_bytes: int) -> bool:
        if self._left_bytes is None:
            return False
        self._left_bytes -= size_bytes
        if self._left_bytes > 0:
            return False
        self._left_bytes = None
        return True


@contextlib.asynccontextmanager
async def relay(to_port: int) -> AsyncIterator[Relay]:
    """Open a relay to a port of this machine."""
    made = Relay(to_port)
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(OSError):
                await made.connected(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        left = list(tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
