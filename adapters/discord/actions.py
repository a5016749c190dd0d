"""
Conductor: answers clicks, on a card of today as on one of a month ago.

A custom id says which action and which job; the store says how the job stands; whether it is
allowed is the desk's word. Nothing is kept between two clicks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, assert_never

from adapters import presentation
from adapters.desk import Desk
from adapters.discord import asking, trail, words
from adapters.discord.comparing import Comparing
from adapters.discord.drafting import Drafting
from adapters.discord.ids import Press, Step, Stepped
from adapters.discord.interactions import Interaction
from adapters.discord.markup import escaped
from adapters.discord.origin import of
from adapters.discord.private import private_view
from adapters.discord.removal import Remove
from adapters.discord.reply import Reply
from adapters.discord.runs import Runs
from adapters.presentation import Action
from core.errors import DeliveryRetryable, UnknownJob
from core.jobs.job import OPEN_DELIVERIES, Delivery, Job

LOOK_S: Final = 0.5
"""Between two looks at what is still to be said of a job that is to be deleted, in seconds."""
LOOKS: Final = 20
"""How often it is looked; the last edit of a card comes seconds after its result."""


class Actions:
    """Carries out what a click asks for."""

    def __init__(
        self, desk: Desk, runs: Runs, drafting: Drafting, comparing: Comparing, remove: Remove
    ) -> None:
        self._desk = desk
        self._runs = runs
        self._drafting = drafting
        self._comparing = comparing
        self._remove = remove

    async def pressed(self, reply: Reply, press: Press) -> None:
        """Answer a click on a job's button; raises UnknownJob and what else the store does."""
        job = await self._job(reply, press.job_id)
        if trail.is_emptied(job):
            await _tell(reply, words.FORGOTTEN)
            return
        if not self._may(press.action, job, reply.interaction):
            await _tell(reply, words.NOT_YOURS)
            return
        question = asking.question(press.action, job)
        if question is None:
            await self._carry_out(reply, press.action, job)
        elif await self._is_legal(reply, press.action, job):
            await asking.ask(reply, press.action, job, question)

    async def stepped(self, reply: Reply, stepped: Stepped) -> None:
        """Answer a click in a private answer."""
        match stepped.step:
            case Step.EDIT_DRAFT:
                await self._drafting.open_again(reply, stepped.subject_id)
            case Step.SHOW_AGAIN:
                await self._show_again(reply, stepped.subject_id)
            case Step.ANYWAY:
                await self._anyway(reply, stepped)
            case _:
                assert_never(stepped.step)

    async def _anyway(self, reply: Reply, stepped: Stepped) -> None:
        if stepped.action not in asking.LABELS:
            await _tell(reply, words.OTHER_VERSION)
            return
        job = await self._job(reply, stepped.subject_id)
        if trail.is_emptied(job):
            await _tell(reply, words.FORGOTTEN)
        elif self._may(stepped.action, job, reply.interaction):
            await self._carry_out(reply, stepped.action, job)
        else:
            await _tell(reply, words.NOT_YOURS)

    async def _job(self, reply: Reply, job_id: str) -> Job:
        """Return the job of a click; raises UnknownJob also for one that is of another place."""
        job, told = await self._desk.queue.get(job_id), reply.interaction
        is_theirs = told.requester in {job.origin.requester, *self._desk.admins}
        if is_theirs or trail.is_emptied(job) or trail.is_of(job, told.guild_id):
            return job
        raise UnknownJob(job_id)

    async def _carry_out(self, reply: Reply, action: Action, job: Job) -> None:
        """Do it; the queue itself says when it is too late for what only it does."""
        match action:
            case Action.CANCEL:
                await self._cancel(reply, job)
            case Action.CHECK_AGAIN:
                await self._check_again(reply, job)
            case _:
                if await self._is_legal(reply, action, job):
                    await self._handler(action)(reply, job)

    def _handler(self, action: Action) -> Callable[[Reply, Job], Awaitable[None]]:
        return {
            Action.RUN_AGAIN: self._runs.again,
            Action.EDIT_AND_RUN: self._runs.edit,
            Action.USE_AS_INPUT: self._runs.use_as_input,
            Action.BEFORE_AFTER: self._comparing.show,
            Action.DELETE: self._delete,
        }[action]

    async def _is_legal(self, reply: Reply, action: Action, job: Job) -> bool:
        """Whether the job allows it now; if not, the user has been told why."""
        if action not in self._desk.card(job).actions:
            await _tell(reply, words.why_not(action, job))
            return False
        return True

    def _may(self, action: Action, job: Job, told: Interaction) -> bool:
        """Whether this user may; a moderator is one where the job was asked for."""
        is_moderator = told.asked().is_moderator and of(job.origin).guild_id == told.guild_id
        return self._desk.may(action, job, user=told.requester, is_moderator=is_moderator)

    async def _cancel(self, reply: Reply, job: Job) -> None:
        left = await self._desk.queue.cancel(job.job_id)
        if left is None:
            now = await self._desk.queue.get(job.job_id)
            await _tell(reply, words.too_late_to_cancel(now))
            return
        await _tell(reply, presentation.outcome(left).text)

    async def _check_again(self, reply: Reply, job: Job) -> None:
        asked = await self._desk.queue.check_again(job.job_id)
        await _tell(reply, words.TOO_LATE_TO_CHECK if asked is None else words.CHECKING)

    async def _show_again(self, reply: Reply, job_id: str) -> None:
        job = await self._desk.queue.get(job_id)
        if job.origin.requester != reply.interaction.requester:
            await _tell(reply, words.NOT_YOURS)
            return
        if job.outputs and not await self._desk.keeps_any(job.outputs):
            await _tell(reply, words.NOT_KEPT)
            return
        shown = await self._desk.queue.show_again(job_id)
        await _tell(reply, words.NOTHING_REFUSED if shown is None else words.SHOWN_AGAIN)

    async def _delete(self, reply: Reply, job: Job) -> None:
        """Delete what is on Discord first: our copy alone knows it; a button stays to the end."""
        await reply.say_nothing()
        deliveries = await self._settled(job.job_id)
        if deliveries is None:
            await _tell(reply, words.STILL_BUSY)
            return
        try:
            await self._remove(job, deliveries)
        except DeliveryRetryable:
            await asking.ask(reply, Action.DELETE, job, words.NOT_DELETED)
            return
        if await self._desk.queue.forget(job.job_id) is None:
            await _tell(reply, words.STILL_BUSY)
            return
        await self._remove(job, deliveries, is_forgotten=True)
        await _tell(reply, words.DELETED)

    async def _settled(self, job_id: str) -> tuple[Delivery, ...] | None:
        """Return what was said once nothing is left to be said; None when that takes too long."""
        for _ in range(LOOKS):
            deliveries = await self._desk.queue.deliveries(job_id)
            if not any(each.state in OPEN_DELIVERIES for each in deliveries):
                return deliveries
            await self._desk.clock.sleep(LOOK_S)
        return None


async def _tell(reply: Reply, text: str) -> None:
    await reply.tell(private_view(escaped(text)))
