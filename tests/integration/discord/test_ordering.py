"""`/redraw`: refused in private, or kept, acknowledged and driven, in this order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from adapters.discord import words
from core.jobs.lifecycle import Reason, State
from core.jobs.quota import Limits
from tests.fakes.discord_rig import PATIENCE_S, PICTURE, Redraw, open_redraw
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Permission

CALLBACK = "POST /interactions/{interaction}/{token}/callback"
ORDER = {"prompt": "ink"}


@pytest.fixture
async def redraw(tmp_path: Path) -> AsyncIterator[Redraw]:
    async with open_redraw(tmp_path) as opened:
        yield opened


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


@pytest.fixture
def ann(redraw: Redraw) -> Person:
    return redraw.discord.user("ann", channel=redraw.channel)


async def logged(log: list[EventDict], event: str) -> None:
    """Return once a line says `event`."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if any(line["event"] == event for line in log):
                return
            await asyncio.sleep(0.05)


def tried_again_s(redraw: Redraw) -> float:
    """Return after how many seconds the second of two tries to answer came."""
    first, second = redraw.discord.called(CALLBACK)
    return (second.at - first.at).total_seconds()


async def test_order_is_acknowledged_and_redrawn(redraw: Redraw, ann: Person) -> None:
    """The whole way: a public card, the prepared picture, the result."""
    shown = await ann.slash("redraw", ORDER, attachments={"image": PICTURE})
    assert (shown.kind, shown.ephemeral) == ("deferred", False)
    job = await redraw.until(shown, State.READY)
    assert job.acked_at is not None
    assert job.origin.requester == f"discord:{ann.id}"


async def test_every_problem_is_named_at_once_in_private(redraw: Redraw, ann: Person) -> None:
    """A wrong size, a model that is none and a file that is no picture: one private answer."""
    shown = await ann.slash(
        "redraw",
        {"prompt": "ink", "model": "flux-kontextt", "size": "7x7x7"},
        attachments={"image": ("song.mp3", b"ID3")},
    )
    assert (shown.kind, shown.ephemeral) == ("message", True)
    for word in ("Model", "Size", "Image"):
        assert f"**{word}**" in shown.message.text
    assert await redraw.job(shown) is None


async def test_every_kind_of_problem_is_named_at_once(tmp_path: Path) -> None:
    """Parameters, permissions, the place, the largest batch and the file, in one answer."""
    limits = Limits(jobs_per_user=0, max_batch=2, allowed_places=frozenset({"discord:1"}))
    async with open_redraw(tmp_path, limits=limits) as redraw:
        redraw.discord.world.forbid(redraw.channel, Permission.ATTACH_FILES)
        ann = redraw.discord.user("ann", channel=redraw.channel)
        options = {"prompt": "ink", "model": "nosuch", "strength": 0, "batch": 4}
        shown = await ann.slash("redraw", options, attachments={"image": ("a.mp3", b"ID3")})
        assert (shown.kind, shown.ephemeral) == ("message", True)
        for word in ("Permissions", "Place", "Image", "Model", "Strength", "Batch"):
            assert f"**{word}**" in shown.message.text, shown.message.text


async def test_used_up_limit_is_said_in_private(tmp_path: Path) -> None:
    """A limit is answered without a row and without anything in the channel."""
    limits = Limits(jobs_per_user=0, pictures_per_user_day=2, max_batch=0, queue_max=0)
    async with open_redraw(tmp_path, limits=limits) as redraw:
        ann = redraw.discord.user("ann", channel=redraw.channel)
        shown = await ann.slash("redraw", {**ORDER, "batch": 3}, attachments={"image": PICTURE})
        assert (shown.kind, shown.ephemeral) == ("message", True)
        assert "0 of your 2 pictures" in shown.message.text
        assert await redraw.job(shown) is None


async def test_place_that_is_not_allowed_is_refused(tmp_path: Path) -> None:
    """Where orders are not taken, that is said in private."""
    limits = Limits(jobs_per_user=0, allowed_places=frozenset({"discord:1"}))
    async with open_redraw(tmp_path, limits=limits) as redraw:
        ann = redraw.discord.user("ann", channel=redraw.channel)
        shown = await ann.slash("redraw", ORDER, attachments={"image": PICTURE})
        assert shown.ephemeral
        assert "may not be used in this place" in shown.message.text


async def test_server_on_the_list_allows_its_channels(tmp_path: Path) -> None:
    """A channel is allowed when its server is."""
    async with open_redraw(tmp_path, starts=False) as redraw:
        guild = redraw.channel.guild
        assert guild is not None
        redraw.limits = Limits(jobs_per_user=0, allowed_places=frozenset({f"discord:{guild.id}"}))
        await redraw.start()
        ann = redraw.discord.user("ann", channel=redraw.channel)
        shown = await ann.slash("redraw", ORDER, attachments={"image": PICTURE})
        assert shown.kind == "deferred"
        job = await redraw.until(shown, State.READY)
        assert job.origin.place == f"discord:{guild.id}"


async def test_answer_already_taken_counts(redraw: Redraw, ann: Person) -> None:
    """Stored, but the answer lost: the second try hears 40060, and the job is driven."""
    redraw.discord.faults.fail(CALLBACK, status=500, after_taking=True)
    shown = await ann.slash("redraw", ORDER, attachments={"image": PICTURE})
    await redraw.until(shown, State.READY)
    assert [call.status for call in redraw.discord.called(CALLBACK)] == [500, 400]


async def test_dropped_connection_is_tried_again_at_once(redraw: Redraw, ann: Person) -> None:
    """A connection cut before the answer costs no second."""
    redraw.discord.faults.fail(CALLBACK, drop=True)
    shown = await ann.slash("redraw", ORDER, attachments={"image": PICTURE})
    assert tried_again_s(redraw) < 0.5
    await redraw.until(shown, State.READY)


async def test_rate_limit_is_waited_for(redraw: Redraw, ann: Person) -> None:
    """429 says how long; the answer follows then."""
    redraw.discord.faults.fail(CALLBACK, status=429, retry_after_s=0.3)
    shown = await ann.slash("redraw", ORDER, attachments={"image": PICTURE})
    assert shown.ack_s >= 0.3
    assert tried_again_s(redraw) < 1.0


async def test_unknown_interaction_withdraws_the_job(redraw: Redraw, ann: Person) -> None:
    """10062: the user was told that nobody answered, so nothing is redrawn."""
    redraw.discord.faults.fail(CALLBACK, code=10062)
    shown = await ann.slash("redraw", ORDER, attachments={"image": PICTURE}, waits=False)
    job = await redraw.until(shown, State.CANCELLED)
    assert job.reason is Reason.UNACKED
    assert redraw.provider.count() == 0


async def test_lost_acknowledgement_leaves_the_row_to_the_worker(
    redraw: Redraw, ann: Person, log: list[EventDict]
) -> None:
    """Nobody tells whether it was taken: neither driven nor withdrawn; Discord is asked later."""
    fault = redraw.discord.faults.fail(CALLBACK, hold=True, after_taking=True, times=9)
    shown = await ann.slash("redraw", ORDER, attachments={"image": PICTURE})
    await logged(log, "discord_acknowledgement_unknown")
    fault.release()
    job = await redraw.job(shown)
    assert job is not None
    assert (job.state, job.acked_at) == (State.RECEIVED, None)


async def test_replayed_interaction_makes_one_job(redraw: Redraw, ann: Person) -> None:
    """A resumed gateway may deliver an interaction again: the same job, and no error."""
    shown = await ann.slash("redraw", ORDER, attachments={"image": PICTURE})
    await redraw.discord.replay(shown.interaction_id)
    await redraw.until(shown, State.READY)
    assert redraw.provider.count() == 1
    assert {call.status for call in redraw.discord.called(CALLBACK)} <= {200, 204, 400}


async def test_while_stopping_orders_are_refused_in_private(redraw: Redraw, ann: Person) -> None:
    """Who comes while handlers end is told to try again; who was there is served."""
    fault = redraw.discord.faults.fail(CALLBACK, hold=True)
    first = await ann.slash("redraw", ORDER, attachments={"image": PICTURE}, waits=False)
    await asyncio.wait_for(fault.reached.wait(), 5.0)
    redraw.stopped.set()
    bob = redraw.discord.user("bob", channel=redraw.channel)
    late = await bob.slash("redraw", ORDER, attachments={"image": PICTURE})
    assert late.ephemeral
    assert words.RESTARTING in late.message.text
    fault.release()
    await first.acknowledged()
    await redraw.stop()
    await redraw.start()
    await redraw.until(first, State.READY)
