"""Conductor: has uploaded files posted as one message, and makes sure that they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog

from adapters.slack import refusals
from adapters.slack.refusals import Refusal
from adapters.slack.wire import HeldFile, Posted, Wire
from core.clock import Clock
from core.errors import DeliveryRefused

FIRST_S: Final = 0.25
"""How long the first look waits, in seconds: at once a file is never there, and looks count."""
PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Between two looks whether a file is posted, in seconds; Slack does it after its answer."""

log = structlog.get_logger()


class Sharing:
    """An answer to the upload's completion proves nothing: files.info tells."""

    def __init__(self, *, wire: Wire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock

    async def look(self, file_id: str) -> HeldFile | None:
        """Return a file, or None when there is none or its upload was never completed."""
        try:
            return await self._wire.file(file_id)
        except DeliveryRefused as exc:
            if refusals.of(exc) is Refusal.FILE_GONE:
                return None
            raise

    async def confirm(self, file_ids: Sequence[str], channel_id: str) -> Posted | None:
        """Return the message that the files are in, with those that are there; None: not yet."""
        await self._clock.sleep(FIRST_S)
        there: dict[str, Posted] = {}
        for each in file_ids:
            # Where the first stays away for as long as may be, one look tells of the next.
            is_worth_it = bool(there) or each == file_ids[0]
            found = await self._wait(each, channel_id, PAUSES_S if is_worth_it else ())
            there |= {} if found is None else {each: found}
        if not there:
            return None
        if len(there) < len(file_ids):
            log.warning("slack_left_files_out", missing=len(file_ids) - len(there))
        return replace(next(iter(there.values())), file_ids=tuple(there))

    async def withdraw(self, file_ids: Sequence[str]) -> None:
        """Delete files, so that they are never posted late."""
        for file_id in file_ids:
            try:
                await self._wire.delete_file(file_id)
            except DeliveryRefused as exc:
                log.info("slack_file_not_deleted", error=exc.reason)

    async def _wait(
        self, file_id: str, channel_id: str, pauses_s: Sequence[float]
    ) -> Posted | None:
        """Return where a file is in a channel, once it is; None when that takes too long."""
        for pause_s in (*pauses_s, None):
            held = await self.look(file_id)
            if held is not None and channel_id in held.shares:
                return held.shares[channel_id]
            if pause_s is not None:
                await self._clock.sleep(pause_s)
        return None
