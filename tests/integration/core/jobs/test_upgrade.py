"""A database of an earlier version, with jobs in every state, goes on with this one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import alembic.command
import psycopg
import pytest
import sqlalchemy as sa

from core.clock import SystemClock
from core.errors import SettingsError
from core.jobs.dispatch_schema import migrate_queue
from core.jobs.drafts import Drafts
from core.jobs.job import Job
from core.jobs.lifecycle import DeliveryKind, State
from core.jobs.store.engine import database_url
from core.jobs.store.ledger import Ledger
from core.jobs.store.schema import _config, migrate, schema_is_current
from core.media.item import Kind, MediaItem
from core.media.spool import FileSpool
from tests.fakes import past_rows
from tests.fakes.clock import START, FastClock
from tests.fakes.deliverer import RecordingDeliverer
from tests.fakes.jobs import picture_bytes
from tests.fakes.killed_at import killed
from tests.fakes.past_rows import PASTS, Past, World, job_id_of, prompt_of
from tests.fakes.postgres import new_database
from tests.fakes.provider_server import ProviderServer
from tests.fakes.replicas import open_replica
from tests.fakes.rig import ADMIT_WITHIN_S, open_rig

REVISIONS = ("0001", "0002")
OVERDUE = next(past for past in PASTS if past.name == "overdue")
REFUSED = next(past for past in PASTS if past.name == "ready-refused")


def bring_to(url: str, revision: str, world: World) -> None:
    """Make a database as the version of that revision left it."""
    engine = sa.create_engine(database_url(url))
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, revision)
        past_rows.insert(connection, revision, world)
    engine.dispose()


def _told(deliverer: RecordingDeliverer, past: Past) -> Counter[str]:
    return Counter(deliverer.posts(job_id_of(past)))


async def _check(
    ledger: Ledger, provider: ProviderServer, deliverer: RecordingDeliverer, ended: list[Job]
) -> None:
    assert {past.name: job.state.value for past, job in zip(PASTS, ended, strict=True)} == {
        past.name: past.ends for past in PASTS
    }
    assert {past.name: provider.count(prompt=prompt_of(past)) for past in PASTS} == {
        past.name: past.submits for past in PASTS
    }
    assert {past.name: _told(deliverer, past) for past in PASTS} == {
        past.name: Counter(past.tells) for past in PASTS
    }
    assert await ledger.unfinished() == ()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_every_job_of_an_earlier_file_ends_as_it_should(
    tmp_path: Path, revision: str
) -> None:
    """Nothing is lost, submitted twice or told twice; what was offered then still works."""

    def earlier(url: str, clock: FastClock, provider: ProviderServer, item: MediaItem) -> None:
        bring_to(url, revision, World(now=clock.now(), picture=item, origin=provider.origin))
        provider.tasks.update(past_rows.tasks(clock.monotonic_s()))

    async with open_rig(tmp_path, before=earlier) as rig:
        await rig.start()
        ended = [await rig.ended(job_id_of(past)) for past in PASTS]

        await _check(rig.ledger, rig.provider, rig.deliverer, ended)
        drafts = Drafts(rig.ledger.drafts, rig.clock, within_s=ADMIT_WITHIN_S)
        assert (await drafts.read("01M80000000000000000000DRA") is not None) is (revision != "0001")
        assert await rig.queue.check_again(job_id_of(OVERDUE)) is not None
        assert await rig.queue.show_again(job_id_of(REFUSED)) is not None
        assert (await rig.ended(job_id_of(OVERDUE))).state is State.READY
        await rig.ended(job_id_of(REFUSED))
        assert rig.deliverer.last(job_id_of(REFUSED), DeliveryKind.RESULT).outputs == 1
        assert rig.provider.count() == sum(past.submits for past in PASTS)


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.parametrize("revision", REVISIONS)
async def test_every_job_of_an_earlier_server_ends_as_it_should(
    tmp_path: Path, revision: str
) -> None:
    """The same with replicas, whose queue knows nothing of the jobs at first."""
    clock, deliverer = SystemClock(), RecordingDeliverer()
    spool = FileSpool(tmp_path / "media")
    item = await spool.put(picture_bytes(), kind=Kind.PNG, width_px=64, height_px=48)
    deliverer.pictures = (item,)
    with new_database() as url:
        async with ProviderServer() as provider:
            bring_to(url, revision, World(now=clock.now(), picture=item, origin=provider.origin))
            provider.tasks.update(past_rows.tasks(clock.monotonic_s()))
            assert not await schema_is_current(url)
            await migrate(url)
            await migrate_queue(url)
            async with open_replica(tmp_path, url, provider.origin, deliverer, name="a") as replica:
                replica.start()

                async def is_over() -> bool:
                    return not await replica.ledger.unfinished()

                await replica.eventually(is_over)
                ended = [await replica.ledger.load(job_id_of(past)) for past in PASTS]

                await _check(replica.ledger, provider, deliverer, ended)
        assert _scale_of(url, "job") == "0.02"


def _scale_of(url: str, table: str) -> str:
    """Return at what share of dead rows Postgres tidies a table up."""
    asked = (
        "SELECT option_value FROM pg_class, pg_options_to_table(reloptions)"
        " WHERE relname = %s AND option_name = 'autovacuum_vacuum_scale_factor'"
    )
    with psycopg.connect(url) as server:
        row = server.execute(asked, [table]).fetchone()
    return str(row[0]) if row else ""


def test_every_state_is_there() -> None:
    """No state of a job or of a delivery is left out of what is upgraded."""
    assert {past.state for past in PASTS} == {state.value for state in State}
    assert {state for past in PASTS for state in past.said.values()} == {
        "pending", "sending", "sent", "refused", "skipped", "deleted",
    }  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of the version before, with rows, of each kind in turn."""
    digest = "a" * 64
    item = MediaItem(sha256=digest, kind=Kind.PNG, size_bytes=1, width_px=4, height_px=3)
    world = World(now=START, picture=item, origin="http://127.0.0.1:1")
    with ExitStack() as stack:
        url = (
            f"sqlite:///{tmp_path / 'earlier.db'}"
            if request.param == "sqlite"
            else stack.enter_context(new_database())
        )
        bring_to(url, "0002", world)
        yield url


def _execute(url: str, statement: str) -> list[sa.Row[tuple[object, ...]]]:
    engine = sa.create_engine(database_url(url))
    with engine.begin() as connection:
        found = connection.execute(sa.text(statement))
        rows = list(found.all()) if found.returns_rows else []
    engine.dispose()
    return rows


@pytest.mark.slow
async def test_migration_that_is_killed_is_repeated_without_harm(earlier: str) -> None:
    """Killed after any statement it has changed nothing, and the next one does all of it."""
    number, kills = 1, 0
    while killed(number, "migrate", earlier):
        kills += 1
        number += 4
        assert _execute(earlier, "SELECT version_num FROM alembic_version") == [("0002",)]
        assert _execute(earlier, "SELECT count(*) FROM job") == [(len(PASTS),)]

    assert kills >= 2
    assert await schema_is_current(earlier)
    assert _execute(earlier, "SELECT count(*) FROM job") == [(len(PASTS),)]
    assert _execute(earlier, "SELECT count(*) FROM control") == [(0,)]


async def test_two_migrations_at_once_are_one(earlier: str) -> None:
    """They wait for each other, and the second finds nothing to do."""
    await asyncio.gather(*(migrate(earlier) for _ in range(3)))

    assert await schema_is_current(earlier)


async def test_newer_database_is_left_alone(earlier: str) -> None:
    """A version that does not know the schema says so, whatever it was asked to do."""
    _execute(earlier, "UPDATE alembic_version SET version_num = '9999'")
    assert not await schema_is_current(earlier)

    with pytest.raises(SettingsError, match="a newer one: use that"):
        await migrate(earlier)
    assert _execute(earlier, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.postgres
async def test_replicas_of_the_version_before_go_on_during_a_migration() -> None:
    """What they write before, during and after it is written, without a wait that matters."""
    item = MediaItem(sha256="a" * 64, kind=Kind.PNG, size_bytes=1, width_px=4, height_px=3)
    world = World(now=START, picture=item, origin="http://127.0.0.1:1")
    with new_database() as url:
        bring_to(url, "0002", world)
        engine = sa.create_engine(database_url(url))
        is_over = asyncio.Event()

        def write_once() -> None:
            with engine.begin() as connection:
                connection.execute(sa.text("SET lock_timeout = '5s'"))
                connection.execute(sa.text("UPDATE job SET attempt = attempt + 1"))

        async def write() -> int:
            written = 0
            while not is_over.is_set():
                await asyncio.to_thread(write_once)
                written += 1
            return written

        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(write())
            await migrate(url)
            is_over.set()
        write_once()
        engine.dispose()

        found = _execute(url, "SELECT DISTINCT attempt FROM job")
        assert found == [(writing.result() + 1,)]
        assert await schema_is_current(url)
