"""Root: `redraw try`, from its options to its exit code."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from adapters.terminal import report
from adapters.terminal.app import (
    ExitCode,
    Interrupts,
    JobReport,
    Parts,
    TerminalDeliverer,
    TryOptions,
    TryResult,
    run_try,
)
from bot import exits, logs, plans, tries
from bot.served import look
from bot.settings import Settings
from bot.wiring import Materials, Works, open_works
from core.catalogue import loader
from core.catalogue.model import Model
from core.clock import SystemClock
from core.errors import AppError

_TIDY_S = 2.0
"""How long tidying up may take before the command ends, in seconds."""


def main(
    *,
    arguments: tuple[str, ...],
    values: Mapping[str, object],
    out: Path,
    all_models: bool,
    as_json: bool,
    resume: bool,
    interrupts: Interrupts,
) -> int:
    """Redraw; prints what a person reads, or with `as_json` one object and nothing else."""
    options = TryOptions(
        arguments=arguments,
        values=values,
        out=out,
        all_models=all_models,
        resume=resume,
        as_json=as_json,
    )
    try:
        result = _result(options, interrupts)
    except AppError as error:
        if not as_json:
            raise
        exits.report(error)
        result = _ended(exits.exit_code(error), exits.sentence(error), several=all_models)
    except Exception as error:  # whatever happens, scripts get their object
        if not as_json:
            raise
        result = _ended(ExitCode.FAILED, exits.unforeseen(error), several=all_models)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all that is left is to say what came of it
    if as_json:
        sys.stdout.write(json.dumps(result.to_json(), indent=2) + "\n")
    return result.exit_code


def _result(options: TryOptions, interrupts: Interrupts) -> TryResult:
    settings = Settings.from_machine()
    logs.configure_file(settings.data_dir / "redraw.log", settings.secrets)
    return asyncio.run(_try(settings, options, interrupts))


def _ended(code: ExitCode, error: str, *, several: bool) -> TryResult:
    """Return what came of a command that ended before anything was known about it."""
    summary = JobReport(preview=False, error=error)
    return TryResult(exit_code=code, summary=summary, several=several)


async def _try(settings: Settings, options: TryOptions, interrupts: Interrupts) -> TryResult:
    clock = SystemClock()
    _press_on_signals(interrupts)
    catalogue = loader.load(settings.models_file)
    plans.check_default_model(settings, catalogue)
    served = await look(settings)
    if interrupts.stop:
        return report.stopped(preview=served.preview, several=options.all_models)
    async with AsyncExitStack() as stack:
        held = await stack.enter_async_context(
            tries.hold(settings.data_dir, clock, served, resumes=options.resume)
        )
        plan = plans.for_try(settings, held.folder, held.served)
        works = await stack.enter_async_context(
            open_works(plan, catalogue, clock, _deliverers, held.dispatch)
        )
        result = await _carry_out(works, options, interrupts)
        await _tidy(works)
        return result


async def _carry_out(works: Works, options: TryOptions, interrupts: Interrupts) -> TryResult:
    """Have a worker at work for the length of the command, and stop it well."""
    stop = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(works.run(stop))
            try:
                result = await run_try(_parts(works), options, Screen(), interrupts)
            finally:
                stop.set()
            if result.forced:
                working.cancel()
    except* AppError as failures:
        raise exits.first_of(failures) from None
    return result


class Screen(Console):
    """Standard output; when nobody reads it any more, what was ordered goes on all the same."""

    def on_broken_pipe(self) -> None:
        """Say nothing from here on."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


async def _tidy(works: Works) -> None:
    try:
        async with asyncio.timeout(_TIDY_S):
            await works.retention.round()
    except (AppError, TimeoutError):
        return  # the next run does it


def _deliverers(materials: Materials) -> Mapping[str, TerminalDeliverer]:
    return {
        "terminal": TerminalDeliverer(
            spool=materials.spool, decoder=materials.decoder, catalogue=materials.catalogue
        )
    }


def _parts(works: Works) -> Parts:
    materials = works.materials
    deliverer = works.deliverers["terminal"]
    assert isinstance(deliverer, TerminalDeliverer)

    async def expect(model: Model) -> float | None:
        return materials.expected_s(model.model_id)

    return Parts(
        queue=works.queue,
        spool=materials.spool,
        decoder=materials.decoder,
        catalogue=materials.catalogue,
        deliverer=deliverer,
        clock=materials.clock,
        default_model=works.plan.default_model,
        draw_sample=draw_sample,
        preview=works.plan.preview,
        explain=_explain if works.plan.provider is None else None,
        expect=expect,
    )


def draw_sample() -> bytes:
    """Return the sample picture; numpy is loaded in the process that draws it."""
    from core.studio.sample import draw_sample as draw

    return draw()


def _explain(prompt: str, negative_prompt: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from core.studio.lexicon import understand

    reading = understand(prompt, negative_prompt)
    return reading.understood, reading.ignored


def _press_on_signals(interrupts: Interrupts) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupts.press)
