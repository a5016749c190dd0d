"""Conductor: carries out one accepted task, from its order to the pictures on the shelf."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeAlias

from core.catalogue.model import Model
from core.clock import Clock
from core.errors import MediaError
from core.studio import envelope, faults, order, pictures
from core.studio.envelope import Failure, Outcome, Status
from core.studio.faults import FaultName
from core.studio.journal import Journal
from core.studio.order import Order, Parameters
from core.studio.painter import Painted, Painting
from core.studio.references import BadPicture, References
from core.studio.settings import StudioSettings
from core.studio.shelf import Shelf

Paint: TypeAlias = Callable[[Painting], Painted]
"""What draws one picture."""

BEGINNINGS_MAX: Final = 5
"""How often a task is begun: one that kills its workers would else go from one to the next."""

_FAILING = {
    FaultName.FAILED: envelope.PROVIDER_REFUSED,
    FaultName.TIME_LIMIT: envelope.TIME_LIMIT,
}


class Interrupted(Exception):
    """The studio stops; an interrupted task is begun anew when it runs again."""


class Workbench:
    """Carries out tasks, one a thread; its methods block."""

    def __init__(
        self,
        settings: StudioSettings,
        *,
        paint: Paint,
        clock: Clock,
        stopping: threading.Event,
    ) -> None:
        """Raises AddressRefused for an allowed origin that is no URL."""
        self.shelf = Shelf(settings.data_dir, clock=clock, life_s=settings.result_life_s)
        self.journal = Journal(settings.data_dir, clock=clock)
        self._references = References(
            clock=clock, origins=settings.allowed_origins, only_these=settings.embedded
        )
        self._models = settings.models
        self._paint = paint
        self._clock = clock
        self._stopping = stopping

    def carry_out(self, task: Order) -> None:
        """
        Carry out a queued task and keep how it ended; one that has ended is left alone.

        Raises Interrupted.
        """
        if self.shelf.find(task.task_id) is None:
            self.shelf.put(task.task_id, self._begun(task))
        self.journal.drop(task.task_id)

    def give_up(self, task: Order, error: BaseException) -> None:
        """Keep that a task ended with an unexpected exception."""
        self.shelf.put(task.task_id, self._failed(task, envelope.crashed(error), 0.0))
        self.journal.drop(task.task_id)

    def _begun(self, task: Order) -> Outcome:
        """Carry out a task, unless it was begun too often: whoever did so was killed each time."""
        if self.journal.begin(task.task_id) > BEGINNINGS_MAX:
            return self._failed(task, envelope.WORKERS_LOST, 0.0)
        try:
            return self.perform(task)
        except Interrupted:
            self.journal.unbegin(task.task_id)
            raise

    def perform(self, task: Order) -> Outcome:
        """Carry out a task and return how it ended; raises Interrupted."""
        began_s = self._clock.monotonic_s()
        result = self._draw(task)
        runtime_s = self._clock.monotonic_s() - began_s
        if isinstance(result, Failure):
            return self._failed(task, result, runtime_s)
        return self._succeeded(task, result, runtime_s)

    def _draw(self, task: Order) -> list[Painted] | Failure:
        """Return the whole batch, or why there is none: one bad picture fails all."""
        try:
            model = self._models[task.model_id]
        except KeyError:
            return envelope.unknown_service(task.app_id)
        read = order.parameters(task, model)
        if isinstance(read, Failure):
            return read
        failure = self._commit_fault(task, read)
        if failure is not None:
            return failure
        try:
            images = self._references.fetch(read.image_urls, trusts_loopback=task.trusts_loopback)
        except BadPicture as exc:
            return exc.failure
        try:
            return [self._one(read, model, images, index) for index in range(read.batch)]
        except MediaError:
            return envelope.BAD_PICTURE

    def _commit_fault(self, task: Order, read: Parameters) -> Failure | None:
        fault = faults.parse(task.fault)
        if fault is not None and fault.name is FaultName.DELAY:
            self._stopping.wait(fault.seconds)
        if faults.is_moderated(fault, read.prompt):
            return envelope.moderated(task.model_id)
        return None if fault is None else _FAILING.get(fault.name)

    def _one(
        self, read: Parameters, model: Model, images: tuple[bytes, ...], index: int
    ) -> Painted:
        if self._stopping.is_set():
            raise Interrupted
        size = order.size_of(read, model)
        return self._paint(
            Painting(
                model_id=model.model_id,
                prompt=faults.without_faults(read.prompt),
                negative_prompt=read.negative_prompt or "",
                images=images,
                strength=read.strength,
                guidance_scale=read.guidance_scale,
                size=None if size is None else (size.width_px, size.height_px),
                batch_index=index,
            )
        )

    def _failed(self, task: Order, failure: Failure, runtime_s: float) -> Outcome:
        return Outcome(
            status=Status.FAILED,
            app_id=task.app_id,
            input=task.echo,
            finished_at=self._clock.now(),
            runtime_s=runtime_s,
            failure=failure,
        )

    def _succeeded(self, task: Order, painted: list[Painted], runtime_s: float) -> Outcome:
        """Keep the pictures that are not withheld; a batch may come out short, or empty."""
        prompt = str(task.body.get("prompt", ""))
        hidden = faults.withheld(faults.parse(task.fault), prompt, len(painted))
        # Every second picture, the first one included, and only then the rest: a short result
        # must not line up with the batch by accident.
        order_of_loss = [*range(0, len(painted), 2), *range(1, len(painted), 2)]
        lost = set(order_of_loss[:hidden])
        kept = [(i, picture) for i, picture in enumerate(painted) if i not in lost]
        names = [self._keep(task, index, picture) for index, picture in kept]
        return Outcome(
            status=Status.SUCCESS,
            app_id=task.app_id,
            input=task.echo,
            finished_at=self._clock.now(),
            runtime_s=runtime_s,
            files=tuple(name for name, _ in names),
            small_files=tuple(small for _, small in names),
            batch=len(painted),
            understood=painted[0].understood,
            ignored=painted[0].ignored,
        )

    def _keep(self, task: Order, index: int, picture: Painted) -> tuple[str, str]:
        """Put a picture and its small copy on the shelf; return their names."""
        name = envelope.picture_name(task.task_id, str(index), task.accepted_at)
        small = envelope.picture_name(task.task_id, f"{index}-small", task.accepted_at)
        self.shelf.put_picture(name, pictures.marked(picture.data, picture.kind))
        self.shelf.put_picture(small, pictures.small_copy(picture.data))
        return name, small
