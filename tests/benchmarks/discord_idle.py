"""
Importing, connecting, resident memory and CPU of an idle bot, as ratios to bare discord.py.

The bare bot is discord.py with the same intents and nothing else. Both connect to the same fake
Discord in one run, each in a process of its own; ours once with a hosted API and once with
`--preview`, where the studio lives in the same process. Memory is read from /proc, so this runs on
Linux alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import discord

from adapters.discord.connection import Endpoints
from tests.fakes.discord_server import TOKEN, DiscordServer

ROOT = Path(__file__).parents[2]
SETTLES_S = 5.0
"""What a process loads late is loaded by then."""
IDLE_S = 20.0
"""Over which CPU is counted."""
BARE = ("-m", "tests.benchmarks.discord_idle", "--bare")
IMPORTS = {
    "discord.py alone": "import discord",
    "ours": "import bot.running, bot.wiring, adapters.discord.app",
}
PORT_OF_NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one connected and idle process took."""

    connected_s: float
    """From its start until it had a session."""
    own_mib: float
    """Resident in the process itself."""
    others_mib: float
    """Resident in the processes that it started, each counted by its share of what they share."""
    cpu_ms: float
    """In a second of idling."""


def imported_s(code: str) -> float:
    """Return the CPU time that an interpreter takes for `code`, the best of five."""
    took = []
    for _ in range(5):
        pid = os.posix_spawn(sys.executable, [sys.executable, "-c", code], _environ())
        _, _, used = os.wait4(pid, 0)
        took.append(used.ru_utime + used.ru_stime)
    return min(took)


def _environ(**more: str) -> dict[str, str]:
    return {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **more}


async def cost(server: DiscordServer, arguments: Sequence[str], environ: Mapping[str, str]) -> Cost:
    """Start a process, wait until it is connected and quiet, and look at it."""
    with tempfile.TemporaryDirectory() as folder:
        began_s = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=folder,
            env=_environ(**environ, HOME=folder, REDRAW_DATA_DIR=folder),
            stdin=DEVNULL,
            stderr=DEVNULL,
        )
        try:
            await server.gateway.until_connected(within_s=60.0)
            return await _looked_at(process, time.perf_counter() - began_s)
        finally:
            process.terminate()
            await process.wait()
            await server.gateway.until_disconnected(within_s=60.0)


async def _looked_at(process: Process, connected_s: float) -> Cost:
    await asyncio.sleep(SETTLES_S)
    before_s = _cpu_s(process.pid)
    await asyncio.sleep(IDLE_S)
    return Cost(
        connected_s=connected_s,
        own_mib=_mib(process.pid, "Rss"),
        others_mib=sum(_mib(pid, "Pss") for pid in _below(process.pid)),
        cpu_ms=(_cpu_s(process.pid) - before_s) * 1000 / IDLE_S,
    )


def _mib(pid: int, what: str) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (found,) = [line for line in lines if line.startswith(f"{what}:")]
    return int(found.split()[1]) / 1024


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _below(pid: int) -> list[int]:
    """Return the processes that a process started, and those that these started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    children = [int(child) for child in text.split()]
    return [*children, *(deeper for child in children for deeper in _below(child))]


async def bare(endpoints: Endpoints) -> None:
    """Be discord.py with our intents and nothing else, until terminated."""
    endpoints.apply()
    async with discord.Client(intents=discord.Intents.none()) as client:
        await client.start(TOKEN)


async def compare() -> None:
    """Print what each costs."""
    for name, code in IMPORTS.items():
        print(f"importing {name}: {imported_s(code) * 1000:.0f} ms CPU")
    async with DiscordServer() as server:
        addresses = {
            "DISCORD_API_URL": server.api_url,
            "DISCORD_GATEWAY_URL": server.gateway_url,
            "DISCORD_CDN_URL": server.cdn_url,
        }
        ours = {**addresses, "DISCORD_TOKEN": TOKEN}
        hosted = {**ours, "QOLABA_API_KEY": "k-idle", "QOLABA_API_URL": PORT_OF_NOBODY}
        found = {
            "discord.py alone": await cost(
                server, (*BARE, "--api", server.api_url, "--gateway", server.gateway_url), {}
            ),
            "redraw run": await cost(server, ("-m", "bot", "run"), hosted),
            "redraw run --preview": await cost(server, ("-m", "bot", "run", "--preview"), ours),
        }
    plain = found["discord.py alone"]
    for name, each in found.items():
        print(
            f"{name}: connected after {each.connected_s:.2f} s, {each.own_mib:.1f} MiB "
            f"({each.own_mib / plain.own_mib:.2f} x) + {each.others_mib:.1f} MiB in others, "
            f"{each.cpu_ms:.2f} ms CPU a second"
        )


def main() -> None:
    """Compare, or be the bare bot."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--api")
    parser.add_argument("--gateway")
    given = parser.parse_args()
    if given.bare:
        asyncio.run(bare(Endpoints(api_url=given.api, gateway_url=given.gateway)))
    else:
        asyncio.run(compare())


if __name__ == "__main__":
    main()
