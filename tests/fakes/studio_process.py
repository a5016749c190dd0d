"""Runs a worker or an embedded studio with the tiny painter, for tests that kill it."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading
import warnings
from pathlib import Path

from pydantic import SecretStr

from core.catalogue import loader
from core.studio.server import open_studio
from core.studio.settings import StudioSettings
from core.studio.worker import run_worker
from tests.fakes import tiny_painter
from tests.fakes.studio_bench import TOKEN


def settings() -> StudioSettings:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--origin", required=True)
    parser.add_argument("--broker-url")
    parser.add_argument("--queue")
    parser.add_argument("--visibility-s", type=int, default=60)
    parser.add_argument("--embedded", action="store_true")
    given = parser.parse_args()
    return StudioSettings(
        token=SecretStr(TOKEN),
        data_dir=given.data_dir,
        models=loader.load(),
        embedded=given.embedded,
        broker_url=given.broker_url and SecretStr(given.broker_url),
        allowed_origins=(given.origin,),
        visibility_timeout_s=given.visibility_s,
        queue_name=given.queue,
        faults=True,
    )


def main() -> None:
    warnings.simplefilter("error")
    set_up = settings()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if set_up.embedded:
        asyncio.run(serve(set_up, stop))
    else:
        run_worker(set_up, stop, paint=tiny_painter.paint)
    sys.stdout.write("ended\n")


async def serve(set_up: StudioSettings, stop: threading.Event) -> None:
    async with open_studio(set_up, paint=tiny_painter.paint) as studio:
        sys.stdout.write(f"serving {studio.api_url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(stop.wait)


if __name__ == "__main__":
    main()
