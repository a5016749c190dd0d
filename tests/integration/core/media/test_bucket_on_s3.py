"""Pictures in a real S3 store, which checks signatures: OpenStack Swift, started for the tests."""

from __future__ import annotations

import asyncio
import math
import os
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from structlog.testing import capture_logs

from core.clock import SystemClock
from core.errors import Gone, MediaUnavailable, SettingsError
from core.jobs.steps import OUTPUT_MAX_BYTES
from core.media.bucket import LEFT_AT_MOST, SIGNED_FOR_AT_MOST, BucketSpool, open_bucket
from core.media.item import Kind, MediaItem
from tests.fakes.s3_refusing import refusing
from tests.fakes.s3_server import S3Server
from tests.fakes.tcp_relay import relay

pytestmark = [pytest.mark.s3, pytest.mark.slow]

CLOCK = SystemClock()
DATA = b"the bytes of a picture"
PATIENCE_S = 60.0

Open = Callable[..., BucketSpool]


@pytest.fixture
def opened(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return what opens a folder of the bucket that no other test has, as an operator would."""
    prefix = str(uuid.uuid4())

    def open_(*, port: int | None = None, bucket: str = "pictures", **environ: str) -> BucketSpool:
        for name, value in s3.environ(port, **environ).items():
            monkeypatch.setenv(name, value)
        return open_bucket(s3.media_url(prefix, bucket), clock=CLOCK)

    return open_


@pytest.fixture
def spool(opened: Open) -> BucketSpool:
    return opened()


async def put(spool: BucketSpool, data: bytes = DATA) -> MediaItem:
    return await spool.put(data, kind=Kind.PNG, width_px=4, height_px=3)


async def until_after(instant: datetime) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while CLOCK.now() <= instant:  # noqa: ASYNC110  # the machine's clock tells nobody
            await asyncio.sleep(0.05)


async def swept_of_all(spool: BucketSpool) -> int:
    """Delete all that there is; returns how many that were."""
    return await spool.sweep(older_than=datetime.max.replace(tzinfo=UTC), keep=lambda _: False)


async def fetched(url: str) -> tuple[int, bytes, Mapping[str, str]]:
    """Fetch as a stranger, who has nothing but the link."""
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.read(), answer.headers


async def link(spool: BucketSpool, item: MediaItem, **life: float) -> str:
    url = await spool.public_url(item, expires_at=CLOCK.now() + timedelta(**life))
    assert url is not None
    return url


async def test_what_is_put_can_be_read_until_it_is_deleted(spool: BucketSpool) -> None:
    """The whole life of a picture, and no error for what is not there."""
    item = await put(spool)
    before = (await spool.read(item), await spool.exists(item))
    await spool.delete(item)
    await spool.delete(item)

    assert before == (DATA, True)
    assert (await spool.exists(item), await spool.touch(item)) == (False, False)
    with pytest.raises(Gone):
        await spool.read(item)


async def test_replicas_see_the_files_of_each_other(opened: Open) -> None:
    """What one process puts another reads and deletes."""
    ours, theirs = opened(), opened()
    item = await put(ours)
    read = await theirs.read(item)
    await theirs.delete(item)

    assert (read, await ours.exists(item)) == (DATA, False)


async def test_sweeping_leaves_what_is_claimed_young_or_not_ours(spool: BucketSpool) -> None:
    """Only what is old and wanted by nobody goes."""
    claimed, unclaimed, touched = [await put(spool, name) for name in (b"1", b"2", b"3")]
    # Stores tell ages in whole seconds, rounded either way.
    older_than = CLOCK.now().replace(microsecond=0) + timedelta(seconds=3)
    await until_after(older_than + timedelta(seconds=1))
    young = await put(spool, b"4")
    kept_young = await spool.touch(touched)
    swept = await spool.sweep(older_than=older_than, keep=lambda name: name == claimed.name)

    assert (kept_young, swept) == (True, 1)
    found = [await spool.exists(item) for item in (claimed, unclaimed, touched, young)]
    assert found == [True, False, True, True]


async def test_replicas_sweep_at_the_same_time(opened: Open) -> None:
    """What another replica was quicker to sweep is no error, and everything goes."""
    spools = [opened() for _ in range(3)]
    items = [await put(spools[0], bytes([number])) for number in range(12)]
    older_than = CLOCK.now() + timedelta(hours=1)

    swept = await asyncio.gather(
        *(spool.sweep(older_than=older_than, keep=lambda _: False) for spool in spools)
    )

    assert sum(swept) >= len(items)
    assert [await spools[0].exists(item) for item in items] == [False] * len(items)


async def test_delete_that_is_refused_just_now_is_made_again(s3: S3Server, opened: Open) -> None:
    """A busy store's 503 is nothing that the caller hears of."""
    async with refusing(s3.url) as before:
        spool = opened(port=before.port)
        item = await put(spool)
        before.refuse(item.name, status=503, times=2)
        await spool.delete(item)

    assert before.refused == 2
    assert await opened().exists(item) is False


@pytest.mark.parametrize("status", [409, 503])
async def test_sweep_leaves_what_is_refused_to_the_next(
    s3: S3Server, opened: Open, status: int
) -> None:
    """What the store will not delete now holds nothing else up, is told, and goes later."""
    async with refusing(s3.url) as before:
        spool = opened(port=before.port)
        items = [await put(spool, bytes([number])) for number in range(3)]
        before.refuse(items[0].name, status=status, times=10**6)
        with capture_logs() as logs:
            swept = await swept_of_all(spool)
        found = [await spool.exists(item) for item in items]
        before.refuse(items[0].name, status=status, times=0)
        swept_later = await swept_of_all(spool)

    assert (swept, found, swept_later) == (2, [True, False, False], 1)
    assert [(line["event"], line["pictures"]) for line in logs] == [
        ("pictures_left_to_next_sweep", 1)
    ]


async def test_sweep_ends_when_too_much_is_refused(s3: S3Server, opened: Open) -> None:
    """A store that deletes nothing is not asked for every picture there is."""
    async with refusing(s3.url) as before:
        spool = opened(port=before.port)
        items = [await put(spool, bytes([number])) for number in range(LEFT_AT_MOST + 3)]
        before.refuse(*(item.name for item in items), status=409, times=10**6)
        with pytest.raises(MediaUnavailable):
            await swept_of_all(spool)

    assert before.refused == LEFT_AT_MOST + 1
    assert await swept_of_all(opened()) == len(items)


async def test_link_is_fetched_without_credentials(spool: BucketSpool) -> None:
    """A stranger with the link gets the picture, under its honest type."""
    item = await put(spool)
    status, data, headers = await fetched(await link(spool, item, minutes=5))

    assert (status, data, headers["Content-Type"]) == (200, DATA, "image/png")


@pytest.mark.parametrize("part", ["X-Amz-Signature", "X-Amz-Expires", "X-Amz-Date", "path", "all"])
async def test_link_that_was_tampered_with_is_refused(spool: BucketSpool, part: str) -> None:
    """Neither another picture, nor another life, nor no signature at all is let through."""
    item, other = await put(spool), await put(spool, b"another picture")
    url = await link(spool, item, minutes=5)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    tampered = {
        "X-Amz-Signature": url.replace(asked["X-Amz-Signature"], "0" * 64),
        "X-Amz-Expires": url.replace("X-Amz-Expires=300", "X-Amz-Expires=600000"),
        "X-Amz-Date": url.replace(asked["X-Amz-Date"], "20261201T000000Z"),
        "path": url.replace(item.name, other.name),
        "all": url.partition("?")[0],
    }[part]
    status, data, _ = await fetched(tampered)

    assert tampered != url
    assert status in {400, 403}
    assert data not in {DATA, b"another picture"}


async def test_expired_link_is_refused(spool: BucketSpool) -> None:
    """A link works until its time is over, and then no longer."""
    item = await put(spool)
    url = await link(spool, item, seconds=1)
    status = 200
    async with asyncio.timeout(PATIENCE_S):
        while status == 200:
            await asyncio.sleep(0.2)
            status, _, _ = await fetched(url)

    assert status == 403


async def test_link_lives_as_long_as_asked_but_not_longer_than_may_be(spool: BucketSpool) -> None:
    """The life is never cut short by part of a second; the longest that S3 takes is a week."""
    item = await put(spool)
    began = CLOCK.now()
    urls = [await link(spool, item, seconds=s) for s in (900, 30 * 86_400)]
    took_s = math.ceil((CLOCK.now() - began).total_seconds())
    lives_s = [int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0]) for url in urls]

    assert 900 - took_s <= lives_s[0] <= 900
    assert lives_s[1] == SIGNED_FOR_AT_MOST.total_seconds()
    assert (await fetched(urls[1]))[0] == 200


async def test_largest_result_is_kept_whole(spool: BucketSpool) -> None:
    """A picture of the largest size that is downloaded goes there and back in one piece."""
    data = os.urandom(OUTPUT_MAX_BYTES)
    item = await put(spool, data)

    assert await spool.read(item) == data
    assert (await fetched(await link(spool, item, minutes=5)))[1] == data


@pytest.mark.parametrize(
    "environ", [{"AWS_SECRET_ACCESS_KEY": "wrong"}, {"AWS_ACCESS_KEY_ID": "x"}]
)
async def test_wrong_credentials_are_told(opened: Open, environ: dict[str, str]) -> None:
    """Who starts hears which setting it is; what was under way may be tried again."""
    spool = opened(**environ)

    with pytest.raises(SettingsError, match="refuses the credentials") as caught:
        await spool.check()
    assert caught.value.variable == "REDRAW_MEDIA_URL"
    with pytest.raises(MediaUnavailable, match="refuses the credentials"):
        await put(spool)


async def test_missing_bucket_is_told(opened: Open) -> None:
    """A bucket that nobody made is named as such, not as a picture that is gone."""
    spool = opened(bucket="never-made")

    with pytest.raises(SettingsError, match="bucket is not there"):
        await spool.check()
    with pytest.raises(MediaUnavailable, match="bucket is not there"):
        await put(spool)


async def test_check_leaves_nothing_behind(opened: Open) -> None:
    """Trying the bucket out, by several replicas at once, leaves it as it was."""
    spools = [opened() for _ in range(3)]
    await asyncio.gather(*(spool.check() for spool in spools))

    assert await swept_of_all(spools[0]) == 0


async def test_store_that_goes_away_is_unavailable_until_it_is_back(
    s3: S3Server, opened: Open
) -> None:
    """Everything says that pictures cannot be had just now; nothing was lost when it is over."""
    async with relay(s3.port) as way, asyncio.timeout(4 * PATIENCE_S):
        spool = opened(port=way.port)
        item = await put(spool)
        way.cut()
        calls: list[Callable[[], object]] = [
            spool.check,
            lambda: put(spool, b"another"),
            lambda: spool.read(item),
            lambda: spool.exists(item),
            lambda: spool.touch(item),
            lambda: spool.delete(item),
            lambda: spool.sweep(older_than=CLOCK.now(), keep=lambda _: False),
        ]
        for call in calls:
            with pytest.raises(MediaUnavailable):
                await call()  # type: ignore[misc]  # each of them is awaited
        way.mend()

        assert await spool.read(item) == DATA
        assert await spool.read(await put(spool, b"another")) == b"another"


async def test_connection_that_breaks_amid_a_picture_is_not_noticed(
    s3: S3Server, opened: Open
) -> None:
    """A call that broke off is made again, and what is kept in the end is whole."""
    data = os.urandom(2 * 1024 * 1024)
    async with relay(s3.port) as way, asyncio.timeout(PATIENCE_S):
        spool = opened(port=way.port)
        way.break_after(len(data) // 2)
        item = await put(spool, data)

        assert way.connections > 1
        assert await spool.read(item) == data


async def test_picture_that_did_not_get_there_is_not_there(s3: S3Server, opened: Open) -> None:
    """Half of a picture is never kept: it appears whole or not at all."""
    data = os.urandom(2 * 1024 * 1024)
    async with relay(s3.port) as way, asyncio.timeout(2 * PATIENCE_S):
        spool = opened(port=way.port)
        way.break_after(len(data) // 2, and_stay_cut=True)
        with pytest.raises(MediaUnavailable):
            await put(spool, data)

    assert await swept_of_all(opened()) == 0
