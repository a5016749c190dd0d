"""`redraw try` as a real process, against a server that speaks the hosted API's contract."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from tests.fakes.provider_script import Script
from tests.fakes.provider_server import API_KEY, ProviderServer
from tests.integration.bot.processes import end, redraw, start

pytestmark = pytest.mark.slow


@pytest.fixture
async def provider() -> AsyncIterator[ProviderServer]:
    async with ProviderServer(fetches_references=True) as provider:
        yield provider


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.radial_gradient("L").resize((320, 200)).convert("RGB").save(path)
    return path


def _hosted(provider: ProviderServer) -> dict[str, str]:
    return {"QOLABA_API_URL": provider.api_url, "QOLABA_API_KEY": API_KEY}


async def _polled(provider: ProviderServer) -> None:
    """Return once the task has been asked for, so that its id is in the ledger."""
    async with asyncio.timeout(20):
        while not provider.polls:  # noqa: ASYNC110  # the fake counts, it has no event for it
            await asyncio.sleep(0.02)


async def test_picture_is_redrawn_and_written(
    provider: ProviderServer, photo: Path, tmp_path: Path
) -> None:
    """One command, one submit; the API could fetch the picture; files and one JSON object."""
    done = await redraw(
        "try", photo.name, "a woodcut", "--json", folder=tmp_path, environ=_hosted(provider)
    )

    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert (found["state"], found["model"], found["preview"]) == ("ready", "flux-dev", False)
    assert provider.count(prompt="a woodcut") == 1
    assert provider.submits[0].reference_codes == (200,)
    with Image.open(found["outputs"][0]) as picture:
        assert picture.width > 0
    assert Path(found["outputs"][0]).parent == tmp_path / "redraw-out"


async def test_key_is_in_no_output(provider: ProviderServer, photo: Path, tmp_path: Path) -> None:
    """Neither what is printed nor what is logged or stored holds the key."""
    provider.fail_submits("401")
    done = await redraw("doctor", folder=tmp_path, environ=_hosted(provider))
    tried = await start("try", photo.name, "x", folder=tmp_path, environ=_hosted(provider))
    await provider.arrived(1)
    tried.send_signal(signal.SIGINT)
    ended = await end(tried)

    kept = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    said = f"{done.out}{done.err}{ended.out}{ended.err}".encode()
    assert API_KEY.encode() not in said + b"".join(kept)


async def test_two_at_once_both_work(provider: ProviderServer, photo: Path, tmp_path: Path) -> None:
    """A second try beside the first takes a folder of its own; neither waits for the other."""
    provider.script(Script(held=True), prompt="first")
    first = await start(
        "try", photo.name, "first", "--json", folder=tmp_path, environ=_hosted(provider)
    )
    await provider.arrived(1)

    second = await redraw(
        "try", photo.name, "second", "--json", folder=tmp_path, environ=_hosted(provider)
    )
    provider.release()

    assert (second.code, (await end(first)).code) == (0, 0)
    assert (provider.count(prompt="first"), provider.count(prompt="second")) == (1, 1)


async def test_killed_run_is_gone_on_with(
    provider: ProviderServer, photo: Path, tmp_path: Path
) -> None:
    """After SIGKILL `--resume` finishes the same job without asking for it again."""
    provider.script(Script(held=True), prompt="a woodcut")
    killed = await start("try", photo.name, "a woodcut", folder=tmp_path, environ=_hosted(provider))
    await provider.arrived(1)
    await _polled(provider)
    killed.kill()
    await end(killed)
    provider.release()

    done = await redraw("try", "--resume", "--json", folder=tmp_path, environ=_hosted(provider))

    assert (done.code, json.loads(done.out)["state"]) == (0, "ready")
    assert provider.count(prompt="a woodcut") == 1


async def test_new_run_leaves_a_killed_one_alone(
    provider: ProviderServer, photo: Path, tmp_path: Path
) -> None:
    """A later try does not carry out by the way what an earlier one had left over."""
    provider.script(Script(held=True), prompt="first")
    killed = await start("try", photo.name, "first", folder=tmp_path, environ=_hosted(provider))
    await provider.arrived(1)
    await _polled(provider)
    killed.kill()
    await end(killed)
    asked = sum(provider.polls.values())

    done = await redraw("try", photo.name, "second", folder=tmp_path, environ=_hosted(provider))

    jobs = json.loads((await redraw("jobs", "--terminal", "--json", folder=tmp_path)).out)
    assert done.code == 0
    assert {job["prompt"]: job["state"] for job in jobs} == {"first": "running", "second": "ready"}
    assert provider.polls[provider.submits[0].task_id or ""] == asked


async def test_interrupt_cancels_and_is_130(
    provider: ProviderServer, photo: Path, tmp_path: Path
) -> None:
    """Ctrl-C ends with 130, quickly, and the job is cancelled in the ledger."""
    provider.script(Script(held=True), prompt="a woodcut")
    process = await start(
        "try", photo.name, "a woodcut", "--json", folder=tmp_path, environ=_hosted(provider)
    )
    await provider.arrived(1)
    process.send_signal(signal.SIGINT)

    done = await end(process)

    assert done.code == 130
    assert json.loads(done.out)["state"] == "cancelled"
    assert "Traceback" not in done.err


async def test_reader_that_goes_away_stops_no_job(
    provider: ProviderServer, photo: Path, tmp_path: Path
) -> None:
    """When nobody reads standard output any more, what was ordered is finished all the same."""
    provider.script(Script(held=True), prompt="a woodcut")
    process = await start(
        "try", photo.name, "a woodcut", folder=tmp_path, environ=_hosted(provider)
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]  # as `head` does at its end
    await provider.arrived(1)
    provider.release()

    assert await process.wait() == 0
    assert len(list((tmp_path / "redraw-out").glob("*-1.*"))) == 1


async def test_hosted_api_needs_a_way_to_the_picture(photo: Path, tmp_path: Path) -> None:
    """Without a public link the hosted API cannot fetch it: 2, at once, with both remedies."""
    environ = {"QOLABA_API_KEY": API_KEY}

    done = await redraw("try", photo.name, "x", folder=tmp_path, environ=environ)
    as_json = await redraw("try", photo.name, "x", "--json", folder=tmp_path, environ=environ)

    assert done.code == 2
    assert "REDRAW_PUBLIC_URL" in done.err
    assert "REDRAW_MEDIA_URL" in done.err
    assert done.err.count("\n") == 1
    assert "REDRAW_PUBLIC_URL" in json.loads(as_json.out)["error"]


async def test_failed_job_is_1(provider: ProviderServer, photo: Path, tmp_path: Path) -> None:
    """A job that the provider refuses ends with 1 and words."""
    provider.fail_submits("400")

    done = await redraw(
        "try", photo.name, "x", "--json", folder=tmp_path, environ=_hosted(provider)
    )

    assert (done.code, json.loads(done.out)["state"]) == (1, "failed")


async def test_bad_input_is_2(tmp_path: Path) -> None:
    """A missing file and a bad number are both named, before anything is done."""
    done = await redraw("try", "none.jpg", "x", "--strength", "7", "--json", folder=tmp_path)

    error = json.loads(done.out)["error"]
    assert done.code == 2
    assert "none.jpg" in error
    assert "strength" in error


async def test_job_is_told_in_full(provider: ProviderServer, photo: Path, tmp_path: Path) -> None:
    """`jobs show` has the request, the history and the deliveries, for people and for scripts."""
    done = await redraw(
        "try", photo.name, "x", "--json", folder=tmp_path, environ=_hosted(provider)
    )
    job_id = json.loads(done.out)["job_id"]

    told = json.loads((await redraw("jobs", "show", job_id, "--json", folder=tmp_path)).out)
    page = (await redraw("jobs", "show", job_id, folder=tmp_path)).out
    listed = await redraw("jobs", folder=tmp_path)
    unknown = await redraw("jobs", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV", folder=tmp_path)

    assert [change["after"] for change in told["history"] if not change["delivery"]] == [
        "received", "queued", "submitting", "running", "collecting", "ready",
    ]  # fmt: skip
    assert {row["state"] for row in told["deliveries"]} <= {"sent", "skipped"}
    assert job_id in page
    assert job_id in listed.out
    assert "those of `redraw try`" in listed.err
    assert unknown.code == 2
