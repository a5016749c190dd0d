"""Port: what the root hands to the terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ulid import ULID

from adapters.terminal.delivery import TerminalDeliverer
from core.catalogue.catalogue import Catalogue
from core.catalogue.model import Model
from core.clock import Clock
from core.jobs.queue import JobQueue
from core.media.decoding import Decoder
from core.media.spool import Spool

Explain = Callable[[str, str], tuple[tuple[str, ...], tuple[str, ...]]]
"""From prompt and negative prompt to the words that the local studio understood and ignored."""

Expect = Callable[[Model], Awaitable[float | None]]
"""How long a job of a model is expected to take, in seconds; None when nobody knows."""


async def typical(model: Model) -> float | None:
    """Return what the catalogue says, for as long as nothing has been learned."""
    return model.typical_s


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What `redraw try` works with; a worker with this deliverer is already running."""

    queue: JobQueue
    spool: Spool
    decoder: Decoder
    catalogue: Catalogue
    deliverer: TerminalDeliverer
    clock: Clock
    default_model: str
    draw_sample: Callable[[], bytes]
    """Draws the sample picture; called in a decoder's process."""
    preview: bool
    """Whether a studio draws, inside this process or elsewhere."""
    explain: Explain | None = None
    """What the studio makes of the words; given where it is inside this process."""
    expect: Expect = typical
    new_id: Callable[[], str] = lambda: str(ULID())
    """Names a run; no two runs have the same name."""
