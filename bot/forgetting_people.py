"""Root: `redraw jobs forget`: removes what a person gave and got, wherever we keep it."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass

from adapters.terminal.report import ExitCode
from bot import databases, exits
from bot.databases import Place
from bot.settings import Settings
from core.clock import SystemClock
from core.jobs.erasure import Erased, Erasure
from core.jobs.forgetting import Forgetting
from core.jobs.store.erasing import NOBODY, Erasing
from core.jobs.store.ledger import Ledger

WAIT_S = 15.0
"""How long jobs that cannot be cancelled are waited for, in seconds."""
AGAIN_S = 1.0
"""Between two looks for them, in seconds."""
CANNOT = (
    "what was posted in chats: delete it there, before (Delete on a result) or by hand",
    "results at the image service, which keeps them at public addresses of its own",
    "backups of the database and of the pictures, and logs that were kept",
)
"""What is out of our reach."""
_NOTHING = "nothing was removed"
_USER = re.compile(r"(?!terminal:)[a-z]+:\S+")


@dataclass(kw_only=True, slots=True)
class _Sum:
    """What was done in all databases."""

    jobs: int = 0
    drafts: int = 0
    left: int = 0
    unread: int = 0
    pictures_left: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be removed."""
        return not (self.left or self.unread or self.pictures_left)

    def add(self, rounds: list[Erased], pictures_left: int) -> None:
        self.jobs += sum(one.jobs for one in rounds)
        self.drafts += sum(one.drafts for one in rounds)
        self.left += rounds[-1].left
        self.pictures_left += pictures_left


def forget(user: str, *, yes: bool, as_json: bool) -> int:
    """Forget a person, named as in REDRAW_ADMINS; asks before unless `yes`."""
    user = user.strip()
    if not _USER.fullmatch(user) or user.endswith(f":{NOBODY}"):
        exits.say(
            f"{user!r} names nobody: expected discord:ID or slack:ID, as in `redraw jobs`; what "
            "`redraw try` keeps is in the folder `tries` of the data folder"
        )
        return ExitCode.BAD_INPUT
    settings = databases.begin()
    places = databases.of_bot(settings)
    if not places:
        exits.say(databases.NONE_YET)
        return ExitCode.BAD_INPUT
    if not yes and not _agrees(user, asyncio.run(_count(places, user)), as_json=as_json):
        return ExitCode.BAD_INPUT
    total = asyncio.run(_forget(settings, places, user))
    if total.unread == len(places):
        exits.say(_NOTHING)
        return ExitCode.FAILED
    _tell(user, total, as_json=as_json)
    return ExitCode.DONE if total.is_whole else ExitCode.FAILED


def _agrees(user: str, jobs: int, *, as_json: bool) -> bool:
    if as_json or not sys.stdin.isatty():
        exits.say("nothing was removed: add --yes where nobody can be asked")
        return False
    print(f"This cancels what {user} has under way and removes, for good, the prompts, pictures")
    print(f"and drafts of {user}: {jobs} jobs. It cannot remove:")
    for each in CANNOT:
        print(f"  - {each}")
    if _answer("Go on? Type yes: ").strip().lower() == "yes":
        return True
    exits.say(_NOTHING)
    return False


def _answer(question: str) -> str:
    """Return what was typed; the end of the input is no answer."""
    try:
        return input(question)
    except EOFError:
        print()
        return ""


async def _count(places: tuple[Place, ...], user: str) -> int:
    jobs = 0
    for place in places:
        async with databases.opened(place.url) as ledger:
            if ledger:
                sought = Erasing(requester=user, until=SystemClock().now())
                jobs += await ledger.erasing.count(sought)
    return jobs


async def _forget(settings: Settings, places: tuple[Place, ...], user: str) -> _Sum:
    total = _Sum()
    for place in places:
        async with databases.opened(place.url) as ledger:
            if ledger:
                total.add(*await _forget_in(settings, place, ledger, user))
            else:
                total.unread += 1
    return total


async def _forget_in(
    settings: Settings, place: Place, ledger: Ledger, user: str
) -> tuple[list[Erased], int]:
    """
    Forget the person in one place, and wait a while for what has to end first.

    Returns what each round came to, and how many pictures are still there.
    """
    clock = SystemClock()
    forgetting = Forgetting(ledger, databases.pictures_of(settings, place, clock))
    erasure = Erasure(ledger, forgetting, clock)
    erasing = await erasure.begin(user)
    rounds = [await erasure.advance(erasing)]
    until_s = clock.monotonic_s() + WAIT_S
    while rounds[-1].left and clock.monotonic_s() < until_s:
        await clock.sleep(AGAIN_S)
        rounds.append(await erasure.advance(erasing))
    await forgetting.finish()
    return rounds, forgetting.left


def _tell(user: str, total: _Sum, *, as_json: bool) -> None:
    if total.unread:
        exits.say(f"{user} is not forgotten there: forget again once it can be read")
    if total.pictures_left:
        exits.say(
            f"{total.pictures_left} pictures could not be removed just now: a Redraw that runs "
            "removes them within a day or so"
        )
    if as_json:
        databases.print_json(
            {
                "user": user,
                "jobs": total.jobs,
                "drafts": total.drafts,
                "left": total.left,
                "unread": total.unread,
                "pictures_left": total.pictures_left,
                "not_removed": list(CANNOT),
            }
        )
        return
    print(f"Forgotten: {total.jobs} jobs and {total.drafts} drafts of {user}.")
    print("Costs are kept without the name. Not removed:")
    for each in CANNOT:
        print(f"  - {each}")
    if total.left:
        print(
            f"{total.left} jobs are being sent or downloaded: a Redraw that runs forgets them as "
            "soon as they end; if none runs, the next one to start does."
        )
