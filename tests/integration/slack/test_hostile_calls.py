"""What strangers may post to the page that Slack calls: refused, and never an error of ours."""

from __future__ import annotations

import gzip
import io
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.slack_http import FORM
from tests.fakes.slack_rig import Mode, Redraw, open_redraw

JSON = "application/json"
DEEP = "[" * 100_000
MIB = 1024 * 1024


@pytest.fixture
async def redraw(tmp_path: Path) -> AsyncIterator[Redraw]:
    async with open_redraw(tmp_path, Mode.HTTP) as opened:
        yield opened


async def posted(redraw: Redraw, body: bytes, **headers: str) -> int:
    """Post what nobody has signed; return the status."""
    url = redraw.slack.http.url
    assert url is not None
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=io.BytesIO(body), headers=told) as answer,
    ):
        return answer.status


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("{", JSON),
        ("[]", JSON),
        ("5", JSON),
        ('"text"', JSON),
        ("null", JSON),
        (DEEP, JSON),
        ('{"event": 5, "type": "event_callback"}', JSON),
        ('{"team": 5, "user": [], "view": "x"}', JSON),
        ("payload=5", FORM),
        ("payload=%5B%5D", FORM),
        ("payload=%7B", FORM),
        ("\udcff", FORM),
        ("a=b", "text/plain; charset=no-such-charset"),
        ("a=b", "multipart/form-data; boundary=x"),
        ("", JSON),
        ("", FORM),
    ],
)
async def test_body_that_is_none_is_refused(
    redraw: Redraw, body: str, content_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever its shape: 400 or 401, and no traceback in the log."""
    status = await posted(
        redraw, body.encode("utf-8", "surrogateescape"), Content_Type=content_type
    )

    assert status in {400, 401}
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=0"},
        {"X-Slack-Request-Timestamp": "1e9", "X-Slack-Signature": "v0=0"},
        {"X-Slack-Request-Timestamp": "9" * 5000, "X-Slack-Signature": "v0=0"},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Signature": ""},
        {"X-Slack-Request-Timestamp": ""},
    ],
)
async def test_signature_that_is_none_is_refused(
    redraw: Redraw, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """A header that cannot be read is as wrong as one that does not fit."""
    body = json.dumps({"type": "url_verification", "challenge": "c"})

    answer = await redraw.slack.http.post(body, JSON, headers=headers)

    assert answer.status == 401
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_body_that_cannot_be_unpacked_is_refused(redraw: Redraw, encoding: str) -> None:
    """It is said to be packed, and is not."""
    status = await posted(redraw, b"a=b", Content_Type=FORM, Content_Encoding=encoding)

    assert status == 400


@pytest.mark.parametrize("packed", [False, True])
async def test_body_of_ten_megabytes_is_refused(redraw: Redraw, *, packed: bool) -> None:
    """Packed or not: no more than the limit is read."""
    body = b"a=" + b"b" * 10 * MIB
    headers = {"Content_Encoding": "gzip"} if packed else {}

    status = await posted(redraw, gzip.compress(body) if packed else body, **headers)

    assert status == 413


@pytest.mark.parametrize("body", ["[]", "5", '{"team": 5, "user": []}', DEEP])
async def test_signed_body_that_cannot_be_read_is_refused(
    redraw: Redraw, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack sends none such; a proxy of ours may."""
    answer = await redraw.slack.http.post(body, JSON)

    assert answer.status == 400
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []
