"""A way to a server on which connections fall silent: nothing comes through, and nothing breaks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

PIECE_BYTES = 64 * 1024


class Line:
    """A port that leads to another one; `hush` swallows all that is said on it by then."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._open: set[asyncio.StreamWriter] = set()
        self._hushed: set[asyncio.StreamWriter] = set()
        self.port = 0

    def hush(self) -> None:
        """Pass on nothing any more of the connections that there are; new ones work."""
        self._hushed |= self._open

    def through(self, url: str) -> str:
        """Return an address that leads through this port to the server of `url`."""
        return url.replace(f":{urlsplit(url).port}/", f":{self.port}/")

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        both = {writer, far_writer}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass(reader, far_writer))
                tasks.create_task(self._pass(far_reader, writer))
        finally:
            self._open -= both
            for end in both:
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                if writer not in self._hushed:
                    writer.write(piece)
                    await writer.drain()
        writer.transport.abort()


@contextlib.asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """Open a line to a port of this machine."""
    made = Line(port)
    serving: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(made.connected(reader, writer))
        serving.add(task)
        await asyncio.wait({task})
        serving.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tuple(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
