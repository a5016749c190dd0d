"""The web server over loopback, with a real ledger and real files."""

from __future__ import annotations

import asyncio
import json
import resource
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web as aiohttp_web
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from adapters.lead import Presence
from bot import picture_links, pulse, web
from bot.link_key import link_key
from bot.metrics import Metrics
from bot.pulse import LASTS_S, Pulse
from core.clock import SystemClock
from core.errors import SettingsError
from core.jobs.job import Facts, Job, Order, Origin
from core.jobs.lifecycle import Event
from core.jobs.mode import Halt
from core.jobs.quota import Limits
from core.jobs.store.ledger import Ledger, open_ledger
from core.jobs.store.schema import migrate
from core.media import links
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool
from core.request import GenerationRequest
from tests.fakes.chat_bot import KEEP_WITHIN_S
from tests.fakes.clock import VirtualClock

PICTURE = b"\xff\xd8\xff\xe0 not much of a picture"
CLOCK = SystemClock()
OLDEST = "redraw_oldest_unfinished_seconds"


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server with one job that is under way, and the link to its picture."""

    origin: str
    link: str
    job: Job
    item: MediaItem
    ledger: Ledger
    spool: FileSpool
    key: bytes
    pulse: Pulse
    connected: dict[str, Presence]
    """What the chats say of themselves."""

    def link_to(self, name: str, *, job_id: str | None = None, for_s: float = 60.0) -> str:
        return links.link(
            self.origin,
            self.key,
            job_id=job_id or self.job.job_id,
            name=name,
            expires_at=CLOCK.now() + timedelta(seconds=for_s),
        )


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with _running(tmp_path) as running:
        yield running


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no store for one that does not answer because the machine is slow."""
    monkeypatch.setattr(pulse, "PATIENCE_S", KEEP_WITHIN_S)


@asynccontextmanager
async def _running(folder: Path) -> AsyncIterator[Running]:
    url = f"sqlite:///{folder / 'redraw.sqlite'}"
    await migrate(url)
    spool, key = FileSpool(folder / "media"), link_key(folder)
    item = await spool.put(PICTURE, kind=Kind.JPEG, width_px=4, height_px=3)
    async with open_ledger(url, CLOCK, admit_within_s=KEEP_WITHIN_S) as ledger:
        job = await _prepared(ledger, item)
        connected = {"plain": Presence.CONNECTED}
        pulse, metrics = Pulse(ledger, CLOCK, chats=lambda: connected), Metrics()
        site = web.Site(
            find_media=picture_links.wanted_by(ledger),
            spool=spool,
            key=key,
            clock=CLOCK,
            readiness=pulse.readiness,
            numbers=partial(pulse.page, metrics),
        )
        async with web.serve(web.application(site), host="127.0.0.1", port=0) as origin:
            made = Running(
                origin=origin,
                link="",
                job=job,
                item=item,
                ledger=ledger,
                spool=spool,
                key=key,
                pulse=pulse,
                connected=connected,
            )
            yield replace(made, link=made.link_to(item.name))


async def _prepared(ledger: Ledger, item: MediaItem) -> Job:
    order = Order(
        dedupe_key="plain:1",
        origin=Origin(platform="plain", place="plain:here", requester="plain:ada"),
        request=GenerationRequest(model_id="flux-dev", prompt="a woodcut", image_count=1),
        credits=9,
        preview=False,
    )
    now = CLOCK.now()
    admission = await ledger.admit(order, limits=Limits(), deadline_s=900, now=now)
    await ledger.acknowledge(admission.job.job_id, now)
    job = await ledger.claim(admission.job.job_id, owner="test", at=now)
    assert job is not None
    return await ledger.record(job, Event.PREPARED, now, facts=Facts(prepared=(item,)))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def get(url: str, method: str = "GET") -> Answer:
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        return Answer(answer.status, dict(answer.headers), await answer.read())


async def test_wanted_picture_is_handed_out(running: Running) -> None:
    """Whoever has the link gets the bytes, as the picture that they are."""
    answer = await get(running.link)

    assert (answer.status, answer.body) == (200, PICTURE)
    assert answer.headers["Content-Type"] == "image/jpeg"


async def test_picture_is_not_kept_on_the_way(running: Running) -> None:
    """Headers forbid caching, guessing of types and anything active; the name is the spool's."""
    headers = (await get(running.link)).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'"
    assert headers["Content-Disposition"] == f'inline; filename="{running.item.name}"'
    assert "aiohttp" not in headers["Server"]


async def test_head_is_answered_without_the_picture(running: Running) -> None:
    """Providers that look before they fetch are answered."""
    answer = await get(running.link, "HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(PICTURE))


async def test_link_dies_with_its_job(running: Running) -> None:
    """Once the job has ended, its link is as unknown as any other."""
    await running.ledger.record_as_user(running.job.job_id, Event.CANCEL, CLOCK.now())

    assert (await get(running.link)).status == 404


async def test_every_reason_to_refuse_looks_the_same(running: Running) -> None:
    """Expired, forged, for another picture, for an unknown job, gone from disk: always 404."""
    token = running.link.split("/media/")[1].split("/")[0]
    other = await running.spool.put(b"other", kind=Kind.PNG, width_px=1, height_px=1)
    refused = [
        running.link_to(running.item.name, for_s=-1),
        running.link_to(other.name),
        running.link_to(running.item.name, job_id="01ARZ3NDEKTSV4RRFFQ69G5FAV"),
        f"{running.origin}/media/{token}/{other.name}",
        f"{running.origin}/media/{token[:-1]}/{running.item.name}",
        f"{running.origin}/media/x/{running.item.name}",
        f"{running.origin}/media/",
        f"{running.origin}/media/{token}/..%2f..%2flinks.key",
        f"{running.origin}/",
    ]

    answers = [await get(url) for url in refused]

    assert {answer.status for answer in answers} == {404}
    assert {answer.body for answer in answers} == {b"404: Not Found"}


async def test_picture_that_is_gone_is_unknown(running: Running) -> None:
    """A picture that was deleted from the spool is no server error."""
    await running.spool.delete(running.item)

    assert (await get(running.link)).status == 404


async def test_only_reading_is_allowed(running: Running) -> None:
    """Nothing can be put or changed."""
    assert (await get(running.link, "PUT")).status == 405
    assert (await get(running.link, "DELETE")).status == 405


async def test_log_never_holds_a_link(running: Running) -> None:
    """Calls are logged by their route: neither token nor name is in a line."""
    with capture_logs() as lines:
        await get(running.link)
        await get(running.link[:-1])

    token = running.link.split("/media/")[1].split("/")[0]
    assert [line["page"] for line in lines] == ["/media/{token}/{name}"] * 2
    assert [line["status"] for line in lines] == [200, 404]
    assert token not in str(lines)


async def test_health_needs_nothing(running: Running) -> None:
    """The process is alive as soon as it answers."""
    answer = await get(f"{running.origin}/healthz")

    assert (answer.status, answer.body) == (200, b'{"status": "alive"}')


async def test_not_ready_before_the_worker_runs(running: Running) -> None:
    """Without a worker nothing is done, so nobody should be sent here."""
    answer = await get(f"{running.origin}/readyz")

    assert answer.status == 503
    assert b'"worker": "not running"' in answer.body


@pytest.mark.usefixtures("patient")
async def test_ready_with_a_worker_and_a_store(running: Running) -> None:
    """With both the answer is 200, and says how old the oldest unfinished job is."""
    with running.pulse.beating():
        answer = await get(f"{running.origin}/readyz")

    assert answer.status == 200
    assert b'"unfinished": 1' in answer.body
    assert b'"oldest_unfinished_s": null' not in answer.body


@asynccontextmanager
async def _held(folder: Path) -> AsyncIterator[None]:
    """Have another process hold the ledger's file, so that it takes no writes."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()",
        str(folder / "redraw.sqlite"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    yield
    await holder.communicate(b"")


async def test_not_ready_when_the_store_takes_no_writes(tmp_path: Path) -> None:
    """A store that somebody else holds is found out within the second that an order has."""
    async with _running(tmp_path) as running, _held(tmp_path):
        with running.pulse.beating():
            answer = await get(f"{running.origin}/readyz")
            numbers = await get(f"{running.origin}/metrics")

    assert answer.status == 503
    assert b'"store": "unavailable"' in answer.body
    assert json.loads(answer.body)["unfinished"] is None  # nobody knows
    assert json.loads(answer.body)["halted"] is None
    assert numbers.status == 200
    assert b"redraw_store_up 0.0" in numbers.body


async def test_what_was_known_is_shown_until_the_store_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nobody can tell, a halt does not look ended, nor the oldest job done."""
    async with _running(tmp_path) as running:
        await running.ledger.control.halt(Halt.PAUSED, CLOCK.now())
        clock, metrics = VirtualClock(CLOCK.now() + timedelta(minutes=5)), Metrics()
        looking = Pulse(running.ledger, clock)
        with monkeypatch.context() as patch:
            patch.setattr(pulse, "PATIENCE_S", KEEP_WITHIN_S)
            await looking.page(metrics)
        async with _held(tmp_path):
            await clock.advance(LASTS_S)
            lines = (await looking.page(metrics)).decode().splitlines()

    (age_s,) = [float(line.split()[1]) for line in lines if line.startswith(f"{OLDEST} ")]
    assert 'redraw_halted{what="paused"} 1.0' in lines
    assert "redraw_store_up 0.0" in lines
    assert age_s >= 300


@contextmanager
def _full(folder: Path) -> Iterator[None]:
    """Let no file of this process grow beyond the ledger's, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size_bytes = (folder / "redraw.sqlite-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("patient")
async def test_not_ready_on_a_full_disk(tmp_path: Path) -> None:
    """A disk that takes a lock and no data is as good as none; with room again all is well."""
    async with _running(tmp_path) as running:
        with _full(tmp_path):
            found = await Pulse(running.ledger, CLOCK).readiness()
        again = await Pulse(running.ledger, CLOCK).readiness()

    assert (found.store, again.store) == ("unavailable", "ok")


@pytest.mark.usefixtures("patient")
async def test_looking_leaves_nothing_behind(running: Running, tmp_path: Path) -> None:
    """What is written to see whether it can be is removed at once."""
    await running.pulse.readiness()
    with closing(sqlite3.connect(tmp_path / "redraw.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM drafts").fetchall() == [(0,)]


@pytest.mark.usefixtures("patient")
async def test_many_who_ask_at_once_share_one_look(running: Running) -> None:
    """However often the page is asked for, the ledger is written to once a second at most."""
    looks: list[int] = []

    def chats() -> dict[str, Presence]:
        looks.append(1)
        return {}

    looking = Pulse(running.ledger, VirtualClock(CLOCK.now()), chats=chats)
    found = await asyncio.gather(*(looking.readiness() for _ in range(20)))

    assert len(looks) == 1
    assert {each.store for each in found} == {"ok"}


async def test_host_that_is_none_is_a_setting_to_change() -> None:
    """A host that cannot be listened at is named by its own setting, not by the port's."""
    with pytest.raises(SettingsError, match=r"REDRAW_HTTP_HOST: cannot listen at 192.0.2.1"):
        async with web.serve(aiohttp_web.Application(), host="192.0.2.1", port=0):
            pass


async def test_what_is_no_http_is_not_worth_a_traceback(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """Scanners are answered with 400 and fill no log."""
    host, _, port = running.origin.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"garbage\r\n\r\n")
    answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.0 400 ")
    assert caplog.records == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_what_is_packed_wrongly_is_not_worth_a_traceback(
    running: Running, caplog: pytest.LogCaptureFixture, encoding: str
) -> None:
    """Nobody has to read a body for aiohttp to meet what is wrong with it."""
    headers = {"Content-Encoding": encoding}
    async with aiohttp.ClientSession(running.origin) as session:
        async with session.post("/healthz", data=b"a=b", headers=headers) as answer:
            assert answer.status in {400, 405}
        async with session.get("/healthz") as answer:  # by then the first call is over and done
            assert answer.status == 200

    assert [line.getMessage() for line in caplog.records] == []


async def test_port_in_use_is_a_setting_to_change(running: Running) -> None:
    """Two servers cannot have one port; the second names the setting."""
    port = int(running.origin.rpartition(":")[2])

    with pytest.raises(SettingsError, match=r"REDRAW_HTTP_PORT: cannot listen at 127.0.0.1"):
        async with web.serve(aiohttp_web.Application(), host="127.0.0.1", port=port):
            pass


async def test_page_of_a_chat_takes_what_it_may(running: Running) -> None:
    """A chat's page reads bodies up to its own limit; it is posted to, never fetched."""

    async def length(request: aiohttp_web.Request) -> aiohttp_web.Response:
        return aiohttp_web.Response(text=str(len(await request.read())))

    site = web.Site(
        find_media=picture_links.wanted_by(running.ledger),
        spool=running.spool,
        key=running.key,
        clock=CLOCK,
        readiness=running.pulse.readiness,
    )
    app = web.application(site, [web.Mount(path="/a/b", handle=length, body_bytes_max=300_000)])
    async with (
        web.serve(app, host="127.0.0.1", port=0) as origin,
        aiohttp.ClientSession(origin) as session,
    ):
        async with session.post("/a/b", data=bytes(300_000)) as answer:
            assert (answer.status, await answer.text()) == (200, "300000")
        async with session.post("/a/b", data=bytes(300_001)) as answer:
            assert answer.status == 413
        async with session.get("/a/b") as answer:
            assert answer.status == 405
        async with session.get("/healthz") as answer:
            assert answer.status == 200


@pytest.mark.usefixtures("patient")
async def test_metrics_are_what_prometheus_reads(running: Running) -> None:
    """The ledger's jobs are in it, and whether the process can work."""
    with running.pulse.beating():
        answer = await get(f"{running.origin}/metrics")

    families = text_string_to_metric_families(answer.body.decode())
    found = {(s.name, *s.labels.values()): s.value for f in families for s in f.samples}
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert found["redraw_jobs", "queued"] == 1
    assert found["redraw_oldest_job_seconds", "queued"] > 0
    assert (found["redraw_store_up",], found["redraw_worker_up",]) == (1, 1)
    assert found["redraw_chat_up", "plain"] == 1


@pytest.mark.usefixtures("patient")
async def test_chat_that_is_away_makes_it_unready(running: Running) -> None:
    """Orders of that chat do not arrive; the page says which it is."""
    with running.pulse.beating():
        running.connected["plain"] = Presence.AWAY
        answer = await get(f"{running.origin}/readyz")

    assert answer.status == 503
    assert json.loads(answer.body)["chats"] == {"plain": "away"}


@pytest.mark.usefixtures("patient")
async def test_process_that_stands_by_is_ready_and_shows_it(running: Running) -> None:
    """Another hears the chat, so nothing is wrong; but only that one counts as connected."""
    with running.pulse.beating():
        running.connected["plain"] = Presence.STANDING_BY
        answer = await get(f"{running.origin}/readyz")
        numbers = await get(f"{running.origin}/metrics")

    assert answer.status == 200
    assert json.loads(answer.body)["chats"] == {"plain": "standing by"}
    assert b'redraw_chat_up{platform="plain"} 0.0' in numbers.body


@pytest.mark.usefixtures("patient")
async def test_process_that_only_takes_orders_is_ready_without_a_worker(running: Running) -> None:
    """Jobs are driven elsewhere; before it takes orders it is not ready."""
    pulse = Pulse(running.ledger, CLOCK, drives=False)
    before = await pulse.readiness()
    with pulse.beating():
        found = await pulse.readiness()

    assert (before.worker, before.is_ready) == ("not running", False)
    assert (found.worker, found.is_ready) == ("elsewhere", True)


@pytest.mark.parametrize(
    "halted", [(Halt.PAUSED,), (Halt.DRAINING,), (Halt.PAUSED, Halt.DRAINING), ()]
)
@pytest.mark.usefixtures("patient")
async def test_what_is_halted_is_shown_and_is_no_fault(
    running: Running, halted: tuple[Halt, ...]
) -> None:
    """An admin wanted it so: the process is ready, and both pages say what is halted."""
    for halt in halted:
        await running.ledger.control.halt(halt, CLOCK.now())
    with running.pulse.beating():
        answer = await get(f"{running.origin}/readyz")
        numbers = await get(f"{running.origin}/metrics")

    assert (answer.status, json.loads(answer.body)["halted"]) == (200, list(halted))
    for halt in Halt:
        line = f'redraw_halted{{what="{halt}"}} {float(halt in halted)}'
        assert line in numbers.body.decode().splitlines()


@pytest.mark.usefixtures("patient")
async def test_end_of_a_halt_is_shown(running: Running) -> None:
    """`redraw jobs resume` is seen by the time that a finding has lasted."""
    clock = VirtualClock()
    pulse = Pulse(running.ledger, clock)
    with pulse.beating():
        await running.ledger.control.halt(Halt.DRAINING, CLOCK.now())
        before = await pulse.readiness()
        await running.ledger.control.resume()
        await clock.advance(LASTS_S)
        after = await pulse.readiness()

    assert (before.halted, after.halted) == (("draining",), ())
