"""One contract for every place where pictures are kept."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore, S3Store

from core.clock import SystemClock
from core.errors import Gone, MediaUnavailable, SettingsError
from core.media.bucket import BucketSpool, open_bucket
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool, Spool
from core.media.spool_files import PART_SUFFIX
from tests.fakes.clock import VirtualClock

DATA = b"the bytes of a picture"
CLOCK = SystemClock()


async def put(spool: Spool, data: bytes = DATA) -> MediaItem:
    return await spool.put(data, kind=Kind.PNG, width_px=4, height_px=3)


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture(params=["files", "bucket in memory", "bucket on disk"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Spool:
    made: dict[str, Callable[[], Spool]] = {
        "files": lambda: FileSpool(tmp_path),
        "bucket in memory": lambda: BucketSpool(MemoryStore(), clock=CLOCK),
        "bucket on disk": lambda: BucketSpool(LocalStore(tmp_path), clock=CLOCK),
    }
    return made[str(request.param)]()


async def test_what_is_put_can_be_read(spool: Spool) -> None:
    """A picture is kept under the digest of its bytes, with what is known about it."""
    item = await put(spool)

    assert await spool.read(item) == DATA
    assert await spool.exists(item) is True
    assert item == MediaItem(
        sha256=hashlib.sha256(DATA).hexdigest(),
        kind=Kind.PNG,
        size_bytes=len(DATA),
        width_px=4,
        height_px=3,
    )


async def test_putting_twice_keeps_one(spool: Spool) -> None:
    """The same bytes are the same item, however often and however many at once they come."""
    items = await asyncio.gather(*(put(spool) for _ in range(8)))

    assert set(items) == {await put(spool)}
    assert await spool.sweep(older_than=later(), keep=lambda _: False) == 1


async def test_what_is_not_kept_is_gone(spool: Spool) -> None:
    """Reading what was deleted, or was never there, says that it is gone."""
    item = await put(spool)
    await spool.delete(item)

    assert await spool.exists(item) is False
    with pytest.raises(Gone):
        await spool.read(item)


async def test_deleting_twice_is_no_error(spool: Spool) -> None:
    """What is not there any more need not be deleted."""
    item = await put(spool)

    await spool.delete(item)
    await spool.delete(item)

    assert await spool.exists(item) is False


async def test_sweeping_forgets_what_is_old_and_unclaimed(spool: Spool) -> None:
    """Only what was put before the instant and is not claimed goes."""
    claimed, unclaimed = await put(spool, b"claimed"), await put(spool, b"unclaimed")

    assert await spool.sweep(older_than=earlier(), keep=lambda _: False) == 0
    assert await spool.sweep(older_than=later(), keep=lambda name: name == claimed.name) == 1
    assert (await spool.exists(claimed), await spool.exists(unclaimed)) == (True, False)


async def test_what_was_just_touched_is_not_swept(spool: Spool, tmp_path: Path) -> None:
    """An old picture that a new job is made of is as safe as one that was put just now."""
    touched, left = await put(spool, b"touched"), await put(spool, b"left")
    older_than = made_old(tmp_path)

    assert await spool.touch(touched) is True
    assert await spool.sweep(older_than=older_than, keep=lambda _: False) == 1
    assert await spool.read(touched) == b"touched"
    assert await spool.exists(left) is False


async def test_what_is_gone_cannot_be_touched(spool: Spool) -> None:
    """Whoever wants to use it again hears so before anything is ordered."""
    item = await put(spool)
    await spool.delete(item)

    assert await spool.touch(item) is False
    assert await spool.exists(item) is False


@pytest.mark.parametrize("is_bucket", [False, True])
async def test_what_is_not_whole_cannot_be_touched(tmp_path: Path, *, is_bucket: bool) -> None:
    """A file that an accident cut short is no picture, and stays as old as it is."""
    files = FileSpool(tmp_path)
    spool = BucketSpool(LocalStore(tmp_path), clock=CLOCK) if is_bucket else files
    item = await put(spool)
    path = tmp_path / item.name if is_bucket else files.path_of(item)
    path.write_bytes(b"the by")
    older_than = made_old(tmp_path)

    assert await spool.touch(item) is False
    assert await spool.sweep(older_than=older_than, keep=lambda _: False) == 1


@pytest.mark.parametrize("is_bucket", [False, True])
async def test_sweeping_leaves_what_is_put_again_meanwhile(
    tmp_path: Path, *, is_bucket: bool
) -> None:
    """A picture whose age is renewed after the sweep looked at it is not forgotten."""
    files = FileSpool(tmp_path)
    spool = BucketSpool(LocalStore(tmp_path), clock=CLOCK) if is_bucket else files
    item = await put(spool)
    path = tmp_path / item.name if is_bucket else files.path_of(item)
    os.utime(path, (0, 0))

    def renewed(_: str) -> bool:
        os.utime(path)
        return False

    assert await spool.sweep(older_than=earlier(), keep=renewed) == 0
    assert await spool.read(item) == DATA


async def test_sweeping_minds_not_what_another_deleted_meanwhile(tmp_path: Path) -> None:
    """A picture that goes after it was listed was swept by somebody else, and is not counted."""
    spool = BucketSpool(LocalStore(tmp_path), clock=CLOCK)
    items = [await put(spool, b"1"), await put(spool, b"2")]

    def taken_elsewhere(name: str) -> bool:
        if name == items[0].name:
            (tmp_path / name).unlink()
        return False

    assert await spool.sweep(older_than=later(), keep=taken_elsewhere) == 1
    assert files_below(tmp_path) == []


async def test_sweeping_leaves_the_files_of_others(spool: Spool, tmp_path: Path) -> None:
    """Whoever points us at a folder or bucket with other files in it still has them afterwards."""
    await put(spool)
    others = [tmp_path / name for name in ("ab/report.pdf", "ab/film.part", "notes.txt")]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"not ours")

    assert await spool.sweep(older_than=later(), keep=lambda _: False) == 1
    assert files_below(tmp_path) == sorted(others)


async def test_there_is_no_public_address_without_signing(spool: Spool) -> None:
    """Files, and stores that cannot sign, have no address that others could fetch from."""
    assert await spool.public_url(await put(spool), expires_at=later()) is None


def made_old(folder: Path) -> datetime:
    """Make every file below `folder` old; return an instant before which all is that was put."""
    files = files_below(folder)
    for path in files:
        os.utime(path, (0, 0))
    return earlier() if files else CLOCK.now()


def earlier() -> datetime:
    return CLOCK.now() - timedelta(hours=1)


def later() -> datetime:
    return CLOCK.now() + timedelta(hours=1)


async def test_an_empty_folder_can_be_swept(tmp_path: Path) -> None:
    """A spool whose folder does not exist yet has nothing to sweep."""
    spool = FileSpool(tmp_path / "not yet")

    assert await spool.sweep(older_than=later(), keep=lambda _: False) == 0


async def test_a_file_lies_under_its_honest_name(tmp_path: Path) -> None:
    """The file's name is the digest with the extension of what it is, and nothing is left over."""
    spool = FileSpool(tmp_path)
    item = await put(spool)

    assert files_below(tmp_path) == [spool.path_of(item)]
    assert spool.path_of(item).name == f"{item.sha256}.png"


async def test_putting_again_renews_the_age(tmp_path: Path) -> None:
    """A picture that is put again is not swept for being old."""
    spool = FileSpool(tmp_path)
    item = await put(spool)
    os.utime(spool.path_of(item), (0, 0))
    await put(spool)

    assert await spool.sweep(older_than=earlier(), keep=lambda _: False) == 0


async def test_a_file_cut_short_is_put_whole(tmp_path: Path) -> None:
    """A file that some accident cut short is written anew."""
    spool = FileSpool(tmp_path)
    item = await put(spool)
    spool.path_of(item).write_bytes(b"the by")

    assert await spool.read(await put(spool)) == DATA


async def test_a_file_cut_short_is_not_handed_out(tmp_path: Path) -> None:
    """Half a picture is no picture."""
    spool = FileSpool(tmp_path)
    item = await put(spool)
    spool.path_of(item).write_bytes(b"the by")

    with pytest.raises(Gone):
        await spool.read(item)


async def test_remains_of_a_crash_are_swept_and_not_counted(tmp_path: Path) -> None:
    """Half-written files of a process that was killed go with the old ones."""
    folder = tmp_path / "ab"
    folder.mkdir()
    (folder / f"redraw-x{PART_SUFFIX}").write_bytes(b"half")

    assert await FileSpool(tmp_path).sweep(older_than=later(), keep=lambda _: True) == 0
    assert files_below(tmp_path) == []


async def test_a_file_where_the_folder_should_be_is_an_error_of_ours(tmp_path: Path) -> None:
    """Whatever the disk says, the caller hears that pictures cannot be kept just now."""
    (tmp_path / "spool").write_bytes(b"")

    with pytest.raises(MediaUnavailable, match=os.strerror(errno.ENOTDIR)):
        await put(FileSpool(tmp_path / "spool"))


async def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """What stands in the way of the last step is an error, and the half-written file goes."""
    spool = FileSpool(tmp_path)
    item = await put(spool)
    await spool.delete(item)
    spool.path_of(item).mkdir()

    with pytest.raises(MediaUnavailable):
        await put(spool)

    assert files_below(tmp_path) == []


async def test_sweeping_asks_from_another_thread(tmp_path: Path) -> None:
    """The event loop does not wait for the disk."""
    spool = FileSpool(tmp_path)
    await put(spool)
    asked: list[bool] = []

    def keep(_: str) -> bool:
        asked.append(threading.current_thread() is threading.main_thread())
        return True

    await spool.sweep(older_than=later(), keep=keep)

    assert asked == [False]


def test_a_bucket_needs_a_url_of_one() -> None:
    """What cannot name a bucket is a mistake in the setting, told by its name."""
    for url in ("file:///folder", "bucket", "s3://", "ftp://x/y"):
        with pytest.raises(SettingsError) as caught:
            open_bucket(url, clock=CLOCK)

        assert caught.value.variable == "REDRAW_MEDIA_URL"


def test_a_missing_extra_is_told_with_its_remedy() -> None:
    """Without the library of buckets, the setting's error says what to install."""
    code = (
        "import sys; sys.modules['obstore.exceptions'] = None\n"
        "from core.clock import SystemClock; from core.errors import SettingsError\n"
        "from core.media.bucket import open_bucket\n"
        "try: open_bucket('s3://pictures', clock=SystemClock())\n"
        "except SettingsError as error: print(error)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout == "REDRAW_MEDIA_URL: needs the extra: pip install 'redraw[s3]'\n"


async def test_a_bucket_signs_addresses() -> None:
    """A store that can sign gives an address that lives until the instant asked for."""
    clock = VirtualClock()
    store = S3Store(
        "pictures", prefix="redraw", region="eu-west-1", access_key_id="AK", secret_access_key="SK"
    )
    spool = BucketSpool(store, clock=clock)
    item = MediaItem(sha256="a" * 64, kind=Kind.JPEG, size_bytes=1, width_px=1, height_px=1)

    url = await spool.public_url(item, expires_at=clock.now() + timedelta(minutes=15))

    assert url is not None
    assert f"/redraw/{item.name}?" in url
    assert "X-Amz-Expires=900" in url
    assert "SK" not in url
    with pytest.raises(Gone):
        await spool.public_url(item, expires_at=clock.now())


def test_opening_a_bucket_sends_nothing() -> None:
    """A bucket is only named when the process starts."""
    assert isinstance(open_bucket("s3://pictures/redraw", clock=CLOCK), BucketSpool)


async def test_another_file_under_the_name_is_gone(tmp_path: Path) -> None:
    """An object of another length is not handed out for the picture it replaced."""
    spool = BucketSpool(LocalStore(tmp_path), clock=CLOCK)
    item = await put(spool)
    (tmp_path / item.name).write_bytes(b"something else entirely")

    with pytest.raises(Gone):
        await spool.read(item)


async def test_a_store_that_fails_is_an_error_of_ours(tmp_path: Path) -> None:
    """Whatever the store raises, the caller hears that pictures cannot be kept just now."""
    folder = tmp_path / "store"
    folder.mkdir()
    spool = BucketSpool(LocalStore(folder), clock=CLOCK)
    folder.rmdir()
    folder.write_bytes(b"")

    with pytest.raises(MediaUnavailable):
        await put(spool)
