"""
What a test lets go wrong: calls that fail, are held, are cut off, or whose answer is lost.

    discord.faults.fail("POST /channels/{channel}/messages", status=500, times=2)
    discord.faults.fail(route, status=429, retry_after_s=0.3)            # Discord's own
    discord.faults.fail(route, status=429, via=False)                    # a ban by Cloudflare
    discord.faults.fail(route, status=500, after_taking=True)            # done, but not said so
    fault = discord.faults.fail(route, hold=True)                        # nothing wrong, only late
    await fault.reached.wait(); fault.release()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.fakes.discord_refusals import KNOWN, Refused, refusal, too_many

Where = str | Callable[[Any], bool]
"""A route as in `Call.route`, or whatever judges the call that is asked (see `Asked`)."""


class Fault:
    """One thing to go wrong, `times` times; `reached` is set once the first call meets it."""

    def __init__(self, where: Where, *, times: int, after_taking: bool, held: bool) -> None:
        self.reached = asyncio.Event()
        self.met = 0
        self.after_taking = after_taking
        self.drops = False
        self.refusal: Refused | None = None
        self._where = where
        self._times = times
        self._opened = asyncio.Event()
        if not held:
            self._opened.set()

    def release(self) -> None:
        """Let what is held go on, now and from now on."""
        self._opened.set()

    def end(self) -> None:
        """Let nothing more go wrong."""
        self._times = 0
        self.release()

    async def wait(self) -> None:
        """Say that a call is here, and return once it may go on."""
        self.reached.set()
        await self._opened.wait()

    def meets(self, route: str, asked: object) -> bool:
        """Tell whether this is for that call; if so it counts."""
        where = self._where
        hit = where == route if isinstance(where, str) else where(asked)
        if not hit or self.met >= self._times:
            return False
        self.met += 1
        return True


class Faults:
    """All that is to go wrong; the first that fits a call meets it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def fail(
        self,
        where: Where,
        *,
        status: int | None = None,
        code: int | None = None,
        times: int = 1,
        retry_after_s: float | None = None,
        after_taking: bool = False,
        drop: bool = False,
        hold: bool = False,
        via: bool = True,
        everywhere: bool = False,
    ) -> Fault:
        """
        Let the next calls at `where` fail, and return the fault.

        A known `code` brings its status and words; `status` alone fails without a code. With
        `after_taking` the call takes effect first. `drop` closes the connection instead of
        answering (aiohttp's client repeats a GET once by itself then). `hold` keeps the call
        until `release` (before it takes effect or, with `after_taking`, before it is answered);
        then it succeeds unless something else is asked for. `via=False` and `everywhere` are about
        429: Cloudflare's, and the global limit.
        """
        fault = Fault(where, times=times, after_taking=after_taking, held=hold)
        fault.drops = drop
        fault.refusal = _refusal(status, code, retry_after_s, via=via, everywhere=everywhere)
        self._faults.append(fault)
        return fault

    def due(self, route: str, asked: object) -> Fault | None:
        """Return what this call meets, if anything."""
        return next((fault for fault in self._faults if fault.meets(route, asked)), None)

    def end(self) -> None:
        """Let nothing more go wrong, and let go what is held."""
        for fault in self._faults:
            fault.end()
        self._faults.clear()


def drop(request: web.Request) -> web.StreamResponse:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _refusal(
    status: int | None, code: int | None, wait_s: float | None, *, via: bool, everywhere: bool
) -> Refused | None:
    if status == 429 and code is None:
        return too_many(0.1 if wait_s is None else wait_s, everywhere=everywhere, via=via)
    if code is not None and code in KNOWN and status in (None, KNOWN[code][0]):
        return refusal(code, retry_after_s=wait_s)
    if status is None:
        return None
    headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
    return Refused(status, code or 0, f"{status}: as asked for", headers=headers)
