"""People on Discord: they order, press, and look at what there is."""

from __future__ import annotations

import collections
import contextlib
from typing import Any

from tests.acceptance.chaos.acts import PROMPT, Act, People, View
from tests.acceptance.chaos.plan import Errand
from tests.acceptance.discord_marks import mark_of
from tests.acceptance.discord_process import PICTURE
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_shown import Shown, Unanswered
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Channel, Message

MENU = "Redraw this image"
ANSWERED_S = 4.0
"""How long somebody waits for an answer: Discord waits for three seconds."""
UNDER_WAY = "### Redrawing"


class OnDiscord(People):
    """A server with three channels, and some people."""

    def __init__(self, discord: DiscordServer, people: int) -> None:
        world, self.acts = discord.world, []
        guild = world.guild()
        self._discord = discord
        self._channels = [world.channel(guild, name=name) for name in ("art", "misc", "news")]
        self._people = [discord.user(f"person{number}") for number in range(people)]

    async def order(self, errand: Errand, prompt: str) -> Act:
        who = self._people[errand.person % len(self._people)]
        where = self._channels[errand.way % 3]
        if errand.way % 4 == 0:
            return await self._by_menu(who, where, prompt)
        options, files = {"prompt": prompt}, {"image": PICTURE}
        shown = await who.slash("redraw", options, channel=where, attachments=files, waits=False)
        return await self._asked(shown, prompt, "/redraw")

    async def _by_menu(self, who: Person, where: Channel, prompt: str) -> Act:
        message = self._discord.world.message(where, who.user, files=dict([PICTURE]))
        opened = await who.message_command(MENU, message, waits=False)
        await _answered(opened)
        if opened.kind != "modal":
            return self._kept(Act(
                platform="discord", prompt=prompt, what=MENU,
                is_acknowledged=lambda: False, told=lambda: "",
            ))  # fmt: skip
        sent = await who.submit_modal(opened, {"Prompt": prompt}, waits=False)
        return await self._asked(sent, prompt, MENU)

    async def run_again(self, view: View) -> Act | None:
        for message in self._results(view.job_id):
            if "Run again" in message.labels and not message.deleted:
                who = self._people[message.id % len(self._people)]
                shown = await who.click(message, "Run again", waits=False)
                return await self._asked(shown, view.prompt, "Run again")
        return None

    async def cancel(self, view: View) -> None:
        card = view.card
        assert isinstance(card, Message)
        if "Cancel" in card.labels:
            mentioned = [who for who in self._people if who.mention in card.text]
            await _answered(await mentioned[0].click(card, "Cancel", waits=False))

    async def _asked(self, shown: Shown, prompt: str, what: str) -> Act:
        act = Act(
            platform="discord", prompt=prompt, what=what,
            is_acknowledged=lambda: shown.kind is not None, told=lambda: _told(shown),
        )  # fmt: skip
        await _answered(shown)
        return self._kept(act)

    def _kept(self, act: Act) -> Act:
        self.acts.append(act)
        return act

    def views(self) -> list[View]:
        found: dict[str, View] = {}
        marked = [(mark, each) for each in self._said() if (mark := mark_of(each))]
        for (job_id, kind, _), message in marked:
            if kind == "card":
                again = found.get(job_id)
                found[job_id] = _view(job_id, message, 1 + (again.cards if again else 0))
        for (job_id, kind, _), _message in marked:
            if job_id in found:
                found[job_id].results += kind == "result"
                found[job_id].notices += kind == "notice"
        return list(found.values())

    def delivered_twice(self) -> int:
        return self._twice("result")

    def told_twice(self) -> int:
        return self._twice("notice")

    async def break_line(self) -> None:
        await self._discord.gateway.drop()

    def _twice(self, wanted: str) -> int:
        marks = collections.Counter(
            mark for each in self._said() if (mark := mark_of(each)) and mark[1] == wanted
        )
        return sum(count - 1 for count in marks.values())

    def _results(self, job_id: str) -> list[Message]:
        marked = [(mark_of(each), each) for each in self._said()]
        return [each for mark, each in marked if mark and mark[:2] == (job_id, "result")]

    def _said(self) -> list[Message]:
        world = self._discord.world
        own = [each for each in world.messages.values() if each.author is world.bot]
        return [each for each in own if not each.ephemeral]


def _view(job_id: str, card: Message, cards: int) -> View:
    quoted = PROMPT.search(card.text)
    return View(
        job_id=job_id,
        platform="discord",
        prompt=quoted[0] if quoted else "",
        title=card.text.partition("\n")[0].removeprefix("### "),
        card=card,
        cards=cards,
        is_under_way="Cancel" in card.labels or card.text.startswith(UNDER_WAY),
    )


async def _answered(shown: Shown) -> None:
    with contextlib.suppress(Unanswered):
        await shown.acknowledged(within_s=ANSWERED_S)


def _told(shown: Shown) -> str:
    said: list[Any] = [shown.original if shown.ephemeral else None, *shown.followups]
    private = [each for each in said if each is not None and each.ephemeral and not each.loading]
    return "\n".join(each.text for each in private)
