"""Root: `redraw try`, from its options to its exit code."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from adapters.terminal.app import (
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

_PREVIEW_TYPICAL_S = 2.0
"""How long a preview takes until its own durations have been learned; see docs/performance.md."""
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
        settings = Settings.from_machine()
        logs.configure_file(settings.data_dir / "redraw.log", settings.secrets)
        result = asyncio.run(_try(settings, options))
    except AppError as error:
        if not as_json:
            raise
        result = _refused(error, several=all_models)
    if as_json:
        sys.stdout.write(json.dumps(result.to_json(), indent=2) + "\n")
    return result.exit_code


def _refused(error: AppError, *, several: bool) -> TryResult:
    exits.report(error)
    return TryResult(
        exit_code=exits.exit_code(error),
        summary=JobReport(preview=False, error=exits.sentence(error)),
        several=several,
    )


async def _try(settings: Settings, options: TryOptions) -> TryResult:
    clock = SystemClock()
    interrupts = Interrupts()
    _press_on_signals(interrupts)
    catalogue = loader.load(settings.models_file)
    plans.check_default_model(settings, catalogue)
    served = await look(settings)
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
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(works.run(stop))
        try:
            result = await run_try(_parts(works), options, Console(), interrupts)
        finally:
            stop.set()
        if result.forced:
            working.cancel()
    return result


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
        learned_s = works.poller.expected_s(model.model_id)
        usual_s = _PREVIEW_TYPICAL_S if works.plan.preview else model.typical_s
        return usual_s if learned_s is None else learned_s

    return Parts(
        queue=works.queue,
        spool=materials.spool,
        decoder=materials.decoder,
        catalogue=materials.catalogue,
        deliverer=deliverer,
        clock=materials.clock,
        default_model=works.plan.default_model,
        preview=works.plan.preview,
        explain=_explain if works.plan.provider is None else None,
        expect=expect,
    )


def _explain(prompt: str, negative_prompt: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from core.studio.lexicon import understand

    reading = understand(prompt, negative_prompt)
    return reading.understood, reading.ignored


def _press_on_signals(interrupts: Interrupts) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupts.press)
