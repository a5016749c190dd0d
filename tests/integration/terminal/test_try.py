"""`redraw try` through the real queue, worker, ledger and spool, against the provider fake."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.terminal import closing
from adapters.terminal.report import ExitCode
from adapters.terminal.resume import Seen
from core.jobs.lifecycle import Reason, State
from core.jobs.quota import Limits
from core.media.fit import probe_picture
from core.media.item import Kind
from tests.fakes.clock import FastClock
from tests.fakes.jobs import MODELS, item, job, picture_bytes, run
from tests.fakes.provider_script import NSFW, Fault, Script
from tests.fakes.provider_server import ProviderServer
from tests.fakes.terminal import Terminal, open_terminal

UNANSWERED = Fault(delay_s=60.0, ending="pass")
"""A submit whose answer nobody waits for."""


@pytest.fixture
async def provider() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


@pytest.fixture
async def terminal(tmp_path: Path, provider: ProviderServer) -> AsyncIterator[Terminal]:
    (tmp_path / "photo.jpg").write_bytes(picture_bytes("teal", (320, 240), "JPEG"))
    async with open_terminal(tmp_path, provider) as opened:
        yield opened


def photo(terminal: Terminal) -> str:
    return str(terminal.folder / "photo.jpg")


def kind_of(path: str) -> Kind:
    return probe_picture(Path(path).read_bytes())[0]


async def test_picture_and_prompt_become_files(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """The main job: pictures under honest extensions, a sheet and a comparison, in one folder."""
    provider.default = Script(formats=("jpg", "png"))
    made = await terminal.type(photo(terminal), "a woodcut", values={"batch": "2"})
    stem = f"flux-dev-{made.summary.job_id}"

    assert (made.exit_code, made.summary.state, made.summary.error) == (
        ExitCode.DONE,
        State.READY,
        None,
    )
    assert terminal.written() == sorted(
        [f"{stem}-1.jpg", f"{stem}-2.png", f"{stem}-sheet.jpg", f"{stem}-before-after.jpg"]
    )
    assert [kind_of(path) for path in made.summary.outputs] == [Kind.JPEG, Kind.PNG]
    assert provider.count(accepted=True) == 1


async def test_states_are_shown_in_order(terminal: Terminal) -> None:
    """A pipe gets a line for each real state, in order, and the paths at the end."""
    made = await terminal.type(photo(terminal), "a woodcut")
    lines = terminal.shown.splitlines()

    assert [line for line in lines if line.startswith("Flux Dev: ")] == [
        f"Flux Dev: {state}"
        for state in ("received", "queued", "submitting", "running", "collecting", "ready")
    ]
    assert f"  {made.summary.outputs[0]}" in lines  # --out was given in full
    assert "\x1b" not in terminal.shown


async def test_json_prints_nothing(terminal: Terminal) -> None:
    """With --json nothing is printed while it runs; the object has paths that exist."""
    made = await terminal.type(photo(terminal), "a woodcut", values={"batch": "2"}, as_json=True)
    whole = json.loads(json.dumps(made.to_json()))

    assert terminal.shown == ""
    files = (*whole["outputs"], whole["sheet"], whole["before_after"])
    assert [kind_of(path) for path in files] == [Kind.JPEG] * 4
    assert (whole["state"], whole["model"], whole["preview"]) == ("ready", "flux-dev", False)


async def test_terminal_shows_board_and_drawing(tmp_path: Path, provider: ProviderServer) -> None:
    """On a terminal there is a live board, and before and after are drawn with half blocks."""
    async with open_terminal(tmp_path, provider, preview=True, is_terminal=True) as terminal:
        await terminal.type("a woodcut of a harbour")

    assert "▀" in terminal.shown
    assert "understood: harbour; ignored: flibber" in terminal.shown
    assert "local preview" in terminal.shown
    assert "QOLABA_API_KEY" in terminal.shown


async def test_all_models_end_with_one_sheet(terminal: Terminal, provider: ProviderServer) -> None:
    """--all-models submits every model once and writes one sheet of all."""
    made = await terminal.type(photo(terminal), "a woodcut", all_models=True, as_json=True)
    models = [model.app_id for model in terminal.parts.catalogue.models]

    assert made.exit_code == ExitCode.DONE
    assert sorted(submit.app_id for submit in provider.submits) == sorted(models)
    assert len(made.jobs) == len(models) == len(made.summary.outputs)
    assert made.summary.sheet is not None
    assert kind_of(made.summary.sheet) is Kind.JPEG


async def test_one_failed_model_does_not_spoil_the_sheet(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """A model that fails is named with its reason, and the others are on the sheet."""
    model = terminal.parts.catalogue["flux-canny"]
    provider.script(
        Script(fails=True, error="Image Generation Error", error_data=NSFW), app_id=model.app_id
    )
    made = await terminal.type(photo(terminal), "a woodcut", all_models=True)

    assert made.exit_code == ExitCode.FAILED
    assert made.summary.sheet is not None
    assert "Flux Canny: The image service's safety filter" in terminal.shown
    assert NSFW not in terminal.shown


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("gone.jpg", None, "there is no such file"),
        ("page.jpg", b"<!doctype html><html></html>", "it looks like a web page"),
        ("cut.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "damaged"),
    ],
    ids=["missing", "no picture", "damaged header"],
)
async def test_bad_file_is_bad_input(
    *,
    terminal: Terminal,
    provider: ProviderServer,
    name: str,
    content: bytes | None,
    expected: str,
) -> None:
    """A missing file or something that is no picture ends with 2 before there is any job."""
    path = terminal.folder / name
    if content is not None:
        path.write_bytes(content)
    made = await terminal.type(str(path), "a woodcut")

    assert made.exit_code == ExitCode.BAD_INPUT
    assert expected in terminal.shown
    assert (provider.count(), await terminal.ledger.list_all(10)) == (0, ())


async def test_every_problem_is_told_at_once(terminal: Terminal) -> None:
    """A bad file, a bad folder and two bad values are reported together."""
    (terminal.folder / "out").write_text("a file")
    made = await terminal.type(
        str(terminal.folder / "gone.jpg"), "a woodcut", values={"batch": "9", "strength": "3"}
    )

    assert made.exit_code == ExitCode.BAD_INPUT
    for name in ("  batch: ", "  strength: ", "  image: ", "  out: "):
        assert name in terminal.shown


async def test_failed_job_is_exit_one(terminal: Terminal, provider: ProviderServer) -> None:
    """A job that the provider fails ends with 1 and says what happened and what to do."""
    provider.default = Script(pictures=0)
    made = await terminal.type(photo(terminal), "a woodcut")

    assert (made.exit_code, made.summary.state) == (ExitCode.FAILED, State.FAILED)
    assert "its filter held all of them back. It may have been charged." in terminal.shown


async def test_partial_result_is_told(terminal: Terminal, provider: ProviderServer) -> None:
    """Fewer pictures than asked for are written, and the count is said."""
    provider.default = Script(pictures=1)
    made = await terminal.type(photo(terminal), "a woodcut", values={"batch": "3"})

    assert (made.exit_code, len(made.summary.outputs)) == (ExitCode.DONE, 1)
    assert terminal.shown.count("1 of 3 pictures is ready") == 1
    assert [notice.startswith("1 of 3 pictures") for notice in made.summary.notices] == [True]


async def test_refused_key_ends_at_once(terminal: Terminal, provider: ProviderServer) -> None:
    """Whoever sits at a terminal can mend the key, so the command does not wait for it."""
    provider.fail_submits("401", times=9)
    made = await terminal.type(photo(terminal), "a woodcut", as_json=True)

    assert made.exit_code == ExitCode.BAD_INPUT
    assert made.summary.error == (
        "The image service refused our key. Nothing was charged. "
        "Check QOLABA_API_KEY, then go on with: redraw try --resume."
    )


async def test_interrupt_before_the_end_cancels(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """Ctrl-C cancels the job, says that it may be charged, and ends with 130."""
    provider.default = Script(held=True)
    async with asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(terminal.type(photo(terminal), "a woodcut"))
        await provider.arrived()
        terminal.interrupts.press()
    made = trying.result()
    job = await terminal.ledger.load(str(made.summary.job_id))

    assert (made.exit_code, made.forced) == (ExitCode.INTERRUPTED, False)
    assert (job.state, job.reason) == (State.CANCELLED, Reason.MAY_BE_BILLED)
    assert "It may be charged all the same" in terminal.shown


async def test_second_interrupt_does_not_wait(terminal: Terminal, provider: ProviderServer) -> None:
    """A second Ctrl-C returns at once, whatever the job is doing, and says how to go on."""
    provider.fail_submits(UNANSWERED)
    async with asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(terminal.type(photo(terminal), "a woodcut"))
        await provider.arrived()
        terminal.interrupts.press()
        terminal.interrupts.press()
    made = trying.result()

    assert (made.exit_code, made.forced) == (ExitCode.INTERRUPTED, True)
    assert made.summary.error is not None


async def test_cancelled_job_is_resumed(tmp_path: Path, provider: ProviderServer) -> None:
    """After Ctrl-C, --resume asks for the same remote task again and never submits twice."""
    provider.default = Script(held=True)
    async with open_terminal(tmp_path, provider) as first:
        async with asyncio.TaskGroup() as tasks:
            trying = tasks.create_task(first.type("a woodcut"))
            await provider.arrived()
            first.interrupts.press()
        cancelled = trying.result()
    provider.release()
    async with open_terminal(tmp_path, provider) as second:
        made = await second.type(resume=True)

    assert made.exit_code == ExitCode.DONE
    assert made.summary.job_id == cancelled.summary.job_id
    assert provider.count() == 1


async def test_unfinished_job_of_a_dead_process_is_resumed(
    tmp_path: Path, provider: ProviderServer
) -> None:
    """What a stopped process left running is watched to its end in its own folder."""
    provider.default = Script(held=True)
    async with open_terminal(tmp_path, provider) as first, asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(first.type("a woodcut"))
        await provider.arrived()
        await first.come_to(State.RUNNING)
        trying.cancel()
    provider.release()
    async with open_terminal(tmp_path, provider) as second:
        made = await second.type(resume=True)

    assert made.exit_code == ExitCode.DONE
    assert made.summary.outputs[0].startswith(str(tmp_path / "out"))
    assert provider.count() == 1


async def test_withdrawn_job_is_ordered_anew(tmp_path: Path, provider: ProviderServer) -> None:
    """A job that was never sent is submitted by --resume, and is then done with."""
    provider.fail_submits("401", times=9)
    async with open_terminal(tmp_path, provider) as first:
        refused = await first.type("a woodcut", as_json=True)
    async with ProviderServer() as mended, open_terminal(tmp_path, mended) as second:
        made = await second.type(resume=True)
        again = await second.type(resume=True)

    assert made.exit_code == ExitCode.DONE
    assert made.summary.job_id != refused.summary.job_id
    assert (mended.count(), again.exit_code) == (1, ExitCode.BAD_INPUT)


async def test_interrupt_before_the_order_orders_nothing(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """Ctrl-C while the picture is still being looked at costs nothing and leaves no job."""
    terminal.interrupts.press()
    made = await terminal.type(photo(terminal), "a woodcut")
    resumed = await terminal.type(resume=True)

    assert (made.exit_code, resumed.exit_code) == (ExitCode.INTERRUPTED, ExitCode.BAD_INPUT)
    assert (provider.count(), await terminal.ledger.list_all(9)) == (0, ())
    assert "stopped before anything was ordered. Nothing was charged." in terminal.shown


async def test_interrupt_before_going_on_leaves_the_job(
    tmp_path: Path, provider: ProviderServer
) -> None:
    """Ctrl-C before --resume has begun leaves the job as it was, to be resumed later."""
    provider.fail_submits("401", times=1)
    async with open_terminal(tmp_path, provider) as terminal:
        await terminal.type("a woodcut")
        terminal.interrupts.press()
        made = await terminal.type(resume=True)
        jobs = await terminal.ledger.list_all(9)

    assert made.exit_code == ExitCode.INTERRUPTED
    assert [job.state for job in jobs] == [State.CANCELLED]


async def test_nothing_to_resume_is_said(terminal: Terminal) -> None:
    """--resume with nothing to go on with says so and ends with 2."""
    made = await terminal.type(resume=True)

    assert made.exit_code == ExitCode.BAD_INPUT
    assert "nothing to go on with" in terminal.shown


async def test_resume_takes_no_new_order(terminal: Terminal) -> None:
    """--resume beside a picture or a setting is a contradiction that is said."""
    made = await terminal.type(photo(terminal), "a woodcut", resume=True)
    elsewhere = await terminal.type(resume=True, out=terminal.folder)

    assert (made.exit_code, elsewhere.exit_code) == (ExitCode.BAD_INPUT, ExitCode.BAD_INPUT)
    assert "--resume alone" in terminal.shown


async def test_folder_lost_on_the_way_costs_no_picture(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """When the folder goes while a job runs, the result is kept and --resume writes it."""
    provider.default = Script(held=True)
    out = terminal.folder / "out"
    async with asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(terminal.type(photo(terminal), "a woodcut"))
        await provider.arrived()
        out.rmdir()
        out.write_text("in the way")
        provider.release()
    lost = trying.result()
    out.unlink()
    found = await terminal.type(resume=True)

    assert (lost.exit_code, lost.summary.state) == (ExitCode.FAILED, State.READY)
    assert "It was charged: about 9 credits" in terminal.shown
    assert "It is kept: mend that, then go on with: redraw try --resume." in terminal.shown
    assert (found.exit_code, found.summary.job_id) == (ExitCode.DONE, lost.summary.job_id)
    assert kind_of(found.summary.outputs[0]) is Kind.JPEG
    assert provider.count() == 1


async def test_all_models_failing_make_no_sheet(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """Without a single picture there is no sheet, and every model says why."""
    provider.default = Script(pictures=0)
    made = await terminal.type(photo(terminal), "a woodcut", all_models=True)

    assert (made.exit_code, made.summary.sheet) == (ExitCode.FAILED, None)
    assert terminal.shown.count("its filter held all of them back") == 1
    assert f"{', '.join(job.name for job in terminal.parts.catalogue.models)}: " in terminal.shown
    assert terminal.written() == []


async def test_swept_pictures_cost_the_sheet_and_the_drawing_alone(terminal: Terminal) -> None:
    """Pictures that are no longer kept leave a sheet and a drawing out, and nothing else fails."""
    swept = job(
        state=State.READY, request_model_id="flux-dev", prepared=(item(),), outputs=(item("o"),)
    )
    seen = Seen(job=swept)

    assert await closing.sheet_of_all(terminal.parts, run(out=terminal.folder), [seen]) is None
    assert await closing.drawing(terminal.parts, seen, columns=80) is None


async def test_patience_with_a_cancelled_job_ends(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """A submit that never answers does not keep the command after Ctrl-C; --resume has the rest."""
    provider.fail_submits(UNANSWERED)
    terminal.parts = replace(terminal.parts, clock=FastClock(50.0))
    async with asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(terminal.type(photo(terminal), "a woodcut"))
        await provider.arrived()
        terminal.interrupts.press()
    made = trying.result()

    assert (made.exit_code, made.forced) == (ExitCode.INTERRUPTED, False)
    assert made.summary.state is State.SUBMITTING
    assert "redraw try --resume goes on with it" in terminal.shown


async def test_drawing_can_be_asked_for(terminal: Terminal, provider: ProviderServer) -> None:
    """Where it is asked for, the drawing is made without a terminal; not for a failed job."""
    await terminal.type(photo(terminal), "a woodcut", draw=True)
    drawn = terminal.shown.count("before   ")
    provider.default = Script(pictures=0)
    await terminal.type(photo(terminal), "a woodcut", draw=True)

    assert drawn == 1
    assert terminal.shown.count("before   ") == 1


async def test_all_models_are_ordered_together_or_not_at_all(
    tmp_path: Path, provider: ProviderServer
) -> None:
    """A limit that the fourth order runs into leaves none of the first three behind."""
    limits = Limits(jobs_per_user=3, max_batch=8)
    async with open_terminal(tmp_path, provider, limits=limits) as terminal:
        made = await terminal.type("a woodcut", all_models=True)
        jobs = await terminal.ledger.list_all(10)

    assert made.exit_code == ExitCode.BAD_INPUT
    assert {(job.state, job.reason) for job in jobs} == {(State.CANCELLED, Reason.UNACKED)}
    assert provider.count() == 0


async def test_decoder_that_cannot_start_is_no_bad_input(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """When no picture can be looked at at all, it is not the user's doing."""
    await terminal.parts.decoder.__aexit__(None, None, None)
    made = await terminal.type(photo(terminal), "a woodcut")

    assert (made.exit_code, provider.count()) == (ExitCode.FAILED, 0)


async def test_late_interrupt_keeps_what_is_there(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """Ctrl-C in the middle of several jobs leaves the finished ones finished."""
    provider.default = Script(held=True)
    provider.script(Script(), app_id=terminal.parts.catalogue["flux-dev"].app_id)
    async with asyncio.TaskGroup() as tasks:
        trying = tasks.create_task(terminal.type(photo(terminal), "a woodcut", all_models=True))
        await provider.arrived(8)
        await terminal.until_written(1)
        terminal.interrupts.press()
    states = [job.state for job in trying.result().jobs]

    assert states.count(State.READY) == 1
    assert states.count(State.CANCELLED) == len(states) - 1


async def test_model_that_left_the_catalogue_is_not_resumed(
    terminal: Terminal, provider: ProviderServer
) -> None:
    """A job whose model the operator has taken away is nothing to go on with."""
    provider.fail_submits("401", times=9)
    await terminal.type(photo(terminal), "a woodcut")
    terminal.parts = replace(terminal.parts, catalogue=MODELS)
    made = await terminal.type(resume=True)

    assert made.exit_code == ExitCode.BAD_INPUT
    assert "nothing to go on with" in terminal.shown
