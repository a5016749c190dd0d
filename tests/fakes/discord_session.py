"""One session of the gateway: its events by number, and the connection it has at the moment."""

from __future__ import annotations

import contextlib
import enum
import json
from dataclasses import dataclass, field

from aiohttp import web

from tests.fakes.discord_frames import Compressor
from tests.fakes.discord_values import Json


class Op(enum.IntEnum):
    """What a payload is. Source: Discord, topics/opcodes-and-status-codes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    RECONNECT = 7
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


@dataclass(kw_only=True, eq=False)
class Session:
    """A session; `sent` holds all its events, so that a resumed one misses none."""

    session_id: str
    socket: web.WebSocketResponse | None
    compressor: Compressor
    shard: tuple[int, ...] = (0, 1)
    sent: list[Json] = field(default_factory=list)

    def is_for(self, guild_id: int) -> bool:
        """Tell whether events of this guild (0: of DMs) are for the session's shard."""
        number, count = self.shard
        return (guild_id >> 22) % count == number

    async def dispatch(self, event: str, data: Json) -> None:
        """Send an event, and keep it."""
        await self.send(self.keep(event, data))

    def keep(self, event: str, data: Json) -> Json:
        """Keep an event, and return what is to be sent of it."""
        payload = {"op": Op.DISPATCH, "t": event, "s": len(self.sent) + 1, "d": data}
        self.sent.append(payload)
        return payload

    async def send(self, payload: Json) -> None:
        """Send a payload as it is, if there is a connection."""
        if self.socket is not None and not self.socket.closed:
            await self.send_frame(self.frame(payload))

    def frame(self, payload: Json) -> bytes | str:
        """Return a payload as it goes over the wire; frames are to be sent in this order."""
        return self.compressor(json.dumps(payload).encode())

    async def send_frame(self, frame: bytes | str) -> None:
        """Send what was encoded before."""
        assert self.socket is not None
        with contextlib.suppress(ConnectionError):  # killed just now: the session keeps the event
            if isinstance(frame, bytes):
                await self.socket.send_bytes(frame)
            else:
                await self.socket.send_str(frame)

    async def resume(self, new: Session, seen: int | None) -> None:
        """Go on over the connection of `new`, with all events after the last one `seen`."""
        self.socket, self.compressor = new.socket, new.compressor
        for payload in self.sent[seen or 0 :]:
            await self.send(payload)
        await self.dispatch("RESUMED", {})

    async def close(self, code: int) -> None:
        """Close the connection."""
        if self.socket is not None:
            await self.socket.close(code=code)

    def leave(self, socket: web.WebSocketResponse) -> None:
        """Have no connection any more, if it was this one."""
        if self.socket is socket:
            self.socket = None
