"""`redraw doctor`, against real stores and a server that speaks the hosted API's contract."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web as aiohttp_web

from bot import checkups, web
from bot.checkups import Checkup, Verdict
from bot.doctor import examine
from bot.served import Served
from bot.settings import Settings
from core.clock import SystemClock
from core.jobs.store.schema import migrate
from tests.fakes.provider_server import API_KEY, ProviderServer
from tests.integration.bot.processes import redraw


@pytest.fixture
async def provider() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as provider:
        yield provider


async def examined(folder: Path, **environ: str) -> dict[str, Checkup]:
    settings = Settings.read({"REDRAW_DATA_DIR": str(folder / "data"), **environ})
    return {checkup.name: checkup for checkup in await examine(settings)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_fresh_machine_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing set there is nothing to mend: previews need no key and no address."""
    monkeypatch.delenv("REDRAW_SPECS", raising=False)  # which is the tests' own
    found = await examined(tmp_path)

    assert {checkup.verdict for checkup in found.values()} == {Verdict.OK}
    assert "local previews" in found["api"].found


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """The file that was written to try the store is gone, and no database was made."""
    await examined(tmp_path)

    assert [path for path in (tmp_path / "data").rglob("*") if path.is_file()] == []


async def test_accepted_key_costs_nothing(provider: ProviderServer, tmp_path: Path) -> None:
    """The key is proved by asking for a task that does not exist; nothing is submitted."""
    found = await examined(tmp_path, QOLABA_API_URL=provider.api_url, QOLABA_API_KEY=API_KEY)

    assert found["api"].verdict is Verdict.OK
    assert provider.submits == []


async def test_refused_key_fails(provider: ProviderServer, tmp_path: Path) -> None:
    """A key that is not accepted is said to be refused, and is not shown."""
    found = await examined(tmp_path, QOLABA_API_URL=provider.api_url, QOLABA_API_KEY="k-wrong")

    assert found["api"].verdict is Verdict.FAIL
    assert "QOLABA_API_KEY" in found["api"].to_do
    assert "k-wrong" not in str(found)


async def test_silent_api_fails(tmp_path: Path) -> None:
    """An address at which nobody listens is named."""
    url = f"http://127.0.0.1:{free_port()}"

    found = await examined(tmp_path, QOLABA_API_URL=url, QOLABA_API_KEY=API_KEY)

    assert found["api"].verdict is Verdict.FAIL
    assert url in found["api"].found


async def test_store_of_another_version_fails(tmp_path: Path) -> None:
    """A database without our tables wants `redraw migrate`; one that has them is well."""
    path = tmp_path / "jobs.sqlite"
    path.touch()
    url = f"sqlite:///{path}"

    before = await examined(tmp_path, REDRAW_DATABASE_URL=url)
    await migrate(url)
    after = await examined(tmp_path, REDRAW_DATABASE_URL=url)

    assert (before["store"].verdict, after["store"].verdict) == (Verdict.FAIL, Verdict.OK)
    assert "redraw migrate" in before["store"].to_do


async def test_folder_in_the_way_fails(tmp_path: Path) -> None:
    """A data folder that cannot be made is said to be one, and so are the pictures in it."""
    (tmp_path / "data").write_text("a file")

    found = await examined(tmp_path)

    assert found["disk"].verdict is Verdict.FAIL
    assert found["pictures"].verdict is Verdict.FAIL


async def test_public_address_is_proved_by_a_link(tmp_path: Path) -> None:
    """A link of ours is served and fetched under the public address."""
    port = free_port()
    address = {"REDRAW_PUBLIC_URL": f"http://127.0.0.1:{port}", "REDRAW_HTTP_PORT": str(port)}

    found = await examined(tmp_path, **address)

    assert found["public address"].verdict is Verdict.OK
    assert "a link of ours was fetched" in found["public address"].found


async def test_public_address_that_leads_elsewhere_fails(
    provider: ProviderServer, tmp_path: Path
) -> None:
    """An address behind which is something else is found out."""
    address = {"REDRAW_PUBLIC_URL": provider.origin, "REDRAW_HTTP_PORT": str(free_port())}

    found = await examined(tmp_path, **address)

    assert found["public address"].verdict is Verdict.FAIL
    assert "reverse proxy" in found["public address"].to_do


async def test_running_bot_answers_at_the_public_address(tmp_path: Path) -> None:
    """While a bot has the port, its health page proves the address."""

    async def alive(request: aiohttp_web.Request) -> aiohttp_web.Response:
        return aiohttp_web.json_response({"status": "alive"})

    app = aiohttp_web.Application()
    app.router.add_get("/healthz", alive)
    async with web.serve(app, host="127.0.0.1", port=0) as origin:
        port = origin.rpartition(":")[2]
        found = await examined(tmp_path, REDRAW_PUBLIC_URL=origin, REDRAW_HTTP_PORT=port)

    assert found["public address"].verdict is Verdict.OK
    assert "the bot that runs here" in found["public address"].found


async def test_hosted_api_without_an_address_is_a_warning(tmp_path: Path) -> None:
    """Without a chat that has the pictures it is missing, which `try` says too: no failure."""
    settings = Settings.read({"REDRAW_DATA_DIR": str(tmp_path), "QOLABA_API_KEY": API_KEY})

    found = await checkups.public_address(settings, Served.HOSTED, SystemClock())

    assert found.verdict is Verdict.WARN
    assert "REDRAW_MEDIA_URL" in found.to_do


async def test_discord_makes_an_address_needless(tmp_path: Path) -> None:
    """With a chat that has the pictures, the hosted API needs nothing from us."""
    settings = Settings.read(
        {
            "REDRAW_DATA_DIR": str(tmp_path),
            "QOLABA_API_KEY": API_KEY,
            "DISCORD_TOKEN": "d-1",
        }
    )

    found = await checkups.public_address(settings, Served.HOSTED, SystemClock())

    assert found.verdict is Verdict.OK
    assert "Discord" in found.found


async def test_exit_code_tells_whether_something_failed(
    provider: ProviderServer, tmp_path: Path
) -> None:
    """The command ends with 0 when all is well or nearly so, and with 1 when a check failed."""
    (tmp_path / ".env").write_text("REDRAW_QUEUEMAX=2\n")
    well = await redraw("doctor", folder=tmp_path, environ={"REDRAW_MAXBATCH": "2"})
    ill = await redraw(
        "doctor",
        folder=tmp_path,
        environ={"QOLABA_API_URL": provider.api_url, "QOLABA_API_KEY": "k-wrong"},
    )

    assert (well.code, ill.code) == (0, 1)
    assert "REDRAW_MAXBATCH, REDRAW_QUEUEMAX" in well.out
    assert "k-wrong" not in ill.out + ill.err
