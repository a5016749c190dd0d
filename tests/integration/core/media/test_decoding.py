"""Decoder processes: bounded, killable, replaced, and away from the event loop."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from core.errors import MediaError, MediaUnavailable, TooLarge, Unreadable, WrongType
from core.media.decoding import MEMORY_BYTES, Decoder
from core.media.decoding_process import ALARM_MARGIN_S
from core.media.decoding_worker import START_TIMEOUT_S
from core.media.fit import prepare
from tests.fakes import pictures
from tests.fakes.clock import VirtualClock

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

MIB = 1024 * 1024


def process_id() -> int:
    return os.getpid()


def end_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def crash_in_a_codec() -> None:
    """Read from where nothing is, as a broken codec might."""
    ctypes.string_at(8)


def work_for(seconds: float) -> int:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
    return os.getpid()


def note_and_work(note: Path) -> None:
    note.write_text(str(os.getpid()))
    work_for(600)


def take(size: int) -> int:
    return len(bytearray(size))


def fail_oddly() -> None:
    raise LookupError("odd")


def print_noise() -> str:
    print("a codec says hello")  # noqa: T201 - what codecs do
    os.write(1, b"and bypasses Python")
    return "done"


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def peak_bytes(pid: int) -> int:
    match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match is not None
    return int(match[1]) * 1024


async def error_of(call: Awaitable[object]) -> MediaError | None:
    try:
        await call
    except MediaError as error:
        return error
    return None


async def until(is_so: Callable[[], bool]) -> None:
    """Return as soon as something is so; a test that waits in vain fails."""
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - the end of a process is no event of ours
            await asyncio.sleep(0.01)


async def test_the_answer_is_what_the_function_gives() -> None:
    """A picture prepared apart is the picture prepared here."""
    async with Decoder() as decoder:
        assert await decoder.prepare(pictures.jpeg()) == prepare(pictures.jpeg())


async def test_errors_arrive_as_themselves() -> None:
    """What preparing raises is raised to the caller, and the process goes on."""
    async with Decoder(processes=1) as decoder:
        first = await decoder.run(process_id)
        with pytest.raises(WrongType) as caught:
            await decoder.prepare(b"%PDF-1.7")

        assert caught.value.found == "a PDF"
        assert await decoder.run(process_id) == first


async def test_nothing_is_started_before_it_is_needed() -> None:
    """A decoder that is never used starts no process."""
    async with Decoder() as decoder:
        assert decoder.process_ids == ()


async def test_the_loop_goes_on_while_a_picture_is_decoded() -> None:
    """Other work gets thousands of turns before a large picture is done."""
    data = pictures.encoded(pictures.photo(size=(5000, 4000)), "PNG", compress_level=1)
    turns: list[int] = []

    async with Decoder(processes=1) as decoder, asyncio.TaskGroup() as group:
        await decoder.run(process_id)
        decoding = group.create_task(decoder.prepare(data))
        while not decoding.done():
            turns.append(1)
            await asyncio.sleep(0)

    assert len(turns) > 100


async def test_a_killed_process_is_one_error_and_a_new_process() -> None:
    """Whoever's picture took the process down is told; the next one gets another process."""
    async with Decoder(processes=1) as decoder:
        first = await decoder.run(process_id)
        with pytest.raises(Unreadable):
            await decoder.run(end_process)

        assert await decoder.run(process_id) not in {first, os.getpid()}


async def test_a_crash_in_a_codec_is_one_error() -> None:
    """A segmentation fault stays in its process."""
    async with Decoder(processes=1) as decoder:
        with pytest.raises(Unreadable):
            await decoder.run(crash_in_a_codec)

        assert await decoder.run(max, 1, 2) == 2


async def test_an_idle_process_that_died_is_replaced_unseen() -> None:
    """A process killed between two pictures costs nobody an error."""
    async with Decoder(processes=1) as decoder:
        first = await decoder.run(process_id)
        os.kill(first, signal.SIGKILL)
        await until(lambda: not decoder.is_ready)

        assert await decoder.run(process_id) != first


@linux
async def test_overrunning_is_too_large_and_ends_the_process(tmp_path: Path) -> None:
    """A picture that takes too long is given up, and nothing goes on working on it."""
    clock, note = VirtualClock(), tmp_path / "pid"
    async with Decoder(processes=1, timeout_s=15, clock=clock) as decoder:
        async with asyncio.TaskGroup() as group:
            decoding = group.create_task(error_of(decoder.run(note_and_work, note)))
            await until(lambda: note.exists() and note.read_text() != "")
            await clock.advance(15)
        error = decoding.result()

        assert isinstance(error, TooLarge)
        assert (error.limit, error.unit) == (15, "seconds")
        assert not is_running(int(note.read_text()))
        assert await decoder.run(max, 1, 2) == 2


@linux
async def test_a_cancelled_call_ends_its_process() -> None:
    """Nobody waits for the answer any more, so nobody works on it."""
    async with Decoder(processes=1) as decoder:
        first = await decoder.run(process_id)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await decoder.run(work_for, 600.0)

        assert not is_running(first)
        assert await decoder.run(max, 1, 2) == 2


@linux
async def test_memory_is_limited() -> None:
    """A call that wants more memory than a process may have is told so."""
    async with Decoder(processes=1, memory_bytes=400 * MIB) as decoder:
        first = await decoder.run(process_id)
        with pytest.raises(TooLarge) as caught:
            await decoder.run(take, 500 * MIB)

        assert (caught.value.limit, caught.value.unit) == (400 * MIB, "bytes of memory")
        assert await decoder.run(take, 5 * MIB) == 5 * MIB
        assert decoder.process_ids != (first,)


async def test_a_bug_is_unreadable_and_costs_no_process() -> None:
    """A call that fails in a way it should not is one clear error."""
    async with Decoder(processes=1) as decoder:
        first = await decoder.run(process_id)
        with pytest.raises(Unreadable, match="odd"):
            await decoder.run(fail_oddly)

        assert await decoder.run(process_id) == first


async def test_what_codecs_print_goes_nowhere() -> None:
    """A chatty codec does not garble the answers."""
    async with Decoder(processes=1) as decoder:
        assert await decoder.run(print_noise) == "done"
        assert await decoder.run(print_noise) == "done"


async def test_no_more_processes_than_asked_for() -> None:
    """However many pictures come at once, so many processes work on them, in turn."""
    async with Decoder(processes=2) as decoder, asyncio.TaskGroup() as group:
        calls = [group.create_task(decoder.run(work_for, 0.02)) for _ in range(12)]

    assert len({call.result() for call in calls}) <= 2


@linux
@pytest.mark.slow
async def test_large_webps_at_once_stay_within_memory() -> None:
    """Four WebPs of 25 megapixels at once: two at a time, each far below its limit."""
    data = pictures.encoded(pictures.photo(size=(5000, 5000)), "WEBP", quality=60, method=0)

    async with Decoder(processes=2) as decoder:
        async with asyncio.TaskGroup() as group:
            for _ in range(4):
                group.create_task(decoder.prepare(data))
        peaks = [peak_bytes(pid) for pid in decoder.process_ids]

    assert len(peaks) == 2
    assert sum(peaks) < 2 * MEMORY_BYTES
    assert max(peaks) < 600 * MIB


@linux
async def test_nothing_is_left_behind() -> None:
    """Leaving the decoder ends its processes, and it takes no more work."""
    async with Decoder() as decoder:
        pid = await decoder.run(process_id)

    assert not is_running(pid)
    with pytest.raises(MediaUnavailable):
        await decoder.run(process_id)


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
async def test_what_cannot_be_started_is_unavailable(python: str) -> None:
    """Without a working interpreter every picture waits for better times."""
    async with Decoder(python=python) as decoder:
        with pytest.raises(MediaUnavailable):
            await decoder.run(max, 1, 2)


async def test_a_process_that_does_not_get_ready_is_given_up(tmp_path: Path) -> None:
    """A machine that cannot start a process in half a minute is reported, not waited for."""
    clock, hanging = VirtualClock(), tmp_path / "python"
    hanging.write_text("#!/bin/sh\nexec sleep 600\n")
    hanging.chmod(0o700)

    async with Decoder(python=str(hanging), clock=clock) as decoder, asyncio.TaskGroup() as group:
        starting = group.create_task(error_of(decoder.run(max, 1, 2)))
        await until(lambda: clock.next_timer_s is not None)
        await clock.advance(START_TIMEOUT_S)

    assert isinstance(starting.result(), MediaUnavailable)


@linux
async def test_too_little_memory_for_a_picture_is_too_large() -> None:
    """A picture that its process has no room for is too large, whatever its header promised."""
    data = pictures.encoded(pictures.photo(size=(6000, 6000)), "PNG", compress_level=1)

    async with Decoder(processes=1, memory_bytes=150 * MIB) as decoder:
        with pytest.raises(TooLarge):
            await decoder.prepare(data)

        assert (await decoder.prepare(pictures.jpeg())).width_px == 512


PARENT = """
import asyncio, os, sys
from core.media.decoding import Decoder

async def main():
    async with Decoder(processes=2) as decoder:
        print(*await asyncio.gather(decoder.run(os.getpid), decoder.run(os.getpid)), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@linux
async def test_processes_end_when_the_parent_is_killed() -> None:
    """SIGKILL of the bot leaves no decoder process behind."""
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:  # noqa: ASYNC220 - a process to be killed
        assert parent.stdout is not None
        workers = [int(pid) for pid in (await asyncio.to_thread(parent.stdout.readline)).split()]
        assert [pid for pid in workers if is_running(pid)] == workers
        parent.kill()

        await until(lambda: not any(is_running(pid) for pid in workers))


def test_an_orphan_at_work_ends_by_its_alarm() -> None:
    """A process whose caller was killed works at most a moment longer than allowed."""
    code = (
        "import sys; from core.media.decoding_process import serve;"
        f"serve(sys.stdin.buffer, sys.stdout.buffer, timeout_s={0.3 - ALARM_MARGIN_S})"
    )
    from core.media.decoding_process import pack_call

    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pack_call(time.sleep, (30.0,)),
        capture_output=True,
        check=False,
        timeout=20,
    )

    assert done.returncode == -signal.SIGALRM
