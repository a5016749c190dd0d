"""
Acknowledging on Slack: how long each command waits for its acknowledgement, and what that costs.

    python -m tests.benchmarks.slack_acks --rounds 3

In each mode (Socket Mode, signed HTTP): 500 `/redraw` at once, then 50 a second for ten seconds,
all amid 50 jobs that the provider is busy with. The real bot (`redraw run`) in turns with a bare
slack-bolt app that only acknowledges and has no jobs, each in a process of its own, against the
same fake Slack in this process; the provider is a third process. Each command is somebody else's,
and no limit is on. Time counts from the moment a command is given to the socket, or to a connection
of HTTP that may have to be made, until the fake has read the acknowledgement; for the form until
its `views.open` has been read. CPU is of the bot's process with all its threads, until the last
acknowledgement, or until the last form. Then 100 jobs at once, with Slack's rate limits on, until
all results are there and no card says otherwise. Runs on Linux alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.registration import COMMAND, EVENTS_PATH
from tests.benchmarks.discord_acks import cpu_s
from tests.fakes.pictures import jpeg
from tests.fakes.provider_server import API_KEY
from tests.fakes.provider_wire import submits_in
from tests.fakes.slack_acts import Act, Carries
from tests.fakes.slack_rig import SOCKETS, Mode
from tests.fakes.slack_server import SlackServer
from tests.fakes.slack_transport import Reply
from tests.fakes.slack_values import Channel

ROOT = Path(__file__).parents[2]
SIDES = ("bare", "ours")
WARM_UP = 20
IN_FLIGHT = 50
SETTLES_S = 3.0
PATIENCE_S = 5.0
"""After the last command: an acknowledgement later than three seconds counts as lost anyway."""
READY_S = 120.0
"""How long the bot may take to start, or its jobs to be submitted."""
BUSY_S = 3600.0
"""How long the provider takes for each job that is to stay in flight."""
QUICK_S = 5.0
"""How long it takes for each of the jobs whose results are waited for."""
RESULTS_S = 600.0
MINUTE_S = 60.0
CHANNELS = 10
NO_LIMITS = {
    "REDRAW_JOBS_PER_USER": "0",
    "REDRAW_PICTURES_PER_USER_DAY": "0",
    "REDRAW_QUEUE_MAX": "100000",
}


class TimedSlack(SlackServer):
    """Slack, whose acts begin when they are sent and not when they are written."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        assert self.http._session is not None
        await self.http._session.close()  # its 100 connections would be what bounds 500 at once
        self.http._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def deliver(self, act: Act) -> Reply:
        act.began_s, act.at = self.world.clock.monotonic_s(), self.world.clock.now()
        return await super().deliver(act)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What became of the commands of one phase."""

    waits_ms: Sequence[float]
    """Sorted; of those that were acknowledged."""
    forms_ms: Sequence[float]
    """Sorted; from the command to its form."""
    refused: int
    """Acknowledged, but with words instead of a form."""
    lost: int
    """Not acknowledged within three seconds."""
    cpu_ms: float
    """Of the bot, a command, until the last acknowledgement."""
    form_cpu_ms: float
    """The same until the last form."""
    fake_cpu_ms: float
    """Of this process, a command, until the last form."""


@dataclass(kw_only=True)
class Meter:
    """Reads the CPU of the bot and of this process."""

    pid: int
    own_s: float = field(default_factory=time.process_time)

    def __post_init__(self) -> None:
        self._before_s = cpu_s(self.pid)

    def used_ms(self, count: int) -> float:
        return 1000 * (cpu_s(self.pid) - self._before_s) / count

    def own_ms(self, count: int) -> float:
        return 1000 * (time.process_time() - self.own_s) / count


class Crowd:
    """Many people, each of whom does one thing."""

    def __init__(self, slack: SlackServer) -> None:
        self._slack = slack
        self._count = 0
        self.channels = [slack.world.channel(f"room-{number}") for number in range(CHANNELS)]

    def commands(self, count: int) -> list[Act]:
        """Return commands of as many people, not sent yet."""
        return [self._command() for _ in range(count)]

    async def mention(self, count: int) -> None:
        """Have as many people order with a picture each, a few at a time."""
        for _ in range(count):
            number, channel = self._next()
            picture = jpeg("astronaut", (320, 240)) + number.to_bytes(4, "big")
            who = self._slack.user(f"user {number}", channel=channel)
            files = {f"harbour-{number}.jpg": picture}
            await who.mention(f"a woodcut of harbour {number}", files=files, waits=False)

    def send(self, act: Act) -> None:
        self._slack._desk.send(act)

    def _command(self) -> Act:
        number, channel = self._next()
        desk, user = self._slack._desk, self._slack.world.user(f"user {number}")
        text = f"a woodcut of harbour {number}"
        payload = desk.payloads.command(user, channel, COMMAND, text)
        return desk.act(Carries.COMMAND, payload, user=user, channel=channel, triggers=True)

    def _next(self) -> tuple[int, Channel]:
        self._count += 1
        return self._count, self.channels[self._count % CHANNELS]


async def until(is_so: Callable[[], bool], within_s: float, every_s: float = 0.005) -> bool:
    """Return whether it came to be so in time; looking costs the fake less than news."""
    over_s = time.monotonic() + within_s
    while not is_so() and time.monotonic() < over_s:  # noqa: ASYNC110 - see above
        await asyncio.sleep(every_s)
    return is_so()


@dataclass(kw_only=True)
class Phase:
    """One way of sending commands to one bot."""

    slack: SlackServer
    crowd: Crowd
    pid: int
    opens_forms: bool

    async def burst(self, count: int) -> Figures:
        """Send all at once."""
        acts = self.crowd.commands(count)
        meter = Meter(pid=self.pid)
        for act in acts:
            self.crowd.send(act)
        return await self._figures(acts, meter)

    async def steadily(self, count: int, rate: float) -> Figures:
        """Send one after the other, `rate` a second, whatever becomes of them."""
        acts = self.crowd.commands(count)
        meter, begun_s = Meter(pid=self.pid), time.monotonic()
        for number, act in enumerate(acts):
            await asyncio.sleep(begun_s + number / rate - time.monotonic())
            self.crowd.send(act)
        return await self._figures(acts, meter)

    async def _figures(self, acts: Sequence[Act], meter: Meter) -> Figures:
        await until(lambda: all(act.is_over for act in acts), PATIENCE_S)
        cpu_ms = meter.used_ms(len(acts))
        if self.opens_forms:
            await until(lambda: all(act.opened for act in acts if not act.failure), PATIENCE_S)
        return Figures(
            waits_ms=sorted(1000 * act.acked_s for act in acts if act.acked_s is not None),
            forms_ms=self._forms_ms(acts),
            refused=sum(bool(act.ack) for act in acts),
            lost=sum(act.acked_s is None for act in acts),
            cpu_ms=cpu_ms,
            form_cpu_ms=meter.used_ms(len(acts)),
            fake_cpu_ms=meter.own_ms(len(acts)),
        )

    def _forms_ms(self, acts: Sequence[Act]) -> list[float]:
        opened = {
            call.arguments["trigger_id"]: call.at
            for call in self.slack.called("views.open", ok=True)
        }
        found = ((act, opened.get(act.trigger_id)) for act in acts)
        return sorted(1000 * (at - act.at).total_seconds() for act, at in found if at is not None)


@dataclass(kw_only=True)
class Bench:
    """What is there for all rounds."""

    options: argparse.Namespace

    async def round(self, side: str, mode: Mode) -> dict[str, Figures]:
        """Start one bot, and measure both phases."""
        given = self.options
        async with TimedSlack(allow_illegal=True) as slack:
            crowd = Crowd(slack)
            with provider(BUSY_S) as (url, log):
                async with self._bot(side, mode, slack, url) as process:
                    if side == "ours":
                        await crowd.mention(IN_FLIGHT)
                        await _submitted(log, IN_FLIGHT)
                    phase = Phase(
                        slack=slack, crowd=crowd, pid=process.pid, opens_forms=side == "ours"
                    )
                    await phase.burst(WARM_UP)
                    await asyncio.sleep(SETTLES_S)
                    found = {"at once": await phase.burst(given.commands)}
                    await asyncio.sleep(SETTLES_S)
                    count = int(given.rate * given.lasts_s)
                    found["steady"] = await phase.steadily(count, given.rate)
            slack.calls.clear()  # whether calls are legal is tested elsewhere, and takes long
        return found

    async def jobs_at_once(self, count: int) -> str:
        """Order `count` pictures at once, and return what became of them, and how fast."""
        async with TimedSlack(allow_illegal=True, rate_limits=True) as slack:
            crowd = Crowd(slack)
            with provider(QUICK_S) as (url, _):
                async with self._bot("ours", Mode.SOCKET, slack, url):
                    began_s = time.monotonic()
                    await crowd.mention(count)
                    await until(lambda: _results(slack) >= count, RESULTS_S, 0.25)
                    results_s = time.monotonic() - began_s
                    await until(lambda: _final(slack) >= count, RESULTS_S, 0.25)
                    cards_s = time.monotonic() - began_s
            results = f"{_results(slack)} of {count} results after {results_s:.0f} s"
            cards = f"last words on {_final(slack)} cards after {cards_s:.0f} s"
            edits, posts = calls(slack, "chat.update"), calls(slack, "chat.postMessage")
            slack.calls.clear()
        return f"{results}\n{cards}\n{edits}\n{posts}"

    @contextlib.asynccontextmanager
    async def _bot(
        self, side: str, mode: Mode, slack: SlackServer, provider_url: str
    ) -> AsyncIterator[Process]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            log, port = Path(folder, "log"), free_port()
            if mode is Mode.HTTP:
                slack.http.url = f"http://127.0.0.1:{port}{EVENTS_PATH}"
            environ = self._environ(mode, slack, folder, port) | {"QOLABA_API_URL": provider_url}
            process = await _started(side, environ, log)
            try:
                await _ready(process, mode, slack)
                yield process
            except Exception:
                print(log.read_text(errors="replace")[-3000:])  # noqa: ASYNC240 - it is over
                raise
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    def _environ(self, mode: Mode, slack: SlackServer, folder: str, port: int) -> dict[str, str]:
        way = {"SLACK_SIGNING_SECRET": slack.signing_secret}
        if mode is Mode.SOCKET:
            way = {"SLACK_APP_TOKEN": slack.app_token}
        return {
            "PATH": os.defpath,
            "HOME": folder,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_API_URL": slack.api_url,
            "QOLABA_API_KEY": API_KEY,
            "REDRAW_PUBLIC_URL": "https://pictures.example",
            "REDRAW_HTTP_PORT": str(port),
            "REDRAW_DATA_DIR": f"{folder}/data",
            "REDRAW_LOG_FORMAT": "json",
            **NO_LIMITS,
            **way,
        }


async def _started(side: str, environ: dict[str, str], log: Path) -> Process:
    own = ("-m", "tests.benchmarks.slack_acks", "--bare")
    with log.open("ab") as said:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, *(own if side == "bare" else ("-m", "bot", "run"))),
            cwd=log.parent, env=environ, stdin=DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip


async def _ready(process: Process, mode: Mode, slack: SlackServer) -> None:
    """Return once the bot hears what is sent."""
    async with asyncio.timeout(READY_S):
        while not await _hears(mode, slack):
            assert process.returncode is None, f"the bot ended with {process.returncode}"
            await asyncio.sleep(0.1)


async def _hears(mode: Mode, slack: SlackServer) -> bool:
    if mode is Mode.SOCKET:
        return len(slack.socket.connections) >= SOCKETS
    with contextlib.suppress(aiohttp.ClientError):
        return await slack.http.verifies()
    return False


async def _submitted(log: Path, count: int) -> None:
    """Return once the provider has been given so many jobs."""
    is_there = await until(lambda: len(list(submits_in(log))) >= count, READY_S, 0.2)
    assert is_there, "the jobs that were to be in flight are not"


def _results(slack: SlackServer) -> int:
    own = slack.world.bot
    return sum(len(each.files) for each in slack.world.messages if each.author is own)


def _final(slack: SlackServer) -> int:
    """Count the cards that say that their job is done."""
    own = slack.world.bot
    said = (each for each in slack.world.messages if each.author is own and not each.files)
    return sum(each.words.startswith("Redrawn") for each in said)


def calls(slack: SlackServer, method: str) -> str:
    """Return how often a method was called, and how often within any minute."""
    taken_s = [call.at.timestamp() for call in slack.called(method, ok=True)]
    within = (sum(at_s <= other_s < at_s + MINUTE_S for other_s in taken_s) for at_s in taken_s)
    refused = len(slack.called(method, ok=False))
    most = max(within, default=0)
    return f"{method}: {len(taken_s)} taken, at most {most} in a minute, {refused} refused"


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def provider(pending_s: float) -> Iterator[tuple[str, Path]]:
    """Run the fake provider in a process of its own; yield its address, and its log."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "calls")
        log.touch()
        command = [sys.executable, "-m", "tests.fakes.provider_server", "--log", str(log)]
        command += ["--pending-s", str(pending_s)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            try:
                yield process.stdout.readline().strip(), log
            finally:
                process.kill()


async def bare() -> None:
    """Be slack-bolt, which acknowledges each command and does nothing else."""
    given = os.environ  # noqa: TID251 - set by this benchmark
    client = AsyncWebClient(token=given["SLACK_BOT_TOKEN"], base_url=given["SLACK_API_URL"])
    app = AsyncApp(client=client, signing_secret=given.get("SLACK_SIGNING_SECRET", ""))

    async def acknowledge(ack: object) -> None:
        assert callable(ack)
        await ack()

    app.command(COMMAND)(acknowledge)
    if token := given.get("SLACK_APP_TOKEN"):
        for _ in range(SOCKETS):
            await AsyncSocketModeHandler(app, token).connect_async()  # type: ignore[no-untyped-call]
    else:
        runner = web.AppRunner(app.web_app(path=EVENTS_PATH), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(given["REDRAW_HTTP_PORT"])).start()
    await asyncio.Event().wait()


async def compare(options: argparse.Namespace) -> None:
    """Measure all rounds, print each, and the ranges; then the jobs at once."""
    bench = Bench(options=options)
    for mode in options.modes if options.rounds else ():
        found: dict[str, list[dict[str, Figures]]] = {side: [] for side in options.sides}
        for number in range(options.rounds):
            for side in options.sides:
                figures = await bench.round(side, Mode(mode))
                found[side].append(figures)
                for phase, each in figures.items():
                    print(f"{mode} {number + 1} {side:4} {phase:7} {told(each)}", flush=True)
        summarise(mode, found)
    if options.jobs:
        print(await bench.jobs_at_once(options.jobs))


def summarise(mode: str, found: dict[str, list[dict[str, Figures]]]) -> None:
    """Print the median and the range of each figure, and ratios to the bare app."""
    for phase in ("at once", "steady"):
        rounds = {side: [each[phase] for each in all_of] for side, all_of in found.items()}
        for side, all_of in rounds.items():
            print(f"{mode} {side:4} {phase:7} {ranged(all_of)}")
        if set(rounds) == set(SIDES):
            shares = ", ".join(
                f"{name} {_ratio(read, rounds):.2f}" for name, read in READINGS.items()
            )
            print(f"{mode} ours / bare {phase}: {shares}")


def _ratio(read: Callable[[Figures], float], rounds: Mapping[str, Sequence[Figures]]) -> float:
    """Return the median of ours as a multiple of the bare app's."""
    ours, bare_one = (statistics.median(map(read, rounds[side])) for side in ("ours", "bare"))
    return ours / bare_one


def at(sorted_ms: Sequence[float], share: float) -> float:
    """Return what this share of them waited at most, in milliseconds."""
    index = min(int(len(sorted_ms) * share), len(sorted_ms) - 1)
    return sorted_ms[index] if sorted_ms else float("nan")


READINGS: Mapping[str, Callable[[Figures], float]] = {
    "p50": lambda figures: at(figures.waits_ms, 0.5),
    "p99": lambda figures: at(figures.waits_ms, 0.99),
    "CPU": lambda figures: figures.cpu_ms,
}


def told(figures: Figures) -> str:
    """Return one line."""
    forms = figures.forms_ms
    shown = f", {len(forms)} forms p50 {at(forms, 0.5):.0f} p99 {at(forms, 0.99):.0f} ms, "
    shown += f"CPU with form {figures.form_cpu_ms:.2f} ms"
    waits = figures.waits_ms
    return (
        f"p50 {at(waits, 0.5):5.1f} p99 {at(waits, 0.99):5.1f} max {at(waits, 1.0):5.1f} ms, "
        f"{len(waits)} acknowledged, {figures.refused} refused, "
        f"{figures.lost} lost, CPU {figures.cpu_ms:.2f} ms"
        f"{shown if forms else ''} (fake {figures.fake_cpu_ms:.2f}); load {os.getloadavg()[0]:.1f}"
    )


def ranged(rounds: Sequence[Figures]) -> str:
    """Return the median and the range of each figure."""
    parts = [
        f"p50 {_range([at(each.waits_ms, 0.5) for each in rounds])} ms",
        f"p99 {_range([at(each.waits_ms, 0.99) for each in rounds])} ms",
        f"CPU {_range([each.cpu_ms for each in rounds], 2)} ms",
        f"fake {_range([each.fake_cpu_ms for each in rounds], 2)} ms",
        f"refused {sum(each.refused for each in rounds)}",
        f"lost {sum(each.lost for each in rounds)}",
    ]
    if rounds[0].forms_ms:
        parts += [
            f"form p99 {_range([at(each.forms_ms, 0.99) for each in rounds])} ms",
            f"CPU with form {_range([each.form_cpu_ms for each in rounds], 2)} ms",
            f"forms {sum(len(each.forms_ms) for each in rounds)}",
        ]
    return ", ".join(parts)


def _range(values: Sequence[float], digits: int = 0) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def main() -> None:
    """Compare, or be the bare app."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.slack_acks")
    parser.add_argument("--rounds", type=int, default=3, help="0: the jobs at once alone")
    parser.add_argument("--commands", type=int, default=500)
    parser.add_argument("--rate", type=float, default=50.0, help="a second")
    parser.add_argument("--lasts-s", type=float, default=10.0)
    parser.add_argument("--jobs", type=int, default=100, help="at once; 0 leaves them out")
    parser.add_argument("--modes", nargs="+", choices=list(Mode), default=list(Mode))
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=SIDES)
    parser.add_argument("--bare", action="store_true")
    given = parser.parse_args()
    asyncio.run(bare() if given.bare else compare(given))


if __name__ == "__main__":
    main()
