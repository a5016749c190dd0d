"""
Conductor: carries out the commands, and completes their options while somebody types.

Options go to the desk as they were given: all that is wrong with them is said at once.
"""

from __future__ import annotations

from typing import Final

from adapters.desk import Desk
from adapters.discord import declared, forms, given, listings, trail, words
from adapters.discord.drafting import Drafting
from adapters.discord.given import announced
from adapters.discord.listings import Entry
from adapters.discord.markup import escaped
from adapters.discord.ordering import Ordering, Wanted
from adapters.discord.private import private_view
from adapters.discord.reply import Reply
from core.jobs.job import Delivery, Job

COMPLETED: Final = frozenset({"model", "size"})


class Commands:
    """Everything that begins with a slash, and the command on a message."""

    def __init__(self, desk: Desk, ordering: Ordering, drafting: Drafting) -> None:
        self._desk = desk
        self._ordering = ordering
        self._drafting = drafting

    async def called(self, reply: Reply) -> None:
        """Carry out a command; raises AppErrors for the user to read."""
        match reply.interaction.name:
            case declared.REDRAW:
                await self._redraw(reply)
            case declared.REDRAW_MESSAGE:
                await self._redraw_message(reply)
            case declared.MODELS:
                view = listings.models_view(self._desk.catalogue, preview=self._desk.preview)
                await reply.tell(view)
            case declared.JOBS:
                await self._jobs(reply)
            case _:
                await reply.tell(private_view(escaped(words.OTHER_VERSION)))

    async def typing(self, reply: Reply) -> None:
        """Offer what may stand in the option that is being typed into."""
        data = reply.interaction.data
        name, typed = given.focused(data)
        match name:
            case "model":
                choices = forms.model_choices(self._desk.catalogue, typed)
            case "size":
                model = given.text_of(data, "model")
                default_model = self._desk.default_model
                choices = forms.size_choices(self._desk.catalogue, model, typed, default_model)
            case _:
                choices = []
        await reply.offer(choices)

    async def _redraw(self, reply: Reply) -> None:
        came = given.given(reply.interaction.data)
        values = {**came.values, "size": forms.size_asked(came.text("size"))}
        wanted = Wanted(sources=came.pictures, files=came.files, values=values)
        request = self._ordering.read(reply.interaction, wanted)
        await self._ordering.order(reply, request, came.pictures)

    async def _redraw_message(self, reply: Reply) -> None:
        pictures = given.pictures_of(given.target(reply.interaction.data))
        if not pictures:
            await reply.tell(private_view(escaped(words.NO_PICTURE)))
            return
        several = len(pictures) > 1
        self._ordering.check(reply.interaction, () if several else announced(pictures))
        await self._drafting.open(reply, pictures, {}, pick=several)

    async def _jobs(self, reply: Reply) -> None:
        await reply.think()
        requester, queue = reply.interaction.requester, self._desk.queue
        listed = await queue.list_with_deliveries(requester, listings.JOBS_MAX)
        entries = [self._entry(*each) for each in listed]
        view = listings.jobs_view(
            entries, await queue.usage(requester), self._desk.limits, now=self._desk.clock.now()
        )
        await reply.tell(view)

    def _entry(self, job: Job, deliveries: tuple[Delivery, ...]) -> Entry:
        return Entry(
            card=self._desk.card(job),
            link=trail.link_of(job, deliveries),
            can_show_again=trail.was_refused(deliveries),
        )
