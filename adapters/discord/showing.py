"""Decider: a job's messages as they are to be sent now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from adapters import presentation
from adapters.discord import naming, render
from adapters.discord.errand import Errand, Said
from adapters.discord.outgoing import Outgoing
from adapters.discord.places import message_link
from adapters.discord.render import Mark
from adapters.discord.uploads import Fitted
from adapters.presentation import Action, JobCard
from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.jobs.job import Job


class Showing:
    """Renders what there is to say of a job."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        clock: Clock,
        expected_s: Callable[[str], float | None],
    ) -> None:
        self._catalogue = catalogue
        self._clock = clock
        self._expected_s = expected_s

    def of(self, job: Job) -> JobCard:
        """Return what there is to say of a job now."""
        model_id = job.request.model_id
        return presentation.card(
            job,
            presentation.model_of(self._catalogue, model_id),
            now=self._clock.now(),
            expected_s=self._expected_s(model_id),
        )

    def card(
        self, job: Job, mark: Mark, requester_id: int, names: Sequence[str], link: str | None
    ) -> Outgoing:
        """Return the card; it pings nobody."""
        view = render.card_view(
            self.of(job),
            mark=mark,
            requester_id=requester_id,
            references=naming.references(names),
            result_link=link,
        )
        return Outgoing(view=view)

    def emptied(self, job: Job, mark: Mark, requester_id: int, *, asks: bool) -> Outgoing:
        """Return what is left of a message; `asks`: with Delete, to ask once more. Pings nobody."""
        shown = replace(self.of(job), actions=(Action.DELETE,) if asks else ())
        view = render.card_view(
            shown, mark=mark, requester_id=requester_id, references=(), result_link=None
        )
        return Outgoing(view=view)

    def result(self, errand: Errand, fitted: Fitted, links: tuple[str, ...]) -> Outgoing:
        """Return the message with the pictures; it pings who asked for them."""
        card = self.of(errand.job)
        view = render.result_view(
            card,
            mark=errand.mark,
            requester_id=errand.told.user_id,
            pictures=naming.results(card, [file.name for file in fitted.files]),
            links=links,
            missing=len(errand.job.outputs) - len(fitted.files) - len(links),
        )
        return Outgoing(view=view, files=fitted.files, pings=errand.told.user_id)

    def notice(self, errand: Errand) -> Outgoing:
        """Return the message for a job without pictures; it pings who asked for it."""
        view = render.notice_view(
            self.of(errand.job),
            mark=errand.mark,
            requester_id=errand.told.user_id,
            card_link=link_to(errand.told.guild_id, errand.card),
        )
        return Outgoing(view=view, pings=errand.told.user_id)

    def thread_name(self, job: Job) -> str:
        """Return what the thread on a job's card is called."""
        return render.thread_name(self.of(job))


def link_to(guild_id: int | None, where: Said | None) -> str | None:
    """Return the address of a message of ours."""
    return None if where is None else message_link(guild_id, where.channel_id, where.message_id)
