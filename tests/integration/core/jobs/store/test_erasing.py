"""A person is forgotten: in both databases, with real files, however often it is cut short."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.jobs.deliveries import DeliveryEvent
from core.jobs.drafts import Drafts
from core.jobs.erasure import Erased, Erasure
from core.jobs.forgetting import Forgetting, fetched_facts
from core.jobs.job import DeliveryState, Facts, Job
from core.jobs.lifecycle import TERMINAL, Event, Reason, State
from core.jobs.retention import Retention
from core.jobs.store.engine import database_url
from core.jobs.store.ledger import Ledger, open_ledger
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool
from tests.fakes.clock import START, VirtualClock
from tests.fakes.killed_at import killed
from tests.fakes.ledger_jobs import FACTS, SOON, WAYS, admitted
from tests.fakes.rig import ADMIT_WITHIN_S

ME, OTHER = "slack:U1", "slack:U2"
LATER = START + timedelta(days=1)


@dataclass(kw_only=True)
class House:
    """A ledger, pictures as files, and what forgets people there."""

    ledger: Ledger
    spool: FileSpool
    folder: Path
    url: str
    clock: VirtualClock

    def __post_init__(self) -> None:
        self.forgetting = Forgetting(self.ledger, self.spool)
        self.erasure = Erasure(self.ledger, self.forgetting, self.clock)

    async def picture(self, name: str) -> MediaItem:
        return await self.spool.put(name.encode(), kind=Kind.PNG, width_px=4, height_px=3)

    async def job(
        self,
        state: State,
        reason: Reason | None = None,
        *,
        name: str,
        told: bool = True,
        **changes: Any,
    ) -> Job:
        """Return a job with pictures of its own, as fetched, as prepared and as made."""
        prepared = await self.picture(changes.pop("prepared", f"{name} prepared"))
        outputs = (await self.picture(f"{name} made"),) if state is State.READY else ()
        facts = {
            **FACTS,
            Event.PREPARED: Facts(prepared=(prepared,)),
            Event.COLLECTED: Facts(outputs=outputs),
        }
        given = {"platform": "slack", "place": "slack:D1", "requester": ME, **changes}
        job = await admitted(self.ledger, prompt=f"secret {name}", **given)
        for event in WAYS[state, reason]:
            job = await self.ledger.record(job, event, SOON, facts=facts.get(event, Facts()))
        if told:
            await self.tell(job, await self.picture(f"{name} fetched"))
        return job

    async def tell(self, job: Job, fetched: MediaItem) -> None:
        for row in await self.ledger.deliveries(job.job_id):
            begun = await self.ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
            data = {"message": "m-secret", **fetched_facts([fetched])}
            await self.ledger.record_delivery(job, begun, DeliveryEvent.SENT, SOON, data=data)

    async def forget(self) -> Erased:
        return await self.erasure.advance(await self.erasure.begin(ME))

    def files(self) -> int:
        return sum(path.is_file() for path in self.folder.rglob("*"))

    def leaks(self) -> list[str]:
        """Return the columns in which something of the person is left."""
        engine = sa.create_engine(database_url(self.url))
        found = []
        with engine.connect() as connection:
            for table in ("job", "delivery", "history", "cost", "drafts", "erasure", "touched"):
                for row in connection.execute(sa.text(f"SELECT * FROM {table}")).mappings():
                    found += [
                        f"{table}.{name}"
                        for name, value in row.items()
                        if any(word in str(value) for word in ("secret", "U1", "D1", "sha256"))
                    ]
        engine.dispose()
        return found


@pytest.fixture
async def house(url: str, tmp_path: Path) -> Any:
    clock = VirtualClock(LATER)
    async with open_ledger(url, clock, window_s=0.0, admit_within_s=ADMIT_WITHIN_S) as ledger:
        folder = tmp_path / "media"
        yield House(ledger=ledger, spool=FileSpool(folder), folder=folder, url=url, clock=clock)


async def test_nothing_is_left_of_a_person(house: House) -> None:
    """No word, no picture, no name in any table; costs and states stay for the books."""
    ready = await house.job(State.READY, name="a", dedupe_key="slack:again:01X:U1:7")
    failed = await house.job(State.FAILED, Reason.OUTPUTS_LOST, name="b")
    drafts = Drafts(house.ledger.drafts, house.clock, within_s=ADMIT_WITHIN_S)
    await drafts.keep(platform="slack", requester=ME, data={"prompt": "secret"})
    assert len(house.leaks()) > 8
    credits_before = (await house.ledger.usage(OTHER, SOON)).credits_month

    assert await house.forget() == Erased(jobs=2, drafts=1, left=0)

    assert house.leaks() == []
    assert house.files() == 0
    assert (await house.ledger.usage(OTHER, SOON)).credits_month == credits_before > 0
    forgotten = await house.ledger.load(ready.job_id)
    assert forgotten.origin.requester == forgotten.origin.place == "slack:forgotten"
    assert forgotten.state is State.READY
    assert (await house.ledger.load(failed.job_id)).request.prompt == ""
    assert await house.ledger.erasing.noted() == ()


async def test_others_keep_what_is_theirs(house: House) -> None:
    """A picture that somebody else's job has stays, with that job."""
    await house.job(State.READY, name="a", prepared="shared")
    theirs = await house.job(
        State.READY, name="b", prepared="shared", requester=OTHER, place="slack:C2"
    )
    await house.forget()

    assert await house.ledger.load(theirs.job_id) == theirs
    for item in (*theirs.prepared, *theirs.outputs):
        assert await house.spool.exists(item)


@pytest.mark.parametrize("state", [State.RECEIVED, State.QUEUED, State.RUNNING])
async def test_job_under_way_is_cancelled_and_forgotten(house: House, state: State) -> None:
    """Whoever drives it loses it, and has nothing more to say."""
    job = await house.job(state, name="a", told=False)
    assert await house.forget() == Erased(jobs=1, drafts=0, left=0)

    ended = await house.ledger.load(job.job_id)
    assert (ended.state, ended.fence > job.fence) == (State.CANCELLED, True)
    assert house.leaks() == []
    assert await house.ledger.unfinished() == ()
    rows = await house.ledger.deliveries(job.job_id)
    assert {row.state for row in rows} == {DeliveryState.SKIPPED}
    assert job.job_id in {touched for _, touched in (await house.ledger.control.look(0))[1]}


async def test_delivery_that_was_begun_is_given_up(house: House) -> None:
    """It is not tried again; what may have been posted by it is the chat's."""
    job = await house.job(State.READY, name="a", told=False)
    for row in await house.ledger.deliveries(job.job_id):
        await house.ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
    await house.forget()

    rows = await house.ledger.deliveries(job.job_id)
    assert {row.state for row in rows} == {DeliveryState.REFUSED}
    assert house.leaks() == []
    assert await house.ledger.show_again(job.job_id, SOON) is None


@pytest.mark.parametrize("state", [State.SUBMITTING, State.COLLECTING])
async def test_job_that_cannot_be_cancelled_is_forgotten_once_it_ended(
    house: House, state: State
) -> None:
    """The wish is kept, and whoever tidies up carries it out; what came after it stays."""
    job = await house.job(state, name="a", told=False)
    assert await house.forget() == Erased(jobs=0, drafts=0, left=1)
    event = Event.OUTCOME_UNKNOWN if state is State.SUBMITTING else Event.COLLECTED
    job = await house.ledger.record(await house.ledger.load(job.job_id), event, SOON)
    newer = await admitted(
        house.ledger, platform="slack", requester=ME, now=LATER + timedelta(seconds=1)
    )

    await Retention(house.ledger, house.spool, house.clock, days=30)._erasure.finish()

    assert job.state in TERMINAL
    assert (await house.ledger.load(job.job_id)).request.prompt == ""
    assert (await house.ledger.load(newer.job_id)).request.prompt != ""
    assert await house.ledger.erasing.noted() == ()


async def test_forgetting_again_does_nothing_more(house: House) -> None:
    """It can be repeated; a second wish reaches as far as the later of both."""
    await house.job(State.READY, name="a")
    await house.job(State.SUBMITTING, name="b", told=False)
    first = await house.erasure.begin(ME)
    again = await house.ledger.erasing.note(ME, START)
    assert again == first
    await house.forget()
    assert await house.forget() == Erased(jobs=0, drafts=0, left=1)


@pytest.mark.slow
async def test_forgetting_that_is_killed_is_gone_on_with(house: House) -> None:
    """Killed after any statement, it leaves the wish, and the next one carries all of it out."""
    for name in "abc":
        await house.job(State.READY, name=name)
    await house.job(State.RUNNING, name="d", told=False)
    number, kills = 7, 0
    while killed(number, "forget", house.url, str(house.folder), ME):
        kills += 1
        number += 9
        assert house.leaks()
        assert len(await house.ledger.erasing.noted()) == 1

    assert kills >= 2
    assert house.leaks() == []
    assert house.files() == 0
    assert await house.ledger.erasing.noted() == ()
    assert {job.state for job in await house.ledger.list_all(9)} == {State.READY, State.CANCELLED}


async def test_job_that_is_not_forgotten_yet_is_counted_as_left(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its user has it shown again in the very moment: the admin reads that something is left."""
    job = await house.job(State.FAILED, Reason.REJECTED, name="a", told=False)
    for row in await house.ledger.deliveries(job.job_id):
        begun = await house.ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
        await house.ledger.record_delivery(job, begun, DeliveryEvent.REFUSED, SOON)
    erase = house.ledger.erasing.erase

    async def late(job_id: str, at: datetime) -> bool:
        await house.ledger.show_again(job_id, at)
        return await erase(job_id, at)

    monkeypatch.setattr(house.ledger.erasing, "erase", late)
    erased = await house.erasure.advance(await house.erasure.begin(ME))

    assert (erased.jobs, erased.left) == (0, 1)
    assert len(await house.ledger.erasing.noted()) == 1


async def test_job_that_its_user_brings_back_meanwhile_keeps_its_name_for_the_next_round(
    house: House,
) -> None:
    """Nameless with its words it would never be found again: the wish stays, and goes on."""
    job = await house.job(State.FAILED, Reason.REJECTED, name="a", told=False)
    for row in await house.ledger.deliveries(job.job_id):
        begun = await house.ledger.record_delivery(job, row, DeliveryEvent.BEGUN, SOON)
        await house.ledger.record_delivery(job, begun, DeliveryEvent.REFUSED, SOON)
    erasing = await house.erasure.begin(ME)
    await house.ledger.erasing.settle(job.job_id, LATER)
    assert await house.ledger.show_again(job.job_id, LATER)
    assert not await house.ledger.erasing.erase(job.job_id, LATER)
    await house.ledger.erasing.end(erasing)

    assert await house.ledger.erasing.count(erasing) == 1
    await house.erasure.finish()
    assert house.leaks() == []
    assert await house.ledger.erasing.noted() == ()
