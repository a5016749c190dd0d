"""Redraw on Slack as a process, over Socket Mode or signed HTTP; the fakes outlive it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import aiohttp

from adapters.slack.registration import COMMAND, EVENTS_PATH
from core.clock import Clock
from core.jobs.lifecycle import DeliveryKind
from tests.acceptance.bot_process import (
    ASKS_MAX,
    PATIENCE_S,
    STARTS_WITHIN_S,
    BotProcess,
    was_held_up,
)
from tests.acceptance.slack_marks import (
    job_of,
    mark_of,
    messages_of,
    nothing_twice,
    pings_of,
    prompt_of,
    results_of,
    title_of,
)
from tests.fakes.pictures import jpeg
from tests.fakes.provider_server import ProviderServer
from tests.fakes.slack_rig import SOCKETS, Mode
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel, Message, View

__all__ = ["PATIENCE_S", "PICTURE", "Bot", "Mode", "bot_of"]

Way = Literal["command", "fake"]
"""`redraw run` itself, or its bot with a clock of its own; see `tests.fakes.slack_bot`."""

PICTURE = ("harbour.jpg", jpeg("astronaut", (320, 240)))


@dataclass(kw_only=True)
class Bot(BotProcess):
    """The process between the two fakes, if it runs, and a channel to use it in, with its admin."""

    FAKE: ClassVar[str] = "tests.fakes.slack_bot"

    slack: SlackServer
    mode: Mode

    def __post_init__(self) -> None:
        self.channel: Channel = self.slack.world.channel()
        self.ann: Person = self.slack.user("ann", channel=self.channel)
        self.boss: Person = self.slack.user("boss", channel=self.channel)
        self._forms: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._port = _free_port()
        if self.mode is Mode.HTTP:
            self.slack.http.url = f"http://127.0.0.1:{self._port}{EVENTS_PATH}"

    async def order(
        self,
        prompt: str,
        *,
        by: Person | None = None,
        channel: Channel | None = None,
        waits: bool = True,
        filled: Mapping[str, object] | None = None,
    ) -> Shown:
        """
        Have somebody use `/redraw` and send its form with a picture and what else is given.

        Nobody fills in two forms at once: sending one clears them all. Who was held up, and told to
        try again, does.
        """
        who = by or self.ann
        async with self._forms[who.id]:
            view = await self.form(await self._opened(who, channel))
            given = {"Picture": PICTURE, "Prompt": prompt, **(filled or {})}
            sent = await who.submit(view, given, waits=waits)
            for _ in range(1, ASKS_MAX):
                if not waits or not was_held_up(" ".join(sent.errors.values()), sent.ack_s):
                    break
                sent = await who.submit(view)
            return sent

    async def _opened(self, who: Person, channel: Channel | None) -> Shown:
        """Have somebody use `/redraw`, and return what opens a form, or says why none does."""
        opened = await who.command(COMMAND, channel=channel)
        for _ in range(1, ASKS_MAX):
            told = " ".join(each.words for each in opened.ephemerals)
            if not was_held_up(told, opened.ack_s):
                break
            opened = await who.command(COMMAND, channel=channel)
        return opened

    async def form(self, opened: Shown, *, updates: int = 0) -> View:
        """Return the form that came of an act, once it was reshaped so often."""
        try:
            return await opened.viewed(lambda view: view.updates == updates, within_s=PATIENCE_S)
        except AssertionError as error:
            told = [each.words for each in opened.ephemerals]
            raise AssertionError(f"{error}; told: {told}; log: {self.log[-2000:]}") from error

    async def running(
        self, prompt: str, *, channel: Channel | None = None
    ) -> tuple[Shown, Message]:
        """Order, and return it with its card once it runs: until its prompt is released."""
        self.hold(prompt)
        sent = await self.order(prompt, channel=channel)
        card = await self.card(sent)
        await self.submitted(prompt)
        return sent, card

    async def card(self, sent: Shown) -> Message:
        """Return the card that came of an order: of who sent it, and with the form's prompt."""
        prompt, requester = _prompt_sent(sent), sent.act.user
        assert requester is not None

        def is_its(message: Message) -> bool:
            mark = mark_of(message)
            is_card = mark is not None and mark[1] is DeliveryKind.CARD
            is_theirs = is_card and requester.id in pings_of(message)
            return is_theirs and prompt in ("", prompt_of(message))

        def found() -> Message | None:
            later = self.slack.world.messages[sent.act.first_message :]
            return next(filter(is_its, later), None)

        return await self.slack.until(found, f"the card of {prompt!r}", within_s=PATIENCE_S)

    async def done(self, sent: Shown, title: str = "Redrawn") -> tuple[Message, Message]:
        """Return card and result of an order (else its notice), once the card says how it ended."""
        card = await self.titled(await self.card(sent), title)
        if title == "Redrawn":
            return card, self.result(card)
        return card, await self.notice(card)

    async def titled(self, card: Message, *titles: str) -> Message:
        """Return a card once it has one of these titles."""
        return await self.slack.until(
            lambda: card if title_of(card).startswith(titles) else None,
            f"{titles} of {card.words}",
            within_s=PATIENCE_S,
        )

    def result(self, card: Message) -> Message:
        """Return the message with pictures that a card links to."""
        links = [each for each in results_of(self.slack, card) if _id_in_links(each) in card.words]
        assert len(links) == 1, f"{len(links)} results of {card.words}"
        return links[0]

    async def notice(self, card: Message) -> Message:
        """Return the one notice of a card's job, once it is there."""

        def found() -> Message | None:
            told = messages_of(self.slack, job_of(card), DeliveryKind.NOTICE)
            return next(iter(told), None)

        return await self.slack.until(found, f"a notice of {card.words}", within_s=PATIENCE_S)

    def _watch(self) -> Callable[[], Awaitable[None]]:
        return self._called if self.mode is Mode.HTTP else self._connected

    async def _connected(self) -> None:
        await self.slack.socket.until_connected(SOCKETS, within_s=STARTS_WITHIN_S)

    async def _called(self) -> None:
        """Return once a signed call is answered; before its login the process says 503."""
        async with asyncio.timeout(STARTS_WITHIN_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    if await self.slack.http.verifies():
                        return
                await asyncio.sleep(0.05)

    async def _gone(self) -> None:
        await self.slack.socket.until_disconnected(within_s=PATIENCE_S)

    def _settings(self) -> dict[str, str]:
        over_socket = {"SLACK_APP_TOKEN": self.slack.app_token}
        over_http = {
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "REDRAW_HTTP_PORT": str(self._port),
        }
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_API_URL": self.slack.api_url,
            "REDRAW_ADMINS": f"slack:{self.boss.id}",
            **(over_http if self.mode is Mode.HTTP else over_socket),
        }


@contextlib.asynccontextmanager
async def bot_of(
    folder: Path,
    mode: Mode = Mode.SOCKET,
    way: Way = "command",
    *,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
    behind_s: float = 0.0,
    rate: float = 1.0,
) -> AsyncIterator[Bot]:
    """Open the fakes and start the process; at the end nothing may be there twice."""
    folder.mkdir()
    async with (
        SlackServer(clock=clock) as slack,
        ProviderServer(fetches_references=True) as provider,
    ):
        bot = Bot(
            folder=folder,
            slack=slack,
            mode=mode,
            provider=provider,
            way=way,
            environ=environ or {},
            behind_s=behind_s,
            rate=rate,
        )
        try:
            await bot.start()
            yield bot
        finally:
            await bot.close()
        nothing_twice(slack, provider, cards_again=bot.kills)


def _prompt_sent(sent: Shown) -> str:
    """Return the prompt of the form that was sent; empty when it was none."""
    view = sent.act.payload.get("view") or {}
    fields = view.get("state", {}).get("values", {}).get("prompt", {}).values()
    return next((str(field["value"]) for field in fields), "")


def _id_in_links(message: Message) -> str:
    return f"/p{message.ts.replace('.', '')}"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
