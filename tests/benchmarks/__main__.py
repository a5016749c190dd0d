"""
Everything that docs/performance.md states, measured anew: `make bench`.

Each line is a ratio within one run, or a count under a virtual clock: the machine does not matter.
"""

from __future__ import annotations

import runpy

ALL = (
    "start_up",
    "polling",
    "poll_cost",
    "prepare_cost",
    "store",
    "admission",
    "in_flight",
    "discord_idle",
    "discord_acks",
    "slack_acks",
)

if __name__ == "__main__":
    for name in ALL:
        print(f"\n## {name}", flush=True)
        runpy.run_module(f"tests.benchmarks.{name}", run_name="__main__")
