"""
Conductor: answers clicks, on a card of today as on one of a month ago.

A button says which action and which job; the store says how the job stands; whether it is allowed
is the desk's word. Nothing is kept between two clicks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, assert_never

from adapters import presentation
from adapters.desk import Desk
from adapters.presentation import Action
from adapters.slack import ids, trail, words
from adapters.slack.blocks import Button
from adapters.slack.comparing import Comparing
from adapters.slack.drafting import Drafting
from adapters.slack.ids import Press, Step, Stepped
from adapters.slack.private import private_message
from adapters.slack.removal import Remove
from adapters.slack.reply import Reply
from adapters.slack.runs import Runs
from core.errors import DeliveryRetryable, UnknownJob
from core.jobs.job import OPEN_DELIVERIES, Delivery, Job

LOOK_S: Final = 0.5
"""Between two looks at what is still to be said of a job that is to be deleted, in seconds."""
LOOKS: Final = 20
"""How often it is looked; the last edit of a card comes seconds after its result."""
_LABELS = {
    Action.RUN_AGAIN: "Run anyway",
    Action.EDIT_AND_RUN: "Edit anyway",
    Action.DELETE: "Delete",
}
"""What is asked about before it is done, and what the button for it says."""


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
        job = await self._allowed(reply, press.action, press.job_id)
        if job is None:
            return
        question = self._question(press.action, job)
        if question is None:
            await self._carry_out(reply, press.action, job)
        elif await self._is_legal(reply, press.action, job):
            await _ask(reply, press.action, job, question)

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
        if stepped.action not in _LABELS:
            await reply.say(words.OTHER_VERSION)
            return
        job = await self._allowed(reply, stepped.action, stepped.subject_id)
        if job is not None:
            await self._carry_out(reply, stepped.action, job)
            await reply.withdraw()

    async def _allowed(self, reply: Reply, action: Action, job_id: str) -> Job | None:
        """Return the job of a click; None once the user was told why this is not possible."""
        job = await self._job(reply, job_id)
        if trail.is_emptied(job):
            await reply.say(words.FORGOTTEN)
            return None
        user = reply.interaction.requester
        if not self._desk.may(action, job, user=user, is_moderator=False):
            await reply.say(words.NOT_YOURS)
            return None
        return job

    async def _job(self, reply: Reply, job_id: str) -> Job:
        """Return the job of a click; raises UnknownJob also for one that is of another place."""
        job, told = await self._desk.queue.get(job_id), reply.interaction
        is_theirs = told.requester in {job.origin.requester, *self._desk.admins}
        if is_theirs or trail.is_emptied(job) or trail.is_of(job, told.channel_id):
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
            await reply.say(words.why_not(action, job))
            return False
        return True

    def _question(self, action: Action, job: Job) -> str | None:
        """Return what is asked before the action is carried out, or None."""
        if action not in _LABELS:
            return None
        warning = presentation.warning(action, job)
        if action is Action.DELETE:
            return " ".join(filter(None, (words.DELETE_ASKED, warning)))
        return warning

    async def _cancel(self, reply: Reply, job: Job) -> None:
        left = await self._desk.queue.cancel(job.job_id)
        if left is None:
            now = await self._desk.queue.get(job.job_id)
            await reply.say(words.too_late_to_cancel(now))
            return
        await reply.say(presentation.outcome(left).text)

    async def _check_again(self, reply: Reply, job: Job) -> None:
        asked = await self._desk.queue.check_again(job.job_id)
        await reply.say(words.TOO_LATE_TO_CHECK if asked is None else words.CHECKING)

    async def _show_again(self, reply: Reply, job_id: str) -> None:
        job = await self._desk.queue.get(job_id)
        if job.origin.requester != reply.interaction.requester:
            await reply.say(words.NOT_YOURS)
            return
        if job.outputs and not await self._desk.keeps_any(job.outputs):
            await reply.say(words.NOT_KEPT)
            return
        shown = await self._desk.queue.show_again(job_id)
        await reply.say(words.NOTHING_REFUSED if shown is None else words.SHOWN_AGAIN)

    async def _delete(self, reply: Reply, job: Job) -> None:
        """Delete what is on Slack first, as our copy alone knows it; a button stays to the end."""
        await reply.acknowledge()
        deliveries = await self._settled(job.job_id)
        if deliveries is None:
            await reply.say(words.STILL_BUSY)
            return
        try:
            await self._remove(job, deliveries)
        except DeliveryRetryable:
            await reply.say(words.NOT_DELETED)
            return
        if await self._desk.queue.forget(job.job_id) is None:
            await reply.say(words.STILL_BUSY)
            return
        await self._remove(job, deliveries, is_forgotten=True)
        await reply.say(words.DELETED)

    async def _settled(self, job_id: str) -> tuple[Delivery, ...] | None:
        """Return what was said once nothing is left to be said; None when that takes too long."""
        for _ in range(LOOKS):
            deliveries = await self._desk.queue.deliveries(job_id)
            if not any(each.state in OPEN_DELIVERIES for each in deliveries):
                return deliveries
            await self._desk.clock.sleep(LOOK_S)
        return None


async def _ask(reply: Reply, action: Action, job: Job, question: str) -> None:
    button = Button(
        label=_LABELS[action],
        action_id=ids.step(Step.ANYWAY, action),
        value=job.job_id,
        style="danger",
    )
    await reply.tell(private_message(question, buttons=[button]))
