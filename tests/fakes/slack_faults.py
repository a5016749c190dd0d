"""
What a test lets go wrong: calls that fail, are held, are cut off, or whose answer is lost.

    slack.faults.fail("chat.postMessage", error="internal_error", times=2)
    slack.faults.fail("chat.update", status=429, retry_after_s=1)
    slack.faults.fail("chat.postMessage", status=503, after_taking=True)   # done, but not said so
    slack.faults.fail(lambda asked: asked.text("channel") == "C1", drop=True)
    fault = slack.faults.fail("views.open", hold=True)                    # nothing wrong, only late
    await fault.reached.wait(); fault.release()

The file host's routes are named `GET files` and `POST upload` (their `path` is an argument),
posts to a response URL `response_url`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.fakes.slack_refusals import Refused, too_many

Where = str | Callable[[Any], bool]
"""A method, or whatever judges the call that is asked (see `Asked`)."""


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

    @property
    def wrong(self) -> Refused | None:
        """What comes of a call that does not take effect."""
        return self.refusal or (Refused("cut_off", status=500) if self.drops else None)

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

    def meets(self, name: str, asked: object) -> bool:
        """Tell whether this is for that call; if so it counts."""
        if self.met >= self._times:
            return False
        where = self._where
        hit = where == name if isinstance(where, str) else where(asked)
        self.met += hit
        return hit


class Faults:
    """All that is to go wrong; the first that fits a call meets it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def fail(
        self,
        where: Where,
        *,
        error: str | None = None,
        status: int | None = None,
        times: int = 1,
        retry_after_s: float | None = None,
        after_taking: bool = False,
        drop: bool = False,
        hold: bool = False,
    ) -> Fault:
        """
        Let the next calls at `where` fail, and return the fault.

        `error` alone comes with status 200, as Slack's errors do; 429 is `ratelimited` with
        Retry-After. With `after_taking` the call takes effect first. `drop` closes the connection
        instead of answering. `hold` keeps the call until `release` (before it takes effect or, with
        `after_taking`, before it is answered); then it succeeds unless something else is asked for.
        """
        fault = Fault(where, times=times, after_taking=after_taking, held=hold)
        fault.drops = drop
        fault.refusal = _refusal(error, status, retry_after_s)
        self._faults.append(fault)
        return fault

    def due(self, name: str, asked: object) -> Fault | None:
        """Return what this call meets, if anything."""
        return next((fault for fault in self._faults if fault.meets(name, asked)), None)

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


def _refusal(error: str | None, status: int | None, wait_s: float | None) -> Refused | None:
    if status == 429 or error == "ratelimited":
        return too_many(1.0 if wait_s is None else wait_s)
    if error is None and status is None:
        return None
    headers = {} if wait_s is None else {"Retry-After": str(wait_s)}
    return Refused(error or "internal_error", status=status or 200, headers=headers)
