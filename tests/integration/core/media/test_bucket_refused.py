"""What S3 says with a 400 or a 301, which no store that can be started here says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from core.clock import SystemClock
from core.errors import MediaUnavailable, SettingsError
from core.media.bucket import BucketSpool, open_bucket
from core.media.item import Kind

pytest.importorskip("obstore")

REFUSED = "the bucket refuses the credentials that the environment has"
ELSEWHERE = "the bucket is in another region than AWS_REGION says"
SECRET = "a-key-that-has-run-out"

Open = Callable[[int], BucketSpool]


@asynccontextmanager
async def _saying(status: int, code: str) -> AsyncIterator[int]:
    """
    Serve S3's answer to whatever is asked; yields the port.

    Source: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
    """
    body = f"<Error><Code>{code}</Code><Message>It is {SECRET}.</Message></Error>"

    async def answer(request: web.Request) -> web.Response:
        text = "" if request.method == "HEAD" else body
        return web.Response(status=status, text=text, content_type="application/xml")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return what opens a bucket with the keys of a role, which end."""

    def open_(port: int) -> BucketSpool:
        environ = {
            "AWS_ACCESS_KEY_ID": "role",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": SECRET,
            "AWS_REGION": "nowhere-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
        }
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        return open_bucket("s3://pictures/folder", clock=SystemClock())

    return open_


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (400, "ExpiredToken", REFUSED),
        (400, "InvalidToken", REFUSED),
        (403, "InvalidAccessKeyId", REFUSED),
        (400, "AuthorizationHeaderMalformed", ELSEWHERE),
        (301, "PermanentRedirect", ELSEWHERE),
    ],
)
async def test_what_never_will_do_is_told_from_silence(
    opened: Open, status: int, code: str, said: str
) -> None:
    """Keys that have run out, and a wrong region, are the admin's to mend, and said to be."""
    async with _saying(status, code) as port:
        spool = opened(port)
        with pytest.raises(SettingsError) as at_start:
            await spool.check()
        with pytest.raises(MediaUnavailable) as later:
            await spool.put(b"x", kind=Kind.PNG, width_px=1, height_px=1)

    assert (at_start.value.variable, at_start.value.reason) == ("REDRAW_MEDIA_URL", said)
    assert str(later.value) == said


async def test_trouble_of_the_store_is_waited_for(opened: Open) -> None:
    """What it says of itself is no word about the keys."""
    async with _saying(400, "RequestTimeout") as port:
        with pytest.raises(MediaUnavailable, match="does not answer, or not as one should"):
            await opened(port).check()
