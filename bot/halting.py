"""Root: `redraw jobs pause`, `drain` and `resume`: what is halted, for every process at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime

from adapters.terminal.report import ExitCode
from bot import databases, exits
from core.clock import SystemClock
from core.jobs.mode import Halt, Mode
from core.jobs.store.ledger import Ledger

Change = Callable[[Ledger], Awaitable[Mode]]

_SAID = {
    Halt.PAUSED: "Nothing is submitted any more, two seconds from now at the latest. Orders are "
    "taken and wait, each until its own deadline; cards say so. What was submitted goes on.",
    Halt.DRAINING: "No new orders are taken: users are told to try again later. What is under way "
    "is finished.",
}
_RESUMED = "New orders are taken, and submitted."
_END = "`redraw jobs resume` ends it"
_WAS_OPEN = "Nothing had been halted."


def halt(what: Halt, *, as_json: bool) -> int:
    """Halt something until `redraw jobs resume`, whoever runs and whatever is restarted."""

    async def change(ledger: Ledger) -> Mode:
        return await ledger.control.halt(what, SystemClock().now())

    return _carry_out(change, lambda _: _SAID[what], as_json=as_json)


def resume(*, as_json: bool) -> int:
    """End whatever is halted."""

    async def change(ledger: Ledger) -> Mode:
        return await ledger.control.resume()

    def said(before: Sequence[Mode]) -> str:
        return _RESUMED if any(mode.halted for mode in before) else _WAS_OPEN

    return _carry_out(change, said, as_json=as_json)


def lines(mode: Mode) -> Iterator[str]:
    """Yield what whoever looks at jobs has to know of what is halted."""
    if mode.paused_since is not None:
        yield f"submitting is paused since {_local(mode.paused_since)}; {_END}"
    if mode.draining_since is not None:
        yield f"no orders are taken since {_local(mode.draining_since)}; {_END}"


def _carry_out(change: Change, said: Callable[[Sequence[Mode]], str], *, as_json: bool) -> int:
    places = databases.of_bot(databases.begin())
    if not places:
        exits.say(databases.NONE_YET)
        return ExitCode.BAD_INPUT
    found = asyncio.run(_change_all([place.url for place in places], change))
    answers = [answer for answer, _, _ in found]
    if as_json and found:
        databases.print_json(_as_json(found))
    elif found:
        unfinished = sum(count for _, _, count in found)
        print(f"{said(answers)} Unfinished jobs: {unfinished}.")
    return ExitCode.DONE if len(found) == len(places) else ExitCode.FAILED


async def _change_all(urls: Sequence[str], change: Change) -> list[tuple[Mode, Mode, int]]:
    """Return, for each database: what the change said, what is halted now, what is unfinished."""
    found: list[tuple[Mode, Mode, int]] = []
    for url in urls:
        async with databases.opened(url) as ledger:
            if ledger:
                answer = await change(ledger)
                unfinished = len(await ledger.unfinished())
                found.append((answer, await ledger.control.mode(), unfinished))
    return found


def _as_json(found: Sequence[tuple[Mode, Mode, int]]) -> dict[str, object]:
    now = [mode for _, mode, _ in found]
    return {
        "paused_since": _first(mode.paused_since for mode in now),
        "draining_since": _first(mode.draining_since for mode in now),
        "unfinished": sum(count for _, _, count in found),
    }


def _first(instants: Iterator[datetime | None]) -> str | None:
    return min((at.isoformat() for at in instants if at is not None), default=None)


def _local(at: datetime) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
