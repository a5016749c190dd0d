"""Discord and Slack in one process: one ledger, one set of limits, and each its own people."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.discord.app import DiscordApp
from adapters.discord.connection import Endpoints
from adapters.slack.app import SlackApp
from adapters.slack.registration import COMMAND
from bot import plans, running
from bot.chats import Chat, DiscordChat, SlackChat
from bot.wiring import Works
from core.catalogue import loader
from core.clock import SystemClock
from core.errors import SettingsError
from core.jobs.job import Job
from core.jobs.lifecycle import State
from core.jobs.quota import Limits
from tests.fakes import chat_bot, discord_user, slack_user
from tests.fakes.discord_server import DiscordServer
from tests.fakes.jobs import picture_bytes
from tests.fakes.provider_script import Script
from tests.fakes.provider_server import ProviderServer
from tests.fakes.slack_rig import SOCKETS
from tests.fakes.slack_server import SlackServer
from tests.integration.bot.processes import PATIENCE_S, redraw

pytestmark = pytest.mark.slow

PICTURE = ("harbour.png", picture_bytes("teal", (320, 200)))
DISCORD, SLACK = "discord", "slack"
OTHER = {DISCORD: SLACK, SLACK: DISCORD}
TAKEN = ""
CREDITS = 9
"""What a picture of the default model is estimated at."""
IN_FLIGHT = 50


class WatchedChat(DiscordChat):
    """Discord as `bot.running` sees it, and its works as a test does: Slack has the same ones."""

    works: Works

    async def serve(self, works: Works, stop: asyncio.Event) -> None:
        self.works = works
        await super().serve(works, stop)


@dataclass(kw_only=True)
class Both:
    """A process with both chats, and a person in each."""

    folder: Path
    discord: DiscordServer
    slack: SlackServer
    provider: ProviderServer
    limits: Limits
    app_token: str | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.on_discord = self.discord.world.channel(self.discord.world.guild())
        self.on_slack = self.slack.world.channel()

    @property
    def works(self) -> Works:
        return self._watched.works

    async def run(self) -> None:
        """Run as a process does, until stopped; raises what ends it."""
        plan = replace(chat_bot.plan(self.folder, self.provider.api_url), limits=self.limits)
        self._watched = WatchedChat(self._discord_app(), ())
        chats: list[Chat] = [self._watched, SlackChat(self._slack_app(), (), over_http=False)]
        await running.serve(plan, loader.load(), SystemClock(), chats, self.stop)

    async def connected(self) -> None:
        await self.slack.socket.until_connected(SOCKETS, within_s=PATIENCE_S)
        await self.discord.until(
            lambda: self.discord.gateway.connections and self.discord.application.commands,
            "Discord's connection and commands",
            within_s=PATIENCE_S,
        )

    def person(self, platform: str, name: str = "ann") -> Callable[[str], Awaitable[str]]:
        """Return somebody who orders, and hears `TAKEN` or why not."""
        if platform == DISCORD:
            theirs = self.discord.user(name, channel=self.on_discord)
            return lambda prompt: _order_on_discord(theirs, prompt)
        ours = self.slack.user(name, channel=self.on_slack)
        return lambda prompt: _order_on_slack(ours, prompt)

    async def jobs(self) -> dict[str, Job]:
        """Return everybody's jobs, by prompt."""
        return {job.request.prompt: job for job in await self.works.ledger.list_all(1000)}

    async def until(self, state: State, count: int) -> None:
        """Return once so many jobs are in `state`."""

        async def are_there() -> bool:
            return sum(job.state is state for job in (await self.jobs()).values()) >= count

        await eventually(are_there, f"{count} jobs in {state}")

    async def reads(self, platform: str, words: str) -> None:
        """Return once everybody in the channel of a platform reads these words."""

        def is_there() -> bool:
            return words in self.words(platform)

        await self._fake(platform).until(is_there, words, within_s=PATIENCE_S)

    async def has_results(self, platform: str, files: list[int]) -> None:
        """Return once the threads of a platform's channel hold as many files each."""

        def are_there() -> bool:
            return self.results(platform) == files

        await self._fake(platform).until(are_there, f"{files} files", within_s=PATIENCE_S)

    def _fake(self, platform: str) -> DiscordServer | SlackServer:
        return self.discord if platform == DISCORD else self.slack

    def words(self, platform: str) -> str:
        """Return what everybody in the channel of a platform reads outside of threads."""
        if platform == DISCORD:
            return "\n".join(each.text for each in self.discord.messages(self.on_discord))
        return "\n".join(each.words for each in self.slack.messages(self.on_slack))

    def results(self, platform: str) -> list[int]:
        """Return how many files each thread of a platform's channel holds."""
        if platform == DISCORD:
            said = map(self.discord.messages, self.discord.threads(self.on_discord))
            return [sum(len(each.attachments) for each in thread) for thread in said]
        replies = map(self.slack.thread, self.slack.messages(self.on_slack))
        return [sum(len(each.files) for each in thread) for thread in replies]

    def _discord_app(self) -> DiscordApp:
        endpoints = Endpoints(
            api_url=self.discord.api_url,
            gateway_url=self.discord.gateway_url,
            cdn_url=self.discord.cdn_url,
        )
        token = SecretStr(self.discord.token)
        return DiscordApp(token=token, endpoints=endpoints, clock=SystemClock())

    def _slack_app(self) -> SlackApp:
        return SlackApp(
            bot_token=SecretStr(self.slack.bot_token),
            app_token=SecretStr(self.app_token or self.slack.app_token),
            signing_secret=None,
            api_url=self.slack.api_url,
            clock=SystemClock(),
        )


async def _order_on_discord(who: discord_user.Person, prompt: str) -> str:
    shown = await who.slash("redraw", {"prompt": prompt}, attachments={"image": PICTURE})
    return TAKEN if shown.kind == "deferred" else shown.message.text


async def _order_on_slack(who: slack_user.Person, prompt: str) -> str:
    view = await (await who.command(COMMAND, prompt)).viewed()
    sent = await who.submit(view, {"Picture": PICTURE})
    return TAKEN if sent.response_action == "clear" else " ".join(sent.errors.values())


async def eventually(is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    """Return once it is so; fails when it never is."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not await is_so():  # noqa: ASYNC110 - the ledger tells nobody of its changes
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_S} s: {what}") from None


@asynccontextmanager
async def made(folder: Path, limits: Limits = plans.NO_LIMITS) -> AsyncIterator[Both]:
    """Open the fakes; nothing is started."""
    data = folder / "data"
    data.mkdir()
    async with DiscordServer() as discord, SlackServer() as slack, ProviderServer() as provider:
        yield Both(folder=data, discord=discord, slack=slack, provider=provider, limits=limits)


@asynccontextmanager
async def running_both(folder: Path, limits: Limits = plans.NO_LIMITS) -> AsyncIterator[Both]:
    """Start the process over the fakes, and stop it at the end."""
    async with (
        made(folder, limits) as both,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(both.run())
        await both.connected()
        yield both
        both.stop.set()


@pytest.mark.parametrize("first", [DISCORD, SLACK])
async def test_jobs_of_either_fill_one_queue(tmp_path: Path, first: str) -> None:
    """What is under way on one chat is in the way of the other, until it has ended."""
    async with running_both(tmp_path, replace(plans.NO_LIMITS, queue_max=2)) as both:
        both.provider.default = Script(held=True)
        filling, refused = both.person(first), both.person(OTHER[first])
        assert [await filling("one"), await filling("two")] == [TAKEN, TAKEN]
        assert "The queue is full: 2 jobs are waiting." in await refused("three")
        assert set(await both.jobs()) == {"one", "two"}

        await both.until(State.RUNNING, 2)
        both.provider.default = Script()
        both.provider.release()
        await both.until(State.READY, 2)
        assert await refused("three") == TAKEN


@pytest.mark.parametrize("first", [DISCORD, SLACK])
async def test_month_has_one_budget_for_both(tmp_path: Path, first: str) -> None:
    """Credits that were spent on one chat cannot be spent on the other."""
    async with running_both(tmp_path, replace(plans.NO_LIMITS, credits_month=2 * CREDITS)) as both:
        one, other = both.person(first), both.person(OTHER[first])
        assert [await one("one"), await other("two")] == [TAKEN, TAKEN]
        await both.until(State.READY, 2)
        for ask in (one, other):
            assert f"This month's budget of {2 * CREDITS} credits" in await ask("three")
        assert set(await both.jobs()) == {"one", "two"}


async def test_limits_of_a_person_are_those_of_one_chat(tmp_path: Path) -> None:
    """Nobody knows that both are the same person: each has what a person may have."""
    async with running_both(tmp_path, replace(plans.NO_LIMITS, jobs_per_user=1)) as both:
        both.provider.default = Script(held=True)
        people = [both.person(DISCORD), both.person(SLACK)]
        assert [await ask("ink") for ask in people] == [TAKEN, TAKEN]
        for ask in people:
            assert "You have 1 jobs under way; 1 at a time" in await ask("more")
        assert await both.person(SLACK, "bea")("bea's") == TAKEN
        assert await both.person(DISCORD, "bea")("hers") == TAKEN
        requesters = [job.origin.requester for job in (await both.jobs()).values()]
        assert {each.split(":")[0] for each in requesters} == {DISCORD, SLACK}


@pytest.mark.parametrize("first", [DISCORD, SLACK])
async def test_refused_key_is_told_on_both(tmp_path: Path, first: str) -> None:
    """The refusal of one chat's job keeps the other's from being sent, and its card says why."""
    async with running_both(tmp_path) as both:
        both.provider.fail_submits("401", times=99)
        for platform in (first, OTHER[first]):
            assert await both.person(platform)("ink") == TAKEN
            await both.reads(platform, "It waits: the image service refused our key.")
        assert both.provider.count() == 1


async def test_results_go_where_they_were_asked_for(tmp_path: Path) -> None:
    """And nowhere else; `redraw jobs` lists both."""
    async with running_both(tmp_path) as both:
        assert await both.person(DISCORD)("a woodcut") == TAKEN
        assert await both.person(SLACK)("a linocut") == TAKEN
        for platform in (DISCORD, SLACK):
            await both.has_results(platform, [1])
        assert ("woodcut" in both.words(DISCORD), "linocut" in both.words(DISCORD)) == (True, False)
        assert ("woodcut" in both.words(SLACK), "linocut" in both.words(SLACK)) == (False, True)

    listed = await redraw("jobs", "list", "--json", folder=tmp_path)
    found = {each["prompt"]: each for each in json.loads(listed.out)}
    assert listed.code == 0
    assert {prompt: each["state"] for prompt, each in found.items()} == {
        "a woodcut": "ready",
        "a linocut": "ready",
    }
    for prompt, platform in (("a woodcut", DISCORD), ("a linocut", SLACK)):
        assert found[prompt]["requester"].startswith(f"{platform}:")
        assert found[prompt]["place"].startswith(f"{platform}:")


async def test_end_of_the_process_ends_both(tmp_path: Path) -> None:
    """Neither is connected any more, with jobs of both under way."""
    async with running_both(tmp_path) as both:
        both.provider.default = Script(held=True)
        for platform in (DISCORD, SLACK):
            assert await both.person(platform)(platform) == TAKEN
        await both.until(State.RUNNING, 2)
        both.stop.set()
        await both.slack.socket.until_disconnected(within_s=PATIENCE_S)
        await both.discord.until(
            lambda: both.discord.gateway.connections == 0 or None,
            "no connection to Discord",
            within_s=PATIENCE_S,
        )


async def test_chat_that_fails_for_good_ends_both(tmp_path: Path) -> None:
    """A token that Slack refuses is said, and Discord is not left behind without it."""
    async with made(tmp_path) as both:
        both.app_token = "xapp-wrong"
        with pytest.raises(SettingsError, match="SLACK_APP_TOKEN"):
            async with asyncio.timeout(PATIENCE_S):
                await both.run()
        assert both.discord.gateway.connections == 0
        assert both.slack.socket.connections == []


async def test_both_are_acknowledged_amid_fifty_jobs(tmp_path: Path) -> None:
    """Orders of both at once, while jobs of both are being watched."""
    async with running_both(tmp_path) as both:
        both.provider.default = Script(held=True)

        async def ask(number: int) -> str:
            """Order as somebody of their own: a person has one form open at a time."""
            platform = (DISCORD, SLACK)[number % 2]
            return await both.person(platform, f"user {number}")(f"job {number}")

        for number in range(0, IN_FLIGHT, 10):
            asked = [ask(each) for each in range(number, number + 10)]
            assert await asyncio.gather(*asked) == [TAKEN] * 10
        await both.until(State.RUNNING, IN_FLIGHT)

        amid = [ask(IN_FLIGHT + each) for each in range(20)]
        assert await asyncio.gather(*amid) == [TAKEN] * 20
        assert both.slack.unacknowledged == []
        assert len(await both.jobs()) == IN_FLIGHT + 20
