"""What the terminal's deliverer writes, and that it never writes it twice."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from adapters.terminal import files
from adapters.terminal.app import TerminalDeliverer
from adapters.terminal.written import Written
from core.errors import DeliveryRefused, Gone
from core.jobs.job import DeliveryState, Job
from core.jobs.lifecycle import DeliveryKind, State
from core.media.decoding import Decoder
from core.media.fit import probe_picture
from core.media.item import MediaItem
from core.media.spool import FileSpool
from tests.fakes.jobs import MODELS, delivery, item, job, picture_bytes, run

PENDING = DeliveryState.PENDING


async def note(facts: Mapping[str, object]) -> None:
    raise AssertionError(facts)  # nothing has to be remembered in the middle


@pytest.fixture
def spool(tmp_path: Path) -> FileSpool:
    return FileSpool(tmp_path / "media")


@pytest.fixture
async def deliverer(spool: FileSpool) -> AsyncIterator[TerminalDeliverer]:
    async with Decoder(processes=1) as decoder:
        yield TerminalDeliverer(spool=spool, decoder=decoder, catalogue=MODELS)


async def kept(spool: FileSpool, colour: str, form: str = "JPEG") -> MediaItem:
    data = picture_bytes(colour, form=form)
    kind, width_px, height_px = probe_picture(data)
    return await spool.put(data, kind=kind, width_px=width_px, height_px=height_px)


async def ready(spool: FileSpool, out: Path, **changes: object) -> Job:
    return job(
        run=run(out=out),
        state=State.READY,
        prepared=(await kept(spool, "navy"),),
        outputs=(await kept(spool, "gold"), await kept(spool, "teal", "PNG")),
        **changes,
    )


def marks(out: Path) -> dict[str, tuple[int, int]]:
    """Return each file's inode and time of change: a file written anew has others."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.iterdir()}


def content(path: str) -> bytes:
    return Path(path).read_bytes()


def interrupt_writing(path: str) -> None:
    """Leave what a crash in the middle of writing leaves."""
    Path(path).unlink()
    Path(f"{path}.part").write_bytes(b"half")


async def test_result_repeated_after_a_crash_writes_nothing_twice(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """Delivering the same result again finds every file and leaves it untouched."""
    ended = await ready(spool, tmp_path / "out")
    first = await deliverer.deliver(ended, delivery(DeliveryKind.RESULT, PENDING), (), note)
    before = marks(tmp_path / "out")
    second = await deliverer.deliver(ended, delivery(DeliveryKind.RESULT, PENDING), (), note)

    assert second == first
    assert marks(tmp_path / "out") == before
    assert len(before) == 4


async def test_crash_between_two_files_is_completed(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """Files missing after a crash are added, a half-written part is overwritten."""
    out = tmp_path / "out"
    ended = await ready(spool, out)
    written = await deliverer.write(ended)
    interrupt_writing(written.outputs[1])
    again = await deliverer.write(ended)

    assert again == written
    assert [path.name for path in out.iterdir() if path.suffix == ".part"] == []
    assert probe_picture(content(written.outputs[1]))[1:] == (64, 48)


async def test_receipt_names_the_files(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """The row of a delivered result remembers absolute paths of files that are there."""
    ended = await ready(spool, tmp_path / "out", preview=True)
    receipt = await deliverer.deliver(ended, delivery(DeliveryKind.RESULT, PENDING), (), note)
    row = delivery(DeliveryKind.RESULT, DeliveryState.SENT, **receipt.data)
    written = Written.recorded([row])
    paths = (*written.outputs, str(written.sheet), str(written.before_after))

    assert all(content(path) for path in paths)
    assert all("local-preview" in Path(path).name for path in paths)


@pytest.mark.parametrize("kind", [DeliveryKind.CARD, DeliveryKind.NOTICE, DeliveryKind.CARD_FINAL])
async def test_what_is_only_said_wakes_whoever_watches(
    deliverer: TerminalDeliverer, kind: DeliveryKind
) -> None:
    """The card and the notice are shown by whoever watches, who is woken for it."""
    deliverer.changed.clear()
    receipt = await deliverer.deliver(job(), delivery(kind, PENDING), (), note)

    assert (dict(receipt.data), deliverer.changed.is_set()) == ({"state": "received"}, True)


async def test_progress_tells_why_a_queued_job_waits(deliverer: TerminalDeliverer) -> None:
    """The reason of a pause, which no row holds, is added to the job until it gets on."""
    await deliverer.progress(job(state=State.QUEUED, detail="credits"), ())
    waiting = deliverer.as_told(job(state=State.QUEUED))
    await deliverer.progress(job(state=State.SUBMITTING), ())

    assert waiting.detail == "credits"
    assert deliverer.as_told(job(state=State.QUEUED)).detail == ""


async def test_pictures_are_fetched_from_the_spool(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """The user's file may be gone: the job's own copy in the spool is what counts."""
    picture = await kept(spool, "red")

    assert await deliverer.fetch(job(run=run(pictures=(picture,)))) == (picture,)


async def test_picture_that_was_swept_is_gone(deliverer: TerminalDeliverer) -> None:
    """A copy that is no longer there is said to be gone."""
    with pytest.raises(Gone):
        await deliverer.fetch(job(run=run(pictures=(item(),))))


async def test_terminal_publishes_nothing(deliverer: TerminalDeliverer) -> None:
    """A terminal has no public address for a picture."""
    addresses = await deliverer.reference_urls(job(), ())  # type: ignore[func-returns-value]  # None is what it says

    assert addresses is None


async def test_folder_that_takes_no_files_is_refused(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """Where nothing can be written the delivery is refused, not tried for a day."""
    (tmp_path / "out").write_text("a file")
    ended = await ready(spool, tmp_path / "out")

    with pytest.raises(DeliveryRefused, match="cannot be written to"):
        await deliverer.write(ended)


async def test_full_disk_keeps_no_half_file(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """What could not be written whole is removed: a full disk needs the room."""
    ended = await ready(spool, tmp_path / "out")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        with pytest.raises(DeliveryRefused, match="cannot be written to"):
            await deliverer.write(ended)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list((tmp_path / "out").iterdir()) == []


async def test_result_that_was_swept_is_refused(
    deliverer: TerminalDeliverer, tmp_path: Path
) -> None:
    """Pictures that are no longer kept cannot be delivered."""
    ended = job(run=run(out=tmp_path / "out"), state=State.READY, outputs=(item(),))

    with pytest.raises(DeliveryRefused, match="no longer kept"):
        await deliverer.write(ended)


async def test_comparison_is_left_out_where_the_input_is_gone(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """A missing reference costs the comparison, not the pictures."""
    ended = job(
        run=run(out=tmp_path / "out"),
        state=State.READY,
        prepared=(item(),),
        outputs=(await kept(spool, "gold"),),
    )
    written = await deliverer.write(ended)

    assert (len(written.outputs), written.before_after) == (1, None)


async def test_one_picture_has_no_sheet(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """A sheet shows several pictures; one alone would only be shown once more, and blown up."""
    gold = await kept(spool, "gold")
    ended = job(run=run(out=tmp_path / "out"), state=State.READY, prepared=(gold,), outputs=(gold,))
    written = await deliverer.write(ended)

    assert (written.sheet, written.before_after is None) == (None, False)
    assert len(list((tmp_path / "out").iterdir())) == 2


async def test_picture_that_cannot_be_decoded_costs_only_the_sheets(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """A result with damaged pixels is handed over as it came; sheets need readable pictures."""
    data = picture_bytes("gold", (64, 48), "JPEG")
    kind, width_px, height_px = probe_picture(data)
    cut = data[:400]
    bad = await spool.put(cut, kind=kind, width_px=width_px, height_px=height_px)
    ended = job(run=run(out=tmp_path / "out"), state=State.READY, outputs=(bad, bad))
    written = await deliverer.write(ended)

    assert content(written.outputs[0]) == cut
    assert (written.sheet, written.before_after) == (None, None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nowhere.jpg", "no such file"),
        ("folder", "folder or a device"),
        ("bad\0name", "cannot be read"),
        ("text.jpg", "looks like a text file"),
    ],
)
async def test_file_that_cannot_be_used_is_a_problem(
    tmp_path: Path, name: str, expected: str
) -> None:
    """Whatever is wrong with a file is said in words that name it."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.jpg").write_text("just words")
    given = await files.read([tmp_path / name])

    assert [expected in problem.reason for problem in given.problems] == [True]
    assert given.pictures == ()


async def test_special_file_is_not_read(tmp_path: Path) -> None:
    """A device that never ends is refused unread."""
    given = await files.read([Path("/dev/zero")])

    assert [problem.parameter for problem in given.problems] == ["image"]


async def test_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    """A file over the bound is refused without holding it."""
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(1 << 32)
    given = await files.read([path])

    assert ["more than 32 MiB" in problem.reason for problem in given.problems] == [True]


async def test_folder_is_made_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    """The folder for results is made before anything is ordered, and trying it leaves no trace."""
    problem = await files.open_folder(tmp_path / "a" / "b")

    assert problem is None
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.parametrize("name", ["file/below", "bad\0name"])
async def test_folder_that_cannot_be_made_is_a_problem(tmp_path: Path, name: str) -> None:
    """A folder that cannot be made is reported before anything is ordered."""
    (tmp_path / "file").write_text("")
    problem = await files.open_folder(tmp_path / name)

    assert problem is not None
    assert problem.parameter == "out"


@pytest.mark.parametrize("name", ["x" * 5000, "bad\0name", ""])
def test_prompt_is_no_file(name: str) -> None:
    """A prompt that could not be the name of a file is simply no file."""
    assert not files.is_file(Path(name))


async def test_result_of_a_model_that_left_the_catalogue_is_delivered(
    deliverer: TerminalDeliverer, spool: FileSpool, tmp_path: Path
) -> None:
    """What was paid for is handed over even when its model is no longer on offer."""
    ended = await ready(spool, tmp_path / "out", request_model_id="long-gone")
    written = await deliverer.write(ended)

    assert len(written.outputs) == 2
    assert written.sheet is not None
