"""
Acknowledging on Discord: how long after its push each interaction is answered, and what that costs.

    python -m tests.benchmarks.discord_acks --rounds 3

First 500 `/redraw` at once, then 50 a second while the jobs of these are under way, then again 500
at once amid the jobs of both. The real bot (`redraw run`) in turns with a bare discord.py bot that
only defers, each in a process of its own, against the same fake Discord in this process; the
provider is a third process. Each interaction has its own user and its own picture, and no limit is
on. Frames are put together before the first is sent, so that pushing takes a few milliseconds. What
the bare bot gets shows what the fake, the loopback and the machine allow. Time counts from the
moment a frame is given to the socket until the fake has read the whole request of the callback:
that it has queued for its turn in the fake is part of it, what the fake then does with it is not.
CPU is of the bot's process with all its threads, until the last answer, jobs under way included;
that of the fake is for encoding, pushing, reading and answering. The provider takes five seconds
for a task. The fake's loop is uvloop's, like ours; the bare bot has asyncio's, as discord.py is
started. Runs on Linux alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import aiohttp
import discord
import uvloop

from adapters.discord.connection import Endpoints
from tests.fakes.discord_interactions import Doing, Interaction, Reply
from tests.fakes.discord_server import TOKEN, DiscordServer
from tests.fakes.discord_values import Channel
from tests.fakes.pictures import jpeg
from tests.fakes.provider_server import API_KEY

ROOT = Path(__file__).parents[2]
SIDES = ("bare", "ours")
WARM_UP = 20
SETTLES_S = 2.0
PATIENCE_S = 4.0
"""After the last push; an answer later than three seconds is refused anyway."""
PENDING_S = 5.0
"""How long the provider takes for a task."""
NO_LIMITS = {
    "REDRAW_JOBS_PER_USER": "0",
    "REDRAW_PICTURES_PER_USER_DAY": "0",
    "REDRAW_QUEUE_MAX": "100000",
}


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What became of the interactions of one phase."""

    waits_ms: Sequence[float]
    """Sorted; of those that were answered at all."""
    refused: int
    """Answered, but with a private message instead of the work."""
    lost: int
    """Not answered in time."""
    cpu_ms: float
    """Of the bot, an interaction."""
    fake_cpu_ms: float
    """Of this process, an interaction."""
    wall_s: float

    def at(self, share: float) -> float:
        """Return what this share of them waited at most, in milliseconds."""
        index = min(int(len(self.waits_ms) * share), len(self.waits_ms) - 1)
        return self.waits_ms[index] if self.waits_ms else float("nan")


@dataclass(kw_only=True)
class Meter:
    """Reads the CPU of one process and of this one."""

    pid: int
    begun_s: float = field(default_factory=time.monotonic)
    own_s: float = field(default_factory=time.process_time)

    def __post_init__(self) -> None:
        self._before_s = cpu_s(self.pid)

    def figures(self, told: Sequence[Interaction]) -> Figures:
        answered = [one for one in told if one.reply is not None]
        return Figures(
            waits_ms=sorted(1000 * (one.acked_s or 0.0) for one in answered),
            refused=sum(one.reply is not Reply.DEFERRED for one in answered),
            lost=len(told) - len(answered),
            cpu_ms=1000 * (cpu_s(self.pid) - self._before_s) / len(told),
            fake_cpu_ms=1000 * (time.process_time() - self.own_s) / len(told),
            wall_s=time.monotonic() - self.begun_s,
        )


def cpu_s(pid: int) -> float:
    """Return what a process and its threads have used; threads that ended are not counted."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


class Crowd:
    """Many people who redraw, each a picture of their own."""

    def __init__(self, server: DiscordServer) -> None:
        self._server = server
        self._channel: Channel = server.world.channel(server.world.guild())
        self._count = 0

    def wish(self) -> Interaction:
        """Return an interaction that is not pushed yet."""
        self._count += 1
        world, name = self._server.world, f"harbour-{self._count}.jpg"
        picture = jpeg("astronaut", (320, 240)) + self._count.to_bytes(4, "big")
        file = world.attach(world.bot.id, name, picture, ephemeral=True)
        wish = Interaction(
            id=world.snowflake(),
            token=secrets.token_urlsafe(64),
            doing=Doing.COMMAND,
            data=self._data(file.id, self._server._wire.attachment(file)),
            user=world.user(f"user {self._count}"),
            channel=self._channel,
            source=None,
            pushed_at=world.clock.now(),
            pushed_s=world.clock.monotonic_s(),
        )
        world.interactions[wish.id] = wish
        return wish

    async def push(self, wishes: Sequence[Interaction]) -> None:
        """Push them at once, encoded beforehand."""
        guild = self._channel.guild
        assert guild is not None
        payloads = [self._server._desk.payload(wish) for wish in wishes]
        clock = self._server.world.clock
        async for number in self._server.gateway.dispatch_together(
            "INTERACTION_CREATE", payloads, guild_id=guild.id
        ):
            wishes[number].pushed_at = clock.now()
            wishes[number].pushed_s = clock.monotonic_s()

    def _data(self, file_id: int, attachment: Mapping[str, Any]) -> dict[str, Any]:
        options = [
            {"name": "image", "type": 11, "value": str(file_id)},
            {"name": "prompt", "type": 3, "value": f"a woodcut of harbour {self._count}"},
        ]
        resolved = {"attachments": {str(file_id): attachment}}
        return {"id": "1", "name": "redraw", "type": 1, "options": options, "resolved": resolved}


async def answered(wishes: Sequence[Interaction]) -> None:
    """Return once all are answered, or it is too late for those that are not."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while any(wish.reply is None for wish in wishes):  # noqa: ASYNC110 - costs the fake less
                await asyncio.sleep(0.005)


async def burst(crowd: Crowd, pid: int, count: int) -> Figures:
    """Push all at once."""
    wishes = [crowd.wish() for _ in range(count)]
    meter = Meter(pid=pid)
    await crowd.push(wishes)
    await answered(wishes)
    return meter.figures(wishes)


async def steadily(crowd: Crowd, pid: int, count: int, rate: float) -> Figures:
    """Push one after the other, `rate` a second, whatever becomes of them."""
    wishes = [crowd.wish() for _ in range(count)]
    meter, begun_s = Meter(pid=pid), time.monotonic()
    for number, wish in enumerate(wishes):
        await asyncio.sleep(begun_s + number / rate - time.monotonic())
        await crowd.push([wish])
    await answered(wishes)
    return meter.figures(wishes)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What is there for all rounds."""

    provider_url: str
    options: argparse.Namespace

    async def round(self, side: str) -> dict[str, Figures]:
        """Start one bot, and measure the phases."""
        given = self.options
        async with DiscordServer(allow_illegal=True) as server:
            crowd = Crowd(server)
            async with self._bot(side, server) as process:
                warming = [crowd.wish() for _ in range(WARM_UP)]
                await crowd.push(warming)
                await answered(warming)
                await asyncio.sleep(SETTLES_S)
                found = {"burst": await burst(crowd, process.pid, given.interactions)}
                count = int(given.rate * given.lasts_s)
                found["steady"] = await steadily(crowd, process.pid, count, given.rate)
                found["again"] = await burst(crowd, process.pid, given.interactions)
            server.calls.clear()  # whether calls are legal is tested elsewhere, and takes long
        return found

    @contextlib.asynccontextmanager
    async def _bot(self, side: str, server: DiscordServer) -> AsyncIterator[Process]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            log = Path(folder, "log")
            process = await self._started(side, server, log)
            try:
                await _ready(process, side, server)
                yield process
            except Exception:
                print(_tail(log))
                raise
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    async def _started(self, side: str, server: DiscordServer, log: Path) -> Process:
        with _appending(log) as said:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, *self._command(side, server)),
                cwd=log.parent, env=self._environ(server, str(log.parent)),
                stdin=DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip

    def _command(self, side: str, server: DiscordServer) -> Sequence[str]:
        if side == "bare":
            own = ("-m", "tests.benchmarks.discord_acks", "--bare")
            return (*own, "--api", server.api_url, "--gateway", server.gateway_url)
        return ("-m", "bot", "run")

    def _environ(self, server: DiscordServer, folder: str) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "HOME": folder,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": server.api_url,
            "DISCORD_GATEWAY_URL": server.gateway_url,
            "DISCORD_CDN_URL": server.cdn_url,
            "QOLABA_API_KEY": API_KEY,
            "QOLABA_API_URL": self.provider_url,
            "REDRAW_DATA_DIR": f"{folder}/data",
            "REDRAW_LOG_FORMAT": "json",
            **NO_LIMITS,
        }


def _appending(path: Path) -> IO[bytes]:
    return path.open("ab")


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-3000:]


async def _ready(process: Process, side: str, server: DiscordServer) -> None:
    """Return once the bot is connected, and its commands are known if it has some."""

    def is_ready() -> bool:
        is_known = side == "bare" or bool(server.application.commands)
        return server.gateway.connections > 0 and is_known

    async def watch() -> None:
        raise AssertionError(f"the bot ended with {await process.wait()}")

    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch())
        await server.until(is_ready, "the bot", within_s=60.0)
        watching.cancel()


async def bare(endpoints: Endpoints) -> None:
    """Be discord.py, which defers whatever comes and does nothing else."""
    endpoints.apply()

    class Bare(discord.Client):
        async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
            await interaction.response.defer(thinking=True)

    connector = aiohttp.TCPConnector(limit=64)  # faster than no limit, which is the default
    async with Bare(intents=discord.Intents.none(), connector=connector) as client:
        await client.start(TOKEN)


@contextlib.contextmanager
def provider() -> Iterator[str]:
    """Run the fake provider in a process of its own, and yield its address."""
    command = [sys.executable, "-m", "tests.fakes.provider_server", "--pending-s", str(PENDING_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


async def compare(options: argparse.Namespace) -> None:
    """Measure all rounds, print each, and the ranges."""
    found: dict[str, list[dict[str, Figures]]] = {side: [] for side in options.sides}
    with provider() as url:
        bench = Bench(provider_url=url, options=options)
        for number in range(options.rounds):
            for side in options.sides:
                figures = await bench.round(side)
                found[side].append(figures)
                for phase, each in figures.items():
                    print(f"{number + 1} {side:5} {phase:7} {told(each)}", flush=True)
    for phase in ("burst", "steady", "again"):
        for side in options.sides:
            print(f"{side:5} {phase:7} {ranged([each[phase] for each in found[side]])}")
    if set(options.sides) == set(SIDES):
        cpu = {
            side: statistics.median(each["burst"].cpu_ms for each in found[side]) for side in SIDES
        }
        print(f"CPU of an acknowledgement in the burst: {cpu['ours'] / cpu['bare']:.2f} x bare")


def told(figures: Figures) -> str:
    """Return one line."""
    total = len(figures.waits_ms)
    return (
        f"p50 {figures.at(0.5):5.0f} p99 {figures.at(0.99):5.0f} max {figures.at(1.0):5.0f} ms, "
        f"{total - figures.refused} acknowledged, {figures.refused} refused, {figures.lost} lost, "
        f"CPU {figures.cpu_ms:.2f} ms (fake {figures.fake_cpu_ms:.2f}) each in "
        f"{figures.wall_s:.1f} s; load {os.getloadavg()[0]:.1f}"
    )


def ranged(rounds: Sequence[Figures]) -> str:
    """Return the median and the range of each figure."""
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    waits = {name: [each.at(share) for each in rounds] for name, share in shares.items()}
    lines = [f"{name} {_range(values, 0)} ms" for name, values in waits.items()]
    return ", ".join([*lines, f"CPU {_range([each.cpu_ms for each in rounds], 2)} ms"])


def _range(values: Sequence[float], digits: int) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def main() -> None:
    """Compare, or be the bare bot."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.discord_acks")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--interactions", type=int, default=500)
    parser.add_argument("--rate", type=float, default=50.0, help="a second")
    parser.add_argument("--lasts-s", type=float, default=12.0)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=SIDES)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--api")
    parser.add_argument("--gateway")
    given = parser.parse_args()
    if given.bare:
        asyncio.run(bare(Endpoints(api_url=given.api, gateway_url=given.gateway)))
    else:
        uvloop.run(compare(given))


if __name__ == "__main__":
    main()
