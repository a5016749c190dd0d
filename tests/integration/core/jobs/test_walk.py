"""One job's walk from order to delivery, over SQLite, files and sockets."""

from __future__ import annotations

from pathlib import Path

from core.jobs.lifecycle import DeliveryKind, State
from core.media.decoding import Decoder
from tests.fakes.provider_script import Script
from tests.fakes.rig import open_rig


async def test_job_is_redrawn_and_delivered_once(tmp_path: Path) -> None:
    """From an order to a picture: one submit, a card, a result, the card's last edit."""
    async with open_rig(tmp_path, decoder=Decoder()) as rig:
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert job.state is State.READY
        assert rig.provider.count() == 1
        assert rig.deliverer.posts(job.job_id) == ["card", "result", "card_final"]
        assert rig.deliverer.last(job.job_id, DeliveryKind.RESULT).outputs == 1


async def test_job_goes_through_every_state_in_order(tmp_path: Path) -> None:
    """The history tells the whole walk, the card before the submit."""
    async with open_rig(tmp_path) as rig:
        rig.provider.default = Script(pending_polls=2)
        await rig.start()
        job = await rig.ended((await rig.order()).job_id)

        assert await rig.history(job.job_id) == [
            "admitted", "prepared", "submit_claimed", "accepted", "produced", "collected",
        ]  # fmt: skip
