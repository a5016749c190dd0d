"""Has everybody do their errands, again where nobody answered, as people do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.acceptance.chaos.acts import Act, People, View, prompt_of
from tests.acceptance.chaos.plan import Errand, Plan
from tests.fakes.provider_server import ProviderServer

TRIES = 60
"""How often somebody asks before that is a failure."""
AGAIN_S = 1.0
CARD_WITHIN_S = 60.0
END_WITHIN_S = 400.0
LOOK_S = 1.0
"""How old what people see may be, in seconds: finding it out takes a while."""


@dataclass(kw_only=True)
class Board:
    """What people see of all jobs, looked up at most once in a while."""

    people: dict[str, People]
    _seen: dict[str, View] = field(default_factory=dict)
    _seen_s: float = 0.0

    async def view(self, act: Act, *, within_s: float, titles: tuple[str, ...]) -> View | None:
        """
        Return the job of an order once its card has one of these titles; None if never.

        None at once when it was turned down after all: words may come after an acknowledgement.
        """
        loop = asyncio.get_running_loop()
        until_s = loop.time() + within_s
        while loop.time() < until_s and not act.told():
            if loop.time() - self._seen_s > LOOK_S:
                views = [each for people in self.people.values() for each in people.views()]
                self._seen, self._seen_s = {each.prompt: each for each in views}, loop.time()
            found = self._seen.get(act.prompt)
            if found is not None and found.title.startswith(titles):
                return found
            await asyncio.sleep(LOOK_S)
        return None


@dataclass(kw_only=True)
class Orderer:
    """Whoever sees to it that every errand is done."""

    plan: Plan
    people: dict[str, People]
    provider: ProviderServer

    async def run(self) -> None:
        """Do all errands at their times, and return when the last is done."""
        board = Board(people=self.people)
        async with asyncio.TaskGroup() as tasks:
            for errand in self.plan.errands:
                tasks.create_task(self._see_to(errand, board))

    async def _see_to(self, errand: Errand, board: Board) -> None:
        await asyncio.sleep(errand.at_s)
        people = self.people[errand.platform]
        act = await self._insist(errand)
        if errand.cancels:
            view = await board.view(act, within_s=CARD_WITHIN_S, titles=("Redrawing",))
            if view is not None:
                await people.cancel(view)
        if errand.runs_again:
            view = await board.view(act, within_s=END_WITHIN_S, titles=ENDS)
            assert view is not None or act.told(), f"{act.prompt!r} has come to no end"
            if view is not None:
                await self._again(people, view)

    async def _insist(self, errand: Errand) -> Act:
        """Order until that is taken, each time anew, and return the order that was."""
        for attempt in range(TRIES):
            prompt = prompt_of(errand, self.plan.seed, attempt)
            self.provider.script(errand.script, prompt=prompt)
            act = await self.people[errand.platform].order(errand, prompt)
            if act.is_acknowledged() and not act.told():
                return act
            await asyncio.sleep(AGAIN_S)
        raise AssertionError(f"nobody took {prompt!r}")

    async def _again(self, people: People, view: View) -> None:
        for _ in range(TRIES):
            act = await people.run_again(view)
            if act is None or (act.is_acknowledged() and not act.told()):
                return
            await asyncio.sleep(AGAIN_S)


ENDS = ("Redrawn", "Not redrawn", "Cancelled", "Took too long", "Nobody knows")
