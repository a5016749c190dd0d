"""People on Slack: they order, press, and look at what there is. Each act is somebody else's."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence

from adapters.slack import words
from adapters.slack.registration import COMMAND, GLOBAL_SHORTCUT, MESSAGE_SHORTCUT
from core.jobs.lifecycle import DeliveryKind
from tests.acceptance import slack_marks as marks
from tests.acceptance.chaos.acts import Act, People, View
from tests.acceptance.chaos.plan import Errand
from tests.acceptance.slack_process import PICTURE
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_shown import Shown
from tests.fakes.slack_user import Person
from tests.fakes.slack_values import Channel, Message

GIVEN_UP_S = 4.0
"""How long somebody looks for a form that was to open, in seconds."""
OVER_S = 60.0
"""Within what time Slack has an answer, or has given up on one after its three seconds."""
TRIES = 40
"""How often a form is sent again, and how often Slack tells of a mention."""
AGAIN_S = 0.7


class OnSlack(People):
    """A workspace with three channels, and as many people as there are acts."""

    def __init__(self, slack: SlackServer) -> None:
        self.acts = []
        self._slack = slack
        self._channels = [slack.world.channel(name) for name in ("art", "misc", "news")]
        self._numbers = itertools.count()
        self._who: dict[str, Person] = {}
        self._answers: list[Shown] = []
        """What came of presses of Cancel, whose words turn nothing down."""

    async def order(self, errand: Errand, prompt: str) -> Act:
        where = self._channels[errand.way % 3]
        ways = (self._by_command, self._by_mention, self._by_shortcut, self._by_global_shortcut)
        way = ways[errand.way % len(ways)]
        sent = await way(self._somebody(where), prompt, where)
        return self._kept(prompt, way.__name__, sent)

    async def run_again(self, view: View) -> Act | None:
        card = _card(view)
        if "Run again" not in marks.labels_of(card) or card.deleted:
            return None
        shown = await self._somebody(card.channel).click(card, "Run again", waits=False)
        await shown.over(within_s=OVER_S)
        return self._kept(view.prompt, "Run again", [shown])

    async def cancel(self, view: View) -> None:
        card = _card(view)
        if "Cancel" in marks.labels_of(card):
            (requester,) = marks.pings_of(card)
            pressed = await self._who[requester].click(card, "Cancel", waits=False)
            self._answers.append(pressed)

    def views(self) -> list[View]:
        found: dict[str, View] = {}
        for message in marks.public(self._slack):
            mark = marks.mark_of(message)
            if mark and mark[1] is DeliveryKind.CARD:
                again = found.get(mark[0])
                found[mark[0]] = _view(mark[0], message, 1 + (again.cards if again else 0))
            elif mark and mark[1] is DeliveryKind.NOTICE and mark[0] in found:
                found[mark[0]].notices += 1
        return list(found.values())

    def seen_to_the_end(self) -> list[View]:
        """Return all jobs with their results, which takes longer to find out."""
        views = self.views()
        for view in views:
            view.results = len(marks.results_of(self._slack, _card(view)))
        return views

    def delivered_twice(self) -> int:
        return marks.delivered_twice(self._slack)

    def told_twice(self) -> int:
        return marks.told_twice(self._slack)

    async def break_line(self) -> None:
        self._slack.socket.abort()

    def _somebody(self, where: Channel) -> Person:
        who = self._slack.user(f"person{next(self._numbers)}", channel=where)
        self._who[who.id] = who
        return who

    def _kept(self, prompt: str, what: str, sent: Sequence[Shown]) -> Act:
        act = Act(
            platform="slack", prompt=prompt, what=what,
            is_acknowledged=lambda: any(map(_was_taken, sent)),
            told=lambda: self._told(sent),
        )  # fmt: skip
        self.acts.append(act)
        return act

    def _told(self, sent: Sequence[Shown]) -> str:
        said = [each for shown in sent for each in shown.ephemerals]
        answers = [each for shown in self._answers for each in shown.ephemerals] if said else []
        told = {each.words: None for each in said if each not in answers}
        return "\n".join(each for each in told if words.FORM_IN_DOUBT not in each)

    async def _by_command(self, who: Person, prompt: str, where: Channel) -> list[Shown]:
        opened = await who.command(COMMAND, channel=where, waits=False)
        return await self._sent(who, opened, {"Picture": PICTURE, "Prompt": prompt})

    async def _by_shortcut(self, who: Person, prompt: str, where: Channel) -> list[Shown]:
        message = who.upload(dict([PICTURE]), channel=where)
        opened = await who.message_shortcut(MESSAGE_SHORTCUT, message, waits=False)
        return await self._sent(who, opened, {"Prompt": prompt})

    async def _by_global_shortcut(self, who: Person, prompt: str, where: Channel) -> list[Shown]:
        opened = await who.global_shortcut(GLOBAL_SHORTCUT, waits=False)
        filled = {"Picture": PICTURE, "Prompt": prompt, "Where to post": where.id}
        return await self._sent(who, opened, filled)

    async def _by_mention(self, who: Person, prompt: str, where: Channel) -> list[Shown]:
        """Mention it once; Slack tells of that again until it hears an acknowledgement."""
        told = [await who.mention(prompt, files=dict([PICTURE]), channel=where, waits=False)]
        event_id = told[0].event_id
        for number in range(1, TRIES):
            if not (await told[-1].over(within_s=OVER_S)).unacknowledged:
                break
            await asyncio.sleep(AGAIN_S)
            told.append(await self._slack.redeliver(event_id, number, waits=False))
        return told

    async def _sent(self, who: Person, opened: Shown, filled: Mapping[str, object]) -> list[Shown]:
        """Send the form that an act has opened, until it is taken; nothing when there is none."""
        try:
            view = await opened.viewed(lambda view: view.controls, within_s=GIVEN_UP_S)
        except AssertionError:
            return []
        sent: list[Shown] = []
        while view.open and len(sent) < TRIES:
            sent.append(await who.submit(view, {} if sent else filled, waits=False))
            await sent[-1].over(within_s=OVER_S)
            if view.open:
                await asyncio.sleep(AGAIN_S)
        return sent


Way = Callable[[Person, str, Channel], Awaitable[list[Shown]]]


def _was_taken(shown: Shown) -> bool:
    """Whether it was acknowledged, and not with what is wrong with it."""
    return shown.act.acked_s is not None and not shown.errors


def _card(view: View) -> Message:
    assert isinstance(view.card, Message)
    return view.card


def _view(job_id: str, card: Message, cards: int) -> View:
    title = marks.title_of(card)
    return View(
        job_id=job_id,
        platform="slack",
        prompt=marks.prompt_of(card),
        title=title,
        card=card,
        cards=cards,
        is_under_way="Cancel" in marks.labels_of(card) or title.startswith("Redrawing"),
    )
