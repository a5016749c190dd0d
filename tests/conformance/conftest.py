"""The suite of the contract runs over each way that the studio has to queue tasks."""

from __future__ import annotations

import contextlib
import socket
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import redis
from celery import Celery
from pydantic import SecretStr

from core.catalogue import loader
from core.studio.server import open_studio
from core.studio.settings import StudioSettings
from tests.fakes import studio_bench, tiny_painter
from tests.fakes.studio_bench import TOKEN, Caller, PictureHost, StudioProcess

REDIS_URL = "redis://127.0.0.1:6379/0"
RABBITMQ_URL = "amqp://guest:guest@127.0.0.1:5672//"
URLS = {"redis": REDIS_URL, "rabbitmq": RABBITMQ_URL}
PORTS = {"redis": 6379, "rabbitmq": 5672}
SERVED = [
    pytest.param("folder", id="folder"),
    pytest.param("redis", id="redis", marks=pytest.mark.redis),
    pytest.param("rabbitmq", id="rabbitmq", marks=pytest.mark.rabbitmq),
]
EVERY_BROKER = [pytest.param("memory", id="memory"), *SERVED]


def need(broker: str) -> None:
    """Skip the test when the broker's server does not answer on its usual local port."""
    if broker not in PORTS:
        return
    try:
        socket.create_connection(("127.0.0.1", PORTS[broker]), timeout=2).close()
    except OSError:
        pytest.skip(f"no {broker} answers on 127.0.0.1:{PORTS[broker]}")


@contextlib.contextmanager
def queue_of_our_own(broker: str) -> Iterator[str]:
    """Give a queue name that nobody else uses, and leave nothing behind at the broker."""
    name = f"redraw-test-{uuid.uuid4()}"
    with left_tidy(broker, name):
        yield name


@contextlib.contextmanager
def left_tidy(broker: str, name: str) -> Iterator[None]:
    """Remove the queue of this name from the broker in the end."""
    try:
        yield
    finally:
        if broker == "rabbitmq":
            with contextlib.closing(Celery(broker=RABBITMQ_URL).connection_for_write()) as server:
                server.default_channel.queue_delete(name)
                server.default_channel.exchange_delete(name)
        if broker == "redis":
            with redis.Redis.from_url(REDIS_URL) as client:
                for key in client.scan_iter(f"{name}*"):
                    client.delete(key)


def url_of(broker: str, port: int | None = None) -> str | None:
    """Return where a broker is; `port` is that of a relay before it."""
    url = URLS.get(broker)
    return url and url.replace(str(PORTS[broker]), str(port or PORTS[broker]))


def settings_for(
    broker: str, *, data_dir: Path, origin: str, queue: str | None, port: int | None = None
) -> StudioSettings:
    url = url_of(broker, port)
    return StudioSettings(
        token=SecretStr(TOKEN),
        data_dir=data_dir,
        models=loader.load(),
        embedded=broker == "memory",
        broker_url=None if url is None else SecretStr(url),
        allowed_origins=(origin,),
        queue_name=queue,
        faults=True,
    )


def worker_for(
    broker: str,
    *,
    data_dir: Path,
    origin: str,
    queue: str | None,
    visibility_s: int = 60,
    port: int | None = None,
) -> StudioProcess:
    """Start a worker process of the studio with the same settings."""
    url = url_of(broker, port)
    args = [f"--data-dir={data_dir}", f"--origin={origin}"]
    args += [f"--queue={queue}"] if queue else []
    args += [f"--visibility-s={visibility_s}", *([f"--broker-url={url}"] if url else [])]
    return StudioProcess(*args, log=data_dir / f"worker-{uuid.uuid4()}.log")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A studio that is open, with whoever carries out its tasks."""

    broker: str
    settings: StudioSettings
    caller: Caller
    host: PictureHost


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=EVERY_BROKER)
async def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    """Open one studio for each broker; the tests share it."""
    broker = request.param
    need(broker)
    data_dir = tmp_path_factory.mktemp(broker)
    async with contextlib.AsyncExitStack() as stack:
        host = await stack.enter_async_context(studio_bench.picture_host())
        queue = stack.enter_context(queue_of_our_own(broker))
        settings = settings_for(broker, data_dir=data_dir, origin=host.origin, queue=queue)
        studio = await stack.enter_async_context(open_studio(settings, paint=tiny_painter.paint))
        if not settings.embedded:
            worker = worker_for(broker, data_dir=data_dir, origin=host.origin, queue=queue)
            stack.callback(worker.stop)
        calling = studio_bench.caller(studio.api_url, host.url())
        caller = await stack.enter_async_context(calling)
        yield Bench(broker=broker, settings=settings, caller=caller, host=host)
