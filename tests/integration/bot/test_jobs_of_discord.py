"""`redraw jobs` about jobs of Discord: what it must not show is in their rows."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.discord.origin import DiscordOrigin, Upload, to_origin
from bot import plans, storage
from core.clock import SystemClock
from core.jobs.job import Job, Order
from core.jobs.lifecycle import DeliveryKind
from core.request import GenerationRequest
from tests.fakes.chat_bot import KEEP_WITHIN_S
from tests.integration.bot.processes import redraw

CLOCK = SystemClock()
TOKEN = "aW50ZXJhY3Rpb24tdG9rZW4"
SIGNATURE = "5f0e17"
SECRETS = (TOKEN, SIGNATURE)


def order() -> Order:
    """Return an order whose origin holds a live token and a signed address."""
    told = DiscordOrigin(
        application_id=1,
        interaction_id=2,
        token=TOKEN,
        token_expires_at=CLOCK.now() + timedelta(minutes=15),
        guild_id=3,
        channel_id=4,
        channel_kind=0,
        user_id=5,
        upload_limit_bytes=10,
        sources=(Upload(url=f"https://cdn.discordapp.com/a.png?ex=1&is=2&hm={SIGNATURE}"),),
    )
    return Order(
        dedupe_key="discord:2",
        origin=to_origin(told, place="discord:4"),
        request=GenerationRequest(model_id="flux-dev", prompt="a woodcut", image_count=1),
        credits=9,
        preview=True,
    )


@pytest.fixture
async def job(tmp_path: Path) -> Job:
    """A job in the file that `redraw jobs` looks into."""
    folder = tmp_path / "data"
    folder.mkdir()
    url = plans.sqlite_in(folder)
    async with storage.open_jobs(url, CLOCK, within_s=KEEP_WITHIN_S) as ledger:
        admission = await ledger.admit(
            order(), limits=plans.NO_LIMITS, deadline_s=900, now=CLOCK.now()
        )
        return admission.job


@pytest.mark.parametrize("as_json", [False, True], ids=["for people", "for scripts"])
async def test_no_command_shows_what_answers_an_interaction(
    tmp_path: Path, job: Job, *, as_json: bool
) -> None:
    """Lists and pages say who asked and where, and hold neither token nor signed address."""
    options = ["--json"] if as_json else []

    listed = await redraw("jobs", "list", *options, folder=tmp_path)
    shown = await redraw("jobs", "show", job.job_id, *options, folder=tmp_path)

    assert (listed.code, shown.code) == (0, 0)
    for done in (listed, shown):
        assert job.job_id in done.out
        assert "discord:5" in done.out
        assert not any(secret in done.out + done.err for secret in SECRETS)


async def test_page_for_scripts_names_the_place(tmp_path: Path, job: Job) -> None:
    """What is left out is only what opens something."""
    shown = await redraw("jobs", "show", job.job_id, "--json", folder=tmp_path)

    found = json.loads(shown.out)
    assert (found["place"], found["requester"]) == ("discord:4", "discord:5")
    assert found["deliveries"][0]["kind"] == DeliveryKind.CARD


async def test_no_repr_holds_a_secret(job: Job) -> None:
    """A job in a log line or a traceback gives nothing away."""
    assert job.origin.data["token"] == TOKEN
    assert not any(secret in repr(job) for secret in SECRETS)
