"""One chaos run from end to end: open everything, order, let it go wrong, heal, wait, count."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.clock import SystemClock
from tests.acceptance.chaos import verdict
from tests.acceptance.chaos.acts import People
from tests.acceptance.chaos.fleet import Replica, running
from tests.acceptance.chaos.on_discord import OnDiscord
from tests.acceptance.chaos.on_slack import OnSlack
from tests.acceptance.chaos.orders import Orderer
from tests.acceptance.chaos.plan import Plan
from tests.acceptance.chaos.stores import Store, file_store, shared_store
from tests.acceptance.chaos.troublemaker import Troublemaker
from tests.acceptance.chaos.verdict import Verdict
from tests.fakes.discord_server import DiscordServer
from tests.fakes.provider_server import API_KEY, ProviderServer
from tests.fakes.slack_server import SlackServer

HEALED_WITHIN_S = 600.0
"""How long everything may take to come to its end once nothing goes wrong any more, in seconds."""
STARTS_WITHIN_S = 180.0
"""How long a process may take to start on a busy machine, in seconds, falls included."""
LOOK_S = 1.0
TELL_S = 10.0

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run went."""

    plan: Plan
    verdict: Verdict
    took_s: float
    healed_s: float
    """How long it took from the last trouble until everything had come to its end."""
    kills: int
    falls: list[int]
    codes: list[int | None]
    """With what the processes ended when they were asked to."""

    def __str__(self) -> str:
        v = self.verdict
        share = 100.0 * v.uncertain / max(1, v.jobs)
        wrong = {name: count for name, count in v.wrong.items() if count} or "nothing"
        return (
            f"seed {self.plan.seed}: {v.jobs} jobs of {v.acts} acts, {v.acknowledged} acknowledged"
            f" ({v.told} turned down in words, {v.in_doubt} of them in doubt),"
            f" uncertain {v.uncertain} ({share:.1f} %),"
            f" {len(self.plan.troubles)} troubles, {self.kills} kills,"
            f" {len(self.falls)} ended by themselves, {v.cards_twice} cards again,"
            f" {self.took_s:.0f} s ({self.healed_s:.0f} s to heal); wrong: {wrong}"
        )


@dataclass(kw_only=True)
class Stage:
    """Everything that a run takes, opened."""

    plan: Plan
    store: Store
    discord: DiscordServer
    slack: SlackServer
    provider: ProviderServer
    replicas: list[Replica]
    say: Say
    on_discord: OnDiscord = field(init=False)
    on_slack: OnSlack = field(init=False)

    def __post_init__(self) -> None:
        self.on_discord, self.on_slack = OnDiscord(self.discord, 20), OnSlack(self.slack)
        self.people: dict[str, People] = {"discord": self.on_discord, "slack": self.on_slack}
        self.trouble = Troublemaker(
            plan=self.plan,
            clock=SystemClock(),
            replicas=self.replicas,
            store=self.store,
            provider=self.provider,
            people=self.people,
            faults={"discord": self.discord.faults, "slack": self.slack.faults},
        )

    async def play(self) -> Outcome:
        """Run it, and return how it went."""
        began_s = time.monotonic()
        async with running(self.replicas):
            await self._up()
            await self._connected()
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(self._tell())
                await self._disturbed()
                healed_s = time.monotonic()
                await self._up()
                await self._ended()
                telling.cancel()
            found = await self._judged()
            codes = [await replica.end() for replica in self.replicas]
        return Outcome(
            plan=self.plan,
            verdict=found,
            took_s=time.monotonic() - began_s,
            healed_s=time.monotonic() - healed_s,
            kills=sum(replica.kills for replica in self.replicas),
            falls=[code for replica in self.replicas for code in replica.falls],
            codes=codes,
        )

    async def _disturbed(self) -> None:
        orderer = Orderer(plan=self.plan, people=self.people, provider=self.provider)
        async with asyncio.TaskGroup() as tasks:
            ordering = tasks.create_task(orderer.run())
            await self.trouble.run()
            self.trouble.heal()
            await ordering

    async def _up(self) -> None:
        for replica in self.replicas:
            await replica.until_up(within_s=STARTS_WITHIN_S)

    async def _connected(self) -> None:
        def is_connected() -> bool:
            return bool(self.discord.gateway.connections and self.discord.application.commands)

        await self.discord.until(is_connected, "Discord", within_s=STARTS_WITHIN_S)
        await self.slack.socket.until_connected(1, within_s=STARTS_WITHIN_S)

    async def _ended(self) -> None:
        """Return once nothing is left to do, twice in a row; fails when that takes too long."""
        quiet = 0
        async with asyncio.timeout(HEALED_WITHIN_S):
            while quiet < 3:
                await asyncio.sleep(LOOK_S)
                quiet = quiet + 1 if await self.store.unfinished() == 0 else 0

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TELL_S)
            acts = [act for people in self.people.values() for act in people.acts]
            taken = sum(act.is_acknowledged() for act in acts)
            left = -1
            with contextlib.suppress(Exception):
                left = await self.store.unfinished()
            kills = sum(replica.kills for replica in self.replicas)
            self.say(f"  {len(acts)} acts, {taken} acknowledged, {left} unfinished, {kills} kills")

    async def _judged(self) -> Verdict:
        everybody = self.people.values()
        return verdict.judged(
            acts=[act for people in everybody for act in people.acts],
            views=[*self.on_discord.views(), *self.on_slack.seen_to_the_end()],
            rows=await self.store.jobs(),
            submits=self.provider.submits,
            twice=(
                sum(people.delivered_twice() for people in everybody),
                sum(people.told_twice() for people in everybody),
            ),
            happened=self.trouble.happened,
        )


@contextlib.asynccontextmanager
async def stage(
    folder: Path, plan: Plan, *, replicas: int = 0, say: Say = lambda _: None
) -> AsyncIterator[Stage]:
    """Open everything in a new folder; without `replicas` one process on a file."""
    folder.mkdir(parents=True)
    async with (
        shared_store(folder) if replicas else file_store(folder) as store,
        DiscordServer() as discord,
        SlackServer() as slack,
        ProviderServer(fetches_references=True) as provider,
    ):
        leads = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DISCORD_CDN_URL": discord.cdn_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "QOLABA_API_KEY": API_KEY,
            "QOLABA_API_URL": provider.api_url,
        }
        yield Stage(
            plan=plan,
            store=store,
            discord=discord,
            slack=slack,
            provider=provider,
            replicas=[
                Replica(
                    name=f"replica-{each}",
                    folder=folder,
                    environ={**leads, **store.environ(each)},
                )
                for each in range(max(1, replicas))
            ],
            say=say,
        )
