"""Does what a plan says is to go wrong, and notes when it did."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from core.clock import Clock
from tests.acceptance.chaos.acts import People
from tests.acceptance.chaos.fleet import Replica
from tests.acceptance.chaos.plan import Ill, Plan, Trouble
from tests.acceptance.chaos.stores import Store
from tests.fakes.discord_faults import Fault as DiscordFault
from tests.fakes.discord_faults import Faults as DiscordFaults
from tests.fakes.provider_script import Fault
from tests.fakes.provider_server import ProviderServer
from tests.fakes.slack_faults import Fault as SlackFault
from tests.fakes.slack_faults import Faults as SlackFaults

LOSSES = ("close", "reset", "cut", "no_task_id")
"""How the answer to a submit gets lost, in turn."""


@dataclass(kw_only=True)
class Troublemaker:
    """Whoever makes it go wrong; `happened` says from when to when something did."""

    plan: Plan
    clock: Clock
    replicas: list[Replica]
    store: Store
    provider: ProviderServer
    people: dict[str, People]
    faults: dict[str, DiscordFaults | SlackFaults]
    happened: list[tuple[datetime, datetime, Trouble]] = field(default_factory=list)

    async def run(self) -> None:
        """Do everything at its time, and return when all of it is over."""
        began_s = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as tasks:
            for trouble in self.plan.troubles:
                passed_s = asyncio.get_running_loop().time() - began_s
                await asyncio.sleep(max(0.0, trouble.at_s - passed_s))
                tasks.create_task(self._noted(trouble))

    def heal(self) -> None:
        """Let nothing more go wrong."""
        self.provider.heal()
        for faults in self.faults.values():
            faults.end()

    async def _noted(self, trouble: Trouble) -> None:
        began = self.clock.now()
        try:
            await self._make(trouble)
        finally:
            self.happened.append((began, self.clock.now(), trouble))

    async def _make(self, trouble: Trouble) -> None:
        replica, ill = self.replicas[trouble.replica], trouble.ill
        if ill is Ill.KILL:
            replica.kill(down_s=trouble.lasts_s)
        elif ill is Ill.PAUSE:
            await replica.pause(trouble.lasts_s)
        elif ill is Ill.STORE_CUT:
            await self.store.cut(trouble.lasts_s)
        elif ill is Ill.STORE_ENDED:
            await self.store.end_connections()
        elif ill is Ill.LINE_DROPPED:
            await self.people[trouble.platform].break_line()
        elif ill.name.startswith("CHAT"):
            await self._in_chat(trouble)
        else:
            self._at_provider(trouble)

    def _at_provider(self, trouble: Trouble) -> None:
        provider, calls = self.provider, trouble.calls
        match trouble.ill:
            case Ill.SUBMIT_CUT:
                provider.fail_submits(LOSSES[calls % len(LOSSES)], times=1 + calls % 2)
            case Ill.SUBMIT_SLOW:
                provider.fail_submits(Fault(ending="pass", delay_s=trouble.lasts_s), times=calls)
            case Ill.SUBMIT_FAILS:
                provider.fail_submits("503", times=1 + calls % 3)
            case Ill.SUBMIT_FULL:
                provider.fail_submits("429", times=calls)
            case Ill.POLL_FAILS:
                provider.fail_polls("502", times=calls)
            case Ill.POLL_CUT:
                provider.fail_polls("cut", times=calls)
            case Ill.PICTURES_FAIL:
                provider.fail_pictures("500", times=calls)
            case _:
                provider.fail_pictures("cut", times=calls)

    async def _in_chat(self, trouble: Trouble) -> None:
        """Let calls go wrong, so many of them and for so long at most."""
        fault = self._chat_fault(self.faults[trouble.platform], trouble)
        await asyncio.sleep(trouble.lasts_s)
        fault.end()

    def _chat_fault(
        self, faults: DiscordFaults | SlackFaults, trouble: Trouble
    ) -> DiscordFault | SlackFault:
        calls = trouble.calls
        match trouble.ill:
            case Ill.CHAT_FAILS:
                return faults.fail(_any, status=500, times=calls)
            case Ill.CHAT_FULL:
                return faults.fail(_any, status=429, retry_after_s=1.0, times=calls)
            case Ill.CHAT_CUT:
                return faults.fail(_any, drop=True, times=calls)
            case Ill.CHAT_UNHEARD:
                return faults.fail(_any, drop=True, after_taking=True, times=calls)
            case _:
                return faults.fail(_any, hold=True, times=2 * calls)


def _any(_: object) -> bool:
    return True
