"""
What `redraw --help` and an embedded studio take to start, as ratios to what they are made of.

The help is set beside importing typer, its one library; the studio beside importing Celery, which
every process that opens one has done. Each is the best of its rounds, in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pydantic import SecretStr

from core.catalogue import loader
from core.studio.server import open_studio
from core.studio.settings import StudioSettings
from tests.fakes import tiny_painter

ROOT = Path(__file__).parents[2]


def process_s(*arguments: str) -> float:
    """Return the seconds that an interpreter with these arguments takes from start to end."""
    began_s = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - began_s


async def studio_s() -> tuple[float, float]:
    """Return the seconds from opening a studio to its being ready, and from closing to gone."""
    with tempfile.TemporaryDirectory() as folder:
        settings = StudioSettings(
            token=SecretStr("t" * 32), data_dir=Path(folder), models=loader.load()
        )
        began_s = time.perf_counter()
        async with open_studio(settings, paint=tiny_painter.paint):
            ready_s = time.perf_counter() - began_s
            began_s = time.perf_counter()
        return ready_s, time.perf_counter() - began_s


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = range(parser.parse_args().rounds)
    typer_s = min(process_s("-c", "import typer") for _ in rounds)
    celery_s = min(process_s("-c", "import celery") for _ in rounds)
    help_s = min(process_s("-m", "bot", "--help") for _ in rounds)
    studios = [asyncio.run(studio_s()) for _ in rounds]
    print(f"help: {help_s / typer_s:.2f} x importing typer")
    print(f"studio ready: {min(each[0] for each in studios) / celery_s:.2f} x importing Celery")
    print(f"studio gone: {min(each[1] for each in studios) / celery_s:.2f} x importing Celery")


if __name__ == "__main__":
    main()
