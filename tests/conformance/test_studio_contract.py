"""The contract of the image-to-image API, row by row, against the studio on every broker."""

from __future__ import annotations

import asyncio
import io
import uuid
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from PIL import Image

from core.clock import SystemClock
from core.media.item import Kind
from core.media.probe import sniff
from core.studio.server import open_studio
from tests.conformance.conftest import Bench
from tests.fakes import studio_bench, tiny_painter
from tests.fakes.clock import FastClock
from tests.fakes.studio_bench import FLUX_DEV, GPT, IDEOGRAM, KONTEXT, REDUX

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEYS = [
    "time_required",
    "error",
    "error_data",
    "input",
    "output",
    "app_id",
    "task_id",
    "status",
]
NSFW = "detection of NSFW content"
PATIENCE_S = 30.0


async def test_submit_is_answered_with_a_pending_envelope(bench: Bench) -> None:
    """A queued submit answers 200 at once, with the page's eight keys and a task id."""
    said = await bench.caller.submit(ref_id="r-1")

    assert (said.status, list(said.body)) == (200, KEYS)
    assert said.body["status"] == "PENDING"
    assert str(uuid.UUID(said.body["task_id"])) == said.body["task_id"]
    assert said.body["app_id"] == FLUX_DEV
    assert (said.body["output"], said.body["error"], said.body["error_data"]) == ({}, None, None)
    assert said.body["input"]["parameters"]["prompt"] == "a woodcut"
    assert said.body["input"]["ref_id"] == "r-1"


async def test_task_ends_with_pictures(bench: Bench) -> None:
    """The final envelope has the pictures, the times, the echo, and no task id."""
    said = await bench.caller.outcome(batch=3)

    assert (said.status, list(said.body)) == (200, KEYS)
    assert (said.body["status"], said.body["task_id"]) == ("SUCCESS", None)
    assert [len(said.body["output"][key]) for key in ("result", "low_res_urls")] == [3, 3]
    assert said.body["output"]["Has_NSFW_Content"] == [False] * 3
    assert set(said.body["time_required"]) == {"startup_time", "runtime"}
    assert said.body["input"]["parameters"]["batch"] == 3
    assert said.body["input"]["celery"] is True


async def test_answer_says_what_was_understood(bench: Bench) -> None:
    """An extra key of the output says that this is a preview and which words it understood."""
    said = await bench.caller.outcome(prompt="woodcut flibber")

    assert said.headers["X-Redraw-Studio"] == "local preview"
    assert said.body["output"]["preview"] == {
        "notice": "local preview",
        "understood": ["woodcut"],
        "ignored": ["flibber"],
    }


@pytest.mark.parametrize(
    "task_id",
    [str(uuid.uuid4()), "", "no-such-task", "../accepted/x", "x" * 5000, "\ud800", "\0"],
    ids=["uuid", "empty", "word", "path", "long", "surrogate", "nul"],
)
async def test_unknown_task_is_pending(bench: Bench, task_id: str) -> None:
    """Any id that is not known is PENDING, and is told back."""
    said = await bench.caller.post("/getImage", {"id": task_id, "refID": "r"})

    assert (said.status, said.body["status"]) == (200, "PENDING")
    assert said.body["task_id"] == task_id
    assert said.body["input"] == {"task_id": task_id, "ref_id": "r"}
    assert said.body["output"] == {}


async def test_result_expires(bench: Bench) -> None:
    """Four hours after its end a task is PENDING again; a minute before it is not."""
    submitted = await bench.caller.submit()
    task_id = submitted.body["task_id"]
    await bench.caller.ended(task_id)
    found = []
    for seconds in (4 * 3600 - 60, 4 * 3600 + 60):
        clock = FastClock(1.0, start=SystemClock().now())
        clock.leap(seconds)
        again = open_studio(bench.settings, paint=tiny_painter.paint, clock=clock)
        async with again as studio, studio_bench.caller(studio.api_url, "") as later:
            found.append((await later.poll(task_id)).body["status"])

    assert found == ["SUCCESS", "PENDING"]


async def test_pictures_are_not_what_they_are_called(bench: Bench) -> None:
    """Pictures are called .webp and served as image/jpeg; the bytes are JPEG, or PNG for GPT."""
    kinds = {}
    for app_id in (FLUX_DEV, GPT):
        said = await bench.caller.outcome(app_id=app_id, width=1024, height=1024)
        url = said.body["output"]["result"][0]
        file = await bench.caller.get(url)
        kinds[app_id] = sniff(file.data)
        assert url.endswith(".webp")
        assert file.headers["Content-Type"] == "image/jpeg"

    assert kinds == {FLUX_DEV: Kind.JPEG, GPT: Kind.PNG}


async def test_small_copies_are_real_webp(bench: Bench) -> None:
    """`low_res_urls` are WebP of at most 100 KB, served as image/jpeg as well."""
    said = await bench.caller.outcome()

    file = await bench.caller.get(said.body["output"]["low_res_urls"][0])

    assert sniff(file.data) is Kind.WEBP
    assert len(file.data) <= 100 * 1024
    assert file.headers["Content-Type"] == "image/jpeg"


async def test_pictures_need_no_token(bench: Bench) -> None:
    """Result pictures are public, as on the API's file host; names that are none are not found."""
    url = (await bench.caller.outcome()).body["output"]["result"][0]
    async with aiohttp.ClientSession() as stranger:
        async with stranger.get(url) as answer:
            status = answer.status
        base = url.rsplit("/", 1)[0]
        async with stranger.get(f"{base}/..%2faccepted%2fx.json") as answer:
            elsewhere = answer.status

    assert (status, elsewhere) == (200, 404)


@pytest.mark.parametrize(
    ("batch", "fault", "left"),
    [(4, "filtered=1", 3), (4, "filtered", 0), (1, "filtered=9", 0)],
    ids=["shorter", "empty", "more_than_all"],
)
async def test_filtered_results_are_missing(
    bench: Bench, batch: int, fault: str, left: int
) -> None:
    """Withheld pictures leave SUCCESS with fewer addresses, and the arrays no longer line up."""
    said = await bench.caller.outcome(batch=batch, prompt=f"a harbour fault:{fault}")

    output = said.body["output"]
    assert said.body["status"] == "SUCCESS"
    assert (len(output["result"]), len(output["low_res_urls"])) == (left, left)
    assert len(output["Has_NSFW_Content"]) == batch


@pytest.mark.parametrize(("batch", "left"), [(1, 0), (4, 2)], ids=["empty", "shorter"])
async def test_a_word_has_pictures_filtered(bench: Bench, batch: int, left: int) -> None:
    """The word "copyrighted" in a prompt withholds every second picture."""
    said = await bench.caller.outcome(batch=batch, prompt="a copyrighted mouse")

    assert len(said.body["output"]["result"]) == left


PROBLEMS: dict[str, tuple[dict[str, object], str, str]] = {
    "batch": ({"batch": 9}, "Internal Error", "1 validation error for"),
    "batch_zero": ({"batch": 0}, "Internal Error", "1 validation error for"),
    "strength": ({"strength": 0}, "Internal Error", "1 validation error for"),
    "strength_over": ({"strength": 1.5}, "Internal Error", "1 validation error for"),
    "guidance": ({"guidance_scale": 31}, "Internal Error", "1 validation error for"),
    "no_prompt": ({"prompt": None}, "Internal Error", "Field required"),
    "two_problems": ({"batch": 9, "strength": 0}, "Internal Error", "2 validation errors for"),
    "file_urls_number": (
        {"app_id": KONTEXT, "file_urls": 5},
        "Internal Error",
        "1 validation error for",
    ),
    "file_urls_missing": ({"app_id": KONTEXT}, "Internal Error", "Field required"),
    "file_urls_five": (
        {"app_id": KONTEXT, "file_urls": ["http://x.example/a.jpg"] * 5},
        "Internal Error",
        "1 validation error for",
    ),
    "ideogram_size": (
        {"app_id": IDEOGRAM, "width": 1000, "height": 700},
        "Internal Error",
        "Invalid Height and width dimension",
    ),
    "redux_turned": (
        {"app_id": REDUX, "width": 676, "height": 1600},
        "Internal Error",
        "Invalid Height and width dimension",
    ),
    "gpt_size": (
        {"app_id": GPT, "width": 512, "height": 512},
        "Internal Error",
        "Image Generation Error",
    ),
    "gpt_no_size": ({"app_id": GPT}, "Internal Error", "Image Generation Error"),
    "nsfw": ({"prompt": "an nsfw scene"}, "Image Generation Error", NSFW),
    "nsfw_gpt": (
        {"app_id": GPT, "prompt": "nsfw", "width": 1024, "height": 1024},
        "Internal Error",
        NSFW,
    ),
    "moderated": ({"prompt": "a fault:moderated"}, "Image Generation Error", NSFW),
    "time_limit": ({"prompt": "a fault:time-limit"}, "Internal Error", "SoftTimeLimitExceeded()"),
    "provider": ({"prompt": "a fault:failed"}, "Internal Error", "Unexpected status code"),
    "crash": ({"prompt": "crash"}, "Internal Error", "RuntimeError()"),
    "no_image": ({"image": None}, "Image URL Error", "Given image type is not supported"),
    "data_url": (
        {"image": "data:image/png;base64,AAAA"},
        "Image URL Error",
        "Given image type is not supported",
    ),
}


@pytest.mark.parametrize(
    ("more", "error", "detail"), [pytest.param(*row, id=key) for key, row in PROBLEMS.items()]
)
async def test_failure_is_found_by_polling(
    bench: Bench, more: dict[str, Any], error: str, detail: str
) -> None:
    """What is wrong with a task is not said at its submit but to whoever polls: 200, FAILED."""
    said = await bench.caller.outcome(**more)

    assert (said.status, said.body["status"]) == (200, "FAILED")
    assert said.body["error"] == error
    assert detail in said.body["error_data"]
    assert (said.body["task_id"], said.body["output"]) == (None, {})


@pytest.mark.parametrize("name", ["gone.jpg", "page.html", "broken.jpg"])
async def test_picture_that_cannot_be_had(bench: Bench, name: str) -> None:
    """A reference image that is gone, a web page or damaged is one and the same error."""
    said = await bench.caller.outcome(image=bench.host.url(name))

    assert said.body["error"] == "Image URL Error"
    assert "JPG or PNG" in said.body["error_data"]


async def test_private_addresses_are_refused(bench: Bench) -> None:
    """Reference images are not fetched from private addresses, redirected to or named."""
    async with studio_bench.picture_host() as secret:
        bench.host.redirect_to = secret.url()
        urls = (
            secret.url(),
            bench.host.url("away.jpg"),
            "http://169.254.169.254/latest/meta-data/",
            "http://[::1]/photo.jpg",
            "https://localhost/photo.jpg",
            "file:///etc/passwd",
        )
        errors = [(await bench.caller.outcome(image=url)).body["error"] for url in urls]

    assert errors == ["Image URL Error"] * len(urls)
    assert secret.asked == []


async def test_one_bad_picture_fails_the_whole_batch(bench: Bench) -> None:
    """Several pictures fail together: one that is gone leaves no result at all."""
    urls = [bench.host.url(), bench.host.url("gone.jpg")]

    said = await bench.caller.outcome(app_id=KONTEXT, file_urls=urls, batch=2)

    assert (said.body["status"], said.body["output"]) == ("FAILED", {})


@pytest.mark.parametrize("as_text", [False, True], ids=["list", "text"])
async def test_file_urls_may_be_text(bench: Bench, as_text: bool) -> None:  # a case
    """`file_urls` is a list; the text that the API's page speaks of is taken as well."""
    url = bench.host.url("other.png")

    said = await bench.caller.outcome(app_id=KONTEXT, file_urls=url if as_text else [url])

    assert said.body["status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("more", "detail"),
    [
        ({"app_id": "ap-unknown"}, "('ap-unknown',)"),
        ({"app_id": FLUX_DEV.upper()}, f"('{FLUX_DEV.upper()}',)"),
        ({"app_id": None}, "()"),
        ({"inference_type": "t4"}, "()"),
    ],
    ids=["unknown", "case", "missing", "inference_type"],
)
async def test_request_that_is_not_accepted(
    bench: Bench, more: dict[str, Any], detail: str
) -> None:
    """What is looked at before a task is made is refused at once: 500, FAILED, no task id."""
    said = await bench.caller.submit(**more)

    assert (said.status, list(said.body)) == (500, KEYS)
    assert (said.body["status"], said.body["task_id"]) == ("FAILED", None)
    assert (said.body["error"], said.body["error_data"]) == ("Internal Error", detail)


async def test_listed_size_is_kept(bench: Bench) -> None:
    """A size that the model's list has is the size that comes back, as width times height."""
    said = await bench.caller.outcome(app_id=REDUX, width=1600, height=676)

    file = await bench.caller.get(said.body["output"]["result"][0])

    assert Image.open(io.BytesIO(file.data)).size == (1600, 676)


async def test_without_queue_the_answer_is_final(bench: Bench) -> None:
    """With `celery` false or missing the connection is held and the answer is the result."""
    found = [await bench.caller.submit(celery=celery) for celery in (False, None)]

    assert [said.body["status"] for said in found] == ["SUCCESS", "SUCCESS"]
    assert [said.body["task_id"] for said in found] == [None, None]
    assert (await bench.caller.get(found[0].body["output"]["result"][0])).status == 200


async def test_without_queue_failure_is_the_answer(bench: Bench) -> None:
    """With `celery` false a failed task is 200 and FAILED in the answer itself."""
    said = await bench.caller.submit(celery=False, batch=9)

    assert (said.status, said.body["status"], said.body["task_id"]) == (200, "FAILED", None)


@pytest.mark.parametrize("base", ["", "/api/v1/studio"], ids=["root", "hosted_path"])
@pytest.mark.parametrize("name", ["/getImagetoImage", "/getImageToImage"])
async def test_calls_are_where_the_hosted_ones_are(bench: Bench, base: str, name: str) -> None:
    """Both spellings of the submit call, at the root and below the hosted API's path."""
    origin = bench.caller.api_url.removesuffix("/api/v1/studio")
    there = replace(bench.caller, api_url=origin + base)

    said = await there.post(name, there.body())

    assert (said.status, said.body["status"]) == (200, "PENDING")
    assert (await there.ended(said.body["task_id"])).body["status"] == "SUCCESS"


@pytest.mark.parametrize(
    "header", [None, "Bearer wrong", "Bearer ", studio_bench.TOKEN, "Bearer \u00e4"]
)
async def test_token_is_needed(bench: Bench, header: str | None) -> None:
    """Without the bearer token both calls answer 401, and say that this is a guess."""
    headers = {} if header is None else {"Authorization": header}
    async with aiohttp.ClientSession(headers=headers) as http:
        stranger = replace(bench.caller, http=http)
        found = [await stranger.submit(), await stranger.poll("x")]

    assert [said.status for said in found] == [401, 401]
    assert [said.headers["X-Studio-Guess"] for said in found] == ["undocumented"] * 2


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'"x"', b'{"strength": NaN}', b"[" * 100_000, b"\xff"]
)
async def test_body_has_to_be_a_json_object(bench: Bench, data: bytes) -> None:
    """A body that is no JSON object answers 422 on both calls."""
    statuses = []
    for path in ("/getImagetoImage", "/getImage"):
        async with bench.caller.http.post(bench.caller.api_url + path, data=data) as answer:
            statuses.append(answer.status)

    assert statuses == [422, 422]


async def test_poll_without_id_is_refused(bench: Bench) -> None:
    """A poll without an id is an envelope that says FAILED, with status 500."""
    said = await bench.caller.post("/getImage", {"task_id": "x"})

    assert (said.status, said.body["status"]) == (500, "FAILED")


@pytest.mark.parametrize("status", [401, 402, 403, 404, 408, 429, 500, 502])
async def test_refusals_on_demand(bench: Bench, status: int) -> None:
    """Either call answers with the status code that its header asks for, marked as a guess."""
    fault = {"X-Studio-Fault": f"{status}"}
    for said in (
        await bench.caller.submit(headers=fault),
        await bench.caller.poll("x", **fault),
        await bench.caller.submit(prompt=f"a fault:{status}"),
    ):
        assert said.status == status
        assert said.headers["X-Studio-Guess"] == str(status)
        assert ("text/html" in said.headers["Content-Type"]) == (status == 502)


async def test_retry_after_on_demand(bench: Bench) -> None:
    """429 says how long to wait."""
    said = await bench.caller.submit(headers={"X-Studio-Fault": "429=7"})

    assert (said.status, said.headers["Retry-After"]) == (429, "7")


async def test_cut_poll_on_demand(bench: Bench) -> None:
    """The connection is closed after a poll was read, without an answer."""
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await bench.caller.poll("x", **{"X-Studio-Fault": "cut"})


async def test_cut_submit_was_accepted(bench: Bench) -> None:
    """The connection is closed after a submit was accepted; it is carried out all the same."""
    before = len(bench.host.asked)
    url = bench.host.url("other.png")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await bench.caller.submit(image=url, headers={"X-Studio-Fault": "cut"})
    async with asyncio.timeout(PATIENCE_S):
        while "/other.png" not in bench.host.asked[before:]:  # noqa: ASYNC110  # it does not tell
            await asyncio.sleep(0.02)


async def test_malformed_answers_on_demand(bench: Bench) -> None:
    """Answers may be JSON that breaks off, or lack the task id."""
    broken = await bench.caller.submit(headers={"X-Studio-Fault": "malformed"})
    nameless = await bench.caller.submit(headers={"X-Studio-Fault": "no-task-id"})

    assert (broken.status, broken.body) == (200, None)
    assert (nameless.body["status"], nameless.body["task_id"]) == ("PENDING", None)


async def test_pending_for_ever_on_demand(bench: Bench) -> None:
    """A task may be accepted and never carried out; one behind it is."""
    stuck = await bench.caller.submit(headers={"X-Studio-Fault": "pending"})
    await bench.caller.outcome()

    assert (await bench.caller.poll(stuck.body["task_id"])).body["status"] == "PENDING"


async def test_slow_answer_on_demand(bench: Bench) -> None:
    """A call may be answered late."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await bench.caller.poll("x", **{"X-Studio-Fault": "slow=0.3"})

    assert loop.time() - began_s >= 0.3
