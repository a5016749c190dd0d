"""
Conductor: carries out the command, the shortcuts and mentions.

What is asked for goes to the desk as it was given: all that is wrong with it is said at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters.desk import Desk
from adapters.slack import given, listings, markup, registration, trail, words
from adapters.slack.blocks import Message
from adapters.slack.drafting import Drafting
from adapters.slack.drafts import Sketch
from adapters.slack.given import Typed
from adapters.slack.listings import Entry
from adapters.slack.ordering import Ordering, Wanted, place_of
from adapters.slack.origin import PLATFORM, Source
from adapters.slack.places import message_link
from adapters.slack.reply import Reply
from adapters.slack.wire import Identity
from core.errors import InvalidRequest, QuotaExceeded
from core.jobs.job import Delivery, Job

HELP: Final = "help"


class Commands:
    """Everything that begins something, but for buttons."""

    def __init__(
        self, desk: Desk, ordering: Ordering, drafting: Drafting, identity: Identity
    ) -> None:
        self._desk = desk
        self._ordering = ordering
        self._drafting = drafting
        self._identity = identity

    async def called(self, reply: Reply) -> None:
        """Carry out `/redraw`: a list, or the form, filled in with what was typed."""
        text = reply.interaction.value
        asked = given.listed(text)
        if asked is not None:
            await self._list(reply, asked)
            return
        typed = given.typed(markup.unescaped(text))
        channel_id = reply.interaction.channel_id
        self._ordering.check(reply.interaction, channel_id)
        try:
            self._ordering.check_values(typed)
        except InvalidRequest as error:
            sketch = Sketch(place=place_of(reply.interaction), values=typed.values)
            await self._drafting.refuse(reply, sketch, error)
        else:
            await self._open(reply, (), typed.values)

    async def shortcut(self, reply: Reply) -> None:
        """Open the form of a shortcut: over a message's pictures, or with a choice of place."""
        match reply.interaction.name:
            case registration.MESSAGE_SHORTCUT:
                await self._redraw_message(reply)
            case registration.GLOBAL_SHORTCUT:
                self._ordering.check(reply.interaction, None)
                await self._open(reply, (), {}, asks_channel=True)
            case _:
                await reply.say(words.OTHER_VERSION)

    async def mentioned(self, reply: Reply) -> None:
        """Order what a mention says, with the pictures of the same message."""
        event = reply.interaction.message
        typed = given.mentioned(str(event.get("text") or ""), bot_user_id=self._identity.user_id)
        pictures = given.pictures_of(event)
        asked = _asked(typed, has_picture=bool(pictures))
        if asked is not None:
            await self._list(reply, asked)
        elif not pictures:
            await reply.say(words.MENTION_WITHOUT_PICTURE)
        else:
            await self._order(reply, pictures, typed)

    async def _order(self, reply: Reply, pictures: tuple[Source, ...], typed: Typed) -> None:
        told, place = reply.interaction, place_of(reply.interaction)
        others = given.left_out(told.message)
        wanted = Wanted(place=place, sources=pictures, values=typed.values, problems=typed.problems)
        key = f"{PLATFORM}:mention:{told.team_id}:{told.channel_id}:{told.message['ts']}"
        # Should Slack not hear that it was acknowledged, it tells somebody of it once more.
        reply.may_run = True
        try:
            request = self._ordering.read(told, wanted)
            is_new = await self._ordering.order(reply, request, wanted, dedupe_key=key)
        except (InvalidRequest, QuotaExceeded) as error:
            several = len(pictures) > 1
            sketch = Sketch(
                place=place, sources=pictures, values=typed.values, pick=several, left_out=others
            )
            await self._drafting.refuse(reply, sketch, error)
        else:
            if is_new and others:
                await reply.say(words.left_out(others))

    async def _redraw_message(self, reply: Reply) -> None:
        pictures = given.pictures_of(reply.interaction.message)
        if not pictures:
            await reply.say(words.NO_PICTURE)
            return
        several = len(pictures) > 1
        # Of several one may be fit, and it is to be chosen which: each is looked at when sent.
        self._ordering.check(
            reply.interaction, reply.interaction.channel_id, () if several else pictures
        )
        await self._open(reply, pictures, {}, left_out=given.left_out(reply.interaction.message))

    async def _open(
        self,
        reply: Reply,
        sources: tuple[Source, ...],
        values: Mapping[str, object],
        *,
        left_out: tuple[str, ...] = (),
        asks_channel: bool = False,
    ) -> None:
        sketch = Sketch(
            place=place_of(reply.interaction),
            sources=sources,
            values=values,
            pick=len(sources) > 1,
            left_out=left_out,
            asks_channel=asks_channel,
        )
        await self._drafting.open(reply, sketch)

    async def _list(self, reply: Reply, asked: str) -> None:
        match asked:
            case "models":
                shown = listings.models_message(self._desk.catalogue, preview=self._desk.preview)
            case "jobs":
                shown = await self._jobs(reply.interaction.requester)
            case _:
                shown = listings.help_message(preview=self._desk.preview)
        await reply.tell(shown)

    async def _jobs(self, requester: str) -> Message:
        queue = self._desk.queue
        listed = await queue.list_with_deliveries(requester, listings.JOBS_MAX)
        entries = [self._entry(*each) for each in listed]
        usage = await queue.usage(requester)
        return listings.jobs_message(entries, usage, self._desk.limits, now=self._desk.clock.now())

    def _entry(self, job: Job, deliveries: tuple[Delivery, ...]) -> Entry:
        return Entry(
            card=self._desk.card(job),
            link=self._link(job, deliveries),
            can_show_again=trail.was_refused(deliveries),
        )

    def _link(self, job: Job, deliveries: tuple[Delivery, ...]) -> str | None:
        at = trail.posted_of(job, deliveries)
        if at is None or at.message_ts is None:
            return None
        workspace_url = self._identity.workspace_url
        return message_link(workspace_url, at.channel_id, at.message_ts, thread_ts=at.thread_ts)


def _asked(typed: Typed, *, has_picture: bool) -> str | None:
    """Return which list a mention asks for: with nothing in it for help."""
    if has_picture or typed.problems:
        return None
    if not typed.values:
        return HELP
    prompt = typed.values.get("prompt", "")
    return given.listed(prompt) if len(typed.values) == 1 else None
