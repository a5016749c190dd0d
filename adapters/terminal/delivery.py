"""Doer: says what there is to say to somebody at a terminal, and writes pictures into a folder."""

from __future__ import annotations

import asyncio

from core.catalogue.catalogue import Catalogue
from core.clock import Clock
from core.media.decoding import Decoder
from core.media.spool import Spool


class TerminalDeliverer:
    """The `Deliverer` of the platform `terminal`."""

    def __init__(
        self, *, spool: Spool, decoder: Decoder, catalogue: Catalogue, clock: Clock
    ) -> None:
        self._spool = spool
        self._decoder = decoder
        self._catalogue = catalogue
        self._clock = clock
        self.changed = asyncio.Event()
