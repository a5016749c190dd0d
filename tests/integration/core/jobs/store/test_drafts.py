"""Open forms: kept for an hour, in every database."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.errors import StoreUnavailable
from core.jobs.drafts import DRAFT_FOR_S, Drafts
from core.jobs.store.drafts import EACH_MAX
from core.jobs.store.ledger import Ledger, open_ledger
from tests.fakes.clock import START, VirtualClock
from tests.fakes.rig import ADMIT_WITHIN_S

DATA = {"pictures": ["https://cdn.example/1.png"], "prompt": "a woodcut\x00 of a \ud800 harbour"}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def drafts(ledger: Ledger, clock: VirtualClock) -> Drafts:
    return Drafts(ledger.drafts, clock, within_s=ADMIT_WITHIN_S)


async def _keep(drafts: Drafts, requester: str = "discord:1") -> str:
    return await drafts.keep(platform="discord", requester=requester, data=DATA)


async def test_draft_is_read_as_it_was_kept(drafts: Drafts) -> None:
    """All that the adapter gave comes back, and who opened the form."""
    draft_id = await _keep(drafts)
    draft = await drafts.read(draft_id)

    assert len(draft_id) == 26
    assert draft is not None
    assert (draft.draft_id, draft.platform, draft.requester) == (draft_id, "discord", "discord:1")
    assert (draft.data, draft.created_at) == (DATA, START)


async def test_unknown_draft_is_none(drafts: Drafts) -> None:
    """Whatever stands in a form's id, nothing breaks."""
    await _keep(drafts)

    assert await drafts.read("no-such-draft") is None
    assert await drafts.read("\x00\ud800") is None
    assert await drafts.replace("no-such-draft", {}) is False


async def test_draft_can_be_read_for_an_hour(drafts: Drafts, clock: VirtualClock) -> None:
    """Until then, and not from then on."""
    draft_id = await _keep(drafts)

    await clock.advance(DRAFT_FOR_S - 1.0)
    assert await drafts.read(draft_id) is not None
    await clock.advance(1.0)
    assert await drafts.read(draft_id) is None


async def test_replacing_gives_other_data_and_another_hour(
    drafts: Drafts, clock: VirtualClock
) -> None:
    """A form that is edited again lives on; it is still the same draft."""
    draft_id = await _keep(drafts)
    await clock.advance(DRAFT_FOR_S - 1.0)
    assert await drafts.replace(draft_id, {"prompt": "another"}) is True

    await clock.advance(DRAFT_FOR_S - 1.0)
    draft = await drafts.read(draft_id)
    assert draft is not None
    assert (draft.data, draft.created_at) == ({"prompt": "another"}, START)


async def test_what_is_over_cannot_be_replaced(drafts: Drafts, clock: VirtualClock) -> None:
    """A draft that nobody can read does not come back."""
    draft_id = await _keep(drafts)
    await clock.advance(DRAFT_FOR_S)

    assert await drafts.replace(draft_id, {"prompt": "another"}) is False
    assert await drafts.read(draft_id) is None


async def test_too_much_is_kept_nowhere(drafts: Drafts) -> None:
    """What is refused leaves what was there as it was."""
    draft_id = await _keep(drafts)

    with pytest.raises(ValueError, match="bytes"):
        await drafts.keep(platform="discord", requester="discord:1", data={"a": "x" * 70_000})
    with pytest.raises(ValueError, match="bytes"):
        await drafts.replace(draft_id, {"a": "x" * 70_000})

    draft = await drafts.read(draft_id)
    assert draft is not None
    assert draft.data == DATA


async def test_requester_who_opens_form_after_form_keeps_the_newest(
    drafts: Drafts, clock: VirtualClock
) -> None:
    """One person cannot fill the database, nor push out what others opened."""
    other = await _keep(drafts, "discord:2")
    mine = []
    for _ in range(EACH_MAX + 2):
        mine.append(await _keep(drafts))
        await clock.advance(0.001)

    kept = [draft_id for draft_id in (other, *mine) if await drafts.read(draft_id)]
    assert kept == [other, *mine[2:]]


async def test_expired_drafts_are_dropped_the_oldest_first(
    ledger: Ledger, drafts: Drafts, clock: VirtualClock, url: str
) -> None:
    """A portion at a time, and none that can still be read."""
    old = [await _keep(drafts, f"discord:{number}") for number in range(3)]
    await clock.advance(DRAFT_FOR_S)
    young = await _keep(drafts)

    dropped = [await ledger.drafts.drop_expired(now=clock.now(), limit=2) for _ in range(3)]

    assert dropped == [2, 1, 0]
    assert await drafts.read(young) is not None
    assert await drafts.replace(old[0], {}) is False
    assert await ledger.drafts.drop_expired(now=clock.now() + timedelta(hours=1), limit=9) == 1


async def test_draft_outlives_the_process(url: str, clock: VirtualClock) -> None:
    """It is committed when its id is known."""
    async with open_ledger(url, clock) as ledger:
        draft_id = await _keep(Drafts(ledger.drafts, clock, within_s=ADMIT_WITHIN_S))
    async with open_ledger(url, clock) as ledger:
        drafts = Drafts(ledger.drafts, clock, within_s=ADMIT_WITHIN_S)
        assert await drafts.read(draft_id) is not None


async def test_store_that_is_busy_is_told_of_in_time(ledger: Ledger, clock: VirtualClock) -> None:
    """Nobody waits for a form longer than a form can wait."""
    go_on = threading.Event()

    def block(_: sa.Connection) -> None:
        go_on.wait(10.0)

    drafts = Drafts(ledger.drafts, clock, within_s=0.05)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ledger._writer.write("", block, alone=True))
        await asyncio.sleep(0)
        try:
            with pytest.raises(StoreUnavailable, match="draft"):
                await _keep(drafts)
        finally:
            go_on.set()
