"""Doer: what reads the gateway's events, guarded so that one that cannot be read ends nothing."""

from __future__ import annotations

from collections.abc import Callable

import discord
import structlog

from adapters.discord.interactions import Payload

_log = structlog.get_logger()


class Events:
    """The readers of one client of discord.py's, which would end with the first that fails."""

    def __init__(self, client: discord.Client) -> None:
        self._readers = client._connection.parsers  # noqa: SLF001
        self.refused = 0
        """How many events could not be read."""
        for event, read in self._readers.items():
            self.hand_over(event, read)

    def hand_over(self, event: str, read: Callable[[Payload], object]) -> None:
        """Have every event of a kind handed to `read` as it came."""
        self._readers[event] = self._guarded(event, read)

    def _guarded(self, event: str, read: Callable[[Payload], object]) -> Callable[[Payload], None]:
        def call(payload: Payload) -> None:
            try:
                read(payload)
            except Exception as exc:  # noqa: BLE001 - whatever Discord sends, the next event is read
                self.refused += 1
                _log.exception("discord_payload_refused", event_name=event, error=str(exc))

        return call
