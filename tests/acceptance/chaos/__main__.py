"""
Runs chaos and prints one line for each run; exits with 1 when any promise was broken.

    python -m tests.acceptance.chaos --seeds 10 --jobs 500 --replicas 0 3
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.acceptance.chaos.plan import drawn
from tests.acceptance.chaos.run import Outcome, stage


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _run(folder: Path, seed: int, jobs: int, per_s: float, replicas: int) -> Outcome:
    plan = drawn(seed, jobs=jobs, per_s=per_s, replicas=max(1, replicas))
    async with stage(folder, plan, replicas=replicas, say=_say) as opened:
        return await opened.play()


def main() -> int:
    """Run every seed in every way."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.chaos")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--per-s", type=float, default=5.0)
    parser.add_argument("--replicas", type=int, nargs="+", default=[0, 3], help="0: SQLite alone")
    parser.add_argument("--folder", type=Path, default=None)
    wanted = parser.parse_args()
    folder = wanted.folder or Path(tempfile.mkdtemp(prefix="redraw-chaos-"))
    wrong = 0
    for replicas in wanted.replicas:
        _say(f"{replicas} replicas on Postgres" if replicas else "one process on SQLite")
        for seed in range(wanted.first_seed, wanted.first_seed + wanted.seeds):
            where = folder / f"{replicas}-{seed}"
            outcome = asyncio.run(_run(where, seed, wanted.jobs, wanted.per_s, replicas))
            _say(str(outcome))
            if not outcome.verdict.is_right:
                wrong += 1
                _say(f"{outcome.plan}\n{outcome.verdict.which}\nlogs: {where}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
