"""The provider fake keeps to the contract, counts truly, and does what it is told."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from tests.fakes.clock import VirtualClock
from tests.fakes.provider_script import FAULTS, NSFW, Fault, Format, Script
from tests.fakes.provider_server import API_KEY, ProviderServer
from tests.fakes.provider_wire import submits_in
from tests.fakes.tcp import listener

ROOT = Path(__file__).parents[3]
BODY = {"app_id": "ap-x", "image": "http://127.0.0.1:9/a.jpg", "prompt": "a harbour", "batch": 2}
HEADERS = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        yield session


@pytest.fixture
async def provider() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


async def _post(
    session: aiohttp.ClientSession, url: str, body: object, **headers: str
) -> tuple[int, Any]:
    async with session.post(url, json=body, headers=headers) as response:
        return response.status, json.loads(await response.read())


async def _submit(session: aiohttp.ClientSession, provider: ProviderServer, **more: object) -> str:
    url = f"{provider.api_url}/getImagetoImage"
    _, said = await _post(session, url, {**BODY, **more})
    assert said["status"] == "PENDING"
    return str(said["task_id"])


async def _poll(
    session: aiohttp.ClientSession, provider: ProviderServer, task_id: str
) -> tuple[int, Any]:
    return await _post(session, f"{provider.api_url}/getImage", {"id": task_id})


async def test_submits_are_counted_with_their_bodies(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """Each submit is counted by prompt and app id, and its whole body is kept."""
    await _submit(session, provider)
    await _submit(session, provider, prompt="another")

    counts = (provider.count(), provider.count(prompt="another"), provider.count(app_id="ap-x"))
    assert counts == (2, 1, 2)
    assert provider.submits[0].body == BODY


@pytest.mark.parametrize("path", ["/api/v1/studio/getImageToImage", "/getImagetoImage"])
async def test_other_spelling_and_root_are_served(
    path: str, provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """The vendor's other spelling of the path works, with and without the base path."""
    code, said = await _post(session, provider.origin + path, BODY)

    assert (code, said["status"]) == (200, "PENDING")


async def test_final_answer_has_pictures_and_no_task_id(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A task that is done says SUCCESS, gives one address a picture, and forgets its own id."""
    _, said = await _poll(session, provider, await _submit(session, provider))

    assert (said["status"], said["task_id"], len(said["output"]["result"])) == ("SUCCESS", "", 2)


async def test_unknown_id_is_pending_for_ever(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """An id that was never given out is PENDING, whatever the scripts say."""
    answers = [(await _poll(session, provider, "nobody"))[1]["status"] for _ in range(3)]

    assert answers == ["PENDING"] * 3
    assert provider.polls["nobody"] == 3


async def test_task_can_wait_for_polls(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A script by prompt wins over one by app id, and counts the polls of each task."""
    provider.script(Script(pending_polls=9), app_id="ap-x")
    provider.script(Script(pending_polls=1), prompt="a harbour")
    task_id = await _submit(session, provider)
    statuses = [(await _poll(session, provider, task_id))[1]["status"] for _ in range(2)]

    assert statuses == ["PENDING", "SUCCESS"]


async def test_task_can_wait_for_the_clock(session: aiohttp.ClientSession) -> None:
    """Seconds are those of the clock that the fake was given."""
    clock = VirtualClock()
    async with ProviderServer(clock=clock) as provider:
        provider.default = Script(pending_s=30)
        task_id = await _submit(session, provider)
        before = (await _poll(session, provider, task_id))[1]["status"]
        await clock.advance(30)
        after = (await _poll(session, provider, task_id))[1]

    assert (before, after["status"]) == ("PENDING", "SUCCESS")
    assert after["time_required"] == {"startup_time": 0.0, "runtime": 30.0}


async def test_held_tasks_wait_for_their_release(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A held task is PENDING until it, or everything, is released."""
    provider.default = Script(held=True)
    first = await _submit(session, provider)
    second = await _submit(session, provider, prompt="another")
    provider.release("another")
    statuses = [(await _poll(session, provider, one))[1]["status"] for one in (first, second)]
    provider.release()
    released = (await _poll(session, provider, first))[1]["status"]

    assert (statuses, released) == (["PENDING", "SUCCESS"], "SUCCESS")


@pytest.mark.parametrize("code", [200, 500])
async def test_task_can_fail(
    code: int, provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A failed task says FAILED with its texts, in either code."""
    error = "Image Generation Error"
    provider.default = Script(fails=True, code=code, error=error, error_data=NSFW)
    answer, said = await _poll(session, provider, await _submit(session, provider))

    assert (code, "FAILED", error, NSFW) == (
        answer,
        said["status"],
        said["error"],
        said["error_data"],
    )


@pytest.mark.parametrize("count", [0, 1])
async def test_pictures_can_be_filtered(
    count: int, provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A result may be shorter than the batch, or empty, and is a SUCCESS all the same."""
    provider.default = Script(pictures=count)
    _, said = await _poll(session, provider, await _submit(session, provider))

    lengths = (len(said["output"]["result"]), len(said["output"]["Has_NSFW_Content"]))
    assert ("SUCCESS", (count, 2)) == (said["status"], lengths)


@pytest.mark.parametrize(("form", "decoded"), [("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")])
async def test_pictures_are_real_and_named_wrongly(
    form: Format, decoded: str, provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """Names end in .webp and the header says JPEG, whatever the bytes are; each differs."""
    provider.default = Script(formats=(form,))
    _, said = await _poll(session, provider, await _submit(session, provider))
    bodies = []
    for url in said["output"]["result"]:
        assert url.endswith(".webp")
        async with session.get(url) as response:
            assert response.content_type == "image/jpeg"
            bodies.append(await response.read())

    assert [Image.open(io.BytesIO(body)).format for body in bodies] == [decoded] * 2
    assert bodies[0] != bodies[1]
    assert sum(provider.downloads.values()) == 2


@pytest.mark.parametrize(
    ("form", "start"), [("html", b"<!doctype"), ("empty", b""), ("cut", b"\xff")]
)
async def test_pictures_can_be_none(
    form: Format, start: bytes, provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """What is served as a picture may be a page, nothing, or half a picture."""
    provider.default = Script(formats=(form,), picture_code=200)
    _, said = await _poll(session, provider, await _submit(session, provider))
    async with session.get(said["output"]["result"][0]) as response:
        body = await response.read()

    assert body.startswith(start)
    assert len(body) <= 200


async def test_picture_may_be_gone(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """An address of no task is 404, and downloads can be told to go wrong."""
    provider.fail_pictures("503")
    codes = []
    for _ in range(2):
        async with session.get(f"{provider.origin}/results/none/0.webp") as response:
            codes.append(response.status)

    assert codes == [503, 404]


@pytest.mark.parametrize("blank", ["", "null", "{}", "missing"])
async def test_nothing_is_written_in_four_ways(
    blank: Any, provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """What an answer has no fact for is the empty text, null, an empty object, or left out."""
    provider.default = Script(blank=blank)
    _, said = await _poll(session, provider, await _submit(session, provider))

    ways: dict[str, object] = {"": "", "null": None, "{}": {}, "missing": "absent"}
    expected = ways[blank]
    assert expected == said.get("error", "absent")


ANSWERED = [name for name, fault in FAULTS.items() if fault.ending == "answer"]


@pytest.mark.parametrize("name", ANSWERED)
async def test_fault_is_answered_once(
    name: str, provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A fault hits the next submit alone, and that submit is counted."""
    provider.fail_submits(name)
    url = f"{provider.api_url}/getImagetoImage"
    async with session.post(url, json=BODY) as response:
        code = response.status

    assert FAULTS[name].code == code
    assert (provider.count(), provider.count(accepted=True)) == (1, int(FAULTS[name].accepts))
    assert await _submit(session, provider) in provider.tasks


@pytest.mark.parametrize("name", ["close", "reset", "cut", "no_http"])
async def test_fault_ends_the_connection(
    name: str, provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A call whose connection is ended arrives once and has no answer."""
    provider.fail_polls(name)
    with pytest.raises(aiohttp.ClientError):
        await _poll(session, provider, "task-1")

    assert provider.polls["task-1"] == 1
    assert (await _poll(session, provider, "task-1"))[0] == 200


async def test_fault_can_only_delay(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A fault that passes answers as usual, later; the submit counts before that."""
    provider.fail_submits(Fault(ending="pass", delay_s=0.05))
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(_submit(session, provider))
        await provider.arrived()
        assert not answer.done()

    assert answer.result() in provider.tasks


async def test_wrong_key_makes_no_task(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """Another key is refused on both calls."""
    wrong = {"Authorization": "Bearer other"}
    submit = await _post(session, f"{provider.api_url}/getImagetoImage", BODY, **wrong)
    poll = await _post(session, f"{provider.api_url}/getImage", {"id": "x"}, **wrong)

    assert (submit[0], poll[0], provider.count(accepted=True)) == (401, 401, 0)


async def test_body_that_is_no_object_is_refused(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A body that is no JSON object is answered with 422 and kept as empty."""
    code, _ = await _post(session, f"{provider.api_url}/getImagetoImage", ["x"])

    assert (code, dict(provider.submits[0].body)) == (422, {})


async def test_references_are_fetched_and_counted(session: aiohttp.ClientSession) -> None:
    """On demand each reference picture is fetched as the real runners would, without headers."""
    seen: list[bytes] = []

    async def picture(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()

    async with ProviderServer(fetches_references=True) as provider, listener(picture) as port:
        good = f"http://127.0.0.1:{port}/1.jpg"
        await _submit(session, provider, file_urls=[good, "http://127.0.0.1:9/none", "no address"])

    assert provider.submits[0].reference_codes == (204, 0, 0)
    assert len(seen) == 1
    assert b"authorization" not in seen[0].lower()


async def test_unaccepted_script_output_stands_in(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """A script may give any output at all."""
    provider.default = Script(output="https://cdn.example.org/one.webp")
    _, said = await _poll(session, provider, await _submit(session, provider))

    assert said["output"] == "https://cdn.example.org/one.webp"


async def test_own_process_logs_what_arrives(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    """As a process of its own it prints its address and logs one line a call."""
    log = tmp_path / "calls.jsonl"
    options = ("--log", str(log), "--submit-fault", "429:1", "--pending-polls", "1")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.provider_server",
        *options,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    codes = [(await _post(session, f"{url}/getImagetoImage", BODY))[0] for _ in range(2)]
    await _post(session, f"{url}/getImage", {"id": "x"})
    process.send_signal(signal.SIGINT)
    await process.communicate()

    assert (codes, process.returncode) == ([429, 200], 0)
    submits = list(submits_in(log))
    assert [submit["body"] for submit in submits] == [BODY, BODY]
    assert [submit["task_id"] is None for submit in submits] == [True, False]
    assert [json.loads(line)["call"] for line in log.read_text().splitlines()] == [
        "submit",
        "submit",
        "poll",
    ]


async def test_a_submit_that_is_answered_late_has_its_task_at_once(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """Whoever is cut off meanwhile has paid all the same."""
    provider.default = Script(answers_s=60.0)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(_submit(session, provider))
        await provider.arrived(1)
        assert provider.submits[0].task_id in provider.tasks
        assert not waiting.done()
        waiting.cancel()


async def test_submits_say_what_went_wrong_with_them_until_it_is_healed(
    provider: ProviderServer, session: aiohttp.ClientSession
) -> None:
    """What was told to go wrong and has not yet is forgotten."""
    slow = Fault(ending="pass", delay_s=0.01)
    provider.fail_submits(slow, times=5)
    provider.fail_polls("502", times=5)
    await _submit(session, provider)
    provider.heal()
    code, _ = await _poll(session, provider, await _submit(session, provider))

    assert [submit.fault for submit in provider.submits] == [slow, None]
    assert code == 200
