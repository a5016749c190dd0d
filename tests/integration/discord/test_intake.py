"""Whatever happens, whoever did something is answered; and what is asked before it is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs
from structlog.typing import EventDict

from adapters.discord import forms, intake, words
from adapters.discord.app import DiscordApp
from adapters.discord.connection import Endpoints
from core.catalogue import loader
from core.clock import SystemClock
from core.errors import StoreUnavailable
from core.jobs.job import Job
from core.jobs.lifecycle import Reason, State
from core.media.decoding import Decoder
from core.media.spool import FileSpool
from tests.fakes.discord_rig import PICTURE, Redraw, open_redraw
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_user import Person
from tests.fakes.discord_values import Message, Permission
from tests.fakes.provider_script import Script

PATIENCE_S = 20.0


@pytest.fixture
async def redraw(tmp_path: Path) -> AsyncIterator[Redraw]:
    async with open_redraw(tmp_path) as opened:
        yield opened


@pytest.fixture
def ann(redraw: Redraw) -> Person:
    return redraw.discord.user("ann", channel=redraw.channel)


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines


async def test_bug_in_a_handler_is_words_and_one_line(
    redraw: Redraw, ann: Person, log: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user reads no traceback; the operator finds the interaction in the log, once."""

    async def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(redraw.works.queue, "submit", broken)
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    assert (shown.kind, shown.ephemeral) == ("message", True)
    assert "secret detail" not in shown.message.text
    broke = [line for line in log if line["event"] == "discord_interaction_broke"]
    assert [line["interaction"] for line in broke] == [str(shown.interaction_id)]


async def test_busy_store_is_said_in_private(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was kept, so nothing is acknowledged."""

    async def busy(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(redraw.works.queue, "submit", busy)
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    assert shown.ephemeral
    assert "Try again in a minute" in shown.message.text


async def test_missing_permission_is_refused_before_anything(redraw: Redraw, ann: Person) -> None:
    """Where we may not attach files nothing is kept, and what is missing is named."""
    redraw.discord.world.forbid(redraw.channel, Permission.ATTACH_FILES)
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    assert shown.ephemeral
    assert "Attach Files" in shown.message.text
    assert await redraw.job(shown) is None


async def test_direct_message_is_served(redraw: Redraw) -> None:
    """No server, no permissions, no thread."""
    ann = redraw.discord.user("ann")
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    assert (shown.kind, shown.ephemeral) == ("deferred", False)
    job = await redraw.until(shown, State.READY)
    assert job.origin.place == f"discord:{ann.channel.id}"


async def test_uncertain_job_warns_before_it_runs_again(redraw: Redraw, ann: Person) -> None:
    """It may pay twice: that is said first, and done when it is wanted anyway."""
    redraw.provider.fail_submits("cut")
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    job = await redraw.until(shown, State.UNCERTAIN)
    await redraw.said(job)
    asked = await ann.click(_offering(redraw, "Run again"), "Run again")
    assert asked.ephemeral
    assert "may pay twice" in asked.message.text
    ordered = await ann.click(asked.message, "Run anyway")
    assert (ordered.kind, ordered.ephemeral) == ("deferred", False)
    assert len(await redraw.works.queue.list_for(f"discord:{ann.id}", 9)) == 2


async def test_check_again_asks_once_more(redraw: Redraw, ann: Person) -> None:
    """A cancelled job that was sent may still have a result."""
    redraw.provider.script(Script(held=True))
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    await redraw.until(shown, State.RUNNING)
    card = await shown.settled(within_s=PATIENCE_S)
    await ann.click(card, "Cancel")
    job = await redraw.until(shown, State.CANCELLED)
    assert job.reason is Reason.MAY_BE_BILLED
    await redraw.said(job)
    redraw.provider.release()
    checked = await ann.click(_offering(redraw, "Check again"), "Check again")
    assert checked.ephemeral
    assert words.CHECKING[:20] in checked.message.text
    await redraw.until(shown, State.READY)


def _offering(redraw: Redraw, label: str) -> Message:
    """Return the newest message with this button."""
    said = [message for message in redraw.discord.world.messages.values() if not message.deleted]
    return next(
        message
        for message in reversed(said)
        if any(part.get("label") == label for part in message.controls)
    )


async def test_burst_is_answered_in_time(redraw: Redraw) -> None:
    """A hundred people at once: everybody is answered, well inside three seconds."""
    people = [redraw.discord.user(f"p{number}", channel=redraw.channel) for number in range(100)]
    orders = (
        who.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE}) for who in people
    )
    shown = await asyncio.gather(*orders)
    assert {each.kind for each in shown} == {"deferred"}
    assert max(each.ack_s for each in shown) < 2.5


async def test_app_that_was_never_served_closes(tmp_path: Path) -> None:
    """Something else failed to open: nothing is left behind, and nothing hangs."""
    async with DiscordServer() as discord:
        app = DiscordApp(
            token=SecretStr(discord.token),
            endpoints=Endpoints(api_url=discord.api_url, gateway_url=discord.gateway_url),
            clock=SystemClock(),
        )
        clock, folder = SystemClock(), tmp_path
        app.deliverer(
            catalogue=loader.load(),
            spool=FileSpool(folder),
            decoder=Decoder(clock=clock),
            expected_s=lambda _: None,
        )
        await asyncio.wait_for(app.close(), 5.0)


async def test_answer_that_cannot_be_made_ends_nobody_else(
    redraw: Redraw, ann: Person, log: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the excuse breaks, the next who asks is served."""

    def broken(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(intake, "private_error", broken)
        await ann.slash(
            "redraw", {"prompt": "ink"}, attachments={"image": ("a.mp3", b"ID3")}, waits=False
        )
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if any(line["event"] == "discord_excuse_broke" for line in log):
                    break
                await asyncio.sleep(0.05)
    shown = await ann.slash("redraw", {"prompt": "ink"}, attachments={"image": PICTURE})
    assert shown.kind == "deferred"


async def test_broken_completion_offers_nothing(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types goes on typing."""

    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(forms, "model_choices", broken)
    options = {"prompt": "ink", "model": "f"}
    assert await ann.autocomplete("redraw", options, "model") == []


@pytest.mark.parametrize("label", ["Run again", "Edit and run", "Before/after", "Cancel"])
async def test_click_while_the_store_is_stuck_is_answered_in_time(
    redraw: Redraw, ann: Person, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    """Whatever it takes the store, the user sees something within three seconds, and the end."""
    redraw.provider.script(Script(pending_polls=10_000), prompt="slow")
    prompt = "slow" if label == "Cancel" else "ink"
    shown = await ann.slash("redraw", {"prompt": prompt}, attachments={"image": PICTURE})
    job = await redraw.until(shown, State.RUNNING if label == "Cancel" else State.READY)
    card = await shown.settled(within_s=PATIENCE_S)
    get, answered = redraw.works.queue.get, asyncio.Event()

    async def slow(job_id: str) -> Job:
        await answered.wait()
        return await get(job_id)

    monkeypatch.setattr(redraw.works.queue, "get", slow)
    if label != "Cancel":
        await redraw.said(job)
        card = _offering(redraw, label)
    clicked = await ann.click(card, label)
    assert (clicked.kind, clicked.ephemeral) == ("deferred", True)
    assert clicked.ack_s < 2.5
    answered.set()
    told = await clicked.settled(within_s=PATIENCE_S)
    expected = {"Before/after": "Before and after", "Cancel": "cancelled"}
    assert expected.get(label, "too busy").casefold() in told.text.casefold()
    assert len(await redraw.works.queue.list_for(f"discord:{ann.id}", 9)) <= 2
