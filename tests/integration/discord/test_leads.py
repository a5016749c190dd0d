"""One of several processes listens: it stands by, takes over, and gives way at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.discord.app import DiscordApp
from adapters.discord.connection import Endpoints
from adapters.lead import Alone, Lead, Presence
from core.clock import SystemClock
from core.errors import SettingsError
from core.jobs.lifecycle import State
from tests.fakes.discord_rig import PATIENCE_S, PICTURE, Redraw, open_redraw
from tests.fakes.discord_server import DiscordServer
from tests.fakes.lead import GivenLead

CALLBACK = "POST /interactions/{interaction}/{token}/callback"
ENDED_WITHIN_S = 5.0


def an_app(discord: DiscordServer, token: str | None = None) -> DiscordApp:
    """Return another process's part of Discord."""
    return DiscordApp(
        token=SecretStr(token or discord.token),
        endpoints=Endpoints(
            api_url=discord.api_url, gateway_url=discord.gateway_url, cdn_url=discord.cdn_url
        ),
        clock=SystemClock(),
    )


@asynccontextmanager
async def served(redraw: Redraw, lead: Lead) -> AsyncIterator[DiscordApp]:
    """Have another process listen to the same chat, over the same ledger, when it leads."""
    app, stop, materials = an_app(redraw.discord), asyncio.Event(), redraw.works.materials
    app.deliverer(
        catalogue=materials.catalogue,
        spool=materials.spool,
        decoder=materials.decoder,
        expected_s=materials.expected_s,
    )
    serving = asyncio.get_running_loop().create_task(app.serve(redraw.desk, stop, lead))
    try:
        yield app
    finally:
        stop.set()
        await serving
        await app.close()


async def connections(redraw: Redraw, count: int) -> None:
    """Return once so many sessions are connected."""
    gateway = redraw.discord.gateway
    await redraw.discord.until(
        lambda: gateway.connections == count, f"{count} sessions", within_s=PATIENCE_S
    )


async def presence(app: DiscordApp, wanted: Presence) -> None:
    """Return once the process stands so to the chat."""
    async with asyncio.timeout(PATIENCE_S):
        while app.presence is not wanted:  # noqa: ASYNC110 -- nothing tells of it
            await asyncio.sleep(0.02)


async def test_two_that_listen_for_a_moment_make_one_job(tmp_path: Path) -> None:
    """Both answer; Discord takes one answer, and the job is not withdrawn for the other."""
    async with open_redraw(tmp_path) as redraw, served(redraw, Alone()):
        await connections(redraw, 2)
        ann = redraw.discord.user("ann", channel=redraw.channel)
        shown = await ann.slash("redraw", {"prompt": "twice"}, attachments={"image": PICTURE})
        await redraw.discord.until(
            lambda: len(redraw.discord.called(CALLBACK)) == 2, "both answers", within_s=PATIENCE_S
        )
        job = await redraw.until(shown, State.READY)
        await redraw.said(job)

        statuses = sorted(call.status for call in redraw.discord.called(CALLBACK))
        assert statuses == [204, 400]
        assert [each.job_id for each in await redraw.works.ledger.list_all(9)] == [job.job_id]
        assert redraw.provider.count(prompt="twice") == 1


async def test_process_without_the_lead_stands_by(tmp_path: Path) -> None:
    """It is not connected until it leads, and gives up its session as soon as it does not."""
    lead = GivenLead()
    async with open_redraw(tmp_path) as redraw, served(redraw, lead) as app:
        await presence(app, Presence.STANDING_BY)
        assert redraw.discord.gateway.connections == 1
        lead.give()
        await connections(redraw, 2)
        await presence(app, Presence.CONNECTED)
        lead.take()
        async with asyncio.timeout(ENDED_WITHIN_S):
            await connections(redraw, 1)
        await presence(app, Presence.STANDING_BY)
        lead.give()
        await connections(redraw, 2)

    assert lead.releases == 1


async def test_what_comes_while_another_may_listen_is_left_to_it(tmp_path: Path) -> None:
    """A process that slept reads what came meanwhile before it hears that it was replaced."""
    lead = GivenLead()
    lead.give()
    async with open_redraw(tmp_path) as redraw, served(redraw, lead):
        await connections(redraw, 2)
        lead.forget()
        ann = redraw.discord.user("ann", channel=redraw.channel)
        shown = await ann.slash("redraw", {"prompt": "once"}, attachments={"image": PICTURE})
        await redraw.said(await redraw.until(shown, State.READY))

        assert [call.status for call in redraw.discord.called(CALLBACK)] == [204]


async def test_process_that_only_delivers_says_so(tmp_path: Path) -> None:
    """It can call Discord, and begins no session."""
    async with open_redraw(tmp_path) as redraw:
        app, stop, materials = an_app(redraw.discord), asyncio.Event(), redraw.works.materials
        app.deliverer(
            catalogue=materials.catalogue,
            spool=materials.spool,
            decoder=materials.decoder,
            expected_s=materials.expected_s,
        )
        attending = asyncio.get_running_loop().create_task(app.attend(stop))
        await presence(app, Presence.NOT_LISTENING)
        assert app._parts is not None
        await asyncio.wait_for(app._parts.connection.logged_in.wait(), PATIENCE_S)
        stop.set()
        await attending
        await app.close()

        assert len(redraw.discord.gateway.identifies) == 1


async def test_refused_token_ends_who_only_delivers(tmp_path: Path) -> None:
    """As it ends who listens."""
    async with open_redraw(tmp_path, allow_illegal=True) as redraw:
        app, materials = an_app(redraw.discord, "wrong"), redraw.works.materials
        app.deliverer(
            catalogue=materials.catalogue,
            spool=materials.spool,
            decoder=materials.decoder,
            expected_s=materials.expected_s,
        )
        with pytest.raises(SettingsError, match="DISCORD_TOKEN"):
            await app.attend(asyncio.Event())
        await app.close()


async def test_lead_is_the_applications_not_the_tokens() -> None:
    """A renewed token competes with the old one; another application does not; none is shown."""
    async with DiscordServer() as discord:
        old, new, other = (
            an_app(discord, token).name for token in ("MTIz.a.b", "MTIz.c.d", "NDU2.a.b")
        )

    assert old == new != other
    assert "MTIz" not in old
